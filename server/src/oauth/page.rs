//! The pages that a popup ends on: HTML of our own, no wasm, no third party, under 2 kB of script.
//!
//! To the opener they post only messages without data (decision D22); what happened in detail reaches the page
//! through the stored result. They carry no `Cross-Origin-Opener-Policy`, or the opener could not be reached.

use std::fmt::Write;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use terapi_broker::connect::CompleteFailure;
use terapi_model::OperationId;
use terapi_vault::{OsEntropy, token};

use crate::error::ApiError;

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
    pub message: String,
    /// What the provider said, name and value, as received.
    pub provider_said: Vec<(String, String)>,
    /// Finds the attempt in the logs.
    pub reference: Option<String>,
}

impl Failure {
    /// Of a start that was refused.
    pub fn of_start(error: &ApiError, reference: Option<String>) -> Self {
        Self {
            code: error.code().as_str().to_owned(),
            message: sentence(error.message()),
            provider_said: Vec::new(),
            reference,
        }
    }

    /// Of a callback that made no connection.
    pub fn of_callback(failure: &CompleteFailure, reference: Option<&OperationId>) -> Self {
        Self {
            code: failure.error.code().as_str().to_owned(),
            message: sentence(&failure.error.to_string()),
            provider_said: failure.provider_error.clone().into_iter().collect(),
            reference: reference.map(ToString::to_string),
        }
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
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

/// The authorization succeeded: tells the opener and closes itself.
pub fn success() -> Response {
    let script = "const m={type:'nango_oauth_callback_success'};\
        try{window.opener&&window.opener.postMessage(m,'*')}catch{}\
        try{new BroadcastChannel('nango-oauth-callback').postMessage(m)}catch{}\
        addEventListener('message',e=>{if(e.data&&e.data.type==='nango_oauth_callback_ack')close()});\
        setTimeout(()=>close(),500);";
    let body = "<main><p class=\"mark ok\" aria-hidden=\"true\"></p><h1>Connected</h1>\
        <p role=\"status\">You can close this window and go back to where you came from.</p></main>";
    page(StatusCode::OK, "Connected", body, script)
}

/// The authorization failed: tells the opener that it did, and stays open to say why.
pub fn failure(status: StatusCode, failure: &Failure) -> Response {
    let script = "const m={type:'nango_oauth_callback_error',payload:{\
        message:'The authorization failed.',errorType:'connection_validation_failed'}};\
        try{window.opener&&window.opener.postMessage(m,'*')}catch{}\
        try{new BroadcastChannel('nango-oauth-callback').postMessage(m)}catch{}\
        addEventListener('message',e=>{if(e.data&&e.data.type==='nango_oauth_callback_ack')close()});";
    let mut body = format!(
        "<main><p class=\"mark bad\" aria-hidden=\"true\"></p><h1>Not connected</h1><p role=\"alert\">{}</p>",
        Escaped(&failure.message)
    );
    body.push_str("<details><summary>Details</summary><dl>");
    let mut term = |name: &str, value: &str| {
        let _ = write!(body, "<dt>{}</dt><dd>{}</dd>", Escaped(name), Escaped(value));
    };
    term("code", &failure.code);
    if let Some(reference) = &failure.reference {
        term("reference", reference);
    }
    for (name, value) in &failure.provider_said {
        term(name, value);
    }
    body.push_str("</dl></details><p>Close this window and try again. If it fails again, send the details to whoever runs the application you came from.</p></main>");
    page(status, "Not connected", &body, script)
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
    page(StatusCode::OK, "Installation changed", &body, "")
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
    page(StatusCode::OK, "One moment", &body, "document.forms[0].submit()")
}

fn page(status: StatusCode, title: &str, body: &str, script: &str) -> Response {
    let nonce = token::base64url(&OsEntropy, 16);
    let nonce = nonce.expose();
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{}</title>\
         <style nonce=\"{nonce}\">{STYLE}</style></head><body>{body}<script nonce=\"{nonce}\">{script}</script></body></html>",
        Escaped(title)
    );
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; base-uri 'none'; frame-ancestors 'none'"
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
}
