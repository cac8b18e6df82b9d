use serde_json::json;
use terapi_catalog::{AuthSpec, Catalogue, SignatureMethod, wire};
use terapi_model::AuthMode;

use crate::catalogue;

fn read(auth: &str) -> Result<Catalogue, String> {
    let text =
        format!("display_name: Sample\nauth: {{{auth}}}\nrequests: {{base_url: https://api.example.com}}\n");
    Catalogue::from_texts([("sample", text.as_str())]).map_err(|error| error.to_string())
}

#[test]
fn an_oauth1_provider_is_shown_as_the_contract_names_it() {
    let catalogue = catalogue();
    let trello = catalogue.get("trello").unwrap();
    assert_eq!(trello.auth_mode(), AuthMode::OAuth1);
    assert!(!trello.auth.has_flow());
    let shown = wire::body(trello);
    assert_eq!(shown["auth_mode"], "OAUTH1");
    assert_eq!(shown["request_url"], "https://trello.com/1/OAuthGetRequestToken");
    assert_eq!(shown["authorization_params"], json!({"expiration": "never"}));
    assert_eq!(shown["signature_method"], "HMAC-SHA1");
    assert_eq!(shown["scope_separator"], ",");
    assert_eq!(shown["available_scopes"], json!(["read", "write", "account"]));
    assert!(shown.get("credentials").is_none());
    let Ok(got) = read(
        "auth_mode: OAUTH1, request_url: https://a.example/r, authorization_url: https://a.example/a, \
         token_url: https://a.example/t, request_method: GET, token_method: GET, signature_method: PLAINTEXT",
    ) else {
        panic!("it is sound");
    };
    let AuthSpec::OAuth1(spec) = &got.get("sample").unwrap().auth else {
        panic!("it is OAuth 1.0a");
    };
    assert_eq!(
        (spec.request_method, spec.token_method, spec.signature_method),
        ("GET", "GET", SignatureMethod::Plaintext)
    );
    let shown = wire::body(got.get("sample").unwrap());
    assert_eq!(shown["request_http_method"], "GET");
    assert_eq!(shown["token_http_method"], "GET");
}

#[test]
fn client_credentials_and_administrators_tokens_have_fields_to_type_into() {
    let catalogue = catalogue();
    let auth0 = wire::body(catalogue.get("auth0-client-credentials").unwrap());
    assert_eq!(auth0["auth_mode"], "OAUTH2_CC");
    assert_eq!(
        auth0["token_url"],
        "https://${connectionConfig.hostname}/oauth/token"
    );
    assert_eq!(auth0["body_format"], "json");
    assert_eq!(auth0["credentials"]["client_secret"]["secret"], true);
    let netsuite = wire::body(catalogue.get("netsuite-tba").unwrap());
    assert_eq!(
        (&netsuite["auth_mode"], &netsuite["signature_method"]),
        (&json!("TBA"), &json!("HMAC-SHA256"))
    );
    assert_eq!(netsuite["credentials"]["token_secret"]["secret"], true);
    for auth in [
        "auth_mode: OAUTH2_CC, token_url: https://a.example/t",
        "auth_mode: TBA",
    ] {
        let got = read(auth).unwrap();
        assert_eq!(got.get("sample").unwrap().credentials.iter().count(), 2, "{auth}");
    }
}

#[test]
fn what_these_modes_lack_is_named_when_the_file_is_loaded() {
    for (auth, wanted) in [
        (
            "auth_mode: OAUTH1, request_url: https://a.example/r, token_url: https://a.example/t",
            "authorization_url",
        ),
        ("auth_mode: OAUTH2_CC", "token_url"),
        ("auth_mode: TBA, signature_method: HMAC-SHA3", "signature_method"),
        ("auth_mode: TBA, token_url: https://a.example/t", "token_url"),
    ] {
        let refused = read(auth).err().unwrap_or_default();
        assert!(refused.contains(wanted), "{auth}: {refused}");
    }
    let text = "display_name: S\nauth: {auth_mode: TBA}\nrequests: {base_url: https://a.example}\n\
        verification: {endpoints: [/me]}\n";
    let refused = Catalogue::from_texts([("sample", text)])
        .err()
        .unwrap()
        .to_string();
    assert!(
        refused.contains("does not try credentials of this auth mode yet"),
        "{refused}"
    );
}
