//! What the Connect page holds an end user, and the page around it, to.

use std::collections::BTreeMap;

use axum::body::Body;
use http::{Request, StatusCode, header};
use serde_json::{Map, Value};
use terapi_broker::Caller;
use terapi_broker::connect::{NewSession, SessionDefaults};
use terapi_broker::connections::ConnectionQuery;
use terapi_broker::environments::EnvironmentPatch;
use terapi_model::IntegrationKey;

use crate::house::{Answer, Browser, House, encode};

const ID: &str = "credentials.oauth_client_id_override";
const SECRET: &str = "credentials.oauth_client_secret_override";

/// A house with integrations for GitHub (OAuth 2.0) and for an API with keys.
async fn house() -> (House, Caller) {
    let house = House::open().await;
    let mut owner = house.owner().await;
    let oauth = [
        ("unique_key", "github"),
        ("client_id", "id-1"),
        ("client_secret", "hush-1"),
    ];
    let keyed = [
        ("unique_key", "keyed"),
        ("config.base_url", "https://api.example.com"),
    ];
    for (provider, form) in [("github", &oauth[..]), ("generic-api-key", &keyed)] {
        let path = format!("/app/dev/integrations/new/{provider}");
        let made = owner.post(&path, form).await;
        assert_eq!(made.status, StatusCode::SEE_OTHER, "{provider}: {}", made.body);
    }
    let caller = house.caller().await;
    (house, caller)
}

async fn session(house: &House, caller: &Caller, integration: &str, preset: &[(&str, &str)]) -> String {
    let key = IntegrationKey::parse(integration).unwrap();
    let config: Map<String, Value> = preset
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::from(*value)))
        .collect();
    let defaults = SessionDefaults {
        connection_config: Some(config),
        ..SessionDefaults::default()
    };
    let wanted = NewSession {
        allowed_integrations: vec![key.clone()],
        defaults: BTreeMap::from([(key, defaults)]),
        ..NewSession::default()
    };
    let opened = house.broker.connect().open_session(caller, wanted).await;
    opened.unwrap().token.expose().clone()
}

async fn start(browser: &mut Browser, fields: &[(&str, &str)]) -> Answer {
    let request = Request::post("/connect/ui/start")
        .header("sec-fetch-site", "same-origin")
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(encode(fields)));
    browser.send(request.unwrap()).await
}

/// What a hidden field of the page holds.
fn hidden<'a>(page: &'a Answer, name: &str) -> &'a str {
    let field = page
        .body
        .split("<input")
        .find(|input| input.contains(&format!("name=\"{name}\"")));
    let value = field
        .unwrap_or_else(|| panic!("no {name}: {}", page.body))
        .split_once("value=\"")
        .unwrap()
        .1;
    value.split_once('"').unwrap().0
}

#[tokio::test]
async fn an_oauth_app_of_ones_own_is_given_whole_or_not_at_all() {
    let (house, caller) = house().await;
    let both = [
        ("oauth_client_id_override", ""),
        ("oauth_client_secret_override", ""),
    ];
    let filled = [("oauth_client_id_override", "preset-app")];
    let other = [("oauth_client_secret_override", "")];
    let whole = [
        ("oauth_client_id_override", "a"),
        ("oauth_client_secret_override", "b"),
    ];
    let cases: [(&[_], &[_], &[_], Option<&str>); 8] = [
        (&both, &[ID, SECRET], &[(ID, "my-app")], Some(SECRET)),
        (&both, &[ID, SECRET], &[(SECRET, "my-secret")], Some(ID)),
        (
            &both,
            &[ID, SECRET],
            &[(ID, "my-app"), (SECRET, "my-secret")],
            None,
        ),
        (&both, &[ID, SECRET], &[], None),
        (&filled, &[SECRET], &[], Some(SECRET)),
        (&filled, &[SECRET], &[(SECRET, "my-secret")], None),
        (&other, &[ID, SECRET], &[(SECRET, "my-secret")], Some(ID)),
        (&whole, &[], &[], None),
    ];
    for (preset, asked, typed, missing) in cases {
        let token = session(&house, &caller, "github", preset).await;
        let mut browser = house.browser();
        let page = browser.get(&format!("/connect/ui/?session_token={token}")).await;
        for name in [ID, SECRET] {
            let is_asked = page.body.contains(&format!("name=\"{name}\""));
            assert_eq!(is_asked, asked.contains(&name), "{preset:?} {name}");
        }
        let mut fields = vec![("session_token", token.as_str()), ("integration", "github")];
        fields.extend(typed);
        let begun = start(&mut browser, &fields).await;
        let Some(missing) = missing else {
            assert_eq!(
                begun.status,
                StatusCode::SEE_OTHER,
                "{preset:?} {typed:?}: {}",
                begun.body
            );
            continue;
        };
        assert_eq!(
            begun.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{preset:?} {typed:?}"
        );
        let problem = format!("id=\"problem-{missing}\"");
        let said = begun
            .body
            .split_once(&problem)
            .unwrap()
            .1
            .split_once("</p>")
            .unwrap()
            .0;
        assert!(said.contains("is missing"), "{preset:?} {typed:?}: {said}");
        assert!(!begun.body.contains("my-secret"));
    }
}

#[tokio::test]
async fn a_form_that_is_sent_twice_makes_one_connection_also_when_it_was_wrong_first() {
    let (house, caller) = house().await;
    let token = session(&house, &caller, "keyed", &[]).await;
    let mut tabs = [house.browser(), house.browser()];
    let mut shown = Vec::new();
    for tab in &mut tabs {
        let page = tab.get(&format!("/connect/ui/?session_token={token}")).await;
        shown.push(hidden(&page, "shown_at").to_owned());
    }
    let send = async |tab: &mut Browser, shown: &str, key: &str| {
        let fields = [
            ("session_token", token.as_str()),
            ("integration", "keyed"),
            ("shown_at", shown),
            ("credentials.api_key", key),
        ];
        start(tab, &fields).await
    };
    let count = async || {
        let filter = ConnectionQuery::default();
        house
            .broker
            .connections()
            .list(&caller, filter)
            .await
            .unwrap()
            .len()
    };
    let first = send(&mut tabs[0], &shown[0], "key-1").await;
    assert_eq!(first.status, StatusCode::SEE_OTHER, "{}", first.body);
    let wrong = send(&mut tabs[1], &shown[1], "").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(hidden(&wrong, "shown_at"), shown[1], "it is the same form");
    let second = send(&mut tabs[1], &shown[1], "key-1").await;
    assert_eq!(second.status, StatusCode::SEE_OTHER, "{}", second.body);
    assert_eq!(count().await, 1);
    let another = send(&mut tabs[1], &shown[1], "key-2").await;
    assert_eq!(another.status, StatusCode::SEE_OTHER, "{}", another.body);
    assert_eq!(count().await, 2, "another key is another account");
}

#[tokio::test]
async fn a_framed_link_shows_nothing_until_it_is_known_who_frames_it() {
    let (house, caller) = house().await;
    let token = session(&house, &caller, "github", &[]).await;
    let framed = async |path: &str| {
        let request = Request::get(format!("{path}?session_token={token}"))
            .header("sec-fetch-dest", "iframe")
            .body(Body::empty());
        house.browser().send(request.unwrap()).await
    };
    let anybody = framed("/connect/ui/").await;
    assert!(
        anybody.body.contains("data-state=\"form\""),
        "no origins are named"
    );

    let patch = EnvironmentPatch {
        allowed_origins: Some(vec!["https://app.example.com".to_owned()]),
        ..EnvironmentPatch::default()
    };
    house.broker.environments().update(&caller, patch).await.unwrap();
    for path in ["/connect/ui", "/connect/ui/"] {
        let page = framed(path).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains("data-state=\"boot\""), "{}", page.body);
        assert!(!page.body.contains("GitHub") && !page.body.contains(&token));
    }
    let posted = Request::post("/connect/ui/start")
        .header("sec-fetch-dest", "iframe")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(encode(&[
            ("session_token", &token),
            ("integration", "github"),
        ])));
    let refused = house.browser().send(posted.unwrap()).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("data-state=\"not-allowed\""));
    let alone = house
        .browser()
        .get(&format!("/connect/ui/?session_token={token}"))
        .await;
    assert!(
        alone.body.contains("data-state=\"form\""),
        "by itself it is a link"
    );
}
