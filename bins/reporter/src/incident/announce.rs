//! What is said of an incident to the community.

use std::path::Path;
use std::process::ExitCode;

use belisha_incident::{Announced, Command, Community};
use belisha_school::cases::{Desk, Reference};
use belisha_school::plain;

use super::{free, refused};
use crate::args::fail;
use crate::files;

pub(super) fn announce(
    desk: &Desk<'_>,
    reference: Reference,
    text: &str,
    to: &[Community],
    out: Option<&Path>,
) -> Result<(), ExitCode> {
    if let Some(out) = out {
        free(out)?;
    }
    let announced = Announced { to: to.iter().copied().collect(), text: text.to_owned() };
    let page = desk.statement(&announced).map_err(|error| fail(&error, 1))?;
    desk.act(reference, Command::Announce(announced.clone()), None).map_err(|error| refused(&error))?;
    let audience = announced.audience();
    let Some(out) = out else {
        println!(
            "For: {audience}\n\n{}\n\nIt is written down. Nothing was sent: give it to them yourself.",
            plain(text)
        );
        return Ok(());
    };
    files::write(out, page.as_bytes())?;
    println!("{} is for: {audience}. It is written down. Nothing was sent: give it to them yourself.", out.display());
    Ok(())
}
