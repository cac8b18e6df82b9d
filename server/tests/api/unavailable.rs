use reqwest::Method;

use crate::app::TestApp;

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
    ] {
        let got = app.anon().send(method.clone(), path, None).await;
        assert_eq!(got.failure(), (501, "feature_disabled"), "{method} {path}");
        assert!(got.body["error"]["message"].as_str().unwrap().contains("Terapi"));
    }
}
