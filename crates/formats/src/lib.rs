//! Other people's files in: block lists, lists of people, access logs, and the archives they come in.
//!
//! A source is read as a whole or refused as a whole; within it, one bad line is a complaint and no more. This crate
//! never fails because a line is bad, never panics, never loosens anything because a file is empty (it reports what
//! it found, and its caller decides what to make of it), and never opens anything outside the path it was given.
//!
//! ```
//! use belisha_formats::lists::{self, Limits};
//!
//! let folder = tempfile::tempdir()?;
//! let file = folder.path().join("arcades.txt");
//! std::fs::write(&file, "# Arcades\nArcade.example\nwww.example.org # inline\nnot a name\n")?;
//!
//! let source = lists::read(&file, None, &Limits::default(), &mut |_| {})?;
//! let list = &source.lists[0];
//! assert_eq!((list.name.as_str(), list.rules.as_str()), ("arcades", "arcade.example\nwww.example.org\n"));
//! assert_eq!((list.lines, list.malformed), (3, 1));
//! assert_eq!(list.complaints[0].line, 4);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod access_log;
pub mod lists;
pub mod mapped;
pub mod mapping;
pub mod mis;
pub mod old_incidents;
pub mod sheet;
pub mod squid_helper;
