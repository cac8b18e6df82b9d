use leptos::prelude::*;
use terapi_broker::connections::Connection;

use super::{customer, load, shown_name};
use crate::answer::PageResult;
use crate::desk::Desk;
use crate::route::Room;
use crate::text::en as words;
use crate::text::en::connection as text;
use crate::ui::breadcrumbs::Crumb;
use crate::ui::confirm::Confirm;
use crate::ui::shell::Section;

/// What a person called the connection: its customer, or an id that was not made up by a program.
pub fn name_to_type(connection: &Connection) -> Option<String> {
    let key = connection.connection_key.as_str();
    customer(connection)
        .or_else(|| Some(key).filter(|key| !is_uuid(key)))
        .map(str::to_owned)
}

/// The spelling of RFC 9562, section 4.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(at, letter)| match at {
            8 | 13 | 18 | 23 => letter == '-',
            _ => letter.is_ascii_hexdigit(),
        })
}

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
                name=name_to_type(&connection)
                action
                back
                button=text::DELETE
            />
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_told_from_a_name() {
        assert!(is_uuid("5f0c2c3a-7a4e-4b8e-9f0e-1d2c3b4a5f60"));
        for name in [
            "",
            "user-17",
            "5f0c2c3a-7a4e-4b8e-9f0e-1d2c3b4a5f6",
            "5f0c2c3a_7a4e_4b8e_9f0e_1d2c3b4a5f60",
        ] {
            assert!(!is_uuid(name), "{name}");
        }
    }
}
