//! What stands in a payload before it is sealed: which kind of thing in which version, by whom, and the thing itself.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// Why a payload cannot be read as what it should be. No message holds anything of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// It is no envelope, or its body does not fit its kind.
    #[error("a payload of kind {kind:?} cannot be read: {what}")]
    Unreadable {
        /// The kind that was looked for.
        kind: &'static str,
        /// What is wrong with it.
        what: &'static str,
    },
    /// It holds another kind of thing.
    #[error("a payload of kind {expected:?} was expected, and it is of another")]
    Kind {
        /// The kind that was looked for.
        expected: &'static str,
    },
    /// A later version of this program wrote it.
    #[error(
        "a payload of kind {kind:?} has version {version}, and this program knows up to {known}: use a newer version of Belisha"
    )]
    Newer {
        /// The kind.
        kind: &'static str,
        /// Its version.
        version: u16,
        /// The newest that this program knows.
        known: u16,
    },
}

/// A kind of thing that is recorded in events.
///
/// What was written stays as it is for ever. When the shape changes, the version goes up by one, and `upcast` learns
/// the step from the version before.
pub trait Recorded: Serialize + DeserializeOwned {
    /// Its name, the same for ever.
    const KIND: &'static str;

    /// The version in which it is written now; 1 and up.
    const VERSION: u16;

    /// Brings a body from one version to the next.
    ///
    /// # Errors
    /// There is no such step, or the body is not one of that version.
    fn upcast(from: u16, body: Value) -> Result<Value, EnvelopeError> {
        let _ = (from, body);
        Err(EnvelopeError::Unreadable { kind: Self::KIND, what: "there is no step from its version to ours" })
    }
}

/// A payload, opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope<T> {
    /// Who did it, where somebody did.
    pub actor: Option<String>,
    /// What was done.
    pub body: T,
}

/// An envelope as it is written. Its body is read when it is known to be one that is looked for.
#[derive(Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    actor: Option<Cow<'a, str>>,
    #[serde(borrow)]
    body: &'a RawValue,
    #[serde(borrow)]
    kind: Option<Cow<'a, str>>,
    version: Option<u16>,
}

impl<T: Recorded> Envelope<T> {
    /// The bytes to seal: JSON without spaces and with sorted keys, so that the same thing is always the same bytes.
    ///
    /// # Errors
    /// The body cannot be written as JSON.
    pub fn encode(&self) -> Result<Vec<u8>, EnvelopeError> {
        let body = serde_json::to_value(&self.body)
            .map_err(|_| EnvelopeError::Unreadable { kind: T::KIND, what: "it cannot be written as JSON" })?;
        let mut envelope = Map::new();
        if let Some(actor) = &self.actor {
            envelope.insert("actor".into(), actor.as_str().into());
        }
        envelope.insert("body".into(), body);
        envelope.insert("kind".into(), T::KIND.into());
        envelope.insert("version".into(), T::VERSION.into());
        let mut bytes = Vec::new();
        write_sorted(&Value::Object(envelope), &mut bytes);
        Ok(bytes)
    }

    /// Reads what some version of this program wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let unreadable = |what| EnvelopeError::Unreadable { kind: T::KIND, what };
        let Written { actor, body, kind, version } =
            serde_json::from_slice(bytes).map_err(|_| unreadable("it is no envelope"))?;
        // Whoever looks for one kind of event in a stream asks this of all others: nothing of their bodies is read.
        match kind {
            Some(kind) if kind == T::KIND => {}
            Some(_) => return Err(EnvelopeError::Kind { expected: T::KIND }),
            None => return Err(unreadable("it has no kind")),
        }
        let version = version.filter(|version| *version > 0).ok_or_else(|| unreadable("it has no version"))?;
        if version > T::VERSION {
            return Err(EnvelopeError::Newer { kind: T::KIND, version, known: T::VERSION });
        }
        let unfit = |_| unreadable("its body does not fit its version");
        let body = if version == T::VERSION {
            serde_json::from_str(body.get()).map_err(unfit)?
        } else {
            let body = serde_json::from_str(body.get()).map_err(unfit)?;
            let body = (version..T::VERSION).try_fold(body, |body, from| T::upcast(from, body))?;
            serde_json::from_value(body).map_err(unfit)?
        };
        let actor = actor.map(Cow::into_owned);
        Ok(Self { actor, body })
    }
}

/// Whatever order a map has in memory.
fn write_sorted(value: &Value, bytes: &mut Vec<u8>) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            bytes.push(b'{');
            for (at, (key, value)) in entries.into_iter().enumerate() {
                if at > 0 {
                    bytes.push(b',');
                }
                write_sorted(&Value::String(key.clone()), bytes);
                bytes.push(b':');
                write_sorted(value, bytes);
            }
            bytes.push(b'}');
        }
        Value::Array(values) => {
            bytes.push(b'[');
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    bytes.push(b',');
                }
                write_sorted(value, bytes);
            }
            bytes.push(b']');
        }
        plain => bytes.extend_from_slice(plain.to_string().as_bytes()),
    }
}
