use terapi_testkit::{Acme, CredentialKind, DEMO_API_KEY};

use crate::user_agent::{basic, get, send};

#[tokio::test]
async fn me_knows_keys_and_basic_credentials() {
    let acme = Acme::start().await;
    let (demo, wrong) = (basic("demo", "demo"), basic("demo", "wrong"));
    for (header, status, kind) in [
        (Some(("x-api-key", DEMO_API_KEY)), 200, CredentialKind::ApiKey),
        (
            Some(("x-api-key", "acme_live_anything")),
            200,
            CredentialKind::ApiKey,
        ),
        (Some(("x-api-key", "acme_test_1")), 401, CredentialKind::ApiKey),
        (Some(("authorization", demo.as_str())), 200, CredentialKind::Basic),
        (
            Some(("authorization", wrong.as_str())),
            401,
            CredentialKind::Basic,
        ),
        (
            Some(("authorization", "Bearer acme_at_none")),
            401,
            CredentialKind::Bearer,
        ),
        (Some(("authorization", "Digest x")), 401, CredentialKind::None),
        (None, 401, CredentialKind::None),
    ] {
        let headers: Vec<_> = header.into_iter().collect();
        let reply = get(&acme, "/api/me", &headers).await;
        assert_eq!(reply.status, status, "{header:?}");
        assert_eq!(reply.headers.contains_key("www-authenticate"), status == 401);
        assert_eq!(acme.requests().last().unwrap().credential, kind);
    }
    acme.script(|script| script.me_status = Some(503));
    assert_eq!(
        get(&acme, "/api/me", &[("x-api-key", DEMO_API_KEY)]).await.status,
        503
    );
}

#[tokio::test]
async fn echo_gives_the_request_back() {
    let acme = Acme::start().await;
    let target = "/api/echo?a=1&a=2&b=x%20y";
    let reply = send(&acme, "PUT", target, &[("x-thing", "ball")], "hello")
        .await
        .unwrap()
        .json();
    assert_eq!(reply["method"], "PUT");
    assert_eq!(reply["headers"]["x-thing"], "ball");
    assert_eq!(reply["query"].to_string(), r#"[["a","1"],["a","2"],["b","x y"]]"#);
    assert_eq!((&reply["body"], &reply["bytes"]), (&"hello".into(), &5.into()));
}

#[tokio::test]
async fn status_answers_with_that_status() {
    let acme = Acme::start().await;
    for (asked, answered) in [
        ("201", 201),
        ("404", 404),
        ("503", 503),
        ("101", 500),
        ("abc", 400),
    ] {
        assert_eq!(
            get(&acme, &format!("/api/status/{asked}"), &[]).await.status,
            answered,
            "{asked}"
        );
    }
}
