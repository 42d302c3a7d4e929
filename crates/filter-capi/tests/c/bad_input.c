/*
 * Whatever a program does wrong that can be noticed is an error value.
 *
 *   bad_input RULESET FOLDER
 *
 * The folder is for damaged files.
 */
#include "check.h"

#define URL "http://www.wager.example/"

static void nulls(const char *path) {
    belisha_rules *rules = NULL;
    belisha_findings *findings = NULL;
    belisha_finding finding;
    belisha_about about;
    uint32_t category;
    size_t written;
    char buffer[64];
    CHECK(belisha_rules_load_file(NULL, &rules) == BELISHA_STATUS_NULL_POINTER && rules == NULL);
    CHECK(belisha_rules_load_file(path, NULL) == BELISHA_STATUS_NULL_POINTER);
    CHECK(belisha_rules_load_memory(NULL, 5, &rules) == BELISHA_STATUS_NULL_POINTER && rules == NULL);
    CHECK(belisha_rules_load_memory("abc", 3, NULL) == BELISHA_STATUS_NULL_POINTER);
    CHECK(belisha_rules_reload_file(NULL, path) == BELISHA_STATUS_NULL_POINTER);
    CHECK(belisha_rules_reload_memory(NULL, "abc", 3) == BELISHA_STATUS_NULL_POINTER);
    CHECK(belisha_rules_about(NULL, &about, sizeof about) == BELISHA_STATUS_NULL_POINTER);
    CHECK(belisha_findings_new(NULL) == BELISHA_STATUS_NULL_POINTER);
    CHECK(strstr(belisha_last_error(), "findings") != NULL);

    CHECK(belisha_rules_load_file(path, &rules) == BELISHA_STATUS_OK);
    CHECK(belisha_findings_new(&findings) == BELISHA_STATUS_OK);
    CHECK(belisha_rules_reload_file(rules, NULL) == BELISHA_STATUS_NULL_POINTER);
    CHECK(belisha_rules_reload_memory(rules, NULL, 0) == BELISHA_STATUS_NULL_POINTER);
    CHECK(belisha_rules_about(rules, NULL, sizeof about) == BELISHA_STATUS_NULL_POINTER);
    CHECK(belisha_rules_lists(NULL, findings) == BELISHA_STATUS_NULL_POINTER);
    CHECK(belisha_rules_lists(rules, NULL) == BELISHA_STATUS_NULL_POINTER);
    CHECK(belisha_rules_look_up_url(NULL, URL, strlen(URL), findings) == BELISHA_STATUS_NULL_POINTER);
    CHECK(belisha_rules_look_up_url(rules, NULL, 0, findings) == BELISHA_STATUS_NULL_POINTER);
    CHECK(belisha_rules_look_up_url(rules, URL, strlen(URL), NULL) == BELISHA_STATUS_NULL_POINTER);
    CHECK(belisha_rules_look_up_host(NULL, "a.example", 9, findings) == BELISHA_STATUS_NULL_POINTER);
    CHECK(belisha_rules_look_up_host(rules, NULL, 9, findings) == BELISHA_STATUS_NULL_POINTER);
    CHECK(belisha_rules_look_up_host(rules, "a.example", 9, NULL) == BELISHA_STATUS_NULL_POINTER);
    CHECK(belisha_findings_get(NULL, 0, &finding, sizeof finding) == BELISHA_STATUS_NULL_POINTER);
    CHECK(belisha_findings_path_category(NULL, 0, &category) == BELISHA_STATUS_NULL_POINTER);
    CHECK(belisha_findings_count(NULL) == 0 && belisha_findings_path_category_count(NULL) == 0);
    CHECK(belisha_url_canonical(NULL, 3, buffer, sizeof buffer, &written) == BELISHA_STATUS_NULL_POINTER);
    CHECK(belisha_url_canonical(URL, strlen(URL), NULL, 5, &written) == BELISHA_STATUS_NULL_POINTER);
    CHECK(belisha_url_canonical(URL, strlen(URL), buffer, sizeof buffer, NULL) == BELISHA_STATUS_NULL_POINTER);
    CHECK(belisha_host_canonical(NULL, 3, buffer, sizeof buffer, &written) == BELISHA_STATUS_NULL_POINTER);
    CHECK(LOOK_UP(rules, URL, findings) == BELISHA_STATUS_OK && belisha_findings_count(findings) == 2);
    CHECK(belisha_findings_get(findings, 0, NULL, sizeof finding) == BELISHA_STATUS_NULL_POINTER);
    CHECK(belisha_rules_look_up_host(rules, "shared.example", 14, findings) == BELISHA_STATUS_OK);
    CHECK(belisha_findings_path_category_count(findings) == 3);
    CHECK(belisha_findings_path_category(findings, 0, NULL) == BELISHA_STATUS_NULL_POINTER);

    /* Not where a handle can be. */
    belisha_findings *crooked = (belisha_findings *)((char *)findings + 1);
    CHECK(LOOK_UP(rules, URL, crooked) == BELISHA_STATUS_NULL_POINTER);
    CHECK(belisha_findings_count(crooked) == 0);
    belisha_findings_free(crooked);
    CHECK(LOOK_UP((belisha_rules *)((char *)rules + 1), URL, findings) == BELISHA_STATUS_NULL_POINTER);

    belisha_findings_clear(NULL);
    belisha_findings_free(NULL);
    CHECK(belisha_rules_free(NULL) == BELISHA_STATUS_OK);
    belisha_findings_free(findings);
    CHECK(belisha_rules_free(rules) == BELISHA_STATUS_OK);
}

/* A request is an input: what this library would not understand it refuses. */
static void requests(const char *path) {
    belisha_rules *rules;
    belisha_findings *findings;
    struct {
        belisha_request request;
        char behind[32];
    } more;
    memset(&more, 0, sizeof more);
    belisha_request *request = &more.request;
    size_t size = sizeof *request;
    CHECK(belisha_rules_load_file(path, &rules) == BELISHA_STATUS_OK);
    CHECK(belisha_findings_new(&findings) == BELISHA_STATUS_OK);
    CHECK(belisha_rules_look_up_request(rules, NULL, size, findings) == BELISHA_STATUS_NULL_POINTER);
    CHECK(belisha_rules_look_up_request(rules, request, size, findings) == BELISHA_STATUS_NULL_POINTER);
    request->url = URL;
    request->url_length = strlen(URL);
    CHECK(belisha_rules_look_up_request(NULL, request, size, findings) == BELISHA_STATUS_NULL_POINTER);
    CHECK(belisha_rules_look_up_request(rules, request, size, NULL) == BELISHA_STATUS_NULL_POINTER);
    CHECK(belisha_rules_look_up_request(rules, request, size - 1, findings) == BELISHA_STATUS_ARGUMENT);
    CHECK(belisha_rules_look_up_request(rules, request, SIZE_MAX, findings) == BELISHA_STATUS_ARGUMENT);
    CHECK(belisha_rules_look_up_request(rules, request, size, findings) == BELISHA_STATUS_OK);
    CHECK(belisha_findings_count(findings) == 2);
    CHECK(belisha_rules_look_up_request(rules, request, sizeof more, findings) == BELISHA_STATUS_OK);
    more.behind[31] = 1;
    CHECK(belisha_rules_look_up_request(rules, request, sizeof more, findings) == BELISHA_STATUS_ARGUMENT);
    CHECK(belisha_findings_count(findings) == 0);
    request->kind = BELISHA_REQUEST_DOCUMENT + 1;
    CHECK(belisha_rules_look_up_request(rules, request, size, findings) == BELISHA_STATUS_ARGUMENT);
    request->kind = BELISHA_REQUEST_SCRIPT;
    request->party = BELISHA_PARTY_THIRD;
    CHECK(belisha_rules_look_up_request(rules, request, size, findings) == BELISHA_STATUS_NULL_POINTER);
    request->page = "page.example/x";
    request->page_length = 12;
    CHECK(belisha_rules_look_up_request(rules, request, size, findings) == BELISHA_STATUS_OK);
    request->page_length = 14;
    CHECK(belisha_rules_look_up_request(rules, request, size, findings) == BELISHA_STATUS_HOST);
    request->page_length = SIZE_MAX;
    CHECK(belisha_rules_look_up_request(rules, request, size, findings) == BELISHA_STATUS_ARGUMENT);
    request->page_length = 12;
    request->party = 0;
    CHECK(belisha_rules_look_up_request(rules, request, size, findings) == BELISHA_STATUS_ARGUMENT);
    CHECK(strstr(belisha_last_error(), "party") != NULL);
    belisha_findings_free(findings);
    CHECK(belisha_rules_free(rules) == BELISHA_STATUS_OK);
}

static void wrong_numbers(const char *path) {
    belisha_rules *rules;
    belisha_findings *findings;
    struct {
        belisha_finding finding;
        char behind[32];
    } more;
    belisha_about about;
    uint32_t category;
    size_t written;
    char buffer[64];
    CHECK(belisha_rules_load_file(path, &rules) == BELISHA_STATUS_OK);
    CHECK(belisha_findings_new(&findings) == BELISHA_STATUS_OK);

    /* Lengths that no memory has; they are not read. */
    for (int shift = 0; shift < 2; shift++) {
        size_t length = SIZE_MAX >> shift;
        belisha_status expected = shift == 0 ? BELISHA_STATUS_ARGUMENT : BELISHA_STATUS_URL;
        CHECK(belisha_rules_look_up_url(rules, URL, length, findings) == expected);
    }
    CHECK(belisha_rules_look_up_host(rules, "a.example", SIZE_MAX, findings) == BELISHA_STATUS_ARGUMENT);
    CHECK(belisha_rules_load_memory(path, SIZE_MAX, &(belisha_rules *){NULL}) == BELISHA_STATUS_ARGUMENT);
    CHECK(belisha_rules_load_memory(path, SIZE_MAX >> 1, &(belisha_rules *){NULL}) == BELISHA_STATUS_MEMORY);
    CHECK(belisha_rules_reload_memory(rules, path, SIZE_MAX) == BELISHA_STATUS_ARGUMENT);
    CHECK(belisha_url_canonical(URL, SIZE_MAX, buffer, sizeof buffer, &written) == BELISHA_STATUS_ARGUMENT);

    /* An empty text is no URL; the pointer is not looked at beyond it. */
    CHECK(belisha_rules_look_up_url(rules, URL, 0, findings) == BELISHA_STATUS_URL);
    CHECK(belisha_rules_look_up_host(rules, URL, 0, findings) == BELISHA_STATUS_HOST);
    CHECK(belisha_rules_load_memory(path, 0, &(belisha_rules *){NULL}) == BELISHA_STATUS_NOT_A_RULESET);

    /* Too long by one, and not. */
    char *url = malloc(BELISHA_MAX_URL + 1);
    CHECK(url != NULL);
    memset(url, 'a', BELISHA_MAX_URL + 1);
    memcpy(url, URL, strlen(URL));
    CHECK(belisha_rules_look_up_url(rules, url, BELISHA_MAX_URL, findings) == BELISHA_STATUS_OK);
    CHECK(belisha_findings_count(findings) == 2);
    CHECK(belisha_rules_look_up_url(rules, url, BELISHA_MAX_URL + 1, findings) == BELISHA_STATUS_URL);
    CHECK(strstr(belisha_last_error(), "65537") != NULL);
    CHECK(belisha_findings_count(findings) == 0);
    free(url);

    /* Numbers and sizes of findings. */
    CHECK(LOOK_UP(rules, URL, findings) == BELISHA_STATUS_OK && belisha_findings_count(findings) == 2);
    size_t size = sizeof more.finding;
    CHECK(belisha_findings_get(findings, 2, &more.finding, size) == BELISHA_STATUS_ARGUMENT);
    CHECK(belisha_findings_get(findings, SIZE_MAX, &more.finding, size) == BELISHA_STATUS_ARGUMENT);
    CHECK(belisha_findings_get(findings, 0, &more.finding, size - 1) == BELISHA_STATUS_ARGUMENT);
    CHECK(belisha_findings_get(findings, 0, &more.finding, 0) == BELISHA_STATUS_ARGUMENT);
    CHECK(belisha_findings_get(findings, 0, &more.finding, SIZE_MAX) == BELISHA_STATUS_ARGUMENT);
    memset(&more, 0x55, sizeof more);
    CHECK(belisha_findings_get(findings, 0, &more.finding, size) == BELISHA_STATUS_OK);
    CHECK(more.behind[0] == 0x55);
    /* A program that knows more than the library reads zeros. */
    CHECK(belisha_findings_get(findings, 0, &more.finding, size + 16) == BELISHA_STATUS_OK);
    CHECK(more.behind[0] == 0 && more.behind[15] == 0 && more.behind[16] == 0x55);
    CHECK(belisha_findings_path_category(findings, 0, &category) == BELISHA_STATUS_ARGUMENT);
    CHECK(belisha_rules_about(rules, &about, sizeof about - 1) == BELISHA_STATUS_ARGUMENT);

    /* Buffers, down to none. */
    for (size_t capacity = 0; capacity <= strlen(URL); capacity++) {
        memset(buffer, 0x55, sizeof buffer);
        CHECK(belisha_url_canonical(URL, strlen(URL), buffer, capacity, &written) == BELISHA_STATUS_SPACE);
        CHECK(written == strlen(URL) && buffer[0] == 0x55);
    }
    CHECK(belisha_url_canonical(URL, strlen(URL), NULL, 0, &written) == BELISHA_STATUS_SPACE);
    CHECK(belisha_url_canonical(URL, strlen(URL), buffer, strlen(URL) + 1, &written) == BELISHA_STATUS_OK);
    CHECK(strcmp(buffer, URL) == 0 && buffer[strlen(URL) + 1] == 0x55);

    belisha_findings_free(findings);
    CHECK(belisha_rules_free(rules) == BELISHA_STATUS_OK);
}

static void wrong_text(const char *path) {
    belisha_rules *rules;
    belisha_findings *findings;
    CHECK(belisha_rules_load_file(path, &rules) == BELISHA_STATUS_OK);
    CHECK(belisha_findings_new(&findings) == BELISHA_STATUS_OK);
    CHECK(LOOK_UP(rules, URL, findings) == BELISHA_STATUS_OK && belisha_findings_count(findings) == 2);
    CHECK(LOOK_UP(rules, "http://wag\xff" "er.example/", findings) == BELISHA_STATUS_URL);
    CHECK(belisha_findings_count(findings) == 0);
    CHECK(belisha_rules_look_up_host(rules, "wag\xff" "er.example", 13, findings) == BELISHA_STATUS_HOST);
    CHECK(strstr(belisha_last_error(), "characters") != NULL);
    /* What is behind the length is not looked at: no NUL is needed. */
    CHECK(belisha_rules_look_up_host(rules, "wager.example\xff", 13, findings) == BELISHA_STATUS_OK);
    CHECK(belisha_findings_count(findings) == 2);
    char *tight = malloc(13);
    CHECK(tight != NULL);
    memcpy(tight, "wager.example", 13);
    CHECK(belisha_rules_look_up_host(rules, tight, 13, findings) == BELISHA_STATUS_OK);
    free(tight);
    for (int byte = 0; byte < 256; byte++) {
        char host[] = "wager?.example";
        host[5] = (char)byte;
        belisha_status status = belisha_rules_look_up_host(rules, host, strlen("wager?.example"), findings);
        CHECK(status == BELISHA_STATUS_OK || status == BELISHA_STATUS_HOST);
    }
    belisha_findings_free(findings);
    CHECK(belisha_rules_free(rules) == BELISHA_STATUS_OK);
}

static void damaged_files(const char *path, const char *folder) {
    size_t length;
    unsigned char *bytes = read_file(path, &length);
    belisha_rules *rules = NULL, *kept = NULL;
    belisha_findings *findings;
    char file[4096];
    snprintf(file, sizeof file, "%s/damaged.belisha", folder);
    CHECK(belisha_findings_new(&findings) == BELISHA_STATUS_OK);
    CHECK(belisha_rules_load_memory(bytes, length, &kept) == BELISHA_STATUS_OK);

    /* Cut short everywhere, in memory of just that length. */
    for (size_t cut = 0; cut < length; cut += cut < 300 ? 1 : 37) {
        unsigned char *part = malloc(cut + 1);
        CHECK(part != NULL);
        memcpy(part, bytes, cut);
        part = realloc(part, cut == 0 ? 1 : cut);
        CHECK(part != NULL);
        rules = kept;
        belisha_status status = belisha_rules_load_memory(part, cut, &rules);
        CHECK(status == BELISHA_STATUS_NOT_A_RULESET || status == BELISHA_STATUS_DAMAGED);
        CHECK(rules == NULL);
        CHECK(belisha_rules_reload_memory(kept, part, cut) == status);
        free(part);
    }
    /* One bit changed, everywhere. */
    for (size_t at = 0; at < length; at += at < 300 ? 1 : 37) {
        bytes[at] ^= (unsigned char)(1 << at % 8);
        belisha_status status = belisha_rules_load_memory(bytes, length, &rules);
        CHECK(status >= BELISHA_STATUS_NOT_A_RULESET && status <= BELISHA_STATUS_EMPTY && rules == NULL);
        bytes[at] ^= (unsigned char)(1 << at % 8);
    }
    /* The same through files. */
    for (size_t cut = 0; cut < length; cut += length / 7) {
        write_file(file, bytes, cut);
        belisha_status status = belisha_rules_load_file(file, &rules);
        CHECK(status == BELISHA_STATUS_NOT_A_RULESET || status == BELISHA_STATUS_DAMAGED);
        CHECK(belisha_rules_reload_file(kept, file) == status);
    }
    bytes[length] = 'x';
    write_file(file, bytes, length + 1);
    CHECK(belisha_rules_load_file(file, &rules) == BELISHA_STATUS_DAMAGED && rules == NULL);
    bytes[length / 2] ^= 1;
    write_file(file, bytes, length);
    CHECK(belisha_rules_load_file(file, &rules) == BELISHA_STATUS_DAMAGED);
    write_file(file, "# not a ruleset\n", 16);
    CHECK(belisha_rules_load_file(file, &rules) == BELISHA_STATUS_NOT_A_RULESET);
    CHECK(belisha_rules_load_file(folder, &rules) == BELISHA_STATUS_IO);
    CHECK(belisha_rules_load_file("/dev/zero", &rules) == BELISHA_STATUS_IO);
    CHECK(belisha_rules_load_file("", &rules) == BELISHA_STATUS_IO);
    CHECK(belisha_rules_load_file("/nowhere/at/all", &rules) == BELISHA_STATUS_IO);
    CHECK(belisha_rules_load_file("\xff\xfe", &rules) == BELISHA_STATUS_IO);
    CHECK(belisha_last_error()[0] != 0);

    /* After all that, the rules are what they were. */
    CHECK(LOOK_UP(kept, URL, findings) == BELISHA_STATUS_OK && belisha_findings_count(findings) == 2);
    belisha_findings_free(findings);
    CHECK(belisha_rules_free(kept) == BELISHA_STATUS_OK);
    free(bytes);
}

static void freed_rules(const char *path) {
    belisha_rules *rules, *others;
    belisha_findings *findings;
    belisha_finding finding;
    belisha_about about;
    CHECK(belisha_rules_load_file(path, &rules) == BELISHA_STATUS_OK);
    CHECK(belisha_findings_new(&findings) == BELISHA_STATUS_OK);
    CHECK(LOOK_UP(rules, URL, findings) == BELISHA_STATUS_OK);
    CHECK(belisha_rules_free(rules) == BELISHA_STATUS_OK);
    /* Findings outlive the rules that they came from. */
    CHECK(belisha_findings_get(findings, 0, &finding, sizeof finding) == BELISHA_STATUS_OK);
    CHECK(strcmp(finding.name.data, "betting") == 0 && strcmp(finding.rule.data, "wager.example") == 0);
    /* Everything else says so, now and when there are other rules. */
    CHECK(belisha_rules_load_file(path, &others) == BELISHA_STATUS_OK && others != rules);
    CHECK(belisha_rules_free(rules) == BELISHA_STATUS_FREED);
    CHECK(belisha_rules_reload_file(rules, path) == BELISHA_STATUS_FREED);
    CHECK(belisha_rules_about(rules, &about, sizeof about) == BELISHA_STATUS_FREED);
    CHECK(belisha_rules_lists(rules, findings) == BELISHA_STATUS_FREED);
    CHECK(LOOK_UP(rules, URL, findings) == BELISHA_STATUS_FREED && belisha_findings_count(findings) == 0);
    CHECK(belisha_rules_look_up_host(rules, "a.example", 9, findings) == BELISHA_STATUS_FREED);
    CHECK(strcmp(belisha_last_error(), "the rules were freed") == 0);
    CHECK(LOOK_UP(others, URL, findings) == BELISHA_STATUS_OK && belisha_findings_count(findings) == 2);
    belisha_findings_clear(findings);
    CHECK(belisha_findings_count(findings) == 0);
    belisha_findings_free(findings);
    CHECK(belisha_rules_free(others) == BELISHA_STATUS_OK);
}

int main(int argc, char **argv) {
    CHECK(argc == 3);
    CHECK(belisha_abi_version() >> 16 == BELISHA_ABI_MAJOR);
    CHECK((belisha_abi_version() & 0xffff) == BELISHA_ABI_MINOR);
    CHECK(strchr(belisha_version(), '.') != NULL);
    CHECK(belisha_last_error() != NULL && belisha_last_error()[0] == 0);
    nulls(argv[1]);
    requests(argv[1]);
    wrong_numbers(argv[1]);
    wrong_text(argv[1]);
    damaged_files(argv[1], argv[2]);
    freed_rules(argv[1]);
    puts("every mistake was an error value");
    return 0;
}
