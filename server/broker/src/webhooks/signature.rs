use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};
use terapi_model::{Timestamp, WebhookId};
use terapi_vault::SecretString;
use terapi_vault::hash::{hex_text, hmac_sha256, hmac_sha256_hex, sha256};

const HMAC_SHA256: HeaderName = HeaderName::from_static("x-nango-hmac-sha256");
const LEGACY_SIGNATURE: HeaderName = HeaderName::from_static("x-nango-signature");
const WEBHOOK_ID: HeaderName = HeaderName::from_static("webhook-id");
const WEBHOOK_TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// The headers of an event: both signatures that published packages look for (rest.md 14.2) and those of Standard
/// Webhooks 1.0 (decision D3). The key is used as UTF-8: a Standard Webhooks library is given `whsec_` and its Base64.
pub(super) fn signed_headers(key: &SecretString, id: &WebhookId, now: Timestamp, body: &str) -> HeaderMap {
    let key = key.expose().as_bytes();
    let seconds = now.as_millis().div_euclid(1000);
    let standard = hmac_sha256(key, format!("{id}.{seconds}.{body}").as_bytes());
    let legacy = sha256(&[key, body.as_bytes()].concat());
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let texts = [
        (HMAC_SHA256, hmac_sha256_hex(key, body.as_bytes())),
        (LEGACY_SIGNATURE, hex_text(&legacy)),
        (WEBHOOK_ID, id.to_string()),
        (WEBHOOK_TIMESTAMP, seconds.to_string()),
        (WEBHOOK_SIGNATURE, format!("v1,{}", STANDARD.encode(standard))),
    ];
    for (name, text) in texts {
        let value = HeaderValue::try_from(text).expect("hex, digits, Base64 and ids are visible ASCII");
        headers.insert(name, value);
    }
    headers
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_event_is_signed_as_standard_webhooks_says() {
        // The example of the specification's reference libraries.
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = r#"{"test": 2432232314}"#;
        let signed = "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.".to_owned() + body;
        assert_eq!(
            STANDARD.encode(hmac_sha256(&secret, signed.as_bytes())),
            "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
        let key = SecretString::from("0d9a1a5c-5ddf-4f2b-8f3c-6e5a1f0c2b3d");
        let id = WebhookId::mint(Timestamp::from_millis(0), [7; 10]);
        let headers = signed_headers(&key, &id, Timestamp::from_millis(1_614_265_330_999), body);
        let signed = format!("{id}.1614265330.{body}");
        let expected = STANDARD.encode(hmac_sha256(key.expose().as_bytes(), signed.as_bytes()));
        assert_eq!(headers[WEBHOOK_SIGNATURE], format!("v1,{expected}"));
        assert_eq!(headers[WEBHOOK_TIMESTAMP], "1614265330");
    }
}
