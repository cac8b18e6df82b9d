//! Pages of this site as data: HTML is the only format the dashboard speaks.

use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DomParser, Element, RequestInit, Response, SupportedType};

/// The `data-revealed` part of the page that answers a POST to `address`.
pub async fn revealed(address: &str) -> Option<Element> {
    let init = RequestInit::new();
    init.set_method("POST");
    let headers = js_sys::Object::new();
    js_sys::Reflect::set(
        &headers,
        &"content-type".into(),
        &"application/x-www-form-urlencoded".into(),
    )
    .ok()?;
    init.set_headers(&headers);
    init.set_body(&JsValue::from_str(""));
    let promise = leptos::prelude::window().fetch_with_str_and_init(address, &init);
    let response: Response = JsFuture::from(promise).await.ok()?.dyn_into().ok()?;
    if !response.ok() || response.redirected() {
        return None;
    }
    let html = JsFuture::from(response.text().ok()?).await.ok()?.as_string()?;
    let page = DomParser::new()
        .ok()?
        .parse_from_string(&html, SupportedType::TextHtml)
        .ok()?;
    page.query_selector("[data-revealed]").ok()?
}

/// Wakes the islands inside `part`, which came after the page's own were woken.
pub fn wake(part: &Element) {
    let Ok(wake) = js_sys::Reflect::get(&leptos::prelude::window(), &"__hydrateIsland".into()) else {
        return;
    };
    let Ok(wake) = wake.dyn_into::<js_sys::Function>() else {
        return;
    };
    let Ok(islands) = part.query_selector_all("leptos-island") else {
        return;
    };
    for n in 0..islands.length() {
        let Some(island) = islands.item(n).and_then(|node| node.dyn_into::<Element>().ok()) else {
            continue;
        };
        let id = island.get_attribute("data-component").unwrap_or_default();
        let _ = wake.call2(&JsValue::NULL, &island, &id.into());
    }
}
