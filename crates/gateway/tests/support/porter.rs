//! A door that a test can open and close, and that counts who knocks.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use belisha_gateway::{Admitted, Checked, Door, Live, Secret, Still, records};
use belisha_policy::people::{AccountId, PersonKind};
use belisha_policy::roles::RoleSet;
use belisha_policy::{AccountKind, Attribution, Category, Group, Network, Policy, Profile, SignIn, SignedIn};
use chrono::{DateTime, FixedOffset, Utc};

use super::{Limits, Names, Origin, Proxy, STAFF, quick, state, usual_rules};

/// An account of the test.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) password: String,
    pub(crate) who: SignedIn,
    pub(crate) until: Option<DateTime<FixedOffset>>,
    pub(crate) is_off: bool,
}

/// What the door says besides.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Fine,
    Away,
    Falls,
    /// Says so many times that it wants a wait.
    Cautious(usize),
}

/// See the module.
pub(crate) struct Porter {
    accounts: Mutex<BTreeMap<String, Account>>,
    version: AtomicU64,
    mood: Mutex<Mood>,
    /// How long a check takes.
    takes: Mutex<Duration>,
    /// While it is held, checks do not end.
    held: Mutex<bool>,
    let_go: Condvar,
    pub(crate) checks: AtomicUsize,
    at_once: AtomicUsize,
    pub(crate) most_at_once: AtomicUsize,
    pub(crate) stills: AtomicUsize,
    /// Whether it knows nothing of those who were let in.
    pub(crate) is_forgetful: AtomicBool,
}

/// A pupil of a year and a class.
pub(crate) fn pupil(person: &str, year: &str, class: &str) -> SignedIn {
    SignedIn {
        person: person.into(),
        user: person.into(),
        attribution: Attribution::Individual,
        account: AccountKind::Individual,
        kinds: vec![PersonKind::Pupil],
        roles: RoleSet::EMPTY,
        year: year.parse().ok(),
        class: Some(class.into()),
        agreement: belisha_policy::Agreement::default(),
    }
}

fn account(password: &str, who: SignedIn) -> Account {
    Account { password: password.into(), who, until: None, is_off: false }
}

/// An instant so far from now, in a school's local time that is an hour ahead.
pub(crate) fn in_a_while(wait: Duration) -> DateTime<FixedOffset> {
    (Utc::now() + wait).with_timezone(&FixedOffset::east_opt(3600).expect("an offset"))
}

impl Porter {
    /// A door with everybody: `ada` of year 4, `ben` of year 6 whose profile opens chat, `tess` who teaches, the class
    /// account `4a`, the guest `gus`, and `dot`, whose password others know.
    pub(crate) fn new() -> Arc<Self> {
        let class = SignedIn { account: AccountKind::Class, kinds: vec![], ..pupil("class-4a", "4", "4A") };
        let guest = SignedIn { account: AccountKind::Guest, kinds: vec![], year: None, ..pupil("guest-gus", "", "") };
        let teacher = SignedIn { kinds: vec![PersonKind::Teacher], year: None, class: None, ..pupil("p-tess", "", "") };
        let doubtful = SignedIn { attribution: Attribution::CredentialInDoubt, ..pupil("p-dot", "4", "4A") };
        let class = SignedIn { attribution: Attribution::ClassAccount, ..class };
        let guest = SignedIn { attribution: Attribution::Guest, ..guest };
        let accounts = [
            ("ada", account("amber", pupil("p-ada", "4", "4A"))),
            ("ben", account("beacon:1", pupil("p-ben", "6", "6B"))),
            ("tess", account("t\u{e9}ss\u{20ac}", teacher)),
            ("4a", account("acorn", class)),
            ("gus", account("garden", guest)),
            ("dot", account("dotty", doubtful)),
        ];
        Arc::new(Self {
            accounts: Mutex::new(accounts.map(|(login, account)| (login.to_owned(), account)).into()),
            version: AtomicU64::new(1),
            mood: Mutex::new(Mood::Fine),
            takes: Mutex::default(),
            held: Mutex::default(),
            let_go: Condvar::new(),
            checks: AtomicUsize::new(0),
            at_once: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
            stills: AtomicUsize::new(0),
            is_forgetful: AtomicBool::new(false),
        })
    }

    /// Changes an account, and says that something has changed.
    pub(crate) fn change(&self, login: &str, change: impl FnOnce(&mut Account)) {
        change(self.accounts.lock().unwrap().get_mut(login).expect("an account"));
        self.version.fetch_add(1, Ordering::SeqCst);
    }

    /// Adds an account.
    pub(crate) fn add(&self, login: &str, password: &str, who: SignedIn) {
        self.accounts.lock().unwrap().insert(login.into(), account(password, who));
        self.version.fetch_add(1, Ordering::SeqCst);
    }

    /// An account as it is now.
    pub(crate) fn account(&self, login: &str) -> Option<Account> {
        self.accounts.lock().unwrap().get(login).cloned()
    }

    pub(crate) fn mood(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    pub(crate) fn takes(&self, time: Duration) {
        *self.takes.lock().unwrap() = time;
    }

    /// Lets no check end until it is let go.
    pub(crate) fn hold(&self) {
        *self.held.lock().unwrap() = true;
    }

    pub(crate) fn let_go(&self) {
        *self.held.lock().unwrap() = false;
        self.let_go.notify_all();
    }

    pub(crate) fn checks(&self) -> usize {
        self.checks.load(Ordering::SeqCst)
    }

    /// The answer by what holds now.
    fn look(&self, login: &str, password: &str) -> Checked {
        let accounts = self.accounts.lock().unwrap();
        match accounts.get(login) {
            Some(account) if account.password == password && !account.is_off => Checked::In(Admitted {
                who: Arc::new(account.who.clone()),
                account: AccountId::from_bytes(*b"an account id 16"),
                credential: 3,
                until: account.until,
            }),
            _ => Checked::No,
        }
    }

    /// A proxy with this door, whose clients have to sign in unless they are in the office.
    pub(crate) async fn proxy(self: &Arc<Self>, origin: &Origin, limits: Limits) -> Proxy {
        let state = belisha_gateway::State {
            policy: asking_policy(),
            ..state(Some(usual_rules()), Names::all(origin.address))
        };
        let live = Live::new(state).with_door(self.clone());
        Proxy::with_live("127.0.0.1:0", live, limits, records::channel(10_000)).await
    }

    /// The same with limits that a test can wait for.
    pub(crate) async fn usual(self: &Arc<Self>, origin: &Origin) -> Proxy {
        self.proxy(origin, patient()).await
    }
}

/// Limits that a test can wait for, with patience where people sign in.
pub(crate) fn patient() -> Limits {
    let long = Duration::from_secs(15);
    let limits = Limits { look: Duration::from_millis(100), sign_in: long, head: long, stall: long, ..quick() };
    Limits { dial: long, answer: long, ..limits }
}

impl Door for Porter {
    fn check(&self, login: &str, password: &Secret, _: IpAddr) -> Checked {
        self.checks.fetch_add(1, Ordering::SeqCst);
        let at_once = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(at_once, Ordering::SeqCst);
        let mood = *self.mood.lock().unwrap();
        // Looked up first and answered late, as a door does that hashes.
        let answer = match mood {
            Mood::Fine => self.look(login, password.expose()),
            Mood::Away => Checked::Unavailable,
            Mood::Cautious(0) => {
                self.mood(Mood::Fine);
                self.look(login, password.expose())
            }
            Mood::Cautious(times) => {
                self.mood(Mood::Cautious(times - 1));
                Checked::Wait(Duration::from_millis(50))
            }
            Mood::Falls => {
                self.at_once.fetch_sub(1, Ordering::SeqCst);
                panic!("the test wants this");
            }
        };
        let takes = *self.takes.lock().unwrap();
        std::thread::sleep(takes);
        // A test that fails while it holds the door must end all the same.
        let held = self.held.lock().unwrap();
        drop(self.let_go.wait_timeout_while(held, Duration::from_secs(20), |held| *held).unwrap());
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        answer
    }

    fn still(&self, admitted: &Admitted) -> Still {
        self.stills.fetch_add(1, Ordering::SeqCst);
        assert_eq!((admitted.account, admitted.credential), (AccountId::from_bytes(*b"an account id 16"), 3));
        if self.is_forgetful.load(Ordering::SeqCst) {
            return Still::Unknown;
        }
        let accounts = self.accounts.lock().unwrap();
        match accounts.values().find(|account| account.who.person == admitted.who.person) {
            Some(account) if !account.is_off => Still::In(account.until),
            _ => Still::Out,
        }
    }

    fn version(&self) -> u64 {
        self.version.load(Ordering::SeqCst)
    }
}

/// Whoever is not in the office has to sign in; year 6 may chat, and guests may read news and bet.
pub(crate) fn asking_policy() -> Policy {
    let older = Profile::pupils("older").allow(Category::Social).expect("a category");
    let guests = Profile::pupils("guests").allow(Category::Gambling).expect("a category");
    let profiles = vec![Profile::pupils("pupils"), older, guests, Profile::staff("staff")];
    let groups = profiles.iter().map(|it| Group { name: it.name().clone(), profile: it.name().clone() }).collect();
    let network = |range: String, group: &str, place: &str, sign_in| Network {
        range: range.parse().expect("a range"),
        group: group.into(),
        place: Some(place.into()),
        person: None,
        device: None,
        sign_in,
    };
    let networks = vec![
        network("127.0.0.0/8".into(), "staff", "Library", SignIn::Ask),
        network(format!("{STAFF}/32"), "staff", "Office", SignIn::Never),
    ];
    let members = [("pupils", "pupils"), ("year 6", "older"), ("staff", "staff"), ("guests", "guests")];
    let members = members.map(|(who, group)| (who.parse().expect("members"), group.into()));
    let policy = Policy::new(profiles, groups, networks).expect("a policy");
    policy.with_members(members.to_vec()).expect("members")
}
