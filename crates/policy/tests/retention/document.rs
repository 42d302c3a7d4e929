//! The schedule as a table, and the page that shows it.

use std::fmt::Write as _;
use std::fs;

use belisha_policy::retention::{RecordClass, Schedule};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/retention.md");
const BEGIN: &str = "<!-- the schedule, written by a test -->\n";
const END: &str = "<!-- end of the schedule -->\n";

fn table() -> String {
    let mut table = String::from("| no. | record | name in the settings | kept | a school may set | because |\n");
    table.push_str("|---|---|---|---|---|---|\n");
    let schedule = Schedule::default();
    for class in RecordClass::ALL {
        let (id, title, rule) = (class.id(), class.title(), schedule.rule(*class));
        writeln!(table, "| {id} | {title} | `{class}` | {rule} | {} | {} |", class.limits(), class.basis()).unwrap();
    }
    table
}

/// A page between whose marks stands what the code says.
#[test]
fn the_page_shows_the_schedule() {
    let page = fs::read_to_string(PAGE).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (shown, after) = rest.split_once(END).unwrap();
    if std::env::var_os("BELISHA_WRITE_DOCS").is_some() {
        fs::write(PAGE, format!("{before}{BEGIN}{}{END}{after}", table())).unwrap();
    } else {
        assert_eq!(
            shown,
            table(),
            "docs/retention.md does not show the schedule as it is. Write it anew with\n    BELISHA_WRITE_DOCS=1 cargo \
             test -p belisha-policy --test retention the_page_shows_the_schedule"
        );
    }
}
