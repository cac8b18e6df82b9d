use leptos::prelude::*;

use super::button::{Submit, Weight};
use super::icon::{Glyph, Icon};
use crate::islands::reveal::Reveal;
use crate::text::en as text;

/// A secret that is not in the page.
#[component]
pub fn Masked() -> impl IntoView {
    view! {
        <span class="inline-flex items-center gap-2 text-quiet">
            <span aria-hidden="true" class="font-mono tracking-[0.15em]">
                "••••••••••••"
            </span>
            <span class="sr-only">{text::secret::HIDDEN}</span>
        </span>
    }
    .into_any()
}

/// Secrets and the form that shows them. Where scripts run, the answer's `data-revealed` part takes the place of
/// this one and goes away after half a minute; where none run, the answer is a page.
#[component]
pub fn RevealForm(#[prop(into)] action: String, allowed: bool, children: Children) -> impl IntoView {
    let button = if allowed {
        view! {
            <form method="post" action=action>
                <Submit weight=Weight::Quiet glyph=Glyph::Eye>
                    {text::secret::REVEAL}
                </Submit>
            </form>
        }
        .into_any()
    } else {
        view! {
            <p class="flex items-center gap-2 text-quiet">
                <Icon glyph=Glyph::Lock />
                {text::secret::NOT_FOR_YOUR_ROLE}
            </p>
        }
        .into_any()
    };
    view! {
        <div>
            <Reveal seconds=30 hide=text::secret::HIDE.to_owned() failed=text::secret::FAILED.to_owned()>
                <div class="space-y-4">{children()} {button}</div>
            </Reveal>
        </div>
    }
    .into_any()
}
