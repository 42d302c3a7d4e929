//! The wire of the console: requests to visits, and replies to responses.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, RawPathParams, Request, State};
use axum::routing::{MethodFilter, MethodRouter, get, on};
use belisha_school::agreements::LARGEST;
use chrono::Utc;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Response, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::office::Office;
use crate::pages::sign_in;
use crate::reply::{Frame, Trouble};
use crate::routes::{Handler, ROUTES};
use crate::visit::{Form, Visit, from, is_from_here, who};

/// The longest form, in bytes: some hundred pages of text.
const LONGEST_FORM: usize = 512 << 10;

/// The longest form with a file in it, in bytes.
const LONGEST_WITH_FILE: usize = LARGEST + LONGEST_FORM;

/// How long one may take to come.
const PATIENCE: Duration = Duration::from_mins(2);

/// How many forms with files are read at a time: whoever sends many waits, and memory is not theirs to fill.
static FILES: Semaphore = Semaphore::const_new(2);

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
    let form = match read(handler, &office, &parts.headers, body).await {
        Ok(form) => form,
        Err((status, why)) => return short(status, why),
    };
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map_or(Ipv4Addr::UNSPECIFIED.into(), |it| it.0.ip());
    let asked = Asked {
        names,
        peer,
        sends: parts.method == http::Method::POST,
        path: parts.uri.path().to_owned(),
        wanted: parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
        query: Form::read(parts.uri.query().unwrap_or_default().as_bytes()),
        headers: parts.headers,
        form,
    };
    // Journal, keys and passwords wait for disks and processors; the wire does not.
    let made = tokio::task::spawn_blocking(move || make(handler, office, asked)).await;
    made.unwrap_or_else(|_| {
        short(StatusCode::INTERNAL_SERVER_ERROR, "This page failed. Nothing that was written down is lost.\n")
    })
}

/// What was sent, or why it cannot be read.
async fn read(
    handler: &Handler,
    office: &Arc<Office>,
    headers: &HeaderMap,
    body: Body,
) -> Result<Form, (StatusCode, &'static str)> {
    if !matches!(handler, Handler::WithFile(_)) {
        let too_long =
            |_| (StatusCode::PAYLOAD_TOO_LARGE, "This is too long: half a megabyte of text is taken at most.\n");
        return Ok(Form::read(&to_bytes(body, LONGEST_FORM).await.map_err(too_long)?));
    }
    // Turns are for those who are signed in: nobody else holds them up. It is closed only with the program.
    let is_known = is_known(office, headers).await;
    let _turn = if is_known { FILES.acquire().await.ok() } else { None };
    let longest = if is_known { LONGEST_WITH_FILE } else { LONGEST_FORM };
    let body = timeout(PATIENCE, to_bytes(body, longest)).await;
    let body = body
        .map_err(|_| (StatusCode::REQUEST_TIMEOUT, "The file came too slowly. Nothing was done: send it again.\n"))?;
    let body = body.map_err(|_| {
        (
            StatusCode::PAYLOAD_TOO_LARGE,
            "This is too long: a file has eight megabytes at most, and whoever sends it is signed in.\n",
        )
    })?;
    let boundary = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).map(multer::parse_boundary);
    let Some(Ok(boundary)) = boundary else { return Ok(Form::read(&body)) };
    let unreadable = |_| (StatusCode::BAD_REQUEST, "The form cannot be read. Nothing was done: send it again.\n");
    Form::read_parts(body, boundary).await.map_err(unreadable)
}

/// Whether somebody who is signed in sends it.
async fn is_known(office: &Arc<Office>, headers: &HeaderMap) -> bool {
    let (office, headers) = (Arc::clone(office), headers.clone());
    let found = tokio::task::spawn_blocking(move || {
        let (_, authority) = office.as_it_is().ok()?;
        who(&office, &authority, &headers, Utc::now()).ok()?
    });
    found.await.is_ok_and(|who| who.is_some())
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
    /// The path with what stands behind the `?`.
    wanted: String,
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
    let Asked { names, peer, sends, path, wanted, query, headers, form } = asked;
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
        match handler {
            Handler::Open(page) => Ok(page(&visit)),
            Handler::Anybody(page) => page(&visit, &form),
            Handler::SignedIn(page) | Handler::WithFile(page) => match &visit.who {
                Some(who) if sends && form.text("token") != who.form_token() => Err(Trouble::FromElsewhere),
                Some(who) => page(&visit, who, &form),
                // What was written is not lost with the sign-in.
                None if sends => Ok(sign_in::first(&visit, &visit.path, &form)),
                None => Ok(sign_in::before(&wanted)),
            },
        }
    });
    let back =
        sends.then(|| visit.path.rsplit_once('/').filter(|_| !visit.verb.is_empty()).map(|(case, _)| case.to_owned()));
    let trouble = |trouble: Trouble| trouble.reply(Frame::of(&visit, visit.who.as_ref()), back.flatten());
    done.unwrap_or_else(trouble).into_response()
}
