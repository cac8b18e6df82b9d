use terapi_model::{DefaultTheme, EnvironmentName};
use terapi_store::{Constraint, EnvironmentVariableRow, StoreError, environment_variables, environments};

use crate::database::on_each;
use crate::fixture::{self, NOW};

#[tokio::test]
async fn an_environment_is_found_by_each_of_its_names() {
    on_each(async |database| {
        let mut tx = database.store.begin().await.unwrap();
        let dev = fixture::environment(&mut tx).await;
        let mut prod = fixture::environment_row(&mut tx, &dev.account_id, "prod").await;
        prod.created_at = NOW.plus_millis(-1);
        environments::insert(&mut tx, &prod).await.unwrap();
        let other = fixture::environment(&mut tx).await;
        tx.commit().await.unwrap();

        let mut db = database.store.read().await.unwrap();
        let db = &mut db;
        assert_eq!(environments::find(db, &dev.id).await.unwrap(), Some(dev.clone()));
        let by_name = environments::find_by_name(db, &dev.account_id, &dev.name)
            .await
            .unwrap();
        assert_eq!(by_name, Some(dev.clone()));
        let by_key = environments::find_by_public_key(db, &prod.public_key)
            .await
            .unwrap();
        assert_eq!(by_key, Some(prod.clone()));
        assert_eq!(
            environments::find_by_uuid(db, &dev.uuid).await.unwrap(),
            Some(dev.clone())
        );
        assert_eq!(environments::find_by_uuid(db, "none").await.unwrap(), None);
        let listed = environments::list_by_account(db, &dev.account_id).await.unwrap();
        assert_eq!(listed, [prod.clone(), dev.clone()]);
        assert_eq!(environments::list(db).await.unwrap(), [prod, dev, other]);
    })
    .await;
}

#[tokio::test]
async fn every_setting_of_an_environment_can_be_changed() {
    on_each(async |database| {
        let mut tx = database.store.begin().await.unwrap();
        let id = fixture::environment(&mut tx).await.id;
        let mut row = environments::find_for_update(&mut tx, &id)
            .await
            .unwrap()
            .unwrap();
        row.name = EnvironmentName::parse("staging").unwrap();
        row.is_production = true;
        row.public_key = "another".into();
        row.public_key_enabled = false;
        row.public_key_may_overwrite = true;
        row.hmac_enabled = true;
        row.hmac_key_sealed = Some(fixture::seal("hmac"));
        row.webhook_signing_key_sealed = fixture::seal("rotated");
        row.callback_url = Some("https://example.com/callback".into());
        row.callback_bound = false;
        row.connect_ui.default_theme = DefaultTheme::Dark;
        row.allowed_origins = Vec::new();
        row.updated_at = NOW.plus_seconds(1);
        assert!(environments::update(&mut tx, &row).await.unwrap());
        assert_eq!(environments::find(&mut tx, &id).await.unwrap(), Some(row));
    })
    .await;
}

#[tokio::test]
async fn variables_are_replaced_as_a_whole() {
    on_each(async |database| {
        let mut tx = database.store.begin().await.unwrap();
        let environment = fixture::environment(&mut tx).await;
        let variable = |name: &str| EnvironmentVariableRow {
            id: fixture::unique("var"),
            environment_id: environment.id.clone(),
            name: name.to_owned(),
            value_sealed: fixture::seal("value"),
            created_at: NOW,
            updated_at: NOW,
        };
        let (first, second) = (variable("B"), variable("A"));
        let both = [first.clone(), second.clone()];
        environment_variables::replace(&mut tx, &environment.id, &both)
            .await
            .unwrap();
        let listed = environment_variables::list(&mut tx, &environment.id)
            .await
            .unwrap();
        assert_eq!(listed, [second, first.clone()]);
        environment_variables::replace(&mut tx, &environment.id, std::slice::from_ref(&first))
            .await
            .unwrap();
        assert_eq!(
            environment_variables::list(&mut tx, &environment.id)
                .await
                .unwrap(),
            [first]
        );
        let twice = [variable("C"), variable("C")];
        let outcome = environment_variables::replace(&mut tx, &environment.id, &twice).await;
        let constraint = Constraint::EnvironmentVariableName;
        assert_eq!(outcome, Err(StoreError::Conflict { constraint }));
    })
    .await;
}
