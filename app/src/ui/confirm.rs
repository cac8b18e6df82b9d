use leptos::prelude::*;

use super::button::{ButtonLink, Submit, Weight};
use super::card::PageHead;
use super::field::{ErrorSummary, Field, Label};
use super::icon::Glyph;
use crate::text::en as text;

/// A page that asks before something is deleted, says what goes with it, and wants its name typed, if it has one
/// that a person chose.
#[component]
pub fn Confirm(
    #[prop(into)] title: String,
    #[prop(into)] consequence: String,
    #[prop(into)] name: Option<String>,
    #[prop(into)] action: String,
    #[prop(into)] back: String,
    #[prop(into)] button: String,
) -> impl IntoView {
    view! {
        <div class="max-w-xl">
            <PageHead title=title />
            <form method="post" action=action class="space-y-5 rounded-xl border border-bad/40 bg-surface p-5 shadow-card">
                <ErrorSummary />
                <p>{consequence}</p>
                {name
                    .map(|name| {
                        view! {
                            <Field
                                name="confirmation"
                                label=Label::around(text::confirm::TYPE_TO_CONFIRM, name)
                                autocomplete="off"
                                mono=true
                                required=true
                            />
                        }
                    })}
                <div class="flex flex-wrap gap-2">
                    <Submit weight=Weight::Danger glyph=Glyph::Trash>{button}</Submit>
                    <ButtonLink href=back>{text::CANCEL}</ButtonLink>
                </div>
            </form>
        </div>
    }
    .into_any()
}
