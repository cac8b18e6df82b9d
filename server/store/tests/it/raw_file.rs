use std::path::Path;

use terapi_store::{Dialect, credentials, integrations};
use terapi_vault::{Keyring, OsEntropy, Place, seal};

use crate::database::on_each;
use crate::fixture::{self, NOW};

const CANARY: &str = "canary-7f3a9c51e0d2";

fn holds(folder: &Path, needle: &[u8]) -> bool {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .any(|bytes| bytes.windows(needle.len()).any(|window| window == needle))
}

#[tokio::test]
async fn no_plaintext_of_a_secret_lies_in_the_file_or_its_log() {
    on_each(async |database| {
        let store = &database.store;
        if store.dialect() != Dialect::Sqlite {
            return;
        }
        let keyring = Keyring::generate(&OsEntropy);
        let (environment, mut integration) = fixture::house(store).await;
        let mut tx = store.begin().await.unwrap();
        let connection = fixture::connection(&mut tx, &integration, "visible-name", NOW).await;
        let place = Place {
            table: "credential",
            column: "sealed",
            row_id: connection.id.as_str(),
            owner_id: environment.id.as_str(),
        };
        let mut credential = fixture::new_credential(&connection, "", None);
        credential.sealed = seal(&keyring, &place, CANARY.as_bytes(), &OsEntropy);
        credentials::put(&mut tx, &credential, NOW).await.unwrap();
        integration.client_secret_sealed = Some(seal(&keyring, &place, CANARY.as_bytes(), &OsEntropy));
        integrations::update(&mut tx, &integration).await.unwrap();
        tx.commit().await.unwrap();

        let folder = database.folder.path();
        assert!(
            holds(folder, b"visible-name"),
            "the search itself finds what is plain"
        );
        assert!(!holds(folder, CANARY.as_bytes()));

        let mut db = store.read().await.unwrap();
        let stored = credentials::find(&mut db, &connection.id).await.unwrap().unwrap();
        let opened = terapi_vault::open(&keyring, &place, &stored.sealed).unwrap();
        assert_eq!(opened.into_text().unwrap().expose(), CANARY);
        drop(db);
        store.close().await;
        assert!(
            !holds(folder, CANARY.as_bytes()),
            "nor after the log was folded in"
        );
    })
    .await;
}
