use leptos::prelude::*;

/// Copies `value`. Hidden until it can: without scripts there is nothing to press.
#[island]
pub fn CopyButton(
    /// What to copy.
    value: String,
    /// What the button says to screen readers and in its tooltip.
    label: String,
    /// What is said afterwards.
    done: String,
) -> impl IntoView {
    let ready = RwSignal::new(false);
    let copied = RwSignal::new(false);
    Effect::new(move |_| ready.set(true));
    let copy = move |_| {
        #[cfg(feature = "hydrate")]
        {
            let promise = window().navigator().clipboard().write_text(&value);
            leptos::task::spawn_local(async move {
                if wasm_bindgen_futures::JsFuture::from(promise).await.is_ok() {
                    copied.set(true);
                    set_timeout(move || copied.set(false), std::time::Duration::from_secs(2));
                }
            });
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = (&value, copied);
    };
    let tip = label.clone();
    view! {
        <button
            type="button"
            hidden=move || !ready.get()
            on:click=copy
            title=tip
            class="grid min-h-8 min-w-9 shrink-0 place-items-center text-quiet hover:text-ink"
        >
            <svg
                class="size-4"
                viewBox="0 0 24 24"
                fill="none"
                stroke="currentColor"
                stroke-width="1.75"
                stroke-linecap="round"
                stroke-linejoin="round"
                aria-hidden="true"
            >
                <path d=move || if copied.get() { "M20 6 9 17l-5-5" } else { COPY }></path>
            </svg>
            <span class="sr-only" aria-live="polite">
                {move || if copied.get() { done.clone() } else { label.clone() }}
            </span>
        </button>
    }
}

const COPY: &str = "M10 8h10a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H10a2 2 0 0 1-2-2V10a2 2 0 0 1 2-2M4 16c-1.1 0-2-.9-2-2V4c0-1.1.9-2 2-2h10c1.1 0 2 .9 2 2";
