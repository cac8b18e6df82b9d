use serde_json::json;
use terapi_model::{EnvironmentId, OAuthAttemptId};
use terapi_store::{OAuthAttemptRow, connect_sessions, oauth_attempts};

use crate::database::on_each;
use crate::fixture::{self, NOW};

pub fn attempt(environment_id: &EnvironmentId, state_hash: &str) -> OAuthAttemptRow {
    OAuthAttemptRow {
        id: OAuthAttemptId::mint(NOW, fixture::bits()),
        environment_id: environment_id.clone(),
        integration_id: None,
        connect_session_id: None,
        state_hash: state_hash.to_owned(),
        browser_hash: "browser".into(),
        ws_client_id: Some("listener".into()),
        connection_id: fixture::key("one"),
        redirect_uri: "http://localhost:3003/oauth/callback".into(),
        secret_sealed: fixture::seal("verifier"),
        operation_id: fixture::operation(),
        result: None,
        created_at: NOW,
        expires_at: NOW.plus_seconds(600),
        consumed_at: None,
        finished_at: None,
    }
}

#[tokio::test]
async fn a_state_works_once_also_when_used_by_many_at_once() {
    on_each(async |database| {
        let store = &database.store;
        let (environment, integration) = fixture::house(store).await;
        let mut row = attempt(&environment.id, "state");
        row.integration_id = Some(integration.id);
        let mut tx = store.begin().await.unwrap();
        oauth_attempts::insert(&mut tx, &row).await.unwrap();
        tx.commit().await.unwrap();
        let tries: Vec<_> = (0..10)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move {
                    let mut tx = store.begin().await.unwrap();
                    let found = oauth_attempts::consume(&mut tx, "state", NOW).await.unwrap();
                    tx.commit().await.unwrap();
                    found
                })
            })
            .collect();
        let mut found = Vec::new();
        for one in tries {
            found.extend(one.await.unwrap());
        }
        row.consumed_at = Some(NOW);
        assert_eq!(found, [row.clone()]);
        let mut db = store.read().await.unwrap();
        assert_eq!(
            oauth_attempts::find_by_state(&mut db, "state").await.unwrap(),
            Some(row.clone())
        );
        assert_eq!(oauth_attempts::find(&mut db, &row.id).await.unwrap(), Some(row));
    })
    .await;
}

#[tokio::test]
async fn an_expired_or_unknown_state_works_never() {
    on_each(async |database| {
        let (environment, _) = fixture::house(&database.store).await;
        let mut tx = database.store.begin().await.unwrap();
        let row = attempt(&environment.id, "state");
        oauth_attempts::insert(&mut tx, &row).await.unwrap();
        assert_eq!(
            oauth_attempts::consume(&mut tx, "state", row.expires_at)
                .await
                .unwrap(),
            None
        );
        assert_eq!(
            oauth_attempts::consume(&mut tx, "other", NOW).await.unwrap(),
            None
        );
        assert!(
            oauth_attempts::consume(&mut tx, "state", NOW)
                .await
                .unwrap()
                .is_some()
        );
    })
    .await;
}

#[tokio::test]
async fn the_first_result_stays_and_reaches_its_listener() {
    on_each(async |database| {
        let (environment, _) = fixture::house(&database.store).await;
        let mut tx = database.store.begin().await.unwrap();
        let row = attempt(&environment.id, "state");
        let mut other = attempt(&environment.id, "other");
        other.ws_client_id = Some("other".into());
        oauth_attempts::insert(&mut tx, &row).await.unwrap();
        oauth_attempts::insert(&mut tx, &other).await.unwrap();
        let listeners = ["listener".to_owned(), "nobody".to_owned()];
        assert!(
            oauth_attempts::find_results(&mut tx, &listeners, &[])
                .await
                .unwrap()
                .is_empty()
        );
        let result = json!({"status": "connected"});
        assert!(
            oauth_attempts::finish(&mut tx, &row.id, &result, NOW)
                .await
                .unwrap()
        );
        let late = json!({"status": "failed"});
        assert!(
            !oauth_attempts::finish(&mut tx, &row.id, &late, NOW)
                .await
                .unwrap()
        );
        assert!(
            oauth_attempts::finish(&mut tx, &other.id, &late, NOW)
                .await
                .unwrap()
        );
        let found = oauth_attempts::find_results(&mut tx, &listeners, &[])
            .await
            .unwrap();
        assert_eq!(found.len(), 1);
        let by_id = oauth_attempts::find_results(&mut tx, &[], std::slice::from_ref(&row.id));
        assert_eq!(by_id.await.unwrap(), found);
        assert_eq!((&found[0].id, found[0].result.as_ref()), (&row.id, Some(&result)));
        assert!(
            oauth_attempts::find_results(&mut tx, &[], &[])
                .await
                .unwrap()
                .is_empty()
        );
    })
    .await;
}

#[tokio::test]
async fn an_attempt_goes_to_the_first_browser_that_comes_for_it() {
    on_each(async |database| {
        let (environment, _) = fixture::house(&database.store).await;
        let mut tx = database.store.begin().await.unwrap();
        let mut row = attempt(&environment.id, "state");
        row.browser_hash = "link".into();
        oauth_attempts::insert(&mut tx, &row).await.unwrap();
        let wrong = oauth_attempts::claim(&mut tx, &row.id, "other", "mine", NOW).await;
        assert_eq!(wrong.unwrap(), None);
        let late = oauth_attempts::claim(&mut tx, &row.id, "link", "mine", row.expires_at).await;
        assert_eq!(late.unwrap(), None);
        let claimed = oauth_attempts::claim(&mut tx, &row.id, "link", "mine", NOW)
            .await
            .unwrap();
        assert_eq!(claimed.unwrap().browser_hash, "mine");
        let again = oauth_attempts::claim(&mut tx, &row.id, "link", "yours", NOW).await;
        assert_eq!(again.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn attempts_that_can_still_be_completed_are_counted_to_a_limit() {
    on_each(async |database| {
        let (environment, _) = fixture::house(&database.store).await;
        let mut tx = database.store.begin().await.unwrap();
        for state in ["a", "b", "c"] {
            let row = attempt(&environment.id, state);
            oauth_attempts::insert(&mut tx, &row).await.unwrap();
        }
        let mut done = attempt(&environment.id, "done");
        done.consumed_at = Some(NOW);
        oauth_attempts::insert(&mut tx, &done).await.unwrap();
        for (most, at, counted) in [(10, NOW, 3), (2, NOW, 2), (10, done.expires_at, 0)] {
            let count = oauth_attempts::count_pending(&mut tx, &environment.id, None, most, at).await;
            assert_eq!(count.unwrap(), counted);
        }
    })
    .await;
}

#[tokio::test]
async fn attempts_without_a_session_that_ended_lately_are_counted_to_a_limit() {
    on_each(async |database| {
        let (environment, integration) = fixture::house(&database.store).await;
        let mut tx = database.store.begin().await.unwrap();
        let session = fixture::connect_session(&environment.id);
        connect_sessions::insert(&mut tx, &session).await.unwrap();
        for (state, ended_at) in [("a", 0), ("b", 30), ("c", 60)] {
            let mut row = attempt(&environment.id, state);
            row.integration_id = Some(integration.id.clone());
            row.finished_at = Some(NOW.plus_seconds(ended_at));
            oauth_attempts::insert(&mut tx, &row).await.unwrap();
        }
        let mut of_session = attempt(&environment.id, "of a session");
        of_session.connect_session_id = Some(session.id);
        of_session.integration_id = Some(integration.id);
        of_session.finished_at = Some(NOW.plus_seconds(60));
        oauth_attempts::insert(&mut tx, &of_session).await.unwrap();
        let mut refusal = attempt(&environment.id, "refused");
        refusal.finished_at = Some(NOW.plus_seconds(60));
        oauth_attempts::insert(&mut tx, &refusal).await.unwrap();
        for (since, most, counted) in [(NOW, 10, 2), (NOW, 1, 1), (NOW.plus_seconds(60), 10, 0)] {
            let count = oauth_attempts::count_ended(&mut tx, &environment.id, since, most).await;
            assert_eq!(count.unwrap(), counted);
        }
    })
    .await;
}
