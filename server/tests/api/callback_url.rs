//! A callback on the customer's own host: providers send the browser there, and it sends the browser on to us. Here
//! `localhost` is the customer's host and `127.0.0.1` is ours.

use std::net::Ipv4Addr;

use axum::Router;
use axum::extract::OriginalUri;
use axum::response::Redirect;
use axum::routing::get;
use reqwest::Url;
use terapi_broker::environments::EnvironmentPatch;

use crate::app::TestApp;
use crate::authorization::says;

/// The customer's host; its `/callback` answers 308 to ours, query kept.
async fn customer(app: &TestApp) -> String {
    let ours = format!("{}/oauth/callback", app.url);
    let forward = async move |OriginalUri(uri): OriginalUri| {
        Redirect::permanent(&format!("{ours}?{}", uri.query().unwrap_or_default()))
    };
    let router = Router::new().route("/callback", get(forward));
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://localhost:{port}/callback")
}

async fn with_callback(bound: bool) -> (TestApp, String) {
    let app = TestApp::spawn().await;
    let callback = customer(&app).await;
    app.set(EnvironmentPatch {
        callback_url: Some(callback.clone()),
        callback_bound: Some(bound),
        ..EnvironmentPatch::default()
    })
    .await;
    app.acme().await;
    (app, callback)
}

#[tokio::test]
async fn a_redirect_from_the_customers_host_keeps_everything() {
    let (app, callback) = with_callback(true).await;
    app.acme
        .register_client("acme-demo", "acme-demo-secret", &[&callback]);
    let popup = app.popup("").await;
    assert!(
        popup.returned.as_str().starts_with(&callback),
        "{}",
        popup.returned
    );
    // The browser keeps our cookie to itself on the customer's host.
    let (moved, onward) = app.visit(popup.returned.as_str(), "").await;
    assert_eq!(moved.status, 308, "{moved:?}");
    let onward = onward.unwrap();
    assert_eq!(onward.query(), popup.returned.query());
    let (page, _) = app.visit(onward.as_str(), &popup.cookie).await;
    assert_eq!(page.status, 200, "{page:?}");
    assert_eq!(app.count().await, 1);
}

#[tokio::test]
async fn a_host_that_asks_in_the_browsers_place_needs_the_binding_off() {
    for (bound, status) in [(true, 400), (false, 200)] {
        let (app, _) = with_callback(bound).await;
        let popup = app.popup("").await;
        let mut asked: Url = format!("{}/oauth/callback", app.url).parse().unwrap();
        asked.set_query(popup.returned.query());
        let (page, _) = app.visit(asked.as_str(), "").await;
        assert_eq!(page.status.as_u16(), status, "{page:?}");
        if bound {
            says(&page, 400, "state_cookie_err");
        }
        assert_eq!(app.count().await, usize::from(!bound));
    }
}
