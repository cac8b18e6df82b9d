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
            change(|body| {
                body["credentials"]
                    .as_object_mut()
                    .unwrap()
                    .remove("client_secret");
            }),
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

#[tokio::test]
async fn every_mode_takes_the_client_it_has_and_no_other() {
    let app = TestApp::spawn().await;
    let client = |mode: &str| json!({"type": mode, "client_id": "id", "client_secret": "hush"});
    for (key, provider, credentials) in [
        ("oauth1", "trello", Some(client("OAUTH1"))),
        ("tba", "netsuite-tba", Some(client("TBA"))),
        ("tba-bare", "netsuite-tba", None),
        ("cc", "auth0-client-credentials", None),
        ("key", "openai", None),
    ] {
        let mut body = json!({"provider": provider, "unique_key": key});
        if let Some(credentials) = credentials {
            body["credentials"] = credentials;
        }
        let made = app.key().post("/integrations", body).await;
        assert_eq!(made.status, 200, "{key}: {made:?}");
    }
    let shown = async |key: &str| {
        let path = format!("/integrations/{key}?include=credentials");
        app.key().get(&path).await.body["data"]["credentials"].clone()
    };
    assert_eq!(
        shown("oauth1").await,
        json!({
            "type": "OAUTH1", "client_id": "id", "client_secret": "hush", "scopes": "read", "webhook_secret": null,
        }),
        "with the provider's default scopes"
    );
    assert_eq!(
        shown("tba").await,
        json!({"type": "TBA", "client_id": "id", "client_secret": "hush", "scopes": "", "webhook_secret": null})
    );
    assert_eq!(shown("tba-bare").await["client_id"], Value::Null);
    for key in ["cc", "key"] {
        assert_eq!(shown(key).await, Value::Null, "{key}");
    }
    for (provider, credentials) in [
        ("trello", None),
        ("trello", Some(client("OAUTH2"))),
        ("trello", Some(json!({"type": "OAUTH1", "client_id": "id"}))),
        ("auth0-client-credentials", Some(client("OAUTH2"))),
        ("openai", Some(client("TBA"))),
        ("netsuite-tba", Some(client("OAUTH1"))),
    ] {
        let mut body = json!({"provider": provider, "unique_key": "refused"});
        if let Some(credentials) = credentials {
            body["credentials"] = credentials;
        }
        let got = app.key().post("/integrations", body.clone()).await;
        assert_eq!(got.failure(), (400, "invalid_body"), "{body}: {got:?}");
        assert!(!got.body.to_string().contains("hush"));
    }
    let patched = json!({"credentials": {"type": "OAUTH2", "client_id": "x"}});
    let got = app.key().patch("/integrations/oauth1", patched).await;
    assert_eq!(got.failure(), (400, "invalid_body"), "{got:?}");
}

#[tokio::test]
async fn include_is_taken_once_repeated_or_with_brackets() {
    let app = TestApp::spawn().await;
    app.key().post("/integrations", github()).await;
    for (query, webhook, credentials) in [
        ("", false, false),
        ("?include=webhook", true, false),
        ("?include=credentials", false, true),
        ("?include=webhook&include=credentials", true, true),
        ("?include[]=webhook&include[]=credentials", true, true),
        ("?include%5B%5D=webhook", true, false),
        ("?include[0]=webhook&include[1]=credentials", true, true),
    ] {
        let got = app.key().get(&format!("/integrations/gh{query}")).await;
        assert_eq!(got.status, 200, "{query}: {got:?}");
        let has = |name: &str| got.body["data"].get(name).is_some();
        assert_eq!(
            (has("webhook_url"), has("credentials")),
            (webhook, credentials),
            "{query}"
        );
    }
    for query in [
        "?include=",
        "?include[]=webhook&include[]=x",
        "?include[a]=webhook",
        "?x=1",
    ] {
        let got = app.key().get(&format!("/integrations/gh{query}")).await;
        assert_eq!(got.failure(), (400, "invalid_query_params"), "{query}");
    }
}

#[tokio::test]
async fn a_key_that_has_a_name_is_labelled_with_it() {
    let app = TestApp::spawn().await;
    app.acme_key().await;
    let generic = |key: &str, config: Value| json!({"provider": "generic-api-key", "unique_key": key, "integration_config": config});
    let base = "https://api.example.com";
    app.key()
        .post("/integrations", generic("plain", json!({"base_url": base})))
        .await;
    let named = json!({"base_url": base, "key_label": "Personal access token"});
    app.key().post("/integrations", generic("named", named)).await;
    let label = async |key: &str| {
        let path = format!("/integrations/{key}");
        app.key().get(&path).await.body["data"]
            .get("credentials_label")
            .cloned()
    };
    assert_eq!(label("acme-key").await, Some(json!({"apiKey": "Acme API key"})));
    assert_eq!(
        label("named").await,
        Some(json!({"apiKey": "Personal access token"}))
    );
    assert_eq!(label("plain").await, None);
}

#[tokio::test]
async fn a_change_keeps_what_is_not_sent_and_clears_what_is_empty() {
    let app = TestApp::spawn().await;
    let mut body = github();
    body["credentials"]["webhook_secret"] = "whs".into();
    body["custom"] = json!({"a": "1", "b": "2"});
    app.key().post("/integrations", body).await;
    let base = "https://api.example.com";
    let generic = json!({
        "provider": "generic-api-key", "unique_key": "generic",
        "integration_config": {"base_url": base, "header_name": "X-Key"},
    });
    app.key().post("/integrations", generic).await;
    let secrets = async || {
        let got = app.key().get("/integrations/gh?include=credentials").await;
        got.body["data"]["credentials"].clone()
    };
    assert_eq!(secrets().await["webhook_secret"], "whs");
    for (path, body) in [
        ("/integrations/gh", json!({})),
        (
            "/integrations/gh",
            json!({"credentials": {"type": "OAUTH2", "scopes": ""}}),
        ),
        (
            "/integrations/gh",
            json!({"credentials": {"type": "OAUTH2", "webhook_secret": ""}}),
        ),
        (
            "/integrations/gh",
            json!({"custom": {"b": "3"}, "forward_webhooks": false}),
        ),
        (
            "/integrations/generic",
            json!({"integration_config": {"header_name": ""}}),
        ),
    ] {
        let got = app.key().patch(path, body.clone()).await;
        assert_eq!(got.status, 200, "{body}: {got:?}");
    }
    assert_eq!(
        secrets().await,
        json!({"type": "OAUTH2", "client_id": "id", "client_secret": "hush", "scopes": "", "webhook_secret": null})
    );
    let old = app.key().get("/config/gh?include_creds=true").await.body;
    assert_eq!(old["config"]["custom"], json!({"a": "1", "b": "3"}), "merged");
    assert_eq!(
        app.key().get("/integrations/gh").await.body["data"]["forward_webhooks"],
        false
    );

    for (path, body, issues) in [
        (
            "/integrations/gh",
            json!({"unique_key": "generic"}),
            vec!["custom uniqueKey"],
        ),
        (
            "/integrations/gh",
            json!({"provider": "slack"}),
            vec!["unrecognized_keys "],
        ),
        (
            "/integrations/gh",
            json!({"display_name": ""}),
            vec!["too_small display_name"],
        ),
        (
            "/integrations/generic",
            json!({"integration_config": {"nothing": "x"}}),
            vec!["unrecognized_keys integration_config"],
        ),
        (
            "/integrations/generic",
            json!({"integration_config": {"base_url": ""}}),
            vec!["invalid_type integration_config.base_url"],
        ),
        (
            "/integrations/generic",
            json!({"custom": {"a": "1"}}),
            vec!["custom custom"],
        ),
    ] {
        let got = app.key().patch(path, body.clone()).await;
        assert_eq!(got.failure(), (400, "invalid_body"), "{body}: {got:?}");
        assert_eq!(got.issues(), issues, "{body}: {got:?}");
    }
}

#[tokio::test]
async fn refusals_are_sentences() {
    let app = TestApp::spawn().await;
    app.key().post("/integrations", github()).await;
    let message = async |body: Value| {
        let got = app.key().post("/integrations", body).await;
        got.body["error"]["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        message(github()).await,
        "this environment already has an integration with the id gh"
    );
    assert_eq!(
        message(json!({"provider": "nobody", "unique_key": "x"})).await,
        "there is no provider called nobody"
    );
    assert_eq!(
        message(json!({"provider": "slack", "unique_key": "x"})).await,
        "credentials are required: the provider's auth mode is OAUTH2"
    );
    assert_eq!(
        message(json!({"provider": "generic-api-key", "unique_key": "x"})).await,
        "the body is not valid: integration_config.base_url is required"
    );
}

#[tokio::test]
async fn each_verb_asks_for_its_own_scope() {
    let app = TestApp::spawn().await;
    app.key().post("/integrations", github()).await;
    for (scope, allowed) in [
        ("environment:integrations:list", "GET /integrations"),
        ("environment:integrations:list_credentials", "GET /integrations"),
        ("environment:integrations:read", "GET /integrations/gh"),
        ("environment:integrations:update", "PATCH /integrations/gh"),
        ("environment:integrations:create", "POST /integrations/quickstart"),
        ("environment:integrations:delete", "DELETE /integrations/gh"),
    ] {
        let key = app.scoped(&[scope]).await;
        for call in [
            "GET /integrations",
            "GET /integrations/gh",
            "PATCH /integrations/gh",
            "POST /integrations/quickstart",
            "DELETE /integrations/gh",
        ] {
            let (method, path) = call.split_once(' ').unwrap();
            let body = (method == "PATCH" || method == "POST").then(|| json!({}));
            let got = app.bearer(&key).send(method.parse().unwrap(), path, body).await;
            assert_eq!(got.status != 403, call == allowed, "{scope} {call}: {got:?}");
        }
    }
}
