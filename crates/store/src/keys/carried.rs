//! A holder's secret for as long as a sign-in lasts, and small things that the programs of the school keep for
//! themselves.

use zeroize::Zeroizing;

use super::KeyError;
use super::seal::Key;
use super::secret::Secret;
use super::store::KeyStore;
use super::unlocked::Unlocked;

const CARRIED: &str = "belisha carried holder 1";
const PROGRAMS: &str = "belisha kept by programs 1";

impl KeyStore {
    /// Seals what a holder unlocked under a key of 32 random bytes that only they have, such as that of a sign-in.
    /// Whoever has both can do what the holder can, until what is sealed is gone. `None` for the school itself.
    pub fn carry(&self, holder: &Unlocked, under: &[u8; 32]) -> Result<Option<Vec<u8>>, KeyError> {
        let Some((name, secret)) = holder.person() else { return Ok(None) };
        let text = secret.text();
        let plain = Zeroizing::new([text.as_bytes(), b"\n", name.as_bytes()].concat());
        let key = Key::derive(CARRIED, under);
        key.seal_again(self.school().as_bytes(), &plain).map(Some)
    }

    /// Opens what was sealed so. What it opens is asked of the key ring each time: a holder who lost a role opens
    /// nothing more of it.
    pub fn carried(&self, sealed: &[u8], under: &[u8; 32]) -> Result<Unlocked, KeyError> {
        let damaged = || KeyError::Damaged { what: "the key of a sign-in" };
        let plain = Key::derive(CARRIED, under).open_again(self.school().as_bytes(), sealed).ok_or_else(damaged)?;
        let text = core::str::from_utf8(&plain).map_err(|_| damaged())?;
        let (secret, name) = text.split_once('\n').ok_or_else(damaged)?;
        Ok(Unlocked::holder(name, Secret::parse(secret).ok_or_else(damaged)?))
    }

    /// Seals something small for the programs of the school, bound to what it is for and whose it is.
    pub fn seal_for_programs(&self, about: &[u8], plain: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.programs().seal_again(about, plain)
    }

    /// Opens it; `None` for what is another's, for something else, or damaged.
    pub fn open_for_programs(&self, about: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.programs().open_again(about, sealed)
    }

    fn programs(&self) -> Key {
        Key::derive(PROGRAMS, self.0.secret.text().as_bytes())
    }
}
