use terapi_model::{OperatorId, Timestamp};
use terapi_store::{OperatorSessionRow, operator_sessions, operators};

use crate::database::on_each;
use crate::fixture::{self, NOW};

#[tokio::test]
async fn an_operator_is_found_by_address_and_changes_the_password() {
    on_each(async |database| {
        let mut operator = fixture::operator("Ada@Example.com");
        let mut tx = database.store.begin().await.unwrap();
        operators::insert(&mut tx, &operator).await.unwrap();
        let found = operators::find_by_email_key(&mut tx, "ada@example.com")
            .await
            .unwrap();
        assert_eq!(found, Some(operator.clone()));
        assert_eq!(
            operators::find_by_email_key(&mut tx, "Ada@Example.com")
                .await
                .unwrap(),
            None
        );
        assert_eq!(operators::find_by_email_key(&mut tx, "a\0").await.unwrap(), None);
        let later = NOW.plus_seconds(1);
        assert!(
            operators::update_password(&mut tx, &operator.id, "new", later)
                .await
                .unwrap()
        );
        operator.password_hash = "new".into();
        operator.updated_at = later;
        assert_eq!(
            operators::find(&mut tx, &operator.id).await.unwrap(),
            Some(operator)
        );
        let stranger = OperatorId::mint(NOW, fixture::bits());
        assert!(
            !operators::update_password(&mut tx, &stranger, "new", later)
                .await
                .unwrap()
        );
        assert_eq!(operators::count(&mut tx).await.unwrap(), 1);
    })
    .await;
}

fn session(id_hash: &str, operator_id: Option<&OperatorId>, expires_at: Timestamp) -> OperatorSessionRow {
    OperatorSessionRow {
        id_hash: id_hash.to_owned(),
        operator_id: operator_id.cloned(),
        record: "{}".into(),
        user_agent: "Browser/1".into(),
        address: "127.0.0.1".into(),
        created_at: NOW,
        last_seen_at: NOW,
        expires_at,
    }
}

#[tokio::test]
async fn sessions_are_listed_touched_and_ended() {
    on_each(async |database| {
        let mut tx = database.store.begin().await.unwrap();
        let operator = fixture::operator("ada@example.com");
        operators::insert(&mut tx, &operator).await.unwrap();
        let end = NOW.plus_seconds(1000);
        for hash in ["one", "two", "three"] {
            operator_sessions::upsert(&mut tx, &session(hash, Some(&operator.id), end))
                .await
                .unwrap();
        }
        operator_sessions::upsert(&mut tx, &session("nobody", None, NOW))
            .await
            .unwrap();

        let later = NOW.plus_seconds(60);
        assert!(
            !operator_sessions::touch(&mut tx, "two", later.plus_millis(-1))
                .await
                .unwrap()
        );
        assert!(operator_sessions::touch(&mut tx, "two", later).await.unwrap());
        assert!(
            !operator_sessions::touch(&mut tx, "two", later.plus_seconds(59))
                .await
                .unwrap()
        );
        let listed = operator_sessions::list_by_operator(&mut tx, &operator.id, NOW)
            .await
            .unwrap();
        let listed: Vec<_> = listed.iter().map(|row| row.id_hash.as_str()).collect();
        assert_eq!(listed, ["two", "one", "three"]);

        let mut renewed = session("two", Some(&operator.id), end.plus_seconds(1));
        renewed.record = "{\"a\":1}".into();
        renewed.created_at = later;
        operator_sessions::upsert(&mut tx, &renewed).await.unwrap();
        let found = operator_sessions::find_live(&mut tx, "two", end)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((found.record.as_str(), found.created_at), ("{\"a\":1}", NOW));
        assert_eq!(found.last_seen_at, later, "a new record is no visit");
        assert_eq!(
            operator_sessions::find_live(&mut tx, "one", end).await.unwrap(),
            None
        );

        let ended = operator_sessions::delete_by_operator_except(&mut tx, &operator.id, "two")
            .await
            .unwrap();
        assert_eq!(ended, 2);
        assert_eq!(operator_sessions::delete_expired(&mut tx, NOW).await.unwrap(), 1);
        assert!(operator_sessions::delete(&mut tx, "two").await.unwrap());
        assert!(!operator_sessions::delete(&mut tx, "two").await.unwrap());
    })
    .await;
}
