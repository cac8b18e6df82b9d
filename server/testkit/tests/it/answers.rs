use std::sync::Arc;

use serde_json::json;
use terapi_testkit::{Acme, Answer};

use crate::user_agent::{code, exchange, get, refresh, tokens};

#[tokio::test]
async fn each_scripted_answer_is_given_once_and_leaves_the_code_good() {
    let acme = Acme::start().await;
    let code = code(&acme).await;
    let error = |status| Answer::Error {
        status,
        error: "boom".to_owned(),
        description: None,
    };
    let raw = Answer::Raw {
        status: 418,
        content_type: "text/x-tea".to_owned(),
        body: "short".to_owned(),
    };
    for (answer, status, content_type, body) in [
        (Answer::Html { status: 200 }, 200, "text/html", "<!doctype html>"),
        (Answer::Html { status: 500 }, 500, "text/html", "<!doctype html>"),
        (error(500), 500, "application/json", r#"{"error":"boom"}"#),
        (error(200), 200, "application/json", r#"{"error":"boom"}"#),
        (error(99), 500, "application/json", r#"{"error":"boom"}"#),
        (
            Answer::InvalidGrant,
            400,
            "application/json",
            r#"{"error":"invalid_grant""#,
        ),
        (
            Answer::MalformedJson,
            200,
            "application/json",
            r#"{"access_token":"#,
        ),
        (
            Answer::NoAccessToken,
            200,
            "application/json",
            r#"{"token_type":"Bearer"}"#,
        ),
        (Answer::Empty, 200, "application/json", ""),
        (raw, 418, "text/x-tea", "short"),
    ] {
        acme.script(|script| script.token_once.push_back(answer.clone()));
        let reply = exchange(&acme, &code).await.unwrap();
        assert_eq!(reply.status, status, "{answer:?}");
        assert!(
            reply.headers["content-type"].starts_with(content_type),
            "{answer:?}"
        );
        assert!(reply.body.starts_with(body), "{answer:?}: {}", reply.body);
        assert_eq!(acme.requests().last().unwrap().status, Some(status));
    }
    assert_eq!(exchange(&acme, &code).await.unwrap().status, 200);
}

#[tokio::test]
async fn headers_of_scripted_answers_are_sent() {
    let acme = Acme::start().await;
    let location = "http://169.254.169.254/latest".to_owned();
    acme.script(|script| {
        script
            .token_once
            .push_back(Answer::RateLimited { retry_after: 17 });
        script.token_once.push_back(Answer::Redirect {
            location: location.clone(),
        });
        script
            .token_once
            .push_back(Answer::Oversized { bytes: 3_000_000 });
    });
    let limited = exchange(&acme, "any").await.unwrap();
    assert_eq!(
        (limited.status, limited.headers["retry-after"].as_str()),
        (429, "17")
    );
    let redirect = exchange(&acme, "any").await.unwrap();
    assert_eq!((redirect.status, &redirect.headers["location"]), (307, &location));
    assert_eq!(exchange(&acme, "any").await.unwrap().body.len(), 3_000_000);
}

#[tokio::test]
async fn a_standing_answer_stays_and_does_not_touch_the_other_grant() {
    let acme = Acme::start().await;
    let refresh_token = tokens(&acme).await.text("refresh_token");
    acme.script(|script| script.refresh = Answer::InvalidGrant);
    for _ in 0..3 {
        assert_eq!(
            refresh(&acme, &refresh_token).await.unwrap().error(),
            "invalid_grant"
        );
    }
    assert_eq!(tokens(&acme).await.status, 200);
    acme.script(|script| script.refresh = Answer::Ok);
    assert_eq!(refresh(&acme, &refresh_token).await.unwrap().status, 200);
}

#[tokio::test]
async fn delays_end_in_the_true_answer() {
    let acme = Acme::start().await;
    acme.script(|script| {
        script.token = Answer::Slow { delay_ms: 5 };
        script.token_delay_ms = 5;
        script.refresh_delay_ms = 5;
    });
    let refresh_token = tokens(&acme).await.text("refresh_token");
    assert_eq!(refresh(&acme, &refresh_token).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_closed_connection_gives_no_answer_and_leaves_the_code_good() {
    let acme = Acme::start().await;
    let code = code(&acme).await;
    acme.script(|script| script.token_once.push_back(Answer::CloseConnection));
    assert!(exchange(&acme, &code).await.is_err());
    assert_eq!(acme.requests().last().unwrap().status, None);
    assert_eq!(exchange(&acme, &code).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_held_answer_comes_when_released() {
    let acme = Arc::new(Acme::start().await);
    let refresh_token = tokens(&acme).await.text("refresh_token");
    acme.script(|script| script.refresh_once.push_back(Answer::Hold));
    let held = tokio::spawn({
        let (acme, refresh_token) = (Arc::clone(&acme), refresh_token.clone());
        async move { refresh(&acme, &refresh_token).await.unwrap() }
    });
    acme.wait_until(|seen| seen.refreshes == 1).await;
    assert_eq!(get(&acme, "/api/status/204", &[]).await.status, 204);
    assert!(!held.is_finished());
    acme.release(1);
    assert_eq!(held.await.unwrap().status, 200);
}

#[tokio::test]
async fn never_answers_until_acme_is_gone() {
    let acme = Acme::start().await;
    acme.script(|script| script.token = Answer::Never);
    let mut waiting = Box::pin(exchange(&acme, "any"));
    tokio::select! {
        reply = &mut waiting => panic!("answered: {reply:?}"),
        _ = acme.wait_until(|seen| seen.exchanges == 1) => {}
    }
    tokio::select! {
        biased;
        reply = &mut waiting => panic!("answered: {reply:?}"),
        reply = get(&acme, "/api/echo", &[]) => assert_eq!(reply.json()["method"], json!("GET")),
    }
}

#[tokio::test]
async fn an_outage_closes_every_connection_but_control() {
    let acme = Acme::start().await;
    acme.script(|script| script.outage = true);
    assert!(exchange(&acme, "any").await.is_err());
    assert_eq!(acme.counters().exchanges, 1);
    assert_eq!(get(&acme, "/_control/script", &[]).await.json()["outage"], true);
    acme.script(|script| script.outage = false);
    assert_eq!(tokens(&acme).await.status, 200);
}

#[tokio::test]
async fn a_dropped_acme_closes_its_port() {
    let acme = Acme::start().await;
    let address = acme.address();
    drop(acme);
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let again = Acme::start_on(address).await.unwrap();
    assert_eq!(again.address(), address);
}
