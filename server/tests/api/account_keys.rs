//! What keys of an account do: environments and their keys (rest.md 8.3, 8.4).

use reqwest::Method;
use serde_json::json;

use crate::app::{TestApp, for_u1};

#[tokio::test]
async fn an_environment_is_made_used_and_deleted_with_an_account_key() {
    let app = TestApp::spawn().await;
    let account = app.account_key(&["account:*"]).await;
    let account = app.bearer(&account);
    let made = account.post("/environments", json!({"name": "staging"})).await;
    assert_eq!(made.status, 200, "{made:?}");
    assert_eq!(made.body["data"]["name"], "staging");
    let id = made.body["data"]["id"].as_i64().unwrap();

    let key = account
        .post(
            "/environment/api-keys",
            json!({"environment_id": id, "display_name": "ci"}),
        )
        .await;
    assert_eq!(key.status, 200, "{key:?}");
    let data = &key.body["data"];
    assert_eq!(data["scopes"], json!(["environment:*"]));
    assert_eq!(data["display_name"], "ci");
    assert_eq!(data["created_at"], "2026-08-21T10:11:12.000Z");
    let secret = data["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("terapi_sk_staging_"));

    let backend = app.bearer(&secret);
    assert_eq!(backend.get("/connections").await.body, json!({"connections": []}));
    let opened = backend.post("/connect/sessions", for_u1()).await;
    assert_eq!(opened.status, 201);
    let token = opened.body["data"]["token"].as_str().unwrap().to_owned();
    assert_eq!(app.bearer(&token).get("/connect/session").await.status, 200);

    let gone = account.delete(&format!("/environments/{id}")).await;
    assert_eq!((gone.status.as_u16(), gone.body), (204, json!("")));
    assert_eq!(
        backend.get("/connections").await.failure(),
        (401, "unknown_account")
    );
    assert_eq!(
        app.bearer(&token).get("/connect/session").await.failure(),
        (401, "unknown_connect_session_token")
    );
    assert_eq!(
        account.delete(&format!("/environments/{id}")).await.failure(),
        (404, "not_found")
    );
    let again = account.post("/environments", json!({"name": "staging"})).await;
    assert_eq!(again.status, 200, "the name is free again");
    assert_ne!(again.body["data"]["id"], id);
}

#[tokio::test]
async fn a_key_is_deleted_by_its_integer_id() {
    let app = TestApp::spawn().await;
    let account = app.account_key(&["account:*"]).await;
    let account = app.bearer(&account);
    let made = account.post("/environments", json!({"name": "qa"})).await;
    let environment = made.body["data"]["id"].clone();
    let new = json!({"environment_id": environment, "display_name": "ci"});
    let key = account.post("/environment/api-keys", new.clone()).await;
    assert_eq!(
        account.post("/environment/api-keys", new).await.failure(),
        (409, "conflict")
    );
    let secret = key.body["data"]["secret"].as_str().unwrap().to_owned();
    assert_eq!(app.bearer(&secret).get("/integrations").await.status, 200);
    let which = json!({"environment_id": environment, "key_id": key.body["data"]["id"]});
    let delete = async || {
        account
            .send(Method::DELETE, "/environment/api-keys", Some(which.clone()))
            .await
    };
    let gone = delete().await;
    assert_eq!((gone.status.as_u16(), gone.body), (200, json!({"success": true})));
    assert_eq!(delete().await.failure(), (404, "not_found"));
    assert_eq!(
        app.bearer(&secret).get("/integrations").await.failure(),
        (401, "unknown_account")
    );
}

#[tokio::test]
async fn production_is_made_with_its_own_scope_and_never_deleted() {
    let app = TestApp::spawn().await;
    let plain = app.account_key(&["account:environments:create"]).await;
    let real = app
        .account_key(&[
            "account:environments:create",
            "account:environments:delete",
            "account:environments:set_production",
        ])
        .await;
    let live = json!({"name": "live", "is_production": true});
    let refused = app.bearer(&plain).post("/environments", live.clone()).await;
    assert_eq!(refused.failure(), (403, "forbidden"));
    let flag = app
        .bearer(&real)
        .post("/environments", json!({"name": "prod", "is_production": false}))
        .await;
    assert_eq!(flag.failure(), (400, "invalid_is_prod_flag"));
    let taken = app
        .bearer(&real)
        .post("/environments", json!({"name": "prod"}))
        .await;
    assert_eq!(taken.failure(), (409, "conflict"));
    let made = app.bearer(&real).post("/environments", live).await;
    assert_eq!(made.status, 200);
    let id = &made.body["data"]["id"];
    assert_eq!(
        app.bearer(&real)
            .delete(&format!("/environments/{id}"))
            .await
            .failure(),
        (400, "cannot_delete_prod_environment")
    );
}

#[tokio::test]
async fn an_environments_settings_are_judged_as_the_contract_says() {
    let app = TestApp::spawn().await;
    let account = app.account_key(&["account:*"]).await;
    let account = app.bearer(&account);
    let sound = json!({
        "name": "s1", "is_production": false, "callback_url": "https://example.com/callback", "hmac_key": "k",
        "hmac_enabled": true, "slack_notifications": true, "otlp_endpoint": "",
        "otlp_headers": [{"name": "a", "value": "b"}],
    });
    assert_eq!(account.post("/environments", sound).await.status, 200);
    for (body, issue) in [
        (json!({}), "invalid_type name"),
        (json!({"name": "Dev"}), "invalid_format name"),
        (json!({"name": ""}), "too_small name"),
        (json!({"name": "a", "surprise": 1}), "unrecognized_keys "),
        (
            json!({"name": "a", "is_production": 1}),
            "invalid_type is_production",
        ),
        (
            json!({"name": "a", "callback_url": "nowhere"}),
            "invalid_format callback_url",
        ),
        (
            json!({"name": "a", "callback_url": ""}),
            "invalid_format callback_url",
        ),
        (
            json!({"name": "a", "otlp_endpoint": "x"}),
            "invalid_format otlp_endpoint",
        ),
        (
            json!({"name": "a", "callback_url": "ftp://a.example/"}),
            "invalid_format callback_url",
        ),
        (
            json!({"name": "a", "callback_url": "http://a.example/cb"}),
            "invalid_format callback_url",
        ),
        (
            json!({"name": "a", "callback_url": "https://u:p@a.example/cb"}),
            "invalid_format callback_url",
        ),
        (
            json!({"name": "a", "callback_url": "https://a.example/\ncb"}),
            "invalid_format callback_url",
        ),
        (
            json!({"name": "a", "hmac_key": "x".repeat(1001)}),
            "too_big hmac_key",
        ),
        (json!({"name": "a", "hmac_enabled": true}), "custom hmac_key"),
        (
            json!({"name": "a", "otlp_headers": [{"name": ""}]}),
            "too_small otlp_headers.0.name",
        ),
    ] {
        let got = account.post("/environments", body.clone()).await;
        assert_eq!(got.failure(), (400, "invalid_body"), "{body}");
        assert_eq!(got.issues()[0], issue, "{body}");
    }
    for (body, issue) in [
        (json!({"display_name": "a"}), "invalid_type environment_id"),
        (
            json!({"environment_id": 0, "display_name": "a"}),
            "too_small environment_id",
        ),
        (
            json!({"environment_id": 1, "display_name": ""}),
            "too_small display_name",
        ),
    ] {
        let got = account.post("/environment/api-keys", body.clone()).await;
        assert_eq!(
            (got.status.as_u16(), got.issues()[0].as_str()),
            (400, issue),
            "{body}"
        );
    }
    for path in ["/environments/0", "/environments/dev", "/environments/1.5"] {
        assert_eq!(
            account.delete(path).await.failure(),
            (400, "invalid_uri_params"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn an_account_key_reaches_no_other_account_and_no_environments_things() {
    let app = TestApp::spawn().await;
    let account = app.account_key(&["account:*"]).await;
    let made = app
        .bearer(&account)
        .post("/environments", json!({"name": "mine"}))
        .await;
    let id = made.body["data"]["id"].clone();
    let eve = app.stranger_account_key().await;
    let eve = app.bearer(&eve);
    let new = json!({"environment_id": id, "display_name": "mine"});
    assert_eq!(
        eve.post("/environment/api-keys", new).await.failure(),
        (404, "not_found")
    );
    assert_eq!(
        eve.delete(&format!("/environments/{id}")).await.failure(),
        (404, "not_found")
    );
    let theirs = app.key().post("/environments", json!({"name": "more"})).await;
    assert_eq!(theirs.failure(), (403, "forbidden"), "a key of an environment");
}
