//! Acme's own pages: plain HTML, one style sheet inside, no script.

use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use axum::response::{Html, IntoResponse, Response};

const SHELL: &str = include_str!("page.html");

/// A page with a title and a body that is HTML already.
pub(crate) fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let html = fill(SHELL, &[("title", &escape(title)), ("body", body)]);
    // No `form-action`: browsers apply it to the redirect that follows the form, which goes to the client.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";
    (
        status,
        [(CONTENT_SECURITY_POLICY, policy), (CACHE_CONTROL, "no-store")],
        Html(html),
    )
        .into_response()
}

/// A page that says why Acme will not go on.
pub(crate) fn refusal(reason: &str) -> Response {
    let body = format!(
        "<h1>Acme cannot go on</h1><p id=\"reason\">{}</p><p>Close this window and try again from the app you \
         came from.</p>",
        escape(reason)
    );
    page(StatusCode::BAD_REQUEST, "Acme cannot go on", &body)
}

/// Puts values, which must be HTML already, in place of `{{name}}`. What was put in is not looked at again.
pub(crate) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let Some((name, remaining)) = after.split_once("}}") else {
            rest = after;
            break;
        };
        if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
            filled.push_str(value);
        }
        rest = remaining;
    }
    filled.push_str(rest);
    filled
}

/// Text as HTML, safe between tags and inside quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
