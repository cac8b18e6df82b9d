use sqlx::{Connection, Row, SqliteConnection};
use terapi_model::{EnvironmentId, WebhookDeliveryId, WebhookId};
use terapi_store::webhook_deliveries::{self, DeliveryState, PassedOver, WebhookDeliveryRow};

use crate::database::on_each;
use crate::fixture::{self, NOW};

fn delivery(environment_id: &EnvironmentId, url: &str, due_s: i64) -> WebhookDeliveryRow {
    WebhookDeliveryRow {
        id: WebhookDeliveryId::mint(NOW, fixture::bits()),
        environment_id: environment_id.clone(),
        connection_id: None,
        operation_id: None,
        webhook_id: WebhookId::mint(NOW, fixture::bits()),
        event: "auth.creation".into(),
        url: url.into(),
        body: "{}".into(),
        state: DeliveryState::Pending,
        attempts: 0,
        max_attempts: 3,
        due_at: NOW.plus_seconds(due_s),
        claimed_by: None,
        claimed_until: None,
        last_status: None,
        last_error: None,
        last_response: None,
        created_at: NOW,
        attempted_at: None,
        finished_at: None,
    }
}

#[tokio::test]
async fn what_is_due_is_claimed_in_order_and_who_is_passed_over_is_not() {
    on_each(async |database| {
        let (environment, _) = fixture::house(&database.store).await;
        let (other, _) = fixture::house(&database.store).await;
        let mut tx = database.store.begin().await.unwrap();
        for (environment, url, due_s) in [
            (&environment, "late", 2),
            (&environment, "hangs", 0),
            (&environment, "early", 1),
            (&other, "theirs", 0),
            (&environment, "not yet", 11),
        ] {
            let row = delivery(&environment.id, url, due_s);
            webhook_deliveries::insert(&mut tx, &row).await.unwrap();
        }
        let (now, until) = (NOW.plus_seconds(10), NOW.plus_seconds(70));
        let over = PassedOver {
            urls: vec!["hangs".into(), "gone".into()],
            environments: vec![other.id.clone()],
        };
        let urls =
            |rows: Vec<WebhookDeliveryRow>| -> Vec<String> { rows.into_iter().map(|row| row.url).collect() };
        let claimed = webhook_deliveries::claim(&mut tx, "a", now, until, 20, &over).await;
        assert_eq!(urls(claimed.unwrap()), ["early", "late"]);
        let nobody = PassedOver::default();
        let claimed = webhook_deliveries::claim(&mut tx, "b", now, until, 20, &nobody).await;
        let mut rest = urls(claimed.unwrap());
        rest.sort();
        assert_eq!(rest, ["hangs", "theirs"]);
    })
    .await;
}

/// What is asked with each start, each failure and each look of the worker.
#[tokio::test]
async fn what_is_asked_all_the_time_is_answered_by_an_index_alone() {
    on_each(async |database| {
        let Some(path) = database.options.url.strip_prefix("sqlite:") else {
            return;
        };
        let mut conn = SqliteConnection::connect(path).await.unwrap();
        for (index, sql) in [
            (
                "oauth_attempt_by_pending",
                "EXPLAIN QUERY PLAN SELECT 1 FROM oauth_attempt WHERE environment_id = 'e' \
                 AND connect_session_id IS NULL AND expires_at > 1 AND consumed_at IS NULL LIMIT 5",
            ),
            (
                "oauth_attempt_by_end",
                "EXPLAIN QUERY PLAN SELECT 1 FROM oauth_attempt WHERE environment_id = 'e' \
                 AND connect_session_id IS NULL AND integration_id IS NOT NULL AND finished_at > 1 LIMIT 5",
            ),
            (
                "webhook_delivery_by_due",
                "EXPLAIN QUERY PLAN SELECT id FROM webhook_delivery WHERE state = 'pending' AND due_at <= 1 \
                 AND (claimed_until IS NULL OR claimed_until <= 1) AND url NOT IN ('a') \
                 AND environment_id NOT IN ('e') ORDER BY due_at, id LIMIT 5",
            ),
        ] {
            let plan = sqlx::query(sql).fetch_all(&mut conn).await.unwrap();
            let plan: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
            let covering = format!("USING COVERING INDEX {index} ");
            assert!(plan.iter().any(|line| line.contains(&covering)), "{plan:?}");
            assert!(!plan.iter().any(|line| line.contains("TEMP B-TREE")), "{plan:?}");
        }
    })
    .await;
}
