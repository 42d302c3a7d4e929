//! Sites that a child must always be able to reach: the canaries of every change to the rules.

use belisha_filter::Host;

/// A site that no change to the lists may block for pupils.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canary {
    /// Its address.
    pub url: &'static str,
    /// Who it is, and for whom.
    pub what: &'static str,
    /// The host, without a `www.` in front.
    site: &'static str,
    /// Whether the whole of the site is meant.
    is_whole: bool,
}

/// Taken apart once, by the compiler: each ruling that does not allow asks whether a host is one of them.
#[expect(clippy::indexing_slicing, reason = "what stands outside does not compile")]
const fn canary(url: &'static str, what: &'static str) -> Canary {
    const SCHEME: &[u8] = b"https://";
    const WWW: &[u8] = b"www.";
    let bytes = url.as_bytes();
    let mut start = SCHEME.len();
    let mut same = 0;
    while same < WWW.len() && bytes[start + same] == WWW[same] {
        same += 1;
    }
    if same == WWW.len() {
        start += same;
    }
    let mut end = start;
    while bytes[end] != b'/' {
        end += 1;
    }
    let (site, _) = url.split_at(start).1.split_at(end - start);
    Canary { url, what, site, is_whole: end + 1 == bytes.len() }
}

/// Helplines, advice on relationships, identity and faith, and what lessons stand on. A set of lists that would have
/// one of these blocked for pupils is refused.
pub const CANARIES: &[Canary] = &[
    canary("https://www.childline.org.uk/", "Childline, for children"),
    canary("https://www.samaritans.org/", "Samaritans, for anyone in distress"),
    canary("https://www.nspcc.org.uk/", "NSPCC, for the protection of children"),
    canary("https://www.papyrus-uk.org/", "Papyrus, for young people with thoughts of suicide"),
    canary("https://www.youngminds.org.uk/", "YoungMinds, for mental health"),
    canary("https://www.beateatingdisorders.org.uk/", "Beat, for eating disorders"),
    canary("https://www.themix.org.uk/", "The Mix, for under-25s"),
    canary("https://www.kooth.com/", "Kooth, for young people's wellbeing"),
    canary("https://www.nhs.uk/", "the National Health Service"),
    canary("https://www.talktofrank.com/", "Talk to Frank, about drugs"),
    canary("https://www.brook.org.uk/", "Brook, sexual health for young people"),
    canary("https://www.stonewall.org.uk/", "Stonewall, for LGBT people"),
    canary("https://www.mermaidsuk.org.uk/", "Mermaids, for trans and gender-diverse young people"),
    canary("https://switchboard.lgbt/", "Switchboard, an LGBT helpline"),
    canary("https://www.akt.org.uk/", "akt, for young LGBT people without a home"),
    canary("https://www.refuge.org.uk/", "Refuge, against domestic abuse"),
    canary("https://www.womensaid.org.uk/", "Women's Aid, against domestic abuse"),
    canary("https://www.galop.org.uk/", "Galop, for LGBT victims of abuse"),
    canary("https://www.thesurvivorstrust.org/", "The Survivors Trust, after sexual violence"),
    canary("https://www.ceopeducation.co.uk/", "CEOP Education, safety online"),
    canary("https://www.iwf.org.uk/", "Internet Watch Foundation, to report images"),
    canary("https://www.thinkuknow.co.uk/", "Thinkuknow, safety online for children"),
    canary("https://saferinternet.org.uk/", "UK Safer Internet Centre"),
    canary("https://www.bullying.co.uk/", "advice about bullying"),
    canary("https://www.kidscape.org.uk/", "Kidscape, against bullying"),
    canary("https://www.muslimyouthhelpline.org.uk/", "Muslim Youth Helpline"),
    canary("https://www.jewishwomensaid.org.uk/", "Jewish Women's Aid"),
    canary("https://www.gov.uk/", "the government"),
    canary("https://www.bbc.co.uk/bitesize", "BBC Bitesize, lessons"),
    canary("https://en.wikipedia.org/wiki/Main_Page", "Wikipedia"),
    canary("https://www.thenational.academy/", "Oak National Academy, lessons"),
];

/// Whether a host is one of the [`CANARIES`] or belongs to one: what stays up for children whatever else fails.
/// `www.childline.org.uk` names all of `childline.org.uk`.
///
/// ```
/// use belisha_policy::is_help_site;
/// let is_help_site = |host: &str| is_help_site(&host.parse().unwrap());
/// assert!(is_help_site("www.childline.org.uk") && is_help_site("childline.org.uk") && is_help_site("111.nhs.uk"));
/// assert!(!is_help_site("notchildline.org.uk") && !is_help_site("org.uk") && !is_help_site("de.wikipedia.org"));
/// ```
pub fn is_help_site(host: &Host) -> bool {
    CANARIES.iter().any(|canary| canary.holds(host))
}

/// Whether all of a site helps children, so that nothing but unlawful material keeps anybody from it: one of the
/// [`CANARIES`] that is named as a whole. Of an encyclopaedia or a broadcaster a page is named, and the rest is like any
/// other site.
///
/// ```
/// use belisha_policy::is_help_in_whole;
/// let helps = |host: &str| is_help_in_whole(&host.parse().unwrap());
/// assert!(helps("www.childline.org.uk") && helps("111.nhs.uk"));
/// assert!(!helps("www.bbc.co.uk") && !helps("en.wikipedia.org"));
/// ```
pub fn is_help_in_whole(host: &Host) -> bool {
    CANARIES.iter().any(|canary| canary.is_whole && canary.holds(host))
}

impl Canary {
    /// Whether a host is it or belongs to it.
    fn holds(&self, host: &Host) -> bool {
        let Some(at) = host.as_str().len().checked_sub(self.site.len()) else { return false };
        // Few names have a label that begins there, and only of those the letters are compared.
        let begins = at.checked_sub(1).is_none_or(|before| host.as_str().as_bytes().get(before) == Some(&b'.'));
        begins && host.as_str().ends_with(self.site)
    }
}
