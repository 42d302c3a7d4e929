//! The wire: a forward proxy for HTTP/1.1 that answers nothing it has not had ruled on by [`belisha_policy::decide`].
//!
//! It rules on plain requests by their whole URL and on tunnels by their host, writes again for the origin what it
//! understood, and shows people a page where it says no. It never forwards bytes as it received them (within a tunnel,
//! none before the first message has been read), never connects to an address that [`Egress`] has not permitted, never
//! looks inside TLS, and does not know the store: records leave through a channel.
//!
//! ```
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use belisha_gateway::{Egress, Limits, Live, State, records, serve};
//! use belisha_policy::{Policy, Profile};
//!
//! let policy = Policy::new(vec![Profile::pupils("pupils"), Profile::staff("staff")], vec![], vec![])?;
//! let egress = Egress::new(vec![]);
//! let state = State { rules: None, policy, egress, school: "Amber Hill School".into(), console: None, refuse_unlogged: false };
//! let (records, receiver) = records::channel(10_000);
//! std::thread::spawn(move || receiver.iter().for_each(|record| println!("{} {}", record.status, record.host)));
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:3128").await?;
//! serve(listener, Arc::new(Live::new(state)), records, Limits::default(), std::future::pending()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Where a network of the policy asks who it is, the proxy asks for a user name and a password (407, RFC 7617) and has
//! them checked by a [`Door`], given with [`Live::with_door`]. It keeps no password: for ten minutes it remembers a keyed
//! hash of one that was right, and forgets all of them as soon as the door says that anything has changed.
//!
//! A request's way: the guard reads it by the letter of RFC 9112 and hands hyper a clean copy; the session identifies,
//! classifies and has it ruled on; `dial`, the only way out, resolves once and connects to an address that was
//! classified; fields of one hop stay behind; the answer streams back. A `CONNECT` is answered when the origin has been
//! reached, and the tunnel opens for a `ClientHello` that names the host which was ruled on.

mod body;
mod chunked;
mod connect;
mod credentials;
mod dial;
mod door;
mod egress;
mod guard;
mod head;
mod headers;
mod hello;
mod identify;
mod limits;
mod live;
mod page;
mod patience;
mod pool;
pub mod records;
mod remembered;
mod request;
mod resolve;
mod server;
mod session;
mod sign_in;
mod stay;
mod trouble;
mod warned;

pub use door::{Admitted, Checked, Door, Secret, Still};
pub use egress::{Egress, EgressError, PublicAddr};
pub use limits::Limits;
pub use live::{Live, State};
pub use records::Records;
pub use resolve::{Resolve, Resolving, SystemResolver};
pub use server::serve;
