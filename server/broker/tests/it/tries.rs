//! Sessions that are used several times, and what else operations say of themselves.

use terapi_broker::connect::{BrowserAuth, BrowserInput, NewSession};
use terapi_broker::environments::EnvironmentPatch;
use terapi_broker::operations::{Operation, OperationFilter, Tries};
use terapi_model::{ConnectionKey, LogLevel, OperationId, OperationState};
use terapi_testkit::{Answer, DEMO_PASSWORD, DEMO_USER, Denial, Receiver, Reply};
use tokio_util::sync::CancellationToken;

use crate::database::on_each;
use crate::flow::{Flow, end_user, integration};

async fn submit(flow: &Flow, auth: &BrowserAuth, password: &str) -> Option<ConnectionKey> {
    flow.acme.script(|script| {
        script.me_status = (password == "wrong").then_some(401);
    });
    let connect = flow.house.broker.connect();
    let acme = integration("acme-basic");
    let done = connect
        .submit_basic(
            auth,
            &acme,
            BrowserInput::default(),
            DEMO_USER.into(),
            password.into(),
        )
        .await;
    done.ok().map(|connected| connected.connection_key)
}

async fn list(flow: &Flow, narrow: impl FnOnce(&mut OperationFilter)) -> Vec<OperationId> {
    let mut filter = OperationFilter::default();
    narrow(&mut filter);
    let operations = flow.house.broker.operations();
    let page = operations.list(&flow.caller, &filter).await.unwrap();
    page.operations
        .into_iter()
        .map(|operation| operation.id)
        .collect()
}

fn tries(integration_key: Option<&str>, state: OperationState, count: i64) -> Tries {
    Tries {
        integration_key: integration_key.map(integration),
        state,
        count,
    }
}

#[tokio::test]
async fn a_sessions_operation_is_found_by_everything_that_it_was_used_for() {
    on_each(async |on| {
        use OperationState::{Cancelled, Failed, Running, Success};
        let flow = Flow::start_on(on).await;
        let auth = flow.session().await;
        let id = auth.session().unwrap().operation_id.clone();
        let first = flow.connect(&auth).await.connection_key;
        assert_eq!(submit(&flow, &auth, "wrong").await, None);
        assert_eq!(submit(&flow, &auth, "wrong").await, None);
        let second = submit(&flow, &auth, DEMO_PASSWORD).await.unwrap();
        let connect = flow.house.broker.connect();
        let browser = terapi_broker::connect::BrowserId::of_cookie("a browser");
        for key in ["nowhere", "acme-api-key"] {
            let key = integration(key);
            let refused = connect.begin(&auth, &key, BrowserInput::default(), &browser);
            refused.await.unwrap_err();
        }
        flow.begin(&auth, BrowserInput::default()).await.unwrap();
        // A session that nobody uses.
        flow.house.clock.advance_seconds(1);
        let other = flow.session().await.session().unwrap().operation_id.clone();
        flow.house.clock.advance_seconds(1);

        let is_found = async |integration: Option<&str>, connection: Option<&ConnectionKey>, state| {
            let found = list(&flow, |all| {
                all.integration = integration.map(str::to_owned);
                all.connection = connection.map(ToString::to_string);
                all.state = state;
            })
            .await;
            assert!(found.iter().filter(|found| **found == id).count() < 2, "once");
            found.contains(&id)
        };
        for (integration, connection, state, expected) in [
            (Some("acme"), None, None, true),
            (Some("acme-basic"), None, None, true),
            (Some("acme-api-key"), None, None, true),
            (Some("nowhere"), None, None, false),
            (None, Some(&first), None, true),
            (None, Some(&second), None, true),
            (None, None, Some(Success), true),
            (None, None, Some(Failed), true),
            (None, None, Some(Running), false),
            (None, None, Some(Cancelled), false),
            (Some("acme"), None, Some(Success), true),
            (Some("acme-basic"), None, Some(Failed), true),
            (Some("acme-basic"), None, Some(Success), true),
            (Some("acme-api-key"), None, Some(Failed), true),
            (Some("acme-api-key"), None, Some(Success), false),
            (Some("acme"), None, Some(Failed), false),
            (Some("acme"), Some(&second), None, false),
            (Some("acme-basic"), Some(&second), Some(Success), true),
            (Some("acme-basic"), Some(&second), Some(Failed), false),
        ] {
            assert_eq!(
                is_found(integration, connection, state).await,
                expected,
                "{integration:?} {connection:?} {state:?}"
            );
        }
        // Other narrowings hold too, and pages follow each other.
        let later = flow.house.broker.now();
        let none = list(&flow, |all| {
            all.state = Some(Failed);
            all.from = Some(later);
        });
        assert_eq!(none.await, []);
        let user = list(&flow, |all| {
            all.state = Some(Failed);
            all.end_user = Some("u-2".into());
        });
        assert_eq!(user.await, []);
        let before = list(&flow, |all| {
            all.integration = Some("acme".into());
            all.before = Some((later, other.clone()));
            all.limit = 1;
        });
        assert_eq!(before.await, std::slice::from_ref(&id));

        let operations = flow.house.broker.operations();
        let (operation, _) = operations.find(&flow.caller, &id).await.unwrap().unwrap();
        assert_eq!(operation.state, Success, "one that has succeeded stays so");
        let mut seen = operation.tries.clone();
        seen.sort_by_key(|tries| format!("{tries:?}"));
        let mut expected = vec![
            tries(Some("acme"), Success, 1),
            tries(Some("acme"), Running, 1),
            tries(Some("acme-basic"), Failed, 2),
            tries(Some("acme-basic"), Success, 1),
            tries(None, Failed, 1),
            tries(Some("acme-api-key"), Failed, 1),
        ];
        expected.sort_by_key(|tries| format!("{tries:?}"));
        assert_eq!(seen, expected);
        let page = operations.list(&flow.caller, &Default::default()).await.unwrap();
        let of = |id: &OperationId| -> &Operation {
            page.operations.iter().find(|found| found.id == *id).unwrap()
        };
        assert_eq!(of(&id).tries, operation.tries);
        assert_eq!(of(&other).tries, []);
    })
    .await;
}

#[tokio::test]
async fn a_session_for_one_integration_names_it_at_once_and_says_when_nobody_went_on() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let auth = flow
            .session_of(NewSession {
                end_user: Some(end_user()),
                allowed_integrations: vec![integration("acme-basic")],
                ..NewSession::default()
            })
            .await;
        let id = auth.session().unwrap().operation_id.clone();
        let operations = flow.house.broker.operations();
        let find = async || operations.find(&flow.caller, &id).await.unwrap().unwrap();
        let (operation, _) = find().await;
        assert_eq!(operation.integration_key, Some(integration("acme-basic")));
        assert_eq!(operation.provider.unwrap().as_str(), "acme-basic");

        submit(&flow, &auth, "wrong").await;
        // Another look at the page sets nothing running; another try does, and is given up.
        let both = flow.session().await;
        submit(&flow, &both, "wrong").await;
        flow.begin(&both, BrowserInput::default()).await.unwrap();
        flow.house.clock.advance_seconds(601);
        flow.house.broker.sweep().await.unwrap();
        let (operation, _) = find().await;
        assert_eq!(operation.state, OperationState::Failed);
        let both = &both.session().unwrap().operation_id;
        let (operation, lines) = operations.find(&flow.caller, both).await.unwrap().unwrap();
        assert_eq!(operation.state, OperationState::Cancelled);
        assert_eq!(operation.error.unwrap().code, "connection_test_failed");
        let last = lines.last().unwrap();
        assert_eq!(last.message, "Ended without a connection: nobody went on with it");
        assert_eq!(last.level, LogLevel::Warn);
    })
    .await;
}

#[tokio::test]
async fn a_popup_that_nobody_came_back_from_is_no_try_under_way_for_ever() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let auth = flow.session().await;
        flow.begin(&auth, BrowserInput::default()).await.unwrap();
        submit(&flow, &auth, "wrong").await;
        let id = auth.session().unwrap().operation_id.clone();
        let operations = flow.house.broker.operations();
        let find = async || operations.find(&flow.caller, &id).await.unwrap().unwrap().0;
        let refused = tries(Some("acme-basic"), OperationState::Failed, 1);
        for (seconds, state) in [(0, OperationState::Running), (601, OperationState::Cancelled)] {
            flow.house.clock.advance_seconds(seconds);
            flow.house.broker.sweep().await.unwrap();
            let operation = find().await;
            assert_eq!(operation.state, OperationState::Failed);
            assert_eq!(operation.tries, [tries(Some("acme"), state, 1), refused.clone()]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_webhooks_operation_says_whose_failure_it_tells_of_and_each_leads_to_the_other() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let receiver = Receiver::start().await;
        let patch = EnvironmentPatch {
            webhook_url: Some(receiver.at("/hooks")),
            ..EnvironmentPatch::default()
        };
        let broker = &flow.house.broker;
        broker.environments().update(&flow.caller, patch).await.unwrap();
        flow.acme.script(|script| {
            script.deny = Some(Denial {
                error: "access_denied".into(),
                description: None,
            });
        });
        let auth = flow.session().await;
        let begun = flow.begin(&auth, BrowserInput::default()).await.unwrap();
        let failed = flow
            .complete(flow.consent(&begun).await)
            .await
            .outcome
            .unwrap_err();
        let parent = auth.session().unwrap().operation_id.clone();
        let (_, lines) = broker
            .operations()
            .find(&flow.caller, &parent)
            .await
            .unwrap()
            .unwrap();
        let queued = lines.last().unwrap();
        assert_eq!(queued.message, "Webhook queued");
        let id = queued.meta.as_ref().unwrap()["operation"].as_str().unwrap();
        let id = OperationId::parse(id).unwrap();
        let find = async || {
            broker
                .operations()
                .find(&flow.caller, &id)
                .await
                .unwrap()
                .unwrap()
        };
        let (webhook, lines) = find().await;
        assert_eq!((webhook.state, lines.len()), (OperationState::Running, 0));
        assert_eq!(webhook.integration_key, Some(integration("acme")));
        assert!(webhook.integration_id.is_some());
        assert_eq!(webhook.provider.as_ref().unwrap().as_str(), "acme");
        assert_eq!(webhook.connection_key, failed.connection_key);
        assert_eq!(webhook.end_user_id.as_deref(), Some("u-1"));
        assert_eq!(webhook.end_user_name.as_deref(), Some("Robin"));
        assert_eq!(webhook.meta["parent"], parent.as_str());
        assert_eq!(webhook.meta["event"], "creation");
        assert_eq!(webhook.meta["success"], false);
        let found = list(&flow, |all| all.integration = Some("acme".into())).await;
        assert!(found.contains(&id) && found.contains(&parent));

        receiver.reply([Reply::Status(503, String::new())]);
        let stop = CancellationToken::new();
        stop.cancel();
        broker.webhooks().run(stop).await;
        let (webhook, lines) = find().await;
        assert_eq!(webhook.state, OperationState::Running);
        let next = lines[0].retry.as_ref().unwrap()["next_at"].as_str().unwrap();
        assert!(next.starts_with("2026-08-21T10:11:1"), "{next}");
    })
    .await;
}

#[tokio::test]
async fn a_failed_renewal_has_one_type_and_names_the_end_user() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let key = flow.connect(&flow.session().await).await.connection_key;
        flow.acme
            .script(|script| script.refresh_once.push_back(Answer::InvalidGrant));
        flow.house.clock.advance_seconds(4000);
        flow.get(&key).await.unwrap_err();
        let (operation, lines) = flow.log().await.remove(0);
        let error = operation.error.unwrap();
        assert_eq!(error.code, "refresh_token_external_error");
        assert_eq!(error.payload.unwrap()["error"], "invalid_grant");
        assert_eq!(operation.end_user_id.as_deref(), Some("u-1"));
        assert_eq!(operation.connection_key, Some(key));
        let asked = &lines[0];
        assert_eq!(asked.message, "Tokens requested");
        assert_eq!(asked.response.as_ref().unwrap()["code"], 400);
        assert_eq!(
            asked.request.as_ref().unwrap()["url"],
            format!("{}/oauth/token", flow.acme.url())
        );
    })
    .await;
}
