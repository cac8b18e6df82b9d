use leptos::prelude::*;
use terapi_broker::connections::{
    Connection, ConnectionQuery, ConnectionState, ListConnectionsError, PageQuery,
};
use terapi_model::{ConnectionId, Timestamp};

use super::{StatusBadge, customer};
use crate::answer::{NoPage, PageResult};
use crate::desk::Desk;
use crate::form::Query;
use crate::pages::integrations::unread;
use crate::route::Room;
use crate::text::en as words;
use crate::text::en::connections as text;
use crate::ui::breadcrumbs::Crumb;
use crate::ui::button::{ButtonLink, Weight};
use crate::ui::card::PageHead;
use crate::ui::code::CutId;
use crate::ui::empty::Empty;
use crate::ui::field::{SearchBox, Select};
use crate::ui::filter_form::FilterForm;
use crate::ui::icon::Glyph;
use crate::ui::logo::{Logo, picture, provider_picture};
use crate::ui::pager::Pager;
use crate::ui::shell::Section;
use crate::ui::table::{Column, ROW, ROW_LINK, RowName, Table};
use crate::ui::time::Time;

/// Rows of a page.
const PAGE: u32 = 50;

struct Line {
    connection: Connection,
    picture: String,
    href: String,
    integration_href: String,
}

/// The list of connections; filters and place are in the address.
pub async fn show(desk: Desk, query: &Query) -> PageResult {
    let filter = |name: &str| query.get(name).unwrap_or_default().to_owned();
    let (search, integration, status, after) = (
        filter("search"),
        filter("integration"),
        filter("status"),
        filter("after"),
    );
    let integrations = desk
        .broker
        .integrations()
        .list(&desk.caller)
        .await
        .map_err(unread)?;
    let found = desk
        .broker
        .connections()
        .list_page(
            &desk.caller,
            ConnectionQuery {
                search: query.get("search").map(str::to_owned),
                integration_keys: query.get("integration").map(str::to_owned).into_iter().collect(),
                has_error: match status.as_str() {
                    "ok" => Some(false),
                    "failing" => Some(true),
                    _ => None,
                },
                state: match status.as_str() {
                    "ok" | "failing" => Some(ConnectionState::Active),
                    "reauth" => Some(ConnectionState::NeedsReauth),
                    _ => None,
                },
                ..ConnectionQuery::default()
            },
            PageQuery {
                after: query.get("after").and_then(read_cursor),
                limit: PAGE,
            },
        )
        .await
        .map_err(|error| match error {
            ListConnectionsError::Forbidden(reason) => NoPage::Forbidden(reason.to_string()),
            other => NoPage::Failed(other.to_string()),
        })?;

    let here = desk.to(Room::Connections);
    let filters = [
        ("search", search.as_str()),
        ("integration", integration.as_str()),
        ("status", status.as_str()),
    ];
    let filtered = filters.iter().any(|(_, value)| !value.is_empty());
    let first = (!after.is_empty()).then(|| Query::address(&here, &filters));
    let next = found.next.as_ref().map(|(created_at, id)| {
        let cursor = format!("{}.{id}", created_at.as_millis());
        let mut pairs = filters.to_vec();
        pairs.push(("after", &cursor));
        Query::address(&here, &pairs)
    });
    let total = found.total;
    let lines: Vec<Line> = found
        .connections
        .into_iter()
        .map(|connection| Line {
            picture: integrations
                .iter()
                .find(|one| one.unique_key == connection.integration_key)
                .map_or_else(|| provider_picture(connection.provider.as_str()), picture),
            href: desk.to(Room::Connection {
                id: connection.id.as_str().to_owned(),
            }),
            integration_href: desk.to(Room::Integration {
                key: connection.integration_key.to_string(),
            }),
            connection,
        })
        .collect();
    let options: Vec<(String, String)> = std::iter::once((String::new(), text::ALL_INTEGRATIONS.to_owned()))
        .chain(
            integrations
                .iter()
                .map(|one| (one.unique_key.to_string(), one.shown_name().to_owned())),
        )
        .collect();
    let has_integrations = !integrations.is_empty();
    let (test, gallery) = (desk.to(Room::NewConnection), desk.to(Room::Gallery));
    let may_write = desk.may_write();

    Ok(desk.page(
        Section::Connections,
        vec![Crumb::here(text::TITLE)],
        text::TITLE,
        move || {
            let actions = (may_write && has_integrations)
                .then(|| {
                    view! {
                        <ButtonLink href=test.clone() weight=Weight::Primary glyph=Glyph::Plus>
                            {text::NEW}
                        </ButtonLink>
                    }
                })
                .into_any();
            let filter_form =
                view! { <Filters here=here.clone() search integration status options filtered /> };
            let content = if lines.is_empty() && !filtered {
                if has_integrations {
                    view! {
                        <Empty glyph=Glyph::Connections title=text::EMPTY body=text::EMPTY_BODY>
                            <ButtonLink href=test>{text::NEW}</ButtonLink>
                        </Empty>
                    }
                    .into_any()
                } else {
                    view! {
                        <Empty glyph=Glyph::Connections title=text::EMPTY body=text::EMPTY_NO_INTEGRATION>
                            <ButtonLink href=gallery weight=Weight::Primary>
                                {words::integrations::NEW}
                            </ButtonLink>
                        </Empty>
                    }
                    .into_any()
                }
            } else if lines.is_empty() {
                view! {
                    {filter_form}
                    <Empty glyph=Glyph::Search title=text::NO_MATCH body=text::NO_MATCH_BODY>
                        <ButtonLink href=here>{words::form::CLEAR_FILTERS}</ButtonLink>
                    </Empty>
                }
                .into_any()
            } else {
                let rows = lines
                    .into_iter()
                    .map(|line| view! { <Row line /> })
                    .collect_view();
                view! {
                    {filter_form}
                    <p class="mb-2 text-quiet tabular-nums" role="status">
                        {text::total(total)}
                    </p>
                    <Table
                        caption=text::TITLE
                        heads=vec![
                            (Column::Always, text::CUSTOMER),
                            (Column::Wide, text::INTEGRATION),
                            (Column::Always, text::STATUS),
                            (Column::Wider, text::ID),
                            (Column::Wider, text::CREATED),
                            (Column::Widest, text::FETCHED),
                        ]
                    >
                        {rows}
                    </Table>
                    <Pager first next />
                }
                .into_any()
            };
            view! {
                <PageHead title=text::TITLE hint=text::HINT actions />
                {content}
            }
        },
    ))
}

/// Where a page begins, as `next` wrote it into the address.
fn read_cursor(text: &str) -> Option<(Timestamp, ConnectionId)> {
    let (millis, id) = text.split_once('.')?;
    Some((
        Timestamp::from_millis(millis.parse().ok()?),
        ConnectionId::parse(id)?,
    ))
}

#[component]
fn Filters(
    here: String,
    search: String,
    integration: String,
    status: String,
    options: Vec<(String, String)>,
    filtered: bool,
) -> impl IntoView {
    let statuses = [
        ("", text::ANY_STATUS),
        ("ok", text::OK),
        ("failing", text::FAILING),
        ("reauth", text::NEEDS_REAUTH),
    ]
    .into_iter()
    .map(|(value, label)| (value.to_owned(), label.to_owned()))
    .collect();
    view! {
        <FilterForm action=here filtered>
            <div class="col-span-2 flex min-w-60 flex-1">
                <SearchBox label=text::SEARCH value=search />
            </div>
            <Select name="integration" label=text::INTEGRATION options value=integration compact=true />
            <Select name="status" label=text::STATUS options=statuses value=status compact=true />
        </FilterForm>
    }
    .into_any()
}

/// The classes of a line under a row's name.
const UNDER: &str = "block max-w-28 truncate text-xs text-quiet sm:max-w-48";

#[component]
fn Row(line: Line) -> impl IntoView {
    let Line {
        connection,
        picture,
        href,
        integration_href,
    } = line;
    let name = customer(&connection).unwrap_or(text::NO_END_USER).to_owned();
    let email = connection
        .end_user
        .as_ref()
        .and_then(|user| user.email.clone())
        .filter(|email| *email != name);
    let integration = connection.integration_key.to_string();
    view! {
        <tr class=ROW>
            <th scope="row" class=format!("{} font-normal", Column::Always.cell())>
                <a href=href class=ROW_LINK>
                    <RowName name />
                </a>
                {email.map(|email| view! { <span class=UNDER title=email.clone()>{email.clone()}</span> })}
                <span class=format!("{UNDER} lg:hidden")>{integration.clone()}</span>
            </th>
            <td class=Column::Wide.cell()>
                <a
                    href=integration_href
                    class="inline-flex min-h-8 max-w-52 items-center gap-2 underline-offset-4 hover:text-accent hover:underline"
                >
                    <Logo src=picture class="size-6" />
                    <span class="truncate">{integration}</span>
                </a>
            </td>
            <td class=Column::Always.cell()>
                <StatusBadge state=connection.state failing=connection.auth_error.is_some() />
            </td>
            <td class=Column::Wider.cell()>
                <CutId value=connection.connection_key.to_string() />
            </td>
            <td class=Column::Wider.cell()>
                <Time at=connection.created_at />
            </td>
            <td class=Column::Widest.cell()>
                {match connection.last_fetched_at {
                    Some(at) => view! { <Time at /> }.into_any(),
                    None => view! { <span class="text-quiet">{words::NEVER}</span> }.into_any(),
                }}
            </td>
        </tr>
    }
    .into_any()
}
