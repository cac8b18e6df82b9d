//! The socket on `/` through which published browser packages hear of a popup's result (rest.md 9.3).
//!
//! The client never sends a frame. It is told its id at once, navigates its popup with it, and waits for one
//! terminal frame. The result is stored with the attempt, so it arrives here whichever instance took the callback.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use http::StatusCode;
use serde_json::json;
use terapi_model::ErrorCode;

use crate::error::ApiError;
use crate::state::AppState;

/// Sockets that one address may hold open.
const MOST_PER_ADDRESS: usize = 10;
/// What a client may send at most, bytes; it has nothing to say. Of a frame as of a message: a frame is kept until
/// its end before the message is judged.
const MOST_BYTES: usize = 1024;
/// How often an idle socket is pinged, so that no proxy between drops it during a long consent screen.
const PING_EVERY: Duration = Duration::from_secs(25);
/// How long a socket may stay open.
const LIFE: Duration = Duration::from_secs(15 * 60);

/// How many sockets each address holds.
#[derive(Debug, Clone, Default)]
pub struct OpenSockets(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A place among an address's sockets; given back when dropped.
struct Seat {
    sockets: OpenSockets,
    address: IpAddr,
}

impl OpenSockets {
    fn take(&self, address: IpAddr) -> Option<Seat> {
        let address = holder(address);
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let held = open.entry(address).or_insert(0);
        if *held >= MOST_PER_ADDRESS {
            return None;
        }
        *held += 1;
        Some(Seat {
            sockets: self.clone(),
            address,
        })
    }
}

/// Whoever has an IPv6 address has the other 2^64 of its network too, so they are counted as one.
fn holder(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.sockets.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = open.get_mut(&self.address) {
            *held -= 1;
            if *held == 0 {
                open.remove(&self.address);
            }
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gets_its_seats_back() {
        let sockets = OpenSockets::default();
        let address = IpAddr::from([127, 0, 0, 1]);
        let seats: Vec<_> = (0..MOST_PER_ADDRESS)
            .map(|_| sockets.take(address).unwrap())
            .collect();
        assert!(sockets.take(address).is_none());
        assert!(sockets.take(IpAddr::from([127, 0, 0, 2])).is_some());
        drop(seats);
        assert!(sockets.take(address).is_some());
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_share_their_seats() {
        let sockets = OpenSockets::default();
        let address = |last: usize| format!("2001:db8:1:2::{last:x}").parse().unwrap();
        let _seats: Vec<_> = (0..MOST_PER_ADDRESS)
            .map(|last| sockets.take(address(last)).unwrap())
            .collect();
        assert!(sockets.take(address(0xffff)).is_none());
        assert!(sockets.take("2001:db8:1:3::1".parse().unwrap()).is_some());
    }
}
