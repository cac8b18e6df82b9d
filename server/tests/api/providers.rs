use crate::app::{TestApp, for_u1};

#[tokio::test]
async fn providers_are_listed_for_keys_and_sessions() {
    let app = TestApp::spawn().await;
    let session = app.session(for_u1()).await;
    for token in [&app.key, &session] {
        let got = app.bearer(token).get("/providers").await;
        assert_eq!(got.status, 200);
        let names: Vec<&str> = got.body["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["name"].as_str().unwrap())
            .collect();
        assert!(names.contains(&"github") && names.is_sorted(), "{names:?}");
        let found = app.bearer(token).get("/providers?search=GITH").await;
        assert_eq!(found.body["data"].as_array().unwrap().len(), 1);
    }
    assert_eq!(
        app.anon().get("/providers").await.failure(),
        (401, "missing_auth_header")
    );
}

#[tokio::test]
async fn one_provider_has_the_contracts_shape() {
    let app = TestApp::spawn().await;
    let got = app.key().get("/providers/github").await;
    assert_eq!(got.status, 200);
    let data = &got.body["data"];
    assert_eq!(data["auth_mode"], "OAUTH2");
    assert_eq!(
        data["logo_url"],
        format!("{}/images/template-logos/github.svg", app.url)
    );
    assert!(data["authorization_url"].is_string() && data["display_name"].is_string());
    assert_eq!(
        app.key().get("/providers/nobody").await.failure(),
        (404, "not_found")
    );
    assert_eq!(
        app.key().get("/providers/no%20body").await.failure(),
        (400, "invalid_uri_params")
    );
    assert_eq!(
        app.key().get("/providers/github?x=1").await.failure(),
        (400, "invalid_query_params")
    );
    assert_eq!(
        app.key().get("/providers?search=a%2Fb").await.failure(),
        (400, "invalid_query_params")
    );
}

#[tokio::test]
async fn the_whole_catalogue_is_open() {
    let app = TestApp::spawn().await;
    let got = app.anon().get("/providers.json").await;
    assert_eq!(got.status, 200);
    assert!(got.body["github"]["display_name"].is_string());
    assert!(got.body["github"]["logo_url"].is_null());
}
