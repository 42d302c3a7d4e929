//! The journal: what happened, in order, and the proof of it.
