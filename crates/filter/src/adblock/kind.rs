//! What a request is for, as browsers tell and rules name it.

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[repr(u8)]
pub enum RequestKind {
    /// A script.
    Script = 0,
    /// A picture.
    Image = 1,
    /// A style sheet.
    Stylesheet = 2,
    /// A font.
    Font = 3,
    /// Sound or video.
    Media = 4,
    /// A plug-in's content.
    Object = 5,
    /// A page within a page.
    Subdocument = 6,
    /// What a script asks for (`XMLHttpRequest`, `fetch`).
    Xhr = 7,
    /// A web socket.
    WebSocket = 8,
    /// A beacon or a ping.
    Ping = 9,
    /// Anything else.
    Other = 10,
    /// A page of its own.
    Document = 11,
}

/// Kinds of requests, a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kinds(pub(super) u16);

impl Kinds {
    /// What a rule holds that names no kind: all that pages ask for.
    pub(super) const OF_PAGES: Self = Self((1 << RequestKind::Document as u16) - 1);
    pub(super) const NONE: Self = Self(0);
    pub(super) const ALL: Self = Self(Self::OF_PAGES.0 | 1 << RequestKind::Document as u16);

    pub(super) fn has(self, kind: RequestKind) -> bool {
        self.0 >> kind as u16 & 1 != 0
    }

    pub(super) fn with(self, kind: RequestKind) -> Self {
        Self(self.0 | 1 << kind as u16)
    }
}

impl RequestKind {
    /// The kind that an option names, such as `script` or `xhr`.
    pub fn of_option(name: &str) -> Option<Self> {
        Some(match name {
            "script" => Self::Script,
            "image" => Self::Image,
            "stylesheet" | "css" => Self::Stylesheet,
            "font" => Self::Font,
            "media" => Self::Media,
            "object" | "object-subrequest" => Self::Object,
            "subdocument" | "frame" => Self::Subdocument,
            "xmlhttprequest" | "xhr" => Self::Xhr,
            "websocket" => Self::WebSocket,
            "ping" | "beacon" => Self::Ping,
            "other" => Self::Other,
            "document" | "doc" => Self::Document,
            _ => return None,
        })
    }
}
