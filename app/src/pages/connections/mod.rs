//! The accounts that end users have connected.

pub mod delete;
pub mod details;
pub mod list;
pub mod new;
pub mod reveal;
pub mod wait;

use leptos::prelude::*;
use terapi_broker::connections::{Connection, ConnectionState, ReadConnectionError};
use terapi_model::ConnectionId;

use crate::answer::NoPage;
use crate::desk::Desk;
use crate::text::en::connections as text;
use crate::ui::badge::{Badge, Tone};
use crate::ui::icon::Glyph;

/// The connection a page is about, as it is: reading changes nothing.
pub async fn load(desk: &Desk, id: &str) -> Result<Connection, NoPage> {
    let id = ConnectionId::parse(id).ok_or(NoPage::NotFound)?;
    desk.broker
        .connections()
        .get_by_id(&desk.caller, &id)
        .await
        .map_err(unread)?
        .ok_or(NoPage::NotFound)
}

/// Why a connection could not be read, for the operator.
pub fn unread(error: ReadConnectionError) -> NoPage {
    match error {
        ReadConnectionError::Forbidden(reason) => NoPage::Forbidden(reason.to_string()),
        other => NoPage::Failed(other.to_string()),
    }
}

/// Whose connection it is, in the best words there are.
pub fn customer(connection: &Connection) -> Option<&str> {
    let user = connection.end_user.as_ref()?;
    user.display_name
        .as_deref()
        .or(user.email.as_deref())
        .or(Some(&user.id))
}

/// What a page about a connection is called.
pub fn shown_name(connection: &Connection) -> &str {
    customer(connection).unwrap_or(connection.connection_key.as_str())
}

/// Whether a connection works, in a word.
#[component]
pub fn StatusBadge(state: ConnectionState, failing: bool) -> impl IntoView {
    match (state, failing) {
        (ConnectionState::NeedsReauth, _) => {
            view! { <Badge tone=Tone::Bad glyph=Glyph::Failure>{text::NEEDS_REAUTH}</Badge> }
        }
        (ConnectionState::Active, true) => {
            view! { <Badge tone=Tone::Warn glyph=Glyph::Warning>{text::FAILING}</Badge> }
        }
        (ConnectionState::Active, false) => {
            view! { <Badge tone=Tone::Good glyph=Glyph::Success>{text::OK}</Badge> }
        }
    }
}
