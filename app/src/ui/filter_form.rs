use leptos::prelude::*;

use super::button::{ButtonLink, Submit, Weight};
use crate::text::en::form as text;

/// The filters of a list, in one line where there is room, two beside each other where there is none: a GET form, so
/// that the address is the state.
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
        <form method="get" action=action role="search" class="mb-4 grid grid-cols-2 gap-2 sm:flex sm:flex-wrap">
            {children()} <div class="col-span-2 flex gap-2">
                <Submit weight=Weight::Quiet>{text::FILTER}</Submit>
                {filtered
                    .then(|| {
                        view! {
                            <ButtonLink href=clear weight=Weight::Bare>
                                {text::CLEAR_FILTERS}
                            </ButtonLink>
                        }
                    })}
            </div>
        </form>
    }
    .into_any()
}
