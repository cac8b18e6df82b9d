use leptos::prelude::*;
use terapi_broker::connections::{ConnectionQuery, PageQuery};

use crate::answer::{NoPage, PageResult};
use crate::desk::Desk;
use crate::pages::snippets;
use crate::route::Room;
use crate::text::en::start as text;
use crate::ui::badge::{Badge, Tone};
use crate::ui::breadcrumbs::Crumb;
use crate::ui::button::{ButtonLink, Weight};
use crate::ui::card::PageHead;
use crate::ui::code::CodeBlock;
use crate::ui::icon::{Glyph, Icon};
use crate::ui::shell::Section;

/// The checklist that is an environment's home.
pub async fn show(desk: Desk) -> PageResult {
    let failed = |error: &dyn std::fmt::Display| NoPage::Failed(error.to_string());
    let integrations = desk
        .broker
        .integrations()
        .list(&desk.caller)
        .await
        .map_err(|error| failed(&error))?;
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
        .map_err(|error| failed(&error))?;
    let own = desk
        .broker
        .connections()
        .list_page(
            &desk.caller,
            ConnectionQuery {
                end_user_id: Some(desk.operator.email.clone()),
                ..ConnectionQuery::default()
            },
            PageQuery {
                after: None,
                limit: 1,
            },
        )
        .await
        .map_err(|error| failed(&error))?;
    let keys = desk.broker.keys().list(&desk.caller).await.unwrap_or_default();

    let has_integration = !integrations.is_empty();
    let newest = connections.connections.into_iter().next();
    let has_connection = newest.is_some();
    let has_key = !keys.is_empty();
    let fetched = newest
        .as_ref()
        .is_some_and(|connection| connection.last_fetched_at.is_some());
    // Somebody else than the operator has connected.
    let embedded = connections.total > own.total;
    // In the order of the list.
    let ticks = [has_integration, has_connection, has_key, fetched, embedded];
    let done = ticks.iter().filter(|done| **done).count();
    let next = ticks.iter().position(|done| !done).map(|index| index + 1);

    let base = desk.broker.settings().host().to_owned();
    let integration = integrations
        .first()
        .map_or("github".to_owned(), |first| first.unique_key.to_string());
    let (fetch_integration, fetch_connection) = newest
        .map_or((integration.clone(), "CONNECTION_ID".to_owned()), |one| {
            (one.integration_key.to_string(), one.connection_key.to_string())
        });
    let (gallery, settings, test) = (
        desk.to(Room::Gallery),
        desk.to(Room::Keys),
        desk.to(Room::NewConnection),
    );

    Ok(desk.page(
        Section::Start,
        vec![Crumb::here(text::TITLE)],
        text::TITLE,
        move || {
            let ticked = view! {
                <div class="flex items-center gap-3" aria-hidden="true">
                    <svg viewBox="0 0 100 4" class="h-1 w-24" preserveAspectRatio="none">
                        <rect width="100" height="4" rx="2" class="fill-line"></rect>
                        <rect width=(done * 20).to_string() height="4" rx="2" class="fill-accent"></rect>
                    </svg>
                </div>
                <span class="text-quiet tabular-nums">{text::progress(done, 5)}</span>
            }
            .into_any();
            let link = |href: String, label: &'static str, primary: bool| {
                let weight = if primary { Weight::Primary } else { Weight::Quiet };
                view! {
                    <ButtonLink href weight>
                        {label}
                    </ButtonLink>
                }
                .into_any()
            };
            let curl = snippets::fetch_with_curl(&base, &fetch_integration, &fetch_connection);
            let backend = snippets::open_session(&base, &integration);
            let frontend = snippets::open_window(&base, &integration);
            view! {
                <PageHead title=text::TITLE hint=text::HINT actions=ticked />
                <ol class="space-y-3">
                    <Step number=1 next=next == Some(1) done=has_integration title=text::INTEGRATION body=text::INTEGRATION_BODY>
                        {link(gallery, text::INTEGRATION_ACTION, !has_integration)}
                    </Step>
                    <Step number=2 next=next == Some(2) done=has_connection title=text::CONNECT body=text::CONNECT_BODY>
                        {link(test, text::CONNECT_ACTION, has_integration && !has_connection)}
                    </Step>
                    <Step number=3 next=next == Some(3) done=has_key title=text::KEY body=text::KEY_BODY>
                        {link(settings, text::KEY_ACTION, has_connection && !has_key)}
                    </Step>
                    <Step number=4 next=next == Some(4) done=fetched title=text::FETCH body=text::FETCH_BODY>
                        <CodeBlock label=text::CURL code=curl />
                    </Step>
                    <Step number=5 next=next == Some(5) done=embedded title=text::EMBED body=text::EMBED_BODY>
                        <div class="grid grid-cols-1 gap-3 lg:grid-cols-2">
                            <CodeBlock label=text::BACKEND code=backend />
                            <CodeBlock label=text::FRONTEND code=frontend />
                        </div>
                    </Step>
                </ol>
            }
        },
    ))
}

/// A step. One that is done is folded, so that the open one is on the first screen.
#[component]
fn Step(
    number: usize,
    /// Whether it is the first that is open.
    next: bool,
    done: bool,
    title: &'static str,
    body: &'static str,
    children: Children,
) -> impl IntoView {
    let (mark, edge) = match (done, next) {
        (true, _) => ("border-transparent bg-accent text-on-accent", "border-line"),
        (false, true) => ("border-accent bg-accent-soft text-accent", "border-accent"),
        (false, false) => ("border-line bg-well text-quiet", "border-line"),
    };
    let inside = view! {
        <p class="mb-3 text-quiet">{body}</p>
        {children()}
    };
    let step = if done {
        view! {
            <details class="group min-w-0">
                <summary class="flex cursor-pointer items-center gap-2 rounded-lg">
                    <h2 class="text-[0.9375rem] leading-8 font-semibold">{title}</h2>
                    <span class="max-sm:sr-only">
                        <Badge tone=Tone::Good>{text::DONE}</Badge>
                    </span>
                    <Icon glyph=Glyph::ChevronRight class="ml-auto size-4 text-quiet group-open:rotate-90" />
                </summary>
                <div class="pt-1">{inside}</div>
            </details>
        }
        .into_any()
    } else {
        view! {
            <div class="min-w-0">
                <h2 class="text-[0.9375rem] leading-8 font-semibold">
                    {title} <span class="sr-only">{text::TODO}</span>
                </h2>
                {inside}
            </div>
        }
        .into_any()
    };
    view! {
        <li
            aria-current=next.then_some("step")
            class=format!(
                "grid grid-cols-[2rem_minmax(0,1fr)] gap-x-4 rounded-xl border bg-surface p-4 shadow-card sm:px-5 {edge}",
            )
        >
            <span
                class=format!("grid size-8 place-items-center rounded-full border text-sm font-semibold tabular-nums {mark}")
                aria-hidden="true"
            >
                {if done { view! { <Icon glyph=Glyph::Check /> }.into_any() } else { number.to_string().into_any() }}
            </span>
            {step}
        </li>
    }
    .into_any()
}
