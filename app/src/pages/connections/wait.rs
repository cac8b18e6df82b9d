use leptos::prelude::*;
use terapi_model::{OperationId, OperationState};

use super::unread;
use crate::answer::{NoPage, PageResult};
use crate::desk::Desk;
use crate::form::Query;
use crate::functions::connections::Awaited;
use crate::islands::watch::Watch;
use crate::pages::logs;
use crate::route::Room;
use crate::text::en::test as text;
use crate::text::en::{self as words, sentence};
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
    let awaited = awaited(&desk, operation.as_str()).await?;
    if let Some(address) = awaited.address {
        return Err(NoPage::SeeOther(address));
    }
    let here = address(&desk, &operation);
    let log = desk.to(Room::Operation {
        id: operation.as_str().to_owned(),
    });
    let watched = Watched::of(&desk, &operation, awaited.problem);
    let crumbs = vec![
        Crumb::to(words::connections::TITLE, desk.to(Room::Connections)),
        Crumb::here(text::NOT_YET),
    ];
    Ok(desk.page(Section::Connections, crumbs, text::NOT_YET, move || {
        view! {
            <h1 class="sr-only">{text::NOT_YET}</h1>
            <Empty glyph=Glyph::Clock title=text::NOT_YET body=text::NOT_YET_BODY>
                <div class="mb-2 basis-full">
                    <WatchedFor watched />
                </div>
                <ButtonLink href=here glyph=Glyph::Refresh>
                    {text::LOOK}
                </ButtonLink>
                <ButtonLink href=log weight=Weight::Bare glyph=Glyph::Logs>
                    {text::LOG}
                </ButtonLink>
            </Empty>
        }
    }))
}

/// Where it is said whether the session of `operation` has made its connection.
pub fn address(desk: &Desk, operation: &OperationId) -> String {
    Query::address(
        desk.to(Room::AwaitConnection),
        &[("operation", operation.as_str())],
    )
}

/// A session's operation, on its way into the island that watches it.
pub struct Watched {
    environment: String,
    operation: String,
    log: String,
    problem: Option<String>,
}

impl Watched {
    /// `problem` is why its last try has failed, if it has.
    pub fn of(desk: &Desk, operation: &OperationId, problem: Option<String>) -> Self {
        Self {
            environment: desk.environment.name.as_str().to_owned(),
            operation: operation.as_str().to_owned(),
            log: desk.to(Room::Operation {
                id: operation.as_str().to_owned(),
            }),
            problem,
        }
    }
}

/// Says what the page waits for, and goes on when it is there. Below it stands a link that looks again.
#[component]
pub fn WatchedFor(watched: Watched) -> impl IntoView {
    let Watched {
        environment,
        operation,
        log,
        problem,
    } = watched;
    view! {
        <Watch
            environment
            operation
            waiting=text::WAITING.to_owned()
            stopped=text::STOPPED.to_owned()
            failed=text::FAILED.to_owned()
            problem
            log=(log, text::FAILED_LOG.to_owned())
        />
    }
    .into_any()
}

/// Where the session of `operation` stands: the address of the connection that it has made or renewed, or why its last
/// try failed.
pub async fn awaited(desk: &Desk, operation: &str) -> Result<Awaited, NoPage> {
    let Some(id) = OperationId::parse(operation) else {
        return Ok(Awaited::default());
    };
    let found = desk.broker.operations().find(&desk.caller, &id).await;
    let Some((operation, _)) = found.map_err(logs::unread)? else {
        return Ok(Awaited::default());
    };
    match (operation.state, operation.connection_id, operation.error) {
        (OperationState::Success, Some(id), _) => {
            let connection = desk.broker.connections().get_by_id(&desk.caller, &id).await;
            let address = connection.map_err(unread)?.map(|connection| {
                desk.to(Room::Connection {
                    id: connection.id.as_str().to_owned(),
                })
            });
            Ok(Awaited {
                address,
                problem: None,
            })
        }
        (OperationState::Failed, _, Some(error)) => Ok(Awaited {
            address: None,
            problem: Some(sentence(&error.message)),
        }),
        _ => Ok(Awaited::default()),
    }
}
