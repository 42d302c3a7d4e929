//! One school, as programs use it.

mod settings;
