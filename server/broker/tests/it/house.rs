//! A broker over a new database, at a fixed time.

use std::sync::Arc;
use std::time::Duration;

use terapi_broker::egress::{Egress, EgressAllow, EgressOptions};
use terapi_broker::environments::Environment;
use terapi_broker::integrations::{Integration, IntegrationCredentials, NewIntegration};
use terapi_broker::operators::{Operator, SignUp};
use terapi_broker::{Broker, Caller, Parts, Settings, Signup, TestClock};
use terapi_catalog::Catalogue;
use terapi_model::{AuthMode, IntegrationKey, ProviderName, Timestamp};
use terapi_store::{Store, StoreOptions};
use terapi_vault::{Keyring, OsEntropy, SecretString};
use url::Url;

use crate::database::{Database, Kind};

/// 2026-08-21T10:11:12Z: when every test begins.
pub const START: Timestamp = Timestamp::from_seconds(1_787_307_072);
/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";

/// A running broker and what it stands on.
pub struct House {
    pub broker: Broker,
    pub clock: Arc<TestClock>,
    pub database: Arc<Database>,
    pub keyring: String,
}

/// How a house differs from the usual one.
pub struct Plan {
    pub on: Kind,
    pub signup: Signup,
    pub demo: Option<Url>,
    /// How long a token request may take.
    pub token_limit: Duration,
    /// Networks that may be reached besides public ones.
    pub allow: &'static [&'static str],
    /// Providers of its own: name and file.
    pub providers: &'static [(&'static str, &'static str)],
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            on: Kind::Sqlite,
            signup: Signup::Open,
            demo: None,
            token_limit: Duration::from_secs(20),
            allow: &["127.0.0.0/8"],
            providers: &[],
        }
    }
}

impl House {
    /// Sign-up is open to anybody.
    pub async fn open() -> Self {
        Self::planned(Plan::default()).await
    }

    /// The first owner needs the setup link.
    pub async fn invited() -> Self {
        Self::invited_on(Kind::Sqlite).await
    }

    /// The same on another kind of database.
    pub async fn invited_on(on: Kind) -> Self {
        Self::planned(Plan {
            on,
            signup: Signup::First,
            ..Plan::default()
        })
        .await
    }

    pub async fn planned(plan: Plan) -> Self {
        let database = Arc::new(Database::create(plan.on));
        let keyring = Keyring::generate(&OsEntropy).to_text().expose().clone();
        let clock = Arc::new(TestClock::at(START));
        let broker = build(&database, &keyring, Arc::clone(&clock), plan).await;
        Self {
            broker,
            clock,
            database,
            keyring,
        }
    }

    /// The same database and key, served by another process.
    pub async fn restarted(&self, plan: Plan) -> Self {
        let broker = build(&self.database, &self.keyring, Arc::clone(&self.clock), plan).await;
        Self {
            broker,
            clock: Arc::clone(&self.clock),
            database: Arc::clone(&self.database),
            keyring: self.keyring.clone(),
        }
    }

    /// A new operator with an account of their own.
    pub async fn sign_up(&self, email: &str) -> Operator {
        self.broker.operators().sign_up(sign_up(email)).await.unwrap()
    }

    /// A new tenant, acting in `dev`.
    pub async fn tenant(&self, email: &str) -> (Caller, Environment) {
        let operator = self.sign_up(email).await;
        self.acting(&operator, "dev").await
    }

    /// The operator in one of their environments.
    pub async fn acting(&self, operator: &Operator, environment: &str) -> (Caller, Environment) {
        self.broker
            .operators()
            .caller(&operator.id, environment)
            .await
            .unwrap()
            .unwrap()
    }

    /// An integration of the simulated provider at `base_url`.
    pub async fn acme(&self, caller: &Caller, key: &str, base_url: &str) -> Integration {
        let mut new = new_integration("acme", key);
        new.credentials = Some(credentials("acme-demo", "acme-demo-secret"));
        new.integration_config.insert("base_url".into(), base_url.into());
        self.broker.integrations().create(caller, new).await.unwrap()
    }

    /// Whether these bytes lie anywhere in the database.
    pub fn has_bytes(&self, needle: &str) -> bool {
        self.database.has_bytes(needle)
    }
}

/// What somebody types to sign up without an invitation.
pub fn sign_up(email: &str) -> SignUp {
    SignUp {
        email: email.into(),
        password: PASSWORD.into(),
        display_name: "Ada".into(),
        account_name: None,
        invitation: None,
        address: [192, 0, 2, 1].into(),
    }
}

/// An integration of `provider` with nothing filled in.
pub fn new_integration(provider: &str, key: &str) -> NewIntegration {
    NewIntegration {
        provider: ProviderName::parse(provider).unwrap(),
        unique_key: IntegrationKey::parse(key).unwrap(),
        display_name: None,
        forward_webhooks: true,
        credentials: None,
        integration_config: Default::default(),
        custom: Default::default(),
        own_redirect: false,
        draft: false,
    }
}

/// An OAuth client.
pub fn credentials(id: &str, secret: &str) -> IntegrationCredentials {
    IntegrationCredentials {
        mode: AuthMode::OAuth2,
        client_id: id.into(),
        client_secret: Some(SecretString::from(secret)),
        scopes: None,
        webhook_secret: None,
    }
}

async fn build(database: &Database, keyring: &str, clock: Arc<TestClock>, plan: Plan) -> Broker {
    let store = Store::open(&StoreOptions::new(database.url())).await.unwrap();
    store.migrate().await.unwrap();
    let providers = tempfile::tempdir().unwrap();
    for (name, text) in plan.providers {
        std::fs::write(providers.path().join(format!("{name}.yaml")), text).unwrap();
    }
    Broker::new(Parts {
        store,
        keyring: Keyring::parse(keyring).unwrap(),
        catalogue: Catalogue::load(Some(providers.path())).unwrap(),
        egress: Egress::new(&EgressOptions {
            allow: plan
                .allow
                .iter()
                .map(|entry| EgressAllow::parse(entry).unwrap())
                .collect(),
            token_limit: plan.token_limit,
            ..EgressOptions::default()
        })
        .unwrap(),
        clock,
        entropy: Arc::new(OsEntropy),
        settings: Settings {
            public_url: "http://localhost:3003".parse().unwrap(),
            signup: plan.signup,
            demo: plan.demo,
        },
    })
}
