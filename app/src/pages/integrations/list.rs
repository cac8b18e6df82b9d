use leptos::prelude::*;
use terapi_broker::integrations::Integration;

use super::form::Shape;
use super::provider_card::{Card, Cards, popular};
use super::unread;
use crate::answer::PageResult;
use crate::desk::Desk;
use crate::form::Query;
use crate::route::Room;
use crate::text::en::integrations as text;
use crate::ui::badge::{Badge, Tone};
use crate::ui::breadcrumbs::Crumb;
use crate::ui::button::{ButtonLink, Submit, Weight};
use crate::ui::card::PageHead;
use crate::ui::code::{CutId, Id};
use crate::ui::empty::Empty;
use crate::ui::field::SearchBox;
use crate::ui::icon::Glyph;
use crate::ui::logo::{Logo, picture};
use crate::ui::shell::Section;
use crate::ui::table::{Column, ROW, ROW_LINK, RowName, Table};

/// The list of integrations; the search is in the address.
pub async fn show(desk: Desk, query: &Query) -> PageResult {
    let all = desk
        .broker
        .integrations()
        .list(&desk.caller)
        .await
        .map_err(unread)?;
    let search = query.get("search").unwrap_or_default().to_owned();
    let none_at_all = all.is_empty();
    let found: Vec<Integration> = all
        .into_iter()
        .filter(|integration| matches(integration, &search))
        .collect();
    let rows: Vec<(Integration, Vec<String>, String)> = found
        .into_iter()
        .map(|integration| {
            let provider = desk.broker.catalogue().get(integration.provider.as_str());
            let shape = provider.map(|provider| Shape::of(provider));
            let missing = shape
                .iter()
                .flat_map(|shape| integration.missing_fields.iter().map(|name| shape.input(name).0))
                .collect();
            let href = desk.to(Room::Integration {
                key: integration.unique_key.to_string(),
            });
            (integration, missing, href)
        })
        .collect();
    let cards: Vec<Card> = if none_at_all {
        popular(&desk)
            .into_iter()
            .map(|provider| Card::of(&desk, provider))
            .collect()
    } else {
        Vec::new()
    };
    let (here, gallery) = (desk.to(Room::Integrations), desk.to(Room::Gallery));
    let may_write = desk.may_write();
    Ok(desk.page(
        Section::Integrations,
        vec![Crumb::here(text::TITLE)],
        text::TITLE,
        move || {
            let new = may_write
                .then(|| {
                    view! {
                        <ButtonLink href=gallery.clone() weight=Weight::Primary glyph=Glyph::Plus>
                            {text::NEW}
                        </ButtonLink>
                    }
                })
                .into_any();
            let content = if none_at_all {
                view! {
                    <Empty glyph=Glyph::Integrations title=text::EMPTY body=text::EMPTY_BODY>
                        <ButtonLink href=gallery>{text::BROWSE}</ButtonLink>
                    </Empty>
                    <h2 class="mt-8 mb-3 font-semibold">{text::POPULAR}</h2>
                    <Cards cards />
                }
                .into_any()
            } else if rows.is_empty() {
                view! {
                    <Search here=here.clone() search=search.clone() />
                    <Empty glyph=Glyph::Search title=text::NO_MATCH body=text::no_match_body(&search)>
                        <ButtonLink href=here>{text::CLEAR}</ButtonLink>
                    </Empty>
                }
                .into_any()
            } else {
                let rows = rows
                    .into_iter()
                    .map(|(integration, missing, href)| view! { <Row integration missing href /> })
                    .collect_view();
                view! {
                    <Search here search />
                    <Table
                        caption=text::TITLE
                        heads=vec![
                            (Column::Always, text::NAME),
                            (Column::Wide, text::ID),
                            (Column::Wide, text::AUTH),
                            (Column::Wide, text::CONNECTIONS),
                            (Column::Always, text::STATUS),
                        ]
                    >
                        {rows}
                    </Table>
                }
                .into_any()
            };
            view! {
                <PageHead title=text::TITLE hint=text::HINT actions=new />
                {content}
            }
        },
    ))
}

#[component]
fn Search(here: String, search: String) -> impl IntoView {
    view! {
        <form method="get" action=here role="search" class="mb-4 flex max-w-xl gap-2">
            <SearchBox label=text::SEARCH value=search />
            <Submit weight=Weight::Quiet>{text::SEARCH_BUTTON}</Submit>
        </form>
    }
    .into_any()
}

#[component]
fn Row(integration: Integration, missing: Vec<String>, href: String) -> impl IntoView {
    let status = if missing.is_empty() {
        view! { <Badge tone=Tone::Good glyph=Glyph::Success>{text::READY}</Badge> }.into_any()
    } else {
        view! {
            <Badge tone=Tone::Warn glyph=Glyph::Warning>
                {text::INCOMPLETE}
            </Badge>
            <span class="mt-1 block text-xs text-quiet">{text::missing(&missing.join(", "))}</span>
        }
        .into_any()
    };
    view! {
        <tr class=ROW>
            <th scope="row" class=format!("{} font-normal", Column::Always.cell())>
                <a href=href class=format!("{ROW_LINK} gap-3")>
                    <Logo src=picture(&integration) />
                    <RowName name=integration.shown_name() />
                </a>
                <span class="block pl-11 text-quiet lg:hidden">
                    <CutId value=integration.unique_key.to_string() />
                </span>
            </th>
            <td class=Column::Wide.cell()>
                <Id value=integration.unique_key.to_string() />
            </td>
            <td class=Column::Wide.cell()>
                <Badge>{integration.auth_mode.map_or(text::UNKNOWN_MODE, |mode| mode.label())}</Badge>
            </td>
            <td class=format!("{} tabular-nums", Column::Wide.cell())>{integration.connection_count}</td>
            <td class=Column::Always.cell()>{status}</td>
        </tr>
    }
    .into_any()
}

fn matches(integration: &Integration, search: &str) -> bool {
    let search = search.to_lowercase();
    search.split_whitespace().all(|word| {
        [
            integration.shown_name(),
            integration.unique_key.as_str(),
            integration.provider.as_str(),
        ]
        .iter()
        .any(|text| text.to_lowercase().contains(word))
            || integration
                .auth_mode
                .is_some_and(|mode| mode.label().to_lowercase().contains(word))
    })
}
