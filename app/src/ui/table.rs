use leptos::prelude::*;

use crate::text::en as text;

/// A table that scrolls inside its own labelled region when the page is narrow.
#[component]
pub fn Table(
    #[prop(into)] caption: String,
    /// Heads of the columns; an empty one is for actions.
    heads: Vec<(Column, &'static str)>,
    children: Children,
) -> impl IntoView {
    let heads = heads
        .into_iter()
        .map(|(column, head)| {
            view! {
                <th
                    scope="col"
                    class=format!("px-3 py-2.5 font-medium whitespace-nowrap first:pl-4 last:pr-4 sm:first:pl-5 sm:last:pr-5 {}", column.look())
                >
                    {if head.is_empty() {
                        view! { <span class="sr-only">{text::ACTIONS}</span> }.into_any()
                    } else {
                        head.into_any()
                    }}
                </th>
            }
        })
        .collect_view();
    let label = caption.clone();
    view! {
        <div
            class="relative overflow-x-auto rounded-xl border border-line bg-surface shadow-card"
            role="region"
            aria-label=label
            tabindex="0"
        >
            <table class="w-full border-collapse text-left">
                <caption class="sr-only">{caption}</caption>
                <thead class="border-b border-line bg-well text-xs text-quiet">
                    <tr>{heads}</tr>
                </thead>
                <tbody class="divide-y divide-line">{children()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// On how wide a page a column is there. What a narrower one leaves out is under the row's name, or on its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// On every page.
    Always,
    /// Beside the sidebar.
    Wide,
    /// On a laptop's screen.
    Wider,
    /// On a desktop's screen.
    Widest,
}

impl Column {
    const fn look(self) -> &'static str {
        match self {
            Column::Always => "",
            Column::Wide => "max-lg:hidden",
            Column::Wider => "max-xl:hidden",
            Column::Widest => "max-[90rem]:hidden",
        }
    }

    /// The classes of a cell.
    pub fn cell(self) -> String {
        format!(
            "px-3 py-3 align-middle first:pl-4 last:pr-4 sm:first:pl-5 sm:last:pr-5 {}",
            self.look()
        )
    }
}

/// The classes of a row.
pub const ROW: &str = "hover:bg-well";
/// The classes of the link in a row's first cell. What it says is a [`RowName`].
pub const ROW_LINK: &str = "inline-flex min-h-7 align-middle items-center font-medium text-ink underline-offset-4 hover:text-accent hover:underline";

/// What a row is about: three lines of it at most, whole in the tooltip.
#[component]
pub fn RowName(#[prop(into)] name: String) -> impl IntoView {
    view! {
        <span class="line-clamp-3 max-w-32 sm:max-w-64 xl:max-w-80" title=name.clone()>
            {name.clone()}
        </span>
    }
    .into_any()
}
