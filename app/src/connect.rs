//! The Connect page: an end user's browser comes with a session token, chooses an integration, types what the
//! provider needs, and goes on.
//!
//! Every view is HTML from here. Without scripts, links and forms carry the token that came with the link. With the
//! page's script the same links and forms are fetched with the token in a header, and the answered view takes the
//! place of the old one.

use terapi_broker::connect::{AttemptView, BrowserAuth, ResultHolder, SessionAuthError, TurnedAway};
use terapi_model::{IntegrationKey, OAuthAttemptId, OperationId};
use url::Url;

use crate::actions;
use crate::answer::{Document, NoPage, Status};
use crate::form::{Form, FormState, Query};
use crate::pages::connect::{self as pages, Look, Screen, Setting, Success, Visitor};
use crate::visit::Site;

/// One request to the Connect page.
#[derive(Debug, Clone, Default)]
pub struct ConnectVisit {
    /// The query.
    pub query: Query,
    /// The token of the `Authorization` header.
    pub bearer: Option<String>,
    /// `Accept-Language`, empty when there is none.
    pub accept_language: String,
    /// Whether a document is loaded into a frame.
    pub framed: bool,
    /// Whether the page's script asks, for a view alone.
    pub partial: bool,
    /// Whether that script has opened a window for the provider.
    pub windowed: bool,
    /// The origin of the page that gave the script its token.
    pub origin: Option<String>,
    /// Shown on error pages, and found in the log.
    pub request_id: String,
}

/// The answer to it.
#[derive(Debug)]
pub enum ConnectAnswer {
    /// A whole document.
    Document(Document),
    /// A view, for the script.
    View {
        /// How it went.
        status: Status,
        /// The view.
        html: String,
    },
    /// 303 to an address of this site, or to where the app wants its user back.
    SeeOther(String),
    /// Where the script's window has to go.
    Start {
        /// An address of this site, good once.
        authorize_url: String,
        /// The attempt, to ask for its result.
        attempt: String,
    },
}

/// Answers `GET /connect/ui/`.
pub async fn get(site: &Site, visit: &ConnectVisit) -> ConnectAnswer {
    let setting = setting(visit, None);
    if visit.query.get("window").is_some() {
        return ConnectAnswer::Document(pages::opening(site, &setting));
    }
    if setting.preview {
        return finish(
            site,
            &setting,
            pages::preview(&setting, visit.query.get("settings"), visit.query.get("view")),
        );
    }
    let nobody = || match visit.partial {
        true => pages::expired(&setting),
        false => pages::boot(&setting),
    };
    let visitor = match let_in(site, visit, &setting, nobody).await {
        Ok(visitor) => visitor,
        Err(refused) => return finish(site, &setting, *refused),
    };
    let screen = match view(&visitor, visit).await {
        Ok(screen) => screen,
        Err(reason) => instead(visit, &setting, reason),
    };
    let screen = refer_beside(&visitor, visit, screen).await;
    finish(site, &setting, screen)
}

async fn view(visitor: &Visitor<'_>, visit: &ConnectVisit) -> Result<Screen, NoPage> {
    let Visitor {
        site,
        setting,
        ref session,
    } = *visitor;
    if is_asked_by_nobody(visitor) {
        // The page's script knows who frames it, and asks in its name.
        return Ok(pages::boot(setting));
    }
    if let Some(refused) = refuse_stranger(visitor) {
        return Ok(refused);
    }
    if is_target_gone(visitor).await? {
        return Ok(pages::unknown(setting, visitor.look(), false));
    }
    let offer = visitor.offer().await?;
    let key = visit
        .query
        .get("integration")
        .and_then(|key| IntegrationKey::parse(key).ok());
    let Some(key) = key else {
        return Ok(visitor.begin(&offer, visit.query.get("search")));
    };
    let Some(subject) = offer.subject(visitor, &key) else {
        return Ok(visitor.unknown(&offer));
    };
    if let Some(attempt) = visit.query.get("attempt").and_then(OAuthAttemptId::parse) {
        let found = site
            .broker
            .connect()
            .attempt(ResultHolder::Session(session), &attempt)
            .await
            .map_err(|error| NoPage::Failed(error.to_string()))?;
        if let Some(AttemptView {
            operation_id,
            result: Some(frame),
        }) = found
        {
            let reference = Some(operation_id.to_string());
            return Ok(pages::of_frame(
                setting,
                visitor.look(),
                &subject,
                frame,
                reference,
            ));
        }
    }
    if visit.query.get("done").is_some() {
        let success = Success {
            connection: None,
            pending: false,
        };
        return Ok(pages::succeeded(setting, visitor.look(), &subject, success));
    }
    Ok(visitor.form(&offer, &key, FormState::default()))
}

/// Answers `POST /connect/ui/start`.
pub async fn start(site: &Site, visit: &ConnectVisit, form: Form) -> ConnectAnswer {
    let setting = setting(visit, Some(&form));
    let visitor = match let_in(site, visit, &setting, || pages::expired(&setting)).await {
        Ok(visitor) => visitor,
        Err(refused) => return finish(site, &setting, *refused),
    };
    let key = IntegrationKey::parse(form.text("integration")).ok();
    match submit(&visitor, &form).await {
        Ok(actions::connect::Submitted::Screen(screen)) => {
            let screen = refer(&visitor, visit, key.as_ref(), *screen).await;
            finish(site, &setting, screen)
        }
        Ok(actions::connect::Submitted::Leave(address)) => ConnectAnswer::SeeOther(address),
        Ok(actions::connect::Submitted::Begun {
            authorize_url,
            attempt,
        }) => match visit.partial {
            true => ConnectAnswer::Start {
                authorize_url,
                attempt,
            },
            false => ConnectAnswer::SeeOther(authorize_url),
        },
        Err(reason) => {
            let screen = instead(visit, &setting, reason);
            let screen = refer(&visitor, visit, key.as_ref(), screen).await;
            finish(site, &setting, screen)
        }
    }
}

async fn submit(visitor: &Visitor<'_>, form: &Form) -> Result<actions::connect::Submitted, NoPage> {
    if is_asked_by_nobody(visitor) {
        let refused = pages::not_allowed(visitor.setting, visitor.look(), UNKNOWN_ORIGIN.to_owned());
        return Ok(actions::connect::Submitted::screen(refused));
    }
    if let Some(refused) = refuse_stranger(visitor) {
        return Ok(actions::connect::Submitted::screen(refused));
    }
    actions::connect::start(visitor, form).await
}

/// A form that was larger than a form can be: the page says so in its own words. Whose it was is known where the page's
/// script sent it; without scripts the token was in what nobody read, and no operation can be named.
pub async fn too_large(site: &Site, visit: &ConnectVisit) -> ConnectAnswer {
    let setting = setting(visit, None);
    let too_large = || pages::too_large(&setting, visit.query.get("integration"));
    let screen = match let_in(site, visit, &setting, too_large).await {
        Ok(visitor) => refer(&visitor, visit, None, too_large()).await,
        Err(refused) => *refused,
    };
    finish(site, &setting, screen)
}

/// A view that tells of a try which was refused, with the operation that has it.
async fn refer(
    visitor: &Visitor<'_>,
    visit: &ConnectVisit,
    integration: Option<&IntegrationKey>,
    mut screen: Screen,
) -> Screen {
    if let Some((code, message)) = screen.refused {
        let auth = BrowserAuth::Session(Box::new(visitor.session.clone()));
        let refused = TurnedAway {
            code,
            message,
            integration,
            auth_type: "unknown",
        };
        let operation = visitor.site.broker.connect().turn_away(&auth, &refused).await;
        screen.reference = reference(visit, operation);
    }
    screen
}

/// The same of a view that was only looked at.
async fn refer_beside(visitor: &Visitor<'_>, visit: &ConnectVisit, mut screen: Screen) -> Screen {
    if let Some((code, message)) = screen.refused {
        let connect = visitor.site.broker.connect();
        let operation = connect.refuse_beside(&visitor.session, code, message).await;
        screen.reference = reference(visit, operation);
    }
    screen
}

/// Where the log has nothing, the server's own log has the request.
fn reference(visit: &ConnectVisit, operation: Option<OperationId>) -> Option<String> {
    let known = operation.map(|id| id.to_string());
    known.or_else(|| Some(visit.request_id.clone()).filter(|id| !id.is_empty()))
}

/// The session's account is asked too much at once; in so many seconds it may be asked again.
pub fn busy(site: &Site, visit: &ConnectVisit, form: Option<&Form>, retry_after: u64) -> ConnectAnswer {
    let setting = setting(visit, form);
    let mut screen = pages::busy(&setting, again(visit, &setting), retry_after);
    screen.reference = reference(visit, None);
    finish(site, &setting, screen)
}

/// The view that was asked for, once more; where a form was sent, that form.
fn again(visit: &ConnectVisit, setting: &Setting) -> String {
    let wanted = ["integration", "attempt", "done", "search"];
    let pairs: Vec<(&str, &str)> = wanted
        .into_iter()
        .filter_map(|name| Some((name, visit.query.get(name)?)))
        .collect();
    setting.address(&pairs)
}

/// Answers `GET /connect/ui/start`, where nothing is but an answered form that is loaded anew: its integration's page.
pub fn return_from_start(visit: &ConnectVisit) -> ConnectAnswer {
    let mut setting = setting(visit, None);
    // Forms carry theirs in what they post.
    setting.carried_token = None;
    ConnectAnswer::SeeOther(again(visit, &setting))
}

fn setting(visit: &ConnectVisit, form: Option<&Form>) -> Setting {
    let mut setting = Setting::read(&visit.query, form, &visit.accept_language);
    setting.framed = visit.framed;
    setting.partial = visit.partial;
    setting.windowed = visit.windowed;
    setting.origin.clone_from(&visit.origin);
    if visit.bearer.is_none() {
        let token = match form {
            Some(form) => form.filled("session_token"),
            None if setting.preview => None,
            None => visit.query.get("session_token"),
        };
        setting.carried_token = token.map(str::to_owned);
    }
    setting
}

/// Whoever comes with the token of a session, in the header or carried from page to page; else what is shown instead,
/// which is `nobody` where there is no token. A session that has ended is still known for a while, and its operation is
/// named; after that, and where the token never was one, there is nothing that could be found.
async fn let_in<'v>(
    site: &'v Site,
    visit: &ConnectVisit,
    setting: &'v Setting,
    nobody: impl FnOnce() -> Screen,
) -> Result<Visitor<'v>, Box<Screen>> {
    let Some(token) = visit.bearer.as_ref().or(setting.carried_token.as_ref()) else {
        return Err(Box::new(nobody()));
    };
    let error = match site.broker.connect().authenticate_session(token).await {
        Ok(session) => {
            return Ok(Visitor {
                site,
                setting,
                session,
            });
        }
        Err(error) => error,
    };
    let mut screen = match &error {
        SessionAuthError::InvalidFormat | SessionAuthError::Unknown | SessionAuthError::Ended(_) => {
            pages::expired(setting)
        }
        SessionAuthError::Sealing(_) | SessionAuthError::Store(_) => {
            instead(visit, setting, NoPage::Failed(error.to_string()))
        }
    };
    screen.reference = match error {
        SessionAuthError::Ended(operation) => Some(operation.to_string()),
        SessionAuthError::InvalidFormat | SessionAuthError::Unknown => None,
        SessionAuthError::Sealing(_) | SessionAuthError::Store(_) => reference(visit, None),
    };
    Err(Box::new(screen))
}

/// How browsers call an origin that they do not tell.
const UNKNOWN_ORIGIN: &str = "null";

/// Whether a document is wanted for a frame, in an environment that names its origins, and it is not known whose frame it
/// is.
fn is_asked_by_nobody(visitor: &Visitor<'_>) -> bool {
    let setting = visitor.setting;
    let is_named = !visitor.session.environment.allowed_origins.is_empty();
    is_named && setting.framed && !setting.partial && setting.origin.is_none()
}

/// An environment that names its origins lets no other page use the session, and sends nobody anywhere else
/// (decision D22). Without any, every page may use it, and nobody is sent anywhere.
fn refuse_stranger(visitor: &Visitor<'_>) -> Option<Screen> {
    let allowed = &visitor.session.environment.allowed_origins;
    let setting = visitor.setting;
    let asking = setting
        .origin
        .clone()
        .filter(|origin| !allowed.is_empty() && !allowed.contains(origin));
    let leaving = setting.return_url.as_deref().and_then(|address| {
        let origin = Url::parse(address)
            .ok()
            .filter(|url| matches!(url.scheme(), "https" | "http"))
            .map_or_else(|| address.to_owned(), |url| url.origin().ascii_serialization());
        (!allowed.contains(&origin)).then_some(origin)
    });
    let stranger = asking.or(leaving)?;
    Some(pages::not_allowed(setting, visitor.look(), stranger))
}

/// Whether the connection that was to be renewed is no more.
async fn is_target_gone(visitor: &Visitor<'_>) -> Result<bool, NoPage> {
    if visitor.session.reconnect.is_none() {
        return Ok(false);
    }
    let seen = visitor
        .site
        .broker
        .connect()
        .session_view(&visitor.session)
        .await
        .map_err(|error| NoPage::Failed(error.to_string()))?;
    Ok(seen.is_none())
}

fn instead(visit: &ConnectVisit, setting: &Setting, reason: NoPage) -> Screen {
    match reason {
        NoPage::SignInFirst | NoPage::SeeOther(_) => pages::expired(setting),
        NoPage::NotFound | NoPage::Forbidden(_) => pages::unknown(setting, Look::plain(setting), false),
        NoPage::Failed(cause) => {
            tracing::error!(request_id = %visit.request_id, cause, "the Connect page failed");
            pages::broken(setting, again(visit, setting))
        }
    }
}

fn finish(site: &Site, setting: &Setting, screen: Screen) -> ConnectAnswer {
    if setting.partial {
        let (status, html) = screen.into_view(setting);
        return ConnectAnswer::View { status, html };
    }
    ConnectAnswer::Document(screen.into_document(site, setting))
}
