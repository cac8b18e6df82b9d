//! One session in more than one tab, and what makes two attempts one.

use terapi_broker::connect::{AuthOperation, BrowserAuth, BrowserInput, Connected};
use terapi_broker::environments::EnvironmentPatch;
use terapi_model::Timestamp;

use crate::database::on_each;
use crate::flow::{Flow, connection, integration};
use crate::house::new_integration;

async fn submit(flow: &Flow, auth: &BrowserAuth, shown_at: Option<Timestamp>) -> Connected {
    let connect = flow.house.broker.connect();
    let input = BrowserInput {
        shown_at,
        ..BrowserInput::default()
    };
    connect
        .submit_api_key(auth, &integration("acme-api-key"), input, "acme_live_1".into())
        .await
        .unwrap()
}

fn creations(connected: &[Connected]) -> usize {
    let created = |one: &&Connected| one.operation == AuthOperation::Creation;
    connected.iter().filter(created).count()
}

/// Both tabs succeeded: one made the connection, the other replaced its credentials.
fn are_about_one(first: &Connected, second: &Connected) {
    assert_eq!(first.connection_key, second.connection_key);
    assert_eq!(
        (first.operation, second.operation),
        (AuthOperation::Creation, AuthOperation::Override)
    );
}

#[tokio::test]
async fn two_tabs_of_one_session_both_succeed_and_make_one_connection() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let auth = flow.session().await;
        let [one, two] = flow.two_tabs(&auth, BrowserInput::default).await;
        let first = flow.complete(two).await.outcome.unwrap();
        let second = flow.complete(one).await.outcome.unwrap();
        are_about_one(&first, &second);
        flow.house.clock.advance_seconds(1);
        let third = flow.connect(&auth).await;
        assert_eq!(
            third.operation,
            AuthOperation::Creation,
            "once both are done, the session connects another account"
        );
        assert_ne!(third.connection_key, first.connection_key);
    })
    .await;
}

#[tokio::test]
async fn two_tabs_with_a_public_key_both_succeed_and_make_one_connection() {
    let flow = Flow::start().await;
    let patch = EnvironmentPatch {
        public_key_may_overwrite: Some(true),
        ..EnvironmentPatch::default()
    };
    let environments = flow.house.broker.environments();
    let environment = environments.update(&flow.caller, patch).await.unwrap();
    let flow = Flow { environment, ..flow };
    let key = connection("customer-1");
    let input = || BrowserInput {
        connection_key: Some(key.to_string()),
        ..BrowserInput::default()
    };
    let [one, two] = flow.two_tabs(&flow.public_key(), input).await;
    let first = flow.complete(one).await.outcome.unwrap();
    let before = flow.get(&key).await.unwrap().connection;
    let second = flow.complete(two).await.outcome.unwrap();
    let after = flow.get(&key).await.unwrap().connection;
    are_about_one(&first, &second);
    assert_eq!((before.id, before.wire_id), (after.id, after.wire_id));
    assert_eq!(flow.connection_count().await, 1);
}

#[tokio::test]
async fn credentials_typed_in_many_tabs_at_once_make_one_connection() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let auth = flow.session().await;
        // What asks for nothing asks no provider either: all of them get to the database together.
        let open = integration("open");
        let mut new = new_integration("generic-none", "open");
        new.integration_config
            .insert("base_url".into(), flow.acme.url().into());
        flow.house
            .broker
            .integrations()
            .create(&flow.caller, new)
            .await
            .unwrap();
        let connect = flow.house.broker.connect();
        let tab = async || {
            let connected = connect
                .submit_nothing(&auth, &open, BrowserInput::default())
                .await;
            connected.unwrap()
        };
        let (one, two, three, four) = tokio::join!(tab(), tab(), tab(), tab());
        let all = [one, two, three, four];
        assert_eq!(creations(&all), 1, "{all:?}");
        assert!(all.iter().all(|tab| tab.connection_key == all[0].connection_key));
        assert_eq!(flow.connection_count().await, 1);
    })
    .await;
}

#[tokio::test]
async fn tabs_that_were_open_before_the_first_had_finished_are_about_its_connection() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let auth = flow.session().await;
        let shown = Some(flow.house.broker.now());
        flow.house.clock.advance_seconds(60);
        let first = submit(&flow, &auth, shown).await;
        flow.house.clock.advance_seconds(60);
        let second = submit(&flow, &auth, shown).await;
        are_about_one(&first, &second);

        let later = Some(flow.house.broker.now());
        let third = submit(&flow, &auth, later).await;
        assert_eq!(
            third.operation,
            AuthOperation::Creation,
            "a new page is a new account"
        );
        let fourth = submit(&flow, &auth, None).await;
        assert_eq!(
            fourth.connection_key, third.connection_key,
            "at the very same time"
        );
        flow.house.clock.advance_seconds(1);
        let tomorrow = Some(flow.house.broker.now().plus_seconds(86_400));
        assert_eq!(
            submit(&flow, &auth, tomorrow).await.operation,
            AuthOperation::Creation
        );
        let ever = submit(&flow, &auth, Some(Timestamp::from_millis(0))).await;
        assert_eq!(
            ever.connection_key, first.connection_key,
            "before the session is with its opening"
        );
        assert_eq!(flow.connection_count().await, 3);
    })
    .await;
}

#[tokio::test]
async fn another_session_and_another_integration_have_connections_of_their_own() {
    let flow = Flow::start().await;
    let (ada, bob) = (flow.session().await, flow.session().await);
    let first = submit(&flow, &ada, None).await;
    let second = submit(&flow, &bob, None).await;
    let third = flow.connect(&ada).await;
    assert_eq!(creations(&[first, second, third]), 3);
}

#[tokio::test]
async fn an_attempt_that_was_given_up_hands_its_connection_to_no_later_one() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let auth = flow.session().await;
        let given_up = flow.begin(&auth, BrowserInput::default()).await.unwrap();
        flow.house.clock.advance_seconds(1);
        let first = flow.connect(&auth).await;
        flow.house.clock.advance_seconds(1);
        let second = flow.connect(&auth).await;
        assert_eq!(creations(&[first.clone(), second.clone()]), 2);
        assert_ne!(first.connection_key, second.connection_key);

        let back = flow.consent(&given_up).await;
        let late = flow.complete(back).await.outcome.unwrap();
        assert_eq!(
            late.operation,
            AuthOperation::Override,
            "it was open before either"
        );
        assert_eq!(late.connection_key, first.connection_key);
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_was_deleted_meanwhile_is_made_anew() {
    let flow = Flow::start().await;
    let auth = flow.session().await;
    let second = flow.begin(&auth, BrowserInput::default()).await.unwrap();
    let first = flow.connect(&auth).await;
    let connections = flow.house.broker.connections();
    let key = first.connection_key;
    connections
        .delete(&flow.caller, &integration("acme"), &key)
        .await
        .unwrap();
    let back = flow.consent(&second).await;
    let made = flow.complete(back).await.outcome.unwrap();
    assert_eq!(made.operation, AuthOperation::Creation);
    assert_ne!(made.connection_key, key);
}
