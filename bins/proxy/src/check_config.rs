//! `belisha-proxy check-config`: the settings in plain English.

use std::fmt::Write;
use std::process::ExitCode;

use belisha_policy::calendar::local;
use belisha_policy::directory::Purpose;
use belisha_policy::may::{Topic, outside};
use belisha_policy::retention::Period;
use belisha_policy::{Audience, Category, Inspect, Kind, Profile, Risk, SignIn, UntilSigned, Verdict, Who};
use belisha_school::rules::{self, Loaded, NoRules, Origin};
use belisha_school::sources::{coverage, unlawful_notice};
use belisha_school::{School, Settings, authority, overview};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use crate::args::{Args, fail};

/// As many profiles as fit beside each other.
const IN_A_ROW: usize = 6;

pub(crate) fn list_categories() -> ExitCode {
    for category in Category::ALL {
        let kind = match category.kind() {
            Kind::Locked => "blocked for everyone, always",
            Kind::Ordinary => "",
            Kind::Vouched => "allowed, whoever else lists it",
        };
        let risk = category.risk().map_or("", Risk::title);
        println!("{:<22} {:<36} {risk:<8} {kind}", category.slug(), category.title());
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
    for warning in about_roles(args, &settings) {
        println!("{warning}");
    }
    match loaded {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => fail(&error, 74),
    }
}

/// What is wrong with roles: those that nobody holds, and whether it is time to look through them. A journal that cannot
/// be read was told of before.
fn about_roles(args: &Args, settings: &Settings) -> Vec<String> {
    let Ok(Some(school)) = School::look(&args.folder(), settings) else { return Vec::new() };
    let Ok(assignments) = authority::assignments(school.ledger()) else { return Vec::new() };
    let vacant = assignments.vacancies(Utc::now()).into_iter();
    let mut warnings: Vec<String> = vacant.map(|vacancy| format!("WARNING: {vacancy}, and somebody must be")).collect();
    let every = settings.review_of_roles;
    if assignments.review_is_due(every, Utc::now()) {
        let last = match assignments.last_review() {
            Some((_, at)) => format!("was last looked through on {}, more than {every} ago", at.date_naive()),
            None => "was never looked through".to_owned(),
        };
        let who = "head or chair does, with belisha-reporter roles review";
        warnings.push(format!("WARNING: who holds which role {last}: {who}"));
    }
    warnings
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
    at_a_glance(settings, &mut out)?;
    writeln!(out)?;
    set_for_somebody(settings, Utc::now(), &mut out)?;
    for kept in &settings.kept_shut {
        writeln!(out, "WARNING: {kept}")?;
    }
    inspection(settings, &mut out)?;
    writeln!(
        out,
        "\nUntil somebody has agreed to what the school asks: {}.",
        until_signed(settings.policy.until_signed())
    )?;
    let outside = outside(Topic::HeadIncident, settings.kind);
    writeln!(out, "\nA concern about the head is the chair's. Where there is no chair: {outside}.")?;
    reviews(settings, &mut out)?;
    agencies(settings, today, &mut out)?;
    writeln!(out)?;
    match loaded {
        Ok(loaded) => rules_in_force(loaded, &mut out)?,
        Err(_) => writeln!(out, "Rules: none that can be used. Only the page that says so is served.")?,
    }
    if let Some(notice) = unlawful_notice(loaded.as_ref().ok().map(|loaded| &loaded.rules), Utc::now()) {
        writeln!(out, "\n{notice}")?;
    }
    Ok(out)
}

/// What the settings say of looking into connections, and that this version does not.
fn inspection(settings: &Settings, out: &mut String) -> std::fmt::Result {
    let inspecting = settings.policy.profiles().iter().filter(|profile| profile.inspects() > Inspect::Nothing);
    let profiles: Vec<&str> = inspecting.map(|profile| &**profile.name()).collect();
    if profiles.is_empty() {
        return Ok(());
    }
    let profiles = profiles.join(", ");
    match settings.policy.inspection() {
        Some(written) => writeln!(
            out,
            "Inspection of encrypted connections is asked for by {profiles} (assessed on {}, everybody told from {}). \
             Nobody is inspected who was not told: whoever signs in takes a notice of their own (agreements notice). \
             `check` says for which addresses; the proxy of this version looks into none.",
            written.assessed, written.noticed
        ),
        None => writeln!(
            out,
            "WARNING: {profiles} would have encrypted connections inspected, and no impact assessment and notice is \
             written down: none may be. Write both days under [inspection]"
        ),
    }
}

/// What becomes of those who have not agreed.
fn until_signed(how: UntilSigned) -> &'static str {
    match how {
        UntilSigned::Chase => "they stand on the chase list, and nothing is closed",
        UntilSigned::Mild => "what is there for fun is closed; work, the systems that are approved and help stay open",
        UntilSigned::Strict => "all is closed but the systems that are approved and what helps children",
    }
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
    if profile.is_only_approved() {
        writeln!(out, "  closed to all but approved systems, sites that are vouched for, and help")?;
    }
    let search = profile.search();
    let engines = search.engines.as_ref().map_or_else(|| "any".to_owned(), |engines| engines.join(", "));
    let safe = if search.safe { "with their filter on where they have one" } else { "as they are" };
    writeln!(out, "  search engines: {engines}, {safe}; videos restricted: {}", search.video.slug())?;
    let titles = |verdict: Verdict| {
        let ordinary = Category::ALL.iter().filter(|category| category.kind() == Kind::Ordinary);
        listed(ordinary.copied().filter(|it| profile.verdict(*it) == verdict))
    };
    writeln!(out, "  blocks: {}", titles(Verdict::Block))?;
    if profile.warned().next().is_some() {
        writeln!(out, "  warns of: {}", titles(Verdict::Warn))?;
    }
    writeln!(out, "  leaves open: {}", titles(Verdict::Allow))?;
    if profile.monitored().next().is_some() {
        writeln!(out, "  marks in the log where it is open: {}", listed(profile.monitored()))?;
    }
    if profile.inspects() > Inspect::Nothing {
        writeln!(out, "  inspects: {}", profile.inspects().slug())?;
    }
    for times in profile.times() {
        for (verb, set) in [("blocks", times.block), ("warns of", times.warn), ("opens", times.allow)] {
            if !set.is_empty() {
                writeln!(out, "  at the times \"{}\" {verb}: {}", times.name, listed(set.iter()))?;
            }
        }
    }
    Ok(())
}

fn listed(categories: impl Iterator<Item = Category>) -> String {
    let slugs: Vec<&str> = categories.map(Category::slug).collect();
    if slugs.is_empty() { "nothing".to_owned() } else { slugs.join(", ") }
}

/// The profiles side by side, and what three people may do on the next Monday.
fn at_a_glance(settings: &Settings, out: &mut String) -> std::fmt::Result {
    let policy = &settings.policy;
    let rows = overview::table(policy);
    for (chunk, profiles) in policy.profiles().chunks(IN_A_ROW).enumerate() {
        write!(out, "\n{:<20}", "")?;
        for profile in profiles {
            write!(out, " {:>14.14}", profile.name())?;
        }
        writeln!(out)?;
        for row in &rows {
            write!(out, "{:<20}", row.category.slug())?;
            for cell in row.cells.iter().skip(chunk * IN_A_ROW).take(IN_A_ROW) {
                let said = match cell.verdict {
                    Verdict::Allow => "-",
                    Verdict::Warn => "warn",
                    Verdict::Block => "block",
                };
                write!(out, " {:>14}", format!("{said}{}", if cell.varies { "*" } else { "" }))?;
            }
            writeln!(out)?;
        }
    }
    writeln!(out, "(- open; * otherwise at some times; the three locked categories are blocked for everyone)\n")?;
    for example in overview::next_monday(policy, Utc::now()) {
        writeln!(out, "{}, {}, has the profile {}.", example.who, example.moment, example.profile)?;
        if example.only_approved {
            writeln!(out, "  open: approved systems, sites that are vouched for, and help alone")?;
            continue;
        }
        writeln!(out, "  open: {}", listed(example.open.into_iter()))?;
        if !example.warned.is_empty() {
            writeln!(out, "  open after a warning: {}", listed(example.warned.into_iter()))?;
        }
    }
    Ok(())
}

/// An end as it was written: a day that is given as an end ends with itself.
fn end(at: DateTime<Utc>) -> String {
    let at = local(at);
    match at.date_naive().pred_opt() {
        Some(last) if at.time() == NaiveTime::MIN => last.format("%-d %B %Y").to_string(),
        _ => at.format("%-d %B %Y %H:%M").to_string(),
    }
}

/// What the school has set for somebody.
fn set_for_somebody(settings: &Settings, now: DateTime<Utc>, out: &mut String) -> std::fmt::Result {
    let policy = &settings.policy;
    let names = |who: &[Who]| who.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    for exception in policy.exceptions() {
        let state = match exception.until <= now {
            true => "ended",
            false if now < exception.from => "begins later, until",
            false => "until",
        };
        let until = end(exception.until);
        let sites = exception.sites.iter().map(ToString::to_string);
        let what: Vec<String> = sites.chain(exception.categories.iter().map(|it| it.slug().to_owned())).collect();
        writeln!(
            out,
            "Exception \"{}\": {} {} for {}, {state} {until}. For {}; decided by {}.",
            exception.name,
            exception.verdict.slug(),
            what.join(", "),
            names(&exception.who),
            exception.purpose,
            exception.by
        )?;
    }
    for system in policy.approved() {
        let sites: Vec<String> = system.sites.iter().map(ToString::to_string).collect();
        writeln!(out, "Approved for {}: {} ({})", names(&system.who), system.name, sites.join(", "))?;
    }
    for variation in policy.variations() {
        let (name, profile) = (&variation.name, &variation.profile);
        let places =
            if variation.places.is_empty() { String::new() } else { format!(" at {}", variation.places.join(", ")) };
        let until = match variation.until {
            Some(until) if until <= now => format!(", ended {}", end(until)),
            Some(until) => format!(", until {}", end(until)),
            None => String::new(),
        };
        writeln!(
            out,
            "Variation \"{name}\": the profile {profile} for {}{places}{until}. For {}.",
            names(&variation.who),
            variation.purpose
        )?;
    }
    if policy.calendar().plan().terms.is_empty() {
        return writeln!(
            out,
            "No terms are set: every Monday to Friday that is no bank holiday counts as a school day."
        );
    }
    if !policy.calendar().covers(policy.moment(now).local().date_naive()) {
        writeln!(
            out,
            "WARNING: today is in none of the terms' years: continue the calendar. Every weekday counts as a school day."
        )?;
    }
    Ok(())
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
