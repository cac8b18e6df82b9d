use leptos::prelude::*;

use super::icon::{Glyph, Icon};

/// How much a button asks for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// The one thing to do here.
    Primary,
    /// Something else to do here.
    Quiet,
    /// Deletes.
    Danger,
    /// Beside text.
    Bare,
}

/// The classes shared by buttons and by links that look like them. At least 36 px high.
pub const fn classes(weight: Weight) -> &'static str {
    match weight {
        Weight::Primary => {
            "inline-flex min-h-9 items-center justify-center gap-2 rounded-lg border border-transparent bg-accent px-3.5 py-1.5 text-sm font-medium whitespace-nowrap text-on-accent hover:bg-accent-strong"
        }
        Weight::Quiet => {
            "inline-flex min-h-9 items-center justify-center gap-2 rounded-lg border border-line bg-surface px-3.5 py-1.5 text-sm font-medium whitespace-nowrap text-ink hover:border-edge hover:bg-well"
        }
        Weight::Danger => {
            "inline-flex min-h-9 items-center justify-center gap-2 rounded-lg border border-transparent bg-bad px-3.5 py-1.5 text-sm font-medium whitespace-nowrap text-on-bad hover:bg-bad-strong"
        }
        Weight::Bare => {
            "inline-flex min-h-9 items-center justify-center gap-2 rounded-lg border border-transparent px-2.5 py-1.5 text-sm font-medium whitespace-nowrap text-quiet hover:bg-well hover:text-ink"
        }
    }
}

/// Sends its form.
#[component]
pub fn Submit(
    #[prop(default = Weight::Primary)] weight: Weight,
    #[prop(optional)] glyph: Option<Glyph>,
    #[prop(optional)] name: Option<&'static str>,
    #[prop(optional, into)] value: Option<String>,
    #[prop(optional)] wide: bool,
    children: Children,
) -> impl IntoView {
    let width = if wide { " w-full" } else { "" };
    view! {
        <button type="submit" name=name value=value class=format!("{}{width}", classes(weight))>
            {glyph.map(|glyph| view! { <Icon glyph /> })}
            {children()}
        </button>
    }
    .into_any()
}

/// A link that looks like a button.
#[component]
pub fn ButtonLink(
    #[prop(into)] href: String,
    #[prop(default = Weight::Quiet)] weight: Weight,
    #[prop(optional)] glyph: Option<Glyph>,
    #[prop(optional)] new_tab: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <a
            href=href
            target=new_tab.then_some("_blank")
            rel=new_tab.then_some("noopener noreferrer")
            class=classes(weight)
        >
            {glyph.map(|glyph| view! { <Icon glyph /> })}
            {children()}
        </a>
    }
    .into_any()
}

/// A link inside text.
#[component]
pub fn TextLink(
    #[prop(into)] href: String,
    #[prop(optional)] new_tab: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <a
            href=href
            target=new_tab.then_some("_blank")
            rel=new_tab.then_some("noopener noreferrer")
            class="text-accent underline underline-offset-2 hover:text-accent-strong"
        >
            {children()}
        </a>
    }
    .into_any()
}
