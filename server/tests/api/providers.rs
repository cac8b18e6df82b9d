use crate::app::{TestApp, answer, for_u1};

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

#[tokio::test]
async fn fields_are_titled_in_the_language_that_is_asked_for() {
    let app = TestApp::spawn().await;
    let zendesk = async |language: &str| {
        let request = app
            .http
            .get(format!("{}/providers/zendesk", app.url))
            .bearer_auth(&app.key)
            .header("Accept-Language", language);
        let got = answer(request).await;
        let field = got.body["data"]["connection_config"]["subdomain"].clone();
        assert_eq!(field["suffix"], ".zendesk.com", "what is not text stays");
        assert_eq!(got.header("vary"), "accept-language");
        let text = |name: &str| field[name].as_str().unwrap().to_owned();
        (
            got.header("content-language").to_owned(),
            text("title"),
            text("description"),
        )
    };
    let table = [
        (
            "es-MX;q=0.3, it",
            "es",
            "Subdominio",
            "La primera parte de la dirección de su Zendesk.",
        ),
        (
            "en;q=0.1, fr",
            "fr",
            "Sous-domaine",
            "La première partie de l’adresse de votre Zendesk.",
        ),
        (
            "de-CH",
            "de",
            "Subdomain",
            "Der erste Teil der Adresse Ihres Zendesk.",
        ),
        (
            "ja",
            "ja",
            "サブドメイン",
            "お使いの Zendesk のアドレスの最初の部分です。",
        ),
        (
            "it",
            "en",
            "Subdomain",
            "The first part of the address of your Zendesk.",
        ),
        (
            "de;q=0",
            "en",
            "Subdomain",
            "The first part of the address of your Zendesk.",
        ),
    ];
    for (asked, tag, title, description) in table {
        let wanted = (tag.to_owned(), title.to_owned(), description.to_owned());
        assert_eq!(zendesk(asked).await, wanted, "{asked}");
    }
    let request = app
        .http
        .get(format!("{}/providers?search=twilio", app.url))
        .bearer_auth(&app.key)
        .header("Accept-Language", "fr");
    let listed = answer(request).await;
    assert_eq!(
        listed.body["data"][0]["credentials"]["password"]["title"],
        "Auth token ou secret de la clé d’API"
    );
}
