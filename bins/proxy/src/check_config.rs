//! `belisha-proxy check-config`: the settings in plain English.

use std::fmt::Write;
use std::process::ExitCode;

use belisha_policy::directory::Purpose;
use belisha_policy::may::{Topic, outside};
use belisha_policy::retention::Period;
use belisha_policy::{Audience, Category, Kind, Profile, SignIn};
use belisha_school::rules::{self, Loaded, NoRules, Origin};
use belisha_school::sources::coverage;
use belisha_school::{NO_ILLEGAL_LIST, School, Settings, authority};
use chrono::{NaiveDate, Utc};

use crate::args::{Args, fail};

pub(crate) fn list_categories() -> ExitCode {
    for category in Category::ALL {
        let kind = match category.kind() {
            Kind::Locked => "blocked for everyone, always",
            Kind::Ordinary => "",
            Kind::Vouched => "allowed, whoever else lists it",
        };
        println!("{:<22} {:<36} {kind}", category.slug(), category.title());
    }
    ExitCode::SUCCESS
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let settings = match args.settings_in_force() {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    let today = Utc::now().date_naive();
    if let Err(error) = settings.check_days(today) {
        return fail(&error, 78);
    }
    let loaded = rules::load(&args.folder());
    let page = page(args, &settings, &loaded, today);
    match page {
        Ok(page) => print!("{page}"),
        Err(error) => return fail(&error, 74),
    }
    if let Some(warning) = review_due(args, &settings) {
        println!("{warning}");
    }
    match loaded {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => fail(&error, 74),
    }
}

/// Whether it is time to look through who holds which role. A journal that cannot be read was told of before.
fn review_due(args: &Args, settings: &Settings) -> Option<String> {
    let school = School::look(&args.folder(), settings).ok()??;
    let assignments = authority::assignments(school.ledger()).ok()?;
    let every = settings.review_of_roles;
    assignments.review_is_due(every, Utc::now()).then(|| {
        let last = match assignments.last_review() {
            Some((_, at)) => format!("was last looked through on {}, more than {every} ago", at.date_naive()),
            None => "was never looked through".to_owned(),
        };
        format!("WARNING: who holds which role {last}: head or chair does, with belisha-reporter roles review")
    })
}

fn page(
    args: &Args,
    settings: &Settings,
    loaded: &Result<Loaded, NoRules>,
    today: NaiveDate,
) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    let file =
        settings.file.as_ref().map_or_else(|| "the built-in starter school".into(), |file| file.display().to_string());
    writeln!(out, "{}\n\nSettings: {file}\nData folder: {}", settings.school, args.data.display())?;
    writeln!(out, "The proxy listens on {}.", settings.proxy)?;
    if settings.egress.is_empty() {
        writeln!(out, "It reaches public addresses only: nothing private, local or special.")?;
    } else {
        let ranges: Vec<String> = settings.egress.iter().map(ToString::to_string).collect();
        writeln!(out, "It reaches public addresses, and of the private ones {}.", ranges.join(", "))?;
    }
    writeln!(out)?;
    networks(settings, &mut out)?;
    for profile in settings.policy.profiles() {
        describe(profile, settings, &mut out)?;
    }
    for kept in &settings.kept_shut {
        writeln!(out, "WARNING: {kept}")?;
    }
    let outside = outside(Topic::HeadIncident, settings.kind);
    writeln!(out, "\nA concern about the head is the chair's. Where there is no chair: {outside}.")?;
    reviews(settings, &mut out)?;
    agencies(settings, today, &mut out)?;
    writeln!(out)?;
    match loaded {
        Ok(loaded) => rules_in_force(loaded, &mut out)?,
        Err(_) => writeln!(out, "Rules: none that can be used. Only the page that says so is served.")?,
    }
    writeln!(out, "\n{NO_ILLEGAL_LIST}")?;
    Ok(out)
}

fn networks(settings: &Settings, out: &mut String) -> std::fmt::Result {
    for network in settings.policy.networks() {
        let place = network.place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
        let person = network.person.as_ref().map(|person| format!("{person}, of ")).unwrap_or_default();
        let asks = match network.sign_in {
            SignIn::Ask => "; who comes from here is asked to sign in",
            SignIn::Never => "",
        };
        writeln!(out, "{}{place}: {person}the group {}{asks}", network.range, network.group)?;
    }
    for (members, group) in settings.policy.members() {
        writeln!(out, "Signed in, {members}: the group {group}")?;
    }
    writeln!(
        out,
        "Any other address: nobody we know, held to the profile {}, the strictest.",
        settings.policy.strictest().name()
    )
}

fn describe(profile: &Profile, settings: &Settings, out: &mut String) -> std::fmt::Result {
    let groups: Vec<&str> =
        settings.policy.groups().filter(|group| group.profile == *profile.name()).map(|group| &*group.name).collect();
    let page = match profile.audience() {
        Audience::Pupils => "the pupils' block page, which says the same for every category",
        Audience::Staff => "the staff's block page, which names category and rule",
    };
    writeln!(out, "\nProfile {}, for {}. Shows {page}.", profile.name(), groups.join(", "))?;
    let titles = |blocked: bool| {
        let ordinary = Category::ALL.iter().filter(|category| category.kind() == Kind::Ordinary);
        let chosen: Vec<&str> = ordinary.filter(|it| profile.blocks(**it) == blocked).map(|it| it.slug()).collect();
        if chosen.is_empty() { "nothing".to_string() } else { chosen.join(", ") }
    };
    writeln!(out, "  blocks: {}", titles(true))?;
    writeln!(out, "  leaves open: {}", titles(false))
}

fn reviews(settings: &Settings, out: &mut String) -> std::fmt::Result {
    let every = settings.review_of_roles;
    writeln!(out, "Who holds which role is looked through every {every}.")?;
    if !Period::A_YEAR.covers(every) {
        writeln!(out, "WARNING: {every} is longer than the {} within which roles are to be reviewed.", Period::A_YEAR)?;
    }
    Ok(())
}

/// Bodies outside the school, by what they are called for, and what is wrong with the list.
fn agencies(settings: &Settings, today: NaiveDate, out: &mut String) -> std::fmt::Result {
    writeln!(out, "\nAgencies:")?;
    for purpose in Purpose::ALL {
        for agency in settings.directory.for_purpose(*purpose) {
            let (name, contact, hours, checked) = (&agency.name, &agency.contact, &agency.hours, agency.checked);
            writeln!(out, "  {purpose}: {name}, {contact} ({hours}; checked {checked})")?;
        }
    }
    for purpose in settings.directory.missing() {
        writeln!(
            out,
            "  WARNING: nobody is known for {} ({purpose}): add [[agencies]] to school.toml",
            purpose.slug()
        )?;
    }
    for agency in settings.directory.stale(today) {
        let (name, checked) = (&agency.name, agency.checked);
        writeln!(out, "  WARNING: {name} was last checked on {checked}, more than 12 months ago")?;
    }
    Ok(())
}

fn rules_in_force(loaded: &Loaded, out: &mut String) -> std::fmt::Result {
    let rules = loaded.rules.rule_count();
    match &loaded.origin {
        Origin::Imported => writeln!(out, "Rules: {rules}, from the imported lists.")?,
        Origin::Starter => writeln!(
            out,
            "Rules: {rules} starter rules. They show the filter at work and are no protection: import lists with belisha-importer lists."
        )?,
        Origin::Earlier { file, problem } => {
            writeln!(
                out,
                "WARNING: the rules in force cannot be used ({problem}).\nRules: {rules}, of an earlier generation ({}). Import the lists again.",
                file.display()
            )?;
        }
        _ => writeln!(out, "Rules: {rules}.")?,
    }
    let covered = coverage(&loaded.rules);
    let (with, without): (Vec<_>, Vec<_>) = covered.categories.iter().partition(|row| row.entries > 0);
    for row in with {
        let oldest = row.oldest.and_then(|date| chrono::DateTime::from_timestamp(date, 0));
        let oldest = oldest.map_or_else(|| "undated".to_string(), |date| format!("oldest {}", date.format("%Y-%m-%d")));
        writeln!(out, "  {:<20} {:>9} entries, {oldest}, from {}", row.category, row.entries, row.sources.join(", "))?;
    }
    let names: Vec<&str> = without.iter().map(|row| row.category).collect();
    writeln!(out, "  not covered: {}", names.join(", "))?;
    for (source, list, entries) in &covered.unmapped {
        writeln!(
            out,
            "  WARNING: the list {list} of {source} ({entries} entries) is not mapped to a category and has no action."
        )?;
    }
    Ok(())
}
