//! Keys: who may open what, and how it is forgotten.
