use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use terapi_catalog::Catalogue;
use terapi_model::Timestamp;
use terapi_store::Store;
use terapi_vault::{Entropy, Keyring};

use crate::clock::Clock;
use crate::connect::{Connect, Results};
use crate::connections::Connections;
use crate::egress::Egress;
use crate::environments::Environments;
use crate::integrations::Integrations;
use crate::keys::{ImportedKey, Keys};
use crate::operations::Operations;
use crate::operators::{Operators, PasswordHasher};
use crate::refresh::Flights;
use crate::settings::Settings;
use crate::webhooks::{Bell, Webhooks};

/// Everything Terapi can do. Cheap to clone; REST handlers and pages hold one.
#[derive(Clone)]
pub struct Broker(Arc<Inner>);

/// What a broker is made of.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// Opens and seals secrets.
    pub keyring: Keyring,
    /// The providers.
    pub catalogue: Catalogue,
    /// All outbound traffic.
    pub egress: Egress,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// What the instance's operator configured.
    pub settings: Settings,
}

struct Inner {
    parts: Parts,
    hasher: PasswordHasher,
    imported_keys: OnceLock<Vec<ImportedKey>>,
    flights: Flights,
    results: Results,
    webhook_bell: Arc<Bell>,
    ordered: AtomicU32,
}

impl Broker {
    /// A broker over `parts`.
    pub fn new(parts: Parts) -> Self {
        let hasher = PasswordHasher::new(Arc::clone(&parts.entropy));
        let imported_keys = OnceLock::new();
        Self(Arc::new(Inner {
            parts,
            hasher,
            imported_keys,
            flights: Flights::default(),
            results: Results::default(),
            webhook_bell: Arc::new(Bell::default()),
            ordered: AtomicU32::new(0),
        }))
    }

    /// The database, for health checks and migrations; rooms reach it through their broker.
    pub fn store(&self) -> &Store {
        &self.0.parts.store
    }

    /// The providers.
    pub fn catalogue(&self) -> &Catalogue {
        &self.0.parts.catalogue
    }

    /// What the instance's operator configured.
    pub fn settings(&self) -> &Settings {
        &self.0.parts.settings
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.0.parts.clock.now()
    }

    /// People who sign in to the dashboard.
    pub fn operators(&self) -> Operators<'_> {
        Operators::of(self)
    }

    /// Environments and their settings.
    pub fn environments(&self) -> Environments<'_> {
        Environments::of(self)
    }

    /// API keys.
    pub fn keys(&self) -> Keys<'_> {
        Keys::of(self)
    }

    /// Integrations.
    pub fn integrations(&self) -> Integrations<'_> {
        Integrations::of(self)
    }

    /// Connections and their credentials.
    pub fn connections(&self) -> Connections<'_> {
        Connections::of(self)
    }

    /// Connect sessions and authorizations.
    pub fn connect(&self) -> Connect<'_> {
        Connect::of(self)
    }

    /// The operation log.
    pub fn operations(&self) -> Operations<'_> {
        Operations::of(self)
    }

    /// A new id of a kind that is read in order: those that one process makes within a millisecond sort as they were made
    /// (RFC 9562 section 6.2, method 1). 26 of the random bits count.
    pub(crate) fn mint_in_order<Id>(&self, make: fn(Timestamp, [u8; 10]) -> Id) -> Id {
        let mut random = [0; 10];
        self.entropy().fill(&mut random);
        let [high, upper, lower, low] = self.0.ordered.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        // Six bits of the first four bytes are the version's and the variant's.
        random[0] = high << 2 | upper >> 6;
        random[1] = upper << 2 | lower >> 6;
        random[2] = lower & 0x3f;
        random[3] = low;
        make(self.now(), random)
    }

    /// Outgoing webhooks.
    pub fn webhooks(&self) -> Webhooks<'_> {
        Webhooks::of(self)
    }

    /// A new id of any kind: `broker.mint(ConnectionId::mint)`.
    pub(crate) fn mint<Id>(&self, make: fn(Timestamp, [u8; 10]) -> Id) -> Id {
        let mut random = [0; 10];
        self.entropy().fill(&mut random);
        make(self.now(), random)
    }

    pub(crate) fn keyring(&self) -> &Keyring {
        &self.0.parts.keyring
    }

    pub(crate) fn egress(&self) -> &Egress {
        &self.0.parts.egress
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        self.0.parts.entropy.as_ref()
    }

    pub(crate) fn hasher(&self) -> &PasswordHasher {
        &self.0.hasher
    }

    /// Keys that the process environment brought along, once the boot has handed them over.
    pub(crate) fn imported_keys(&self) -> &OnceLock<Vec<ImportedKey>> {
        &self.0.imported_keys
    }

    pub(crate) fn flights(&self) -> &Flights {
        &self.0.flights
    }

    pub(crate) fn results(&self) -> &Results {
        &self.0.results
    }

    /// What wakes this process's webhook worker.
    pub(crate) fn webhook_bell(&self) -> &Arc<Bell> {
        &self.0.webhook_bell
    }
}
