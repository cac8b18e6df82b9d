//! What forms do. An action changes something, or says what is wrong with the form; pages never change anything.

pub mod connect;
pub mod connections;
pub mod integrations;
pub mod keys;
pub mod sessions;
pub mod settings;
pub mod sign_in;
pub mod sign_up;
pub mod theme;

use crate::form::{Form, FormState};
use crate::text::en as text;

/// Passes when the name was typed as shown.
fn confirmed(form: &Form, name: &str) -> Result<(), FormState> {
    if form.text("confirmation") == name {
        Ok(())
    } else {
        Err(FormState::keeping(form, &["confirmation"]).refused("confirmation", text::confirm::MISMATCH))
    }
}
