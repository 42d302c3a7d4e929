//! What stands in a payload: the same bytes for the same thing, and old versions read for ever.

use std::collections::HashMap;

use belisha_store::journal::{Envelope, EnvelopeError, Recorded};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// As it was written at first: one name.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct SignedV1 {
    name: String,
    clauses: u32,
}

impl Recorded for SignedV1 {
    const KIND: &'static str = "agreement.signed";
    const VERSION: u16 = 1;
}

/// As it is written now: names by role, and whether all clauses were read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Signed {
    names: HashMap<String, String>,
    clauses: u32,
    read_all: bool,
}

impl Recorded for Signed {
    const KIND: &'static str = "agreement.signed";
    const VERSION: u16 = 3;

    fn upcast(from: u16, mut body: Value) -> Result<Value, EnvelopeError> {
        let unfit = EnvelopeError::Unreadable { kind: Self::KIND, what: "it is not of its version" };
        let Some(fields) = body.as_object_mut() else { return Err(unfit) };
        match from {
            1 => {
                let Some(name) = fields.remove("name") else { return Err(unfit) };
                fields.insert("names".into(), json!({ "pupil": name }));
            }
            2 => {
                fields.insert("read_all".into(), json!(false));
            }
            _ => return Err(unfit),
        }
        Ok(body)
    }
}

/// Another kind of thing.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Closed {}

impl Recorded for Closed {
    const KIND: &'static str = "incident.closed";
    const VERSION: u16 = 1;
}

fn signed() -> Signed {
    let names = [("pupil", "Ada Quill"), ("carer", "Bo Quill"), ("teacher", "Cy \u{1f600} \"Marsh\"\n")];
    let names = names.into_iter().map(|(role, name)| (role.to_string(), name.to_string())).collect();
    Signed { names, clauses: 7, read_all: true }
}

#[test]
fn the_same_thing_is_the_same_bytes() {
    let text = r#"{"actor":"p-17","body":{"clauses":7,"names":{"carer":"Bo Quill","pupil":"Ada Quill","teacher":"Cy 😀 \"Marsh\"\n"},"read_all":true},"kind":"agreement.signed","version":3}"#;
    for _ in 0..8 {
        // Each map has an order of its own.
        let bytes = Envelope { actor: Some("p-17".into()), body: signed() }.encode().unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), text);
    }
    let read = Envelope::<Signed>::decode(text.as_bytes()).unwrap();
    assert_eq!(read, Envelope { actor: Some("p-17".into()), body: signed() });
    let nobody = Envelope { actor: None, body: Closed {} }.encode().unwrap();
    assert_eq!(nobody, br#"{"body":{},"kind":"incident.closed","version":1}"#);
}

#[test]
fn what_version_1_wrote_is_read_by_version_3() {
    let old = Envelope { actor: None, body: SignedV1 { name: "Ada Quill".into(), clauses: 7 } }.encode().unwrap();
    let read = Envelope::<Signed>::decode(&old).unwrap().body;
    let names = HashMap::from([("pupil".to_string(), "Ada Quill".to_string())]);
    assert_eq!(read, Signed { names, clauses: 7, read_all: false });
}

#[test]
fn what_cannot_be_read_says_why_and_quotes_nothing() {
    let newer = Envelope { actor: None, body: signed() }.encode().unwrap();
    assert!(matches!(Envelope::<SignedV1>::decode(&newer), Err(EnvelopeError::Newer { version: 3, known: 1, .. })));
    assert!(matches!(Envelope::<Closed>::decode(&newer), Err(EnvelopeError::Kind { .. })));
    let secret = "Ada Quill";
    for wrong in [
        secret.to_string(),
        format!(r#"["{secret}"]"#),
        format!(r#"{{"kind":"agreement.signed","version":3,"body":"{secret}"}}"#),
        format!(r#"{{"kind":"agreement.signed","version":1,"body":"{secret}"}}"#),
        format!(r#"{{"kind":"agreement.signed","version":1,"body":{{"nom":"{secret}"}}}}"#),
        format!(r#"{{"kind":"agreement.signed","version":0,"body":{{"name":"{secret}"}}}}"#),
        format!(r#"{{"kind":"agreement.signed","version":-1,"body":{{"name":"{secret}"}}}}"#),
        format!(r#"{{"kind":"agreement.signed","version":70000,"body":{{"name":"{secret}"}}}}"#),
        format!(r#"{{"kind":"agreement.signed","version":3,"actor":["{secret}"],"body":{{}}}}"#),
        r#"{"kind":"agreement.signed","version":3}"#.to_string(),
        r#"{"version":3,"body":{}}"#.to_string(),
    ] {
        let error = Envelope::<Signed>::decode(wrong.as_bytes()).unwrap_err().to_string();
        assert!(!error.contains("Ada"), "{error}");
    }
}

proptest! {
    /// No bytes make it panic.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Envelope::<Signed>::decode(&bytes);
    }
}
