use leptos::prelude::*;

use crate::answer::Page;
use crate::desk::Desk;
use crate::route::Room;
use crate::text::en as words;
use crate::text::en::settings as text;
use crate::ui::breadcrumbs::Crumb;
use crate::ui::button::ButtonLink;
use crate::ui::card::{Fact, Facts, PageHead};
use crate::ui::code::CopyLine;
use crate::ui::icon::Glyph;
use crate::ui::shell::Section;

/// Secrets of a section by name, as the answer to a POST.
pub fn revealed(desk: &Desk, section: Room, title: &'static str, values: Vec<(String, String)>) -> Page {
    let back = desk.to(section);
    let crumbs = vec![
        Crumb::to(text::TITLE, desk.to(Room::Settings)),
        Crumb::to(title, back.clone()),
        Crumb::here(words::secret::REVEAL),
    ];
    desk.page(Section::Settings, crumbs, title, move || {
        let lines = values
            .into_iter()
            .map(|(label, value)| {
                view! {
                    <Fact label=label.clone()>
                        <CopyLine what=label value />
                    </Fact>
                }
            })
            .collect_view();
        view! {
            <PageHead title hint=words::secret::SHOWN_NOW />
            <div class="max-w-3xl" data-revealed="">
                <Facts>{lines}</Facts>
            </div>
            <div class="mt-6">
                <ButtonLink href=back glyph=Glyph::ArrowLeft>
                    {words::secret::HIDE}
                </ButtonLink>
            </div>
        }
    })
}
