//! Requests as ad blockers ask about them.

use belisha_filter::adblock::{Request, RequestKind};
use belisha_filter::{Host, Target};

/// A request with the page that asks for it.
#[derive(Clone, Debug)]
pub struct AdRequest {
    /// What is asked for.
    pub url: String,
    /// The page.
    pub page: String,
    /// What for, as browsers and the `adblock` crate name it.
    pub kind: String,
}

impl AdRequest {
    /// Asks with it. A page without a host is another site.
    pub fn with<T>(&self, target: &Target, ask: impl FnOnce(&Request<'_>) -> T) -> T {
        let request = Request::new(target);
        let request = match kind(&self.kind) {
            Some(kind) => request.of_kind(kind),
            None => request,
        };
        if let Ok(page) = site_of(&self.page).parse::<Target>() {
            let host = page.host();
            return ask(&request.from_page(host, is_third_party(target.host(), host)));
        }
        match "page.invalid".parse::<Host>() {
            Ok(nobody) => ask(&request.from_page(&nobody, true)),
            Err(_) => ask(&request),
        }
    }
}

/// A web address without what stands behind its host and port: of a page no more is asked.
fn site_of(page: &str) -> &str {
    let start = page.find("://").map_or(0, |at| at + "://".len());
    let behind = page.get(start..).unwrap_or_default().find(['/', '\\', '?', '#']);
    page.get(..behind.map_or(page.len(), |at| start + at)).unwrap_or(page)
}

/// The kind that a name stands for.
pub fn kind(name: &str) -> Option<RequestKind> {
    match name {
        "sub_frame" | "subframe" => Some(RequestKind::Subdocument),
        "main_frame" => Some(RequestKind::Document),
        "fetch" | "xhr" | "xmlhttprequest" => Some(RequestKind::Xhr),
        "imageset" => Some(RequestKind::Image),
        _ => RequestKind::of_option(name),
    }
}

/// Whether two hosts are of different sites: of different names below a public suffix.
pub fn is_third_party(one: &Host, other: &Host) -> bool {
    site(one) != site(other)
}

fn site(host: &Host) -> &str {
    if host.ip().is_some() { host.as_str() } else { psl::domain_str(host.as_str()).unwrap_or(host.as_str()) }
}
