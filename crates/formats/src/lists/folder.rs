//! A real folder: its names as a tree, and its files opened without ever leaving it.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File, FileType};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::error::{Fault, ReadError, Stop};
use super::job::Job;
use super::stream::Content;
use super::text;
use super::tree::{Kind, MAX_DEPTH, NodeId, Tree};

pub(super) struct Folder {
    /// The folder itself, with no link left in its path.
    root: PathBuf,
    pub(super) tree: Tree,
    files: HashMap<NodeId, PathBuf>,
}

impl Folder {
    /// Looks at every name below a folder and follows none.
    pub(super) fn walk(job: &Job<'_>, path: &Path) -> Result<Self, ReadError> {
        let root = fs::canonicalize(path).map_err(|error| job.io("", error))?;
        let mut folder = Self { root: root.clone(), tree: Tree::new(), files: HashMap::new() };
        let mut members = 0;
        let mut waiting = vec![(Tree::ROOT, root, 0)];
        while let Some((id, path, depth)) = waiting.pop() {
            let at = folder.tree.path(id);
            if depth > MAX_DEPTH {
                return Err(job.refuse(&at, Fault::NameTooLong));
            }
            let entries = fs::read_dir(&path).map_err(|error| job.io(&at, error))?;
            for entry in entries {
                let entry = entry.map_err(|error| job.io(&at, error))?;
                members += 1;
                if members > job.limits().members {
                    return Err(job.refuse("", Fault::TooManyMembers(job.limits().members)));
                }
                let child = folder.take(job, id, &entry.path())?;
                if folder.tree.is_folder(child) {
                    waiting.push((child, entry.path(), depth + 1));
                }
            }
        }
        Ok(folder)
    }

    fn take(&mut self, job: &Job<'_>, parent: NodeId, path: &Path) -> Result<NodeId, ReadError> {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        let shown = || match self.tree.path(parent) {
            at if at.is_empty() => text::name(name),
            at => format!("{at}/{}", text::name(name)),
        };
        let about = fs::symlink_metadata(path).map_err(|error| job.io(&shown(), error))?;
        let kind = if about.is_dir() {
            Kind::Folder(BTreeMap::new())
        } else if about.is_symlink() {
            let target = fs::read_link(path).map_err(|error| job.io(&shown(), error))?;
            Kind::Link(target.into_os_string().into_encoded_bytes())
        } else if about.is_file() {
            Kind::File(about.modified().ok().and_then(seconds))
        } else {
            return Err(job.refuse(&shown(), Fault::Special(special(about.file_type()))));
        };
        let is_file = about.is_file();
        let added = self.tree.add(parent, name, kind);
        let id = added.map_err(|fault| job.refuse(&self.tree.path(parent), fault))?;
        if is_file {
            self.files.insert(id, path.to_owned());
        }
        Ok(id)
    }

    /// How many bytes a file has, as far as that can be told.
    pub(super) fn size(&self, id: NodeId) -> u64 {
        self.files.get(&id).and_then(|path| fs::symlink_metadata(path).ok()).map_or(0, |about| about.len())
    }

    /// Opens a file. The names may have changed since they were looked at, so that they are looked at again.
    pub(super) fn open(&self, job: &Job<'_>, id: NodeId) -> Result<Content<'static>, ReadError> {
        let at = self.tree.path(id);
        let path = self.files.get(&id).map_or_else(|| Path::new(""), PathBuf::as_path);
        let real = fs::canonicalize(path).map_err(|error| job.io(&at, error))?;
        if !real.starts_with(&self.root) {
            return Err(job.refuse(&at, Fault::LinkLeavesSource(text::shown(real.as_os_str().as_encoded_bytes()))));
        }
        let file = open_file(job, &real, &at)?;
        job.open(file).map_err(|stop: Stop| job.stop(&at, stop))
    }
}

/// Opens a path that must be a regular file.
pub(super) fn open_file(job: &Job<'_>, path: &Path, shown: &str) -> Result<File, ReadError> {
    // Opening a named pipe would wait for whoever writes to it.
    let about = fs::metadata(path).map_err(|error| job.io(shown, error))?;
    if !about.is_file() {
        return Err(job.refuse(shown, Fault::Special(special(about.file_type()))));
    }
    File::open(path).map_err(|error| job.io(shown, error))
}

/// Seconds since 1970; nothing for times before.
pub(super) fn seconds(time: SystemTime) -> Option<i64> {
    i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}

#[cfg(unix)]
fn special(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else if kind.is_dir() {
        "a folder"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn special(_: FileType) -> &'static str {
    "something special"
}
