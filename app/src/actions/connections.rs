use terapi_broker::connect::{NewReconnectSession, NewSession, OpenSessionError};
use terapi_broker::connections::DeleteConnectionError;
use terapi_model::EndUser;

use super::confirmed;
use crate::answer::{ActionResult, NoPage, Outcome};
use crate::desk::Desk;
use crate::form::{Form, FormState};
use crate::pages::connections::{delete, load, new, reveal, shown_name, unread};
use crate::pages::integrations;
use crate::route::Room;
use crate::text::en::sentence;
use crate::text::en::test as text;
use crate::ui::logo::picture;

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
    let session = NewSession {
        end_user: Some(end_user),
        allowed_integrations: vec![integration.unique_key.clone()],
        ..NewSession::default()
    };
    match desk.broker.connect().open_session(&desk.caller, session).await {
        Ok(opened) => Ok(Outcome::Page(new::ready(
            &desk,
            text::ready(integration.shown_name()),
            picture(&integration),
            &opened,
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

/// Opens a Connect session that renews a connection, and shows the way in.
pub async fn reconnect(desk: Desk, id: &str) -> ActionResult {
    let connection = load(&desk, id).await?;
    let picture =
        integrations::picture_of(&desk, &connection.integration_key, connection.provider.as_str()).await?;
    let wanted = NewReconnectSession {
        connection_key: connection.connection_key.clone(),
        integration_key: connection.integration_key.clone(),
        session: NewSession::default(),
    };
    match desk
        .broker
        .connect()
        .open_reconnect_session(&desk.caller, wanted)
        .await
    {
        Ok(opened) => Ok(Outcome::Page(new::ready(
            &desk,
            text::again(shown_name(&connection)),
            picture,
            &opened,
        ))),
        Err(OpenSessionError::UnknownReconnectTarget { .. }) => Err(NoPage::NotFound),
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

/// Deletes a connection; whose it is was typed, where that has a name.
pub async fn delete(desk: Desk, id: &str, form: &Form) -> ActionResult {
    let connection = load(&desk, id).await?;
    if let Some(name) = delete::name_to_type(&connection)
        && let Err(state) = confirmed(form, &name)
    {
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
