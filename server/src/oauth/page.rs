//! The pages that a popup ends on: HTML of our own, no wasm, no third party, under 2 kB of script.
//!
//! To the opener they post only messages without data (decision D22); what happened in detail reaches the page
//! through the stored result. They carry no `Cross-Origin-Opener-Policy`, or the opener could not be reached.

use std::fmt::Write;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use terapi_app::base_path::Local;
use terapi_broker::connect::ResultFrame;
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

/// What a failure page says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The stable code.
    pub code: String,
    /// What happened, for the end user.
    pub headline: String,
    /// The same for whoever wrote the application, where that is another sentence.
    pub message: Option<String>,
    /// What the provider said, name and value: cut, without secrets, text of strangers.
    pub provider_said: Vec<(String, String)>,
    /// Finds the attempt in the logs.
    pub reference: Option<OperationId>,
}

impl Failure {
    /// Of a request whose error says enough to an end user.
    pub fn of_start(error: &ApiError) -> Self {
        Self {
            code: error.code().as_str().to_owned(),
            headline: sentence(error.message()),
            message: None,
            provider_said: Vec::new(),
            reference: error.log_id().and_then(OperationId::parse),
        }
    }

    /// Of what an application asked for and did not get: its user can do nothing about it, and hears it in other words.
    pub fn of_refusal(error: &ApiError) -> Self {
        Self {
            headline: refusal(error).to_owned(),
            message: Some(sentence(error.message())),
            ..Self::of_start(error)
        }
    }

    /// Of a callback that made no connection; `cause` is what its code stands for, where it stands for more.
    pub fn of_callback(
        code: &str,
        cause: Option<&str>,
        message: &str,
        provider_said: Vec<(String, String)>,
        reference: Option<OperationId>,
    ) -> Self {
        let said = |text: &str| {
            let mut texts = provider_said.iter();
            texts.any(|(name, value)| name == "error" && value == text)
        };
        let own = match cause.unwrap_or(code) {
            _ if said("access_denied") => Some("You did not allow the access that was asked for."),
            "callback_err" | "provider_refused" | "provider_answer" => {
                Some("The provider did not complete the connection.")
            }
            "provider_unreachable" | "provider_timeout" => {
                Some("The provider cannot be reached at the moment. Try again in a few minutes.")
            }
            _ => None,
        };
        let theirs = sentence(message);
        let (headline, message) = match own {
            Some(own) => (own.to_owned(), Some(theirs)),
            None => (theirs, None),
        };
        Self {
            code: code.to_owned(),
            headline,
            message,
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

/// What an end user can make of a refused start.
fn refusal(error: &ApiError) -> &'static str {
    match error.code() {
        ErrorCode::UnknownConnectSessionToken | ErrorCode::InvalidConnectSessionTokenFormat => {
            "This window was opened with a link that no longer works."
        }
        ErrorCode::TooManyRequest | ErrorCode::Overloaded | ErrorCode::Unavailable => {
            "Too much is going on at the moment. Try again in a minute."
        }
        ErrorCode::ServerError | ErrorCode::UnknownErr => "Something went wrong on our side.",
        ErrorCode::ConnectionExists => "This is connected already, and may not be replaced from here.",
        _ => "The application asked for something that is not set up. Trying again will not help.",
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
pub fn success(opener: Option<&OpenerMessage>) -> Response {
    let opener = opener.map(OpenerMessage::script).unwrap_or_default();
    let script =
        format!("const m={{type:'nango_oauth_callback_success'}};{TELL}{opener}setTimeout(()=>close(),500);");
    let body = "<main><p class=\"mark ok\" aria-hidden=\"true\"></p><h1>Connected</h1>\
        <p role=\"status\">You can close this window and go back to where you came from.</p></main>";
    page(StatusCode::OK, "Connected", body, &script, "'none'")
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
    let mut body = String::from("<main>");
    if let Some(look) = look {
        body.push_str(&brand(look));
    }
    let _ = write!(
        body,
        "<p class=\"mark bad\" aria-hidden=\"true\"></p><h1>Not connected</h1><p role=\"alert\">{}</p>",
        Escaped(&failure.headline)
    );
    if let Some(reference) = &failure.reference {
        let _ = write!(body, "<p>Reference: <code>{reference}</code></p>");
    }
    body.push_str("<details><summary>Details</summary><dl>");
    let mut term = |name: &str, value: &str| {
        let _ = write!(body, "<dt>{}</dt><dd>{}</dd>", Escaped(name), Escaped(value));
    };
    if let Some(message) = &failure.message {
        term("message", message);
    }
    term("code", &failure.code);
    for (name, value) in &failure.provider_said {
        term(name, value);
    }
    body.push_str("</dl></details><p>Close this window and start again where you came from. If it fails again, send the details to whoever runs that application.</p></main>");
    let colours = look.map(colours).unwrap_or_default();
    dressed(status, "Not connected", &body, &script, "'none'", &colours)
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
pub fn installation_changed(dashboard: &str) -> Response {
    let body = format!(
        "<main><p class=\"mark ok\" aria-hidden=\"true\"></p><h1>Installation changed</h1>\
         <p role=\"status\">The provider has recorded the change. You can close this window.</p>\
         <p><a href=\"{}\">Go to the dashboard</a></p></main>",
        Escaped(dashboard)
    );
    page(StatusCode::OK, "Installation changed", &body, "", "'none'")
}

/// A provider posted the answer (`response_mode=form_post`), and a cross-site post carries no Lax cookie: the same
/// fields are posted once more from our own origin (decision D9).
pub fn repost(action: &str, fields: &[(String, String)]) -> Response {
    let mut body = format!(
        "<main><h1>One moment</h1><form method=\"post\" action=\"{}\">",
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
    body.push_str(
        "<input type=\"hidden\" name=\"terapi_reposted\" value=\"1\"><button>Continue</button></form></main>",
    );
    page(
        StatusCode::OK,
        "One moment",
        &body,
        "document.forms[0].submit()",
        action,
    )
}

/// Goes on to `url`, without the redirect that a form's answer may not be.
pub fn onward(url: &Url) -> Response {
    let url = Escaped(url.as_str()).to_string();
    let body = format!(
        "<main><h1>One moment</h1><p><a id=\"onward\" href=\"{url}\" referrerpolicy=\"no-referrer\">Continue</a></p></main>"
    );
    let script = "location.replace(document.getElementById('onward').href)";
    page(StatusCode::OK, "One moment", &body, script, "'none'")
}

/// `form_action` is where forms of the page may go, as a content security policy writes it.
fn page(status: StatusCode, title: &str, body: &str, script: &str, form_action: &str) -> Response {
    dressed(status, title, body, script, form_action, "")
}

/// The same, with a few more lines of style.
fn dressed(
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
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{}</title>\
         <link rel=\"icon\" type=\"image/svg+xml\" href=\"{}/favicon.svg\">\
         <style nonce=\"{nonce}\">{STYLE}{colours}</style></head><body>{body}<script nonce=\"{nonce}\">{script}</script></body></html>",
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
    fn people_hear_of_a_refused_start_in_their_words_and_developers_in_theirs() {
        let error = ApiError::not_found("there is no integration `nothere`");
        let failure = Failure::of_refusal(&error);
        assert!(!failure.headline.contains('`'), "{failure:?}");
        assert_eq!(
            failure.message.as_deref(),
            Some("There is no integration `nothere`.")
        );
        let said = vec![("error".to_owned(), "access_denied".to_owned())];
        let denied = Failure::of_callback(
            "callback_err",
            None,
            "the provider answered with an error",
            said,
            None,
        );
        assert_eq!(
            denied.headline,
            "You did not allow the access that was asked for."
        );
        for (cause, headline) in [
            (
                "provider_refused",
                "The provider did not complete the connection.",
            ),
            (
                "provider_timeout",
                "The provider cannot be reached at the moment. Try again in a few minutes.",
            ),
        ] {
            let failed = Failure::of_callback("unknown_err", Some(cause), "status 503", Vec::new(), None);
            assert_eq!(failed.headline, headline);
            assert_eq!(
                (failed.code.as_str(), failed.message.as_deref()),
                ("unknown_err", Some("Status 503."))
            );
        }
        let used = Failure::of_callback(
            "invalid_state",
            None,
            "this was completed already",
            Vec::new(),
            None,
        );
        assert_eq!(
            (used.headline.as_str(), used.message),
            ("This was completed already.", None)
        );
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
