//! The names in a source and what they stand for, before any content is looked at.
//!
//! A folder and an archive give the same tree, so that links are judged by one set of rules and nothing is ever
//! followed on the disk: a link is resolved among these nodes or the source is refused.

use std::collections::BTreeMap;

use super::error::Fault;
use super::text;

/// Longest name of a member in bytes, folders included.
pub(crate) const MAX_NAME: usize = 1024;
/// Deepest nesting of folders.
pub(crate) const MAX_DEPTH: usize = 32;
/// Most links that lead to one another.
const MAX_HOPS: usize = 8;

/// A node of one tree. Trees built from the same members in the same order have the same numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NodeId(usize);

#[derive(Debug)]
pub(super) enum Kind {
    Folder(BTreeMap<Vec<u8>, NodeId>),
    /// A file and when it was last changed, in seconds since 1970.
    File(Option<i64>),
    /// A link; its target from the folder it lies in.
    Link(Vec<u8>),
    /// A second name of a file, from the root.
    HardLink(NodeId),
}

#[derive(Debug)]
struct Node {
    name: Vec<u8>,
    parent: Option<NodeId>,
    kind: Kind,
}

#[derive(Debug)]
pub(super) struct Tree(Vec<Node>);

impl Tree {
    pub(super) const ROOT: NodeId = NodeId(0);

    pub(super) fn new() -> Self {
        Self(vec![Node { name: Vec::new(), parent: None, kind: Kind::Folder(BTreeMap::new()) }])
    }

    /// Adds a node under a path, with the folders that lead to it. A folder may be named again.
    pub(super) fn insert(&mut self, path: &[u8], kind: Kind) -> Result<NodeId, Fault> {
        let parts = relative_parts(path)?;
        let Some((last, folders)) = parts.split_last() else {
            // The root itself, as in `./`.
            return if matches!(kind, Kind::Folder(_)) { Ok(Self::ROOT) } else { Err(Fault::Duplicate) };
        };
        let mut at = Self::ROOT;
        for folder in folders {
            at = self.add(at, folder, Kind::Folder(BTreeMap::new()))?;
        }
        self.add(at, last, kind)
    }

    /// Adds a node to a folder.
    pub(super) fn add(&mut self, parent: NodeId, name: &[u8], kind: Kind) -> Result<NodeId, Fault> {
        let next = NodeId(self.0.len());
        let Some(Node { kind: Kind::Folder(children), .. }) = self.0.get_mut(parent.0) else {
            return Err(Fault::Duplicate);
        };
        if let Some(&there) = children.get(name) {
            let both_folders = matches!(kind, Kind::Folder(_)) && self.is_folder(there);
            return if both_folders { Ok(there) } else { Err(Fault::Duplicate) };
        }
        children.insert(name.to_vec(), next);
        self.0.push(Node { name: name.to_vec(), parent: Some(parent), kind });
        Ok(next)
    }

    /// The node of a path from the root, no link followed.
    pub(super) fn find(&self, path: &[u8]) -> Result<Option<NodeId>, Fault> {
        let mut at = Some(Self::ROOT);
        for part in relative_parts(path)? {
            at = at.and_then(|at| self.child(at, part));
        }
        Ok(at)
    }

    /// Every node, folders before what is in them and otherwise in the order of their names: what is made of a tree
    /// does not depend on the order in which it was read.
    pub(super) fn nodes(&self) -> Vec<NodeId> {
        let mut nodes = Vec::with_capacity(self.0.len());
        let mut waiting = vec![Self::ROOT];
        while let Some(id) = waiting.pop() {
            nodes.push(id);
            let first_child = waiting.len();
            waiting.extend(self.children(id));
            waiting.get_mut(first_child..).unwrap_or_default().reverse();
        }
        nodes
    }

    pub(super) fn kind(&self, id: NodeId) -> Option<&Kind> {
        self.0.get(id.0).map(|node| &node.kind)
    }

    pub(super) fn is_folder(&self, id: NodeId) -> bool {
        matches!(self.kind(id), Some(Kind::Folder(_)))
    }

    pub(super) fn name(&self, id: NodeId) -> &[u8] {
        self.0.get(id.0).map(|node| node.name.as_slice()).unwrap_or_default()
    }

    pub(super) fn parent(&self, id: NodeId) -> Option<NodeId> {
        self.0.get(id.0)?.parent
    }

    /// The children of a folder in the order of their names.
    pub(super) fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        let children = match self.kind(id) {
            Some(Kind::Folder(children)) => Some(children),
            _ => None,
        };
        children.into_iter().flat_map(BTreeMap::values).copied()
    }

    fn child(&self, folder: NodeId, name: &[u8]) -> Option<NodeId> {
        match self.kind(folder)? {
            Kind::Folder(children) => children.get(name).copied(),
            _ => None,
        }
    }

    /// The names from the root to a node, escaped for printing.
    pub(super) fn path_parts(&self, id: NodeId) -> Vec<String> {
        let mut parts = Vec::new();
        let mut at = id;
        while let Some(parent) = self.parent(at) {
            parts.push(text::name(self.name(at)));
            at = parent;
        }
        parts.reverse();
        parts
    }

    /// The path of a node as it is printed.
    pub(super) fn path(&self, id: NodeId) -> String {
        self.path_parts(id).join("/")
    }

    /// The file or folder that a node is or leads to.
    pub(super) fn resolve(&self, id: NodeId) -> Result<NodeId, Fault> {
        let mut at = id;
        let mut steps: Vec<&[u8]> = Vec::new();
        let mut hops = 0;
        loop {
            match self.kind(at) {
                Some(Kind::HardLink(target)) => at = *target,
                Some(Kind::Link(target)) => {
                    hops += 1;
                    if hops > MAX_HOPS {
                        return Err(Fault::LinkLoops(self.target(id)));
                    }
                    if target.starts_with(b"/") {
                        return Err(Fault::LinkLeavesSource(self.target(id)));
                    }
                    steps.extend(target.split(|byte| *byte == b'/').rev());
                    at = self.parent(at).unwrap_or(Self::ROOT);
                }
                _ => {
                    let Some(step) = steps.pop() else {
                        return Ok(at);
                    };
                    at = self.step(at, step, id)?;
                }
            }
        }
    }

    fn step(&self, at: NodeId, step: &[u8], link: NodeId) -> Result<NodeId, Fault> {
        match step {
            b"" | b"." => Ok(at),
            b".." => self.parent(at).ok_or_else(|| Fault::LinkLeavesSource(self.target(link))),
            name => self.child(at, name).ok_or_else(|| Fault::LinkDangles(self.target(link))),
        }
    }

    fn target(&self, link: NodeId) -> String {
        match self.kind(link) {
            Some(Kind::Link(target)) => text::shown(target),
            _ => String::new(),
        }
    }
}

/// The parts of a path that must stay below the root.
fn relative_parts(path: &[u8]) -> Result<Vec<&[u8]>, Fault> {
    if path.starts_with(b"/") {
        return Err(Fault::NameLeavesArchive);
    }
    if path.len() > MAX_NAME {
        return Err(Fault::NameTooLong);
    }
    let parts: Vec<_> = path.split(|byte| *byte == b'/').filter(|part| !matches!(*part, b"" | b".")).collect();
    if parts.contains(&&b".."[..]) {
        return Err(Fault::NameLeavesArchive);
    }
    if parts.len() > MAX_DEPTH {
        return Err(Fault::NameTooLong);
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(target: &str) -> Kind {
        Kind::Link(target.as_bytes().to_vec())
    }

    fn tree() -> Tree {
        let mut tree = Tree::new();
        tree.insert(b"./lists/a/domains", Kind::File(None)).unwrap();
        tree
    }

    #[test]
    fn links_are_resolved_among_the_members_alone() {
        for (target, expected) in [
            ("../a/domains", Ok("lists/a/domains")),
            ("../../lists/./a//domains", Ok("lists/a/domains")),
            ("..", Ok("lists")),
            ("../..", Ok("")),
            ("../../..", Err(Fault::LinkLeavesSource("../../..".into()))),
            ("../../../lists/a/domains", Err(Fault::LinkLeavesSource("../../../lists/a/domains".into()))),
            ("/lists/a/domains", Err(Fault::LinkLeavesSource("/lists/a/domains".into()))),
            ("../c/domains", Err(Fault::LinkDangles("../c/domains".into()))),
            ("../a/domains/x", Err(Fault::LinkDangles("../a/domains/x".into()))),
            ("domains", Err(Fault::LinkLoops("domains".into()))),
            ("./../b/domains", Err(Fault::LinkLoops("./../b/domains".into()))),
        ] {
            let mut tree = tree();
            let id = tree.insert(b"lists/b/domains", link(target)).unwrap();
            let found = tree.resolve(id).map(|id| tree.path(id));
            assert_eq!(found, expected.map(String::from), "{target}");
        }
    }

    #[test]
    fn links_through_links_to_folders_are_followed_a_few_times() {
        let mut tree = tree();
        tree.insert(b"link0", link("lists/a")).unwrap();
        for n in 1..20 {
            tree.insert(format!("link{n}").as_bytes(), link(&format!("link{}/../a", n - 1))).unwrap();
        }
        let find = |name: &[u8]| tree.find(name).unwrap().unwrap();
        assert_eq!(tree.resolve(find(b"link5")).map(|id| tree.path(id)), Ok("lists/a".into()));
        assert_eq!(tree.resolve(find(b"link19")), Err(Fault::LinkLoops("link18/../a".into())));
    }

    #[test]
    fn a_name_is_used_once_and_stays_inside() {
        let mut tree = tree();
        let file = || Kind::File(None);
        for (path, expected) in [
            ("lists/a/domains", Fault::Duplicate),
            ("./lists//a/./domains", Fault::Duplicate),
            ("lists/a", Fault::Duplicate),
            ("lists/a/domains/x", Fault::Duplicate),
            ("./", Fault::Duplicate),
            ("/lists/x", Fault::NameLeavesArchive),
            ("lists/../../x", Fault::NameLeavesArchive),
            ("..", Fault::NameLeavesArchive),
        ] {
            assert_eq!(tree.insert(path.as_bytes(), file()), Err(expected), "{path}");
        }
        assert_eq!(tree.insert(&[b'a'; MAX_NAME + 1], file()), Err(Fault::NameTooLong));
        assert_eq!(tree.insert("a/".repeat(MAX_DEPTH + 1).as_bytes(), file()), Err(Fault::NameTooLong));
        assert!(tree.insert(b"lists/a/", Kind::Folder(BTreeMap::new())).is_ok());
        let linked = tree.insert(b"b", link("lists")).unwrap();
        assert_eq!(tree.insert(b"b/domains", file()), Err(Fault::Duplicate));
        assert_eq!(tree.resolve(linked).map(|id| tree.path(id)), Ok("lists".into()));
    }
}
