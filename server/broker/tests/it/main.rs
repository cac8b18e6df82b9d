//! The broker over a real database, with the clock held still.
#![allow(clippy::unwrap_used)]

mod connect;
mod connections;
mod database;
mod departure;
mod egress;
mod environments;
mod flow;
mod house;
mod import;
mod instance;
mod instances;
mod integrations;
mod keys;
mod operations;
mod operators;
mod own_app;
mod redaction;
mod refresh;
mod tabs;
mod tries;
mod upkeep;
mod webhooks;
