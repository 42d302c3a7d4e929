//! What is tried in files, tried in PostgreSQL: one server, and a database for each, copied from one in which people are
//! signed in. It takes longest, and so it is called what comes early in the alphabet: the others run beside it.

use crate::staffed::{SignedIn, signed_in};
use crate::support::{LOGIN, School, on_postgres, store};
use crate::{browser, circumstances, console, handing, incidents, old_incidents, reminders, two_worlds};

/// What is tried.
const SCENARIOS: [fn(&School, &SignedIn); 17] = [
    incidents::about_the_head,
    incidents::found_out,
    incidents::may_be_illegal,
    circumstances::described,
    circumstances::severities,
    handing::referred,
    handing::exported,
    handing::filed_elsewhere,
    console::child_tells,
    browser::case_of_pupils,
    browser::case_about_the_head,
    browser::case_that_may_be_illegal,
    old_incidents::sealed,
    old_incidents::again,
    reminders::mail_to_each,
    reminders::killed_between,
    reminders::server_away,
];

#[test]
fn all_of_it_is_the_same_in_postgresql() {
    let Some((server, made)) = on_postgres() else { return };
    let people = signed_in(&made);
    // A database is copied from another to which nobody is connected.
    let mut admin = postgres::Client::connect(&server.admin_url_in("template1"), postgres::NoTls).unwrap();
    let mut copy = |name: &str| {
        admin.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE postgres")).unwrap();
        made.copy(&store(&server.url_in(name, LOGIN, "p")))
    };
    for (number, scenario) in SCENARIOS.iter().enumerate() {
        scenario(&copy(&format!("school_{number}")), &people);
    }
    two_worlds::are_alike(&copy("hiding"), &copy("open"), &people);
}
