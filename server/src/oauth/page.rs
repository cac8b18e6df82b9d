//! The pages that a popup ends on: HTML of our own, no wasm, no third party, under 2 kB of script.
//!
//! To the opener they post only messages without data (decision D22); what happened in detail reaches the page
//! through the stored result. They carry no `Cross-Origin-Opener-Policy`, or the opener could not be reached.

use std::fmt::Write;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use terapi_app::base_path::Local;
use terapi_app::{ConnectText, Language};
use terapi_broker::connect::{Cause, CompleteError, ResultFrame};
use terapi_model::{Colour, ConnectUiSettings, ErrorCode, Ground, OperationId, Palette};
use terapi_vault::{OsEntropy, token};
use url::Url;

use crate::error::ApiError;
use crate::state::AppState;
use crate::ui::assets;

const STYLE: &str = include_str!("page.css");

/// Text that is safe inside an element or a quoted attribute.
pub struct Escaped<'a>(pub &'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// The language of a page: that of the page where the authorization began, where one is known, else the one that the
/// browser asks for.
pub fn language(began: Option<&str>, headers: &HeaderMap) -> Language {
    let accepted = headers.get(header::ACCEPT_LANGUAGE);
    let accepted = accepted.and_then(|value| value.to_str().ok());
    Language::choose(began, accepted.unwrap_or_default())
}

/// What a failure page says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its reader's.
    pub language: Language,
    /// The stable code.
    pub code: String,
    /// What happened, for the end user.
    pub headline: String,
    /// What the end user does about it.
    pub next: String,
    /// The same for whoever wrote the application, in English.
    pub message: String,
    /// What the provider said, name and value: cut, without secrets, text of strangers.
    pub provider_said: Vec<(String, String)>,
    /// Finds the attempt in the logs.
    pub reference: Option<OperationId>,
}

impl Failure {
    /// Of a request that was refused.
    pub fn of_start(language: Language, error: &ApiError) -> Self {
        let (headline, next) = Reason::of_start(error.code()).told(language.texts());
        Self {
            language,
            code: error.code().as_str().to_owned(),
            headline,
            next,
            message: sentence(error.message()),
            provider_said: Vec::new(),
            reference: error.log_id().and_then(OperationId::parse),
        }
    }

    /// Of a callback that made no connection.
    pub fn of_callback(
        language: Language,
        reason: Reason,
        code: &str,
        message: &str,
        provider_said: Vec<(String, String)>,
        reference: Option<OperationId>,
    ) -> Self {
        let mut said = provider_said.iter();
        let is_denied = said.any(|(name, value)| name == "error" && value == "access_denied");
        let reason = if is_denied { Reason::Denied } else { reason };
        let (headline, next) = reason.told(language.texts());
        Self {
            language,
            code: code.to_owned(),
            headline,
            next,
            message: sentence(message),
            provider_said,
            reference,
        }
    }

    /// How the environment wants its pages to look, where the reference names one of its operations. A page that cannot
    /// find out is plain.
    pub async fn look(&self, state: &AppState) -> Option<ConnectUiSettings> {
        let operation = self.reference.as_ref()?;
        let found = state.broker.connect().appearance(operation).await;
        found
            .inspect_err(|error| tracing::warn!(%error, "the look of a page is not known"))
            .ok()?
    }
}

/// What an end user can make of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// They did not allow it.
    Denied,
    /// The provider did not go through with it.
    Refused,
    /// The provider does not answer.
    Unreachable,
    /// The session that the window was opened for is none, or over.
    UnknownLink,
    /// The link, or the state, was used or is too old.
    Over,
    /// Another browser began.
    Elsewhere,
    /// There is one, and it stays.
    Exists,
    /// Too much at once.
    Busy,
    /// Our fault.
    Broken,
    /// What was begun has changed meanwhile: the next try may do better.
    Changed,
    /// The application asked for something that it cannot have: nothing that its user could change.
    Setup,
}

impl Reason {
    /// Of a request that was refused under this code.
    pub fn of_start(code: ErrorCode) -> Self {
        match code {
            ErrorCode::UnknownConnectSessionToken | ErrorCode::InvalidConnectSessionTokenFormat => {
                Self::UnknownLink
            }
            ErrorCode::InvalidState => Self::Over,
            ErrorCode::ConnectionExists => Self::Exists,
            ErrorCode::TooManyRequest | ErrorCode::Overloaded => Self::Busy,
            ErrorCode::Unavailable
            | ErrorCode::ServerError
            | ErrorCode::UnknownErr
            | ErrorCode::Interrupted => Self::Broken,
            _ => Self::Setup,
        }
    }

    /// Of a callback that made no connection. Code and cause are those that were told, which may be of an earlier callback
    /// with the same state, and of another version.
    pub fn of_callback(error: &CompleteError, code: &str, cause: Option<&str>) -> Self {
        if matches!(error, CompleteError::MissingState) {
            // No state was used, or is too old: none came.
            return Self::Refused;
        }
        match cause.and_then(Cause::parse) {
            Some(Cause::Refused | Cause::Answer) => return Self::Refused,
            Some(Cause::Unreachable | Cause::Timeout) => return Self::Unreachable,
            None => {}
        }
        match ErrorCode::parse(code) {
            Some(ErrorCode::CallbackErr) => Self::Refused,
            Some(ErrorCode::StateCookieErr) => Self::Elsewhere,
            // At the start these are the application's mistakes. Here the start was in order.
            Some(ErrorCode::ProviderConfigErr | ErrorCode::InvalidConnection | ErrorCode::UrlParamErr)
            | None => Self::Changed,
            Some(code) => Self::of_start(code),
        }
    }

    /// What happened, and what the end user does about it.
    fn told(self, texts: &dyn ConnectText) -> (String, String) {
        let headline = match self {
            Self::Denied => texts.popup_denied(),
            Self::Refused => texts.popup_refused(),
            Self::Unreachable => texts.popup_unreachable(),
            Self::UnknownLink => texts.popup_unknown(),
            Self::Over => texts.popup_over(),
            Self::Elsewhere => texts.popup_elsewhere(),
            Self::Exists => texts.reason_exists(),
            Self::Busy => texts.busy_body(),
            Self::Broken => texts.broken_body(),
            Self::Changed => texts.reason_unknown(),
            Self::Setup => texts.popup_setup(),
        };
        let next = match self {
            Self::Exists | Self::Setup => texts.popup_tell(),
            _ => texts.popup_next(),
        };
        (headline, next)
    }
}

/// A message as a sentence of a page: errors are written to stand inside a line.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let mut sentence: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect();
    if !sentence.ends_with(['.', '!', '?']) && !sentence.ends_with(".)") {
        sentence.push('.');
    }
    sentence
}

/// What the oldest packages wait for: a message to the opener in place of a frame (decision D7). They look at no
/// origin and say none, so it goes to whoever opened the popup with the environment's public key.
#[derive(Debug)]
pub struct OpenerMessage(Value);

impl OpenerMessage {
    /// The message that says the same as `frame`.
    pub fn of(frame: &ResultFrame) -> Self {
        Self(match frame {
            ResultFrame::Success {
                provider_config_key,
                connection_id,
                ..
            } => json!({
                // The packages spell it so.
                "eventType": "AUTHORIZATION_SUCEEDED",
                "data": { "providerConfigKey": provider_config_key, "connectionId": connection_id },
            }),
            ResultFrame::Error {
                error_type,
                error_desc,
                ..
            } => json!({
                "eventType": "AUTHORIZATION_FAILED",
                "data": { "error": { "type": error_type, "message": error_desc } },
            }),
        })
    }

    /// A statement that sends it. `<` is escaped, so that no text in it can end the script.
    fn script(&self) -> String {
        let message = self.0.to_string().replace('<', "\\u003c");
        format!("try{{window.opener&&window.opener.postMessage({message},'*')}}catch{{}}")
    }
}

/// Tells the opener, and pages of ours that lost their opener, and closes when the opener has understood. None of it
/// matters for the result, and all of it may fail: a provider's opener policy cuts the popup off.
const TELL: &str = "try{window.opener&&window.opener.postMessage(m,'*')}catch{}\
    try{new BroadcastChannel('nango-oauth-callback').postMessage(m)}catch{}\
    addEventListener('message',e=>{if(e.data&&e.data.type==='nango_oauth_callback_ack')close()});";

/// The authorization succeeded: tells the opener and closes itself.
pub fn success(language: Language, opener: Option<&OpenerMessage>) -> Response {
    let texts = language.texts();
    let title = texts.popup_connected();
    let opener = opener.map(OpenerMessage::script).unwrap_or_default();
    let script =
        format!("const m={{type:'nango_oauth_callback_success'}};{TELL}{opener}setTimeout(()=>close(),500);");
    let body = format!(
        "<main><p class=\"mark ok\" aria-hidden=\"true\"></p><h1>{}</h1><p role=\"status\">{}</p></main>",
        Escaped(&title),
        Escaped(&texts.popup_connected_body())
    );
    page(language, &title, &body, &script, "'none'")
}

/// The authorization failed: tells the opener that it did, and stays open to say why. `look` is the environment's, where
/// one is known.
pub fn failure(
    status: StatusCode,
    failure: &Failure,
    opener: Option<&OpenerMessage>,
    look: Option<&ConnectUiSettings>,
) -> Response {
    let opener = opener.map(OpenerMessage::script).unwrap_or_default();
    let script = format!(
        "const m={{type:'nango_oauth_callback_error',payload:{{\
         message:'The authorization failed.',errorType:'connection_validation_failed'}}}};{TELL}{opener}"
    );
    let texts = failure.language.texts();
    let title = texts.popup_failed();
    let mut body = String::from("<main>");
    if let Some(look) = look {
        body.push_str(&brand(look));
    }
    let _ = write!(
        body,
        "<p class=\"mark bad\" aria-hidden=\"true\"></p><h1>{}</h1><p role=\"alert\">{}</p>",
        Escaped(&title),
        Escaped(&failure.headline)
    );
    if let Some(reference) = &failure.reference {
        let label = texts.reference();
        let _ = write!(body, "<p>{}: <code>{reference}</code></p>", Escaped(&label));
    }
    let _ = write!(
        body,
        "<details><summary>{}</summary><dl><dt>{}</dt><dd lang=\"en\">{}</dd><dt>{}</dt><dd>{}</dd>",
        Escaped(&texts.details()),
        Escaped(&texts.message()),
        Escaped(&failure.message),
        Escaped(&texts.code()),
        Escaped(&failure.code)
    );
    for (name, value) in &failure.provider_said {
        let (name, value) = (Escaped(name), Escaped(value));
        let _ = write!(body, "<dt>{name}</dt><dd dir=\"auto\">{value}</dd>");
    }
    let _ = write!(body, "</dl></details><p>{}</p></main>", Escaped(&failure.next));
    let colours = look.map(colours).unwrap_or_default();
    let language = failure.language;
    dressed(language, status, &title, &body, &script, "'none'", &colours)
}

/// The product's logo and name, above everything else.
fn brand(look: &ConnectUiSettings) -> String {
    let logo = look.logo.as_ref().map(|path| Local(path).to_string());
    let logo = logo.map_or_else(String::new, |src| {
        format!(
            "<img src=\"{}\" alt=\"\" width=\"24\" height=\"24\">",
            Escaped(&src)
        )
    });
    let name = look.product_name.as_deref().unwrap_or_default();
    if logo.is_empty() && name.is_empty() {
        return String::new();
    }
    format!(
        "<p class=\"brand\">{logo}<span dir=\"auto\">{}</span></p>",
        Escaped(name)
    )
}

/// The product's colours, as far as the page has any: nothing but hexadecimal numbers, whatever was stored.
fn colours(look: &ConnectUiSettings) -> String {
    let accent = |primary: &str, ground| Colour::parse(primary).map(|it| Palette::of(it, ground).accent);
    let light = accent(&look.theme.light.primary, Ground::Light);
    let dark = accent(&look.theme.dark.primary, Ground::Dark);
    match (light, dark) {
        (Some(light), Some(dark)) => {
            format!(":root{{--ok:{light}}}@media(prefers-color-scheme:dark){{:root{{--ok:{dark}}}}}")
        }
        _ => String::new(),
    }
}

/// A provider's own pages sent somebody here after an installation was changed there: no authorization runs, and
/// nothing in the request says where to go (decision D26).
pub fn installation_changed(language: Language, dashboard: &str) -> Response {
    let texts = language.texts();
    let title = texts.popup_changed();
    let body = format!(
        "<main><p class=\"mark ok\" aria-hidden=\"true\"></p><h1>{}</h1><p role=\"status\">{}</p>\
         <p><a href=\"{}\">{}</a></p></main>",
        Escaped(&title),
        Escaped(&texts.popup_changed_body()),
        Escaped(dashboard),
        Escaped(&texts.popup_dashboard())
    );
    page(language, &title, &body, "", "'none'")
}

/// A provider posted the answer (`response_mode=form_post`), and a cross-site post carries no Lax cookie: the same
/// fields are posted once more from our own origin (decision D9).
pub fn repost(language: Language, action: &str, fields: &[(String, String)]) -> Response {
    let texts = language.texts();
    let title = texts.popup_onward();
    let mut body = format!(
        "<main><h1>{}</h1><form method=\"post\" action=\"{}\">",
        Escaped(&title),
        Escaped(action)
    );
    for (name, value) in fields {
        let _ = write!(
            body,
            "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
            Escaped(name),
            Escaped(value)
        );
    }
    let _ = write!(
        body,
        "<input type=\"hidden\" name=\"terapi_reposted\" value=\"1\"><button>{}</button></form></main>",
        Escaped(&texts.popup_continue())
    );
    page(language, &title, &body, "document.forms[0].submit()", action)
}

/// Goes on to `url`, without the redirect that a form's answer may not be.
pub fn onward(language: Language, url: &Url) -> Response {
    let texts = language.texts();
    let title = texts.popup_onward();
    let body = format!(
        "<main><h1>{}</h1><p><a id=\"onward\" href=\"{}\" referrerpolicy=\"no-referrer\">{}</a></p></main>",
        Escaped(&title),
        Escaped(url.as_str()),
        Escaped(&texts.popup_continue())
    );
    let script = "location.replace(document.getElementById('onward').href)";
    page(language, &title, &body, script, "'none'")
}

/// `form_action` is where forms of the page may go, as a content security policy writes it.
fn page(language: Language, title: &str, body: &str, script: &str, form_action: &str) -> Response {
    dressed(language, StatusCode::OK, title, body, script, form_action, "")
}

/// The same, with a few more lines of style.
fn dressed(
    language: Language,
    status: StatusCode,
    title: &str,
    body: &str,
    script: &str,
    form_action: &str,
    colours: &str,
) -> Response {
    let nonce = token::base64url(&OsEntropy, 16);
    let nonce = nonce.expose();
    let html = format!(
        "<!doctype html><html lang=\"{}\" dir=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{}</title>\
         <link rel=\"icon\" type=\"image/svg+xml\" href=\"{}/favicon.svg\">\
         <style nonce=\"{nonce}\">{STYLE}{colours}</style></head><body>{body}<script nonce=\"{nonce}\">{script}</script></body></html>",
        language.tag(),
        language.direction(),
        Escaped(title),
        Local(assets::site_path()),
    );
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self'; \
         base-uri 'none'; frame-ancestors 'none'; form-action {form_action}"
    );
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (
            HeaderName::from_static("content-security-policy"),
            HeaderValue::try_from(policy).expect("a base64url nonce is visible ASCII"),
        ),
    ];
    (status, headers, html).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_says_is_escaped() {
        assert_eq!(
            Escaped("<script>'\"&").to_string(),
            "&lt;script&gt;&#39;&quot;&amp;"
        );
    }

    #[test]
    fn people_hear_what_happened_in_their_words_and_developers_in_theirs() {
        const SETUP: &str = "The app asked for something that is not set up. Trying again will not help.";
        const UNKNOWN: &str = "Something unexpected happened.";
        const BROKEN: &str = "It is not your fault, and nothing was connected. Try again in a moment.";
        let start = |code| {
            let error = ApiError::new(StatusCode::BAD_REQUEST, code, "there is no integration `nothere`");
            Failure::of_start(Language::English, &error)
        };
        for (code, headline, again) in [
            (ErrorCode::ProviderConfigErr, SETUP, false),
            (ErrorCode::UrlParamErr, SETUP, false),
            (ErrorCode::InvalidConnection, SETUP, false),
            (ErrorCode::NotFound, SETUP, false),
            (ErrorCode::UnknownErr, BROKEN, true),
            (ErrorCode::Unavailable, BROKEN, true),
            (
                ErrorCode::InvalidState,
                "This link was used already, or is too old.",
                true,
            ),
        ] {
            let failure = start(code);
            assert_eq!(failure.headline, headline, "{code:?}");
            assert_eq!(failure.message, "There is no integration `nothere`.");
            assert_eq!(failure.next.contains("again"), again, "{failure:?}");
        }
        let of = |language, error: &CompleteError, cause, said: &[(&str, &str)]| {
            let said = said.iter().map(|(name, value)| ((*name).into(), (*value).into()));
            let code = error.code().as_str();
            let reason = Reason::of_callback(error, code, cause);
            Failure::of_callback(language, reason, code, "status 503", said.collect(), None)
        };
        let denied = [("error", "access_denied")];
        for (language, error, cause, said, headline) in [
            (
                Language::English,
                CompleteError::MissingCode,
                None,
                &denied[..],
                "You did not allow the access that was asked for.",
            ),
            (
                Language::English,
                CompleteError::Interrupted,
                Some("provider_refused"),
                &[],
                "The provider did not complete the connection.",
            ),
            (
                Language::German,
                CompleteError::Interrupted,
                Some("provider_timeout"),
                &[],
                "Der Anbieter ist im Moment nicht erreichbar. Versuchen Sie es in einigen Minuten noch einmal.",
            ),
            (
                Language::English,
                CompleteError::Interrupted,
                Some("a cause of another version"),
                &[],
                BROKEN,
            ),
            (
                Language::English,
                CompleteError::UsedState,
                None,
                &[],
                "This link was used already, or is too old.",
            ),
            (
                Language::English,
                CompleteError::MissingState,
                None,
                &[],
                "The provider did not complete the connection.",
            ),
            (
                Language::English,
                CompleteError::IntegrationChanged,
                None,
                &[],
                UNKNOWN,
            ),
            (Language::English, CompleteError::TargetGone, None, &[], UNKNOWN),
        ] {
            let failed = of(language, &error, cause, said);
            assert_eq!(failed.headline, headline, "{error:?}");
            assert_eq!(
                (failed.code.as_str(), failed.message.as_str()),
                (error.code().as_str(), "Status 503.")
            );
        }
        let of_another_version = Reason::of_callback(&CompleteError::UsedState, "a code", None);
        assert_eq!(of_another_version, Reason::Changed);
    }

    #[test]
    fn a_brand_is_escaped_and_its_colours_are_numbers() {
        let mut look = ConnectUiSettings {
            product_name: Some("<b>Engines".to_owned()),
            ..ConnectUiSettings::default()
        };
        assert!(brand(&look).contains("&lt;b&gt;Engines"));
        assert!(colours(&look).starts_with(":root{--ok:#"));
        look.theme.light.primary = "red}".to_owned();
        assert_eq!(colours(&look), "");
        assert_eq!(brand(&ConnectUiSettings::default()), "");
    }

    #[test]
    fn no_text_of_a_message_ends_its_script() {
        let hostile = "</script><script>alert(1)</script>";
        let frame = ResultFrame::refusal(ErrorCode::CallbackErr, hostile, None, None);
        let script = OpenerMessage::of(&frame).script();
        assert!(!script.contains('<'), "{script}");
        assert!(
            script.contains("AUTHORIZATION_FAILED") && script.contains("alert(1)"),
            "{script}"
        );
    }
}
