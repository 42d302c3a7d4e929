//! All files of a source, whole and in memory: for sources whose files are read beside one another.

use std::io::Read;
use std::path::Path;

use super::archive::{self, Visitor};
use super::error::ReadError;
use super::folder::{self, Folder};
use super::job::Job;
use super::stream::{Content, Inside};
use super::tree::{Kind, NodeId, Tree};
use super::{Limits, Progress, text};
use crate::lists::error::Fault;

/// A file: its path inside the source, escaped for printing, and what is in it.
pub(crate) type Whole = (String, Vec<u8>);

/// Reads every file of a folder or an archive, or the one file that it is, in the order of their names. Links are
/// passed over. UTF-16 and markup are let through.
pub(crate) fn read_all(
    path: &Path,
    limits: &Limits,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<Whole>, ReadError> {
    let mut job = Job::new(path, limits, progress);
    job.let_any_text_through();
    let about = std::fs::metadata(path).map_err(|error| job.io("", error))?;
    if about.is_dir() {
        let folder = Folder::walk(&job, path)?;
        return of_folder(&mut job, &folder);
    }
    let file = folder::open_file(&job, path, "")?;
    match job.open(file).map_err(|stop| job.stop("", stop))? {
        Content::Tar(content, inside) => {
            let mut all = Collect { inside, files: Vec::new() };
            archive::walk(&mut job, content, &mut all)?;
            all.files.sort();
            Ok(all.files)
        }
        Content::Text(content) => {
            let name = text::name(path.file_name().unwrap_or_default().as_encoded_bytes());
            Ok(vec![(name, bytes(&mut job, content, "")?)])
        }
    }
}

fn of_folder(job: &mut Job<'_>, folder: &Folder) -> Result<Vec<Whole>, ReadError> {
    let mut files = Vec::new();
    for id in folder.tree.nodes() {
        if !matches!(folder.tree.kind(id), Some(Kind::File(_))) {
            continue;
        }
        let at = folder.tree.path(id);
        let Content::Text(content) = folder.open(job, id)? else { return Err(job.refuse(&at, Fault::PackedTwice)) };
        let content = bytes(job, content, &at)?;
        files.push((at, content));
    }
    Ok(files)
}

fn bytes(job: &mut Job<'_>, mut content: impl Read, at: &str) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    content.read_to_end(&mut bytes).map_err(|error| job.stop(at, error.into()))?;
    job.tick(0);
    Ok(bytes)
}

struct Collect {
    inside: Inside,
    files: Vec<Whole>,
}

impl Visitor for Collect {
    fn file(&mut self, job: &mut Job<'_>, tree: &Tree, id: NodeId, content: &mut dyn Read) -> Result<(), ReadError> {
        let at = tree.path(id);
        let content = self.inside.open(content).map_err(|stop| job.stop(&at, stop))?;
        let content = bytes(job, content, &at)?;
        self.files.push((at, content));
        Ok(())
    }
}
