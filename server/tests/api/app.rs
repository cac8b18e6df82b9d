//! The server under test, and who calls it.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use terapi::rate_limit::RateLimit;
use terapi::serve::Draining;
use terapi::state::AppState;
use terapi_broker::connect::{BrowserAuth, BrowserId, BrowserInput, Callback};
use terapi_broker::egress::{Egress, EgressAllow, EgressOptions};
use terapi_broker::environments::{Environment, EnvironmentPatch};
use terapi_broker::operators::SignUp;
use terapi_broker::{Broker, Caller, Parts, Settings, Signup, TestClock};
use terapi_catalog::Catalogue;
use terapi_model::{ApiKeyScopes, IntegrationKey, Timestamp};
use terapi_store::{Store, StoreOptions};
use terapi_testkit::{Acme, DEMO_API_KEY, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET};
use terapi_vault::{Keyring, OsEntropy, SecretString};
use tokio::task::JoinHandle;

/// 2026-08-21T10:11:12Z: when every test begins.
pub const START: Timestamp = Timestamp::from_seconds(1_787_307_072);

/// A running server with a tenant `ada`.
pub struct TestApp {
    pub url: String,
    pub broker: Broker,
    pub clock: Arc<TestClock>,
    pub acme: Acme,
    pub http: Client,
    pub key: String,
    _folder: TempDir,
    server: JoinHandle<()>,
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Answer {
    /// `error.code`, or nothing.
    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    /// The status as a number and `error.code`, for tables.
    pub fn failure(&self) -> (u16, &str) {
        (self.status.as_u16(), self.code())
    }

    /// The only value of a header.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap())
            .unwrap_or_default()
    }

    /// Every issue as `code path.to.field`.
    pub fn issues(&self) -> Vec<String> {
        let issues = self.body["error"]["errors"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let path = |issue: &Value| {
            let parts: Vec<String> = issue["path"]
                .as_array()
                .unwrap()
                .iter()
                .map(|part| part.as_str().unwrap().to_owned())
                .collect();
            parts.join(".")
        };
        issues
            .iter()
            .map(|issue| format!("{} {}", issue["code"].as_str().unwrap(), path(issue)))
            .collect()
    }
}

/// Somebody who calls: nobody in particular, or the holder of a bearer token.
pub struct Actor<'a> {
    app: &'a TestApp,
    bearer: Option<String>,
}

impl Actor<'_> {
    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.app.http.request(method, format!("{}{path}", self.app.url));
        if let Some(bearer) = &self.bearer {
            request = request.bearer_auth(bearer);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }
}

/// Sends a request and reads the answer, JSON or not.
pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.bytes().await.unwrap();
    let body = serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    Answer {
        status,
        headers,
        body,
    }
}

/// How a server differs from the usual one.
#[derive(Default)]
pub struct Plan {
    /// Where browsers are told to reach it; its own address when `None`.
    pub public_url: Option<&'static str>,
    /// How long a token endpoint may take; the usual 20 s when `None`.
    pub token_limit: Option<Duration>,
    /// How many calls an account may make in a minute; any when `None`.
    pub rate_limit: Option<u32>,
}

impl TestApp {
    pub async fn spawn() -> Self {
        Self::planned(Plan::default()).await
    }

    pub async fn planned(plan: Plan) -> Self {
        // Another test of this process may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let acme = Acme::start().await;
        acme.script(|script| script.auto_approve = true);
        let clock = Arc::new(TestClock::at(START));
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .unwrap();
        let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let rate_limit = RateLimit::new(plan.rate_limit.and_then(NonZeroU32::new));
        let broker = broker(&folder, &url, Arc::clone(&clock), plan).await;
        let state = AppState {
            broker: broker.clone(),
            draining: Draining::default(),
            sockets: Default::default(),
            rate_limit,
            trusted_proxies: Arc::new([]),
            frame_ancestors: Arc::new([]),
        };
        let router = terapi::router::all(state);
        let server = tokio::spawn(async move {
            let service = router.into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, service).await.unwrap();
        });
        #[expect(clippy::disallowed_methods, reason = "the test is the client")]
        let http = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let key = tenant(&broker, "ada@example.com").await;
        Self {
            url,
            broker,
            clock,
            acme,
            http,
            key,
            _folder: folder,
            server,
        }
    }

    /// Nobody in particular.
    pub fn anon(&self) -> Actor<'_> {
        Actor {
            app: self,
            bearer: None,
        }
    }

    /// The holder of Ada's key.
    pub fn key(&self) -> Actor<'_> {
        self.bearer(&self.key)
    }

    /// The holder of a token.
    pub fn bearer(&self, token: &str) -> Actor<'_> {
        Actor {
            app: self,
            bearer: Some(token.to_owned()),
        }
    }

    /// A key of Ada's that may do only this.
    pub async fn scoped(&self, scopes: &[&str]) -> String {
        let scopes = ApiKeyScopes(scopes.iter().map(|scope| (*scope).to_owned()).collect());
        let name = format!("key {}", scopes.0.join(" "));
        let (_, secret) = self
            .broker
            .keys()
            .create(
                &operator(&self.broker, "ada@example.com").await,
                &name,
                scopes,
                None,
            )
            .await
            .unwrap();
        secret.expose().clone()
    }

    /// A key of Ada's account itself that may do only this.
    pub async fn account_key(&self, scopes: &[&str]) -> String {
        account_key(&self.broker, "ada@example.com", scopes).await
    }

    /// Ada herself, in `dev`.
    pub async fn operator(&self) -> Caller {
        operator(&self.broker, "ada@example.com").await
    }

    /// The origin that browsers know it by.
    pub fn public_origin(&self) -> String {
        let url = &self.broker.settings().public_url;
        url.origin().ascii_serialization()
    }

    /// Ada's `dev`.
    pub async fn environment(&self) -> Environment {
        let caller = operator(&self.broker, "ada@example.com").await;
        let id = caller.environment().unwrap().clone();
        self.broker.environments().find(&id).await.unwrap().unwrap()
    }

    /// Changes the settings of Ada's `dev`.
    pub async fn set(&self, patch: EnvironmentPatch) {
        let caller = operator(&self.broker, "ada@example.com").await;
        self.broker.environments().update(&caller, patch).await.unwrap();
    }

    /// An integration `acme` with the simulated provider.
    pub async fn acme(&self) {
        let body = json!({
            "provider": "acme",
            "unique_key": "acme",
            "credentials": {"type": "OAUTH2", "client_id": DEMO_CLIENT_ID, "client_secret": DEMO_CLIENT_SECRET},
            "integration_config": {"base_url": self.acme.url()},
        });
        let made = self.key().post("/integrations", body).await;
        assert_eq!(made.status, 200, "{made:?}");
    }

    /// An integration `acme-key`, connected with an API key.
    pub async fn acme_key(&self) {
        let body = json!({
            "provider": "acme-api-key",
            "unique_key": "acme-key",
            "integration_config": {"base_url": self.acme.url()},
        });
        let made = self.key().post("/integrations", body).await;
        assert_eq!(made.status, 200, "{made:?}");
    }

    /// A connect session token.
    pub async fn session(&self, body: Value) -> String {
        let opened = self.key().post("/connect/sessions", body).await;
        assert_eq!(opened.status, 201, "{opened:?}");
        opened.body["data"]["token"].as_str().unwrap().to_owned()
    }

    /// A connection of `acme-key`, through a session; its id.
    pub async fn connect_key(&self, session: Value) -> String {
        let auth = self.browser(session).await;
        let key = SecretString::from(DEMO_API_KEY);
        let integration = IntegrationKey::parse("acme-key").unwrap();
        let connected = self
            .broker
            .connect()
            .submit_api_key(&auth, &integration, BrowserInput::default(), key)
            .await
            .unwrap();
        connected.connection_key.to_string()
    }

    /// A connection of `acme`, through a session and the simulated provider's consent page; its id.
    pub async fn connect_oauth(&self, session: Value) -> String {
        let auth = self.browser(session).await;
        let connect = self.broker.connect();
        let browser = BrowserId::of_cookie("browser");
        let integration = IntegrationKey::parse("acme").unwrap();
        let begun = connect
            .begin(&auth, &integration, BrowserInput::default(), &browser)
            .await
            .unwrap();
        let consent = self.http.get(begun.authorize_url.as_str()).send().await.unwrap();
        let location = consent.headers()["location"].to_str().unwrap().to_owned();
        let returned: reqwest::Url = location.parse().unwrap();
        let callback = Callback {
            params: returned
                .query_pairs()
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
            browser: Some(browser),
            own_redirect: None,
        };
        connect
            .complete(callback)
            .await
            .outcome
            .unwrap()
            .connection_key
            .to_string()
    }

    async fn browser(&self, session: Value) -> BrowserAuth {
        let token = self.session(session).await;
        self.broker
            .connect()
            .authenticate_browser(Some(&token), None)
            .await
            .unwrap()
    }

    /// A key of another account.
    pub async fn stranger_account_key(&self) -> String {
        self.stranger().await;
        account_key(&self.broker, "eve@example.com", &["account:*"]).await
    }

    /// Another tenant's key.
    pub async fn stranger(&self) -> String {
        tenant(&self.broker, "eve@example.com").await
    }
}

async fn account_key(broker: &Broker, email: &str, scopes: &[&str]) -> String {
    let scopes = ApiKeyScopes(scopes.iter().map(|scope| (*scope).to_owned()).collect());
    let name = format!("account key {}", scopes.0.join(" "));
    let secret = broker
        .operators()
        .account_key(email, &name, scopes)
        .await
        .unwrap();
    secret.expose().clone()
}

/// A session for the end user `u1`.
pub fn for_u1() -> Value {
    json!({"end_user": {"id": "u1", "email": "u1@example.com", "display_name": "User One"}})
}

async fn operator(broker: &Broker, email: &str) -> Caller {
    let address = Ipv4Addr::LOCALHOST.into();
    let signed_in = broker
        .operators()
        .sign_in(email, &SecretString::from("correct horse battery"), address)
        .await
        .unwrap();
    broker
        .operators()
        .caller(&signed_in.id, "dev")
        .await
        .unwrap()
        .unwrap()
        .0
}

/// A new account; a full-access key to its `dev`.
async fn tenant(broker: &Broker, email: &str) -> String {
    let typed = SignUp {
        email: email.into(),
        password: "correct horse battery".into(),
        display_name: "Ada".into(),
        account_name: None,
        invitation: None,
        address: [192, 0, 2, 1].into(),
    };
    let operator = broker.operators().sign_up(typed).await.unwrap();
    let (caller, _) = broker
        .operators()
        .caller(&operator.id, "dev")
        .await
        .unwrap()
        .unwrap();
    let scopes = ApiKeyScopes::full_environment();
    let (_, secret) = broker.keys().create(&caller, "test", scopes, None).await.unwrap();
    secret.expose().clone()
}

async fn broker(folder: &TempDir, url: &str, clock: Arc<TestClock>, plan: Plan) -> Broker {
    let database = format!("sqlite:{}", folder.path().join("terapi.db").display());
    let store = Store::open(&StoreOptions::new(database)).await.unwrap();
    store.migrate().await.unwrap();
    let loopback = EgressAllow::parse("127.0.0.0/8").unwrap();
    let usual = EgressOptions::default();
    let egress = EgressOptions {
        allow: vec![loopback],
        token_limit: plan.token_limit.unwrap_or(usual.token_limit),
        ..usual
    };
    Broker::new(Parts {
        store,
        keyring: Keyring::generate(&OsEntropy),
        catalogue: Catalogue::load(None).unwrap(),
        egress: Egress::new(&egress).unwrap(),
        clock,
        entropy: Arc::new(OsEntropy),
        settings: Settings {
            public_url: plan.public_url.unwrap_or(url).parse().unwrap(),
            signup: Signup::Open,
            demo: None,
        },
    })
}
