use leptos::prelude::*;

use super::{load, shown_name};
use crate::answer::PageResult;
use crate::desk::Desk;
use crate::route::Room;
use crate::text::en as words;
use crate::text::en::connection as text;
use crate::ui::breadcrumbs::Crumb;
use crate::ui::confirm::Confirm;
use crate::ui::shell::Section;

/// Asks before a connection is deleted.
pub async fn ask(desk: Desk, id: &str) -> PageResult {
    let connection = load(&desk, id).await?;
    let id = connection.id.as_str().to_owned();
    let name = shown_name(&connection).to_owned();
    let back = desk.to(Room::Connection { id: id.clone() });
    let action = desk.to(Room::DeleteConnection { id });
    let crumbs = vec![
        Crumb::to(words::connections::TITLE, desk.to(Room::Connections)),
        Crumb::to(name.clone(), back.clone()),
        Crumb::here(text::DELETE),
    ];
    let title = text::delete_title(&name);
    Ok(desk.page(Section::Connections, crumbs, title.clone(), move || {
        view! {
            <Confirm
                title
                consequence=text::delete_body(connection.integration_key.as_str())
                name=connection.connection_key.to_string()
                action
                back
                button=text::DELETE
            />
        }
    }))
}
