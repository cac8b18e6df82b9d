//! The two ends of an attempt.

use leptos::prelude::*;
use terapi_broker::auth::ProviderSaid;
use terapi_broker::connect::ResultFrame;

use super::look::Look;
use super::said::{Said, Tone};
use super::screen::Screen;
use super::setting::Setting;
use crate::text::en::sentence;
use crate::ui::icon::{Glyph, Icon};

/// What was being connected.
#[derive(Debug, Clone)]
pub struct Subject {
    /// What the integration is called.
    pub name: String,
    /// Its key.
    pub key: String,
    /// Whether a connection is renewed.
    pub renewed: bool,
    /// Whether the session offers more than this one.
    pub several: bool,
    /// Whether whoever connects may bring an app of their own.
    pub own_app: bool,
}

/// It worked.
#[derive(Debug, Clone)]
pub struct Success {
    /// The connection, when it is known.
    pub connection: Option<String>,
    /// Whether somebody has to approve it.
    pub pending: bool,
}

/// It did not.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The stable code.
    pub code: String,
    /// The server's words for it.
    pub message: String,
    /// What it is that the code leaves open.
    pub cause: Option<String>,
    /// What the provider said about it.
    pub provider: Option<Box<ProviderSaid>>,
    /// Finds it in the logs.
    pub reference: Option<String>,
}

/// Whatever became of an attempt.
pub fn of_frame(
    setting: &Setting,
    look: Look,
    subject: &Subject,
    frame: ResultFrame,
    reference: Option<String>,
) -> Screen {
    match frame {
        ResultFrame::Success {
            connection_id,
            is_pending,
            ..
        } => succeeded(
            setting,
            look,
            subject,
            Success {
                connection: Some(connection_id),
                pending: is_pending,
            },
        ),
        ResultFrame::Error {
            error_type,
            error_desc,
            cause,
            provider,
            ..
        } => failed(
            setting,
            look,
            subject,
            Failure {
                code: error_type,
                message: error_desc,
                cause,
                provider,
                reference,
            },
        ),
    }
}

/// It worked.
pub fn succeeded(setting: &Setting, look: Look, subject: &Subject, success: Success) -> Screen {
    let text = setting.texts();
    let name = subject.name.as_str();
    let title = match (success.pending, subject.renewed) {
        (true, _) => text.pending(name),
        (false, true) => text.reconnected(name),
        (false, false) => text.connected(name),
    };
    let body = match (success.pending, look.product()) {
        (true, _) => text.pending_body(name),
        (false, Some(product)) => text.connected_body_product(product),
        (false, None) => text.connected_body(),
    };
    let another = subject.several.then(|| setting.address(&[]));
    let tone = if success.pending { Tone::Late } else { Tone::Good };
    let shown = title.clone();
    let mut screen = Screen::new(title, "success", look, move || {
        view! {
            <Said tone title=shown body=body>
                <p data-alone="" class="mt-1.5 max-w-sm text-quiet">
                    {text.connected_tab()}
                </p>
                <button type="button" data-do="finish" data-opened="" hidden class="connect-button mt-6">
                    {text.finish()}
                </button>
                {another
                    .map(|href| {
                        view! {
                            <p class="mt-4">
                                <a href=href data-view="" class="connect-link">
                                    {text.another()}
                                </a>
                            </p>
                        }
                    })}
            </Said>
        }
        .into_any()
    })
    .with("key", subject.key.clone());
    if let Some(connection) = success.connection {
        screen = screen.with("connection", connection);
    }
    if success.pending {
        screen = screen.with("pending", "true");
    }
    screen
}

/// Why it failed, for people, and what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    Refused,
    Denied,
    Unreachable,
    Provider,
    Setup,
    Removed,
    Capped,
    Exists,
    Stale,
    Rule,
    Unknown,
}

impl Reason {
    fn of(failure: &Failure, subject: &Subject) -> Self {
        let theirs = failure.provider.as_ref().and_then(|said| said.error.as_deref());
        let reason = Self::of_code(failure.cause.as_deref().unwrap_or(&failure.code));
        match (theirs, reason) {
            (Some("access_denied"), _) => Self::Denied,
            // The provider does not know the app, or does not let it ask for this: it is for nobody here to mend.
            (
                Some("invalid_client" | "unauthorized_client" | "invalid_scope" | "redirect_uri_mismatch"),
                Self::Provider,
            ) if !subject.own_app => Self::Setup,
            _ => reason,
        }
    }

    fn of_code(code: &str) -> Self {
        match code {
            "connection_test_failed" | "invalid_credentials" => Self::Refused,
            "provider_unreachable" | "provider_timeout" => Self::Unreachable,
            "callback_err" | "token_err" | "provider_refused" | "provider_answer" => Self::Provider,
            "provider_config_err"
            | "auth_mode_err"
            | "grant_type_err"
            | "url_param_err"
            | "invalid_auth_mode"
            | "invalid_connection_config" => Self::Setup,
            "unknown_provider_config" | "unknown_config_key" | "integration_not_allowed" => Self::Removed,
            "resource_capped" => Self::Capped,
            "connection_exists" => Self::Exists,
            "invalid_state" | "state_cookie_err" => Self::Stale,
            "connection_validation_failed" => Self::Rule,
            _ => Self::Unknown,
        }
    }
}

/// What was said about it: for people as a sentence, then the provider's own code.
#[component]
fn Told(label: String, words: Option<String>, theirs: Option<String>) -> impl IntoView {
    view! {
        <div>
            <dt class="text-quiet">{label}</dt>
            {words
                .map(|words| {
                    view! {
                        <dd class="wrap-anywhere">
                            <bdi>{sentence(&words)}</bdi>
                        </dd>
                    }
                })}
            {theirs
                .map(|code| {
                    view! {
                        <dd class="font-mono text-[0.8125rem] wrap-anywhere">
                            <bdi dir="ltr">{code}</bdi>
                        </dd>
                    }
                })}
        </div>
    }
    .into_any()
}

/// It did not work. What was typed is gone only where it was secret: the way back is a link to the form.
pub fn failed(setting: &Setting, look: Look, subject: &Subject, failure: Failure) -> Screen {
    let text = setting.texts();
    let name = subject.name.as_str();
    let reason = Reason::of(&failure, subject);
    let happened = match reason {
        Reason::Refused => text.reason_refused(name),
        Reason::Denied => text.reason_denied(name),
        Reason::Unreachable => text.reason_unreachable(name),
        Reason::Provider => text.reason_provider(name),
        Reason::Setup => text.reason_setup(name),
        Reason::Removed => text.reason_removed(name),
        Reason::Capped => text.reason_capped(),
        Reason::Exists => text.reason_exists(),
        Reason::Stale => text.reason_stale(),
        Reason::Rule => text.reason_rule(),
        Reason::Unknown => text.reason_unknown(),
    };
    let next = match reason {
        Reason::Refused => Some(text.next_check()),
        Reason::Denied => Some(text.next_agree(name)),
        Reason::Unreachable | Reason::Provider => Some(text.next_wait()),
        Reason::Stale | Reason::Unknown => Some(text.next_again()),
        Reason::Setup => Some(text.next_setup()),
        Reason::Removed | Reason::Capped | Reason::Exists | Reason::Rule => None,
    };
    let ask = failure
        .reference
        .is_some()
        .then(|| match (reason, look.product()) {
            (Reason::Setup, Some(product)) => text.next_tell_product(product),
            (Reason::Setup, None) => text.next_tell(),
            (_, Some(product)) => text.next_ask_product(product),
            (_, None) => text.next_ask(),
        });
    let words_back = match reason {
        Reason::Setup => text.back(),
        _ => text.try_again(),
    };
    let title = text.failed(name);
    let back = setting.address(&[("integration", &subject.key)]);
    let Failure {
        code,
        message,
        provider,
        reference,
        ..
    } = failure;
    let (shown, event) = (title.clone(), (code.clone(), message.clone()));
    let (label, words, theirs) = match provider.map(|said| *said) {
        Some(said) => (
            text.provider_said(name),
            said.description.or(said.message).or(said.reason),
            said.error,
        ),
        None => (text.message(), Some(message), None),
    };
    let told = view! { <Told label words theirs /> };
    let href = back.clone();
    let mut screen = Screen::new(title, "failure", look, move || {
        view! {
            <div role="alert">
                <Said tone=Tone::Bad title=shown body=happened>
                    {next.map(|next| view! { <p class="mt-1.5 max-w-sm">{next}</p> })}
                </Said>
            </div>
            <a href=href data-view="" data-retry="" class="connect-button">
                {words_back}
            </a>
            <details class="group mt-5 rounded-lg border border-line">
                <summary class="flex min-h-11 items-center justify-between gap-2 px-4 py-2 font-medium">
                    {text.details()} <Icon glyph=Glyph::ChevronRight class="size-4 text-quiet rotate-90 group-open:-rotate-90" />
                </summary>
                <dl class="space-y-3 border-t border-line px-4 py-3">
                    {told}
                    <div>
                        <dt class="text-quiet">{text.code()}</dt>
                        <dd class="font-mono text-[0.8125rem] wrap-anywhere">
                            <bdi dir="ltr">{code}</bdi>
                        </dd>
                    </div>
                </dl>
            </details>
            {reference
                .map(|reference| {
                    view! {
                        <div class="mt-4 text-quiet">
                            <p>{ask}</p>
                            <p class="mt-2 flex flex-wrap items-center gap-x-2">
                                <span>{text.reference()}</span>
                                <span class="flex min-w-0 items-center gap-2">
                                    <code
                                        id="reference"
                                        class="rounded border border-line bg-well px-1.5 py-0.5 font-mono text-[0.8125rem] text-ink wrap-anywhere min-w-0"
                                        dir="ltr"
                                    >
                                        {reference}
                                    </code>
                                    <button type="button" data-copy="reference" hidden class="connect-link min-h-8 shrink-0 whitespace-nowrap">
                                        {text.copy()}
                                    </button>
                                </span>
                            </p>
                        </div>
                    }
                })}
        }
        .into_any()
    })
    .with("key", subject.key.clone())
    .with("error-type", event.0)
    .with("error-message", event.1);
    screen.back = Some(back);
    screen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_the_app_can_mend_is_not_to_be_tried_again() {
        let reason = |code: &str, theirs: &str, own_app| {
            let said = ProviderSaid {
                error: Some(theirs.to_owned()),
                ..ProviderSaid::default()
            };
            let failure = Failure {
                code: code.to_owned(),
                message: String::new(),
                cause: None,
                provider: Some(Box::new(said)),
                reference: None,
            };
            let subject = Subject {
                name: "Acme".to_owned(),
                key: "acme".to_owned(),
                renewed: false,
                several: false,
                own_app,
            };
            Reason::of(&failure, &subject)
        };
        for theirs in [
            "invalid_client",
            "unauthorized_client",
            "invalid_scope",
            "redirect_uri_mismatch",
        ] {
            assert_eq!(reason("token_err", theirs, false), Reason::Setup, "{theirs}");
            assert_eq!(reason("callback_err", theirs, false), Reason::Setup, "{theirs}");
            // It may be the app of whoever connects.
            assert_eq!(reason("token_err", theirs, true), Reason::Provider, "{theirs}");
            // Typed credentials are theirs too.
            assert_eq!(reason("connection_test_failed", theirs, false), Reason::Refused);
        }
        assert_eq!(reason("token_err", "server_error", false), Reason::Provider);
        assert_eq!(reason("callback_err", "access_denied", false), Reason::Denied);
    }
}
