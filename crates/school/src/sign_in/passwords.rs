//! Passwords: those that people choose, and those that are made for them.

use zeroize::Zeroizing;

use super::words::WORDS;

/// By which rules a password is made and kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Audience {
    /// Staff and governors.
    Staff,
    /// Pupils, classes and guests.
    Pupils,
}

/// Why a password does not do. Length is what counts; no rule asks for signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadPassword {
    /// Too short.
    #[error("a password has at least {0} characters: take a few words")]
    Short(usize),
    /// Too long.
    #[error("a password has at most {LONGEST} characters")]
    Long,
    /// It has the user name in it.
    #[error("the password must not have the user name in it")]
    Login,
    /// Everybody's.
    #[error(
        "this is one of the passwords that are tried first: take a few words that have nothing to do with each other"
    )]
    Common,
    /// The one before.
    #[error("this is the password that you have now: choose another one")]
    Same,
}

const LONGEST: usize = 128;

/// What passwords that are tried first are made of.
const COMMON: &[&str] = &[
    "password",
    "passw0rd",
    "qwerty",
    "letmein",
    "welcome",
    "football",
    "liverpool",
    "arsenal",
    "chelsea",
    "sunshine",
    "princess",
    "dragon",
    "monkey",
    "iloveyou",
    "abc123",
    "123456",
    "12345678",
    "111111",
    "school",
    "teacher",
    "summer",
    "winter",
    "autumn",
    "spring",
    "changeme",
    "secret",
    "belisha",
    "london",
    "england",
    "minecraft",
    "pokemon",
];

impl Audience {
    fn shortest(self) -> usize {
        match self {
            Self::Staff => 12,
            Self::Pupils => 8,
        }
    }
}

/// Whether a password that somebody chose does.
pub(super) fn check(password: &str, audience: Audience, login: &str) -> Result<(), BadPassword> {
    let length = password.chars().count();
    if length < audience.shortest() {
        return Err(BadPassword::Short(audience.shortest()));
    }
    if length > LONGEST {
        return Err(BadPassword::Long);
    }
    let small = password.to_lowercase();
    let name = login.split('@').next().unwrap_or(login);
    if name.len() >= 4 && small.contains(name) {
        return Err(BadPassword::Login);
    }
    // One of them with digits and signs around it.
    let core = small.trim_matches(|letter: char| !letter.is_alphabetic());
    let all_alike = password.chars().next().is_some_and(|first| password.chars().all(|letter| letter == first));
    if all_alike || core.len() < 4 || COMMON.iter().any(|common| core == *common || small == *common) {
        return Err(BadPassword::Common);
    }
    Ok(())
}

/// A password for somebody, in words that can be read aloud: of 2^41 for pupils (four words and four digits), of 2^62
/// for staff (seven and four).
pub fn generate(audience: Audience) -> Result<Zeroizing<String>, getrandom::Error> {
    let words = match audience {
        Audience::Pupils => 4,
        Audience::Staff => 7,
    };
    let mut password = Zeroizing::new(String::with_capacity(64));
    for _ in 0..words {
        // There are 128 words: no word comes more often than another.
        let number = (getrandom::u32()? % 128) as usize;
        password.push_str(WORDS.get(number).copied().unwrap_or_default());
        password.push('-');
    }
    // 2^32 is no multiple of 10,000; what is over the last one is drawn again.
    let digits = loop {
        let number = getrandom::u32()?;
        if number < 4_294_960_000 {
            break number % 10_000;
        }
    };
    for place in [1_000, 100, 10, 1] {
        password.push(char::from_digit(digits / place % 10, 10).unwrap_or('0'));
    }
    Ok(password)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_is_chosen_is_long_and_not_everybodys() {
        let staff = |password: &str| check(password, Audience::Staff, "r.tolland@amberhill.example");
        assert_eq!(staff("amber light at noon"), Ok(()));
        assert_eq!(staff("amberlight"), Err(BadPassword::Short(12)));
        assert_eq!(staff("Password123456!"), Err(BadPassword::Common));
        assert_eq!(staff("111111111111"), Err(BadPassword::Common));
        assert_eq!(staff("R.Tolland and more"), Err(BadPassword::Login));
        assert_eq!(staff(&"long ".repeat(30)), Err(BadPassword::Long));
        assert_eq!(check("tadpoles", Audience::Pupils, "ada"), Ok(()));
        assert_eq!(check("tadpole", Audience::Pupils, "ada"), Err(BadPassword::Short(8)));
        assert_eq!(check("crêpes d'or", Audience::Pupils, "ada"), Ok(()));
    }

    #[test]
    fn what_is_issued_is_never_the_same_and_does() {
        assert_eq!(WORDS.iter().collect::<BTreeSet<_>>().len(), 128);
        let made: BTreeSet<String> = (0..500).map(|_| generate(Audience::Pupils).unwrap().to_string()).collect();
        assert_eq!(made.len(), 500);
        for password in &made {
            assert_eq!(password.split('-').count(), 5, "{password}");
            assert_eq!(check(password, Audience::Pupils, "ada"), Ok(()));
        }
        assert_eq!(generate(Audience::Staff).unwrap().split('-').count(), 8);
    }
}
