/*
 * Rules are replaced while several threads read them.
 *
 *   hot_swap FIRST SECOND FOLDER
 *
 * Both rulesets hold wager.example: FIRST in the list `first` of category 1, SECOND in the list `second` of category 2.
 * FIRST holds only.example too, which SECOND does not. The folder is for a damaged file.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "check.h"

enum { READERS = 4, SWAPS = 400 };

static belisha_rules *rules;
static atomic_int seen[3];
static atomic_int nothing_found;

/* One ruleset or the other, and never a mixture. */
static void check(const belisha_findings *findings) {
    belisha_finding finding;
    CHECK(belisha_findings_count(findings) == 1);
    CHECK(belisha_findings_get(findings, 0, &finding, sizeof finding) == BELISHA_STATUS_OK);
    CHECK(finding.category == 1 || finding.category == 2);
    CHECK(strcmp(finding.name.data, finding.category == 1 ? "first" : "second") == 0);
    CHECK(finding.dated == finding.category && strcmp(finding.rule.data, "wager.example") == 0);
    atomic_fetch_add(&seen[finding.category], 1);
}

static void *read_rules(void *unused) {
    belisha_findings *now, *kept;
    (void)unused;
    CHECK(belisha_findings_new(&now) == BELISHA_STATUS_OK);
    CHECK(belisha_findings_new(&kept) == BELISHA_STATUS_OK);
    int rounds = 0;
    for (;; rounds++) {
        belisha_status status = LOOK_UP(rules, "http://www.wager.example/", now);
        if (status == BELISHA_STATUS_FREED)
            break;
        CHECK(status == BELISHA_STATUS_OK);
        check(now);
        /* Findings of a ruleset that went long ago stay what they were. */
        if (rounds % 64 == 0 && LOOK_UP(rules, "http://wager.example/", kept) != BELISHA_STATUS_OK)
            break;
        check(kept);
        status = belisha_rules_look_up_host(rules, "only.example", 12, now);
        if (status == BELISHA_STATUS_FREED)
            break;
        if (belisha_findings_count(now) == 0)
            atomic_fetch_add(&nothing_found, 1);
    }
    /* Errors are a thread's own. */
    CHECK(strcmp(belisha_last_error(), "the rules were freed") == 0);
    belisha_findings_free(now);
    belisha_findings_free(kept);
    return NULL;
}

int main(int argc, char **argv) {
    CHECK(argc == 4);
    size_t length;
    unsigned char *first = read_file(argv[1], &length);
    char damaged[4096];
    snprintf(damaged, sizeof damaged, "%s/half.belisha", argv[3]);
    write_file(damaged, first, length / 2);

    pthread_t readers[READERS];
    CHECK(belisha_rules_load_file(argv[1], &rules) == BELISHA_STATUS_OK);
    for (int at = 0; at < READERS; at++)
        CHECK(pthread_create(&readers[at], NULL, read_rules, NULL) == 0);
    for (int swap = 0; swap < SWAPS || atomic_load(&seen[1]) == 0 || atomic_load(&seen[2]) == 0; swap++) {
        if (swap % 5 == 0)
            CHECK(belisha_rules_reload_file(rules, damaged) == BELISHA_STATUS_DAMAGED);
        else if (swap % 2 == 0)
            CHECK(belisha_rules_reload_memory(rules, first, length) == BELISHA_STATUS_OK);
        else
            CHECK(belisha_rules_reload_file(rules, argv[2]) == BELISHA_STATUS_OK);
    }
    /* Freed under the readers, who notice and end. */
    CHECK(belisha_rules_free(rules) == BELISHA_STATUS_OK);
    for (int at = 0; at < READERS; at++)
        CHECK(pthread_join(readers[at], NULL) == 0);
    CHECK(belisha_rules_reload_file(rules, argv[2]) == BELISHA_STATUS_FREED);
    free(first);
    printf("%d and %d look-ups in %d swaps\n", seen[1], seen[2], SWAPS);
    return 0;
}
