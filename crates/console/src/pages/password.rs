//! Choosing a password of one's own, and the first time a second factor with it.

use askama::Template;
use belisha_school::own_password::{Changing, OwnPasswordError};
use belisha_school::sign_in::{SignInError, TotpSecret};
use http::StatusCode;

use crate::reply::{Frame, Reply, Trouble, sentence};
use crate::visit::{Form, Visit};

#[derive(Template)]
#[template(path = "password.html")]
struct Page<'a> {
    frame: Frame,
    user: &'a str,
    wrong: Option<String>,
    /// Of a second factor that is to be set up: as it is typed into an app, and as an address that opens one.
    factor: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "password-changed.html")]
struct Changed {
    frame: Frame,
    has_key: bool,
    user: String,
}

/// For those who have a second factor.
pub(crate) fn page(visit: &Visit) -> Reply {
    Reply::page(&Page { frame: Frame::of(visit, None), user: "", wrong: None, factor: None })
}

/// For those who come with the password that they were given.
pub(crate) fn first(visit: &Visit, _: &Form) -> Result<Reply, Trouble> {
    let secret = TotpSecret::random().map_err(|error| Trouble::Away(error.to_string()))?;
    Ok(Reply::page(&Page { frame: Frame::of(visit, None), user: "", wrong: None, factor: Some(shown(visit, &secret)) }))
}

fn shown(visit: &Visit, secret: &TotpSecret) -> (String, String) {
    (secret.base32(), secret.uri(&visit.school.settings().school, "your account"))
}

pub(crate) fn change(visit: &Visit, form: &Form) -> Result<Reply, Trouble> {
    done(visit, form, None)
}

pub(crate) fn change_first(visit: &Visit, form: &Form) -> Result<Reply, Trouble> {
    let secret = TotpSecret::from_base32(form.text("secret")).ok_or(Trouble::FromElsewhere)?;
    done(visit, form, Some(&secret))
}

fn done(visit: &Visit, form: &Form, secret: Option<&TotpSecret>) -> Result<Reply, Trouble> {
    let user = form.text("user");
    let is_same = form.as_typed("new") == form.as_typed("again");
    let changed = if is_same { changed(visit, form, secret).map(Some) } else { Ok(None) };
    let wrong = match changed {
        Ok(None) => "The new password is not the same both times.".to_owned(),
        Ok(Some(has_key)) => {
            let page = Changed { frame: Frame::of(visit, None), has_key, user: user.to_owned() };
            return Ok(Reply::page(&page));
        }
        Err(OwnPasswordError::SignIn(error)) => match error {
            SignInError::Wrong => "User name or password is not right.".to_owned(),
            SignInError::Code | SignInError::Wait(_) | SignInError::Bad(_) => sentence(&error.to_string()),
            other => return Err(other.into()),
        },
        Err(error) => return Err(Trouble::Away(error.to_string())),
    };
    let factor = secret.map(|secret| shown(visit, secret));
    let page = Page { frame: Frame::of(visit, None), user, wrong: Some(wrong), factor };
    Ok(Reply::with(StatusCode::UNPROCESSABLE_ENTITY, &page))
}

/// Changes it; whether they were given a key.
fn changed(visit: &Visit, form: &Form, secret: Option<&TotpSecret>) -> Result<bool, OwnPasswordError> {
    let Visit { school, authority, office, now, from, .. } = visit;
    let changing = Changing { school, sign_ins: &office.sign_ins, authority, now: *now };
    let login = form.text("user");
    let account = authority.roll().account_of(login);
    let (old, new, code) = (form.as_typed("old"), form.as_typed("new"), form.text("code"));
    // Looked at before anything is written. Whoever has a factor shows a code of that, whatever the page asked for.
    let has_factor = changing.needs_code(account)?;
    let sets_up = secret.filter(|_| !has_factor);
    if sets_up.is_some_and(|secret| !secret.is_shown_by(code, *now)) {
        return Err(SignInError::Code.into());
    }
    let account = changing.change_from((account, login, *from), (old, new), has_factor.then_some(code))?;
    match sets_up {
        Some(secret) if changing.needs_factor(account) => changing.enrol(account, new, secret, code),
        _ => Ok(false),
    }
}
