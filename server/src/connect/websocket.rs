//! The socket on `/` through which published browser packages hear of a popup's result (rest.md 9.3).
//!
//! The client never sends a frame. It is told its id at once, navigates its popup with it, and waits for one
//! terminal frame. The result is stored with the attempt, so it arrives here whichever instance took the callback.

use std::net::IpAddr;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use http::StatusCode;
use serde_json::json;
use terapi_broker::connect::ResultFrame;
use terapi_model::ErrorCode;

use super::sockets::Seat;
use crate::error::ApiError;
use crate::state::AppState;

/// What a client may send at most, bytes; it has nothing to say. Of a frame as of a message: a frame is kept until
/// its end before the message is judged.
const MOST_BYTES: usize = 1024;
/// How often an idle socket is pinged, so that no proxy between drops it during a long consent screen.
const PING_EVERY: Duration = Duration::from_secs(25);
/// How long a socket may stay open.
const LIFE: Duration = Duration::from_secs(15 * 60);

/// Answers an upgrade: any origin, no sub-protocol, nothing asked.
pub fn accept(upgrade: WebSocketUpgrade, address: IpAddr, state: AppState) -> Response {
    let Some(seat) = state.sockets.take(address) else {
        return ApiError::new(
            StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::TooManyRequest,
            "too many sockets are open from this address",
        )
        .into_response();
    };
    upgrade
        .max_message_size(MOST_BYTES)
        .max_frame_size(MOST_BYTES)
        .on_upgrade(move |socket| run(socket, state, seat))
}

async fn run(socket: WebSocket, state: AppState, _seat: Seat) {
    let subscription = state.broker.connect().listen();
    hold(socket, subscription.ws_client_id(), subscription.result()).await;
}

/// Tells the client its id, keeps the socket alive, and tells the result when there is one.
async fn hold(mut socket: WebSocket, ws_client_id: &str, result: impl Future<Output = ResultFrame>) {
    let ack = json!({ "message_type": "connection_ack", "ws_client_id": ws_client_id }).to_string();
    if socket.send(Message::text(ack)).await.is_err() {
        return;
    }
    let life = tokio::time::sleep(LIFE);
    tokio::pin!(result, life);
    let mut pings = tokio::time::interval(PING_EVERY);
    pings.reset();
    loop {
        tokio::select! {
            frame = &mut result => {
                // A client that is gone keeps its result in the database; there is nobody else to tell here.
                let _ = socket.send(Message::text(json!(frame).to_string())).await;
                break;
            }
            incoming = socket.next() => match incoming {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
            _ = pings.tick() => {
                if socket.send(Message::Ping(Default::default())).await.is_err() {
                    return;
                }
            }
            () = &mut life => break,
        }
    }
    let _ = socket.send(Message::Close(None)).await;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::future::{pending, ready};

    use axum::Router;
    use axum::routing::get;
    use terapi_model::ErrorCode;
    use tokio_tungstenite::tungstenite::Message as Frame;

    use super::*;

    /// What a client is sent on a socket that waits for `result`, up to its end.
    async fn frames<R>(result: fn() -> R) -> Vec<Frame>
    where
        R: Future<Output = ResultFrame> + Send + 'static,
    {
        let answer = move |upgrade: WebSocketUpgrade| async move {
            upgrade.on_upgrade(move |socket| async move { hold(socket, "me", result()).await })
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("ws://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            axum::serve(listener, Router::new().route("/", get(answer)))
                .await
                .unwrap();
        });
        let (mut socket, _) = tokio_tungstenite::connect_async(address).await.unwrap();
        let mut frames = Vec::new();
        // The client's last word may meet a socket that is closed already.
        while let Some(Ok(frame)) = socket.next().await {
            frames.push(frame);
        }
        server.abort();
        frames
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_socket_is_pinged_every_25_seconds_and_closed_after_15_minutes() {
        let began = tokio::time::Instant::now();
        let frames = frames(pending).await;
        assert!((LIFE..LIFE + PING_EVERY).contains(&began.elapsed()));
        assert!(matches!(&frames[0], Frame::Text(text) if text.contains("connection_ack")));
        let pings = frames.iter().filter(|frame| matches!(frame, Frame::Ping(_)));
        // At the end of its life another one is due, and either may be first.
        assert!((35..=36).contains(&pings.count()), "{frames:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_result_is_told_at_once_and_ends_the_socket() {
        let refusal = || ready(ResultFrame::refusal(ErrorCode::CallbackErr, "no", None, None));
        let frames = frames(refusal).await;
        assert!(
            frames.iter().all(|frame| !matches!(frame, Frame::Ping(_))),
            "{frames:?}"
        );
        assert!(matches!(&frames[1], Frame::Text(text) if text.contains("callback_err")));
    }
}
