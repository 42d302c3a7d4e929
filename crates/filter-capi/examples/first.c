/* first RULESET URL: which rule of which list holds this URL? */
#include <belisha.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
    belisha_rules *rules;
    belisha_findings *findings;
    if (argc != 3 || belisha_abi_version() >> 16 != BELISHA_ABI_MAJOR)
        return 2;
    if (belisha_rules_load_file(argv[1], &rules) != BELISHA_STATUS_OK ||
        belisha_findings_new(&findings) != BELISHA_STATUS_OK ||
        belisha_rules_look_up_url(rules, argv[2], strlen(argv[2]), findings) != BELISHA_STATUS_OK) {
        fprintf(stderr, "%s\n", belisha_last_error());
        return 1;
    }
    for (size_t at = 0; at < belisha_findings_count(findings); at++) {
        belisha_finding found;
        belisha_findings_get(findings, at, &found, sizeof found);
        printf("%s is on %s (%u)\n", found.rule.data, found.name.data, found.category);
    }
    belisha_findings_free(findings);
    belisha_rules_free(rules);
    return 0;
}
