//! Acme over real sockets.

#![allow(clippy::unwrap_used)]

mod answers;
mod api;
mod authorization;
mod client_authentication;
mod code_exchange;
mod control;
mod program;
mod refresh;
mod user_agent;
