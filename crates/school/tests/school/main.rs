//! One school, as programs use it.

mod backup;
mod holding;
mod keeping;
mod looking_up;
mod opening;
mod settings;
mod support;
mod trust;
