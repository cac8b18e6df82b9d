use leptos::prelude::*;

/// Closes an open menu at Escape, and when something outside of it is pressed or gets the focus, which the menu may
/// cover. Without scripts its own button does.
#[island]
pub fn Menus() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    Effect::new(|_| {
        use wasm_bindgen::JsCast as _;
        let _ = window_event_listener(leptos::ev::keydown, |event| {
            if event.key() == "Escape" {
                close(None);
            }
        });
        let _ = window_event_listener(leptos::ev::pointerdown, |event| {
            close(event.target().and_then(|target| target.dyn_into().ok()).as_ref());
        });
        let _ = window_event_listener(leptos::ev::focusin, |event| {
            close(event.target().and_then(|target| target.dyn_into().ok()).as_ref());
        });
    });
}

/// Closes the menus that `elsewhere` is not in; who was inside one with the keyboard comes back to its button.
#[cfg(feature = "hydrate")]
fn close(elsewhere: Option<&web_sys::Node>) {
    use wasm_bindgen::JsCast as _;
    let Ok(open) = document().query_selector_all("details[data-menu][open]") else {
        return;
    };
    for n in 0..open.length() {
        let Some(menu) = open
            .item(n)
            .and_then(|node| node.dyn_into::<web_sys::Element>().ok())
        else {
            continue;
        };
        if elsewhere.is_some_and(|it| menu.contains(Some(it))) {
            continue;
        }
        let within = document()
            .active_element()
            .is_some_and(|it| menu.contains(Some(&it)));
        let _ = menu.remove_attribute("open");
        let button = menu.query_selector("summary").ok().flatten();
        if let Some(button) = button.filter(|_| within && elsewhere.is_none()) {
            let _ = button.unchecked_into::<web_sys::HtmlElement>().focus();
        }
    }
}
