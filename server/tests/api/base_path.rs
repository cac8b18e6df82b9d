//! A public URL with a path: what published packages open and are told.

use futures::StreamExt;
use serde_json::{Value, json};

use crate::app::{Plan, TestApp, for_u1};

async fn beneath_terapi() -> TestApp {
    TestApp::planned(Plan {
        public_url: Some("http://localhost:3003/terapi"),
        ..Plan::default()
    })
    .await
}

#[tokio::test]
async fn the_socket_is_at_the_base_path_and_at_the_root() {
    let app = beneath_terapi().await;
    let address = app.url.replacen("http", "ws", 1);
    for path in ["/terapi", "/terapi/", "/", ""] {
        let (mut socket, _) = tokio_tungstenite::connect_async(format!("{address}{path}"))
            .await
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        let ack = socket.next().await.unwrap().unwrap().into_text().unwrap();
        let ack: Value = serde_json::from_str(&ack).unwrap();
        assert_eq!(ack["message_type"], "connection_ack", "{path}");
    }
    assert!(
        tokio_tungstenite::connect_async(format!("{address}/terapis"))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn the_rest_api_answers_with_and_without_the_base_path_and_names_addresses_with_it() {
    let app = beneath_terapi().await;
    app.acme().await;
    for prefix in ["", "/terapi"] {
        let opened = app
            .key()
            .post(&format!("{prefix}/connect/sessions"), for_u1())
            .await;
        let data = &opened.body["data"];
        let link = data["connect_link"].as_str().unwrap();
        assert!(
            link.starts_with("http://localhost:3003/terapi/connect/ui/?"),
            "{link}"
        );
        let token = data["token"].as_str().unwrap();
        let session = app.bearer(token).get(&format!("{prefix}/connect/session")).await;
        assert_eq!(session.body["data"]["websocketsPath"], "/");
        let begun = app
            .bearer(token)
            .post(&format!("{prefix}/oauth/connect/acme"), json!({}))
            .await;
        let go = begun.body["authorize_url"]
            .as_str()
            .unwrap_or_else(|| panic!("{begun:?}"));
        assert!(
            go.starts_with("http://localhost:3003/terapi/connect/ui/go?"),
            "{go}"
        );
        let shown = app.key().get(&format!("{prefix}/integrations/acme")).await;
        let logo = shown.body["data"]["logo"].as_str().unwrap();
        assert_eq!(
            logo,
            "http://localhost:3003/terapi/images/template-logos/acme.svg"
        );
    }
}
