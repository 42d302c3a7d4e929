//! Somebody says who they are: a pupil, a teacher and a guest, with curl and with a browser.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use belisha_formats::mis::read;
use belisha_policy::people::{AccountId, Login};
use belisha_policy::{Action, Attribution, Permit, PersonId};
use belisha_school::authority::Authority;
use belisha_school::lookup::{LookUp, look_up};
use belisha_school::people::accounts::{Do, Guest, change, open_guest, set_guest_end};
use belisha_school::people::{Lists, MOST_LEAVERS, Options, Returning, Roll, apply, plan_all};
use belisha_school::sign_in::{Audience, Cost, SignIns};
use belisha_school::{DataFolder, School as Opened, Settings};
use belisha_store::postgres::{Postgres, enrol, install};
use belisha_store::{Place, SchoolId, days, read_day};
use belisha_testkit::{Finished, Origin, finish, program};
use chrono::{TimeDelta, Utc};

use crate::support::School;

const SETTINGS: &str = r#"
[school]
name = "Amber Hill School"
[egress]
allow = ["127.0.0.1"]
[groups]
pupils = "pupils"
teachers = "staff"
visitors = "pupils"
[members]
pupils = "pupils"
staff = "teachers"
guests = "visitors"
[[networks]]
range = "127.0.0.0/8"
group = "pupils"
sign_in = true
"#;

const PUPILS: &str = "UPN,Surname,Forename,DOB,Year,Class,Email\n\
                      K999319721001,Ashgrove,Ada,23/04/2016,4,4A,ada@amberhill.example\n";
const STAFF: &str = "Id,Surname,Forename,Role,Email\n1,Birch,Sam,Class Teacher 4A,s.birch@amberhill.example\n";

/// The school's own side: what is done at the command line by people who may.
pub(crate) struct Office {
    pub(crate) school: Opened,
    sign_ins: SignIns,
}

impl Office {
    pub(crate) fn of(folder: &Path) -> Self {
        for (name, text) in [("pupils.csv", PUPILS), ("staff.csv", STAFF)] {
            fs::write(folder.join(name), text).unwrap();
        }
        let file = Settings::load(Some(&folder.join("school.toml"))).unwrap();
        let school = Opened::open(&DataFolder::new(folder), &file, Utc::now()).unwrap();
        let credentials = school.credentials().unwrap();
        let keys = school.ledger().keys().clone();
        let sign_ins = SignIns::with_costs(credentials, keys, Cost::TESTS, Cost::TESTS);
        let office = Self { school, sign_ins };
        for name in ["pupils.csv", "staff.csv"] {
            let gathered = read(&folder.join(name), &mut |_| {}).unwrap();
            let roll = office.roll();
            let options = Options {
                now: Utc::now(),
                most_leavers: MOST_LEAVERS,
                lists: Lists::Everybody,
                role_holders: [].into(),
                returning: Returning::Stop,
                elsewhere: None,
            };
            let plan = plan_all(&roll, &gathered[0].claims, &options).unwrap();
            apply(office.school.ledger(), &roll, &plan, None, Utc::now()).unwrap();
        }
        office
    }

    fn roll(&self) -> Roll {
        Authority::load(self.school.ledger()).unwrap().roll().clone()
    }

    pub(crate) fn account(&self, user: &str) -> AccountId {
        self.roll().account(&user.parse().unwrap()).unwrap().id
    }

    fn permit(action: Action) -> Permit {
        Permit::for_tests(PersonId::from_bytes([9; 16]), action, Utc::now())
    }

    pub(crate) fn issue(&self, user: &str) -> String {
        let permit = Self::permit(Action::IssuePupilPasswords);
        let accounts = [(self.account(user), Audience::Pupils)];
        let issued = self.sign_ins.issue(self.school.ledger(), &permit, &accounts, Utc::now(), &mut |_| {}).unwrap();
        issued[0].to_string()
    }

    /// A member of staff gets a password and chooses another.
    fn choose(&self, user: &str, new: &str) -> String {
        let permit = Self::permit(Action::IssueStaffPasswords);
        let ledger = self.school.ledger();
        let accounts = [(self.account(user), Audience::Staff)];
        let issued = self.sign_ins.issue(ledger, &permit, &accounts, Utc::now(), &mut |_| {}).unwrap();
        let roll = self.roll();
        let account = roll.account(&user.parse().unwrap());
        let both = (issued[0].as_str(), new);
        self.sign_ins.change_password(ledger, account, Audience::Staff, both, None, Utc::now()).unwrap();
        issued[0].to_string()
    }
}

pub(crate) fn curl(proxy: &str, user: Option<&str>, page: &str) -> Option<Finished> {
    let mut command = program("curl")?;
    command.args(["-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "20", "-x", proxy]);
    if let Some(user) = user {
        command.args(["--proxy-user", user]);
    }
    Some(finish(command.arg(page)))
}

/// R-038, R-039, C-010, C-083, SC-08: each line is held to whom it belongs, and who may not come in does not.
#[test]
fn a_pupil_a_teacher_and_a_guest_sign_in_and_each_line_is_theirs() {
    let origin = Origin::start("<!DOCTYPE html><title>t</title><h1>a page of the origin</h1>");
    let school = School::with(SETTINGS);
    assert_eq!(school.import("betting", "gambling", "wager.test\n").code, 0);
    let office = Office::of(school.path());
    let ada = office.issue("ada");
    let issued = office.choose("s.birch", "teapot on the bridge");
    let guest = Guest {
        called: "visiting author".into(),
        login: "author".parse::<Login>().unwrap(),
        sponsor: PersonId::from_bytes(*office.account("s.birch").as_bytes()),
        until: Utc::now() + TimeDelta::hours(1),
    };
    let may = Office::permit(Action::CreateGuestAccount);
    let guest = open_guest(office.school.ledger(), &office.roll(), &may, &guest, Utc::now()).unwrap();
    let author = office.issue("author");
    let (_proxy, url) = school.serve();
    let page = format!("http://{}/", origin.address());
    let get = |user: Option<&str>| curl(&url, user, &page).map(|it| it.out);
    let Some(nobody) = get(None) else { return };
    assert_eq!(nobody, "407");
    let reached = origin.requests();
    assert_eq!(get(Some("ada:nonsense")).unwrap(), "407");
    assert_eq!(get(Some(&format!("s.birch:{issued}"))).unwrap(), "407", "what was issued to staff lets nobody in");
    assert_eq!(origin.requests(), reached);
    assert_eq!(get(Some(&format!("ada:{ada}"))).unwrap(), "200");
    assert_eq!(get(Some("s.birch@amberhill.example:teapot on the bridge")).unwrap(), "200");
    assert_eq!(get(Some(&format!("author:{author}"))).unwrap(), "200");
    let blocked = curl(&url, Some(&format!("ada:{ada}")), "http://wager.test/").unwrap();
    assert_eq!(blocked.out, "403");
    // The guest's time ends, the pupil's account is switched off, others know the teacher's password.
    let now = Utc::now();
    set_guest_end(office.school.ledger(), &office.roll(), &may, guest, now + TimeDelta::milliseconds(10), now).unwrap();
    let off = Office::permit(Action::ManageAccounts);
    let ledger = office.school.ledger();
    change(ledger, &office.roll(), &off, office.account("ada"), &Do::SwitchOff, Utc::now()).unwrap();
    let report = Office::permit(Action::ReportCredential);
    office.sign_ins.void(ledger, &report, office.account("s.birch"), now, now).unwrap();
    // The proxy follows within a second or two.
    for _ in 0..50 {
        if get(Some(&format!("ada:{ada}"))).unwrap() == "407" {
            break;
        }
        sleep(Duration::from_millis(100));
    }
    assert_eq!(get(Some(&format!("ada:{ada}"))).unwrap(), "407");
    assert_eq!(get(Some(&format!("author:{author}"))).unwrap(), "403");
    assert_eq!(get(Some("s.birch:teapot on the bridge")).unwrap(), "407");
    let place = Place::Folder(school.path().join("access"));
    let attributions = || -> Vec<Attribution> {
        let all = days(place.clone()).unwrap().into_iter().flat_map(|day| read_day(place.clone(), day).unwrap());
        all.map(|line| line.unwrap().record).filter(|it| it.status == 200).map(|it| it.attribution).collect()
    };
    for _ in 0..50 {
        if attributions().len() >= 3 {
            break;
        }
        sleep(Duration::from_millis(100));
    }
    let expected = [Attribution::Individual, Attribution::Individual, Attribution::Guest];
    assert_eq!(attributions().get(..3), Some(&expected[..]));
    // Nobody has been named to look up names, so that the school's own key still tells whose each is.
    let key = office.school.ledger().keys().as_school();
    let asked = Utc::now();
    let reached_of = |who: AccountId| {
        let permit = Office::permit(Action::LookUpHistory);
        let (person, purpose) = (who.to_string(), "to see whose each line is".to_owned());
        let ask = LookUp { person, from: (now - TimeDelta::days(1)).date_naive(), to: asked.date_naive(), purpose };
        let history = look_up(&office.school, &permit, key, &ask, asked).unwrap();
        let of = |status: u16| history.lines.iter().filter(|line| line.record.status == status).count();
        (of(200), of(403))
    };
    // She asked again until her account was off.
    let (reached, blocked) = reached_of(office.account("ada"));
    assert!(reached >= 1 && blocked == 1, "{reached} {blocked}");
    assert_eq!(reached_of(office.account("s.birch")), (1, 0));
    // The line that says that their time is over may still be on its way.
    assert_eq!(reached_of(guest).0, 1);
}

/// An extension that answers the browser's question, as a person would.
fn answering(folder: &Path, user: &str, password: &str) {
    fs::create_dir_all(folder).unwrap();
    let manifest = r#"{"manifest_version": 3, "name": "answers", "version": "1",
        "permissions": ["webRequest", "webRequestAuthProvider"], "host_permissions": ["<all_urls>"],
        "background": {"service_worker": "answer.js"}}"#;
    fs::write(folder.join("manifest.json"), manifest).unwrap();
    let script = format!(
        "chrome.webRequest.onAuthRequired.addListener((details, answer) => \
         answer({{authCredentials: {{username: {user:?}, password: {password:?}}}}}), \
         {{urls: [\"<all_urls>\"]}}, [\"asyncBlocking\"]);"
    );
    fs::write(folder.join("answer.js"), script).unwrap();
}

#[test]
fn a_browser_asks_its_user_and_is_let_in() {
    let origin = Origin::start("<!DOCTYPE html><title>t</title><h1>a page of the origin</h1>");
    let school = School::with(SETTINGS);
    let office = Office::of(school.path());
    let ada = office.issue("ada");
    let (_proxy, url) = school.serve();
    let folder = tempfile::TempDir::new().unwrap();
    let extension = folder.path().join("answers");
    answering(&extension, "ada", &ada);
    // On a busy machine the browser may ask before its extension listens: then nobody answers, and it is asked again.
    let mut page = String::new();
    for _ in 0..5 {
        let Some(mut chromium) = program("chromium") else { return };
        chromium
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--disable-features=DisableLoadExtensionCommandLineSwitch", "--virtual-time-budget=8000"])
            .arg("--dump-dom")
            .arg(format!("--load-extension={}", extension.display()))
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .arg(format!("--proxy-server={url}"))
            .arg("--proxy-bypass-list=<-loopback>")
            .arg(format!("http://{}/", origin.address()));
        let output = chromium.stdin(Stdio::null()).stderr(Stdio::null()).output().unwrap();
        page = String::from_utf8_lossy(&output.stdout).into_owned();
        if page.contains("a page of the origin") {
            break;
        }
    }
    assert!(page.contains("a page of the origin"), "{page}");
}

/// The accounts of a trust's school are in its database: the same answers, and lessons go on without it.
#[test]
fn people_sign_in_where_the_school_is_in_a_database() {
    let Some(server) = belisha_testkit::Postgres::start() else { return };
    let admin = Postgres::parse(&server.admin_url()).unwrap();
    install(&admin).unwrap();
    enrol(&admin, SchoolId::from_bytes([7; 16]), "Sedge Lane School", "sedge_lane", "p").unwrap();
    let origin = Origin::start("<!DOCTYPE html><title>t</title><h1>a page of the origin</h1>");
    let school = School::with(&format!("store = \"{}\"\n{SETTINGS}", server.url("sedge_lane", "p")));
    let office = Office::of(school.path());
    let ada = format!("ada:{}", office.issue("ada"));
    assert!(!school.path().join("credentials.db").exists(), "nothing of it is in files");
    let (_proxy, url) = school.serve();
    let page = format!("http://{}/", origin.address());
    let get = |user: Option<&str>| curl(&url, user, &page).map(|it| it.out);
    let Some(nobody) = get(None) else { return };
    assert_eq!(nobody, "407");
    assert_eq!(get(Some("ada:nonsense")).unwrap(), "407");
    assert_eq!(get(Some(&ada)).unwrap(), "200");
    // The server goes away: who was known stays so, and who was not is held to the strictest profile.
    server.stop();
    assert_eq!(get(Some(&ada)).unwrap(), "200");
    assert_eq!(get(Some("s.birch:whatever")).unwrap(), "200");
    assert_eq!(get(None).unwrap(), "407");
}
