//! Putting a connection's config together from what the browser sent, what the customer's backend preset in the
//! session, and what a connection that is renewed already has.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use terapi_catalog::{AuthSpec, Provider, check_connection_config};
use terapi_vault::SecretString;

use super::OwnApp;
use super::admission::Refusal;
use crate::credentials::ClientOverride;

/// Keys that travel with the config and are none of it.
const TRAVELLERS: [&str; 5] = [
    "webhook_url",
    "oauth_scopes_override",
    "oauth_client_id_override",
    "oauth_client_secret_override",
    "oauth_refresh_token_override",
];

/// Keys that the server writes of what an attempt was asked for (rest.md 11.2). They are properties of its credentials:
/// one that an earlier attempt left must not look like this one's.
const OF_THE_ATTEMPT: [&str; 3] = ["oauth_scopes_override", OVERRIDE_REFRESH, USER_SCOPE];

/// Says that the refresh token was given with the attempt, in place of the provider's.
pub(super) const OVERRIDE_REFRESH: &str = "overrideTokenRefresh";

/// The scopes on behalf of the user that were asked for.
pub(super) const USER_SCOPE: &str = "user_scope";

/// The config of one attempt.
#[derive(Debug)]
pub(super) struct Gathered {
    /// Everything: preset, given, kept from the connection that is renewed, defaults.
    pub(super) config: Map<String, Value>,
    /// Names that came with this attempt; they win over what the provider's answers bring.
    pub(super) carried: Vec<String>,
    /// Scopes to ask for instead of the integration's (decision D24).
    pub(super) scopes: Option<Vec<String>>,
    /// The end user's own OAuth app.
    pub(super) own: Option<ClientOverride>,
    /// A refresh token to store in place of the provider's.
    pub(super) refresh_token: Option<SecretString>,
}

/// Gathers and validates (decision D8). `preset` wins over `params`; `stored` fills what neither sets (decision D12).
///
/// # Errors
/// Every field that is wrong, missing or not declared; half of an OAuth app (browser-and-modes.md 2.6 rule 6).
pub(super) fn gather(
    provider: &Provider,
    params: &BTreeMap<String, String>,
    own_app: OwnApp,
    preset: Option<&Map<String, Value>>,
    stored: Option<&Map<String, Value>>,
) -> Result<Gathered, Refusal> {
    let is_config = |name: &str| !TRAVELLERS.contains(&name);
    let empty = Map::new();
    let preset = preset.unwrap_or(&empty);
    let text = |name: &str| {
        let preset = preset
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty());
        preset
            .or_else(|| params.get(name).map(String::as_str))
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let given: Map<String, Value> = params
        .iter()
        .filter(|(name, value)| is_config(name) && !value.is_empty())
        .map(|(name, value)| (name.clone(), Value::String(value.clone())))
        .collect();
    let chosen: Map<String, Value> = preset
        .iter()
        .filter(|(name, value)| is_config(name) && !value.is_null() && value.as_str() != Some(""))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let mut base: Map<String, Value> = stored.cloned().unwrap_or_default();
    base.retain(|name, value| {
        let is_ours = OF_THE_ATTEMPT.contains(&name.as_str());
        is_config(name) && !is_ours && !given.contains_key(name) && is_plain(value)
    });
    base.extend(chosen.clone());
    let config = check_connection_config(provider, &given, &base).map_err(Refusal::Config)?;
    let carried = given
        .keys()
        .chain(chosen.keys())
        .filter(|name| config.contains_key(*name))
        .cloned()
        .collect();

    let client_id = text("oauth_client_id_override").or(own_app.client_id);
    let client_secret = text("oauth_client_secret_override")
        .map(SecretString::new)
        .or(own_app.client_secret);
    let missing = match (&client_id, &client_secret) {
        (Some(_), None) => Some("oauth_client_secret_override"),
        (None, Some(_)) => Some("oauth_client_id_override"),
        _ => None,
    };
    let authorizes = matches!(provider.auth, AuthSpec::OAuth2(_));
    if let Some(missing) = missing.filter(|_| authorizes) {
        return Err(Refusal::HalfAnApp { missing });
    }
    let own = client_id.is_some().then_some(ClientOverride {
        client_id,
        client_secret,
    });
    Ok(Gathered {
        config,
        carried,
        scopes: scopes_override(params, preset),
        own,
        refresh_token: text("oauth_refresh_token_override")
            .map(SecretString::new)
            .or(own_app.refresh_token),
    })
}

/// Lists and objects in a stored config were written by the server, never by a form.
fn is_plain(value: &Value) -> bool {
    value.is_string() || value.is_number() || value.is_boolean()
}

/// A list of nothing, as joining no scopes makes it, is none: it must not take the scopes out of the request.
fn scopes_override(params: &BTreeMap<String, String>, preset: &Map<String, Value>) -> Option<Vec<String>> {
    const KEY: &str = "oauth_scopes_override";
    let preset: Option<Vec<String>> = match preset.get(KEY) {
        Some(Value::String(text)) => Some(scope_list(text)),
        Some(Value::Array(items)) => {
            let texts = items.iter().filter_map(Value::as_str);
            Some(texts.map(str::to_owned).collect())
        }
        _ => None,
    };
    let given = || params.get(KEY).map(|text| scope_list(text));
    let named = |scopes: &Vec<String>| !scopes.is_empty();
    preset.filter(named).or_else(|| given().filter(named))
}

/// Scopes written with commas, as on the wire, or with white space.
pub(super) fn scope_list(text: &str) -> Vec<String> {
    let scopes = text.split(|letter: char| letter == ',' || letter.is_whitespace());
    scopes
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The config to store after a provider's answer: what the connection had, then what was gathered, then what the
/// answer brought; names that came with the attempt win over the answer (rest.md 9.5).
pub(crate) fn settle(
    stored: Option<&Map<String, Value>>,
    gathered: &Map<String, Value>,
    carried: &[String],
    answered: Map<String, Value>,
) -> Map<String, Value> {
    let mut config = stored.cloned().unwrap_or_default();
    OF_THE_ATTEMPT.iter().for_each(|name| drop(config.remove(*name)));
    config.extend(gathered.clone());
    config.extend(answered.into_iter().filter(|(name, _)| !carried.contains(name)));
    config
}
