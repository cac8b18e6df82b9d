use std::time::Duration;

use terapi_testkit::{Acme, Answer, DEMO_API_KEY, ExpiresIn, Rotation};

use crate::user_agent::{authorize_target, control, exchange, get, me_status, refresh, send, tokens};

#[tokio::test]
async fn a_patch_changes_what_it_names_and_nothing_else() {
    let acme = Acme::start().await;
    let patch = r#"{"auto_approve": true, "expires_in": "string", "rotation": "omit", "iss": {"wrong": "x"},
        "refresh_once": [{"kind": "rate_limited", "retry_after": 3}, {"kind": "html", "status": 502}]}"#;
    let reply = control(&acme, "PATCH", "script", patch).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json()["access_token_life"], 3600);
    control(&acme, "PATCH", "script", r#"{"access_token_life": 10}"#).await;
    acme.script(|script| {
        assert!(script.auto_approve);
        assert_eq!(
            (script.expires_in, script.rotation),
            (ExpiresIn::String, Rotation::Omit)
        );
        assert_eq!(script.refresh_once[1], Answer::Html { status: 502 });
        assert_eq!(script.access_token_life, 10);
    });
    assert_eq!(get(&acme, &authorize_target(), &[]).await.status, 302);
}

#[tokio::test]
async fn put_replaces_the_whole_script() {
    let acme = Acme::start().await;
    acme.script(|script| script.auto_approve = true);
    assert_eq!(
        control(&acme, "PUT", "script", r#"{"outage": false}"#)
            .await
            .status,
        200
    );
    acme.script(|script| assert!(!script.auto_approve));
}

#[tokio::test]
async fn mistakes_in_a_script_are_told() {
    let acme = Acme::start().await;
    for patch in [
        r#"{"auto_aprove": true}"#,
        r#"{"token": {"kind": "htm"}}"#,
        r#"{"code_life": "1"}"#,
    ] {
        let reply = control(&acme, "PATCH", "script", patch).await;
        assert_eq!(reply.status, 422, "{patch}");
        assert!(!reply.error().is_empty());
    }
    let without_type = send(&acme, "POST", "/_control/reset", &[], "{}").await.unwrap();
    assert_eq!(without_type.status, 415);
}

#[tokio::test]
async fn requests_are_listed_by_names_and_kinds_without_values() {
    let acme = Acme::start().await;
    let tokens = tokens(&acme).await;
    me_status(&acme, &tokens.text("access_token")).await;
    let reply = control(&acme, "GET", "requests", "").await;
    for secret in [
        "acme-demo-secret",
        &tokens.text("access_token"),
        &tokens.text("refresh_token"),
        "state-1",
    ] {
        assert!(!reply.body.contains(secret), "{secret}");
    }
    let seen = reply.json();
    assert_eq!(seen["counters"]["token_requests"], 1);
    assert_eq!(seen["requests"].as_array().unwrap().len(), 3);
    let exchange = &seen["requests"][1];
    assert_eq!(exchange["path"], "/oauth/token");
    assert_eq!(exchange["credential"], "body");
    assert_eq!(exchange["grant_type"], "authorization_code");
    assert_eq!(exchange["status"], 200);
    let names = [
        "client_id",
        "client_secret",
        "code",
        "code_verifier",
        "grant_type",
        "redirect_uri",
    ];
    assert_eq!(acme.requests()[1].body_names, names);
    assert!(
        acme.requests()[2]
            .header_names
            .contains(&"authorization".to_owned())
    );
}

#[tokio::test]
async fn time_grants_and_held_answers_are_moved_over_http() {
    let acme = Acme::start().await;
    let first = tokens(&acme).await;
    assert_eq!(
        control(&acme, "POST", "advance", r#"{"seconds": 3600}"#)
            .await
            .status,
        204
    );
    assert_eq!(me_status(&acme, &first.text("access_token")).await, 401);
    acme.script(|script| script.refresh_once.push_back(Answer::Hold));
    assert_eq!(control(&acme, "POST", "release", "{}").await.status, 204);
    let second = refresh(&acme, &first.text("refresh_token")).await.unwrap();
    assert_eq!(second.status, 200);
    assert_eq!(control(&acme, "POST", "revoke-grants", "{}").await.status, 204);
    assert_eq!(
        refresh(&acme, &second.text("refresh_token"))
            .await
            .unwrap()
            .error(),
        "invalid_grant"
    );
}

#[tokio::test]
async fn reset_forgets_everything() {
    let acme = Acme::start().await;
    acme.register_client("other", "secret", &[]);
    acme.advance(Duration::from_secs(100));
    let access_token = tokens(&acme).await.text("access_token");
    acme.script(|script| script.token = Answer::InvalidGrant);
    acme.release(3);
    assert_eq!(control(&acme, "POST", "reset", "{}").await.status, 204);
    assert_eq!(acme.requests().len(), 0);
    assert_eq!(acme.counters().token_requests, 0);
    assert_eq!(me_status(&acme, &access_token).await, 401);
    assert_eq!(tokens(&acme).await.status, 200);
    assert_eq!(exchange(&acme, "any").await.unwrap().error(), "invalid_grant");
    assert_eq!(
        get(&acme, "/api/me", &[("x-api-key", DEMO_API_KEY)]).await.status,
        200
    );
}
