//! What is said of a name that is not known: the one that was meant, and those that there are.

/// Alike enough to have been meant.
const ALIKE: f64 = 0.8;
/// As many as are listed.
const LISTED: usize = 12;

/// `there is no times "evning"; did you mean "evening"? There are evening, night`.
pub(super) fn one_of<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let mut known: Vec<&str> = known.collect();
    known.dedup();
    let meant = nearest(name, known.iter().copied()).map(|meant| format!("; did you mean {meant:?}?"));
    let there_are = match known.as_slice() {
        [] => " None is set yet.".to_owned(),
        some if some.len() <= LISTED => format!(" There are {}.", some.join(", ")),
        _ => String::new(),
    };
    format!("there is no {what} {name:?}{}{there_are}", meant.unwrap_or_else(|| ".".into()))
}

/// The name that is most like one, where any is alike.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |known: &str| strsim::jaro_winkler(&name.to_lowercase(), &known.to_lowercase());
    let alike = known.map(|known| (known, likeness(known))).filter(|(_, likeness)| *likeness >= ALIKE);
    alike.max_by(|(_, one), (_, other)| one.total_cmp(other)).map(|(known, _)| known)
}

/// The message of the parser, with the field that was meant where it names one that is not known.
pub(super) fn with_suggestion(message: &str) -> String {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let meant = match quoted.split_first() {
        Some((unknown, known)) if message.starts_with("unknown field") => nearest(unknown, known.iter().copied()),
        _ => None,
    };
    match meant {
        Some(meant) => format!("{message}. Did you mean `{meant}`?"),
        None => message.to_owned(),
    }
}
