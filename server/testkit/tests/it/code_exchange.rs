use std::time::Duration;

use serde_json::{Value, json};
use terapi_testkit::{Acme, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, ExpiresIn};

use crate::user_agent::{
    CALLBACK, VERIFIER, authorize_target_with, basic, code, exchange, exchange_with, get, me_status,
    post_form, send, tokens,
};

#[tokio::test]
async fn a_code_becomes_tokens_that_open_the_api() {
    let acme = Acme::start().await;
    let reply = tokens(&acme).await;
    assert_eq!(reply.headers["cache-control"], "no-store");
    let answer = reply.json();
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["expires_in"], 3600);
    assert_eq!(answer["scope"], "profile contacts.read");
    assert!(answer["refresh_token"].is_string());
    assert_eq!(me_status(&acme, &reply.text("access_token")).await, 200);
}

#[tokio::test]
async fn a_json_body_is_as_good_as_a_form() {
    let acme = Acme::start().await;
    let body = json!({
        "grant_type": "authorization_code", "code": code(&acme).await, "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER, "client_id": DEMO_CLIENT_ID, "client_secret": DEMO_CLIENT_SECRET,
    });
    let headers = [("content-type", "application/json; charset=utf-8")];
    let reply = send(&acme, "POST", "/oauth/token", &headers, &body.to_string())
        .await
        .unwrap();
    assert_eq!(reply.status, 200);
    assert_eq!(acme.counters().exchanges, 1);
}

#[tokio::test]
async fn a_second_use_of_a_code_revokes_the_family() {
    let acme = Acme::start().await;
    let code = code(&acme).await;
    let access_token = exchange(&acme, &code).await.unwrap().text("access_token");
    let second = exchange(&acme, &code).await.unwrap();
    assert_eq!((second.status, second.error().as_str()), (400, "invalid_grant"));
    assert_eq!(me_status(&acme, &access_token).await, 401);
    assert_eq!(acme.counters().reuses, 1);
}

#[tokio::test]
async fn a_code_lives_sixty_seconds() {
    let acme = Acme::start().await;
    let code = code(&acme).await;
    acme.advance(Duration::from_secs(61));
    assert_eq!(exchange(&acme, &code).await.unwrap().error(), "invalid_grant");
}

#[tokio::test]
async fn redirect_uri_and_verifier_must_be_those_of_the_request() {
    let acme = Acme::start().await;
    let code = code(&acme).await;
    let wrong = VERIFIER.to_uppercase();
    for (callback, verifier) in [
        ("http://localhost:3003/other", VERIFIER),
        ("", VERIFIER),
        (CALLBACK, &wrong),
        (CALLBACK, "short"),
        (CALLBACK, ""),
    ] {
        let reply = exchange_with(&acme, &code, callback, verifier).await.unwrap();
        assert_eq!(
            (reply.status, reply.error().as_str()),
            (400, "invalid_grant"),
            "{callback} {verifier}"
        );
    }
    assert_eq!(exchange(&acme, &code).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_verifier_without_a_challenge_is_refused() {
    let acme = Acme::start().await;
    acme.script(|script| script.require_pkce = false);
    let target = authorize_target_with(&[
        ("code_challenge", ""),
        ("code_challenge_method", ""),
        ("auto", "1"),
    ]);
    let code = get(&acme, &target, &[]).await.callback()["code"].clone();
    assert_eq!(exchange(&acme, &code).await.unwrap().error(), "invalid_grant");
    assert_eq!(
        exchange_with(&acme, &code, CALLBACK, "").await.unwrap().status,
        200
    );
}

#[tokio::test]
async fn a_code_of_another_client_is_unknown() {
    let acme = Acme::start().await;
    acme.register_client("other", "other-secret", &[]);
    let code = code(&acme).await;
    let header = basic("other", "other-secret");
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let reply = post_form(&acme, "/oauth/token", &[("authorization", &header)], &pairs)
        .await
        .unwrap();
    assert_eq!(reply.error(), "invalid_grant");
}

#[tokio::test]
async fn expiry_is_written_as_scripted() {
    let acme = Acme::start().await;
    for (form, written) in [
        (ExpiresIn::Number, Some(json!(90))),
        (ExpiresIn::String, Some(json!("90"))),
        (ExpiresIn::Float, Some(json!(90.5))),
        (ExpiresIn::Negative, Some(json!(-90))),
        (ExpiresIn::Null, Some(Value::Null)),
        (ExpiresIn::Nonsense, Some(json!("soon"))),
        (ExpiresIn::Absent, None),
    ] {
        acme.script(|script| {
            script.access_token_life = 90;
            script.expires_in = form;
        });
        assert_eq!(
            tokens(&acme).await.json().get("expires_in").cloned(),
            written,
            "{form:?}"
        );
    }
}

#[tokio::test]
async fn scopes_refresh_token_and_other_members_are_as_scripted() {
    let acme = Acme::start().await;
    acme.script(|script| {
        script.granted_scopes = Some(vec!["profile".to_owned()]);
        script.issue_refresh_token = false;
        script
            .token_extra
            .insert("instance_url".to_owned(), json!("https://eu.acme.test"));
    });
    let answer = tokens(&acme).await.json();
    assert_eq!(answer["scope"], "profile");
    assert_eq!(answer["instance_url"], "https://eu.acme.test");
    assert!(answer.get("refresh_token").is_none());
}

#[tokio::test]
async fn access_tokens_expire_by_acmes_clock() {
    let acme = Acme::start().await;
    let access_token = tokens(&acme).await.text("access_token");
    acme.advance(Duration::from_secs(3590));
    assert_eq!(me_status(&acme, &access_token).await, 200);
    acme.advance(Duration::from_secs(11));
    assert_eq!(me_status(&acme, &access_token).await, 401);
}

#[tokio::test]
async fn other_grant_types_are_unsupported() {
    let acme = Acme::start().await;
    let header = basic(DEMO_CLIENT_ID, DEMO_CLIENT_SECRET);
    for (pairs, error) in [
        (&[("grant_type", "password")][..], "unsupported_grant_type"),
        (&[][..], "invalid_request"),
        (&[("grant_type", "authorization_code")][..], "invalid_request"),
        (&[("grant_type", "refresh_token")][..], "invalid_request"),
    ] {
        let reply = post_form(&acme, "/oauth/token", &[("authorization", &header)], pairs)
            .await
            .unwrap();
        assert_eq!((reply.status, reply.error().as_str()), (400, error), "{pairs:?}");
    }
}
