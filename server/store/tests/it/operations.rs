use serde_json::json;
use sqlx::Row;
use terapi_model::{
    ConnectionId, EnvironmentId, IntegrationId, IntegrationKey, LogLevel, MessageContext, MessageType,
    OperationAction, OperationId, OperationMessageId, OperationState, OperationType, ProviderName, Timestamp,
};
use terapi_store::operation_attempts::{self, NewOperationAttempt};
use terapi_store::{
    Access, Conn, Dialect, EnvironmentRow, OAuthAttemptRow, OperationFilter, OperationMessageRow,
    OperationRow, Store, Tx, oauth_attempts, operations,
};

use crate::database::on_each;
use crate::fixture::{NOW, bits, environment, key};
use crate::oauth_attempts::attempt as oauth_attempt;

/// An authorization that began at `at`.
pub fn row(environment: &EnvironmentRow, at: Timestamp) -> OperationRow {
    OperationRow {
        id: OperationId::mint(at, bits()),
        account_id: environment.account_id.clone(),
        environment_id: environment.id.clone(),
        kind: OperationType::Auth,
        action: OperationAction::CreateConnection,
        state: OperationState::Running,
        level: LogLevel::Info,
        message: "Create connection".into(),
        integration_id: None,
        integration_key: None,
        provider: None,
        connection_id: None,
        connection_key: None,
        end_user_id: Some("u-1".into()),
        end_user_name: None,
        actor: json!({"kind": "system"}),
        error: None,
        meta: json!({}),
        created_at: at,
        updated_at: at,
        started_at: at,
        ended_at: None,
        expires_at: at.plus_seconds(300),
    }
}

fn line(of: &OperationRow, message: &str) -> OperationMessageRow {
    OperationMessageRow {
        operation_id: of.id.clone(),
        id: OperationMessageId::mint(NOW, bits()),
        environment_id: of.environment_id.clone(),
        level: LogLevel::Warn,
        kind: MessageType::Http,
        context: MessageContext::Auth,
        message: message.into(),
        error: Some(json!({"type": "x", "message": "y"})),
        request: Some(json!({"method": "GET"})),
        response: None,
        retry: None,
        meta: Some(json!({"a": [1, "ä"]})),
        created_at: NOW,
        ended_at: Some(NOW.plus_millis(12)),
        duration_ms: Some(12),
    }
}

async fn insert(store: &Store, row: &OperationRow) {
    let mut tx = store.begin().await.unwrap();
    operations::insert(&mut tx, row).await.unwrap();
    tx.commit().await.unwrap();
}

async fn house(store: &Store) -> EnvironmentRow {
    let mut tx = store.begin().await.unwrap();
    let row = environment(&mut tx).await;
    tx.commit().await.unwrap();
    row
}

async fn state(tx: &mut Tx, id: &OperationId) -> (OperationState, Option<Timestamp>) {
    let found = operations::find(tx, id).await.unwrap().unwrap();
    (found.state, found.ended_at)
}

#[tokio::test]
async fn an_operation_and_its_lines_come_back_as_they_were_written() {
    on_each(async |database| {
        let store = &database.store;
        let environment = house(store).await;
        let operation = row(&environment, NOW);
        insert(store, &operation).await;
        let lines: Vec<_> = ["one", "two", "three"].map(|text| line(&operation, text)).into();
        let mut tx = store.begin().await.unwrap();
        for line in &lines {
            assert!(operations::insert_message(&mut tx, line).await.unwrap());
        }
        // Twice is once.
        let other = OperationRow {
            message: "another".into(),
            ..operation.clone()
        };
        operations::insert(&mut tx, &other).await.unwrap();
        tx.commit().await.unwrap();
        let mut db = store.read().await.unwrap();
        assert_eq!(
            operations::find(&mut db, &operation.id).await.unwrap(),
            Some(operation.clone())
        );
        assert_eq!(
            operations::messages(&mut db, &operation.id, 9).await.unwrap(),
            lines
        );
        assert_eq!(
            operations::messages(&mut db, &operation.id, 2).await.unwrap(),
            lines[..2]
        );
        assert_eq!(
            operations::count_messages(&mut db, &operation.id, 9)
                .await
                .unwrap(),
            3
        );
        assert_eq!(
            operations::count_messages(&mut db, &operation.id, 2)
                .await
                .unwrap(),
            2
        );
    })
    .await;
}

#[tokio::test]
async fn a_line_of_no_operation_is_dropped_and_breaks_nothing() {
    on_each(async |database| {
        let store = &database.store;
        let environment = house(store).await;
        let some = row(&environment, NOW);
        insert(store, &some).await;
        let mut db = store.read().await.unwrap();
        for (since, limit, count) in [
            (NOW.plus_millis(-1), 9, 1),
            (NOW.plus_millis(-1), 0, 0),
            (NOW, 9, 0),
        ] {
            let counted = operations::count_since(&mut db, &environment.id, since, limit).await;
            assert_eq!(counted.unwrap(), count);
        }
        drop(db);
        let never = row(&environment, NOW);
        let mut tx = store.begin().await.unwrap();
        assert!(
            !operations::insert_message(&mut tx, &line(&never, "lost"))
                .await
                .unwrap()
        );
        assert!(!operations::succeed(&mut tx, &never.id, NOW).await.unwrap());
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_success_stays_and_everything_else_can_be_tried_again() {
    on_each(async |database| {
        let store = &database.store;
        let environment = house(store).await;
        let operation = row(&environment, NOW);
        insert(store, &operation).await;
        let id = &operation.id;
        let later = NOW.plus_seconds(10);
        let mut tx = store.begin().await.unwrap();
        let error = json!({"type": "x", "message": "y"});
        assert!(operations::fail(&mut tx, id, &error, later).await.unwrap());
        assert_eq!(state(&mut tx, id).await, (OperationState::Failed, Some(later)));
        assert!(
            operations::reopen(&mut tx, id, NOW.plus_seconds(1), later)
                .await
                .unwrap()
        );
        let found = operations::find(&mut tx, id).await.unwrap().unwrap();
        assert_eq!(
            (found.state, found.error, found.ended_at),
            (OperationState::Running, None, None)
        );
        assert_eq!(
            found.expires_at,
            NOW.plus_seconds(300),
            "never sooner than before"
        );
        let far = NOW.plus_seconds(900);
        assert!(operations::reopen(&mut tx, id, far, later).await.unwrap());
        assert_eq!(
            operations::find(&mut tx, id).await.unwrap().unwrap().expires_at,
            far
        );
        assert!(operations::succeed(&mut tx, id, later).await.unwrap());
        assert!(!operations::fail(&mut tx, id, &error, later).await.unwrap());
        assert!(!operations::reopen(&mut tx, id, far, later).await.unwrap());
        assert_eq!(state(&mut tx, id).await, (OperationState::Success, Some(later)));
        tx.commit().await.unwrap();
    })
    .await;
}

/// When another transaction waits for a lock; where there is one writer at a time, nobody can get that far.
async fn somebody_waits(store: &Store) {
    if store.dialect() == Dialect::Sqlite {
        return;
    }
    let mut waiting = false;
    while !waiting {
        let mut tx = store.begin().await.unwrap();
        let Conn::Postgres(conn) = tx.conn() else {
            panic!("another database than the dialect says")
        };
        let asked = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity \
                     WHERE datname = current_database() AND wait_event_type = 'Lock')";
        waiting = sqlx::raw_sql(asked).fetch_one(conn).await.unwrap().get(0);
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn what_ends_well_at_that_moment_is_not_ended_as_given_up() {
    on_each(async |database| {
        let store = &database.store;
        let operation = row(&house(store).await, NOW);
        insert(store, &operation).await;
        let mut ending = store.begin().await.unwrap();
        operations::succeed(&mut ending, &operation.id, NOW)
            .await
            .unwrap();
        let expire = async {
            let mut tx = store.begin().await.unwrap();
            let ended = operations::expire(&mut tx, NOW.plus_seconds(300), 9)
                .await
                .unwrap();
            assert_eq!(ended, []);
            tx.commit().await.unwrap();
        };
        let end = async {
            somebody_waits(store).await;
            ending.commit().await.unwrap();
        };
        tokio::join!(expire, end);
        let mut tx = store.begin().await.unwrap();
        assert_eq!(
            state(&mut tx, &operation.id).await,
            (OperationState::Success, Some(NOW))
        );
    })
    .await;
}

#[tokio::test]
async fn what_runs_past_its_time_is_ended_by_its_kind() {
    on_each(async |database| {
        let store = &database.store;
        let environment = house(store).await;
        let operation = row(&environment, NOW);
        let webhook = OperationRow {
            kind: OperationType::Webhook,
            action: OperationAction::ConnectionCreate,
            ..row(&environment, NOW)
        };
        let young = row(&environment, NOW.plus_seconds(1));
        let done = row(&environment, NOW);
        for one in [&operation, &webhook, &young, &done] {
            insert(store, one).await;
        }
        let mut tx = store.begin().await.unwrap();
        operations::succeed(&mut tx, &done.id, NOW).await.unwrap();
        let now = NOW.plus_seconds(300);
        assert_eq!(operations::expire(&mut tx, now, 9).await.unwrap().len(), 2);
        assert_eq!(
            state(&mut tx, &operation.id).await,
            (OperationState::Cancelled, Some(now))
        );
        assert_eq!(
            state(&mut tx, &webhook.id).await,
            (OperationState::Timeout, Some(now))
        );
        assert_eq!(state(&mut tx, &young.id).await, (OperationState::Running, None));
        assert_eq!(
            state(&mut tx, &done.id).await,
            (OperationState::Success, Some(NOW))
        );
        assert_eq!(operations::expire(&mut tx, now, 9).await.unwrap().len(), 0);
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_list_is_newest_first_narrowed_and_paged_by_key() {
    on_each(async |database| {
        let store = &database.store;
        let environment = house(store).await;
        let elsewhere = house(store).await;
        insert(store, &row(&elsewhere, NOW)).await;
        let rows: Vec<_> = (0..6)
            .map(|second| row(&environment, NOW.plus_seconds(second / 2)))
            .collect();
        for one in &rows {
            insert(store, one).await;
        }
        let mut tx = store.begin().await.unwrap();
        let (id, provider) = (
            IntegrationId::mint(NOW, bits()),
            ProviderName::parse("acme").unwrap(),
        );
        let integration = IntegrationKey::parse("acme").unwrap();
        let (first, named) = (&rows[0].id, key("mine"));
        operations::set_integration(&mut tx, first, &id, &integration, &provider, NOW)
            .await
            .unwrap();
        let connection = ConnectionId::mint(NOW, bits());
        operations::set_connection(&mut tx, first, Some(&connection), &named, NOW)
            .await
            .unwrap();
        operations::succeed(&mut tx, first, NOW).await.unwrap();
        tx.commit().await.unwrap();

        let list = async |filter: OperationFilter| -> Vec<OperationId> {
            let mut db = store.read().await.unwrap();
            let environment: &EnvironmentId = &environment.id;
            let found = operations::list(&mut db, environment, &filter).await.unwrap();
            found.into_iter().map(|row| row.id).collect()
        };
        let all = || OperationFilter {
            limit: 100,
            ..OperationFilter::default()
        };
        let everything = list(all()).await;
        let mut sorted: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        assert_eq!(everything, sorted);
        let (mut paged, mut before) = (Vec::new(), None);
        loop {
            let page = list(OperationFilter {
                limit: 4,
                before,
                ..all()
            })
            .await;
            let Some(last) = page.last().cloned() else { break };
            let at = rows.iter().find(|row| row.id == last).unwrap().created_at;
            before = Some((at, last));
            paged.extend(page);
        }
        assert_eq!(paged, sorted);
        let only = vec![first.clone()];
        for filter in [
            OperationFilter {
                state: Some(OperationState::Success),
                ..all()
            },
            OperationFilter {
                integration_key: Some("acme".into()),
                ..all()
            },
            OperationFilter {
                connection_key: Some("mine".into()),
                ..all()
            },
            OperationFilter {
                connection_key: Some("mine".into()),
                state: Some(OperationState::Success),
                until: Some(NOW.plus_millis(1)),
                ..all()
            },
        ] {
            assert_eq!(list(filter).await, only);
        }
        for filter in [
            OperationFilter {
                state: Some(OperationState::Failed),
                ..all()
            },
            OperationFilter {
                integration_key: Some("acme\0".into()),
                ..all()
            },
            OperationFilter {
                connection_key: Some("MINE".into()),
                ..all()
            },
            OperationFilter {
                kind: Some(OperationType::Webhook),
                ..all()
            },
            OperationFilter {
                end_user_id: Some("u".into()),
                ..all()
            },
        ] {
            assert_eq!(list(filter).await, []);
        }
        let from = Some(NOW.plus_seconds(2));
        assert_eq!(list(OperationFilter { from, ..all() }).await, sorted[..2]);
        let until = Some(NOW.plus_seconds(1));
        assert_eq!(list(OperationFilter { until, ..all() }).await, sorted[4..]);
    })
    .await;
}

#[tokio::test]
async fn an_attempt_keeps_what_was_known_of_it_and_belongs_to_an_operation() {
    on_each(async |database| {
        let store = &database.store;
        let environment = house(store).await;
        let operation = row(&environment, NOW);
        insert(store, &operation).await;
        let (integration, provider) = (
            IntegrationId::mint(NOW, bits()),
            ProviderName::parse("acme").unwrap(),
        );
        let (named, never) = (IntegrationKey::parse("acme").unwrap(), row(&environment, NOW));
        let begun = NewOperationAttempt {
            operation_id: &operation.id,
            id: "one",
            state: OperationState::Running,
            integration: Some((&integration, &named, &provider)),
            connection_id: None,
            connection_key: Some(&key("mine")),
            now: NOW,
        };
        let ended = NewOperationAttempt {
            state: OperationState::Failed,
            integration: None,
            connection_key: None,
            now: NOW.plus_seconds(1),
            ..begun
        };
        let mut tx = store.begin().await.unwrap();
        for attempt in [begun, ended, NewOperationAttempt { id: "two", ..ended }] {
            assert!(operation_attempts::put(&mut tx, &attempt).await.unwrap());
        }
        let lost = NewOperationAttempt {
            operation_id: &never.id,
            ..begun
        };
        assert!(!operation_attempts::put(&mut tx, &lost).await.unwrap());
        tx.commit().await.unwrap();
        let mut db = store.read().await.unwrap();
        let tally = operation_attempts::tally(&mut db, &[operation.id.clone(), never.id]).await;
        let tally: Vec<_> = tally
            .unwrap()
            .into_iter()
            .map(|row| (row.operation_id, row.integration_key, row.state, row.tries))
            .collect();
        let (id, failed) = (operation.id, OperationState::Failed);
        assert_eq!(
            tally,
            [
                (id.clone(), Some(named), failed, 1),
                (id.clone(), None, failed, 1)
            ]
        );
        let filter = OperationFilter {
            connection_key: Some("mine".into()),
            state: Some(failed),
            limit: 9,
            ..OperationFilter::default()
        };
        let found = operations::list(&mut db, &environment.id, &filter).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((&found[0].id, found[0].state), (&id, OperationState::Running));
    })
    .await;
}

#[tokio::test]
async fn an_attempt_that_nobody_ends_ends_with_its_operation() {
    on_each(async |database| {
        let store = &database.store;
        let environment = house(store).await;
        let operation = row(&environment, NOW);
        insert(store, &operation).await;
        let mut tx = store.begin().await.unwrap();
        for (id, state) in [
            ("open", OperationState::Running),
            ("refused", OperationState::Failed),
        ] {
            let attempt = NewOperationAttempt {
                operation_id: &operation.id,
                id,
                state,
                integration: None,
                connection_id: None,
                connection_key: Some(&key(id)),
                now: NOW,
            };
            operation_attempts::put(&mut tx, &attempt).await.unwrap();
        }
        let ended = operations::expire(&mut tx, NOW.plus_seconds(301), 9)
            .await
            .unwrap();
        assert_eq!(ended.len(), 1);
        tx.commit().await.unwrap();
        let mut db = store.read().await.unwrap();
        let mut is_found = async |connection: &str, state| {
            let filter = OperationFilter {
                state: Some(state),
                connection_key: Some(connection.to_owned()),
                limit: 9,
                ..OperationFilter::default()
            };
            let found = operations::list(&mut db, &environment.id, &filter).await.unwrap();
            found.len() == 1
        };
        assert!(is_found("open", OperationState::Cancelled).await);
        assert!(!is_found("open", OperationState::Running).await);
        assert!(is_found("refused", OperationState::Failed).await);
        assert!(!is_found("refused", OperationState::Cancelled).await);
    })
    .await;
}

#[tokio::test]
async fn an_end_users_operations_are_found_by_what_they_were_tried_with() {
    use OperationState::{Cancelled, Failed, Running, Success};
    on_each(async |database| {
        let store = &database.store;
        let environment = house(store).await;
        let of_acme = |state, at: i64, end_user: &str| OperationRow {
            state,
            integration_key: Some(IntegrationKey::parse("acme").unwrap()),
            end_user_id: Some(end_user.into()),
            ..row(&environment, NOW.plus_seconds(at))
        };
        let (connected, left, foreign) = (
            of_acme(Success, 0, "u-1"),
            of_acme(Cancelled, 1, "u-1"),
            of_acme(Failed, 2, "u-2"),
        );
        let github = IntegrationKey::parse("github").unwrap();
        let (integration, provider) = (
            IntegrationId::mint(NOW, bits()),
            ProviderName::parse("github").unwrap(),
        );
        let mut tx = store.begin().await.unwrap();
        for operation in [&connected, &left, &foreign] {
            operations::insert(&mut tx, operation).await.unwrap();
            for (id, state) in [("a", Failed), ("b", operation.state)] {
                let attempt = NewOperationAttempt {
                    operation_id: &operation.id,
                    id,
                    state,
                    integration: Some((&integration, &github, &provider)),
                    connection_id: None,
                    connection_key: None,
                    now: NOW,
                };
                operation_attempts::put(&mut tx, &attempt).await.unwrap();
            }
        }
        tx.commit().await.unwrap();
        let mut db = store.read().await.unwrap();
        let mut list = async |state: Option<OperationState>, integration: Option<&str>, limit| {
            let filter = OperationFilter {
                state,
                integration_key: integration.map(str::to_owned),
                end_user_id: Some("u-1".into()),
                limit,
                ..OperationFilter::default()
            };
            let found = operations::list(&mut db, &environment.id, &filter).await.unwrap();
            found.into_iter().map(|row| row.id).collect::<Vec<_>>()
        };
        let (connected, left) = (connected.id, left.id);
        let both = [left.clone(), connected.clone()];
        assert_eq!(list(Some(Failed), None, 9).await, both);
        assert_eq!(list(Some(Failed), None, 1).await, both[..1]);
        assert_eq!(list(None, Some("github"), 9).await, both);
        assert_eq!(list(None, Some("acme"), 9).await, both);
        assert_eq!(list(Some(Failed), Some("github"), 9).await, both);
        assert_eq!(list(Some(Failed), Some("acme"), 9).await, []);
        assert_eq!(list(Some(Success), Some("github"), 9).await, [connected]);
        assert_eq!(list(Some(Cancelled), Some("github"), 9).await, [left]);
        assert_eq!(list(Some(Running), Some("github"), 9).await, []);
    })
    .await;
}

#[tokio::test]
async fn a_try_whose_authorization_took_too_long_ends_below_an_operation_that_has_ended() {
    use OperationState::{Cancelled, Failed, Running};
    on_each(async |database| {
        let store = &database.store;
        let environment = house(store).await;
        let operation = OperationRow {
            state: Failed,
            ..row(&environment, NOW)
        };
        let pending = |state: &str, consumed_at| OAuthAttemptRow {
            operation_id: operation.id.clone(),
            consumed_at,
            ..oauth_attempt(&environment.id, state)
        };
        let (open, used) = (pending("open", None), pending("used", Some(NOW)));
        let mut tx = store.begin().await.unwrap();
        operations::insert(&mut tx, &operation).await.unwrap();
        for oauth in [&open, &used] {
            oauth_attempts::insert(&mut tx, oauth).await.unwrap();
            let attempt = NewOperationAttempt {
                operation_id: &operation.id,
                id: oauth.id.as_str(),
                state: Running,
                integration: None,
                connection_id: None,
                connection_key: None,
                now: NOW,
            };
            operation_attempts::put(&mut tx, &attempt).await.unwrap();
        }
        for (seconds, ended) in [(599, 0), (600, 1), (601, 0)] {
            let now = NOW.plus_seconds(seconds);
            let answered = operation_attempts::end_abandoned(&mut tx, now).await.unwrap();
            assert_eq!(answered, ended, "after {seconds} s");
        }
        tx.commit().await.unwrap();
        let mut db = store.read().await.unwrap();
        let tally = operation_attempts::tally(&mut db, &[operation.id]).await.unwrap();
        let tally: Vec<_> = tally.into_iter().map(|row| (row.state, row.tries)).collect();
        assert_eq!(
            tally,
            [(Cancelled, 1), (Running, 1)],
            "what came back is being dealt with"
        );
    })
    .await;
}
