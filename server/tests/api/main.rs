//! The REST API over a real socket, a real database and a simulated provider.
#![allow(clippy::unwrap_used)]

mod account_keys;
mod app;
mod auth;
mod authorization;
mod bad_input;
mod connect;
mod connections;
mod cors;
mod environment_variables;
mod images;
mod integrations;
mod isolation;
mod import;
mod openapi;
mod providers;
mod older_clients;
mod rate_limit;
mod routes;
mod socket;
mod unavailable;
mod webhook_signing_key;
