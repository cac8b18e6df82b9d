//! The broker over a real database, with the clock held still.
#![allow(clippy::unwrap_used)]

mod environments;
mod house;
mod instance;
mod integrations;
mod keys;
mod operators;
mod upkeep;
