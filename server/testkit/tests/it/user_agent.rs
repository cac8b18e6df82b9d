//! A small HTTP client, one connection a request, and the OAuth client the tests play with it.

use std::collections::HashMap;
use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use terapi_testkit::{Acme, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::{Url, form_urlencoded};

pub(crate) const CALLBACK: &str = "http://localhost:3003/oauth/callback";
pub(crate) const VERIFIER: &str = "0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGH";

/// An answer read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn error(&self) -> String {
        self.json()["error"].as_str().unwrap().to_owned()
    }

    pub(crate) fn text(&self, member: &str) -> String {
        self.json()[member].as_str().unwrap().to_owned()
    }

    /// The parameters of the redirect back to the client.
    pub(crate) fn callback(&self) -> HashMap<String, String> {
        let location = &self.headers["location"];
        assert!(location.starts_with(CALLBACK), "{location}");
        Url::parse(location).unwrap().query_pairs().into_owned().collect()
    }
}

/// Sends a request on its own connection; an error is a connection closed without an answer.
pub(crate) async fn send(
    acme: &Acme,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> io::Result<Reply> {
    let mut request = format!("{method} {target} HTTP/1.1\r\nhost: acme\r\nconnection: close\r\n");
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    request += &format!("content-length: {}\r\n\r\n{body}", body.len());
    let mut stream = TcpStream::connect(acme.address()).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .ok_or(io::ErrorKind::UnexpectedEof)?;
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    Ok(Reply {
        status,
        headers,
        body: body.to_owned(),
    })
}

pub(crate) async fn get(acme: &Acme, target: &str, headers: &[(&str, &str)]) -> Reply {
    send(acme, "GET", target, headers, "").await.unwrap()
}

pub(crate) async fn post_form(
    acme: &Acme,
    target: &str,
    headers: &[(&str, &str)],
    pairs: &[(&str, &str)],
) -> io::Result<Reply> {
    let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
    all.extend(headers);
    send(acme, "POST", target, &all, &form(pairs)).await
}

pub(crate) async fn control(acme: &Acme, method: &str, path: &str, body: &str) -> Reply {
    let headers = [("content-type", "application/json")];
    send(acme, method, &format!("/_control/{path}"), &headers, body)
        .await
        .unwrap()
}

pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

pub(crate) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

pub(crate) fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER))
}

/// The target of an ordinary authorization request.
pub(crate) fn authorize_target() -> String {
    authorize_target_with(&[])
}

/// The same with parameters replaced or, when the value is empty, taken out.
pub(crate) fn authorize_target_with(changes: &[(&str, &str)]) -> String {
    let challenge = challenge();
    let mut pairs = vec![
        ("response_type", "code"),
        ("client_id", DEMO_CLIENT_ID),
        ("redirect_uri", CALLBACK),
        ("scope", "profile contacts.read"),
        ("state", "state-1"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    for change in changes {
        pairs.retain(|(name, _)| name != &change.0);
        if !change.1.is_empty() {
            pairs.push(*change);
        }
    }
    format!("/oauth/authorize?{}", form(&pairs))
}

/// A fresh code, for the ordinary request.
pub(crate) async fn code(acme: &Acme) -> String {
    let reply = get(acme, &authorize_target_with(&[("auto", "1")]), &[]).await;
    reply.callback()["code"].clone()
}

/// Changes a code into tokens as a good client does.
pub(crate) async fn exchange(acme: &Acme, code: &str) -> io::Result<Reply> {
    exchange_with(acme, code, CALLBACK, VERIFIER).await
}

pub(crate) async fn exchange_with(
    acme: &Acme,
    code: &str,
    callback: &str,
    verifier: &str,
) -> io::Result<Reply> {
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", callback),
        ("code_verifier", verifier),
        ("client_id", DEMO_CLIENT_ID),
        ("client_secret", DEMO_CLIENT_SECRET),
    ];
    post_form(acme, "/oauth/token", &[], &pairs).await
}

/// Uses a refresh token as a good client does.
pub(crate) async fn refresh(acme: &Acme, refresh_token: &str) -> io::Result<Reply> {
    let pairs = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token),
        ("client_id", DEMO_CLIENT_ID),
        ("client_secret", DEMO_CLIENT_SECRET),
    ];
    post_form(acme, "/oauth/token", &[], &pairs).await
}

/// Tokens of a new authorization.
pub(crate) async fn tokens(acme: &Acme) -> Reply {
    let reply = exchange(acme, &code(acme).await).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply
}

/// The status of `/api/me` for an access token.
pub(crate) async fn me_status(acme: &Acme, access_token: &str) -> u16 {
    get(
        acme,
        "/api/me",
        &[("authorization", &format!("Bearer {access_token}"))],
    )
    .await
    .status
}
