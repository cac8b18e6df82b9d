//! How often an account may call (rest.md 1.6): a number of calls in a window of 60 seconds, counted by each process
//! for itself; off unless configured.
//!
//! A call is counted where it is authenticated, in an extractor or a handler, and the numbers are announced in the
//! headers of whatever is answered, by [`announce`], which wraps them all.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use terapi_model::{AccountId, ErrorCode, Timestamp};

use crate::error::ApiError;
use crate::layers::shown;

/// How long a window is, milliseconds.
const WINDOW: i64 = 60_000;
/// From how many windows on those that have passed are thrown away.
const MANY: usize = 1024;

/// Counts the calls of every account. Cheap to clone; all clones count together.
#[derive(Debug, Clone, Default)]
pub struct RateLimit(Option<Arc<Windows>>);

#[derive(Debug)]
struct Windows {
    limit: u32,
    by_bucket: Mutex<HashMap<Bucket, Window>>,
}

/// Calls that are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Bucket {
    account: AccountId,
    kind: Kind,
    is_script: bool,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    ends_at: Timestamp,
    used: u32,
}

/// What a call was authenticated with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An API key.
    Secret,
    /// A session token or a public key.
    Global,
}

/// Where an account stands after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Standing {
    limit: u32,
    remaining: u32,
    ends_at: Timestamp,
    /// Whole seconds to wait; none when the call may go on.
    wait: Option<i64>,
}

tokio::task_local! {
    /// The call that is being answered.
    static CALL: Call;
}

struct Call {
    method: Method,
    path: String,
    is_script: bool,
    standing: OnceLock<Standing>,
}

impl RateLimit {
    /// At most `per_minute` calls of each kind in a window; none: as many as they like.
    pub fn new(per_minute: Option<NonZeroU32>) -> Self {
        Self(per_minute.map(|limit| {
            Arc::new(Windows {
                limit: limit.get(),
                by_bucket: Mutex::default(),
            })
        }))
    }

    /// Counts the call that is being answered, once, for the account that it was authenticated for.
    ///
    /// # Errors
    /// 429 `too_many_request` when it is one too many.
    pub fn count(&self, account: &AccountId, kind: Kind, now: Timestamp) -> Result<(), ApiError> {
        match self.wait(account, kind, now) {
            Some(wait) => CALL.with(|call| Err(refused(call, wait))),
            None => Ok(()),
        }
    }

    /// Counts it likewise; answers how many seconds to wait when it is one too many.
    pub fn wait(&self, account: &AccountId, kind: Kind, now: Timestamp) -> Option<i64> {
        let windows = self.0.as_ref()?;
        // Outside a request nobody is there to be told, as in a unit test of a handler.
        let standing = CALL.try_with(|call| {
            let bucket = Bucket {
                account: account.clone(),
                kind,
                is_script: call.is_script,
            };
            *call.standing.get_or_init(|| windows.count(bucket, now))
        });
        standing.ok()?.wait
    }

    /// Whether anything is counted.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }
}

impl Windows {
    fn count(&self, bucket: Bucket, now: Timestamp) -> Standing {
        let mut windows = self.by_bucket.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= MANY {
            windows.retain(|_, window| window.ends_at > now);
        }
        let fresh = Window {
            ends_at: now.plus_millis(WINDOW),
            used: 0,
        };
        let window = windows.entry(bucket).or_insert(fresh);
        if window.ends_at <= now {
            *window = fresh;
        }
        window.used = window.used.saturating_add(1);
        let left = window.ends_at.millis_since(now);
        Standing {
            limit: self.limit,
            remaining: self.limit.saturating_sub(window.used),
            ends_at: window.ends_at,
            wait: (window.used > self.limit).then(|| (left + 999) / 1000),
        }
    }
}

fn refused(call: &Call, wait: i64) -> ApiError {
    ApiError::new(
        StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::TooManyRequest,
        format!("this account makes too many calls; try again in {wait} seconds"),
    )
    .with_field("method", call.method.as_str())
    .with_field("path", call.path.as_str())
    .with_header(header::RETRY_AFTER, HeaderValue::from(wait))
}

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// Tells whoever was counted where they stand.
pub(crate) async fn announce(request: Request, next: Next) -> Response {
    let is_script = request
        .headers()
        .get("nango-is-script")
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"));
    let call = Call {
        method: request.method().clone(),
        path: shown(request.uri().path()),
        is_script,
        standing: OnceLock::new(),
    };
    CALL.scope(call, async move {
        let mut response = next.run(request).await;
        let standing = CALL.with(|call| call.standing.get().copied());
        if let Some(standing) = standing {
            standing.write(response.headers_mut());
        }
        response
    })
    .await
}

impl Standing {
    fn write(self, headers: &mut HeaderMap) {
        headers.insert(LIMIT, HeaderValue::from(self.limit));
        headers.insert(REMAINING, HeaderValue::from(self.remaining));
        let reset = (self.ends_at.as_millis() + 999) / 1000;
        headers.insert(RESET, HeaderValue::from(reset));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000);

    fn bucket(account: &str, kind: Kind, is_script: bool) -> Bucket {
        Bucket {
            account: AccountId::from_stored(account.to_owned()),
            kind,
            is_script,
        }
    }

    fn windows(limit: u32) -> Arc<Windows> {
        RateLimit::new(NonZeroU32::new(limit)).0.unwrap()
    }

    #[test]
    fn a_window_begins_with_the_first_call_and_ends_after_a_minute() {
        let windows = windows(2);
        let count = |now| windows.count(bucket("acc_1", Kind::Secret, false), now);
        let first = count(NOW);
        assert_eq!((first.remaining, first.wait), (1, None));
        let later = NOW.plus_seconds(59);
        assert_eq!((count(later).remaining, count(later).wait), (0, Some(1)));
        assert_eq!(count(NOW.plus_millis(59_500)).wait, Some(1));
        let next = count(NOW.plus_seconds(60));
        assert_eq!((next.remaining, next.wait), (1, None));
        assert_eq!(next.ends_at, NOW.plus_seconds(120));
    }

    #[test]
    fn accounts_kinds_and_scripts_are_counted_apart() {
        let windows = windows(1);
        for bucket in [
            bucket("acc_1", Kind::Secret, false),
            bucket("acc_1", Kind::Global, false),
            bucket("acc_1", Kind::Secret, true),
            bucket("acc_2", Kind::Secret, false),
        ] {
            assert_eq!(windows.count(bucket.clone(), NOW).wait, None, "{bucket:?}");
            assert_eq!(windows.count(bucket, NOW).wait, Some(60));
        }
    }

    #[test]
    fn windows_that_have_passed_are_thrown_away() {
        let windows = windows(1);
        for number in 0..MANY {
            windows.count(bucket(&format!("acc_{number}"), Kind::Secret, false), NOW);
        }
        windows.count(bucket("acc_new", Kind::Secret, false), NOW.plus_seconds(61));
        assert_eq!(windows.by_bucket.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn one_call_is_counted_once_however_often_it_is_authenticated() {
        let limit = RateLimit::new(NonZeroU32::new(1));
        let account = AccountId::from_stored("acc_1".to_owned());
        let call = Call {
            method: Method::GET,
            path: "/connections".to_owned(),
            is_script: false,
            standing: OnceLock::new(),
        };
        CALL.scope(call, async {
            assert!(limit.count(&account, Kind::Secret, NOW).is_ok());
            assert!(limit.count(&account, Kind::Secret, NOW).is_ok());
        })
        .await;
    }
}
