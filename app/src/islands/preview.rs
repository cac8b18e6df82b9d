use leptos::html::Iframe;
use leptos::prelude::*;

/// Shows how the Connect UI will look, while its form (`[data-look]`) is filled in. Pickers of colours
/// (`input[data-picks]`), which say nothing without scripts, appear and follow their fields; a field that holds no
/// colour leaves its picker, and so the preview, at the last one.
#[island]
pub fn Preview(
    /// The preview's address, without its theme and view.
    src: String,
    /// What the frame is called.
    title: String,
    /// Where the present logo is.
    logo: Option<String>,
    /// The names of the two themes.
    themes: (String, String),
    /// Whether the dark one is shown first.
    dark: bool,
    /// What the views are called, in the order of [`VIEWS`].
    views: (String, String, String),
) -> impl IntoView {
    let frame = NodeRef::<Iframe>::new();
    let ready = RwSignal::new(false);
    let (theme, view) = (RwSignal::new(usize::from(dark)), RwSignal::new(0));
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        if let Some(form) = document().query_selector("[data-look]").ok().flatten() {
            look::follow(form, frame, logo.clone(), theme);
            ready.set(true);
        }
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = logo;
    let address = move || {
        let (view, theme) = (VIEWS[view.get()], THEMES[theme.get()]);
        ready.get().then(|| format!("{src}&view={view}&theme={theme}"))
    };
    view! {
        <div hidden=move || !ready.get() class="space-y-3">
            <div class="flex flex-wrap justify-between gap-1">
                <div class="flex gap-1">
                    {choice(view, 0, views.0)} {choice(view, 1, views.1)} {choice(view, 2, views.2)}
                </div>
                <div class="flex gap-1">{choice(theme, 0, themes.0)} {choice(theme, 1, themes.1)}</div>
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

/// The views, as the address names them.
const VIEWS: [&str; 3] = ["form", "list", "done"];
/// The themes, likewise.
const THEMES: [&str; 2] = ["light", "dark"];

/// The button that makes `chosen` be `number`.
fn choice(chosen: RwSignal<usize>, number: usize, label: String) -> impl IntoView {
    view! {
        <button
            type="button"
            class="inline-flex min-h-8 items-center rounded-lg px-3 text-sm text-quiet hover:bg-well \
            aria-pressed:bg-accent-soft aria-pressed:font-medium aria-pressed:text-accent"
            aria-pressed=move || if chosen.get() == number { "true" } else { "false" }
            on:click=move |_| chosen.set(number)
        >
            {label}
        </button>
    }
}

#[cfg(feature = "hydrate")]
mod look {
    use js_sys::{Object, Reflect};
    use leptos::ev;
    use leptos::html::Iframe;
    use leptos::prelude::*;
    use terapi_model::{Colour, Ground};
    use wasm_bindgen::{JsCast as _, JsValue};
    use web_sys::{Element, Event, HtmlInputElement, MessageEvent};

    use crate::text::colour;

    /// Tells the frame of every change, and of the look as it is whenever the frame says that it is ready. Whoever
    /// chooses a default theme sees it.
    pub fn follow(form: Element, frame: NodeRef<Iframe>, logo: Option<String>, theme: RwSignal<usize>) {
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
            match theme_in(&event).as_deref() {
                Some("dark") => theme.set(1),
                Some("light") => theme.set(0),
                _ => {}
            }
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

    /// The default theme, when it is what has changed.
    fn theme_in(event: &Event) -> Option<String> {
        let changed = event.target()?.dyn_into::<Element>().ok()?;
        let is_theme = changed.get_attribute("name").as_deref() == Some("default_theme");
        let value = Reflect::get(&changed, &"value".into()).ok()?;
        value.as_string().filter(|_| is_theme)
    }

    /// A picker and its field say the same, and the text below says what comes of it.
    fn pair(event: &Event) {
        let Some(changed) = event
            .target()
            .and_then(|it| it.dyn_into::<HtmlInputElement>().ok())
        else {
            return;
        };
        let picks = changed.get_attribute("data-picks");
        let name = picks.clone().unwrap_or_else(|| changed.name());
        let other = match &picks {
            Some(field) => format!("#field-{field}"),
            None => format!("[data-picks={name}]"),
        };
        let other = find(&other).and_then(|it| it.dyn_into::<HtmlInputElement>().ok());
        let Some(other) = other else { return };
        let colour = Colour::parse(changed.value().trim());
        if let Some(colour) = colour {
            other.set_value(&colour.to_string());
        }
        let ground = if name == "dark" {
            Ground::Dark
        } else {
            Ground::Light
        };
        if let Some(hint) = find(&format!("#hint-{name}")) {
            let text = colour.map(|colour| colour::hint(colour, ground));
            hint.set_text_content(text.as_deref());
        }
    }

    fn find(selector: &str) -> Option<Element> {
        document().query_selector(selector).ok().flatten()
    }

    /// `{type: "settings_changed", payload}` (browser-and-modes.md 2.2).
    fn message(form: &Element, logo: Option<&str>) -> JsValue {
        let field = |name: &str| form.query_selector(&format!("[name={name}]")).ok().flatten();
        let member = |name: &str, of: &str| {
            field(name)
                .and_then(|field| Reflect::get(&field, &of.into()).ok())
                .unwrap_or(JsValue::NULL)
        };
        let colour = |name: &str| {
            let picker = find(&format!("[data-picks={name}]"));
            let value = picker.and_then(|picker| Reflect::get(&picker, &"value".into()).ok());
            object(&[("primary", value.unwrap_or(JsValue::NULL))])
        };
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
