use terapi_store::environment_logos::{self, EnvironmentLogoRow};
use terapi_store::environments;

use crate::database::on_each;
use crate::fixture::{self, NOW};

#[tokio::test]
async fn a_logo_is_replaced_found_by_its_environment_and_forgotten() {
    on_each(async |database| {
        let mut tx = database.store.begin().await.unwrap();
        let environment = fixture::environment(&mut tx).await;
        let logo = |bytes: &[u8]| EnvironmentLogoRow {
            environment_id: environment.id.clone(),
            media_type: "image/png".into(),
            bytes: bytes.to_vec(),
            updated_at: NOW,
        };
        environment_logos::replace(&mut tx, &logo(b"\x00\xff one"))
            .await
            .unwrap();
        environment_logos::replace(&mut tx, &logo(b"two")).await.unwrap();
        tx.commit().await.unwrap();

        let found = async |uuid: &str| {
            let mut db = database.store.read().await.unwrap();
            environment_logos::find_by_uuid(&mut db, uuid).await.unwrap()
        };
        assert_eq!(found(&environment.uuid).await, Some(logo(b"two")));
        assert_eq!(found("none").await, None);

        let mut tx = database.store.begin().await.unwrap();
        environments::soft_delete(&mut tx, &environment.id, NOW)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(found(&environment.uuid).await, None, "the environment is gone");

        let mut tx = database.store.begin().await.unwrap();
        environment_logos::delete(&mut tx, &environment.id).await.unwrap();
        tx.commit().await.unwrap();
    })
    .await;
}
