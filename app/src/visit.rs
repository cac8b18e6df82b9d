//! One request to the dashboard, as `server` hands it over.

use std::net::IpAddr;
use std::sync::Arc;

use terapi_broker::Broker;
use terapi_model::OperatorId;

use crate::form::Query;

/// What stays the same for all requests.
#[derive(Clone)]
pub struct Site {
    /// What Terapi can do.
    pub broker: Broker,
    /// Where browsers find the site's files, without a slash at the end: `/assets/{site hash}`.
    pub assets: Arc<str>,
}

/// One request.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The path as received, still percent-encoded.
    pub path: String,
    /// The query.
    pub query: Query,
    /// Who is signed in, by the session cookie.
    pub signed_in: Option<SignedIn>,
    /// The wanted theme, by the theme cookie.
    pub theme: Theme,
    /// Where the request came from.
    pub address: IpAddr,
    /// Shown on error pages, and found in the log.
    pub request_id: String,
}

/// The operator behind a session cookie.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The operator.
    pub operator: OperatorId,
    /// The stored hash of the session's id, to tell this session from the operator's others.
    pub session: String,
}

/// How the dashboard looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the device says.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// The cookie that keeps the choice for a year. It is no secret and says nothing about the visitor.
    pub const COOKIE: &'static str = "terapi-theme";

    /// The value in the cookie and in the page's `data-theme`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// The theme of a cookie's or form's value; anything unknown follows the device.
    pub fn parse(text: &str) -> Self {
        match text {
            "light" => Theme::Light,
            "dark" => Theme::Dark,
            _ => Theme::System,
        }
    }
}
