//! What the instance's operator configured: one struct, read from flags and `TERAPI_*` variables.
//!
//! Every secret may come from a file instead: `NAME_FILE` holds the path. A value that cannot be read stops the
//! start and is named; an unknown `TERAPI_*` variable is a warning that names the nearest known one.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use ipnet::IpNet;
use terapi_broker::egress::EgressAllow;
use terapi_model::BasePath;
use terapi_vault::SecretString;
use url::Url;

use crate::router;

/// Flags and variables that every command shares.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// Addresses to listen on, comma-separated.
    #[arg(
        long,
        env = "TERAPI_LISTEN",
        value_delimiter = ',',
        default_value = "127.0.0.1:3003,[::1]:3003",
        global = true
    )]
    pub listen: Vec<SocketAddr>,

    /// Where browsers and providers reach this instance, such as `https://terapi.example.com` or
    /// `https://example.com/terapi`; `http://localhost:<port>` when not given.
    #[arg(long, env = "TERAPI_PUBLIC_URL", value_parser = parse_public_url, global = true)]
    pub public_url: Option<Url>,

    /// `sqlite:<path>` or `postgres://…`; `sqlite:<data dir>/terapi.db` when not given. Also TERAPI_DATABASE_URL_FILE.
    #[arg(long, env = "TERAPI_DATABASE_URL", hide_env_values = true, global = true)]
    database_url: Option<String>,

    /// The same database reached past a pooler, for migrations. Also TERAPI_DATABASE_DIRECT_URL_FILE.
    #[arg(
        long,
        env = "TERAPI_DATABASE_DIRECT_URL",
        hide_env_values = true,
        global = true
    )]
    database_direct_url: Option<String>,

    /// Set when a pooler stands before the database.
    #[arg(long, env = "TERAPI_DATABASE_POOLER", global = true)]
    pub database_pooler: Option<Pooler>,

    /// Where the database and the key file live by default.
    #[arg(long, env = "TERAPI_DATA_DIR", default_value = "data", global = true)]
    pub data_dir: PathBuf,

    /// `id:base64,…`: the first seals, all open. A key file in the data directory when not given.
    /// Also TERAPI_ENCRYPTION_KEYS_FILE.
    #[arg(long, env = "TERAPI_ENCRYPTION_KEYS", hide_env_values = true, global = true)]
    encryption_keys: Option<String>,

    /// A folder of provider files that add to or replace the built-in ones.
    #[arg(long, env = "TERAPI_PROVIDERS_DIR", global = true)]
    pub providers_dir: Option<PathBuf>,

    /// Who may create an account.
    #[arg(long, env = "TERAPI_SIGNUP", default_value = "first", global = true)]
    pub signup: SignupPolicy,

    /// Networks beyond the public ones that outbound calls may reach: `network` or `network:port`, comma-separated.
    #[arg(long, env = "TERAPI_EGRESS_ALLOW", value_delimiter = ',', value_parser = parse_egress, global = true)]
    pub egress_allow: Vec<EgressAllow>,

    /// Networks of reverse proxies whose `X-Forwarded-For` and `-Proto` are believed, comma-separated.
    #[arg(long, env = "TERAPI_TRUSTED_PROXIES", value_delimiter = ',', value_parser = parse_network, global = true)]
    pub trusted_proxies: Vec<IpNet>,

    /// Origins that may show the Connect UI in a frame, comma-separated; any when not given.
    #[arg(
        long,
        env = "TERAPI_CONNECT_FRAME_ANCESTORS",
        value_delimiter = ',',
        value_parser = parse_origin,
        global = true
    )]
    pub connect_frame_ancestors: Vec<String>,

    /// How many calls of the REST API each account may make in a minute, with keys and without, counted by each
    /// process; 0, or not given: as many as it likes.
    #[arg(long, env = "TERAPI_RATE_LIMIT", global = true)]
    pub rate_limit: Option<u32>,

    /// PEM file of certificate authorities to trust besides the platform's.
    #[arg(long, env = "TERAPI_CA_FILE", global = true)]
    pub ca_file: Option<PathBuf>,

    /// What to log: a level, or a filter such as `info,terapi_broker=debug`.
    #[arg(long, env = "TERAPI_LOG", default_value = "info,sqlx=warn", global = true)]
    pub log: String,

    /// How log lines look.
    #[arg(long, env = "TERAPI_LOG_FORMAT", default_value = "text", global = true)]
    pub log_format: LogFormat,

    /// Where the demo provider is; every `dev` environment then has integrations for it.
    #[arg(long, env = "TERAPI_DEMO", global = true)]
    pub demo: Option<Url>,

    /// Makes an unknown TERAPI_* variable an error.
    #[arg(long, env = "TERAPI_STRICT_ENV", value_parser = BoolishValueParser::new(), global = true)]
    pub strict_env: bool,
}

/// Which pooler stands before PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Pooler {
    /// One that gives a server connection for a transaction at a time.
    Transaction,
}

/// Who may create an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SignupPolicy {
    /// A setup link makes the first owner; later operators are invited.
    First,
    /// Anybody.
    Open,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A value that stops the start.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Both forms of a secret were given.
    #[error("{0} and {0}_FILE are both set; keep one")]
    Both(String),
    /// The file of a secret cannot be read.
    #[error("{0}_FILE names {1}, which cannot be read: {2}")]
    File(String, PathBuf, std::io::Error),
    /// Unknown variables, under `--strict-env`.
    #[error("{}", .0.join("\n"))]
    Unknown(Vec<String>),
    /// `TERAPI_PUBLIC_URL` is missing where it cannot be guessed.
    #[error("TERAPI_LISTEN has no address, so there is nothing to listen on")]
    NoListener,
}

/// Every variable that is read here, without the `TERAPI_SECRET_KEY_<ENV>` family.
pub const KNOWN: &[&str] = &[
    "TERAPI_LISTEN",
    "TERAPI_PUBLIC_URL",
    "TERAPI_DATABASE_URL",
    "TERAPI_DATABASE_URL_FILE",
    "TERAPI_DATABASE_DIRECT_URL",
    "TERAPI_DATABASE_DIRECT_URL_FILE",
    "TERAPI_DATABASE_POOLER",
    "TERAPI_DATA_DIR",
    "TERAPI_ENCRYPTION_KEYS",
    "TERAPI_ENCRYPTION_KEYS_FILE",
    "TERAPI_PROVIDERS_DIR",
    "TERAPI_SIGNUP",
    "TERAPI_EGRESS_ALLOW",
    "TERAPI_TRUSTED_PROXIES",
    "TERAPI_CONNECT_FRAME_ANCESTORS",
    "TERAPI_RATE_LIMIT",
    "TERAPI_CA_FILE",
    "TERAPI_LOG",
    "TERAPI_LOG_FORMAT",
    "TERAPI_DEMO",
    "TERAPI_STRICT_ENV",
];

/// What our own snippets and pages call the keys of whoever calls Terapi: one shell may well hold both.
const OF_CALLERS: &[&str] = &[
    "TERAPI_SECRET_KEY",
    "TERAPI_WEBHOOK_SIGNING_KEY",
    "TERAPI_HMAC_KEY",
];

/// Set by orchestrators and test runs, never by an operator.
const IGNORED_PREFIXES: &[&str] = &["TERAPI_SERVICE_", "TERAPI_PORT", "TERAPI_TEST_"];
const PREFIX: &str = "TERAPI_";
const SECRET_KEY_PREFIX: &str = "TERAPI_SECRET_KEY_";

/// The setting that an unknown name is a slip of the pen away from: two letters, and less than half of what is the
/// name's own.
fn meant_by(name: &str) -> Option<&'static str> {
    let distances = KNOWN
        .iter()
        .map(|known| (strsim::damerau_levenshtein(known, name), *known));
    let (distance, known) = distances.min()?;
    let own = name.len().saturating_sub(PREFIX.len());
    (distance <= 2 && distance * 2 < own).then_some(known)
}

/// The process environment, as far as it names Terapi; read once.
#[derive(Debug, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Reads the process environment.
    pub fn read() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one reader of the process environment"
        )]
        let variables = std::env::vars();
        Self(variables.filter(|(name, _)| name.starts_with(PREFIX)).collect())
    }

    /// A given environment, for tests.
    pub fn of<const N: usize>(variables: [(&str, &str); N]) -> Self {
        Self(
            variables
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    /// One sentence for each `TERAPI_*` variable that nothing reads.
    pub fn unknown(&self) -> Vec<String> {
        self.0
            .keys()
            .filter(|name| !KNOWN.contains(&name.as_str()) && !OF_CALLERS.contains(&name.as_str()))
            .filter(|name| !name.starts_with(SECRET_KEY_PREFIX))
            .filter(|name| !IGNORED_PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
            .map(|name| match meant_by(name) {
                Some(known) => format!("{name} is not a setting; did you mean {known}?"),
                None => format!("{name} is not a setting"),
            })
            .collect()
    }

    /// A secret given as `name` (already read by the flag parser into `given`) or as the file `name_FILE`.
    fn secret(&self, name: &str, given: Option<&str>) -> Result<Option<SecretString>, ConfigError> {
        let file = self.0.get(&format!("{name}_FILE"));
        match (given, file) {
            (Some(_), Some(_)) => Err(ConfigError::Both(name.to_owned())),
            (Some(value), None) => Ok(Some(SecretString::new(value.to_owned()))),
            (None, Some(path)) => {
                let path = PathBuf::from(path);
                let text = std::fs::read_to_string(&path)
                    .map_err(|error| ConfigError::File(name.to_owned(), path, error))?;
                Ok(Some(SecretString::new(text.trim_end().to_owned())))
            }
            (None, None) => Ok(None),
        }
    }

    /// API keys imported from `TERAPI_SECRET_KEY_<ENV>` or `…_FILE`, by lower-cased environment name.
    ///
    /// # Errors
    /// [`ConfigError`] when both forms are set or a file cannot be read.
    pub fn secret_keys(&self) -> Result<Vec<(String, SecretString)>, ConfigError> {
        let mut names: Vec<&str> = self
            .0
            .keys()
            .filter_map(|name| name.strip_prefix(SECRET_KEY_PREFIX))
            .map(|name| name.strip_suffix("_FILE").unwrap_or(name))
            .collect();
        names.sort_unstable();
        names.dedup();
        let mut keys = Vec::new();
        for name in names {
            let variable = format!("{SECRET_KEY_PREFIX}{name}");
            if let Some(key) = self.secret(&variable, self.0.get(&variable).map(String::as_str))? {
                keys.push((name.to_lowercase(), key));
            }
        }
        Ok(keys)
    }
}

impl Config {
    /// Refuses or reports what nothing reads.
    ///
    /// # Errors
    /// [`ConfigError::Unknown`] under `--strict-env`, [`ConfigError::NoListener`].
    pub fn check(&self, environment: &Environment) -> Result<Vec<String>, ConfigError> {
        if self.listen.is_empty() {
            return Err(ConfigError::NoListener);
        }
        let unknown = environment.unknown();
        if self.strict_env && !unknown.is_empty() {
            return Err(ConfigError::Unknown(unknown));
        }
        Ok(unknown)
    }

    /// The public URL, or the one that a browser on this machine would use.
    pub fn public_url(&self) -> Url {
        self.public_url.clone().unwrap_or_else(|| {
            let port = self.listen.first().map_or(3003, SocketAddr::port);
            parse_public_url(&format!("http://localhost:{port}")).expect("a literal URL with a port parses")
        })
    }

    /// The database's URL.
    ///
    /// # Errors
    /// [`ConfigError`] when both forms are set or the file cannot be read.
    pub fn database_url(&self, environment: &Environment) -> Result<SecretString, ConfigError> {
        let given = environment.secret("TERAPI_DATABASE_URL", self.database_url.as_deref())?;
        Ok(given.unwrap_or_else(|| {
            SecretString::new(format!("sqlite:{}", self.data_dir.join("terapi.db").display()))
        }))
    }

    /// The database's URL past the pooler, if one was given.
    ///
    /// # Errors
    /// As [`Config::database_url`].
    pub fn database_direct_url(
        &self,
        environment: &Environment,
    ) -> Result<Option<SecretString>, ConfigError> {
        environment.secret("TERAPI_DATABASE_DIRECT_URL", self.database_direct_url.as_deref())
    }

    /// The keys to seal with, if they were given instead of a key file.
    ///
    /// # Errors
    /// As [`Config::database_url`].
    pub fn encryption_keys(&self, environment: &Environment) -> Result<Option<SecretString>, ConfigError> {
        environment.secret("TERAPI_ENCRYPTION_KEYS", self.encryption_keys.as_deref())
    }

    /// Where the key file is when the keys are not configured.
    pub fn key_file(&self) -> PathBuf {
        Path::new(&self.data_dir).join("encryption.key")
    }
}

fn parse_public_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url = url.ok_or("must begin with http:// or https:// and name a host")?;
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err("must have no user, query or fragment".to_owned());
    }
    with_base_path(url, text)
}

/// The URL with its path as a base path. What `..` and escapes would come to is not guessed.
fn with_base_path(mut url: Url, text: &str) -> Result<Url, String> {
    let written = text.split_once("://").map_or("", |(_, rest)| rest);
    let path = written.find('/').map_or("", |at| &written[at..]);
    let base = BasePath::parse(path).map_err(|error| format!("has a path that {error}"))?;
    if url.path().trim_end_matches('/') != base.as_str() {
        return Err("must be written like https://example.com/terapi".to_owned());
    }
    if let Some(first) = base.first_segment() {
        let own = router::table()
            .into_iter()
            .any(|route| route.path.split('/').nth(1) == Some(first));
        if own {
            return Err(format!(
                "has a path that begins with /{first}, which is an address of Terapi's own: behind a proxy that takes \
                 the path off, one could not be told from the other"
            ));
        }
    }
    url.set_path(base.as_str());
    Ok(url)
}

fn parse_egress(text: &str) -> Result<EgressAllow, String> {
    EgressAllow::parse(text.trim()).map_err(|error| error.to_string())
}

/// A network, or an address that stands for itself.
fn parse_network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let network = text.parse().or_else(|_| text.parse().map(IpAddr::into));
    network.map_err(|_| "must be a network such as 10.0.0.0/8, or an address".to_owned())
}

fn parse_origin(text: &str) -> Result<String, String> {
    let url = Url::parse(text.trim()).ok();
    let url = url.filter(|url| url.origin().is_tuple() && url.path() == "/" && url.query().is_none());
    let url = url.ok_or("must be an origin such as https://app.example.com")?;
    Ok(url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        config: Config,
    }

    #[test]
    fn an_unknown_variable_names_its_nearest_neighbour_and_what_orchestrators_inject_is_ignored() {
        let environment = Environment::of([
            ("TERAPI_PUBLIC_ULR", "x"),
            ("TERAPI_SERVICE_HOST", "x"),
            ("TERAPI_PORT_3003_TCP", "x"),
            ("TERAPI_TEST_POSTGRES", "x"),
            ("TERAPI_SECRET_KEY_DEV", "x"),
        ]);
        assert_eq!(
            environment.unknown(),
            ["TERAPI_PUBLIC_ULR is not a setting; did you mean TERAPI_PUBLIC_URL?"]
        );
        let environment = Environment::of([("TERAPI_FOO", "x"), ("TERAPI_LOGS", "x"), ("TERAPI_LO", "x")]);
        assert_eq!(
            environment.unknown(),
            [
                "TERAPI_FOO is not a setting",
                "TERAPI_LO is not a setting",
                "TERAPI_LOGS is not a setting; did you mean TERAPI_LOG?"
            ]
        );
    }

    #[test]
    fn the_keys_of_whoever_calls_terapi_may_stand_in_the_same_shell() {
        let environment = Environment::of([
            ("TERAPI_SECRET_KEY", "x"),
            ("TERAPI_WEBHOOK_SIGNING_KEY", "x"),
            ("TERAPI_HMAC_KEY", "x"),
        ]);
        assert!(environment.unknown().is_empty());
    }

    #[test]
    fn strict_env_refuses_the_start() {
        let config = Cli::parse_from(["terapi", "--strict-env"]).config;
        assert!(config.check(&Environment::of([("TERAPI_LISTN", "x")])).is_err());
        assert!(config.check(&Environment::default()).is_ok());
    }

    #[test]
    fn an_address_is_a_network_of_its_own() {
        let config = Cli::parse_from(["terapi", "--trusted-proxies", "10.1.2.3, fd00::/8,::1"]).config;
        let networks: Vec<_> = config.trusted_proxies.iter().map(ToString::to_string).collect();
        assert_eq!(networks, ["10.1.2.3/32", "fd00::/8", "::1/128"]);
        let refused = Cli::try_parse_from(["terapi", "--trusted-proxies", "proxy"]);
        assert!(refused.is_err_and(|error| error.to_string().contains("such as 10.0.0.0/8")));
    }

    #[test]
    fn a_secret_given_twice_is_refused() {
        let environment = Environment::of([
            ("TERAPI_SECRET_KEY_DEV", "a"),
            ("TERAPI_SECRET_KEY_DEV_FILE", "b"),
        ]);
        assert!(matches!(environment.secret_keys(), Err(ConfigError::Both(_))));
    }

    #[test]
    fn a_public_url_may_have_a_path_and_nothing_after_it() {
        for (text, read) in [
            ("https://example.com", "https://example.com/"),
            ("https://example.com/", "https://example.com/"),
            ("https://example.com/terapi", "https://example.com/terapi"),
            ("https://example.com/terapi/", "https://example.com/terapi"),
            ("http://[::1]:3003/a/b", "http://[::1]:3003/a/b"),
        ] {
            assert_eq!(parse_public_url(text).unwrap().as_str(), read, "{text}");
        }
        for text in [
            "ftp://example.com",
            "example.com",
            "https://example.com/terapi?a=b",
            "https://example.com/terapi#a",
            "https://ada@example.com/terapi",
            "https://example.com//",
            "https://example.com/a//b",
            "https://example.com/a/../b",
            "https://example.com/a/%2e%2e/b",
            "https://example.com/a%20b",
            "https://example.com\\terapi",
            "https:/example.com/terapi",
        ] {
            assert!(parse_public_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_public_url_may_not_begin_where_terapi_has_addresses_of_its_own() {
        for own in ["app", "ui", "assets", "connect", "oauth", "connections"] {
            let refused = parse_public_url(&format!("https://example.com/{own}/x"));
            assert!(
                refused.is_err_and(|error| error.contains(&format!("/{own},"))),
                "{own}"
            );
        }
        assert!(parse_public_url("https://example.com/tools/app").is_ok());
    }

    #[test]
    fn every_flag_is_a_known_variable() {
        use clap::CommandFactory;
        for argument in Cli::command().get_arguments() {
            let variable = argument
                .get_env()
                .expect("every flag has a variable")
                .to_string_lossy()
                .into_owned();
            assert!(KNOWN.contains(&variable.as_str()), "{variable}");
        }
    }
}
