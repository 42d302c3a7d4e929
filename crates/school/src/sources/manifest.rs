//! What a data folder keeps of a source: its lists in normalised form, and a page about them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use belisha_policy::Category;
use serde::{Deserialize, Serialize};

use crate::folder::{FileError, at, sync_folder, write_durably};

/// The page about a source: `lists/<source>/source.toml`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) source: String,
    /// When it was imported, in seconds since 1970.
    pub(crate) imported: i64,
    /// The names of the files it came from.
    pub(crate) origin: Vec<String>,
    #[serde(default)]
    pub(crate) licence: String,
    /// The category of all its lists, where the person who imported it named one.
    pub(crate) category: Option<String>,
    /// The categories of single lists that the person named.
    #[serde(default)]
    pub(crate) maps: BTreeMap<String, String>,
    /// Whether its `expressions` files are applied.
    #[serde(default)]
    pub(crate) expressions: bool,
    #[serde(default)]
    pub(crate) lists: Vec<ManifestList>,
}

/// One list of a source.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ManifestList {
    pub(crate) name: String,
    pub(crate) file: String,
    /// The slug; absent where nobody has mapped the list.
    pub(crate) category: Option<String>,
    pub(crate) rules: u64,
    /// When its maker changed it last, else when it was imported.
    pub(crate) dated: i64,
}

/// A source with its rules in memory.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) manifest: Manifest,
    /// The normalised rules of each list of the manifest, a line each.
    pub(crate) rules: Vec<String>,
}

const PAGE: &str = "source.toml";

impl Manifest {
    pub(crate) fn rule_count(&self) -> u64 {
        self.lists.iter().map(|list| list.rules).sum()
    }

    pub(crate) fn read(folder: &Path) -> Result<Self, FileError> {
        let page = folder.join(PAGE);
        let text = fs::read_to_string(&page).map_err(at(&page, "cannot be read"))?;
        toml::from_str(&text).map_err(|error| FileError {
            what: "is damaged; import the source again",
            source: std::io::Error::new(std::io::ErrorKind::InvalidData, error.message().to_string()),
            file: page,
        })
    }
}

impl ManifestList {
    pub(crate) fn category(&self) -> Option<Category> {
        self.category.as_deref().and_then(|slug| slug.parse().ok())
    }
}

impl Source {
    pub(crate) fn read(folder: &Path) -> Result<Self, FileError> {
        let manifest = Manifest::read(folder)?;
        let read = |list: &ManifestList| {
            let file = folder.join(&list.file);
            fs::read_to_string(&file).map_err(at(&file, "cannot be read; import the source again"))
        };
        let rules = manifest.lists.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Self { manifest, rules })
    }

    /// Writes the source into a folder that is not there yet, and waits until it is on the disk.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), FileError> {
        fs::create_dir_all(folder).map_err(at(folder, "cannot be made"))?;
        for (list, rules) in self.manifest.lists.iter().zip(&self.rules) {
            write_durably(&folder.join(&list.file), rules.as_bytes())?;
        }
        let page = folder.join(PAGE);
        let text = toml::to_string_pretty(&self.manifest).map_err(|error| FileError {
            file: page.clone(),
            what: "cannot be written",
            source: std::io::Error::other(error),
        })?;
        write_durably(&page, text.as_bytes())?;
        sync_folder(folder)
    }
}

/// The folders of all sources, in order.
pub(crate) fn folders(lists: &Path) -> Result<Vec<PathBuf>, FileError> {
    if !lists.exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(lists).map_err(at(lists, "cannot be read"))?;
    let mut folders = Vec::new();
    for entry in entries {
        let path = entry.map_err(at(lists, "cannot be read"))?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort_unstable();
    Ok(folders)
}

/// A name for a file or folder: letters, digits, `-`, `_` and dots inside stay, anything else becomes `~XX`.
pub(crate) fn file_name(name: &str) -> String {
    let plain =
        |(at, byte): (usize, u8)| byte.is_ascii_alphanumeric() || b"-_".contains(&byte) || (byte == b'.' && at > 0);
    let escaped = |(at, byte)| if plain((at, byte)) { char::from(byte).to_string() } else { format!("~{byte:02X}") };
    name.bytes().enumerate().map(escaped).collect()
}
