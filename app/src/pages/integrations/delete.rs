use leptos::prelude::*;

use super::load;
use crate::answer::PageResult;
use crate::desk::Desk;
use crate::route::Room;
use crate::text::en as words;
use crate::text::en::integration as text;
use crate::ui::breadcrumbs::Crumb;
use crate::ui::confirm::Confirm;
use crate::ui::shell::Section;

/// Asks before an integration and its connections are deleted.
pub async fn ask(desk: Desk, key: &str) -> PageResult {
    let integration = load(&desk, key).await?;
    let key = integration.unique_key.to_string();
    let name = integration.shown_name().to_owned();
    let back = desk.to(Room::Integration { key: key.clone() });
    let action = desk.to(Room::DeleteIntegration { key: key.clone() });
    let crumbs = vec![
        Crumb::to(words::integrations::TITLE, desk.to(Room::Integrations)),
        Crumb::to(name.clone(), back.clone()),
        Crumb::here(text::DELETE),
    ];
    let title = text::delete_title(&name);
    Ok(desk.page(Section::Integrations, crumbs, title.clone(), move || {
        view! {
            <Confirm
                title
                consequence=text::delete_body(integration.connection_count)
                name=key
                action
                back
                button=text::DANGER
            />
        }
    }))
}
