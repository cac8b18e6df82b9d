//! Views that say one thing.

use leptos::prelude::*;
use terapi_model::ErrorCode;

use super::look::Look;
use super::screen::Screen;
use super::setting::Setting;
use crate::answer::Status;
use crate::ui::icon::{Glyph, Icon};

/// What a view is about, for its symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It worked.
    Good,
    /// It failed.
    Bad,
    /// Something is in the way.
    Warning,
    /// Time is up.
    Late,
    /// Nothing is wrong.
    Quiet,
}

impl Tone {
    const fn drawn(self) -> (Glyph, &'static str) {
        match self {
            Tone::Good => (Glyph::Check, "bg-good-soft text-good"),
            Tone::Bad => (Glyph::Failure, "bg-bad-soft text-bad"),
            Tone::Warning => (Glyph::Warning, "bg-warn-soft text-warn"),
            Tone::Late => (Glyph::Clock, "bg-warn-soft text-warn"),
            Tone::Quiet => (Glyph::Info, "bg-accent-soft text-accent"),
        }
    }
}

/// A symbol, a heading, a sentence, and what can be done.
#[component]
pub fn Said(
    tone: Tone,
    #[prop(into)] title: String,
    #[prop(into)] body: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let (glyph, colours) = tone.drawn();
    view! {
        <div class="connect-said my-auto flex flex-col items-center text-center">
            <span class=format!("mb-4 grid size-14 place-items-center rounded-full {colours}")>
                <Icon glyph class="size-7" />
            </span>
            <h1 tabindex="-1" data-focus="" class="text-lg font-semibold outline-none">
                {title}
            </h1>
            <p class="mt-1.5 max-w-sm text-quiet">{body}</p>
            {children.map(|children| children())}
        </div>
    }
    .into_any()
}

/// A button that only a page can offer that somebody opened: it ends the visit.
fn leave(words: String) -> impl IntoView {
    view! {
        <button type="button" data-do="close" data-opened="" hidden class="connect-button mt-6">
            {words}
        </button>
    }
}

/// The link that leads on from a view: back to a form, or to the choice.
fn lead(href: String, words: String, again: bool) -> impl IntoView {
    view! {
        <a href=href data-view="" data-retry=again class="connect-button mt-6">
            {words}
        </a>
    }
}

/// The view before there is a token: a page that was opened without one has to wait for it.
pub fn boot(setting: &Setting) -> Screen {
    let text = setting.texts();
    Screen::new(text.title(), "boot", Look::plain(setting), move || {
        view! {
            <div data-skeleton="" hidden class="space-y-4 py-2" aria-busy="true">
                <h1 class="sr-only">{text.title()}</h1>
                <p class="sr-only">{text.loading()}</p>
                <div class="connect-bone h-7 w-3/5"></div>
                <div class="connect-bone h-14"></div>
                <div class="connect-bone h-14"></div>
                <div class="connect-bone h-14"></div>
            </div>
            <div class="my-auto" data-scriptless="">
                <Said tone=Tone::Quiet title=text.direct() body=text.direct_body() />
            </div>
        }
        .into_any()
    })
}

/// The token is not, or no longer, good.
pub fn expired(setting: &Setting) -> Screen {
    let text = setting.texts();
    Screen::new(text.expired(), "expired", Look::plain(setting), move || {
        view! {
            <Said tone=Tone::Late title=text.expired() body=text.expired_body()>
                {leave(text.start_again())}
            </Said>
        }
        .into_any()
    })
    .with_status(Status::Forbidden)
    .refusing(
        ErrorCode::UnknownConnectSessionToken,
        "the connect session is unknown or has expired",
    )
}

/// The session does not allow this integration, or there is no such; `others` says whether it offers anything else.
pub fn unknown(setting: &Setting, look: Look, others: bool) -> Screen {
    let text = setting.texts();
    let choice = others.then(|| setting.address(&[]));
    Screen::new(text.unknown(), "unknown", look, move || {
        view! {
            <Said tone=Tone::Warning title=text.unknown() body=text.unknown_body()>
                {match choice {
                    Some(href) => lead(href, text.choose_other(), false).into_any(),
                    None => leave(text.close()).into_any(),
                }}
            </Said>
        }
        .into_any()
    })
    .with_status(Status::NotFound)
    .refusing(
        ErrorCode::UnknownProviderConfig,
        "the session offers no such integration",
    )
}

/// The page that asks may not use this one.
pub fn not_allowed(setting: &Setting, look: Look, origin: String) -> Screen {
    let text = setting.texts();
    let body = text.not_allowed_body(&origin);
    Screen::new(text.not_allowed(), "not-allowed", look, move || {
        view! { <Said tone=Tone::Warning title=text.not_allowed() body=body /> }.into_any()
    })
    .with_status(Status::Forbidden)
    .refusing(
        ErrorCode::OriginNotAllowed,
        "this origin is not among the allowed origins",
    )
}

/// There is no integration.
pub fn nothing(setting: &Setting, look: Look) -> Screen {
    let text = setting.texts();
    Screen::new(text.nothing(), "empty", look, move || {
        view! {
            <Said tone=Tone::Quiet title=text.nothing() body=text.nothing_body()>
                {leave(text.close())}
            </Said>
        }
        .into_any()
    })
    .refusing(
        ErrorCode::UnknownProviderConfig,
        "the session offers no integration",
    )
}

/// The integration is not complete, or its mode is not built.
pub fn unavailable(setting: &Setting, look: Look, name: &str) -> Screen {
    let text = setting.texts();
    let title = text.unavailable(name);
    Screen::new(title.clone(), "unavailable", look, move || {
        view! {
            <Said tone=Tone::Warning title=title body=text.unavailable_body()>
                {leave(text.close())}
            </Said>
        }
        .into_any()
    })
    .refusing(
        ErrorCode::InvalidAuthMode,
        "the integration lacks something, or its auth mode is not supported",
    )
}

/// The form held more than a form may. The way back needs a page that has the token: without one it is the browser's.
pub fn too_large(setting: &Setting, integration: Option<&str>) -> Screen {
    let text = setting.texts();
    let back = integration
        .filter(|_| setting.partial)
        .map(|key| setting.address(&[("integration", key)]));
    Screen::new(text.problems(), "too-large", Look::plain(setting), move || {
        view! {
            <Said tone=Tone::Warning title=text.problems() body=text.form_too_long()>
                {back.map(|href| lead(href, text.try_again(), true))}
            </Said>
        }
        .into_any()
    })
    .with_status(Status::TooLarge)
    .refusing(
        ErrorCode::RequestTooLarge,
        "the form is larger than a form may be",
    )
}

/// Too many are connecting at the same time; `again` is what was asked for.
pub fn busy(setting: &Setting, again: String, retry_after: u64) -> Screen {
    let text = setting.texts();
    Screen::new(text.busy(), "busy", Look::plain(setting), move || {
        view! {
            <Said tone=Tone::Late title=text.busy() body=text.busy_body()>
                {lead(again, text.try_again(), true)}
            </Said>
        }
        .into_any()
    })
    .with_status(Status::TooMany { retry_after })
    .refusing(ErrorCode::TooManyRequest, "this account makes too many calls")
}

/// Our side failed; `again` is what was asked for.
pub fn broken(setting: &Setting, again: String) -> Screen {
    let text = setting.texts();
    Screen::new(text.broken(), "broken", Look::plain(setting), move || {
        view! {
            <Said tone=Tone::Bad title=text.broken() body=text.broken_body()>
                {lead(again, text.try_again(), true)}
            </Said>
        }
        .into_any()
    })
    .with_status(Status::Failed)
    .refusing(
        ErrorCode::ServerError,
        "something failed on the server; its own log says what",
    )
}
