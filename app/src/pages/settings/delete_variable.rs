use leptos::prelude::*;

use super::variables::names;
use crate::answer::{NoPage, PageResult};
use crate::desk::Desk;
use crate::route::Room;
use crate::text::en::settings::variables as text;
use crate::ui::breadcrumbs::Crumb;
use crate::ui::confirm::Confirm;
use crate::ui::shell::Section;

/// Asks before a variable is deleted.
pub async fn ask(desk: Desk, name: &str) -> PageResult {
    if !names(&desk).await?.iter().any(|known| known == name) {
        return Err(NoPage::NotFound);
    }
    let name = name.to_owned();
    let back = desk.to(Room::Variables);
    let action = desk.to(Room::DeleteVariable { name: name.clone() });
    let crumbs = vec![
        Crumb::to(text::TITLE, back.clone()),
        Crumb::here(text::DELETE_VARIABLE),
    ];
    let title = text::delete_title(&name);
    Ok(desk.page(Section::Settings, crumbs, title.clone(), move || {
        view! {
            <Confirm title consequence=text::DELETE_BODY name action back button=text::DELETE_VARIABLE />
        }
    }))
}
