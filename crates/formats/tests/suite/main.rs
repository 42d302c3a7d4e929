//! Everything about reading lists, linked once. One file a subject.
//!
//! The modules are marked as tests so that the lints know their helpers for what they are.

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod common;
#[cfg(test)]
mod folders;
#[cfg(test)]
mod hostile_archives;
#[cfg(test)]
mod layouts;
#[cfg(test)]
mod plain_files;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod real_lists;
