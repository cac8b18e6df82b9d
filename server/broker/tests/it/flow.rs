//! A tenant with integrations of a real Acme, and an end user who walks through its consent page.

use std::collections::BTreeMap;
use std::time::Duration;

use http::header::LOCATION;
use http::{HeaderMap, Method};
use terapi_broker::Caller;
use terapi_broker::connect::{
    BeginError, Begun, BrowserAuth, BrowserId, BrowserInput, Callback, Completed, Connected,
    NewReconnectSession, NewSession,
};
use terapi_broker::connections::{FetchedConnection, GetConnectionError, GetOptions};
use terapi_broker::credentials::Credentials;
use terapi_broker::egress::{Egress, EgressAllow, EgressOptions, Outbound};
use terapi_broker::environments::Environment;
use terapi_broker::operations::{Operation, OperationMessage};
use terapi_model::{ConnectionKey, EndUser, IntegrationKey};
use terapi_testkit::Acme;
use url::Url;

use crate::database::Kind;
use crate::house::{House, Plan, new_integration};

/// The cookie of the end user's browser.
pub const COOKIE: &str = "the browser's own random id";

pub struct Flow {
    pub house: House,
    pub acme: Acme,
    pub caller: Caller,
    pub environment: Environment,
}

impl Flow {
    /// Integrations `acme`, `acme-api-key` and `acme-basic`; Acme agrees to everything.
    pub async fn start() -> Self {
        Self::planned(Plan::default()).await
    }

    /// The same on another kind of database.
    pub async fn start_on(on: Kind) -> Self {
        Self::planned(Plan {
            on,
            ..Plan::default()
        })
        .await
    }

    /// The same with little patience for token endpoints.
    pub async fn impatient() -> Self {
        Self::planned(Plan {
            token_limit: Duration::from_millis(700),
            ..Plan::default()
        })
        .await
    }

    pub async fn planned(plan: Plan) -> Self {
        let house = House::planned(plan).await;
        let acme = Acme::start().await;
        acme.script(|script| script.auto_approve = true);
        let (caller, environment) = house.tenant("ada@example.com").await;
        house.acme(&caller, "acme", acme.url()).await;
        for provider in ["acme-api-key", "acme-basic"] {
            let mut new = new_integration(provider, provider);
            new.integration_config
                .insert("base_url".into(), acme.url().into());
            house.broker.integrations().create(&caller, new).await.unwrap();
        }
        Self {
            house,
            acme,
            caller,
            environment,
        }
    }

    /// A browser with a session for an end user.
    pub async fn session(&self) -> BrowserAuth {
        self.session_of(NewSession {
            end_user: Some(end_user()),
            ..NewSession::default()
        })
        .await
    }

    pub async fn session_of(&self, new: NewSession) -> BrowserAuth {
        let connect = self.house.broker.connect();
        let opened = connect.open_session(&self.caller, new).await.unwrap();
        connect
            .authenticate_browser(Some(opened.token.expose()), None)
            .await
            .unwrap()
    }

    /// A browser with a session that renews one connection of `acme`.
    pub async fn reconnect_session(&self, key: &ConnectionKey) -> BrowserAuth {
        let connect = self.house.broker.connect();
        let again = NewReconnectSession {
            connection_key: key.clone(),
            integration_key: integration("acme"),
            session: NewSession::default(),
        };
        let opened = connect.open_reconnect_session(&self.caller, again).await.unwrap();
        connect
            .authenticate_browser(Some(opened.token.expose()), None)
            .await
            .unwrap()
    }

    pub fn public_key(&self) -> BrowserAuth {
        BrowserAuth::PublicKey(Box::new(self.environment.clone()))
    }

    pub async fn begin(&self, auth: &BrowserAuth, input: BrowserInput) -> Result<Begun, BeginError> {
        let connect = self.house.broker.connect();
        connect
            .begin(auth, &integration("acme"), input, &BrowserId::of_cookie(COOKIE))
            .await
            .map_err(|refused| refused.error)
    }

    /// Two tabs that have begun the same way, and what the provider sends each back with.
    pub async fn two_tabs(
        &self,
        auth: &BrowserAuth,
        input: impl Fn() -> BrowserInput,
    ) -> [BTreeMap<String, String>; 2] {
        let one = self.begin(auth, input()).await.unwrap();
        let two = self.begin(auth, input()).await.unwrap();
        [self.consent(&one).await, self.consent(&two).await]
    }

    /// What the provider sends the browser back with.
    pub async fn consent(&self, begun: &Begun) -> BTreeMap<String, String> {
        self.consent_at(&begun.authorize_url).await
    }

    /// The same, from the consent page's address.
    pub async fn consent_at(&self, page: &Url) -> BTreeMap<String, String> {
        let page = Outbound {
            method: Method::GET,
            url: page.clone(),
            headers: HeaderMap::new(),
            body: Vec::new(),
        };
        let answer = egress().send(page).await.unwrap();
        let location = answer
            .headers
            .get(LOCATION)
            .expect("Acme sends the browser back")
            .to_str()
            .unwrap();
        Url::parse(location).unwrap().query_pairs().into_owned().collect()
    }

    pub async fn complete(&self, params: BTreeMap<String, String>) -> Completed {
        let browser = Some(BrowserId::of_cookie(COOKIE));
        self.house
            .broker
            .connect()
            .complete(Callback {
                params,
                browser,
                own_redirect: None,
            })
            .await
    }

    /// The whole way.
    pub async fn connect(&self, auth: &BrowserAuth) -> Connected {
        let begun = self.begin(auth, BrowserInput::default()).await.unwrap();
        let params = self.consent(&begun).await;
        self.complete(params).await.outcome.unwrap()
    }

    pub async fn get(&self, key: &ConnectionKey) -> Result<FetchedConnection, GetConnectionError> {
        self.get_with(
            key,
            GetOptions {
                with_credentials: true,
                ..GetOptions::default()
            },
        )
        .await
    }

    pub async fn get_with(
        &self,
        key: &ConnectionKey,
        options: GetOptions,
    ) -> Result<FetchedConnection, GetConnectionError> {
        self.house
            .broker
            .connections()
            .get(&self.caller, &integration("acme"), key, options)
            .await
    }

    pub async fn access_token(&self, key: &ConnectionKey) -> String {
        access_token(&self.get(key).await.unwrap())
    }

    /// The newest operations of the log, each with its lines.
    pub async fn log(&self) -> Vec<(Operation, Vec<OperationMessage>)> {
        let operations = self.house.broker.operations();
        let page = operations.list(&self.caller, &Default::default()).await.unwrap();
        let mut log = Vec::new();
        for operation in page.operations {
            log.extend(operations.find(&self.caller, &operation.id).await.unwrap());
        }
        log
    }

    pub async fn connection_count(&self) -> usize {
        self.house
            .broker
            .connections()
            .list(&self.caller, Default::default())
            .await
            .unwrap()
            .len()
    }
}

pub fn access_token(fetched: &FetchedConnection) -> String {
    match fetched.credentials.as_ref().unwrap() {
        Credentials::OAuth2(tokens) => tokens.access_token.expose().clone(),
        other => panic!("{other:?} has no access token"),
    }
}

pub fn end_user() -> EndUser {
    EndUser {
        id: "u-1".into(),
        email: Some("Robin@Example.com".into()),
        display_name: Some("Robin".into()),
        tags: None,
    }
}

pub fn integration(key: &str) -> IntegrationKey {
    IntegrationKey::parse(key).unwrap()
}

pub fn connection(key: &str) -> ConnectionKey {
    ConnectionKey::parse(key).unwrap()
}

/// A way out for the end user's own browser.
pub fn egress() -> Egress {
    let allow = vec![EgressAllow::parse("127.0.0.1").unwrap()];
    Egress::new(&EgressOptions {
        allow,
        ..EgressOptions::default()
    })
    .unwrap()
}
