//! The built importer, driven as users drive it, on good files and bad ones.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use belisha_testkit::{Finished, finish, test_data};
use serde_json::Value;
use tempfile::TempDir;

/// A data folder with the importer on it.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn run(&self, args: &[&str]) -> Finished {
        let mut command = Command::new(env!("CARGO_BIN_EXE_belisha-importer"));
        finish(command.arg("--data").arg(self.data()).arg("lists").args(args))
    }

    /// Writes a file and gives its path.
    fn file(&self, name: &str, content: &[u8]) -> String {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_string()
    }

    /// Every file of the data folder with its bytes, for telling that nothing has changed.
    fn state(&self) -> Vec<(PathBuf, Vec<u8>)> {
        fn walk(folder: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
            let Ok(entries) = fs::read_dir(folder) else { return };
            for entry in entries {
                let path = entry.unwrap().path();
                if path.is_dir() { walk(&path, found) } else { found.push((path.clone(), fs::read(&path).unwrap())) }
            }
        }
        let mut found = Vec::new();
        walk(&self.data(), &mut found);
        found.retain(|(path, _)| path.file_name().is_some_and(|name| name != ".lock"));
        found.sort();
        found
    }

    /// Imports a first source that must survive what follows.
    fn with_rules() -> Self {
        let folder = Self::new();
        let good = folder.file("good.txt", names(200).as_bytes());
        assert_eq!(folder.run(&[&good, "--name", "good", "--category", "games"]).code, 0);
        folder
    }

    /// Runs something that must be refused, with this exit code, these words, and nothing changed.
    fn refused(&self, args: &[&str], code: i32, words: &[&str]) {
        let before = self.state();
        let finished = self.run(args);
        assert_eq!(finished.code, code, "{args:?}: {}{}", finished.out, finished.err);
        for word in words {
            assert!(finished.err.contains(word), "{word:?} is not in: {}", finished.err);
        }
        assert!(finished.err.contains("Nothing was changed"), "{}", finished.err);
        assert!(self.state() == before, "something was changed by {args:?}");
    }
}

fn names(count: usize) -> String {
    (0..count).map(|at| format!("name{at}.test\n")).collect::<Vec<_>>().concat()
}

#[test]
fn a_source_replaces_its_namesake_and_adds_to_the_others() {
    let folder = Folder::with_rules();
    let more = folder.file("more.txt", b"other.test\nfull:exact.test\n");
    let added = folder.run(&[&more, "--category", "gambling"]);
    assert!(added.out.contains("more imported: 1 lists, 2 rules (new)"), "{}", added.out);
    assert!(added.out.contains("In force: 202 rules of all sources."), "{}", added.out);
    let again = folder.run(&[&more, "--category", "gambling"]);
    assert!(again.out.contains("2 rules (2 before)"), "{}", again.out);
    let removed = folder.run(&["remove", "more"]);
    assert!(removed.out.contains("200 rules are in force"), "{}", removed.out);
    folder.refused(&["remove", "more"], 1, &["no source named \"more\"", "good"]);
    folder.refused(&["remove", "good"], 1, &["the only source"]);
}

#[test]
fn a_dry_run_checks_everything_and_changes_nothing() {
    let folder = Folder::new();
    let file = folder.file("games.txt", names(10).as_bytes());
    let dry = folder.run(&[&file, "--dry-run"]);
    assert_eq!(dry.code, 0);
    assert!(dry.out.contains("would be imported (dry run, nothing was changed)"), "{}", dry.out);
    assert!(folder.state().is_empty());
}

#[test]
fn what_a_person_said_of_a_list_holds_until_they_say_otherwise() {
    let folder = Folder::new();
    let file = folder.file("wonderful.txt", names(10).as_bytes());
    let unmapped = folder.run(&[&file]);
    assert!(unmapped.out.contains("unmapped: the list wonderful"), "{}", unmapped.out);
    let category = |args: &[&str]| {
        let answer: Value = serde_json::from_str(&folder.run(args).out).unwrap();
        answer["lists"][0]["category"].as_str().map(str::to_string)
    };
    assert_eq!(category(&[&file, "--json", "--map", "wonderful=games"]).as_deref(), Some("games"));
    assert_eq!(category(&[&file, "--json"]).as_deref(), Some("games"));
    assert_eq!(category(&[&file, "--json", "--map", "wonderful=chat"]).as_deref(), Some("chat"));
}

#[test]
fn five_generations_are_kept() {
    let folder = Folder::with_rules();
    for at in 0..8 {
        let file = folder.file("more.txt", format!("{}extra{at}.test\n", names(100)).as_bytes());
        assert_eq!(folder.run(&[&file]).code, 0);
    }
    assert_eq!(fs::read_dir(folder.data().join("generations")).unwrap().count(), 5);
}

#[test]
fn coverage_says_what_is_not_covered() {
    let folder = Folder::new();
    let file = folder.file("gambling.txt", names(10).as_bytes());
    let out = folder.run(&[&file]).out;
    let row = |category: &str| out.lines().find(|line| line.starts_with(category)).unwrap().to_string();
    assert!(row("gambling ").contains("10") && row("gambling ").contains("0 d"), "{out}");
    assert!(row("self-harm ").contains("not covered"), "{out}");
}

#[test]
fn expressions_are_applied_where_somebody_asks_for_it() {
    let folder = Folder::new();
    folder.file("sg/arcade/domains", b"play.test\n");
    folder.file("sg/arcade/expressions", b"(slots|poker)[0-9]\n.*\n");
    let source = folder.file("sg/arcade/very_restrictive_expression", b"games\n");
    let source = Path::new(&source).ancestors().nth(2).unwrap().to_str().unwrap();
    let rules = |finished: &Finished| {
        let answer: Value = serde_json::from_str(&finished.out).unwrap();
        (answer["rules_in_force"].clone(), answer["lists"][0]["expressions"].clone())
    };
    assert_eq!(rules(&folder.run(&[source, "--json", "--category", "games"])), (1.into(), 3.into()));
    let page = folder.run(&[source]);
    assert!(page.out.contains("not applied: 3 regular expressions (--expressions"), "{}", page.out);
    assert_eq!(rules(&folder.run(&[source, "--json", "--expressions"])), (2.into(), 2.into()));
    assert_eq!(rules(&folder.run(&[source, "--json"])), (2.into(), 2.into()), "said once, it holds");
    let kept = fs::read_to_string(folder.data().join("lists/sg/arcade.rules")).unwrap();
    assert_eq!(kept, "play.test\nregexp:(slots|poker)[0-9]\n");
}

#[test]
fn a_list_of_unlawful_material_cannot_be_read_afterwards() {
    let folder = Folder::with_rules();
    let lines = (0..100).map(|at| format!("stand-in-{at}.test\nshared.test/place-{at}\n"));
    let text = lines.collect::<Vec<_>>().concat();
    let list = folder.file("protected.txt", format!("{text}text:quoted-word\n").as_bytes());
    let dry = folder.run(&[&list, "--category", "child-sexual-abuse", "--dry-run"]);
    assert_eq!(dry.code, 0, "{}", dry.err);
    let done = folder.run(&[&list, "--category", "child-sexual-abuse"]);
    assert!(done.out.contains("protected imported: 1 lists, 200 rules (new), 1 lines left out."), "{}", done.out);
    assert!(done.out.contains("In force: 400 rules of all sources."), "{}", done.out);
    let again = folder.run(&[&list]);
    assert!(again.out.contains("200 rules (200 before)"), "{}", again.out);
    for words in ["stand-in-", "shared.test", "place-", "quoted-word"] {
        for (file, bytes) in folder.state() {
            let held = bytes.windows(words.len()).any(|part| part == words.as_bytes());
            assert!(!held, "{} holds {words}", file.display());
        }
        assert!(
            ![&dry.out, &done.out, &done.err, &again.out].iter().any(|page| page.contains(words)),
            "{words} is shown"
        );
    }
    // Without the key the list would hold nothing, and nobody would know.
    fs::remove_file(folder.data().join("lists/.lock-key")).unwrap();
    let more = folder.file("more.txt", b"more.test\n");
    folder.refused(&[&more], 65, &["the key of the locked rules is missing", "Import the locked lists again"]);
    let back = folder.run(&[&list]);
    assert!(back.out.contains("In force: 400 rules"), "{}{}", back.out, back.err);
}

#[test]
fn files_that_are_no_lists_are_refused_with_what_to_do() {
    let folder = Folder::with_rules();
    let half = (0..100).map(|at| format!("name{at}.test\n?? name{at}\n")).collect::<Vec<_>>().concat();
    folder.refused(
        &[&folder.file("half.txt", half.as_bytes())],
        65,
        &["100 of 200 lines cannot be read", "half.txt:2"],
    );
    folder.refused(&[&folder.file("empty.txt", b"")], 65, &["no rules"]);
    folder.refused(&[&folder.file("comments.txt", b"# nothing\n")], 65, &["no rules"]);
    folder.refused(&[&folder.file("page.txt", b"<!DOCTYPE html>\n<html><body>404</body></html>\n")], 65, &["page.txt"]);
    let utf16: Vec<u8> = names(50).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf16 = [&[0xFF, 0xFE][..], &utf16].concat();
    folder.refused(&[&folder.file("wide.txt", &utf16)], 65, &["UTF-16", "UTF-8"]);
    folder.refused(&["no-such-file.txt"], 74, &["no-such-file.txt"]);
    let unreadable = folder.file("gz.gz", &[0x1F, 0x8B, 8, 0, 0, 0]);
    folder.refused(&[&unreadable], 65, &["damaged"]);
}

#[test]
fn single_bad_lines_are_left_out_and_named() {
    let folder = Folder::new();
    let file = folder.file("games.txt", format!("{}.\nco.uk\n*.test\n", names(400)).as_bytes());
    let finished = folder.run(&[&file]);
    assert_eq!(finished.code, 0, "{}", finished.err);
    assert!(finished.out.contains("games.txt:401:") && finished.out.contains("games.txt:402:"), "{}", finished.out);
    assert!(finished.out.contains("400 rules (new), 3 lines left out"), "{}", finished.out);
}

#[test]
fn a_source_that_has_shrunk_is_refused_until_a_person_removes_it() {
    let folder = Folder::with_rules();
    let more = folder.file("more.txt", names(100).as_bytes());
    assert_eq!(folder.run(&[&more]).code, 0);
    let less = folder.file("more.txt", names(79).as_bytes());
    folder.refused(&[&less], 65, &["79 rules, and 100 last time", "lists remove more"]);
    let enough = folder.file("more.txt", names(80).as_bytes());
    assert_eq!(folder.run(&[&enough]).code, 0);
}

#[test]
fn a_helpline_is_never_blocked_for_pupils() {
    let folder = Folder::with_rules();
    let list = folder.file("betting.txt", format!("{}childline.org.uk\n", names(100)).as_bytes());
    folder.refused(&[&list, "--category", "gambling"], 65, &["childline.org.uk", "would be blocked for pupils"]);
    // It is the ruling that counts: in a category that is open to pupils the name may stand.
    assert_eq!(folder.run(&[&list, "--category", "education"]).code, 0);
    assert_eq!(folder.run(&["remove", "betting"]).code, 0);
    // And a site that the school vouches for is open, whoever lists it.
    let ours = folder.file("ours.txt", b"childline.org.uk\n");
    assert_eq!(folder.run(&[&ours, "--category", "allowed"]).code, 0);
    assert_eq!(folder.run(&[&list, "--category", "gambling"]).code, 0);
    folder.refused(&["remove", "ours"], 65, &["childline.org.uk"]);
}

#[test]
fn links_that_leave_an_archive_are_refused() {
    let folder = Folder::with_rules();
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    archive.append_link(&mut header, "lists/games/domains", "../../../../etc/hostname").unwrap();
    let archive = folder.file("links.tar", &archive.into_inner().unwrap());
    folder.refused(&[&archive], 65, &["links.tar"]);
    let layout = folder.0.path().join("layout/games");
    fs::create_dir_all(&layout).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", layout.join("domains")).unwrap();
    folder.refused(&[layout.parent().unwrap().to_str().unwrap()], 65, &["domains"]);
}

#[test]
fn a_bomb_is_refused() {
    let folder = Folder::with_rules();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..200 {
        std::io::Write::write_all(&mut packed, &vec![b'\n'; 1 << 20]).unwrap();
    }
    let bomb = folder.file("bomb.gz", &packed.finish().unwrap());
    folder.refused(&[&bomb], 65, &["bomb.gz"]);
}

#[test]
fn a_full_disk_leaves_the_old_rules_in_force() {
    let folder = Folder::with_rules();
    let list = folder.file("more.txt", names(20_000).as_bytes());
    let before = folder.state();
    // Files of this run may have no more than 64 KiB: as on a disk that fills up half way.
    let Some(mut shell) = belisha_testkit::program("bash") else { return };
    let importer = env!("CARGO_BIN_EXE_belisha-importer");
    let line = format!("ulimit -f 64; trap '' XFSZ; exec {importer} --data {} lists {list}", folder.data().display());
    let finished = finish(shell.args(["-c", &line]));
    assert_eq!(finished.code, 74, "{}", finished.err);
    assert!(finished.err.contains("cannot be written"), "{}", finished.err);
    assert!(folder.state() == before, "something was changed");
}

#[test]
fn an_import_that_was_cut_off_is_put_right_by_the_next() {
    let folder = Folder::with_rules();
    let lists = folder.data().join("lists");
    // Cut off between the two renames: the old source is moved away, the new one not yet in place.
    fs::rename(lists.join("good"), lists.join(".old")).unwrap();
    let more = folder.file("more.txt", names(10).as_bytes());
    let finished = folder.run(&[&more]);
    assert!(finished.out.contains("In force: 210 rules of all sources."), "{}", finished.out);
    assert!(!lists.join(".old").exists());
}

#[test]
fn unknown_words_are_answered_with_the_ones_meant() {
    let folder = Folder::new();
    let file = folder.file("games.txt", b"name.test\n");
    let finished = folder.run(&[&file, "--category", "gamblin"]);
    assert_eq!(finished.code, 2);
    assert!(finished.err.contains("did you mean \"gambling\"?"), "{}", finished.err);
    let settings = folder.file("bad.toml", b"[school]\nname = \"A\"\nx = 1\n");
    let finished = folder.run(&[&file, "--school", &settings]);
    assert_eq!(finished.code, 78);
    assert!(finished.err.contains("bad.toml:3:"), "{}", finished.err);
}

#[test]
fn the_attack_samples_end_as_their_manifest_says() {
    let Some(data) = test_data() else { return };
    let samples = data.join("attacks/lists");
    let manifest = fs::read_to_string(samples.join("manifest.jsonl")).unwrap();
    let mut seen = 0;
    for case in manifest.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        if case["kind"] != "list" {
            continue;
        }
        seen += 1;
        let folder = Folder::with_rules();
        let path = samples.join(case["dir"].as_str().unwrap()).join(case["file"].as_str().unwrap());
        let args = [path.to_str().unwrap(), "--name", "sample", "--category", "gambling"];
        match case["expect"].as_str().unwrap() {
            "reject" => folder.refused(&args, 65, &[]),
            expect => {
                let finished = folder.run(&args);
                assert_eq!(finished.code, 0, "{case}: {}", finished.err);
                let dropped = finished.out.contains("left out: ");
                assert_eq!(dropped, expect == "accept-drop", "{case}: {}", finished.out);
            }
        }
    }
    assert!(seen > 0);
}
