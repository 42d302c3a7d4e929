//! Signing in, and what was written before it.

use std::sync::Arc;

use askama::Template;
use belisha_school::sign_in::SignInError;
use belisha_school::signed_in::standing_of;
use http::StatusCode;

use crate::reply::{Frame, Reply, Trouble, sentence};
use crate::visit::{Form, Visit, Who, cookie_name};

/// The field that says where somebody goes on.
const TO: &str = "to";

/// Before the names of fields that are kept while somebody signs in.
const KEPT: &str = "kept.";

#[derive(Template)]
#[template(path = "sign-in.html")]
struct SignIn<'a> {
    frame: Frame,
    user: &'a str,
    wrong: Option<String>,
    /// The fields that were sent before they signed in.
    kept: Vec<(String, &'a str)>,
    /// Where they go on, or send those to; empty where they only sign in.
    to: &'a str,
}

#[derive(Template)]
#[template(path = "again.html")]
struct Again<'a> {
    frame: Frame,
    to: &'a str,
    kept: Vec<(&'a str, &'a str)>,
}

pub(crate) fn page(visit: &Visit) -> Reply {
    let to = visit.query.text(TO);
    if visit.who.is_some() {
        return Reply::to(if is_ours(to) { to } else { "/" });
    }
    Reply::page(&SignIn { frame: Frame::of(visit, None), user: "", wrong: None, kept: Vec::new(), to })
}

/// Sends whoever asked for a page of those who are signed in to the sign-in, from where they go on to it.
pub(crate) fn before(wanted: &str) -> Reply {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair(TO, wanted).finish();
    Reply::to(&format!("/sign-in?{query}"))
}

/// Whether it is a page of ours, and no way to somewhere else that looks like one.
fn is_ours(to: &str) -> bool {
    to.starts_with('/') && !to.starts_with("//") && !to.contains(|letter: char| letter == '\\' || letter.is_control())
}

/// The page for somebody whose sign-in was over when they sent a form.
pub(crate) fn first(visit: &Visit, to: &str, form: &Form) -> Reply {
    let frame = Frame::of(visit, None);
    // Sent without its file it would say something else.
    if form.has_files() {
        let wrong = "Your sign-in is over, and nothing was done, since a file is not kept: sign in, and send it again.";
        return Reply::page(&SignIn { frame, user: "", wrong: Some(wrong.to_owned()), kept: Vec::new(), to: "" });
    }
    let kept = form.fields().filter(|(name, _)| *name != "token").map(|(name, value)| (format!("{KEPT}{name}"), value));
    let wrong = Some("Your sign-in is over. What you wrote is kept: sign in, and send it.".to_owned());
    Reply::page(&SignIn { frame, user: "", wrong, kept: kept.collect(), to })
}

pub(crate) fn sign_in(visit: &Visit, form: &Form) -> Result<Reply, Trouble> {
    let (user, to) = (form.text("user"), form.text(TO));
    let account = visit.authority.roll().account_of(user);
    let (ledger, sign_ins) = (visit.school.ledger(), &visit.office.sign_ins);
    let who = (account, user, visit.from);
    let (token, _) = match sign_ins.sign_in_from(ledger, who, form.as_typed("password"), form.text("code"), visit.now) {
        Ok(issued) => issued,
        Err(error) => {
            let wrong = match error {
                SignInError::Wrong | SignInError::Wait(_) | SignInError::ChangeFirst | SignInError::NoSecondFactor => {
                    Some(sentence(&error.to_string()))
                }
                other => return Err(other.into()),
            };
            let kept = form.fields().filter(|(name, _)| name.starts_with(KEPT));
            let kept = kept.map(|(name, value)| (name.to_owned(), value)).collect();
            let page = SignIn { frame: Frame::of(visit, None), user, wrong, kept, to };
            return Ok(Reply::with(StatusCode::UNPROCESSABLE_ENTITY, &page));
        }
    };
    // The sign-in of before, if there was one, is over: no session goes on under another name.
    if let Some(before) = &visit.who {
        end(visit, before)?;
    }
    let cookie = cookie(visit, &token.reveal(), "");
    let kept: Vec<_> = form.fields().filter_map(|(name, value)| Some((name.strip_prefix(KEPT)?, value))).collect();
    if kept.is_empty() || !is_ours(to) {
        return Ok(Reply::to(if is_ours(to) { to } else { "/" }).cookie(&cookie));
    }
    let found = standing_of(sign_ins, &visit.authority, &token, visit.now)?;
    let Some((standing, unlocked)) = found else { return Ok(Reply::to("/sign-in")) };
    // No case is looked at on this page.
    let who = Who { person: standing.person, standing, token, unlocked, kept: Arc::default() };
    let page = Again { frame: Frame::of(visit, Some(&who)), to, kept };
    Ok(Reply::page(&page).cookie(&cookie))
}

pub(crate) fn sign_out(visit: &Visit, who: &Who, _: &Form) -> Result<Reply, Trouble> {
    end(visit, who)?;
    Ok(Reply::to("/sign-in").cookie(&cookie(visit, "", "; Max-Age=0")).clearing())
}

/// The cookie with a token, or without one; it lasts as long as the browser is open, or as it is said.
fn cookie(visit: &Visit, token: &str, lasts: &str) -> String {
    let secure = if visit.office.is_secure() { "; Secure" } else { "" };
    format!("{}={token}; Path=/; HttpOnly; SameSite=Lax{lasts}{secure}", cookie_name(&visit.office))
}

fn end(visit: &Visit, who: &Who) -> Result<(), Trouble> {
    visit.office.sign_ins.sign_out(&who.token)?;
    visit.office.sittings.ended(&who.token.reveal());
    Ok(())
}
