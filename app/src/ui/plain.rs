use leptos::prelude::*;

use super::logo::Mark;
use crate::text::en as text;

/// A card in the middle of an empty page: signing in, setting up, errors without a session.
#[component]
pub fn PlainFrame(children: Children) -> impl IntoView {
    view! {
        <main class="mx-auto flex min-h-dvh w-full max-w-[26rem] flex-col justify-center px-4 py-10">
            <div class="mb-7 flex items-center gap-2.5">
                <Mark class="size-8" />
                <span class="text-lg font-semibold tracking-[-0.01em]">{text::PRODUCT}</span>
            </div>
            <div class="rounded-xl border border-line bg-surface p-5 shadow-card sm:p-7">{children()}</div>
            <p class="mt-5 text-xs text-quiet">{text::plain::FOOT}</p>
        </main>
    }
    .into_any()
}
