//! The cookie family seen from a browser: sessions, the same-origin guard, header policies, forms without scripts.
#![allow(clippy::unwrap_used, missing_docs)]

mod base_path;
mod connect_rules;
mod connect_ui;
mod families;
mod forms;
mod functions;
mod guard;
mod house;
mod logs;
mod next;
mod operations;
mod policies;
mod sessions;
mod settings;
mod sign_in;
