use leptos::prelude::*;

use crate::islands::copy::CopyButton;
use crate::text::en as text;

/// A piece of code with its language, and a button to copy it where scripts run.
#[component]
pub fn CodeBlock(#[prop(into)] label: String, #[prop(into)] code: String) -> impl IntoView {
    view! {
        <figure class="overflow-hidden rounded-lg border border-line bg-well">
            <figcaption class="flex min-h-10 items-center justify-between gap-2 border-b border-line px-3 text-xs font-medium text-quiet">
                <span>{label.clone()}</span>
                <CopyButton value=code.clone() label=text::copy_code(&label) done=text::COPIED.to_owned() />
            </figcaption>
            <pre class="overflow-x-auto p-3 font-mono text-[0.8125rem] leading-relaxed" tabindex="0" aria-label=label>
                <code>{code}</code>
            </pre>
        </figure>
    }
    .into_any()
}

/// One line to be copied whole: an address, an id, a key.
#[component]
pub fn CopyLine(#[prop(into)] what: String, #[prop(into)] value: String) -> impl IntoView {
    view! {
        <div class="flex items-stretch overflow-hidden rounded-lg border border-line bg-well">
            <code
                class="min-w-0 flex-1 overflow-x-auto px-3 py-2 font-mono text-[0.8125rem] whitespace-nowrap select-all"
                tabindex="0"
                aria-label=what.clone()
            >
                {value.clone()}
            </code>
            <span class="grid border-l border-line">
                <CopyButton value label=text::copy_thing(&what) done=text::COPIED.to_owned() />
            </span>
        </div>
    }
    .into_any()
}

/// A short id in running text.
#[component]
pub fn Id(#[prop(into)] value: String) -> impl IntoView {
    view! { <code class="font-mono text-[0.8125rem] wrap-anywhere">{value}</code> }.into_any()
}

/// A long id in a list: cut where its column ends, whole in the tooltip.
#[component]
pub fn CutId(#[prop(into)] value: String) -> impl IntoView {
    let whole = value.clone();
    view! {
        <code class="block max-w-32 truncate font-mono text-[0.8125rem]" title=whole>
            {value}
        </code>
    }
    .into_any()
}
