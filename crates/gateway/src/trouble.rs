//! Everything that can be wrong with a request besides the policy, and the words for it.

use std::borrow::Cow;

use belisha_policy::Outcome;
use chrono::NaiveDateTime;
use http::StatusCode;

use crate::dial::DialError;
use crate::egress::EgressError;
use crate::stay::GUEST_EXPIRED;

/// Why a request gets a page of ours although no rule blocked it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Trouble {
    NoRules,
    Unlogged,
    NotSignedIn,
    SignInNonsense,
    SignInWrong,
    SignInBusy,
    /// A link of a warning that was not given to whoever follows it, or too long ago.
    LinkOver,
    /// Since this moment, in the school's local time.
    GuestExpired(NaiveDateTime),
    RequestLine,
    Version,
    HeadTooLong,
    TargetTooLong,
    Field,
    HostField,
    Framing,
    Expectation,
    Nomination,
    Chunks,
    SlowBody,
    NotForAProxy,
    Target,
    Scheme,
    Trace,
    Address,
    Port,
    Loop,
    NameNotFound,
    Unreachable,
    TimedOut,
    BadAnswer,
}

/// What is said of a [`Trouble`]: to the log, and to the person.
#[derive(Clone, Debug)]
pub(crate) struct About {
    pub(crate) status: StatusCode,
    pub(crate) outcome: Outcome,
    /// For the access log.
    pub(crate) note: &'static str,
    /// The heading of the page.
    pub(crate) title: &'static str,
    /// A few sentences below it.
    pub(crate) text: Cow<'static, str>,
}

const NOT_UNDERSTOOD: &str = "The web filter did not understand this request";
const MALFORMED: &str = "The browser or app sent something that is not correct, so the filter did not pass it on. \
                         Try again; if it keeps happening, tell whoever looks after the computers.";

impl Trouble {
    /// The words and the status.
    pub(crate) fn about(self) -> About {
        let malformed = |status, note| refused(status, note, NOT_UNDERSTOOD, MALFORMED);
        match self {
            Self::RequestLine => malformed(StatusCode::BAD_REQUEST, "malformed request line"),
            Self::Version => malformed(StatusCode::HTTP_VERSION_NOT_SUPPORTED, "not HTTP/1.1 or HTTP/1.0"),
            Self::HeadTooLong => malformed(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "header fields too large"),
            Self::TargetTooLong => malformed(StatusCode::URI_TOO_LONG, "address too long"),
            Self::Field => malformed(StatusCode::BAD_REQUEST, "malformed header field"),
            Self::HostField => malformed(StatusCode::BAD_REQUEST, "Host missing, doubled or malformed"),
            Self::Framing => malformed(StatusCode::BAD_REQUEST, "the length of the body is ambiguous"),
            Self::Expectation => malformed(StatusCode::EXPECTATION_FAILED, "unknown expectation"),
            Self::Nomination => malformed(StatusCode::BAD_REQUEST, "Connection names a field that it must not"),
            Self::Chunks => malformed(StatusCode::BAD_REQUEST, "malformed chunks"),
            Self::SlowBody => malformed(StatusCode::REQUEST_TIMEOUT, "the body came too slowly"),
            Self::Target => malformed(StatusCode::BAD_REQUEST, "malformed address"),
            Self::Scheme => malformed(StatusCode::BAD_REQUEST, "https or ws without a tunnel"),
            Self::Trace => malformed(StatusCode::METHOD_NOT_ALLOWED, "method not allowed"),
            Self::NoRules => no_rules(),
            Self::Unlogged => unlogged(),
            Self::NotSignedIn => not_signed_in("not signed in"),
            Self::SignInNonsense => not_signed_in("malformed credentials"),
            Self::SignInWrong => not_signed_in("wrong user name or password"),
            Self::SignInBusy => sign_in_busy(),
            Self::LinkOver => refused(
                StatusCode::GONE,
                "a link of a warning that is over",
                "This link is over",
                "Open the page again, and decide then whether you go on.",
            ),
            Self::GuestExpired(at) => guest_expired(at),
            Self::NotForAProxy => not_for_a_proxy(),
            Self::Address => not_public("address not public"),
            Self::Loop => not_public("the proxy's own address"),
            Self::Port => refused(
                StatusCode::FORBIDDEN,
                "port of another protocol",
                "This address is not open",
                "It belongs to something that is not a web site. If you need it for your work, ask whoever looks \
                 after the computers.",
            ),
            Self::NameNotFound => failed(
                StatusCode::BAD_GATEWAY,
                "name not found",
                "This site was not found",
                "There is no site of this name. Check the address for a spelling mistake.",
            ),
            Self::Unreachable => failed(
                StatusCode::BAD_GATEWAY,
                "could not connect",
                "This site does not answer",
                "The site may be switched off or busy. Try again in a few minutes.",
            ),
            Self::TimedOut => failed(
                StatusCode::GATEWAY_TIMEOUT,
                "no answer in time",
                "This site takes too long to answer",
                "The site may be busy. Try again in a few minutes.",
            ),
            Self::BadAnswer => failed(
                StatusCode::BAD_GATEWAY,
                "malformed answer of the origin",
                "This site gave an answer that makes no sense",
                "The fault is with the site, not with you. Try again later.",
            ),
        }
    }
}

fn no_rules() -> About {
    refused(
        StatusCode::SERVICE_UNAVAILABLE,
        "no valid rules",
        "The web filter has no valid rules",
        "Nothing can be opened until it has. Please tell whoever looks after the computers at your school.",
    )
}

fn unlogged() -> About {
    refused(
        StatusCode::SERVICE_UNAVAILABLE,
        "the log takes no records",
        "The web filter cannot keep its log",
        "Your school has decided that until it can, only sites that help children stay open. Please tell whoever looks \
         after the computers at your school. If you need help, you can call Childline free on 0800 1111.",
    )
}

/// The same words whatever is wrong: they tell nobody which user names there are.
fn not_signed_in(note: &'static str) -> About {
    refused(
        StatusCode::PROXY_AUTHENTICATION_REQUIRED,
        note,
        "Please sign in",
        "Your school asks who is using the web here. Load this page again, and type your school user name and password \
         into the box that opens. If you have just done so, one of them was not right. If you cannot sign in, ask your \
         teacher, or whoever looks after the computers. You need no password for sites that help children, such as \
         www.childline.org.uk; you can also ring Childline free on 0800 1111.",
    )
}

fn sign_in_busy() -> About {
    refused(
        StatusCode::SERVICE_UNAVAILABLE,
        "too many are signing in",
        "Many people are signing in",
        "There is nothing wrong with your password. Wait a few seconds and load this page again.",
    )
}

fn guest_expired(at: NaiveDateTime) -> About {
    let text = format!(
        "It ended at {}. If you still need it, ask the person at the school who invited you: they can have it extended. \
         To sign in as somebody else, close the browser and open it again.",
        at.format("%H:%M on %-d %B %Y")
    );
    let about = refused(StatusCode::FORBIDDEN, GUEST_EXPIRED, "Your guest account has ended", "");
    About { text: text.into(), ..about }
}

fn not_for_a_proxy() -> About {
    refused(
        StatusCode::BAD_REQUEST,
        "not a request to a proxy",
        "This is your school\u{2019}s web filter",
        "It is not a web site, and there is nothing to see here. To browse through it, open the network settings of \
         your device, choose to set up a proxy by hand, and enter the address and port that you have just typed.",
    )
}

fn not_public(note: &'static str) -> About {
    refused(
        StatusCode::FORBIDDEN,
        note,
        "This address is not open",
        "It is not on the public internet but inside a network, and the web filter does not go there. If you need it \
         for your work, ask whoever looks after the computers.",
    )
}

fn refused(status: StatusCode, note: &'static str, title: &'static str, text: &'static str) -> About {
    About { status, outcome: Outcome::Refused, note, title, text: text.into() }
}

fn failed(status: StatusCode, note: &'static str, title: &'static str, text: &'static str) -> About {
    About { status, outcome: Outcome::Failed, note, title, text: text.into() }
}

impl From<&DialError> for Trouble {
    fn from(error: &DialError) -> Self {
        match error {
            DialError::Refused(EgressError::Port(_)) => Self::Port,
            DialError::Refused(EgressError::Address(_)) => Self::Address,
            DialError::Refused(EgressError::Own) => Self::Loop,
            DialError::NotFound => Self::NameNotFound,
            DialError::Unreachable(_) => Self::Unreachable,
            DialError::TimedOut => Self::TimedOut,
        }
    }
}
