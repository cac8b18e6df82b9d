use terapi_store::{connect_sessions, oauth_attempts};

use crate::database::on_each;
use crate::fixture::{self, NOW};

#[tokio::test]
async fn a_session_is_found_until_it_ends() {
    on_each(async |database| {
        let (environment, integration) = fixture::house(&database.store).await;
        let mut tx = database.store.begin().await.unwrap();
        let connection = fixture::connection(&mut tx, &integration, "one", NOW).await;
        let mut session = fixture::connect_session(&environment.id);
        session.reconnect_connection_id = Some(connection.id);
        connect_sessions::insert(&mut tx, &session).await.unwrap();
        let end = session.expires_at;
        let hash = session.token_hash.as_str();
        let found = connect_sessions::find_by_hash(&mut tx, hash).await.unwrap();
        assert_eq!(found.as_ref(), Some(&session));
        assert!(session.is_live(end.plus_millis(-1)) && !session.is_live(end));
        let other = connect_sessions::find_by_hash(&mut tx, "another").await.unwrap();
        assert_eq!(other, None);
        assert_eq!(connect_sessions::find(&mut tx, &session.id).await.unwrap(), found);
        assert!(
            connect_sessions::soft_delete(&mut tx, &session.id, NOW)
                .await
                .unwrap()
        );
        assert!(
            !connect_sessions::soft_delete(&mut tx, &session.id, NOW)
                .await
                .unwrap()
        );
        let ended = connect_sessions::find_by_hash(&mut tx, hash).await.unwrap();
        assert!(!ended.unwrap().is_live(NOW), "it is known, and has ended");
    })
    .await;
}

#[tokio::test]
async fn expired_sessions_go_when_no_attempt_names_them() {
    on_each(async |database| {
        let (environment, _) = fixture::house(&database.store).await;
        let mut tx = database.store.begin().await.unwrap();
        let (named, unnamed) = (
            fixture::connect_session(&environment.id),
            fixture::connect_session(&environment.id),
        );
        connect_sessions::insert(&mut tx, &named).await.unwrap();
        connect_sessions::insert(&mut tx, &unnamed).await.unwrap();
        let mut attempt = crate::oauth_attempts::attempt(&environment.id, "state");
        attempt.connect_session_id = Some(named.id.clone());
        oauth_attempts::insert(&mut tx, &attempt).await.unwrap();
        let end = named.expires_at;
        let deleted = connect_sessions::delete_expired(&mut tx, end.plus_millis(-1))
            .await
            .unwrap();
        assert_eq!(deleted, 0);
        assert_eq!(connect_sessions::delete_expired(&mut tx, end).await.unwrap(), 1);
        assert!(
            connect_sessions::find(&mut tx, &named.id)
                .await
                .unwrap()
                .is_some()
        );
        assert_eq!(oauth_attempts::delete_expired(&mut tx, end).await.unwrap(), 1);
        assert_eq!(connect_sessions::delete_expired(&mut tx, end).await.unwrap(), 1);
    })
    .await;
}
