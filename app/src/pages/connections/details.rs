use leptos::prelude::*;
use serde_json::{Map, Value};
use terapi_broker::connections::{Connection, ConnectionState};
use terapi_model::AuthMode;

use super::{StatusBadge, load, shown_name};
use crate::answer::PageResult;
use crate::desk::Desk;
use crate::form::Query;
use crate::pages::integrations::picture_of;
use crate::pages::snippets;
use crate::route::Room;
use crate::text::en as words;
use crate::text::en::connection as text;
use crate::ui::badge::{Badge, Tone};
use crate::ui::banner::Banner;
use crate::ui::breadcrumbs::Crumb;
use crate::ui::button::{ButtonLink, Submit, TextLink, Weight};
use crate::ui::card::{Card, Fact, Facts, PageHead};
use crate::ui::code::{CodeBlock, CopyLine, Id};
use crate::ui::icon::Glyph;
use crate::ui::logo::Logo;
use crate::ui::secret::{Masked, RevealForm};
use crate::ui::shell::Section;
use crate::ui::time::Time;

/// One connection: how it is, whose it is, what it holds, how to use it. Nothing secret is in the page.
pub async fn show(desk: Desk, id: &str) -> PageResult {
    let connection = load(&desk, id).await?;
    let base = desk.broker.settings().host().to_owned();
    let id = connection.id.as_str().to_owned();
    let reveal = desk.to(Room::RevealConnection { id: id.clone() });
    let delete = desk.to(Room::DeleteConnection { id });
    let integration = desk.to(Room::Integration {
        key: connection.integration_key.to_string(),
    });
    let again = desk.to(Room::Reconnect {
        id: connection.id.as_str().to_owned(),
    });
    let failed = connection.auth_error.as_ref().map(|operation| {
        desk.to(Room::Operation {
            id: operation.as_str().to_owned(),
        })
    });
    let logs = Query::address(
        desk.to(Room::Logs),
        &[
            ("integration", connection.integration_key.as_str()),
            ("connection", connection.connection_key.as_str()),
        ],
    );
    let may_write = desk.may_write();
    let may_connect = may_write
        && desk
            .broker
            .catalogue()
            .get(connection.provider.as_str())
            .is_some_and(|provider| provider.auth.has_flow());
    let picture = picture_of(&desk, &connection.integration_key, connection.provider.as_str()).await?;
    let name = shown_name(&connection).to_owned();
    let crumbs = vec![
        Crumb::to(words::connections::TITLE, desk.to(Room::Connections)),
        Crumb::here(name.clone()),
    ];
    Ok(desk.page(Section::Connections, crumbs, name.clone(), move || {
        let logo = view! { <Logo src=picture class="size-11" /> }.into_any();
        let broken = connection.state == ConnectionState::NeedsReauth;
        let failing = !broken && connection.auth_error.is_some();
        let weight = if broken { Weight::Primary } else { Weight::Quiet };
        let actions = view! {
            {may_connect
                .then(|| {
                    view! {
                        <form method="post" action=again>
                            <Submit weight glyph=Glyph::Refresh>
                                {text::AGAIN}
                            </Submit>
                        </form>
                    }
                })}
            <ButtonLink href=logs glyph=Glyph::Logs>
                {words::logs::TITLE}
            </ButtonLink>
            {may_write
                .then(|| {
                    view! {
                        <ButtonLink href=delete glyph=Glyph::Trash>
                            {text::DELETE}
                        </ButtonLink>
                    }
                })}
        }
        .into_any();
        let curl = snippets::fetch_with_curl(
            &base,
            connection.integration_key.as_str(),
            connection.connection_key.as_str(),
        );
        let node = snippets::fetch_with_node(
            &base,
            connection.integration_key.as_str(),
            connection.connection_key.as_str(),
        );
        let tags: Vec<(String, String)> =
            connection.tags.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let hidden = hidden_fields(connection.auth_mode);
        view! {
            <PageHead title=name hint=connection.integration_key.to_string() logo actions />
            <div class="space-y-5">
                <Trouble broken failing last=failed />
                <div class="grid grid-cols-1 items-start gap-5 lg:grid-cols-[minmax(0,1fr)_20rem]">
                    <div class="space-y-5">
                        <Overview connection=connection.clone() integration />
                        <Card title=text::CREDENTIALS hint=text::CREDENTIALS_HINT>
                            <RevealForm action=reveal allowed=may_write>
                                <Facts>
                                    {hidden
                                        .into_iter()
                                        .map(|label| {
                                            view! {
                                                <Fact label>
                                                    <Masked />
                                                </Fact>
                                            }
                                        })
                                        .collect_view()}
                                </Facts>
                            </RevealForm>
                        </Card>
                        <Card title=text::CODE hint=text::CODE_HINT>
                            <div class="space-y-3">
                                <CodeBlock label=text::CURL code=curl />
                                <CodeBlock label=text::NODE code=node />
                            </div>
                        </Card>
                    </div>
                    <div class="space-y-5">
                        <EndUserCard connection=connection.clone() />
                        <Card title=text::TAGS>
                            {if tags.is_empty() {
                                view! { <p class="text-quiet">{text::NO_TAGS}</p> }.into_any()
                            } else {
                                view! {
                                    <ul class="flex flex-wrap gap-1.5">
                                        {tags
                                            .into_iter()
                                            .map(|(key, value)| {
                                                view! {
                                                    <li class="max-w-full rounded-md border border-line bg-well px-2 py-0.5 font-mono text-xs wrap-anywhere">
                                                        {key} ": " {value}
                                                    </li>
                                                }
                                            })
                                            .collect_view()}
                                    </ul>
                                }
                                    .into_any()
                            }}
                        </Card>
                        <JsonCard
                            title=text::CONFIG
                            empty=text::NO_CONFIG
                            value=Some(connection.connection_config.clone())
                        />
                        <JsonCard title=text::METADATA empty=text::NO_METADATA value=connection.metadata.clone() />
                    </div>
                </div>
            </div>
        }
    }))
}

/// What is wrong with the credentials, if something is, and the way to what went wrong last.
#[component]
fn Trouble(broken: bool, failing: bool, last: Option<String>) -> impl IntoView {
    let (tone, title, body) = match (broken, failing) {
        (true, _) => (Tone::Bad, text::BROKEN, text::BROKEN_BODY),
        (false, true) => (Tone::Warn, text::FAILING, text::FAILING_BODY),
        (false, false) => return ().into_any(),
    };
    view! {
        <Banner tone title>
            <p>{body}</p>
            {last
                .map(|href| {
                    view! {
                        <p class="mt-1">
                            <TextLink href>{text::LAST_ERROR}</TextLink>
                        </p>
                    }
                })}
        </Banner>
    }
    .into_any()
}

/// What a mode's credentials consist of. Every mode that can make a connection has a line here.
fn hidden_fields(mode: AuthMode) -> Vec<&'static str> {
    match mode {
        AuthMode::OAuth2 => vec![text::ACCESS_TOKEN, text::REFRESH_TOKEN, text::RAW],
        AuthMode::ApiKey => vec![text::API_KEY],
        AuthMode::Basic => vec![text::USERNAME, text::PASSWORD],
        _ => vec![text::CREDENTIALS],
    }
}

#[component]
fn Overview(connection: Connection, integration: String) -> impl IntoView {
    view! {
        <Card title=text::OVERVIEW>
            <Facts>
                <Fact label=text::STATUS>
                    <StatusBadge state=connection.state failing=connection.auth_error.is_some() />
                </Fact>
                <Fact label=text::INTEGRATION>
                    <TextLink href=integration>{connection.integration_key.to_string()}</TextLink>
                </Fact>
                <Fact label=text::ID>
                    <CopyLine what=text::ID value=connection.connection_key.to_string() />
                </Fact>
                <Fact label=text::AUTH>
                    <Badge>{connection.auth_mode.label()}</Badge>
                </Fact>
                <Fact label=text::EXPIRES>
                    {match connection.expires_at {
                        Some(at) => view! { <Time at /> }.into_any(),
                        None => view! { <span class="text-quiet">{text::NO_EXPIRY}</span> }.into_any(),
                    }}
                </Fact>
                {connection
                    .granted_scopes
                    .clone()
                    .filter(|scopes| !scopes.is_empty())
                    .map(|scopes| {
                        view! {
                            <Fact label=text::SCOPES>
                                <span class="flex flex-wrap gap-1.5">
                                    {scopes
                                        .into_iter()
                                        .map(|scope| view! { <Badge>{scope}</Badge> })
                                        .collect_view()}
                                </span>
                            </Fact>
                        }
                    })}
                <Fact label=text::CREATED>
                    <Time at=connection.created_at />
                </Fact>
                <Fact label=text::UPDATED>
                    <Time at=connection.last_refresh_success_at.unwrap_or(connection.created_at) />
                </Fact>
                <Fact label=text::FETCHED>
                    {match connection.last_fetched_at {
                        Some(at) => view! { <Time at /> }.into_any(),
                        None => view! { <span class="text-quiet">{words::NEVER}</span> }.into_any(),
                    }}
                </Fact>
                <Fact label=text::OWN_ID>
                    <Id value=connection.id.as_str() />
                </Fact>
            </Facts>
        </Card>
    }
    .into_any()
}

#[component]
fn EndUserCard(connection: Connection) -> impl IntoView {
    let content = match connection.end_user {
        Some(user) => {
            let lines = [
                (text::END_USER_NAME, user.display_name),
                (text::END_USER_EMAIL, user.email),
                (text::END_USER_ID, Some(user.id)),
                (
                    text::ORGANIZATION,
                    user.organization
                        .map(|organization| organization.display_name.unwrap_or(organization.id)),
                ),
            ];
            let lines = lines
                .into_iter()
                .filter_map(|(label, value)| value.map(|value| (label, value)))
                .map(|(label, value)| {
                    view! {
                        <div class="py-2">
                            <dt class="text-xs text-quiet">{label}</dt>
                            <dd class="mt-0.5 wrap-anywhere">{value}</dd>
                        </div>
                    }
                })
                .collect_view();
            view! { <dl class="divide-y divide-line [&>*:first-child]:pt-0 [&>*:last-child]:pb-0">{lines}</dl> }.into_any()
        }
        None => view! { <p class="text-quiet">{words::connections::NO_END_USER}</p> }.into_any(),
    };
    view! { <Card title=text::END_USER>{content}</Card> }.into_any()
}

#[component]
fn JsonCard(title: &'static str, empty: &'static str, value: Option<Map<String, Value>>) -> impl IntoView {
    let content = match value.filter(|value| !value.is_empty()) {
        Some(value) => {
            let json = serde_json::to_string_pretty(&value).unwrap_or_default();
            view! {
                <pre
                    class="max-h-80 overflow-auto rounded-lg border border-line bg-well p-3 font-mono text-[0.8125rem]"
                    tabindex="0"
                    aria-label=title
                >
                    <code>{json}</code>
                </pre>
            }
            .into_any()
        }
        None => view! { <p class="text-quiet">{empty}</p> }.into_any(),
    };
    view! { <Card title>{content}</Card> }.into_any()
}
