//! What is asked: a URL, and what is known of who asks for it and what for.

use alloc::string::{String, ToString as _};
use core::ops::Range;

use super::kind::RequestKind;
use crate::host::Host;
use crate::patterns::UrlText;
use crate::target::Target;

/// A request, and what is known of it. Of what is not known no rule holds that asks for it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    target: &'a Target,
    known: Known<'a>,
}

/// What is known of a request beside its URL.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known<'a> {
    page: Option<(&'a Host, bool)>,
    pub(super) kind: Option<RequestKind>,
}

impl<'a> Known<'a> {
    pub(super) fn is_third_party(&self) -> Option<bool> {
        self.page.map(|(_, is_third)| is_third)
    }

    /// The host of the page.
    pub(super) fn source(&self) -> Option<&'a [u8]> {
        self.page.map(|(host, _)| host.as_str().as_bytes())
    }
}

impl<'a> Request<'a> {
    /// A request of which the URL is known and nothing more.
    pub fn new(target: &'a Target) -> Self {
        Self { target, known: Known::default() }
    }

    /// With the host of the page that asks, and whether that is another site. Where one site ends and another begins a
    /// public suffix list says, which this crate does not have.
    #[must_use]
    pub fn from_page(mut self, host: &'a Host, is_third_party: bool) -> Self {
        self.known.page = Some((host, is_third_party));
        self
    }

    /// With what it is for.
    #[must_use]
    pub fn of_kind(mut self, kind: RequestKind) -> Self {
        self.known.kind = Some(kind);
        self
    }

    /// The URL.
    pub fn target(&self) -> &'a Target {
        self.target
    }
}

/// The URL of a request as rules look at it: as it is sent, in lower case.
pub(crate) struct Text<'a> {
    request: Request<'a>,
    lower: UrlText,
    host: Range<usize>,
}

impl<'a> Text<'a> {
    pub(crate) fn of(request: Request<'a>) -> Self {
        let (lower, host) = UrlText::as_sent(request.target);
        Self { request, lower, host }
    }

    pub(super) fn known(&self) -> &Known<'a> {
        &self.request.known
    }

    /// The host of the page that asks.
    pub(crate) fn page(&self) -> Option<&'a [u8]> {
        self.request.known.source()
    }

    pub(crate) fn lower(&self) -> &[u8] {
        self.lower.as_bytes()
    }

    pub(super) fn exact(&self) -> String {
        self.request.target.to_string()
    }

    /// Where the host stands in the text.
    pub(super) fn host(&self) -> Range<usize> {
        self.host.clone()
    }
}
