//! The Connect page, thin: an end user's browser comes with a session token, chooses an integration, types what the
//! provider needs, and goes on. No scripts, no cookies; the token travels in the link and in a hidden field.

use terapi_broker::connect::{Session, SessionAuthError};
use terapi_model::{DefaultTheme, IntegrationKey};

use crate::actions;
use crate::answer::{Answer, NoPage, Outcome, Page, Policy, SessionChange, Status};
use crate::document;
use crate::form::{Form, FormState, Query};
use crate::pages::{connect as pages, error};
use crate::visit::{Site, Theme};

/// One request to the Connect page.
#[derive(Debug, Clone)]
pub struct ConnectVisit {
    /// The query.
    pub query: Query,
    /// Shown on error pages, and found in the log.
    pub request_id: String,
}

/// Answers `GET /connect/ui/`.
pub async fn get(site: &Site, visit: &ConnectVisit) -> Answer {
    let token = visit.query.get("session_token").unwrap_or_default();
    let session = match session(site, token).await {
        Ok(session) => session,
        Err(reason) => return instead(site, visit, reason),
    };
    let theme = theme(&session);
    let chosen = visit
        .query
        .get("integration")
        .and_then(|key| IntegrationKey::parse(key).ok());
    match pages::show(site, &session, token, chosen.as_ref()).await {
        Ok(page) => finish(site, theme, page, FormState::default()),
        Err(reason) => instead(site, visit, reason),
    }
}

/// Answers `POST /connect/ui/start`.
pub async fn start(site: &Site, visit: &ConnectVisit, form: Form) -> Answer {
    let token = form.text("session_token");
    let session = match session(site, token).await {
        Ok(session) => session,
        Err(reason) => return instead(site, visit, reason),
    };
    let theme = theme(&session);
    let Ok(key) = IntegrationKey::parse(form.text("integration")) else {
        return instead(site, visit, NoPage::NotFound);
    };
    let (state, status) = match actions::connect::start(site, &session, token, &key, &form).await {
        Ok(Outcome::SeeOther(location) | Outcome::Session(location, _) | Outcome::Theme(location, _)) => {
            return Answer::SeeOther {
                location,
                session: SessionChange::Keep,
                theme: None,
            };
        }
        Ok(Outcome::Page(page)) => return finish(site, theme, page, FormState::default()),
        Ok(Outcome::Invalid(state)) => (state, Status::Invalid),
        Ok(Outcome::NotNow(state, status)) => (state, status),
        Err(reason) => return instead(site, visit, reason),
    };
    match pages::show(site, &session, token, Some(&key)).await {
        Ok(page) => finish(site, theme, page.with_status(status), state),
        Err(reason) => instead(site, visit, reason),
    }
}

async fn session(site: &Site, token: &str) -> Result<Session, NoPage> {
    site.broker
        .connect()
        .authenticate_session(token)
        .await
        .map_err(|error| match error {
            SessionAuthError::InvalidFormat | SessionAuthError::Unknown => NoPage::SignInFirst,
            other => NoPage::Failed(other.to_string()),
        })
}

/// The theme that the environment's operator chose for their users.
fn theme(session: &Session) -> Theme {
    match session.environment.connect_ui.default_theme {
        DefaultTheme::System => Theme::System,
        DefaultTheme::Light => Theme::Light,
        DefaultTheme::Dark => Theme::Dark,
    }
}

fn instead(site: &Site, visit: &ConnectVisit, reason: NoPage) -> Answer {
    let page = match reason {
        NoPage::SeeOther(location) => {
            return Answer::SeeOther {
                location,
                session: SessionChange::Keep,
                theme: None,
            };
        }
        NoPage::SignInFirst => pages::expired(),
        NoPage::NotFound | NoPage::Forbidden(_) => pages::unknown(),
        NoPage::Failed(cause) => {
            tracing::error!(request_id = %visit.request_id, cause, "the Connect page failed");
            error::failed(&visit.request_id)
        }
    };
    finish(site, Theme::System, page, FormState::default())
}

fn finish(site: &Site, theme: Theme, page: Page, state: FormState) -> Answer {
    Answer::Document(document::render(site, theme, page, state, Policy::Connect))
}
