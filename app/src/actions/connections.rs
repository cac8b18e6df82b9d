use terapi_broker::connect::{NewSession, OpenSessionError};
use terapi_broker::connections::DeleteConnectionError;
use terapi_model::EndUser;

use super::confirmed;
use super::sign_up::sentence;
use crate::answer::{ActionResult, NoPage, Outcome};
use crate::desk::Desk;
use crate::form::{Form, FormState};
use crate::pages::connections::{load, new, reveal, unread};
use crate::pages::integrations;
use crate::route::Room;
use crate::text::en::test as text;

/// Opens a Connect session, as a customer's backend would, and shows the way in.
pub async fn open_test(desk: Desk, form: &Form) -> ActionResult {
    let state = FormState::keeping(form, &["integration", "end_user", "email"]);
    if form.text("integration").is_empty() {
        return Ok(Outcome::Invalid(
            state.refused("integration", text::NO_INTEGRATION),
        ));
    }
    let integration = match integrations::load(&desk, form.text("integration")).await {
        Ok(integration) => integration,
        Err(NoPage::NotFound) => {
            return Ok(Outcome::Invalid(
                state.refused("integration", text::NO_INTEGRATION),
            ));
        }
        Err(other) => return Err(other),
    };
    if !integration.missing_fields.is_empty() {
        return Ok(Outcome::Invalid(state.refused("integration", text::INCOMPLETE)));
    }
    let end_user = EndUser {
        id: form.filled("end_user").unwrap_or(&desk.operator.email).to_owned(),
        email: form.filled("email").map(str::to_owned),
        display_name: None,
        tags: None,
    };
    let since = desk.broker.now();
    let session = NewSession {
        end_user: Some(end_user),
        allowed_integrations: vec![integration.unique_key.clone()],
        ..NewSession::default()
    };
    match desk.broker.connect().open_session(&desk.caller, session).await {
        Ok(opened) => Ok(Outcome::Page(new::ready(
            &desk,
            &integration,
            opened.connect_link,
            since,
        ))),
        Err(OpenSessionError::Invalid(issues)) => {
            Ok(Outcome::Invalid(issues.iter().fold(state, |state, issue| {
                let message = sentence(&issue.message);
                match issue.path.last().map(String::as_str) {
                    Some("id") => state.refused("end_user", message),
                    Some("email") => state.refused("email", message),
                    _ => state.refused_all(message),
                }
            })))
        }
        Err(OpenSessionError::Forbidden(reason)) => Err(NoPage::Forbidden(reason.to_string())),
        Err(other) => Err(NoPage::Failed(other.to_string())),
    }
}

/// Shows a connection's credentials on the page that answers.
pub async fn reveal(desk: Desk, id: &str) -> ActionResult {
    let connection = load(&desk, id).await?;
    let credentials = desk
        .broker
        .connections()
        .reveal(&desk.caller, &connection.id)
        .await
        .map_err(unread)?
        .ok_or(NoPage::NotFound)?;
    Ok(Outcome::Page(reveal::revealed(&desk, &connection, &credentials)))
}

/// Deletes a connection whose id was typed.
pub async fn delete(desk: Desk, id: &str, form: &Form) -> ActionResult {
    let connection = load(&desk, id).await?;
    if let Err(state) = confirmed(form, connection.connection_key.as_str()) {
        return Ok(Outcome::Invalid(state));
    }
    match desk
        .broker
        .connections()
        .delete_by_id(&desk.caller, &connection.id)
        .await
    {
        Ok(_) => Ok(Outcome::SeeOther(desk.to(Room::Connections))),
        Err(DeleteConnectionError::Forbidden(reason)) => Err(NoPage::Forbidden(reason.to_string())),
        Err(other) => Err(NoPage::Failed(other.to_string())),
    }
}
