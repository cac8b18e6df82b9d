//! Checking what people and operators typed, on the server, against what the provider declares (decisions D8).

use serde_json::{Map, Value};
use terapi_model::{Issue, IssueCode};

use crate::provider::{Field, Fields, Provider};
use crate::template::text;

/// No value of a form is longer.
const MAX_VALUE: usize = 16 * 1024;

/// Checks a connection config that came from a browser, together with what the customer's backend preset in the
/// connect session.
///
/// The browser may set declared fields only (unless the provider accepts additional ones), and neither fields the
/// provider fills nor hidden constants. A preset wins over the browser; it may also set what a person may not.
/// Returns the config to store: presets, given values, defaults; empty values are left out.
///
/// # Errors
/// Every issue, each with the name of its field as path; names that are no fields share one without a path.
pub fn check_connection_config(
    provider: &Provider,
    given: &Map<String, Value>,
    preset: &Map<String, Value>,
) -> Result<Map<String, Value>, Vec<Issue>> {
    let fields = &provider.connection_config;
    let mut issues = Vec::new();
    let mut strangers = Vec::new();
    let mut values = Map::new();
    for (name, value) in given {
        if preset.contains_key(name) {
            continue;
        }
        match fields.get(name) {
            Some(field) if field.automated => {
                issues.push(issue(
                    name,
                    IssueCode::InvalidValue,
                    "is filled in by the provider and cannot be given",
                ));
            }
            Some(field) if field.hidden && value.as_str() != field.default_value.as_deref() => {
                issues.push(issue(
                    name,
                    IssueCode::InvalidValue,
                    "is fixed and cannot be given",
                ));
            }
            None if !fields.additional() => strangers.push(name.as_str()),
            _ => drop(values.insert(name.clone(), value.clone())),
        }
    }
    issues.extend(unknown(&strangers));
    values.extend(preset.iter().map(|(name, value)| (name.clone(), value.clone())));
    finish(fields, values, issues)
}

/// Checks the config of a connection that was made elsewhere and is imported with its credentials.
///
/// Fields the provider declares must have the declared form, whoever fills them in otherwise; what is not declared is
/// kept as it is, and nothing has to be there.
///
/// # Errors
/// Every issue, each with the name of its field as path.
pub fn check_imported_config(provider: &Provider, given: &Map<String, Value>) -> Result<(), Vec<Issue>> {
    let fields = &provider.connection_config;
    let is_given = |value: &&Value| !value.is_null() && value.as_str() != Some("");
    let issues: Vec<Issue> = fields
        .iter()
        .filter_map(|(name, field)| check_value(name, field, given.get(name).filter(is_given)?))
        .collect();
    if issues.is_empty() { Ok(()) } else { Err(issues) }
}

/// Checks the integration's settings given by the operator. Returns them with defaults, empty ones left out.
///
/// # Errors
/// Every issue, each with the name of its field as path; names that are no fields share one without a path.
pub fn check_integration_config(
    provider: &Provider,
    given: &Map<String, Value>,
) -> Result<Map<String, Value>, Vec<Issue>> {
    check_declared(&provider.integration_config, given)
}

/// Checks typed credentials by their internal names (`api_key`, `username`, `password`), defaults applied.
///
/// # Errors
/// Every issue, each with the name of its field as path; names that are no fields share one without a path. No message
/// repeats a value.
pub fn check_credentials(
    provider: &Provider,
    given: &Map<String, Value>,
) -> Result<Map<String, Value>, Vec<Issue>> {
    check_declared(&provider.credentials, given)
}

fn check_declared(fields: &Fields, given: &Map<String, Value>) -> Result<Map<String, Value>, Vec<Issue>> {
    let is_stranger = |name: &&str| fields.get(name).is_none() && !fields.additional();
    let strangers: Vec<&str> = given.keys().map(String::as_str).filter(is_stranger).collect();
    let issues = unknown(&strangers).into_iter().collect();
    let known = given
        .iter()
        .filter(|(name, _)| fields.get(name).is_some() || fields.additional());
    finish(
        fields,
        known.map(|(name, value)| (name.clone(), value.clone())).collect(),
        issues,
    )
}

fn finish(
    fields: &Fields,
    values: Map<String, Value>,
    mut issues: Vec<Issue>,
) -> Result<Map<String, Value>, Vec<Issue>> {
    let mut values = fields.with_defaults(&values);
    values.retain(|_, value| !value.is_null() && value.as_str() != Some(""));
    for (name, field) in fields.iter() {
        match values.get(name) {
            None => {
                // An empty default says that an empty value is fine: one half of a Basic pair, for instance.
                let missing = field.required && !field.automated && field.default_value.is_none();
                if missing && !issues.iter().any(|known| known.path == [name]) {
                    issues.push(issue(name, IssueCode::InvalidType, "is required"));
                }
            }
            Some(value) => issues.extend(check_value(name, field, value)),
        }
    }
    for (name, value) in &values {
        if fields.get(name).is_none() && text(value).is_none_or(|text| text.len() > MAX_VALUE) {
            issues.push(issue(
                name,
                IssueCode::InvalidType,
                "must be text, a number, true or false",
            ));
        }
    }
    if issues.is_empty() {
        Ok(values)
    } else {
        Err(issues)
    }
}

fn check_value(name: &str, field: &Field, value: &Value) -> Option<Issue> {
    let Some(text) = text(value) else {
        return Some(issue(
            name,
            IssueCode::InvalidType,
            "must be text, a number, true or false",
        ));
    };
    if text.len() > MAX_VALUE {
        return Some(issue(name, IssueCode::TooBig, "is too long"));
    }
    if text.contains('\0') {
        return Some(issue(
            name,
            IssueCode::InvalidFormat,
            "contains a character that is not allowed",
        ));
    }
    let code = if field.allowed.is_empty() {
        IssueCode::InvalidFormat
    } else {
        IssueCode::InvalidValue
    };
    let reason = field.check(&text).err()?;
    Some(issue(name, code, &reason).with_pattern(field.missed_pattern(&text)))
}

/// How many unknown names are repeated.
const MOST_NAMED: usize = 10;
/// How much of each, in characters.
const LONGEST_NAMED: usize = 64;

/// One issue for all names that are nobody's fields; it is about the object they are in.
/// It does not grow with what was sent.
fn unknown(names: &[&str]) -> Option<Issue> {
    let mut named: Vec<String> = names
        .iter()
        .take(MOST_NAMED)
        .map(|name| name.chars().take(LONGEST_NAMED).collect())
        .collect();
    let more = names.len() - named.len();
    if more > 0 {
        named.push(format!("and {more} more"));
    }
    let message = match &named[..] {
        [] => return None,
        [name] => format!("{name} is not a field of this provider"),
        named => format!("{} are not fields of this provider", named.join(", ")),
    };
    Some(Issue::at([""; 0], IssueCode::UnrecognizedKeys, message))
}

fn issue(name: &str, code: IssueCode, message: &str) -> Issue {
    Issue::at([name], code, format!("{name} {message}"))
}
