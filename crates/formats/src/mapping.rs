//! What other makers' lists are called among our categories.

use std::sync::LazyLock;

/// One row a list: the name as its maker writes it, our category's slug, the maker.
const TABLE: &str = include_str!("../data/list-categories.tsv");

/// Names in lower case, in order.
static SLUGS: LazyLock<Vec<(String, &'static str)>> = LazyLock::new(|| {
    let mut rows: Vec<_> = rows().map(|[name, slug, _]| (name.to_ascii_lowercase(), slug)).collect();
    rows.sort();
    rows
});

fn rows() -> impl Iterator<Item = [&'static str; 3]> {
    let lines = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.skip(1).filter_map(|line| {
        let mut columns = line.split('\t');
        Some([columns.next()?, columns.next()?, columns.next()?])
    })
}

/// The slug of the category that a list with this name belongs to, whatever the case of its letters.
///
/// The table is short and certain: a name that is not in it has no category, and none is guessed. No list is mapped
/// to a locked category.
///
/// ```
/// use belisha_formats::mapping::category_slug;
/// assert_eq!(category_slug("Tricheur"), Some("cheating"));
/// assert_eq!(category_slug("my own list"), None);
/// ```
pub fn category_slug(list_name: &str) -> Option<&'static str> {
    let name = list_name.to_ascii_lowercase();
    let at = SLUGS.binary_search_by(|(known, _)| known.as_str().cmp(&name)).ok()?;
    SLUGS.get(at).map(|(_, slug)| *slug)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const KNOWN: &str = "discrimination hate drugs extremism gambling malware hacking phishing disinformation piracy \
        pornography self-harm violence weapons adult alcohol-tobacco dating social games educational-games shopping \
        proxies vpn doh ai-chat file-sharing video audio search chat forums blogs webmail remote-access advertising \
        tracking shorteners dynamic-dns web-hosting cryptocurrency cryptomining cheating sects astrology news sport \
        finance jobs translation software-updates software-downloads education celebrities comics mobile cooking \
        stalkerware denial-of-service expired sexual-education allowed";

    #[test]
    fn every_row_is_whole_and_names_a_category_that_is_not_locked() {
        let known: BTreeSet<_> = KNOWN.split_ascii_whitespace().collect();
        let lines = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count();
        assert_eq!(rows().count() + 1, lines);
        for [name, slug, maker] in rows() {
            assert!(known.contains(slug), "{name}: {slug}");
            assert!(!maker.is_empty() && name.trim() == name, "{name}");
            assert_eq!(category_slug(name), Some(slug));
            assert_eq!(category_slug(&name.to_ascii_uppercase()), Some(slug));
        }
    }

    #[test]
    fn no_name_is_there_twice() {
        let names: BTreeSet<_> = rows().map(|[name, ..]| name.to_ascii_lowercase()).collect();
        assert_eq!(names.len(), rows().count());
    }

    #[test]
    fn an_unknown_name_is_not_guessed() {
        for name in ["", "adul", "adults", "special", "examen_pix", "tricheur_pix", "Top_Level", "name"] {
            assert_eq!(category_slug(name), None, "{name}");
        }
    }
}
