//! Sources made up for a test, and what must hold of everything that is read.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use belisha_filter::{Pattern, Rule};
use belisha_formats::lists::{self, Fault, Format, Limits, List, ReadError, Source};

/// A throwaway folder.
pub(crate) struct Scratch(tempfile::TempDir);

impl Scratch {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, with the folders that lead to it.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    #[cfg(unix)]
    pub(crate) fn link(&self, name: &str, target: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
    }
}

pub(crate) fn try_read(path: &Path, format: Option<Format>, limits: &Limits) -> Result<Source, ReadError> {
    let source = lists::read(path, format, limits, &mut |_| {});
    if let Ok(source) = &source {
        check(source, limits);
    }
    source
}

pub(crate) fn read(path: &Path) -> Source {
    try_read(path, None, &Limits::default()).unwrap()
}

/// What a file with this content is read as.
pub(crate) fn read_bytes(content: impl AsRef<[u8]>) -> Result<Source, ReadError> {
    let scratch = Scratch::new();
    try_read(&scratch.file("list", content), None, &Limits::default())
}

/// Why a file with this content is refused.
pub(crate) fn fault_of(content: impl AsRef<[u8]>) -> Fault {
    match read_bytes(content) {
        Ok(source) => panic!("read as {source:?}"),
        Err(error) => {
            assert!(error.is_bad_input(), "{error}");
            assert!(error.to_string().contains("list"), "names no file: {error}");
            error.fault().unwrap().clone()
        }
    }
}

pub(crate) fn names(source: &Source) -> Vec<&str> {
    source.lists.iter().map(|list| list.name.as_str()).collect()
}

pub(crate) fn list<'a>(source: &'a Source, name: &str) -> &'a List {
    source.lists.iter().find(|list| list.name == name).unwrap_or_else(|| panic!("no {name} in {:?}", names(source)))
}

/// What holds of every source, whatever it was read from.
pub(crate) fn check(source: &Source, limits: &Limits) {
    assert!(!source.lists.is_empty());
    assert!(source.lists.is_sorted_by(|a, b| a.name < b.name), "{:?}", names(source));
    assert!(source.aliases.is_sorted_by(|a, b| a.name < b.name), "{:?}", source.aliases);
    for alias in &source.aliases {
        list(source, &alias.of);
        assert!(!names(source).contains(&alias.name.as_str()), "{alias:?}");
    }
    assert!(source.notes.len() <= limits.complaints_kept + 1);
    for list in &source.lists {
        let lines: Vec<_> = list.rules.split_terminator('\n').collect();
        assert!(list.rules.is_empty() || list.rules.ends_with('\n'));
        assert!(lines.is_sorted_by(|a, b| a < b), "{}", list.name);
        assert_eq!(lines.len() as u64, list.rule_count, "{}", list.name);
        for line in lines {
            let again = match Rule::from_normalised(line) {
                Ok(rule) => rule.to_string(),
                Err(_) => Pattern::from_normalised(line).unwrap().to_string(),
            };
            assert_eq!(again, line);
        }
        assert!(list.malformed + list.queries <= list.lines, "{list:?}");
        let quoted = list.complaints.iter().filter(|complaint| complaint.line > 0).count();
        assert_eq!(quoted as u64, list.malformed.min(limits.complaints_kept as u64), "{list:?}");
        assert!(!list.name.contains('/') && !list.name.contains(char::is_control), "{:?}", list.name);
    }
    let complaints = source.lists.iter().flat_map(|list| &list.complaints).chain(&source.notes);
    for complaint in complaints {
        assert!(!complaint.to_string().contains(char::is_control), "{complaint:?}");
        assert!(!complaint.file.is_empty());
    }
}

pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstd(content: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// A header as anyone could write it, its checksum good.
pub(crate) fn header(kind: u8, name: &[u8], target: &[u8], size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_size(size);
    header.set_entry_type(tar::EntryType::new(kind));
    let old = header.as_old_mut();
    old.name[..name.len()].copy_from_slice(name);
    old.linkname[..target.len()].copy_from_slice(target);
    header.set_cksum();
    header
}

/// A member: its header and its content in whole blocks.
pub(crate) fn member(kind: u8, name: &[u8], target: &[u8], content: &[u8]) -> Vec<u8> {
    let mut bytes = header(kind, name, target, content.len() as u64).as_bytes().to_vec();
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

pub(crate) fn file(name: &str, content: impl AsRef<[u8]>) -> Vec<u8> {
    member(b'0', name.as_bytes(), b"", content.as_ref())
}

pub(crate) fn symlink(name: &str, target: &str) -> Vec<u8> {
    member(b'2', name.as_bytes(), target.as_bytes(), b"")
}

pub(crate) fn hard_link(name: &str, target: &str) -> Vec<u8> {
    member(b'1', name.as_bytes(), target.as_bytes(), b"")
}

/// Members as a whole archive.
pub(crate) fn tar(members: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = members.concat();
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

/// A record of an extended header: its own length in decimal, a key and a value.
pub(crate) fn record(key: &str, value: &str) -> Vec<u8> {
    let rest = format!(" {key}={value}\n");
    let length = (1_usize..200).find(|length| length.to_string().len() + rest.len() == *length).unwrap();
    format!("{length}{rest}").into_bytes()
}

/// Lines with a number in each.
pub(crate) fn numbered(count: usize, before: &str, after: &str) -> String {
    (0..count).flat_map(|n| [before.to_owned(), n.to_string(), after.to_owned(), "\n".to_owned()]).collect()
}
