use leptos::prelude::*;

use super::icon::{Glyph, Icon};

/// What a badge means; its colour never says it alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// A fact.
    Plain,
    /// All is well.
    Good,
    /// Worth a look.
    Warn,
    /// Something is broken.
    Bad,
}

/// A word or two about a thing.
#[component]
pub fn Badge(
    #[prop(default = Tone::Plain)] tone: Tone,
    #[prop(optional)] glyph: Option<Glyph>,
    children: Children,
) -> impl IntoView {
    let colours = match tone {
        Tone::Plain => "border-line bg-well text-quiet",
        Tone::Good => "border-transparent bg-good-soft text-good",
        Tone::Warn => "border-transparent bg-warn-soft text-warn",
        Tone::Bad => "border-transparent bg-bad-soft text-bad",
    };
    view! {
        <span class=format!(
            "inline-flex items-center gap-1 rounded-full border px-2 py-0.5 text-xs font-medium whitespace-nowrap {colours}",
        )>{glyph.map(|glyph| view! { <Icon glyph class="size-3.5" /> })} {children()}</span>
    }
    .into_any()
}
