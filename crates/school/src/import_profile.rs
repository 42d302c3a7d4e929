//! How the tables of another program are read, written down for the next time. Whoever administers the machine looks it over.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::path::PathBuf;
use std::str::FromStr;

use belisha_formats::mapped::{Field, Mapping};
use serde::Deserialize;
use toml::Spanned;

use crate::folder::{DataFolder, FileError, at, replace_durably};

/// Why a profile cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// Its name is none.
    #[error("{name:?} is no name of a profile: small letters, digits and hyphens{}", but(.taken))]
    Name {
        /// As it was given.
        name: String,
        /// Those that are names and not of a profile.
        taken: &'static [&'static str],
    },
    /// There is none of this name.
    #[error("there is no profile {name}: {}. Save one with --map and --save-profile", file.display())]
    None {
        /// The name.
        name: String,
        /// Where it would be.
        file: PathBuf,
    },
    /// There is one of this name that says something else.
    #[error("there is a profile {name} that says something else: {}. Choose another name, or edit the file", file.display())]
    Taken {
        /// The name.
        name: String,
        /// Where it is.
        file: PathBuf,
    },
    /// Something in it is wrong.
    #[error("{}:{line}: {message}", file.display())]
    Wrong {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What.
        message: String,
    },
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Which names are left out.
fn but(taken: &[&str]) -> String {
    if taken.is_empty() {
        return String::new();
    }
    format!(", and not that of a system that is known by itself ({})", taken.join(", "))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    columns: BTreeMap<Spanned<String>, String>,
}

fn place<F: Field>(folder: &DataFolder, name: &str) -> Result<PathBuf, ProfileError> {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_name = !name.is_empty() && name.len() <= 64 && name.bytes().all(is_letter);
    if !is_name || F::TAKEN.contains(&name) {
        return Err(ProfileError::Name { name: name.to_owned(), taken: F::TAKEN });
    }
    Ok(folder.import_profiles().join(format!("{name}.toml")))
}

/// Reads a profile of a data folder.
///
/// # Errors
/// There is none, or something in it is wrong, an unknown key or a field of another kind of table for one: with its line.
pub fn load<F>(folder: &DataFolder, name: &str) -> Result<Mapping<F>, ProfileError>
where
    F: Field + FromStr<Err: Display>,
{
    let file = place::<F>(folder, name)?;
    if !file.exists() {
        return Err(ProfileError::None { name: name.to_owned(), file });
    }
    let text = fs::read_to_string(&file).map_err(at(&file, "cannot be read"))?;
    let wrong = |place: usize, message: String| {
        let line = 1 + text.get(..place).unwrap_or_default().matches('\n').count();
        ProfileError::Wrong { file: file.clone(), line, message }
    };
    let raw: Raw = toml::from_str(&text)
        .map_err(|error| wrong(error.span().map_or(0, |span| span.start), error.message().to_owned()))?;
    let mut mapping = Mapping::default();
    for (field, heading) in raw.columns {
        let name: Result<F, F::Err> = field.get_ref().parse();
        let name = name.map_err(|error| wrong(field.span().start, format!("{:?}: {error}", field.get_ref())))?;
        mapping.columns.insert(name, heading);
    }
    Ok(mapping)
}

/// Writes a profile. Where it is there already and says the same, nothing happens.
///
/// # Errors
/// It is there and says something else, or cannot be written.
pub fn save<F>(folder: &DataFolder, name: &str, mapping: &Mapping<F>) -> Result<PathBuf, ProfileError>
where
    F: Field + FromStr<Err: Display>,
{
    let file = place::<F>(folder, name)?;
    match load(folder, name) {
        Ok(there) if there == *mapping => return Ok(file),
        Ok(_) => return Err(ProfileError::Taken { name: name.to_owned(), file }),
        Err(ProfileError::None { .. }) => {}
        Err(error) => return Err(error),
    }
    let columns = mapping.columns.iter().map(|(field, heading)| (field.to_string(), heading.clone().into()));
    let columns: toml::Table = columns.collect();
    let text = format!(
        "# How a column of each {} is read: look it over before it is used again.\n[columns]\n{columns}",
        F::TABLE
    );
    folder.create()?;
    let profiles = folder.import_profiles();
    fs::create_dir_all(&profiles).map_err(at(&profiles, "cannot be made"))?;
    replace_durably(&file, text.as_bytes())?;
    Ok(file)
}
