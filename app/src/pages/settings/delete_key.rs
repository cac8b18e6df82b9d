use leptos::prelude::*;
use terapi_broker::keys::ApiKey;

use crate::answer::{NoPage, PageResult};
use crate::desk::Desk;
use crate::route::Room;
use crate::text::en::settings::keys as text;
use crate::ui::breadcrumbs::Crumb;
use crate::ui::confirm::Confirm;
use crate::ui::shell::Section;

/// The key that a page or action is about.
pub async fn load(desk: &Desk, id: &str) -> Result<ApiKey, NoPage> {
    let keys = desk
        .broker
        .keys()
        .list(&desk.caller)
        .await
        .map_err(|error| NoPage::Failed(error.to_string()))?;
    keys.into_iter()
        .find(|key| key.id.as_str() == id)
        .ok_or(NoPage::NotFound)
}

/// Asks before a key is deleted.
pub async fn ask(desk: Desk, id: &str) -> PageResult {
    let key = load(&desk, id).await?;
    let back = desk.to(Room::Keys);
    let action = desk.to(Room::DeleteKey { id: id.to_owned() });
    let crumbs = vec![
        Crumb::to(text::TITLE, back.clone()),
        Crumb::here(text::DELETE_KEY),
    ];
    let title = text::delete_title(&key.display_name);
    Ok(desk.page(Section::Settings, crumbs, title.clone(), move || {
        view! {
            <Confirm
                title
                consequence=text::DELETE_BODY
                name=key.display_name
                action
                back
                button=text::DELETE_KEY
            />
        }
    }))
}
