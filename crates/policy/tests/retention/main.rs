//! How long records are kept.
//!
//! - No record goes earlier than the anniversary that anybody would count, and none much later.
//! - A fact that is later, or that is missing, never lets a record go earlier. Nor does a longer period.
//! - A hold always wins. So does an open case.
//! - Nothing goes on the day on which it was made, but false positives.
//! - The same record on the same day has the same verdict, and once it may go it may go on every later day.
//! - Over whole histories, `deletable` is what a model says that was written without looking at it.
//! - `docs/retention.md` says what the code does.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]
#![expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "days of three centuries")]

mod calendar;
mod document;
mod laws;
mod model;
mod settings;
