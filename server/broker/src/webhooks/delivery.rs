use std::sync::Arc;
use std::time::Duration;

use http::header::RETRY_AFTER;
use terapi_model::{OperationId, Timestamp};
use terapi_store::webhook_deliveries::{self, DeliveryAttempt, DeliveryState, WebhookDeliveryRow};
use terapi_store::{StoreError, environments};
use terapi_vault::token;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use super::Webhooks;
use super::shares::Shares;
use super::signature::signed_headers;
use crate::egress::{EgressError, WebhookAnswer, WebhookSendError};
use crate::sealing::{SealingError, cell};

/// How often an event is sent to an address at most (rest.md 14.2, quirk Q15).
pub(super) const MOST_ATTEMPTS: u32 = 3;

/// Waits after the first, the second, … attempt: the first steps of the ladder of decision D25.
const WAITS_MS: [i64; 2] = [5_000, 300_000];

/// How far a wait may be off either way, in percent: what failed together is not tried again together.
const JITTER_PERCENT: i64 = 20;

/// Longest wait that a receiver can ask for, seconds.
const LONGEST_RETRY_AFTER_S: i64 = 3600;

/// How long a claim is believed. Longer than a webhook may take.
const LEASE_S: i64 = 60;

/// So many are claimed at once.
const BATCH: usize = 20;

/// So many are sent at the same time; one address has a share of that.
const MOST_IN_FLIGHT: usize = 256;

/// How often the worker looks for what others have committed; ± 10 %.
const POLL_MS: u64 = 1000;

/// Longest answer that is kept, in bytes (decision D25).
const MOST_RESPONSE: usize = 20_000;

/// Pauses between tries to write an outcome down.
const PAUSE_FIRST: Duration = Duration::from_millis(50);
const PAUSE_LONGEST: Duration = Duration::from_secs(2);

impl Webhooks<'_> {
    /// Sends what is due until `stop` is cancelled, then lets what is under way end. Looks at the outbox at least once:
    /// with `stop` cancelled already it sends one batch of what is due and returns when that is written down.
    pub async fn run(&self, stop: CancellationToken) {
        let sending = TaskTracker::new();
        let slots = Arc::new(Semaphore::new(MOST_IN_FLIGHT));
        let shares = Arc::new(Shares::default());
        let mut is_failing = false;
        loop {
            tokio::select! {
                biased;
                room = slots.acquire() => drop(room),
                () = stop.cancelled() => break,
            }
            let may_be_more = match self.send_claimed(&sending, &slots, &shares).await {
                Ok(may_be_more) => {
                    is_failing = false;
                    may_be_more
                }
                // Said once an outage, not once a second.
                Err(error) if !is_failing => {
                    tracing::warn!(%error, "the webhook outbox cannot be read; trying again every second");
                    is_failing = true;
                    false
                }
                Err(_) => false,
            };
            if may_be_more && !stop.is_cancelled() {
                continue;
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = self.broker.webhook_bell().notified() => {}
                () = tokio::time::sleep(self.poll()) => {}
            }
        }
        sending.close();
        sending.wait().await;
    }

    /// Claims a batch, as far as there is room, and sends it in tasks of their own. True when more may be due.
    async fn send_claimed(
        &self,
        sending: &TaskTracker,
        slots: &Arc<Semaphore>,
        shares: &Arc<Shares>,
    ) -> Result<bool, StoreError> {
        let limit = slots.available_permits().min(BATCH);
        let holder: Arc<str> = token::hex(self.broker.entropy(), 16).expose().as_str().into();
        let now = self.broker.now();
        let deadline = Instant::now() + Duration::from_secs(LEASE_S.unsigned_abs());
        let mut tx = self.broker.store().begin().await?;
        let until = now.plus_seconds(LEASE_S);
        let passed_over = shares.passed_over(Instant::now());
        let claimed = webhook_deliveries::claim(&mut tx, &holder, now, until, limit, &passed_over).await?;
        if claimed.is_empty() {
            return Ok(false);
        }
        tx.commit().await?;
        let may_be_more = claimed.len() == limit;
        for delivery in claimed {
            let slot = Arc::clone(slots).acquire_owned().await;
            let place = shares.take(&delivery, self.broker.webhook_bell());
            let (broker, holder, shares) = (self.broker.clone(), Arc::clone(&holder), Arc::clone(shares));
            sending.spawn(async move {
                let webhooks = broker.webhooks();
                webhooks.attempt(&holder, &delivery, deadline, &shares).await;
                drop((slot, place));
            });
        }
        Ok(may_be_more)
    }

    fn poll(&self) -> Duration {
        let mut random = [0; 1];
        self.broker.entropy().fill(&mut random);
        Duration::from_millis(POLL_MS * 9 / 10 + POLL_MS / 5 * u64::from(random[0]) / 255)
    }

    /// Sends one and writes down what came of it.
    async fn attempt(&self, holder: &str, delivery: &WebhookDeliveryRow, deadline: Instant, shares: &Shares) {
        let (begun, began) = (Instant::now(), self.broker.now());
        let sent = match self.send(delivery, shares).await {
            Ok(sent) => sent,
            Err(error) => {
                tracing::error!(delivery = %delivery.id, %error, "a webhook could not be made ready; it stays in the outbox");
                return;
            }
        };
        let tried = Tried::of(sent);
        let attempt = self.judge(delivery, &tried);
        let number = delivery.attempts + 1;
        let duration_ms = begun.elapsed().as_millis();
        match attempt.state {
            DeliveryState::Delivered => tracing::info!(
                delivery = %delivery.id, webhook = %delivery.webhook_id, event = %delivery.event, attempt = number,
                status = tried.status, duration_ms, "webhook delivered"
            ),
            _ => tracing::warn!(
                delivery = %delivery.id, webhook = %delivery.webhook_id, event = %delivery.event, attempt = number,
                status = tried.status, duration_ms, state = attempt.state.as_str(), error = tried.error,
                "webhook not delivered"
            ),
        }
        let outcome = Outcome {
            delivery,
            attempt,
            began,
            ended: self.broker.now(),
        };
        self.keep(holder, &outcome, deadline).await;
    }

    /// Signs and sends. The key is read now, so that an event that waited is signed with the key of the day.
    ///
    /// # Errors
    /// When the database does not answer. The event stays claimed, and is due again when the claim ends.
    async fn send(&self, delivery: &WebhookDeliveryRow, shares: &Shares) -> Result<Sent, StoreError> {
        let broker = self.broker;
        let environment =
            environments::find(&mut broker.store().read().await?, &delivery.environment_id).await?;
        let Some(environment) = environment else {
            return Ok(Sent::Nowhere("the environment was deleted meanwhile"));
        };
        let Ok(url) = Url::parse(&delivery.url) else {
            return Ok(Sent::Nowhere("the address is none"));
        };
        let place = cell::webhook_signing_key(&environment.id);
        let key = match broker
            .sealing()
            .open_text(&place, &environment.webhook_signing_key_sealed)
        {
            Ok(key) => key,
            Err(error) => return Ok(Sent::Unsigned(error)),
        };
        let headers = signed_headers(&key, &delivery.webhook_id, broker.now(), &delivery.body);
        let sent = broker.egress().post_webhook(url, &headers, &delivery.body).await;
        let was_silent = sent.as_ref().is_err_and(is_silence);
        shares.note(&delivery.url, !was_silent, Instant::now());
        Ok(sent.map_or_else(Sent::Failed, Sent::Answered))
    }

    /// What is written down of an attempt: whether the event is delivered, and otherwise whether and when it is sent
    /// again.
    fn judge(&self, delivery: &WebhookDeliveryRow, tried: &Tried) -> DeliveryAttempt {
        let now = self.broker.now();
        let wait_ms = usize::try_from(delivery.attempts)
            .ok()
            .and_then(|attempts| WAITS_MS.get(attempts))
            .filter(|_| tried.is_passing && delivery.attempts + 1 < delivery.max_attempts);
        let (state, due_at) = match (&tried.error, wait_ms) {
            (None, _) => (DeliveryState::Delivered, delivery.due_at),
            (Some(_), None) => (DeliveryState::Exhausted, delivery.due_at),
            (Some(_), Some(wait_ms)) => {
                let asked_ms = tried.retry_after_s.unwrap_or(0) * 1000;
                (
                    DeliveryState::Pending,
                    now.plus_millis(self.jittered(*wait_ms).max(asked_ms)),
                )
            }
        };
        DeliveryAttempt {
            state,
            due_at,
            status: tried.status,
            error: tried.error.clone(),
            response: tried.response.clone(),
            operation_id: Some(
                delivery
                    .operation_id
                    .clone()
                    .unwrap_or_else(|| self.broker.mint(OperationId::mint)),
            ),
        }
    }

    fn jittered(&self, wait_ms: i64) -> i64 {
        let mut random = [0; 2];
        self.broker.entropy().fill(&mut random);
        let random = i64::from(u16::from_be_bytes(random));
        let most = wait_ms * JITTER_PERCENT / 100;
        wait_ms - most + 2 * most * random / i64::from(u16::MAX)
    }

    /// Writes the outcome down. A database that fails is asked again while the claim lasts; after that the event is sent
    /// once more, which its receiver knows by its id.
    async fn keep(&self, holder: &str, outcome: &Outcome<'_>, deadline: Instant) {
        let id = &outcome.delivery.id;
        let mut pause = PAUSE_FIRST;
        loop {
            let written = async {
                let now = self.broker.now();
                let mut tx = self.broker.store().begin().await?;
                let ours = webhook_deliveries::record(&mut tx, id, holder, &outcome.attempt, now).await?;
                if ours {
                    self.log(&mut tx, outcome).await?;
                }
                tx.commit().await?;
                Ok::<bool, StoreError>(ours)
            };
            match written.await {
                Ok(true) => return,
                Ok(false) => {
                    tracing::warn!(delivery = %id, "a webhook took longer than its claim; it is sent again");
                    return;
                }
                Err(error) if Instant::now() + pause >= deadline => {
                    tracing::error!(delivery = %id, %error, "what became of a webhook could not be stored; it is sent again");
                    return;
                }
                Err(_) => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_LONGEST);
                }
            }
        }
    }
}

/// An attempt that is over.
pub(super) struct Outcome<'a> {
    pub(super) delivery: &'a WebhookDeliveryRow,
    pub(super) attempt: DeliveryAttempt,
    pub(super) began: Timestamp,
    pub(super) ended: Timestamp,
}

/// What came of sending.
enum Sent {
    Answered(WebhookAnswer),
    Failed(WebhookSendError),
    /// The signing key does not open.
    Unsigned(SealingError),
    /// There is no address to send it to.
    Nowhere(&'static str),
}

/// Whether nothing came back.
fn is_silence(error: &WebhookSendError) -> bool {
    matches!(
        error,
        WebhookSendError::Egress(EgressError::Unreachable { .. } | EgressError::Timeout { .. })
    )
}

/// The same, judged.
struct Tried {
    status: Option<u32>,
    /// Why it failed; none: the address took it.
    error: Option<String>,
    /// It may work in a while: 5xx, 408, 429 and whatever is no answer (quirk Q15).
    is_passing: bool,
    retry_after_s: Option<i64>,
    response: Option<String>,
}

impl Tried {
    fn of(sent: Sent) -> Self {
        match sent {
            Sent::Answered(answer) => Self::of_answer(&answer),
            Sent::Failed(error) => Self::failed(error.to_string(), is_silence(&error)),
            Sent::Unsigned(error) => Self::failed(error.to_string(), true),
            Sent::Nowhere(reason) => Self::failed(reason.to_owned(), false),
        }
    }

    fn failed(error: String, is_passing: bool) -> Self {
        Self {
            status: None,
            error: Some(error),
            is_passing,
            retry_after_s: None,
            response: None,
        }
    }

    fn of_answer(answer: &WebhookAnswer) -> Self {
        let took_it = (200..300).contains(&answer.status);
        let retry_after = answer.headers.get(RETRY_AFTER);
        Self {
            status: Some(u32::from(answer.status)),
            error: (!took_it).then(|| format!("the address answered with status {}", answer.status)),
            is_passing: matches!(answer.status, 408 | 429 | 500..),
            retry_after_s: retry_after
                .and_then(|value| value.to_str().ok()?.trim().parse().ok())
                .filter(|seconds| *seconds > 0)
                .map(|seconds: i64| seconds.min(LONGEST_RETRY_AFTER_S)),
            response: Some(shown(&answer.body)),
        }
    }
}

/// Bytes of a stranger as text that either database takes.
fn shown(body: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(body).replace('\0', "\u{fffd}");
    text.truncate(text.floor_char_boundary(MOST_RESPONSE));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_cut_between_characters_and_holds_no_nul() {
        let body = [b"a\0".as_slice(), "ö".repeat(MOST_RESPONSE).as_bytes(), &[0xff]].concat();
        let shown = shown(&body);
        assert!(shown.len() <= MOST_RESPONSE && shown.len() > MOST_RESPONSE - 4);
        assert!(!shown.contains('\0'));
    }
}
