use reqwest::Method;

use crate::app::{TestApp, for_u1};

#[tokio::test]
async fn routes_of_other_products_say_so() {
    let app = TestApp::spawn().await;
    for (method, path) in [
        (Method::GET, "/records"),
        (Method::POST, "/sync/trigger"),
        (Method::GET, "/sync/status?x=1"),
        (Method::POST, "/action/trigger"),
        (Method::GET, "/scripts/config"),
        (Method::GET, "/integrations/acme/functions"),
        (Method::GET, "/providers/github/templates"),
        (Method::POST, "/v1/anything"),
        (Method::POST, "/mcp"),
        (Method::GET, "/proxy/user"),
        (Method::DELETE, "/proxy"),
        (Method::GET, "/records/?model=Contact"),
        (Method::POST, "/functions/"),
    ] {
        let got = app.anon().send(method.clone(), path, None).await;
        assert_eq!(got.failure(), (501, "feature_disabled"), "{method} {path}");
        assert!(got.body["error"]["message"].as_str().unwrap().contains("Terapi"));
    }
    let document = app.anon().get("/oauth/client-metadata/uuid/key").await;
    assert_eq!(document.failure(), (404, "feature_disabled"));
}

#[tokio::test]
async fn whoever_comes_from_installing_a_github_app_sees_a_page() {
    let app = TestApp::spawn().await;
    let shown = async |query: &str| {
        let got = app
            .http
            .get(format!("{}/app-auth/connect{query}", app.url))
            .send()
            .await
            .unwrap();
        assert!(
            got.headers()["content-type"]
                .to_str()
                .unwrap()
                .starts_with("text/html")
        );
        (got.status().as_u16(), got.text().await.unwrap())
    };
    let (status, page) = shown("?installation_id=1&setup_action=install").await;
    assert_eq!(status, 200);
    assert!(page.contains("Installation changed"));
    for query in ["?installation_id=1&setup_action=install&state=s", "", "?a=%zz"] {
        let (status, page) = shown(query).await;
        assert_eq!(status, 501, "{query}");
        assert!(page.contains("feature_disabled"), "{query}");
    }
}

#[tokio::test]
async fn one_slash_at_the_end_of_a_path_counts_for_nothing() {
    let app = TestApp::spawn().await;
    app.acme_key().await;
    let id = app.connect_key(for_u1()).await;
    for path in [
        "/connections/?limit=5",
        "/integrations/",
        "/providers/",
        &format!("/connections/{id}/?provider_config_key=acme-key"),
    ] {
        assert_eq!(app.key().get(path).await.status, 200, "{path}");
    }
    for path in ["/connections//", "/nothing/"] {
        assert_eq!(app.key().get(path).await.failure(), (404, "not_found"), "{path}");
    }
    let proxied = app.anon().get("/proxy/user/").await;
    assert_eq!(proxied.failure(), (501, "feature_disabled"));
}
