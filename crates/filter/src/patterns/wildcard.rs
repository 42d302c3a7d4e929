//! Names with wildcards.

/// Whether a host is of a form, or below a name that is.
pub(crate) fn matches(form: &[u8], host: &[u8]) -> bool {
    match form.strip_suffix(b".*") {
        // Whatever stands before and behind: the labels in the middle are fixed to one another.
        Some(fixed) => ends(host).any(|head| below(fixed, head)),
        None => below(form, host),
    }
}

/// The host without its last label, without its last two, and so on.
fn ends(host: &[u8]) -> impl Iterator<Item = &[u8]> {
    host.iter().enumerate().filter(|(_, byte)| **byte == b'.').filter_map(|(at, _)| host.get(..at))
}

/// Whether the last labels of a host are of a form without a last `*`, label by label from the right.
fn below(form: &[u8], host: &[u8]) -> bool {
    let is_dot = |byte: &u8| *byte == b'.';
    let mut host = host.rsplit(is_dot);
    form.rsplit(is_dot).all(|label| host.next().is_some_and(|found| is_of(label, found)))
}

/// Whether a label is of a form with any number of `*`.
fn is_of(mut form: &[u8], mut label: &[u8]) -> bool {
    // The last `*` seen, and what was left of the label then: with every retry it takes one letter more.
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        match (form.split_first(), label.split_first()) {
            (Some((b'*', rest)), _) => {
                form = rest;
                retry = Some((rest, label));
            }
            (Some((wanted, form_rest)), Some((found, label_rest))) if wanted == found => {
                (form, label) = (form_rest, label_rest);
            }
            (None, None) => return true,
            _ => {
                let Some((rest, [_, shorter @ ..])) = retry else { return false };
                (form, label) = (rest, shorter);
                retry = Some((rest, shorter));
            }
        }
    }
}

/// The labels at the end of a form that hold no `*`, where there are two or more: a name that all its hosts are below
/// of.
#[cfg(feature = "compile")]
pub(crate) fn name_above(form: &str) -> Option<&str> {
    let behind = form.rfind('*')?;
    let name = form.get(behind + form.get(behind..)?.find('.')? + 1..)?;
    name.contains('.').then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_letters_of_a_label_or_for_labels_at_an_end() {
        for (form, host, expected) in [
            ("*.example.org", "a.example.org", true),
            ("*.example.org", "b.a.example.org", true),
            ("*.example.org", "example.org", false),
            ("ads*.example.org", "ads.example.org", true),
            ("ads*.example.org", "ads7.example.org", true),
            ("ads*.example.org", "x.ads7.example.org", true),
            ("ads*.example.org", "ads7.x.example.org", false),
            ("ads*.example.org", "bads7.example.org", false),
            ("a*b*c.example.org", "abbc.example.org", true),
            ("a*b*c.example.org", "acb.example.org", false),
            ("a.*.example.org", "a.x.example.org", true),
            ("a.*.example.org", "a.x.y.example.org", false),
            ("example.*", "example.org", true),
            ("example.*", "example.co.uk", true),
            ("example.*", "www.example.co.uk", true),
            ("example.*", "example", false),
            ("example.*", "myexample.org", false),
        ] {
            assert_eq!(matches(form.as_bytes(), host.as_bytes()), expected, "{form} {host}");
        }
    }

    #[cfg(feature = "compile")]
    #[test]
    fn a_form_is_kept_by_the_name_above_it() {
        for (form, name) in [
            ("*.example.org", Some("example.org")),
            ("ads*.a.example.org", Some("a.example.org")),
            ("a.*.b.example.org", Some("b.example.org")),
            ("poker*.org", None),
            ("example.*", None),
            ("a.b*", None),
        ] {
            assert_eq!(name_above(form), name, "{form}");
        }
    }
}
