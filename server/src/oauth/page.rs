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
use terapi_broker::connect::ResultFrame;
use terapi_model::{Colour, ConnectUiSettings, Ground, OperationId, Palette};
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
        let code = error.code().as_str();
        let (headline, next) = told(language.texts(), code);
        Self {
            language,
            code: code.to_owned(),
            headline,
            next,
            message: sentence(error.message()),
            provider_said: Vec::new(),
            reference: error.log_id().and_then(OperationId::parse),
        }
    }

    /// Of a callback that made no connection; `cause` is what its code stands for, where it stands for more.
    pub fn of_callback(
        language: Language,
        code: &str,
        cause: Option<&str>,
        message: &str,
        provider_said: Vec<(String, String)>,
        reference: Option<OperationId>,
    ) -> Self {
        let mut said = provider_said.iter();
        let is_denied = said.any(|(name, value)| name == "error" && value == "access_denied");
        let texts = language.texts();
        let (headline, next) = match is_denied {
            true => (texts.popup_denied(), texts.popup_next()),
            false => told(texts, cause.unwrap_or(code)),
        };
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

/// What an end user can make of a code or of its cause, and do about it. Whatever an application asked for and did not
/// get is nothing that its user could change.
fn told(texts: &dyn ConnectText, code: &str) -> (String, String) {
    let headline = match code {
        "callback_err" | "provider_refused" | "provider_answer" => texts.popup_refused(),
        "provider_unreachable" | "provider_timeout" => texts.popup_unreachable(),
        "unknown_connect_session_token" | "invalid_connect_session_token_format" => texts.popup_unknown(),
        "invalid_state" => texts.popup_over(),
        "state_cookie_err" => texts.popup_elsewhere(),
        "connection_exists" => return (texts.reason_exists(), texts.popup_tell()),
        "too_many_request" | "overloaded" | "unavailable" => texts.busy_body(),
        "server_error" | "unknown_err" | "interrupted" => texts.broken_body(),
        "provider_config_err" | "invalid_connection" | "url_param_err" => texts.reason_unknown(),
        _ => return (texts.popup_setup(), texts.popup_tell()),
    };
    (headline, texts.popup_next())
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
    use terapi_model::ErrorCode;

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
        let error = ApiError::not_found("there is no integration `nothere`");
        let failure = Failure::of_start(Language::English, &error);
        assert!(!failure.headline.contains('`'), "{failure:?}");
        assert_eq!(failure.message, "There is no integration `nothere`.");
        assert!(!failure.next.contains("again"), "{failure:?}");
        let of = |language, code, cause, said: &[(&str, &str)]| {
            let said = said.iter().map(|(name, value)| ((*name).into(), (*value).into()));
            Failure::of_callback(language, code, cause, "status 503", said.collect(), None)
        };
        let denied = [("error", "access_denied")];
        for (language, code, cause, said, headline) in [
            (
                Language::English,
                "callback_err",
                None,
                &denied[..],
                "You did not allow the access that was asked for.",
            ),
            (
                Language::English,
                "unknown_err",
                Some("provider_refused"),
                &[],
                "The provider did not complete the connection.",
            ),
            (
                Language::German,
                "unknown_err",
                Some("provider_timeout"),
                &[],
                "Der Anbieter ist im Moment nicht erreichbar. Versuchen Sie es in einigen Minuten noch einmal.",
            ),
            (
                Language::English,
                "invalid_state",
                None,
                &[],
                "This link was used already, or is too old.",
            ),
        ] {
            let failed = of(language, code, cause, said);
            assert_eq!(failed.headline, headline);
            assert_eq!(
                (failed.code.as_str(), failed.message.as_str()),
                (code, "Status 503.")
            );
        }
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
