//! Forms to print and sign.

use std::path::Path;
use std::process::ExitCode;

use belisha_school::agreements::{WantedForms, forms};

use super::counted;
use super::looking::{may_see, reaches};
use crate::args::fail;
use crate::files;
use crate::session::Session;

pub(super) fn write(
    session: &Session,
    wanted: &WantedForms<'_>,
    only: Option<&str>,
    out: &Path,
) -> Result<(), ExitCode> {
    let permit = may_see(session)?;
    let is_meant =
        |class: Option<&str>| only.is_none_or(|only| class == Some(only)) && reaches(session, &permit, class);
    let forms = forms(&session.school, &session.authority, wanted, is_meant, session.now)
        .ok_or_else(|| fail(&"no agreement is called so: look at belisha-reporter agreements list", 1))?;
    if forms.forms.is_empty() {
        return Err(fail(&"nobody is left to sign it", 1));
    }
    let html = forms.to_html().map_err(|error| fail(&error, 74))?;
    files::write(out, html.as_bytes())?;
    println!("{} in {}.", counted(forms.forms.len(), "form is", "forms are"), out.display());
    Ok(())
}
