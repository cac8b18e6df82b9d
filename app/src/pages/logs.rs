use leptos::prelude::*;

use crate::answer::PageResult;
use crate::desk::Desk;
use crate::text::en::logs as text;
use crate::ui::breadcrumbs::Crumb;
use crate::ui::card::PageHead;
use crate::ui::icon::{Glyph, Icon};
use crate::ui::shell::Section;

/// The log's place, and what will be in it.
pub fn show(desk: Desk) -> PageResult {
    Ok(
        desk.page(Section::Logs, vec![Crumb::here(text::TITLE)], text::TITLE, || {
            let kinds = text::WILL
                .into_iter()
                .map(|(name, what)| {
                    view! {
                        <li class="flex gap-3 py-3">
                            <Icon glyph=Glyph::Pending class="mt-0.5 size-4 text-quiet" />
                            <span>
                                <span class="font-medium">{name}</span>
                                <span class="text-quiet">": " {what} "."</span>
                            </span>
                        </li>
                    }
                })
                .collect_view();
            view! {
                <PageHead title=text::TITLE hint=text::HINT />
                <div class="rounded-xl border border-dashed border-line bg-surface px-6 py-8 sm:px-10">
                    <h2 class="text-[0.9375rem] font-semibold">{text::EMPTY}</h2>
                    <p class="mt-1 text-quiet">{text::EMPTY_BODY}</p>
                    <ul class="mt-3 max-w-[68ch] divide-y divide-line">{kinds}</ul>
                </div>
            }
        }),
    )
}
