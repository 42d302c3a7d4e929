//! Network rules in the syntax of ad blockers: which requests of which pages they hold.

mod kind;
mod options;
mod request;
mod rule;
mod shape;

pub use self::kind::RequestKind;
pub use self::request::Request;
pub(crate) use self::request::Text;
#[cfg(feature = "compile")]
pub(crate) use self::rule::Anatomy;
pub(crate) use self::rule::Compact;
pub use self::rule::NetworkRule;
