use super::Pattern;
use super::params::{Params, Unset};
use super::reading::Declared;
use crate::document::{Data, Section};
use crate::template::{Path, Scope, UrlTemplate, Use, Variable};

/// What every request to the provider's API begins with.
#[derive(Debug, Clone)]
pub struct Requests {
    /// The root of the API. Absent: the caller has to name a whole address.
    pub base_url: Option<UrlTemplate>,
    /// Headers added to every request; left out when their value is not set. Names are lower case.
    pub headers: Params,
    /// Query parameters added to every request; left out when their value is not set.
    pub params: Params,
    /// Hosts that whole addresses may name, beside the one of `base_url`.
    pub hosts: Vec<String>,
    /// How the provider says when to come back.
    pub retry: Retry,
}

/// How a provider announces its limits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retry {
    /// Headers with a moment: seconds or milliseconds since 1970, or a date.
    pub at: Vec<String>,
    /// Headers with a number of seconds to wait.
    pub after: Vec<String>,
    /// The header that says 0 when the quota is used up.
    pub remaining: Option<String>,
    /// Statuses that are worth another try, in place of the usual ones: `429`, `5xx`.
    pub error_code: Vec<String>,
    /// A hint inside an error's body.
    pub in_body: Option<RetryInBody>,
}

/// A hint for when to come back, inside the body of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryInBody {
    /// Where the text stands.
    pub path: Path,
    /// Its first group is the hint.
    pub pattern: Pattern,
    /// Whether the hint is a moment (`at`) rather than seconds (`after`).
    pub is_moment: bool,
}

impl Requests {
    /// Whether a header, a query parameter or the base URL carries a credential of this scope. When none does, the
    /// mode's own placement is used: `Authorization: Bearer` for OAuth 2.0 and API keys, Basic for user names.
    pub fn places_credentials(&self, scope: &Scope<'_>) -> bool {
        let in_base_url = |url: &UrlTemplate| {
            url.template()
                .variables()
                .into_iter()
                .any(Variable::is_credential)
        };
        self.headers.places_credentials(scope)
            || self.params.places_credentials(scope)
            || self.base_url.as_ref().is_some_and(in_base_url)
    }

    pub(super) fn read(section: Option<Section<'_>>, declared: &Declared<'_>) -> Requests {
        let mut requests = Requests {
            base_url: None,
            headers: Params::empty(Use::Header, Unset::Omit),
            params: Params::empty(Use::Query, Unset::Omit),
            hosts: Vec::new(),
            retry: Retry::default(),
        };
        let Some(section) = section else { return requests };
        requests.base_url = section
            .take("base_url")
            .and_then(|node| declared.url(node, &section.path_of("base_url"), Use::BaseUrl));
        requests.headers = Params::read(section.section("headers"), Use::Header, Unset::Omit, declared);
        requests.params = Params::read(section.section("params"), Use::Query, Unset::Omit, declared);
        requests.hosts = section.texts("hosts");
        if let Some(retry) = section.section("retry") {
            requests.retry = Retry::read(retry);
        }
        section.not_yet(&["body", "paginate", "decompress", "forward_headers_on_redirect"]);
        section.finish();
        requests
    }
}

impl Retry {
    fn read(section: Section<'_>) -> Retry {
        let lower = |texts: Vec<String>| texts.into_iter().map(|text| text.to_ascii_lowercase()).collect();
        let retry = Retry {
            at: lower(section.texts("at")),
            after: lower(section.texts("after")),
            remaining: section.text("remaining").map(|text| text.to_ascii_lowercase()),
            error_code: section.texts("error_code"),
            in_body: section.section("in_body").and_then(|body| {
                body.require("path");
                let path = body
                    .text("path")
                    .and_then(|text| super::auth::path_in(&body, "path", &text));
                body.require("pattern");
                let pattern = body.text("pattern").and_then(|source| {
                    Pattern::parse(&source)
                        .map_err(|reason| body.complain("pattern", reason))
                        .ok()
                });
                let is_moment = body
                    .choice("strategy", &[("at", true), ("after", false)])
                    .unwrap_or(false);
                body.finish();
                Some(RetryInBody {
                    path: path?,
                    pattern: pattern?,
                    is_moment,
                })
            }),
        };
        section.finish();
        retry
    }
}

/// A cheap call that proves credentials.
#[derive(Debug, Clone)]
pub struct Verification {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Paths, tried in order: the first 2xx passes.
    pub endpoints: Vec<UrlTemplate>,
    /// Another root than the one of `requests`.
    pub base_url: Option<UrlTemplate>,
    /// Headers of this call only.
    pub headers: Params,
    /// Body of a `POST`, JSON.
    pub body: Option<serde_json::Value>,
}

impl Verification {
    pub(super) fn read(section: Section<'_>, declared: &Declared<'_>) -> Option<Verification> {
        let mut endpoints = Vec::new();
        if let Some(node) = section.require("endpoints") {
            match &node.data {
                Data::List(items) if !items.is_empty() => {
                    let path = section.path_of("endpoints");
                    endpoints.extend(items.iter().filter_map(|item| declared.endpoint(item, &path)));
                }
                _ => section.complain("endpoints", "expected a list of paths"),
            }
        }
        let verification = Verification {
            method: section
                .choice("method", &[("GET", "GET"), ("POST", "POST")])
                .unwrap_or("GET"),
            endpoints,
            base_url: section
                .take("base_url")
                .and_then(|node| declared.url(node, &section.path_of("base_url"), Use::BaseUrl)),
            headers: Params::read(section.section("headers"), Use::Header, Unset::Omit, declared),
            body: section.take("body").map(crate::document::Node::to_json),
        };
        section.finish();
        (!verification.endpoints.is_empty()).then_some(verification)
    }
}
