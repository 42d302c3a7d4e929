//! What a task says to whoever reminds: nothing of what is to be done.

use belisha_policy::PersonId;
use belisha_store::StreamId;
use belisha_store::keys::KeyStore;

/// A number instead of a stream: the same for the same, and nothing leads from it to the stream but the school's key.
pub(crate) type Mark = [u8; 16];

/// What stands in a task, sealed to the school's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slip {
    /// Remind those to whom it is owed of this stream.
    Remind(Mark),
    /// Do not remind them of this one: they are reminded of that which carries it on.
    InPlaceOf(Mark),
    /// Remind this one of them: the part of each of those who were to be reminded.
    Tell(PersonId),
}

impl Slip {
    /// Reminds of a stream.
    pub(crate) fn remind(keys: &KeyStore, stream: StreamId) -> Self {
        Self::Remind(mark(keys, stream))
    }

    /// Keeps those to whom it is owed from being reminded of a stream.
    pub(crate) fn in_place_of(keys: &KeyStore, stream: StreamId) -> Self {
        Self::InPlaceOf(mark(keys, stream))
    }

    /// 17 bytes, whatever it says.
    pub(crate) fn encode(self) -> [u8; 17] {
        let (says, what) = match self {
            Self::Remind(mark) => (1, mark),
            Self::InPlaceOf(mark) => (2, mark),
            Self::Tell(person) => (3, *person.as_bytes()),
        };
        let mut bytes = [0; 17];
        bytes.iter_mut().zip([says].into_iter().chain(what)).for_each(|(to, from)| *to = from);
        bytes
    }

    /// `None` for what is none of ours.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (says, what) = bytes.split_first()?;
        let what = what.try_into().ok()?;
        match says {
            1 => Some(Self::Remind(what)),
            2 => Some(Self::InPlaceOf(what)),
            3 => Some(Self::Tell(PersonId::from_bytes(what))),
            _ => None,
        }
    }
}

fn mark(keys: &KeyStore, stream: StreamId) -> Mark {
    let hash = keys.fingerprint(&[b"belisha reminds of 1", stream.as_bytes()]);
    hash.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        for slip in [Slip::Remind([7; 16]), Slip::InPlaceOf([7; 16]), Slip::Tell(PersonId::from_bytes([7; 16]))] {
            assert_eq!(Slip::decode(&slip.encode()), Some(slip));
        }
        for wrong in [&[][..], &[1; 16], &[7; 17], &[1; 18]] {
            assert_eq!(Slip::decode(wrong), None);
        }
    }
}
