//! Tar archives, read strictly: what two readers could understand differently is refused.
//!
//! The `tar` crate reads blocks, checksums and numbers; names, links and kinds of members are judged here.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::rc::Rc;

use tar::{Archive, Entry, Header, PaxExtensions};

use super::error::{Fault, ReadError, Stop};
use super::job::Job;
use super::text;
use super::tree::{Kind, MAX_NAME, NodeId, Tree};

/// Largest block of extended headers: a few names and times.
const MAX_EXTENSIONS: u64 = 64 * 1024;

/// What is done with each file of an archive, as it goes by.
pub(super) trait Visitor {
    fn file(&mut self, job: &mut Job<'_>, tree: &Tree, id: NodeId, content: &mut dyn Read) -> Result<(), ReadError>;
}

/// Reads an archive to its end and gives its names.
pub(super) fn walk(job: &mut Job<'_>, input: impl Read, visitor: &mut dyn Visitor) -> Result<Tree, ReadError> {
    let ended = Rc::new(Cell::new(false));
    let mut archive = Archive::new(Input { input, ended: Rc::clone(&ended) });
    let mut tree = Tree::new();
    let mut extensions = Extensions::default();
    let mut members = 0;
    let mut at = String::new();
    for entry in archive.entries().map_err(|error| job.stop("", error.into()))?.raw(true) {
        // Damage to the header of a member shows after the last good one.
        let mut entry = entry.map_err(|error| job.stop(&after(&at), error.into()))?;
        members += 1;
        if members > job.limits().members {
            return Err(job.refuse("", Fault::TooManyMembers(job.limits().members)));
        }
        if extensions.take(&mut entry).map_err(|stop| job.stop(&after(&at), stop))? {
            continue;
        }
        let member = std::mem::take(&mut extensions).describe(entry.header());
        at = text::name(&member.path);
        let kind = member.kind(entry.header(), &tree).map_err(|fault| job.refuse(&at, fault))?;
        let Some(kind) = kind else { continue };
        let is_file = matches!(kind, Kind::File(_));
        let id = tree.insert(&member.path, kind).map_err(|fault| job.refuse(&at, fault))?;
        if is_file {
            visitor.file(job, &tree, id, &mut entry)?;
        }
    }
    if extensions != Extensions::default() {
        return Err(job.refuse("", Fault::Damaged("its last member has a name and no header".into())));
    }
    if ended.get() {
        return Err(job.refuse("", Fault::Damaged("the mark at its end is missing".into())));
    }
    only_zeros(archive.into_inner()).map_err(|stop| job.stop("", stop))?;
    Ok(tree)
}

fn after(member: &str) -> String {
    if member.is_empty() { String::new() } else { format!("what follows {member}") }
}

/// Behind the end there is padding and nothing else; reading it also checks the packing's own checksum.
fn only_zeros(mut rest: impl Read) -> Result<(), Stop> {
    let mut buffer = vec![0; 32 * 1024];
    loop {
        let count = match rest.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            result => result?,
        };
        if count == 0 {
            return Ok(());
        }
        if buffer.iter().take(count).any(|byte| *byte != 0) {
            return Err(Fault::DataAfterEnd.into());
        }
    }
}

/// Remembers that there was nothing more: an archive that is cut off between two members looks complete otherwise.
struct Input<R> {
    input: R,
    ended: Rc<Cell<bool>>,
}

impl<R: Read> Read for Input<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(out)?;
        if count == 0 && !out.is_empty() {
            self.ended.set(true);
        }
        Ok(count)
    }
}

/// What the headers in front of a member say about it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Extensions {
    path: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
    size: Option<Vec<u8>>,
    modified: Option<Vec<u8>>,
    sparse: bool,
}

impl Extensions {
    /// Takes in an entry that describes the next one; `false` where it is a member itself.
    fn take(&mut self, entry: &mut Entry<'_, impl Read>) -> Result<bool, Stop> {
        match entry.header().entry_type().as_byte() {
            b'L' => once(&mut self.path, long_name(entry)?)?,
            b'K' => once(&mut self.target, long_name(entry)?)?,
            b'x' => {
                let records = content(entry, MAX_EXTENSIONS)?;
                self.take_records(&records)?;
            }
            b'g' => {
                // Written by `git archive` for its comment. What would change every member is not taken.
                let mut all = Self::default();
                all.take_records(&content(entry, MAX_EXTENSIONS)?)?;
                all.modified = None;
                if all != Self::default() {
                    return Err(damaged("it has names or sizes for all its members"));
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn take_records(&mut self, records: &[u8]) -> Result<(), Stop> {
        for record in PaxExtensions::new(records) {
            let record = record?;
            let value = || record.value_bytes().to_vec();
            match record.key_bytes() {
                b"path" => once(&mut self.path, value())?,
                b"linkpath" => once(&mut self.target, value())?,
                b"size" => once(&mut self.size, value())?,
                b"mtime" => once(&mut self.modified, value())?,
                key => self.sparse |= key.starts_with(b"GNU.sparse"),
            }
        }
        Ok(())
    }

    fn describe(self, header: &Header) -> Member {
        Member {
            path: self.path.unwrap_or_else(|| header.path_bytes().into_owned()),
            target: self.target.or_else(|| header.link_name_bytes().map(std::borrow::Cow::into_owned)),
            size: self.size,
            modified: self.modified,
            sparse: self.sparse,
        }
    }
}

struct Member {
    path: Vec<u8>,
    target: Option<Vec<u8>>,
    size: Option<Vec<u8>>,
    modified: Option<Vec<u8>>,
    sparse: bool,
}

impl Member {
    /// What the member is; nothing for a volume's label.
    fn kind(&self, header: &Header, tree: &Tree) -> Result<Option<Kind>, Fault> {
        let size = header.entry_size().map_err(|_| Fault::Damaged("its size is not a number".into()))?;
        if self.size.as_ref().is_some_and(|stated| *stated != size.to_string().into_bytes()) {
            return Err(Fault::Damaged("it has two sizes".into()));
        }
        let kind = match header.entry_type().as_byte() {
            _ if self.sparse => return Err(Fault::Sparse),
            // Old archives mark a folder by the slash alone.
            b'0' | 0 | b'7' if !self.path.ends_with(b"/") => return Ok(Some(Kind::File(self.modified(header)))),
            b'0' | 0 | b'7' | b'5' => Some(Kind::Folder(BTreeMap::new())),
            b'1' => Some(self.hard_link(tree)?),
            b'2' => Some(Kind::Link(self.link_target()?)),
            b'3' => return Err(Fault::Special("a character device")),
            b'4' => return Err(Fault::Special("a block device")),
            b'6' => return Err(Fault::Special("a named pipe")),
            b'S' => return Err(Fault::Sparse),
            b'V' => None,
            _ => return Err(Fault::Special("a member of an unknown kind")),
        };
        if size > 0 {
            return Err(Fault::Damaged("it has content and is not a file".into()));
        }
        Ok(kind)
    }

    fn link_target(&self) -> Result<Vec<u8>, Fault> {
        match &self.target {
            Some(target) if target.len() <= MAX_NAME => Ok(target.clone()),
            Some(_) => Err(Fault::NameTooLong),
            None => Err(Fault::LinkDangles(String::new())),
        }
    }

    fn hard_link(&self, tree: &Tree) -> Result<Kind, Fault> {
        let target = self.link_target()?;
        let found = match tree.find(&target) {
            Err(Fault::NameLeavesArchive) => return Err(Fault::LinkLeavesSource(text::shown(&target))),
            found => found?,
        };
        match found {
            Some(id) if !tree.is_folder(id) => Ok(Kind::HardLink(id)),
            _ => Err(Fault::LinkDangles(text::shown(&target))),
        }
    }

    /// Whole seconds since 1970; a time that is no number is none.
    fn modified(&self, header: &Header) -> Option<i64> {
        match &self.modified {
            Some(seconds) => {
                let whole = seconds.split(|byte| *byte == b'.').next().unwrap_or_default();
                std::str::from_utf8(whole).ok()?.parse().ok()
            }
            None => i64::try_from(header.mtime().ok()?).ok(),
        }
    }
}

fn once(slot: &mut Option<Vec<u8>>, value: Vec<u8>) -> Result<(), Stop> {
    if slot.replace(value).is_some() {
        return Err(damaged("a member is described twice"));
    }
    Ok(())
}

fn long_name(entry: &mut Entry<'_, impl Read>) -> Result<Vec<u8>, Stop> {
    let mut name = content(entry, MAX_NAME as u64 + 1)?;
    if name.last() == Some(&0) {
        name.pop();
    }
    Ok(name)
}

fn content(entry: &mut Entry<'_, impl Read>, limit: u64) -> Result<Vec<u8>, Stop> {
    let size = entry.size();
    if size > limit {
        return Err(Fault::NameTooLong.into());
    }
    let mut content = Vec::new();
    entry.read_to_end(&mut content)?;
    if content.len() as u64 != size {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    Ok(content)
}

fn damaged(how: &str) -> Stop {
    Fault::Damaged(how.into()).into()
}
