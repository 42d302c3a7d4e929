//! A school with people who are signed in: made once, and copied for each test.

use std::sync::LazyLock;

use belisha_school::sign_in::TotpSecret;

use crate::support::{CHAIR, HEAD, Line, School};

const STAFF: &str = "Id,Surname,Forename,Role,Email\n\
                     1,Tolland,Merrin,Headteacher,m.tolland@amberhill.example\n\
                     2,Birch,Sam,Class Teacher 4A,s.birch@amberhill.example\n\
                     3,Vane,Kit,IT Technician,k.vane@amberhill.example\n\
                     4,Marsh,Ivo,Class Teacher 5A,i.marsh@amberhill.example\n\
                     5,Thorn,Ida,Teaching Assistant,i.thorn@amberhill.example\n";
const PUPILS: &str = "UPN,Surname,Forename,DOB,Year,Class,Email\n\
                      K999319721001,Ashgrove,Ada,23/04/2016,4,4A,ada@amberhill.example\n\
                      H999233723002,Birch,Ben,24/04/2016,5,5A,ben@amberhill.example\n";
/// The lead's password.
pub(crate) const LEAD: &str = "teapot on the bridge";

/// The tokens of those who are signed in.
pub(crate) struct SignedIn {
    pub(crate) head: String,
    pub(crate) chair: String,
    pub(crate) lead: String,
    pub(crate) lead_secret: TotpSecret,
    pub(crate) teacher: String,
    pub(crate) technician: String,
}

/// Does a test on a school of its own, in files.
pub(crate) fn staffed(test: impl FnOnce(&School, &SignedIn)) {
    static MADE: LazyLock<(School, SignedIn)> = LazyLock::new(|| {
        let school = School::kept();
        let people = signed_in(&school);
        (school, people)
    });
    test(&MADE.0.copy(""), &MADE.1);
}

/// Head, chair, the designated safeguarding lead with a key, a teacher and a technician.
pub(crate) fn signed_in(school: &School) -> SignedIn {
    let [head, chair] = school.name_holders();
    assert_eq!(school.import("staff.csv", STAFF).code, 0);
    assert_eq!(school.import("pupils.csv", PUPILS).code, 0);
    let head = school.login("head", HEAD, &head);
    let chair = school.login("chair", CHAIR, &chair);
    assert_eq!(school.as_person(&head, &["roles", "appoint", "dsl", "s.birch"]).code, 0);
    let (lead, lead_secret) = with_key(school, &head, "s.birch", LEAD, "cases, cases-protection");
    let teacher = school.admit(&head, "i.marsh", "a lantern by the gate");
    let technician = school.admit(&head, "k.vane", "kettle by the orchard");
    SignedIn { head, chair, lead, lead_secret, teacher, technician }
}

/// Somebody with a key that opens the cases that they handle.
pub(crate) fn with_key(school: &School, head: &str, user: &str, password: &str, opens: &str) -> (String, TotpSecret) {
    let first = school.issue(head, user);
    let lines = [Line::Text(&first), Line::Text(password), Line::Code];
    let (chosen, mut secrets) = school.talk(&["password", user, "--passwords-stdin"], &lines);
    assert!(chosen.out.contains("You have a key"), "{}{}", chosen.out, chosen.err);
    let secret = secrets.remove(0);
    let admitted = school.as_person(head, &["keys", "admit", "cases", user]);
    assert!(admitted.out.contains(&format!("can open: {opens}")), "{} {}", admitted.out, admitted.err);
    (school.login(user, password, &secret), secret)
}
