//! People at work in a browser.
//!
//! Plain pages and forms; no script. Nothing is decided here: each page shows what the services of
//! [`belisha_school`] give for the person who is signed in, and each form is one of their commands.
//!
//! - **Anybody** may tell of something (`/worried`, `/tell`), signed in or not, and nobody can keep them from it.
//! - **Whoever has a link** signs what is theirs (`/sign/…`), once, after answering what it asks.
//! - **Whoever is signed in** reports (`/report`), and asks what became of it (`/receipt`).
//! - **Whoever handles cases** finds what is to be done (`/tasks`), the cases (`/cases`) and each of them.
//! - **The office** sees how far a round has come, prints letters and forms, and sends links (`/round`).
//!
//! A sign-in is that of the command line: password and second factor, eight hours at most; one that is not used for half an
//! hour is over. What was typed into a form is not lost with it. All pages are `no-store`, hold no script and nothing from
//! elsewhere, and cannot be framed. A form does something only where it comes from a page of ours (`Origin`,
//! `Sec-Fetch-Site`, and a token of the sign-in).

mod guesses;
mod office;
mod pages;
mod posting;
mod reply;
mod routes;
mod server;
mod sittings;
mod visit;

pub use office::{Office, OfficeError};
pub use server::serve;
