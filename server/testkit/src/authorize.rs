//! `/oauth/authorize` (RFC 6749 section 4.1.1, RFC 7636 section 4.3): the consent page and what follows it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::header::{CACHE_CONTROL, LOCATION};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use url::Url;

use crate::acme::Shared;
use crate::clients::Client;
use crate::grants::{ACCOUNTS, Account, Consent, split_scopes};
use crate::page::{escape, fill, page, refusal};
use crate::params::Params;
use crate::script::{Denial, IssuerParameter, Script};

const CONSENT: &str = include_str!("consent.html");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// Answers `GET /oauth/authorize`: the consent page, or at once the redirect back.
pub(crate) async fn show(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Response {
    let params = Params::from_form(query.unwrap_or_default().as_bytes());
    let script = shared.script().clone();
    let response = match AuthorizationRequest::read(&shared, &script, &params) {
        Err(answer) => *answer,
        Ok(request) => match &script.deny {
            Some(denial) => request.go_back(&shared, &script, StatusCode::FOUND, &error_pairs(denial)),
            None if script.auto_approve || params.get("auto") == Some("1") => {
                request.approve(&shared, &script, StatusCode::FOUND, &ACCOUNTS[0])
            }
            None => request.consent_page(&params),
        },
    };
    with_opener_policy(response, &script)
}

/// Answers `POST /oauth/authorize`: the decision made on the consent page.
pub(crate) async fn decide(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let params = Params::from_form(&body);
    let script = shared.script().clone();
    let response = match AuthorizationRequest::read(&shared, &script, &params) {
        Err(answer) => *answer,
        Ok(request) if params.get("decision") == Some("allow") => {
            let account = ACCOUNTS
                .iter()
                .find(|account| params.get("account") == Some(account.id));
            request.approve(
                &shared,
                &script,
                StatusCode::SEE_OTHER,
                account.unwrap_or(&ACCOUNTS[0]),
            )
        }
        Ok(request) => {
            let denial = Denial {
                error: "access_denied".to_owned(),
                description: Some("The user denied the request.".to_owned()),
            };
            request.go_back(&shared, &script, StatusCode::SEE_OTHER, &error_pairs(&denial))
        }
    };
    with_opener_policy(response, &script)
}

/// An authorization request that may be answered.
struct AuthorizationRequest {
    client: Client,
    redirect_uri: String,
    callback: Url,
    state: Option<String>,
    scopes: Vec<String>,
    challenge: Option<String>,
}

impl AuthorizationRequest {
    /// Reads and checks the parameters. Without a good client and redirect URI nobody is sent anywhere
    /// (RFC 6749 section 4.1.2.1): the error is a page.
    fn read(shared: &Shared, script: &Script, params: &Params) -> Result<Self, Box<Response>> {
        let refused = |reason: &str| Err(Box::new(refusal(reason)));
        if let Some(name) = params.repeated() {
            return refused(&format!("The parameter {name} was sent twice."));
        }
        let Some(client_id) = params.get("client_id") else {
            return refused("There is no client_id.");
        };
        let Some(client) = shared.clients().get(client_id).cloned() else {
            return refused("Acme does not know this client_id.");
        };
        let Some(redirect_uri) = params.get("redirect_uri") else {
            return refused("There is no redirect_uri.");
        };
        let Some(callback) = callback_url(redirect_uri) else {
            return refused("The redirect_uri is not an absolute URL without a fragment.");
        };
        if !client.accepts_redirect(redirect_uri) {
            return refused("The redirect_uri is not registered for this client.");
        }
        let challenge = params.get("code_challenge");
        let request = Self {
            client,
            redirect_uri: redirect_uri.to_owned(),
            callback,
            state: params.get("state").map(str::to_owned),
            scopes: params.get("scope").map(split_scopes).unwrap_or_default(),
            challenge: challenge.map(str::to_owned),
        };
        let problem = if params.get("response_type") != Some("code") {
            Some(("unsupported_response_type", "The response_type must be code."))
        } else if script.require_pkce && challenge.is_none() {
            Some(("invalid_request", "A code_challenge is required."))
        } else if challenge.is_some() && params.get("code_challenge_method") != Some("S256") {
            Some(("invalid_request", "The code_challenge_method must be S256."))
        } else {
            None
        };
        match problem {
            None => Ok(request),
            Some((error, description)) => {
                let denial = Denial {
                    error: error.to_owned(),
                    description: Some(description.to_owned()),
                };
                Err(Box::new(request.go_back(
                    shared,
                    script,
                    StatusCode::FOUND,
                    &error_pairs(&denial),
                )))
            }
        }
    }

    fn approve(
        &self,
        shared: &Shared,
        script: &Script,
        status: StatusCode,
        account: &'static Account,
    ) -> Response {
        let consent = Consent {
            client_id: self.client.client_id.clone(),
            account,
            scopes: script
                .granted_scopes
                .clone()
                .unwrap_or_else(|| self.scopes.clone()),
            redirect_uri: self.redirect_uri.clone(),
            challenge: self.challenge.clone(),
        };
        let code = shared.grants().issue_code(consent, script, shared.clock.now_ms());
        self.go_back(shared, script, status, &[("code", &code)])
    }

    /// Redirects to the client with an authorization response (RFC 6749 section 4.1.2, RFC 9207).
    fn go_back(
        &self,
        shared: &Shared,
        script: &Script,
        status: StatusCode,
        pairs: &[(&str, &str)],
    ) -> Response {
        let mut sent = Vec::from(pairs);
        sent.extend(self.state.as_deref().map(|state| ("state", state)));
        match &script.iss {
            IssuerParameter::Absent | IssuerParameter::Missing => {}
            IssuerParameter::Right => sent.push(("iss", &shared.url)),
            IssuerParameter::Wrong(issuer) => sent.push(("iss", issuer)),
        }
        sent.retain(|(name, _)| !script.callback_params.contains_key(*name));
        sent.extend(
            script
                .callback_params
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        );
        let mut callback = self.callback.clone();
        callback.query_pairs_mut().extend_pairs(sent);
        match HeaderValue::from_str(callback.as_str()) {
            Ok(location) => {
                let headers = [
                    (LOCATION, location),
                    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
                ];
                (status, headers).into_response()
            }
            Err(_) => refusal("The redirect_uri cannot be sent in a header."),
        }
    }

    fn consent_page(&self, params: &Params) -> Response {
        let hidden: String = params
            .iter()
            .map(|(name, value)| {
                format!(
                    "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
                    escape(name),
                    escape(value)
                )
            })
            .collect();
        let accounts: String = ACCOUNTS
            .iter()
            .enumerate()
            .map(|(index, account)| {
                let checked = if index == 0 { " checked" } else { "" };
                format!(
                    "<label class=\"account\"><input type=\"radio\" name=\"account\" value=\"{}\"{checked}>\
                     <span>{}<small>{}</small></span></label>",
                    account.id, account.name, account.email
                )
            })
            .collect();
        let client = escape(self.client.display_name());
        let destination = escape(&self.callback.origin().ascii_serialization());
        let body = fill(
            CONSENT,
            &[
                ("client", &client),
                ("hidden", &hidden),
                ("accounts", &accounts),
                ("scopes", &scope_items(&self.scopes)),
                ("destination", &destination),
            ],
        );
        page(StatusCode::OK, "Allow access to your Acme account?", &body)
    }
}

fn scope_items(scopes: &[String]) -> String {
    if scopes.is_empty() {
        return "<li>Know that you have an Acme account</li>".to_owned();
    }
    scopes
        .iter()
        .map(|scope| {
            let name = escape(scope);
            match scope_meaning(scope) {
                Some(meaning) => format!("<li>{meaning} <code>{name}</code></li>"),
                None => format!("<li><code>{name}</code></li>"),
            }
        })
        .collect()
}

fn scope_meaning(scope: &str) -> Option<&'static str> {
    match scope {
        "profile" => Some("See your name and e-mail address"),
        "contacts.read" => Some("See your contacts"),
        "contacts.write" => Some("Add and change contacts"),
        "offline_access" => Some("Stay connected while you are away"),
        _ => None,
    }
}

fn callback_url(redirect_uri: &str) -> Option<Url> {
    Url::parse(redirect_uri)
        .ok()
        .filter(|url| url.fragment().is_none() && !url.cannot_be_a_base())
}

fn error_pairs(denial: &Denial) -> Vec<(&str, &str)> {
    let mut pairs = vec![("error", denial.error.as_str())];
    pairs.extend(
        denial
            .description
            .as_deref()
            .map(|description| ("error_description", description)),
    );
    pairs
}

fn with_opener_policy(mut response: Response, script: &Script) -> Response {
    if let Some(policy) = script
        .coop
        .as_deref()
        .and_then(|policy| HeaderValue::from_str(policy).ok())
    {
        response.headers_mut().insert(OPENER_POLICY, policy);
    }
    response
}
