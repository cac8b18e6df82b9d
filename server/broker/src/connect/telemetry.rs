//! What the Connect UI tells of itself: lines of its session's operation (browser-and-modes.md 2.9).

use terapi_model::{IntegrationKey, LogLevel, Timestamp, device};
use terapi_store::StoreError;

use super::{Connect, Session};
use crate::operations::{self, Message, Redacted};

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $wire:literal, $text:literal;)*) => {
        /// Something that happened on the page that an end user sees.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum UiEvent { $($(#[$doc])* $name,)* }

        impl UiEvent {
            /// Every event.
            pub const ALL: &'static [UiEvent] = &[$(UiEvent::$name,)*];

            /// The name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $wire,)* }
            }

            const fn text(self) -> &'static str {
                match self { $(Self::$name => concat!("Connect UI: ", $text),)* }
            }
        }
    };
}

events! {
    /// The page was opened.
    Open = "open", "opened";
    /// The list of integrations is shown.
    ViewList = "view:list", "the list of integrations is shown";
    /// One integration is shown.
    ViewIntegration = "view:integration", "an integration is shown";
    /// A failure is shown.
    ViewUnknownError = "view:unknown_error", "a failure is shown";
    /// What was typed is refused.
    ViewCredentialsError = "view:credentials_error", "the credentials were refused";
    /// Success is shown.
    ViewSuccess = "view:success", "success is shown";
    /// An integration was chosen.
    ClickIntegration = "click:integration", "an integration was chosen";
    /// The instructions were opened.
    ClickDoc = "click:doc", "the instructions were opened";
    /// A part of the instructions was opened.
    ClickDocSection = "click:doc_section", "a part of the instructions was opened";
    /// Connecting was asked for.
    ClickConnect = "click:connect", "connecting was asked for";
    /// The page was closed.
    ClickClose = "click:close", "closed";
    /// The last button was pressed.
    ClickFinish = "click:finish", "finished";
    /// Something outside was pressed.
    ClickOutside = "click:outside", "left by a click outside";
    /// The browser refused to open a window.
    PopupBlocked = "popup:blocked_by_browser", "the browser blocked the window";
    /// The window was closed before the end.
    PopupClosed = "popup:closed_early", "the window was closed before the end";
}

impl UiEvent {
    /// The event with this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|event| event.as_str() == text)
    }

    const fn level(self) -> LogLevel {
        match self {
            Self::ViewUnknownError | Self::ViewCredentialsError | Self::PopupBlocked | Self::PopupClosed => {
                LogLevel::Error
            }
            _ => LogLevel::Info,
        }
    }
}

/// An event as it came in.
#[derive(Debug)]
pub struct UiReport<'a> {
    /// What happened.
    pub event: UiEvent,
    /// When, by the browser's clock.
    pub at: Timestamp,
    /// With which integration.
    pub integration: Option<IntegrationKey>,
    /// Which browser says so.
    pub user_agent: Option<&'a str>,
}

impl Connect<'_> {
    /// Writes what the Connect UI tells into its session's operation, which has room for so much of it: whoever has a
    /// session token can send it without end.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn report(&self, session: &Session, report: &UiReport<'_>) -> Result<(), StoreError> {
        let integration = report.integration.as_ref();
        let on = report.user_agent.filter(|_| report.event == UiEvent::Open);
        let members = [
            ("event", Some(Redacted::name(report.event.as_str()))),
            ("at", Some(Redacted::name(&report.at.to_rfc3339()))),
            ("integration", integration.map(|key| Redacted::name(key.as_str()))),
            (
                "device",
                on.and_then(device).map(|device| Redacted::name(&device)),
            ),
        ];
        let about = Redacted::object(
            members
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        let (id, environment) = (&session.operation_id, &session.environment.id);
        let line = Message::auth(report.event.level(), report.event.text(), self.broker.now()).with(about);
        let mut tx = self.broker.store().begin().await?;
        operations::write_beside(self.broker, &mut tx, environment, id, [line]).await?;
        tx.commit().await
    }
}
