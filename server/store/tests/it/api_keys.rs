use terapi_model::{ApiKeyId, ApiKeyScopes, EnvironmentId};
use terapi_store::{ApiKeyRow, Constraint, EnvironmentRow, LiveApiKey, StoreError, Tx, api_keys, wire_ids};

use crate::database::on_each;
use crate::fixture::{self, NOW};

async fn key(tx: &mut Tx, environment: &EnvironmentRow, name: &str, hash: &str) -> ApiKeyRow {
    ApiKeyRow {
        id: ApiKeyId::mint(NOW, fixture::bits()),
        wire_id: wire_ids::next(tx).await.unwrap(),
        account_id: environment.account_id.clone(),
        environment_id: Some(environment.id.clone()),
        display_name: name.to_owned(),
        secret_hash: hash.to_owned(),
        last_four: "abcd".into(),
        scopes: ApiKeyScopes::full_environment(),
        managed: false,
        created_at: NOW,
        last_used_at: None,
        expires_at: None,
        deleted_at: None,
    }
}

#[tokio::test]
async fn a_key_opens_its_environment_while_it_lives() {
    on_each(async |database| {
        let mut tx = database.store.begin().await.unwrap();
        let environment = fixture::environment(&mut tx).await;
        let mut lasting = key(&mut tx, &environment, "lasting", "h1").await;
        let mut ending = key(&mut tx, &environment, "ending", "h2").await;
        ending.expires_at = Some(NOW.plus_seconds(10));
        let mut of_account = key(&mut tx, &environment, "account", "h3").await;
        of_account.environment_id = None;
        for row in [&lasting, &ending, &of_account] {
            api_keys::insert(&mut tx, row).await.unwrap();
        }
        tx.commit().await.unwrap();

        let mut tx = database.store.begin().await.unwrap();
        let live = api_keys::find_live_by_hash(&mut tx, "h1", NOW).await.unwrap();
        let expected = LiveApiKey {
            key: lasting.clone(),
            environment: Some(environment.clone()),
        };
        assert_eq!(live, Some(expected));
        let end = NOW.plus_seconds(10);
        assert!(
            api_keys::find_live_by_hash(&mut tx, "h2", end.plus_millis(-1))
                .await
                .unwrap()
                .is_some()
        );
        assert!(
            api_keys::find_live_by_hash(&mut tx, "h2", end)
                .await
                .unwrap()
                .is_none()
        );
        let live = api_keys::find_live_by_hash(&mut tx, "h3", NOW)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(live.environment, None);
        assert!(
            api_keys::find_live_by_hash(&mut tx, "unknown", NOW)
                .await
                .unwrap()
                .is_none()
        );

        let minute = NOW.plus_seconds(60);
        assert!(api_keys::touch(&mut tx, &lasting.id, NOW).await.unwrap());
        assert!(
            !api_keys::touch(&mut tx, &lasting.id, minute.plus_millis(-1))
                .await
                .unwrap()
        );
        assert!(api_keys::touch(&mut tx, &lasting.id, minute).await.unwrap());
        lasting.last_used_at = Some(minute);
        let listed = api_keys::list_by_environment(&mut tx, &environment.id)
            .await
            .unwrap();
        assert_eq!(listed, [lasting.clone(), ending.clone()]);

        let elsewhere = EnvironmentId::from_stored("env_elsewhere".into());
        assert!(
            !api_keys::soft_delete(&mut tx, &elsewhere, &lasting.id, NOW)
                .await
                .unwrap()
        );
        assert!(
            api_keys::soft_delete(&mut tx, &environment.id, &lasting.id, NOW)
                .await
                .unwrap()
        );
        assert!(
            !api_keys::soft_delete(&mut tx, &environment.id, &lasting.id, NOW)
                .await
                .unwrap()
        );
        assert!(
            api_keys::find_live_by_hash(&mut tx, "h1", NOW)
                .await
                .unwrap()
                .is_none()
        );
        assert_eq!(
            api_keys::list_by_environment(&mut tx, &environment.id)
                .await
                .unwrap(),
            [ending]
        );
    })
    .await;
}

#[tokio::test]
async fn names_and_secrets_of_living_keys_are_unique() {
    on_each(async |database| {
        let mut tx = database.store.begin().await.unwrap();
        let environment = fixture::environment(&mut tx).await;
        let first = key(&mut tx, &environment, "name", "h1").await;
        api_keys::insert(&mut tx, &first).await.unwrap();
        tx.commit().await.unwrap();
        for (name, hash, constraint) in [
            ("name", "h2", Constraint::ApiKeyName),
            ("other", "h1", Constraint::ApiKeySecret),
        ] {
            let mut tx = database.store.begin().await.unwrap();
            let row = key(&mut tx, &environment, name, hash).await;
            let outcome = api_keys::insert(&mut tx, &row).await;
            assert_eq!(outcome, Err(StoreError::Conflict { constraint }));
        }
        let mut tx = database.store.begin().await.unwrap();
        api_keys::soft_delete(&mut tx, &environment.id, &first.id, NOW)
            .await
            .unwrap();
        let again = key(&mut tx, &environment, "name", "h1").await;
        api_keys::insert(&mut tx, &again).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_managed_key_follows_the_process_environment() {
    on_each(async |database| {
        let mut tx = database.store.begin().await.unwrap();
        let environment = fixture::environment(&mut tx).await;
        let managed = async |tx: &mut Tx, hash: &str| {
            let mut row = key(tx, &environment, "from TERAPI_SECRET_KEY_DEV", hash).await;
            row.managed = true;
            row
        };
        let first = managed(&mut tx, "h1").await;
        assert!(api_keys::upsert_managed(&mut tx, &first).await.unwrap());
        let same = managed(&mut tx, "h1").await;
        assert!(!api_keys::upsert_managed(&mut tx, &same).await.unwrap());
        let listed = api_keys::list_by_environment(&mut tx, &environment.id)
            .await
            .unwrap();
        assert_eq!(listed, std::slice::from_ref(&first));
        assert!(
            !api_keys::soft_delete(&mut tx, &environment.id, &first.id, NOW)
                .await
                .unwrap()
        );
        let changed = managed(&mut tx, "h2").await;
        assert!(api_keys::upsert_managed(&mut tx, &changed).await.unwrap());
        let listed = api_keys::list_by_environment(&mut tx, &environment.id)
            .await
            .unwrap();
        assert_eq!(listed, [changed]);
        assert_eq!(
            api_keys::soft_delete_managed(&mut tx, &environment.id, NOW)
                .await
                .unwrap(),
            1
        );
        assert!(
            api_keys::find_live_by_hash(&mut tx, "h2", NOW)
                .await
                .unwrap()
                .is_none()
        );
    })
    .await;
}
