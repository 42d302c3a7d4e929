//! Documents for bodies outside.

use std::path::Path;
use std::process::ExitCode;

use belisha_incident::Body;
use belisha_school::cases::{Desk, Reference, Referral};

use super::{free, refused};
use crate::files;

pub(super) fn refer(
    desk: &Desk<'_>,
    reference: Reference,
    body: Body,
    agency: Option<&str>,
    out: Option<&Path>,
) -> Result<(), ExitCode> {
    let Some(out) = out else {
        let draft = desk.referral(reference, body, agency).map_err(|error| refused(&error))?;
        show(&draft);
        println!("Nothing was made. To make the document: say --out FILE.html as well.");
        return Ok(());
    };
    free(out)?;
    let referral = desk.refer(reference, body, agency).map_err(|error| refused(&error))?;
    show(&referral);
    files::write(out, referral.html.as_bytes())?;
    println!(
        "{} is written, and only you can read it. Nothing was sent: hand it over yourself, then say so:\n  \
         belisha-reporter incident tell {reference} {}",
        out.display(),
        body.slug()
    );
    Ok(())
}

/// For whom it is, who is named in it, and what to think of.
fn show(referral: &Referral) {
    match &referral.agency {
        Some(agency) => println!("For {}: {}, {} ({})", referral.body, agency.name, agency.contact, agency.hours),
        None => {
            println!("For {}. The directory has nobody to reach there: make sure whom you give it to.", referral.body);
        }
    }
    match referral.named.join(", ") {
        named if named.is_empty() => println!("Nobody is named in it."),
        named => println!("Named in it: {named}"),
    }
    for risk in &referral.risks {
        println!("NOTE: {risk}");
    }
}
