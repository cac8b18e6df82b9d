//! One session in more than one tab, and what makes two attempts one.

use terapi_broker::connect::{
    AuthOperation, BrowserAuth, BrowserInput, Connected, NewReconnectSession, NewSession, SubmitError,
};
use terapi_broker::connections::GetOptions;
use terapi_broker::credentials::Credentials;
use terapi_broker::environments::EnvironmentPatch;
use terapi_model::{ErrorCode, Timestamp};

use crate::database::{Kind, on_each};
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

/// An integration whose credentials nobody is asked about: all that are typed at once get to the database together.
async fn unasked(flow: &Flow, provider: &str, key: &str) {
    let mut new = new_integration(provider, key);
    new.integration_config
        .insert("base_url".into(), flow.acme.url().into());
    let integrations = flow.house.broker.integrations();
    integrations.create(&flow.caller, new).await.unwrap();
}

async fn plain(flow: &Flow) {
    unasked(flow, "generic-api-key", "plain").await;
}

/// Providers with a setting, of an API with a key and of one that lets everybody in.
const TILLS: [(&str, &str); 2] = [
    (
        "till",
        "display_name: Till\ndescription: A till of each branch.\ncategories: [other]\n\
         docs: https://docs.example.com\nauth: {auth_mode: API_KEY}\n\
         credentials: {api_key: {title: Key, secret: true}}\n\
         connection_config: {branch: {title: Branch, required: false, secret: false}}\n\
         requests: {base_url: https://api.example.com}\nguide: Type it.\n",
    ),
    (
        "open-till",
        "display_name: Open till\ndescription: A till of each branch.\ncategories: [other]\n\
         docs: https://docs.example.com\nauth: {auth_mode: NONE}\n\
         connection_config: {branch: {title: Branch, required: false, secret: false}}\n\
         requests: {base_url: https://api.example.com}\nguide: Press it.\n",
    ),
];

/// With integrations `till` and `open-till`.
async fn with_tills(on: Kind) -> Flow {
    let plan = Plan {
        on,
        providers: &TILLS,
        ..Plan::default()
    };
    let flow = Flow::planned(plan).await;
    let integrations = flow.house.broker.integrations();
    for (name, _) in TILLS {
        let new = new_integration(name, name);
        integrations.create(&flow.caller, new).await.unwrap();
    }
    flow
}

fn of_branch(branch: &str) -> BrowserInput {
    BrowserInput {
        params: [("branch".to_owned(), branch.to_owned())].into(),
        ..BrowserInput::default()
    }
}

/// The key that a connection of `plain` holds.
async fn key_of(flow: &Flow, connected: &Connected) -> String {
    let connections = flow.house.broker.connections();
    let (plain, key) = (integration("plain"), &connected.connection_key);
    let options = GetOptions {
        with_credentials: true,
        ..GetOptions::default()
    };
    let got = connections.get(&flow.caller, &plain, key, options).await;
    match got.unwrap().credentials.unwrap() {
        Credentials::ApiKey { api_key } => api_key.expose().clone(),
        other => panic!("{other:?}"),
    }
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
        let open = integration("open");
        unasked(&flow, "generic-none", "open").await;
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
            "a new page is a new account, however soon"
        );
        let fourth = submit(&flow, &auth, later).await;
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
        assert_eq!(key_of(&flow, &first).await, "key-1");
        assert_eq!(key_of(&flow, &other).await, "key-2");
    })
    .await;
}

#[tokio::test]
async fn two_keys_that_are_typed_at_once_are_two_accounts_and_neither_is_lost() {
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
            let press = async |house: &House, key| called(house, &auth, key).await;
            let (one, two, three, four) = tokio::join!(
                press(&flow.house, "key-1"),
                press(&other, "key-2"),
                press(&flow.house, "key-2"),
                press(&other, "key-1"),
            );
            assert_eq!(one.connection_key, four.connection_key);
            assert_eq!(two.connection_key, three.connection_key);
            assert_ne!(one.connection_key, two.connection_key);
            assert_eq!(key_of(&flow, &one).await, "key-1");
            assert_eq!(key_of(&flow, &two).await, "key-2");
            assert_eq!(creations(&[one, two, three, four]), 2);
            assert_eq!(flow.connection_count().await, before + 2);
            flow.house.clock.advance_seconds(1);
        }
    })
    .await;
}

#[tokio::test]
async fn a_form_that_was_open_all_along_takes_no_other_accounts_connection() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        plain(&flow).await;
        let auth = flow.session().await;
        let shown_at = Some(flow.house.broker.now());
        let shown = || BrowserInput {
            shown_at,
            ..BrowserInput::default()
        };
        let first = called(&flow.house, &auth, "key-1").await;
        flow.house.clock.advance_seconds(1);
        let press = async |key| call(&flow.house, &auth, shown(), key).await.unwrap();
        let second = press("key-2").await;
        flow.house.clock.advance_seconds(120);
        let (again, second_again) = tokio::join!(press("key-1"), press("key-2"));
        are_about_one(&first, &again);
        are_about_one(&second, &second_again);
        assert_ne!(first.connection_key, second.connection_key);
        assert_eq!(key_of(&flow, &first).await, "key-1");
        assert_eq!(key_of(&flow, &second).await, "key-2");
    })
    .await;
}

#[tokio::test]
async fn the_same_key_with_other_settings_is_another_account_and_so_are_other_settings_alone() {
    on_each(async |on| {
        let flow = with_tills(on).await;
        let auth = flow.session().await;
        let connect = flow.house.broker.connect();
        let (till, open) = (integration("till"), integration("open-till"));
        let keyed = async |branch| {
            let submitted = connect.submit_api_key(&auth, &till, of_branch(branch), "key-1".into());
            submitted.await.unwrap()
        };
        let opened = async |branch| {
            let submitted = connect.submit_nothing(&auth, &open, of_branch(branch));
            submitted.await.unwrap()
        };
        let keyed = tokio::join!(keyed("north"), keyed("south"), keyed("north"), keyed("south"));
        let opened = tokio::join!(opened("north"), opened("south"), opened("north"), opened("south"));
        for (north, south, north_again, south_again) in [keyed, opened] {
            assert_eq!(north.connection_key, north_again.connection_key);
            assert_eq!(south.connection_key, south_again.connection_key);
            assert_ne!(north.connection_key, south.connection_key);
            assert_eq!(creations(&[north, south, north_again, south_again]), 2);
        }
        assert_eq!(flow.connection_count().await, 4);
    })
    .await;
}

#[tokio::test]
async fn the_same_user_with_another_password_is_another_account() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let named = integration("named");
        unasked(&flow, "generic-basic", "named").await;
        let auth = flow.session().await;
        let connect = flow.house.broker.connect();
        let press = async |user: &str, password: &str| {
            let input = BrowserInput::default();
            let submitted = connect.submit_basic(&auth, &named, input, user.into(), password.into());
            submitted.await.unwrap()
        };
        let (first, second) = tokio::join!(press("ada", "one"), press("ada", "one"));
        assert_eq!(first.connection_key, second.connection_key);
        flow.house.clock.advance_seconds(1);
        let third = press("ada", "one").await;
        assert_eq!(third.operation, AuthOperation::Override);
        let (password, user) = tokio::join!(press("ada", "two"), press("bob", "one"));
        assert_eq!(creations(&[first, second, third, password, user]), 3);
        assert_eq!(flow.connection_count().await, 3);
    })
    .await;
}

#[tokio::test]
async fn nothing_pressed_again_is_the_same_account_for_a_minute() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let open = integration("open");
        unasked(&flow, "generic-none", "open").await;
        let auth = flow.session().await;
        let connect = flow.house.broker.connect();
        let press = async || {
            let submitted = connect.submit_nothing(&auth, &open, BrowserInput::default());
            submitted.await.unwrap()
        };
        let first = press().await;
        flow.house.clock.advance_seconds(60);
        are_about_one(&first, &press().await);
        flow.house.clock.advance_seconds(1);
        assert_eq!(press().await.operation, AuthOperation::Creation);
    })
    .await;
}

#[tokio::test]
async fn a_key_whose_connection_was_deleted_within_the_minute_makes_a_new_one() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        plain(&flow).await;
        let auth = flow.session().await;
        let first = called(&flow.house, &auth, "key-1").await;
        let connections = flow.house.broker.connections();
        let plain = integration("plain");
        connections
            .delete(&flow.caller, &plain, &first.connection_key)
            .await
            .unwrap();
        let second = called(&flow.house, &auth, "key-1").await;
        assert_eq!(second.operation, AuthOperation::Creation);
        assert_ne!(second.connection_key, first.connection_key);
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
async fn a_public_key_repeats_nothing_and_does_not_tell_whose_credentials_are_right() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        plain(&flow).await;
        unasked(&flow, "generic-none", "open").await;
        let auth = flow.public_key();
        let named = || BrowserInput {
            connection_key: Some("customer-1".to_owned()),
            ..BrowserInput::default()
        };
        let press = async |key| call(&flow.house, &auth, named(), key).await;
        let (one, two) = tokio::join!(press("key-1"), press("key-1"));
        let (made, refused) = match (one, two) {
            (Ok(made), Err(refused)) | (Err(refused), Ok(made)) => (made, refused),
            both => panic!("{both:?}"),
        };
        assert_eq!(made.operation, AuthOperation::Creation);
        let (right, wrong, malformed) = (
            press("key-1").await.unwrap_err(),
            press("key-2").await.unwrap_err(),
            press("").await.unwrap_err(),
        );
        for told in [&refused, &right, &wrong, &malformed] {
            assert_eq!(told.code(), ErrorCode::ConnectionExists);
            assert_eq!(told.to_string(), right.to_string());
        }
        let connect = flow.house.broker.connect();
        let open = integration("open");
        let nothing = async || connect.submit_nothing(&auth, &open, named()).await;
        assert_eq!(nothing().await.unwrap().operation, AuthOperation::Creation);
        assert_eq!(nothing().await.unwrap_err().code(), ErrorCode::ConnectionExists);

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
