//! The pages. Each loads what it shows and returns a view of it; none changes anything.

pub mod connect;
pub mod connections;
pub mod error;
pub mod home;
pub mod integrations;
pub mod logs;
pub mod sessions;
pub mod settings;
pub mod sign_in;
pub mod sign_up;
mod snippets;
pub mod start;
