use std::collections::BTreeMap;

use terapi_broker::connect::{BeginError, BrowserAuth, BrowserInput, Connected, Logged, OwnApp, SubmitError};
use terapi_catalog::AuthSpec;
use terapi_model::{ErrorCode, IntegrationKey, Issue};
use url::Url;

use crate::answer::{NoPage, Status};
use crate::form::{Form, FormState};
use crate::pages::connect::{
    self as pages, Failure, Offer, Questions, Screen, Subject, Success, Visitor, Way,
};

/// What became of the form.
pub enum Submitted {
    /// A view says it.
    Screen(Box<Screen>),
    /// The browser goes somewhere else.
    Leave(String),
    /// An authorization has begun; the browser, or a window of it, goes on from there.
    Begun {
        /// Where, on this site.
        authorize_url: String,
        /// The attempt, to ask for its result.
        attempt: String,
    },
}

impl Submitted {
    /// A view.
    pub fn screen(screen: Screen) -> Self {
        Self::Screen(Box::new(screen))
    }
}

/// Goes on from the form: to the provider, or straight to a connection.
pub async fn start(visitor: &Visitor<'_>, form: &Form) -> Result<Submitted, NoPage> {
    let offer = visitor.offer().await?;
    let key = IntegrationKey::parse(form.text("integration")).map_err(|_| NoPage::NotFound)?;
    let (Some(integration), Some(subject)) = (offer.get(&key), offer.subject(visitor, &key)) else {
        return Ok(Submitted::screen(visitor.unknown(&offer)));
    };
    let Some(questions) = visitor.questions(integration) else {
        return Ok(again(visitor, &offer, &key, FormState::default()));
    };
    let (typed, state) = questions.check(form, visitor.setting.texts());
    if !state.is_fine() {
        return Ok(again(visitor, &offer, &key, state));
    }
    let auth = BrowserAuth::Session(Box::new(visitor.session.clone()));
    let input = BrowserInput {
        shown_at: visitor.setting.shown_at,
        language: Some(visitor.setting.language.tag().to_owned()),
        ..input(&typed, form)
    };
    let failed = match questions.way {
        Way::Provider => match prepare(visitor, &auth, &key, input).await {
            Ok(begun) => return Ok(begun),
            Err(failed) => failed,
        },
        Way::Submit => match connect(visitor, &auth, &key, &offer, input, &typed, form).await {
            Ok(connected) => return Ok(succeed(visitor, &subject, &connected)),
            Err(failed) => failed,
        },
    };
    Ok(fail(visitor, &offer, &key, &subject, &questions, state, failed))
}

/// The form again, with what is wrong with it.
fn again(visitor: &Visitor<'_>, offer: &Offer, key: &IntegrationKey, state: FormState) -> Submitted {
    let screen = visitor.form(offer, key, state);
    let status = match screen.status {
        Status::Ok => Status::Invalid,
        other => other,
    };
    Submitted::screen(screen.with_status(status))
}

fn input(typed: &BTreeMap<String, String>, form: &Form) -> BrowserInput {
    let params = typed
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .filter_map(|(name, value)| Some((name.strip_prefix("params.")?.to_owned(), value.clone())));
    BrowserInput {
        params: params.collect(),
        own_app: OwnApp {
            client_id: typed
                .get("credentials.oauth_client_id_override")
                .filter(|id| !id.is_empty())
                .cloned(),
            client_secret: form.pasted_secret("credentials.oauth_client_secret_override"),
            refresh_token: form.pasted_secret("credentials.oauth_refresh_token_override"),
        },
        ..BrowserInput::default()
    }
}

/// Why an attempt ended before it began.
struct Failed {
    code: ErrorCode,
    message: String,
    issues: Vec<Issue>,
    reference: Option<String>,
}

impl From<Logged<BeginError>> for Failed {
    fn from(failure: Logged<BeginError>) -> Self {
        let issues = match &failure.error {
            BeginError::Refused(refusal) => refusal.issues(),
            _ => Vec::new(),
        };
        Self {
            code: failure.error.code(),
            message: failure.error.to_string(),
            issues,
            reference: failure.operation_id.map(|id| id.to_string()),
        }
    }
}

impl From<Logged<SubmitError>> for Failed {
    fn from(failure: Logged<SubmitError>) -> Self {
        Self {
            code: failure.error.code(),
            message: failure.error.to_string(),
            issues: failure.error.issues(),
            reference: failure.operation_id.map(|id| id.to_string()),
        }
    }
}

async fn prepare(
    visitor: &Visitor<'_>,
    auth: &BrowserAuth,
    key: &IntegrationKey,
    mut input: BrowserInput,
) -> Result<Submitted, Failed> {
    // A window of its own is not sent anywhere in the end: the page behind it shows the result.
    if !visitor.setting.windowed {
        input.return_url.clone_from(&visitor.setting.return_url);
    }
    let prepared = visitor.site.broker.connect().prepare(auth, key, input).await?;
    Ok(Submitted::Begun {
        authorize_url: prepared.start_url.to_string(),
        attempt: prepared.attempt_id.to_string(),
    })
}

async fn connect(
    visitor: &Visitor<'_>,
    auth: &BrowserAuth,
    key: &IntegrationKey,
    offer: &Offer,
    input: BrowserInput,
    typed: &BTreeMap<String, String>,
    form: &Form,
) -> Result<Connected, Failed> {
    let broker = &visitor.site.broker;
    let connect = broker.connect();
    let provider = offer
        .get(key)
        .and_then(|integration| broker.catalogue().get(integration.provider.as_str()));
    let secret = |name: &str| {
        let name = format!("credentials.{name}");
        match typed.get(&name) {
            Some(value) => terapi_broker::SecretString::new(value.clone()),
            None => form.secret(&name),
        }
    };
    let connected = match provider.map(|provider| &provider.auth) {
        Some(AuthSpec::ApiKey) => {
            connect
                .submit_api_key(auth, key, input, secret("api_key"))
                .await?
        }
        Some(AuthSpec::Basic) => {
            let (username, password) = (secret("username"), secret("password"));
            connect.submit_basic(auth, key, input, username, password).await?
        }
        _ => connect.submit_nothing(auth, key, input).await?,
    };
    Ok(connected)
}

fn succeed(visitor: &Visitor<'_>, subject: &Subject, connected: &Connected) -> Submitted {
    let (setting, connection) = (visitor.setting, connected.connection_key.to_string());
    if let Some(address) = setting.return_url.as_deref().filter(|_| !setting.windowed) {
        let Ok(mut address) = Url::parse(address) else {
            return Submitted::screen(pages::unknown(setting, visitor.look(), false));
        };
        address
            .query_pairs_mut()
            .append_pair("status", "connected")
            .append_pair("provider_config_key", &subject.key)
            .append_pair("connection_id", &connection);
        return leave(visitor, address.to_string());
    }
    if !setting.partial {
        // Another address, so that loading the page anew connects nothing a second time.
        return Submitted::Leave(setting.address(&[("integration", &subject.key), ("done", "1")]));
    }
    let success = Success {
        connection: Some(connection),
        pending: false,
    };
    Submitted::screen(pages::succeeded(setting, visitor.look(), subject, success))
}

/// Another site. A script cannot follow a redirect there, so it is told.
fn leave(visitor: &Visitor<'_>, address: String) -> Submitted {
    if visitor.setting.partial {
        return Submitted::Begun {
            authorize_url: address,
            attempt: String::new(),
        };
    }
    Submitted::Leave(address)
}

fn fail(
    visitor: &Visitor<'_>,
    offer: &Offer,
    key: &IntegrationKey,
    subject: &Subject,
    questions: &Questions,
    mut state: FormState,
    failed: Failed,
) -> Submitted {
    let text = visitor.setting.texts();
    for issue in &failed.issues {
        let name = issue.path.last().map_or("", String::as_str);
        let name = if name == "apiKey" { "api_key" } else { name };
        let asked = questions
            .all()
            .find(|asked| asked.name.split_once('.').is_some_and(|(_, own)| own == name));
        if let Some(asked) = asked {
            state.refuse(asked.name.clone(), text.bad_form(&asked.label));
        }
    }
    if !state.is_fine() {
        return again(visitor, offer, key, state);
    }
    let is_ours = matches!(
        failed.code,
        ErrorCode::ServerError | ErrorCode::UnknownErr | ErrorCode::Unavailable
    );
    // What failed inside is for the log: an end user reads this, and so does the page around.
    let message = if is_ours {
        tracing::error!(cause = failed.message, "connecting failed");
        text.broken_body()
    } else {
        failed.message
    };
    let failure = Failure {
        code: failed.code.as_str().to_owned(),
        message,
        cause: None,
        provider: None,
        reference: failed.reference,
    };
    let screen = pages::failed(visitor.setting, visitor.look(), subject, failure);
    Submitted::screen(screen.with_status(Status::Invalid))
}
