use leptos::prelude::*;

/// Around a form that shows secrets. Instead of leaving the page, the form's answer is fetched, its
/// `data-revealed` part takes the place of the children, and goes away after `seconds`.
#[island]
pub fn Reveal(
    /// How long secrets stay on the page.
    seconds: u32,
    /// The button that hides them earlier.
    hide: String,
    /// Said when the answer could not be had.
    failed: String,
    children: Children,
) -> impl IntoView {
    let shown = RwSignal::new(false);
    let broken = RwSignal::new(false);
    let place = NodeRef::<leptos::html::Div>::new();

    #[cfg(feature = "hydrate")]
    let conceal = move || {
        if let Some(place) = place.get_untracked() {
            place.set_text_content(None);
        }
        shown.set(false);
    };
    #[cfg(not(feature = "hydrate"))]
    let conceal = move || shown.set(false);

    let send = move |event: leptos::ev::SubmitEvent| {
        #[cfg(feature = "hydrate")]
        {
            use wasm_bindgen::JsCast as _;
            let Some(form) = event
                .target()
                .and_then(|target| target.dyn_into::<web_sys::HtmlFormElement>().ok())
            else {
                return;
            };
            event.prevent_default();
            leptos::task::spawn_local(async move {
                let fragment = super::fetch::revealed(&form.action()).await;
                let (Some(fragment), Some(place)) = (fragment, place.get_untracked()) else {
                    broken.set(true);
                    return;
                };
                broken.set(false);
                place.set_text_content(None);
                let _ = place.append_child(&fragment);
                super::fetch::wake(&fragment);
                shown.set(true);
                set_timeout(conceal, std::time::Duration::from_secs(u64::from(seconds)));
            });
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = (event, seconds, broken);
    };
    view! {
        <div hidden=move || shown.get() on:submit=send>
            {children()}
        </div>
        <div node_ref=place aria-live="polite"></div>
        <p hidden=move || !broken.get() role="alert" class="mt-3 text-bad">
            {failed}
        </p>
        <button
            type="button"
            hidden=move || !shown.get()
            on:click=move |_| conceal()
            class="mt-4 inline-flex min-h-9 items-center rounded-lg border border-line bg-surface px-3.5 text-sm font-medium hover:bg-well"
        >
            {hide}
        </button>
    }
}
