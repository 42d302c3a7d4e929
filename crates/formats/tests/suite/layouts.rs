//! Which files of a source are lists: the same in a folder and in an archive of it.

use belisha_formats::lists::{Alias, Fault, Format, Limits, Source};

use crate::common::*;

/// Files and links as a folder and as an archive; both must be read alike.
fn both(files: &[(&str, &str)], links: &[(&str, &str)]) -> Source {
    let scratch = Scratch::new();
    let mut members = Vec::new();
    for (name, content) in files {
        scratch.file(&format!("list/{name}"), content);
        members.push(file(name, content));
    }
    for (name, target) in links {
        #[cfg(unix)]
        scratch.link(&format!("list/{name}"), target);
        members.push(symlink(name, target));
    }
    let mut folder = read(&scratch.path("list"));
    let archive = read(&scratch.file("packed/list.tar.gz", gzip(&tar(&members))));
    for list in &mut folder.lists {
        assert!(list.newest.take().is_some(), "{}", list.name);
    }
    #[cfg(unix)]
    assert_eq!(folder, archive);
    archive
}

fn alias(name: &str, of: &str) -> Alias {
    Alias { name: name.into(), of: of.into() }
}

fn notes(source: &Source) -> Vec<String> {
    source.notes.iter().map(ToString::to_string).collect()
}

#[test]
fn squidguard_folders_at_any_depth() {
    let source = both(
        &[
            ("README", "a.example\n"),
            ("lists/global_usage", "NAME: arcade\n"),
            ("lists/arcade/domains", "a.example\n"),
            ("lists/arcade/urls", "b.example/x\n"),
            ("lists/arcade/usage", "black\n"),
            ("lists/arcade/domains.db", "\0\0\0"),
            ("lists/deeper/still/puzzles/DOMAINS", "c.example\n"),
            ("lists/words/very_strict_expression", "(a|b)\n"),
            ("lists/none/domains", ""),
            ("lists/extra.txt", "d.example\n"),
        ],
        &[],
    );
    assert_eq!(names(&source), ["arcade", "none", "puzzles", "words"]);
    assert_eq!(list(&source, "arcade").rules, "a.example\nb.example/x\n");
    assert_eq!(list(&source, "puzzles").rules, "c.example\n");
    assert_eq!((list(&source, "words").rule_count, list(&source, "words").expressions), (0, 1));
    assert_eq!(list(&source, "words").expression_rules, "", "squidGuard applies such a file only where it is named");
    assert_eq!(notes(&source), ["lists/extra.txt: skipped: not a file of squidGuard's layout"]);
}

#[test]
fn links_are_further_names_or_further_lists() {
    let source = both(
        &[
            ("lists/arcade/domains", "a.example\n"),
            ("lists/arcade/urls", "b.example/x\n"),
            ("lists/strict/urls", "c.example/x\n"),
        ],
        &[
            ("lists/spiele", "arcade"),
            ("lists/jeux", "./spiele"),
            ("lists/strict/domains", "../jeux/domains"),
            ("lists/urls-only/domains", "../arcade/urls"),
            ("latest", "lists"),
        ],
    );
    assert_eq!(source.aliases, [alias("jeux", "arcade"), alias("spiele", "arcade")]);
    assert_eq!(names(&source), ["arcade", "strict", "urls-only"]);
    assert_eq!(list(&source, "strict").rules, "a.example\nc.example/x\n");
    // Read as what the link is called: a name with a path is no domain.
    assert_eq!(list(&source, "urls-only").malformed, 1);
    assert_eq!(notes(&source), ["latest: skipped: a link to something that is not a list"]);
}

#[test]
fn hard_links_count_as_links_to_files() {
    let members = [file("lists/a/domains", "a.example\n"), hard_link("lists/b/domains", "./lists/a/domains")];
    let source = read_bytes(tar(&members)).unwrap();
    assert_eq!(list(&source, "b").rules, list(&source, "a").rules);
    let plain = read_bytes(tar(&[file("a.txt", "a.example\n"), hard_link("b.txt", "a.txt")])).unwrap();
    assert_eq!(names(&plain), ["a"]);
    assert_eq!(plain.aliases, [alias("b", "a")]);
}

#[test]
fn lists_of_one_name_are_told_apart_by_their_paths() {
    let source = both(
        &[
            ("arts/sites/domains", "a.example\n"),
            ("trade/sites/domains", "b.example\n"),
            ("arts-sites/domains", "c.example\n"),
        ],
        &[("sites", "arts/sites")],
    );
    assert_eq!(names(&source), ["arts-sites", "arts-sites-2", "trade-sites"]);
    assert_eq!(list(&source, "arts-sites").rules, "c.example\n");
    assert_eq!(list(&source, "arts-sites-2").rules, "a.example\n");
    assert_eq!(list(&source, "trade-sites").rules, "b.example\n");
    assert_eq!(source.aliases, [alias("sites", "arts-sites-2")]);
    assert_eq!(source.notes.len(), 2);
}

#[test]
fn a_list_in_the_root_with_the_name_of_another() {
    let source = both(&[("domains", "a.example\n"), ("deep/list/domains", "b.example\n")], &[]);
    assert_eq!(names(&source), ["deep-list", "list-2"]);
    assert_eq!(list(&source, "list-2").rules, "a.example\n");
}

#[test]
fn plain_files_of_one_name_are_told_apart_by_their_paths() {
    let source = both(
        &[
            ("names/arcade.txt", "a.example\n"),
            ("hosts/arcade.hosts", "0.0.0.0 b.example\n"),
            ("arcade", "c.example\n"),
        ],
        &[],
    );
    assert_eq!(names(&source), ["arcade-2", "hosts-arcade", "names-arcade"]);
    assert_eq!(list(&source, "hosts-arcade").rules, "b.example\n");
}

#[test]
fn folders_of_plain_files() {
    let source = both(
        &[
            ("arcade.txt", "a.example\n"),
            ("puzzles.hosts", "0.0.0.0 b.example\n"),
            ("more/sport.list", "c.example\n"),
            ("README.md", "d.example\n"),
            ("LICENSE", "d.example\n"),
            ("index.json", "{}"),
            (".hidden", "d.example\n"),
            ("SHA256SUMS", "d.example\n"),
        ],
        &[("spiele.txt", "arcade.txt")],
    );
    assert_eq!(names(&source), ["arcade", "puzzles", "sport"]);
    assert_eq!(list(&source, "puzzles").rules, "b.example\n");
    assert_eq!(source.aliases, [alias("spiele", "arcade")]);
    assert_eq!(source.notes.len(), 5);
}

#[test]
fn a_folder_that_is_a_category_itself() {
    let source = both(&[("domains", "a.example\n"), ("urls", "b.example/x\n"), ("notes.txt", "x\n")], &[]);
    assert_eq!(names(&source), ["list"]);
    assert_eq!(source.lists[0].rules, "a.example\nb.example/x\n");
}

#[test]
fn packed_files_in_folders_and_archives() {
    let scratch = Scratch::new();
    scratch.file("list/arcade/domains.gz", gzip(b"a.example\n"));
    scratch.file("list/puzzles/domains.zst", zstd(b"b.example\n"));
    let archive = tar(&[
        file("arcade/domains.gz", gzip(b"a.example\n")),
        // Told by its content, whatever it is called.
        file("puzzles/domains", zstd(b"b.example\n")),
    ]);
    for path in [scratch.path("list"), scratch.file("list.tar.zst", zstd(&archive)), scratch.file("blob", archive)] {
        let source = read(&path);
        assert_eq!(names(&source), ["arcade", "puzzles"]);
        assert_eq!(source.lists[1].rules, "b.example\n");
    }
}

#[test]
fn the_caller_may_say_what_a_source_is() {
    let scratch = Scratch::new();
    scratch.file("list/arcade/domains", "a.example\n");
    scratch.file("list/plain.txt", "# x\n0.0.0.0 b.example\n");
    let members = [file("arcade/domains", "a.example\n"), file("plain.txt", "# x\n0.0.0.0 b.example\n")];
    for path in [scratch.path("list"), scratch.file("list.tar", tar(&members))] {
        let as_format = |format| try_read(&path, Some(format), &Limits::default()).unwrap();
        assert_eq!(names(&as_format(Format::SquidGuard)), ["arcade"]);
        let hosts = as_format(Format::Hosts);
        assert_eq!(names(&hosts), ["domains", "plain"]);
        assert_eq!(list(&hosts, "plain").rules, "b.example\n");
        assert_eq!(list(&hosts, "domains").malformed, 1);
        assert_eq!(list(&as_format(Format::Domains), "domains").rules, "a.example\n");
    }
}

#[test]
fn sources_without_a_list() {
    let scratch = Scratch::new();
    scratch.file("list/README.md", "a.example\n");
    for path in [scratch.path("list"), scratch.file("list.tar", tar(&[file("README.md", "a.example\n")]))] {
        let error = try_read(&path, None, &Limits::default()).unwrap_err();
        assert!(matches!(error.fault(), Some(Fault::NoList(_))), "{error}");
        assert!(error.to_string().contains("has no list in it: looked for folders with `domains`"), "{error}");
    }
    scratch.file("list/plain.txt", "a.example\n");
    let error = try_read(&scratch.path("list"), Some(Format::SquidGuard), &Limits::default()).unwrap_err();
    assert!(matches!(error.fault(), Some(Fault::NoList(_))), "{error}");
}

#[test]
fn the_newest_time_of_a_list() {
    let at = |name: &str, seconds| {
        let mut header = header(b'0', name.as_bytes(), b"", 0);
        header.set_mtime(seconds);
        header.set_cksum();
        header.as_bytes().to_vec()
    };
    let members = [
        at("lists/a/domains", 1_700_000_000),
        at("lists/a/urls", 1_600_000_000),
        at("lists/b/domains", 0),
        at("lists/c/domains", 946_684_799),
        at("lists/d/domains", u64::MAX),
        symlink("lists/e/domains", "../a/domains"),
        member(b'x', b"x", b"", &record("mtime", "1800000000.125")),
        at("lists/f/domains", 0),
    ];
    let source = read_bytes(tar(&members)).unwrap();
    let newest = |name: &str| {
        let time = list(&source, name).newest?;
        Some(time.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs())
    };
    assert_eq!(newest("a"), Some(1_700_000_000));
    assert_eq!((newest("b"), newest("c"), newest("d")), (None, None, None));
    assert_eq!(newest("e"), newest("a"));
    assert_eq!(newest("f"), Some(1_800_000_000));
}

#[test]
fn names_that_are_meant_to_mislead() {
    let odd = ["\"quoted' & <b>", "🚦 beacon", "a\u{1b}[31m", "new\nline", "\u{202e}txt.evil", "-rf", "%00", "🏳️‍🌈"];
    let files: Vec<_> = odd.iter().map(|name| (format!("lists/{name}/domains"), "a.example\nbad line\n")).collect();
    let files: Vec<_> = files.iter().map(|(name, content)| (name.as_str(), *content)).collect();
    let source = both(&files, &[]);
    assert_eq!(source.lists.len(), odd.len());
    list(&source, "\"quoted' & <b>");
    list(&source, "🚦 beacon");
    assert_eq!(list(&source, "a\\u{1b}[31m").complaints[0].file, "lists/a\\u{1b}[31m/domains");
    list(&source, "new\\u{a}line");
    list(&source, "\\u{202e}txt.evil");
    assert_eq!(source.notes.len(), 4);
    assert!(source.notes.iter().all(|note| note.text.contains("shown with escapes")), "{:?}", source.notes);
}

#[cfg(unix)]
#[test]
fn names_that_are_not_utf8() {
    use std::os::unix::ffi::OsStrExt as _;
    let scratch = Scratch::new();
    let folder = scratch.path("list").join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("domains"), "a.example\n").unwrap();
    let archive = tar(&[member(b'0', b"caf\xe9/domains", b"", b"a.example\n")]);
    for path in [scratch.path("list"), scratch.file("list.tar", archive)] {
        let source = read(&path);
        assert_eq!(names(&source), ["caf\\xe9"]);
        assert_eq!(notes(&source), ["caf\\xe9: the name is not plain text and is shown with escapes"]);
    }
}

#[test]
fn many_notes_are_cut_short() {
    let mut members = vec![file("lists/a/domains", "a.example\n")];
    members.extend((0..100).map(|n| file(&format!("lists/other{n}"), "")));
    let source = read_bytes(tar(&members)).unwrap();
    assert_eq!(source.notes.len(), 21);
    assert_eq!(source.notes[20].text, "80 more notes like these");
}
