//! Tests of the vault through its public API.
#![allow(clippy::unwrap_used)]

mod counting_entropy;
mod envelope;
mod hash;
mod keyring;
mod secret;
mod token;
