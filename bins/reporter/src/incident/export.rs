//! Incidents written out for another school or a court.

use std::collections::BTreeSet;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::ExitCode;

use belisha_incident::Recipient;
use belisha_school::cases::{Audience, Desk, Reference};

use super::{free, refused};
use crate::args::fail;
use crate::files;
use crate::session::Session;

/// Who is named in it.
pub(super) fn audience(
    session: &Session,
    recipient: Recipient,
    about: Option<&str>,
    keep: &[String],
) -> Result<Audience, ExitCode> {
    match (recipient, about) {
        (Recipient::School, Some(pupil)) if keep.is_empty() => Ok(Audience::School(session.person(pupil)?)),
        (Recipient::Court, None) => {
            let keep = keep.iter().map(|user| session.person(user));
            Ok(Audience::Court(keep.collect::<Result<BTreeSet<_>, ExitCode>>()?))
        }
        _ => Err(fail(&"for a school say --about USER, for a court --keep USER", 2)),
    }
}

pub(super) fn export(
    desk: &Desk<'_>,
    reference: Reference,
    audience: &Audience,
    (to, because): (&str, &str),
    out: &Path,
) -> Result<(), ExitCode> {
    free(out)?;
    let export = desk.export(reference, audience, to, because).map_err(|error| refused(&error))?;
    let made = DirBuilder::new().mode(0o700).create(out);
    made.map_err(|error| fail(&format!("{}: {error}", out.display()), 74))?;
    for (name, text) in &export.files {
        files::write(&out.join(name), text.as_bytes())?;
    }
    println!(
        "{} is written as {}, and only you can read it. Nothing was sent. READ ALL OF IT before you hand it over: words may \
         name people whom the program does not know. Destroy it afterwards.",
        out.display(),
        export.id
    );
    Ok(())
}
