//! What only older clients call (sdk-versions.md 4).

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{TestApp, answer, for_u1};

async fn connected() -> (TestApp, String) {
    let app = TestApp::spawn().await;
    app.acme_key().await;
    let id = app.connect_key(for_u1()).await;
    (app, id)
}

#[tokio::test]
async fn metadata_of_one_connection_is_replaced_and_merged() {
    let (app, id) = connected().await;
    let path = format!("/connection/{id}/metadata?provider_config_key=acme-key");
    let read = async || {
        let path = format!("/connection/{id}?provider_config_key=acme-key");
        app.key().get(&path).await.body["metadata"].clone()
    };
    let body = json!({"a": 1, "deep": {"x": 1}});
    let set = app.key().post(&path, body.clone()).await;
    assert_eq!((set.status.as_u16(), &set.body), (201, &body), "{set:?}");
    let merged = app.key().patch(&path, json!({"deep": {"y": 2}})).await;
    assert_eq!(
        (merged.status.as_u16(), &merged.body),
        (200, &json!({"deep": {"y": 2}}))
    );
    assert_eq!(read().await, json!({"a": 1, "deep": {"y": 2}}));

    let mapping = format!("/connection/{id}/field-mapping?provider_config_key=acme-key");
    let set = app.key().post(&mapping, json!({"name": "full_name"})).await;
    assert_eq!(
        (set.status.as_u16(), set.body),
        (201, json!({"name": "full_name"}))
    );
    assert_eq!(read().await, json!({"name": "full_name"}));
    let fetched = app
        .key()
        .get(&format!("/connection/{id}?provider_config_key=acme-key"))
        .await
        .body;
    assert_eq!(fetched["field_mappings"], json!({"name": "full_name"}));
    let plural = app
        .key()
        .get(&format!("/connections/{id}?provider_config_key=acme-key"))
        .await
        .body;
    assert!(
        plural.get("field_mappings").is_none(),
        "only where old clients look"
    );
    assert_eq!(plural["credentials"], fetched["credentials"]);
}

#[tokio::test]
async fn the_integration_may_be_named_by_a_header() {
    let (app, id) = connected().await;
    let request = app
        .http
        .post(format!("{}/connection/{id}/metadata", app.url))
        .bearer_auth(&app.key)
        .header("Provider-Config-Key", "acme-key")
        .json(&json!({"a": 1}));
    assert_eq!(answer(request).await.status, 201);
    let bare = app
        .key()
        .post(&format!("/connection/{id}/metadata"), json!({}))
        .await;
    assert_eq!(bare.failure(), (400, "invalid_query_params"), "{bare:?}");
    let list = app
        .key()
        .post(
            &format!("/connection/{id}/metadata?provider_config_key=acme-key"),
            json!([]),
        )
        .await;
    assert_eq!(list.failure(), (400, "invalid_body"));
    let nul = app
        .key()
        .patch(
            &format!("/connection/{id}/metadata?provider_config_key=acme-key"),
            json!({"a": "\0"}),
        )
        .await;
    assert_eq!(nul.issues(), ["invalid_format metadata"]);
}

#[tokio::test]
async fn metadata_of_an_unknown_connection_is_refused_with_both_names() {
    let (app, _) = connected().await;
    for method in [Method::POST, Method::PATCH] {
        let path = "/connection/nobody/metadata?provider_config_key=acme-key";
        let got = app.key().send(method.clone(), path, Some(json!({}))).await;
        assert_eq!(got.failure(), (404, "unknown_connection"), "{method}");
        assert_eq!(
            got.body["error"]["payload"],
            json!({"connectionId": "nobody", "providerConfigKey": "acme-key"})
        );
    }
    let reader = app.scoped(&["environment:connections:read"]).await;
    let got = app
        .bearer(&reader)
        .post(
            "/connection/nobody/metadata?provider_config_key=acme-key",
            json!({}),
        )
        .await;
    assert_eq!(got.failure(), (403, "forbidden"));
}

#[tokio::test]
async fn an_integration_lives_under_its_old_name_too() {
    let app = TestApp::spawn().await;
    let old =
        |key: &str| json!({"config": {"unique_key": key, "provider": "github", "syncs": [], "actions": []}});
    let body = json!({
        "provider": "github", "provider_config_key": "gh", "oauth_client_id": "id", "oauth_client_secret": "hush",
        "oauth_scopes": "repo, read:user", "whatever": "else",
    });
    let made = app.key().post("/config", body).await;
    assert_eq!((made.status.as_u16(), &made.body), (200, &old("gh")), "{made:?}");
    let listed = app.key().get("/config").await;
    assert_eq!(
        listed.body["configs"],
        app.key().get("/integrations").await.body["data"]
    );
    assert_eq!(listed.body["configs"][0]["unique_key"], "gh");
    assert_eq!(app.key().get("/config/gh").await.body, old("gh"));
    assert_eq!(
        app.key().get("/config/gh?include_creds=false").await.body,
        old("gh")
    );

    let changed = json!({"provider": "github", "provider_config_key": "gh", "oauth_client_id": "id2", "oauth_scopes": ["repo"]});
    let changed = app.key().send(Method::PUT, "/config", Some(changed)).await;
    assert_eq!(
        (changed.status.as_u16(), &changed.body),
        (200, &old("gh")),
        "{changed:?}"
    );
    let with = app.key().get("/config/gh?include_creds=true").await.body["config"].clone();
    assert_eq!(
        with,
        json!({
            "unique_key": "gh", "provider": "github", "syncs": [], "actions": [], "client_id": "id2",
            "client_secret": "hush", "custom": null, "scopes": "repo", "app_link": null, "auth_mode": "OAUTH2",
            "created_at": "2026-08-21T10:11:12.000Z", "has_webhook": false, "webhook_secret": null,
            "has_webhook_user_defined_secret": false, "webhook_url": null, "docs": with["docs"],
            "connections": [], "connection_count": 0,
        })
    );
    assert!(with["docs"].as_str().unwrap().starts_with("https://"));

    let deleted = app.key().delete("/config/gh").await;
    assert_eq!(
        (deleted.status.as_u16(), deleted.body),
        (200, json!({"success": true}))
    );
    for method in [Method::GET, Method::DELETE] {
        let gone = app.key().send(method.clone(), "/config/gh", None).await;
        assert_eq!(gone.failure(), (400, "unknown_provider_config"), "{method}");
    }
}

#[tokio::test]
async fn the_old_shape_names_its_connections_to_who_may_see_secrets() {
    let (app, id) = connected().await;
    let got = app.key().get("/config/acme-key?include_creds=true").await.body["config"].clone();
    assert_eq!(got["connection_count"], 1);
    let connection = &got["connections"][0];
    assert!(
        connection["id"].is_i64() && connection["environment_id"].is_i64(),
        "{got}"
    );
    assert_eq!(
        (
            &connection["connection_id"],
            &connection["provider_config_key"],
            &connection["connection_config"]
        ),
        (&json!(id), &json!("acme-key"), &json!({}))
    );
    let reader = app.scoped(&["environment:integrations:read"]).await;
    let plain = app.bearer(&reader).get("/config/acme-key").await;
    assert_eq!(plain.status, 200);
    let refused = app
        .bearer(&reader)
        .get("/config/acme-key?include_creds=true")
        .await;
    assert_eq!(refused.failure(), (403, "forbidden"));
}

#[tokio::test]
async fn refusals_of_the_old_names_are_told_apart() {
    let app = TestApp::spawn().await;
    app.acme_key().await;
    for (method, path, body, wanted) in [
        (
            Method::POST,
            "/config",
            json!({}),
            (400, "missing_provider_config"),
        ),
        (
            Method::PUT,
            "/config",
            json!({}),
            (400, "missing_provider_config"),
        ),
        (
            Method::POST,
            "/config",
            json!({"provider_config_key": "x"}),
            (400, "invalid_body"),
        ),
        (
            Method::POST,
            "/config",
            json!({"provider": "nobody", "provider_config_key": "x"}),
            (400, "invalid_body"),
        ),
        (
            Method::POST,
            "/config",
            json!({"provider": "github", "provider_config_key": "x"}),
            (400, "invalid_body"),
        ),
        (
            Method::POST,
            "/config",
            json!({"provider": "openai", "provider_config_key": "acme-key"}),
            (400, "invalid_body"),
        ),
        (
            Method::PUT,
            "/config",
            json!({"provider_config_key": "acme-key", "oauth_client_id": "id"}),
            (400, "invalid_body"),
        ),
        (
            Method::PUT,
            "/config",
            json!({"provider_config_key": "nobody"}),
            (400, "unknown_provider_config"),
        ),
    ] {
        let got = app.key().send(method.clone(), path, Some(body.clone())).await;
        assert_eq!(got.failure(), wanted, "{method} {body}: {got:?}");
    }
    let bad: Value = app.key().get("/config/acme-key?include_creds=maybe").await.body;
    assert_eq!(bad["error"]["code"], "invalid_query_params");
}
