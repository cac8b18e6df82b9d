use leptos::prelude::*;
use terapi_model::Timestamp;

/// An instant: UTC as rendered, the reader's own time zone where scripts run (`islands::local_times`).
#[component]
pub fn Time(at: Timestamp) -> impl IntoView {
    let utc = at.to_minutes();
    let title = utc.clone();
    view! {
        <time datetime=at.to_rfc3339() title=title class="whitespace-nowrap tabular-nums">
            {utc}
        </time>
    }
    .into_any()
}
