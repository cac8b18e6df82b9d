use axum::body::Body;
use http::{Request, StatusCode, header};
use terapi::route::Family;
use terapi::router::table;

use crate::house::{House, fill, method};

#[tokio::test]
async fn no_public_route_reads_or_sets_the_operator_cookie() {
    let house = House::open().await;
    let owner = house.owner().await;
    let operator = house.operator().await;
    let seen = async || house.broker.operators().sessions(&operator).await.unwrap()[0].last_seen_at;
    let before = seen().await;
    house.clock.advance_seconds(3600);

    let rows: Vec<_> = table()
        .into_iter()
        .filter(|row| row.family == Family::Public)
        .collect();
    assert!(rows.len() > 20, "the table is complete: {rows:?}");
    for row in &rows {
        let mut browser = owner.clone();
        let request = Request::builder()
            .method(method(row.method))
            .uri(fill(&row.path))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from("{}"))
            .unwrap();
        let answer = browser.send(request).await;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let name = cookie.to_str().unwrap().split('=').next().unwrap();
            assert!(
                ["terapi-flow", "__Host-terapi-flow"].contains(&name),
                "{row:?} sets {name}"
            );
        }
        assert_eq!(browser.session(), owner.session(), "{row:?}");
    }
    assert_eq!(seen().await, before, "a public route has used the session");

    let mut owner = owner;
    owner.get("/app/dev").await;
    assert_ne!(seen().await, before, "a cookie route uses it");
}

#[tokio::test]
async fn every_cookie_route_is_guarded_and_shares_nothing_with_other_origins() {
    let house = House::open().await;
    let owner = house.owner().await;
    let rows: Vec<_> = table()
        .into_iter()
        .filter(|row| row.family == Family::Cookie)
        .collect();
    assert!(
        rows.iter()
            .all(|row| row.path.starts_with("/app") || row.path.starts_with("/ui"))
    );
    for row in rows {
        let method = method(row.method);
        let request = Request::builder()
            .method(method.clone())
            .uri(fill(&row.path))
            .header("sec-fetch-site", "cross-site")
            .header(header::ORIGIN, "https://evil.example")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::empty())
            .unwrap();
        let answer = owner.clone().send(request).await;
        assert_eq!(answer.status == 403, method != "GET", "{row:?} {}", answer.status);
        assert_eq!(answer.header("access-control-allow-origin"), None, "{row:?}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{row:?}");
    }
}

#[tokio::test]
async fn who_mistypes_an_address_gets_a_page_and_a_program_gets_json() {
    let house = House::open().await;
    for path in ["/nothing", "/connect/nothing"] {
        let page = house.browser().get(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND);
        assert!(page.body.contains("<h1>Page not found</h1>"), "{}", page.body);
        assert!(page.body.contains("<a href=\"/app\">"), "{}", page.body);
        let policy = page.header("content-security-policy").unwrap_or_default();
        assert!(policy.contains("style-src 'nonce-"), "{policy}");
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = house.browser().send(request).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert!(answer.body.contains("\"code\":\"not_found\""), "{}", answer.body);
    }
}
