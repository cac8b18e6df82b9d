use http::StatusCode;
use terapi_vault::hash::token_hash;

use crate::house::{Browser, EMAIL, House, PASSWORD, Plan};

const DAY: i64 = 24 * 3600;

async fn is_in(browser: &mut Browser) -> bool {
    browser.get("/app/dev/integrations").await.status == StatusCode::OK
}

#[tokio::test]
async fn a_session_survives_a_restart_and_ends_at_sign_out() {
    let house = House::open().await;
    let mut browser = house.owner().await;
    assert!(is_in(&mut browser).await);

    browser.router = house.restarted().await.router;
    assert!(is_in(&mut browser).await);

    let mut thief = browser.clone();
    let answer = browser.post("/app/~/sign-out", &[]).await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, "/app/~/sign-in")
    );
    assert_eq!(browser.session(), None, "the cookie is gone");
    assert!(!is_in(&mut browser).await);
    assert!(!is_in(&mut thief).await, "and worthless elsewhere");
}

#[tokio::test]
async fn signing_in_changes_the_session_id_and_ends_the_earlier_session() {
    let house = House::open().await;
    let mut browser = house.owner().await;
    let mut earlier = browser.clone();
    assert_eq!(
        browser.sign_in(EMAIL, PASSWORD).await.status,
        StatusCode::SEE_OTHER
    );
    assert_ne!(browser.session(), earlier.session());
    assert!(is_in(&mut browser).await);
    assert!(!is_in(&mut earlier).await);

    let mut planted = house.browser();
    planted
        .cookies
        .insert("terapi".into(), "AAAAAAAAAAAAAAAAAAAAAA".into());
    planted.sign_in(EMAIL, PASSWORD).await;
    assert_ne!(
        planted.session().unwrap(),
        "AAAAAAAAAAAAAAAAAAAAAA",
        "an id from outside is never taken over"
    );
}

#[tokio::test]
async fn a_revoked_session_stops_at_once() {
    let house = House::open().await;
    let mut one = house.owner().await;
    let mut other = house.browser();
    other.sign_in(EMAIL, PASSWORD).await;
    assert!(is_in(&mut one).await && is_in(&mut other).await);

    let operator = house.operator().await;
    let sessions = house.broker.operators().sessions(&operator).await.unwrap();
    assert_eq!(sessions.len(), 2);
    let hash = token_hash(other.session().unwrap());
    assert!(
        house
            .broker
            .operators()
            .revoke_session(&operator, &hash)
            .await
            .unwrap()
    );
    assert!(is_in(&mut one).await);
    assert!(!is_in(&mut other).await);
    assert_eq!(other.session(), None, "its cookie is taken back");
}

#[tokio::test]
async fn the_list_says_where_sessions_are() {
    let house = House::open().await;
    let mut browser = house.browser();
    browser.address = [203, 0, 113, 9].into();
    house.owner().await;
    browser.sign_in(EMAIL, PASSWORD).await;
    let operator = house.operator().await;
    let sessions = house.broker.operators().sessions(&operator).await.unwrap();
    assert!(
        sessions.iter().any(|session| session.address == "203.0.113.9"),
        "{sessions:?}"
    );
}

#[tokio::test]
async fn a_day_without_use_ends_a_session() {
    let house = House::open().await;
    let mut browser = house.owner().await;
    house.clock.advance_seconds(DAY - 60);
    assert!(is_in(&mut browser).await);
    house.clock.advance_seconds(DAY - 60);
    assert!(is_in(&mut browser).await, "use counts");
    house.clock.advance_seconds(DAY);
    assert!(!is_in(&mut browser).await);
}

#[tokio::test]
async fn fourteen_days_end_a_session_that_is_in_use() {
    let house = House::open().await;
    let mut browser = house.owner().await;
    for _ in 0..27 {
        house.clock.advance_seconds(DAY / 2);
        assert!(is_in(&mut browser).await);
    }
    house.clock.advance_seconds(DAY / 2);
    assert!(!is_in(&mut browser).await);
}

#[tokio::test]
async fn the_last_use_is_written_at_most_once_a_minute() {
    let house = House::open().await;
    let mut browser = house.owner().await;
    let operator = house.operator().await;
    let seen = async || house.broker.operators().sessions(&operator).await.unwrap()[0].last_seen_at;
    let began = seen().await;
    house.clock.advance_seconds(59);
    browser.get("/app/dev").await;
    assert_eq!(seen().await, began);
    house.clock.advance_seconds(2);
    browser.get("/app/dev").await;
    assert_eq!(seen().await, began.plus_seconds(61));
}

#[tokio::test]
async fn the_database_does_not_hold_the_cookie() {
    let house = House::open().await;
    let browser = house.owner().await;
    let id = browser.session().unwrap().clone();
    for entry in std::fs::read_dir(house.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let found = bytes.windows(id.len()).any(|window| window == id.as_bytes());
        assert!(!found, "{} holds the session id", path.display());
    }
}

#[tokio::test]
async fn the_cookie_has_the_attributes_that_its_scheme_allows() {
    for (public_url, name, secure) in [
        ("http://localhost:3003", "terapi", false),
        ("https://terapi.example.com", "__Host-terapi", true),
    ] {
        let house = House::planned(Plan {
            public_url,
            ..Plan::default()
        })
        .await;
        house.owner().await;
        let mut browser = house.browser();
        let answer = browser.sign_in(EMAIL, PASSWORD).await;
        let cookie = answer.header("set-cookie").unwrap();
        assert!(cookie.starts_with(&format!("{name}=")), "{cookie}");
        for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=12"] {
            assert!(cookie.contains(attribute), "{attribute} in {cookie}");
        }
        assert_eq!(cookie.contains("Secure"), secure, "{cookie}");
        assert!(!cookie.contains("Domain"), "{cookie}");

        browser.post("/app/~/sign-out", &[]).await;
        assert_eq!(browser.session(), None, "a browser takes the removal of {name}");
    }
}

#[tokio::test]
async fn addresses_come_from_trusted_proxies_only() {
    use axum::body::Body;
    use http::{Request, header};

    let plan = Plan {
        trusted_proxies: &["192.0.2.0/24"],
        ..Plan::default()
    };
    let house = House::planned(plan).await;
    house.owner().await;
    for (peer, wanted) in [
        ([192, 0, 2, 1], "198.51.100.7"),
        ([203, 0, 113, 1], "203.0.113.1"),
    ] {
        let mut browser = house.browser();
        browser.address = peer.into();
        let request = Request::post("/app/~/sign-in")
            .header("sec-fetch-site", "same-origin")
            .header("x-forwarded-for", "6.6.6.6, 198.51.100.7")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(crate::house::encode(&[
                ("email", EMAIL),
                ("password", PASSWORD),
            ])))
            .unwrap();
        browser.send(request).await;
        let operator = house.operator().await;
        let sessions = house.broker.operators().sessions(&operator).await.unwrap();
        assert!(
            sessions.iter().any(|session| session.address == wanted),
            "{sessions:?}"
        );
    }
}

#[tokio::test]
async fn without_its_database_the_server_says_so_and_keeps_the_cookie() {
    let house = House::open().await;
    let mut browser = house.owner().await;
    house.broker.store().close().await;
    let answer = browser.get("/app/dev").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.header("retry-after").is_some());
    let said = |body: &str, text: &str| assert!(body.contains(text), "{body}");
    said(&answer.body, "Try again in a few seconds. You stay signed in.");
    said(&answer.body, "<a href=\"\">Try again</a>");
    assert!(browser.session().is_some());
    let form = browser.post("/app/~/theme", &[("theme", "dark")]).await;
    assert_eq!(form.status, StatusCode::SERVICE_UNAVAILABLE);
    said(&form.body, "<a href=\"/app\">Go to the dashboard</a>");
}
