//! What is answered.

use std::time::Duration;

use askama::Template;
use axum::body::Body;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use belisha_school::LedgerError;
use belisha_school::cases::{CaseError, is_read};
use belisha_school::sign_in::SignInError;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use sha2::{Digest, Sha256};

use crate::office::OfficeError;
use crate::visit::{Visit, Who};

/// The style sheet of all pages, which stands in each of them.
pub(crate) const STYLE: &str = include_str!("../templates/style.css");

/// What all pages have.
pub(crate) struct Frame {
    pub(crate) school: String,
    /// Who is signed in.
    pub(crate) who: Option<Signed>,
    /// Whether nobody is named yet who reads what is told.
    pub(crate) is_unread: bool,
}

/// Somebody who is signed in, as far as pages show it.
pub(crate) struct Signed {
    pub(crate) name: String,
    /// What forms carry.
    pub(crate) token: String,
    pub(crate) handles_cases: bool,
    pub(crate) manages_keys: bool,
}

impl Frame {
    pub(crate) fn of(visit: &Visit, who: Option<&Who>) -> Self {
        let signed = |who: &Who| Signed {
            name: visit.called(who.person),
            token: who.form_token(),
            handles_cases: who.handles_cases(),
            manages_keys: who.manages_keys(visit.now),
        };
        Self { school: visit.school.settings().school.clone(), who: who.map(signed), is_unread: false }
    }

    /// Of a page on which somebody tells of something, or is thanked for it.
    pub(crate) fn of_telling(visit: &Visit, who: Option<&Who>) -> Self {
        // Where it cannot be asked, the page fails by what it does, and not by what it says.
        Self { is_unread: matches!(is_read(&visit.school), Ok(false)), ..Self::of(visit, who) }
    }

    /// What forms carry; nothing where nobody is signed in.
    pub(crate) fn token(&self) -> &str {
        self.who.as_ref().map_or("", |who| &who.token)
    }
}

/// An answer.
pub(crate) struct Reply {
    status: StatusCode,
    html: String,
    headers: HeaderMap,
}

impl Reply {
    pub(crate) fn page(page: &impl Template) -> Self {
        Self::with(StatusCode::OK, page)
    }

    pub(crate) fn with(status: StatusCode, page: &impl Template) -> Self {
        // A page that cannot be made is an empty one; templates are checked when they are compiled.
        Self { status, html: page.render().unwrap_or_default(), headers: HeaderMap::new() }
    }

    /// Sends the browser to another page of ours.
    pub(crate) fn to(path: &str) -> Self {
        let mut headers = HeaderMap::new();
        if let Ok(path) = HeaderValue::try_from(path) {
            headers.insert(LOCATION, path);
        }
        Self { status: StatusCode::SEE_OTHER, html: String::new(), headers }
    }

    /// A document of ours, which the browser keeps as a file and does not show as a page of the console.
    pub(crate) fn document(name: &str, html: String) -> Self {
        let mut headers = HeaderMap::new();
        if let Ok(name) = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")) {
            headers.insert(CONTENT_DISPOSITION, name);
        }
        Self { status: StatusCode::OK, html, headers }
    }

    /// Sets or takes the cookie.
    #[must_use]
    pub(crate) fn cookie(mut self, cookie: &str) -> Self {
        if let Ok(cookie) = HeaderValue::try_from(cookie) {
            self.headers.insert(SET_COOKIE, cookie);
        }
        self
    }

    /// Asks the browser to keep nothing of what it showed.
    #[must_use]
    pub(crate) fn clearing(mut self) -> Self {
        self.headers.insert("clear-site-data", HeaderValue::from_static("\"cache\""));
        self
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.html));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        for (name, value) in [
            (CONTENT_TYPE, "text/html; charset=utf-8"),
            (CACHE_CONTROL, "no-store"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (X_FRAME_OPTIONS, "DENY"),
            // Browsers that are told to send no referrer name no origin either.
            (REFERRER_POLICY, "same-origin"),
        ] {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        for (name, value) in
            [("cross-origin-opener-policy", "same-origin"), ("cross-origin-resource-policy", "same-origin")]
        {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        if let Ok(policy) = HeaderValue::try_from(content_policy()) {
            response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}

/// Nothing is loaded and nothing runs; the one style sheet is known by its hash.
fn content_policy() -> String {
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// There is nothing, as far as whoever asks is concerned.
    #[error("there is nothing here")]
    NotFound,
    /// The form comes from elsewhere.
    #[error("the form did not come from a page of the console")]
    FromElsewhere,
    /// They handle cases and hold no key yet, or none.
    #[error("you hold no key")]
    NoKey,
    /// What was sent cannot be.
    #[error("{0}")]
    Refused(String),
    /// Somebody else was faster.
    #[error("{0}")]
    Meanwhile(String),
    /// Tried too often from there.
    #[error("too many tries")]
    Wait(Duration),
    /// School, journal or keys.
    #[error("{0}")]
    Away(String),
}

impl From<CaseError> for Trouble {
    fn from(error: CaseError) -> Self {
        match error {
            CaseError::NotFound => Self::NotFound,
            CaseError::NoKey => Self::NoKey,
            CaseError::Meanwhile => Self::Meanwhile(error.to_string()),
            CaseError::Ledger(error) => error.into(),
            refused => Self::Refused(refused.to_string()),
        }
    }
}

impl From<LedgerError> for Trouble {
    fn from(error: LedgerError) -> Self {
        Self::Away(error.to_string())
    }
}

impl From<OfficeError> for Trouble {
    fn from(error: OfficeError) -> Self {
        Self::Away(error.to_string())
    }
}

impl From<SignInError> for Trouble {
    fn from(error: SignInError) -> Self {
        Self::Away(error.to_string())
    }
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct TroublePage {
    frame: Frame,
    title: &'static str,
    sentences: Vec<String>,
    back: Option<String>,
}

impl Trouble {
    /// What is shown instead of the page. Without sight, refusal and absence are one answer (DESIGN §6.13).
    pub(crate) fn reply(self, frame: Frame, back: Option<String>) -> Reply {
        let (status, title, sentences) = match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "There is nothing here", vec![
                "Check the address or the reference. Where something is not for you to see, you find the same page.".into(),
            ]),
            Self::FromElsewhere => (StatusCode::FORBIDDEN, "This was not done", vec![
                "The form did not come from a page of the console, or the page was old. Open it again, and send it from there."
                    .into(),
            ]),
            Self::NoKey => (StatusCode::FORBIDDEN, "You hold no key yet", vec![
                "Cases are sealed to those who handle them. You get a key with your first own password; whoever handles cases \
                 already then lets you in."
                    .into(),
                "Head or chair do that under Who opens incidents, or type: belisha-reporter keys admit cases, and your user name.".into(),
            ]),
            Self::Refused(why) => (StatusCode::UNPROCESSABLE_ENTITY, "This was not done", vec![sentence(&why)]),
            Self::Meanwhile(why) => (StatusCode::CONFLICT, "This was not done", vec![sentence(&why)]),
            Self::Wait(wait) => (StatusCode::TOO_MANY_REQUESTS, "Too many tries", vec![format!(
                "Wait {} seconds, and try again. Look whether the whole of the link was typed.",
                wait.as_secs() + 1
            )]),
            Self::Away(why) => {
                tracing::error!("a page could not be made: {why}");
                let sentences = vec![
                    "The records cannot be reached. Nothing that was written down is lost.".into(),
                    "Try again in a minute. If somebody is in danger now, call 999, and speak to the designated safeguarding lead."
                        .into(),
                ];
                (StatusCode::SERVICE_UNAVAILABLE, "This does not work at the moment", sentences)
            }
        };
        Reply::with(status, &TroublePage { frame, title, sentences, back })
    }
}

/// A sentence of an error, as a sentence.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}
