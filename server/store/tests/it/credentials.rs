use terapi_model::{ConnectionId, Timestamp};
use terapi_store::{ConnectionRow, CredentialState, RefreshFailure, RefreshedCredential, Store, credentials};

use crate::database::on_each;
use crate::fixture::{self, NOW};

const UNTIL: Timestamp = Timestamp::from_millis(NOW.as_millis() + 30_000);

async fn connection(store: &Store) -> ConnectionRow {
    let (_, integration) = fixture::house(store).await;
    let mut tx = store.begin().await.unwrap();
    let row = fixture::connection(&mut tx, &integration, "one", NOW).await;
    tx.commit().await.unwrap();
    row
}

async fn lease(store: &Store, id: &ConnectionId, version: i64, holder: &str, now: Timestamp) -> bool {
    let mut tx = store.begin().await.unwrap();
    let until = now.plus_seconds(30);
    let won = credentials::acquire_refresh_lease(&mut tx, id, version, holder, now, until)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    won
}

fn refreshed(text: &str) -> RefreshedCredential {
    RefreshedCredential {
        sealed: fixture::seal(text),
        expires_at: Some(NOW.plus_seconds(7200)),
        lifetime: Some(7_200_000),
        granted_scopes: None,
    }
}

#[tokio::test]
async fn of_many_that_want_to_refresh_one_may() {
    on_each(async |database| {
        let store = &database.store;
        let id = connection(store).await.id;
        let tries: Vec<_> = (0..10)
            .map(|n| {
                let (store, id) = (store.clone(), id.clone());
                tokio::spawn(async move { lease(&store, &id, 1, &format!("holder-{n}"), NOW).await })
            })
            .collect();
        let mut won = 0;
        for one in tries {
            won += usize::from(one.await.unwrap());
        }
        assert_eq!(won, 1);
        assert!(!lease(store, &id, 1, "late", UNTIL).await);
        assert!(!lease(store, &id, 2, "wrong version", UNTIL.plus_millis(1)).await);
        assert!(lease(store, &id, 1, "next", UNTIL.plus_millis(1)).await);
    })
    .await;
}

#[tokio::test]
async fn only_the_holder_of_the_lease_and_version_writes() {
    on_each(async |database| {
        let store = &database.store;
        let id = connection(store).await.id;
        assert!(lease(store, &id, 1, "first", NOW).await);
        assert!(lease(store, &id, 1, "second", UNTIL.plus_millis(1)).await);
        let mut tx = store.begin().await.unwrap();
        let (stale, fresh) = (refreshed("stale"), refreshed("fresh"));
        let now = UNTIL.plus_seconds(1);
        assert!(
            !credentials::store_refreshed(&mut tx, &id, 1, "first", &stale, now)
                .await
                .unwrap()
        );
        assert!(
            credentials::store_refreshed(&mut tx, &id, 1, "second", &fresh, now)
                .await
                .unwrap()
        );
        assert!(
            !credentials::store_refreshed(&mut tx, &id, 1, "second", &stale, now)
                .await
                .unwrap()
        );
        let row = credentials::find(&mut tx, &id).await.unwrap().unwrap();
        assert_eq!((row.version, &row.sealed), (2, &fresh.sealed));
        assert_eq!((row.expires_at, row.lifetime), (fresh.expires_at, fresh.lifetime));
        assert_eq!((row.refresh_holder, row.refresh_until), (None, None));
        assert_eq!(row.granted_scopes.as_deref(), Some("repo"), "unsaid scopes stay");
        assert_eq!((row.last_refresh_success_at, row.updated_at), (Some(now), now));
    })
    .await;
}

#[tokio::test]
async fn failures_are_recorded_and_cleared_by_success() {
    on_each(async |database| {
        let store = &database.store;
        let id = connection(store).await.id;
        assert!(lease(store, &id, 1, "me", NOW).await);
        let failure = RefreshFailure {
            attempts: 4,
            exhausted: true,
            state: CredentialState::NeedsReauth,
            next_refresh_at: Some(UNTIL),
        };
        let mut tx = store.begin().await.unwrap();
        assert!(
            !credentials::record_refresh_failure(&mut tx, &id, 1, "other", &failure, NOW)
                .await
                .unwrap()
        );
        assert!(
            credentials::record_refresh_failure(&mut tx, &id, 1, "me", &failure, NOW)
                .await
                .unwrap()
        );
        tx.commit().await.unwrap();
        let mut db = store.read().await.unwrap();
        let row = credentials::find(&mut db, &id).await.unwrap().unwrap();
        drop(db);
        assert_eq!(
            (row.version, row.refresh_attempts, row.refresh_exhausted),
            (1, 4, true)
        );
        assert_eq!(
            (row.state, row.next_refresh_at),
            (CredentialState::NeedsReauth, Some(UNTIL))
        );
        assert_eq!(
            (row.last_refresh_failure_at, row.refresh_holder),
            (Some(NOW), None)
        );

        assert!(
            lease(store, &id, 1, "me", NOW).await,
            "a failed refresh ends its lease"
        );
        let mut tx = store.begin().await.unwrap();
        assert!(
            credentials::store_refreshed(&mut tx, &id, 1, "me", &refreshed("new"), NOW)
                .await
                .unwrap()
        );
        let row = credentials::find(&mut tx, &id).await.unwrap().unwrap();
        assert_eq!((row.refresh_attempts, row.refresh_exhausted), (0, false));
        assert_eq!((row.state, row.next_refresh_at), (CredentialState::Active, None));
        assert_eq!(row.last_refresh_failure_at, None);
    })
    .await;
}

#[tokio::test]
async fn connecting_again_overtakes_a_refresh_that_is_under_way() {
    on_each(async |database| {
        let store = &database.store;
        let row = connection(store).await;
        assert!(lease(store, &row.id, 1, "me", NOW).await);
        let mut tx = store.begin().await.unwrap();
        let new = fixture::new_credential(&row, "newest", None);
        credentials::put(&mut tx, &new, NOW.plus_seconds(1))
            .await
            .unwrap();
        let stale = refreshed("stale");
        assert!(
            !credentials::store_refreshed(&mut tx, &row.id, 1, "me", &stale, NOW)
                .await
                .unwrap()
        );
        let found = credentials::find(&mut tx, &row.id).await.unwrap().unwrap();
        assert_eq!(
            (found.version, &found.sealed, found.expires_at),
            (2, &new.sealed, None)
        );
        assert_eq!((found.created_at, found.updated_at), (NOW, NOW.plus_seconds(1)));
        assert_eq!(found.refresh_holder, None);
    })
    .await;
}

#[tokio::test]
async fn a_lease_given_back_is_free() {
    on_each(async |database| {
        let store = &database.store;
        let id = connection(store).await.id;
        assert!(lease(store, &id, 1, "me", NOW).await);
        let mut tx = store.begin().await.unwrap();
        assert!(
            !credentials::release_refresh_lease(&mut tx, &id, "other")
                .await
                .unwrap()
        );
        assert!(
            credentials::release_refresh_lease(&mut tx, &id, "me")
                .await
                .unwrap()
        );
        tx.commit().await.unwrap();
        assert!(lease(store, &id, 1, "other", NOW).await);
    })
    .await;
}
