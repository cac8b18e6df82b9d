use axum::body::Body;
use http::{Request, StatusCode, header};

use crate::house::{EMAIL, House, PASSWORD, encode};

#[tokio::test]
async fn signing_in_works_from_our_own_pages_only() {
    let house = House::open().await;
    house.owner().await;
    let table = [
        (Some("same-origin"), Some("http://localhost:3003"), true),
        (Some("none"), None, true),
        (None, Some("http://localhost:3003"), true),
        (Some("same-origin"), Some("http://127.0.0.1:3003"), false),
        (Some("same-site"), Some("http://localhost:8080"), false),
        (Some("cross-site"), Some("https://evil.example"), false),
        (None, Some("https://evil.example"), false),
        (None, Some("null"), false),
        (None, None, false),
    ];
    for (site, origin, passes) in table {
        let mut browser = house.browser();
        let mut request = Request::post("/app/~/sign-in")
            .header(header::ACCEPT, "text/html")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(site) = site {
            request = request.header("sec-fetch-site", site);
        }
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        let body = Body::from(encode(&[("email", EMAIL), ("password", PASSWORD)]));
        let answer = browser.send(request.body(body).unwrap()).await;
        let wanted = if passes {
            StatusCode::SEE_OTHER
        } else {
            StatusCode::FORBIDDEN
        };
        assert_eq!(answer.status, wanted, "{site:?} {origin:?}");
        assert_eq!(browser.session().is_some(), passes, "{site:?} {origin:?}");
        if !passes {
            assert!(
                answer.body.contains("http://localhost:3003/app"),
                "says where to go: {}",
                answer.body
            );
        }
    }
}

#[tokio::test]
async fn programs_are_told_in_json() {
    let house = House::open().await;
    let request = Request::post("/ui/anything")
        .header("sec-fetch-site", "cross-site")
        .body(Body::empty())
        .unwrap();
    let answer = house.browser().send(request).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body["error"]["code"], "cross_site_request");
}

#[tokio::test]
async fn a_get_from_elsewhere_changes_nothing_and_passes() {
    let house = House::open().await;
    let mut owner = house.owner().await;
    let request = Request::get("/app/~/sign-out")
        .header("sec-fetch-site", "cross-site")
        .body(Body::empty())
        .unwrap();
    owner.send(request).await;
    assert_eq!(owner.get("/app/dev/integrations").await.status, StatusCode::OK);
}

#[tokio::test]
async fn too_large_a_form_is_refused_with_a_page() {
    let house = House::open().await;
    let long = "x".repeat(70 * 1024);
    let answer = house.browser().post("/app/~/sign-in", &[("email", &long)]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.body.contains("64 kB"), "{}", answer.body);
    assert!(
        answer
            .body
            .contains("<a href=\"/app/~/sign-in\">Back to the form</a>"),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn other_methods_and_encodings_are_refused() {
    let house = House::open().await;
    let request = |method: &str, content_type: &str| {
        Request::builder()
            .method(method)
            .uri("/app/~/sign-in")
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, content_type)
            .body(Body::from("{}"))
            .unwrap()
    };
    let put = house
        .browser()
        .send(request("PUT", "application/x-www-form-urlencoded"))
        .await;
    assert_eq!(put.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(put.header("allow"), Some("GET, HEAD, POST"));
    for content_type in [
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=x",
    ] {
        let answer = house.browser().send(request("POST", content_type)).await;
        assert_eq!(
            answer.status,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "{content_type}"
        );
    }
}
