use axum::body::Body;
use http::{Request, StatusCode, header};
use terapi_broker::connect::{NewSession, SessionOverrides};
use terapi_broker::environments::{EnvironmentPatch, Logo};
use terapi_model::{IntegrationKey, OperationState};
use url::Url;

use crate::house::{Answer, Browser, House, Plan, encode};

/// A house with integrations for GitHub (OAuth 2.0) and Stripe (API key), and a session token for both.
async fn with_session(plan: Plan) -> (House, String) {
    let house = House::planned(plan).await;
    let mut owner = house.owner().await;
    for (provider, form) in [
        (
            "github",
            vec![
                ("unique_key", "github"),
                ("client_id", "id-1"),
                ("client_secret", "hush-1"),
            ],
        ),
        ("generic-api-key", vec![("unique_key", "keyed")]),
    ] {
        let made = owner
            .post(&format!("/app/dev/integrations/new/{provider}"), &form)
            .await;
        assert_eq!(made.status, StatusCode::SEE_OTHER, "{provider}: {}", made.body);
    }
    let caller = house.caller().await;
    let token = house.connect_session(&caller, &["github", "keyed"]).await;
    (house, token)
}

async fn start(browser: &mut Browser, fields: &[(&str, &str)]) -> Answer {
    // The page may be framed by anybody: its form comes without any cookie and from anywhere.
    let request = Request::post("/connect/ui/start")
        .header("sec-fetch-site", "cross-site")
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(encode(fields)));
    browser.send(request.unwrap()).await
}

fn directive<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    let policy = answer.header("content-security-policy").unwrap();
    policy
        .split("; ")
        .find_map(|part| part.strip_prefix(name).map(str::trim))
}

#[tokio::test]
async fn the_page_carries_the_policy_of_its_row() {
    for (ancestors, wanted) in [
        (&[][..], "*"),
        (
            &["https://app.example.com", "https://other.example.com"][..],
            "https://app.example.com https://other.example.com",
        ),
    ] {
        let plan = Plan {
            frame_ancestors: ancestors,
            ..Plan::default()
        };
        let (house, token) = with_session(plan).await;
        for path in ["/connect/ui", "/connect/ui/"] {
            for query in [String::new(), format!("?session_token={token}")] {
                let answer = house.browser().get(&format!("{path}{query}")).await;
                assert_eq!(directive(&answer, "frame-ancestors"), Some(wanted), "{path}");
                assert_eq!(directive(&answer, "form-action"), None);
                assert_eq!(directive(&answer, "frame-src"), None);
                assert_eq!(directive(&answer, "default-src"), Some("'none'"));
                assert!(!directive(&answer, "script-src").unwrap().contains("wasm"));
                assert_eq!(answer.header("cross-origin-opener-policy"), None);
                assert_eq!(answer.header("cross-origin-resource-policy"), None);
                assert_eq!(answer.header("x-frame-options"), None);
                assert_eq!(answer.header("referrer-policy"), Some("same-origin"));
                assert_eq!(answer.header("cache-control"), Some("no-store"));
                assert!(!answer.headers.contains_key("set-cookie"));
                assert!(!answer.body.contains(".wasm"));
            }
        }
    }
}

#[tokio::test]
async fn without_scripts_the_form_leads_to_the_provider() {
    let (house, token) = with_session(Plan::default()).await;
    let mut browser = house.browser();
    let page = browser
        .get(&format!("/connect/ui/?session_token={token}&integration=github"))
        .await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.body
            .contains("action=\"/connect/ui/start?integration=github\""),
        "{}",
        page.body
    );

    let begun = start(
        &mut browser,
        &[("session_token", &token), ("integration", "github")],
    )
    .await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.body);
    let sent = browser.get(begun.location()).await;
    let provider = Url::parse(sent.location()).unwrap();
    assert_eq!(provider.host_str(), Some("github.com"));
    assert!(
        browser.cookies.contains_key("terapi-flow"),
        "the callback is bound to this browser"
    );
    assert!(
        !sent.location().contains(&token),
        "the provider does not learn the token"
    );
    assert_eq!(browser.session(), None);
}

#[tokio::test]
async fn a_token_that_is_not_good_gets_a_page_that_says_so() {
    let (house, token) = with_session(Plan::default()).await;
    let expired = token.replace(|c: char| c.is_ascii_digit(), "0");
    for token in ["", "nonsense", &expired] {
        let mut browser = house.browser();
        let answer = browser
            .get(&format!("/connect/ui/?{}", encode(&[("session_token", token)])))
            .await;
        // Without any, the page waits for one to be posted.
        let wanted = if token.is_empty() {
            StatusCode::OK
        } else {
            StatusCode::FORBIDDEN
        };
        assert_eq!(answer.status, wanted, "{token}");
        let answer = start(
            &mut browser,
            &[("session_token", token), ("integration", "github")],
        )
        .await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{token}");
        assert!(browser.cookies.is_empty());
    }
    let answer = start(
        &mut house.browser(),
        &[("session_token", &token), ("integration", "other")],
    )
    .await;
    assert_eq!(
        answer.status,
        StatusCode::NOT_FOUND,
        "an integration that the session does not allow"
    );
}

#[tokio::test]
async fn a_form_over_16_kilobytes_is_refused() {
    let (house, token) = with_session(Plan::default()).await;
    let long = "x".repeat(17 * 1024);
    let answer = start(
        &mut house.browser(),
        &[("session_token", &token), ("integration", "keyed"), ("a", &long)],
    )
    .await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn an_answered_form_that_is_loaded_anew_is_the_page_of_its_integration() {
    let (house, _) = with_session(Plan::default()).await;
    let mut browser = house.browser();
    let path =
        "/connect/ui/start?lang=de&integration=keyed&session_token=theirs&elsewhere=https%3A%2F%2Fx.example";
    let answer = browser.get(path).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.location(), "/connect/ui/?lang=de&integration=keyed");
    assert_eq!(browser.get(answer.location()).await.status, StatusCode::OK);
}

/// The reference that a page of the Connect UI shows.
fn reference(page: &Answer) -> Option<&str> {
    let (_, rest) = page.body.split_once("id=\"reference\"")?;
    let (_, rest) = rest.split_once('>')?;
    rest.split_once('<').map(|(reference, _)| reference.trim())
}

#[tokio::test]
async fn a_session_that_offers_nothing_is_told_to_the_page_that_opened_it() {
    let (house, token) = with_session(Plan::default()).await;
    let caller = house.caller().await;
    for key in ["github", "keyed"] {
        let key = IntegrationKey::parse(key).unwrap();
        let integrations = house.broker.integrations();
        integrations.delete(&caller, &key).await.unwrap();
    }
    let connect = house.broker.connect();
    let session = connect.authenticate_session(&token).await.unwrap();
    let address = format!("/connect/ui/?session_token={token}");
    let page = house.browser().get(&address).await;
    assert_eq!(page.status, StatusCode::OK);
    for part in [
        "data-state=\"empty\"",
        // The script sends these two as `error`.
        "data-error-type=\"unknown_provider_config\"",
        "data-error-message=\"the session offers no integration\"",
    ] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    assert_eq!(reference(&page), Some(session.operation_id.as_str()));
    let operations = house.broker.operations();
    let found = operations.find(&caller, &session.operation_id).await.unwrap();
    let (operation, lines) = found.unwrap();
    assert_eq!(operation.state, OperationState::Running, "looking is no try");
    let error = lines.last().unwrap().error.as_ref().unwrap();
    assert_eq!(error.code, "unknown_provider_config");
}

#[tokio::test]
async fn every_screen_that_tells_of_a_refusal_shows_where_the_log_has_it() {
    let (house, token) = with_session(Plan::default()).await;
    let connect = house.broker.connect();
    let session = connect.authenticate_session(&token).await.unwrap();
    let id = session.operation_id.as_str();
    let address = |query: &str| format!("/connect/ui/?session_token={token}{query}");
    let lines = async || {
        let caller = house.caller().await;
        let operations = house.broker.operations();
        operations
            .find(&caller, &session.operation_id)
            .await
            .unwrap()
            .unwrap()
    };

    for (query, code) in [
        ("&integration=other", "unknown_provider_config"),
        (
            "&return_url=https%3A%2F%2Felsewhere.example",
            "origin_not_allowed",
        ),
    ] {
        let page = house.browser().get(&address(query)).await;
        assert_eq!(reference(&page), Some(id), "{query}: {}", page.body);
        assert!(
            page.body.contains(&format!("data-error-type=\"{code}\"")),
            "{query}"
        );
        let (operation, lines) = lines().await;
        assert_eq!(operation.state, OperationState::Running, "looking is no try");
        assert_eq!(lines.last().unwrap().error.as_ref().unwrap().code, code);
    }

    let mut browser = house.browser();
    let wrong = start(
        &mut browser,
        &[("session_token", &token), ("integration", "other")],
    )
    .await;
    assert_eq!(reference(&wrong), Some(id), "{}", wrong.body);
    let (operation, _) = lines().await;
    assert_eq!(operation.error.unwrap().code, "unknown_provider_config");
    let none = start(&mut browser, &[("session_token", &token), ("integration", "a/b")]).await;
    assert_eq!(reference(&none), Some(id), "{}", none.body);

    let request = Request::post("/connect/ui/start")
        .header("terapi-view", "1")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(format!(
            "integration=keyed&a={}",
            "x".repeat(17 * 1024)
        )));
    let large = browser.send(request.unwrap()).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(reference(&large), Some(id), "{}", large.body);
    let (operation, _) = lines().await;
    assert_eq!(operation.error.unwrap().code, "request_too_large");

    // Used too late, it is known still; one that never was, is not.
    house.clock.advance_seconds(30 * 60);
    let late = browser.get(&address("")).await;
    assert_eq!((late.status, reference(&late)), (StatusCode::FORBIDDEN, Some(id)));
    let late = start(
        &mut browser,
        &[("session_token", &token), ("integration", "keyed")],
    )
    .await;
    assert_eq!((late.status, reference(&late)), (StatusCode::FORBIDDEN, Some(id)));
    let never = format!("nango_connect_session_{}", "0".repeat(64));
    let never = browser.get(&format!("/connect/ui/?session_token={never}")).await;
    assert_eq!((never.status, reference(&never)), (StatusCode::FORBIDDEN, None));
    let (_, lines) = lines().await;
    assert_eq!(
        lines.last().unwrap().message,
        "The session was used after it had expired"
    );
}

#[tokio::test]
async fn what_an_app_names_is_text_and_its_instructions_are_a_page() {
    let (house, _) = with_session(Plan::default()).await;
    let caller = house.caller().await;
    let github = IntegrationKey::parse("github").unwrap();
    for (given, shown) in [
        ("javascript:alert(1)//", false),
        ("data:text/html,<script>alert(1)</script>", false),
        ("//elsewhere.example/", false),
        ("https://docs.example.com/\"><script>", true),
    ] {
        let docs = SessionOverrides {
            docs_connect: Some(given.to_owned()),
        };
        let wanted = NewSession {
            overrides: [(github.clone(), docs)].into(),
            ..NewSession::default()
        };
        let opened = house
            .broker
            .connect()
            .open_session(&caller, wanted)
            .await
            .unwrap();
        let path = format!(
            "/connect/ui/?session_token={}&integration=github",
            opened.token.expose()
        );
        let page = house.browser().get(&path).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(page.body.contains("https://docs.example.com/"), shown, "{given}");
        for script in ["javascript:", "data:text", "//elsewhere", "\"><script>"] {
            assert!(!page.body.contains(script), "{given}");
        }
    }
}

#[tokio::test]
async fn no_field_is_filled_with_the_password_of_the_dashboard() {
    let (house, _) = with_session(Plan::default()).await;
    let page = house.browser().get("/connect/ui/?preview=1").await;
    assert!(page.body.contains("type=\"password\""), "{}", page.body);
    assert!(
        page.body.contains("autocomplete=\"new-password\""),
        "{}",
        page.body
    );
    assert!(!page.body.contains("current-password"));
}

/// What the page's script sends.
async fn ask(house: &House, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::get(path).header("terapi-view", "1");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    house.browser().send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_view_for_the_script_holds_no_token() {
    let (house, token) = with_session(Plan::default()).await;
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    for path in ["/connect/ui/", "/connect/ui/?integration=keyed"] {
        let view = ask(&house, path, &headers).await;
        assert_eq!(view.status, StatusCode::OK, "{path}");
        assert_eq!(view.header("terapi-view"), Some("1"));
        assert!(view.body.starts_with("<div id=\"connect\""), "{}", view.body);
        assert!(!view.body.contains(&token), "{path}");
        assert!(!view.body.contains("session_token"), "{path}");
    }
    let expired = ask(&house, "/connect/ui/", &[]).await;
    assert_eq!(expired.status, StatusCode::FORBIDDEN);
    assert!(expired.body.contains("data-state=\"expired\""));
}

#[tokio::test]
async fn the_script_is_told_where_its_window_goes() {
    let (house, token) = with_session(Plan::default()).await;
    let request = Request::post("/connect/ui/start")
        .header("terapi-view", "1")
        .header("terapi-window", "1")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from("integration=github"));
    let begun = house.browser().send(request.unwrap()).await;
    assert_eq!(begun.status, StatusCode::OK, "{}", begun.body);
    let begun: serde_json::Value = serde_json::from_str(&begun.body).unwrap();
    let to = begun["authorize_url"].as_str().unwrap();
    assert!(
        to.starts_with("http://localhost:3003/connect/ui/go?attempt="),
        "{to}"
    );
    assert!(begun["attempt"].as_str().unwrap().starts_with("att_"));
    assert!(!to.contains(&token));
}

#[tokio::test]
async fn an_environment_with_origins_lets_no_other_page_in_and_sends_nobody_elsewhere() {
    let (house, token) = with_session(Plan::default()).await;
    let caller = house.caller().await;
    let bearer = format!("Bearer {token}");
    let from = |origin: &'static str| {
        [
            ("authorization", bearer.clone()),
            ("terapi-origin", origin.to_owned()),
        ]
    };
    let seen = async |origin: &'static str, path: &str| {
        let headers = from(origin);
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        ask(&house, path, &headers).await.status
    };
    // Without any, everybody may use it, and nobody is sent anywhere.
    assert_eq!(seen("https://any.example", "/connect/ui/").await, StatusCode::OK);
    let away = "/connect/ui/?return_url=https%3A%2F%2Fapp.example.com%2Fback";
    assert_eq!(seen("https://any.example", away).await, StatusCode::FORBIDDEN);

    let patch = EnvironmentPatch {
        allowed_origins: Some(vec!["https://app.example.com".to_owned()]),
        ..EnvironmentPatch::default()
    };
    house.broker.environments().update(&caller, patch).await.unwrap();
    assert_eq!(
        seen("https://any.example", "/connect/ui/").await,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        seen("https://app.example.com", "/connect/ui/").await,
        StatusCode::OK
    );
    assert_eq!(seen("https://app.example.com", away).await, StatusCode::OK);
    for elsewhere in [
        "https%3A%2F%2Fapp.example.com.evil.example",
        "javascript%3Aalert(1)",
        "%2F%2Fx",
        "x",
    ] {
        let path = format!("/connect/ui/?return_url={elsewhere}");
        assert_eq!(
            seen("https://app.example.com", &path).await,
            StatusCode::FORBIDDEN,
            "{elsewhere}"
        );
    }
}

#[tokio::test]
async fn the_page_speaks_the_language_asked_for_else_the_browsers() {
    let (house, token) = with_session(Plan::default()).await;
    for (query, accepted, said) in [
        ("", "", "lang=\"en\""),
        ("", "ja,en;q=0.5", "lang=\"ja\""),
        ("&lang=fr", "ja", "lang=\"fr\""),
        ("&lang=xx", "de-CH", "lang=\"de\""),
        // Nobody speaks it, and nobody gets it by chance.
        ("&lang=en-XA", "", "lang=\"en\""),
    ] {
        let request = Request::get(format!("/connect/ui/?session_token={token}{query}"))
            .header(header::ACCEPT_LANGUAGE, accepted)
            .body(Body::empty());
        let page = house.browser().send(request.unwrap()).await;
        assert!(page.body.contains(said), "{query} {accepted}");
    }
}

#[tokio::test]
async fn an_environments_look_is_in_its_pages_and_its_logo_is_served() {
    let (house, token) = with_session(Plan::default()).await;
    let operator = house.operator().await;
    let found = house.broker.operators().caller(&operator, "dev").await.unwrap();
    let (caller, environment) = found.unwrap();
    let mut look = environment.connect_ui.clone();
    look.theme.light.primary = "#7700ff".to_owned();
    look.product_name = Some("Analytical & <Engines>".to_owned());
    look.show_watermark = false;
    let patch = EnvironmentPatch {
        connect_ui: Some(look),
        ..EnvironmentPatch::default()
    };
    house.broker.environments().update(&caller, patch).await.unwrap();
    let png = b"\x89PNG\r\n\x1a\n and so on".to_vec();
    let logo = Logo::read(png.clone()).unwrap();
    house
        .broker
        .environments()
        .set_logo(&caller, Some(logo))
        .await
        .unwrap();

    let page = house
        .browser()
        .get(&format!("/connect/ui/?session_token={token}"))
        .await;
    assert!(page.body.contains("--brand:var(--if-light,#7700ff)"));
    assert!(page.body.contains("Analytical &amp; &lt;Engines&gt;"));
    assert!(!page.body.contains("Secured by Terapi"));
    let path = format!("/images/environments/{}/logo", environment.uuid);
    assert!(page.body.contains(&path), "{}", page.body);
    let served = house.browser().get(&path).await;
    assert_eq!(served.header("content-type"), Some("image/png"));
    assert_eq!(served.header("x-content-type-options"), Some("nosniff"));

    house.broker.environments().set_logo(&caller, None).await.unwrap();
    assert_eq!(house.browser().get(&path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_preview_shows_nothing_that_an_address_says() {
    let house = House::open().await;
    let settings = r##"{"showWatermark":true,"defaultTheme":"dark","theme":{"light":{"primary":"#123456"},"dark":{"primary":"#123456"}},"productName":"Planted","logo":"/oauth/connect/x"}"##;
    let query = encode(&[("preview", "1"), ("embedded", "1"), ("settings", settings)]);
    let address = format!("/connect/ui/?{query}");
    let page = house.browser().get(&address).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.body.contains("Planted") && !page.body.contains("#123456"));
    let view = ask(&house, &address, &[]).await;
    assert!(view.body.contains("Planted") && view.body.contains("#123456"));
    assert!(!view.body.contains("/oauth/connect"));
    for view in ["list", "form"] {
        let query = encode(&[("preview", "1"), ("view", view), ("session_token", "PLANTED")]);
        let page = house.browser().get(&format!("/connect/ui/?{query}")).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.body.contains("PLANTED"), "{view}");
    }
}

#[tokio::test]
async fn integrations_of_one_name_are_told_apart_by_their_keys_and_pictures() {
    let house = House::open().await;
    let mut owner = house.owner().await;
    for (key, name) in [
        ("billing-eu", "Billing"),
        ("billing-us", "billing "),
        ("plain", ""),
    ] {
        let form = [("unique_key", key), ("display_name", name)];
        let made = owner.post("/app/dev/integrations/new/stripe", &form).await;
        assert_eq!(made.status, StatusCode::SEE_OTHER, "{key}: {}", made.body);
    }
    let token = house
        .connect_session(&house.caller().await, &["billing-eu", "billing-us", "plain"])
        .await;
    let path = format!("/connect/ui/?session_token={token}");
    let list = house.browser().get(&path).await;
    for (key, shown) in [("billing-eu", 1), ("billing-us", 1), ("plain", 0)] {
        assert_eq!(list.body.matches(&format!(">{key}<")).count(), shown, "{key}");
    }
    // What can be read in a line finds it.
    let found = house.browser().get(&format!("{path}&search=billing-us")).await;
    let hidden = |key: &str| {
        let line = found
            .body
            .split("<li")
            .find(|line| line.contains(&format!("data-choose=\"{key}\"")));
        line.unwrap().split('>').next().unwrap().contains("hidden")
    };
    assert!(hidden("billing-eu") && !hidden("billing-us") && hidden("plain"));
    let pictures: Vec<&str> = list.body.split("src=\"data:image/svg+xml,").skip(1).collect();
    assert_eq!(pictures.len(), 2, "the third has no name of its own");
    let picture = |at: usize| pictures[at].split('"').next().unwrap();
    assert_ne!(picture(0), picture(1));
    assert!(list.body.contains("/images/template-logos/stripe.svg"));
    // The same ones everywhere.
    let form = house
        .browser()
        .get(&format!("{path}&integration=billing-eu"))
        .await;
    let dashboard = owner.get("/app/dev/integrations").await;
    for page in [&form, &dashboard] {
        assert!(page.body.contains(picture(0)), "{}", page.body);
    }
}
