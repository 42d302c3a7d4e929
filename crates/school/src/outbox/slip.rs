//! What a task says to whoever reminds: nothing of what is to be done.

use belisha_store::StreamId;
use belisha_store::keys::KeyStore;

/// What stands in a task, sealed to the school's key: a number instead of the stream, and whether to remind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slip {
    /// Of which stream: the same for the same, and nothing leads from it to the stream but the school's key.
    pub(crate) mark: [u8; 16],
    pub(crate) says: Says,
}

/// What is to be done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    /// To remind those to whom it is owed.
    Remind,
    /// Not to remind them of this stream: they are reminded of the one that carries it on.
    InPlaceOf,
}

impl Slip {
    /// Reminds of a stream.
    pub(crate) fn remind(keys: &KeyStore, stream: StreamId) -> Self {
        Self { mark: mark(keys, stream), says: Says::Remind }
    }

    /// Keeps those to whom it is owed from being reminded of a stream.
    pub(crate) fn in_place_of(keys: &KeyStore, stream: StreamId) -> Self {
        Self { mark: mark(keys, stream), says: Says::InPlaceOf }
    }

    /// 17 bytes, whatever it says.
    pub(crate) fn encode(self) -> [u8; 17] {
        let mut bytes = [0; 17];
        let says = match self.says {
            Says::Remind => 1,
            Says::InPlaceOf => 2,
        };
        bytes.iter_mut().zip(self.mark.into_iter().chain([says])).for_each(|(to, from)| *to = from);
        bytes
    }

    /// `None` for what is none of ours.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (mark, says) = bytes.split_first_chunk()?;
        let says = match says {
            [1] => Says::Remind,
            [2] => Says::InPlaceOf,
            _ => return None,
        };
        Some(Self { mark: *mark, says })
    }
}

fn mark(keys: &KeyStore, stream: StreamId) -> [u8; 16] {
    let hash = keys.fingerprint(&[b"belisha reminds of 1", stream.as_bytes()]);
    hash.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        for says in [Says::Remind, Says::InPlaceOf] {
            let slip = Slip { mark: [7; 16], says };
            assert_eq!(Slip::decode(&slip.encode()), Some(slip));
        }
        for wrong in [&[][..], &[7; 16], &[7; 17], &[1; 18]] {
            assert_eq!(Slip::decode(wrong), None);
        }
    }
}
