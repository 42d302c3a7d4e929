/*
 * A small firewall: decides about the requests of its clients, and says why.
 *
 *   firewall RULESET CATEGORY...
 *
 * Reads lines `client url` and answers each with `allow` or `block`, the client, the URL and the reason. What is in one
 * of the categories is blocked, and so is what is no URL. SIGHUP loads the ruleset again; where that fails the rules in
 * force stay.
 */
#define _POSIX_C_SOURCE 200809L

#include <belisha.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

/* The longest URL, and as much again for whoever asks. */
#define LONGEST_LINE (2 * BELISHA_MAX_URL)

struct firewall {
    belisha_rules *rules;
    belisha_findings *findings;
    const unsigned long *categories;
    size_t category_count;
};

static volatile sig_atomic_t must_reload;

static void on_hangup(int signal_number) {
    (void)signal_number;
    must_reload = 1;
}

static int is_blocked(const struct firewall *firewall, uint32_t category) {
    for (size_t at = 0; at < firewall->category_count; at++)
        if (firewall->categories[at] == category)
            return 1;
    return 0;
}

static void answer(const char *verdict, const char *client, const char *url, const char *reason) {
    printf("%s %s %s %s\n", verdict, client, url, reason);
    fflush(stdout);
}

/* The one place that decides. */
static void decide(const struct firewall *firewall, const char *client, const char *url, size_t length) {
    char reason[1024];
    if (belisha_rules_look_up_url(firewall->rules, url, length, firewall->findings) != BELISHA_STATUS_OK) {
        answer("block", client, url, belisha_last_error());
        return;
    }
    size_t count = belisha_findings_count(firewall->findings);
    for (size_t at = 0; at < count; at++) {
        belisha_finding found;
        if (belisha_findings_get(firewall->findings, at, &found, sizeof found) != BELISHA_STATUS_OK) {
            answer("block", client, url, belisha_last_error());
            return;
        }
        if (is_blocked(firewall, found.category)) {
            snprintf(reason, sizeof reason, "%s is on the list %s of %s, category %u", found.rule.data,
                     found.name.data, found.source.data, (unsigned)found.category);
            answer("block", client, url, reason);
            return;
        }
    }
    answer("allow", client, url, count == 0 ? "no list has it" : "no list of a blocked category has it");
}

static void take_line(const struct firewall *firewall, char *line) {
    char *url = strchr(line, ' ');
    if (url == NULL || url == line) {
        answer("block", "-", "-", "the line is not `client url`");
        return;
    }
    *url++ = 0;
    decide(firewall, line, url, strlen(url));
}

static void reload(const struct firewall *firewall, const char *path) {
    must_reload = 0;
    if (belisha_rules_reload_file(firewall->rules, path) == BELISHA_STATUS_OK)
        fprintf(stderr, "reloaded %s\n", path);
    else
        fprintf(stderr, "the rules stay as they are: %s\n", belisha_last_error());
}

/* Waits for input or for a hangup, which `waiting` lets in and nothing else does: none comes unnoticed. */
static int wait_for_input(const struct firewall *firewall, const char *path, const sigset_t *waiting) {
    for (;;) {
        fd_set input;
        FD_ZERO(&input);
        FD_SET(STDIN_FILENO, &input);
        int ready = pselect(STDIN_FILENO + 1, &input, NULL, NULL, NULL, waiting);
        int is_interrupted = ready < 0 && errno == EINTR;
        if (must_reload)
            reload(firewall, path);
        if (!is_interrupted)
            return ready > 0;
    }
}

/* Takes lines until there are no more; reloads while it waits for one. */
static int serve(const struct firewall *firewall, const char *path, const sigset_t *waiting) {
    static char buffer[LONGEST_LINE];
    size_t held = 0;
    int too_long = 0;
    for (;;) {
        if (!wait_for_input(firewall, path, waiting))
            return 1;
        ssize_t got = read(STDIN_FILENO, buffer + held, sizeof buffer - held);
        if (got <= 0)
            return got == 0 ? 0 : 1;
        held += (size_t)got;
        char *line = buffer, *end;
        while ((end = memchr(line, '\n', held)) != NULL) {
            *end = 0;
            if (too_long)
                answer("block", "-", "-", "the line is too long");
            else
                take_line(firewall, line);
            too_long = 0;
            held -= (size_t)(end + 1 - line);
            line = end + 1;
        }
        memmove(buffer, line, held);
        if (held == sizeof buffer) {
            too_long = 1;
            held = 0;
        }
    }
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: %s RULESET CATEGORY...\n", argv[0]);
        return 2;
    }
    if (belisha_abi_version() >> 16 != BELISHA_ABI_MAJOR) {
        fprintf(stderr, "belisha %s is another library than this program was built for\n", belisha_version());
        return 1;
    }
    size_t count = (size_t)argc - 2;
    unsigned long *categories = calloc(count, sizeof *categories);
    if (categories == NULL)
        return 1;
    for (size_t at = 0; at < count; at++) {
        char *end;
        categories[at] = strtoul(argv[at + 2], &end, 10);
        if (*end != 0 || end == argv[at + 2] || categories[at] > UINT16_MAX) {
            fprintf(stderr, "%s is no category\n", argv[at + 2]);
            free(categories);
            return 2;
        }
    }
    sigset_t hangup, waiting;
    sigemptyset(&hangup);
    sigaddset(&hangup, SIGHUP);
    sigprocmask(SIG_BLOCK, &hangup, &waiting);
    sigdelset(&waiting, SIGHUP);
    struct sigaction action = {.sa_handler = on_hangup};
    sigaction(SIGHUP, &action, NULL);

    struct firewall firewall = {.categories = categories, .category_count = count};
    int code = 1;
    if (belisha_rules_load_file(argv[1], &firewall.rules) != BELISHA_STATUS_OK ||
        belisha_findings_new(&firewall.findings) != BELISHA_STATUS_OK) {
        fprintf(stderr, "%s: %s\n", argv[1], belisha_last_error());
    } else {
        fprintf(stderr, "ready\n");
        code = serve(&firewall, argv[1], &waiting);
    }
    belisha_findings_free(firewall.findings);
    belisha_rules_free(firewall.rules);
    free(categories);
    return code;
}
