//! Which of the files in a source are lists, what they are called, and how their lines are read.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::error::Fault;
use super::syntax::Syntax;
use super::tree::{Kind, NodeId, Tree};
use super::{Alias, Complaint, Format, text};

/// What is to be read.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) lists: Vec<PlannedList>,
    pub(super) aliases: Vec<Alias>,
    pub(super) notes: Vec<Complaint>,
}

#[derive(Debug)]
pub(super) struct PlannedList {
    pub(super) name: String,
    pub(super) parts: Vec<Part>,
    /// The category's folder or the file itself, to tell what links lead to.
    node: NodeId,
}

/// A file of a list: where its content is, links followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Part {
    pub(super) file: NodeId,
    pub(super) syntax: Syntax,
}

const LOOKED_FOR_SQUIDGUARD: &str = "folders with `domains`, `urls` or `expressions`";
const LOOKED_FOR_FILES: &str = "folders with `domains`, `urls` or `expressions`, and files of names or hosts";

/// Plans what to read of a tree. `root` is what a list is called that lies in the root itself.
///
/// # Errors
/// A link that is not good, with its path; or that there is no list, with an empty path.
pub(super) fn plan(tree: &Tree, format: Option<Format>, root: &str) -> Result<Plan, (String, Fault)> {
    let mut links = HashMap::new();
    for id in tree.nodes() {
        if matches!(tree.kind(id), Some(Kind::Link(_) | Kind::HardLink(_))) {
            links.insert(id, tree.resolve(id).map_err(|fault| (tree.path(id), fault))?);
        }
    }
    let survey = Survey { tree, links, root };
    let squid = matches!(format, None | Some(Format::SquidGuard)).then(|| survey.squidguard());
    let plan = match squid {
        Some(plan) if !plan.lists.is_empty() => plan,
        _ if format == Some(Format::SquidGuard) => return Err((String::new(), Fault::NoList(LOOKED_FOR_SQUIDGUARD))),
        _ => survey.plain(plain_syntax(format)),
    };
    if plan.lists.is_empty() {
        return Err((String::new(), Fault::NoList(LOOKED_FOR_FILES)));
    }
    Ok(plan)
}

/// How a file of an archive is probably to be read, before the rest of the archive has been seen.
pub(super) fn first_guess(name: &[u8], format: Option<Format>) -> Option<Syntax> {
    match format {
        None | Some(Format::SquidGuard) => squid_syntax(name),
        Some(Format::Hosts | Format::Domains) => skipped(name).is_none().then(|| plain_syntax(format)),
    }
}

/// How a file that stands for a whole source is read.
pub(super) fn lone_syntax(name: &[u8], format: Option<Format>) -> Syntax {
    match (format, squid_syntax(name)) {
        (None | Some(Format::SquidGuard), Some(syntax)) => syntax,
        (Some(Format::SquidGuard), None) => Syntax::SquidDomains,
        _ => plain_syntax(format),
    }
}

/// What a list is called whose only file has this name: its folder's name for squidGuard's files, else its own.
pub(super) fn lone_name(name: &[u8], folder: Option<&[u8]>) -> String {
    match (squid_syntax(name), folder) {
        (Some(_), Some(folder)) => text::name(folder),
        _ => text::name(stem(name)),
    }
}

/// A name without what only says how a file is packed and written.
pub(super) fn stem(name: &[u8]) -> &[u8] {
    const SUFFIXES: [&str; 9] = [".gz", ".zst", ".tar", ".tgz", ".tzst", ".txt", ".hosts", ".domains", ".list"];
    let mut stem = name;
    while let Some(shorter) = SUFFIXES.iter().find_map(|suffix| strip_suffix(stem, suffix)) {
        // Names become files of ours, and these would be folders.
        if matches!(shorter, b"" | b"." | b"..") {
            break;
        }
        stem = shorter;
    }
    stem
}

fn strip_suffix<'a>(name: &'a [u8], suffix: &str) -> Option<&'a [u8]> {
    let (start, end) = name.split_at_checked(name.len().checked_sub(suffix.len())?)?;
    end.eq_ignore_ascii_case(suffix.as_bytes()).then_some(start)
}

fn plain_syntax(format: Option<Format>) -> Syntax {
    match format {
        Some(Format::Hosts) => Syntax::Hosts,
        Some(Format::Domains) => Syntax::Domains,
        _ => Syntax::Undecided,
    }
}

/// How squidGuard reads a file of this name, whatever its case and packing.
fn squid_syntax(name: &[u8]) -> Option<Syntax> {
    let bare = strip_suffix(name, ".gz").or_else(|| strip_suffix(name, ".zst")).unwrap_or(name);
    match bare.to_ascii_lowercase().as_slice() {
        b"domains" => Some(Syntax::SquidDomains),
        b"urls" => Some(Syntax::SquidUrls),
        b"expressions" => Some(Syntax::SquidExpressions),
        hidden if hidden.starts_with(b".") => None,
        other => other.windows(10).any(|part| part == b"expression").then_some(Syntax::OtherExpressions),
    }
}

/// Why a file beside plain lists is none.
fn skipped(name: &[u8]) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| lower.starts_with(prefix.as_bytes()));
    let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| lower.ends_with(suffix.as_bytes()));
    if starts(&["."]) {
        Some("skipped: a hidden file")
    } else if starts(&["readme", "license", "licence", "copying", "changelog"]) || ends(&[".md"]) {
        Some("skipped: a file about the lists")
    } else if ends(&[".json"]) || starts(&["sha256sums", "md5sums"]) {
        Some("skipped: not a list")
    } else {
        None
    }
}

/// Whether a file belongs to squidGuard's layout without being a list.
fn is_companion(name: &[u8]) -> bool {
    let lower = name.to_ascii_lowercase();
    let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| lower.ends_with(suffix.as_bytes()));
    matches!(lower.as_slice(), b"usage" | b"global_usage" | b"categories" | b"version" | b"timestamp")
        || ends(&[".db", ".diff"])
        || skipped(name).is_some()
}

/// The name itself, or with a number where it is taken already. `taken` holds the last number given to a name.
fn free_name(name: &str, taken: &mut BTreeMap<String, u64>) -> String {
    let mut number = taken.get(name).copied().unwrap_or_default();
    let free = loop {
        number += 1;
        let free = if number == 1 { name.to_owned() } else { format!("{name}-{number}") };
        if !taken.contains_key(&free) {
            break free;
        }
    };
    taken.insert(name.to_owned(), number);
    taken.entry(free.clone()).or_insert(1);
    free
}

struct Survey<'t> {
    tree: &'t Tree,
    /// What each link leads to.
    links: HashMap<NodeId, NodeId>,
    root: &'t str,
}

impl Survey<'_> {
    fn target(&self, id: NodeId) -> NodeId {
        self.links.get(&id).copied().unwrap_or(id)
    }

    fn squidguard(&self) -> Plan {
        let mut plan = Plan::default();
        for folder in self.tree.nodes() {
            let parts = self.squid_parts(folder);
            if !parts.is_empty() {
                plan.lists.push(PlannedList { name: self.folder_name(folder), parts, node: folder });
            }
        }
        self.tell_names_apart(&mut plan);
        self.note_odd_names(&mut plan);
        let mut links = Vec::new();
        for id in self.tree.nodes() {
            let (name, target) = (self.tree.name(id), self.target(id));
            if self.tree.is_folder(target) {
                links.extend((id != target).then(|| (id, text::name(name))));
            } else if squid_syntax(name).is_none() && !is_companion(name) {
                plan.notes.push(self.note(id, "skipped: not a file of squidGuard's layout"));
            }
        }
        self.alias(links, &mut plan);
        plan
    }

    fn squid_parts(&self, folder: NodeId) -> Vec<Part> {
        let part = |id: NodeId| {
            let file = self.target(id);
            let is_file = matches!(self.tree.kind(file), Some(Kind::File(_)));
            let syntax = squid_syntax(self.tree.name(id)).filter(|_| is_file)?;
            Some(Part { file, syntax })
        };
        self.tree.children(folder).filter_map(part).collect()
    }

    fn plain(&self, syntax: Syntax) -> Plan {
        let mut plan = Plan::default();
        let mut links = Vec::new();
        for id in self.tree.nodes() {
            let name = text::name(stem(self.tree.name(id)));
            match self.tree.kind(id) {
                Some(Kind::Link(_) | Kind::HardLink(_)) => links.push((id, name)),
                Some(Kind::File(_)) => match skipped(self.tree.name(id)) {
                    Some(why) => plan.notes.push(self.note(id, why)),
                    None => plan.lists.push(PlannedList { name, parts: vec![Part { file: id, syntax }], node: id }),
                },
                _ => {}
            }
        }
        self.tell_names_apart(&mut plan);
        self.note_odd_names(&mut plan);
        self.alias(links, &mut plan);
        plan
    }

    /// Records links to lists under their own names.
    fn alias(&self, links: Vec<(NodeId, String)>, plan: &mut Plan) {
        let lists: HashMap<_, _> = plan.lists.iter().map(|list| (list.node, &list.name)).collect();
        let mut taken: BTreeSet<_> = plan.lists.iter().map(|list| list.name.clone()).collect();
        for (id, name) in links {
            match lists.get(&self.target(id)) {
                None => plan.notes.push(self.note(id, "skipped: a link to something that is not a list")),
                Some(_) if !taken.insert(name.clone()) => {
                    plan.notes.push(self.note(id, "skipped: a link with the name of a list"));
                }
                Some(&of) => plan.aliases.push(Alias { name, of: of.clone() }),
            }
        }
        plan.aliases.sort_by(|a, b| a.name.cmp(&b.name));
    }

    fn folder_name(&self, folder: NodeId) -> String {
        if folder == Tree::ROOT { self.root.to_owned() } else { text::name(self.tree.name(folder)) }
    }

    /// Gives lists of one name their paths for names: `arts/sites` and `trade/sites` become `arts-sites` and
    /// `trade-sites`. Joined into one, a list that allows could not be told from one that blocks.
    fn tell_names_apart(&self, plan: &mut Plan) {
        let mut uses: BTreeMap<String, usize> = BTreeMap::new();
        for list in &plan.lists {
            *uses.entry(list.name.clone()).or_default() += 1;
        }
        let mut taken: BTreeMap<String, u64> = uses.keys().map(|name| (name.clone(), 1)).collect();
        for list in &mut plan.lists {
            if uses.get(&list.name).is_none_or(|count| *count == 1) {
                continue;
            }
            let mut path = self.tree.path_parts(list.node);
            // Without its suffixes; the root has no path.
            path.pop();
            path.push(list.name.clone());
            let name = free_name(&path.join("-"), &mut taken);
            let why = format!("read as the list “{name}”: there is more than one called “{}”", list.name);
            plan.notes.push(self.note(list.node, &why));
            list.name = name;
        }
        plan.lists.sort_by(|a, b| a.name.cmp(&b.name));
    }

    fn note_odd_names(&self, plan: &mut Plan) {
        for list in &plan.lists {
            let name = self.tree.name(list.node);
            if text::name(name).as_bytes() != name {
                plan.notes.push(self.note(list.node, "the name is not plain text and is shown with escapes"));
            }
        }
    }

    fn note(&self, id: NodeId, text: &str) -> Complaint {
        let path = self.tree.path(id);
        Complaint { file: if path.is_empty() { ".".into() } else { path }, line: 0, text: text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_of_packing_are_no_part_of_a_name() {
        for (name, expected) in [
            ("ads.txt", "ads"),
            ("base.domains.txt.zst", "base"),
            ("porn.example.HOSTS.gz", "porn.example"),
            ("Adult", "Adult"),
            (".txt", ".txt"),
            ("..txt", "..txt"),
            ("...txt.gz", "...txt"),
            ("ut1.tar.gz", "ut1"),
            ("a.list.list", "a"),
        ] {
            assert_eq!(stem(name.as_bytes()), expected.as_bytes(), "{name}");
        }
    }

    #[test]
    fn squidguard_files_are_known_by_name() {
        for (name, expected) in [
            ("domains", Some(Syntax::SquidDomains)),
            ("DOMAINS.GZ", Some(Syntax::SquidDomains)),
            ("urls.zst", Some(Syntax::SquidUrls)),
            ("expressions", Some(Syntax::SquidExpressions)),
            ("very_restrictive_expression", Some(Syntax::OtherExpressions)),
            ("domains.txt", None),
            ("._expressions", None),
            ("usage", None),
        ] {
            assert_eq!(squid_syntax(name.as_bytes()), expected, "{name}");
        }
    }
}
