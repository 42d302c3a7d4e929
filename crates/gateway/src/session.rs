//! One connection of one client: every request on it is answered here.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use belisha_filter::{AlignedBytes, Authority, Host, Ruleset, Target};
use belisha_policy::{AccessRecord, Audience, Navigation, Ruling, SignIn, is_help_site};
use bytes::Bytes;
use http::header::{CONNECTION, HeaderMap, UPGRADE};
use http::{HeaderValue, Method, Request, Response};
use http_body_util::{Either, Full};
use hyper::body::{Body, Incoming};
use tokio::net::TcpStream;

use crate::body::Download;
use crate::connect::{self, Tunnel};
use crate::credentials::{Cloakroom, Shown};
use crate::guard::{Guard, Verdict};
use crate::head::Refused;
use crate::limits::Limits;
use crate::live::{Live, State};
use crate::page;
use crate::pool::Pool;
use crate::records::{Draft, Records};
use crate::request;
use crate::sign_in::SignIns;
use crate::trouble::Trouble;
use crate::warned::Warned;

/// What the proxy answers.
pub(crate) type Answer = Response<Either<Full<Bytes>, Download>>;

/// What all connections share.
pub(crate) struct Gateway {
    pub(crate) live: Arc<Live>,
    pub(crate) records: Records,
    pub(crate) limits: Limits,
    pub(crate) pool: Arc<Pool>,
    /// The way to whoever knows the accounts, where there is one.
    pub(crate) sign_ins: Option<Arc<SignIns>>,
    pub(crate) complained: Mutex<Option<Instant>>,
    pub(crate) warned: Warned,
}

/// At most one complaint in this time that credentials cannot be checked.
const COMPLAIN_EVERY: Duration = Duration::from_secs(10);

impl Gateway {
    /// Says that credentials cannot be checked.
    pub(crate) fn complain_of_the_door(&self) {
        let mut complained = self.complained.lock().unwrap_or_else(PoisonError::into_inner);
        if complained.is_none_or(|when| when.elapsed() >= COMPLAIN_EVERY) {
            *complained = Some(Instant::now());
            tracing::error!("nobody can sign in at the moment: everybody is held to the strictest profile for pupils");
        }
    }
}

/// See the module.
pub(crate) struct Session {
    pub(crate) gateway: Arc<Gateway>,
    client: SocketAddr,
    verdict: Verdict,
    cloakroom: Cloakroom,
    tunnel: Mutex<Option<Tunnel>>,
}

/// What a request is ruled by, from its beginning to its end.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) gateway: &'a Gateway,
    pub(crate) state: &'a State,
    pub(crate) rules: &'a Ruleset<AlignedBytes>,
    pub(crate) client: SocketAddr,
    pub(crate) verdict: &'a Verdict,
    /// What the request shows to prove who it comes from.
    pub(crate) shown: &'a Shown,
}

impl Scene<'_> {
    /// Whether a request that may be answered is refused all the same: it could not be logged, and the school would
    /// rather have pupils wait. Sites that help children stay up whatever fails.
    pub(crate) fn refuses_unlogged(&self, ruling: &Ruling, host: &Host) -> bool {
        self.state.refuse_unlogged
            && ruling.audience() == Audience::Pupils
            && self.gateway.records.is_full()
            && !is_help_site(host)
    }
}

/// The host to which a connection goes for a host: another name of it where a search engine's filter is to be on.
pub(crate) fn origin(ruling: &Ruling, host: &Host) -> Host {
    let instead = ruling.connects_instead(host).and_then(|name| name.parse().ok());
    instead.unwrap_or_else(|| host.clone())
}

impl Session {
    pub(crate) fn new(gateway: Arc<Gateway>, client: SocketAddr, guard: &Guard<TcpStream>) -> Self {
        let (verdict, cloakroom) = (guard.verdict(), guard.cloakroom());
        Self { gateway, client, verdict, cloakroom, tunnel: Mutex::new(None) }
    }

    /// The tunnel that was opened on this connection, if one was.
    pub(crate) fn take_tunnel(&self) -> Option<Tunnel> {
        self.tunnel.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Answers a request, whatever it is.
    pub(crate) async fn answer(self: Arc<Self>, mut request: Request<Incoming>) -> Result<Answer, Infallible> {
        let shown = self.cloakroom.take(request.headers_mut());
        let state = self.gateway.live.load();
        let mut draft = self.draft(&state, &request);
        let tunnels = request.method() == Method::CONNECT;
        // What follows such a request on the connection must not be taken for another one.
        let has_body = !request.body().is_end_stream();
        let last = request.headers().contains_key(UPGRADE);
        let mut answer = if !tunnels && request.uri().scheme().is_none() {
            // No client's request in origin form comes through the guard: this is its stand-in.
            let refused = self.verdict.get().cloned().unwrap_or_else(|| Trouble::NotForAProxy.into());
            draft.describe(|record| describe_refused(record, &refused));
            trouble(draft, refused.trouble, &state)
        } else if let Some(rules) = &state.rules {
            let scene = Scene {
                gateway: &self.gateway,
                state: &state,
                rules,
                client: self.client,
                verdict: &self.verdict,
                shown: &shown,
            };
            if tunnels {
                let (answer, tunnel) = connect::answer(scene, request, draft).await;
                *self.tunnel.lock().unwrap_or_else(PoisonError::into_inner) = tunnel;
                answer
            } else {
                request::answer(scene, request, draft).await
            }
        } else {
            trouble(draft, Trouble::NoRules, &state)
        };
        let ours = matches!(answer.body(), Either::Left(_));
        let opens = tunnels && answer.status().is_success();
        if !opens && (last || ours && (has_body || tunnels)) {
            answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(answer)
    }

    fn draft(&self, state: &State, request: &Request<Incoming>) -> Draft {
        let address = self.client.ip();
        let actor = match state.policy.sign_in_at(address) {
            SignIn::Never => state.policy.identify(address),
            SignIn::Ask => state.policy.not_signed_in(address),
        };
        let mut draft = Draft::new(&self.gateway.records, &actor, self.client.ip());
        draft.describe(|record| {
            record.method = request.method().as_str().into();
            record.navigation = navigation(request.headers());
        });
        draft
    }
}

/// What is known of a request that could not be accepted.
fn describe_refused(record: &mut AccessRecord, refused: &Refused) {
    record.method = refused.method.as_str().into();
    if let Ok(target) = refused.target.parse::<Target>() {
        describe_target(record, &target);
    } else if let Ok(authority) = refused.target.parse::<Authority>() {
        describe_authority(record, &authority);
    }
}

/// What was asked for, without the query.
pub(crate) fn describe_target(record: &mut AccessRecord, target: &Target) {
    record.scheme = target.scheme().as_str().into();
    record.host = target.host().as_str().into();
    record.port = target.port();
    record.path = target.path().into();
}

/// The tunnel that was asked for.
pub(crate) fn describe_authority(record: &mut AccessRecord, authority: &Authority) {
    record.scheme = "https".into();
    record.host = authority.host().as_str().into();
    record.port = authority.port();
}

/// Whether somebody went there, as far as the browser says.
fn navigation(headers: &HeaderMap) -> Navigation {
    match headers.get("sec-fetch-mode").map(HeaderValue::as_bytes) {
        Some(b"navigate") => Navigation::Navigation,
        Some(_) => Navigation::SubResource,
        None => Navigation::Unknown,
    }
}

/// The page that says what is wrong, and the record of it.
pub(crate) fn trouble(draft: Draft, trouble: Trouble, state: &State) -> Answer {
    let page = page::trouble(trouble, &state.school);
    draft.troubled(trouble, length(&page));
    page.map(Either::Left)
}

/// The length of a page.
pub(crate) fn length(page: &Response<Full<Bytes>>) -> u64 {
    page.body().size_hint().exact().unwrap_or(0)
}
