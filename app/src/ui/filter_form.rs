use leptos::prelude::*;

use super::button::{ButtonLink, Submit, Weight};
use crate::text::en::form as text;

/// The filters of a list, in one line where there is room: a GET form, so that the address is the state.
#[component]
pub fn FilterForm(
    /// The list without filters.
    #[prop(into)]
    action: String,
    /// Whether any filter is set.
    filtered: bool,
    children: Children,
) -> impl IntoView {
    let clear = action.clone();
    view! {
        <form method="get" action=action role="search" class="mb-4 flex flex-wrap gap-2">
            {children()} <Submit weight=Weight::Quiet>{text::FILTER}</Submit>
            {filtered
                .then(|| {
                    view! {
                        <ButtonLink href=clear weight=Weight::Bare>
                            {text::CLEAR_FILTERS}
                        </ButtonLink>
                    }
                })}
        </form>
    }
    .into_any()
}
