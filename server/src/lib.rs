//! The axum binary: it reads the configuration, mounts the rooms, translates HTTP and nothing else.
//!
//! A request enters through [`router`]: public routes ([`api`], [`oauth`], [`connect`], [`images`]) and cookie
//! routes ([`ui`]) are two families that share no layer (decision D20). Every handler authenticates, asks the
//! broker one thing and writes the answer down.

pub mod api;
pub mod base_path;
pub mod boot;
pub mod commands;
pub mod config;
pub mod connect;
pub mod docs;
pub mod error;
pub mod health;
pub mod images;
pub mod layers;
pub mod oauth;
pub mod origin_files;
pub mod rate_limit;
pub mod rewrite;
pub mod route;
pub mod router;
pub mod sdk;
pub mod serve;
pub mod state;
pub mod telemetry;
pub mod trailing_slash;
pub mod ui;
