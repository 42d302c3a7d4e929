//! `school.toml`: what belongs to the machine, what the school decides, and where something is wrong.

use std::path::Path;
use std::sync::Arc;

use belisha_policy::people::PersonKind;
use belisha_policy::retention::RecordClass;
use belisha_policy::roles::RoleSet;
use belisha_policy::{AccountKind, Attribution, Category, SignIn, SignedIn, Verdict};
use belisha_school::{STARTER, SchoolPolicy, Settings};

fn parse(text: &str) -> Result<Settings, String> {
    Settings::parse(text, Path::new("school.toml")).map_err(|error| error.to_string())
}

const SCHOOL: &str = r#"
[school]
name = "Amber Hill School"
[profiles.sixth-form]
based_on = "pupils"
allow = ["news", "ai-chat"]
[groups]
year-12 = "sixth-form"
[retention]
access-log = "180 days"
[[networks]]
range = "10.0.0.0/8"
group = "year-12"
"#;

#[test]
fn the_starter_school_is_one() {
    let settings = parse(STARTER).unwrap();
    assert!(settings.store.is_none() && !settings.refuse_unlogged);
    assert!(settings.school_policy.profiles.is_empty());
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    let wrong = [
        ("[school]\nname = \"A\"\nnmae = 1", "school.toml:3: unknown field"),
        ("[school]\nname = \"A\"\nkind = \"public\"", "school.toml:3: no kind of school"),
        ("store = \"mysql://x\"\n[school]\nname = \"A\"", "school.toml:1: this is no address of a PostgreSQL"),
        ("[school]\nname = \"A\"\n[retention]\naccess-log = \"2 years\"", "school.toml:4: access-log may be kept for"),
        ("[school]\nname = \"A\"\n[retention]\nacces-log = \"1 year\"", "school.toml:4: no kind of record"),
        (
            "[school]\nname = \"A\"\n[groups]\n\nyear-4 = \"nobody\"",
            "school.toml:5: the group \"year-4\" has the profile",
        ),
        (
            "[school]\nname = \"A\"\n[profiles.x]\nbased_on = \"pupils\"\nallow = [\n\"news\",\n\"nwes\"]",
            "school.toml:7: ",
        ),
        (
            "[school]\nname = \"A\"\n[profiles.x]\nbased_on = \"pupils\"\nallow = [\"news\"]\nblock = [\"news\"]",
            "school.toml:5: \"news\" is in both",
        ),
        ("[school]\nname = \"A\"\n[[networks]]\nrange = \"10.0.0.0/8\"\ngroup = \"x\"", "school.toml:4: the network"),
        (
            "[school]\nname = \"A\"\n[members]\npupils = \"pupils\"\nteachers = \"staff\"",
            "school.toml:5: \"teachers\" is not known: pupils, staff, governors,",
        ),
        (
            "[school]\nname = \"A\"\n[members]\n\"year 4\" = \"juniors\"",
            "school.toml:4: the members \"year 4\" have the group \"juniors\", which does not exist; there are pupils, staff",
        ),
        (
            "[school]\nname = \"A\"\n[members]\n\"year 4\" = \"pupils\"\n\"Year  4\" = \"pupils\"",
            "school.toml:5: the members \"Year  4\" stand twice",
        ),
        (
            "[school]\nname = \"A\"\n[members]\n\"class 4A\" = \"pupils\"\n\"class 4a\" = \"pupils\"",
            "school.toml:5: the members \"class 4A\" and \"class 4a\" are the same",
        ),
        ("[school]\nname = \"A\"\nurn = 99", "school.toml:3: 99 is no reference number"),
        ("[school]\nname = \"A\"\n[review]\nroles = \"now and then\"", "school.toml:4: \"now and then\" is no period"),
        ("[school]\nname = \"A\"\n[members]\npupils = 4", "school.toml:4: invalid type: integer"),
        (
            "[school]\nname = \"A\"\n[[networks]]\nrange = \"10.0.0.0/8\"\ngroup = \"staff\"\nsign_in = \"yes\"",
            "school.toml:6: invalid type: string",
        ),
    ];
    for (text, said) in wrong {
        let error = parse(text).unwrap_err();
        assert!(error.starts_with(said), "{error}\nnot {said}");
    }
}

#[test]
fn a_school_sets_its_own_periods() {
    let settings = parse(SCHOOL).unwrap();
    let rule = settings.schedule.rule(RecordClass::AccessLog).to_string();
    assert!(rule.contains("180 days"), "{rule}");
}

#[test]
fn a_policy_in_force_takes_the_place_of_the_proposed_one() {
    let proposed = parse(SCHOOL).unwrap();
    let mut in_force = proposed.school_policy.clone();
    in_force.profiles.get_mut("sixth-form").unwrap().allow.clear();
    in_force.retention.clear();
    let settings = proposed.under(in_force.clone()).unwrap();
    let news: Category = "ai-chat".parse().unwrap();
    let actor = |settings: &Settings| settings.policy.identify("10.1.2.3".parse().unwrap());
    assert!(!proposed.policy.profile_of(&actor(&proposed)).blocks(news));
    assert!(settings.policy.profile_of(&actor(&settings)).blocks(news));
    assert_ne!(settings.schedule, proposed.schedule);
    assert!(settings.check_networks().is_ok());
    // A network whose group is only proposed says so, in its line, and whoever comes from there is nobody we know.
    in_force.groups.clear();
    in_force.profiles.clear();
    let settings = proposed.under(in_force).unwrap();
    assert_eq!(actor(&settings).group(), None);
    let error = settings.check_networks().unwrap_err().to_string();
    assert!(error.starts_with("school.toml:12: ") && error.contains("settings diff"), "{error}");
}

#[test]
fn changes_are_said_in_plain_english() {
    let now = parse(SCHOOL).unwrap().school_policy;
    assert!(now.changes(&now).is_empty());
    let mut then = now.clone();
    let profile = then.profiles.get_mut("sixth-form").unwrap();
    profile.allow.remove("news");
    profile.block.insert("cooking".into());
    profile.keep_queries = true;
    then.groups.insert("year-13".into(), "sixth-form".into());
    then.retention.insert("access-log".into(), "90 days".into());
    assert_eq!(
        now.changes(&then),
        [
            "profile sixth-form: cooking comes into block",
            "profile sixth-form: news goes from allow",
            "profile sixth-form: keeps queries from now on",
            "new group year-13 has the profile sixth-form",
            "retention of access-log is 90 days (was 180 days)",
        ]
    );
    let gone = belisha_school::SchoolPolicy::default();
    assert_eq!(
        now.changes(&gone),
        [
            "profile sixth-form goes (as pupils, opens ai-chat, news)",
            "group year-12 goes (has the profile sixth-form)",
            "retention of access-log goes (is 180 days)",
        ]
    );
    assert_eq!(gone.changes(&now).len(), 3);
}

const SIGN_IN: &str = r#"
[school]
name = "Amber Hill School"
[groups]
juniors = "pupils"
[members]
pupils = "pupils"
"Year 4" = "juniors"
"class 4A" = "pupils"
staff = "staff"
[[networks]]
range = "10.0.0.0/8"
group = "pupils"
sign_in = true
[[networks]]
range = "10.9.0.0/16"
group = "staff"
"#;

fn somebody(kind: PersonKind, year: &str, class: &str) -> SignedIn {
    SignedIn {
        person: "somebody".into(),
        user: "somebody".into(),
        attribution: Attribution::Individual,
        account: AccountKind::Individual,
        kinds: vec![kind],
        roles: RoleSet::EMPTY,
        year: year.parse().ok(),
        class: Some(class.into()),
        agreement: belisha_policy::Agreement::default(),
    }
}

fn group(settings: &Settings, who: &SignedIn) -> Option<String> {
    let actor = settings.policy.signed_in("10.1.2.3".parse().unwrap(), &Arc::new(who.clone()));
    actor.group().map(ToString::to_string)
}

#[test]
fn a_network_asks_who_it_is_and_the_table_says_what_follows() {
    let settings = parse(SIGN_IN).unwrap();
    let asks = |address: &str| settings.policy.sign_in_at(address.parse().unwrap());
    assert_eq!((asks("10.1.2.3"), asks("10.9.2.3"), asks("127.0.0.1")), (SignIn::Ask, SignIn::Never, SignIn::Never));
    let group = |kind, year, class| group(&settings, &somebody(kind, year, class));
    assert_eq!(group(PersonKind::Pupil, "5", "5B").as_deref(), Some("pupils"));
    assert_eq!(group(PersonKind::Pupil, "4", "4B").as_deref(), Some("juniors"));
    assert_eq!(group(PersonKind::Pupil, "4", "4A").as_deref(), Some("pupils"));
    assert_eq!(group(PersonKind::Teacher, "", "").as_deref(), Some("staff"));
    assert_eq!(group(PersonKind::Governor, "", ""), None);
    // The starter school asks nobody.
    let starter = parse(STARTER).unwrap();
    assert!(starter.policy.networks().all(|network| network.sign_in == SignIn::Never));
    assert_eq!(starter.policy.members().count(), 2);
}

/// Whoever puts it in force has read all that a new profile says.
#[test]
fn a_new_profile_is_told_in_whole() {
    let school = |more: &str| parse(&format!("{SCHOOL}\n{more}")).unwrap().school_policy;
    let text = r#"
[profiles.juniors]
based_on = "pupils"
block = ["cooking"]
inspect = "searches"
from_year = "3"
safe_search = true
videos = "strict"
search_engines = ["ecosia"]
[times]
afternoon = { on = "mon-fri", hours = ["13:00-15:00"] }
[[profiles.juniors.at]]
times = ["afternoon"]
allow = ["games"]
"#;
    let changes = school("").changes(&school(text)).join("\n");
    let told = "new profile juniors: as pupils, blocks cooking, inspect searches, from_year 3, safe_search on, \
                videos strict, search_engines ecosia, at afternoon opens games";
    assert!(changes.contains(told), "{changes}");
}

#[test]
fn members_are_school_policy_and_asking_belongs_to_the_machine() {
    let proposed = parse(SIGN_IN).unwrap();
    let mut in_force = proposed.school_policy.clone();
    assert_eq!(in_force.members.remove("year 4").as_deref(), Some("juniors"), "in its canonical form");
    let settings = proposed.under(in_force.clone()).unwrap();
    assert_eq!(group(&settings, &somebody(PersonKind::Pupil, "4", "4B")).as_deref(), Some("pupils"));
    assert_eq!(settings.policy.sign_in_at("10.1.2.3".parse().unwrap()), SignIn::Ask);
    // Members whose group is only proposed are not in force.
    in_force.members.insert("year 5".into(), "seniors".into());
    let error = proposed.under(in_force).unwrap_err().to_string();
    assert!(error.contains("\"seniors\"") && error.contains("settings diff"), "{error}");
}

#[test]
fn changes_of_members_are_said_in_plain_english() {
    let now = parse(SIGN_IN).unwrap().school_policy;
    let mut then = now.clone();
    then.members.insert("year 4".into(), "pupils".into());
    then.members.insert("guests".into(), "juniors".into());
    then.members.remove("staff");
    assert_eq!(
        now.changes(&then),
        [
            "whoever signs in as guests belongs to the group juniors from now on",
            "whoever signs in as staff has no rule any more (was staff)",
            "whoever signs in as year 4 belongs to the group pupils (was juniors)",
        ]
    );
    let respelt = parse(&SIGN_IN.replace("Year 4", "year 04")).unwrap().school_policy;
    assert!(now.changes(&respelt).is_empty() && now == respelt, "another spelling changes nothing");
}

#[test]
fn what_was_written_before_there_was_sign_in_is_read_and_written_as_it_was() {
    let old = r#"{"profiles":{},"groups":{"year-4":"pupils"},"retention":{}}"#;
    let policy: belisha_school::SchoolPolicy = serde_json::from_str(old).unwrap();
    assert!(policy.members.is_empty());
    assert_eq!(serde_json::to_string(&policy).unwrap(), old);
    let new = parse(SIGN_IN).unwrap().school_policy;
    let text = serde_json::to_string(&new).unwrap();
    assert_eq!(serde_json::from_str::<belisha_school::SchoolPolicy>(&text).unwrap(), new);
}

/// A school that has set all there is to set.
const WHOLE: &str = r#"
help_sites = ["listening.example"]

[school]
name = "Amber Hill School"

[calendar]
terms = [
    { name = "Michaelmas", first = 2026-09-01, last = 2026-12-16 },
    { name = "Lent", first = "2027-01-05", last = 2027-03-24 },
]
closed = [{ name = "half-term", first = 2026-10-19, last = 2026-10-30 }]
inset = [2026-09-02]
school_hours = [{ hours = "08:30-15:30" }, { on = "sat", hours = "08:30-12:00" }]
lessons = [{ name = "P1", on = "mon-sat", hours = "09:00-09:55" }, { name = "P2", hours = "10:00-10:55" }]
extended_hours = [{ on = "mon-thu", hours = "15:30-18:00" }]

[times]
evening = { on = "school-nights", hours = ["18:00-21:00"] }
nights = { hours = ["21:00-07:00"] }
lessons = { during = ["lesson"] }
second = { during = ["P2"] }

[profiles.juniors]
based_on = "pupils"
search_engines = ["kiddle"]
videos = "strict"

[profiles.seniors]
based_on = "pupils"
from_year = "7"
warn = ["shopping"]
allow = ["news"]
[[profiles.seniors.at]]
times = ["evening"]
allow = ["games", "video"]
[[profiles.seniors.at]]
times = ["second"]
block = ["news"]

[profiles.boarders]
based_on = "seniors"
allow = ["social"]

[profiles.focus]
based_on = "juniors"
only_approved = true

[members]
"years R-6" = "juniors"
"years 7-9" = "seniors"
staff = "staff"
"role network-manager" = "staff"

[[approved]]
name = "learning platform"
sites = ["https://learn.example/"]

[[exceptions]]
name = "bursar's orders"
who = ["user k.purse"]
categories = ["shopping"]
from = 2026-09-01
until = 2027-07-31
purpose = "orders for the school"
by = "the head"

[[exceptions]]
name = "trenches"
who = ["class 6B"]
sites = ["ww1.example/trenches"]
times = ["lessons"]
from = 2026-11-23
until = 2026-11-27T14:30:00
purpose = "history"
by = "the coordinator"

[[variations]]
name = "keep to the task"
who = ["class 6B"]
times = ["second"]
until = 2026-12-01
profile = "focus"
purpose = "a lesson without games"

[[networks]]
range = "10.0.0.0/8"
group = "pupils"
sign_in = true
"#;

/// R-028: access depends on age, place and time.
#[test]
fn a_school_sets_times_exceptions_and_other_profiles() {
    let settings = parse(WHOLE).unwrap();
    let policy = &settings.policy;
    assert!(policy.profiles().iter().any(|profile| &**profile.name() == "boarders" && !profile.blocks(Category::News)));
    let verdict = |who: &SignedIn, category: Category, at: &str| {
        let actor = policy.somebody(&Arc::new(who.clone()));
        let moment = policy.moment(at.parse().unwrap());
        policy.profile_at(&actor, &moment).0.verdict_at(category, &moment).0
    };
    let senior = somebody(PersonKind::Pupil, "8", "8A");
    // Wednesday evening, Friday evening (no school night), and the second lesson.
    assert_eq!(verdict(&senior, Category::Games, "2026-11-25T19:00:00Z"), Verdict::Allow);
    assert_eq!(verdict(&senior, Category::Games, "2026-11-28T19:00:00Z"), Verdict::Block);
    assert_eq!(verdict(&senior, Category::Shopping, "2026-11-28T19:00:00Z"), Verdict::Warn);
    assert_eq!(verdict(&senior, Category::News, "2026-11-25T10:30:00Z"), Verdict::Block);
    assert_eq!(verdict(&senior, Category::News, "2026-11-25T11:30:00Z"), Verdict::Allow);
    let class = policy.somebody(&Arc::new(somebody(PersonKind::Pupil, "6", "6b")));
    let profile = |at: &str| policy.profile_at(&class, &policy.moment(at.parse().unwrap())).0.name().to_string();
    assert_eq!(profile("2026-11-25T10:30:00Z"), "focus");
    assert_eq!(profile("2026-11-25T11:30:00Z"), "juniors");
    assert_eq!(profile("2026-12-02T10:30:00Z"), "juniors", "the end of the first of December is the end");
    let exception = &policy.exceptions()[1];
    assert_eq!(exception.until, "2026-11-27T14:30:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    // It comes back as it was from the journal, and means the same.
    let written = serde_json::to_string(&settings.school_policy).unwrap();
    let read: SchoolPolicy = serde_json::from_str(&written).unwrap();
    assert!(read.changes(&settings.school_policy).is_empty());
    assert_eq!(read, settings.school_policy);
    let again = settings.under(read).unwrap();
    assert_eq!(again.policy.profiles(), settings.policy.profiles());
    assert_eq!(again.policy.exceptions(), settings.policy.exceptions());
}

#[test]
fn what_is_wrong_with_times_and_exceptions_is_said_with_its_line_and_the_remedy() {
    let line = |needle: &str| 1 + WHOLE.lines().position(|line| line.contains(needle)).expect("a line");
    for (now, then, at, said) in [
        ("last = 2027-03-24", "last = 2026-03-24", "[calendar]", "swap the two"),
        ("[\"18:00-21:00\"]", "[\"18-21\"]", "evening = {", "write such as 09:00-09:55"),
        ("\"school-nights\"", "\"school-night\"", "evening = {", "did you mean \"school-nights\"?"),
        ("during = [\"P2\"]", "during = [\"P3\"]", "second = {", "There are"),
        (
            "times = [\"evening\"]\nallow",
            "times = [\"evning\"]\nallow",
            "times = [\"evening\"]",
            "did you mean \"evening\"?",
        ),
        ("warn = [\"shopping\"]", "warn = [\"terrorism\"]", "warn = [", "unlawful material"),
        ("based_on = \"seniors\"", "based_on = \"senior\"", "based_on = \"seniors\"", "did you mean \"seniors\"?"),
        ("based_on = \"juniors\"\nonly", "based_on = \"focus\"\nonly", "[profiles.focus]", "one has to be the first"),
        ("search_engines = [\"kiddle\"]", "search_engines = [\"kidle\"]", "search_engines", "did you mean \"kiddle\"?"),
        ("videos = \"strict\"", "videos = \"most\"", "videos = ", "none, moderate and strict"),
        ("who = [\"user k.purse\"]", "who = [\"the bursar\"]", "who = [\"user k.purse\"]", "\"user NAME\""),
        (
            "categories = [\"shopping\"]",
            "categories = [\"terrorism\"]",
            "name = \"bursar's orders\"",
            "cannot be opened",
        ),
        ("until = 2027-07-31", "until = 2025-07-31", "name = \"bursar's orders\"", "ends before it begins"),
        ("by = \"the head\"", "by = \"\"", "name = \"bursar's orders\"", "does not say who decided it"),
        ("purpose = \"history\"", "purpose = \" \"", "name = \"trenches\"", "no purpose"),
        ("sites = [\"ww1.example/trenches\"]", "sites = [\"com\"]", "sites = [\"ww1", "is no site"),
        (
            "sites = [\"ww1.example/trenches\"]",
            "sites = [\"childline.org.uk\"]\nverdict = \"block\"",
            "sites = [\"ww1",
            "helps children",
        ),
        ("name = \"trenches\"", "name = \"bursar's orders\"", "name = \"trenches\"", "two exceptions are named"),
        ("profile = \"focus\"", "profile = \"staff\"", "name = \"keep to the task\"", "choose one for pupils"),
        ("profile = \"focus\"", "profile = \"fokus\"", "name = \"keep to the task\"", "does not exist"),
        ("purpose = \"a lesson", "purposes = \"a lesson", "purpose = \"a lesson", "Did you mean `purpose`?"),
        ("until = 2026-12-01", "until = \"friday\"", "until = 2026-12-01", "not a day or an instant"),
    ] {
        assert!(WHOLE.contains(now), "{now}");
        let error = parse(&WHOLE.replacen(now, then, 1)).unwrap_err();
        let table = |found: usize| format!("school.toml:{found}: ");
        let near = [line(at), line(at).saturating_sub(1)];
        assert!(near.iter().any(|line| error.starts_with(&table(*line))), "{then}: {error}, not in line {near:?}");
        assert!(error.contains(said), "{then}: {error}\nnot {said}");
    }
}

/// The files from which schools start say what they mean, and nothing in them is wrong.
#[test]
fn the_starter_files_are_schools() {
    for (name, text) in [
        ("primary", include_str!("../../data/primary.toml")),
        ("prep", include_str!("../../data/prep.toml")),
        ("secondary", include_str!("../../data/secondary.toml")),
        ("trust", include_str!("../../data/trust.toml")),
    ] {
        let settings = parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!settings.policy.calendar().plan().terms.is_empty(), "{name}");
        assert!(!settings.policy.approved().is_empty(), "{name}");
    }
}

#[test]
fn times_that_contradict_each_other_are_refused_with_an_hour_at_which_both_hold() {
    let twice = "[[profiles.boarders.at]]\ntimes = [\"nights\"]\nblock = [\"games\"]\n[members]";
    // The evening ends where the night begins.
    assert!(parse(&WHOLE.replacen("[members]", twice, 1)).is_ok());
    let overlapping = WHOLE.replacen("[\"18:00-21:00\"]", "[\"18:00-21:30\"]", 1);
    let error = parse(&overlapping.replacen("[members]", twice, 1)).unwrap_err();
    assert!(error.contains("games is allowed by the times \"evening\" and blocked by the times \"nights\""), "{error}");
    assert!(error.contains("at 21:00 both hold"), "{error}");
}

/// A school with this behind it, from line 3 on.
fn with(text: &str) -> Result<belisha_school::Settings, belisha_school::SettingsError> {
    belisha_school::Settings::parse(&format!("[school]\nname = \"A\"\n{text}"), std::path::Path::new("school.toml"))
}

#[test]
fn mail_goes_by_the_settings_of_the_machine() {
    let text = "[mail]\nserver = \"smtp.amberhill.example\"\nsecurity = \"starttls\"\nfrom = \"belisha@amberhill.example\"\n\
                user = \"belisha\"\npassword_file = \"/etc/belisha/mail\"\n\
                [console]\naddress = \"https://belisha.amberhill.example:8443\"";
    let settings = with(text).unwrap();
    let mail = settings.mail.unwrap();
    assert_eq!((mail.port, mail.security), (587, belisha_school::MailSecurity::StartTls));
    assert_eq!(settings.console.as_deref(), Some("https://belisha.amberhill.example:8443"));
    for local in ["localhost", "127.0.0.1", "::1"] {
        let text = format!("[mail]\nserver = \"{local}\"\nsecurity = \"none\"\nfrom = \"b@a.example\"");
        assert_eq!(with(&text).unwrap().mail.unwrap().port, 25);
    }
    assert!(with("").unwrap().mail.is_none());
}

#[test]
fn mail_that_could_be_read_on_its_way_is_refused() {
    let server = "server = \"smtp.a.example\"\n";
    let rest = "security = \"tls\"\nfrom = \"b@a.example\"\n";
    let wrong = [
        (format!("[mail]\n{server}security = \"none\"\nfrom = \"b@a.example\""), "5: security \"none\" is for"),
        (format!("[mail]\n{server}security = \"ssl\"\nfrom = \"b@a.example\""), "5: unknown variant"),
        (format!("[mail]\n{server}security = \"tls\"\nfrom = \"nobody\""), "6: \"nobody\" is not an address"),
        (format!("[mail]\n{server}{rest}user = \"x\""), "7: user needs password_file"),
        (format!("[mail]\n{server}{rest}password_file = \"x\""), "7: password_file needs user"),
        (format!("[mail]\n{server}{rest}pasword_file = \"x\""), "Did you mean `password_file`?"),
        (format!("[mail]\nserver = \"https://a\"\n{rest}"), "4: \"https://a\" is not the name of a server"),
        ("[mial]\nserver = \"x\"".into(), "Did you mean `mail`?"),
    ];
    for (text, said) in wrong {
        let error = with(&text).unwrap_err().to_string();
        assert!(error.contains(said), "{text}: {error}");
    }
    let addresses = [
        "belisha.a.example",
        "http://belisha.a.example",
        "https://",
        "https://a.example/",
        "https://a.example/sign-in",
        "https://a.example?x=1",
        "https://user@a.example",
        "https://a.example\\r\\nBcc: x",
    ];
    for address in addresses {
        let error = with(&format!("[console]\naddress = \"{address}\"")).unwrap_err().to_string();
        assert!(error.contains("school.toml:4:") && error.contains("is not the address of a console"), "{error}");
    }
}
