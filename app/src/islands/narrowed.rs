use leptos::prelude::*;

/// Narrows a list while somebody types into the search box above it (`[data-searches]`): a line (`[data-name]`) stays
/// when it has every word, and how many there are is said where it was said before (`[data-found]`, which has the words
/// for none, one and `#`). What is for who does not search (`[data-unsearched]`) goes meanwhile, and what is for nobody
/// else (`[data-only-searched]`) comes. Without scripts the server does the same for who sends the box.
///
/// Everything is in the page already, so that it needs no words of its own.
#[island]
pub fn Narrowed() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        let _ = search::follow();
    });
}

#[cfg(feature = "hydrate")]
mod search {
    use js_sys::JsString;
    use leptos::prelude::*;
    use wasm_bindgen::JsCast as _;
    use web_sys::{Element, HtmlInputElement};

    pub fn follow() -> Option<()> {
        let search: HtmlInputElement = first("[data-searches] [type=search]")?.dyn_into().ok()?;
        let typed = search.clone();
        let narrow = move || {
            let _ = narrow(&typed.value());
        };
        // What was typed before this ran, or what the browser has put back.
        if search.value() != search.default_value() {
            narrow();
        }
        let changed = wasm_bindgen::closure::Closure::<dyn Fn()>::new(narrow);
        let _ = search.add_event_listener_with_callback("input", changed.as_ref().unchecked_ref());
        changed.forget();
        Some(())
    }

    fn narrow(wanted: &str) -> Option<()> {
        // The browser's own texts: Rust's tables of letters would weigh more than all of this.
        let wanted = JsString::from(wanted).trim().to_lower_case();
        let searches = wanted.length() > 0;
        let words = wanted.split(" ");
        let lines = document().query_selector_all("[data-name]").ok()?;
        let mut count = 0_u32;
        for n in 0..lines.length() {
            let line: Element = lines.item(n)?.dyn_into().ok()?;
            let name = JsString::from(line.get_attribute("data-name")?);
            let has_all =
                words.every(&mut |word, _, _| name.includes(&word.as_string().unwrap_or_default(), 0));
            let shown = has_all && (searches || !line.has_attribute("data-only-searched"));
            hide(&line, !shown);
            count += u32::from(shown);
        }
        for (selector, hidden) in [("[data-none]", count > 0), ("[data-unsearched]", searches)] {
            if let Some(part) = first(selector) {
                hide(&part, hidden);
            }
        }
        let found = first("[data-found]")?;
        let words = match count {
            0 => "data-none-found",
            1 => "data-one-found",
            _ => "data-found",
        };
        let said = JsString::from(found.get_attribute(words)?).replace("#", &count.to_string());
        found.set_text_content(said.as_string().as_deref());
        Some(())
    }

    fn first(selector: &str) -> Option<Element> {
        document().query_selector(selector).ok().flatten()
    }

    fn hide(element: &Element, hidden: bool) {
        let _ = element.toggle_attribute_with_force("hidden", hidden);
    }
}
