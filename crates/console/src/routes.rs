//! All pages, and who may ask for them.

use crate::pages::{
    agreements, case, cases, home, keys, link, password, pictures, receipt, register, report, returns, round, sign_in,
    tasks, worry,
};
use crate::reply::{Reply, Trouble};
use crate::visit::{Form, Visit, Who};

/// What makes a page.
pub(crate) enum Handler {
    /// For everybody, and always there.
    Open(fn(&Visit) -> Reply),
    /// For everybody.
    Anybody(fn(&Visit, &Form) -> Result<Reply, Trouble>),
    /// For those who are signed in. What they send carries the token of their sign-in.
    SignedIn(fn(&Visit, &Who, &Form) -> Result<Reply, Trouble>),
    /// The same, where a file may come with the form.
    WithFile(fn(&Visit, &Who, &Form) -> Result<Reply, Trouble>),
}

/// A page.
pub(crate) struct Route {
    /// Its path; `{name}` and `{verb}` stand for what is in it.
    pub(crate) path: &'static str,
    /// What shows it.
    pub(crate) get: Option<Handler>,
    /// What takes what was sent.
    pub(crate) post: Option<Handler>,
}

use Handler::{Anybody, Open, SignedIn, WithFile};

/// The pages.
pub(crate) const ROUTES: &[Route] = &[
    Route { path: "/", get: Some(Open(home::home)), post: None },
    Route { path: "/sign-in", get: Some(Open(sign_in::page)), post: Some(Anybody(sign_in::sign_in)) },
    Route { path: "/sign-out", get: None, post: Some(SignedIn(sign_in::sign_out)) },
    Route { path: "/first", get: Some(Anybody(password::first)), post: Some(Anybody(password::change_first)) },
    Route { path: "/password", get: Some(Open(password::page)), post: Some(Anybody(password::change)) },
    Route { path: "/worried", get: Some(Anybody(worry::worried)), post: Some(Anybody(worry::child)) },
    Route { path: "/tell", get: Some(Anybody(worry::tell)), post: Some(Anybody(worry::adult)) },
    Route { path: "/receipt", get: Some(Open(receipt::page)), post: Some(Anybody(receipt::show)) },
    Route { path: "/report", get: Some(SignedIn(report::page)), post: Some(SignedIn(report::report)) },
    Route { path: "/tasks", get: Some(SignedIn(tasks::page)), post: None },
    Route { path: "/cases", get: Some(SignedIn(cases::page)), post: None },
    Route { path: "/register", get: Some(SignedIn(register::page)), post: None },
    Route { path: "/cases/{name}", get: Some(SignedIn(case::page)), post: Some(SignedIn(case::on_request)) },
    Route { path: "/agreements", get: Some(SignedIn(agreements::page)), post: None },
    Route { path: "/agreements/returned/paper", get: None, post: Some(WithFile(agreements::paper)) },
    Route { path: "/agreements/{name}/{verb}", get: None, post: Some(SignedIn(agreements::act)) },
    Route { path: "/pictures", get: Some(SignedIn(pictures::page)), post: Some(SignedIn(pictures::ask)) },
    Route { path: "/round", get: Some(SignedIn(round::page)), post: None },
    Route { path: "/round/{name}", get: Some(SignedIn(round::forms)), post: Some(SignedIn(round::act)) },
    Route { path: "/returns", get: Some(SignedIn(returns::page)), post: Some(SignedIn(returns::read)) },
    Route { path: "/returns/{name}", get: None, post: Some(SignedIn(returns::log)) },
    Route { path: "/sign/{name}", get: Some(Anybody(link::page)), post: Some(Anybody(link::open)) },
    Route { path: "/sign/{name}/{verb}", get: None, post: Some(Anybody(link::sign)) },
    Route { path: "/keys", get: Some(SignedIn(keys::page)), post: Some(SignedIn(keys::admit)) },
    Route { path: "/cases/{name}/{verb}", get: None, post: Some(SignedIn(case::act)) },
];
