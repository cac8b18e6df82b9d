//! Posting events to addresses that operators and their backends name.

use std::time::Duration;

use http::header::LOCATION;
use http::{HeaderMap, Method};
use reqwest::Response;
use url::Url;

use super::{Egress, EgressError, describe};

/// So many redirects are followed (rest.md 13.7).
const MOST_REDIRECTS: usize = 5;

/// So much of an answer is kept, in bytes (decision D25).
const MOST_KEPT: usize = 20_000;

/// How long the body of an answer may take.
const BODY_LIMIT: Duration = Duration::from_secs(3);

/// What an address said to an event.
#[derive(Debug)]
pub struct WebhookAnswer {
    /// Status, after redirects.
    pub status: u16,
    /// The answer's headers.
    pub headers: HeaderMap,
    /// The start of the body, at most 20 kB.
    pub body: Vec<u8>,
}

/// Why an address said nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookSendError {
    /// No answer.
    #[error(transparent)]
    Egress(#[from] EgressError),
    /// It led on and on.
    #[error("the address redirected more than {MOST_REDIRECTS} times")]
    Redirects,
    /// It led to something that is no address.
    #[error("the address redirected to something that is no address")]
    BadRedirect,
}

impl Egress {
    /// Posts an event. A redirect that may keep the method is followed with the same body, after the next address was
    /// judged like the first; 303 asks for a GET, which would lose the event, and is an answer like any other.
    ///
    /// # Errors
    /// When an address is refused or no answer comes in time. Any status is an answer.
    ///
    /// # Panics
    /// In debug builds, when a database transaction is open in this task.
    pub async fn post_webhook(
        &self,
        url: Url,
        headers: &HeaderMap,
        body: &str,
    ) -> Result<WebhookAnswer, WebhookSendError> {
        debug_assert!(
            !terapi_store::tx_alive(),
            "no transaction may be open while a webhook is sent"
        );
        let host = url.host_str().unwrap_or_default().to_owned();
        let limit = self.0.webhook_limit;
        match tokio::time::timeout(limit, self.post_on(url, headers, body)).await {
            Ok(answer) => answer,
            Err(_) => {
                let seconds = limit.as_secs();
                Err(EgressError::Timeout { host, seconds }.into())
            }
        }
    }

    async fn post_on(
        &self,
        mut url: Url,
        headers: &HeaderMap,
        body: &str,
    ) -> Result<WebhookAnswer, WebhookSendError> {
        for _ in 0..=MOST_REDIRECTS {
            let host = url.host_str().unwrap_or_default().to_owned();
            let sent = self.lane_for(&url)?.request(Method::POST, url.clone());
            let sent = sent.headers(headers.clone()).body(body.to_owned()).send();
            let response = sent.await.map_err(|error| describe(&host, &error))?;
            let status = response.status().as_u16();
            match response.headers().get(LOCATION) {
                Some(location) if matches!(status, 301 | 302 | 307 | 308) => {
                    let location = location.to_str().ok();
                    let next = location.and_then(|location| url.join(location).ok());
                    url = next.ok_or(WebhookSendError::BadRedirect)?;
                }
                _ => {
                    let headers = response.headers().clone();
                    let body = read_start(response).await;
                    return Ok(WebhookAnswer {
                        status,
                        headers,
                        body,
                    });
                }
            }
        }
        Err(WebhookSendError::Redirects)
    }
}

/// The start of a body. The status has been said already, so what has not come in time does not matter.
async fn read_start(mut response: Response) -> Vec<u8> {
    let mut start = Vec::new();
    let reading = async {
        while let Ok(Some(chunk)) = response.chunk().await {
            let room = MOST_KEPT - start.len();
            start.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() >= room {
                break;
            }
        }
    };
    let in_time = tokio::time::timeout(BODY_LIMIT, reading).await.is_ok();
    if !in_time {
        tracing::debug!("the answer to a webhook is only kept in part");
    }
    start
}
