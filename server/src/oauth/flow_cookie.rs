//! The cookie that binds a callback to the browser that started the flow (decision D9, RFC 9700 section 4.7).
//!
//! It holds a random *browser id*, not a flow: any number of parallel attempts share it, and each attempt stores
//! its SHA-256. It is the only cookie that a public route reads.

use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use terapi_vault::{OsEntropy, SecretString, token};
use url::Url;

/// Seconds that a browser keeps it after the last start.
const LIFE_SECONDS: i64 = 3600;

/// Letters of a browser id: 32 random bytes in base64url.
const LENGTH: usize = 43;

fn name(public_url: &Url) -> &'static str {
    if public_url.scheme() == "https" {
        "__Host-terapi-flow"
    } else {
        "terapi-flow"
    }
}

/// The browser id that came, if it has the shape of one.
pub fn read(jar: &CookieJar, public_url: &Url) -> Option<SecretString> {
    let value = jar.get(name(public_url))?.value();
    let sound = value.len() == LENGTH
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    sound.then(|| SecretString::from(value))
}

/// The browser id that came, or a new one.
pub fn read_or_draw(jar: &CookieJar, public_url: &Url) -> SecretString {
    read(jar, public_url).unwrap_or_else(|| token::base64url(&OsEntropy, 32))
}

/// The cookie that keeps `browser_id` for another hour.
pub fn renew(browser_id: &SecretString, public_url: &Url) -> Cookie<'static> {
    Cookie::build((name(public_url), browser_id.expose().clone()))
        .http_only(true)
        .secure(public_url.scheme() == "https")
        .same_site(SameSite::Lax)
        .path("/")
        .max_age(time::Duration::seconds(LIFE_SECONDS))
        .build()
}
