//! The only code of this crate that runs in the browser. Every page works without it.

pub mod copy;
#[cfg(feature = "hydrate")]
mod fetch;
pub mod local_times;
pub mod menus;
pub mod narrowed;
pub mod picture;
pub mod preview;
pub mod reveal;
pub mod watch;
