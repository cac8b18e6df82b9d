use leptos::prelude::*;
use terapi_broker::connections::{ConnectionQuery, ListConnectionsError, PageQuery};
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
    if let Some(address) = made_since(&desk, integration.as_str(), since).await? {
        return Err(NoPage::SeeOther(address));
    }
    let here = Query::address(
        desk.to(Room::AwaitConnection),
        &[
            ("integration", integration.as_str()),
            ("since", &since.as_millis().to_string()),
        ],
    );
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
            </Empty>
            <Watch environment integration=integration.to_string() since=since.as_millis() />
        }
    }))
}

/// The address of the newest connection of `integration`, when it is not older than `since`.
pub async fn made_since(desk: &Desk, integration: &str, since: Timestamp) -> Result<Option<String>, NoPage> {
    let found = desk
        .broker
        .connections()
        .list_page(
            &desk.caller,
            ConnectionQuery {
                integration_keys: vec![integration.to_owned()],
                ..ConnectionQuery::default()
            },
            PageQuery {
                after: None,
                limit: 1,
            },
        )
        .await
        .map_err(|error| match error {
            ListConnectionsError::Forbidden(reason) => NoPage::Forbidden(reason.to_string()),
            other => NoPage::Failed(other.to_string()),
        })?;
    let newest = found.connections.first();
    Ok(newest.filter(|newest| newest.created_at >= since).map(|newest| {
        desk.to(Room::Connection {
            id: newest.id.as_str().to_owned(),
        })
    }))
}
