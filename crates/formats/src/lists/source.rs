//! A source from its path to its lists.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{Read, Seek as _};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::archive::{self, Visitor};
use super::error::{Fault, ReadError};
use super::folder::{self, Folder};
use super::job::Job;
use super::layout::{self, Part, Plan};
use super::reading::{self, Reading};
use super::stream::{Content, Inside};
use super::syntax::Syntax;
use super::tree::{Kind, NodeId, Tree};
use super::{Complaint, Format, Limits, List, Progress, Source, rules, text};

/// 2000-01-01: archives that keep no times have 1970.
const YEAR_2000: i64 = 946_684_800;
/// How often an archive is read at most: once to see what is in it, and once for each way of reading a file.
const PASSES: usize = 6;

pub(super) fn read(
    path: &Path,
    format: Option<Format>,
    limits: &Limits,
    progress: &mut dyn FnMut(Progress),
) -> Result<Source, ReadError> {
    let mut job = Job::new(path, limits, progress);
    let about = fs::metadata(path).map_err(|error| job.io("", error))?;
    let mut source = if about.is_dir() {
        read_folder(&mut job, path, format)?
    } else {
        job.set_total(about.len());
        read_file(&mut job, path, format)?
    };
    cap(&mut source.notes, limits.complaints_kept);
    job.finish(source.lists.len() as u64);
    Ok(source)
}

/// Keeps the first notes, and says how many more there were.
fn cap(notes: &mut Vec<Complaint>, kept: usize) {
    let more = notes.len().saturating_sub(kept);
    if more > 0 {
        notes.truncate(kept);
        notes.push(Complaint { file: "…".into(), line: 0, text: format!("{more} more notes like these") });
    }
}

fn read_folder(job: &mut Job<'_>, path: &Path, format: Option<Format>) -> Result<Source, ReadError> {
    let folder = Folder::walk(job, path)?;
    let root = fs::canonicalize(path).ok();
    let root = root.as_deref().and_then(Path::file_name).unwrap_or_default();
    let plan = plan(job, &folder.tree, format, &text::name(root.as_encoded_bytes()))?;
    let parts = parts(&plan);
    job.set_total(parts.keys().map(|part| folder.size(part.file)).sum());
    let mut readings = HashMap::new();
    for list in &plan.lists {
        job.list_begun();
        for part in &list.parts {
            if readings.contains_key(part) {
                continue;
            }
            let at = folder.tree.path(part.file);
            let Content::Text(content) = folder.open(job, part.file)? else {
                return Err(job.refuse(&at, Fault::PackedTwice));
            };
            let reading = reading::read(job, content, part.syntax, &at);
            readings.insert(*part, reading.map_err(|error| job.stop(&at, error.into()))?);
        }
    }
    assemble(job, &folder.tree, plan, readings)
}

fn read_file(job: &mut Job<'_>, path: &Path, format: Option<Format>) -> Result<Source, ReadError> {
    let file = folder::open_file(job, path, "")?;
    let again = file.try_clone().map_err(|error| job.io("", error))?;
    let modified = file.metadata().and_then(|about| about.modified()).ok();
    let real = fs::canonicalize(path).map_err(|error| job.io("", error))?;
    let name = path.file_name().or(real.file_name()).unwrap_or_default().as_encoded_bytes();
    match job.open(file).map_err(|stop| job.stop("", stop))? {
        Content::Tar(content, inside) => {
            let root = text::name(layout::stem(name));
            read_archive(job, again, content, inside, format, &root)
        }
        Content::Text(content) => {
            job.list_begun();
            let parent = std::path::absolute(path).ok();
            let parent = parent.as_deref().and_then(Path::parent).and_then(Path::file_name);
            let list = layout::lone_name(name, parent.map(std::ffi::OsStr::as_encoded_bytes));
            let syntax = layout::lone_syntax(name, format);
            let reading = reading::read(job, content, syntax, &text::name(name));
            let reading = reading.map_err(|error| job.stop("", error.into()))?;
            let newest = modified.and_then(folder::seconds).and_then(newest);
            let list = finish(list, vec![reading], newest, job.limits());
            Ok(Source { lists: vec![list], ..Source::default() })
        }
    }
}

fn read_archive(
    job: &mut Job<'_>,
    mut file: File,
    content: Box<dyn Read + '_>,
    inside: Inside,
    format: Option<Format>,
    root: &str,
) -> Result<Source, ReadError> {
    let mut loader = Loader { inside, wanted: Wanted::ByName(format), readings: HashMap::new(), folder: None };
    let tree = archive::walk(job, content, &mut loader)?;
    let plan = plan(job, &tree, format, root)?;
    for _ in 1..PASSES {
        let missing = loader.missing(&plan);
        if missing.is_empty() {
            return assemble(job, &tree, plan, loader.readings);
        }
        file.rewind().map_err(|error| job.io("", error))?;
        let again = file.try_clone().map_err(|error| job.io("", error))?;
        let Content::Tar(content, inside) = job.open(again).map_err(|stop| job.stop("", stop))? else {
            break;
        };
        loader.inside = inside;
        loader.wanted = Wanted::These(missing);
        archive::walk(job, content, &mut loader)?;
    }
    Err(job.refuse("", Fault::Damaged("it changed while it was read".into())))
}

fn plan(job: &Job<'_>, tree: &Tree, format: Option<Format>, root: &str) -> Result<Plan, ReadError> {
    layout::plan(tree, format, root).map_err(|(at, fault)| job.refuse(&at, fault))
}

/// Reads the files of an archive that are wanted, as they go by.
struct Loader {
    inside: Inside,
    wanted: Wanted,
    readings: HashMap<Part, Reading>,
    /// The folder of the last file, to count lists by.
    folder: Option<NodeId>,
}

enum Wanted {
    /// What looks like a list by its name: most archives need no second pass.
    ByName(Option<Format>),
    These(HashMap<NodeId, Syntax>),
}

impl Loader {
    /// What a further pass is to read; one way of reading for each file.
    fn missing(&self, plan: &Plan) -> HashMap<NodeId, Syntax> {
        let parts = plan.lists.iter().flat_map(|list| &list.parts);
        parts.filter(|part| !self.readings.contains_key(part)).map(|part| (part.file, part.syntax)).collect()
    }
}

impl Visitor for Loader {
    fn file(&mut self, job: &mut Job<'_>, tree: &Tree, id: NodeId, content: &mut dyn Read) -> Result<(), ReadError> {
        let syntax = match &self.wanted {
            Wanted::ByName(format) => layout::first_guess(tree.name(id), *format),
            Wanted::These(parts) => parts.get(&id).copied(),
        };
        let Some(syntax) = syntax else { return Ok(()) };
        let folder = tree.parent(id);
        if folder != self.folder {
            self.folder = folder;
            job.list_begun();
        }
        let at = tree.path(id);
        let text = self.inside.open(content).map_err(|stop| job.stop(&at, stop))?;
        let reading = reading::read(job, text, syntax, &at).map_err(|error| job.stop(&at, error.into()))?;
        self.readings.insert(Part { file: id, syntax }, reading);
        Ok(())
    }
}

/// How often each part is used.
fn parts(plan: &Plan) -> HashMap<Part, usize> {
    let mut uses = HashMap::new();
    for part in plan.lists.iter().flat_map(|list| &list.parts) {
        *uses.entry(*part).or_default() += 1;
    }
    uses
}

fn assemble(job: &Job<'_>, tree: &Tree, plan: Plan, mut readings: HashMap<Part, Reading>) -> Result<Source, ReadError> {
    let mut uses = parts(&plan);
    let mut lists = Vec::with_capacity(plan.lists.len());
    for planned in plan.lists {
        let mut found = Vec::new();
        let mut latest = None;
        for part in planned.parts {
            let left = uses.entry(part).or_default();
            *left = left.saturating_sub(1);
            let reading = if *left == 0 {
                readings.remove(&part)
            } else {
                // Twenty thousand links to one large file must not fill the memory.
                let reading = readings.get(&part);
                job.spend(reading.map_or(0, |reading| reading.rules.len() as u64), &tree.path(part.file))?;
                reading.cloned()
            };
            found.extend(reading);
            if let Some(Kind::File(modified)) = tree.kind(part.file) {
                latest = latest.max(*modified);
            }
        }
        lists.push(finish(planned.name, found, latest.and_then(newest), job.limits()));
    }
    Ok(Source { lists, aliases: plan.aliases, notes: plan.notes })
}

fn finish(name: String, readings: Vec<Reading>, newest: Option<SystemTime>, limits: &Limits) -> List {
    let mut list = List { name, newest, ..List::default() };
    let mut complaints = Vec::new();
    for reading in readings {
        list.rules = rules::merge(std::mem::take(&mut list.rules), reading.rules);
        list.lines += reading.lines;
        list.malformed += reading.malformed;
        list.expressions += reading.expressions;
        list.expression_rules = rules::merge(std::mem::take(&mut list.expression_rules), reading.expression_rules);
        list.queries += reading.queries;
        list.unsupported += reading.unsupported;
        list.complaints.extend(reading.note);
        complaints.extend(reading.complaints);
    }
    complaints.truncate(limits.complaints_kept);
    list.complaints.extend(complaints);
    list.rule_count = rules::count(&list.rules);
    list
}

fn newest(seconds: i64) -> Option<SystemTime> {
    let seconds = u64::try_from(seconds).ok().filter(|_| seconds >= YEAR_2000)?;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}
