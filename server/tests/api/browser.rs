//! What browser packages and pages of our own send and are told, beside the popup's way itself.

use reqwest::header::{ACCEPT, ACCEPT_LANGUAGE, LOCATION, SET_COOKIE};
use reqwest::{Method, Url};
use serde_json::{Value, json};
use terapi_broker::environments::EnvironmentPatch;
use terapi_testkit::{DEMO_PASSWORD, DEMO_USER, Denial};

use crate::app::{Answer, TestApp, answer, for_u1};
use crate::authorization::says;

async fn public_key(app: &TestApp) -> String {
    app.environment().await.public_key
}

/// `POST /oauth/connect/acme` of the holder of `token`, and the page that its popup is sent to.
async fn prepare(app: &TestApp, token: &str, query: &str) -> (Answer, Url) {
    let path = format!("/oauth/connect/acme?{query}");
    let made = app.bearer(token).send(Method::POST, &path, None).await;
    assert_eq!(made.status, 200, "{made:?}");
    assert!(
        !made.headers.contains_key(SET_COOKIE),
        "a frame could not keep it"
    );
    let start = made.body["authorize_url"].as_str().unwrap().parse().unwrap();
    (made, start)
}

async fn result(app: &TestApp, bearer: &str, attempt: &Value) -> Answer {
    let path = format!("/connect/ui/result?attempt={}", attempt.as_str().unwrap());
    app.bearer(bearer).get(&path).await
}

#[tokio::test]
async fn a_script_prepares_an_attempt_and_its_popup_comes_for_it() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let token = app.session(for_u1()).await;
    let (made, start) = prepare(&app, &token, "").await;
    assert!(start.as_str().starts_with(&format!("{}/connect/ui/go?", app.url)));
    assert!(!start.as_str().contains(&token), "the token is in no address");
    let attempt = &made.body["attempt"];
    assert_eq!(
        result(&app, &token, attempt).await.body,
        json!({"status": "pending"})
    );
    let looks = [
        app.http.head(start.clone()),
        app.http
            .get(start.clone())
            .header("sec-purpose", "prefetch;prerender"),
    ];
    for look in looks {
        assert_eq!(answer(look).await.status, 204, "looking ahead does not use it up");
    }
    let popup = app.popup_at(start.as_str()).await;
    let (late, _) = app.visit(start.as_str(), "").await;
    says(&late, 400, "invalid_state");
    assert_eq!(app.come_back(&popup).await.status, 200);
    let done = result(&app, &token, attempt).await;
    let connection = done.body["connection_id"].as_str().unwrap();
    assert_eq!(
        done.body,
        json!({"status": "connected", "provider_config_key": "acme", "connection_id": connection, "is_pending": false})
    );
    assert_eq!(app.count().await, 1);
}

#[tokio::test]
async fn a_link_that_is_good_no_more_says_so_in_the_language_of_the_page_it_is_from() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let token = app.session(for_u1()).await;
    let begun = app
        .http
        .post(format!("{}/connect/ui/start?lang=fr", app.url))
        .header("terapi-view", "1")
        .header("terapi-window", "1")
        .bearer_auth(&token)
        .form(&[("integration", "acme")]);
    let begun = answer(begun).await;
    let start = begun.body["authorize_url"].as_str().unwrap();
    app.popup_at(start).await;
    let nowhere = format!("{}/connect/ui/go?attempt=x", app.url);
    for (url, language) in [(start, "fr"), (&nowhere, "de")] {
        let page = answer(app.http.get(url).header(ACCEPT_LANGUAGE, "de")).await;
        says(&page, 400, "invalid_state");
        let text = page.body.as_str().unwrap();
        assert!(text.contains(&format!("<html lang=\"{language}\"")), "{text}");
    }
}

#[tokio::test]
async fn whoever_cannot_change_it_is_not_told_to_start_again() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let token = app.session(for_u1()).await;
    let start = |path: &str| format!("{}/oauth/connect/{path}connect_session_token={token}", app.url);
    for (url, code) in [
        (start("nowhere?"), "provider_config_err"),
        (start("acme?connection_id=mine&"), "invalid_query_params"),
    ] {
        let page = app.visit(&url, "").await.0;
        says(&page, 400, code);
        let text = page.body.as_str().unwrap();
        let headline = "The app asked for something that is not set up. Trying again will not help.";
        let next = "Close this window and send the details to the support of the app.";
        assert!(
            text.contains(&format!("<p role=\"alert\">{headline}</p>")),
            "{text}"
        );
        assert!(
            text.contains(&format!("</details><p>{next}</p></main>")),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_link_is_good_once_even_for_a_browser_that_calls_itself_by_it() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let token = app.session(for_u1()).await;
    let (_, start) = prepare(&app, &token, "").await;
    let (_, link) = start.query_pairs().find(|(name, _)| name == "link").unwrap();
    let (first, _) = app.visit(start.as_str(), &format!("terapi-flow={link}")).await;
    assert_eq!(first.status, 302, "{first:?}");
    let (second, _) = app.visit(start.as_str(), "").await;
    says(&second, 400, "invalid_state");
}

#[tokio::test]
async fn a_result_is_for_its_own_session_or_listener_alone() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let (token, other) = (app.session(for_u1()).await, app.session(for_u1()).await);
    let (made, _) = prepare(&app, &token, "").await;
    let attempt = &made.body["attempt"];
    assert_eq!(result(&app, &other, attempt).await.failure(), (404, "not_found"));
    let unknown = json!("att_00000000000000000000000000");
    assert_eq!(result(&app, &token, &unknown).await.failure(), (404, "not_found"));
    assert_eq!(
        result(&app, &token, &json!("x")).await.failure(),
        (404, "not_found")
    );
    let path = format!("/connect/ui/result?attempt={}", attempt.as_str().unwrap());
    assert_eq!(
        app.anon().get(&path).await.failure(),
        (401, "missing_auth_header")
    );
    let with_key = app.key().get(&path).await;
    assert_eq!(with_key.failure(), (401, "invalid_connect_session_token_format"));

    let key = public_key(&app).await;
    let path = format!("/oauth/connect/acme?public_key={key}");
    let made = app.anon().send(Method::POST, &path, None).await;
    let listener = made.body["listener"].as_str().unwrap();
    let attempt = &made.body["attempt"];
    assert_eq!(
        result(&app, listener, attempt).await.body,
        json!({"status": "pending"})
    );
    let guess = "00000000-0000-4000-8000-000000000000";
    assert_eq!(result(&app, guess, attempt).await.failure(), (404, "not_found"));
    app.clock.advance_seconds(30 * 60);
    let path = format!("/connect/ui/result?attempt={}", attempt.as_str().unwrap());
    let late = app.bearer(&token).get(&path).await;
    assert_eq!(late.failure(), (401, "unknown_connect_session_token"));
}

#[tokio::test]
async fn a_result_is_streamed_to_whoever_waits() {
    let app = TestApp::spawn().await;
    app.acme().await;
    app.acme
        .script(|script| script.deny = Some(denial("access_denied", None)));
    let token = app.session(for_u1()).await;
    let (made, start) = prepare(&app, &token, "").await;
    let address = format!(
        "{}/connect/ui/result?attempt={}",
        app.url,
        made.body["attempt"].as_str().unwrap()
    );
    let ask = || {
        app.http
            .get(&address)
            .bearer_auth(&token)
            .header(ACCEPT, "text/event-stream")
            .send()
    };
    let mut stream = ask().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    assert_eq!(stream.headers()["access-control-allow-origin"], "*");
    let first = stream.chunk().await.unwrap().unwrap();
    assert_eq!(first, "event: status\ndata: {\"status\":\"pending\"}\n\n");
    let popup = app.popup_at(start.as_str()).await;
    says(&app.come_back(&popup).await, 400, "callback_err");
    let last = String::from_utf8(stream.chunk().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(stream.chunk().await.unwrap().is_none(), "nothing comes after it");
    let told: Value = serde_json::from_str(last.split("data: ").nth(1).unwrap()).unwrap();
    assert_eq!(
        (&told["status"], &told["error"]["code"]),
        (&json!("failed"), &json!("callback_err"))
    );
    assert!(
        told["error"]["log_id"].as_str().unwrap().starts_with("opn_"),
        "{told}"
    );
    let again = ask().await.unwrap().text().await.unwrap();
    assert_eq!(again, last, "late comers are told at once");
    let mut open = Vec::new();
    let (made, _) = prepare(&app, &token, "").await;
    let pending = format!(
        "{}/connect/ui/result?attempt={}",
        app.url,
        made.body["attempt"].as_str().unwrap()
    );
    for _ in 0..201 {
        let stream = app
            .http
            .get(&pending)
            .bearer_auth(&token)
            .header(ACCEPT, "text/event-stream");
        open.push(stream.send().await.unwrap());
    }
    let refused = open.pop().unwrap();
    assert_eq!(refused.status(), 429, "streams have seats like sockets");
    let refused = refused.text().await.unwrap();
    assert!(
        !refused.contains("log_id"),
        "a call too many is not written down: {refused}"
    );
    assert_eq!(
        result(&app, &token, &made.body["attempt"]).await.status,
        200,
        "JSON has not"
    );
}

fn denial(error: &str, description: Option<&str>) -> Denial {
    Denial {
        error: error.to_owned(),
        description: description.map(str::to_owned),
    }
}

#[tokio::test]
async fn only_the_oldest_packages_are_told_by_a_message() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let key = public_key(&app).await;
    let token = app.session(for_u1()).await;
    let start = |query: String| format!("{}/oauth/connect/acme?{query}", app.url);
    let listener = "00000000-0000-4000-8000-000000000000";
    for (query, told) in [
        (format!("public_key={key}&connection_id=old-1"), true),
        (
            format!("public_key={key}&connection_id=old-2&ws_client_id={listener}"),
            false,
        ),
        (format!("public_key={token}"), true),
        (format!("connect_session_token={token}"), false),
    ] {
        let popup = app.popup_at(&start(query.clone())).await;
        let page = app.come_back(&popup).await;
        let text = page.body.as_str().unwrap();
        assert_eq!(text.contains("AUTHORIZATION_SUCEEDED"), told, "{query}");
        assert_eq!(text.contains("\"connectionId\":\""), told, "{query}");
        assert!(
            text.contains("nango_oauth_callback_success") && text.contains("setTimeout(()=>close(),500)")
        );
    }
    let hostile = "</script><script>alert(1)</script>";
    app.acme
        .script(|script| script.deny = Some(denial("access_denied", Some(hostile))));
    let popup = app.popup_at(&start(format!("public_key={key}"))).await;
    let page = app.come_back(&popup).await;
    says(&page, 400, "callback_err");
    let text = page.body.as_str().unwrap();
    assert!(
        text.contains("AUTHORIZATION_FAILED") && text.contains("access_denied"),
        "{text}"
    );
    assert!(!text.contains("<script>alert"), "{text}");
    for (query, told) in [
        (format!("public_key={key}&connection_id=old-1"), true),
        (
            format!("public_key={key}&connection_id=old-1&ws_client_id={listener}"),
            false,
        ),
    ] {
        let (page, _) = app.visit(&start(query), "").await;
        says(&page, 403, "connection_exists");
        let text = page.body.as_str().unwrap();
        assert_eq!(text.contains("AUTHORIZATION_FAILED"), told);
    }
}

#[tokio::test]
async fn a_query_that_was_put_together_without_care_is_read_all_the_same() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let token = app.session(for_u1()).await;
    let key = public_key(&app).await;
    for query in [
        format!("connect_session_token={token}&user_scope=100%"),
        format!("connect_session_token={token}&authorization_params[prompt]=a+b&x=%zz"),
        format!("connect_session_token={token}&authorization_params%5Bprompt%5D=a%20b"),
        format!("public_key={key}&connection_id=a+b"),
    ] {
        let (begun, consent) = app
            .visit(&format!("{}/oauth/connect/acme?{query}", app.url), "")
            .await;
        assert_eq!(begun.status, 302, "{query}: {begun:?}");
        if query.contains("prompt") {
            let mut pairs = consent.as_ref().unwrap().query_pairs();
            assert!(
                pairs.any(|(name, value)| name == "prompt" && value == "a b"),
                "{consent:?}"
            );
        }
    }
    let object = format!(
        "{}/oauth/connect/acme?public_key={key}&connection_id=[object Object]",
        app.url
    );
    let (page, _) = app.visit(&object, "").await;
    says(&page, 400, "invalid_query_params");
    assert!(page.body.as_str().unwrap().contains("second argument"));
    let (page, _) = app
        .visit(&format!("{}/oauth/connect/acme&ws_client_id=x", app.url), "")
        .await;
    assert!(page.status.is_client_error() && page.header("content-type").starts_with("text/html"));
}

#[tokio::test]
async fn what_needs_no_credentials_is_connected_by_either_route() {
    let app = TestApp::spawn().await;
    let integration = json!({"provider": "generic-none", "unique_key": "open", "integration_config": {"base_url": app.acme.url()}});
    let made = app.key().post("/integrations", integration).await;
    assert_eq!(made.status, 200, "{made:?}");
    let token = app.session(for_u1()).await;
    for route in ["/auth/unauthenticated", "/unauth"] {
        let address = format!("{}{route}/open?connect_session_token={token}", app.url);
        // Packages name a type and send no body.
        let request = app.http.post(address).header("content-type", "application/json");
        let got = answer(request).await;
        assert_eq!(got.status, 200, "{route}: {got:?}");
        assert_eq!(got.body["providerConfigKey"], "open");
        let path = format!(
            "/connections/{}?provider_config_key=open",
            got.body["connectionId"].as_str().unwrap()
        );
        assert_eq!(app.key().get(&path).await.body["credentials"], json!({}));
    }
    app.acme_key().await;
    let path = format!("/unauth/acme-key?connect_session_token={token}");
    let other = app.anon().post(&path, json!({"anything": 1})).await;
    assert_eq!(other.failure(), (400, "invalid_auth_mode"));
}

#[tokio::test]
async fn routes_of_modes_to_come_answer_what_old_packages_send() {
    let app = TestApp::spawn().await;
    let token = app.session(for_u1()).await;
    for (path, body) in [
        (
            "/auth/tableau/x",
            json!({"pat_name": "n", "pat_secret": "s", "content_url": "c"}),
        ),
        (
            "/app-store-auth/x",
            json!({"privateKeyId": "k", "issuerId": "i", "privateKey": "p", "scope": []}),
        ),
        (
            "/auth/jwt/x",
            json!({"privateKey": {"id": "a", "secret": "b"}, "type": "JWT"}),
        ),
        (
            "/auth/two-step/x",
            json!({"type": "TWO_STEP", "a": "b", "assertionOption": {"c": "d"}}),
        ),
        ("/oauth2/auth/x", json!({"client_id": "a", "client_secret": "b"})),
        ("/auth/oauth-outbound/x", Value::Null),
    ] {
        let body = (!body.is_null()).then_some(body);
        let stranger = app.anon().send(Method::POST, path, body.clone()).await;
        assert_eq!(stranger.failure(), (401, "missing_public_key"), "{path}");
        let path = format!("{path}?connect_session_token={token}");
        let got = app.anon().send(Method::POST, &path, body).await;
        assert_eq!(got.failure(), (400, "invalid_auth_mode"), "{path}: {got:?}");
        assert_eq!(got.body["type"], "invalid_auth_mode");
        assert_eq!(got.header("access-control-allow-origin"), "*");
    }
}

#[tokio::test]
async fn a_user_name_or_a_password_may_be_missing_but_not_both() {
    let app = TestApp::spawn().await;
    let integration = json!({"provider": "acme-basic", "unique_key": "basic", "integration_config": {"base_url": app.acme.url()}});
    assert_eq!(app.key().post("/integrations", integration).await.status, 200);
    let token = app.session(for_u1()).await;
    let path = format!("/api-auth/basic/basic?connect_session_token={token}");
    for (body, status, code) in [
        (json!({"username": DEMO_USER}), 400, "connection_test_failed"),
        (json!({"password": DEMO_PASSWORD}), 400, "connection_test_failed"),
        (json!({}), 400, "invalid_body"),
        (json!({"username": 1}), 400, "invalid_body"),
    ] {
        let got = app.anon().post(&path, body.clone()).await;
        assert_eq!(got.failure(), (status, code), "{body}: {got:?}");
    }
    let both = json!({"username": DEMO_USER, "password": DEMO_PASSWORD, "type": "BASIC"});
    assert_eq!(app.anon().post(&path, both).await.status, 200);
}

#[tokio::test]
async fn a_field_of_four_megabytes_is_refused_and_the_page_may_read_why() {
    let app = TestApp::spawn().await;
    app.acme_key().await;
    let token = app.session(for_u1()).await;
    let path = format!("/api-auth/api-key/acme-key?connect_session_token={token}");
    let got = app
        .anon()
        .post(&path, json!({"apiKey": "x".repeat(4 << 20)}))
        .await;
    assert_eq!(got.failure(), (413, "request_too_large"), "{got:?}");
    assert_eq!(got.body["type"], "request_too_large");
    assert_eq!(got.header("access-control-allow-origin"), "*");
}

#[tokio::test]
async fn an_authorization_without_popup_ends_on_the_page_it_came_from() {
    let app = TestApp::spawn().await;
    app.acme().await;
    app.set(EnvironmentPatch {
        allowed_origins: Some(vec!["https://app.example.com".into()]),
        ..EnvironmentPatch::default()
    })
    .await;
    let token = app.session(for_u1()).await;
    // Whatever it claims of a result is taken out; all else keeps its spelling.
    let wanted = "return_url=https%3A%2F%2Fapp.example.com%2Fdone%3Fst%2561tus%3Dconnected%26q%3Da%2520b%26error%26tab%3D1%23here";
    let (_, start) = prepare(&app, &token, wanted).await;
    let popup = app.popup_at(start.as_str()).await;
    for _ in 0..2 {
        let (back, home) = app.visit(popup.returned.as_str(), &popup.cookie).await;
        assert_eq!(back.status, 303, "{back:?}");
        assert_eq!(back.header("referrer-policy"), "no-referrer");
        let home = home.unwrap();
        assert!(
            home.as_str().starts_with(
                "https://app.example.com/done?q=a%20b&tab=1&status=connected&provider_config_key=acme&connection_id="
            ),
            "{home}"
        );
        assert_eq!(home.fragment(), Some("here"));
    }

    app.acme
        .script(|script| script.deny = Some(denial("access_denied", Some("secret words"))));
    let (_, start) = prepare(&app, &token, wanted).await;
    let popup = app.popup_at(start.as_str()).await;
    let form: Vec<(String, String)> = popup.returned.query_pairs().into_owned().collect();
    let posted = app
        .http
        .post(format!("{}/oauth/callback", app.url))
        .header("cookie", &popup.cookie)
        .form(&form);
    let page = answer(posted).await;
    assert_eq!(page.status, 200, "a form's answer may not redirect: {page:?}");
    assert!(!page.headers.contains_key(LOCATION));
    let text = page.body.as_str().unwrap();
    assert!(
        text.contains("https://app.example.com/done?q=a%20b&amp;tab=1&amp;status=failed"),
        "{text}"
    );
    assert!(
        text.contains("error=callback_err") && text.contains("log_id=opn_"),
        "{text}"
    );
    assert!(!text.contains("secret"), "{text}");

    let path = "/oauth/connect/acme?return_url=https%3A%2F%2Fevil.example%2F";
    let refused = app.bearer(&token).send(Method::POST, path, None).await;
    assert_eq!(refused.failure(), (400, "invalid_query_params"));
    assert_eq!(refused.body["type"], "invalid_query_params");
}

#[tokio::test]
async fn our_own_module_is_served_to_every_site() {
    let app = TestApp::spawn().await;
    for (path, kind) in [
        ("/sdk/terapi.js", "text/javascript; charset=utf-8"),
        ("/sdk/terapi.d.ts", "text/plain; charset=utf-8"),
    ] {
        let got = app.anon().get(path).await;
        assert_eq!(got.status, 200);
        assert_eq!(got.header("content-type"), kind);
        assert_eq!(got.header("access-control-allow-origin"), "*");
        assert_eq!(got.header("cross-origin-resource-policy"), "cross-origin");
    }
}

#[tokio::test]
async fn browsers_and_crawlers_find_what_they_ask_every_origin_for() {
    let app = TestApp::spawn().await;
    let icon = app.anon().get("/favicon.ico").await;
    assert_eq!(
        (icon.status.as_u16(), icon.header("content-type")),
        (200, "image/x-icon")
    );
    let robots = app.anon().get("/robots.txt").await;
    assert_eq!(
        (robots.status.as_u16(), robots.header("content-type")),
        (200, "text/plain; charset=utf-8")
    );
    assert_eq!(
        robots.body,
        "User-agent: *\nAllow: /docs\nDisallow: /app\nDisallow: /ui\nDisallow: /connect\nDisallow: /oauth\n"
    );
}
