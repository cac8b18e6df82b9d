//! The popup's way over HTTP, and the table of what can go wrong on it: what happens, which status, which code.
//! Whatever goes wrong, nothing is half-written.

use reqwest::header::{ACCEPT_LANGUAGE, COOKIE, LOCATION, SET_COOKIE};
use reqwest::{StatusCode, Url};
use serde_json::json;
use terapi_testkit::{Answer as Scripted, DEMO_API_KEY, Denial};

use crate::app::{Answer, Plan, TestApp, answer, for_u1};

/// A browser that has been sent to the provider and come back with this address.
pub struct Popup {
    pub returned: Url,
    pub cookie: String,
}

impl TestApp {
    /// A page that a browser with this cookie looks at, and where it is sent.
    pub async fn visit(&self, url: &str, cookie: &str) -> (Answer, Option<Url>) {
        let request = self.http.get(url).header(COOKIE, cookie);
        let got = answer(request).await;
        let location = got
            .headers
            .get(LOCATION)
            .map(|location| location.to_str().unwrap().parse().unwrap());
        (got, location)
    }

    /// From the start to the address that the provider sends the browser back to.
    pub async fn popup(&self, query: &str) -> Popup {
        let token = self.session(for_u1()).await;
        let start = format!(
            "{}/oauth/connect/acme?connect_session_token={token}{query}",
            self.url
        );
        self.popup_at(&start).await
    }

    /// The same from another start.
    pub async fn popup_at(&self, start: &str) -> Popup {
        let (begun, consent) = self.visit(start, "").await;
        assert_eq!(begun.status, 302, "{begun:?}");
        let cookie = begun.headers[SET_COOKIE]
            .to_str()
            .unwrap()
            .split(';')
            .next()
            .unwrap()
            .to_owned();
        let (_, returned) = self.visit(consent.unwrap().as_str(), "").await;
        Popup {
            returned: returned.unwrap(),
            cookie,
        }
    }

    pub async fn come_back(&self, popup: &Popup) -> Answer {
        self.visit(popup.returned.as_str(), &popup.cookie).await.0
    }

    pub async fn count(&self) -> usize {
        self.key().get("/connections").await.body["connections"]
            .as_array()
            .unwrap()
            .len()
    }
}

/// The page says this code.
pub fn says(page: &Answer, status: u16, code: &str) {
    assert_eq!(page.status.as_u16(), status, "{code}: {page:?}");
    let text = page.body.as_str().unwrap_or_default();
    assert!(text.contains(&format!("<dd>{code}</dd>")), "{code}: {text}");
    assert!(page.header("content-type").starts_with("text/html"));
    assert_eq!(page.header("cache-control"), "no-store");
}

/// What the end user reads first.
fn tells(page: &Answer, headline: &str) {
    let text = page.body.as_str().unwrap_or_default();
    assert!(
        text.contains(&format!("<p role=\"alert\">{headline}</p>")),
        "{text}"
    );
}

#[tokio::test]
async fn the_main_job_works_from_session_to_credentials() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let popup = app.popup("").await;
    let page = app.come_back(&popup).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    let listed = app.key().get("/connections?endUserId=u1").await;
    let id = listed.body["connections"][0]["connection_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let got = app
        .key()
        .get(&format!("/connections/{id}?provider_config_key=acme"))
        .await;
    let token = got.body["credentials"]["access_token"].as_str().unwrap();
    let me = app
        .http
        .get(format!("{}/api/me", app.acme.url()))
        .bearer_auth(token);
    assert_eq!(answer(me).await.status, 200, "the token opens the provider's API");
}

#[tokio::test]
async fn a_state_works_once_and_in_its_own_browser_only() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let popup = app.popup("").await;
    for cookie in ["", "terapi-flow=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        let (page, _) = app.visit(popup.returned.as_str(), cookie).await;
        says(&page, 400, "state_cookie_err");
        assert_eq!(
            (app.count().await, app.acme.counters().exchanges),
            (0, 0),
            "the code was not spent"
        );
    }
    let page = app.come_back(&popup).await;
    assert_eq!(page.status, 200, "its own browser can still go on: {page:?}");
    let (page, _) = app.visit(popup.returned.as_str(), "").await;
    says(&page, 400, "invalid_state");
    assert_eq!(app.count().await, 1);
}

#[tokio::test]
async fn who_goes_back_or_presses_twice_sees_what_became_of_it() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let popup = app.popup("").await;
    let (once, twice) = tokio::join!(app.come_back(&popup), app.come_back(&popup));
    for page in [once, twice, app.come_back(&popup).await] {
        assert_eq!(page.status, 200, "{page:?}");
        assert!(page.body.as_str().unwrap().contains("<h1>Connected</h1>"));
    }
    assert_eq!((app.count().await, app.acme.counters().exchanges), (1, 1));
    app.acme
        .script(|script| script.token_once.push_back(Scripted::InvalidGrant));
    let popup = app.popup("").await;
    for status in [424, 400] {
        let page = app.come_back(&popup).await;
        says(&page, status, "unknown_err");
        tells(&page, "The provider did not complete the connection.");
    }
    assert_eq!(app.acme.counters().exchanges, 2);
}

#[tokio::test]
async fn whoever_only_looks_at_a_callback_uses_nothing_up() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let popup = app.popup("").await;
    let head = app.http.head(popup.returned.as_str()).send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!((app.count().await, app.acme.counters().exchanges), (0, 0));
    assert_eq!(app.come_back(&popup).await.status, 200);
    assert_eq!(app.count().await, 1);
}

#[tokio::test]
async fn an_integration_that_goes_meanwhile_ends_the_authorization() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let popup = app.popup("").await;
    let gone = app.key().delete("/integrations/acme").await;
    assert_eq!(gone.status, 200, "{gone:?}");
    says(&app.come_back(&popup).await, 400, "provider_config_err");
    assert_eq!((app.count().await, app.acme.counters().exchanges), (0, 0));
}

#[tokio::test]
async fn a_session_that_ends_meanwhile_still_connects_and_begins_nothing_more() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let token = app.session(for_u1()).await;
    let start = format!("{}/oauth/connect/acme?connect_session_token={token}", app.url);
    app.clock.advance_seconds(29 * 60);
    let popup = app.popup_at(&start).await;
    app.clock.advance_seconds(2 * 60);
    assert_eq!(app.come_back(&popup).await.status, 200);
    assert_eq!(app.count().await, 1);
    let (page, _) = app.visit(&start, &popup.cookie).await;
    says(&page, 401, "unknown_connect_session_token");
    assert!(page.body.as_str().unwrap().contains("start again"));
}

#[tokio::test]
async fn a_callback_that_is_none_is_refused() {
    let app = TestApp::spawn().await;
    app.acme().await;
    for query in [
        "",
        "?code=x",
        "?state=",
        "?state=unknown&code=x",
        "?state=%00",
        "?state=%ff&code=%zz",
    ] {
        let (page, _) = app.visit(&format!("{}/oauth/callback{query}", app.url), "").await;
        says(&page, 400, "invalid_state");
    }
    let popup = app.popup("").await;
    app.clock.advance_seconds(10 * 60 + 1);
    says(&app.come_back(&popup).await, 400, "invalid_state");
    let mut popup = app.popup("").await;
    let kept: Vec<(String, String)> = popup
        .returned
        .query_pairs()
        .into_owned()
        .filter(|(name, _)| name != "code")
        .collect();
    popup.returned.query_pairs_mut().clear().extend_pairs(kept);
    says(&app.come_back(&popup).await, 400, "callback_err");
    assert_eq!(app.count().await, 0);
}

/// A form of a strange site, as a browser sends it: without our cookies.
async fn post_form(app: &TestApp, path: &str, fields: &[(&str, &str)]) -> Answer {
    let request = app.http.post(format!("{}{path}", app.url)).form(fields);
    answer(request.header("origin", "https://evil.example")).await
}

#[tokio::test]
async fn a_posted_answer_is_reposted_to_a_redirect_address_and_nowhere_else() {
    let app = TestApp::spawn().await;
    let fields = [("state", "s"), ("code", "\"><script>")];
    let uuid = "0b9b7d4e-6f53-4c27-9c1e-2f4d5a6b7c8d";
    for (path, action) in [
        ("/oauth/callback".to_owned(), "/oauth/callback".to_owned()),
        (
            format!("/oauth/callback/{}", uuid.to_uppercase()),
            format!("/oauth/callback/{uuid}"),
        ),
    ] {
        let page = post_form(&app, &path, &fields).await;
        assert_eq!(page.status, 200, "{page:?}");
        let text = page.body.as_str().unwrap();
        let form = format!("<form method=\"post\" action=\"{}{action}\">", app.url);
        assert!(text.contains(&form) && !text.contains("\"><script>"), "{text}");
        let policy = page.header("content-security-policy");
        assert!(
            policy.ends_with(&format!("form-action {}{action}", app.url)),
            "{policy}"
        );
    }
    // What the dashboard takes from our own pages would otherwise be anybody's to send.
    for path in [
        "..%2F..%2Fapp%2Fdev%2Fsettings",
        "%2e%2e%2F%2e%2e%2Fapp%2F~%2Fsign-out",
        "x",
        "..%5C..%5Capp",
    ] {
        let page = post_form(&app, &format!("/oauth/callback/{path}"), &fields).await;
        says(&page, 404, "not_found");
        assert!(!page.body.as_str().unwrap().contains("<form"), "{path}: {page:?}");
    }
}

#[tokio::test]
async fn what_is_posted_to_the_callback_and_is_no_form_gets_a_page() {
    let app = TestApp::spawn().await;
    let request = app
        .http
        .post(format!("{}/oauth/callback", app.url))
        .body("state=s");
    says(
        &answer(request.header("content-type", "text/plain")).await,
        415,
        "invalid_content_type",
    );
    let large = "x".repeat(64 * 1024);
    let page = post_form(&app, "/oauth/callback", &[("state", &large)]).await;
    says(&page, 413, "request_too_large");
}

#[tokio::test]
async fn a_providers_refusal_is_shown_and_cannot_script_the_page() {
    let app = TestApp::spawn().await;
    app.acme().await;
    app.acme.script(|script| {
        script.deny = Some(Denial {
            error: "access_denied".to_owned(),
            description: Some("<script>alert(1)</script>".to_owned()),
        });
    });
    let popup = app.popup("").await;
    let page = app.come_back(&popup).await;
    says(&page, 400, "callback_err");
    let text = page.body.as_str().unwrap();
    assert!(
        text.contains("access_denied") && !text.contains("<script>alert"),
        "{text}"
    );
    assert_eq!(app.count().await, 0);
}

/// A page of the popup in this language.
fn speaks(page: &Answer, language: &str, title: &str) {
    let text = page.body.as_str().unwrap_or_default();
    for part in [
        format!("<html lang=\"{language}\" dir=\"ltr\">"),
        format!("<title>{title}</title>"),
        format!("<h1>{title}</h1>"),
    ] {
        assert!(text.contains(&part), "{part}: {text}");
    }
}

#[tokio::test]
async fn the_popups_pages_speak_the_browsers_language() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let visit = async |url: &str, cookie: &str, language: &str| {
        let request = app.http.get(url).header(COOKIE, cookie);
        answer(request.header(ACCEPT_LANGUAGE, language)).await
    };
    let popup = app.popup("").await;
    let page = visit(popup.returned.as_str(), &popup.cookie, "fr-CA, en;q=0.5").await;
    speaks(&page, "fr", "Connecté");

    let token = app.session(for_u1()).await;
    let nowhere = format!("{}/oauth/connect/nowhere?connect_session_token={token}", app.url);
    let page = visit(&nowhere, "", "de").await;
    speaks(&page, "de", "Nicht verbunden");
    let text = page.body.as_str().unwrap();
    assert!(text.contains("<summary>Einzelheiten</summary>"), "{text}");
    assert!(
        text.contains("<dd lang=\"en\">There is no integration `nowhere`.</dd>"),
        "{text}"
    );
    speaks(&visit(&nowhere, "", "xx").await, "en", "Not connected");

    let said = "<b>no</b> & never";
    app.acme.script(|script| {
        script.deny = Some(Denial {
            error: "access_denied".to_owned(),
            description: Some(said.to_owned()),
        });
    });
    let popup = app.popup("").await;
    let page = visit(popup.returned.as_str(), &popup.cookie, "ja").await;
    speaks(&page, "ja", "接続できませんでした");
    tells(&page, "求められたアクセスが許可されませんでした。");
    let text = page.body.as_str().unwrap();
    assert!(text.contains("&lt;b&gt;no&lt;/b&gt; &amp; never</dd>"), "{text}");

    let installed = format!("{}/oauth/callback?installation_id=1&setup_action=update", app.url);
    speaks(&visit(&installed, "", "es").await, "es", "Instalación modificada");
    let forged = format!("{}/oauth/callback?state=s", app.url);
    let posted = app.http.post(forged).form(&[("state", "s")]);
    let page = answer(posted.header(ACCEPT_LANGUAGE, "de")).await;
    speaks(&page, "de", "Einen Augenblick");
}

#[tokio::test]
async fn a_popup_of_the_connect_ui_goes_on_in_its_language() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let token = app.session(for_u1()).await;
    let come_back = async || {
        let begun = app
            .http
            .post(format!("{}/connect/ui/start?lang=fr", app.url))
            .header("terapi-view", "1")
            .header("terapi-window", "1")
            .bearer_auth(&token)
            .form(&[("integration", "acme")]);
        let begun = answer(begun).await;
        let popup = app.popup_at(begun.body["authorize_url"].as_str().unwrap()).await;
        let request = app.http.get(popup.returned).header(COOKIE, popup.cookie);
        answer(request.header(ACCEPT_LANGUAGE, "de")).await
    };
    speaks(&come_back().await, "fr", "Connecté");
    app.acme
        .script(|script| script.token_once.push_back(Scripted::InvalidGrant));
    speaks(&come_back().await, "fr", "Non connecté");
}

#[tokio::test]
async fn a_token_endpoint_in_trouble_is_told_apart() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let error = |status: u16, error: &str| Scripted::Error {
        status,
        error: error.to_owned(),
        description: None,
    };
    for (name, scripted, status) in [
        ("a page", Scripted::Html { status: 200 }, 502),
        ("a page and 500", Scripted::Html { status: 500 }, 502),
        ("half an answer", Scripted::MalformedJson, 502),
        ("nothing in it", Scripted::Empty, 502),
        ("no token in it", Scripted::NoAccessToken, 502),
        ("its no", Scripted::InvalidGrant, 424),
        ("its no to the client", error(401, "invalid_client"), 424),
        ("its no with 200", error(200, "invalid_client"), 424),
        ("too much", Scripted::Oversized { bytes: 3 << 20 }, 502),
        (
            "elsewhere",
            Scripted::Redirect {
                location: "http://169.254.169.254/".to_owned(),
            },
            502,
        ),
        ("a cut line", Scripted::CloseConnection, 502),
        ("a lost answer", Scripted::DropAnswer, 502),
    ] {
        app.acme.script(|script| script.token_once.push_back(scripted));
        let popup = app.popup("").await;
        let page = app.come_back(&popup).await;
        assert_eq!(page.status.as_u16(), status, "{name}: {page:?}");
        says(&page, status, "unknown_err");
        assert_eq!(app.count().await, 0, "{name}");
    }
    let popup = app.popup("").await;
    assert_eq!(app.come_back(&popup).await.status, 200, "and all is well later");
}

#[tokio::test]
async fn a_token_endpoint_that_never_answers_ends_the_attempt() {
    let limit = Some(std::time::Duration::from_millis(300));
    let app = TestApp::planned(Plan {
        token_limit: limit,
        ..Plan::default()
    })
    .await;
    app.acme().await;
    app.acme
        .script(|script| script.token_once.push_back(Scripted::Never));
    let popup = app.popup("").await;
    let page = app.come_back(&popup).await;
    says(&page, 504, "unknown_err");
    tells(
        &page,
        "The provider cannot be reached at the moment. Try again in a few minutes.",
    );
    assert_eq!(app.count().await, 0);
}

#[tokio::test]
async fn a_subdomain_cannot_lead_elsewhere() {
    let app = TestApp::spawn().await;
    let made = app
        .key()
        .post(
            "/integrations",
            json!({
                "provider": "zendesk", "unique_key": "acme",
                "credentials": {"type": "OAUTH2", "client_id": "id", "client_secret": "s"},
            }),
        )
        .await;
    assert_eq!(made.status, 200, "{made:?}");
    let token = app.session(for_u1()).await;
    for evil in [
        "evil.example/%23",
        "evil.example%2F",
        "evil.example%3F",
        "user@evil.example",
        "evil.example%3A443",
        "evil%252e",
        "a%00b",
        "a%0d%0ab",
        "-",
        "",
        "..",
    ] {
        let start = format!(
            "{}/oauth/connect/acme?connect_session_token={token}&params[subdomain]={evil}",
            app.url
        );
        let (page, location) = app.visit(&start, "").await;
        assert!(location.is_none(), "{evil}: {location:?}");
        says(&page, 400, "url_param_err");
    }
    let start = format!(
        "{}/oauth/connect/acme?connect_session_token={token}&params[subdomain]=acme",
        app.url
    );
    let (_, location) = app.visit(&start, "").await;
    assert_eq!(location.unwrap().host_str(), Some("acme.zendesk.com"));
}

#[tokio::test]
async fn typed_credentials_fail_with_status_code_and_type() {
    let app = TestApp::spawn().await;
    app.acme_key().await;
    let token = app.session(for_u1()).await;
    let auth = format!("?connect_session_token={token}");
    let big = json!({"apiKey": "x".repeat(17 * 1024)});
    for (path, body, status, code) in [
        (
            format!("/api-auth/api-key/acme-key{auth}"),
            json!({}),
            400,
            "invalid_body",
        ),
        (
            format!("/api-auth/api-key/acme-key{auth}"),
            json!({"apiKey": ""}),
            400,
            "invalid_body",
        ),
        (
            format!("/api-auth/api-key/acme-key{auth}"),
            json!({"apiKey": 1}),
            400,
            "invalid_body",
        ),
        (
            format!("/api-auth/api-key/acme-key{auth}"),
            json!({"apiKey": "acme_x_1", "y": 1}),
            400,
            "invalid_body",
        ),
        (
            format!("/api-auth/api-key/acme-key{auth}"),
            big,
            413,
            "request_too_large",
        ),
        (
            format!("/api-auth/api-key/acme-key{auth}"),
            json!({"apiKey": "acme_test_1"}),
            400,
            "connection_test_failed",
        ),
        (
            format!("/api-auth/api-key/acme-key{auth}&connection_id=c"),
            json!({"apiKey": DEMO_API_KEY}),
            400,
            "invalid_query_params",
        ),
        (
            format!("/api-auth/api-key/nobody{auth}"),
            json!({"apiKey": DEMO_API_KEY}),
            404,
            "unknown_provider_config",
        ),
        (
            format!("/api-auth/basic/acme-key{auth}"),
            json!({"username": "u", "password": "p"}),
            400,
            "invalid_auth_mode",
        ),
        (
            format!("/auth/jwt/acme-key{auth}"),
            json!({}),
            400,
            "invalid_auth_mode",
        ),
        (
            format!("/unauth/acme-key{auth}"),
            json!({}),
            400,
            "invalid_auth_mode",
        ),
        (
            format!("/app-store-auth/acme-key{auth}"),
            json!({}),
            400,
            "invalid_auth_mode",
        ),
        (
            "/api-auth/api-key/acme-key".to_owned(),
            json!({"apiKey": DEMO_API_KEY}),
            401,
            "missing_public_key",
        ),
        (
            "/api-auth/api-key/acme-key?public_key=x".to_owned(),
            json!({"apiKey": DEMO_API_KEY}),
            401,
            "invalid_public_key",
        ),
        (
            "/api-auth/api-key/acme-key?connect_session_token=x".to_owned(),
            json!({"apiKey": DEMO_API_KEY}),
            401,
            "invalid_connect_session_token_format",
        ),
    ] {
        let got = app.anon().post(&path, body).await;
        assert_eq!(got.failure(), (status, code), "{path}: {got:?}");
        assert_eq!(got.body["type"], code, "{path}");
        assert!(!got.body["error"]["message"].as_str().unwrap().is_empty());
        assert_eq!(app.count().await, 0, "{path}");
    }
    let misshapen = json!({"apiKey": "misshapen"});
    let got = app
        .anon()
        .post(&format!("/api-auth/api-key/acme-key{auth}"), misshapen)
        .await;
    assert_eq!(got.failure(), (400, "invalid_body"), "{got:?}");
    let message = got.body["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("apiKey") && !message.contains("misshapen"),
        "{message}"
    );
    let got = app
        .anon()
        .post(
            &format!("/api-auth/api-key/acme-key{auth}"),
            json!({"apiKey": DEMO_API_KEY}),
        )
        .await;
    assert_eq!(got.status, 200, "{got:?}");
    assert_eq!(got.body["providerConfigKey"], "acme-key");
}

#[tokio::test]
async fn a_double_click_with_a_typed_key_is_one_connection_and_another_key_is_another() {
    let app = TestApp::spawn().await;
    let plain = json!({
        "provider": "generic-api-key",
        "unique_key": "plain",
        "integration_config": {"base_url": "https://api.example.com"},
    });
    assert_eq!(app.key().post("/integrations", plain).await.status, 200);
    let token = app.session(for_u1()).await;
    let path = format!("/api-auth/api-key/plain?connect_session_token={token}");
    let click = async |key: &str| {
        let got = app.anon().post(&path, json!({"apiKey": key})).await;
        assert_eq!(got.status, 200, "{got:?}");
        got.body["connectionId"].as_str().unwrap().to_owned()
    };
    let first = click(DEMO_API_KEY).await;
    app.clock.advance_seconds(1);
    let (second, third) = tokio::join!(click(DEMO_API_KEY), click(DEMO_API_KEY));
    assert_eq!((&second, &third), (&first, &first));
    assert_eq!(app.count().await, 1);
    app.clock.advance_seconds(1);
    assert_ne!(click("another-key").await, first);
    assert_eq!(app.count().await, 2);
}

#[tokio::test]
async fn a_changed_installation_leads_to_the_dashboard_whatever_the_referer_says() {
    let app = TestApp::spawn().await;
    let url = format!("{}/oauth/callback?installation_id=1&setup_action=update", app.url);
    for referer in ["", "https://evil.example/page", "https://github.com/settings"] {
        let got = answer(app.http.get(&url).header("referer", referer)).await;
        assert_eq!(got.status, 200, "{referer}: {got:?}");
        assert!(!got.headers.contains_key(LOCATION), "{got:?}");
        let text = got.body.as_str().unwrap();
        let dashboard = app.broker.settings().at("app");
        assert!(text.contains(&format!("<a href=\"{dashboard}\"")), "{text}");
        assert!(
            !text.contains("evil.example") && !text.contains("github.com"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_start_on_another_host_moves_to_the_public_one_before_a_cookie_is_set() {
    let app = TestApp::planned(Plan {
        public_url: Some("https://terapi.example"),
        ..Plan::default()
    })
    .await;
    app.acme().await;
    let token = app.session(for_u1()).await;
    let start = format!("/oauth/connect/acme?connect_session_token={token}");
    assert!(app.url.starts_with("http://127.0.0.1:"));
    let (got, moved) = app.visit(&format!("{}{start}", app.url), "").await;
    assert!(got.status.is_redirection(), "{got:?}");
    assert!(!got.headers.contains_key(SET_COOKIE), "{got:?}");
    let moved = moved.unwrap();
    assert!(
        moved
            .as_str()
            .starts_with(&format!("https://terapi.example{start}")),
        "{moved}"
    );
}

#[tokio::test]
async fn an_object_as_connection_id_is_refused_in_words_where_credentials_are_posted() {
    let app = TestApp::spawn().await;
    app.acme_key().await;
    let key = app.environment().await.public_key;
    let path = format!("/api-auth/api-key/acme-key?public_key={key}&connection_id=[object%20Object]");
    let got = app.anon().post(&path, json!({"apiKey": DEMO_API_KEY})).await;
    assert_eq!(got.failure(), (400, "invalid_query_params"), "{got:?}");
    assert!(got.body.to_string().contains("second argument"), "{got:?}");
    assert_eq!(app.count().await, 0);
}
