//! Answers of the cookie family that no page stands behind: the request was refused, or something broke, before
//! the dashboard saw it. HTML without scripts and with no file but the icon, so that it needs nothing else to work;
//! JSON for programs. The public family borrows one of them, for people who ask for an address that there is not.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header};
use terapi_app::UiError;
use terapi_app::base_path::Local;
use terapi_model::ErrorCode;
use terapi_vault::{OsEntropy, token};

use super::{assets, policy};
use crate::error::ApiError;
use crate::layers::RequestId;
use crate::oauth::page::Escaped;

/// The look of the pages that a popup ends on.
const STYLE: &str = include_str!("../oauth/page.css");

/// What stands above the title: something is not as it should be.
const BROKEN: &str = "<p class=\"mark bad\" aria-hidden=\"true\"></p>";
/// The same where waiting helps: the hands of a clock.
const WAITING: &str = "<p class=\"mark wait\" aria-hidden=\"true\"><svg viewBox=\"0 0 24 24\" width=\"32\" height=\"32\" \
    fill=\"none\" stroke=\"currentColor\" stroke-width=\"2.5\" stroke-linecap=\"round\" stroke-linejoin=\"round\">\
    <path d=\"M12 5v7l4 3\"/></svg></p>";

/// Why there is no page.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: ErrorCode,
    title: &'static str,
    message: String,
    mark: &'static str,
    link: Option<Link>,
    retry_after: Option<u64>,
}

/// Where to go from here.
#[derive(Debug, Clone)]
struct Link {
    href: String,
    text: String,
}

impl Link {
    fn to_dashboard() -> Self {
        Self {
            href: Local("/app").to_string(),
            text: "Go to the dashboard".to_owned(),
        }
    }
}

/// What the client takes, and the request's id.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    html: bool,
    request_id: Option<String>,
    path: String,
    is_form: bool,
}

impl Shape {
    /// Whether a person looks at it.
    pub(crate) fn is_page(&self) -> bool {
        self.html
    }
}

impl Refusal {
    fn new(status: StatusCode, code: ErrorCode, title: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            title,
            message: message.into(),
            mark: BROKEN,
            link: None,
            retry_after: None,
        }
    }

    /// 403: another site made the request, or this site under another name.
    pub(crate) fn cross_site(home: String) -> Self {
        Self {
            link: Some(Link {
                href: home.clone(),
                text: home.clone(),
            }),
            ..Self::new(
                StatusCode::FORBIDDEN,
                ErrorCode::CrossSiteRequest,
                "This came from another site",
                format!(
                    "Forms of the dashboard work only from its own pages at {home}. If you opened it under another \
                     address, such as 127.0.0.1 in place of localhost, use this one. If this one is wrong, \
                     TERAPI_PUBLIC_URL is not set to the address that you use."
                ),
            )
        }
    }

    /// 413. The form is a page of the address that it was sent to.
    pub(crate) fn too_large(limit: usize, shape: &Shape) -> Self {
        Self {
            link: Some(Link {
                href: Local(&shape.path).to_string(),
                text: "Back to the form".to_owned(),
            }),
            ..Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                ErrorCode::RequestTooLarge,
                "This is too large",
                format!("A form may have at most {} kB. Nothing was saved.", limit / 1024),
            )
        }
    }

    /// 400: the body ended early.
    pub(crate) fn unreadable() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            ErrorCode::InvalidBody,
            "The form did not arrive",
            "The connection broke while the form was sent. Go back and send it again.",
        )
    }

    /// 415: not what a form sends.
    pub(crate) fn not_a_form() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ErrorCode::InvalidContentType,
            "Not a form",
            "Pages take application/x-www-form-urlencoded. Programs use the REST API.",
        )
    }

    /// 404 for people outside of the dashboard, which has pages of its own.
    pub(crate) fn unknown_path() -> Self {
        Self {
            link: Some(Link::to_dashboard()),
            ..Self::new(
                StatusCode::NOT_FOUND,
                ErrorCode::NotFound,
                "Page not found",
                "There is nothing at this address. Look whether it is complete.",
            )
        }
    }

    /// 404 for programs: the dashboard has pages of its own for people.
    pub(crate) fn unknown_function() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            ErrorCode::NotFound,
            "Nothing here",
            "There is no such function.",
        )
    }

    /// What a function said instead of an answer, under the status of its code.
    pub(crate) fn of_call(error: &UiError) -> Self {
        let code = ErrorCode::parse(error.code()).unwrap_or(ErrorCode::ServerError);
        let status = match code {
            ErrorCode::InvalidBody => StatusCode::BAD_REQUEST,
            ErrorCode::Forbidden => StatusCode::FORBIDDEN,
            ErrorCode::NotFound => StatusCode::NOT_FOUND,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, code, "Not done", error.message())
    }

    /// 405.
    pub(crate) fn unknown_method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            ErrorCode::MethodNotAllowed,
            "Not like this",
            "Pages take GET, HEAD and POST.",
        )
    }

    /// 503: the database does not answer. Why goes to the log. A link asks again for the same address, but does not
    /// send a form again.
    pub(crate) fn unavailable(error: &dyn std::fmt::Display, shape: &Shape) -> Self {
        tracing::error!(%error, "the session cannot be looked up");
        let link = if shape.is_form {
            Link::to_dashboard()
        } else {
            Link {
                href: String::new(),
                text: "Try again".to_owned(),
            }
        };
        Self {
            mark: WAITING,
            link: Some(link),
            retry_after: Some(1),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                ErrorCode::Unavailable,
                "One moment",
                "The server cannot reach its database at the moment. Try again in a few seconds. You stay signed in.",
            )
        }
    }

    /// 500. Why is in the log already.
    pub(crate) fn failed() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            ErrorCode::ServerError,
            "Something went wrong",
            "This is a fault of the server. Its log has the reason under the reference below.",
        )
    }

    /// How the client wants to be told.
    pub(crate) fn shape(request: &Request) -> Shape {
        let accept = request
            .headers()
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok());
        Shape {
            html: accept.is_some_and(|accept| accept.contains("text/html")),
            request_id: request.extensions().get::<RequestId>().map(|id| id.0.clone()),
            path: request.uri().path().to_owned(),
            is_form: request.method() == Method::POST,
        }
    }

    /// The answer to `request`.
    pub(crate) fn answer(self, request: &Request) -> Response {
        self.shaped(Self::shape(request))
    }

    /// The answer in that shape.
    pub(crate) fn shaped(self, shape: Shape) -> Response {
        let mut response = if shape.html {
            let nonce = token::base64url(&OsEntropy, 16);
            let headers = [
                (
                    header::CONTENT_TYPE,
                    HeaderValue::from_static("text/html; charset=utf-8"),
                ),
                (header::CONTENT_SECURITY_POLICY, policy::bare(nonce.expose())),
            ];
            (
                self.status,
                headers,
                self.html(nonce.expose(), shape.request_id.as_deref()),
            )
                .into_response()
        } else {
            ApiError::new(self.status, self.code, self.message)
                .into_response_for(shape.request_id.as_deref(), false)
        };
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    fn html(&self, nonce: &str, request_id: Option<&str>) -> String {
        let link = self.link.as_ref().map_or_else(String::new, |link| {
            format!(
                "<p><a href=\"{}\">{}</a></p>",
                Escaped(&link.href),
                Escaped(&link.text)
            )
        });
        let reference =
            request_id.map_or_else(String::new, |id| format!("<p>Reference: {}</p>", Escaped(id)));
        format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"light dark\"><title>{0}</title>\
             <link rel=\"icon\" type=\"image/svg+xml\" href=\"{2}/favicon.svg\">\
             <style nonce=\"{nonce}\">{STYLE}</style></head>\
             <body><main><p class=\"brand\"><img src=\"{2}/favicon.svg\" alt=\"\" width=\"24\" height=\"24\">Terapi</p>\
             {3}<h1>{0}</h1><p role=\"alert\">{1}</p>{link}{reference}</main></body></html>",
            self.title,
            Escaped(&self.message),
            Local(assets::site_path()),
            self.mark,
        )
    }
}
