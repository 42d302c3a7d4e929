//! What becomes of a request.

/// What becomes of a request. Ordered by how much it keeps back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// It goes to the origin.
    Allow,
    /// Whoever asks is told why it might be wrong to go there, and may go on. Never for primary pupils (decisions 8).
    Warn,
    /// Nothing of it goes to the origin.
    Block,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Allow, Self::Warn, Self::Block];

    /// The name in logs and answers.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Block => "block",
        }
    }

    /// What it makes of a category, for sentences.
    pub fn participle(self) -> &'static str {
        match self {
            Self::Allow => "allowed",
            Self::Warn => "warned of",
            Self::Block => "blocked",
        }
    }
}
