use leptos::prelude::*;

use super::icon::{Glyph, Icon};

/// What a list says when it has nothing to show.
#[component]
pub fn Empty(
    glyph: Glyph,
    #[prop(into)] title: String,
    #[prop(into)] body: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="flex flex-col items-center rounded-xl border border-dashed border-line bg-surface px-6 py-12 text-center">
            <span class="mb-4 grid size-11 place-items-center rounded-full bg-accent-soft text-accent">
                <Icon glyph class="size-5" />
            </span>
            <h2 class="text-[0.9375rem] font-semibold">{title}</h2>
            <p class="mt-1 max-w-[52ch] text-quiet">{body}</p>
            {children
                .map(|children| view! { <div class="mt-5 flex flex-wrap justify-center gap-2">{children()}</div> })}
        </div>
    }
    .into_any()
}
