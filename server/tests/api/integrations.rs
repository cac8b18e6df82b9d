use reqwest::Method;
use serde_json::{Value, json};
use terapi_testkit::{DEMO_CLIENT_ID, DEMO_CLIENT_SECRET};

use crate::app::{TestApp, for_u1};

fn github() -> Value {
    json!({
        "provider": "github",
        "unique_key": "gh",
        "credentials": {"type": "OAUTH2", "client_id": "id", "client_secret": "hush", "scopes": "repo,read:user"},
    })
}

#[tokio::test]
async fn an_integration_lives_through_all_five_verbs() {
    let app = TestApp::spawn().await;
    let made = app.key().post("/integrations", github()).await;
    assert_eq!(made.status, 200, "{made:?}");
    let wanted = json!({"data": {
        "unique_key": "gh",
        "provider": "github",
        "display_name": "GitHub",
        "logo": format!("{}/images/template-logos/github.svg", app.url),
        "forward_webhooks": true,
        "created_at": "2026-08-21T10:11:12.000Z",
        "updated_at": "2026-08-21T10:11:12.000Z",
    }});
    assert_eq!(made.body, wanted);
    assert_eq!(app.key().get("/integrations/gh").await.body, wanted);
    assert_eq!(
        app.key().get("/integrations").await.body,
        json!({"data": [wanted["data"]]})
    );

    let with = app
        .key()
        .get("/integrations/gh?include=credentials&include[]=webhook")
        .await;
    assert_eq!(with.body["data"]["webhook_url"], Value::Null);
    assert_eq!(
        with.body["data"]["credentials"],
        json!({
            "type": "OAUTH2", "client_id": "id", "client_secret": "hush", "scopes": "repo,read:user",
            "webhook_secret": null,
        })
    );

    let changes = json!({"display_name": "Ours", "unique_key": "gh2", "credentials": {"type": "OAUTH2", "client_id": "id2"}});
    let changed = app.key().patch("/integrations/gh", changes).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.body["data"]["display_name"], "Ours");
    let with = app.key().get("/integrations/gh2?include=credentials").await;
    assert_eq!(with.body["data"]["credentials"]["client_id"], "id2");
    assert_eq!(
        with.body["data"]["credentials"]["client_secret"], "hush",
        "what is not sent stays"
    );

    let deleted = app.key().delete("/integrations/gh2").await;
    assert_eq!(
        (deleted.status.as_u16(), deleted.body),
        (200, json!({"success": true}))
    );
    for method in [Method::GET, Method::PATCH, Method::DELETE] {
        let gone = app.key().send(method.clone(), "/integrations/gh2", None).await;
        assert_eq!(gone.failure(), (404, "not_found"), "{method}");
    }
}

#[tokio::test]
async fn a_key_may_be_called_quickstart() {
    let app = TestApp::spawn().await;
    let mut body = github();
    body["unique_key"] = "quickstart".into();
    assert_eq!(app.key().post("/integrations", body).await.status, 200);
    assert_eq!(app.key().get("/integrations/quickstart").await.status, 200);
    assert_eq!(
        app.key()
            .patch("/integrations/quickstart", json!({"display_name": "Q"}))
            .await
            .status,
        200
    );
    assert_eq!(app.key().delete("/integrations/quickstart").await.status, 200);
    let refused = app
        .key()
        .post(
            "/integrations/quickstart",
            json!({"provider": "github", "unique_key": "x"}),
        )
        .await;
    assert_eq!(refused.failure(), (400, "invalid_body"));
}

#[tokio::test]
async fn what_cannot_become_an_integration_is_named() {
    let app = TestApp::spawn().await;
    app.key().post("/integrations", github()).await;
    let change = |edit: fn(&mut Value)| {
        let mut body = github();
        body["unique_key"] = "other".into();
        edit(&mut body);
        body
    };
    for (body, issues) in [
        (
            change(|body| body["provider"] = "nobody".into()),
            vec!["custom provider"],
        ),
        (
            change(|body| body["unique_key"] = "gh".into()),
            vec!["custom uniqueKey"],
        ),
        (
            change(|body| body["provider"] = "a b".into()),
            vec!["invalid_format provider"],
        ),
        (
            change(|body| body["unique_key"] = "a/b".into()),
            vec!["invalid_format unique_key"],
        ),
        (
            change(|body| body["unique_key"] = "..".into()),
            vec!["invalid_format unique_key"],
        ),
        (
            change(|body| body["display_name"] = "".into()),
            vec!["too_small display_name"],
        ),
        (
            change(|body| body["forward_webhooks"] = "yes".into()),
            vec!["invalid_type forward_webhooks"],
        ),
        (
            change(|body| body["extra"] = 1.into()),
            vec!["unrecognized_keys "],
        ),
        (
            change(|body| body["credentials"]["extra"] = 1.into()),
            vec!["unrecognized_keys credentials"],
        ),
        (
            change(|body| body["credentials"]["client_id"] = "".into()),
            vec!["too_small credentials.client_id"],
        ),
        (
            change(|body| body["credentials"]["client_secret"] = 7.into()),
            vec!["invalid_type credentials.client_secret"],
        ),
        (
            change(|body| body["credentials"]["type"] = "MAGIC".into()),
            vec!["invalid_union credentials"],
        ),
        (change(|body| body["credentials"]["type"] = "TBA".into()), vec![]),
        (change(|body| body["credentials"]["type"] = "APP".into()), vec![]),
        (
            change(|body| {
                body.as_object_mut().unwrap().remove("credentials");
            }),
            vec![],
        ),
        (
            json!({}),
            vec!["invalid_type provider", "invalid_type unique_key"],
        ),
        (json!([]), vec!["invalid_type "]),
    ] {
        let got = app.key().post("/integrations", body.clone()).await;
        assert_eq!(got.failure(), (400, "invalid_body"), "{body}: {got:?}");
        assert_eq!(got.issues(), issues, "{body}: {got:?}");
        assert!(!got.body.to_string().contains("hush"));
    }
    let api_key = json!({
        "provider": "openai", "unique_key": "o",
        "credentials": {"type": "OAUTH2", "client_id": "id", "client_secret": "s"},
    });
    assert_eq!(
        app.key().post("/integrations", api_key).await.failure(),
        (400, "invalid_body")
    );
    let listed = app.key().get("/integrations").await;
    assert_eq!(
        listed.body["data"].as_array().unwrap().len(),
        1,
        "nothing half-written"
    );
}

#[tokio::test]
async fn credentials_need_their_own_scope() {
    let app = TestApp::spawn().await;
    app.key().post("/integrations", github()).await;
    let reader = app.scoped(&["environment:integrations:read"]).await;
    let got = app
        .bearer(&reader)
        .get("/integrations/gh?include=credentials")
        .await;
    assert_eq!(got.status, 200);
    assert!(got.body["data"].get("credentials").is_none(), "silently left out");
    assert_eq!(
        app.key()
            .get("/integrations/gh?include=everything")
            .await
            .failure(),
        (400, "invalid_query_params")
    );
}

#[tokio::test]
async fn a_rename_is_refused_while_connections_live() {
    let app = TestApp::spawn().await;
    app.acme_key().await;
    app.connect_key(for_u1()).await;
    let refused = app
        .key()
        .patch("/integrations/acme-key", json!({"unique_key": "renamed"}))
        .await;
    assert_eq!(refused.failure(), (400, "invalid_body"), "{refused:?}");
    app.key().delete("/integrations/acme-key").await;
    let left = app.key().get("/connections").await;
    assert_eq!(
        left.body,
        json!({"connections": []}),
        "its connections went with it"
    );
}

#[tokio::test]
async fn a_session_sees_the_integrations_it_allows() {
    let app = TestApp::spawn().await;
    app.key().post("/integrations", github()).await;
    app.acme_key().await;
    let all = app.session(for_u1()).await;
    let some = app
        .session(json!({"end_user": {"id": "u"}, "allowed_integrations": ["gh"]}))
        .await;
    assert_eq!(
        app.bearer(&all).get("/integrations").await.body["data"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let got = app.bearer(&some).get("/integrations").await;
    assert_eq!(got.body["data"].as_array().unwrap().len(), 1);
    assert_eq!(got.body["data"][0]["unique_key"], "gh");
    assert_eq!(
        app.bearer(&some).get("/integrations/gh").await.failure(),
        (401, "unknown_account")
    );
}

#[tokio::test]
async fn settings_are_checked_against_the_provider() {
    let app = TestApp::spawn().await;
    let body = json!({
        "provider": "acme",
        "unique_key": "acme",
        "credentials": {"type": "OAUTH2", "client_id": DEMO_CLIENT_ID, "client_secret": DEMO_CLIENT_SECRET},
        "integration_config": {"base_url": "not a url", "unknown": "x"},
    });
    let got = app.key().post("/integrations", body).await;
    assert_eq!(got.failure(), (400, "invalid_body"));
    assert!(
        got.issues()
            .iter()
            .any(|issue| issue.ends_with("integration_config.base_url")),
        "{got:?}"
    );
}
