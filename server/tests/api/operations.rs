use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use terapi_broker::operations::{Operation, OperationMessage};
use terapi_model::{LogLevel, OperationId, OperationState};

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
        assert_eq!(
            refused.body["error"].get("log_id").is_some(),
            failure.0 == 400,
            "{body}"
        );
    }
    let (operation, lines) = newest(&app).await;
    assert!(
        lines.iter().all(|line| line.level == LogLevel::Error),
        "nothing of it is told as if it had happened"
    );
    // Those that came with the session's token.
    assert_eq!((operation.state, lines.len()), (OperationState::Running, 9));
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

/// A request that is refused before anything is tried: path, content type, body, and what is answered.
type TurnedAway = (&'static str, &'static str, String, (u16, &'static str));

fn turned_away() -> Vec<TurnedAway> {
    let json = "application/json";
    let key = "/api-auth/api-key/acme-key";
    let basic = "/api-auth/basic/acme-key";
    let nothing = "/auth/unauthenticated/acme-key";
    let huge = json!({"apiKey": "x".repeat(17 * 1024)}).to_string();
    let row = |path, content_type, body: &str, failure| (path, content_type, body.to_owned(), failure);
    let mut rows = vec![
        row(key, json, "{", (400, "invalid_json")),
        row(key, json, "1", (400, "invalid_json")),
        row(key, json, "{}", (400, "invalid_body")),
        row(key, json, r#"{"apiKey":1}"#, (400, "invalid_body")),
        row(key, json, r#"{"apiKey":"x","more":1}"#, (400, "invalid_body")),
        row(key, json, &huge, (413, "request_too_large")),
        row(
            key,
            "text/plain",
            r#"{"apiKey":"x"}"#,
            (415, "invalid_content_type"),
        ),
        row(
            "/api-auth/api-key/a%2Fb",
            json,
            r#"{"apiKey":"x"}"#,
            (400, "invalid_uri_params"),
        ),
        row(
            "/api-auth/api-key/nope",
            json,
            r#"{"apiKey":"x"}"#,
            (404, "unknown_provider_config"),
        ),
        row(basic, json, "[]", (400, "invalid_body")),
        row(basic, json, "{", (400, "invalid_json")),
        row(
            basic,
            json,
            r#"{"username":"a","password":"b"}"#,
            (400, "invalid_auth_mode"),
        ),
        row(nothing, json, "null", (400, "invalid_json")),
        row(nothing, "text/html", "", (415, "invalid_content_type")),
        row("/unauth/acme-key", json, "{", (400, "invalid_json")),
        row("/oauth/connect/a%2Fb", json, "", (400, "invalid_uri_params")),
        row("/oauth/connect/nope", json, "", (400, "provider_config_err")),
        row(
            "/oauth/connect/acme-key",
            "text/plain",
            "",
            (415, "invalid_content_type"),
        ),
        row(
            "/auth/jwt/acme-key",
            "text/plain",
            "{}",
            (415, "invalid_content_type"),
        ),
    ];
    for path in [
        "/auth/tba/acme-key",
        "/auth/two-step/acme-key",
        "/auth/jwt/acme-key",
        "/oauth2/auth/acme-key",
        "/app-store-auth/acme-key",
    ] {
        rows.push(row(path, json, "{}", (400, "invalid_auth_mode")));
    }
    rows
}

async fn send(app: &TestApp, query: &str, (path, content_type, body, _): &TurnedAway) -> crate::app::Answer {
    let request = app.http.post(format!("{}{path}?{query}", app.url));
    let request = request.header(CONTENT_TYPE, *content_type).body(body.clone());
    answer(request).await
}

#[tokio::test]
async fn whatever_a_browser_that_was_let_in_is_refused_carries_the_id_that_finds_it() {
    let app = TestApp::spawn().await;
    app.acme().await;
    app.acme_key().await;
    let caller = app.operator().await;
    let operations = app.broker.operations();
    let find = async |id: &str| {
        let id = OperationId::parse(id).unwrap();
        operations.find(&caller, &id).await.unwrap().unwrap()
    };
    let public_key = app.environment().await.public_key;
    for row in turned_away() {
        let (path, .., failure) = &row;
        let token = app.session(for_u1()).await;
        let (own, _) = newest(&app).await;
        let got = send(&app, &format!("connect_session_token={token}"), &row).await;
        assert_eq!(got.failure(), *failure, "{row:?}");
        assert_eq!(got.body["error"]["log_id"], own.id.as_str(), "{path}: {got:?}");
        let (operation, lines) = find(own.id.as_str()).await;
        let why = operation.error.map(|error| error.code);
        assert_eq!(
            (operation.state, why.as_deref()),
            (OperationState::Failed, Some(failure.1)),
            "{path}"
        );
        let last = lines.last().unwrap();
        assert_eq!(
            (last.level, &*last.error.as_ref().unwrap().code),
            (LogLevel::Error, failure.1)
        );
        assert!(!format!("{lines:?}").contains(&token), "{path}");

        app.clock.advance_seconds(1);
        let got = send(&app, &format!("public_key={public_key}"), &row).await;
        assert_eq!(got.failure(), *failure, "{row:?}");
        let (operation, lines) = find(got.body["error"]["log_id"].as_str().unwrap()).await;
        assert_eq!(
            (operation.state, operation.actor.kind.as_str()),
            (OperationState::Failed, "public_key")
        );
        assert_eq!(lines.last().unwrap().error.as_ref().unwrap().code, failure.1);
        app.clock.advance_seconds(1);
    }
}

#[tokio::test]
async fn who_is_not_let_in_is_told_so_whatever_they_sent_and_leaves_no_operation() {
    let app = TestApp::spawn().await;
    app.acme_key().await;
    let caller = app.operator().await;
    let unknown = format!("connect_session_token=nango_connect_session_{}", "a".repeat(64));
    for row in turned_away() {
        let (path, _, _, (status, _)) = &row;
        for (query, code) in [
            ("", "missing_public_key"),
            ("connect_session_token=x", "invalid_connect_session_token_format"),
            (unknown.as_str(), "unknown_connect_session_token"),
            ("public_key=x", "invalid_public_key"),
        ] {
            let got = send(&app, query, &row).await;
            // What kind of body comes is judged before who asks.
            let wanted = if *status == 415 {
                (415, "invalid_content_type")
            } else {
                (401, code)
            };
            assert_eq!(got.failure(), wanted, "{path} {query}");
            assert!(got.body["error"].get("log_id").is_none(), "{path} {query}");
        }
    }
    let page = app
        .broker
        .operations()
        .list(&caller, &Default::default())
        .await
        .unwrap();
    assert!(page.operations.is_empty(), "{page:?}");
}

#[tokio::test]
async fn what_the_holder_of_a_session_asks_in_vain_is_a_line_of_its_operation() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let token = app.session(for_u1()).await;
    let (own, _) = newest(&app).await;
    let nothing = json!({});
    for (method, path, body, failure) in [
        (
            Method::GET,
            "/connect/session?a=1",
            None,
            (400, "invalid_query_params"),
        ),
        (
            Method::DELETE,
            "/connect/session?a=1",
            None,
            (400, "invalid_query_params"),
        ),
        (
            Method::DELETE,
            "/connect/session",
            Some(json!({"a": 1})),
            (400, "invalid_body"),
        ),
        (
            Method::GET,
            "/connect/ui/result?attempt=att_00000000000000000000000000",
            None,
            (404, "not_found"),
        ),
        (
            Method::POST,
            "/connect/telemetry",
            Some(json!({"token": token, "event": "sudo"})),
            (400, "invalid_body"),
        ),
    ] {
        let got = app.bearer(&token).send(method, path, body).await;
        assert_eq!(got.failure(), failure, "{path}: {got:?}");
        assert_eq!(got.body["error"]["log_id"], own.id.as_str(), "{path}");
        let (operation, lines) = newest(&app).await;
        assert_eq!(operation.state, OperationState::Running, "{path}");
        assert_eq!(
            lines.last().unwrap().error.as_ref().unwrap().code,
            failure.1,
            "{path}"
        );
    }
    let typed = app
        .http
        .get(format!("{}/connect/session", app.url))
        .bearer_auth(&token)
        .header(CONTENT_TYPE, "text/plain");
    let typed = answer(typed).await;
    assert_eq!(typed.failure(), (415, "invalid_content_type"));
    assert_eq!(typed.body["error"]["log_id"], own.id.as_str());
    // Other calls are no authorizations, and have no operation.
    let plain = app.key().post("/connect/sessions", nothing).await;
    assert_eq!(plain.failure(), (400, "invalid_body"));
    assert!(plain.body["error"].get("log_id").is_none());
}

#[tokio::test]
async fn a_session_that_has_ended_is_found_by_what_its_late_user_is_shown() {
    let app = TestApp::spawn().await;
    app.acme().await;
    app.acme_key().await;
    let token = app.session(for_u1()).await;
    let (own, _) = newest(&app).await;
    app.clock.advance_seconds(30 * 60);
    let query = format!("connect_session_token={token}");
    let refused = [
        app.bearer(&token).get("/connect/session").await,
        app.anon()
            .post(
                &format!("/api-auth/api-key/acme-key?{query}"),
                json!({"apiKey": "x"}),
            )
            .await,
        app.anon()
            .post(
                "/connect/telemetry",
                json!({"token": token, "event": "open", "timestamp": START.to_rfc3339()}),
            )
            .await,
        app.bearer(&token).get("/connect/ui/result?attempt=att_1").await,
    ];
    for late in refused {
        assert_eq!(late.failure(), (401, "unknown_connect_session_token"));
        assert_eq!(late.body["error"]["log_id"], own.id.as_str(), "{late:?}");
    }
    let page = app.anon().get(&format!("/oauth/connect/acme?{query}")).await;
    assert_eq!(page.status, 401);
    let page = page.body.as_str().unwrap().to_owned();
    assert!(
        page.contains(&format!("Reference: <code>{}</code>", own.id)),
        "{page}"
    );
    let (operation, lines) = newest(&app).await;
    assert_eq!(
        (operation.state, lines.len()),
        (OperationState::Running, 3),
        "a few say it"
    );
    assert_eq!(lines[0].message, "The session was used after it had expired");
}

#[tokio::test]
async fn a_link_that_was_used_already_shows_where_its_attempt_is_found() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let token = app.session(for_u1()).await;
    let made = app
        .bearer(&token)
        .send(Method::POST, "/oauth/connect/acme", None)
        .await;
    let start = made.body["authorize_url"].as_str().unwrap();
    assert_eq!(app.visit(start, "").await.0.status, 302);
    let (late, _) = app.visit(start, "").await;
    assert_eq!(late.status, 400);
    let (own, lines) = newest(&app).await;
    let page = late.body.as_str().unwrap();
    assert!(
        page.contains(&format!("Reference: <code>{}</code>", own.id)),
        "{page}"
    );
    assert_eq!(lines.last().unwrap().level, LogLevel::Warn);
}
