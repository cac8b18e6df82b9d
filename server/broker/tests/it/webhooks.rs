//! Webhooks, to a real receiver on loopback.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::future::BoxFuture;
use http::HeaderMap;
use serde_json::{Value, json};
use terapi_broker::connect::{BrowserAuth, BrowserInput, NewSession};
use terapi_broker::connections::{ConnectionPatch, GetOptions, Import, UpdateConnectionError};
use terapi_broker::credentials::{Credentials, OAuth2Credentials};
use terapi_broker::egress::{Egress, EgressAllow, EgressError, EgressOptions, Lookup, WebhookSendError};
use terapi_broker::environments::{EnvironmentPatch, UpdateEnvironmentError};
use terapi_model::{
    ConnectionKey, LogLevel, MessageContext, MessageType, OperationAction, OperationState, OperationType,
    Tags, WebhookDeliveryId,
};
use terapi_store::webhook_deliveries::{self, DeliveryState, PassedOver, WebhookDeliveryRow};
use terapi_testkit::{Answer, Denial, ReceivedWebhook, Receiver, Reply};
use terapi_vault::hash::{hex_text, hmac_sha256, hmac_sha256_hex, sha256};
use tokio_util::sync::CancellationToken;

use crate::database::{Kind, on_each};
use crate::flow::{Flow, end_user, integration};
use crate::house::{House, Plan};

const FORCED: GetOptions = GetOptions {
    with_credentials: true,
    force_refresh: true,
    min_ttl: None,
};

/// A tenant whose events go to a receiver.
struct Hooked {
    flow: Flow,
    receiver: Receiver,
}

impl Hooked {
    async fn start() -> Self {
        Self::start_on(Kind::Sqlite).await
    }

    async fn start_on(on: Kind) -> Self {
        let flow = Flow::start_on(on).await;
        let receiver = Receiver::start().await;
        let hooked = Self { flow, receiver };
        hooked
            .set(EnvironmentPatch {
                webhook_url: Some(hooked.receiver.at("/hooks")),
                ..EnvironmentPatch::default()
            })
            .await;
        hooked
    }

    async fn set(&self, patch: EnvironmentPatch) {
        let environments = self.flow.house.broker.environments();
        environments.update(&self.flow.caller, patch).await.unwrap();
    }

    async fn connect(&self) -> ConnectionKey {
        let auth = self.flow.session().await;
        self.flow.connect(&auth).await.connection_key
    }

    /// An authorization that the end user refuses.
    async fn refuse(&self, session: NewSession) {
        self.flow.acme.script(|script| {
            script.deny = Some(Denial {
                error: "access_denied".into(),
                description: None,
            });
        });
        let auth = self.flow.session_of(session).await;
        let begun = self.flow.begin(&auth, BrowserInput::default()).await.unwrap();
        let params = self.flow.consent(&begun).await;
        self.flow.complete(params).await.outcome.unwrap_err();
    }

    async fn deliver(&self) {
        deliver(&self.flow.house).await;
    }

    async fn rows(&self) -> Vec<WebhookDeliveryRow> {
        let mut db = self.flow.house.broker.store().read().await.unwrap();
        webhook_deliveries::list(&mut db, &self.flow.environment.id)
            .await
            .unwrap()
    }

    /// How many deliveries to the address where nobody listens have been tried.
    async fn silences(&self) -> usize {
        let rows = self.rows().await;
        let tried = rows.iter().filter(|row| row.url.ends_with("/nobody"));
        tried.filter(|row| row.attempts > 0).count()
    }

    async fn row(&self) -> WebhookDeliveryRow {
        let mut rows = self.rows().await;
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows.remove(0)
    }

    async fn signing_key(&self) -> String {
        let environments = self.flow.house.broker.environments();
        let key = environments.webhook_signing_key(&self.flow.caller).await.unwrap();
        key.unwrap().expose().clone()
    }
}

/// Sends everything that is due, and waits until what came of it is written down.
async fn deliver(house: &House) {
    let stop = CancellationToken::new();
    stop.cancel();
    house.broker.webhooks().run(stop).await;
}

fn body_of(webhook: &ReceivedWebhook) -> Value {
    serde_json::from_str(&webhook.body).unwrap()
}

fn assert_signed(webhook: &ReceivedWebhook, key: &str) {
    let body = &webhook.body;
    let legacy = hex_text(&sha256(format!("{key}{body}").as_bytes()));
    assert_eq!(webhook.header("x-nango-signature"), legacy);
    let hmac = hmac_sha256_hex(key.as_bytes(), body.as_bytes());
    assert_eq!(webhook.header("x-nango-hmac-sha256"), hmac);
    let (id, at) = (webhook.header("webhook-id"), webhook.header("webhook-timestamp"));
    // What a Standard Webhooks library does with the secret `whsec_<Base64 of the key>`.
    let secret = STANDARD.decode(STANDARD.encode(key)).unwrap();
    let standard = hmac_sha256(&secret, format!("{id}.{at}.{body}").as_bytes());
    let standard = format!("v1,{}", STANDARD.encode(standard));
    assert_eq!(webhook.header("webhook-signature"), standard);
}

#[tokio::test]
async fn a_new_connection_is_told_with_sorted_keys_and_every_signature() {
    on_each(async |kind| {
        let hooked = Hooked::start_on(kind).await;
        let auth = hooked
            .flow
            .session_of(NewSession {
                end_user: Some(end_user()),
                tags: Some(Tags::parse([("zone", "eu"), ("Area", "1")]).unwrap()),
                ..NewSession::default()
            })
            .await;
        let key = hooked.flow.connect(&auth).await.connection_key;
        assert!(hooked.receiver.received().is_empty(), "an answer waits for no webhook");
        hooked.deliver().await;
        let received = hooked.receiver.received();
        assert_eq!(received.len(), 1);
        let expected = format!(
            "{{\"authMode\":\"OAUTH2\",\"connectionId\":\"{key}\",\
             \"endUser\":{{\"endUserEmail\":\"Robin@Example.com\",\"endUserId\":\"u-1\",\"tags\":{{}}}},\
             \"environment\":\"dev\",\"from\":\"nango\",\"operation\":\"creation\",\"provider\":\"acme\",\
             \"providerConfigKey\":\"acme\",\"success\":true,\"tags\":{{\"area\":\"1\",\
             \"end_user_display_name\":\"Robin\",\"end_user_email\":\"Robin@Example.com\",\"end_user_id\":\"u-1\",\
             \"zone\":\"eu\"}},\"type\":\"auth\"}}"
        );
        assert_eq!(received[0].body, expected);
        assert_eq!(received[0].method, http::Method::POST);
        assert_eq!(received[0].path, "/hooks");
        assert_eq!(received[0].header("content-type"), "application/json");
        assert!(received[0].header("user-agent").starts_with("terapi/"));
        assert_signed(&received[0], &hooked.signing_key().await);
        let row = hooked.row().await;
        assert_eq!((row.state, row.attempts), (DeliveryState::Delivered, 1));
        assert_eq!((row.last_status, row.last_error), (Some(200), None));
        assert_eq!(row.finished_at, Some(hooked.flow.house.broker.now()));
        assert_eq!(row.webhook_id.as_str(), received[0].header("webhook-id"));
        hooked.deliver().await;
        assert_eq!(hooked.receiver.received().len(), 1, "it is sent once");
    })
    .await;
}

#[tokio::test]
async fn an_event_is_in_the_outbox_exactly_when_the_change_is_committed() {
    on_each(async |kind| {
        let hooked = Hooked::start_on(kind).await;
        let key = hooked.connect().await;
        assert_eq!(hooked.row().await.state, DeliveryState::Pending);
        // A public key may not replace a connection without HMAC: the landing is rolled back after its first writes.
        let input = BrowserInput {
            connection_key: Some("taken".to_owned()),
            ..BrowserInput::default()
        };
        let auth = hooked.flow.public_key();
        let early = hooked.flow.begin(&auth, input).await.unwrap();
        let again = BrowserInput {
            connection_key: Some("taken".to_owned()),
            ..BrowserInput::default()
        };
        let late = hooked.flow.begin(&auth, again).await.unwrap();
        for begun in [&early, &late] {
            let params = hooked.flow.consent(begun).await;
            hooked.flow.complete(params).await;
        }
        let mut told: Vec<_> = hooked
            .rows()
            .await
            .iter()
            .map(|row| serde_json::from_str::<Value>(&row.body).unwrap())
            .map(|body| (body["connectionId"] == key.as_str(), body["success"] == true))
            .collect();
        told.sort_unstable();
        assert_eq!(told, [(false, false), (false, true), (true, true)]);
    })
    .await;
}

#[tokio::test]
async fn nothing_is_kept_for_an_environment_without_an_address() {
    let flow = Flow::start().await;
    let auth = flow.session().await;
    flow.connect(&auth).await;
    let mut db = flow.house.broker.store().read().await.unwrap();
    let rows = webhook_deliveries::list(&mut db, &flow.environment.id)
        .await
        .unwrap();
    assert_eq!(rows, []);
}

#[tokio::test]
async fn what_a_killed_worker_had_claimed_is_sent_by_another() {
    on_each(async |kind| {
        let hooked = Hooked::start_on(kind).await;
        hooked.connect().await;
        let broker = &hooked.flow.house.broker;
        let (now, until) = (broker.now(), broker.now().plus_seconds(60));
        let mut tx = broker.store().begin().await.unwrap();
        let claimed = webhook_deliveries::claim(&mut tx, "killed", now, until, 20, &PassedOver::default())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(claimed.len(), 1);
        hooked.deliver().await;
        assert!(hooked.receiver.received().is_empty(), "it is claimed");
        hooked.flow.house.clock.advance_seconds(60);
        let another = hooked
            .flow
            .house
            .restarted(Plan {
                on: kind,
                ..Plan::default()
            })
            .await;
        deliver(&another).await;
        assert_eq!(hooked.receiver.received().len(), 1);
        assert_eq!(hooked.row().await.state, DeliveryState::Delivered);
    })
    .await;
}

#[tokio::test]
async fn many_workers_send_each_event_once() {
    on_each(async |kind| {
        let hooked = Hooked::start_on(kind).await;
        for _ in 0..30 {
            hooked.connect().await;
        }
        let workers: Vec<_> = (0..4)
            .map(|_| {
                let broker = hooked.flow.house.broker.clone();
                tokio::spawn(async move {
                    let stop = CancellationToken::new();
                    stop.cancel();
                    broker.webhooks().run(stop).await;
                })
            })
            .collect();
        for worker in workers {
            worker.await.unwrap();
        }
        let mut ids: Vec<String> = hooked
            .receiver
            .received()
            .iter()
            .map(|webhook| webhook.header("webhook-id").to_owned())
            .collect();
        assert_eq!(ids.len(), 30);
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 30);
    })
    .await;
}

#[tokio::test]
async fn a_running_worker_sends_at_once_and_ends_what_it_began() {
    let hooked = Hooked::start().await;
    let stop = CancellationToken::new();
    let broker = hooked.flow.house.broker.clone();
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { broker.webhooks().run(stop).await }
    });
    hooked.connect().await;
    hooked.receiver.wait_for(1).await;
    stop.cancel();
    running.await.unwrap();
    assert_eq!(hooked.row().await.state, DeliveryState::Delivered);
    hooked.connect().await;
    assert_eq!(
        hooked.receiver.received().len(),
        1,
        "what comes later stays for the next start"
    );
}

#[tokio::test]
async fn an_address_that_hangs_keeps_no_other_waiting() {
    on_each(async |kind| {
        let hooked = Hooked::start_on(kind).await;
        let broker = hooked.flow.house.broker.clone();
        hooked.connect().await;
        let waiting = hooked.row().await;
        hooked.receiver.reply((0..1000).map(|_| Reply::Never));
        let mut tx = broker.store().begin().await.unwrap();
        for number in 0..400_u16 {
            let mut random = [0; 10];
            random[8..].copy_from_slice(&number.to_be_bytes());
            let row = WebhookDeliveryRow {
                id: WebhookDeliveryId::mint(broker.now(), random),
                ..waiting.clone()
            };
            webhook_deliveries::insert(&mut tx, &row).await.unwrap();
        }
        tx.commit().await.unwrap();
        hooked.flow.house.clock.advance_seconds(1);

        let (other, _) = hooked.flow.house.tenant("bob@example.com").await;
        let receiver = Receiver::start().await;
        let patch = EnvironmentPatch {
            webhook_url: Some(receiver.at("/hooks")),
            ..EnvironmentPatch::default()
        };
        broker.environments().update(&other, patch).await.unwrap();
        hooked
            .flow
            .house
            .acme(&other, "acme", hooked.flow.acme.url())
            .await;
        let worker = tokio::spawn({
            let broker = broker.clone();
            async move { broker.webhooks().run(CancellationToken::new()).await }
        });
        hooked.receiver.wait_for(30).await;
        let stored = Import {
            integration: integration("acme"),
            connection: None,
            credentials: Credentials::OAuth2(OAuth2Credentials {
                access_token: "token".into(),
                refresh_token: None,
                expires_at: None,
                client: None,
                raw: "{}".to_owned().into(),
            }),
            connection_config: Default::default(),
            metadata: None,
            tags: None,
            end_user: None,
            webhook_url_override: None,
        };
        broker.connections().import(&other, stored).await.unwrap();
        receiver.wait_for(1).await;
        let hanging = hooked.receiver.received().len();
        assert!(
            hanging <= 50,
            "{hanging} are being sent to the address that hangs"
        );
        worker.abort();
    })
    .await;
}

#[tokio::test]
async fn a_dead_address_is_spared_and_its_events_keep_their_attempts() {
    let hooked = Hooked::start().await;
    hooked
        .set(EnvironmentPatch {
            webhook_url: Some("http://127.0.0.1:9/nobody".into()),
            webhook_secondary_url: Some(hooked.receiver.at("/alive")),
            ..EnvironmentPatch::default()
        })
        .await;
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let (broker, stop) = (hooked.flow.house.broker.clone(), stop.clone());
        async move { broker.webhooks().run(stop).await }
    });
    for number in 1..=7 {
        hooked.connect().await;
        hooked.receiver.wait_for(number).await;
        while hooked.silences().await < number.min(5) {
            tokio::task::yield_now().await;
        }
    }
    stop.cancel();
    running.await.unwrap();
    assert_eq!(hooked.silences().await, 5, "the others wait");
    let mut rows = hooked.rows().await;
    rows.retain(|row| row.url.ends_with("/nobody"));
    assert_eq!(rows.len(), 7);
    assert!(
        rows.iter()
            .all(|row| row.state == DeliveryState::Pending && row.attempts <= 1)
    );
}

#[tokio::test]
async fn callbacks_of_ones_own_making_cause_no_flood_of_webhooks() {
    on_each(async |kind| {
        let hooked = Hooked::start_on(kind).await;
        let fail = async |auth: &BrowserAuth| {
            let begun = hooked.flow.begin(auth, BrowserInput::default()).await.unwrap();
            let params = begun.authorize_url.query_pairs().into_owned();
            let mut params: BTreeMap<String, String> = params.filter(|(name, _)| name == "state").collect();
            params.insert("error".into(), "made_up".into());
            hooked.flow.complete(params).await.outcome.unwrap_err();
        };
        let stranger = hooked.flow.public_key();
        for _ in 0..63 {
            fail(&stranger).await;
        }
        assert_eq!(hooked.rows().await.len(), 60);
        fail(&hooked.flow.session().await).await;
        assert_eq!(hooked.rows().await.len(), 61, "sessions are told of as ever");
        hooked.flow.house.clock.advance_seconds(60);
        fail(&stranger).await;
        assert_eq!(hooked.rows().await.len(), 62);
    })
    .await;
}

#[tokio::test]
async fn three_attempts_are_made_and_then_no_more() {
    on_each(async |kind| {
        let hooked = Hooked::start_on(kind).await;
        hooked.receiver.reply([
            Reply::Status(500, "first".into()),
            Reply::Close,
            Reply::Status(503, "third".into()),
        ]);
        hooked.connect().await;
        let clock = &hooked.flow.house.clock;
        let mut waits = Vec::new();
        for attempt in 1..=3 {
            hooked.deliver().await;
            assert_eq!(hooked.receiver.received().len(), attempt);
            let row = hooked.row().await;
            assert_eq!(row.attempts, u32::try_from(attempt).unwrap());
            waits.push(row.due_at.millis_since(hooked.flow.house.broker.now()));
            if attempt < 3 {
                assert_eq!(row.state, DeliveryState::Pending);
                hooked.deliver().await;
                assert_eq!(hooked.receiver.received().len(), attempt, "it is not due yet");
                clock.advance_seconds(if attempt == 1 { 6 } else { 360 });
            }
        }
        assert!((4_000..=6_000).contains(&waits[0]), "{waits:?}");
        assert!((240_000..=360_000).contains(&waits[1]), "{waits:?}");
        let row = hooked.row().await;
        assert_eq!(row.state, DeliveryState::Exhausted);
        assert_eq!(
            (row.last_status, row.last_response.as_deref()),
            (Some(503), Some("third"))
        );
        assert_eq!(
            row.last_error.as_deref(),
            Some("the address answered with status 503")
        );
        clock.advance_seconds(3600);
        hooked.deliver().await;
        let received = hooked.receiver.received();
        assert_eq!(received.len(), 3);
        let ids: Vec<_> = received
            .iter()
            .map(|webhook| webhook.header("webhook-id"))
            .collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_ne!(
            received[0].header("webhook-timestamp"),
            received[2].header("webhook-timestamp")
        );
    })
    .await;
}

#[tokio::test]
async fn an_event_that_waits_long_for_its_first_attempt_is_not_given_up() {
    on_each(async |kind| {
        let hooked = Hooked::start_on(kind).await;
        hooked.connect().await;
        let house = &hooked.flow.house;
        let id = hooked.row().await.operation_id.unwrap();
        let state = async || {
            let found = house.broker.operations().find(&hooked.flow.caller, &id).await;
            found.unwrap().unwrap().0.state
        };
        house.clock.advance_seconds(3 * 3600);
        house.broker.sweep().await.unwrap();
        assert_eq!(state().await, OperationState::Running);
        hooked.deliver().await;
        assert_eq!(state().await, OperationState::Success);
    })
    .await;
}

#[tokio::test]
async fn every_attempt_is_a_line_of_the_deliverys_operation() {
    on_each(async |kind| {
        let hooked = Hooked::start_on(kind).await;
        hooked
            .set(EnvironmentPatch {
                webhook_url: Some(hooked.receiver.at("/hooks?token=not-for-logs")),
                ..EnvironmentPatch::default()
            })
            .await;
        hooked
            .receiver
            .reply([Reply::Close, Reply::Status(404, String::new())]);
        let key = hooked.connect().await;
        hooked.deliver().await;
        let id = hooked.row().await.operation_id.unwrap();
        let operations = hooked.flow.house.broker.operations();
        let (operation, _) = operations.find(&hooked.flow.caller, &id).await.unwrap().unwrap();
        assert_eq!(operation.state, OperationState::Running);
        hooked.flow.house.clock.advance_seconds(6);
        hooked.deliver().await;
        let (operation, lines) = operations.find(&hooked.flow.caller, &id).await.unwrap().unwrap();
        assert_eq!(
            (operation.kind, operation.action, operation.state),
            (
                OperationType::Webhook,
                OperationAction::ConnectionCreate,
                OperationState::Failed
            )
        );
        assert_eq!(operation.connection_key, Some(key));
        assert_eq!(operation.integration_key, Some(integration("acme")));
        assert_eq!(operation.error.unwrap().code, "webhook_not_delivered");
        let seen: Vec<_> = lines
            .iter()
            .map(|line| {
                let mut retry = line.retry.clone().unwrap();
                let next = retry.as_object_mut().unwrap().remove("next_at");
                assert_eq!(next.is_some(), line.level == LogLevel::Warn);
                (line.kind, line.context, line.level, retry)
            })
            .collect();
        let (http, webhook) = (MessageType::Http, MessageContext::Webhook);
        assert_eq!(
            seen,
            [
                (http, webhook, LogLevel::Warn, json!({"attempt": 1, "max": 3})),
                (http, webhook, LogLevel::Error, json!({"attempt": 2, "max": 3})),
            ]
        );
        assert_eq!(lines[1].response, Some(json!({"code": 404})));
        let url = lines[1].request.as_ref().unwrap()["url"].as_str().unwrap();
        assert!(url.contains("/hooks?token="), "{url}");
        assert!(!url.contains("not-for-logs"), "{url}");
        hooked.connect().await;
        hooked.deliver().await;
        let delivered = hooked
            .rows()
            .await
            .into_iter()
            .find(|row| row.operation_id != Some(id.clone()));
        let id = delivered.unwrap().operation_id.unwrap();
        let (operation, _) = operations.find(&hooked.flow.caller, &id).await.unwrap().unwrap();
        assert_eq!(operation.state, OperationState::Success);
    })
    .await;
}

#[tokio::test]
async fn only_what_may_pass_by_itself_is_sent_again() {
    let expected = [
        (408, DeliveryState::Pending),
        (429, DeliveryState::Pending),
        (502, DeliveryState::Pending),
        (400, DeliveryState::Exhausted),
        (401, DeliveryState::Exhausted),
        (404, DeliveryState::Exhausted),
        (410, DeliveryState::Exhausted),
        (303, DeliveryState::Exhausted),
        (204, DeliveryState::Delivered),
    ];
    for (status, state) in expected {
        let hooked = Hooked::start().await;
        hooked.receiver.reply([Reply::Status(status, String::new())]);
        hooked.connect().await;
        hooked.deliver().await;
        assert_eq!(hooked.row().await.state, state, "{status}");
    }
}

#[tokio::test]
async fn a_receiver_that_asks_for_time_gets_it() {
    let hooked = Hooked::start().await;
    hooked
        .receiver
        .reply([Reply::Header(429, "retry-after", "120".into())]);
    hooked.connect().await;
    hooked.deliver().await;
    let row = hooked.row().await;
    assert_eq!(row.due_at, hooked.flow.house.broker.now().plus_seconds(120));
}

#[tokio::test]
async fn an_answer_is_kept_up_to_twenty_kilobytes() {
    let hooked = Hooked::start().await;
    hooked
        .receiver
        .reply([Reply::Status(200, format!("\0{}", "x".repeat(50_000)))]);
    hooked.connect().await;
    hooked.deliver().await;
    let kept = hooked.row().await.last_response.unwrap();
    assert!((19_000..=20_000).contains(&kept.len()), "{}", kept.len());
}

#[tokio::test]
async fn the_switches_hold_back_what_they_name_and_nothing_else() {
    on_each(async |kind| {
        let hooked = Hooked::start_on(kind).await;
        hooked
            .set(EnvironmentPatch {
                webhook_on_creation: Some(false),
                webhook_on_refresh_error: Some(false),
                ..EnvironmentPatch::default()
            })
            .await;
        let key = hooked.connect().await;
        hooked.refuse(NewSession::default()).await;
        hooked.flow.acme.script(|script| {
            script.deny = None;
            script.refresh_once.push_back(Answer::InvalidGrant);
        });
        hooked.flow.get_with(&key, FORCED).await.unwrap_err();
        assert_eq!(hooked.rows().await, []);
        // An override has no switch.
        reconnect(&hooked, &key).await;
        let row = hooked.row().await;
        assert_eq!(row.event, "auth.override");
    })
    .await;
}

async fn reconnect(hooked: &Hooked, key: &ConnectionKey) {
    let connect = hooked.flow.house.broker.connect();
    let new = terapi_broker::connect::NewReconnectSession {
        connection_key: key.clone(),
        integration_key: integration("acme"),
        session: NewSession::default(),
    };
    let opened = connect
        .open_reconnect_session(&hooked.flow.caller, new)
        .await
        .unwrap();
    let auth = connect
        .authenticate_browser(Some(opened.token.expose()), None)
        .await
        .unwrap();
    hooked.flow.connect(&auth).await;
}

#[tokio::test]
async fn a_refused_authorization_is_told_without_tags_or_end_user() {
    on_each(async |kind| {
        let hooked = Hooked::start_on(kind).await;
        hooked
            .refuse(NewSession {
                end_user: Some(end_user()),
                ..NewSession::default()
            })
            .await;
        hooked.deliver().await;
        let body = body_of(&hooked.receiver.received()[0]);
        assert_eq!(
            (&body["operation"], &body["success"], &body["error"]["type"]),
            (&json!("creation"), &json!(false), &json!("invalid_callback"))
        );
        assert!(
            body["error"]["description"]
                .as_str()
                .unwrap()
                .contains("access_denied")
        );
        assert_eq!(body["provider"], "acme");
        assert!(body.get("tags").is_none() && body.get("endUser").is_none());
    })
    .await;
}

#[tokio::test]
async fn credentials_that_cannot_be_renewed_are_told_with_the_connections_tags() {
    on_each(async |kind| {
        let hooked = Hooked::start_on(kind).await;
        let key = hooked.connect().await;
        hooked.deliver().await;
        hooked
            .flow
            .acme
            .script(|script| script.refresh_once.push_back(Answer::InvalidGrant));
        hooked.flow.get_with(&key, FORCED).await.unwrap_err();
        hooked.deliver().await;
        let received = hooked.receiver.received();
        let body = body_of(&received[1]);
        assert_eq!(
            (&body["operation"], &body["success"], &body["error"]["type"]),
            (
                &json!("refresh"),
                &json!(false),
                &json!("refresh_token_external_error")
            )
        );
        assert_eq!(body["tags"]["end_user_id"], "u-1");
        assert!(body.get("endUser").is_none());
    })
    .await;
}

#[tokio::test]
async fn both_addresses_hear_of_it_and_a_connections_own_address_silences_them() {
    on_each(async |kind| {
        let hooked = Hooked::start_on(kind).await;
        let second = Receiver::start().await;
        let own = Receiver::start().await;
        hooked
            .set(EnvironmentPatch {
                webhook_secondary_url: Some(second.at("/second")),
                ..EnvironmentPatch::default()
            })
            .await;
        let key = hooked.connect().await;
        hooked.deliver().await;
        let urls: Vec<String> = hooked.rows().await.into_iter().map(|row| row.url).collect();
        let in_order = [hooked.receiver.at("/hooks"), second.at("/second")];
        assert_eq!(urls, in_order, "the first address is sent to first");
        let (first, second_heard) = (hooked.receiver.received(), second.received());
        assert_eq!((first.len(), second_heard.len()), (1, 1));
        assert_eq!(
            first[0].header("webhook-id"),
            second_heard[0].header("webhook-id")
        );
        assert_eq!(first[0].body, second_heard[0].body);
        // A session that names an address: heard there alone, also before there is a connection.
        let session = || NewSession {
            webhook_url_override: Some(own.at("/own")),
            ..NewSession::default()
        };
        hooked.refuse(session()).await;
        hooked.flow.acme.script(|script| script.deny = None);
        let auth = hooked.flow.session_of(session()).await;
        hooked.flow.connect(&auth).await;
        // And one that gets an address later.
        let patch = ConnectionPatch {
            webhook_url_override: Some(own.at("/patched")),
            ..ConnectionPatch::default()
        };
        let connections = hooked.flow.house.broker.connections();
        connections
            .update(&hooked.flow.caller, &integration("acme"), &key, patch)
            .await
            .unwrap();
        reconnect(&hooked, &key).await;
        hooked.deliver().await;
        assert_eq!(
            (hooked.receiver.received().len(), second.received().len()),
            (1, 1)
        );
        let mut paths: Vec<_> = own.received().into_iter().map(|webhook| webhook.path).collect();
        paths.sort();
        assert_eq!(paths, ["/own", "/own", "/patched"]);
    })
    .await;
}

#[tokio::test]
async fn an_address_that_nothing_may_be_sent_to_is_refused_whoever_gives_it() {
    let house = House::planned(Plan {
        allow: &[],
        ..Plan::default()
    })
    .await;
    let (caller, _) = house.tenant("ada@example.com").await;
    let environments = house.broker.environments();
    let (connect, connections) = (house.broker.connect(), house.broker.connections());
    for bad in [
        "hooks",
        "/hooks",
        "ftp://example.com/",
        "https://10.0.0.1/hooks",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "https://user:pw@example.com/",
        "http://8.8.8.8/",
        "http://example.com/hooks",
        "http://localhost:3003/hooks",
        "https://localhost/hooks",
        "https://hooks.localhost/",
        "https://metadata.google.internal/",
        "https:///",
        "https://example.com/hooks\0",
        "https://example.com/\nhooks",
    ] {
        let patch = EnvironmentPatch {
            webhook_url: Some(bad.into()),
            ..EnvironmentPatch::default()
        };
        let refused = environments.update(&caller, patch).await.unwrap_err();
        assert!(
            matches!(refused, UpdateEnvironmentError::WebhookUrl(_)),
            "{bad}: {refused}"
        );
        let session = NewSession {
            webhook_url_override: Some(bad.into()),
            ..NewSession::default()
        };
        assert!(connect.open_session(&caller, session).await.is_err(), "{bad}");
        let patch = ConnectionPatch {
            webhook_url_override: Some(bad.into()),
            ..ConnectionPatch::default()
        };
        let (acme, key) = (integration("acme"), ConnectionKey::parse("c-1").unwrap());
        let refused = connections.update(&caller, &acme, &key, patch).await;
        assert!(
            matches!(refused, Err(UpdateConnectionError::Invalid(_))),
            "{bad}: {refused:?}"
        );
    }
    let patch = EnvironmentPatch {
        webhook_url: Some(" https://example.com/hooks ".into()),
        webhook_secondary_url: Some("https://8.8.8.8/".into()),
        ..EnvironmentPatch::default()
    };
    let saved = environments.update(&caller, patch).await.unwrap();
    assert_eq!(saved.webhook_url.as_deref(), Some("https://example.com/hooks"));
    let patch = EnvironmentPatch {
        webhook_url: Some(String::new()),
        ..EnvironmentPatch::default()
    };
    let saved = environments.update(&caller, patch).await.unwrap();
    assert_eq!(saved.webhook_url, None);
    assert_eq!(saved.webhook_secondary_url.as_deref(), Some("https://8.8.8.8/"));
    assert!(saved.webhook_on_creation && saved.webhook_on_refresh_error);
}

/// Every name is this address.
struct Always(IpAddr);

impl Lookup for Always {
    fn addresses(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let address = self.0;
        Box::pin(async move { Ok(vec![address]) })
    }
}

fn egress(allow: &str) -> Egress {
    Egress::new(&EgressOptions {
        allow: vec![EgressAllow::parse(allow).unwrap()],
        lookup: Arc::new(Always("127.0.0.1".parse().unwrap())),
        webhook_limit: Duration::from_millis(300),
        ..EgressOptions::default()
    })
    .unwrap()
}

async fn post(egress: &Egress, url: &str) -> Result<u16, WebhookSendError> {
    let headers = HeaderMap::new();
    let sent = egress.post_webhook(url.parse().unwrap(), &headers, "{}");
    sent.await.map(|answer| answer.status)
}

#[tokio::test]
async fn a_webhook_goes_to_no_private_address_also_not_by_name_or_redirect() {
    let (open, closed) = (Receiver::start().await, Receiver::start().await);
    let egress = egress(&format!("127.0.0.1:{}", open.port()));
    let refused = |outcome| matches!(outcome, Err(WebhookSendError::Egress(EgressError::Refused(_))));
    assert!(refused(post(&egress, &closed.at("/")).await));
    let by_name = format!("https://hooks.example.com:{}/", closed.port());
    assert!(refused(post(&egress, &by_name).await));
    for status in [301, 302, 307, 308] {
        open.reply([Reply::Redirect(status, closed.at("/"))]);
        assert!(refused(post(&egress, &open.at("/")).await), "{status}");
        open.reply([Reply::Redirect(status, "http://169.254.169.254/latest".into())]);
        assert!(refused(post(&egress, &open.at("/")).await), "{status}");
        open.reply([Reply::Redirect(status, "file:///etc/passwd".into())]);
        assert!(post(&egress, &open.at("/")).await.is_err(), "{status}");
    }
    assert!(closed.received().is_empty());
}

#[tokio::test]
async fn five_redirects_are_followed_with_method_and_body_and_no_more() {
    let receiver = Receiver::start().await;
    let egress = egress("127.0.0.0/8");
    receiver.reply([301, 302, 307, 308, 307].map(|status| Reply::Redirect(status, "/next?a=1".into())));
    assert_eq!(post(&egress, &receiver.at("/first")).await, Ok(200));
    let received = receiver.received();
    assert_eq!(received.len(), 6);
    for webhook in &received[1..] {
        assert_eq!(
            (
                webhook.method.as_str(),
                webhook.path.as_str(),
                webhook.body.as_str()
            ),
            ("POST", "/next?a=1", "{}")
        );
    }
    receiver.reply(std::iter::repeat_n(Reply::Redirect(307, "/next".into()), 6));
    assert_eq!(
        post(&egress, &receiver.at("/")).await,
        Err(WebhookSendError::Redirects)
    );
    assert_eq!(receiver.received().len(), 12);
}

#[tokio::test]
async fn a_receiver_that_never_answers_is_let_go() {
    let receiver = Receiver::start().await;
    receiver.reply([Reply::Never]);
    let outcome = post(&egress("127.0.0.0/8"), &receiver.at("/")).await;
    assert!(
        matches!(
            outcome,
            Err(WebhookSendError::Egress(EgressError::Timeout { .. }))
        ),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_new_signing_key_signs_what_already_waits() {
    on_each(async |kind| {
        let hooked = Hooked::start_on(kind).await;
        hooked.connect().await;
        let old = hooked.signing_key().await;
        let environments = hooked.flow.house.broker.environments();
        let new = environments
            .rotate_webhook_signing_key(&hooked.flow.caller)
            .await
            .unwrap();
        assert_ne!(new.expose(), &old);
        assert_eq!(uuid::Uuid::try_parse(new.expose()).unwrap().get_version_num(), 4);
        assert_eq!(new.expose(), &hooked.signing_key().await);
        hooked.deliver().await;
        assert_signed(&hooked.receiver.received()[0], new.expose());
        assert!(!hooked.flow.house.has_bytes(new.expose()), "it is stored sealed");
    })
    .await;
}

#[tokio::test]
async fn no_secret_is_in_any_event() {
    let hooked = Hooked::start().await;
    let key = hooked.connect().await;
    let token = hooked.flow.access_token(&key).await;
    hooked
        .flow
        .acme
        .script(|script| script.refresh_once.push_back(Answer::InvalidGrant));
    hooked.flow.get_with(&key, FORCED).await.unwrap_err();
    hooked.refuse(NewSession::default()).await;
    let signing_key = hooked.signing_key().await;
    let rows = hooked.rows().await;
    assert_eq!(rows.len(), 3);
    for row in rows {
        for secret in [&token, &signing_key, "acme-demo-secret", "code="] {
            assert!(!row.body.contains(secret), "{}", row.body);
        }
    }
}

#[tokio::test]
async fn what_became_of_an_event_is_kept_for_a_month() {
    let hooked = Hooked::start().await;
    hooked.connect().await;
    hooked.deliver().await;
    let (house, day) = (&hooked.flow.house, 24 * 3600);
    house.clock.advance_seconds(29 * day);
    assert_eq!(house.broker.sweep().await.unwrap().unwrap().webhook_deliveries, 0);
    house.clock.advance_seconds(2 * day);
    assert_eq!(house.broker.sweep().await.unwrap().unwrap().webhook_deliveries, 1);
    assert_eq!(hooked.rows().await, []);
}
