// The header as C++ programs take it, with nothing before it.
#include <belisha.h>

#include <cstdio>

int main() {
    belisha_rules *rules = nullptr;
    belisha_status status = belisha_rules_load_memory("no ruleset", 10, &rules);
    std::puts(belisha_last_error());
    return status == BELISHA_STATUS_NOT_A_RULESET && rules == nullptr ? 0 : 1;
}
