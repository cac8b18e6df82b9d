use url::Url;

use crate::Broker;

/// Longest webhook address, in characters.
const MOST: usize = 2048;

/// A webhook address, whoever gives it (rest.md 1.5): absolute, not this instance itself, and nowhere outbound calls
/// may not go as far as that can be told without resolving a name. `None` for an empty text.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_webhook_url(broker: &Broker, text: &str) -> Result<Option<String>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    if text.chars().count() > MOST {
        return Err(format!("has at most {MOST} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err("may not hold control characters".to_owned());
    }
    let url = Url::parse(text).map_err(|_| "must be an absolute address".to_owned())?;
    if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
        return Err("must be an absolute address that begins with https:// or http://".to_owned());
    }
    let own = &broker.settings().public_url;
    let is_own_host =
        url.host_str() == own.host_str() && url.port_or_known_default() == own.port_or_known_default();
    if is_own_host {
        return Err("may not be this instance's own address".to_owned());
    }
    broker.egress().judge(&url).map_err(|error| error.to_string())?;
    Ok(Some(text.to_owned()))
}
