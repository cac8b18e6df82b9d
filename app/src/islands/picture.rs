use leptos::prelude::*;

/// Chooses a picture and writes it into the field `into` as a data URL, so that its form needs no other encoding. What
/// the server would refuse for its kind or size is refused here, and the field stays as it was. Without scripts the
/// field itself is there.
#[island]
pub fn Picture(
    /// The id of the field.
    into: String,
    /// What the chooser is called.
    label: String,
    /// How many bytes it may have.
    limit: u32,
    /// What is said of any other file.
    refused: String,
) -> impl IntoView {
    let (ready, wrong) = (RwSignal::new(false), RwSignal::new(false));
    Effect::new(move |_| ready.set(true));
    let chosen = move |event: leptos::ev::Event| {
        #[cfg(feature = "hydrate")]
        {
            use wasm_bindgen::JsCast as _;
            let file = event
                .target()
                .and_then(|input| input.dyn_into::<web_sys::HtmlInputElement>().ok())
                .and_then(|input| input.files()?.get(0));
            let fits = file.as_ref().is_none_or(|file| {
                let kind = file.type_();
                file.size() <= f64::from(limit) && KINDS.split(',').any(|known| known == kind)
            });
            wrong.set(!fits);
            let field = document().get_element_by_id(&into).filter(|_| fits);
            let (Some(file), Some(field), Ok(reader)) = (file, field, web_sys::FileReader::new()) else {
                return;
            };
            let read = reader.clone();
            let loaded = wasm_bindgen::closure::Closure::once_into_js(move || {
                if let Ok(text) = read.result() {
                    let _ = js_sys::Reflect::set(&field, &"value".into(), &text);
                }
            });
            reader.set_onload(Some(loaded.unchecked_ref()));
            let _ = reader.read_as_data_url(&file);
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = (event, &into, limit, wrong);
    };
    view! {
        <label hidden=move || !ready.get() class="block space-y-1.5">
            <span class="block font-medium">{label}</span>
            <input
                type="file"
                accept=KINDS
                aria-invalid=move || wrong.get().then_some("true")
                aria-describedby="picture-problem"
                on:change=chosen
                class="block w-full max-w-full text-sm text-quiet file:mr-3 file:min-h-9 file:rounded-lg file:border file:border-line file:bg-surface file:px-3.5 file:text-sm file:font-medium file:text-ink"
            />
            <span id="picture-problem" role="alert" class="block text-bad">
                {move || wrong.get().then(|| refused.clone())}
            </span>
        </label>
    }
}

/// What a logo may be.
const KINDS: &str = "image/png,image/jpeg,image/webp";
