use reqwest::Method;

use crate::app::{Plan, TestApp, answer};

#[tokio::test]
async fn a_preflight_is_answered_for_every_path() {
    let app = TestApp::spawn().await;
    for path in [
        "/connections",
        "/oauth/connect/acme",
        "/api-auth/basic/acme",
        "/nothing/here",
    ] {
        let request = app
            .http
            .request(Method::OPTIONS, format!("{}{path}", app.url))
            .header("origin", "https://customer.example")
            .header("access-control-request-method", "POST");
        let got = answer(request).await;
        assert_eq!(got.status, 204, "{path}");
        assert_eq!(got.header("access-control-allow-origin"), "*");
        assert_eq!(got.header("access-control-max-age"), "600");
        assert_eq!(
            got.header("access-control-allow-methods"),
            "GET,HEAD,PUT,PATCH,POST,DELETE"
        );
        assert!(
            got.header("access-control-allow-headers")
                .contains("Authorization,Content-Type")
        );
        assert_eq!(got.header("access-control-allow-credentials"), "");
        let bare = app.http.request(Method::OPTIONS, format!("{}{path}", app.url));
        assert_eq!(answer(bare).await.status, 204, "whatever asks: {path}");
    }
}

#[tokio::test]
async fn answers_and_errors_can_be_read_by_any_site() {
    let app = TestApp::spawn().await;
    for path in [
        "/providers.json",
        "/connections",
        "/nothing/here",
        "/connections/%zz",
        "/health",
    ] {
        let got = app.anon().get(path).await;
        assert_eq!(got.header("access-control-allow-origin"), "*", "{path}");
        assert!(
            got.header("access-control-expose-headers").contains("Etag"),
            "{path}"
        );
        assert_eq!(got.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(got.header("x-request-id").len(), 16, "{path}");
        assert_eq!(
            got.header("strict-transport-security"),
            "",
            "the public URL is plain http"
        );
    }
}

#[tokio::test]
async fn answers_with_data_are_not_kept() {
    let app = TestApp::spawn().await;
    for path in ["/connections", "/integrations", "/providers"] {
        assert_eq!(
            app.key().get(path).await.header("cache-control"),
            "no-store",
            "{path}"
        );
    }
    assert!(
        app.anon()
            .get("/providers.json")
            .await
            .header("cache-control")
            .starts_with("public")
    );
}

#[tokio::test]
async fn browsers_are_held_to_tls_only_where_there_is_tls() {
    let app = TestApp::planned(Plan {
        public_url: Some("https://terapi.example"),
        ..Plan::default()
    })
    .await;
    for path in ["/health", "/nothing/here"] {
        assert_eq!(
            app.anon().get(path).await.header("strict-transport-security"),
            "max-age=31536000"
        );
    }
}
