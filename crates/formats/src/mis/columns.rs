//! What a table is, by its headings.

use std::collections::BTreeMap;

/// What a column holds, as far as it is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Field {
    /// The id of the row's own person in the system.
    Id,
    /// The number in the school's information system, beside the id of an exchange.
    MisId,
    /// The admission number.
    Admission,
    Upn,
    LegalSurname,
    LegalForename,
    Surname,
    Forename,
    Born,
    Year,
    Class,
    Email,
    Login,
    Joined,
    Left,
    /// Whether they are on roll.
    Status,
    Role,
    PupilId,
    ContactId,
    Relationship,
    Priority,
    Responsibility,
    CourtOrder,
    OrgUnit,
    DisplayName,
    /// Whether the account may be signed in with.
    Enabled,
}

/// What a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Pupils,
    Staff,
    Governors,
    Contacts,
    ContactsOfPupils,
    Links,
    Directory,
    /// The users of School Data Sync 2, of whom another file says what they are.
    SyncUsers,
    /// That file.
    SyncRoles,
    NotNeeded,
}

/// A table that was recognised.
pub(super) struct Layout {
    pub(super) kind: Kind,
    /// The system, as it is called in the journal.
    pub(super) system: &'static str,
    columns: BTreeMap<Field, usize>,
}

impl Layout {
    /// The column of a field.
    pub(super) fn column(&self, field: Field) -> Option<usize> {
        self.columns.get(&field).copied()
    }
}

/// Headings, folded, that mean the same whatever the table; the first of a table that is there counts.
const HEADINGS: &[(Field, &[&str])] = &[
    (Field::Upn, &["upn", "uniquepupilnumber", "upnnumber", "pupilupn", "studentupn"]),
    (Field::Admission, &["admissionnumber", "admissionno", "adno", "admno", "admissionsnumber"]),
    (Field::MisId, &["misid", "personid", "pupilid", "schoolid", "studentnumber", "teachernumber", "employeenumber"]),
    (Field::LegalSurname, &["legalsurname", "legallastname", "legalfamilyname"]),
    (Field::LegalForename, &["legalforename", "legalfirstname", "legalgivenname"]),
    (
        Field::Surname,
        &[
            "preferredsurname",
            "preferredlastname",
            "prefsurname",
            "knownaslastname",
            "surname",
            "lastname",
            "familyname",
            "contactsurname",
        ],
    ),
    (
        Field::Forename,
        &[
            "preferredforename",
            "preferredfirstname",
            "prefforename",
            "preferredname",
            "knownas",
            "knownasfirstname",
            "forename",
            "firstname",
            "givenname",
            "contactforename",
        ],
    ),
    (Field::Born, &["dateofbirth", "dob", "birthdate", "birthday"]),
    (Field::Year, &["yearcode", "yeargroup", "ncyear", "ncyearactual", "nationalcurriculumyear", "year", "grade"]),
    (
        Field::Class,
        &[
            "registrationgroup",
            "registrationform",
            "reggroup",
            "reg",
            "regform",
            "form",
            "formgroup",
            "tutorgroup",
            "formtutorgroup",
            "class",
            "classname",
        ],
    ),
    (
        Field::Email,
        &[
            "schoolemailaddress",
            "schoolemail",
            "emailaddress",
            "primaryemail",
            "workemail",
            "email",
            "mail",
            "userprincipalname",
        ],
    ),
    (Field::Login, &["username", "adusername", "login", "networklogin", "samaccountname"]),
    (
        Field::Joined,
        &[
            "admissiondate",
            "admissionsdate",
            "doa",
            "dateofadmission",
            "enrolmentstartdate",
            "entrydate",
            "startdate",
            "appointed",
        ],
    ),
    (Field::Left, &["leavingdate", "dateofleaving", "dol", "enrolmentenddate", "enddate"]),
    (Field::Status, &["enrolstatus", "enrolmentstatus", "status", "admissionsstatus"]),
    (Field::Role, &["role", "jobtitle", "post", "position", "stafftype", "employeetitle"]),
    (Field::Relationship, &["relationship", "relationshiptopupil", "relation"]),
    (Field::Priority, &["priority", "contactpriority", "order"]),
    (Field::Responsibility, &["parentalresponsibility", "hasparentalresponsibility"]),
    (Field::CourtOrder, &["courtorder", "hascourtorder"]),
    (Field::OrgUnit, &["orgunitpath"]),
    (Field::DisplayName, &["displayname"]),
    (Field::Enabled, &["accountenabled"]),
];

/// What a table with these headings is; `None` for one that is nothing that is known.
pub(super) fn recognise(headings: &[String]) -> Option<Layout> {
    let there = |heading: &str| headings.iter().position(|there| there == heading);
    let any = |names: &[&str]| names.iter().any(|name| there(name).is_some());
    let mut columns: BTreeMap<Field, usize> = HEADINGS
        .iter()
        .filter_map(|(field, names)| Some((*field, names.iter().find_map(|name| there(name))?)))
        .collect();
    let has = |field: Field| columns.contains_key(&field);
    let named = has(Field::Surname) && has(Field::Forename) || has(Field::LegalSurname) && has(Field::LegalForename);
    let (kind, system) = if any(&["userprincipalname"]) && has(Field::DisplayName) {
        (Kind::Directory, "microsoft")
    } else if has(Field::OrgUnit) && has(Field::Email) && named {
        (Kind::Directory, "google")
    } else if any(&["studentid"]) && any(&["contactid"]) {
        (Kind::Links, "wonde")
    } else if any(&["contactsurname"]) && (has(Field::Admission) || has(Field::Upn)) {
        (Kind::ContactsOfPupils, if any(&["adno"]) { "sims" } else { "list" })
    } else if any(&["usersourcedid"]) && has(Field::Role) && !any(&["classsourcedid"]) {
        (Kind::SyncRoles, "sds")
    } else if any(&["sourcedid"]) && has(Field::Login) && named {
        (Kind::SyncUsers, "sds")
    } else if is_of_classes(&any) {
        (Kind::NotNeeded, "none")
    } else if !named {
        return None;
    } else if any(&["termends", "appointed", "termofoffice"]) {
        (Kind::Governors, "governors")
    } else if any(&["teachernumber", "qualification"]) {
        (Kind::Staff, "sds")
    } else if has(Field::Role) && !has(Field::Upn) && !has(Field::Born) && !has(Field::Year) {
        (Kind::Staff, if any(&["isdsl", "teacherreference", "upi"]) { "wonde" } else { "list" })
    } else if has(Field::Upn) || has(Field::Born) || has(Field::Year) || has(Field::Class) {
        (Kind::Pupils, system_of_pupils(&any))
    } else if any(&["mobile", "postcode", "homephone", "address"]) && any(&["id", "upi", "contactid"]) {
        (Kind::Contacts, "wonde")
    } else {
        return None;
    };
    let ids: &[(Field, &[&str])] = match kind {
        Kind::Links => &[(Field::PupilId, &["studentid"]), (Field::ContactId, &["contactid"])],
        Kind::SyncUsers => &[(Field::Id, &["sourcedid"])],
        Kind::SyncRoles => &[(Field::Id, &["usersourcedid"])],
        Kind::Pupils => &[(Field::Id, &["arborstudentid", "sisid", "id"])],
        Kind::Staff | Kind::Governors | Kind::Contacts => {
            &[(Field::Id, &["id", "sisid", "contactid", "staffid", "employeeid"])]
        }
        Kind::ContactsOfPupils | Kind::Directory | Kind::NotNeeded => &[],
    };
    columns.extend(ids.iter().filter_map(|(field, names)| Some((*field, names.iter().find_map(|name| there(name))?))));
    Some(Layout { kind, system, columns })
}

fn system_of_pupils(any: &impl Fn(&[&str]) -> bool) -> &'static str {
    if any(&["arborstudentid"]) {
        "arbor"
    } else if any(&["adno"]) {
        "sims"
    } else if any(&["upi", "legalsurname"]) && any(&["misid", "yearcode"]) {
        "wonde"
    } else if any(&["sisid", "schoolsisid", "schooldfenumber"]) {
        "sds"
    } else {
        "list"
    }
}

/// Tables of classes, memberships, schools and terms.
fn is_of_classes(any: &impl Fn(&[&str]) -> bool) -> bool {
    any(&["classid", "sectionid", "sectionsisid", "classsourcedid", "coursesourcedid", "coursename"])
        || any(&["teacherid"]) && any(&["code", "subject"])
        || any(&["sectionname", "sectionnumber"])
        || any(&["schoolsisid", "schooldfenumber", "schoolname", "schoolnumber"])
            && !any(&["firstname", "surname", "lastname"])
        || any(&["sourcedid", "usersourcedid"]) && !any(&["username"])
        || any(&["sisid"]) && any(&["name"]) && !any(&["firstname"])
        || any(&["pupilid"]) && any(&["note"])
}
