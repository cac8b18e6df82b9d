//! One session in more than one tab, and what makes two attempts one.

use terapi_broker::connect::{
    AuthOperation, BrowserAuth, BrowserInput, Connected, NewReconnectSession, NewSession, SubmitError,
};
use terapi_broker::environments::EnvironmentPatch;
use terapi_model::{ErrorCode, Timestamp};

use crate::database::on_each;
use crate::flow::{Flow, connection, integration};
use crate::house::{House, Plan, new_integration};

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

/// An integration `plain`, whose keys nobody is asked about: all that are typed at once get to the database together.
async fn plain(flow: &Flow) {
    let mut new = new_integration("generic-api-key", "plain");
    new.integration_config
        .insert("base_url".into(), flow.acme.url().into());
    let integrations = flow.house.broker.integrations();
    integrations.create(&flow.caller, new).await.unwrap();
}

/// A page's call for `plain`, without a form of ours.
async fn call(
    house: &House,
    auth: &BrowserAuth,
    input: BrowserInput,
    key: &str,
) -> Result<Connected, SubmitError> {
    let connect = house.broker.connect();
    let plain = integration("plain");
    let submitted = connect.submit_api_key(auth, &plain, input, key.into()).await;
    submitted.map_err(|refused| refused.error)
}

async fn called(house: &House, auth: &BrowserAuth, key: &str) -> Connected {
    call(house, auth, BrowserInput::default(), key).await.unwrap()
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
        flow.house.clock.advance_seconds(59);
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
async fn the_same_key_a_moment_later_is_the_same_account_and_another_key_is_another() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        plain(&flow).await;
        let auth = flow.session().await;
        let first = called(&flow.house, &auth, "key-1").await;
        flow.house.clock.advance_seconds(1);
        let other = called(&flow.house, &auth, "key-2").await;
        flow.house.clock.advance_seconds(1);
        let again = called(&flow.house, &auth, "key-1").await;
        let other_again = called(&flow.house, &auth, "key-2").await;
        are_about_one(&first, &again);
        are_about_one(&other, &other_again);
        assert_ne!(first.connection_key, other.connection_key);
        flow.house.clock.advance_seconds(59);
        let after = called(&flow.house, &auth, "key-1").await;
        assert_eq!(
            after.operation,
            AuthOperation::Creation,
            "a minute after the first"
        );
        assert_eq!(flow.connection_count().await, 3);
    })
    .await;
}

#[tokio::test]
async fn many_presses_at_two_instances_make_one_connection_whichever_is_done_first() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        plain(&flow).await;
        let plan = Plan {
            on,
            ..Plan::default()
        };
        let other = flow.house.restarted(plan).await;
        for _ in 0..5 {
            let auth = flow.session().await;
            let before = flow.connection_count().await;
            let [here, there] = [&flow.house, &other].map(|house| {
                let auth = &auth;
                async move || called(house, auth, "key-1").await
            });
            let (one, two, three, four) = tokio::join!(here(), there(), here(), there());
            flow.house.clock.advance_seconds(1);
            let (five, six) = tokio::join!(there(), here());
            let all = [one, two, three, four, five, six];
            assert_eq!(creations(&all), 1, "{all:?}");
            assert!(all.iter().all(|one| one.connection_key == all[0].connection_key));
            assert_eq!(flow.connection_count().await, before + 1);
            flow.house.clock.advance_seconds(1);
        }
    })
    .await;
}

#[tokio::test]
async fn a_session_that_renews_renews_its_own_connection_and_no_other() {
    let flow = Flow::start().await;
    plain(&flow).await;
    let first = called(&flow.house, &flow.session().await, "key-1").await;
    let auth = flow.session().await;
    let second = called(&flow.house, &auth, "key-2").await;
    let connect = flow.house.broker.connect();
    let again = NewReconnectSession {
        connection_key: first.connection_key.clone(),
        integration_key: integration("plain"),
        session: NewSession::default(),
    };
    let opened = connect.open_reconnect_session(&flow.caller, again).await.unwrap();
    let token = Some(opened.token.expose().as_str());
    let auth = connect.authenticate_browser(token, None).await.unwrap();
    for key in ["key-2", "key-2", "key-3"] {
        let renewed = called(&flow.house, &auth, key).await;
        are_about_one(&first, &renewed);
        assert_ne!(renewed.connection_key, second.connection_key);
    }
}

#[tokio::test]
async fn a_public_key_repeats_the_connection_that_its_page_named_and_replaces_none() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        plain(&flow).await;
        let auth = flow.public_key();
        let named = |key: &str| BrowserInput {
            connection_key: Some(key.to_owned()),
            ..BrowserInput::default()
        };
        let press = async |key| call(&flow.house, &auth, named("customer-1"), key).await;
        let (one, two) = tokio::join!(press("key-1"), press("key-1"));
        let both = [one.unwrap(), two.unwrap()];
        assert_eq!(creations(&both), 1, "{both:?}");
        flow.house.clock.advance_seconds(1);
        assert_eq!(press("key-1").await.unwrap().operation, AuthOperation::Override);
        let other = press("key-2").await.unwrap_err();
        assert_eq!(other.code(), ErrorCode::ConnectionExists);
        flow.house.clock.advance_seconds(60);
        let later = press("key-1").await.unwrap_err();
        assert_eq!(later.code(), ErrorCode::ConnectionExists);

        let first = called(&flow.house, &auth, "key-1").await;
        let second = called(&flow.house, &auth, "key-1").await;
        assert_eq!(
            creations(&[first, second]),
            2,
            "nothing tells two visitors from one who pressed twice"
        );
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
