//! Everything that pages say, one module a language. A text with a hole is a function, so that a missing value
//! does not compile. [`colour`] is English too; it stands apart because the browser gets it as code.

pub mod colour;
#[cfg(feature = "ssr")]
pub mod connect;
#[cfg(feature = "ssr")]
mod de;
#[cfg(feature = "ssr")]
pub mod en;
#[cfg(feature = "ssr")]
mod es;
#[cfg(feature = "ssr")]
mod fr;
#[cfg(feature = "ssr")]
mod ja;
