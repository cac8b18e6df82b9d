use leptos::prelude::*;
use terapi_broker::connections::{ConnectionQuery, PageQuery};

use super::section;
use crate::answer::{NoPage, PageResult};
use crate::desk::Desk;
use crate::form::Query;
use crate::pages::integrations::unread;
use crate::route::Room;
use crate::text::en as words;
use crate::text::en::settings::general as text;
use crate::ui::badge::{Badge, Tone};
use crate::ui::button::TextLink;
use crate::ui::card::{Card, Fact, Facts};
use crate::ui::code::CopyLine;
use crate::ui::time::Time;

/// What the environment is, and what is in it.
pub async fn show(desk: Desk, query: &Query) -> PageResult {
    let integrations = desk
        .broker
        .integrations()
        .list(&desk.caller)
        .await
        .map_err(unread)?
        .len();
    let connections = desk
        .broker
        .connections()
        .list_page(
            &desk.caller,
            ConnectionQuery::default(),
            PageQuery {
                after: None,
                limit: 1,
            },
        )
        .await
        .map_err(|error| NoPage::Failed(error.to_string()))?
        .total;
    let (all_integrations, all_connections) = (desk.to(Room::Integrations), desk.to(Room::Connections));
    let host = desk.broker.settings().host().to_owned();
    let environment = desk.environment.clone();
    Ok(section(&desk, &Room::Settings, query, move || {
        let (kind, tone) = if environment.is_production {
            (text::PRODUCTION, Tone::Warn)
        } else {
            (text::DEVELOPMENT, Tone::Plain)
        };
        view! {
            <Card title=text::OVERVIEW>
                <Facts>
                    <Fact label=text::NAME>{environment.name.to_string()}</Fact>
                    <Fact label=text::KIND>
                        <Badge tone>{kind}</Badge>
                    </Fact>
                    <Fact label=text::HOST>
                        <CopyLine what=text::HOST value=host />
                    </Fact>
                    <Fact label=text::UUID>
                        <CopyLine what=text::UUID value=environment.uuid />
                    </Fact>
                    <Fact label=text::INTEGRATIONS>
                        <TextLink href=all_integrations>{text::integrations(integrations)}</TextLink>
                    </Fact>
                    <Fact label=text::CONNECTIONS>
                        <TextLink href=all_connections>{words::connections_count(connections)}</TextLink>
                    </Fact>
                    <Fact label=text::CREATED>
                        <Time at=environment.created_at />
                    </Fact>
                </Facts>
            </Card>
        }
    }))
}
