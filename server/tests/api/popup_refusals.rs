//! What sends a popup nowhere: the page says it, the socket hears it, and so does the opener of the oldest packages.

use futures::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::app::{TestApp, answer, for_u1};
use crate::authorization::says;

/// Starts a popup at `path`; what it shows, and what its listener hears.
async fn refused(app: &TestApp, path: &str) -> (crate::app::Answer, Value) {
    let address = app.url.replacen("http", "ws", 1);
    let (mut socket, _) = tokio_tungstenite::connect_async(address).await.unwrap();
    let mut frame = async || loop {
        if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
            return serde_json::from_str::<Value>(&text).unwrap();
        }
    };
    let ack = frame().await;
    let listener = ack["ws_client_id"].as_str().unwrap();
    let page = answer(app.http.get(format!("{}{path}&ws_client_id={listener}", app.url))).await;
    (page, frame().await)
}

#[tokio::test]
async fn half_an_oauth_app_of_ones_own_is_refused_on_page_and_socket_and_in_json() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let token = app.session(for_u1()).await;
    for half in [
        "credentials[oauth_client_id_override]=theirs",
        "credentials[oauth_client_secret_override]=theirs",
        "params[oauth_client_id_override]=theirs",
    ] {
        let query = format!("connect_session_token={token}&{half}");
        let (page, told) = refused(&app, &format!("/oauth/connect/acme?{query}")).await;
        says(&page, 400, "invalid_query_params");
        assert_eq!(told["error_type"], "invalid_query_params", "{told}");
        assert!(
            told["error_desc"].as_str().unwrap().ends_with("is missing"),
            "{told}"
        );
        let path = format!("/oauth/connect/acme?{query}");
        let made = app.anon().send(Method::POST, &path, None).await;
        assert_eq!(made.failure(), (400, "invalid_query_params"));
        assert!(
            made.issues()[0].starts_with("custom credentials.oauth_client_"),
            "{made:?}"
        );
    }
}

#[tokio::test]
async fn a_key_that_is_empty_or_has_slashes_is_refused_on_page_and_socket_and_by_message() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let token = app.session(for_u1()).await;
    for (key, code) in [
        ("", "no_provider_config_key"),
        ("a/b", "invalid_uri_params"),
        ("/acme", "invalid_uri_params"),
        ("a/b/c", "invalid_uri_params"),
    ] {
        let path = format!("/oauth/connect/{key}?connect_session_token={token}");
        let (page, told) = refused(&app, &path).await;
        says(&page, 400, code);
        assert_eq!(
            (&told["error_type"], &told["provider_config_key"]),
            (&json!(code), &json!(key))
        );
        // The oldest packages have no socket, and give the token as a public key.
        let (page, _) = app
            .visit(&format!("{}/oauth/connect/{key}?public_key={token}", app.url), "")
            .await;
        says(&page, 400, code);
        let text = page.body.as_str().unwrap();
        assert!(
            text.contains("AUTHORIZATION_FAILED") && text.contains(code),
            "{text}"
        );
        let made = app.anon().send(Method::POST, &path, None).await;
        assert_eq!(made.failure(), (400, code));
    }
    let (page, told) = refused(&app, "/oauth/connect/?x=1").await;
    says(&page, 401, "missing_public_key");
    assert_eq!(told["error_type"], "missing_public_key");
}

#[tokio::test]
async fn a_pattern_is_told_to_programs_and_in_words_to_people() {
    let app = TestApp::spawn().await;
    let made = app
        .key()
        .post("/integrations", json!({"provider": "zendesk", "unique_key": "help", "credentials": {"type": "OAUTH2", "client_id": "a", "client_secret": "b"}}))
        .await;
    assert_eq!(made.status, 200, "{made:?}");
    let token = app.session(for_u1()).await;
    let path = format!("/oauth/connect/help?connect_session_token={token}&params[subdomain]=A%20B");
    let (page, told) = refused(&app, &path).await;
    says(&page, 400, "url_param_err");
    let json = app.anon().send(Method::POST, &path, None).await;
    let sentences = [
        page.body.as_str().unwrap(),
        told["error_desc"].as_str().unwrap(),
        json.body["error"]["message"].as_str().unwrap(),
    ];
    for sentence in sentences {
        assert!(sentence.contains("does not look right"), "{sentence}");
        assert!(!sentence.contains("^["), "{sentence}");
    }
    let pattern = json.body["error"]["errors"][0]["pattern"].as_str().unwrap();
    assert!(pattern.starts_with('^'), "{json:?}");
}
