//! The binary as its operator meets it: flags, variables, messages, exit codes, signals.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping")]

mod admin;
mod configuration;
mod instance;
mod key_file;
mod stopping;
mod two_processes;
