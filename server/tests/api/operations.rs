use reqwest::Method;
use serde_json::{Value, json};
use terapi_broker::operations::{Operation, OperationMessage};
use terapi_model::{LogLevel, OperationState};

use crate::app::{START, TestApp, answer, for_u1};

/// The newest operation and its lines.
async fn newest(app: &TestApp) -> (Operation, Vec<OperationMessage>) {
    let caller = app.operator().await;
    let operations = app.broker.operations();
    let page = operations.list(&caller, &Default::default()).await.unwrap();
    let newest = page.operations.into_iter().next().unwrap();
    operations.find(&caller, &newest.id).await.unwrap().unwrap()
}

fn event(token: &str, event: &str) -> Value {
    json!({"token": token, "event": event, "timestamp": START.to_rfc3339()})
}

#[tokio::test]
async fn an_event_of_the_connect_page_is_a_line_of_its_sessions_operation() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let token = app.session(for_u1()).await;
    for name in ["open", "view:list", "popup:closed_early"] {
        let told = app.anon().post("/connect/telemetry", event(&token, name)).await;
        assert_eq!((told.status.as_u16(), &told.body), (204, &json!("")), "{told:?}");
    }
    let mut with_integration = event(&token, "click:integration");
    with_integration["dimensions"] = json!({"integration": "acme"});
    assert_eq!(
        app.anon()
            .post("/connect/telemetry", with_integration)
            .await
            .status,
        204
    );
    let (operation, lines) = newest(&app).await;
    assert_eq!(operation.state, OperationState::Running);
    let levels: Vec<_> = lines.iter().map(|line| line.level).collect();
    assert_eq!(
        levels,
        [LogLevel::Info, LogLevel::Info, LogLevel::Error, LogLevel::Info]
    );
    assert!(lines.iter().all(|line| line.message.starts_with("Connect UI: ")));
    assert_eq!(lines[3].meta.as_ref().unwrap()["integration"], "acme");
}

#[tokio::test]
async fn an_event_of_nobody_or_of_another_day_is_refused() {
    let app = TestApp::spawn().await;
    let token = app.session(for_u1()).await;
    let post = async |body: Value| app.anon().post("/connect/telemetry", body).await;
    let without = |name: &str| {
        let mut body = event(&token, "open");
        body.as_object_mut().unwrap().remove(name);
        body
    };
    let with = |name: &str, value: Value| {
        let mut body = event(&token, "open");
        body[name] = value;
        body
    };
    let unknown = format!("nango_connect_session_{}", "a".repeat(64));
    for (body, failure) in [
        (without("token"), (401, "missing_auth_header")),
        (
            with("token", json!("nope")),
            (401, "invalid_connect_session_token_format"),
        ),
        (
            with("token", json!(unknown)),
            (401, "unknown_connect_session_token"),
        ),
        (without("event"), (400, "invalid_body")),
        (with("event", json!("sudo")), (400, "invalid_body")),
        (without("timestamp"), (400, "invalid_body")),
        (with("timestamp", json!("yesterday")), (400, "invalid_body")),
        (
            with("timestamp", json!(START.plus_seconds(7201).to_rfc3339())),
            (400, "invalid_body"),
        ),
        (
            with("timestamp", json!(START.plus_seconds(-7201).to_rfc3339())),
            (400, "invalid_body"),
        ),
        (
            with("dimensions", json!({"integration": ""})),
            (400, "invalid_body"),
        ),
        (
            with("dimensions", json!({"colour": "red"})),
            (400, "invalid_body"),
        ),
        (with("more", json!(1)), (400, "invalid_body")),
    ] {
        let refused = post(body.clone()).await;
        assert_eq!(refused.failure(), failure, "{body}");
    }
    assert_eq!(newest(&app).await.1.len(), 0);
    let far = json!(START.plus_seconds(7200).to_rfc3339());
    assert_eq!(post(with("timestamp", far)).await.status, 204);
}

#[tokio::test]
async fn only_the_connect_page_may_tell_with_credentials() {
    let app = TestApp::spawn().await;
    let url = format!("{}/connect/telemetry", app.url);
    let asked = app
        .http
        .request(Method::OPTIONS, &url)
        .header("origin", "https://customer.example")
        .header("access-control-request-method", "POST");
    let told = answer(app.http.post(&url).json(&json!({}))).await;
    let asked = answer(asked).await;
    assert_eq!(asked.status, 204);
    assert_eq!(asked.header("access-control-allow-methods"), "POST");
    assert_eq!(asked.header("access-control-max-age"), "36000");
    assert_eq!(
        asked.header("access-control-allow-headers"),
        "Authorization,Content-type"
    );
    for got in [&asked, &told] {
        assert_eq!(got.header("access-control-allow-origin"), app.public_origin());
        assert_eq!(got.header("access-control-allow-credentials"), "true");
    }
}

#[tokio::test]
async fn every_failure_that_an_end_user_sees_finds_its_operation() {
    let app = TestApp::spawn().await;
    app.acme().await;
    app.acme_key().await;
    let token = app.session(for_u1()).await;
    let path = |route: &str| format!("{route}?connect_session_token={token}");

    let refused = app
        .anon()
        .post(&path("/api-auth/api-key/acme-key"), json!({"apiKey": "nobody's"}))
        .await;
    let (operation, _) = newest(&app).await;
    assert_eq!(
        refused.body["error"]["log_id"],
        operation.id.as_str(),
        "{refused:?}"
    );
    assert_eq!(operation.state, OperationState::Failed);

    let page = app.anon().get(&path("/oauth/connect/nope")).await;
    let page = page.body.as_str().unwrap().to_owned();
    assert!(
        page.contains(&format!("Reference: <code>{}</code>", operation.id)),
        "{page}"
    );

    // Who is not let in has no operation.
    let nobody = app
        .anon()
        .post("/api-auth/api-key/acme-key", json!({"apiKey": "x"}))
        .await;
    assert_eq!(nobody.failure(), (401, "missing_public_key"));
    assert!(nobody.body["error"].get("log_id").is_none());
}
