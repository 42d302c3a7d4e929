//! Who comes, and what they send.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use belisha_policy::may::{About, Answer, Standing, may};
use belisha_policy::roles::Role;
use belisha_policy::{Action, Permit, PersonId};
use belisha_school::authority::Authority;
use belisha_school::cases::{Desk, Kept};
use belisha_school::signed_in::standing_of;
use belisha_school::{School, hex};
use belisha_store::credentials::Token;
use belisha_store::keys::Unlocked;
use chrono::{DateTime, Utc};
use http::HeaderMap;
use http::header::{COOKIE, HOST, ORIGIN};
use sha2::{Digest, Sha256};

use crate::office::Office;
use crate::reply::Trouble;

/// What a form sent, or what stands behind the `?`: names and values in their order.
#[derive(Clone, Default)]
pub(crate) struct Form {
    fields: Vec<(String, String)>,
    /// The bytes of files, by the names of their fields; whatever they are called where they come from.
    files: Vec<(String, Bytes)>,
}

impl Form {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        Self { fields: url::form_urlencoded::parse(bytes).into_owned().collect(), files: Vec::new() }
    }

    /// Reads a form that came with files (RFC 7578).
    pub(crate) async fn read_parts(body: Bytes, boundary: String) -> Result<Self, multer::Error> {
        let mut parts = multer::Multipart::new(Body::from(body).into_data_stream(), boundary);
        let mut form = Self::default();
        while let Some(part) = parts.next_field().await? {
            let name = part.name().unwrap_or_default().to_owned();
            if part.file_name().is_some() {
                form.files.push((name, part.bytes().await?));
            } else {
                form.fields.push((name, part.text().await?));
            }
        }
        // A file that was not chosen comes as one of no bytes.
        form.files.retain(|(_, bytes)| !bytes.is_empty());
        Ok(form)
    }

    /// The bytes of a file, where one was chosen.
    pub(crate) fn file(&self, name: &str) -> Option<&[u8]> {
        self.files.iter().find(|(field, _)| field == name).map(|(_, bytes)| bytes.as_ref())
    }

    pub(crate) fn has_files(&self) -> bool {
        !self.files.is_empty()
    }

    /// The text of a field, without space around it; empty where there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.as_typed(name).trim()
    }

    /// The text of a field with the space around it: a password may begin and end with some.
    pub(crate) fn as_typed(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// The text without it, where something was written.
    pub(crate) fn given(&self, name: &str) -> Option<String> {
        Some(self.text(name).to_owned()).filter(|text| !text.is_empty())
    }

    /// Whether a box is ticked.
    pub(crate) fn is_ticked(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, _)| field == name)
    }

    /// All fields, in their order.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Somebody who is signed in.
pub(crate) struct Who {
    pub(crate) person: PersonId,
    pub(crate) standing: Standing,
    pub(crate) token: Token,
    pub(crate) unlocked: Option<Unlocked>,
    /// What is kept open for them while they are here.
    pub(crate) kept: Arc<Kept>,
}

impl Who {
    /// What each form of theirs carries: made of the sign-in, so that nobody else can fill one in for them.
    pub(crate) fn form_token(&self) -> String {
        let digest = Sha256::new().chain_update("belisha form").chain_update(self.token.reveal()).finalize();
        hex(&digest)
    }

    /// Whether they say who can open what.
    pub(crate) fn manages_keys(&self, now: DateTime<Utc>) -> bool {
        let answer = may(&self.standing, Action::ManageHolders, &About::NOTHING, now);
        self.unlocked.is_some() && matches!(answer, Answer::Permit(_))
    }

    /// Whether cases are theirs to handle.
    pub(crate) fn handles_cases(&self) -> bool {
        self.standing.roles.iter().any(Role::handles_cases)
    }
}

/// One visit: who came, when, from where, and the school as it is.
pub(crate) struct Visit {
    pub(crate) office: Arc<Office>,
    pub(crate) school: Arc<School>,
    pub(crate) authority: Arc<Authority>,
    pub(crate) now: DateTime<Utc>,
    pub(crate) from: IpAddr,
    pub(crate) who: Option<Who>,
    /// What stands in the address where the route has a name for it: the reference of a case.
    pub(crate) name: String,
    /// And behind that: what is to be done.
    pub(crate) verb: String,
    /// What stands behind the `?`.
    pub(crate) query: Form,
    pub(crate) path: String,
}

impl Visit {
    /// The desk of somebody who holds a key.
    pub(crate) fn desk<'a>(&'a self, who: &'a Who) -> Result<Desk<'a>, Trouble> {
        let unlocked = who.unlocked.as_ref().ok_or(Trouble::NoKey)?;
        let Self { school, authority, now, .. } = self;
        Ok(Desk { school, authority, person: who.person, unlocked, now: *now, kept: Some(&who.kept) })
    }

    /// The permit of whoever is signed in for something.
    pub(crate) fn permit(&self, who: &Who, action: Action, about: &About) -> Result<Permit, Trouble> {
        match self.authority.may(who.person, action, about, self.now) {
            Answer::Permit(permit) => Ok(permit),
            Answer::Refusal(refusal) => Err(Trouble::Refused(refusal.to_string())),
            Answer::NotFound => Err(Trouble::NotFound),
        }
    }

    /// What somebody is called.
    pub(crate) fn called(&self, person: PersonId) -> String {
        let Some(entry) = self.authority.roll().person(person) else {
            return "somebody who is not here any more".into();
        };
        let name = entry.person.name.in_full();
        entry.class().map_or_else(|| name.clone(), |class| format!("{name} ({class})"))
    }
}

/// Who is signed in with the cookie of a request; nobody where the sign-in is over.
pub(crate) fn who(
    office: &Office,
    authority: &Authority,
    headers: &HeaderMap,
    now: DateTime<Utc>,
) -> Result<Option<Who>, Trouble> {
    let Some(token) = cookie(headers, cookie_name(office)) else { return Ok(None) };
    let Ok(token) = token.parse::<Token>() else { return Ok(None) };
    let Some((standing, unlocked)) = standing_of(&office.sign_ins, authority, &token, now)? else { return Ok(None) };
    let Some(kept) = office.sittings.go_on(&token.reveal(), now) else {
        office.sign_ins.sign_out(&token)?;
        office.sittings.ended(&token.reveal());
        return Ok(None);
    };
    Ok(Some(Who { person: standing.person, standing, token, unlocked, kept }))
}

/// The name of the cookie. Under TLS, one that no other host and no plain connection can set (RFC 6265bis §4.1.3.2).
pub(crate) fn cookie_name(office: &Office) -> &'static str {
    if office.is_secure() { "__Host-belisha" } else { "belisha" }
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    all.filter_map(|pair| pair.trim().split_once('=')).find(|(of, _)| *of == name).map(|(_, value)| value)
}

/// Whether a form comes from a page of ours, as far as the browser says where it comes from. A form that does something for
/// somebody who is signed in needs their token besides.
pub(crate) fn is_from_here(office: &Office, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if text("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return false;
    }
    let Some(origin) = text(ORIGIN.as_str()) else { return true };
    match &office.origin {
        Some(ours) if origin == ours => true,
        // Whoever comes to it directly, on the machine itself, comes by the name that they typed.
        _ => text(HOST.as_str()).is_some_and(|host| origin == format!("http://{host}")),
    }
}

/// From where somebody comes. What stands before the console says so in the last of `X-Forwarded-For`; nobody else is believed.
pub(crate) fn from(office: &Office, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
    let told = || {
        let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?.rsplit(',').next()?;
        last.trim().parse().ok()
    };
    if office.origin.is_some() && peer.is_loopback() { told().unwrap_or(peer) } else { peer }
}
