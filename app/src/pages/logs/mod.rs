//! What Terapi did, and how it went.

pub mod details;
pub mod list;

use leptos::prelude::*;
use serde_json::Value;
use terapi_broker::operations::{ListOperationsError, Operation};
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

/// What an operation is called.
fn title(operation: &Operation) -> &'static str {
    let event = operation.meta.get("event").and_then(Value::as_str);
    let success = operation.meta.get("success").and_then(Value::as_bool);
    let webhook = event
        .zip(success)
        .and_then(|(event, success)| text::webhook(event, success));
    webhook.unwrap_or(text::action(operation.action))
}

/// What a session was tried with, when it was tried more than once.
fn tries(operation: &Operation) -> Option<String> {
    let count: i64 = operation.tries.iter().map(|tries| tries.count).sum();
    let each = operation.tries.iter().map(|tries| {
        let key = tries.integration_key.as_ref();
        let key = key.map_or(text::UNKNOWN_INTEGRATION, |key| key.as_str());
        text::tried(key, tries.state, tries.count)
    });
    (count > 1).then(|| text::attempts(count, &each.collect::<Vec<_>>().join(", ")))
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
