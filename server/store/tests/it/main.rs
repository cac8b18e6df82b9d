//! Tests of the store on SQLite, PostgreSQL and PgBouncer.
#![allow(clippy::unwrap_used)]

mod database;
mod fixture;

mod accounts;
mod api_keys;
mod conflicts;
mod connect_sessions;
mod connections;
mod credentials;
mod environment_logos;
mod environments;
mod group_commit;
mod integrations;
mod migrations;
mod oauth_attempts;
mod opening;
mod operations;
mod operators;
mod raw_file;
mod transactions;
mod webhook_deliveries;
