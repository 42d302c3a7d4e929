//! The example that embeds the matcher, driven as its clients drive it.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use belisha_testkit::finish;
use rustix::process::{Pid, Signal, kill_process};

use crate::installed::{Link, compile};
use crate::rulesets::of_one_list;

/// A firewall that runs; killed when the test ends.
struct Firewall {
    child: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
    says: BufReader<std::process::ChildStderr>,
}

impl Firewall {
    fn start(program: &Path, rules: &Path, categories: &[&str]) -> Self {
        let mut child = Command::new(program)
            .arg(rules)
            .args(categories)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let ask = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let says = BufReader::new(child.stderr.take().unwrap());
        let mut firewall = Self { child, ask, answers, says };
        assert_eq!(firewall.says(), "ready");
        firewall
    }

    fn ask(&mut self, line: &[u8]) -> String {
        self.ask.write_all(line).unwrap();
        self.ask.write_all(b"\n").unwrap();
        let mut answer = Vec::new();
        self.answers.read_until(b'\n', &mut answer).unwrap();
        String::from_utf8_lossy(&answer).trim_end().to_string()
    }

    fn says(&mut self) -> String {
        let mut line = String::new();
        self.says.read_line(&mut line).unwrap();
        line.trim_end().to_string()
    }

    fn hang_up(&mut self) -> String {
        kill_process(Pid::from_child(&self.child), Signal::HUP).unwrap();
        self.says()
    }
}

impl Drop for Firewall {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_blocks_by_category_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let program = compile("examples/firewall.c", folder.path(), Link::Shared, &[]);
    let rules = of_one_list(folder.path(), "betting", 14, &["wager.example", "shared.example/casino"]);
    let mut firewall = Firewall::start(&program, &rules, &["9", "14"]);
    for (line, answer) in [
        (
            "10.0.0.5 http://WWW.wager.example/x",
            "block 10.0.0.5 http://WWW.wager.example/x wager.example is on the list betting of tests, category 14",
        ),
        (
            "10.0.0.5 http://shared.example/casino/1",
            "block 10.0.0.5 http://shared.example/casino/1 shared.example/casino is on the list betting of tests, \
             category 14",
        ),
        ("10.0.0.5 http://shared.example/", "allow 10.0.0.5 http://shared.example/ no list has it"),
        (
            "10.0.0.5 http://wager.example:0/",
            "block 10.0.0.5 http://wager.example:0/ the port is not a number from 1 to 65535",
        ),
        ("10.0.0.5", "block - - the line is not `client url`"),
        ("", "block - - the line is not `client url`"),
        (" http://nothing.test/", "block - - the line is not `client url`"),
    ] {
        assert_eq!(firewall.ask(line.as_bytes()), answer, "{line}");
    }
    assert!(firewall.ask(b"\xff http://\xff/").starts_with("block "));
    let long = format!("10.0.0.5 http://nothing.test/{}", "a".repeat(300_000));
    assert_eq!(firewall.ask(long.as_bytes()), "block - - the line is too long");
    assert_eq!(firewall.ask(b"b http://nothing.test/"), "allow b http://nothing.test/ no list has it");
    // What no blocked category holds is let through.
    let mut other = Firewall::start(&program, &rules, &["15"]);
    assert_eq!(
        other.ask(b"a http://wager.example/"),
        "allow a http://wager.example/ no list of a blocked category has it"
    );
}

#[test]
fn it_follows_new_rules_and_keeps_old_ones_where_those_are_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let program = compile("examples/firewall.c", folder.path(), Link::Shared, &[]);
    let rules = of_one_list(folder.path(), "betting", 14, &["wager.example"]);
    let mut firewall = Firewall::start(&program, &rules, &["14"]);
    let (old, new) = (b"a http://wager.example/".as_slice(), b"a http://odds.example/".as_slice());
    assert!(firewall.ask(old).starts_with("block "));
    assert!(firewall.ask(new).starts_with("allow "));

    of_one_list(folder.path(), "betting", 14, &["odds.example"]);
    assert_eq!(firewall.hang_up(), format!("reloaded {}", rules.display()));
    assert!(firewall.ask(old).starts_with("allow "));
    assert!(firewall.ask(new).starts_with("block "));

    std::fs::write(&rules, b"half a file").unwrap();
    assert_eq!(firewall.hang_up(), "the rules stay as they are: the file is not a Belisha ruleset");
    assert!(firewall.ask(new).starts_with("block "));

    std::fs::remove_file(&rules).unwrap();
    assert!(firewall.hang_up().starts_with("the rules stay as they are: the file cannot be read: "));
    assert!(firewall.ask(new).starts_with("block "));
}

#[test]
fn it_does_not_start_without_rules_or_categories() {
    let folder = tempfile::tempdir().unwrap();
    let program = compile("examples/firewall.c", folder.path(), Link::Shared, &[]);
    let rules = of_one_list(folder.path(), "betting", 14, &["wager.example"]);
    assert_eq!(finish(Command::new(&program).arg(&rules)).code, 2);
    assert_eq!(finish(Command::new(&program).arg(&rules).arg("65536")).code, 2);
    let none = finish(Command::new(&program).arg(folder.path().join("none")).arg("14"));
    assert_eq!((none.code, none.err.contains("the file cannot be read")), (1, true), "{}", none.err);
}
