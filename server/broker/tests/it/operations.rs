//! What is written down of authorizations and refreshes, and what never is.

use std::collections::BTreeMap;

use terapi_broker::connect::{
    AttemptView, BrowserAuth, BrowserId, BrowserInput, NewSession, OwnApp, ResultFrame, ResultHolder,
    SessionAuthError, SessionDefaults, TurnedAway, UiEvent, UiReport,
};
use terapi_broker::connections::GetOptions;
use terapi_broker::operations::{MASK, Operation, OperationFilter, OperationMessage};
use terapi_model::{
    ErrorCode, LogLevel, MessageType, OperationAction, OperationId, OperationState, OperationType,
};
use terapi_testkit::{Answer, Denial};
use terapi_vault::hash::token_hash;

use crate::database::on_each;
use crate::flow::{COOKIE, Flow, connection, end_user, integration};

/// The texts of an operation's lines.
fn texts(lines: &[OperationMessage]) -> Vec<&str> {
    lines.iter().map(|line| line.message.as_str()).collect()
}

/// State and code of an operation's end.
fn end(operation: &Operation) -> (OperationState, Option<&str>) {
    let code = operation.error.as_ref().map(|error| error.code.as_str());
    (operation.state, code)
}

async fn only(flow: &Flow) -> (Operation, Vec<OperationMessage>) {
    let mut log = flow.log().await;
    assert_eq!(log.len(), 1, "{log:?}");
    log.remove(0)
}

const CONSENTED: [&str; 6] = [
    "Authorization requested",
    "Redirecting to the provider",
    "Callback received",
    "Tokens requested",
    "Tokens received",
    "Connection created",
];

#[tokio::test]
async fn a_session_has_one_operation_from_its_opening_to_the_connection() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let auth = flow.session().await;
        let (opened, lines) = only(&flow).await;
        assert_eq!(
            (opened.kind, opened.action, opened.state),
            (
                OperationType::Auth,
                OperationAction::CreateConnection,
                OperationState::Running
            )
        );
        assert_eq!(opened.actor.kind, "user");
        assert_eq!(opened.end_user_id.as_deref(), Some("u-1"));
        assert_eq!(opened.end_user_name.as_deref(), Some("Robin"));
        assert_eq!(opened.meta["connectSession"]["user"]["displayName"], "Robin");
        assert_eq!(opened.expires_at.millis_since(opened.created_at), 300_000);
        assert!(lines.is_empty() && opened.duration_ms().is_none());

        let connected = flow.connect(&auth).await;
        let (done, lines) = only(&flow).await;
        assert_eq!(done.id, opened.id);
        assert_eq!(end(&done), (OperationState::Success, None));
        assert_eq!(done.integration_key, Some(integration("acme")));
        assert_eq!(done.provider.as_ref().unwrap().as_str(), "acme");
        assert_eq!(done.connection_key.as_ref(), Some(&connected.connection_key));
        assert!(done.connection_id.is_some() && done.ended_at.is_some());
        assert_eq!(texts(&lines), CONSENTED);
        assert_eq!(lines[2].level, LogLevel::Debug);
        let away = lines[1].meta.as_ref().unwrap();
        assert_eq!(away["params"]["client_id"], "acme-demo");
        assert_eq!(away["params"]["state"], MASK);
        assert_eq!(away["params"]["code_challenge"], MASK);
        assert_eq!(lines[2].meta.as_ref().unwrap()["params"]["code"], MASK);
        assert_eq!(lines[4].meta.as_ref().unwrap()["refresh_token"], MASK);

        // A second tab of the same session writes on.
        flow.connect(&auth).await;
        let log = flow.log().await;
        assert_eq!((log.len(), log[0].1.len()), (1, 12));
    })
    .await;
}

#[tokio::test]
async fn a_public_key_opens_an_operation_each_time() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let input = |key: &str| BrowserInput {
            connection_key: Some(key.to_owned()),
            ..BrowserInput::default()
        };
        let auth = flow.public_key();
        for key in ["one", "two"] {
            let begun = flow.begin(&auth, input(key)).await.unwrap();
            let back = flow.consent(&begun).await;
            let completed = flow.complete(back).await;
            assert_eq!(completed.operation_id, Some(begun.operation_id));
            completed.outcome.unwrap();
        }
        let log = flow.log().await;
        assert_eq!(log.len(), 2);
        for (operation, lines) in &log {
            assert_eq!(end(operation), (OperationState::Success, None));
            assert_eq!(
                (operation.actor.kind.as_str(), &operation.meta["authType"]),
                ("public_key", &"oauth".into())
            );
            // Consent pages take ten minutes, longer than operations usually run.
            assert_eq!(operation.expires_at.millis_since(operation.created_at), 600_000);
            assert_eq!(texts(lines), CONSENTED);
        }
        flow.house.clock.advance_seconds(1);
        // A refusal before the browser leaves is written down too, under the name that was asked for.
        let refused = flow.begin(&auth, input("one")).await.unwrap_err();
        assert_eq!(refused.code().as_str(), "connection_exists");
        let (operation, lines) = flow.log().await.remove(0);
        assert_eq!(
            end(&operation),
            (OperationState::Failed, Some("connection_exists"))
        );
        assert_eq!(operation.connection_key, Some(connection("one")));
        assert_eq!(operation.integration_key, Some(integration("acme")));
        assert_eq!(lines.last().unwrap().level, LogLevel::Error);
        assert_eq!(lines.last().unwrap().error, operation.error);
    })
    .await;
}

#[tokio::test]
async fn every_refusal_before_the_redirect_says_where_the_log_has_it() {
    let flow = Flow::start().await;
    let auth = flow.session().await;
    let connect = flow.house.broker.connect();
    let browser = BrowserId::of_cookie(COOKIE);
    let begin = async |key: &str, input: BrowserInput| {
        let refused = connect.begin(&auth, &integration(key), input, &browser).await;
        refused.unwrap_err()
    };
    let named = BrowserInput {
        connection_key: Some("mine".into()),
        ..BrowserInput::default()
    };
    let long = BrowserInput {
        params: BTreeMap::from([("a".to_owned(), "x".repeat(9000))]),
        ..BrowserInput::default()
    };
    for (key, input, code) in [
        ("nope", BrowserInput::default(), "provider_config_err"),
        ("acme", named, "invalid_query_params"),
        ("acme", long, "url_param_err"),
        ("acme-api-key", BrowserInput::default(), "auth_mode_err"),
    ] {
        let refused = begin(key, input).await;
        let (operation, _) = only(&flow).await;
        assert_eq!(refused.operation_id.as_ref(), Some(&operation.id), "{key}");
        assert_eq!(end(&operation), (OperationState::Failed, Some(code)), "{key}");
    }
    // The next try sets it running again, and succeeds.
    flow.connect(&auth).await;
    assert_eq!(end(&only(&flow).await.0), (OperationState::Success, None));
    // What was done stays done, and keeps its names, whatever fails after it; the line is there.
    begin("acme-api-key", BrowserInput::default()).await;
    let (operation, lines) = only(&flow).await;
    assert_eq!(end(&operation), (OperationState::Success, None));
    assert_eq!(operation.integration_key, Some(integration("acme")));
    assert_eq!(lines.last().unwrap().level, LogLevel::Error);
}

/// What a server says of a body that it could not read.
async fn turn_away(flow: &Flow, auth: &BrowserAuth, code: ErrorCode) -> OperationId {
    let refused = TurnedAway {
        code,
        message: "the body is not what it should be",
        integration: Some(&integration("acme")),
        auth_type: "apikey",
    };
    flow.house
        .broker
        .connect()
        .turn_away(auth, &refused)
        .await
        .unwrap()
}

#[tokio::test]
async fn who_is_turned_away_before_anything_is_tried_is_found_in_the_log() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let auth = flow.session().await;
        let id = turn_away(&flow, &auth, ErrorCode::InvalidBody).await;
        let (operation, lines) = only(&flow).await;
        assert_eq!(operation.id, id);
        assert_eq!(end(&operation), (OperationState::Failed, Some("invalid_body")));
        assert_eq!(operation.integration_key, Some(integration("acme")));
        assert_eq!(texts(&lines), ["the body is not what it should be"]);
        flow.connect(&auth).await;
        assert_eq!(end(&only(&flow).await.0), (OperationState::Success, None));

        flow.house.clock.advance_seconds(1);
        let id = turn_away(&flow, &flow.public_key(), ErrorCode::RequestTooLarge).await;
        let (operation, lines) = flow.log().await.remove(0);
        assert_eq!((&operation.id, lines.len()), (&id, 1));
        assert_eq!(
            end(&operation),
            (OperationState::Failed, Some("request_too_large"))
        );
        assert_eq!(operation.meta["authType"], "apikey");
        assert_eq!(operation.actor.kind, "public_key");
    })
    .await;
}

#[tokio::test]
async fn what_was_no_try_is_a_line_and_ends_nothing() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let auth = flow.session().await;
        let session = auth.session().unwrap();
        let connect = flow.house.broker.connect();
        for _ in 0..520 {
            let id = connect
                .refuse_beside(session, ErrorCode::NotFound, "no such attempt")
                .await;
            assert_eq!(id.as_ref(), Some(&session.operation_id));
        }
        let (operation, lines) = only(&flow).await;
        assert_eq!(end(&operation), (OperationState::Running, None));
        assert_eq!(lines.len(), 500, "room is left for tries");
        assert_eq!(lines[0].error.as_ref().unwrap().code, "not_found");
        flow.connect(&auth).await;
        assert_eq!(only(&flow).await.1.len(), 506);
    })
    .await;
}

/// Puts `count` operations into the environment's log, as many browsers would that come at once.
async fn crowd(flow: &Flow, count: usize) {
    let store = flow.house.broker.store();
    let like = turn_away(flow, &flow.public_key(), ErrorCode::InvalidBody).await;
    let mut tx = store.begin().await.unwrap();
    let row = terapi_store::operations::find(&mut tx, &like)
        .await
        .unwrap()
        .unwrap();
    for number in 1..count {
        let mut random = [0; 10];
        random[..8].copy_from_slice(&number.to_be_bytes());
        let another = terapi_store::operations::OperationRow {
            id: OperationId::mint(row.created_at, random),
            ..row.clone()
        };
        terapi_store::operations::insert(&mut tx, &another).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn refusals_past_two_thousand_operations_a_minute_are_counted_in_one_that_they_name() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let auth = flow.session().await;
        let stranger = flow.public_key();
        crowd(&flow, 1998).await;
        let last = turn_away(&flow, &stranger, ErrorCode::InvalidBody).await;
        let counted = turn_away(&flow, &stranger, ErrorCode::InvalidBody).await;
        assert_ne!(last, counted);
        let named = BrowserInput {
            connection_key: Some("a/b?".into()),
            ..BrowserInput::default()
        };
        let connect = flow.house.broker.connect();
        let cookie = BrowserId::of_cookie(COOKIE);
        let refused = connect
            .begin(&stranger, &integration("acme"), named, &cookie)
            .await;
        assert_eq!(refused.unwrap_err().operation_id.as_ref(), Some(&counted));
        let many = (0..20).map(|_| turn_away(&flow, &stranger, ErrorCode::MissingHmac));
        let many = futures::future::join_all(many).await;
        assert!(many.iter().all(|id| *id == counted));

        let operations = flow.house.broker.operations();
        let (operation, lines) = operations.find(&flow.caller, &counted).await.unwrap().unwrap();
        assert_eq!(
            end(&operation),
            (OperationState::Failed, Some("too_many_request"))
        );
        assert_eq!(
            operation.error.unwrap().message,
            "2000 attempts were logged in this minute; further refusals are only counted: 22 \
             (1 × invalid_body, 1 × invalid_query_params, 20 × missing_hmac)"
        );
        assert!(lines.is_empty());
        // A session has its operation already.
        let known = turn_away(&flow, &auth, ErrorCode::InvalidBody).await;
        assert_eq!(known, auth.session().unwrap().operation_id);

        flow.house.clock.advance_seconds(61);
        let own = turn_away(&flow, &stranger, ErrorCode::InvalidBody).await;
        let (operation, lines) = flow.log().await.remove(0);
        assert_eq!((operation.id, lines.len()), (own, 1));
    })
    .await;
}

#[tokio::test]
async fn a_session_that_is_used_after_its_end_names_its_operation_as_long_as_it_is_known() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let connect = flow.house.broker.connect();
        let open = async || {
            let opened = connect.open_session(&flow.caller, NewSession::default()).await;
            opened.unwrap()
        };
        let (left, deleted) = (open().await, open().await);
        let session = connect
            .authenticate_session(deleted.token.expose())
            .await
            .unwrap();
        connect.delete_session(&session).await.unwrap();
        flow.house.clock.advance_seconds(30 * 60);
        let operations = flow.house.broker.operations();
        for (opened, said) in [
            (&left, "The session was used after it had expired"),
            (&deleted, "The session was used after it had been deleted"),
        ] {
            for _ in 0..5 {
                let late = connect.authenticate_session(opened.token.expose()).await;
                assert!(
                    matches!(&late, Err(SessionAuthError::Ended(id)) if *id == opened.operation_id),
                    "{late:?}"
                );
            }
            let found = operations.find(&flow.caller, &opened.operation_id).await;
            let (operation, lines) = found.unwrap().unwrap();
            assert_eq!(operation.state, OperationState::Running);
            assert_eq!(texts(&lines), [said; 3]);
            assert_eq!(lines[0].level, LogLevel::Warn);
        }
        // A day later nothing leads from the token to anything.
        flow.house.clock.advance_seconds(25 * 3600);
        flow.house.broker.sweep().await.unwrap();
        for opened in [&left, &deleted] {
            let late = connect.authenticate_session(opened.token.expose()).await;
            assert!(matches!(late, Err(SessionAuthError::Unknown)), "{late:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_callback_that_fails_ends_its_operation_with_what_the_provider_said() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let auth = flow.session().await;
        flow.acme.script(|script| {
            script.deny = Some(Denial {
                error: "access_denied".into(),
                description: Some("<script>alert(1)</script>\u{7}".into()),
            });
        });
        let begun = flow.begin(&auth, BrowserInput::default()).await.unwrap();
        let back = flow.consent(&begun).await;
        flow.complete(back).await.outcome.unwrap_err();
        let (operation, lines) = only(&flow).await;
        assert_eq!(end(&operation), (OperationState::Failed, Some("callback_err")));
        let said = operation.error.unwrap().payload.unwrap();
        assert_eq!(said["error"], "access_denied");
        assert_eq!(said["error_description"], "<script>alert(1)</script>");
        assert_eq!(
            texts(&lines)[..3],
            [
                "Authorization requested",
                "Redirecting to the provider",
                "Callback received"
            ]
        );
        assert_eq!((lines.len(), lines[3].level), (4, LogLevel::Error));

        // Another browser's callback is told of, and does not end the attempt.
        flow.acme.script(|script| script.deny = None);
        let begun = flow.begin(&auth, BrowserInput::default()).await.unwrap();
        let back = flow.consent(&begun).await;
        let callback = terapi_broker::connect::Callback {
            params: back.clone(),
            browser: None,
            own_redirect: None,
        };
        let elsewhere = flow.house.broker.connect().complete(callback).await;
        assert_eq!(elsewhere.operation_id.as_ref(), Some(&operation.id));
        assert_eq!(
            end(&only(&flow).await.0),
            (OperationState::Failed, Some("state_cookie_err"))
        );
        flow.complete(back).await.outcome.unwrap();
        assert_eq!(end(&only(&flow).await.0), (OperationState::Success, None));
    })
    .await;
}

#[tokio::test]
async fn typed_credentials_leave_a_line_for_every_call_that_tried_them() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let acme = integration("acme-api-key");
        let submit = async |key: &str| {
            let connect = flow.house.broker.connect();
            let auth = flow.public_key();
            connect
                .submit_api_key(&auth, &acme, BrowserInput::default(), key.into())
                .await
        };
        submit("acme_live_1").await.unwrap();
        let (operation, lines) = only(&flow).await;
        assert_eq!(end(&operation), (OperationState::Success, None));
        assert_eq!(operation.meta["authType"], "apikey");
        assert_eq!(
            texts(&lines),
            [
                "Credentials received",
                "Verification started",
                "Credentials tried at the provider",
                "Connection created"
            ]
        );
        let call = &lines[2];
        assert_eq!(call.kind, MessageType::Http);
        let (request, response) = (call.request.as_ref().unwrap(), call.response.as_ref().unwrap());
        assert_eq!(request["method"], "GET");
        assert_eq!(request["headers"]["x-api-key"], MASK);
        assert_eq!(response["code"], 200);
        assert!(call.duration_ms.is_some_and(|took| took >= 0));

        flow.house.clock.advance_seconds(1);
        flow.acme.script(|script| script.me_status = Some(401));
        let refused = submit("acme_live_2").await.unwrap_err();
        let (operation, lines) = flow.log().await.remove(0);
        assert_eq!(refused.operation_id, Some(operation.id.clone()));
        assert_eq!(
            end(&operation),
            (OperationState::Failed, Some("connection_test_failed"))
        );
        assert_eq!(lines[2].response.as_ref().unwrap()["code"], 401);
        assert_eq!(lines[2].level, LogLevel::Warn);

        flow.house.clock.advance_seconds(1);
        let refused = submit("").await.unwrap_err();
        let (operation, lines) = flow.log().await.remove(0);
        assert_eq!(refused.operation_id, Some(operation.id.clone()));
        assert_eq!(end(&operation), (OperationState::Failed, Some("invalid_body")));
        assert_eq!(lines.len(), 1, "it was not even tried");
    })
    .await;
}

#[tokio::test]
async fn renewing_by_itself_is_written_down_only_when_it_fails() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let key = flow.connect(&flow.session().await).await.connection_key;
        flow.house.clock.advance_seconds(3000);
        flow.get(&key).await.unwrap();
        assert_eq!(flow.acme.counters().refreshes, 1);
        assert_eq!(flow.log().await.len(), 1);

        let forced = GetOptions {
            with_credentials: true,
            force_refresh: true,
            min_ttl: None,
        };
        flow.house.clock.advance_seconds(1);
        flow.get_with(&key, forced).await.unwrap();
        let (operation, lines) = flow.log().await.remove(0);
        assert_eq!(
            (operation.action, operation.state, operation.actor.kind.as_str()),
            (OperationAction::RefreshToken, OperationState::Success, "user")
        );
        assert_eq!(
            texts(&lines),
            ["Tokens requested", "Tokens received", "Credentials renewed"]
        );

        flow.acme.script(|script| {
            script
                .refresh_once
                .push_back(Answer::RateLimited { retry_after: 1 })
        });
        flow.house.clock.advance_seconds(4000);
        flow.get(&key).await.unwrap_err();
        let (operation, lines) = flow.log().await.remove(0);
        assert_eq!(
            end(&operation),
            (OperationState::Failed, Some("refresh_token_external_error"))
        );
        assert_eq!(operation.connection_key.as_ref(), Some(&key));
        assert_eq!(operation.integration_key, Some(integration("acme")));
        assert_eq!(lines.len(), 2);
        let mut shown = flow
            .house
            .broker
            .connections()
            .list(&flow.caller, Default::default())
            .await
            .unwrap();
        assert_eq!(shown.remove(0).auth_error, Some(operation.id));
    })
    .await;
}

#[tokio::test]
async fn a_reconnect_names_its_connection_from_the_beginning() {
    let flow = Flow::start().await;
    let key = flow.connect(&flow.session().await).await.connection_key;
    flow.house.clock.advance_seconds(1);
    let auth = flow.reconnect_session(&key).await;
    let (operation, _) = flow.log().await.remove(0);
    assert_eq!(operation.connection_key.as_ref(), Some(&key));
    assert_eq!(operation.integration_key, Some(integration("acme")));
    assert_eq!(operation.meta["authType"], "unauth");
    assert_eq!(operation.end_user_id.as_deref(), Some("u-1"));
    flow.connect(&auth).await;
    let (operation, lines) = flow.log().await.remove(0);
    assert_eq!(end(&operation), (OperationState::Success, None));
    assert_eq!(lines.last().unwrap().message, "Connection renewed");
}

#[tokio::test]
async fn whoever_goes_away_is_written_down_as_gone() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let auth = flow.session().await;
        flow.house.clock.advance_seconds(299);
        assert_eq!(
            flow.house
                .broker
                .sweep()
                .await
                .unwrap()
                .unwrap()
                .expired_operations,
            0
        );
        flow.house.clock.advance_seconds(1);
        assert_eq!(
            flow.house
                .broker
                .sweep()
                .await
                .unwrap()
                .unwrap()
                .expired_operations,
            1
        );
        let (operation, _) = only(&flow).await;
        assert_eq!(end(&operation), (OperationState::Cancelled, None));
        assert_eq!(operation.duration_ms(), Some(300_000));
        // The session still works, and so the operation goes on.
        let begun = flow.begin(&auth, BrowserInput::default()).await.unwrap();
        assert_eq!(end(&only(&flow).await.0), (OperationState::Running, None));
        flow.house.clock.advance_seconds(500);
        flow.house.broker.sweep().await.unwrap();
        let back = flow.consent(&begun).await;
        flow.complete(back).await.outcome.unwrap();
        assert_eq!(end(&only(&flow).await.0), (OperationState::Success, None));
    })
    .await;
}

/// Uses an attempt's state up as a process does that dies right after.
async fn die_after_the_callback(flow: &Flow, back: &BTreeMap<String, String>) {
    let hash = token_hash(&back["state"]).to_hex();
    let broker = &flow.house.broker;
    let mut tx = broker.store().begin().await.unwrap();
    let taken = terapi_store::oauth_attempts::consume(&mut tx, &hash, broker.now()).await;
    assert!(taken.unwrap().is_some());
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn an_authorization_whose_process_died_ends_as_interrupted() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let broker = &flow.house.broker;
        let auth = flow.session().await;
        let session = auth.session().unwrap();
        let swept = async || broker.sweep().await.unwrap().unwrap().interrupted_attempts;
        let listener = broker.connect().listen();
        let input = BrowserInput {
            ws_client_id: Some(listener.ws_client_id().to_owned()),
            ..BrowserInput::default()
        };
        let begun = flow.begin(&auth, input).await.unwrap();
        die_after_the_callback(&flow, &flow.consent(&begun).await).await;
        // It may be at work still.
        flow.house.clock.advance_seconds(59);
        assert_eq!(swept().await, 0);
        flow.house.clock.advance_seconds(1);
        assert_eq!(swept().await, 1);
        let (operation, lines) = only(&flow).await;
        assert_eq!(end(&operation), (OperationState::Failed, Some("interrupted")));
        assert_eq!(lines.last().unwrap().error, operation.error);
        let ResultFrame::Error { error_type, .. } = listener.result().await else {
            panic!("nothing was connected")
        };
        assert_eq!(error_type, "interrupted");
        assert_eq!(swept().await, 0);

        // Whoever asks need not wait for the sweep.
        let begun = flow.begin(&auth, BrowserInput::default()).await.unwrap();
        die_after_the_callback(&flow, &flow.consent(&begun).await).await;
        let view = async || {
            let holder = ResultHolder::Session(session);
            let view = broker.connect().attempt(holder, &begun.attempt_id).await;
            view.unwrap().unwrap()
        };
        assert_eq!(view().await.result, None);
        flow.house.clock.advance_seconds(60);
        let AttemptView { operation_id, result } = view().await;
        assert_eq!(operation_id, operation.id);
        assert!(matches!(result, Some(ResultFrame::Error { error_type, .. }) if error_type == "interrupted"));
        assert_eq!(swept().await, 0);
    })
    .await;
}

#[tokio::test]
async fn what_the_page_reports_is_written_into_its_sessions_operation() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let auth = flow.session().await;
        let connect = flow.house.broker.connect();
        let at = flow.house.broker.now();
        let report = |event| UiReport {
            event,
            at,
            integration: Some(integration("acme")),
            user_agent: Some("Mozilla/5.0 (X11; Linux) Firefox/128.0"),
        };
        for event in [UiEvent::Open, UiEvent::ClickConnect, UiEvent::PopupBlocked] {
            connect
                .report(auth.session().unwrap(), &report(event))
                .await
                .unwrap();
        }
        let (operation, lines) = only(&flow).await;
        assert_eq!(operation.state, OperationState::Running);
        assert_eq!(
            texts(&lines),
            [
                "Connect UI: opened",
                "Connect UI: connecting was asked for",
                "Connect UI: the browser blocked the window"
            ]
        );
        assert_eq!(lines[0].meta.as_ref().unwrap()["device"], "Firefox · Linux");
        assert!(lines[1].meta.as_ref().unwrap().get("device").is_none());
        assert_eq!(
            (lines[1].level, lines[2].level),
            (LogLevel::Info, LogLevel::Error)
        );
        for _ in 0..520 {
            connect
                .report(auth.session().unwrap(), &report(UiEvent::ClickDoc))
                .await
                .unwrap();
        }
        assert_eq!(only(&flow).await.1.len(), 500, "a page cannot fill the log");
    })
    .await;
}

#[tokio::test]
async fn whoever_tries_without_end_fills_no_more_than_a_thousand_lines() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let auth = flow.session().await;
        let connect = flow.house.broker.connect();
        let cookie = BrowserId::of_cookie(COOKIE);
        for _ in 0..520 {
            let refused = connect
                .begin(&auth, &integration("nowhere"), BrowserInput::default(), &cookie)
                .await;
            assert!(refused.is_err());
        }
        let (operation, lines) = only(&flow).await;
        assert_eq!(
            end(&operation),
            (OperationState::Failed, Some("provider_config_err"))
        );
        assert_eq!(lines.len(), 1000);
        flow.connect(&auth).await;
        let (operation, lines) = only(&flow).await;
        assert_eq!(end(&operation), (OperationState::Success, None));
        assert_eq!(texts(&lines).last(), Some(&"Connection created"));
    })
    .await;
}

#[tokio::test]
async fn the_log_is_paged_by_key_and_narrowed_by_what_is_in_it() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let mut sessions = Vec::new();
        for _ in 0..5 {
            flow.house.clock.advance_seconds(1);
            sessions.push(flow.session().await);
        }
        let connected = flow.connect(&sessions[1]).await;
        let operations = flow.house.broker.operations();
        let list = async |filter: OperationFilter| operations.list(&flow.caller, &filter).await.unwrap();
        let mut seen: Vec<OperationId> = Vec::new();
        let mut before = None;
        loop {
            let page = list(OperationFilter {
                limit: 2,
                before,
                ..OperationFilter::default()
            })
            .await;
            seen.extend(page.operations.into_iter().map(|operation| operation.id));
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        let newest_first: Vec<_> = sessions
            .iter()
            .rev()
            .map(|auth| auth.session().unwrap().operation_id.clone())
            .collect();
        assert_eq!(seen, newest_first);
        let count = async |filter: OperationFilter| list(filter).await.operations.len();
        let of = |narrow: fn(&mut OperationFilter)| {
            let mut filter = OperationFilter::default();
            narrow(&mut filter);
            filter
        };
        assert_eq!(
            count(of(|all| all.state = Some(OperationState::Running))).await,
            4
        );
        assert_eq!(
            count(of(|all| all.state = Some(OperationState::Success))).await,
            1
        );
        assert_eq!(count(of(|all| all.integration = Some("acme".into()))).await, 1);
        assert_eq!(count(of(|all| all.integration = Some("acm\0".into()))).await, 0);
        assert_eq!(count(of(|all| all.end_user = Some("u-1".into()))).await, 5);
        let connection = Some(connected.connection_key.to_string());
        let by_connection = OperationFilter {
            connection,
            ..OperationFilter::default()
        };
        assert_eq!(count(by_connection).await, 1);
        let since = OperationFilter {
            from: Some(flow.house.broker.now()),
            ..OperationFilter::default()
        };
        assert_eq!(count(since).await, 1);

        // Another tenant sees none of it, nor does a browser.
        let (stranger, _) = flow.house.tenant("eve@example.com").await;
        assert!(
            operations
                .list(&stranger, &OperationFilter::default())
                .await
                .unwrap()
                .operations
                .is_empty()
        );
        assert!(operations.find(&stranger, &seen[0]).await.unwrap().is_none());
        let browser = &sessions[0].session().unwrap().caller;
        assert!(operations.find(browser, &seen[0]).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn no_code_verifier_token_or_secret_is_ever_written_into_the_log() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let mut canaries: Vec<String> = vec!["acme-demo-secret".into()];
        let config = serde_json::json!({ "oauth_scopes_override": "profile" });
        let preset = SessionDefaults {
            connection_config: config.as_object().cloned(),
            ..SessionDefaults::default()
        };
        let auth = flow
            .session_of(NewSession {
                end_user: Some(end_user()),
                defaults: BTreeMap::from([(integration("acme"), preset)]),
                ..NewSession::default()
            })
            .await;
        // A success, a refused exchange that repeats what it was sent, a made-up parameter, an app of the end user's own.
        let plain = BrowserInput::default;
        let unknown = BrowserInput {
            params: BTreeMap::from([("api_token".to_owned(), "canary-param".to_owned())]),
            ..plain()
        };
        let own = BrowserInput {
            own_app: OwnApp {
                client_id: Some("acme-demo".into()),
                client_secret: Some("canary-own-secret".into()),
                refresh_token: Some("canary-own-refresh".into()),
            },
            hmac: Some("canary-hmac".into()),
            authorization_params: BTreeMap::from([("login_ticket".to_owned(), "canary-ticket".to_owned())]),
            ..plain()
        };
        let repeating = || Answer::Error {
            status: 400,
            error: "invalid_client".into(),
            description: Some("acme-demo-secret is no good".into()),
        };
        flow.acme
            .script(|script| script.token_once.push_back(repeating()));
        for input in [plain(), unknown, own, plain()] {
            let Ok(begun) = flow.begin(&auth, input).await else {
                continue;
            };
            for (name, value) in begun.authorize_url.query_pairs() {
                if ["state", "code_challenge"].contains(&&*name) {
                    canaries.push(value.into_owned());
                }
            }
            let back = flow.consent(&begun).await;
            canaries.push(back["code"].clone());
            let _ = flow.complete(back).await;
        }
        let key = flow.connect(&flow.session().await).await.connection_key;
        let forced = GetOptions {
            with_credentials: true,
            force_refresh: true,
            min_ttl: None,
        };
        canaries.push(flow.access_token(&key).await);
        flow.get_with(&key, forced).await.unwrap();
        canaries.push(flow.access_token(&key).await);
        flow.acme
            .script(|script| script.refresh_once.push_back(repeating()));
        let _ = flow.get_with(&key, forced).await;
        for (mode, text) in [
            ("acme-api-key", "acme_live_canary1"),
            ("acme-api-key", "canary-bad-key"),
        ] {
            let _ = flow
                .house
                .broker
                .connect()
                .submit_api_key(&flow.public_key(), &integration(mode), plain(), text.into())
                .await;
        }
        canaries.extend(["acme_live_canary1", "canary-"].map(str::to_owned));
        let mut written = String::new();
        for (operation, lines) in flow.log().await {
            written.push_str(&format!("{operation:?}{lines:?}"));
        }
        assert!(
            written.contains("Tokens received") && written.contains("own OAuth app is used"),
            "{written}"
        );
        for canary in &canaries {
            assert!(!written.contains(canary.as_str()), "{canary} is in the log");
            assert!(
                !flow.house.has_bytes(canary),
                "{canary} lies open in the database"
            );
        }
    })
    .await;
}
