use terapi_model::Role;
use terapi_store::{
    ConnectSessionRow, Constraint, MembershipRow, StoreError, connect_sessions, environments, instance,
    integrations, memberships, operators, wire_ids,
};

use crate::database::on_each;
use crate::fixture::{self, NOW};

fn conflict<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> Constraint {
    match outcome {
        Err(StoreError::Conflict { constraint }) => constraint,
        other => panic!("{other:?} is no conflict"),
    }
}

#[tokio::test]
async fn each_unique_value_has_its_name_on_every_database() {
    on_each(async |database| {
        let store = &database.store;
        let (environment, integration) = fixture::house(store).await;
        let operator = fixture::operator("ada@example.com");
        let member = MembershipRow {
            account_id: environment.account_id.clone(),
            operator_id: operator.id.clone(),
            role: Role::Owner,
            created_at: NOW,
        };
        let mut tx = store.begin().await.unwrap();
        operators::insert(&mut tx, &operator).await.unwrap();
        memberships::insert(&mut tx, &member).await.unwrap();
        tx.commit().await.unwrap();

        let mut tx = store.begin().await.unwrap();
        let again = memberships::insert(&mut tx, &member).await;
        assert_eq!(conflict(again), Constraint::Membership);
        drop(tx);

        let mut tx = store.begin().await.unwrap();
        let twin = fixture::environment_row(&mut tx, &environment.account_id, "dev").await;
        assert_eq!(
            conflict(environments::insert(&mut tx, &twin).await),
            Constraint::EnvironmentName
        );
        drop(tx);

        let mut tx = store.begin().await.unwrap();
        let mut twin = fixture::environment_row(&mut tx, &environment.account_id, "prod").await;
        twin.public_key = environment.public_key.clone();
        assert_eq!(
            conflict(environments::insert(&mut tx, &twin).await),
            Constraint::EnvironmentPublicKey
        );
        drop(tx);

        let mut tx = store.begin().await.unwrap();
        let twin = fixture::integration_row(&environment.id, "github", "slack");
        assert_eq!(
            conflict(integrations::insert(&mut tx, &twin).await),
            Constraint::IntegrationKey
        );
        drop(tx);

        let mut tx = store.begin().await.unwrap();
        let mut twin = fixture::integration_row(&environment.id, "other", "slack");
        twin.id = integration.id.clone();
        assert_eq!(
            conflict(integrations::insert(&mut tx, &twin).await),
            Constraint::Minted
        );
    })
    .await;
}

#[tokio::test]
async fn a_row_that_points_nowhere_is_refused() {
    on_each(async |database| {
        let mut tx = database.store.begin().await.unwrap();
        let mut session: ConnectSessionRow =
            fixture::connect_session(&terapi_model::EnvironmentId::from_stored("env_nowhere".into()));
        session.end_user = None;
        let outcome = connect_sessions::insert(&mut tx, &session).await;
        assert_eq!(outcome, Err(StoreError::BrokenReference));
    })
    .await;
}

#[tokio::test]
async fn an_unreadable_row_is_named_without_its_value() {
    on_each(async |database| {
        let store = &database.store;
        let (environment, _) = fixture::house(store).await;
        let mut tx = store.begin().await.unwrap();
        let sql = "UPDATE environment SET connect_ui = 'hunter2'";
        match terapi_store::Access::conn(&mut tx) {
            terapi_store::Conn::Sqlite(conn) => drop(sqlx::raw_sql(sql).execute(conn).await.unwrap()),
            terapi_store::Conn::Postgres(conn) => drop(sqlx::raw_sql(sql).execute(conn).await.unwrap()),
        }
        let error = environments::find(&mut tx, &environment.id).await.unwrap_err();
        assert!(matches!(
            error,
            StoreError::Corrupt {
                place: "EnvironmentRow.connect_ui",
                ..
            }
        ));
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    })
    .await;
}

#[tokio::test]
async fn an_installation_is_set_up_once() {
    on_each(async |database| {
        let store = &database.store;
        assert_eq!(
            instance::find(&mut store.read().await.unwrap()).await.unwrap(),
            None
        );
        let set_up = |n: u32| {
            let store = store.clone();
            tokio::spawn(async move {
                let row = terapi_store::InstanceRow {
                    id: format!("ins_{n}"),
                    canary_sealed: fixture::seal("canary"),
                    created_at: NOW,
                };
                let mut tx = store.begin().await.unwrap();
                let first = instance::insert_once(&mut tx, &row).await.unwrap();
                tx.commit().await.unwrap();
                first.then_some(row)
            })
        };
        let tries: Vec<_> = (0..6).map(set_up).collect();
        let mut winners = Vec::new();
        for outcome in tries {
            winners.extend(outcome.await.unwrap());
        }
        assert_eq!(winners.len(), 1);
        let found = instance::find(&mut store.read().await.unwrap()).await.unwrap();
        assert_eq!(found, winners.pop());
    })
    .await;
}

#[tokio::test]
async fn a_wire_id_of_a_dropped_transaction_is_drawn_again_or_never() {
    on_each(async |database| {
        let mut tx = database.store.begin().await.unwrap();
        let first = wire_ids::next(&mut tx).await.unwrap();
        drop(tx);
        let mut tx = database.store.begin().await.unwrap();
        assert!(wire_ids::next(&mut tx).await.unwrap() >= first);
    })
    .await;
}
