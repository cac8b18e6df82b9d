use terapi_broker::keys::{CreateKeyError, DeleteKeyError};
use terapi_model::ApiKeyScopes;

use super::confirmed;
use crate::answer::{ActionResult, NoPage, Outcome};
use crate::desk::Desk;
use crate::form::{Form, FormState};
use crate::pages::settings::{created_key, delete_key};
use crate::route::Room;
use crate::text::en::{self as text, sentence};

/// Makes a key and shows it, this once.
pub async fn create(desk: Desk, form: &Form) -> ActionResult {
    let state = FormState::keeping(form, &["name", "expiry"]);
    let days: Option<i64> = form
        .filled("expiry")
        .and_then(|days| days.parse().ok())
        .filter(|days| (1..=3650).contains(days));
    let expires_at = days.map(|days| desk.broker.now().plus_seconds(days * 24 * 3600));
    let made = desk
        .broker
        .keys()
        .create(
            &desk.caller,
            form.text("name"),
            ApiKeyScopes::full_environment(),
            expires_at,
        )
        .await;
    let error = match made {
        Ok((_, secret)) => return Ok(Outcome::Page(created_key::show(&desk, &secret))),
        Err(error) => error,
    };
    let message = sentence(&error.to_string());
    Ok(Outcome::Invalid(match error {
        CreateKeyError::NameInvalid | CreateKeyError::NameTaken => state.refused("name", message),
        CreateKeyError::ExpiryInvalid => state.refused("expiry", message),
        CreateKeyError::TooMany | CreateKeyError::ScopesInvalid => state.refused_all(message),
        CreateKeyError::NoSuchEnvironment => return Err(NoPage::NotFound),
        CreateKeyError::Forbidden(reason) => return Err(NoPage::Forbidden(reason.to_string())),
        other => return Err(NoPage::Failed(other.to_string())),
    }))
}

/// Deletes a key whose name was typed.
pub async fn delete(desk: Desk, id: &str, form: &Form) -> ActionResult {
    let key = delete_key::load(&desk, id).await?;
    if let Err(state) = confirmed(form, &key.display_name) {
        return Ok(Outcome::Invalid(state));
    }
    match desk.broker.keys().delete(&desk.caller, &key.id).await {
        Ok(_) => Ok(Outcome::SeeOther(desk.to(Room::Keys))),
        Err(DeleteKeyError::Forbidden(reason)) => Err(NoPage::Forbidden(reason.to_string())),
        Err(DeleteKeyError::Managed) => Ok(Outcome::Invalid(
            FormState::default().refused_all(text::settings::keys::MANAGED_DELETE),
        )),
        Err(other) => Err(NoPage::Failed(other.to_string())),
    }
}
