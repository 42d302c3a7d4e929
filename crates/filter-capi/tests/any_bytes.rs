//! Any bytes through the functions that C calls, against the same in Rust.
//!
//! - A look-up through C finds what it finds in Rust, in order, and fails where it fails there.
//! - What is told of a request beside its URL is what is asked in Rust.
//! - A canonical form is that of Rust, and nothing is written past the capacity of its buffer.
//! - Any bytes are a ruleset to C where they are one to Rust.

#![expect(unsafe_code, reason = "the functions are those that C calls")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

use std::ffi::c_char;
use std::ptr::null_mut;

use belisha::*;
use belisha_filter::adblock::RequestKind;
use belisha_filter::{CategoryId, Compiler, Host, List, LockKey, Pattern, Rule, Ruleset, Target};
use proptest::prelude::*;

fn compiled() -> Vec<u8> {
    let mut compiler = Compiler::new(5);
    let betting = compiler.list(List::new("tests", "betting", 14));
    let exact = compiler.list(List::new("tests", "exact", 65535).compared_exactly());
    for rule in ["wager.example", "full:odds.example", "a.test/b", "a.test/", "127.0.0.1", "::1", "[::1]/a"] {
        compiler.add(betting, &Rule::from_normalised(rule).unwrap());
    }
    for rule in ["www.wager.example", "a.test/b/c", "b.test/a", "b.a"] {
        compiler.add(exact, &Rule::from_normalised(rule).unwrap());
    }
    for pattern in ["text:b/c", "regexp:^x\\.", "*.b.test", "port:a.test:81", "port::8", "ip:127.0.0.0/8"] {
        compiler.add_pattern(exact, &Pattern::from_normalised(pattern).unwrap());
    }
    let ads = compiler.list(List::new("tests", "ads", 20));
    for pattern in ["||a.test^$third-party", "/b/$script,domain=b.a", "@@||a.test/c", "||b.a^$~image,important"] {
        compiler.add_pattern(ads, &Pattern::from_normalised(&format!("adblock:{pattern}")).unwrap());
    }
    let key = LockKey::new([5; 32]);
    compiler.lock(key.clone());
    for rule in ["odds.example", "b.test/a"] {
        compiler.add_locked(betting, key.lock(&Rule::from_normalised(rule).unwrap())).unwrap();
    }
    compiler.finish().unwrap()
}

/// Rules and findings as C has them, freed at the end.
struct Handles {
    rules: *mut Rules,
    findings: *mut Findings,
}

impl Handles {
    fn new(bytes: &[u8]) -> Self {
        let mut handles = Self { rules: null_mut(), findings: null_mut() };
        // SAFETY: the bytes and the places are there.
        unsafe {
            let loaded = belisha_rules_load_memory(bytes.as_ptr().cast(), bytes.len(), &raw mut handles.rules);
            assert_eq!(loaded, Status::Ok);
            assert_eq!(belisha_findings_new(&raw mut handles.findings), Status::Ok);
        }
        handles
    }

    fn look_up_url(&self, url: &[u8]) -> Status {
        // SAFETY: handles and bytes are there.
        unsafe { belisha_rules_look_up_url(self.rules, url.as_ptr().cast(), url.len(), self.findings) }
    }

    fn look_up_request(&self, url: &[u8], page: Option<(&[u8], bool)>, kind: u32) -> Status {
        let null = std::ptr::null::<u8>();
        let (page, page_length, party) =
            page.map_or((null, 0, 0), |(page, third)| (page.as_ptr(), page.len(), 1 + u32::from(third)));
        let (url, url_length) = (url.as_ptr().cast(), url.len());
        let request = belisha::Request { url, url_length, page: page.cast(), page_length, party, kind };
        // SAFETY: handles, structure and bytes are there.
        unsafe { belisha_rules_look_up_request(self.rules, &raw const request, size_of_val(&request), self.findings) }
    }

    fn look_up_host(&self, host: &[u8]) -> Status {
        // SAFETY: handles and bytes are there.
        unsafe { belisha_rules_look_up_host(self.rules, host.as_ptr().cast(), host.len(), self.findings) }
    }

    /// What was found: list, kind, rule; and the categories of paths.
    fn found(&self) -> (Vec<(u32, i32, String)>, Vec<u32>) {
        // SAFETY: the handle is there.
        let counts =
            unsafe { (belisha_findings_count(self.findings), belisha_findings_path_category_count(self.findings)) };
        let hit = |at| {
            let mut finding = std::mem::MaybeUninit::<Finding>::uninit();
            // SAFETY: the handle and the place are there, and the place is filled where the call succeeds.
            let finding = unsafe {
                let got = belisha_findings_get(self.findings, at, finding.as_mut_ptr(), size_of::<Finding>());
                assert_eq!(got, Status::Ok);
                finding.assume_init()
            };
            (finding.list, finding.kind as i32, text(finding.rule))
        };
        let category = |at| {
            let mut category = 0;
            // SAFETY: the handle and the place are there.
            let got = unsafe { belisha_findings_path_category(self.findings, at, &raw mut category) };
            assert_eq!(got, Status::Ok);
            category
        };
        ((0..counts.0).map(hit).collect(), (0..counts.1).map(category).collect())
    }
}

impl Drop for Handles {
    fn drop(&mut self) {
        // SAFETY: both came from where such come from, and are freed once.
        unsafe {
            belisha_findings_free(self.findings);
            assert_eq!(belisha_rules_free(self.rules), Status::Ok);
        }
    }
}

fn text(text: Text) -> String {
    // SAFETY: so many bytes are there, and a NUL behind them.
    let bytes = unsafe { std::slice::from_raw_parts(text.data.cast::<u8>(), text.length + 1) };
    assert_eq!(bytes.last(), Some(&0));
    String::from_utf8(bytes[..text.length].to_vec()).unwrap()
}

/// The same as Rust has it.
fn said(findings: &belisha_filter::Findings<'_, Vec<u8>>) -> (Vec<(u32, i32, String)>, Vec<u32>) {
    let hit = |hit: belisha_filter::Hit<'_>| {
        let kind = match hit.entry() {
            belisha_filter::Entry::Domain(_) => 1,
            belisha_filter::Entry::Host(_) => 2,
            belisha_filter::Entry::UrlPrefix(..) => 3,
            belisha_filter::Entry::Text(_) => 4,
            belisha_filter::Entry::Regex(_) => 5,
            belisha_filter::Entry::Wildcard(_) => 6,
            belisha_filter::Entry::Port(..) => 7,
            belisha_filter::Entry::Network(_) => 8,
            belisha_filter::Entry::Locked(_) => 9,
            belisha_filter::Entry::Adblock(_) => 10,
            _ => 255,
        };
        (u32::try_from(hit.id().index()).unwrap(), kind, hit.entry().to_string())
    };
    let categories = findings.categories_of_paths().map(|CategoryId(category)| u32::from(category));
    (findings.hits().map(hit).collect(), categories.collect())
}

type Canonical = unsafe extern "C" fn(*const c_char, usize, *mut c_char, usize, *mut usize) -> Status;

/// A canonical form through C, in a buffer of this capacity.
fn canonical(function: Canonical, input: &[u8], capacity: usize) -> (Status, usize, Vec<u8>) {
    let mut buffer = vec![0x55_u8; capacity + 8];
    let mut written = 0;
    // SAFETY: the bytes and the places are there, the buffer with some to spare.
    let status =
        unsafe { function(input.as_ptr().cast(), input.len(), buffer.as_mut_ptr().cast(), capacity, &raw mut written) };
    assert!(buffer[capacity..].iter().all(|byte| *byte == 0x55), "written past the capacity");
    (status, written, buffer)
}

fn check_canonical(function: Canonical, input: &[u8], expected: Option<&str>, bad: Status, capacity: usize) {
    let (status, written, buffer) = canonical(function, input, capacity);
    match expected {
        None => assert_eq!(status, bad),
        Some(text) => {
            assert_eq!(written, text.len());
            if text.len() < capacity {
                assert_eq!(status, Status::Ok);
                assert_eq!(&buffer[..text.len()], text.as_bytes());
                assert_eq!(buffer[text.len()], 0);
            } else {
                assert_eq!(status, Status::Space);
            }
        }
    }
}

fn check_url(handles: &Handles, ruleset: &Ruleset<Vec<u8>>, url: &[u8], capacity: usize) {
    let target = Target::parse(url);
    let expected = target.as_ref().map(|target| said(&ruleset.classify(target))).unwrap_or_default();
    assert_eq!(handles.look_up_url(url), if target.is_ok() { Status::Ok } else { Status::Url });
    assert_eq!(handles.found(), expected);
    let text = target.ok().map(|target| target.to_string());
    check_canonical(belisha_url_canonical, url, text.as_deref(), Status::Url, capacity);
}

const KINDS: [Option<RequestKind>; 13] = [
    None,
    Some(RequestKind::Script),
    Some(RequestKind::Image),
    Some(RequestKind::Stylesheet),
    Some(RequestKind::Font),
    Some(RequestKind::Media),
    Some(RequestKind::Object),
    Some(RequestKind::Subdocument),
    Some(RequestKind::Xhr),
    Some(RequestKind::WebSocket),
    Some(RequestKind::Ping),
    Some(RequestKind::Other),
    Some(RequestKind::Document),
];

fn check_request(handles: &Handles, ruleset: &Ruleset<Vec<u8>>, url: &[u8], page: Option<(&[u8], bool)>, kind: usize) {
    let (target, host) = (Target::parse(url), page.map(|(page, third)| (Host::parse(page), third)));
    let status = match (&target, &host) {
        (Err(_), _) => Status::Url,
        (_, Some((Err(_), _))) => Status::Host,
        _ if kind >= KINDS.len() => Status::Argument,
        _ => Status::Ok,
    };
    assert_eq!(handles.look_up_request(url, page, u32::try_from(kind).unwrap()), status);
    let Some(target) = target.ok().filter(|_| status == Status::Ok) else {
        assert_eq!(handles.found(), Default::default());
        return;
    };
    let mut request = belisha_filter::adblock::Request::new(&target);
    if let Some((Ok(host), third)) = &host {
        request = request.from_page(host, *third);
    }
    if let Some(kind) = KINDS[kind] {
        request = request.of_kind(kind);
    }
    assert_eq!(handles.found(), said(&ruleset.classify_request(&request)));
}

fn check_host(handles: &Handles, ruleset: &Ruleset<Vec<u8>>, host: &[u8], capacity: usize) {
    let parsed = Host::parse(host).ok();
    let expected = parsed.as_ref().map(|host| said(&ruleset.classify_host(host))).unwrap_or_default();
    assert_eq!(handles.look_up_host(host), if parsed.is_some() { Status::Ok } else { Status::Host });
    assert_eq!(handles.found(), expected);
    let text = parsed.map(|host| host.to_string());
    check_canonical(belisha_host_canonical, host, text.as_deref(), Status::Host, capacity);
}

/// URLs and hosts that are listed, or nearly.
fn near_misses() -> impl Strategy<Value = Vec<u8>> {
    let host =
        "(www\\.|x\\.|WWW9\\.|%77ww\\.)?(wager\\.example|odds\\.example|[ab]\\.test|b\\.a|127\\.1|\\[::1\\])\\.?";
    let path = "([/?#\\\\](a|b|B|c|%62|\\.\\.|\\.|%00|;x|\\PC)?){0,5}";
    let any = format!("(https?:(//)?)?(u@)?{host}(:[0-9]{{0,5}})?{path}");
    proptest::string::string_regex(&any).unwrap().prop_map(String::into_bytes)
}

#[test]
fn one_pair_of_handles_answers_for_any_bytes() {
    let bytes = compiled();
    let (handles, ruleset) = (Handles::new(&bytes), Ruleset::open(bytes).unwrap());
    let inputs = prop_oneof![
        near_misses(),
        proptest::collection::vec(any::<u8>(), 0..80),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(|tail| [b"http://".as_slice(), &tail].concat()),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(|tail| [b"http://a.test/".as_slice(), &tail].concat()),
    ];
    let found = std::cell::Cell::new(0);
    let pages = prop_oneof![
        Just(None),
        (
            prop_oneof![Just(b"b.a".to_vec()), Just(b"x.b.a".to_vec()), proptest::collection::vec(any::<u8>(), 0..9)],
            any::<bool>()
        )
            .prop_map(Some),
    ];
    proptest!(ProptestConfig::with_cases(4000), |(input in inputs, capacity in 0_usize..90, page in pages, kind in 0_usize..14)| {
        let page = page.as_ref().map(|(page, third)| (page.as_slice(), *third));
        check_request(&handles, &ruleset, &input, page, kind);
        check_url(&handles, &ruleset, &input, capacity);
        found.set(found.get() + handles.found().0.len());
        check_host(&handles, &ruleset, &input, capacity);
    });
    assert!(found.get() > 100, "{} rules were found, so that nothing was compared", found.get());
}

proptest! {
    #[test]
    fn any_bytes_are_a_ruleset_or_an_error(
        at in any::<prop::sample::Index>(),
        change in any::<u8>(),
        cut in any::<prop::sample::Index>(),
        junk in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let whole = compiled();
        let mut changed = whole.clone();
        changed[at.index(whole.len())] ^= change;
        let mut headed = whole[..cut.index(whole.len())].to_vec();
        headed.extend(&junk);
        for bytes in [changed, headed, junk] {
            let good = Ruleset::open(bytes.as_slice()).and_then(|ruleset| ruleset.verify());
            let mut rules = null_mut();
            // SAFETY: the bytes and the place are there.
            let status = unsafe { belisha_rules_load_memory(bytes.as_ptr().cast(), bytes.len(), &raw mut rules) };
            prop_assert_eq!(status == Status::Ok, good.is_ok());
            prop_assert_eq!(rules.is_null(), good.is_err());
            // SAFETY: a handle or null.
            prop_assert_eq!(unsafe { belisha_rules_free(rules) }, Status::Ok);
        }
    }
}
