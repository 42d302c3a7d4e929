//! Plain requests: ruled on by their whole URL, and written again for the origin.

use std::pin::pin;
use std::sync::atomic::Ordering;

use belisha_filter::{Scheme, Target};
use belisha_policy::{Actor, Ruling, Verdict, decide};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, Version};
use http_body_util::{Either, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::ext::ReasonPhrase;
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use crate::body::{Download, Upload};
use crate::headers;
use crate::identify::{Known, identify};
use crate::page;
use crate::pool::{Borrowed, Origin};
use crate::records::Draft;
use crate::session::{Answer, Scene, describe_target, length, origin, trouble};
use crate::stay::Stay;
use crate::trouble::Trouble;
use crate::warned;

/// Longest head of an answer.
const MAX_ANSWER_HEAD: usize = 256 * 1024;

/// Rules on a request and answers it.
pub(crate) async fn answer(scene: Scene<'_>, request: Request<Incoming>, mut draft: Draft) -> Answer {
    let target = match target(&request) {
        Ok(target) => target,
        Err(what) => return trouble(draft, what, scene.state),
    };
    draft.describe(|record| describe_target(record, &target));
    let Known { actor, stay } = match identify(scene, target.host(), &mut draft).await {
        Ok(known) => known,
        Err(what) => return trouble(draft, what, scene.state),
    };
    if target.host().as_str() == warned::HOST {
        return go_on(scene, &actor, &target, draft);
    }
    let moment = scene.state.policy.moment(draft.at());
    let ruling = decide(&actor, &scene.rules.classify(&target), &scene.state.policy, &moment).final_ruling();
    draft.describe(|record| {
        if ruling.keeps_queries() {
            record.query = target.query().unwrap_or_default().into();
        }
    });
    if target.scheme() != Scheme::Http {
        return trouble(draft, Trouble::Scheme, scene.state);
    }
    draft.ruled(&ruling, scene.rules.fingerprint());
    if let Some(page) = held_back(scene, &actor, &ruling, &target, &mut draft) {
        let bytes = if request.method() == Method::HEAD { 0 } else { length(&page) };
        draft.answered(page.status().as_u16(), bytes);
        return page.map(Either::Left);
    }
    if scene.refuses_unlogged(&ruling, target.host()) {
        return trouble(draft, Trouble::Unlogged, scene.state);
    }
    if request.method() == Method::TRACE || request.method().as_str() == "TRACK" {
        return trouble(draft, Trouble::Trace, scene.state);
    }
    let (method, version) = (request.method().clone(), request.version());
    let origin = Origin { host: origin(&ruling, target.host()), port: target.port() };
    match fetch(scene, &target, origin, request).await {
        Ok((response, connection)) => deliver(scene, &method, version, response, connection, draft, stay),
        Err(what) => trouble(draft, what, scene.state),
    }
}

/// The page that is shown instead of what was asked for, where it is held back. Whoever was warned of it and went on gets
/// through.
fn held_back(
    scene: Scene<'_>,
    actor: &Actor,
    ruling: &Ruling,
    target: &Target,
    draft: &mut Draft,
) -> Option<Response<Full<Bytes>>> {
    let (warned, state) = (&scene.gateway.warned, &scene.state);
    match ruling.verdict() {
        Verdict::Allow => None,
        Verdict::Warn if warned.went_on(actor, scene.client.ip(), target.host()) => {
            draft.went_on();
            None
        }
        Verdict::Warn => Some(match warned.offer(actor, scene.client.ip(), target) {
            Some(link) => page::warned(ruling, target.host(), &link, &state.school),
            None => page::blocked(ruling, target.host(), state),
        }),
        Verdict::Block => Some(page::blocked(ruling, target.host(), state)),
    }
}

/// The answer to whoever follows the link of a warning.
fn go_on(scene: Scene<'_>, actor: &Actor, link: &Target, mut draft: Draft) -> Answer {
    let Some(target) = scene.gateway.warned.follow(actor, scene.client.ip(), link) else {
        return trouble(draft, Trouble::LinkOver, scene.state);
    };
    // The number of the link is of no use to anybody, and what was opened is what the log should say.
    draft.describe(|record| describe_target(record, &target));
    draft.went_on();
    let page = page::went_on(&target);
    draft.answered(page.status().as_u16(), 0);
    page.map(Either::Left)
}

/// The target as the guard wrote it, in canonical form.
fn target(request: &Request<Incoming>) -> Result<Target, Trouble> {
    Target::parse(request.uri().to_string().as_bytes()).map_err(|_| Trouble::Target)
}

/// Sends the request, as it is written again from what was ruled on, and waits for the head of the answer.
async fn fetch(
    scene: Scene<'_>,
    target: &Target,
    origin: Origin,
    request: Request<Incoming>,
) -> Result<(Response<Incoming>, Borrowed), Trouble> {
    let (parts, body) = request.into_parts();
    let upload = Upload::begin(body).await.map_err(|_| of_client(scene))?;
    let progress = upload.progress();
    let mut outgoing = Request::new(upload);
    *outgoing.method_mut() = parts.method;
    *outgoing.uri_mut() = Uri::try_from(target.path_and_query()).map_err(|_| Trouble::Target)?;
    *outgoing.headers_mut() = headers::to_origin(&parts.headers, target, parts.version, outgoing.body().length())?;
    let mut exchange = pin!(exchange(scene, origin, outgoing));
    loop {
        // An upload may take its time; it is over when nothing moves any more and there is no answer either.
        let before = progress.load(Ordering::Relaxed);
        match timeout(scene.gateway.limits.answer, &mut exchange).await {
            Ok(result) => return result,
            Err(_) if progress.load(Ordering::Relaxed) != before => {}
            Err(_) => return Err(Trouble::TimedOut),
        }
    }
}

/// What is wrong where the client's body broke off. Where the guard has no complaint the client is gone, and nobody
/// will read the answer.
fn of_client(scene: Scene<'_>) -> Trouble {
    scene.verdict.get().map_or(Trouble::SlowBody, |refused| refused.trouble)
}

/// One request and the head of its answer, on a waiting connection or a new one.
async fn exchange(
    scene: Scene<'_>,
    origin: Origin,
    mut request: Request<Upload>,
) -> Result<(Response<Incoming>, Borrowed), Trouble> {
    let permitted = |address| scene.gateway.live.still_permits(scene.state, address);
    let is_personal = headers::signs_in_the_connection(request.headers());
    while let Some(mut connection) = scene.gateway.pool.take(&origin, permitted) {
        // The origin may have closed it just now. What it cannot have seen is sent again, and so is what may be done
        // twice (RFC 9110 §9.2.2).
        let again = repeatable(&request);
        connection.is_personal = is_personal;
        match connection.sender.try_send_request(request).await {
            Ok(response) => return Ok((response, connection)),
            Err(mut error) => match error.take_message().or(again) {
                Some(unsent) => request = unsent,
                None => return Err(failure(scene, error.error())),
            },
        }
    }
    let mut connection = connect(scene, origin).await?;
    connection.is_personal = is_personal;
    match connection.sender.send_request(request).await {
        Ok(response) => Ok((response, connection)),
        Err(error) => Err(failure(scene, &error)),
    }
}

async fn connect(scene: Scene<'_>, origin: Origin) -> Result<Borrowed, Trouble> {
    let Scene { gateway, state, .. } = scene;
    let dialled = gateway.live.dial(state, &origin.host, origin.port, gateway.limits.dial).await;
    let (stream, address) = dialled.map_err(|error| {
        tracing::debug!(%error, "an origin was not reached");
        Trouble::from(&error)
    })?;
    let mut builder = http1::Builder::new();
    builder.title_case_headers(true).max_buf_size(MAX_ANSWER_HEAD);
    let (sender, driver) = builder.handshake(TokioIo::new(stream)).await.map_err(|_| Trouble::Unreachable)?;
    // Ends when the connection does, which is when nobody holds its sender or its body any more.
    tokio::spawn(async move {
        if let Err(error) = driver.await {
            tracing::debug!(%error, "a connection to an origin ended");
        }
    });
    Ok(gateway.pool.lend(sender, address, origin))
}

/// A copy of a request that may be sent twice.
fn repeatable(request: &Request<Upload>) -> Option<Request<Upload>> {
    let harmless = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !harmless || !request.body().is_end_stream() {
        return None;
    }
    let mut copy = Request::new(Upload::empty());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    Some(copy)
}

fn failure(scene: Scene<'_>, error: &hyper::Error) -> Trouble {
    tracing::debug!(%error, "an origin did not answer");
    match scene.verdict.get() {
        Some(refused) => refused.trouble,
        None => Trouble::BadAnswer,
    }
}

/// The origin's answer for the client, streamed; and its record.
fn deliver(
    scene: Scene<'_>,
    method: &Method,
    version: Version,
    response: Response<Incoming>,
    connection: Borrowed,
    draft: Draft,
    stay: Option<Stay>,
) -> Answer {
    let (mut parts, body) = response.into_parts();
    if is_nonsense(parts.status, &parts.headers) {
        return trouble(draft, Trouble::BadAnswer, scene.state);
    }
    let has_no_body =
        method == Method::HEAD || matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let length = if has_no_body { Some(0) } else { body.size_hint().exact() };
    let going = match length {
        Some(length) => {
            draft.answered(parts.status.as_u16(), length);
            None
        }
        None => Some(draft.opened(parts.status.as_u16())),
    };
    let download = Download::new(body, connection, going, stay, scene.gateway.limits.idle);
    let mut answer = Response::new(Either::Right(download));
    *answer.status_mut() = parts.status;
    *answer.headers_mut() = headers::to_client(&parts.headers, parts.version, length, has_no_body);
    if let Some(reason) = parts.extensions.remove::<ReasonPhrase>() {
        answer.extensions_mut().insert(reason);
    }
    if version == Version::HTTP_10 {
        *answer.version_mut() = Version::HTTP_10;
    }
    answer
}

/// An answer that no origin may give: an unwanted change of protocol, a request for the proxy's credentials, a length
/// in two ways.
fn is_nonsense(status: StatusCode, fields: &HeaderMap) -> bool {
    status.is_informational() || status == StatusCode::PROXY_AUTHENTICATION_REQUIRED || headers::is_ambiguous(fields)
}
