use leptos::prelude::*;

/// Narrows a list while somebody types into the search box above it (`[data-searches]`): a line (`[data-name]`) stays
/// when it has every word, and how many there are is said where it was said before (`[data-found]`, which has the words
/// for none, one and `#`). What is for who does not search (`[data-unsearched]`) goes meanwhile, and what is for nobody
/// else (`[data-only-searched]`) comes. Where nothing is left, what is said of a search that was sent (`[data-as-sent]`)
/// is not said of one that was typed (`[data-as-typed]`). Links that narrow by something else (`[data-unsearched-href]`)
/// take along what is typed. Without scripts the server does the same for who sends the box.
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
            let value = typed.value();
            let _ = narrow(&value, value == typed.default_value());
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

    fn narrow(typed: &str, is_sent: bool) -> Option<()> {
        // The browser's own texts: Rust's tables of letters would weigh more than all of this.
        let typed = JsString::from(typed).trim();
        let wanted = typed.to_lower_case();
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
        // Only where the server has found nothing is there something to say of what was sent.
        let is_sent = is_sent && first("[data-as-sent]").is_some();
        for (selector, hidden) in [
            ("[data-none]", count > 0),
            ("[data-unsearched]", searches),
            ("[data-as-sent]", !is_sent),
            ("[data-as-typed]", is_sent),
        ] {
            if let Some(part) = first(selector) {
                hide(&part, hidden);
            }
        }
        take_along(&typed)?;
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

    /// Lets the links that narrow by something else carry what is typed.
    fn take_along(typed: &JsString) -> Option<()> {
        let search = js_sys::encode_uri_component(&typed.as_string()?).as_string()?;
        let links = document().query_selector_all("[data-unsearched-href]").ok()?;
        for n in 0..links.length() {
            let link: Element = links.item(n)?.dyn_into().ok()?;
            let mut address = link.get_attribute("data-unsearched-href")?;
            if !search.is_empty() {
                address.push(if address.contains('?') { '&' } else { '?' });
                address.push_str("search=");
                address.push_str(&search);
            }
            let _ = link.set_attribute("href", &address);
        }
        Some(())
    }

    fn first(selector: &str) -> Option<Element> {
        document().query_selector(selector).ok().flatten()
    }

    fn hide(element: &Element, hidden: bool) {
        let _ = element.toggle_attribute_with_force("hidden", hidden);
    }
}
