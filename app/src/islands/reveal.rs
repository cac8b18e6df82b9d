use leptos::html::Div;
use leptos::prelude::*;

/// Around a form that shows secrets. Instead of leaving the page, the form's answer is fetched, its
/// `data-revealed` part takes the place of the children, and goes away after `seconds`. The focus follows: from
/// the button that shows to the one that hides, and back.
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
    let (front, back, place) = (
        NodeRef::<Div>::new(),
        NodeRef::<Div>::new(),
        NodeRef::<Div>::new(),
    );

    #[cfg(feature = "hydrate")]
    let timer = StoredValue::new(None::<leptos::leptos_dom::helpers::TimeoutHandle>);
    #[cfg(feature = "hydrate")]
    let conceal = move || {
        let (Some(back), Some(place)) = (back.get_untracked(), place.get_untracked()) else {
            return;
        };
        timer.update_value(|timer| {
            if let Some(timer) = timer.take() {
                timer.clear();
            }
        });
        let focused = document().active_element();
        let follows = focused.is_some_and(|focused| back.contains(Some(&focused)));
        place.set_text_content(None);
        shown.set(false);
        if follows {
            focus_button(front);
        }
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
                focus_button(back);
                let life = std::time::Duration::from_secs(u64::from(seconds));
                timer.set_value(set_timeout_with_handle(conceal, life).ok());
            });
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = (event, seconds, broken);
    };
    view! {
        <div node_ref=front hidden=move || shown.get() on:submit=send>
            {children()}
        </div>
        <div node_ref=back>
            <div node_ref=place aria-live="polite"></div>
            <button
                type="button"
                hidden=move || !shown.get()
                on:click=move |_| conceal()
                class="mt-4 inline-flex min-h-9 items-center rounded-lg border border-line bg-surface px-3.5 text-sm font-medium hover:bg-well"
            >
                {hide}
            </button>
        </div>
        <p hidden=move || !broken.get() role="alert" class="mt-3 text-bad">
            {failed}
        </p>
    }
}

/// Gives the focus to the button of `part`, once it is painted: before, it may still be hidden.
#[cfg(feature = "hydrate")]
fn focus_button(part: NodeRef<Div>) {
    use wasm_bindgen::JsCast as _;
    request_animation_frame(move || {
        let button = part
            .get_untracked()
            .and_then(|part| part.query_selector(":scope > button, form button").ok().flatten());
        if let Some(button) = button {
            let _ = button.unchecked_into::<web_sys::HtmlElement>().focus();
        }
    });
}
