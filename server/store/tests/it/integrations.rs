use serde_json::json;
use terapi_model::IntegrationKey;
use terapi_store::{connection_tags, connections, credentials, end_users, integrations};

use crate::database::on_each;
use crate::fixture::{self, NOW};

#[tokio::test]
async fn integrations_are_listed_by_provider_with_their_connections_counted() {
    on_each(async |database| {
        let mut tx = database.store.begin().await.unwrap();
        let environment = fixture::environment(&mut tx).await;
        let mut rows = Vec::new();
        for (unique_key, provider, second) in [
            ("z", "slack", 0),
            ("b", "github", 2),
            ("a", "github", 1),
            ("c", "Zed", 0),
        ] {
            let mut row = fixture::integration_row(&environment.id, unique_key, provider);
            row.created_at = NOW.plus_seconds(second);
            integrations::insert(&mut tx, &row).await.unwrap();
            rows.push(row);
        }
        fixture::connection(&mut tx, &rows[1], "one", NOW).await;
        let two = fixture::connection(&mut tx, &rows[1], "two", NOW).await;
        fixture::connection(&mut tx, &rows[0], "one", NOW).await;
        connections::soft_delete(&mut tx, &two.id, NOW).await.unwrap();
        tx.commit().await.unwrap();

        let mut db = database.store.read().await.unwrap();
        let listed = integrations::list(&mut db, &environment.id).await.unwrap();
        let listed: Vec<_> = listed
            .iter()
            .map(|listing| (listing.integration.unique_key.as_str(), listing.connections))
            .collect();
        assert_eq!(
            listed,
            [("c", 0), ("a", 0), ("b", 1), ("z", 1)],
            "bytes decide, not a language"
        );
        let counts = connections::count_by_integration(&mut db, &environment.id)
            .await
            .unwrap();
        assert_eq!(counts.len(), 2);
        assert!(counts.contains(&(rows[1].id.clone(), 1)));
        assert_eq!(
            integrations::count_live_connections(&mut db, &rows[2].id)
                .await
                .unwrap(),
            0
        );
    })
    .await;
}

#[tokio::test]
async fn everything_an_operator_may_change_is_changed() {
    on_each(async |database| {
        let (environment, integration) = fixture::house(&database.store).await;
        let mut tx = database.store.begin().await.unwrap();
        let found = integrations::find_for_update(&mut tx, &environment.id, &integration.unique_key)
            .await
            .unwrap();
        assert_eq!(found, Some(integration));
        let mut row = found.unwrap();
        row.unique_key = IntegrationKey::parse("github-2").unwrap();
        row.display_name = None;
        row.client_id = Some("other".into());
        row.client_secret_sealed = None;
        row.webhook_secret_sealed = Some(fixture::seal("webhook"));
        row.scopes = String::new();
        row.config = json!({"nul": "a\u{0}b", "big": 1e300});
        row.secret_config_sealed = Some(fixture::seal("{}"));
        row.custom_sealed = Some(fixture::seal("{}"));
        row.own_redirect = true;
        row.forward_webhooks = false;
        row.updated_at = NOW.plus_seconds(1);
        assert!(integrations::update(&mut tx, &row).await.unwrap());
        tx.commit().await.unwrap();
        let mut db = database.store.read().await.unwrap();
        let found = integrations::find(&mut db, &environment.id, &row.unique_key)
            .await
            .unwrap();
        assert_eq!(found, Some(row.clone()));
        assert_eq!(
            integrations::find_by_id(&mut db, &row.id).await.unwrap(),
            Some(row.clone())
        );
        assert_eq!(
            integrations::find_by_uuid(&mut db, &row.uuid).await.unwrap(),
            Some(row)
        );
        let before = IntegrationKey::parse("github").unwrap();
        assert_eq!(
            integrations::find(&mut db, &environment.id, &before)
                .await
                .unwrap(),
            None
        );
    })
    .await;
}

#[tokio::test]
async fn deleting_an_integration_takes_its_connections_along() {
    on_each(async |database| {
        let (environment, integration) = fixture::house(&database.store).await;
        let mut tx = database.store.begin().await.unwrap();
        let other = fixture::integration(&mut tx, &environment.id, "other").await;
        let gone = fixture::connection(&mut tx, &integration, "one", NOW).await;
        let kept = fixture::connection(&mut tx, &other, "one", NOW).await;
        let user = fixture::end_user(&environment.id, "u-1");
        end_users::insert(&mut tx, &user).await.unwrap();
        connections::set_end_user(&mut tx, &gone.id, Some(&user), NOW)
            .await
            .unwrap();
        let tags = fixture::tags(&[("plan", "pro")]);
        connection_tags::replace(&mut tx, &environment.id, &gone.id, &tags)
            .await
            .unwrap();

        let later = NOW.plus_seconds(1);
        assert!(
            integrations::soft_delete(&mut tx, &integration.id, later)
                .await
                .unwrap()
        );
        assert!(
            !integrations::soft_delete(&mut tx, &integration.id, later)
                .await
                .unwrap()
        );
        tx.commit().await.unwrap();

        let mut db = database.store.read().await.unwrap();
        assert_eq!(
            integrations::find_by_id(&mut db, &integration.id).await.unwrap(),
            None
        );
        assert_eq!(
            connections::find_by_id(&mut db, &environment.id, &gone.id)
                .await
                .unwrap(),
            None
        );
        assert_eq!(credentials::find(&mut db, &gone.id).await.unwrap(), None);
        assert_eq!(end_users::find(&mut db, &user.id).await.unwrap(), None);
        assert!(connection_tags::find(&mut db, &gone.id).await.unwrap().is_empty());
        let kept = connections::find_by_id(&mut db, &environment.id, &kept.id)
            .await
            .unwrap()
            .unwrap();
        assert!(kept.credential.is_some());
        drop(db);

        let mut tx = database.store.begin().await.unwrap();
        let again = fixture::integration(&mut tx, &environment.id, "github").await;
        fixture::connection(&mut tx, &again, "one", NOW).await;
        tx.commit().await.unwrap();
    })
    .await;
}
