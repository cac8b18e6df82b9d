//! Which addresses are being sent to, so that one that hangs takes no more than its share, and one that is dead is not
//! waited for by every event.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use terapi_model::EnvironmentId;
use terapi_store::webhook_deliveries::{PassedOver, WebhookDeliveryRow};
use tokio::time::Instant;

use super::Bell;

/// An address that is sent so many at the same time is passed over until one of them ends.
const SHARE_OF_ADDRESS: usize = 30;

/// The same for all addresses of an environment together.
const SHARE_OF_ENVIRONMENT: usize = 60;

/// So many silences within [`SILENT_WITHIN`] make an address dead for [`DEAD_FOR`] (rest.md 14.2).
const MOST_SILENCES: u32 = 5;
const SILENT_WITHIN: Duration = Duration::from_secs(10);
const DEAD_FOR: Duration = Duration::from_secs(60);

/// From how many silent addresses on those that matter no more are forgotten.
const MANY: usize = 1024;

/// What one worker is sending.
#[derive(Debug, Default)]
pub(super) struct Shares(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    by_address: HashMap<String, usize>,
    by_environment: HashMap<EnvironmentId, usize>,
    silent: HashMap<String, Silence>,
}

/// An address that did not answer lately.
#[derive(Debug, Clone, Copy)]
struct Silence {
    since: Instant,
    times: u32,
    dead_until: Option<Instant>,
}

impl Silence {
    fn matters(&self, now: Instant) -> bool {
        match self.dead_until {
            Some(until) => now < until,
            None => now.duration_since(self.since) < SILENT_WITHIN,
        }
    }

    fn is_dead(&self, now: Instant) -> bool {
        self.dead_until.is_some_and(|until| now < until)
    }
}

/// A place among those that are being sent, given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    shares: Arc<Shares>,
    url: String,
    environment: EnvironmentId,
    bell: Arc<Bell>,
}

impl Shares {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those who have their share, and addresses that have been silent so often that they are not tried now. Their
    /// events wait in the outbox, with all their attempts.
    pub(super) fn passed_over(&self, now: Instant) -> PassedOver {
        let state = self.state();
        let full = state
            .by_address
            .iter()
            .filter(|(_, sent)| **sent >= SHARE_OF_ADDRESS)
            .map(|(url, _)| url);
        let dead = state.silent.iter().filter(|(_, silence)| silence.is_dead(now));
        let urls = full.chain(dead.map(|(url, _)| url)).cloned().collect();
        let full = state.by_environment.iter();
        let full = full.filter(|(_, sent)| **sent >= SHARE_OF_ENVIRONMENT);
        PassedOver {
            urls,
            environments: full.map(|(id, _)| id.clone()).collect(),
        }
    }

    /// Counts a delivery as under way. `bell` is rung when somebody who had their share has room again.
    pub(super) fn take(self: &Arc<Self>, delivery: &WebhookDeliveryRow, bell: &Arc<Bell>) -> Place {
        let place = Place {
            shares: Arc::clone(self),
            url: delivery.url.clone(),
            environment: delivery.environment_id.clone(),
            bell: Arc::clone(bell),
        };
        let mut state = self.state();
        *state.by_address.entry(place.url.clone()).or_default() += 1;
        *state.by_environment.entry(place.environment.clone()).or_default() += 1;
        drop(state);
        place
    }

    /// Notes whether an address answered, whatever it said.
    pub(super) fn note(&self, url: &str, answered: bool, now: Instant) {
        let mut state = self.state();
        if answered {
            state.silent.remove(url);
            return;
        }
        if state.silent.len() >= MANY {
            state.silent.retain(|_, silence| silence.matters(now));
        }
        let fresh = Silence {
            since: now,
            times: 0,
            dead_until: None,
        };
        let silence = state.silent.entry(url.to_owned()).or_insert(fresh);
        if !silence.matters(now) {
            *silence = fresh;
        }
        silence.times += 1;
        if silence.times >= MOST_SILENCES && silence.dead_until.is_none() {
            silence.dead_until = Some(now + DEAD_FOR);
        }
    }
}

/// Counts one less; true when there is room where there was none.
fn leave<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K, share: usize) -> bool {
    let Some(count) = counts.get_mut(key) else {
        return false;
    };
    *count -= 1;
    let has_room_again = *count + 1 == share;
    if *count == 0 {
        counts.remove(key);
    }
    has_room_again
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.shares.state();
        let of_address = leave(&mut state.by_address, &self.url, SHARE_OF_ADDRESS);
        let of_environment = leave(&mut state.by_environment, &self.environment, SHARE_OF_ENVIRONMENT);
        drop(state);
        if of_address || of_environment {
            self.bell.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://hooks.example.com";

    fn is_passed_over(shares: &Shares, url: &str, now: Instant) -> bool {
        shares.passed_over(now).urls.iter().any(|passed| passed == url)
    }

    #[test]
    fn five_silences_in_ten_seconds_make_an_address_dead_for_a_minute() {
        let (shares, start) = (Shares::default(), Instant::now());
        for _ in 0..4 {
            shares.note(URL, false, start);
        }
        shares.note(URL, false, start + SILENT_WITHIN);
        assert!(
            !is_passed_over(&shares, URL, start + SILENT_WITHIN),
            "the first four are too old"
        );
        for _ in 0..4 {
            shares.note(URL, false, start + SILENT_WITHIN);
        }
        let dead_at = start + SILENT_WITHIN;
        assert!(is_passed_over(&shares, URL, dead_at));
        assert!(!is_passed_over(&shares, "https://other.example.com", dead_at));
        assert!(
            !is_passed_over(&shares, URL, dead_at + DEAD_FOR),
            "it is tried again"
        );
        shares.note(URL, false, dead_at + DEAD_FOR);
        assert!(
            !is_passed_over(&shares, URL, dead_at + DEAD_FOR),
            "and given five more tries"
        );
    }

    #[test]
    fn an_answer_ends_the_silence() {
        let (shares, now) = (Shares::default(), Instant::now());
        for _ in 0..4 {
            shares.note(URL, false, now);
        }
        shares.note(URL, true, now);
        shares.note(URL, false, now);
        assert!(!is_passed_over(&shares, URL, now));
    }
}
