use reqwest::Method;
use serde_json::json;

use crate::app::{Answer, Plan, START, TestApp, answer, for_u1};

async fn limited(limit: u32) -> TestApp {
    TestApp::planned(Plan {
        rate_limit: Some(limit),
        ..Plan::default()
    })
    .await
}

fn numbers(answer: &Answer) -> [&str; 3] {
    ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"].map(|name| answer.header(name))
}

#[tokio::test]
async fn one_call_too_many_is_told_when_to_come_again() {
    let app = limited(2).await;
    let first = app.key().get("/connections").await;
    assert_eq!(numbers(&first), ["2", "1", "1787307132"]);
    assert_eq!(first.status, 200);
    app.clock.advance_seconds(20);
    let unknown = app.key().get("/integrations/none").await;
    assert_eq!(unknown.failure(), (404, "not_found"));
    assert_eq!(
        numbers(&unknown),
        ["2", "0", "1787307132"],
        "a refused call counts as well"
    );

    let refused = app
        .key()
        .send(Method::PATCH, "/connections/metadata?a=1", Some(json!({})))
        .await;
    assert_eq!(refused.failure(), (429, "too_many_request"));
    assert_eq!(numbers(&refused), ["2", "0", "1787307132"]);
    assert_eq!(refused.header("retry-after"), "40");
    assert_eq!(refused.header("access-control-allow-origin"), "*");
    assert!(
        refused
            .header("access-control-expose-headers")
            .contains("X-RateLimit-Reset")
    );
    let error = &refused.body["error"];
    assert_eq!(
        (&error["method"], &error["path"]),
        (&json!("PATCH"), &json!("/connections/metadata"))
    );
    assert!(error["message"].as_str().unwrap().contains("40 seconds"));

    app.clock.advance_seconds(40);
    let again = app.key().get("/connections").await;
    assert_eq!(numbers(&again), ["2", "1", "1787307192"]);
    assert_eq!(again.status, 200);
}

#[tokio::test]
async fn keys_of_an_account_share_a_window_and_other_ways_in_have_their_own() {
    let app = limited(2).await;
    let token = app.session(for_u1()).await;
    let other = app.scoped(&["environment:*"]).await;
    assert_eq!(app.bearer(&other).get("/connections").await.status, 200);
    assert_eq!(app.key().get("/connections").await.status, 429);
    let stranger = app.stranger().await;
    assert_eq!(app.bearer(&stranger).get("/connections").await.status, 200);

    let by_session = app.bearer(&token).get("/integrations").await;
    assert_eq!(numbers(&by_session)[1], "1");
    let browser = format!("/api-auth/api-key/none?connect_session_token={token}");
    let by_browser = app.anon().post(&browser, json!({"apiKey": "k"})).await;
    assert_eq!(numbers(&by_browser)[1], "0", "{by_browser:?}");
    let refused = app.anon().post(&browser, json!({"apiKey": "k"})).await;
    assert_eq!(refused.failure(), (429, "too_many_request"));
    assert_eq!(refused.body["type"], "too_many_request");

    let script = app
        .http
        .get(format!("{}/connections", app.url))
        .bearer_auth(&app.key)
        .header("Nango-Is-Script", "true");
    assert_eq!(answer(script).await.status, 200);
}

#[tokio::test]
async fn views_of_the_connect_page_are_counted_and_one_too_many_is_a_page() {
    let app = limited(2).await;
    let token = app.session(for_u1()).await;
    let page = format!("{}/connect/ui?session_token={token}", app.url);
    let first = app.http.get(&page).send().await.unwrap();
    assert_eq!(first.status(), 200);
    assert_eq!(first.headers()["x-ratelimit-remaining"], "1");
    // What the page reports of itself uses up nothing.
    let report = json!({ "token": token, "event": "view:list", "timestamp": START.to_rfc3339() });
    for _ in 0..3 {
        let noted = app.anon().post("/connect/telemetry", report.clone()).await;
        assert_eq!(noted.status, 204, "{noted:?}");
    }
    let form = [("session_token", token.as_str()), ("integration", "none")];
    let start = app.http.post(format!("{}/connect/ui/start", app.url)).form(&form);
    let second = start.send().await.unwrap();
    assert_eq!(second.headers()["x-ratelimit-remaining"], "0");
    for asked in [
        app.http.get(&page),
        app.http.post(format!("{}/connect/ui/start", app.url)).form(&form),
        app.http
            .get(format!("{}/connect/ui", app.url))
            .header("terapi-view", "1")
            .bearer_auth(&token),
    ] {
        let refused = asked.send().await.unwrap();
        assert_eq!(refused.status(), 429);
        assert_eq!(refused.headers()["retry-after"], "60");
        let text = refused.text().await.unwrap();
        assert!(text.contains("Very busy right now"), "{text}");
        assert!(text.contains("data-retry"), "{text}");
    }
    // Without scripts the way on carries what the form did.
    let form = app
        .http
        .post(format!("{}/connect/ui/start?integration=none", app.url))
        .form(&form);
    let text = form.send().await.unwrap().text().await.unwrap();
    let on = format!("/connect/ui/?session_token={token}&amp;integration=none");
    assert!(text.contains(&on), "{text}");
    let unknown = format!(
        "{}/connect/ui?session_token=nango_connect_session_{}",
        app.url,
        "0".repeat(64)
    );
    let stranger = app.http.get(&unknown).send().await.unwrap();
    assert!(!stranger.headers().contains_key("x-ratelimit-limit"));
}

#[tokio::test]
async fn calls_without_an_account_are_not_counted_and_without_a_limit_none_are() {
    let app = limited(1).await;
    for _ in 0..3 {
        assert_eq!(app.anon().get("/providers.json").await.status, 200);
        let refused = app.anon().get("/connections").await;
        assert_eq!(refused.failure(), (401, "missing_auth_header"));
        assert_eq!(numbers(&refused), ["", "", ""]);
    }
    let app = TestApp::spawn().await;
    for _ in 0..3 {
        let got = app.key().get("/connections").await;
        assert_eq!((got.status.as_u16(), numbers(&got)), (200, ["", "", ""]));
    }
}
