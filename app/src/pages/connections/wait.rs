use leptos::prelude::*;
use terapi_model::{OperationId, OperationState};

use super::unread;
use crate::answer::{NoPage, PageResult};
use crate::desk::Desk;
use crate::form::Query;
use crate::islands::watch::Watch;
use crate::pages::logs;
use crate::route::Room;
use crate::text::en as words;
use crate::text::en::test as text;
use crate::ui::breadcrumbs::Crumb;
use crate::ui::button::{ButtonLink, Weight};
use crate::ui::empty::Empty;
use crate::ui::icon::Glyph;
use crate::ui::shell::Section;

/// Leads to the connection that a session has made or renewed; until then it says that it is waiting.
pub async fn show(desk: Desk, query: &Query) -> PageResult {
    let Some(operation) = query.get("operation").and_then(OperationId::parse) else {
        return Err(NoPage::SeeOther(desk.to(Room::Connections)));
    };
    if let Some(address) = made_by(&desk, operation.as_str()).await? {
        return Err(NoPage::SeeOther(address));
    }
    let here = Query::address(
        desk.to(Room::AwaitConnection),
        &[("operation", operation.as_str())],
    );
    let log = desk.to(Room::Operation {
        id: operation.as_str().to_owned(),
    });
    let environment = desk.environment.name.as_str().to_owned();
    let crumbs = vec![
        Crumb::to(words::connections::TITLE, desk.to(Room::Connections)),
        Crumb::here(text::NOT_YET),
    ];
    Ok(desk.page(Section::Connections, crumbs, text::NOT_YET, move || {
        view! {
            <h1 class="sr-only">{text::NOT_YET}</h1>
            <Empty glyph=Glyph::Clock title=text::NOT_YET body=text::NOT_YET_BODY>
                <ButtonLink href=here glyph=Glyph::Refresh>
                    {text::LOOK}
                </ButtonLink>
                <ButtonLink href=log weight=Weight::Bare glyph=Glyph::Logs>
                    {text::LOG}
                </ButtonLink>
            </Empty>
            <Watch environment operation=operation.as_str().to_owned() />
        }
    }))
}

/// The address of the connection that `operation` has made or renewed.
pub async fn made_by(desk: &Desk, operation: &str) -> Result<Option<String>, NoPage> {
    let Some(id) = OperationId::parse(operation) else {
        return Ok(None);
    };
    let found = desk.broker.operations().find(&desk.caller, &id).await;
    let Some((operation, _)) = found.map_err(logs::unread)? else {
        return Ok(None);
    };
    let made = operation
        .connection_id
        .filter(|_| operation.state == OperationState::Success);
    let Some(id) = made else { return Ok(None) };
    let connection = desk.broker.connections().get_by_id(&desk.caller, &id).await;
    Ok(connection.map_err(unread)?.map(|connection| {
        desk.to(Room::Connection {
            id: connection.id.as_str().to_owned(),
        })
    }))
}
