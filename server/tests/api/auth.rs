use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::app::{TestApp, answer, for_u1};

#[tokio::test]
async fn a_key_is_taken_as_bearer_bare_or_basic() {
    let app = TestApp::spawn().await;
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:", app.key)));
    for value in [format!("Bearer {}", app.key), app.key.clone(), basic] {
        let request = app
            .http
            .get(format!("{}/connections", app.url))
            .header("authorization", &value);
        let got = answer(request).await;
        assert_eq!(got.status, 200, "{got:?}");
    }
}

#[tokio::test]
async fn what_is_no_key_is_refused_by_name() {
    let app = TestApp::spawn().await;
    let unknown = format!("terapi_sk_dev_{}", "x".repeat(43));
    let session = app.session(for_u1()).await;
    for (value, code) in [
        ("", "malformed_auth_header"),
        ("Bearer ", "malformed_auth_header"),
        ("Basic !!!", "malformed_auth_header"),
        ("Bearer short", "invalid_secret_key_format"),
        (
            "Bearer 0123456789012345678901234567890123456789!",
            "invalid_secret_key_format",
        ),
        (&format!("Bearer {unknown}"), "unknown_account"),
        (&format!("Bearer {session}"), "unknown_account"),
    ] {
        let request = app
            .http
            .get(format!("{}/connections", app.url))
            .header("authorization", value);
        let got = answer(request).await;
        assert_eq!(got.failure(), (401, code), "{value}");
        assert_eq!(got.header("www-authenticate"), "Bearer");
        assert!(!got.body["error"]["message"].as_str().unwrap().is_empty());
    }
    assert_eq!(
        app.anon().get("/connections").await.failure(),
        (401, "missing_auth_header")
    );
}

#[tokio::test]
async fn a_session_route_takes_session_tokens_only() {
    let app = TestApp::spawn().await;
    let malformed = app
        .bearer("nango_connect_session_short")
        .get("/connect/session")
        .await;
    assert_eq!(malformed.failure(), (401, "invalid_connect_session_token_format"));
    let key = app.key().get("/connect/session").await;
    assert_eq!(key.failure(), (401, "invalid_connect_session_token_format"));
    let unknown = format!("nango_connect_session_{}", "0".repeat(64));
    for path in ["/connect/session", "/integrations", "/providers"] {
        assert_eq!(
            app.bearer(&unknown).get(path).await.failure(),
            (401, "unknown_connect_session_token"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn aliases_ask_for_the_scopes_of_what_they_stand_for() {
    let app = TestApp::spawn().await;
    let powerless = app.scoped(&["environment:mcp"]).await;
    for (method, path) in [
        ("GET", "/connection"),
        ("GET", "/connection/c?provider_config_key=acme"),
        ("DELETE", "/connection/c?provider_config_key=acme"),
        ("POST", "/connection/metadata"),
        ("PATCH", "/connection/metadata"),
    ] {
        let got = app
            .bearer(&powerless)
            .send(method.parse().unwrap(), path, None)
            .await;
        assert_eq!(got.failure(), (403, "forbidden"), "{method} {path}: {got:?}");
    }
    let star = app.scoped(&["environment:connections:*"]).await;
    assert_eq!(app.bearer(&star).get("/connections").await.status, 200);
    assert_eq!(app.bearer(&star).get("/integrations").await.status, 403);
}
