//! What Terapi did, and how it went.

pub mod details;
pub mod list;

use leptos::prelude::*;
use terapi_broker::operations::ListOperationsError;
use terapi_model::OperationState;

use crate::answer::NoPage;
use crate::text::en::logs as text;
use crate::ui::badge::{Badge, Tone};
use crate::ui::icon::Glyph;

/// Why the log could not be read, for the operator.
pub fn unread(error: ListOperationsError) -> NoPage {
    match error {
        ListOperationsError::Forbidden(reason) => NoPage::Forbidden(reason.to_string()),
        other => NoPage::Failed(other.to_string()),
    }
}

/// Where an operation stands, in a word.
#[component]
fn StateBadge(state: OperationState) -> impl IntoView {
    let (tone, glyph) = match state {
        OperationState::Running => (Tone::Plain, Glyph::Clock),
        OperationState::Success => (Tone::Good, Glyph::Success),
        OperationState::Failed => (Tone::Bad, Glyph::Failure),
        OperationState::Cancelled => (Tone::Plain, Glyph::Pending),
        OperationState::Timeout => (Tone::Warn, Glyph::Warning),
    };
    view! {
        <Badge tone glyph>
            {text::state(state)}
        </Badge>
    }
    .into_any()
}
