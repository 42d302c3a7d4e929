/*
 * Belisha: which rule of which list holds this URL or this host?
 *
 * Link with -lbelisha; docs/vendors.md says how to install it and shows a program.
 *
 * Handles:  belisha_rules may be used by any number of threads at once, for everything, freeing included.
 *           belisha_findings belongs to one thread at a time.
 * Lengths:  bytes without a NUL. URLs and hosts need no NUL; texts that are given have one behind them.
 * Failures: every call that can fail gives a belisha_status; belisha_last_error says more. Nothing is ever thrown.
 * Null:     is an error where a pointer is needed, and never a crash.
 *
 * This file is made by cbindgen. Do not edit it.
 */

#ifndef BELISHA_H
#define BELISHA_H

#include <stddef.h>
#include <stdint.h>

/*
 Grows with every change that a program built against an older header would not survive. It is in the name that
 programs look for: `libbelisha.so.1`.
 */
#define BELISHA_ABI_MAJOR 1

/*
 Grows with every function, constant or field that is added.
 */
#define BELISHA_ABI_MINOR 0

/*
 The page is of the same site as the URL: of the same name below a public suffix.
 */
#define BELISHA_PARTY_FIRST 1

/*
 The page is of another site.
 */
#define BELISHA_PARTY_THIRD 2

/*
 A script.
 */
#define BELISHA_REQUEST_SCRIPT 1

/*
 A picture.
 */
#define BELISHA_REQUEST_IMAGE 2

/*
 A style sheet.
 */
#define BELISHA_REQUEST_STYLESHEET 3

/*
 A font.
 */
#define BELISHA_REQUEST_FONT 4

/*
 Sound or video.
 */
#define BELISHA_REQUEST_MEDIA 5

/*
 A plug-in's content.
 */
#define BELISHA_REQUEST_OBJECT 6

/*
 A page within a page.
 */
#define BELISHA_REQUEST_SUBDOCUMENT 7

/*
 What a script asks for (`XMLHttpRequest`, `fetch`).
 */
#define BELISHA_REQUEST_XHR 8

/*
 A web socket.
 */
#define BELISHA_REQUEST_WEBSOCKET 9

/*
 A beacon or a ping.
 */
#define BELISHA_REQUEST_PING 10

/*
 Anything else that a page asks for.
 */
#define BELISHA_REQUEST_OTHER 11

/*
 A page of its own.
 */
#define BELISHA_REQUEST_DOCUMENT 12

/*
 Bit of `belisha_finding.flags`: the rules of the list are compared letter by letter and never by hash alone, as
 those of lists that allow should be.
 */
#define BELISHA_LIST_EXACT 1

/*
 Longest canonical URL in bytes, without a NUL; longer ones are not URLs.
 */
#define BELISHA_MAX_URL 65536

/*
 Longest canonical host in bytes, without a NUL.
 */
#define BELISHA_MAX_HOST 253

/*
 What every call says of itself. Numbers keep their meaning; a later library may know more of them.
 */
enum belisha_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /*
     Done.
     */
    BELISHA_STATUS_OK = 0,
    /*
     A pointer is null, or cannot be one to what is asked for.
     */
    BELISHA_STATUS_NULL_POINTER = 1,
    /*
     A length, a size or a number that cannot be.
     */
    BELISHA_STATUS_ARGUMENT = 2,
    /*
     The rules were freed.
     */
    BELISHA_STATUS_FREED = 3,
    /*
     The file cannot be read.
     */
    BELISHA_STATUS_IO = 4,
    /*
     The bytes are not a ruleset.
     */
    BELISHA_STATUS_NOT_A_RULESET = 5,
    /*
     The ruleset has a format version that this library does not read.
     */
    BELISHA_STATUS_VERSION = 6,
    /*
     The ruleset is cut short, or some bytes are not those that were written.
     */
    BELISHA_STATUS_DAMAGED = 7,
    /*
     The ruleset holds no rules.
     */
    BELISHA_STATUS_EMPTY = 8,
    /*
     The text is not a URL that can be asked for.
     */
    BELISHA_STATUS_URL = 9,
    /*
     The text is not a host.
     */
    BELISHA_STATUS_HOST = 10,
    /*
     The buffer is too small; the length that it needs was given.
     */
    BELISHA_STATUS_SPACE = 11,
    /*
     There is no memory for a ruleset of this size.
     */
    BELISHA_STATUS_MEMORY = 12,
    /*
     A mistake in the library, caught before it reached the caller. Please report it.
     */
    BELISHA_STATUS_INTERNAL = 13,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum belisha_status belisha_status;
#else
typedef int32_t belisha_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 What a rule names. A later library may give numbers that are not here: treat them as `BELISHA_RULE_KIND_OTHER`.
 */
enum belisha_rule_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /*
     No rule: the finding tells of a list.
     */
    BELISHA_RULE_KIND_NONE = 0,
    /*
     A name and every name below it, or an address.
     */
    BELISHA_RULE_KIND_DOMAIN = 1,
    /*
     A name alone.
     */
    BELISHA_RULE_KIND_HOST = 2,
    /*
     A host and every path that starts with these segments.
     */
    BELISHA_RULE_KIND_URL_PREFIX = 3,
    /*
     A part of the URL's text.
     */
    BELISHA_RULE_KIND_TEXT = 4,
    /*
     A regular expression that is found in the URL's text.
     */
    BELISHA_RULE_KIND_REGEX = 5,
    /*
     A form of names with `*`, and everything below them.
     */
    BELISHA_RULE_KIND_WILDCARD = 6,
    /*
     A name and everything below it, or any host, at a port.
     */
    BELISHA_RULE_KIND_PORT = 7,
    /*
     A range of addresses.
     */
    BELISHA_RULE_KIND_NETWORK = 8,
    /*
     A rule of a locked list: the text is a handle, and says nothing of the rule.
     */
    BELISHA_RULE_KIND_LOCKED = 9,
    /*
     A network rule in the syntax of ad blockers.
     */
    BELISHA_RULE_KIND_ADBLOCK = 10,
    /*
     A kind for which this library has no number. The text says what it is.
     */
    BELISHA_RULE_KIND_OTHER = 255,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum belisha_rule_kind belisha_rule_kind;
#else
typedef int32_t belisha_rule_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/*
 The findings of one look-up. One thread at a time may use them.

 They keep the ruleset that they came from, whatever happens to the rules, until the next look-up with them, or until
 they are cleared or freed. They keep their memory too: a look-up that finds nothing takes none for them, and one that
 finds something takes some only where it finds more than any before.
 */
typedef struct belisha_findings belisha_findings;

/*
 Rules, in force until they are replaced or freed. Any number of threads may use them at once, for anything.
 */
typedef struct belisha_rules belisha_rules;

/*
 What is known about the rules in force.
 */
typedef struct belisha_about {
    /*
     How many rules there are, doubles left out.
     */
    uint64_t rule_count;
    /*
     How many lists they come from.
     */
    uint64_t list_count;
    /*
     A number that tells two rulesets apart.
     */
    uint64_t fingerprint;
} belisha_about;

/*
 A request, for rules that ask more than its URL, as those of ad blockers do. What is 0 or null is not known, and then no
 rule holds that asks for it: fill the structure with zeros first.
 */
typedef struct belisha_request {
    /*
     The URL: any bytes, in any spelling that a browser takes.
     */
    const char *url;
    /*
     How many bytes it has.
     */
    size_t url_length;
    /*
     The host of the page that asks, or null. Where it is given, `party` has to be.
     */
    const char *page;
    /*
     How many bytes it has.
     */
    size_t page_length;
    /*
     0, `BELISHA_PARTY_FIRST` or `BELISHA_PARTY_THIRD`.
     */
    uint32_t party;
    /*
     0 or a `BELISHA_REQUEST_` number.
     */
    uint32_t kind;
} belisha_request;

/*
 A text in UTF-8: so many bytes, and a NUL behind them. Never null.
 */
typedef struct belisha_text {
    /*
     The first byte.
     */
    const char *data;
    /*
     How many bytes, without the NUL.
     */
    size_t length;
} belisha_text;

/*
 One rule that holds what was looked up, and the list that it is in. The texts live as long as the findings are not
 looked up with again, cleared or freed.
 */
typedef struct belisha_finding {
    /*
     The rule, such as `wager.example` or `shared.example/casino`.
     */
    struct belisha_text rule;
    /*
     Whose list it is.
     */
    struct belisha_text source;
    /*
     The name of the list.
     */
    struct belisha_text name;
    /*
     The licence of the list, and whom to name.
     */
    struct belisha_text licence;
    /*
     When the list was made or fetched, in seconds since 1970; 0 where nobody knows.
     */
    int64_t dated;
    /*
     How many rules of the list there are.
     */
    uint64_t entries;
    /*
     The number of the list in this ruleset, from 0.
     */
    uint32_t list;
    /*
     What the rule names.
     */
    belisha_rule_kind kind;
    /*
     The category of the list, 0 to 65535, in the taxonomy of who compiled the ruleset.
     */
    uint32_t category;
    /*
     `BELISHA_LIST_EXACT` or 0. Further bits may come.
     */
    uint32_t flags;
} belisha_finding;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/*
 The version of the library, such as `0.1.0`: for people to read.
 */
const char *belisha_version(void);

/*
 The ABI of the library that runs: `BELISHA_ABI_MAJOR` in the upper 16 bits, `BELISHA_ABI_MINOR` in the lower. A
 program may use a library whose upper half is that of its header and whose lower half is not below.
 */
uint32_t belisha_abi_version(void);

/*
 Why the last call of this thread that failed did so, in a sentence that ends with a NUL; empty where none did. It
 lives until the next failure in this thread. A call that succeeds leaves it as it is.
 */
const char *belisha_last_error(void);

/*
 Loads a ruleset from a file, checks every byte, and gives a handle for it, or null where that fails. The file may be
 replaced afterwards: it is not read again. `path` ends with a NUL and is UTF-8 where the system has no file names
 of bytes.

 # Safety
 `path` points to a text with a NUL, `rules` to a place for a pointer.
 */
belisha_status belisha_rules_load_file(const char *path, struct belisha_rules **rules);

/*
 The same from `length` bytes in memory, which are copied.

 # Safety
 `data` points to so many bytes, `rules` to a place for a pointer.
 */
belisha_status belisha_rules_load_memory(const void *data, size_t length, struct belisha_rules **rules);

/*
 Replaces the rules of a handle by a ruleset from a file, in one step: each look-up sees the old or the new, and none
 waits. Where it fails, the rules are what they were.

 # Safety
 `rules` is a handle, freed or not, or null; `path` points to a text with a NUL.
 */
belisha_status belisha_rules_reload_file(struct belisha_rules *rules, const char *path);

/*
 The same from `length` bytes in memory, which are copied.

 # Safety
 `rules` is a handle, freed or not, or null; `data` points to so many bytes.
 */
belisha_status belisha_rules_reload_memory(struct belisha_rules *rules, const void *data, size_t length);

/*
 Lets go of the rules of a handle. Look-ups that run finish; findings keep the rules that they came from; every later
 call with the handle gives `BELISHA_STATUS_FREED`, a second free too. A few bytes stay for ever, so that this can be
 said: to change rules, reload. Null is nothing to free.

 # Safety
 `rules` is a handle, freed or not, or null.
 */
belisha_status belisha_rules_free(struct belisha_rules *rules);

/*
 Tells about the rules in force. `size` is `sizeof(belisha_about)`: of a library that knows more, a program takes what
 its own header names; what this library does not know is zero.

 # Safety
 `rules` is a handle, freed or not, or null; `about` points to `size` bytes.
 */
belisha_status belisha_rules_about(const struct belisha_rules *rules, struct belisha_about *about, size_t size);

/*
 Fills findings with every list of the rules in force, in order, each with kind `BELISHA_RULE_KIND_NONE` and an empty
 rule: for a page of licences, or to see what is covered.

 # Safety
 `rules` is a handle, freed or not, or null; `findings` is not freed, and no other thread uses it.
 */
belisha_status belisha_rules_lists(const struct belisha_rules *rules, struct belisha_findings *findings);

/*
 Looks up a URL: any bytes, in any spelling that a browser takes. Afterwards `findings` holds each list that has a
 rule for it, with the broadest of its rules; after a failure it holds nothing.

 # Safety
 `rules` is a handle, freed or not, or null; `url` points to `length` bytes; `findings` is not freed, and no other
 thread uses it.
 */
belisha_status belisha_rules_look_up_url(const struct belisha_rules *rules,
                                         const char *url,
                                         size_t length,
                                         struct belisha_findings *findings);

/*
 Looks up a request of which more is known than its URL, as `belisha_rules_look_up_url` does a URL. `size` is
 `sizeof(belisha_request)`; fields that a later header has and this library does not know have to be zeros.

 # Safety
 `rules` is a handle, freed or not, or null; `request` points to `size` bytes, and what it points to has the lengths that it
 says; `findings` is not freed, and no other thread uses it.
 */
belisha_status belisha_rules_look_up_request(const struct belisha_rules *rules,
                                             const struct belisha_request *request,
                                             size_t size,
                                             struct belisha_findings *findings);

/*
 Looks up a host of which no path is known, as at CONNECT or in a DNS question: a name, or an address, IPv6 with or
 without brackets. Rules for paths of it show as `belisha_findings_path_category`: whether they hold the request is
 known when its URL is.

 # Safety
 `rules` is a handle, freed or not, or null; `host` points to `length` bytes; `findings` is not freed, and no other
 thread uses it.
 */
belisha_status belisha_rules_look_up_host(const struct belisha_rules *rules,
                                          const char *host,
                                          size_t length,
                                          struct belisha_findings *findings);

/*
 Makes findings, with nothing in them, to be used again and again: one for each thread is enough.

 # Safety
 `findings` points to a place for a pointer.
 */
belisha_status belisha_findings_new(struct belisha_findings **findings);

/*
 Frees findings. Null is nothing to free. To use them afterwards, or to free them twice, cannot be noticed.

 # Safety
 `findings` came from `belisha_findings_new`, is not freed, and no other thread uses it; or it is null.
 */
void belisha_findings_free(struct belisha_findings *findings);

/*
 Empties findings, and lets go of the ruleset that they came from: for a thread that will be idle for long. Null is
 nothing to empty.

 # Safety
 `findings` is not freed, and no other thread uses it; or it is null.
 */
void belisha_findings_clear(struct belisha_findings *findings);

/*
 How many findings there are; 0 for null.

 # Safety
 `findings` is not freed, and no other thread fills it; or it is null.
 */
size_t belisha_findings_count(const struct belisha_findings *findings);

/*
 Gives a finding by its number, from 0: the lists with the broadest rules first. `size` is `sizeof(belisha_finding)`:
 of a library that knows more, a program takes what its own header names; what this library does not know is zero.

 # Safety
 `findings` is not freed, and no other thread fills it; or it is null. `finding` points to `size` bytes.
 */
belisha_status belisha_findings_get(const struct belisha_findings *findings,
                                    size_t index,
                                    struct belisha_finding *finding,
                                    size_t size);

/*
 How many lists hold paths of the host that was looked up, where only the host was; 0 for null.

 # Safety
 `findings` is not freed, and no other thread fills it; or it is null.
 */
size_t belisha_findings_path_category_count(const struct belisha_findings *findings);

/*
 Gives the category of a list that holds paths of the host, by its number, from 0. A request to this host may be held
 or not: look up its URL as soon as that is known.

 # Safety
 `findings` is not freed, and no other thread fills it; or it is null. `category` points to a place for a number.
 */
belisha_status belisha_findings_path_category(const struct belisha_findings *findings,
                                              size_t index,
                                              uint32_t *category);

/*
 Writes the canonical form of a URL and a NUL. `written` gets its length without the NUL, also where the buffer is
 too small and nothing is written to it (`BELISHA_STATUS_SPACE`); with a capacity of 0 the buffer may be null.

 # Safety
 `url` points to `length` bytes, `buffer` to `capacity` bytes, `written` to a place for a number.
 */
belisha_status belisha_url_canonical(const char *url, size_t length, char *buffer, size_t capacity, size_t *written);

/*
 The same for a host; IPv6 without brackets.

 # Safety
 `host` points to `length` bytes, `buffer` to `capacity` bytes, `written` to a place for a number.
 */
belisha_status belisha_host_canonical(const char *host, size_t length, char *buffer, size_t capacity, size_t *written);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* BELISHA_H */
