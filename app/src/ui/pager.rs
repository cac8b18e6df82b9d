use leptos::prelude::*;

use super::button::{ButtonLink, Weight};
use super::icon::Glyph;
use crate::text::en as text;

/// Leads through a list that is paged by key.
#[component]
pub fn Pager(first: Option<String>, next: Option<String>) -> impl IntoView {
    (first.is_some() || next.is_some()).then(|| {
        view! {
            <nav aria-label=text::pager::LABEL class="mt-4 flex justify-between gap-2">
                <span>
                    {first
                        .map(|href| {
                            view! {
                                <ButtonLink href weight=Weight::Quiet glyph=Glyph::ArrowLeft>
                                    {text::pager::FIRST}
                                </ButtonLink>
                            }
                        })}
                </span>
                {next
                    .map(|href| {
                        view! {
                            <ButtonLink href weight=Weight::Quiet glyph=Glyph::ArrowRight>
                                {text::pager::NEXT}
                            </ButtonLink>
                        }
                    })}
            </nav>
        }
    })
}
