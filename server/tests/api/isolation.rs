//! A key of one environment reaches nothing of another, by any route (generated: routes × ids of the other tenant).

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{TestApp, for_u1};

#[tokio::test]
async fn no_route_reaches_another_tenants_things() {
    let app = TestApp::spawn().await;
    app.acme_key().await;
    app.acme().await;
    let key_connection = app.connect_key(for_u1()).await;
    let oauth_connection = app.connect_oauth(for_u1()).await;
    let eve = app.stranger().await;
    let mut tried = 0;
    for (integration, connection) in [("acme-key", &key_connection), ("acme", &oauth_connection)] {
        let at = format!("?provider_config_key={integration}");
        let metadata = json!({"connection_id": connection, "provider_config_key": integration, "metadata": {"stolen": 1}});
        let reconnect = json!({"connection_id": connection, "integration_id": integration});
        let session = json!({"end_user": {"id": "e"}, "allowed_integrations": [integration]});
        let preset = json!({"end_user": {"id": "e"}, "integrations_config_defaults": {integration: {}}});
        let import = json!({
            "provider_config_key": integration, "connection_id": connection,
            "credentials": {"type": "OAUTH2", "access_token": "stolen"},
        });
        let old =
            json!({"provider_config_key": integration, "connection_id": connection, "api_key": "stolen"});
        let routes: Vec<(&str, String, Option<Value>, u16)> = vec![
            ("GET", format!("/connections/{connection}{at}"), None, 400),
            ("GET", format!("/connection/{connection}{at}"), None, 400),
            (
                "GET",
                format!("/connections/{connection}{at}&force_refresh=true&refresh_token=true"),
                None,
                400,
            ),
            (
                "PATCH",
                format!("/connections/{connection}{at}"),
                Some(json!({"tags": {"stolen": "1"}})),
                400,
            ),
            ("DELETE", format!("/connections/{connection}{at}"), None, 400),
            ("DELETE", format!("/connection/{connection}{at}"), None, 400),
            (
                "POST",
                "/connections/metadata".to_owned(),
                Some(metadata.clone()),
                404,
            ),
            (
                "PATCH",
                "/connections/metadata".to_owned(),
                Some(metadata.clone()),
                404,
            ),
            (
                "POST",
                "/connection/metadata".to_owned(),
                Some(metadata.clone()),
                404,
            ),
            ("PATCH", "/connection/metadata".to_owned(), Some(metadata), 404),
            (
                "POST",
                "/connect/sessions/reconnect".to_owned(),
                Some(reconnect),
                400,
            ),
            ("POST", "/connect/sessions".to_owned(), Some(session), 400),
            ("POST", "/connect/sessions".to_owned(), Some(preset), 400),
            ("GET", format!("/integrations/{integration}"), None, 404),
            (
                "GET",
                format!("/integrations/{integration}?include=credentials"),
                None,
                404,
            ),
            (
                "PATCH",
                format!("/integrations/{integration}"),
                Some(json!({"display_name": "stolen"})),
                404,
            ),
            ("DELETE", format!("/integrations/{integration}"), None, 404),
            ("POST", "/connections".to_owned(), Some(import), 404),
            ("POST", "/connection".to_owned(), Some(old), 400),
            (
                "POST",
                format!("/connection/{connection}/metadata{at}"),
                Some(json!({"stolen": 1})),
                404,
            ),
            (
                "PATCH",
                format!("/connection/{connection}/metadata{at}"),
                Some(json!({"stolen": 1})),
                404,
            ),
            (
                "POST",
                format!("/connection/{connection}/field-mapping{at}"),
                Some(json!({"stolen": "1"})),
                404,
            ),
            (
                "GET",
                format!("/config/{integration}?include_creds=true"),
                None,
                400,
            ),
            (
                "PUT",
                "/config".to_owned(),
                Some(json!({"provider_config_key": integration, "oauth_client_id": "stolen"})),
                400,
            ),
            ("DELETE", format!("/config/{integration}"), None, 400),
        ];
        for (method, path, body, status) in routes {
            let method: Method = method.parse().unwrap();
            let got = app.bearer(&eve).send(method.clone(), &path, body).await;
            assert_eq!(got.status.as_u16(), status, "{method} {path}: {got:?}");
            assert!(
                !got.body.to_string().contains("u1@example.com"),
                "{method} {path}"
            );
            tried += 1;
        }
    }
    assert_eq!(tried, 50);
    for query in [
        "",
        "?endUserId=u1",
        "?search=u1",
        "?tags[end_user_id]=u1",
        "?integrationId=acme",
    ] {
        let got = app.bearer(&eve).get(&format!("/connections{query}")).await;
        assert_eq!(got.body, json!({"connections": []}), "{query}");
    }
    assert_eq!(
        app.bearer(&eve).get("/integrations").await.body,
        json!({"data": []})
    );
    assert_eq!(app.bearer(&eve).get("/config").await.body, json!({"configs": []}));

    let untouched = app.key().get("/connections").await.body["connections"].clone();
    assert_eq!(untouched.as_array().unwrap().len(), 2);
    assert!(!untouched.to_string().contains("stolen"));
    assert_eq!(
        app.acme.counters().refreshes,
        0,
        "a foreign key makes nobody's token new"
    );
}

#[tokio::test]
async fn a_session_of_one_tenant_shows_only_their_integrations() {
    let app = TestApp::spawn().await;
    app.acme_key().await;
    let eve = app.stranger().await;
    let opened = app.bearer(&eve).post("/connect/sessions", for_u1()).await;
    let token = opened.body["data"]["token"].as_str().unwrap().to_owned();
    assert_eq!(
        app.bearer(&token).get("/integrations").await.body,
        json!({"data": []})
    );
}
