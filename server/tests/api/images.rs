use crate::app::{TestApp, answer};

#[tokio::test]
async fn every_provider_has_a_logo_that_any_page_may_show() {
    let app = TestApp::spawn().await;
    for provider in app.broker.catalogue().list() {
        let got = app
            .anon()
            .get(&format!("/images/template-logos/{}.svg", provider.name))
            .await;
        assert_eq!(got.status, 200, "{}", provider.name);
        assert_eq!(got.header("content-type"), "image/svg+xml");
        assert_eq!(got.header("cross-origin-resource-policy"), "cross-origin");
        assert_eq!(got.header("access-control-allow-origin"), "*");
        assert!(got.header("cache-control").starts_with("public"));
        assert!(got.body.as_str().unwrap().starts_with("<svg "));
    }
}

#[tokio::test]
async fn a_logo_is_sent_once() {
    let app = TestApp::spawn().await;
    let path = "/images/template-logos/github.svg";
    let tag = app.anon().get(path).await.header("etag").to_owned();
    let again = answer(
        app.http
            .get(format!("{}{path}", app.url))
            .header("if-none-match", tag),
    )
    .await;
    assert_eq!(again.status, 304);
}

#[tokio::test]
async fn a_provider_that_is_gone_keeps_a_monogram() {
    let app = TestApp::spawn().await;
    let got = app.anon().get("/images/template-logos/long-gone.svg").await;
    assert_eq!(
        (got.status.as_u16(), got.header("content-type")),
        (200, "image/svg+xml")
    );
    assert!(got.body.as_str().unwrap().contains(">LG</text>"), "{}", got.body);
}

#[tokio::test]
async fn nothing_but_logos_is_found() {
    let app = TestApp::spawn().await;
    for path in [
        "%3Cscript%3E.svg",
        "github",
        "github.png",
        "..%2f..%2fetc%2fpasswd",
        ".svg",
    ] {
        let got = app.anon().get(&format!("/images/template-logos/{path}")).await;
        assert_eq!(got.failure(), (404, "not_found"), "{path}");
    }
}
