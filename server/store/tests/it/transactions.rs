use terapi_store::{Constraint, StoreError, accounts, operators, tx_alive, wire_ids};

use crate::database::on_each;
use crate::fixture;

#[tokio::test]
async fn a_dropped_transaction_leaves_nothing() {
    on_each(async |database| {
        let mut tx = database.store.begin().await.unwrap();
        let account = fixture::account(&mut tx).await;
        assert!(accounts::find(&mut tx, &account.id).await.unwrap().is_some());
        drop(tx);
        let mut db = database.store.read().await.unwrap();
        assert_eq!(accounts::find(&mut db, &account.id).await.unwrap(), None);
        assert_eq!(accounts::count(&mut db).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn others_see_a_transaction_only_after_its_commit() {
    on_each(async |database| {
        let mut tx = database.store.begin().await.unwrap();
        let account = fixture::account(&mut tx).await;
        let mut db = database.store.read().await.unwrap();
        assert_eq!(accounts::find(&mut db, &account.id).await.unwrap(), None);
        drop(db);
        tx.commit().await.unwrap();
        let mut db = database.store.read().await.unwrap();
        assert_eq!(accounts::find(&mut db, &account.id).await.unwrap(), Some(account));
    })
    .await;
}

#[tokio::test]
async fn nothing_is_kept_after_a_failed_statement() {
    on_each(async |database| {
        let mut tx = database.store.begin().await.unwrap();
        operators::insert(&mut tx, &fixture::operator("ada@example.com"))
            .await
            .unwrap();
        let again = operators::insert(&mut tx, &fixture::operator("ADA@example.com")).await;
        let taken = StoreError::Conflict {
            constraint: Constraint::OperatorEmail,
        };
        assert_eq!(again, Err(taken));
        assert_eq!(tx.commit().await, Err(StoreError::Aborted));
        let mut db = database.store.read().await.unwrap();
        assert_eq!(operators::count(&mut db).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn wire_ids_are_drawn_once_also_by_many_at_once() {
    on_each(async |database| {
        let draws: Vec<_> = (0..40)
            .map(|_| {
                let store = database.store.clone();
                tokio::spawn(async move {
                    let mut tx = store.begin().await.unwrap();
                    let id = wire_ids::next(&mut tx).await.unwrap();
                    tx.commit().await.unwrap();
                    id.0
                })
            })
            .collect();
        let mut ids = Vec::new();
        for draw in draws {
            ids.push(draw.await.unwrap());
        }
        ids.sort_unstable();
        assert_eq!(ids, (1..=40).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn a_living_transaction_shows_in_its_task_alone() {
    on_each(async |database| {
        assert!(!tx_alive());
        let tx = database.store.begin().await.unwrap();
        assert!(tx_alive());
        assert!(!tokio::spawn(async { tx_alive() }).await.unwrap());
        tx.commit().await.unwrap();
        assert!(!tx_alive());
        let tx = database.store.begin().await.unwrap();
        drop(tx);
        assert!(!tx_alive());
    })
    .await;
}
