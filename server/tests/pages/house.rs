//! A whole server without a socket, on a database of its own, and a browser that visits it.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{HeaderMap, Method, Request, StatusCode, header};
use tempfile::TempDir;
use terapi::serve::Draining;
use terapi::state::AppState;
use terapi_broker::connect::NewSession;
use terapi_broker::egress::{Egress, EgressOptions};
use terapi_broker::{Broker, Caller, Clock, Parts, Settings, Signup, SystemClock, TestClock};
use terapi_catalog::Catalogue;
use terapi_model::{IntegrationKey, Tags};
use terapi_store::{Store, StoreOptions};
use terapi_vault::{Keyring, OsEntropy};
use tower::ServiceExt;
use url::Url;

pub const EMAIL: &str = "ada@example.com";
pub const PASSWORD: &str = "correct horse battery";

/// How a house is built.
pub struct Plan {
    pub public_url: &'static str,
    pub signup: Signup,
    pub trusted_proxies: &'static [&'static str],
    pub frame_ancestors: &'static [&'static str],
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            public_url: "http://localhost:3003",
            signup: Signup::First,
            trusted_proxies: &[],
            frame_ancestors: &[],
        }
    }
}

pub struct House {
    pub router: Router,
    pub broker: Broker,
    pub clock: Arc<TestClock>,
    pub folder: Arc<TempDir>,
    keys: String,
    plan: Arc<Plan>,
}

impl House {
    pub async fn open() -> Self {
        Self::planned(Plan::default()).await
    }

    pub async fn planned(plan: Plan) -> Self {
        let keys = Keyring::generate(&OsEntropy).to_text().expose().clone();
        let clock = Arc::new(TestClock::at(SystemClock.now()));
        Self::build(
            Arc::new(tempfile::tempdir().unwrap()),
            keys,
            clock,
            Arc::new(plan),
        )
        .await
    }

    /// Another server on the same database, as after a restart.
    pub async fn restarted(&self) -> Self {
        Self::build(
            self.folder.clone(),
            self.keys.clone(),
            self.clock.clone(),
            self.plan.clone(),
        )
        .await
    }

    async fn build(folder: Arc<TempDir>, keys: String, clock: Arc<TestClock>, plan: Arc<Plan>) -> Self {
        let url = format!("sqlite:{}", folder.path().join("terapi.db").display());
        let options = StoreOptions::new(url);
        let store = Store::open(&options).await.unwrap();
        store.migrate().await.unwrap();
        let broker = Broker::new(Parts {
            store,
            keyring: Keyring::parse(&keys).unwrap(),
            catalogue: Catalogue::load(None).unwrap(),
            egress: Egress::new(&EgressOptions::default()).unwrap(),
            clock: clock.clone(),
            entropy: Arc::new(OsEntropy),
            settings: Settings {
                public_url: Url::parse(plan.public_url).unwrap(),
                signup: plan.signup,
                demo: None,
            },
        });
        let state = AppState {
            broker: broker.clone(),
            draining: Draining::default(),
            trusted_proxies: plan
                .trusted_proxies
                .iter()
                .map(|it| it.parse().unwrap())
                .collect(),
            sockets: Default::default(),
            rate_limit: Default::default(),
            frame_ancestors: plan.frame_ancestors.iter().map(|it| (*it).to_owned()).collect(),
        };
        Self {
            router: terapi::router::all(state),
            broker,
            clock,
            folder,
            keys,
            plan,
        }
    }

    pub fn browser(&self) -> Browser {
        Browser {
            router: self.router.clone(),
            origin: Url::parse(self.plan.public_url)
                .unwrap()
                .origin()
                .ascii_serialization(),
            address: IpAddr::from([192, 0, 2, 1]),
            cookies: BTreeMap::new(),
        }
    }

    /// The path of a fresh setup link.
    pub async fn setup_path(&self) -> String {
        let link = self.broker.operators().first_setup_link().await.unwrap().unwrap();
        Url::parse(&link).unwrap().path().to_owned()
    }

    /// The first owner.
    pub async fn operator(&self) -> terapi_model::OperatorId {
        let address = IpAddr::from([192, 0, 2, 77]);
        self.broker
            .operators()
            .sign_in(EMAIL, &PASSWORD.into(), address)
            .await
            .unwrap()
            .id
    }

    /// The first owner at work in `dev`.
    pub async fn caller(&self) -> Caller {
        let found = self
            .broker
            .operators()
            .caller(&self.operator().await, "dev")
            .await;
        found.unwrap().unwrap().0
    }

    /// The token of a session of one end user, for these integrations.
    pub async fn connect_session(&self, caller: &Caller, integrations: &[&str]) -> String {
        let keys = integrations.iter().map(|key| IntegrationKey::parse(key).unwrap());
        let wanted = NewSession {
            tags: Some(Tags::parse([("end_user_id", "u1")]).unwrap()),
            allowed_integrations: keys.collect(),
            ..NewSession::default()
        };
        let opened = self.broker.connect().open_session(caller, wanted).await.unwrap();
        opened.token.expose().clone()
    }

    /// A browser in which the first owner has signed in.
    pub async fn owner(&self) -> Browser {
        let mut browser = self.browser();
        let setup = self.setup_path().await;
        let form = [
            ("email", EMAIL),
            ("password", PASSWORD),
            ("name", "Ada"),
            ("account", "Example"),
        ];
        let answer = browser.post(&setup, &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        browser
    }
}

/// Keeps cookies as a browser does, runs no script, follows no redirect.
#[derive(Clone)]
pub struct Browser {
    pub router: Router,
    pub origin: String,
    pub address: IpAddr,
    pub cookies: BTreeMap<String, String>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Browser {
    pub async fn get(&mut self, path: &str) -> Answer {
        let request = Request::get(path)
            .header("sec-fetch-site", "same-origin")
            .header(header::ACCEPT, "text/html");
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = Request::post(path)
            .header("sec-fetch-site", "same-origin")
            .header(header::ORIGIN, &self.origin)
            .header(header::ACCEPT, "text/html")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(encode(fields))).unwrap()).await
    }

    pub async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        self.post("/app/~/sign-in", &[("email", email), ("password", password)])
            .await
    }

    pub async fn send(&mut self, mut request: Request<Body>) -> Answer {
        if !self.cookies.is_empty() && !request.headers().contains_key(header::COOKIE) {
            let pairs: Vec<String> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request
                .headers_mut()
                .insert(header::COOKIE, pairs.join("; ").parse().unwrap());
        }
        request
            .extensions_mut()
            .insert(ConnectInfo(SocketAddr::new(self.address, 50_000)));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            self.keep(cookie.to_str().unwrap());
        }
        let body = axum::body::to_bytes(body, 1 << 24).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// The value of the session cookie.
    pub fn session(&self) -> Option<&String> {
        self.cookies
            .get("terapi")
            .or_else(|| self.cookies.get("__Host-terapi"))
    }

    fn keep(&mut self, cookie: &str) {
        let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
        let (name, value) = pair.split_once('=').unwrap();
        // RFC 6265bis section 4.1.3.2: a browser ignores the prefix without these.
        if name.starts_with("__Host-") && !(attributes.contains("Secure") && attributes.contains("Path=/")) {
            return;
        }
        if attributes.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn location(&self) -> &str {
        self.header("location").unwrap_or_default()
    }
}

pub fn encode(fields: &[(&str, &str)]) -> String {
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        text.append_pair(name, value);
    }
    text.finish()
}

/// Methods of the route table that stand for any.
pub fn method(name: Option<&'static str>) -> Method {
    name.unwrap_or("POST").parse().unwrap()
}

/// A row's path with something in each of its places.
pub fn fill(path: &str) -> String {
    path.split('/')
        .map(|segment| match segment {
            "{env}" => "dev",
            segment if segment.starts_with('{') => "x",
            segment => segment,
        })
        .collect::<Vec<_>>()
        .join("/")
}
