//! From a configuration to a running broker.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use terapi_broker::egress::{Egress, EgressOptions};
use terapi_broker::{Broker, Clock, Parts, Settings, Signup, SystemClock, instance};
use terapi_catalog::Catalogue;
use terapi_model::Timestamp;
use terapi_store::{OpenError, SchemaState, Store, StoreOptions};
use terapi_vault::{Entropy, Keyring, OsEntropy, SecretString};

use crate::config::{Config, Environment, Pooler, SignupPolicy};

/// Opens the database as configured, without migrating it.
///
/// # Errors
/// When a value cannot be read or the database cannot be reached.
pub async fn open_store(config: &Config, environment: &Environment) -> anyhow::Result<Store> {
    Store::open(&store_options(config, environment)?)
        .await
        .map_err(|error| {
            let setting = match error {
                OpenError::MalformedDirectUrl => "TERAPI_DATABASE_DIRECT_URL",
                _ => "TERAPI_DATABASE_URL: the database cannot be opened",
            };
            anyhow::Error::new(error).context(setting)
        })
}

fn store_options(config: &Config, environment: &Environment) -> anyhow::Result<StoreOptions> {
    let url = config.database_url(environment)?;
    let direct_url = config.database_direct_url(environment)?;
    if url.expose().starts_with("sqlite:") {
        let poolers = [
            ("TERAPI_DATABASE_DIRECT_URL", direct_url.is_some()),
            ("TERAPI_DATABASE_POOLER", config.database_pooler.is_some()),
        ];
        if let Some((name, _)) = poolers.into_iter().find(|(_, is_set)| *is_set) {
            bail!(
                "{name} is for PostgreSQL behind a pooler, and the database is SQLite; set TERAPI_DATABASE_URL too, or leave {name} out"
            );
        }
    }
    Ok(StoreOptions {
        url: url.expose().clone(),
        direct_url: direct_url.map(|url| url.expose().clone()),
        pooler: config
            .database_pooler
            .map(|Pooler::Transaction| terapi_store::Pooler::Transaction),
    })
}

/// Opens and migrates the database, checks the key against it and puts the broker together.
///
/// # Errors
/// Everything that must stop a start, each with a message naming the setting to look at.
pub async fn start(config: &Config, environment: &Environment) -> anyhow::Result<Broker> {
    let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let catalogue = Catalogue::load(config.providers_dir.as_deref()).context("TERAPI_PROVIDERS_DIR")?;
    let egress = Egress::new(&egress_options(config)?).context("the outbound client cannot be built")?;
    let store = open_store(config, environment).await?;
    store.migrate().await.context("the database cannot be migrated")?;
    let keyring = open_keyring(config, environment, &store, entropy.as_ref()).await?;
    prove_key(config, &store, &keyring, clock.now(), entropy.as_ref()).await?;
    let settings = Settings {
        public_url: config.public_url(),
        signup: match config.signup {
            SignupPolicy::First => Signup::First,
            SignupPolicy::Open => Signup::Open,
        },
        demo: config.demo.clone(),
    };
    let broker = Broker::new(Parts {
        store,
        keyring,
        catalogue,
        egress,
        clock,
        entropy,
        settings,
    });
    Ok(broker)
}

/// What a serving instance takes from its configuration into the database: imported keys, the demo's integrations.
///
/// # Errors
/// When a key cannot be taken, or the database does not answer.
pub async fn import(broker: &Broker, config: &Config, environment: &Environment) -> anyhow::Result<()> {
    if let Some(acme) = &config.demo {
        broker
            .integrations()
            .create_demo(acme)
            .await
            .context("TERAPI_DEMO")?;
    }
    // Its errors name the variable.
    Ok(broker.keys().import_managed(environment.secret_keys()?).await?)
}

fn egress_options(config: &Config) -> anyhow::Result<EgressOptions> {
    let mut options = EgressOptions {
        allow: config.egress_allow.clone(),
        ..EgressOptions::default()
    };
    if let Some(path) = &config.ca_file {
        let pem = std::fs::read(path).with_context(|| format!("TERAPI_CA_FILE: {}", path.display()))?;
        options.extra_roots_pem = Some(pem);
    }
    Ok(options)
}

fn configured_keyring(config: &Config, environment: &Environment) -> anyhow::Result<Option<Keyring>> {
    let text = config.encryption_keys(environment)?;
    text.map(|text| Keyring::parse(text.expose()).context("TERAPI_ENCRYPTION_KEYS"))
        .transpose()
}

/// The configured keys, else the key file, else (only while there is no data) a new key file.
async fn open_keyring(
    config: &Config,
    environment: &Environment,
    store: &Store,
    entropy: &dyn Entropy,
) -> anyhow::Result<Keyring> {
    if let Some(keyring) = configured_keyring(config, environment)? {
        return Ok(keyring);
    }
    let path = config.key_file();
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            Keyring::parse(text.trim_end()).with_context(|| format!("the key file {}", path.display()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if instance::exists(store).await? {
                bail!(MissingKey { path });
            }
            let keyring = Keyring::generate(entropy);
            write_key_file(&path, &keyring.to_text())
                .with_context(|| format!("the key file {} cannot be written", path.display()))?;
            tracing::info!(path = %path.display(), "created the encryption key file; back it up apart from the database");
            Ok(keyring)
        }
        Err(error) => Err(error).with_context(|| format!("the key file {} cannot be read", path.display())),
    }
}

/// The database holds sealed data and the key to it is gone.
#[derive(Debug, thiserror::Error)]
#[error(
    "the database holds data sealed with an encryption key, but {} does not exist and TERAPI_ENCRYPTION_KEYS is \
     not set. Restore the key file from your backup, or set TERAPI_ENCRYPTION_KEYS to the key that this database \
     was used with. Nothing was changed", .path.display()
)]
pub struct MissingKey {
    path: PathBuf,
}

async fn prove_key(
    config: &Config,
    store: &Store,
    keyring: &Keyring,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> anyhow::Result<()> {
    instance::prove_key(store, keyring, now, entropy).await.with_context(|| {
        format!(
            "the encryption key (TERAPI_ENCRYPTION_KEYS, else {}) is not the one that this database was used with",
            config.key_file().display()
        )
    })
}

/// Writes the key so that only this user can read it and a power cut cannot lose it: to a file beside, synced,
/// then linked into place without ever replacing an existing key.
fn write_key_file(path: &Path, text: &SecretString) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let draft = path.with_extension("key.new");
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)?;
    file.write_all(text.expose().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    std::fs::hard_link(&draft, path)?;
    std::fs::remove_file(&draft)?;
    std::fs::File::open(folder)?.sync_all()
}

/// What `terapi doctor` says of a database that is as it should be. Changes nothing.
///
/// # Errors
/// When the database cannot be reached, is not migrated, or the key does not fit.
pub async fn inspect(config: &Config, environment: &Environment) -> anyhow::Result<String> {
    configured_keyring(config, environment)?;
    if let Some(path) = store_options(config, environment)?.missing_file() {
        return Ok(format!("the first start creates {}", path.display()));
    }
    let store = open_store(config, environment).await?;
    store.ping().await.context("the database does not answer")?;
    match store.schema_state().await? {
        SchemaState::Missing => return Ok(format!("{:?}, empty; the first start fills it", store.dialect())),
        SchemaState::Older => {
            bail!("the database was made by an older version; start the server or run `terapi migrate`")
        }
        SchemaState::Newer => bail!("the database was made by a newer version of Terapi than this one"),
        SchemaState::Current => {}
    }
    if !instance::exists(&store).await? {
        return Ok(format!(
            "{:?}, empty; the first start creates the key",
            store.dialect()
        ));
    }
    let entropy = OsEntropy;
    let keyring = open_keyring(config, environment, &store, &entropy).await?;
    prove_key(config, &store, &keyring, SystemClock.now(), &entropy).await?;
    Ok(format!("{:?}, and the key opens it", store.dialect()))
}
