use serde_json::{Value, json};
use terapi_testkit::DEMO_API_KEY;

use crate::app::{TestApp, for_u1};

/// An integration of each mode that can be imported, with what the provider asks the operator for.
async fn integrations(app: &TestApp) {
    app.acme().await;
    app.acme_key().await;
    let client = |mode: &str| json!({"type": mode, "client_id": "id", "client_secret": "hush"});
    for body in [
        json!({"provider": "acme-basic", "unique_key": "basic", "integration_config": {"base_url": app.acme.url()}}),
        json!({"provider": "generic-none", "unique_key": "open", "integration_config": {"base_url": app.acme.url()}}),
        json!({"provider": "trello", "unique_key": "trello", "credentials": client("OAUTH1")}),
        json!({"provider": "netsuite-tba", "unique_key": "netsuite", "credentials": client("TBA")}),
        json!({"provider": "auth0-client-credentials", "unique_key": "auth0"}),
    ] {
        let made = app.key().post("/integrations", body).await;
        assert_eq!(made.status, 200, "{made:?}");
    }
}

fn tokens() -> Value {
    json!({"type": "OAUTH2", "access_token": "at", "refresh_token": "rt", "expires_at": "2026-08-21T12:11:12.000Z"})
}

#[tokio::test]
async fn every_type_is_imported_and_shown_as_it_is_stored() {
    let app = TestApp::spawn().await;
    integrations(&app).await;
    let with_raw = |mut shown: Value, submitted: &Value| {
        shown["raw"] = submitted.clone();
        shown
    };
    let own = json!({"client_id": "mine", "client_secret": "s3"});
    let oauth2 = tokens();
    let oauth2_own = json!({"type": "OAUTH2", "access_token": "at", "config_override": own});
    let oauth2_epoch = json!({"type": "OAUTH2", "access_token": "at", "expires_at": 1_787_314_272_000_i64});
    let cc = json!({
        "type": "OAUTH2_CC", "token": "t", "client_id": "me", "client_secret": "cs", "client_certificate": "pem",
        "client_private_key": "key", "expires_at": "2026-08-21T12:11:12Z",
    });
    let oauth1 = json!({"type": "OAUTH1", "oauth_token": "t", "oauth_token_secret": "s"});
    let mut cc_shown = with_raw(cc.clone(), &cc);
    cc_shown["expires_at"] = "2026-08-21T12:11:12.000Z".into();
    let mut epoch_shown = with_raw(oauth2_epoch.clone(), &oauth2_epoch);
    epoch_shown["expires_at"] = "2026-08-21T12:11:12.000Z".into();
    let basic = json!({"type": "BASIC", "username": "demo", "password": "demo"});
    let key = json!({"type": "API_KEY", "apiKey": DEMO_API_KEY});
    let tba = json!({"type": "TBA", "token_id": "t", "token_secret": "s", "config_override": own});
    let plain_tba = json!({"type": "TBA", "token_id": "t", "token_secret": "s"});
    let mut plain_tba_shown = plain_tba.clone();
    plain_tba_shown["config_override"] = json!({});
    let account = json!({"accountId": "1234567"});
    for (integration, submitted, config, shown) in [
        ("acme", &oauth2, json!({}), with_raw(oauth2.clone(), &oauth2)),
        (
            "acme",
            &oauth2_own,
            json!({}),
            with_raw(oauth2_own.clone(), &oauth2_own),
        ),
        ("acme", &oauth2_epoch, json!({}), epoch_shown),
        ("auth0", &cc, json!({"hostname": "acme.eu.auth0.com"}), cc_shown),
        ("trello", &oauth1, json!({}), with_raw(oauth1.clone(), &oauth1)),
        ("acme-key", &key, json!({}), key.clone()),
        ("basic", &basic, json!({}), basic.clone()),
        ("netsuite", &tba, account.clone(), tba.clone()),
        ("netsuite", &plain_tba, account.clone(), plain_tba_shown),
        (
            "open",
            &json!({"type": "NONE"}),
            json!({"anything": {"deep": [1]}}),
            json!({}),
        ),
    ] {
        let body = json!({
            "provider_config_key": integration, "connection_id": "c-1", "credentials": submitted,
            "connection_config": config,
        });
        let got = app.key().post("/connections", body).await;
        assert_eq!(got.status, 201, "{submitted}: {got:?}");
        assert_eq!(got.header("cache-control"), "no-store");
        assert_eq!(got.body["credentials"], shown, "{submitted}");
        assert_eq!(got.body["connection_config"], config, "{submitted}");
        let path = format!("/connections/c-1?provider_config_key={integration}&refresh_token=true");
        let fetched = app.key().get(&path).await;
        assert_eq!(fetched.status, 200, "{fetched:?}");
        assert_eq!(fetched.body["credentials"], shown, "{submitted}");
    }
}

#[tokio::test]
async fn an_import_answers_the_whole_connection_with_times_in_utc() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let body = json!({
        "provider_config_key": "acme", "connection_id": "c-1", "credentials": tokens(),
        "connection_config": {"team": "t1", "oauth_scopes_override": ["profile"]}, "metadata": {"plan": "pro"},
        "tags": {"Plan": "Pro"}, "end_user": {"id": "u1", "email": "u1@example.com"},
        "webhook_url_override": "https://hooks.example.com/x",
    });
    let got = app.key().post("/connections", body).await;
    assert_eq!(got.status, 201, "{got:?}");
    let mut shown = got.body.clone();
    assert!(shown["id"].take().is_i64());
    shown.as_object_mut().unwrap().remove("credentials");
    assert_eq!(
        shown,
        json!({
            "id": null, "connection_id": "c-1", "provider_config_key": "acme", "provider": "acme", "errors": [],
            "end_user": {
                "id": "u1", "email": "u1@example.com", "display_name": null, "tags": null, "organization": null,
            },
            "tags": {"end_user_id": "u1", "end_user_email": "u1@example.com", "plan": "Pro"},
            "metadata": {"plan": "pro"}, "connection_config": {"team": "t1", "oauth_scopes_override": ["profile"]},
            "webhook_url_override": "https://hooks.example.com/x", "created_at": "2026-08-21T10:11:12.000Z",
            "updated_at": "2026-08-21T10:11:12.000Z", "last_fetched_at": null,
        })
    );
}

#[tokio::test]
async fn without_a_name_and_data_an_import_gets_a_uuid_and_empty_data() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let body =
        json!({"provider_config_key": "acme", "credentials": {"type": "OAUTH2", "access_token": "at"}});
    let got = app.key().post("/connections", body).await.body;
    assert_eq!(got["connection_id"].as_str().unwrap().len(), 36);
    assert_eq!(
        (&got["metadata"], &got["tags"], &got["end_user"]),
        (&json!({}), &json!({}), &Value::Null)
    );
    assert!(got["credentials"].get("expires_at").is_none());
}

#[tokio::test]
async fn an_import_replaces_the_connection_of_its_name_and_keeps_what_is_not_given() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let import = async |more: Value| {
        let mut body =
            json!({"provider_config_key": "acme", "connection_id": "c-1", "credentials": tokens()});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let got = app.key().post("/connections", body).await;
        assert_eq!(got.status, 201, "{got:?}");
        got.body
    };
    let first = import(json!({
        "connection_config": {"team": "t1", "region": "eu"}, "metadata": {"a": 1}, "tags": {"plan": "pro"},
        "webhook_url_override": "https://hooks.example.com/x",
    }))
    .await;
    app.clock.advance_seconds(24 * 60 * 60);
    app.acme.revoke_grants();
    let path = "/connections/c-1?provider_config_key=acme";
    assert_eq!(app.key().get(path).await.failure(), (400, "invalid_credentials"));
    let second = import(json!({
        "connection_config": {"region": "us"}, "credentials": {"type": "OAUTH2", "access_token": "fresh"},
    }))
    .await;
    assert_eq!(second["id"], first["id"], "the same connection");
    assert_eq!(second["created_at"], first["created_at"]);
    assert_eq!(second["errors"], json!([]));
    assert_eq!(second["connection_config"], json!({"team": "t1", "region": "us"}));
    for kept in ["metadata", "tags", "webhook_url_override"] {
        assert_eq!(second[kept], first[kept], "{kept}");
    }
    let fetched = app.key().get(path).await;
    assert_eq!(fetched.status, 200, "the failure is forgotten: {fetched:?}");
    assert_eq!(fetched.body["credentials"]["access_token"], "fresh");

    let third = import(json!({"metadata": {"b": 2}, "tags": {}, "webhook_url_override": ""})).await;
    assert_eq!(
        (&third["metadata"], &third["tags"], &third["webhook_url_override"]),
        (&json!({"b": 2}), &json!({}), &Value::Null),
        "what is given replaces"
    );
    let listed = app.key().get("/connections").await.body;
    assert_eq!(listed["connections"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_imported_token_is_refreshed_like_any_other() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let id = app.connect_oauth(for_u1()).await;
    let path = format!("/connections/{id}?provider_config_key=acme&refresh_token=true");
    let held = app.key().get(&path).await.body["credentials"].clone();
    let body = json!({
        "provider_config_key": "acme", "connection_id": "moved",
        "credentials": {
            "type": "OAUTH2", "access_token": held["access_token"], "refresh_token": held["refresh_token"],
            "expires_at": "2026-08-21T10:12:12Z",
        },
    });
    assert_eq!(app.key().post("/connections", body).await.status, 201);
    let got = app.key().get("/connections/moved?provider_config_key=acme").await;
    assert_eq!(got.status, 200, "{got:?}");
    assert_ne!(got.body["credentials"]["access_token"], held["access_token"]);
}

#[tokio::test]
async fn credentials_that_the_provider_refuses_are_not_stored() {
    let app = TestApp::spawn().await;
    integrations(&app).await;
    for (integration, credentials) in [
        ("acme-key", json!({"type": "API_KEY", "apiKey": "acme_test_1"})),
        (
            "basic",
            json!({"type": "BASIC", "username": "demo", "password": "wrong"}),
        ),
    ] {
        let body = json!({"provider_config_key": integration, "credentials": credentials});
        let got = app.key().post("/connections", body).await;
        assert_eq!(got.failure(), (400, "connection_test_failed"), "{got:?}");
        let log_id = got.body["error"]["log_id"].as_str().unwrap();
        assert!(log_id.starts_with("opn_"), "{got:?}");
        assert!(!got.body.to_string().contains("acme_test_1"));
    }
    let said = async || {
        let credentials = json!({"type": "API_KEY", "apiKey": "acme_live_1"});
        let body = json!({"provider_config_key": "acme-key", "credentials": credentials});
        let got = app.key().post("/connections", body).await;
        assert_eq!(got.failure(), (400, "connection_test_failed"), "{got:?}");
        got.body["error"]["message"].as_str().unwrap().to_owned()
    };
    app.acme.script(|script| script.me_status = Some(503));
    let broken = said().await;
    assert!(
        broken.contains("could not say") && broken.contains("503"),
        "{broken}"
    );
    app.acme.script(|script| script.outage = true);
    let away = said().await;
    assert!(away.contains("could not be asked"), "{away}");
    assert_eq!(
        app.key().get("/connections").await.body,
        json!({"connections": []})
    );
}

#[tokio::test]
async fn what_cannot_be_imported_is_named() {
    let app = TestApp::spawn().await;
    integrations(&app).await;
    let with = |integration: &str, credentials: Value| json!({"provider_config_key": integration, "credentials": credentials});
    let change = |edit: fn(&mut Value)| {
        let mut body = with("acme", tokens());
        edit(&mut body);
        body
    };
    let long = "x".repeat(16_385);
    for (body, issues) in [
        (
            json!({}),
            vec!["invalid_type provider_config_key", "invalid_type credentials"],
        ),
        (json!([]), vec!["invalid_type "]),
        (
            change(|body| body["surprise"] = 1.into()),
            vec!["unrecognized_keys "],
        ),
        (
            change(|body| body["connection_id"] = "a\u{e9}".into()),
            vec!["invalid_format connection_id"],
        ),
        (
            change(|body| body["connection_id"] = "x".repeat(256).into()),
            vec!["too_big connection_id"],
        ),
        (
            change(|body| body["metadata"] = json!([])),
            vec!["invalid_type metadata"],
        ),
        (
            change(|body| body["metadata"] = Value::Null),
            vec!["invalid_type metadata"],
        ),
        (
            change(|body| body["metadata"] = json!({"a": "\0"})),
            vec!["invalid_format metadata"],
        ),
        (
            change(|body| body["metadata"] = json!({"a": "x".repeat(256 * 1024)})),
            vec!["too_big metadata"],
        ),
        (
            change(|body| body["connection_config"] = json!("x")),
            vec!["invalid_type connection_config"],
        ),
        (
            change(|body| body["connection_config"] = json!({"oauth_scopes_override": "a,b"})),
            vec!["invalid_type connection_config.oauth_scopes_override"],
        ),
        (
            change(|body| body["connection_config"] = json!({"deep": [{"a": "\0"}]})),
            vec!["invalid_format connection_config.deep"],
        ),
        (
            change(|body| body["tags"] = json!({"a b": "x"})),
            vec!["invalid_key tags.a b"],
        ),
        (
            change(|body| body["end_user"] = json!({})),
            vec!["invalid_type end_user.id"],
        ),
        (
            change(|body| body["webhook_url_override"] = "http://169.254.169.254/".into()),
            vec!["invalid_format webhook_url_override"],
        ),
        (with("acme", json!("x")), vec!["invalid_type credentials"]),
        (with("acme", json!({})), vec!["invalid_union credentials"]),
        (
            with("acme", json!({"type": "JWT"})),
            vec!["invalid_union credentials"],
        ),
        (
            with("acme", json!({"type": "OAUTH2"})),
            vec!["invalid_type credentials.access_token"],
        ),
        (
            with("acme", json!({"type": "OAUTH2", "access_token": ""})),
            vec!["too_small credentials.access_token"],
        ),
        (
            with("acme", json!({"type": "OAUTH2", "access_token": long})),
            vec!["too_big credentials.access_token"],
        ),
        (
            with(
                "acme",
                json!({"type": "OAUTH2", "access_token": "a", "expires_at": "soon"}),
            ),
            vec!["invalid_type credentials.expires_at"],
        ),
        (
            with(
                "acme",
                json!({"type": "OAUTH2", "access_token": "a", "no_expiration": true}),
            ),
            vec!["unrecognized_keys credentials"],
        ),
        (
            with(
                "acme",
                json!({"type": "OAUTH2", "access_token": "a", "config_override": {"id": "x"}}),
            ),
            vec!["unrecognized_keys credentials.config_override"],
        ),
        (
            with("auth0", json!({"type": "OAUTH2_CC", "token": "t"})),
            vec![
                "invalid_type credentials.client_id",
                "invalid_type credentials.client_secret",
            ],
        ),
        (
            with("basic", json!({"type": "BASIC", "username": "u"})),
            vec!["invalid_type credentials.password"],
        ),
        (
            with("acme-key", json!({"type": "API_KEY", "api_key": "k"})),
            vec!["invalid_type credentials.apiKey", "unrecognized_keys credentials"],
        ),
        (
            with("trello", json!({"type": "OAUTH1", "oauth_token": "t"})),
            vec!["invalid_type credentials.oauth_token_secret"],
        ),
        (
            with(
                "netsuite",
                json!({"type": "TBA", "token_id": "", "token_secret": "s"}),
            ),
            vec!["too_small credentials.token_id"],
        ),
        (
            with("open", json!({"type": "NONE", "x": 1})),
            vec!["unrecognized_keys credentials"],
        ),
        (
            with("acme", json!({"type": "APP"})),
            vec![
                "invalid_type credentials.app_id",
                "invalid_type credentials.installation_id",
            ],
        ),
        // Rules of the whole: a message, and no issues.
        (with("acme", json!({"type": "API_KEY", "apiKey": "k"})), vec![]),
        (
            with(
                "acme",
                json!({"type": "APP", "app_id": "1", "installation_id": "2"}),
            ),
            vec![],
        ),
        (
            with(
                "netsuite",
                json!({"type": "TBA", "token_id": "t", "token_secret": "s"}),
            ),
            vec![],
        ),
    ] {
        let got = app.key().post("/connections", body.clone()).await;
        assert_eq!(got.failure(), (400, "invalid_body"), "{body}: {got:?}");
        assert_eq!(got.issues(), issues, "{body}: {got:?}");
        assert!(!got.body["error"]["message"].as_str().unwrap().is_empty());
    }
    let declared = json!({
        "provider_config_key": "netsuite",
        "credentials": {"type": "TBA", "token_id": "t", "token_secret": "s"},
        "connection_config": {"accountId": "1234567.evil.example"},
    });
    let got = app.key().post("/connections", declared).await;
    assert_eq!(
        got.issues(),
        ["invalid_format connection_config.accountId"],
        "{got:?}"
    );

    let nobody = app.key().post("/connections", with("nobody", tokens())).await;
    assert_eq!(nobody.failure(), (404, "not_found"), "{nobody:?}");
    let query = app.key().post("/connections?x=1", with("acme", tokens())).await;
    assert_eq!(query.failure(), (400, "invalid_query_params"));
    let reader = app.scoped(&["environment:connections:read_credentials"]).await;
    let got = app.bearer(&reader).post("/connections", json!({})).await;
    assert_eq!(got.failure(), (403, "forbidden"));
    assert!(
        got.body["error"]["message"]
            .as_str()
            .unwrap()
            .contains("environment:connections:create")
    );
    assert_eq!(
        app.key().get("/connections").await.body,
        json!({"connections": []}),
        "nothing half-written"
    );
}

#[tokio::test]
async fn the_old_form_takes_every_mode_and_repeats_the_body() {
    let app = TestApp::spawn().await;
    integrations(&app).await;
    for (integration, fields, shown) in [
        (
            "acme",
            json!({"access_token": "at", "refresh_token": "rt", "expires_at": "2026-08-21T12:11:12Z", "raw": {"n": 1}}),
            json!({
                "type": "OAUTH2", "access_token": "at", "refresh_token": "rt",
                "expires_at": "2026-08-21T12:11:12.000Z", "raw": {"n": 1},
            }),
        ),
        (
            "acme",
            json!({"access_token": "at", "expires_in": 3600, "oauth_client_id_override": "mine"}),
            json!({
                "type": "OAUTH2", "access_token": "at", "expires_at": "2026-08-21T11:11:12.000Z",
                "config_override": {"client_id": "mine"}, "raw": {"access_token": "at", "expires_in": 3600},
            }),
        ),
        (
            "acme",
            json!({"access_token": "at", "no_expiration": true}),
            json!({"type": "OAUTH2", "access_token": "at", "raw": {"access_token": "at"}}),
        ),
        (
            "auth0",
            json!({"access_token": "t", "oauth_client_id_override": "me", "oauth_client_secret_override": "cs"}),
            json!({
                "type": "OAUTH2_CC", "token": "t", "client_id": "me", "client_secret": "cs",
                "raw": {"access_token": "t"},
            }),
        ),
        (
            "trello",
            json!({"oauth_token": "t", "oauth_token_secret": "s"}),
            json!({
                "type": "OAUTH1", "oauth_token": "t", "oauth_token_secret": "s",
                "raw": {"oauth_token": "t", "oauth_token_secret": "s"},
            }),
        ),
        (
            "basic",
            json!({"username": "demo", "password": "demo"}),
            json!({"type": "BASIC", "username": "demo", "password": "demo"}),
        ),
        (
            "acme-key",
            json!({"api_key": DEMO_API_KEY}),
            json!({"type": "API_KEY", "apiKey": DEMO_API_KEY}),
        ),
        (
            "netsuite",
            json!({"token_id": "t", "token_secret": "s", "connection_config": {"accountId": "1"}}),
            json!({"type": "TBA", "token_id": "t", "token_secret": "s", "config_override": {}}),
        ),
        (
            "open",
            json!({"metadata": {"a": 1}, "anything": "else"}),
            json!({}),
        ),
    ] {
        let mut body = fields;
        body["provider_config_key"] = integration.into();
        let got = app.key().post("/connection", body.clone()).await;
        assert_eq!(got.status, 201, "{body}: {got:?}");
        let id = got.body["connection_id"].as_str().unwrap().to_owned();
        body["connection_id"] = id.as_str().into();
        assert_eq!(got.body, body);
        let path = format!("/connection/{id}?provider_config_key={integration}&refresh_token=true");
        assert_eq!(app.key().get(&path).await.body["credentials"], shown, "{body}");
    }
}

#[tokio::test]
async fn the_old_form_has_refusals_of_its_own() {
    let app = TestApp::spawn().await;
    integrations(&app).await;
    for (body, code) in [
        (json!({}), "missing_provider_config"),
        (
            json!({"provider_config_key": "nobody"}),
            "unknown_provider_config",
        ),
        (json!({"provider_config_key": 7}), "unknown_provider_config"),
        (json!({"provider_config_key": "acme"}), "missing_access_token"),
        (
            json!({"provider_config_key": "acme", "access_token": "a"}),
            "missing_expires_at",
        ),
        (
            json!({"provider_config_key": "acme", "access_token": "a", "no_expiration": false}),
            "missing_expires_at",
        ),
        (
            json!({"provider_config_key": "acme", "access_token": "a", "expires_at": "soon"}),
            "invalid_expires_at",
        ),
        (
            json!({"provider_config_key": "acme", "access_token": "a", "expires_in": "x"}),
            "invalid_expires_at",
        ),
        (
            json!({"provider_config_key": "acme", "access_token": 7}),
            "invalid_body",
        ),
        (json!({"provider_config_key": "auth0"}), "missing_access_token"),
        (
            json!({"provider_config_key": "auth0", "access_token": "a"}),
            "invalid_body",
        ),
        (json!({"provider_config_key": "trello"}), "missing_oauth_token"),
        (json!({"provider_config_key": "basic"}), "missing_basic_username"),
        (json!({"provider_config_key": "acme-key"}), "missing_api_key"),
        (
            json!({"provider_config_key": "netsuite", "token_id": "t", "token_secret": "s"}),
            "missing_account_id",
        ),
        (
            json!({"provider_config_key": "acme-key", "api_key": "acme_test_1"}),
            "connection_test_failed",
        ),
        (
            json!({"provider_config_key": "open", "connection_id": "a\u{e9}"}),
            "invalid_body",
        ),
    ] {
        let got = app.key().post("/connection", body.clone()).await;
        assert_eq!(got.failure(), (400, code), "{body}: {got:?}");
    }
    assert_eq!(
        app.key().get("/connections").await.body,
        json!({"connections": []})
    );
}
