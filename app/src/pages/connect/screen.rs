//! From a view to a document, or to the part of it that a script swaps.

use std::sync::Arc;

use hydration_context::SsrSharedContext;
use leptos::nonce::{provide_nonce, use_nonce};
use leptos::prelude::*;
use terapi_model::ErrorCode;

use super::look::Look;
use super::said::{Said, Tone};
use super::setting::Setting;
use crate::answer::{Document, Policy, Status};
use crate::base_path::Local;
use crate::text::connect::ConnectText;
use crate::ui::icon::{Glyph, Icon};
use crate::ui::logo::Mark;
use crate::visit::{Site, Theme};

/// One view of the page before it is rendered.
pub struct Screen {
    /// What the page is called now.
    pub title: String,
    /// Which view it is, for the script: `list`, `form`, `success`, `failure`, …
    pub state: &'static str,
    /// How the request went.
    pub status: Status,
    /// How it looks.
    pub look: Look,
    /// Where the way back leads, when there is one.
    pub back: Option<String>,
    /// What the script has to know, as `data-…`.
    pub data: Vec<(&'static str, String)>,
    /// What was refused, when the view says so and no operation has it yet.
    pub refused: Option<(ErrorCode, &'static str)>,
    /// Finds it in the logs.
    pub reference: Option<String>,
    /// The view.
    pub view: Box<dyn FnOnce() -> AnyView + Send>,
}

impl Screen {
    /// A view without a way back.
    pub fn new(
        title: impl Into<String>,
        state: &'static str,
        look: Look,
        view: impl FnOnce() -> AnyView + Send + 'static,
    ) -> Self {
        Self {
            title: title.into(),
            state,
            status: Status::Ok,
            look,
            back: None,
            data: Vec::new(),
            refused: None,
            reference: None,
            view: Box::new(view),
        }
    }

    /// This view with another status.
    #[must_use]
    pub fn with_status(mut self, status: Status) -> Self {
        self.status = status;
        self
    }

    /// This view with something that the script has to know.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.data.push((name, value.into()));
        self
    }

    /// This view, which tells of a refusal.
    #[must_use]
    pub fn refusing(mut self, code: ErrorCode, message: &'static str) -> Self {
        self.refused = Some((code, message));
        self.with("error-type", code.as_str())
            .with("error-message", message)
    }

    /// The view alone, for a script that has the document.
    pub fn into_view(self, setting: &Setting) -> (Status, String) {
        let status = self.status;
        let owner = Owner::new_root(Some(Arc::new(SsrSharedContext::new())));
        (status, owner.with(|| card(self, setting).to_html()))
    }

    /// The whole document.
    pub fn into_document(self, site: &Site, setting: &Setting) -> Document {
        let owner = Owner::new_root(Some(Arc::new(SsrSharedContext::new())));
        let setting = setting.clone();
        owner.with(|| {
            provide_nonce();
            let nonce = use_nonce().map(|nonce| nonce.to_string()).unwrap_or_default();
            let (status, title, theme) = (self.status, self.title.clone(), self.look.theme);
            let style = self.look.style();
            let mode = match (setting.embedded, setting.framed) {
                (true, _) => "embedded",
                (_, true) => "framed",
                _ => "page",
            };
            let text = setting.texts();
            let look = self.look.clone();
            let icon = match &look.settings.logo {
                Some(logo) => Local(logo).to_string(),
                None => format!("{}/favicon.svg", site.assets),
            };
            let html = view! {
                <html
                    lang=setting.language.tag()
                    dir=setting.language.direction()
                    data-theme=theme.as_str()
                    data-mode=mode
                    data-preview=setting.preview.then_some("")
                    data-theme-asked=setting.theme.map(Theme::as_str)
                >
                    <head>
                        <meta charset="utf-8" />
                        <meta name="viewport" content="width=device-width, initial-scale=1" />
                        <meta name="robots" content="noindex" />
                        <title>{title}</title>
                        <link rel="icon" href=icon />
                        <link rel="stylesheet" href=format!("{}/pkg/terapi.css", site.assets) />
                        <style nonce=nonce.clone()>{style}</style>
                        <script nonce=nonce.clone() inner_html=EARLY></script>
                        <script nonce=nonce.clone() src=format!("{}/connect.js", site.assets) defer></script>
                    </head>
                    <body class="connect text-ink antialiased">
                        {card(self, &setting)}
                        <p id="live" role="status" class="sr-only"></p>
                        {templates(text)}
                    </body>
                </html>
            }
            .to_html();
            Document {
                status,
                html: format!("<!DOCTYPE html>{html}"),
                nonce,
                policy: Policy::Connect,
            }
        })
    }
}

/// Runs before anything else: what is posted to the page while its script is on the way must not be lost, because the
/// browser packages post the token once (browser-and-modes.md 2.11).
const EARLY: &str = "document.documentElement.dataset.scripted='';window.terapiEarly=[];addEventListener('message',e=>window.terapiEarly&&window.terapiEarly.push(e));\
    {const h=parent===window?opener:parent;h&&h.postMessage({type:'ready'},'*')}";

fn card(screen: Screen, setting: &Setting) -> AnyView {
    let text = setting.texts();
    let Screen {
        title,
        state,
        look,
        back,
        data,
        reference,
        view,
        ..
    } = screen;
    let product = look.product().map(str::to_owned);
    let logo = look.settings.logo.clone();
    let style = look.style();
    let data: Vec<(String, String)> = data
        .into_iter()
        .map(|(name, value)| (format!("data-{name}"), value))
        .collect();
    let card = view! {
        <div id="connect" class="connect-room" data-state=state data-title=title data-look=look.theme.as_str() data-style=style>
            <div class="connect-card" tabindex="-1" data-card="">
                <header class="connect-head flex items-center gap-1 px-3 pt-2">
                    <div class="flex w-11 shrink-0">
                        {back
                            .map(|href| {
                                view! {
                                    <a
                                        href=href
                                        data-view=""
                                        data-back=""
                                        class="grid size-11 place-items-center rounded-lg text-quiet hover:bg-well hover:text-ink"
                                    >
                                        <Icon glyph=Glyph::ArrowLeft class="size-5 rtl:-scale-x-100" />
                                        <span class="sr-only">{text.back()}</span>
                                    </a>
                                }
                            })}
                    </div>
                    <div class="flex min-w-0 flex-1 items-center justify-center gap-2 text-quiet">
                        {logo
                            .map(|src| {
                                view! {
                                    <img src=Local(src).to_string() alt="" width="24" height="24" class="size-6 shrink-0 rounded object-contain" />
                                }
                            })}
                        {product.map(|name| view! { <span class="truncate font-medium" dir="auto">{name}</span> })}
                    </div>
                    <div class="flex w-11 shrink-0">
                        <button
                            type="button"
                            data-close=""
                            hidden
                            class="grid size-11 place-items-center rounded-lg text-quiet hover:bg-well hover:text-ink"
                        >
                            <Icon glyph=Glyph::Close class="size-5" />
                            <span class="sr-only">{text.close()}</span>
                        </button>
                    </div>
                </header>
                <main class="connect-body">
                    {view()}
                    {reference
                        .map(|reference| {
                            view! {
                                <p class="mt-4 text-center text-xs text-quiet">
                                    {text.reference()} " "
                                    <code id="reference" class="font-mono wrap-anywhere" dir="ltr">
                                        {reference}
                                    </code>
                                </p>
                            }
                        })}
                </main>
                {look
                    .settings
                    .show_watermark
                    .then(|| {
                        view! {
                            <footer class="flex items-center justify-center gap-1.5 border-t border-line px-5 py-3 text-xs text-quiet">
                                <Mark class="size-4" />
                                <span>{text.watermark()}</span>
                            </footer>
                        }
                    })}
            </div>
        </div>
    };
    // Names of attributes are only known here.
    data.into_iter().fold(card.into_any(), |card, (name, value)| {
        card.add_any_attr(leptos::attr::custom::custom_attribute(name, value))
            .into_any()
    })
}

/// What the script shows by itself, when the server cannot be asked or need not be.
fn templates(text: &'static dyn ConnectText) -> impl IntoView + use<> {
    let said =
        |id: &'static str, tone, title: String, body: String, action: Option<(&'static str, String)>| {
            view! {
                <template id=id>
                    <Said tone title body>
                        {action
                            .map(|(name, words)| {
                                view! {
                                    <button type="button" data-do=name class="connect-button mt-6">
                                        {words}
                                    </button>
                                }
                            })}
                    </Said>
                </template>
            }
        };
    let note = |id: &'static str, title: String, body: String, otherwise: Option<(String, String)>| {
        view! {
            <template id=id>
                <div
                    role="alert"
                    data-note=""
                    class="flex gap-3 rounded-lg border border-warn/40 bg-warn-soft px-4 py-3 text-warn"
                >
                    <Icon glyph=Glyph::Warning class="mt-0.5 size-4" />
                    <div class="min-w-0">
                        <p class="font-medium">{title}</p>
                        <p class="mt-0.5 text-ink">{body}</p>
                        {otherwise
                            .map(|(here, in_tab)| {
                                view! {
                                    <button type="button" data-here="" hidden class="connect-link mt-1 min-h-8">
                                        {here}
                                    </button>
                                    <a
                                        data-tab=""
                                        target="_blank"
                                        rel="noopener"
                                        hidden
                                        class="connect-link mt-1 inline-flex min-h-8 items-center gap-1.5"
                                    >
                                        {in_tab}
                                        <Icon glyph=Glyph::External class="size-3.5" />
                                    </a>
                                }
                            })}
                    </div>
                </div>
            </template>
        }
    };
    view! {
        {said("t-direct", Tone::Quiet, text.direct(), text.direct_body(), None)}
        {said("t-reloaded", Tone::Quiet, text.reloaded(), text.reloaded_body(), None)}
        {said("t-silent", Tone::Warning, text.silent(), text.silent_body(), Some(("close", text.close())))}
        {said("t-offline", Tone::Warning, text.offline(), text.offline_body(), Some(("again", text.try_again())))}
        {note("t-blocked", text.blocked(), text.blocked_body(), Some((text.here(), text.in_tab())))}
        {note("t-closed", text.window_closed(), text.window_closed_body(), None)}
        {note("t-gone", text.window_gone(), text.window_gone_body(), None)}
        {note("t-trouble", text.offline(), text.offline_body(), None)}
        <template id="t-texts">
            <span data-text="again">{text.try_again()}</span>
            <span data-text="connecting">{text.connecting()}</span>
            <span data-text="copied">{text.copied()}</span>
        </template>
        <dialog id="discard" aria-labelledby="discard-title" class="connect-dialog">
            <h2 id="discard-title" class="text-base font-semibold">
                {text.discard()}
            </h2>
            <p class="mt-1 text-quiet">{text.discard_body()}</p>
            <form method="dialog" class="mt-5 flex flex-wrap justify-end gap-2">
                <button value="stay" class="connect-second">
                    {text.discard_no()}
                </button>
                <button value="leave" class="connect-danger">
                    {text.discard_yes()}
                </button>
            </form>
        </dialog>
    }
}
