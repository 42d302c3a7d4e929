//! The wire of the console: requests to visits, and replies to responses.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, RawPathParams, Request, State};
use axum::routing::{MethodFilter, MethodRouter, get, on};
use chrono::Utc;
use http::{HeaderMap, Response, StatusCode};
use tokio::net::TcpListener;

use crate::office::Office;
use crate::pages::sign_in;
use crate::reply::{Frame, Reply, Trouble};
use crate::routes::{Handler, ROUTES};
use crate::visit::{Form, Visit, from, is_from_here, who};

/// The longest form, in bytes: some hundred pages of text.
const LONGEST_FORM: usize = 512 << 10;

/// How often is looked who went away.
const EVERY: Duration = Duration::from_mins(1);

/// Serves the console until it is told to stop.
///
/// # Errors
/// The listener fails.
pub async fn serve(
    listener: TcpListener,
    office: Arc<Office>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let tidying = tokio::spawn(tidy(Arc::clone(&office)));
    let router = router(office).into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, router).with_graceful_shutdown(stop).await;
    tidying.abort();
    served
}

/// Who went away from the machine sends nothing that would tell: what is kept open for them is closed by the clock.
async fn tidy(office: Arc<Office>) {
    let mut minutes = tokio::time::interval(EVERY);
    loop {
        minutes.tick().await;
        office.sittings.tidy(Utc::now());
    }
}

fn router(office: Arc<Office>) -> Router {
    let mut router = Router::new().route("/healthz", get(|| async { "ok\n" }));
    for route in ROUTES {
        let mut methods: MethodRouter<Arc<Office>> = MethodRouter::new();
        if let Some(handler) = &route.get {
            methods =
                methods.merge(on(MethodFilter::GET, |state, names, request| answer(handler, state, names, request)));
        }
        if let Some(handler) = &route.post {
            methods =
                methods.merge(on(MethodFilter::POST, |state, names, request| answer(handler, state, names, request)));
        }
        router = router.route(route.path, methods.fallback(nothing));
    }
    router.fallback(nothing).with_state(office)
}

/// What is there for whoever asks for a page that there is not: the same page as for a case that is not for them.
async fn nothing(State(office): State<Arc<Office>>, request: Request) -> Response<Body> {
    const HANDLER: &Handler = &Handler::Anybody(|_, _| Err(Trouble::NotFound));
    handle(HANDLER, office, Vec::new(), request).await
}

async fn answer(
    handler: &'static Handler,
    State(office): State<Arc<Office>>,
    names: RawPathParams,
    request: Request,
) -> Response<Body> {
    let names = names.iter().map(|(_, value)| value.to_owned()).collect();
    handle(handler, office, names, request).await
}

async fn handle(
    handler: &'static Handler,
    office: Arc<Office>,
    names: Vec<String>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LONGEST_FORM).await else {
        return short(StatusCode::PAYLOAD_TOO_LARGE, "This is too long: half a megabyte of text is taken at most.\n");
    };
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map_or(Ipv4Addr::UNSPECIFIED.into(), |it| it.0.ip());
    let asked = Asked {
        names,
        peer,
        sends: parts.method == http::Method::POST,
        path: parts.uri.path().to_owned(),
        query: Form::read(parts.uri.query().unwrap_or_default().as_bytes()),
        headers: parts.headers,
        form: Form::read(&body),
    };
    // Journal, keys and passwords wait for disks and processors; the wire does not.
    let made = tokio::task::spawn_blocking(move || make(handler, office, asked)).await;
    made.unwrap_or_else(|_| {
        short(StatusCode::INTERNAL_SERVER_ERROR, "This page failed. Nothing that was written down is lost.\n")
    })
}

fn short(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response
}

struct Asked {
    names: Vec<String>,
    peer: IpAddr,
    /// Whether something is sent, and not only asked for.
    sends: bool,
    path: String,
    query: Form,
    headers: HeaderMap,
    form: Form,
}

fn make(handler: &Handler, office: Arc<Office>, asked: Asked) -> Response<Body> {
    let now = Utc::now();
    let (school, authority) = match office.as_it_is() {
        Ok(as_it_is) => as_it_is,
        Err(error) => {
            let frame = Frame { school: office.name(), who: None, is_unread: false };
            return Trouble::from(error).reply(frame, None).into_response();
        }
    };
    let Asked { names, peer, sends, path, query, headers, form } = asked;
    let from = from(&office, &headers, peer);
    let mut names = names.into_iter();
    let (name, verb) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
    let is_from_here = is_from_here(&office, &headers);
    let found = who(&office, &authority, &headers, now);
    let mut visit = Visit { office, school, authority, now, from, who: None, name, verb, query, path };
    let done = found.and_then(|who| {
        visit.who = who;
        if sends && !is_from_here {
            return Err(Trouble::FromElsewhere);
        }
        match (handler, &visit.who) {
            (Handler::Open(page), _) => Ok(page(&visit)),
            (Handler::Anybody(page), _) => page(&visit, &form),
            (Handler::SignedIn(_), Some(who)) if sends && form.text("token") != who.form_token() => {
                Err(Trouble::FromElsewhere)
            }
            (Handler::SignedIn(page), Some(who)) => page(&visit, who, &form),
            // What was written is not lost with the sign-in.
            (Handler::SignedIn(_), None) if sends => Ok(sign_in::first(&visit, &visit.path, &form)),
            (Handler::SignedIn(_), None) => Ok(Reply::to("/sign-in")),
        }
    });
    let back =
        sends.then(|| visit.path.rsplit_once('/').filter(|_| !visit.verb.is_empty()).map(|(case, _)| case.to_owned()));
    let trouble = |trouble: Trouble| trouble.reply(Frame::of(&visit, visit.who.as_ref()), back.flatten());
    done.unwrap_or_else(trouble).into_response()
}
