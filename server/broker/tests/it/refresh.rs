use std::time::Duration;

use terapi_broker::connections::{ConnectionState, GetConnectionError, GetOptions, RefreshFailure};
use terapi_broker::credentials::Credentials;
use terapi_model::ConnectionKey;
use terapi_testkit::{Answer, Rotation};

use crate::database::{Kind, on_each};
use crate::flow::{Flow, access_token, integration};
use crate::house::Plan;

const DAY: i64 = 24 * 3600;

async fn connected() -> (Flow, ConnectionKey, String) {
    connected_on(Kind::Sqlite).await
}

async fn connected_on(on: Kind) -> (Flow, ConnectionKey, String) {
    let flow = Flow::start_on(on).await;
    let auth = flow.session().await;
    let key = flow.connect(&auth).await.connection_key;
    let token = flow.access_token(&key).await;
    (flow, key, token)
}

fn reason(error: GetConnectionError) -> RefreshFailure {
    match error {
        GetConnectionError::InvalidCredentials { reason, .. } => reason,
        other => panic!("{other}"),
    }
}

const FORCED: GetOptions = GetOptions {
    with_credentials: true,
    force_refresh: true,
    min_ttl: None,
};

fn living(seconds: u32) -> GetOptions {
    GetOptions {
        with_credentials: true,
        force_refresh: false,
        min_ttl: Some(seconds),
    }
}

#[tokio::test]
async fn a_token_is_renewed_a_quarter_of_an_hour_before_its_end() {
    let (flow, key, token) = connected().await;
    flow.house.clock.advance_seconds(2700);
    assert_eq!(flow.access_token(&key).await, token);
    assert_eq!(flow.acme.counters().refreshes, 0);
    flow.house.clock.advance_seconds(1);
    let fetched = flow.get(&key).await.unwrap();
    assert_ne!(access_token(&fetched), token);
    assert_eq!(
        fetched
            .connection
            .expires_at
            .unwrap()
            .millis_since(flow.house.broker.now()),
        3_600_000
    );
    assert_eq!(
        fetched.connection.last_refresh_success_at,
        Some(flow.house.broker.now())
    );
    assert_eq!(flow.acme.counters().refreshes, 1);
}

#[tokio::test]
async fn a_short_lived_token_is_renewed_after_half_its_life() {
    let flow = Flow::start().await;
    flow.acme.script(|script| script.access_token_life = 600);
    let auth = flow.session().await;
    let key = flow.connect(&auth).await.connection_key;
    flow.house.clock.advance_seconds(300);
    flow.get(&key).await.unwrap();
    assert_eq!(flow.acme.counters().refreshes, 0);
    flow.house.clock.advance_seconds(1);
    flow.get(&key).await.unwrap();
    assert_eq!(flow.acme.counters().refreshes, 1);
}

#[tokio::test]
async fn a_reader_may_ask_for_a_longer_life_or_force_a_refresh() {
    let (flow, key, _) = connected().await;
    flow.house.clock.advance_seconds(600);
    flow.get_with(&key, living(3000)).await.unwrap();
    assert_eq!(flow.acme.counters().refreshes, 0);
    flow.get_with(&key, living(3001)).await.unwrap();
    assert_eq!(flow.acme.counters().refreshes, 1);
    flow.get_with(&key, FORCED).await.unwrap();
    assert_eq!(flow.acme.counters().refreshes, 2);
}

#[tokio::test]
async fn a_token_that_lives_for_less_than_is_asked_is_not_served_when_renewing_fails() {
    on_each(async |on| {
        let (flow, key, token) = connected_on(on).await;
        flow.acme.script(|script| script.outage = true);
        flow.house.clock.advance_seconds(3000);
        let failed = reason(flow.get_with(&key, living(601)).await.unwrap_err());
        assert!(matches!(failed, RefreshFailure::Failed { .. }), "{failed}");
        let waiting = reason(flow.get_with(&key, living(601)).await.unwrap_err());
        assert!(matches!(waiting, RefreshFailure::Backoff { .. }), "{waiting}");
        assert_eq!(flow.acme.counters().refreshes, 1);
        assert_eq!(
            access_token(&flow.get_with(&key, living(600)).await.unwrap()),
            token
        );
        assert_eq!(
            flow.access_token(&key).await,
            token,
            "whoever asks for no life gets it"
        );
    })
    .await;
}

#[tokio::test]
async fn who_asks_for_a_longer_life_waits_for_the_refresh_under_way() {
    on_each(async |on| {
        let (flow, key, token) = connected_on(on).await;
        let other = flow.house.restarted(Plan::default()).await;
        flow.house.clock.advance_seconds(3000);
        flow.acme.script(|script| script.refresh = Answer::Hold);
        let read = |broker: &terapi_broker::Broker, options: GetOptions| {
            let (broker, caller, asked) = (broker.clone(), flow.caller.clone(), key.clone());
            tokio::spawn(async move {
                let fetched = broker
                    .connections()
                    .get(&caller, &integration("acme"), &asked, options)
                    .await;
                access_token(&fetched.unwrap())
            })
        };
        let first = read(
            &flow.house.broker,
            GetOptions {
                with_credentials: true,
                ..GetOptions::default()
            },
        );
        flow.acme.wait_until(|counters| counters.refreshes == 1).await;
        let here = read(&flow.house.broker, living(1200));
        let there = read(&other.broker, living(1200));
        assert_eq!(flow.access_token(&key).await, token, "the others do not wait");
        flow.acme.release(1);
        let newer = first.await.unwrap();
        assert_ne!(newer, token);
        assert_eq!(
            (here.await.unwrap(), there.await.unwrap()),
            (newer.clone(), newer)
        );
        let counters = flow.acme.counters();
        assert_eq!((counters.refreshes, counters.reuses), (1, 0));
    })
    .await;
}

#[tokio::test]
async fn tokens_that_never_live_as_long_as_is_asked_are_renewed_once_a_minute_at_most() {
    let (flow, key, token) = connected().await;
    let read = async || access_token(&flow.get_with(&key, living(7200)).await.unwrap());
    assert_eq!(read().await, token, "the provider has just given it");
    flow.house.clock.advance_seconds(60);
    let second = read().await;
    assert_ne!(second, token);
    for _ in 0..5 {
        assert_eq!(read().await, second);
        flow.house.clock.advance_seconds(10);
    }
    assert_eq!(flow.acme.counters().refreshes, 1);
    flow.house.clock.advance_seconds(10);
    assert_ne!(read().await, second);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_readers_make_one_refresh() {
    on_each(async |on| {
        let (flow, key, _) = connected_on(on).await;
        flow.house.clock.advance_seconds(4000);
        flow.acme.script(|script| script.refresh_delay_ms = 100);
        let tokens = futures::future::join_all((0..50).map(|_| flow.access_token(&key))).await;
        assert!(tokens.iter().all(|token| *token == tokens[0]));
        let counters = flow.acme.counters();
        assert_eq!((counters.refreshes, counters.reuses), (1, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_instances_on_one_store_make_one_refresh() {
    on_each(async |on| {
        let (flow, key, _) = connected_on(on).await;
        let other = flow.house.restarted(Plan::default()).await;
        flow.house.clock.advance_seconds(4000);
        flow.acme.script(|script| script.refresh_delay_ms = 200);
        let read = |broker: terapi_broker::Broker| {
            let (caller, key) = (flow.caller.clone(), key.clone());
            async move {
                let options = GetOptions {
                    with_credentials: true,
                    ..GetOptions::default()
                };
                access_token(
                    &broker
                        .connections()
                        .get(&caller, &integration("acme"), &key, options)
                        .await
                        .unwrap(),
                )
            }
        };
        let readers = (0..20).map(|n| {
            read(if n % 2 == 0 {
                flow.house.broker.clone()
            } else {
                other.broker.clone()
            })
        });
        let tokens = futures::future::join_all(readers).await;
        assert!(tokens.iter().all(|token| *token == tokens[0]));
        let counters = flow.acme.counters();
        assert_eq!((counters.refreshes, counters.reuses), (1, 0));
    })
    .await;
}

#[tokio::test]
async fn a_living_token_makes_nobody_wait_for_a_refresh() {
    let (flow, key, token) = connected().await;
    flow.house.clock.advance_seconds(3000);
    flow.acme.script(|script| script.refresh = Answer::Hold);
    let (broker, caller, asked) = (flow.house.broker.clone(), flow.caller.clone(), key.clone());
    let first = tokio::spawn(async move {
        let options = GetOptions {
            with_credentials: true,
            ..GetOptions::default()
        };
        broker
            .connections()
            .get(&caller, &integration("acme"), &asked, options)
            .await
    });
    flow.acme.wait_until(|counters| counters.refreshes == 1).await;
    assert_eq!(flow.access_token(&key).await, token, "the old one, at once");
    flow.acme.release(1);
    assert_ne!(access_token(&first.await.unwrap().unwrap()), token);
    assert_eq!(flow.acme.counters().refreshes, 1);
}

#[tokio::test]
async fn rotated_refresh_tokens_are_never_used_twice() {
    on_each(async |on| {
        let (flow, key, _) = connected_on(on).await;
        for round in 1..=5 {
            flow.house.clock.advance_seconds(4000);
            flow.get(&key).await.unwrap();
            assert_eq!(flow.acme.counters().refreshes, round);
        }
        assert_eq!(flow.acme.counters().reuses, 0);
    })
    .await;
}

#[tokio::test]
async fn an_answer_without_a_refresh_token_keeps_the_old_one() {
    let (flow, key, _) = connected().await;
    flow.acme.script(|script| script.rotation = Rotation::Omit);
    for _ in 0..3 {
        flow.house.clock.advance_seconds(4000);
        let fetched = flow.get(&key).await.unwrap();
        assert!(
            matches!(fetched.credentials, Some(Credentials::OAuth2(tokens)) if tokens.refresh_token.is_some())
        );
    }
    assert_eq!(flow.acme.counters().refreshes, 3);
}

#[tokio::test]
async fn a_dead_grant_is_final_until_the_end_user_connects_again() {
    on_each(async |on| {
        let (flow, key, _) = connected_on(on).await;
        flow.acme.revoke_grants();
        flow.house.clock.advance_seconds(4000);
        assert!(matches!(
            reason(flow.get(&key).await.unwrap_err()),
            RefreshFailure::Failed {
                needs_reauth: true,
                ..
            }
        ));
        flow.house.clock.advance_seconds(7 * DAY);
        let Err(GetConnectionError::InvalidCredentials { reason, connection }) = flow.get(&key).await else {
            panic!("served");
        };
        assert_eq!(reason, RefreshFailure::NeedsReauth);
        assert_eq!(connection.state, ConnectionState::NeedsReauth);
        assert!(connection.auth_error.is_some());
        assert_eq!(flow.acme.counters().refreshes, 1);

        let auth = flow.reconnect_session(&key).await;
        flow.connect(&auth).await;
        let healed = flow.get(&key).await.unwrap().connection;
        assert_eq!((healed.state, healed.auth_error), (ConnectionState::Active, None));
    })
    .await;
}

#[tokio::test]
async fn an_outage_serves_the_old_token_while_it_lives_and_heals_by_itself() {
    let (flow, key, token) = connected().await;
    flow.acme.script(|script| script.outage = true);
    flow.house.clock.advance_seconds(3000);
    assert_eq!(flow.access_token(&key).await, token);
    assert_eq!(flow.access_token(&key).await, token);
    assert_eq!(
        flow.acme.counters().refreshes,
        1,
        "the second reader finds the back-off"
    );
    flow.house.clock.advance_seconds(601);
    let failed = reason(flow.get(&key).await.unwrap_err());
    assert!(
        matches!(
            failed,
            RefreshFailure::Failed {
                needs_reauth: false,
                ..
            }
        ),
        "{failed}"
    );
    assert!(matches!(
        reason(flow.get(&key).await.unwrap_err()),
        RefreshFailure::Backoff { .. }
    ));
    assert!(matches!(
        reason(flow.get_with(&key, FORCED).await.unwrap_err()),
        RefreshFailure::Failed { .. }
    ));
    let shown = flow
        .get_with(&key, GetOptions::default())
        .await
        .unwrap()
        .connection;
    assert_eq!(
        shown.state,
        ConnectionState::Active,
        "an outage breaks no connection"
    );
    assert!(shown.auth_error.is_some() && shown.last_refresh_failure_at.is_some());

    flow.acme.script(|script| script.outage = false);
    flow.house.clock.advance_seconds(301);
    assert_ne!(flow.access_token(&key).await, token);
    let shown = flow.get(&key).await.unwrap().connection;
    assert!(shown.auth_error.is_none() && shown.last_refresh_failure_at.is_none());
}

#[tokio::test]
async fn failures_are_counted_by_day_and_give_up_on_the_fourth() {
    let (flow, key, _) = connected().await;
    let sick = Answer::Html { status: 503 };
    flow.acme.script(|script| script.refresh = sick);
    for _ in 0..4 {
        flow.house.clock.advance_seconds(DAY);
        let failed = reason(flow.get(&key).await.unwrap_err());
        assert!(matches!(failed, RefreshFailure::Failed { .. }), "{failed}");
        flow.house.clock.advance_seconds(600);
        assert!(flow.get(&key).await.is_err());
    }
    flow.house.clock.advance_seconds(DAY);
    assert_eq!(
        reason(flow.get(&key).await.unwrap_err()),
        RefreshFailure::Exhausted
    );
    let calls = flow.acme.counters().refreshes;
    flow.acme.script(|script| script.refresh = Answer::Ok);
    flow.get_with(&key, FORCED).await.unwrap();
    flow.get(&key).await.unwrap();
    assert_eq!(flow.acme.counters().refreshes, calls + 1);
}

#[tokio::test]
async fn a_dead_connection_is_tried_at_most_ten_times_a_day() {
    let (flow, key, _) = connected().await;
    let refused = Answer::Error {
        status: 401,
        error: "invalid_client".into(),
        description: None,
    };
    flow.acme.script(|script| script.refresh = refused);
    flow.house.clock.advance_seconds(4000);
    for _ in 0..(24 * 12) {
        assert!(flow.get(&key).await.is_err());
        flow.house.clock.advance_seconds(300);
    }
    assert!(
        flow.acme.counters().refreshes <= 10,
        "{}",
        flow.acme.counters().refreshes
    );
}

#[tokio::test]
async fn a_reader_that_hangs_up_loses_no_rotated_token() {
    let (flow, key, token) = connected().await;
    flow.house.clock.advance_seconds(4000);
    flow.acme.script(|script| script.refresh = Answer::Hold);
    let (broker, caller, asked) = (flow.house.broker.clone(), flow.caller.clone(), key.clone());
    let reader = tokio::spawn(async move {
        let options = GetOptions {
            with_credentials: true,
            ..GetOptions::default()
        };
        broker
            .connections()
            .get(&caller, &integration("acme"), &asked, options)
            .await
    });
    flow.acme.wait_until(|counters| counters.refreshes == 1).await;
    reader.abort();
    assert!(reader.await.unwrap_err().is_cancelled());
    flow.acme.release(1);
    flow.house.broker.settle().await;
    assert_ne!(flow.access_token(&key).await, token);
    let counters = flow.acme.counters();
    assert_eq!((counters.refreshes, counters.reuses), (1, 0));
}

#[tokio::test]
async fn a_refresher_whose_lease_ran_out_cannot_overwrite_a_newer_token() {
    let (flow, key, _) = connected().await;
    let other = flow.house.restarted(Plan::default()).await;
    flow.house.clock.advance_seconds(4000);
    flow.acme.script(|script| {
        script.rotation = Rotation::Omit;
        script.refresh_once.push_back(Answer::Hold);
    });
    let options = GetOptions {
        with_credentials: true,
        ..GetOptions::default()
    };
    let (broker, caller, asked) = (flow.house.broker.clone(), flow.caller.clone(), key.clone());
    let late = tokio::spawn(async move {
        broker
            .connections()
            .get(&caller, &integration("acme"), &asked, options)
            .await
    });
    flow.acme.wait_until(|counters| counters.refreshes == 1).await;
    flow.house.clock.advance_seconds(31);
    let newer = other
        .broker
        .connections()
        .get(&flow.caller, &integration("acme"), &key, options)
        .await
        .unwrap();
    flow.acme.release(1);
    let late = late.await.unwrap().unwrap();
    assert_eq!(
        access_token(&late),
        access_token(&newer),
        "the late one hands out what is stored"
    );
    assert_eq!(flow.access_token(&key).await, access_token(&newer));
}

#[tokio::test]
async fn connecting_again_during_a_refresh_wins_over_it() {
    let (flow, key, _) = connected().await;
    flow.house.clock.advance_seconds(4000);
    flow.acme.script(|script| script.refresh = Answer::Hold);
    let (broker, caller, asked) = (flow.house.broker.clone(), flow.caller.clone(), key.clone());
    let reader = tokio::spawn(async move {
        let options = GetOptions {
            with_credentials: true,
            ..GetOptions::default()
        };
        broker
            .connections()
            .get(&caller, &integration("acme"), &asked, options)
            .await
    });
    flow.acme.wait_until(|counters| counters.refreshes == 1).await;
    let auth = flow.reconnect_session(&key).await;
    flow.connect(&auth).await;
    let newest = flow.access_token(&key).await;
    flow.acme.release(1);
    assert_eq!(access_token(&reader.await.unwrap().unwrap()), newest);
    assert_eq!(flow.access_token(&key).await, newest);
}

#[tokio::test]
async fn a_token_endpoint_that_never_answers_holds_a_reader_no_longer_than_the_limit() {
    let flow = Flow::impatient().await;
    let auth = flow.session().await;
    let key = flow.connect(&auth).await.connection_key;
    flow.house.clock.advance_seconds(4000);
    flow.acme.script(|script| script.refresh = Answer::Never);
    let read = tokio::time::timeout(Duration::from_secs(10), flow.get(&key))
        .await
        .unwrap();
    assert!(matches!(
        reason(read.unwrap_err()),
        RefreshFailure::Failed {
            needs_reauth: false,
            ..
        }
    ));
}

#[tokio::test]
async fn what_cannot_be_renewed_is_handed_out_as_it_is() {
    let flow = Flow::start().await;
    flow.acme.script(|script| script.issue_refresh_token = false);
    let auth = flow.session().await;
    let key = flow.connect(&auth).await.connection_key;
    flow.house.clock.advance_seconds(10 * DAY);
    flow.get_with(&key, FORCED).await.unwrap();
    assert_eq!(flow.acme.counters().refreshes, 0);
}
