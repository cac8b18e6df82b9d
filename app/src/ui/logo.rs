use leptos::prelude::*;

use crate::base_path::Local;

/// Terapi's mark: two open rings that hold each other.
#[component]
pub fn Mark(#[prop(default = "size-7")] class: &'static str) -> impl IntoView {
    view! {
        <svg class=format!("{class} shrink-0") viewBox="0 0 32 32" aria-hidden="true" focusable="false">
            <rect width="32" height="32" rx="8" class="fill-accent"></rect>
            <g fill="none" class="stroke-on-accent" stroke-width="2.6" stroke-linecap="round">
                <path d="M16.6 11.2a6.2 6.2 0 1 0 0 9.6"></path>
                <path d="M15.4 20.8a6.2 6.2 0 1 0 0-9.6"></path>
            </g>
        </svg>
    }
    .into_any()
}

/// A provider's logo, or its monogram: both are served by this instance.
#[component]
pub fn ProviderLogo(
    #[prop(into)] provider: String,
    #[prop(default = "size-8")] class: &'static str,
) -> impl IntoView {
    view! {
        <img
            class=format!("{class} shrink-0 rounded-md border border-line bg-surface object-contain")
            src=Local(format!("/images/template-logos/{provider}.svg")).to_string()
            alt=""
            width="32"
            height="32"
            loading="lazy"
        />
    }
    .into_any()
}
