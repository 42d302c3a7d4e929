/*
 * The published vectors, as a C program passes them.
 *
 *   vectors RULESET VECTORS
 *
 * The ruleset is compiled from the lists and rules of the vectors; crates/filter/vectors/README.md has the format.
 */
#include "check.h"

#define MOST_FIELDS 16

struct list {
    char name[64], source[64], licence[128];
    unsigned category;
    long long dated;
    int exact;
};

static struct list lists[16];
static size_t list_count;

/* Decodes `\xHH` where it stands; gives the length. */
static size_t decode(char *text) {
    char *out = text;
    for (const char *in = text; *in != 0; out++) {
        if (in[0] == '\\' && in[1] == 'x') {
            char digits[3] = {in[2], in[3], 0};
            *out = (char)strtoul(digits, NULL, 16);
            in += 4;
        } else {
            *out = *in++;
        }
    }
    *out = 0;
    return (size_t)(out - text);
}

static size_t split(char *line, char **fields) {
    size_t count = 0;
    for (char *field = line; field != NULL && count < MOST_FIELDS; count++) {
        fields[count] = field;
        field = strchr(field, '\t');
        if (field != NULL)
            *field++ = 0;
    }
    return count;
}

static void add_list(char **fields) {
    CHECK(list_count < sizeof lists / sizeof *lists);
    struct list *list = &lists[list_count++];
    snprintf(list->name, sizeof list->name, "%s", fields[1]);
    snprintf(list->source, sizeof list->source, "%s", fields[2]);
    list->category = (unsigned)strtoul(fields[3], NULL, 10);
    list->dated = strtoll(fields[4], NULL, 10);
    list->exact = strcmp(fields[5], "exact") == 0;
    decode(fields[6]);
    snprintf(list->licence, sizeof list->licence, "%s", strcmp(fields[6], "-") == 0 ? "" : fields[6]);
}

/* What is told of a list is what the vectors say of it. */
static void check_list(const belisha_finding *finding) {
    CHECK(finding->list < list_count);
    const struct list *list = &lists[finding->list];
    CHECK(strcmp(finding->name.data, list->name) == 0 && finding->name.length == strlen(list->name));
    CHECK(strcmp(finding->source.data, list->source) == 0 && finding->source.length == strlen(list->source));
    CHECK(strcmp(finding->licence.data, list->licence) == 0 && finding->licence.length == strlen(list->licence));
    CHECK(finding->category == list->category);
    CHECK(finding->dated == list->dated);
    CHECK(finding->flags == (list->exact ? BELISHA_LIST_EXACT : 0));
    CHECK(finding->entries > 0);
}

static const char *kind_name(belisha_rule_kind kind) {
    switch (kind) {
    case BELISHA_RULE_KIND_DOMAIN: return "domain";
    case BELISHA_RULE_KIND_HOST: return "host";
    case BELISHA_RULE_KIND_URL_PREFIX: return "url-prefix";
    case BELISHA_RULE_KIND_TEXT: return "text";
    case BELISHA_RULE_KIND_REGEX: return "regex";
    case BELISHA_RULE_KIND_WILDCARD: return "wildcard";
    case BELISHA_RULE_KIND_PORT: return "port";
    case BELISHA_RULE_KIND_NETWORK: return "network";
    default: return "other";
    }
}

/* What was found, as fields. Gives how many differ. */
static int compare(const belisha_findings *findings, char **expected, size_t count) {
    char text[512];
    size_t hits = belisha_findings_count(findings), paths = belisha_findings_path_category_count(findings);
    int wrong = hits + paths != count;
    for (size_t at = 0; at < hits && at < count; at++) {
        belisha_finding finding;
        CHECK(belisha_findings_get(findings, at, &finding, sizeof finding) == BELISHA_STATUS_OK);
        check_list(&finding);
        CHECK(finding.rule.data[finding.rule.length] == 0);
        snprintf(text, sizeof text, "%s %s %.*s", finding.name.data, kind_name(finding.kind), (int)finding.rule.length,
                 finding.rule.data);
        wrong += strcmp(text, expected[at]) != 0;
    }
    for (size_t at = 0; at < paths && hits + at < count; at++) {
        uint32_t category;
        CHECK(belisha_findings_path_category(findings, at, &category) == BELISHA_STATUS_OK);
        snprintf(text, sizeof text, "paths-in %u", category);
        wrong += strcmp(text, expected[hits + at]) != 0;
    }
    return wrong;
}

/* One case. Gives how much of it is wrong. */
static int check_case(const belisha_rules *rules, belisha_findings *findings, char **fields, size_t count) {
    static char canonical[BELISHA_MAX_URL + 1];
    size_t length = decode(fields[1]), written = 0;
    int is_url = strstr(fields[0], "url") != NULL, is_bad = strncmp(fields[0], "no-", 3) == 0;
    belisha_status looked_up =
        is_url ? belisha_rules_look_up_url(rules, fields[1], length, findings)
               : belisha_rules_look_up_host(rules, fields[1], length, findings);
    belisha_status spelt =
        is_url ? belisha_url_canonical(fields[1], length, canonical, sizeof canonical, &written)
               : belisha_host_canonical(fields[1], length, canonical, sizeof canonical, &written);
    if (is_bad) {
        belisha_status expected = is_url ? BELISHA_STATUS_URL : BELISHA_STATUS_HOST;
        return (looked_up != expected) + (spelt != expected) + (belisha_findings_count(findings) != 0) +
               (belisha_last_error()[0] == 0);
    }
    return (looked_up != BELISHA_STATUS_OK) + (spelt != BELISHA_STATUS_OK) + (written != strlen(canonical)) +
           (strcmp(canonical, fields[2]) != 0) + compare(findings, fields + 3, count - 3);
}

int main(int argc, char **argv) {
    CHECK(argc == 3);
    belisha_rules *rules;
    belisha_findings *findings;
    CHECK(belisha_rules_load_file(argv[1], &rules) == BELISHA_STATUS_OK);
    CHECK(belisha_findings_new(&findings) == BELISHA_STATUS_OK);

    size_t length;
    char *text = (char *)read_file(argv[2], &length);
    int cases = 0, wrong = 0, number = 0;
    for (char *line = text, *next; line != NULL && *line != 0; line = next) {
        char *fields[MOST_FIELDS] = {0};
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = 0;
        number++;
        if (*line == 0 || *line == '#')
            continue;
        size_t count = split(line, fields);
        if (strcmp(fields[0], "list") == 0) {
            CHECK(count == 7);
            add_list(fields);
        } else if (strcmp(fields[0], "rule") != 0 && strcmp(fields[0], "pattern") != 0) {
            CHECK(count >= 3);
            int wrong_here = check_case(rules, findings, fields, count);
            if (wrong_here != 0)
                fprintf(stderr, "line %d: %s %s: %d things differ\n", number, fields[0], fields[1], wrong_here);
            wrong += wrong_here != 0;
            cases++;
        }
    }
    free(text);

    belisha_about about;
    CHECK(belisha_rules_about(rules, &about, sizeof about) == BELISHA_STATUS_OK);
    CHECK(about.list_count == list_count);
    CHECK(belisha_rules_lists(rules, findings) == BELISHA_STATUS_OK);
    CHECK(belisha_findings_count(findings) == list_count);
    uint64_t entries = 0;
    for (size_t at = 0; at < list_count; at++) {
        belisha_finding finding;
        CHECK(belisha_findings_get(findings, at, &finding, sizeof finding) == BELISHA_STATUS_OK);
        CHECK(finding.list == at && finding.kind == BELISHA_RULE_KIND_NONE && finding.rule.length == 0);
        check_list(&finding);
        entries += finding.entries;
    }
    CHECK(entries == about.rule_count);

    belisha_findings_free(findings);
    CHECK(belisha_rules_free(rules) == BELISHA_STATUS_OK);
    printf("%d cases, %d wrong\n", cases, wrong);
    return wrong != 0 || cases < 150;
}
