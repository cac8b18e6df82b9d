use serde_json::json;
use terapi_model::{EnvironmentId, IntegrationKey, Tags};
use terapi_store::{
    ConnectionFilter, CredentialState, Outcome, Page, PageStart, RefreshFailure, Store, connection_tags,
    connections, credentials, end_users,
};

use crate::database::on_each;
use crate::fixture::{self, NOW, key};

#[tokio::test]
async fn connecting_again_keeps_the_row_and_what_is_not_set_anew() {
    on_each(async |database| {
        let (_, integration) = fixture::house(&database.store).await;
        let mut tx = database.store.begin().await.unwrap();
        let first = fixture::connection(&mut tx, &integration, "one", NOW).await;
        let config = json!({"subdomain": "acme"});
        connections::set_metadata(&mut tx, &first.id, Some(&json!({"a": 1})), NOW)
            .await
            .unwrap();
        connections::set_config(&mut tx, &first.id, &config, Some(&fixture::seal("{}")), NOW)
            .await
            .unwrap();
        connections::set_webhook_url_override(&mut tx, &first.id, Some("https://example.com"), NOW)
            .await
            .unwrap();
        connections::set_auth_error(&mut tx, &first.id, Some(&fixture::operation()))
            .await
            .unwrap();
        tx.commit().await.unwrap();

        let later = NOW.plus_seconds(5);
        let mut tx = database.store.begin().await.unwrap();
        let new = fixture::new_connection(&integration, "one", later);
        let (outcome, row) = connections::insert_or_override(&mut tx, &new, later)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(outcome, Outcome::Override);
        assert_eq!(
            (&row.id, row.wire_id, row.created_at),
            (&first.id, first.wire_id, NOW)
        );
        assert_eq!(row.updated_at, later);
        assert_eq!(row.auth_error_operation_id, None);
        assert_eq!(row.metadata, Some(json!({"a": 1})));
        assert_eq!(row.connection_config, config);
        assert!(row.secret_config_sealed.is_some());
        assert_eq!(row.webhook_url_override.as_deref(), Some("https://example.com"));
        let mut db = database.store.read().await.unwrap();
        let found = connections::find_row(&mut db, &integration.id, &key("one"))
            .await
            .unwrap();
        assert_eq!(found, Some(row));
    })
    .await;
}

#[tokio::test]
async fn many_that_connect_under_one_name_make_one_connection() {
    on_each(async |database| {
        let (_, integration) = fixture::house(&database.store).await;
        let tries: Vec<_> = (0..10)
            .map(|_| {
                let (store, integration) = (database.store.clone(), integration.clone());
                tokio::spawn(async move {
                    let mut tx = store.begin().await.unwrap();
                    let new = fixture::new_connection(&integration, "one", NOW);
                    let (outcome, row) = connections::insert_or_override(&mut tx, &new, NOW).await.unwrap();
                    let credential = fixture::new_credential(&row, "token", None);
                    credentials::put(&mut tx, &credential, NOW).await.unwrap();
                    tx.commit().await.unwrap();
                    (outcome, row.id)
                })
            })
            .collect();
        let mut outcomes = Vec::new();
        for one in tries {
            outcomes.push(one.await.unwrap());
        }
        assert_eq!(
            outcomes
                .iter()
                .filter(|(outcome, _)| *outcome == Outcome::Creation)
                .count(),
            1
        );
        assert!(outcomes.iter().all(|(_, id)| *id == outcomes[0].1));
        let mut db = database.store.read().await.unwrap();
        let credential = credentials::find(&mut db, &outcomes[0].1).await.unwrap().unwrap();
        assert_eq!(credential.version, 10);
    })
    .await;
}

#[tokio::test]
async fn a_connection_comes_with_integration_credentials_and_end_user() {
    on_each(async |database| {
        let (environment, integration) = fixture::house(&database.store).await;
        let mut tx = database.store.begin().await.unwrap();
        let row = fixture::connection(&mut tx, &integration, "one", NOW).await;
        let user = fixture::end_user(&environment.id, "u-1");
        end_users::insert(&mut tx, &user).await.unwrap();
        assert!(
            connections::set_end_user(&mut tx, &row.id, Some(&user), NOW)
                .await
                .unwrap()
        );
        tx.commit().await.unwrap();

        let mut db = database.store.read().await.unwrap();
        let found = connections::find(&mut db, &environment.id, &integration.unique_key, &key("one"))
            .await
            .unwrap();
        let detail = found.unwrap();
        assert_eq!(detail.connection.id, row.id);
        assert_eq!(detail.integration, integration);
        assert_eq!(detail.end_user.as_ref(), Some(&user));
        assert_eq!(
            detail.credential,
            credentials::find(&mut db, &row.id).await.unwrap()
        );
        let by_id = connections::find_by_id(&mut db, &environment.id, &row.id)
            .await
            .unwrap();
        assert_eq!(by_id, Some(detail));
        let elsewhere = EnvironmentId::from_stored("env_elsewhere".into());
        assert_eq!(
            connections::find_by_id(&mut db, &elsewhere, &row.id)
                .await
                .unwrap(),
            None
        );
        let other = IntegrationKey::parse("other").unwrap();
        assert_eq!(
            connections::find(&mut db, &environment.id, &other, &key("one"))
                .await
                .unwrap(),
            None
        );
        drop(db);

        let mut tx = database.store.begin().await.unwrap();
        let second = fixture::end_user(&environment.id, "u-2");
        end_users::insert(&mut tx, &second).await.unwrap();
        connections::set_end_user(&mut tx, &row.id, Some(&second), NOW)
            .await
            .unwrap();
        assert_eq!(
            end_users::find(&mut tx, &user.id).await.unwrap(),
            None,
            "the one before is gone"
        );
        let mut changed = second.clone();
        changed.email = None;
        assert!(end_users::update(&mut tx, &changed).await.unwrap());
        assert_eq!(end_users::find(&mut tx, &second.id).await.unwrap(), Some(changed));
        assert!(end_users::delete(&mut tx, &second.id).await.unwrap());
        let detail = connections::find_by_id(&mut tx, &environment.id, &row.id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((detail.end_user, detail.connection.end_user_id), (None, None));
    })
    .await;
}

#[tokio::test]
async fn a_deleted_connection_leaves_no_secret_and_frees_its_name() {
    on_each(async |database| {
        let (environment, integration) = fixture::house(&database.store).await;
        let mut tx = database.store.begin().await.unwrap();
        let row = fixture::connection(&mut tx, &integration, "one", NOW).await;
        let user = fixture::end_user(&environment.id, "u-1");
        end_users::insert(&mut tx, &user).await.unwrap();
        connections::set_end_user(&mut tx, &row.id, Some(&user), NOW)
            .await
            .unwrap();
        assert!(connections::soft_delete(&mut tx, &row.id, NOW).await.unwrap());
        assert!(!connections::soft_delete(&mut tx, &row.id, NOW).await.unwrap());
        assert!(
            !connections::set_metadata(&mut tx, &row.id, None, NOW)
                .await
                .unwrap()
        );
        assert!(
            !connections::set_end_user(&mut tx, &row.id, None, NOW)
                .await
                .unwrap()
        );
        assert_eq!(credentials::find(&mut tx, &row.id).await.unwrap(), None);
        assert_eq!(end_users::find(&mut tx, &user.id).await.unwrap(), None);
        assert_eq!(
            connections::find_row(&mut tx, &integration.id, &key("one"))
                .await
                .unwrap(),
            None
        );
        let again = fixture::connection(&mut tx, &integration, "one", NOW).await;
        assert_ne!(again.id, row.id);
    })
    .await;
}

#[tokio::test]
async fn fetching_is_noted_at_most_once_a_minute() {
    on_each(async |database| {
        let (_, integration) = fixture::house(&database.store).await;
        let mut tx = database.store.begin().await.unwrap();
        let id = fixture::connection(&mut tx, &integration, "one", NOW).await.id;
        assert!(connections::touch(&mut tx, &id, NOW).await.unwrap());
        assert!(
            !connections::touch(&mut tx, &id, NOW.plus_millis(59_999))
                .await
                .unwrap()
        );
        assert!(
            connections::touch(&mut tx, &id, NOW.plus_millis(60_000))
                .await
                .unwrap()
        );
    })
    .await;
}

async fn names(store: &Store, environment_id: &EnvironmentId, filter: ConnectionFilter) -> Vec<String> {
    let page = Page {
        limit: 100,
        start: PageStart::Offset(0),
    };
    let mut db = store.read().await.unwrap();
    let listed = connections::list(&mut db, environment_id, &filter, &page)
        .await
        .unwrap();
    let counted = connections::count(&mut db, environment_id, &filter)
        .await
        .unwrap();
    assert_eq!(counted, i64::try_from(listed.len()).unwrap());
    listed
        .iter()
        .map(|summary| summary.connection.connection_id.to_string())
        .collect()
}

#[tokio::test]
async fn every_filter_narrows_and_all_must_hold() {
    on_each(async |database| {
        let store = &database.store;
        let (environment, integration) = fixture::house(store).await;
        let (elsewhere, foreign) = fixture::house(store).await;
        let mut tx = store.begin().await.unwrap();
        let slack = fixture::integration(&mut tx, &environment.id, "slack").await;
        let one = fixture::connection(&mut tx, &integration, "one_100", NOW).await;
        let two = fixture::connection(&mut tx, &integration, "TWO", NOW.plus_millis(1)).await;
        let three = fixture::connection(&mut tx, &slack, "three", NOW.plus_millis(2)).await;
        fixture::connection(&mut tx, &foreign, "one_100", NOW).await;
        let gone = fixture::connection(&mut tx, &integration, "gone", NOW).await;
        connections::soft_delete(&mut tx, &gone.id, NOW).await.unwrap();
        let mut user = fixture::end_user(&environment.id, "u-1");
        user.display_name = Some("Ärzte 100% Übersee".into());
        end_users::insert(&mut tx, &user).await.unwrap();
        connections::set_end_user(&mut tx, &two.id, Some(&user), NOW)
            .await
            .unwrap();
        let put = [
            (&one, fixture::tags(&[("plan", "pro"), ("region", "eu")])),
            (&two, fixture::tags(&[("plan", "pro")])),
            (&three, fixture::tags(&[("plan", "free"), ("region", "eu")])),
        ];
        for (row, tags) in &put {
            connection_tags::replace(&mut tx, &environment.id, &row.id, tags)
                .await
                .unwrap();
        }
        connections::set_auth_error(&mut tx, &three.id, Some(&fixture::operation()))
            .await
            .unwrap();
        credentials::acquire_refresh_lease(&mut tx, &three.id, 1, "me", NOW, NOW.plus_seconds(30))
            .await
            .unwrap();
        let failure = RefreshFailure {
            attempts: 1,
            exhausted: false,
            state: CredentialState::NeedsReauth,
            next_refresh_at: None,
        };
        let recorded = credentials::record_refresh_failure(&mut tx, &three.id, 1, "me", &failure, NOW).await;
        assert!(recorded.unwrap());
        tx.commit().await.unwrap();

        let all = ConnectionFilter::default;
        let text = |text: &str| Some(text.to_owned());
        let cases: Vec<(&[&str], ConnectionFilter)> = vec![
            (
                &["TWO"],
                ConnectionFilter {
                    search: text("100% ü"),
                    ..all()
                },
            ),
            (
                &[],
                ConnectionFilter {
                    search: text("t%o"),
                    ..all()
                },
            ),
            (&["three", "TWO", "one_100"], all()),
            (
                &["one_100"],
                ConnectionFilter {
                    connection_id: text("one_100"),
                    ..all()
                },
            ),
            (
                &[],
                ConnectionFilter {
                    connection_id: text("two"),
                    ..all()
                },
            ),
            (
                &["TWO"],
                ConnectionFilter {
                    search: text("tWo"),
                    ..all()
                },
            ),
            (
                &["one_100"],
                ConnectionFilter {
                    search: text("_100"),
                    ..all()
                },
            ),
            (
                &[],
                ConnectionFilter {
                    search: text("o_e"),
                    ..all()
                },
            ),
            (
                &[],
                ConnectionFilter {
                    search: text("!"),
                    ..all()
                },
            ),
            (
                &[],
                ConnectionFilter {
                    search: text("o\0"),
                    ..all()
                },
            ),
            (
                &[],
                ConnectionFilter {
                    search: text(&"o".repeat(60_000)),
                    ..all()
                },
            ),
            (
                &[],
                ConnectionFilter {
                    connection_id: text("TWO\0"),
                    integration_keys: vec!["\0".into()],
                    ..all()
                },
            ),
            (
                &["TWO"],
                ConnectionFilter {
                    search: text("ÜBERSEE"),
                    ..all()
                },
            ),
            (
                &["TWO"],
                ConnectionFilter {
                    search: text("ada@EXAMPLE"),
                    ..all()
                },
            ),
            (
                &["TWO"],
                ConnectionFilter {
                    end_user_id: text("u-1"),
                    ..all()
                },
            ),
            (
                &[],
                ConnectionFilter {
                    end_user_id: text("u-"),
                    ..all()
                },
            ),
            (
                &["TWO"],
                ConnectionFilter {
                    end_user_email: text("Ada@Example.com"),
                    ..all()
                },
            ),
            (
                &["TWO"],
                ConnectionFilter {
                    organization_id: text("org-1"),
                    ..all()
                },
            ),
            (
                &["TWO", "one_100"],
                ConnectionFilter {
                    integration_keys: vec!["github".into()],
                    ..all()
                },
            ),
            (
                &["three", "TWO", "one_100"],
                ConnectionFilter {
                    integration_keys: vec!["github".into(), "slack".into()],
                    ..all()
                },
            ),
            (
                &["three"],
                ConnectionFilter {
                    integration_id: Some(slack.id.clone()),
                    ..all()
                },
            ),
            (
                &["TWO", "one_100"],
                ConnectionFilter {
                    tags: fixture::tags(&[("plan", "pro")]),
                    ..all()
                },
            ),
            (
                &["one_100"],
                ConnectionFilter {
                    tags: fixture::tags(&[("plan", "pro"), ("region", "eu")]),
                    ..all()
                },
            ),
            (
                &["three"],
                ConnectionFilter {
                    has_error: Some(true),
                    ..all()
                },
            ),
            (
                &["TWO", "one_100"],
                ConnectionFilter {
                    has_error: Some(false),
                    ..all()
                },
            ),
            (
                &["three"],
                ConnectionFilter {
                    state: Some(CredentialState::NeedsReauth),
                    ..all()
                },
            ),
            (
                &["one_100"],
                ConnectionFilter {
                    search: text("one"),
                    integration_keys: vec!["github".into()],
                    tags: fixture::tags(&[("region", "eu")]),
                    has_error: Some(false),
                    state: Some(CredentialState::Active),
                    ..all()
                },
            ),
            (
                &[],
                ConnectionFilter {
                    search: text("'; DROP TABLE connection; --"),
                    ..all()
                },
            ),
        ];
        for (expected, filter) in cases {
            assert_eq!(
                names(store, &environment.id, filter.clone()).await,
                expected,
                "{filter:?}"
            );
        }
        assert_eq!(names(store, &elsewhere.id, all()).await, ["one_100"]);
    })
    .await;
}

#[tokio::test]
async fn pages_by_number_and_by_key_hold_every_connection_once() {
    on_each(async |database| {
        let store = &database.store;
        let (environment, integration) = fixture::house(store).await;
        let mut tx = store.begin().await.unwrap();
        for n in 0..11_i64 {
            // Pairs share a time, so that the id has to decide.
            fixture::connection(&mut tx, &integration, &format!("c{n}"), NOW.plus_millis(n / 2)).await;
        }
        tx.commit().await.unwrap();
        let mut db = store.read().await.unwrap();
        let filter = ConnectionFilter::default();
        let whole = Page {
            limit: 100,
            start: PageStart::Offset(0),
        };
        let whole = connections::list(&mut db, &environment.id, &filter, &whole)
            .await
            .unwrap();
        assert_eq!(whole.len(), 11);
        assert!(whole.windows(2).all(|pair| {
            let sort = |n: usize| (pair[n].connection.created_at, pair[n].connection.id.clone());
            sort(0) > sort(1)
        }));

        let mut by_number = Vec::new();
        for offset in [0, 4, 8, 12] {
            let page = Page {
                limit: 4,
                start: PageStart::Offset(offset),
            };
            by_number.extend(
                connections::list(&mut db, &environment.id, &filter, &page)
                    .await
                    .unwrap(),
            );
        }
        assert_eq!(by_number, whole);

        let mut by_key = Vec::new();
        let mut start = PageStart::Offset(0);
        loop {
            let page = Page { limit: 4, start };
            let rows = connections::list(&mut db, &environment.id, &filter, &page)
                .await
                .unwrap();
            let Some(last) = rows.last() else { break };
            start = PageStart::After {
                created_at: last.connection.created_at,
                id: last.connection.id.clone(),
            };
            by_key.extend(rows);
        }
        assert_eq!(by_key, whole);
    })
    .await;
}

#[tokio::test]
async fn the_tags_of_a_page_come_together() {
    on_each(async |database| {
        let store = &database.store;
        let (environment, integration) = fixture::house(store).await;
        let mut tx = store.begin().await.unwrap();
        let mut ids = Vec::new();
        for n in 0..1100 {
            let new = fixture::new_connection(&integration, &format!("c{n}"), NOW);
            ids.push(
                connections::insert_or_override(&mut tx, &new, NOW)
                    .await
                    .unwrap()
                    .1
                    .id,
            );
        }
        let tags = fixture::tags(&[("plan", "pro"), ("region", "eu")]);
        for id in [&ids[0], &ids[1099]] {
            connection_tags::replace(&mut tx, &environment.id, id, &tags)
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        let mut db = store.read().await.unwrap();
        let found = connection_tags::list(&mut db, &ids).await.unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[&ids[1099]], tags);
        assert_eq!(connection_tags::find(&mut db, &ids[0]).await.unwrap(), tags);
        assert!(connection_tags::list(&mut db, []).await.unwrap().is_empty());
        drop(db);
        let mut tx = store.begin().await.unwrap();
        connection_tags::replace(&mut tx, &environment.id, &ids[0], &Tags::default())
            .await
            .unwrap();
        assert!(connection_tags::find(&mut tx, &ids[0]).await.unwrap().is_empty());
    })
    .await;
}
