use std::sync::Arc;

use terapi_store::{Dialect, Store, StoreError, accounts};
use tokio::sync::Barrier;

use crate::database::on_each;
use crate::fixture;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_writers_share_few_commits() {
    on_each(async |database| {
        let store = &database.store;
        let before = store.write_counts();
        // One writer holds the connection until all others queue, so that how many share does not depend on luck.
        let mut first = store.begin().await.unwrap();
        fixture::account(&mut first).await;
        let gate = Arc::new(Barrier::new(if store.dialect() == Dialect::Sqlite {
            101
        } else {
            1
        }));
        let writers: Vec<_> = (0..100)
            .map(|_| {
                let (store, gate) = (store.clone(), Arc::clone(&gate));
                tokio::spawn(async move {
                    if store.dialect() == Dialect::Sqlite {
                        gate.wait().await;
                    }
                    let mut tx = store.begin().await.unwrap();
                    let account = fixture::account(&mut tx).await;
                    tx.commit().await.unwrap();
                    // Told of success means on disk, for everybody to see.
                    let mut db = store.read().await.unwrap();
                    assert!(accounts::find(&mut db, &account.id).await.unwrap().is_some());
                })
            })
            .collect();
        if store.dialect() == Dialect::Sqlite {
            gate.wait().await;
        }
        first.commit().await.unwrap();
        for writer in writers {
            writer.await.unwrap();
        }
        let after = store.write_counts();
        assert_eq!(after.transactions - before.transactions, 101);
        let commits = after.commits - before.commits;
        match store.dialect() {
            Dialect::Sqlite => assert!(commits <= 30, "{commits} commits"),
            Dialect::Postgres => assert_eq!(commits, 101),
        }
    })
    .await;
}

/// Begins `count` transactions that queue behind each other in order, and runs `each` in them.
async fn queue<F>(store: &Store, count: usize, each: fn(Store, usize) -> F) -> Vec<Result<(), StoreError>>
where
    F: Future<Output = Result<(), StoreError>> + Send + 'static,
{
    let holder = store.begin().await.unwrap();
    let tasks: Vec<_> = (0..count).map(|n| tokio::spawn(each(store.clone(), n))).collect();
    // On the one thread of this runtime, each task runs until it waits in the queue.
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
    drop(holder);
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    outcomes
}

#[tokio::test]
async fn a_member_that_gives_up_leaves_the_others() {
    on_each(async |database| {
        let store = &database.store;
        let before = store.write_counts();
        let outcomes = queue(store, 10, |store: Store, n: usize| async move {
            let mut tx = store.begin().await?;
            fixture::account(&mut tx).await;
            if n.is_multiple_of(2) {
                tx.commit().await
            } else {
                Ok(())
            }
        })
        .await;
        assert!(outcomes.iter().all(Result::is_ok));
        let mut db = store.read().await.unwrap();
        assert_eq!(accounts::count(&mut db).await.unwrap(), 5);
        if store.dialect() == Dialect::Sqlite {
            assert_eq!(store.write_counts().commits - before.commits, 1);
        }
    })
    .await;
}

#[tokio::test]
async fn a_group_whose_transaction_is_lost_fails_as_a_whole() {
    on_each(async |database| {
        let store = &database.store;
        if store.dialect() != Dialect::Sqlite {
            return;
        }
        let outcomes = queue(store, 3, |store: Store, n: usize| async move {
            let mut tx = store.begin().await?;
            fixture::account(&mut tx).await;
            if n == 1 {
                // What SQLite does by itself when the disk is full.
                let terapi_store::Conn::Sqlite(conn) = terapi_store::Access::conn(&mut tx) else {
                    panic!("another database than the dialect says")
                };
                sqlx::raw_sql("ROLLBACK").execute(conn).await.unwrap();
            }
            tx.commit().await
        })
        .await;
        assert!(
            matches!(outcomes[0], Err(StoreError::Unavailable { .. })),
            "{outcomes:?}"
        );
        assert!(
            matches!(outcomes[1], Err(StoreError::Unavailable { .. })),
            "{outcomes:?}"
        );
        assert_eq!(outcomes[2], Ok(()), "the next group is not touched");
        let mut db = store.read().await.unwrap();
        assert_eq!(accounts::count(&mut db).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn writers_that_went_away_hold_up_nobody() {
    on_each(async |database| {
        let store = &database.store;
        let holder = store.begin().await.unwrap();
        let gone: Vec<_> = (0..5)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { store.begin().await.map(drop) })
            })
            .collect();
        tokio::task::yield_now().await;
        gone.iter().for_each(tokio::task::JoinHandle::abort);
        drop(holder);
        let mut tx = store.begin().await.unwrap();
        let account = fixture::account(&mut tx).await;
        tx.commit().await.unwrap();
        let mut db = store.read().await.unwrap();
        assert!(accounts::find(&mut db, &account.id).await.unwrap().is_some());
    })
    .await;
}

#[test]
fn what_was_not_confirmed_when_the_process_died_is_gone_and_the_rest_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let options =
        terapi_store::StoreOptions::new(format!("sqlite:{}", folder.path().join("terapi.db").display()));
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let first = runtime();
    let (confirmed, unconfirmed, tx) = first.block_on(async {
        let store = Store::open(&options).await.unwrap();
        store.migrate().await.unwrap();
        let mut tx = store.begin().await.unwrap();
        let confirmed = fixture::account(&mut tx).await;
        tx.commit().await.unwrap();
        let mut tx = store.begin().await.unwrap();
        let unconfirmed = fixture::account(&mut tx).await;
        (confirmed, unconfirmed, tx)
    });
    // The runtime ends with the transaction open and nobody to roll it back.
    drop(first);
    drop(tx);
    runtime().block_on(async {
        let store = Store::open(&options).await.unwrap();
        let mut db = store.read().await.unwrap();
        assert!(accounts::find(&mut db, &confirmed.id).await.unwrap().is_some());
        assert!(accounts::find(&mut db, &unconfirmed.id).await.unwrap().is_none());
        drop(db);
        let mut tx = store.begin().await.unwrap();
        fixture::account(&mut tx).await;
        tx.commit().await.unwrap();
    });
}
