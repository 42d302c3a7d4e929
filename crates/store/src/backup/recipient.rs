//! To whom a backup is encrypted, and who can read it.

use core::fmt;

use age::secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::BackupError;

const SECRET: &str = "AGE-SECRET-KEY-1";

/// To whom a backup is encrypted: an age X25519 recipient (`age1…`). Whoever has its identity can read the backup.
#[derive(Clone)]
pub struct BackupRecipient(age::x25519::Recipient);

impl BackupRecipient {
    /// Reads `age1…`, where it is the only line that is no comment.
    pub fn parse(text: &str) -> Result<Self, BackupError> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        match (lines.next(), lines.next()) {
            (Some(line), None) => line.parse().map(Self).map_err(|_| BackupError::Recipient),
            _ => Err(BackupError::Recipient),
        }
    }

    pub(super) fn of_age(&self) -> &dyn age::Recipient {
        &self.0
    }
}

/// `age1…`.
impl fmt::Display for BackupRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for BackupRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BackupRecipient({self})")
    }
}

/// The secret that opens a backup: the text that `age-keygen` writes.
#[derive(Clone)]
pub struct BackupIdentity(age::x25519::Identity);

impl BackupIdentity {
    /// A new one, with its recipient.
    pub fn generate() -> Self {
        Self(age::x25519::Identity::generate())
    }

    /// Reads a file of an identity: the first line that is one; others are comments.
    pub fn parse(text: &str) -> Result<Self, BackupError> {
        let line = text.lines().map(str::trim).find(|line| line.starts_with(SECRET));
        line.and_then(|line| line.parse().ok()).map(Self).ok_or(BackupError::Identity)
    }

    /// To whom to encrypt.
    pub fn recipient(&self) -> BackupRecipient {
        BackupRecipient(self.0.to_public())
    }

    /// The file to keep away from the machine, in the form of `age-keygen`.
    pub fn to_file(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("# public key: {}\n{}\n", self.recipient(), self.0.to_string().expose_secret()))
    }

    pub(super) fn of_age(&self) -> &dyn age::Identity {
        &self.0
    }
}

/// Its recipient alone.
impl fmt::Debug for BackupIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BackupIdentity(of {})", self.recipient())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_an_identity_leads_back_to_it() {
        let identity = BackupIdentity::generate();
        let file = identity.to_file();
        assert_eq!(BackupIdentity::parse(&file).unwrap().to_file(), file);
        let recipient = identity.recipient().to_string();
        assert_eq!(BackupRecipient::parse(&format!(" {recipient}\n")).unwrap().to_string(), recipient);
        assert!(!format!("{identity:?}").contains(SECRET));
        for wrong in ["", "age1", &file[..], &recipient[1..], &format!("{recipient}\n{recipient}")] {
            assert!(matches!(BackupRecipient::parse(wrong), Err(BackupError::Recipient)), "{wrong}");
        }
        for wrong in ["", SECRET, &recipient] {
            assert!(matches!(BackupIdentity::parse(wrong), Err(BackupError::Identity)), "{wrong}");
        }
    }
}
