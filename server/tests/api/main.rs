//! The REST API over a real socket, a real database and a simulated provider.
#![allow(clippy::unwrap_used)]

mod account_keys;
mod app;
mod auth;
mod authorization;
mod bad_input;
mod base_path;
mod browser;
mod callback_url;
mod connect;
mod connections;
mod cors;
mod environment_variables;
mod images;
mod import;
mod integrations;
mod isolation;
mod older_clients;
mod openapi;
mod operations;
mod popup_refusals;
mod providers;
mod rate_limit;
mod routes;
mod scopes;
mod socket;
mod unavailable;
mod webhook_signing_key;
