//! The data folder: what stands where, and how a file is replaced without ever being half there.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How many earlier rulesets are kept.
pub const GENERATIONS: usize = 5;

/// A data folder. Its parts are made when something is first written to them.
#[derive(Clone, Debug)]
pub struct DataFolder {
    root: PathBuf,
}

/// Something about a file that went wrong, with the file.
#[derive(Debug, thiserror::Error)]
#[error("{}: {what}: {source}", file.display())]
pub struct FileError {
    /// The file or folder.
    pub file: PathBuf,
    /// What was being done.
    pub what: &'static str,
    /// Why it failed.
    pub source: io::Error,
}

/// Says which file and what was being done.
pub(crate) fn at<'a>(file: &'a Path, what: &'static str) -> impl FnOnce(io::Error) -> FileError + use<'a> {
    move |source| FileError { file: file.to_path_buf(), what, source }
}

impl DataFolder {
    /// The folder at a path, which need not exist.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The settings, where no other file is named.
    pub fn settings(&self) -> PathBuf {
        self.root.join("school.toml")
    }

    /// The settings to read: the file that was named, else the folder's own where there is one; `None` for the starter
    /// school.
    pub fn settings_to_read(&self, named: Option<&Path>) -> Option<PathBuf> {
        let own = || Some(self.settings()).filter(|own| own.exists());
        named.map(Path::to_path_buf).or_else(own)
    }

    /// The ruleset in force.
    pub fn rules(&self) -> PathBuf {
        self.root.join("rules.belisha")
    }

    /// The sources of lists, a folder each.
    pub fn lists(&self) -> PathBuf {
        self.root.join("lists")
    }

    /// The access log, a file a day.
    pub fn access(&self) -> PathBuf {
        self.root.join("access")
    }

    /// Where a log of another filter is made ready before it takes its place.
    pub(crate) fn importing(&self) -> PathBuf {
        self.root.join("importing")
    }

    /// How the incident logs of other systems are read, a file for each.
    pub fn import_profiles(&self) -> PathBuf {
        self.root.join("import-profiles")
    }

    /// The data folder of one school of a trust, whose folder this is.
    #[must_use]
    pub fn school(&self, name: &str) -> Self {
        Self::new(self.root.join("schools").join(name))
    }

    /// The journal, where it is a file.
    pub fn journal(&self) -> PathBuf {
        self.root.join("journal.db")
    }

    /// Keys: the school's, and those of payloads where the store is files.
    pub fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// Sign-ins, where the store is files.
    pub fn credentials(&self) -> PathBuf {
        self.root.join("credentials.db")
    }

    /// The policy that was last in force, for when the journal cannot be read.
    pub fn last_good(&self) -> PathBuf {
        self.root.join("last-good-policy.json")
    }

    /// Earlier rulesets.
    pub fn generations(&self) -> PathBuf {
        self.root.join("generations")
    }

    /// The mark of a restore that has not come to its end.
    pub(crate) fn unfinished(&self) -> PathBuf {
        self.root.join("restore-unfinished")
    }

    /// Refuses a folder into which a backup is being restored, or was and did not come to its end.
    pub(crate) fn refuse_unfinished(&self) -> Result<(), FileError> {
        let mark = self.unfinished();
        if !mark.exists() {
            return Ok(());
        }
        let what = "a backup is being restored into this folder, or was and did not come to its end";
        let source = io::Error::other("wait for it, or run `belisha-reporter restore` again into this folder");
        Err(FileError { file: mark, what, source })
    }

    /// Makes the folder. One that is half restored is refused.
    pub fn create(&self) -> Result<(), FileError> {
        self.refuse_unfinished()?;
        fs::create_dir_all(&self.root).map_err(at(&self.root, "the data folder cannot be made"))
    }

    /// Earlier rulesets, the newest first.
    pub fn earlier_rules(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.generations()) else { return Vec::new() };
        let mut files: Vec<(u64, PathBuf)> = entries
            .flatten()
            .filter_map(|entry| {
                let path = entry.path();
                let number = path.file_stem()?.to_str()?.parse().ok()?;
                (path.extension()? == "belisha").then_some((number, path))
            })
            .collect();
        files.sort_unstable_by_key(|(number, _)| std::cmp::Reverse(*number));
        files.into_iter().map(|(_, path)| path).collect()
    }

    /// Writes new rules beside those in force and waits until they are on the disk. Nothing changes until they are
    /// [put in force](StagedRules::put_in_force); dropped before, they are removed.
    pub fn stage_rules(&self, bytes: &[u8]) -> Result<StagedRules<'_>, FileError> {
        let staged = StagedRules { folder: self, file: self.rules().with_extension("belisha.new") };
        write_durably(&staged.file, bytes)?;
        Ok(staged)
    }

    fn keep_generation(&self, rules: &Path) -> Result<(), FileError> {
        let folder = self.generations();
        fs::create_dir_all(&folder).map_err(at(&folder, "cannot be made"))?;
        let earlier = self.earlier_rules();
        let newest = earlier.first().and_then(|path| path.file_stem()?.to_str()?.parse::<u64>().ok());
        let name = folder.join(format!("{:06}.belisha", newest.map_or(1, |number| number + 1)));
        fs::hard_link(rules, &name)
            .or_else(|_| fs::copy(rules, &name).map(drop))
            .map_err(at(&name, "the old rules cannot be kept"))?;
        for old in earlier.iter().skip(GENERATIONS - 1) {
            fs::remove_file(old).map_err(at(old, "an old generation cannot be removed"))?;
        }
        sync_folder(&folder)
    }
}

/// Rules that are on the disk and not yet in force.
#[derive(Debug)]
pub struct StagedRules<'a> {
    folder: &'a DataFolder,
    file: PathBuf,
}

impl StagedRules<'_> {
    /// Renames them over the rules in force. The old ones become the newest of the earlier generations, of which the
    /// last [`GENERATIONS`] are kept. A reader sees the old file or the new one, whenever it looks and whatever fails.
    pub fn put_in_force(self) -> Result<(), FileError> {
        let rules = self.folder.rules();
        if rules.exists() {
            self.folder.keep_generation(&rules)?;
        }
        fs::rename(&self.file, &rules).map_err(at(&rules, "the new rules cannot be put in place"))?;
        sync_folder(&self.folder.root)
    }
}

impl Drop for StagedRules<'_> {
    fn drop(&mut self) {
        // Gone already where they were put in force; half written and of no use where the disk was full.
        let _ = fs::remove_file(&self.file);
    }
}

/// Writes a file and waits until it is on the disk.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let write = || {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(at(path, "cannot be written"))
}

/// Puts a file in the place of another, so that one of them is there whole whatever fails.
pub(crate) fn replace_durably(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let new = path.with_extension("new");
    write_durably(&new, bytes)?;
    fs::rename(&new, path).map_err(at(path, "cannot be put in place"))?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Waits until the names in a folder are on the disk.
pub(crate) fn sync_folder(path: &Path) -> Result<(), FileError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(at(path, "cannot be flushed to disk"))
}
