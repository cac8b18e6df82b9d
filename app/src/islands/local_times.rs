use leptos::prelude::*;

/// Writes the page's times in the reader's own zone; the UTC time stays in the tooltip.
#[island]
pub fn LocalTimes() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    Effect::new(|_| {
        use wasm_bindgen::JsCast as _;
        let Ok(times) = document().query_selector_all("time[datetime]") else {
            return;
        };
        for n in 0..times.length() {
            let Some(time) = times
                .item(n)
                .and_then(|node| node.dyn_into::<web_sys::Element>().ok())
            else {
                continue;
            };
            let Some(at) = time.get_attribute("datetime") else {
                continue;
            };
            let date = js_sys::Date::new(&at.into());
            let options = js_sys::Object::new();
            for (name, value) in [("dateStyle", "medium"), ("timeStyle", "short")] {
                let _ = js_sys::Reflect::set(&options, &name.into(), &value.into());
            }
            let local: String = date.to_locale_string("en-GB", &options).into();
            time.set_text_content(Some(&local));
        }
    });
}
