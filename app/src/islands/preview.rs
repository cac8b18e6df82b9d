use leptos::html::Iframe;
use leptos::prelude::*;

/// Shows how the Connect UI will look, while its form (`[data-look]`) is filled in. Pickers of colours
/// (`input[data-picks]`), which say nothing without scripts, appear and follow their fields.
#[island]
pub fn Preview(
    /// The preview's address, without its theme.
    src: String,
    /// What the frame is called.
    title: String,
    /// Where the present logo is.
    logo: Option<String>,
    /// The names of the two themes.
    themes: (String, String),
) -> impl IntoView {
    let frame = NodeRef::<Iframe>::new();
    let (ready, dark) = (RwSignal::new(false), RwSignal::new(false));
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        if let Some(form) = document().query_selector("[data-look]").ok().flatten() {
            look::follow(form, frame, logo.clone());
            ready.set(true);
        }
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = logo;
    let address = move || {
        let theme = if dark.get() { "dark" } else { "light" };
        ready.get().then(|| format!("{src}&theme={theme}"))
    };
    let choice = "inline-flex min-h-8 items-center rounded-lg px-3 text-sm text-quiet hover:bg-well \
                  aria-pressed:bg-accent-soft aria-pressed:font-medium aria-pressed:text-accent";
    view! {
        <div hidden=move || !ready.get() class="space-y-3">
            <div class="flex gap-1">
                <button
                    type="button"
                    class=choice
                    aria-pressed=move || (!dark.get()).to_string()
                    on:click=move |_| dark.set(false)
                >
                    {themes.0}
                </button>
                <button
                    type="button"
                    class=choice
                    aria-pressed=move || dark.get().to_string()
                    on:click=move |_| dark.set(true)
                >
                    {themes.1}
                </button>
            </div>
            <iframe
                node_ref=frame
                src=address
                title=title
                class="h-[40rem] w-full rounded-lg border border-line"
            ></iframe>
        </div>
    }
}

#[cfg(feature = "hydrate")]
mod look {
    use js_sys::{Object, Reflect};
    use leptos::ev;
    use leptos::html::Iframe;
    use leptos::prelude::*;
    use wasm_bindgen::{JsCast as _, JsValue};
    use web_sys::{Element, Event, HtmlInputElement, MessageEvent};

    /// Tells the frame of every change, and of the look as it is whenever the frame says that it is ready.
    pub fn follow(form: Element, frame: NodeRef<Iframe>, logo: Option<String>) {
        show_pickers(&form);
        let send = {
            let form = form.clone();
            move || {
                let Some(window) = frame.get_untracked().and_then(|frame| frame.content_window()) else {
                    return;
                };
                let origin = window_origin();
                let _ = window.post_message(&message(&form, logo.as_deref()), &origin);
            }
        };
        let again = send.clone();
        let _ = window_event_listener(ev::message, move |event: MessageEvent| {
            let kind = Reflect::get(&event.data(), &"type".into()).ok();
            if event.origin() == window_origin() && kind == Some("ready".into()) {
                again();
            }
        });
        let changed = wasm_bindgen::closure::Closure::<dyn Fn(Event)>::new(move |event: Event| {
            pair(&event);
            send();
        });
        let _ = form.add_event_listener_with_callback("input", changed.as_ref().unchecked_ref());
        changed.forget();
    }

    fn window_origin() -> String {
        window().location().origin().unwrap_or_default()
    }

    fn show_pickers(form: &Element) {
        let Ok(pickers) = form.query_selector_all("[data-picker]") else {
            return;
        };
        for n in 0..pickers.length() {
            if let Some(picker) = pickers.item(n).and_then(|node| node.dyn_into::<Element>().ok()) {
                let _ = picker.remove_attribute("hidden");
            }
        }
    }

    /// A picker and its field say the same.
    fn pair(event: &Event) {
        let Some(changed) = event
            .target()
            .and_then(|it| it.dyn_into::<HtmlInputElement>().ok())
        else {
            return;
        };
        let (other, is_picker) = match changed.get_attribute("data-picks") {
            Some(field) => (format!("#field-{field}"), true),
            None => (format!("[data-picks={}]", changed.name()), false),
        };
        let other = document()
            .query_selector(&other)
            .ok()
            .flatten()
            .and_then(|it| it.dyn_into::<HtmlInputElement>().ok());
        if let Some(other) = other
            && (is_picker || changed.value().len() == 7)
        {
            other.set_value(&changed.value());
        }
    }

    /// `{type: "settings_changed", payload}` (browser-and-modes.md 2.2).
    fn message(form: &Element, logo: Option<&str>) -> JsValue {
        let field = |name: &str| form.query_selector(&format!("[name={name}]")).ok().flatten();
        let member = |name: &str, of: &str| {
            field(name)
                .and_then(|field| Reflect::get(&field, &of.into()).ok())
                .unwrap_or(JsValue::NULL)
        };
        let colour = |name: &str| object(&[("primary", member(name, "value"))]);
        let payload = object(&[
            ("showWatermark", member("show_watermark", "checked")),
            ("defaultTheme", member("default_theme", "value")),
            (
                "theme",
                object(&[("light", colour("light")), ("dark", colour("dark"))]),
            ),
            ("productName", member("product_name", "value")),
            ("logo", logo.map_or(JsValue::NULL, JsValue::from_str)),
        ]);
        object(&[("type", "settings_changed".into()), ("payload", payload)])
    }

    fn object(members: &[(&str, JsValue)]) -> JsValue {
        let object = Object::new();
        for (name, value) in members {
            let _ = Reflect::set(&object, &(*name).into(), value);
        }
        object.into()
    }
}
