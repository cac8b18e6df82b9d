use std::collections::BTreeSet;

use url::{Host, Url};

use super::update::UpdateEnvironmentError;

/// Longest callback URL, characters.
const MAX_CALLBACK: usize = 2048;
/// Most allowed origins of an environment.
const MAX_ORIGINS: usize = 100;

/// A callback URL as an operator types it, kept verbatim: it is compared by providers character by character.
/// `None` for an empty text, which means this instance's own. The error is what is wrong with it.
pub(super) fn check_callback_url(text: &str) -> Result<Option<String>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let refused = |why: &str| Err(why.to_owned());
    if text.chars().count() > MAX_CALLBACK {
        return refused("has at most 2048 characters");
    }
    let Some(url) = web_address(text) else {
        return refused("must be an absolute address that begins with https://");
    };
    if !url.username().is_empty() || url.password().is_some() {
        return refused("may not hold a user name or password");
    }
    // RFC 6749 section 3.1.2.
    if url.fragment().is_some() {
        return refused("may not have a part after #");
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return refused("must begin with https://; http:// is for this machine alone");
    }
    Ok(Some(text.to_owned()))
}

/// Origins as an operator types them, in the spelling that browsers send (RFC 6454 section 6.1), each once.
pub(super) fn check_origins(typed: &[String]) -> Result<Vec<String>, UpdateEnvironmentError> {
    let mut seen = BTreeSet::new();
    let (mut origins, mut wrong) = (Vec::new(), Vec::new());
    for text in typed
        .iter()
        .map(|text| text.trim())
        .filter(|text| !text.is_empty())
    {
        let bare = web_address(text).filter(|url| {
            let ends = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
            ends && url.username().is_empty() && url.password().is_none()
        });
        let Some(url) = bare else {
            wrong.push(text.to_owned());
            continue;
        };
        let origin = url.origin().ascii_serialization();
        if seen.insert(origin.clone()) {
            origins.push(origin);
        }
    }
    if !wrong.is_empty() {
        return Err(UpdateEnvironmentError::AllowedOrigins(wrong));
    }
    if origins.len() > MAX_ORIGINS {
        return Err(UpdateEnvironmentError::TooManyOrigins);
    }
    Ok(origins)
}

fn web_address(text: &str) -> Option<Url> {
    let spelled = text.get(..8).is_some_and(|start| {
        let start = start.to_ascii_lowercase();
        start == "https://" || start.starts_with("http://")
    });
    let plain = !text
        .chars()
        .any(|c| c.is_control() || c.is_whitespace() || c == '\\');
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "https" | "http"))?;
    (spelled && plain && url.has_host() && !text.contains('*')).then_some(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
