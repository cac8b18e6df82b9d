use leptos::prelude::*;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use terapi_broker::integrations::Integration;
use terapi_catalog::monogram_svg;

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

/// Where the picture of a provider is: this instance draws it.
pub fn provider_picture(provider: &str) -> String {
    Local(format!("/images/template-logos/{provider}.svg")).to_string()
}

/// The picture of an integration. One that has a name of its own looks different from the others of its provider: it
/// gets its own initials and colour, inside the page.
pub fn picture(integration: &Integration) -> String {
    let Some(name) = &integration.display_name else {
        return provider_picture(integration.provider.as_str());
    };
    let drawn = monogram_svg(integration.unique_key.as_str(), name);
    format!("data:image/svg+xml,{}", utf8_percent_encode(&drawn, IN_ADDRESS))
}

/// What may not stand in a `data:` address, or not in an attribute of HTML.
const IN_ADDRESS: &AsciiSet = &CONTROLS
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'&');

/// A provider's or an integration's picture.
#[component]
pub fn Logo(src: String, #[prop(default = "size-8")] class: &'static str) -> impl IntoView {
    view! {
        <img
            class=format!("{class} shrink-0 rounded-md border border-line bg-surface object-contain")
            src=src
            alt=""
            width="32"
            height="32"
            loading="lazy"
        />
    }
    .into_any()
}
