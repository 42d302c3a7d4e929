//! What is asked: a URL, and what is known of who asks for it and what for.

use alloc::string::{String, ToString as _};
use core::ops::Range;

use super::kind::RequestKind;
use crate::host::Host;
use crate::target::Target;

/// A request, and what is known of it. Of what is not known no rule holds that asks for it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    target: &'a Target,
    page: Option<(&'a Host, bool)>,
    kind: Option<RequestKind>,
}

impl<'a> Request<'a> {
    /// A request of which the URL is known and nothing more.
    pub fn new(target: &'a Target) -> Self {
        Self { target, page: None, kind: None }
    }

    /// With the host of the page that asks, and whether that is another site. Where one site ends and another begins a
    /// public suffix list says, which this crate does not have.
    #[must_use]
    pub fn from_page(self, host: &'a Host, is_third_party: bool) -> Self {
        Self { page: Some((host, is_third_party)), ..self }
    }

    /// With what it is for.
    #[must_use]
    pub fn of_kind(self, kind: RequestKind) -> Self {
        Self { kind: Some(kind), ..self }
    }

    /// The URL.
    pub fn target(&self) -> &'a Target {
        self.target
    }
}

/// The URL of a request as rules look at it: as it is sent, in lower case.
pub(crate) struct Text<'a> {
    request: Request<'a>,
    lower: String,
    host: Range<usize>,
}

impl<'a> Text<'a> {
    pub(crate) fn of(request: Request<'a>) -> Self {
        let mut lower = request.target.to_string();
        lower.make_ascii_lowercase();
        let start = request.target.scheme().as_str().len() + "://".len();
        let host = start..start + request.target.host().to_url().len();
        Self { request, lower, host }
    }

    pub(super) fn kind(&self) -> Option<RequestKind> {
        self.request.kind
    }

    pub(super) fn is_third_party(&self) -> Option<bool> {
        self.request.page.map(|(_, is_third)| is_third)
    }

    pub(super) fn source(&self) -> Option<&'a str> {
        self.request.page.map(|(host, _)| host.as_str())
    }

    pub(crate) fn lower(&self) -> &[u8] {
        self.lower.as_bytes()
    }

    pub(super) fn exact(&self) -> String {
        self.request.target.to_string()
    }

    pub(super) fn host(&self) -> Range<usize> {
        self.host.clone()
    }
}
