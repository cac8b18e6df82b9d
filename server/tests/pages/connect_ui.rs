use axum::body::Body;
use http::{Request, StatusCode, header};
use terapi_broker::connect::NewSession;
use terapi_model::{IntegrationKey, Tags};
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
    let operator = house.operator().await;
    let (caller, _) = house
        .broker
        .operators()
        .caller(&operator, "dev")
        .await
        .unwrap()
        .unwrap();
    let wanted = NewSession {
        tags: Some(Tags::parse([("end_user_id", "u1")]).unwrap()),
        allowed_integrations: ["github", "keyed"]
            .map(|key| IntegrationKey::parse(key).unwrap())
            .to_vec(),
        ..NewSession::default()
    };
    let opened = house
        .broker
        .connect()
        .open_session(&caller, wanted)
        .await
        .unwrap();
    let token = opened.token.expose().clone();
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
        page.body.contains("action=\"/connect/ui/start\""),
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
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{token}");
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
