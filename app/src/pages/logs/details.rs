use leptos::prelude::*;
use serde_json::Value;
use terapi_broker::operations::{Operation, OperationMessage};
use terapi_model::{LogLevel, OperationId, OperationState, OperationType, Timestamp};

use super::{StateBadge, title, tries, unread};
use crate::answer::{NoPage, PageResult};
use crate::desk::Desk;
use crate::form::Query;
use crate::pages::integrations::picture_of;
use crate::route::Room;
use crate::text::en as words;
use crate::text::en::logs as text;
use crate::ui::badge::{Badge, Tone};
use crate::ui::banner::Banner;
use crate::ui::breadcrumbs::Crumb;
use crate::ui::button::TextLink;
use crate::ui::card::{Card, Facts, PageHead};
use crate::ui::code::{CopyLine, Id};
use crate::ui::icon::{Glyph, Icon};
use crate::ui::logo::{Logo, provider_picture};
use crate::ui::shell::Section;
use crate::ui::time::Time;

/// One operation: how it went, what to do about it, and every step.
pub async fn show(desk: Desk, id: &str) -> PageResult {
    let id = OperationId::parse(id).ok_or(NoPage::NotFound)?;
    let found = desk.broker.operations().find(&desk.caller, &id).await;
    let (operation, messages) = found.map_err(unread)?.ok_or(NoPage::NotFound)?;
    let links = Links::of(&desk, &operation).await?;
    let picture = match (&operation.integration_key, &operation.provider) {
        (Some(key), Some(provider)) => Some(picture_of(&desk, key, provider.as_str()).await?),
        (None, Some(provider)) => Some(provider_picture(provider.as_str())),
        (_, None) => None,
    };
    let title = title(&operation);
    let planned = planned(&messages);
    let leads_to = |message: &OperationMessage| {
        let id = message.meta.as_ref()?.get("operation")?.as_str()?;
        Some(desk.to(Room::Operation { id: id.to_owned() }))
    };
    let messages: Vec<(OperationMessage, Option<String>)> = messages
        .into_iter()
        .map(|message| {
            let href = leads_to(&message);
            (message, href)
        })
        .collect();
    let crumbs = vec![Crumb::to(text::TITLE, desk.to(Room::Logs)), Crumb::here(title)];
    Ok(desk.page(Section::Logs, crumbs, title, move || {
        let hint = operation
            .integration_key
            .as_ref()
            .map(|key| key.to_string())
            .unwrap_or_default();
        let logo = picture
            .map(|src| view! { <Logo src class="size-11" /> })
            .into_any();
        let started = operation.started_at;
        let count = text::steps(messages.len());
        let steps = messages
            .into_iter()
            .map(|(message, href)| {
                let after = message.created_at.millis_since(started);
                view! { <Step message after href /> }
            })
            .collect_view();
        let none = steps.is_empty();
        view! {
            <PageHead title hint logo />
            <div class="space-y-5">
                <Verdict operation=operation.clone() planned />
                <div class="grid grid-cols-1 items-start gap-5 lg:grid-cols-[minmax(0,1fr)_22rem]">
                    <div class="lg:order-last">
                        <Overview operation links />
                    </div>
                    <Card title=text::TIMELINE hint=text::TIMELINE_HINT>
                        {if none {
                            view! { <p class="text-quiet">{text::NO_MESSAGES}</p> }.into_any()
                        } else {
                            view! {
                                <p class="sr-only">{count}</p>
                                <ol class="space-y-0">{steps}</ol>
                            }
                                .into_any()
                        }}
                    </Card>
                </div>
            </div>
        }
    }))
}

/// Where an operation's names lead, as far as there is still something there.
struct Links {
    integration: Option<String>,
    connection: Option<String>,
    of_connection: Option<String>,
    /// The operation that a webhook tells of.
    parent: Option<String>,
}

impl Links {
    async fn of(desk: &Desk, operation: &Operation) -> Result<Self, NoPage> {
        let integration = match &operation.integration_key {
            Some(key) => desk
                .broker
                .integrations()
                .get(&desk.caller, key)
                .await
                .map_err(crate::pages::integrations::unread)?
                .map(|_| desk.to(Room::Integration { key: key.to_string() })),
            None => None,
        };
        let connection = match &operation.connection_id {
            Some(id) => desk
                .broker
                .connections()
                .get_by_id(&desk.caller, id)
                .await
                .map_err(crate::pages::connections::unread)?
                .map(|connection| {
                    desk.to(Room::Connection {
                        id: connection.id.as_str().to_owned(),
                    })
                }),
            None => None,
        };
        let of_connection = operation.connection_key.as_ref().map(|connection| {
            let integration = operation.integration_key.as_ref().map(|key| key.to_string());
            Query::address(
                desk.to(Room::Logs),
                &[
                    ("integration", integration.as_deref().unwrap_or_default()),
                    ("connection", connection.as_str()),
                ],
            )
        });
        let parent = operation.meta.get("parent").and_then(Value::as_str);
        let parent = parent.map(|id| desk.to(Room::Operation { id: id.to_owned() }));
        Ok(Self {
            integration,
            connection,
            of_connection,
            parent,
        })
    }
}

/// The next try of a webhook.
#[derive(Debug, Clone, Copy)]
struct Planned {
    at: Timestamp,
    number: i64,
    most: i64,
}

/// What the last line says of it.
fn planned(messages: &[OperationMessage]) -> Option<Planned> {
    let retry = messages.last()?.retry.as_ref()?;
    Some(Planned {
        at: Timestamp::parse_rfc3339(retry.get("next_at")?.as_str()?)?,
        number: retry.get("attempt")?.as_i64()? + 1,
        most: retry.get("max")?.as_i64()?,
    })
}

/// How it went, in words, and what follows from that.
#[component]
fn Verdict(operation: Operation, planned: Option<Planned>) -> impl IntoView {
    let Some(error) = operation.error else {
        return match (operation.state, planned) {
            (OperationState::Running, Some(planned)) => view! {
                <Banner tone=Tone::Warn title=text::NOT_DELIVERED_YET>
                    {text::NEXT_TRY} " " <Time at=planned.at /> " (" {text::attempt(planned.number, planned.most)} ")"
                </Banner>
            }
            .into_any(),
            (OperationState::Running, None) if operation.kind == OperationType::Webhook => {
                view! { <Banner title=text::QUEUED>{text::QUEUED_BODY}</Banner> }.into_any()
            }
            (OperationState::Running, None) => {
                view! { <Banner title=text::RUNNING>{text::RUNNING_BODY}</Banner> }.into_any()
            }
            (OperationState::Cancelled, _) => {
                view! { <Banner title=text::CANCELLED>{text::CANCELLED_BODY}</Banner> }.into_any()
            }
            (OperationState::Timeout, _) => {
                view! { <Banner tone=Tone::Warn title=text::TIMED_OUT>{text::CANCELLED_BODY}</Banner> }
                    .into_any()
            }
            (OperationState::Success | OperationState::Failed, _) => ().into_any(),
        };
    };
    let said = error.payload.as_ref().map(said).unwrap_or_default();
    let provider_error = error
        .payload
        .as_ref()
        .and_then(|payload| payload.get("error")?.as_str());
    let cause = error
        .payload
        .as_ref()
        .and_then(|payload| payload.get("cause")?.as_str());
    let next = text::next_step(operation.action, cause.unwrap_or(&error.code), provider_error);
    let lines = said
        .into_iter()
        .map(|(name, value)| {
            view! {
                <div class="flex flex-wrap gap-x-2">
                    <dt class="font-mono text-[0.8125rem] text-quiet">{name}</dt>
                    <dd class="min-w-0 font-mono text-[0.8125rem] wrap-anywhere">{value}</dd>
                </div>
            }
        })
        .collect_view();
    let is_said = !lines.is_empty();
    view! {
        <Banner tone=Tone::Bad title=words::capital(&error.message)>
            {is_said
                .then(|| {
                    view! {
                        <p class="font-medium">{text::PROVIDER_SAID}</p>
                        <dl class="mb-2">{lines}</dl>
                    }
                })}
            <p class="font-medium">{text::NEXT}</p>
            <p class="max-w-[75ch]">{next}</p>
        </Banner>
    }
    .into_any()
}

/// The texts of an error's payload by name.
fn said(payload: &Value) -> Vec<(String, String)> {
    match payload {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), plain(value)))
            .filter(|(name, value)| name != "cause" && !value.is_empty())
            .collect(),
        Value::Null => Vec::new(),
        other => vec![(String::new(), plain(other))],
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[component]
fn Overview(operation: Operation, links: Links) -> impl IntoView {
    let Links {
        integration,
        connection,
        of_connection,
        parent,
    } = links;
    let took = operation.duration_ms().map(text::duration);
    let tries = tries(&operation);
    let auth_type = operation
        .meta
        .get("authType")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let who = operation.end_user_name.clone().or(operation.end_user_id.clone());
    let named = |name: String, href: Option<String>| match href {
        Some(href) => view! { <TextLink href=href>{name}</TextLink> }.into_any(),
        None => view! {
            <span>{name}</span>
            " "
            <span class="text-quiet">"(" {text::GONE} ")"</span>
        }
        .into_any(),
    };
    view! {
        <Card title=text::OVERVIEW>
            <Facts>
                <Narrow label=text::REFERENCE>
                    <CopyLine what=text::REFERENCE value=operation.id.as_str() />
                </Narrow>
                <Narrow label=text::STATE>
                    <StateBadge state=operation.state />
                </Narrow>
                {operation
                    .error
                    .map(|error| {
                        view! {
                            <Narrow label=text::CODE>
                                <Id value=error.code />
                            </Narrow>
                        }
                    })}
                <Narrow label=text::STARTED>
                    <Time at=operation.started_at />
                </Narrow>
                {took.map(|took| view! { <Narrow label=text::DURATION>{took}</Narrow> })}
                {tries.map(|tries| view! { <Narrow label=text::TRIES>{tries}</Narrow> })}
                {parent
                    .map(|href| {
                        view! {
                            <Narrow label=text::TELLS_OF>
                                <TextLink href>{text::PARENT}</TextLink>
                            </Narrow>
                        }
                    })}
                {operation
                    .integration_key
                    .map(|key| {
                        view! { <Narrow label=text::INTEGRATION>{named(key.to_string(), integration)}</Narrow> }
                    })}
                {operation
                    .connection_key
                    .map(|key| {
                        view! {
                            <Narrow label=text::CONNECTION>
                                {named(key.to_string(), connection)}
                                {of_connection
                                    .map(|href| {
                                        view! {
                                            <span class="mt-1 block">
                                                <TextLink href>{text::ALL_OF_CONNECTION}</TextLink>
                                            </span>
                                        }
                                    })}
                            </Narrow>
                        }
                    })}
                {who.map(|who| view! { <Narrow label=text::END_USER>{who}</Narrow> })}
                {auth_type
                    .map(|auth_type| {
                        view! {
                            <Narrow label=text::AUTH_TYPE>
                                <Badge>{auth_type}</Badge>
                            </Narrow>
                        }
                    })}
                <Narrow label=text::ACTOR>{text::actor(&operation.actor.kind).to_owned()}</Narrow>
            </Facts>
        </Card>
    }
    .into_any()
}

/// A fact in a narrow column: label above value.
#[component]
fn Narrow(label: &'static str, children: Children) -> impl IntoView {
    view! {
        <div class="py-2.5">
            <dt class="text-xs text-quiet">{label}</dt>
            <dd class="mt-0.5 min-w-0 wrap-anywhere">{children()}</dd>
        </div>
    }
    .into_any()
}

/// One line of the timeline.
#[component]
fn Step(message: OperationMessage, after: i64, href: Option<String>) -> impl IntoView {
    let (glyph, colour) = match message.level {
        LogLevel::Debug => (Glyph::Pending, "text-quiet"),
        LogLevel::Info => (Glyph::Success, "text-good"),
        LogLevel::Warn => (Glyph::Warning, "text-warn"),
        LogLevel::Error => (Glyph::Failure, "text-bad"),
    };
    let exchange = message.request.as_ref().map(|request| {
        let method = plain(request.get("method").unwrap_or(&Value::Null));
        let url = plain(request.get("url").unwrap_or(&Value::Null));
        let code = message
            .response
            .as_ref()
            .and_then(|response| response.get("code")?.as_i64());
        (method, url, code)
    });
    let retry = message.retry.as_ref().and_then(|retry| {
        let number = |name: &str| retry.get(name)?.as_i64();
        Some(text::attempt(number("attempt")?, number("max")?)).filter(|_| number("max") > Some(1))
    });
    let took = message.duration_ms.map(text::duration);
    let inside = details(&message);
    let at = message.created_at.to_rfc3339();
    view! {
        <li class="grid grid-cols-[1.25rem_minmax(0,1fr)] gap-x-3 border-l-0 pb-4 last:pb-0">
            <span class=format!("pt-0.5 {colour}")>
                <Icon glyph class="size-4" />
                <span class="sr-only">{text::level(message.level)}</span>
            </span>
            <div class="min-w-0">
                <p class="flex items-baseline justify-between gap-x-3">
                    <span class="min-w-0 wrap-anywhere">{words::capital(&message.message)}</span>
                    <span class="text-xs whitespace-nowrap text-quiet tabular-nums" title=at>
                        {text::offset(after)}
                    </span>
                </p>
                {exchange
                    .map(|(method, url, code)| {
                        view! {
                            <p class="mt-0.5 font-mono text-xs wrap-anywhere text-quiet">
                                {method} " " {url}
                                {code.map(|code| view! { <span class="font-medium text-ink">" → " {code}</span> })}
                                {took.map(|took| format!(" · {took}"))}
                            </p>
                        }
                    })} {retry.map(|retry| view! { <p class="mt-0.5 text-xs text-quiet">{retry}</p> })}
                {href
                    .map(|href| {
                        view! {
                            <p class="mt-0.5 text-xs">
                                <TextLink href>{text::HOW_IT_WENT}</TextLink>
                            </p>
                        }
                    })}
                {inside
                    .map(|json| {
                        view! {
                            <details class="group mt-1">
                                <summary class="inline-flex min-h-8 items-center gap-1 rounded text-xs text-quiet hover:text-ink">
                                    <span class="transition-none group-open:rotate-90">
                                        <Icon glyph=Glyph::ChevronRight class="size-3.5" />
                                    </span>
                                    {text::DETAILS}
                                </summary>
                                <pre
                                    class="mt-1 max-h-96 overflow-auto rounded-lg border border-line bg-well p-3 font-mono text-xs"
                                    tabindex="0"
                                    aria-label=text::DETAILS
                                >
                                    <code>{json}</code>
                                </pre>
                            </details>
                        }
                    })}
            </div>
        </li>
    }
    .into_any()
}

/// Everything that a step knows besides its text, as JSON.
fn details(message: &OperationMessage) -> Option<String> {
    let error = message
        .error
        .as_ref()
        .and_then(|error| serde_json::to_value(error).ok());
    let members: serde_json::Map<String, Value> = [
        ("error", error),
        ("request", message.request.clone()),
        ("response", message.response.clone()),
        ("retry", message.retry.clone()),
        ("meta", message.meta.clone()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value.filter(is_telling)?)))
    .collect();
    let json = serde_json::to_string_pretty(&Value::Object(members.clone())).ok()?;
    (!members.is_empty()).then_some(json)
}

fn is_telling(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Object(members) => !members.is_empty(),
        _ => true,
    }
}
