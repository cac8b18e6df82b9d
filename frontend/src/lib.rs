//! The browser's entry: wakes the islands of a page that the server has already rendered.

// The islands are exported functions of this crate's; naming it is what links them in.
use terapi_app as _;
use wasm_bindgen::prelude::wasm_bindgen;

/// Called once by the page's module script, after the wasm module is instantiated.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    // Set by a page beneath a base path: server functions are there too.
    let base = leptos::prelude::document()
        .document_element()
        .and_then(|root| root.get_attribute("data-base"));
    if let Some(base) = base {
        leptos::server_fn::client::set_server_url(base.leak());
    }
    leptos::mount::hydrate_islands();
}
