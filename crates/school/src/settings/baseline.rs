//! The file of a trust's baseline: profiles, in the form that they have in `school.toml`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::places::Places;
use super::profiles::WrittenProfile;
use super::{SettingsError, Text, names};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBaseline {
    #[serde(default)]
    profiles: BTreeMap<Spanned<String>, WrittenProfile>,
}

/// Reads a baseline.
///
/// # Errors
/// A file that cannot be read, or in which something is wrong, with its line; one that has no profile.
pub fn read_baseline(file: &Path) -> Result<BTreeMap<String, WrittenProfile>, SettingsError> {
    let content = std::fs::read_to_string(file);
    let content = content.map_err(|source| SettingsError::Unreadable { file: file.to_path_buf(), source })?;
    parse_baseline(&content, file)
}

/// Reads a text as `file` would hold it; the name is for messages.
pub fn parse_baseline(content: &str, file: &Path) -> Result<BTreeMap<String, WrittenProfile>, SettingsError> {
    let text = Text { name: file.to_path_buf(), content: content.to_owned() };
    let raw: RawBaseline = toml::from_str(content).map_err(|error| {
        text.wrong((error.span().map_or(0, |span| span.start), names::with_suggestion(error.message())))
    })?;
    if raw.profiles.is_empty() {
        let message = "a baseline has [profiles.NAME], as school.toml has; to end it: settings baseline --end";
        return Err(text.wrong((0, message.to_owned())));
    }
    let (mut at, mut written) = (Places::new(content), BTreeMap::new());
    for (name, profile) in &raw.profiles {
        at.note(name.get_ref(), name);
        written.insert(name.get_ref().clone(), profile.clone());
    }
    for (name, profile) in &written {
        profile.alone(name).map_err(|message| text.wrong((at.find_in(name, &message), message)))?;
    }
    Ok(written)
}
