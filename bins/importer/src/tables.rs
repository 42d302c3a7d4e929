//! What the imports of tables have in common, whatever stands in them.

use std::fmt::{Display, Write as _};
use std::fs;
use std::io::{IsTerminal as _, stderr};
use std::path::Path;
use std::str::FromStr;

use belisha_formats::mapped::{Field, Mapping};
use belisha_school::import_profile::{self, ProfileError};
use belisha_school::{DataFolder, School, SchoolError, Settings};
use indicatif::{ProgressBar, ProgressStyle};

use crate::args::TableArgs;

/// Complaints of one file that are printed; all are counted.
const SHOWN: usize = 20;

/// The largest file, in bytes: it is read into memory.
const LARGEST: u64 = 512 << 20;

/// What is said of a file that was refused.
pub(crate) const KEPT: &str = "Nothing of it was imported.";

/// The same of one of which some was written.
pub(crate) const WHOLE: &str = "What was written by then is whole: import it again, and nothing is added twice.";

/// An import that ended early: what to say, and the exit code.
pub(crate) type Ended = (String, u8);

/// What was saved, and what is said beside it.
pub(crate) fn mapping<F>(folder: &DataFolder, table: &TableArgs, map: &[(F, String)]) -> Result<Mapping<F>, Ended>
where
    F: Field + FromStr<Err: Display>,
{
    let saved = table.profile.as_ref().map(|name| import_profile::load(folder, name)).transpose();
    let mut mapping = saved.map_err(|error| unread(&error))?.unwrap_or_default();
    mapping.columns.extend(map.iter().cloned());
    Ok(mapping)
}

/// Keeps what is said, where somebody asks for it.
pub(crate) fn save<F>(folder: &DataFolder, table: &TableArgs, mapping: &Mapping<F>) -> Result<(), Ended>
where
    F: Field + FromStr<Err: Display>,
{
    let Some(name) = &table.save_profile else { return Ok(()) };
    import_profile::save(folder, name, mapping).map(drop).map_err(|error| unread(&error))
}

fn unread(error: &ProfileError) -> Ended {
    let code = match error {
        ProfileError::Name { .. } => 2,
        ProfileError::Wrong { .. } => 78,
        ProfileError::File(_) => 74,
        _ => 1,
    };
    (format!("{error}\n{KEPT}"), code)
}

/// The school of a data folder, where there is one.
pub(crate) fn school(folder: &DataFolder, file: Option<&Path>) -> Result<Option<School>, Ended> {
    let settings = Settings::load(folder.settings_to_read(file).as_deref());
    let settings = settings.map_err(|error| (error.to_string(), 78))?;
    School::look(folder, &settings).map_err(|error| {
        let code = if matches!(error, SchoolError::Settings(_)) { 78 } else { 74 };
        (format!("{error}\n{KEPT}"), code)
    })
}

/// The name of a file without its folders.
pub(crate) fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// What is in a file.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, Ended> {
    let failed = |error| (format!("{}: {error}", path.display()), 74);
    let size = fs::metadata(path).map_err(failed)?.len();
    if size > LARGEST {
        let message = format!("{}: {size} bytes are more than {LARGEST}: export it in parts", path.display());
        return Err((message, 65));
    }
    fs::read(path).map_err(failed)
}

/// Does something that says how many there are and how many of them are written, and shows that.
pub(crate) fn counted<T>(work: impl FnOnce(&mut dyn FnMut(usize, usize)) -> T) -> T {
    let bar = counting();
    let done = work(&mut |written, of| {
        bar.set_length(of as u64);
        bar.set_position(written as u64);
    });
    bar.finish_and_clear();
    done
}

fn counting() -> ProgressBar {
    if !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} written") {
        bar.set_style(style);
    }
    bar
}

/// The lines that were left out, of a file of this name.
pub(crate) fn left_out(name: &str, complaints: &[impl Display]) -> String {
    let mut out = String::new();
    for complaint in complaints.iter().take(SHOWN) {
        let _ = writeln!(out, "left out: {name}: {complaint}");
    }
    if complaints.len() > SHOWN {
        let _ = writeln!(out, "left out: {} lines in all", complaints.len());
    }
    out
}

/// Which column was read as what.
pub(crate) fn columns<'a>(columns: impl Iterator<Item = (impl Field, &'a str)>) -> String {
    let columns: Vec<String> = columns.map(|(field, heading)| format!("{field}={heading:?}")).collect();
    format!("Columns: {}.\n", columns.join(", "))
}

/// The same for programs.
pub(crate) fn columns_json<'a>(columns: impl Iterator<Item = (impl Field, &'a str)>) -> serde_json::Value {
    let columns: serde_json::Map<_, _> = columns.map(|(field, heading)| (field.to_string(), heading.into())).collect();
    columns.into()
}
