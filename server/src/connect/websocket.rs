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

async fn run(mut socket: WebSocket, state: AppState, _seat: Seat) {
    let subscription = state.broker.connect().listen();
    let ack =
        json!({ "message_type": "connection_ack", "ws_client_id": subscription.ws_client_id() }).to_string();
    if socket.send(Message::text(ack)).await.is_err() {
        return;
    }
    let result = subscription.result();
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
