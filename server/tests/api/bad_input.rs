//! The table of bad input: what comes in, which status, which code; and nothing is half-written.

use reqwest::Method;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use serde_json::json;

use crate::app::{TestApp, answer, for_u1};

const ROUTES_WITH_JSON: [(&str, &str); 8] = [
    ("POST", "/connect/sessions"),
    ("POST", "/connect/sessions/reconnect"),
    ("POST", "/connections"),
    ("POST", "/connections/metadata"),
    ("PATCH", "/connections/metadata"),
    ("PATCH", "/connections/c?provider_config_key=acme-key"),
    ("POST", "/integrations"),
    ("PATCH", "/integrations/acme-key"),
];

async fn send(app: &TestApp, method: &str, path: &str, body: impl Into<reqwest::Body>) -> (u16, String) {
    let method: Method = method.parse().unwrap();
    let request = app
        .http
        .request(method, format!("{}{path}", app.url))
        .bearer_auth(&app.key)
        .header(CONTENT_TYPE, "application/json")
        .body(body);
    let got = answer(request).await;
    assert!(
        !got.body["error"]["message"]
            .as_str()
            .unwrap_or_default()
            .is_empty(),
        "{path}: {got:?}"
    );
    (got.status.as_u16(), got.code().to_owned())
}

#[tokio::test]
async fn bodies_that_are_no_json_object_are_refused_on_every_route() {
    let app = TestApp::spawn().await;
    app.acme_key().await;
    let deep = "[".repeat(100_000);
    let table: [(&str, (u16, &str)); 8] = [
        ("{", (400, "invalid_json")),
        ("not json", (400, "invalid_json")),
        ("null", (400, "invalid_json")),
        ("\"text\"", (400, "invalid_json")),
        ("{\"a\": 1} trailing", (400, "invalid_json")),
        ("{\"a\": \"\\ud800\"}", (400, "invalid_json")),
        (&deep, (400, "invalid_json")),
        ("[]", (400, "invalid_body")),
    ];
    for (method, path) in ROUTES_WITH_JSON {
        for (body, (status, code)) in table {
            let got = send(&app, method, path, body.to_owned()).await;
            assert_eq!(
                got,
                (status, code.to_owned()),
                "{method} {path} {}",
                &body[..body.len().min(40)]
            );
        }
    }
}

#[tokio::test]
async fn unknown_keys_and_wrong_types_are_refused_on_every_route() {
    let app = TestApp::spawn().await;
    app.acme_key().await;
    for (method, path) in ROUTES_WITH_JSON {
        for body in [
            json!({"surprise": 1}),
            json!({"tags": 1, "display_name": [], "metadata": null, "connection_id": {}}),
        ] {
            let got = send(&app, method, path, body.to_string()).await;
            assert_eq!(got, (400, "invalid_body".to_owned()), "{method} {path} {body}");
        }
    }
}

#[tokio::test]
async fn a_body_over_two_mebibytes_is_refused_and_just_below_is_read() {
    let app = TestApp::spawn().await;
    app.acme_key().await;
    let padded = |size: usize| format!("{{\"surprise\":\"{}\"}}", "x".repeat(size));
    for (method, path) in ROUTES_WITH_JSON {
        let got = send(&app, method, path, padded(2 * 1024 * 1024)).await;
        assert_eq!(got, (413, "request_too_large".to_owned()), "{method} {path}");
    }
    let got = send(&app, "POST", "/connect/sessions", padded(2 * 1024 * 1024 - 1024)).await;
    assert_eq!(got, (400, "invalid_body".to_owned()));
    let chunks = futures::stream::iter((0..3).map(|_| Ok::<_, std::io::Error>("x".repeat(1 << 20))));
    let got = send(
        &app,
        "POST",
        "/connect/sessions",
        reqwest::Body::wrap_stream(chunks),
    )
    .await;
    assert_eq!(got, (413, "request_too_large".to_owned()), "length not announced");
}

#[tokio::test]
async fn only_json_is_taken_where_json_is_asked() {
    let app = TestApp::spawn().await;
    for path in [
        "/connect/sessions",
        "/integrations",
        "/connections/metadata",
        "/providers",
        "/auth/jwt/x",
        "/environments",
    ] {
        for content_type in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/xml",
            "",
            "json",
        ] {
            let request = app
                .http
                .post(format!("{}{path}", app.url))
                .header(CONTENT_TYPE, content_type)
                .body("{}");
            let got = answer(request).await;
            assert_eq!(
                got.failure(),
                (415, "invalid_content_type"),
                "{path} {content_type}"
            );
        }
    }
    for content_type in [
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
    ] {
        let request = app
            .http
            .post(format!("{}/connect/sessions", app.url))
            .bearer_auth(&app.key)
            .header(CONTENT_TYPE, content_type)
            .body(for_u1().to_string());
        assert_eq!(answer(request).await.status, 201, "{content_type}");
    }
    // The published clients announce JSON on calls without a body.
    let request = app
        .http
        .get(format!("{}/connections", app.url))
        .bearer_auth(&app.key)
        .header(CONTENT_TYPE, "application/json")
        .header(CONTENT_LENGTH, "0");
    assert_eq!(answer(request).await.status, 200);
}

#[tokio::test]
async fn ids_that_no_name_may_have_are_refused() {
    let app = TestApp::spawn().await;
    for (path, wanted) in [
        ("/integrations/a%2Fb", (400, "invalid_uri_params")),
        ("/integrations/%00", (400, "invalid_uri_params")),
        ("/integrations/%zz", (400, "invalid_uri_params")),
        ("/integrations/%ff", (400, "invalid_uri_params")),
        ("/integrations/%E0%A4%A", (400, "invalid_uri_params")),
        (
            "/connections/%c3%28?provider_config_key=a",
            (400, "invalid_uri_params"),
        ),
        (
            "/connections/%C3%A9?provider_config_key=a",
            (400, "invalid_uri_params"),
        ),
        (
            "/connections/c?provider_config_key=%zz",
            (400, "invalid_query_params"),
        ),
        (
            "/connections/c?provider_config_key=",
            (400, "invalid_query_params"),
        ),
        ("/providers/%3Cscript%3E", (400, "invalid_uri_params")),
        ("/no/such/path", (404, "not_found")),
        ("/connections//", (404, "not_found")),
        ("//connections", (404, "not_found")),
    ] {
        let got = app.key().get(path).await;
        assert_eq!(got.failure(), wanted, "{path}: {got:?}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_answered_in_json() {
    let app = TestApp::spawn().await;
    for (method, path) in [
        (Method::PUT, "/connections"),
        (Method::DELETE, "/connections"),
        (Method::POST, "/connections/c"),
        (Method::GET, "/connect/sessions"),
        (Method::POST, "/connect/session"),
        (Method::PATCH, "/integrations"),
        (Method::DELETE, "/providers/github"),
    ] {
        let got = app.key().send(method.clone(), path, None).await;
        assert_eq!(got.failure(), (405, "method_not_allowed"), "{method} {path}");
        assert!(!got.header("allow").is_empty(), "{method} {path}");
    }
}

#[tokio::test]
async fn an_address_that_does_not_decode_is_a_page_where_people_look_and_json_elsewhere() {
    let app = TestApp::spawn().await;
    for path in ["/oauth/connect/%zz", "/oauth/callback/%ff", "/connect/ui/%"] {
        let got = app.anon().get(path).await;
        assert_eq!(got.status, 400, "{path}");
        assert_eq!(got.header("content-type"), "text/html; charset=utf-8", "{path}");
        assert!(
            got.body.as_str().unwrap().contains("invalid_uri_params"),
            "{path}"
        );
    }
    for path in [
        "/connections/%zz",
        "/api-auth/api-key/%zz",
        "/providers/%ff",
        "/%",
    ] {
        let got = app.anon().get(path).await;
        assert_eq!(got.failure(), (400, "invalid_uri_params"), "{path}");
    }
}

#[tokio::test]
async fn a_field_of_four_megabytes_is_refused_and_the_next_call_is_answered() {
    let app = TestApp::spawn().await;
    app.acme_key().await;
    let session = app.session(for_u1()).await;
    let huge = "x".repeat(4 * 1024 * 1024);
    let typed = format!("/api-auth/api-key/acme-key?connect_session_token={session}");
    for (path, body) in [
        (typed.as_str(), json!({"apiKey": huge})),
        ("/connect/telemetry", json!({"token": session, "event": huge})),
    ] {
        let got = app.anon().post(path, body).await;
        assert_eq!(got.failure(), (413, "request_too_large"), "{path}");
        assert!(!got.header("access-control-allow-origin").is_empty(), "{path}");
    }
    let body = json!({"end_user": {"id": "u1", "display_name": huge}});
    let got = app.key().post("/connect/sessions", body).await;
    assert_eq!(got.failure(), (413, "request_too_large"));
    assert_eq!(app.key().get("/connections").await.status, 200);
}
