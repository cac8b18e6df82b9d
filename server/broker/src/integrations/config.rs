//! What an operator types into an integration, checked, and split into what may lie open and what is sealed.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use terapi_catalog::{AuthSpec, ClientAuth, Provider, check_integration_config};
use terapi_model::{Issue, IssueCode};
use terapi_vault::SecretString;

/// Longest value of a free or declared setting, bytes.
const MAX_VALUE: usize = 8192;
/// Longest client id, webhook secret and name, characters.
const MAX_TEXT: usize = 255;
/// Longest client secret, bytes.
const MAX_SECRET: usize = 16 * 1024;

/// Settings to store.
pub(super) struct CheckedConfig {
    pub(super) open: Map<String, Value>,
    pub(super) secret: Map<String, Value>,
}

/// Checks declared settings against the provider. A draft may leave out required ones.
pub(super) fn check_config(
    provider: &Provider,
    given: &Map<String, Value>,
    draft: bool,
) -> Result<CheckedConfig, Vec<Issue>> {
    let fields = &provider.integration_config;
    let checked = match check_integration_config(provider, given) {
        Err(issues) if draft && issues.iter().all(|issue| is_unset(given, issue)) => {
            let mut values = fields.with_defaults(given);
            values.retain(|_, value| !is_empty(value));
            values
        }
        Err(issues) => {
            return Err(issues
                .into_iter()
                .map(|issue| below("integration_config", issue))
                .collect());
        }
        Ok(values) => values,
    };
    let (secret, open) = checked
        .into_iter()
        .partition(|(name, _)| fields.get(name).is_some_and(|field| field.secret));
    Ok(CheckedConfig { open, secret })
}

/// A field's issue in a body where its name is in the path: the message need not begin with it.
pub(crate) fn below(group: &str, mut issue: Issue) -> Issue {
    let name = issue.path.first().cloned().unwrap_or_default();
    if let Some(rest) = issue.message.strip_prefix(&format!("{name} ")) {
        issue.message = rest.to_owned();
    }
    issue.under(group)
}

fn is_unset(given: &Map<String, Value>, issue: &Issue) -> bool {
    issue
        .path
        .first()
        .is_some_and(|name| given.get(name).is_none_or(is_empty))
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

/// Declared settings as JSON, which the catalogue checks.
pub(super) fn as_json(given: &BTreeMap<String, String>) -> Map<String, Value> {
    given
        .iter()
        .map(|(name, value)| (name.clone(), Value::String(value.clone())))
        .collect()
}

/// Whether the provider's mode has an OAuth client that the operator registers.
pub(super) fn takes_client(provider: &Provider) -> bool {
    provider.auth_mode().has_client()
}

/// Whether that client has a secret.
pub(super) fn needs_secret(provider: &Provider) -> bool {
    match &provider.auth {
        AuthSpec::OAuth2(spec) => spec.client_auth != ClientAuth::None,
        _ => takes_client(provider),
    }
}

/// Whether nobody can connect before that client is there. A token of an administrator may come with a client of its
/// own.
pub(super) fn needs_client(provider: &Provider) -> bool {
    takes_client(provider) && !matches!(provider.auth, AuthSpec::Tba(_))
}

/// Free values, which providers with declared settings do not take.
pub(super) fn check_custom(provider: &Provider, custom: &BTreeMap<String, String>, issues: &mut Vec<Issue>) {
    if !custom.is_empty() && !provider.integration_config.is_empty() {
        let message = "this provider declares its settings; use integration_config";
        issues.push(Issue::at(["custom"], IssueCode::Custom, message));
    }
    check_map("custom", custom, issues);
}

/// Sizes and characters of a map of texts.
pub(super) fn check_map(field: &str, values: &BTreeMap<String, String>, issues: &mut Vec<Issue>) {
    for (name, value) in values {
        if value.len() > MAX_VALUE || name.len() > MAX_TEXT {
            let message = format!("has at most {MAX_VALUE} characters");
            issues.push(Issue::at([field, name], IssueCode::TooBig, message));
        }
        if value.contains('\0') || name.contains('\0') {
            issues.push(Issue::at(
                [field, name],
                IssueCode::InvalidFormat,
                "may not hold a NUL character",
            ));
        }
    }
}

pub(super) fn check_display_name(name: &str, issues: &mut Vec<Issue>) {
    check_text(&["display_name"], name, 1, issues);
}

pub(super) fn check_client_id(id: &str, issues: &mut Vec<Issue>) {
    check_text(&["credentials", "client_id"], id, 1, issues);
}

pub(super) fn check_webhook_secret(secret: &SecretString, issues: &mut Vec<Issue>) {
    check_text(&["credentials", "webhook_secret"], secret.expose(), 0, issues);
}

pub(super) fn check_client_secret(secret: &SecretString, issues: &mut Vec<Issue>) {
    let path = ["credentials", "client_secret"];
    if secret.is_empty() {
        issues.push(Issue::at(path, IssueCode::TooSmall, "may not be empty"));
    } else if secret.expose().len() > MAX_SECRET || secret.expose().contains('\0') {
        issues.push(Issue::at(
            path,
            IssueCode::InvalidFormat,
            "is too long, or holds a NUL character",
        ));
    }
}

/// Scopes of rest.md 1.5: digits, letters and `: / _ . * -`.
pub(super) fn check_scopes(scopes: &[String], issues: &mut Vec<Issue>) {
    let is_scope = |scope: &String| {
        !scope.is_empty()
            && scope
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b":/_.*-".contains(&byte))
    };
    if !scopes.iter().all(is_scope) || scopes.iter().map(String::len).sum::<usize>() > MAX_VALUE {
        let message = "scopes have letters, digits and : / _ . * - and no spaces";
        issues.push(Issue::at(
            ["credentials", "scopes"],
            IssueCode::InvalidFormat,
            message,
        ));
    }
}

fn check_text(path: &[&str], text: &str, fewest: usize, issues: &mut Vec<Issue>) {
    let path = || path.iter().copied();
    match text.chars().count() {
        length if length < fewest => {
            issues.push(Issue::at(path(), IssueCode::TooSmall, "may not be empty"));
        }
        length if length > MAX_TEXT => {
            issues.push(Issue::at(
                path(),
                IssueCode::TooBig,
                format!("has at most {MAX_TEXT} characters"),
            ));
        }
        _ if text.contains('\0') => {
            issues.push(Issue::at(
                path(),
                IssueCode::InvalidFormat,
                "may not hold a NUL character",
            ));
        }
        _ => {}
    }
}
