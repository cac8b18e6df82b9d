use leptos::prelude::*;

use super::badge::Tone;
use super::icon::{Glyph, Icon};

/// A message that stays on the page.
#[component]
pub fn Banner(
    #[prop(default = Tone::Plain)] tone: Tone,
    #[prop(into)] title: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let (glyph, colours) = match tone {
        Tone::Plain => (Glyph::Info, "border-line bg-well text-ink"),
        Tone::Good => (Glyph::Success, "border-good/30 bg-good-soft text-good"),
        Tone::Warn => (Glyph::Warning, "border-warn/30 bg-warn-soft text-warn"),
        Tone::Bad => (Glyph::Failure, "border-bad/30 bg-bad-soft text-bad"),
    };
    let role = if tone == Tone::Bad { "alert" } else { "status" };
    view! {
        <div role=role class=format!("flex gap-3 rounded-lg border px-4 py-3 {colours}")>
            <Icon glyph class="mt-0.5 size-4" />
            <div class="min-w-0 space-y-1">
                <p class="font-medium">{title}</p>
                {children.map(|children| view! { <div class="text-sm text-ink">{children()}</div> })}
            </div>
        </div>
    }
    .into_any()
}
