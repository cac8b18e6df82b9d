//! What islands ask the server: the functions below `/ui`.

use axum::body::Body;
use http::{Request, StatusCode, header};
use terapi_broker::connect::{BrowserAuth, TurnedAway};
use terapi_model::{ErrorCode, IntegrationKey};

use crate::house::{Answer, Browser, House, encode};

const ASK: &str = "/ui/await-connection";

/// Asks as the island does.
async fn ask(browser: &mut Browser, environment: &str, operation: &str) -> Answer {
    let fields = [("environment", environment), ("operation", operation)];
    call(browser, ASK, encode(&fields)).await
}

async fn call(browser: &mut Browser, path: &str, body: String) -> Answer {
    let request = Request::post(path)
        .header("sec-fetch-site", "same-origin")
        .header(header::ORIGIN, &browser.origin)
        .header(header::ACCEPT, "application/json")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    browser.send(request.body(Body::from(body)).unwrap()).await
}

/// What the function says of an operation that has neither arrived nor failed.
const WAITING: &str = r#"{"address":null,"problem":null}"#;

/// A part of what the function says.
fn told(answer: &Answer, part: &str) -> String {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    body[part]
        .as_str()
        .unwrap_or_else(|| panic!("{part}: {}", answer.body))
        .to_owned()
}

fn code(answer: &Answer) -> String {
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    body["error"]["code"].as_str().unwrap().to_owned()
}

/// Makes an integration in `dev` and opens its test page; answers the page's session token and operation.
async fn open_test(owner: &mut Browser, key: &str) -> (String, String) {
    let form = [
        ("unique_key", key),
        ("config.base_url", "https://api.example.com"),
    ];
    let made = owner
        .post("/app/dev/integrations/new/generic-api-key", &form)
        .await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.body);
    let form = [("integration", key), ("end_user", "user-1")];
    let opened = owner.post("/app/dev/connections/new", &form).await;
    assert_eq!(opened.status, StatusCode::OK, "{}", opened.body);
    way_in(&opened)
}

/// The session token and the operation in a page that shows the way into Connect.
fn way_in(page: &Answer) -> (String, String) {
    let word_after = |mark: &str| -> String {
        let (_, rest) = page.body.split_once(mark).unwrap();
        rest.chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect()
    };
    (word_after("session_token="), word_after("operation="))
}

/// Connects as an end user whose browser runs no scripts.
async fn connect(browser: &mut Browser, token: &str, key: &str, api_key: &str) {
    let form = [
        ("session_token", token),
        ("integration", key),
        ("credentials.api_key", api_key),
    ];
    let connected = browser.post("/connect/ui/start", &form).await;
    assert!(!connected.status.is_client_error(), "{}", connected.body);
}

#[tokio::test]
async fn a_waiting_page_is_told_where_the_new_connection_is() {
    let house = House::open().await;
    let mut owner = house.owner().await;
    let (token, operation) = open_test(&mut owner, "weather").await;
    let before = ask(&mut owner, "dev", &operation).await;
    assert_eq!((before.status, before.body.as_str()), (StatusCode::OK, WAITING));

    connect(&mut owner, &token, "weather", "k-1").await;
    let arrived = ask(&mut owner, "dev", &operation).await;
    assert_eq!(arrived.header("cache-control"), Some("no-store"));
    let address = told(&arrived, "address");
    assert!(address.starts_with("/app/dev/connections/con_"), "{address}");
    assert_eq!(owner.get(&address).await.status, StatusCode::OK);

    let page = format!("/app/dev/connections/new/wait?operation={operation}");
    assert_eq!(
        owner.get(&page).await.location(),
        address,
        "the page without scripts leads to the same place"
    );

    let (_, other) = open_test(&mut owner, "news").await;
    for (environment, operation) in [("dev", other.as_str()), ("prod", &operation), ("dev", "opn_1")] {
        let answer = ask(&mut owner, environment, operation).await;
        assert_eq!(answer.body, WAITING, "{environment} {operation}");
    }
}

#[tokio::test]
async fn a_waiting_page_is_told_when_a_connection_was_renewed() {
    let house = House::open().await;
    let mut owner = house.owner().await;
    let (token, operation) = open_test(&mut owner, "weather").await;
    connect(&mut owner, &token, "weather", "k-1").await;
    let address = told(&ask(&mut owner, "dev", &operation).await, "address");

    let again = owner.post(&format!("{address}/reconnect"), &[]).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.body);
    let (token, operation) = way_in(&again);
    assert_eq!(
        ask(&mut owner, "dev", &operation).await.body,
        WAITING,
        "it was there before"
    );
    connect(&mut owner, &token, "weather", "k-2").await;
    let renewed = told(&ask(&mut owner, "dev", &operation).await, "address");
    assert_eq!(renewed, address, "the same connection");
    let revealed = owner.post(&format!("{address}/reveal"), &[]).await;
    assert!(revealed.body.contains("k-2"));
}

#[tokio::test]
async fn a_waiting_page_says_that_the_last_try_failed() {
    let house = House::open().await;
    let mut owner = house.owner().await;
    let (token, operation) = open_test(&mut owner, "weather").await;
    let page = format!("/app/dev/connections/new/wait?operation={operation}");
    let waiting = owner.get(&page).await;
    assert_eq!(waiting.status, StatusCode::OK);
    assert!(
        !waiting.body.contains("looks again"),
        "nothing is promised where no script keeps it: {}",
        waiting.body
    );

    let broker = &house.broker;
    let session = broker.connect().authenticate_session(&token).await.unwrap();
    let auth = BrowserAuth::Session(Box::new(session));
    let key = IntegrationKey::parse("weather").unwrap();
    let refused = TurnedAway {
        code: ErrorCode::ConnectionTestFailed,
        message: "the provider did not accept these credentials",
        integration: Some(&key),
        auth_type: "API_KEY",
    };
    broker.connect().turn_away(&auth, &refused).await;
    let answer = ask(&mut owner, "dev", &operation).await;
    assert_eq!(
        told(&answer, "problem"),
        "The provider did not accept these credentials."
    );
    let told_by_page = owner.get(&page).await;
    for said in [
        "The last try failed",
        "The provider did not accept these credentials.",
    ] {
        assert!(told_by_page.body.contains(said), "{said}: {}", told_by_page.body);
    }

    connect(&mut owner, &token, "weather", "k-1").await;
    let answer = ask(&mut owner, "dev", &operation).await;
    assert!(told(&answer, "address").starts_with("/app/dev/connections/con_"));
    assert!(answer.body.contains(r#""problem":null"#), "{}", answer.body);
}

#[tokio::test]
async fn only_who_is_signed_in_is_told_anything() {
    let house = House::open().await;
    let mut owner = house.owner().await;
    let (token, operation) = open_test(&mut owner, "weather").await;
    connect(&mut owner, &token, "weather", "k-1").await;

    let stranger = ask(&mut house.browser(), "dev", &operation).await;
    assert_eq!(stranger.status, StatusCode::FORBIDDEN);
    assert_eq!(code(&stranger), "forbidden");
    assert!(!stranger.body.contains("con_"), "{}", stranger.body);

    let nowhere = ask(&mut owner, "nowhere", &operation).await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    assert_eq!(code(&nowhere), "not_found");

    let fields = [("environment", "dev"), ("operation", operation.as_str())];
    let request = Request::post(ASK)
        .header("sec-fetch-site", "cross-site")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(encode(&fields)))
        .unwrap();
    let foreign = owner.send(request).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    assert_eq!(code(&foreign), "cross_site_request");
}

#[tokio::test]
async fn what_is_no_call_of_a_function_is_refused_in_the_usual_words() {
    let house = House::open().await;
    let mut owner = house.owner().await;
    for path in ["/ui/anything", "/ui/await-connection/", "/ui"] {
        let unknown = call(&mut owner, path, String::new()).await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(code(&unknown), "not_found");
    }
    assert_eq!(owner.get(ASK).await.status, StatusCode::NOT_FOUND);

    for body in [String::new(), "environment=dev&integration=canary".to_owned()] {
        let unreadable = call(&mut owner, ASK, body).await;
        assert_eq!(unreadable.status, StatusCode::BAD_REQUEST, "{}", unreadable.body);
        assert_eq!(code(&unreadable), "invalid_body");
        assert!(!unreadable.body.contains("canary"), "{}", unreadable.body);
    }
}

#[tokio::test]
async fn a_call_never_leads_to_where_it_says_it_came_from() {
    let house = House::open().await;
    let mut owner = house.owner().await;
    let fields = [("environment", "dev"), ("operation", "x")];
    let request = Request::post(ASK)
        .header("sec-fetch-site", "same-origin")
        .header(header::ACCEPT, "text/html")
        .header(header::REFERER, "https://evil.example/")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(encode(&fields)))
        .unwrap();
    let answer = owner.send(request).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::OK, ""));
}

#[tokio::test]
async fn a_call_with_too_much_in_it_is_refused() {
    let house = House::open().await;
    let mut owner = house.owner().await;
    let refused = call(&mut owner, ASK, format!("environment={}", "x".repeat(20_000))).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", refused.body);
    assert_eq!(code(&refused), "request_too_large");
}
