//! The socket through which published browser packages hear of their popup's result.

use futures::StreamExt;
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

use crate::app::{TestApp, answer, for_u1};

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn frame(socket: &mut Socket) -> Value {
    loop {
        if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

#[tokio::test]
async fn whoever_listens_is_told_why_a_popup_did_not_start() {
    let app = TestApp::spawn().await;
    app.acme().await;
    let token = app.session(for_u1()).await;
    let good = format!("connect_session_token={token}");
    let unknown = format!("connect_session_token=nango_connect_session_{}", "0".repeat(64));
    for (key, query, code) in [
        ("acme", "", "missing_public_key"),
        (
            "acme",
            "connect_session_token=x",
            "invalid_connect_session_token_format",
        ),
        ("acme", unknown.as_str(), "unknown_connect_session_token"),
        ("acme", "public_key=x", "invalid_public_key"),
        ("a%2Fb", good.as_str(), "invalid_uri_params"),
        ("nobody", good.as_str(), "provider_config_err"),
    ] {
        let address = app.url.replacen("http", "ws", 1);
        let (mut socket, _) = tokio_tungstenite::connect_async(address).await.unwrap();
        let ack = frame(&mut socket).await;
        assert_eq!(ack["message_type"], "connection_ack");
        let listener = ack["ws_client_id"].as_str().unwrap();
        let start = format!("{}/oauth/connect/{key}?{query}&ws_client_id={listener}", app.url);
        let page = answer(app.http.get(start)).await;
        assert!(page.status.is_client_error(), "{key} {query}: {page:?}");
        let told = frame(&mut socket).await;
        assert_eq!(
            (&told["message_type"], &told["error_type"]),
            (&"error".into(), &code.into()),
            "{told}"
        );
        assert!(told["error_desc"].is_string(), "{told}");
    }
}
