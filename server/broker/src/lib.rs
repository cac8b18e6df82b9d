//! What Terapi does, below HTTP and above the database: it opens connect sessions, runs authorizations, keeps
//! credentials fresh, and looks after integrations, connections, operators and keys.
//!
//! This is the only room where a plaintext credential and a network socket meet. All outbound traffic goes
//! through [`egress`]; secrets are opened in [`sealing`] and nowhere else. No database transaction is held
//! across a network call. Nothing here knows an HTTP status or a page.
//!
//! Start at [`Broker`]: each of its methods hands out one room (`broker.connections()`, `broker.connect()`, …),
//! and REST handlers and dashboard pages call the same ones.

pub mod auth;
mod broker;
mod caller;
pub mod clock;
pub mod connect;
pub mod connections;
pub mod credentials;
pub mod egress;
pub mod environments;
pub mod hidden;
pub mod instance;
pub mod integrations;
pub mod keys;
pub mod operations;
pub mod operators;
mod refresh;
pub mod sealing;
mod settings;
pub mod upkeep;
mod verification;
pub mod webhooks;

pub use broker::{Broker, Parts};
pub use caller::{Actor, Caller, Forbidden};
pub use clock::{Clock, SystemClock, TestClock};
pub use settings::{Settings, Signup};
pub use terapi_vault::SecretString;
