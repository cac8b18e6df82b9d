use serde_json::{Value, json};

use crate::app::{TestApp, for_u1};

#[tokio::test]
async fn a_session_is_opened_read_and_ended() {
    let app = TestApp::spawn().await;
    app.acme_key().await;
    let body = json!({
        "end_user": {"id": "u1", "email": "u1@example.com", "display_name": "User One", "tags": {"Plan": "pro"}},
        "organization": {"id": "o1", "display_name": "Org"},
        "allowed_integrations": ["acme-key"],
        "integrations_config_defaults": {"acme-key": {
            "user_scopes": "a,b", "authorization_params": {"prompt": "consent"}, "connection_config": {"region": "eu"},
        }},
        "overrides": {"acme-key": {"docs_connect": "https://docs.example.com", "dropped": true}},
    });
    let opened = app.key().post("/connect/sessions", body).await;
    assert_eq!(opened.status, 201, "{opened:?}");
    let data = &opened.body["data"];
    let token = data["token"].as_str().unwrap();
    assert!(
        token.starts_with("nango_connect_session_") && token.len() == 22 + 64,
        "{token}"
    );
    assert_eq!(
        data["connect_link"],
        format!("{}/connect/ui/?session_token={token}", app.url)
    );
    assert_eq!(data["expires_at"], "2026-08-21T10:41:12.000Z");
    assert_eq!(opened.header("cache-control"), "no-store");

    let read = app.bearer(token).get("/connect/session").await;
    assert_eq!(read.status, 200, "{read:?}");
    let data = &read.body["data"];
    assert_eq!(
        data["endUser"],
        json!({
            "id": "u1", "display_name": "User One", "email": "u1@example.com", "tags": {"Plan": "pro"},
            "organization": {"id": "o1", "display_name": "Org"},
        })
    );
    assert_eq!(data["connectUISettings"]["defaultTheme"], "system");
    assert!(
        data["connectUISettings"]["theme"]["light"]["primary"]
            .as_str()
            .unwrap()
            .starts_with('#')
    );
    assert_eq!(data["allowed_integrations"], json!(["acme-key"]));
    assert_eq!(
        data["integrations_config_defaults"],
        json!({"acme-key": {"authorization_params": {"prompt": "consent"}, "connection_config": {"region": "eu"}}})
    );
    assert_eq!(
        data["overrides"],
        json!({"acme-key": {"docs_connect": "https://docs.example.com"}})
    );
    assert_eq!(data["websocketsPath"], "/");
    assert!(data.get("isReconnecting").is_none() && data.get("tags").is_none());

    assert_eq!(app.bearer(token).delete("/connect/session").await.status, 204);
    let ended = app.bearer(token).get("/connect/session").await;
    assert_eq!(ended.failure(), (401, "unknown_connect_session_token"));
}

#[tokio::test]
async fn a_session_ends_after_half_an_hour() {
    let app = TestApp::spawn().await;
    let token = app.session(for_u1()).await;
    app.clock.advance_seconds(30 * 60 - 1);
    assert_eq!(app.bearer(&token).get("/connect/session").await.status, 200);
    app.clock.advance_seconds(1);
    let ended = app.bearer(&token).get("/connect/session").await;
    assert_eq!(ended.failure(), (401, "unknown_connect_session_token"));
}

#[tokio::test]
async fn tags_stand_in_for_an_end_user() {
    let app = TestApp::spawn().await;
    let token = app.session(json!({"tags": {"Customer": "c1"}})).await;
    let read = app.bearer(&token).get("/connect/session").await;
    assert_eq!(read.body["data"]["endUser"], Value::Null);
    assert!(read.body["data"].get("allowed_integrations").is_none());
    app.session(json!({"tags": {}, "allowed_integrations": []})).await;
}

#[tokio::test]
async fn every_rule_of_a_session_is_enforced() {
    let app = TestApp::spawn().await;
    app.acme_key().await;
    let user = json!({"id": "u"});
    let many: Value = (0..11)
        .map(|n| (format!("t{n}"), json!("v")))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let eight: Value = (0..8)
        .map(|n| (format!("t{n}"), json!("v")))
        .collect::<serde_json::Map<_, _>>()
        .into();
    for (body, issues) in [
        (json!({}), vec!["invalid_type end_user"]),
        (json!({"end_user": null}), vec!["invalid_type end_user"]),
        (json!({"end_user": {"id": ""}}), vec!["too_small end_user.id"]),
        (json!({"end_user": {"id": 7}}), vec!["invalid_type end_user.id"]),
        (
            json!({"end_user": {"id": "x".repeat(256)}}),
            vec!["too_big end_user.id"],
        ),
        (
            json!({"end_user": {"id": "u", "email": "nope"}}),
            vec!["too_small end_user.email"],
        ),
        (
            json!({"end_user": {"id": "u", "email": "nobody"}}),
            vec!["invalid_format end_user.email"],
        ),
        (
            json!({"end_user": {"id": "u", "name": "x"}}),
            vec!["unrecognized_keys end_user"],
        ),
        (
            json!({"end_user": {"id": "u", "tags": {"1": "x"}}}),
            vec!["invalid_key end_user.tags.1"],
        ),
        (
            json!({"end_user": user, "organization": {}}),
            vec!["invalid_type organization.id"],
        ),
        (
            json!({"end_user": user, "tags": {"a": ""}}),
            vec!["too_small tags.a"],
        ),
        (
            json!({"end_user": user, "tags": {"a": "1", "A": "2"}}),
            vec!["custom tags.A"],
        ),
        (
            json!({"tags": {"end_user_email": "nobody"}}),
            vec!["invalid_format tags.end_user_email"],
        ),
        (json!({"tags": many}), vec!["too_big tags"]),
        (
            json!({"end_user": {"id": "u", "email": "u@example.com", "display_name": "U"}, "tags": eight}),
            vec!["too_big tags"],
        ),
        (
            json!({"end_user": user, "allowed_integrations": "acme-key"}),
            vec!["invalid_type allowed_integrations"],
        ),
        (
            json!({"end_user": user, "allowed_integrations": ["acme-key", "a/b"]}),
            vec!["invalid_format allowed_integrations.1"],
        ),
        (
            json!({"end_user": user, "allowed_integrations": ["acme-key", "nobody"]}),
            vec!["custom allowed_integrations.1"],
        ),
        (
            json!({"end_user": user, "integrations_config_defaults": {"nobody": {}}}),
            vec!["custom integrations_config_defaults.nobody"],
        ),
        (
            json!({"end_user": user, "integrations_config_defaults": {"a/b": {}}}),
            vec!["invalid_key integrations_config_defaults.a/b"],
        ),
        (
            json!({"end_user": user, "integrations_config_defaults": {"acme-key": {"x": 1}}}),
            vec!["unrecognized_keys integrations_config_defaults.acme-key"],
        ),
        (
            json!({"end_user": user, "integrations_config_defaults": {"acme-key": {"authorization_params": {"a": 1}}}}),
            vec!["invalid_type integrations_config_defaults.acme-key.authorization_params.a"],
        ),
        (
            json!({"end_user": user, "integrations_config_defaults": {"acme-key": {"connection_config": {"oauth_scopes_override": ["a"]}}}}),
            vec![
                "invalid_type integrations_config_defaults.acme-key.connection_config.oauth_scopes_override",
            ],
        ),
        (
            json!({"end_user": user, "integrations_config_defaults": {"acme-key": {"connection_config": {"webhook_url": "ftp://x"}}}}),
            vec!["invalid_format integrations_config_defaults.acme-key.connection_config.webhook_url"],
        ),
        (
            json!({"end_user": user, "overrides": {"nobody": {}}}),
            vec!["custom overrides.nobody"],
        ),
        (
            json!({"end_user": user, "webhook_url_override": "nope"}),
            vec!["invalid_format webhook_url_override"],
        ),
        (
            json!({"end_user": user, "webhook_url_override": app.url}),
            vec!["invalid_format webhook_url_override"],
        ),
        (
            json!({"end_user": user, "surprise": 1, "other": 2}),
            vec!["unrecognized_keys "],
        ),
    ] {
        let got = app.key().post("/connect/sessions", body.clone()).await;
        assert_eq!(got.failure(), (400, "invalid_body"), "{body}: {got:?}");
        assert_eq!(got.issues(), issues, "{body}: {got:?}");
    }
    let got = app.key().post("/connect/sessions?x=1", for_u1()).await;
    assert_eq!(got.failure(), (400, "invalid_query_params"));
    assert_eq!(got.issues(), ["unrecognized_keys "]);
}

#[tokio::test]
async fn a_reconnect_session_is_for_one_connection() {
    let app = TestApp::spawn().await;
    app.acme_key().await;
    let connection = app.connect_key(for_u1()).await;
    let body = json!({"connection_id": connection, "integration_id": "acme-key"});
    let opened = app.key().post("/connect/sessions/reconnect", body).await;
    assert_eq!(opened.status, 201, "{opened:?}");
    let token = opened.body["data"]["token"].as_str().unwrap();
    let read = app.bearer(token).get("/connect/session").await;
    assert_eq!(read.body["data"]["isReconnecting"], true);
    assert_eq!(read.body["data"]["allowed_integrations"], json!(["acme-key"]));
    assert_eq!(
        read.body["data"]["endUser"]["id"], "u1",
        "of the stored connection"
    );

    let unknown = json!({"connection_id": "nobody", "integration_id": "acme-key"});
    let refused = app.key().post("/connect/sessions/reconnect", unknown).await;
    assert_eq!(refused.failure(), (400, "invalid_body"));
    assert!(refused.issues().is_empty());
    let allowed =
        json!({"connection_id": connection, "integration_id": "acme-key", "allowed_integrations": []});
    let refused = app.key().post("/connect/sessions/reconnect", allowed).await;
    assert_eq!(refused.issues(), ["unrecognized_keys "]);
    let refused = app.key().post("/connect/sessions/reconnect", json!({})).await;
    assert_eq!(
        refused.issues(),
        ["invalid_type connection_id", "invalid_type integration_id"]
    );
}

#[tokio::test]
async fn the_older_webhook_url_of_a_preset_config_becomes_the_connections_own() {
    let app = TestApp::spawn().await;
    app.acme_key().await;
    let mut session = for_u1();
    session["integrations_config_defaults"] =
        json!({"acme-key": {"connection_config": {"webhook_url": "https://hooks.example.com/x"}}});
    let id = app.connect_key(session).await;
    let path = format!("/connections/{id}?provider_config_key=acme-key");
    let got = app.key().get(&path).await.body;
    assert_eq!(
        got["webhook_url_override"], "https://hooks.example.com/x",
        "{got}"
    );
    assert!(got["connection_config"].get("webhook_url").is_none(), "{got}");
}
