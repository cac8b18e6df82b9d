use leptos::prelude::*;
use terapi_broker::operations::{Operation, OperationFilter};
use terapi_model::{OperationId, OperationState, Timestamp};

use super::{StateBadge, title, tries, unread};
use crate::answer::{NoPage, PageResult};
use crate::desk::Desk;
use crate::form::Query;
use crate::pages::integrations;
use crate::route::Room;
use crate::text::en as words;
use crate::text::en::logs as text;
use crate::ui::badge::Tone;
use crate::ui::banner::Banner;
use crate::ui::breadcrumbs::Crumb;
use crate::ui::button::ButtonLink;
use crate::ui::card::PageHead;
use crate::ui::code::CutId;
use crate::ui::empty::Empty;
use crate::ui::field::{LineBox, Select};
use crate::ui::filter_form::FilterForm;
use crate::ui::icon::Glyph;
use crate::ui::pager::Pager;
use crate::ui::shell::Section;
use crate::ui::table::{Column, ROW, ROW_LINK, Table};
use crate::ui::time::Time;

/// Rows of a page.
const PAGE: u32 = 50;

struct Line {
    operation: Operation,
    href: String,
    integration_href: Option<String>,
    connection_href: Option<String>,
}

/// The log, newest first; filters and place are in the address. A reference id leads to its operation.
pub async fn show(desk: Desk, query: &Query) -> PageResult {
    // One box takes both; nearly nobody names connections as references are.
    let typed = query.get("connection").filter(|typed| typed.starts_with("opn_"));
    let reference = query.get("reference").or(typed).unwrap_or_default().to_owned();
    if let Some(id) = OperationId::parse(&reference) {
        let found = desk.broker.operations().find(&desk.caller, &id).await;
        if found.map_err(unread)?.is_some() {
            return Err(NoPage::SeeOther(desk.to(Room::Operation { id: reference })));
        }
    }
    let filter = |name: &str| query.get(name).unwrap_or_default().to_owned();
    let (state, integration, connection, before) = (
        filter("state"),
        filter("integration"),
        filter("connection"),
        filter("before"),
    );
    let wanted = OperationFilter {
        state: OperationState::parse(&state),
        integration: query.get("integration").map(str::to_owned),
        connection: query.get("connection").map(str::to_owned),
        limit: PAGE,
        before: query.get("before").and_then(read_cursor),
        ..OperationFilter::default()
    };
    let found = desk
        .broker
        .operations()
        .list(&desk.caller, &wanted)
        .await
        .map_err(unread)?;
    let integrations = desk
        .broker
        .integrations()
        .list(&desk.caller)
        .await
        .map_err(integrations::unread)?;

    let here = desk.to(Room::Logs);
    let filters = [
        ("state", state.as_str()),
        ("integration", integration.as_str()),
        ("connection", connection.as_str()),
    ];
    let filtered = filters.iter().any(|(_, value)| !value.is_empty());
    let first = (!before.is_empty()).then(|| Query::address(&here, &filters));
    let next = found.next.as_ref().map(|(created_at, id)| {
        let cursor = format!("{}.{id}", created_at.as_millis());
        let mut pairs = filters.to_vec();
        pairs.push(("before", &cursor));
        Query::address(&here, &pairs)
    });
    let lines: Vec<Line> = found
        .operations
        .into_iter()
        .map(|operation| Line {
            href: desk.to(Room::Operation {
                id: operation.id.as_str().to_owned(),
            }),
            integration_href: operation
                .integration_key
                .as_ref()
                .map(|key| desk.to(Room::Integration { key: key.to_string() })),
            connection_href: operation.connection_id.as_ref().map(|id| {
                desk.to(Room::Connection {
                    id: id.as_str().to_owned(),
                })
            }),
            operation,
        })
        .collect();
    // An integration that is gone still has its log.
    let mut options: Vec<(String, String)> = integrations
        .iter()
        .map(|one| (one.unique_key.to_string(), one.shown_name().to_owned()))
        .collect();
    if !integration.is_empty() && !options.iter().any(|(key, _)| *key == integration) {
        options.push((integration.clone(), integration.clone()));
    }
    options.insert(0, (String::new(), text::ALL_INTEGRATIONS.to_owned()));
    let may_write = desk.may_write();
    let test = desk.to(Room::NewConnection);

    Ok(
        desk.page(Section::Logs, vec![Crumb::here(text::TITLE)], text::TITLE, move || {
            let unknown = (!reference.is_empty())
                .then(|| view! { <Banner tone=Tone::Bad title=text::unknown_reference(&reference) /> });
            let wanted = if connection.is_empty() { reference } else { connection };
            let form = view! { <Filters here=here.clone() state integration wanted options filtered /> };
            let content = if lines.is_empty() && !filtered {
                view! {
                    <Empty glyph=Glyph::Logs title=text::EMPTY body=text::EMPTY_BODY>
                        {may_write.then(|| view! { <ButtonLink href=test>{words::connections::NEW}</ButtonLink> })}
                    </Empty>
                }
                .into_any()
            } else if lines.is_empty() {
                view! {
                    {form}
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
                    {form}
                    <Table
                        caption=text::TITLE
                        heads=vec![
                            (Column::Always, text::OPERATION),
                            (Column::Always, text::STATE),
                            (Column::Wide, text::INTEGRATION),
                            (Column::Wide, text::CONNECTION),
                            (Column::Widest, text::DURATION),
                            (Column::Wide, text::TIME),
                        ]
                    >
                        {rows}
                    </Table>
                    <Pager first next />
                }
                .into_any()
            };
            view! {
                <PageHead title=text::TITLE hint=text::HINT />
                <div class="space-y-4">{unknown}
                    <div>{content}</div>
                </div>
            }
        }),
    )
}

/// Where a page begins, as `next` wrote it into the address.
fn read_cursor(text: &str) -> Option<(Timestamp, OperationId)> {
    let (millis, id) = text.split_once('.')?;
    Some((
        Timestamp::from_millis(millis.parse().ok()?),
        OperationId::parse(id)?,
    ))
}

#[component]
fn Filters(
    here: String,
    state: String,
    integration: String,
    wanted: String,
    options: Vec<(String, String)>,
    filtered: bool,
) -> impl IntoView {
    let states = std::iter::once((String::new(), text::ANY_STATE.to_owned()))
        .chain(
            OperationState::ALL
                .iter()
                .map(|state| (state.as_str().to_owned(), text::state(*state).to_owned())),
        )
        .collect();
    view! {
        <FilterForm action=here filtered>
            <div class="col-span-2 min-w-48 flex-1">
                <label class="sr-only" for="field-connection">
                    {text::FIND}
                </label>
                <LineBox name="connection" value=wanted placeholder=text::FIND described="hint-connection" />
                <span id="hint-connection" class="sr-only">
                    {text::FIND_HINT}
                </span>
            </div>
            <Select name="integration" label=text::INTEGRATION options value=integration compact=true />
            <Select name="state" label=text::STATE options=states value=state compact=true />
        </FilterForm>
    }
    .into_any()
}

/// The classes of a line under a row's name.
const UNDER: &str = "block truncate text-xs text-quiet max-w-40 sm:max-w-64";

#[component]
fn Row(line: Line) -> impl IntoView {
    let Line {
        operation,
        href,
        integration_href,
        connection_href,
    } = line;
    let (title, tries) = (title(&operation), tries(&operation).unwrap_or_default());
    let took = operation
        .duration_ms()
        .filter(|millis| *millis > 0)
        .map(text::duration);
    let who = operation
        .end_user_name
        .or(operation.end_user_id)
        .unwrap_or_default();
    let integration = operation.integration_key.map(|key| key.to_string());
    let under_wide = integration.clone().unwrap_or_default();
    // What went wrong is the most telling thing there is about a failure.
    let cause = operation.error.map(|error| error.code).unwrap_or_default();
    let link =
        "inline-flex min-h-8 max-w-44 items-center underline-offset-4 hover:text-accent hover:underline";
    view! {
        <tr class=ROW>
            <th scope="row" class=format!("{} font-normal", Column::Always.cell())>
                <a href=href class=ROW_LINK>
                    {title}
                </a>
                {[who, tries, cause]
                    .into_iter()
                    .filter(|text| !text.is_empty())
                    .map(|text| view! { <span class=UNDER title=text.clone()>{text.clone()}</span> })
                    .collect_view()}
                <span class=format!("{UNDER} lg:hidden")>{under_wide}</span>
                <span class="block text-xs text-quiet lg:hidden">
                    <Time at=operation.created_at />
                </span>
            </th>
            <td class=Column::Always.cell()>
                <StateBadge state=operation.state />
            </td>
            <td class=Column::Wide.cell()>
                {match (integration, integration_href) {
                    (Some(key), Some(href)) => {
                        view! {
                            <a href=href class=link>
                                <span class="truncate">{key}</span>
                            </a>
                        }
                            .into_any()
                    }
                    _ => view! { <Nothing /> }.into_any(),
                }}
            </td>
            <td class=Column::Wide.cell()>
                {match (operation.connection_key, connection_href) {
                    (Some(key), Some(href)) => {
                        view! {
                            <a href=href class=link>
                                <CutId value=key.to_string() />
                            </a>
                        }
                            .into_any()
                    }
                    (Some(key), None) => view! { <CutId value=key.to_string() /> }.into_any(),
                    _ => view! { <Nothing /> }.into_any(),
                }}
            </td>
            <td class=format!("{} whitespace-nowrap tabular-nums", Column::Widest.cell())>
                {match took {
                    Some(took) => took.into_any(),
                    None => view! { <Nothing /> }.into_any(),
                }}
            </td>
            <td class=Column::Wide.cell()>
                <Time at=operation.created_at />
            </td>
        </tr>
    }
    .into_any()
}

/// A cell without anything in it.
#[component]
fn Nothing() -> impl IntoView {
    view! {
        <span class="text-quiet" aria-hidden="true">
            "–"
        </span>
        <span class="sr-only">{words::NONE}</span>
    }
    .into_any()
}
