//! Two processes on one PostgreSQL: a published browser package listens at one, the callback comes to the other.

use std::io::Write;
use std::process::Command;
use std::time::{Duration, Instant};

use futures::StreamExt;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use terapi_testkit::{Acme, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::instance::{Instance, complaint};

/// Authorizations.
const MANY: usize = 100;

/// A database of PostgreSQL's, gone with this value.
struct Database {
    server: String,
    name: String,
}

impl Database {
    /// `None` where there is no PostgreSQL.
    #[expect(
        clippy::disallowed_methods,
        reason = "what the tests run on is no setting of the program"
    )]
    fn create() -> Option<Self> {
        let server = std::env::var("TERAPI_TEST_POSTGRES")
            .ok()
            .filter(|url| !url.is_empty());
        let Some(server) = server else {
            let required = std::env::var("TERAPI_REQUIRE_POSTGRES").is_ok_and(|value| value == "1");
            assert!(
                !required,
                "TERAPI_REQUIRE_POSTGRES=1, but TERAPI_TEST_POSTGRES is not set"
            );
            let _ = writeln!(
                std::io::stderr(),
                "NOTICE: TERAPI_TEST_POSTGRES is not set; two processes are not tried"
            );
            return None;
        };
        let name = format!("terapi_cli_{}", std::process::id());
        let database = Self { server, name };
        database.psql(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", database.name));
        database.psql(&format!(
            "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'",
            database.name
        ));
        Some(database)
    }

    fn psql(&self, statement: &str) {
        let mut psql = Command::new("psql");
        psql.env("PGOPTIONS", "--client-min-messages=warning");
        psql.args([
            "--no-psqlrc",
            "--quiet",
            "--dbname",
            &self.server,
            "--command",
            statement,
        ]);
        assert!(psql.status().expect("psql is installed").success() || std::thread::panicking());
    }

    fn url(&self) -> String {
        let mut url = url::Url::parse(&self.server).unwrap();
        url.set_path(&self.name);
        url.into()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.psql(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

fn location(response: &Response) -> String {
    response.headers()[LOCATION].to_str().unwrap().to_owned()
}

async fn must(request: reqwest::RequestBuilder) -> Value {
    let response = request.send().await.unwrap();
    let status = response.status();
    let body: Value = response.json().await.unwrap();
    assert!(status.is_success(), "{status}: {body}");
    body
}

/// One authorization: its listener at `there`, everything else at `here`. How long after the callback's answer the
/// listener was told.
async fn authorize(client: &Client, here: &str, there: &str, key: &str, number: usize) -> Duration {
    let session = json!({ "end_user": { "id": format!("u{number}") } });
    let asked = client
        .post(format!("{here}/connect/sessions"))
        .bearer_auth(key)
        .json(&session);
    let session = must(asked).await;
    let mut upgrade = there.replacen("http", "ws", 1).into_client_request().unwrap();
    // Ten sockets an address: these are users behind a proxy.
    let address = format!("10.0.{}.{}", number / 200, number % 200 + 1);
    upgrade
        .headers_mut()
        .insert("x-forwarded-for", address.parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(upgrade).await.unwrap();
    let mut frame = async || loop {
        if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
            return serde_json::from_str::<Value>(&text).unwrap();
        }
    };
    let ack = frame().await;
    let start = format!(
        "{here}/oauth/connect/acme?connect_session_token={}&ws_client_id={}",
        session["data"]["token"].as_str().unwrap(),
        ack["ws_client_id"].as_str().unwrap()
    );
    let begun = client.get(start).send().await.unwrap();
    let cookie = begun.headers()[SET_COOKIE]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let consent = client.get(location(&begun)).send().await.unwrap();
    let callback = client
        .get(location(&consent))
        .header(COOKIE, cookie)
        .send()
        .await
        .unwrap();
    assert_eq!(callback.status(), 200);
    let answered = Instant::now();
    let told = tokio::time::timeout(Duration::from_secs(10), frame())
        .await
        .unwrap();
    assert_eq!(told["message_type"], "success", "{told}");
    assert_eq!(told["provider_config_key"], "acme");
    answered.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_result_reaches_a_socket_at_the_other_process_within_two_seconds() {
    let Some(database) = Database::create() else {
        return;
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let acme = Acme::start().await;
    acme.script(|script| script.auto_approve = true);
    let one = Instance::new()
        .with("TERAPI_DATABASE_URL", database.url())
        // What a server says is kept in a pipe until it ends.
        .with("TERAPI_LOG", "error")
        .with("TERAPI_EGRESS_ALLOW", "127.0.0.1/32")
        .with("TERAPI_TRUSTED_PROXIES", "127.0.0.1");
    let here = one.url();
    let one = one.with("TERAPI_PUBLIC_URL", here.clone());
    let two = one.beside();
    let there = two.url();
    let made = one.bootstrap();
    assert!(made.status.success(), "{}", complaint(&made));
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    let key = made["environments"][0]["secret_key"].as_str().unwrap();
    let servers = (one.serve(), two.serve());

    #[expect(clippy::disallowed_methods, reason = "the test is the client")]
    let client = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let integration = json!({
        "provider": "acme",
        "unique_key": "acme",
        "credentials": { "type": "OAUTH2", "client_id": DEMO_CLIENT_ID, "client_secret": DEMO_CLIENT_SECRET },
        "integration_config": { "base_url": acme.url() },
    });
    must(
        client
            .post(format!("{here}/integrations"))
            .bearer_auth(key)
            .json(&integration),
    )
    .await;

    let runs = futures::stream::iter(0..MANY).map(|number| authorize(&client, &here, &there, key, number));
    let mut delays: Vec<Duration> = runs.buffer_unordered(8).collect().await;
    delays.sort();
    println!(
        "{MANY} of {MANY} results at the other process: fastest {:?}, median {:?}, 90 % {:?}, slowest {:?}",
        delays[0],
        delays[MANY / 2],
        delays[MANY * 9 / 10],
        delays[MANY - 1]
    );
    assert!(delays[MANY - 1] < Duration::from_secs(2), "{delays:?}");
    drop(servers);
}
