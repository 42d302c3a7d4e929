//! `belisha-proxy helper`: what Squid is told, by itself and by a real Squid.
//!
//! - The helper says of every request what `check` says.
//! - Every line is answered once, in order, on its channel, whatever bytes it holds.
//! - A change of lists is in force without a restart, and no question is lost over it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use belisha_filter::{Compiler, List, Pattern, Rule};
use belisha_testkit::{Origin, Running, finish, program, test_data, unpack};
use serde_json::Value;

use crate::support::School;

const ELSEWHERE: &str = "http://filter.example/closed";

/// A helper that is asked line by line.
struct Helper {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Helper {
    fn start(school: &School, protocol: &str) -> Self {
        let mut command = school.proxy();
        command.args(["helper", "--protocol", protocol, "--redirect", ELSEWHERE]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, input, output }
    }

    fn ask(&mut self, line: &str) -> String {
        writeln!(self.input, "{line}").unwrap();
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        answer.trim_end().to_owned()
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Gives a helper all lines at once, and reads what it says until it ends.
fn all(school: &School, protocol: &str, lines: Vec<u8>) -> Vec<String> {
    let mut command = school.proxy();
    command.args(["helper", "--protocol", protocol, "--redirect", ELSEWHERE]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = thread::spawn(move || input.write_all(&lines).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Real URLs, and what `check` says of each to this machine.
fn said_by_check(school: &School, count: usize) -> Option<BTreeMap<String, bool>> {
    let data = test_data()?;
    let import =
        finish(school.importer().args(["lists", "--name", "ut1"]).arg(data.join("ut1/ut1-squidguard.tar.zst")));
    assert_eq!(import.code, 0, "{}", import.err);
    let stream = unpack(&data.join("requests/stream_500k.tsv.zst"));
    let urls: Vec<&str> = stream.lines().step_by(97).filter_map(|line| line.split('\t').nth(2)).take(count).collect();
    let list = school.path().join("asked.txt");
    fs::write(&list, urls.join("\n")).unwrap();
    let mut check = school.proxy();
    check.args(["check", "--as", "127.0.0.1", "--json", "-"]).stdin(fs::File::open(&list).unwrap());
    let output = check.output().unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers = answers.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["verdict"] == "allow");
    let said: BTreeMap<String, bool> = urls.into_iter().map(str::to_owned).zip(answers).collect();
    let open = said.values().filter(|open| **open).count();
    assert!(open > said.len() / 10 && open < said.len() * 9 / 10, "{open} of {} are open", said.len());
    Some(said)
}

/// What Squid asks for when a browser wants a page: the page, or a tunnel where it is encrypted.
fn method_and_url(url: &str) -> (&'static str, String) {
    match url.strip_prefix("https://").or_else(|| url.strip_prefix("wss://")) {
        None => ("GET", url.replace("ws://", "http://")),
        Some(rest) => {
            let authority = rest.split(['/', '?', '#']).next().unwrap();
            let port = if authority.contains(':') { "" } else { ":443" };
            ("CONNECT", format!("{authority}{port}"))
        }
    }
}

#[test]
fn the_helper_says_what_check_says() {
    let school = School::new();
    let Some(said) = said_by_check(&school, 1000) else { return };
    let line = |(channel, url): (usize, &String)| {
        let (method, url) = method_and_url(url);
        format!("{channel} {url} 127.0.0.1/- - {method} myip=127.0.0.1 myport=3128\n")
    };
    let lines: String = said.keys().enumerate().map(line).collect();
    let by_acl = all(&school, "acl", lines.clone().into_bytes());
    let by_rewrite = all(&school, "rewrite", lines.into_bytes());
    assert_eq!((by_acl.len(), by_rewrite.len()), (said.len(), said.len()));
    for (channel, ((url, open), (acl, rewrite))) in said.iter().zip(by_acl.iter().zip(&by_rewrite)).enumerate() {
        let (acl_expected, rewrite_expected) = if *open {
            (format!("{channel} OK"), format!("{channel} ERR"))
        } else {
            let sentence = "This page is closed at school. If you need it for your work, ask your teacher.";
            (format!("{channel} ERR message=\"{sentence}\""), format!("{channel} OK status=302 url=\"{ELSEWHERE}\""))
        };
        assert_eq!((acl, rewrite), (&acl_expected, &rewrite_expected), "{url}");
    }
}

/// The published vectors of the matcher, through the helper: a case is refused where a list holds it whose category is
/// closed to pupils, and where it is no address.
#[test]
fn the_helper_passes_the_vectors() {
    let text = include_str!("../../../../crates/filter/vectors/vectors.tsv");
    let (mut compiler, mut ids) = (Compiler::new(5), BTreeMap::new());
    let (mut lines, mut expected) = (Vec::new(), Vec::new());
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        match *fields.as_slice() {
            ["list", name, source, category, ..] => {
                ids.insert(name, compiler.list(List::new(source, name, category.parse().unwrap())));
            }
            ["rule", list, line] => compiler.add(ids[list], &Rule::from_normalised(line).unwrap()),
            ["pattern", list, line] => compiler.add_pattern(ids[list], &Pattern::from_normalised(line).unwrap()),
            [kind @ ("url" | "host" | "no-url" | "no-host"), input, ref found @ ..] => {
                let input = unescaped(input);
                // What Squid would escape cannot stand in a line.
                if input.is_empty() || input.iter().any(u8::is_ascii_whitespace) {
                    continue;
                }
                let is_closed =
                    |found: &&str| ["betting ", "games ", "forms "].iter().any(|list| found.starts_with(list));
                expected.push(kind.starts_with("no-") || found.iter().any(is_closed));
                let (method, before, behind) = match kind {
                    "url" | "no-url" => ("GET", "", ""),
                    _ if input.contains(&b':') && input[0] != b'[' => ("CONNECT", "[", "]:443"),
                    _ => ("CONNECT", "", ":443"),
                };
                let channel = expected.len() - 1;
                lines.extend(format!("{channel} {before}").bytes());
                lines.extend(&input);
                lines.extend(format!("{behind} 127.0.0.1/- - {method}\n").bytes());
            }
            _ => {}
        }
    }
    let school = School::new();
    fs::write(school.path().join("rules.belisha"), compiler.finish().unwrap()).unwrap();
    let answers = all(&school, "acl", lines);
    assert!(expected.len() > 300 && answers.len() == expected.len());
    for (channel, (answer, closed)) in answers.iter().zip(&expected).enumerate() {
        let is_closed = answer.starts_with(&format!("{channel} ERR message="));
        let is_open = *answer == format!("{channel} OK");
        assert!(is_closed != is_open && is_closed == *closed, "case {channel}: {answer}");
    }
}

/// A field in which some bytes stand as `\x` and two digits.
fn unescaped(field: &str) -> Vec<u8> {
    let mut parts = field.split("\\x");
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    bytes
}

#[test]
fn who_asks_decides_and_staff_are_told_why() {
    let school = School::new();
    assert_eq!(school.import("shops", "shopping", "shop.test\n").code, 0);
    let mut helper = Helper::start(&school, "acl");
    let told = helper.ask("http://shop.test/ 127.0.0.8 - GET");
    assert!(told.starts_with("ERR message=\"Blocked:") && told.contains("shop.test is on the list"), "{told}");
    assert!(helper.ask("http://shop.test/ 127.0.0.1 - GET").contains("closed at school"));
    assert_eq!(helper.ask("http://shop.test/ 127.0.0.9 - GET"), "OK");
    assert_eq!(helper.ask("http://shop.test/ 127.0.0.1 - GET group=bursary"), "OK");
    assert!(helper.ask("http://shop.test/ 127.0.0.9 - GET group=nobody").starts_with("ERR"));
    assert!(helper.ask("http://shop.test/ - - GET").starts_with("ERR"));
    assert_eq!(helper.ask("192.0.2.7:443 127.0.0.1 - CONNECT"), "OK");
    assert!(helper.ask("192.0.2.7:443 127.0.0.1 - CONNECT sni=www.shop.test").starts_with("ERR"));
    assert!(helper.ask("shop.test:443 127.0.0.1 - CONNECT sni=fine.test").starts_with("ERR"));
}

#[test]
fn every_line_is_answered_once_whatever_it_holds() {
    let school = School::new();
    assert_eq!(school.import("shops", "shopping", "shop.test\n").code, 0);
    let (mut whole, mut noise) = (Vec::new(), 0x9E37_79B9_u32);
    for channel in 0..3000_u32 {
        whole.extend(format!("{channel} x").bytes());
        for _ in 0..channel % 61 {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [.., byte] = noise.to_le_bytes();
            // A line ends where the test ends it.
            whole.push(if byte == b'\n' { b' ' } else { byte });
        }
        whole.push(b'\n');
    }
    whole.extend(b"3000 http://");
    whole.extend(vec![b'a'; 400_000]);
    whole.extend(b"\n3001 http://fine.test/ 127.0.0.1 - GET\n");
    let answers = all(&school, "acl", whole);
    assert_eq!(answers.len(), 3002);
    for (channel, answer) in answers.iter().enumerate() {
        assert_eq!(answer.split(' ').next().unwrap(), channel.to_string());
    }
    assert!(answers[3000].starts_with("3000 ERR"), "{}", answers[3000]);
    assert_eq!(answers[3001], "3001 OK");
}

#[test]
fn a_change_of_lists_is_in_force_without_a_restart() {
    let school = School::new();
    assert_eq!(school.import("shops", "shopping", "shop.test\n").code, 0);
    let mut helper = Helper::start(&school, "acl");
    let question = "http://new.test/ 127.0.0.1 - GET";
    assert_eq!(helper.ask(question), "OK");
    assert_eq!(school.import("more", "gambling", "new.test\n").code, 0);
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut asked = 0;
    while helper.ask(question) == "OK" {
        asked += 1;
        assert!(Instant::now() < deadline, "after {asked} questions it is still open");
        thread::sleep(Duration::from_millis(20));
    }
    // What cannot be used changes nothing.
    fs::write(school.path().join("rules.belisha"), "damaged").unwrap();
    thread::sleep(Duration::from_millis(2500));
    assert!(helper.ask(question).starts_with("ERR message=\"This page is closed"), "the last good rules stay");
    assert_eq!(helper.ask("http://fine.test/ 127.0.0.1 - GET"), "OK");
}

/// A Squid on loopback that asks a parent for everything, so that no name is looked up.
struct Squid {
    _running: Running,
    address: SocketAddr,
}

impl Squid {
    fn start(school: &School, origin: &Origin, how: &str) -> Option<Self> {
        let mut squid = program("squid")?;
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let folder = school.path().join("squid");
        fs::create_dir_all(&folder).unwrap();
        let config = format!(
            "http_port {address}\npid_filename {0}/squid.pid\naccess_log none\ncache_log {0}/cache.log\ncoredump_dir {0}\n\
             cache deny all\ncache_mem 8 MB\nvisible_hostname test\nshutdown_lifetime 1 second\npinger_enable off\n\
             cache_peer {1} parent {2} 0 no-query no-digest default\nnever_direct allow all\n{how}\n",
            folder.display(),
            origin.address().ip(),
            origin.address().port(),
        );
        let file = folder.join("squid.conf");
        fs::write(&file, config).unwrap();
        // Started by root, Squid and its helpers run as somebody else.
        if fs::metadata(school.path()).unwrap().uid() == 0 {
            assert_eq!(finish(Command::new("chown").args(["-R", "proxy:proxy"]).arg(school.path())).code, 0);
        }
        let running = Running::start(squid.arg("-N").arg("-f").arg(&file));
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "squid: {:?}", fs::read_to_string(folder.join("cache.log")));
            thread::sleep(Duration::from_millis(50));
        }
        Some(Self { _running: running, address })
    }

    /// The head of what is answered to a request.
    fn ask(&self, url: &str) -> String {
        let (method, url) = method_and_url(url);
        let host = url.split("://").last().unwrap().split(['/', '?']).next().unwrap();
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(stream, "{method} {url} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() > 0 {
            head.push(byte[0]);
        }
        String::from_utf8_lossy(&head).into_owned()
    }
}

/// The helper's command line in a configuration. Squid's user must be able to reach the program.
fn command(school: &School, protocol: &str) -> String {
    let program = school.path().join("belisha-proxy");
    fs::copy(Path::new(env!("CARGO_BIN_EXE_belisha-proxy")), &program).unwrap();
    format!("{} --data {} helper --protocol {protocol}", program.display(), school.path().display())
}

#[test]
fn squid_opens_and_closes_what_check_says() {
    if program("squid").is_none() {
        return;
    }
    let school = School::new();
    let Some(said) = said_by_check(&school, 1000) else { return };
    let origin = Origin::start("ok");
    let how = format!(
        "external_acl_type belisha ttl=0 negative_ttl=0 cache=0 concurrency=50 children-max=1 children-startup=1 \
         %URI %>a %un %>rm {}\nacl may external belisha\nhttp_access deny !may\nhttp_access allow all",
        command(&school, "acl")
    );
    let Some(squid) = Squid::start(&school, &origin, &how) else { return };
    for (url, open) in &said {
        let head = squid.ask(url);
        let expected = if *open { "HTTP/1.1 200" } else { "HTTP/1.1 403" };
        assert!(head.starts_with(expected), "{url}: {head}");
    }
    let opened = said.values().filter(|open| **open).count();
    assert_eq!(origin.requests(), opened, "what is closed never reaches the site");
}

#[test]
fn squid_sends_elsewhere_what_check_blocks() {
    if program("squid").is_none() {
        return;
    }
    let school = School::new();
    let Some(said) = said_by_check(&school, 300) else { return };
    let origin = Origin::start("ok");
    let how = format!(
        "url_rewrite_program {} --redirect {ELSEWHERE}\nurl_rewrite_children 1 startup=1 concurrency=50\n\
         http_access allow all",
        command(&school, "rewrite")
    );
    let Some(squid) = Squid::start(&school, &origin, &how) else { return };
    for (url, open) in &said {
        let head = squid.ask(url);
        if *open {
            assert!(head.starts_with("HTTP/1.1 200"), "{url}: {head}");
        } else {
            assert!(head.starts_with("HTTP/1.1 302") && head.contains(ELSEWHERE), "{url}: {head}");
        }
    }
}
