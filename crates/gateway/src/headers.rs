//! Header fields on their way through: what belongs to one hop stays behind.

use belisha_filter::Target;
use http::header::{ALT_SVC, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING, VIA};
use http::{HeaderMap, HeaderName, HeaderValue, Version};

use crate::trouble::Trouble;

/// Fields of one hop (RFC 9110 §7.6.1 and, for the proxy's credentials, §11.7), written again where they are needed.
const ONE_HOP: &[&str] = &[
    "connection",
    "content-length",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The fields of a request to the origin: `Host` first and from the target, then what the client sent for the origin,
/// then how long the body is.
pub(crate) fn to_origin(
    from: &HeaderMap,
    target: &Target,
    version: Version,
    length: Option<u64>,
) -> Result<HeaderMap, Trouble> {
    let mut to = HeaderMap::with_capacity(from.len() + 2);
    to.insert(HOST, HeaderValue::try_from(target.host_field()).map_err(|_| Trouble::Target)?);
    pass(from, &mut to, |name| matches!(*name, HOST | EXPECT));
    if from.contains_key(CONTENT_LENGTH) || from.contains_key(TRANSFER_ENCODING) {
        match length {
            Some(length) => to.insert(CONTENT_LENGTH, length.into()),
            None => to.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked")),
        };
    }
    to.append(VIA, via(version));
    Ok(to)
}

/// The fields of an answer to the client. Alternative services (QUIC above all) would lead around the filter.
///
/// `length` is that of the body; for an answer that has none by nature (to HEAD, or 304), the length that the origin
/// speaks of is passed on.
pub(crate) fn to_client(from: &HeaderMap, version: Version, length: Option<u64>, has_no_body: bool) -> HeaderMap {
    let mut to = HeaderMap::with_capacity(from.len() + 2);
    pass(from, &mut to, |name| *name == ALT_SVC);
    let spoken_of = || from.get(CONTENT_LENGTH)?.to_str().ok()?.parse::<u64>().ok();
    if let Some(length) = if has_no_body { spoken_of() } else { length } {
        to.insert(CONTENT_LENGTH, length.into());
    }
    to.append(VIA, via(version));
    to
}

/// Whether the origin says in two ways, or in a way that is not passed on, how long its answer is.
pub(crate) fn is_ambiguous(answer: &HeaderMap) -> bool {
    let mut codings = answer.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => false,
        (Some(coding), None) => {
            !coding.as_bytes().eq_ignore_ascii_case(b"chunked") || answer.contains_key(CONTENT_LENGTH)
        }
        (Some(_), Some(_)) => true,
    }
}

/// Whether the credentials in a request may be those of a scheme that signs in the connection and not the request (NTLM,
/// Negotiate): every scheme of which we do not know better.
pub(crate) fn signs_in_the_connection(request: &HeaderMap) -> bool {
    request.get_all(AUTHORIZATION).iter().any(|credentials| {
        let scheme = credentials.as_bytes().split(|byte| *byte == b' ').next().unwrap_or_default();
        ![b"basic".as_slice(), b"bearer", b"digest"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
    })
}

fn pass(from: &HeaderMap, to: &mut HeaderMap, also_stays: impl Fn(&HeaderName) -> bool) {
    let nominated: Vec<&str> = from
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(',').map(str::trim))
        .collect();
    for (name, value) in from {
        let stays = ONE_HOP.contains(&name.as_str())
            || also_stays(name)
            || nominated.iter().any(|other| other.eq_ignore_ascii_case(name.as_str()));
        if !stays {
            to.append(name, value.clone());
        }
    }
}

fn via(received: Version) -> HeaderValue {
    HeaderValue::from_static(if received == Version::HTTP_10 { "1.0 belisha" } else { "1.1 belisha" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    fn names(map: &HeaderMap) -> Vec<&str> {
        map.keys().map(HeaderName::as_str).collect()
    }

    #[test]
    fn nothing_of_one_hop_reaches_the_origin() {
        let from = map(&[
            ("accept", "x"),
            ("host", "other.test"),
            ("proxy-authorization", "Basic c2VjcmV0"),
            ("proxy-connection", "keep-alive"),
            ("connection", "close, X-Mine , keep-alive"),
            ("x-mine", "1"),
            ("keep-alive", "5"),
            ("te", "trailers"),
            ("trailer", "x"),
            ("upgrade", "h2c"),
            ("http2-settings", "x"),
            ("expect", "100-continue"),
            ("cookie", "a=b"),
        ]);
        let target = "http://fine.test:8080/x".parse().unwrap();
        let to = to_origin(&from, &target, Version::HTTP_11, None).unwrap();
        assert_eq!(names(&to), ["host", "accept", "cookie", "via"]);
        assert_eq!(to[HOST], "fine.test:8080");
    }

    #[test]
    fn there_is_one_length_or_none() {
        let target = "http://fine.test/".parse().unwrap();
        let to = |from: &HeaderMap, length| to_origin(from, &target, Version::HTTP_10, length).unwrap();
        assert_eq!(names(&to(&map(&[("content-length", "5")]), Some(5))), ["host", "content-length", "via"]);
        assert_eq!(names(&to(&map(&[("transfer-encoding", "chunked")]), None)), ["host", "transfer-encoding", "via"]);
        assert_eq!(to(&map(&[("transfer-encoding", "chunked")]), Some(7))[CONTENT_LENGTH], "7");
        assert_eq!(to(&map(&[]), None)[VIA], "1.0 belisha");
    }

    #[test]
    fn an_answer_leads_nobody_around_the_filter() {
        let from = map(&[
            ("alt-svc", "h3=\":443\""),
            ("connection", "x-hop"),
            ("x-hop", "1"),
            ("content-length", "9"),
            ("via", "1.1 other"),
            ("content-type", "text/plain"),
            ("proxy-authenticate", "Basic"),
        ]);
        let to = to_client(&from, Version::HTTP_11, Some(9), false);
        assert_eq!(names(&to), ["via", "content-type", "content-length"]);
        assert_eq!(to.get_all(VIA).iter().collect::<Vec<_>>(), ["1.1 other", "1.1 belisha"]);
        assert_eq!(to_client(&from, Version::HTTP_11, Some(0), true)[CONTENT_LENGTH], "9");
        assert!(
            !to_client(&map(&[("content-length", "9, 9")]), Version::HTTP_11, None, true).contains_key(CONTENT_LENGTH)
        );
    }

    #[test]
    fn credentials_of_a_connection_are_told_apart() {
        for (credentials, personal) in
            [("Basic eA==", false), ("bearer x", false), ("NTLM TlRM", true), ("Negotiate x", true)]
        {
            assert_eq!(signs_in_the_connection(&map(&[("authorization", credentials)])), personal, "{credentials}");
        }
        assert!(!signs_in_the_connection(&map(&[])));
    }

    #[test]
    fn ambiguous_answers_are_seen() {
        for (fields, ambiguous) in [
            (&[("content-length", "9")][..], false),
            (&[("transfer-encoding", "Chunked")], false),
            (&[("transfer-encoding", "gzip, chunked")], true),
            (&[("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")], true),
            (&[("transfer-encoding", "chunked"), ("content-length", "9")], true),
        ] {
            assert_eq!(is_ambiguous(&map(fields)), ambiguous, "{fields:?}");
        }
    }
}
