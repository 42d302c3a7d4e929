//! A request as C tells of it: what browsers know beside the URL.

use std::ffi::c_char;

use belisha_filter::adblock::RequestKind;
use belisha_filter::{Host, Target};

use crate::failure::Failure;

/// A request, for rules that ask more than its URL, as those of ad blockers do. What is 0 or null is not known, and then no
/// rule holds that asks for it: fill the structure with zeros first.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// The URL: any bytes, in any spelling that a browser takes.
    pub url: *const c_char,
    /// How many bytes it has.
    pub url_length: usize,
    /// The host of the page that asks, or null. Where it is given, `party` has to be.
    pub page: *const c_char,
    /// How many bytes it has.
    pub page_length: usize,
    /// 0, `BELISHA_PARTY_FIRST` or `BELISHA_PARTY_THIRD`.
    pub party: u32,
    /// 0 or a `BELISHA_REQUEST_` number.
    pub kind: u32,
}

/// The page is of the same site as the URL: of the same name below a public suffix.
pub const BELISHA_PARTY_FIRST: u32 = 1;
/// The page is of another site.
pub const BELISHA_PARTY_THIRD: u32 = 2;

/// A script.
pub const BELISHA_REQUEST_SCRIPT: u32 = 1;
/// A picture.
pub const BELISHA_REQUEST_IMAGE: u32 = 2;
/// A style sheet.
pub const BELISHA_REQUEST_STYLESHEET: u32 = 3;
/// A font.
pub const BELISHA_REQUEST_FONT: u32 = 4;
/// Sound or video.
pub const BELISHA_REQUEST_MEDIA: u32 = 5;
/// A plug-in's content.
pub const BELISHA_REQUEST_OBJECT: u32 = 6;
/// A page within a page.
pub const BELISHA_REQUEST_SUBDOCUMENT: u32 = 7;
/// What a script asks for (`XMLHttpRequest`, `fetch`).
pub const BELISHA_REQUEST_XHR: u32 = 8;
/// A web socket.
pub const BELISHA_REQUEST_WEBSOCKET: u32 = 9;
/// A beacon or a ping.
pub const BELISHA_REQUEST_PING: u32 = 10;
/// Anything else that a page asks for.
pub const BELISHA_REQUEST_OTHER: u32 = 11;
/// A page of its own.
pub const BELISHA_REQUEST_DOCUMENT: u32 = 12;

/// A request of which the texts were read.
#[derive(Debug)]
pub(crate) struct Asked {
    target: Target,
    page: Option<(Host, bool)>,
    kind: Option<RequestKind>,
}

impl Asked {
    /// Reads the texts of a request; there is a page, or there is none.
    pub(crate) fn read(url: &[u8], page: Option<&[u8]>, party: u32, kind: u32) -> Result<Self, Failure> {
        let target = Target::parse(url)?;
        let page = page.map(|page| Ok::<_, Failure>((Host::parse(page)?, is_third_party(party)?))).transpose()?;
        if page.is_none() && party != 0 {
            return Err(Failure::Null("page"));
        }
        Ok(Self { target, page, kind: kind_of(kind)? })
    }

    /// As the matcher has it.
    pub(crate) fn request(&self) -> belisha_filter::adblock::Request<'_> {
        let mut request = belisha_filter::adblock::Request::new(&self.target);
        if let Some((host, is_third_party)) = &self.page {
            request = request.from_page(host, *is_third_party);
        }
        if let Some(kind) = self.kind {
            request = request.of_kind(kind);
        }
        request
    }
}

fn is_third_party(party: u32) -> Result<bool, Failure> {
    match party {
        BELISHA_PARTY_FIRST => Ok(false),
        BELISHA_PARTY_THIRD => Ok(true),
        _ => Err(beyond("party", party, BELISHA_PARTY_THIRD)),
    }
}

fn kind_of(number: u32) -> Result<Option<RequestKind>, Failure> {
    Ok(Some(match number {
        0 => return Ok(None),
        BELISHA_REQUEST_SCRIPT => RequestKind::Script,
        BELISHA_REQUEST_IMAGE => RequestKind::Image,
        BELISHA_REQUEST_STYLESHEET => RequestKind::Stylesheet,
        BELISHA_REQUEST_FONT => RequestKind::Font,
        BELISHA_REQUEST_MEDIA => RequestKind::Media,
        BELISHA_REQUEST_OBJECT => RequestKind::Object,
        BELISHA_REQUEST_SUBDOCUMENT => RequestKind::Subdocument,
        BELISHA_REQUEST_XHR => RequestKind::Xhr,
        BELISHA_REQUEST_WEBSOCKET => RequestKind::WebSocket,
        BELISHA_REQUEST_PING => RequestKind::Ping,
        BELISHA_REQUEST_OTHER => RequestKind::Other,
        BELISHA_REQUEST_DOCUMENT => RequestKind::Document,
        _ => return Err(beyond("kind", number, BELISHA_REQUEST_DOCUMENT)),
    }))
}

fn beyond(name: &'static str, value: u32, limit: u32) -> Failure {
    let wide = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    Failure::Argument { name, value: wide(value), limit: wide(limit) }
}
