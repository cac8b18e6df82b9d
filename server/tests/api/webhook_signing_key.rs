//! Rotating the key that webhooks are signed with (rest.md 8.2).

use serde_json::json;

use crate::app::TestApp;

const PATH: &str = "/environment/webhook-signing-key/rotate";

#[tokio::test]
async fn rotating_answers_a_new_key_each_time() {
    let app = TestApp::spawn().await;
    let mut keys = Vec::new();
    for _ in 0..2 {
        let rotated = app.key().post(PATH, json!({})).await;
        assert_eq!(rotated.status, 200, "{rotated:?}");
        let key = rotated.body["data"]["webhook_signing_key"].as_str().unwrap();
        assert_eq!(uuid::Uuid::parse_str(key).unwrap().get_version_num(), 4);
        assert_eq!(rotated.body, json!({"data": {"webhook_signing_key": key}}));
        keys.push(key.to_owned());
    }
    assert_ne!(keys[0], keys[1]);
}

#[tokio::test]
async fn rotating_needs_its_scope_and_an_environment_and_takes_nothing() {
    let app = TestApp::spawn().await;
    let weak = app.scoped(&["environment:connections:*"]).await;
    let refused = app.bearer(&weak).post(PATH, json!({})).await;
    assert_eq!(refused.failure(), (403, "forbidden"));
    let message = refused.body["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("environment:webhook_signing_key:rotate"),
        "{message}"
    );
    let enough = app.scoped(&["environment:webhook_signing_key:rotate"]).await;
    assert_eq!(app.bearer(&enough).post(PATH, json!({})).await.status, 200);
    let of_account = app.account_key(&["account:*"]).await;
    let refused = app.bearer(&of_account).post(PATH, json!({})).await;
    assert_eq!(refused.failure(), (403, "forbidden"));
    let refused = app.key().post(PATH, json!({"a": 1})).await;
    assert_eq!(refused.failure(), (400, "invalid_body"));
    let refused = app.key().post(&format!("{PATH}?a=1"), json!({})).await;
    assert_eq!(refused.failure(), (400, "invalid_query_params"));
}
