//! Everything that pages say, one module a language. A text with a hole is a function, so that a missing value
//! does not compile.

pub mod connect;
mod de;
pub mod en;
mod es;
mod fr;
mod ja;
