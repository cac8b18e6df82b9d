use terapi_store::{Dialect, OpenError, Store, StoreOptions};

use crate::database::on_each;

#[tokio::test]
async fn a_missing_folder_and_file_are_made_for_the_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/terapi.db");
    let store = Store::open(&StoreOptions::new(format!("sqlite:{}", path.display())))
        .await
        .unwrap();
    assert_eq!(store.dialect(), Dialect::Sqlite);
    store.ping().await.unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        assert_eq!(mode(&folder.path().join("a/b/terapi.db-wal")), 0o600);
    }
}

#[tokio::test]
async fn urls_that_name_no_database_are_refused_without_being_repeated() {
    let open = async |url: &str| Store::open(&StoreOptions::new(url)).await.unwrap_err();
    assert!(matches!(
        open("mysql://u:hunter2@host/db").await,
        OpenError::UnknownScheme
    ));
    assert!(matches!(open("sqlite::memory:").await, OpenError::NoFile));
    assert!(matches!(open("sqlite:").await, OpenError::NoFile));
    let malformed = open("postgres://u:hunter2@host:notaport/db").await;
    assert!(matches!(malformed, OpenError::MalformedUrl));
    let unreachable = open("postgres://u:hunter2@127.0.0.1:1/db").await;
    assert!(matches!(unreachable, OpenError::Connect(_)));
    for error in [&malformed, &unreachable] {
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
    assert!(!format!("{:?}", StoreOptions::new("postgres://u:hunter2@host/db")).contains("hunter2"));
}

#[tokio::test]
async fn a_closed_store_is_unavailable() {
    on_each(async |database| {
        database.store.ping().await.unwrap();
        database.store.close().await;
        assert!(database.store.ping().await.is_err());
        assert!(database.store.begin().await.is_err());
    })
    .await;
}

#[tokio::test]
async fn what_was_committed_is_there_after_opening_again() {
    on_each(async |database| {
        let (environment, _) = crate::fixture::house(&database.store).await;
        let again = Store::open(&database.options).await.unwrap();
        let mut db = again.read().await.unwrap();
        let found = terapi_store::environments::find(&mut db, &environment.id)
            .await
            .unwrap();
        assert_eq!(found, Some(environment));
        drop(db);
        again.close().await;
    })
    .await;
}
