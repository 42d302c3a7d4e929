//! Importing a source: read, check, compile, ask the canaries, and only then put in force.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use belisha_filter::{CompileError, Target};
use belisha_formats::lists::{self, Complaint, Format, Limits, Progress, ReadError};
use belisha_formats::mapping;
use belisha_policy::{CANARIES, Category, Layer, Reason, Verdict, decide};
use chrono::{DateTime, Utc};

use super::compile::{finish, gather};
use super::locking;
use super::manifest::{Manifest, ManifestList, Source, file_name, folders};
use crate::folder::{DataFolder, FileError, at, sync_folder};
use crate::rules::Rules;
use crate::settings::Settings;

/// The share of malformed lines above which a source is refused, in hundredths.
const MALFORMED_PERCENT: u64 = 2;
/// Days ahead for which it is asked whether children reach what they must.
const WEEK: u16 = 8;
/// The share of names that may be gone since last time, in hundredths.
const SHRINK_PERCENT: u64 = 20;
/// Lists smaller than this are not held to the shares one by one: a line of ten is ten per cent.
const SMALL_LIST: u64 = 50;

/// Where a source is written before it takes its place, and where the one it replaces waits.
const NEW: &str = ".new";
const OLD: &str = ".old";

/// What to import, and how.
#[derive(Clone, Debug, Default)]
pub struct Import {
    /// Folders, archives or plain lists that together are one source.
    pub paths: Vec<PathBuf>,
    /// The name of the source; that of the first path otherwise. The same name replaces, another adds.
    pub name: Option<String>,
    /// The category of all lists.
    pub category: Option<Category>,
    /// The categories of single lists, before the mapping that is built in.
    pub maps: BTreeMap<String, Category>,
    /// How to read the lists, where they should not be looked at to find out.
    pub format: Option<Format>,
    /// The licence of the lists and whom to name.
    pub licence: Option<String>,
    /// Whether squidGuard's `expressions` files are applied: they hold much that nobody meant.
    pub expressions: bool,
    /// Whether to check everything and change nothing.
    pub dry_run: bool,
}

/// What an import did, or would do.
#[derive(Debug)]
pub struct Imported {
    /// The source.
    pub source: String,
    /// Its lists, in the order of their names.
    pub lists: Vec<ListSummary>,
    /// Other names for lists that the source has.
    pub aliases: Vec<(String, String)>,
    /// What was left out of the source as a whole, and why.
    pub notes: Vec<Complaint>,
    /// How many rules the source had before; `None` where it is new.
    pub before: Option<u64>,
    /// The rules that are now in force, or would be: those of all sources.
    pub rules: Rules,
    /// Whether anything was changed.
    pub activated: bool,
}

/// What became of one list.
#[derive(Clone, Debug)]
pub struct ListSummary {
    /// Its name.
    pub name: String,
    /// Its category; `None` where nobody has mapped it, so that it has no action.
    pub category: Option<Category>,
    /// Rules that are in.
    pub rules: u64,
    /// Lines that were neither blank nor comments.
    pub lines: u64,
    /// Lines that could not be read and are left out.
    pub malformed: u64,
    /// Regular expressions that are not applied.
    pub expressions: u64,
    /// URLs with a query, which are not applied.
    pub queries: u64,
    /// Rules for ad blockers that are not applied.
    pub unsupported: u64,
    /// The first complaints; all are counted.
    pub complaints: Vec<Complaint>,
}

/// Why an import did not happen. Whatever it was, rules and sources are as before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The source could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The source was read and is not fit to be used.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The rules could not be compiled.
    #[error("{0}")]
    Compile(#[from] CompileError),
    /// The data folder could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another import is going on.
    #[error("{}: another import is going on; wait until it has ended", .0.display())]
    Busy(PathBuf),
    /// A part of the work ended before its time.
    #[error("the import was interrupted; try again")]
    Interrupted,
    /// There is no such source, or no name for one.
    #[error("{0}")]
    NoSuchSource(String),
}

/// Why a source that can be read is not put in force.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Too many lines make no sense.
    #[error(
        "{list}: {malformed} of {lines} lines cannot be read; more than {MALFORMED_PERCENT} in a hundred is a sign that the file is damaged or of another kind. First: {first}"
    )]
    Malformed {
        /// The source or list.
        list: String,
        /// Lines that cannot be read.
        malformed: u64,
        /// Lines in all.
        lines: u64,
        /// The first complaint.
        first: String,
    },
    /// Nothing is in it.
    #[error("{list}: there are no rules in it")]
    NothingLeft {
        /// The source.
        list: String,
    },
    /// Much less than last time is in it.
    #[error(
        "{list}: {now} rules, and {before} last time; more than {SHRINK_PERCENT} in a hundred fewer is a sign that the file \
        is cut short. If it is right, import it under another --name, then belisha-importer lists remove {source_name}"
    )]
    Shrunk {
        /// The source or list.
        list: String,
        /// The name to remove.
        source_name: String,
        /// Rules last time.
        before: u64,
        /// Rules now.
        now: u64,
    },
    /// A site that children must be able to reach would be blocked.
    #[error(
        "{} would be blocked for pupils, and must never be: {}. To open a site whatever lists say of it, put its name in a \
        file, import that with --category allowed, and import this source again",
        sites.len(), sites.join("; ")
    )]
    Canaries {
        /// The sites, with the rule that would block each.
        sites: Vec<String>,
    },
}

impl From<Refusal> for ImportError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

/// Imports a source and puts the rules of all sources in force, at once or not at all.
///
/// `seed` is a number that nobody can foresee; `now` is in seconds since 1970.
pub fn import(
    folder: &DataFolder,
    settings: &Settings,
    request: &Import,
    (seed, now): (u64, i64),
    progress: &mut dyn FnMut(Progress),
) -> Result<Imported, ImportError> {
    let name = source_name(request)?;
    let _lock = if request.dry_run { None } else { Some(lock(folder)?) };
    let before = previous(folder, &name)?;
    let read = read_all(request, progress)?;
    let (mut source, mut lists) = prepare(&name, request, before.as_ref(), read.lists, now);
    let key = locking::lock(folder, &mut source, &mut lists, request.dry_run)?;
    check_malformed(&name, &lists)?;
    check_size(&source.manifest, before.as_ref())?;
    let others = others(folder, &name)?;
    let mut in_order: Vec<&Source> = others.iter().chain([&source]).collect();
    in_order.sort_by_key(|source| &source.manifest.source);
    let gathered = gather(in_order.into_iter(), seed, key)?;
    // The source goes to the disk while the rules are compiled; neither is in force before both are good.
    let (rules, staged) = std::thread::scope(|scope| {
        let staged = (!request.dry_run).then(|| scope.spawn(|| StagedSource::write(folder, &source)));
        let rules = finish(gathered);
        let staged =
            staged.map(|writing| writing.join().map_err(|_| ImportError::Interrupted)?.map_err(ImportError::from));
        (rules, staged)
    });
    let rules = rules?;
    check_canaries(&rules, settings, now)?;
    if let Some(staged) = staged {
        install(folder, &name, Some(staged?), rules.as_bytes())?;
    }
    Ok(Imported {
        before: before.map(|manifest| manifest.rule_count()),
        source: name,
        lists,
        aliases: read.aliases,
        notes: read.notes,
        rules,
        activated: !request.dry_run,
    })
}

/// Removes a source and puts the rules of the others in force. `seed` and `now` are those of [`import`].
pub fn remove(
    folder: &DataFolder,
    settings: &Settings,
    name: &str,
    (seed, now): (u64, i64),
) -> Result<Rules, ImportError> {
    let _lock = lock(folder)?;
    if previous(folder, name)?.is_none() {
        let known: Vec<String> = source_names(folder)?;
        let known = if known.is_empty() { "none yet".to_string() } else { known.join(", ") };
        return Err(ImportError::NoSuchSource(format!("there is no source named {name:?}; there are: {known}")));
    }
    let sources = others(folder, name)?;
    if sources.is_empty() {
        return Err(ImportError::NoSuchSource(format!(
            "{name} is the only source, and a filter without rules blocks everything: import another source first"
        )));
    }
    let rules = finish(gather(sources.iter(), seed, locking::key(folder)?)?)?;
    check_canaries(&rules, settings, now)?;
    install(folder, name, None, rules.as_bytes())?;
    Ok(rules)
}

/// What all paths of a source held, together.
struct ReadAll {
    lists: Vec<lists::List>,
    aliases: Vec<(String, String)>,
    notes: Vec<Complaint>,
}

fn read_all(request: &Import, progress: &mut dyn FnMut(Progress)) -> Result<ReadAll, ReadError> {
    let mut all = ReadAll { lists: Vec::new(), aliases: Vec::new(), notes: Vec::new() };
    for path in &request.paths {
        let source = lists::read(path, request.format, &Limits::default(), progress)?;
        all.aliases.extend(source.aliases.into_iter().map(|alias| (alias.name, alias.of)));
        all.notes.extend(source.notes);
        for list in source.lists {
            match all.lists.iter_mut().find(|known| known.name == list.name) {
                Some(known) => merge(known, list),
                None => all.lists.push(list),
            }
        }
    }
    Ok(all)
}

/// Two lists of one name are one list.
fn merge(known: &mut lists::List, other: lists::List) {
    add_rules(known, &other.rules);
    known.lines += other.lines;
    known.malformed += other.malformed;
    known.expressions += other.expressions;
    known.expression_rules += &other.expression_rules;
    known.queries += other.queries;
    known.unsupported += other.unsupported;
    known.complaints.extend(other.complaints);
    known.newest = known.newest.max(other.newest);
}

/// Adds rules, a line each, to those of a list.
fn add_rules(list: &mut lists::List, rules: &str) {
    let mut lines: Vec<&str> = list.rules.lines().chain(rules.lines()).collect();
    lines.sort_unstable();
    lines.dedup();
    list.rule_count = lines.len() as u64;
    list.rules = lines.into_iter().flat_map(|line| [line, "\n"]).collect();
}

/// Gives each list its category.
fn prepare(
    name: &str,
    request: &Import,
    before: Option<&Manifest>,
    read: Vec<lists::List>,
    now: i64,
) -> (Source, Vec<ListSummary>) {
    let mut manifest = Manifest {
        source: name.to_string(),
        imported: now,
        origin: request.paths.iter().map(|path| stem(path, false)).collect(),
        licence: request.licence.clone().or_else(|| before.map(|old| old.licence.clone())).unwrap_or_default(),
        category: request.category.map(|category| category.slug().to_string()),
        maps: request.maps.iter().map(|(list, category)| (list.clone(), category.slug().to_string())).collect(),
        expressions: request.expressions || before.is_some_and(|old| old.expressions),
        lists: Vec::new(),
    };
    // What a person said last time holds until they say otherwise.
    if let Some(old) = before {
        manifest.category = manifest.category.or_else(|| old.category.clone());
        for (list, category) in &old.maps {
            manifest.maps.entry(list.clone()).or_insert_with(|| category.clone());
        }
    }
    let (mut rules, mut summaries) = (Vec::new(), Vec::new());
    for mut list in read {
        let mut expressions = list.expressions;
        if manifest.expressions {
            let rules = std::mem::take(&mut list.expression_rules);
            expressions -= rules.lines().count() as u64;
            add_rules(&mut list, &rules);
        }
        let category = category_of(&list.name, &manifest);
        let dated = list.newest.map_or(now, |newest| DateTime::<Utc>::from(newest).timestamp()).min(now);
        manifest.lists.push(ManifestList {
            file: format!("{}.rules", file_name(&list.name)),
            name: list.name.clone(),
            category: category.map(|category| category.slug().to_string()),
            rules: list.rule_count,
            dated,
        });
        rules.push(list.rules);
        summaries.push(ListSummary {
            name: list.name,
            category,
            rules: list.rule_count,
            lines: list.lines,
            malformed: list.malformed,
            expressions,
            queries: list.queries,
            unsupported: list.unsupported,
            complaints: list.complaints,
        });
    }
    (Source { manifest, rules }, summaries)
}

/// What the person said of this list, else of the source, else what is known of lists by this name.
fn category_of(list: &str, manifest: &Manifest) -> Option<Category> {
    let slug = manifest.maps.get(list).or(manifest.category.as_ref()).map(String::as_str);
    slug.or_else(|| mapping::category_slug(list)).and_then(|slug| slug.parse().ok())
}

fn check_malformed(source: &str, lists: &[ListSummary]) -> Result<(), Refusal> {
    let too_many = |malformed: u64, lines: u64| malformed * 100 > lines * MALFORMED_PERCENT;
    let refusal = |list: String, malformed, lines, summaries: &[ListSummary]| {
        let first = summaries.iter().flat_map(|list| &list.complaints).next();
        let first = first.map_or_else(String::new, ToString::to_string);
        Refusal::Malformed { list, malformed, lines, first }
    };
    for list in lists.iter().filter(|list| list.lines >= SMALL_LIST) {
        if too_many(list.malformed, list.lines) {
            let name = format!("{source}, list {}", list.name);
            return Err(refusal(name, list.malformed, list.lines, std::slice::from_ref(list)));
        }
    }
    let (malformed, lines) = lists.iter().fold((0, 0), |(bad, all), list| (bad + list.malformed, all + list.lines));
    if too_many(malformed, lines) {
        return Err(refusal(source.to_string(), malformed, lines, lists));
    }
    Ok(())
}

fn check_size(manifest: &Manifest, before: Option<&Manifest>) -> Result<(), Refusal> {
    let source_name = &manifest.source;
    if manifest.rule_count() == 0 {
        return Err(Refusal::NothingLeft { list: source_name.clone() });
    }
    let Some(old) = before else { return Ok(()) };
    let check = |list: String, before: u64, now: u64| {
        let shrunk = now * 100 < before * (100 - SHRINK_PERCENT);
        if shrunk { Err(Refusal::Shrunk { list, source_name: source_name.clone(), before, now }) } else { Ok(()) }
    };
    for old in old.lists.iter().filter(|list| list.rules >= SMALL_LIST) {
        let now = manifest.lists.iter().find(|list| list.name == old.name).map_or(0, |list| list.rules);
        check(format!("{source_name}, list {}", old.name), old.rules, now)?;
    }
    check(source_name.clone(), old.rule_count(), manifest.rule_count())
}

/// Asks, under every profile for pupils and at every hour of a week, whether a list would have a site blocked that
/// children must reach. (It would stay open all the same; but a list that names one is no good.)
fn check_canaries(rules: &Rules, settings: &Settings, now: i64) -> Result<(), Refusal> {
    let mut sites = Vec::new();
    let policy = &settings.policy;
    let now = DateTime::from_timestamp(now, 0).unwrap_or_default();
    let ahead = policy.edges_ahead(&policy.moment(now), WEEK);
    let moments: Vec<_> = std::iter::once(now).chain(ahead).map(|at| policy.moment(at)).collect();
    for profile in settings.pupil_profiles() {
        let Some(pupil) = settings.policy.under_profile(profile.name()) else { continue };
        for canary in CANARIES {
            let Ok(target) = canary.url.parse::<Target>() else { continue };
            let findings = rules.classify(&target);
            let blocking = moments.iter().find_map(|moment| {
                let ruling = decide(&pupil, &findings, policy, moment).final_ruling();
                let of_list = |reason: &&Reason| reason.category().is_some() && reason.verdict() > Verdict::Allow;
                let is_held = ruling.verdict() > Verdict::Allow || ruling.layer() == Layer::Help;
                let reason = ruling.reasons().iter().find(of_list).filter(|_| is_held)?;
                Some(format!("{} on the list {}", reason.entry(), reason.list()))
            });
            sites.extend(blocking.map(|rule| format!("{} ({}; {rule})", target.host(), canary.what)));
        }
    }
    sites.dedup();
    if sites.is_empty() { Ok(()) } else { Err(Refusal::Canaries { sites }) }
}

/// A source that is on the disk and not yet in its place; dropped before that, it is removed.
struct StagedSource(PathBuf);

impl StagedSource {
    fn write(folder: &DataFolder, source: &Source) -> Result<Self, FileError> {
        let staged = Self(folder.lists().join(NEW));
        source.write(&staged.0)?;
        Ok(staged)
    }
}

impl Drop for StagedSource {
    fn drop(&mut self) {
        // Gone already where it took its place; of no use to anyone otherwise.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Replaces the source's folder (or removes it) and puts the rules in force. All that can fail for want of room is
/// written first; what follows are renames. Cut off between them, the sources are new and the rules still old, which
/// the next import puts right.
fn install(folder: &DataFolder, name: &str, source: Option<StagedSource>, rules: &[u8]) -> Result<(), FileError> {
    let lists = folder.lists();
    let (old, home) = (lists.join(OLD), lists.join(file_name(name)));
    let staged = folder.stage_rules(rules)?;
    if home.exists() {
        fs::rename(&home, &old).map_err(at(&home, "the old source cannot be moved away"))?;
    }
    if let Some(source) = source {
        fs::rename(&source.0, &home).map_err(at(&home, "the new source cannot be put in place"))?;
    }
    sync_folder(&lists)?;
    staged.put_in_force()?;
    remove_folder(&old)
}

/// Puts right what an import that was cut off may have left: a source moved away whose successor never came, and
/// folders that nobody needs any more.
fn recover(folder: &DataFolder) -> Result<(), FileError> {
    let lists = folder.lists();
    let old = lists.join(OLD);
    if let Ok(manifest) = Manifest::read(&old) {
        let home = lists.join(file_name(&manifest.source));
        if !home.exists() {
            fs::rename(&old, &home).map_err(at(&home, "cannot be put back in place"))?;
        }
    }
    remove_folder(&old)?;
    remove_folder(&lists.join(NEW))
}

fn remove_folder(path: &Path) -> Result<(), FileError> {
    if path.exists() { fs::remove_dir_all(path).map_err(at(path, "cannot be removed")) } else { Ok(()) }
}

fn lock(folder: &DataFolder) -> Result<File, ImportError> {
    let lists = folder.lists();
    fs::create_dir_all(&lists).map_err(at(&lists, "cannot be made"))?;
    let path = lists.join(".lock");
    let file = File::create(&path).map_err(at(&path, "cannot be made"))?;
    file.try_lock().map_err(|_| ImportError::Busy(lists))?;
    recover(folder)?;
    Ok(file)
}

fn previous(folder: &DataFolder, name: &str) -> Result<Option<Manifest>, FileError> {
    let home = folder.lists().join(file_name(name));
    if home.exists() { Manifest::read(&home).map(Some) } else { Ok(None) }
}

fn others(folder: &DataFolder, name: &str) -> Result<Vec<Source>, FileError> {
    let home = folder.lists().join(file_name(name));
    folders(&folder.lists())?.iter().filter(|path| **path != home).map(|path| Source::read(path)).collect()
}

fn source_names(folder: &DataFolder) -> Result<Vec<String>, FileError> {
    folders(&folder.lists())?.iter().map(|path| Manifest::read(path).map(|manifest| manifest.source)).collect()
}

fn source_name(request: &Import) -> Result<String, ImportError> {
    let name = match &request.name {
        Some(name) => name.clone(),
        None => request.paths.first().map(|path| stem(path, true)).unwrap_or_default(),
    };
    if name.trim().is_empty() {
        return Err(ImportError::NoSuchSource("the source has no name; give it one with --name".into()));
    }
    Ok(name)
}

/// The last part of a path, without the endings of archives and lists where asked.
fn stem(path: &Path, short: bool) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut name = absolute.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    while short && let Some((rest, ending)) = name.rsplit_once('.') {
        if rest.is_empty() || !["zst", "gz", "tgz", "tar", "txt", "hosts", "domains", "list"].contains(&ending) {
            break;
        }
        name = rest.to_string();
    }
    name
}
