use leptos::prelude::*;
use terapi_broker::connections::{ConnectionQuery, PageQuery};
use terapi_model::{IntegrationKey, Timestamp};

use crate::answer::{NoPage, PageResult};
use crate::desk::Desk;
use crate::form::Query;
use crate::islands::watch::Watch;
use crate::route::Room;
use crate::text::en as words;
use crate::text::en::test as text;
use crate::ui::breadcrumbs::Crumb;
use crate::ui::button::ButtonLink;
use crate::ui::empty::Empty;
use crate::ui::icon::Glyph;
use crate::ui::shell::Section;

/// Leads to the newest connection of an integration, when it is newer than the test that asks; until then it says
/// that it is waiting.
pub async fn show(desk: Desk, query: &Query) -> PageResult {
    let integration = query
        .get("integration")
        .and_then(|key| IntegrationKey::parse(key).ok());
    let since = query
        .get("since")
        .and_then(|millis| millis.parse().ok())
        .map(Timestamp::from_millis);
    let (Some(integration), Some(since)) = (integration, since) else {
        return Err(NoPage::SeeOther(desk.to(Room::Connections)));
    };
    let found = desk
        .broker
        .connections()
        .list_page(
            &desk.caller,
            ConnectionQuery {
                integration_keys: vec![integration.to_string()],
                ..ConnectionQuery::default()
            },
            PageQuery {
                after: None,
                limit: 1,
            },
        )
        .await
        .map_err(|error| NoPage::Failed(error.to_string()))?;
    if let Some(newest) = found
        .connections
        .first()
        .filter(|newest| newest.created_at >= since)
    {
        return Err(NoPage::SeeOther(desk.to(Room::Connection {
            id: newest.id.as_str().to_owned(),
        })));
    }
    let here = Query::address(
        desk.to(Room::AwaitConnection),
        &[
            ("integration", integration.as_str()),
            ("since", &since.as_millis().to_string()),
        ],
    );
    let crumbs = vec![
        Crumb::to(words::connections::TITLE, desk.to(Room::Connections)),
        Crumb::here(text::NOT_YET),
    ];
    Ok(desk.page(Section::Connections, crumbs, text::NOT_YET, move || {
        let address = here.clone();
        view! {
            <h1 class="sr-only">{text::NOT_YET}</h1>
            <Empty glyph=Glyph::Clock title=text::NOT_YET body=text::NOT_YET_BODY>
                <ButtonLink href=here glyph=Glyph::Refresh>
                    {text::LOOK}
                </ButtonLink>
            </Empty>
            <Watch address />
        }
    }))
}
