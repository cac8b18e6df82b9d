//! What a connection holds, opened: the only form in which a provider's token exists in memory.

use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use terapi_model::{AuthMode, Timestamp};
use terapi_vault::SecretString;

/// The credentials of one connection. Printing one shows no value.
#[derive(Debug, PartialEq, Eq)]
pub enum Credentials {
    /// OAuth 2.0 tokens.
    OAuth2(OAuth2Credentials),
    /// A key.
    ApiKey {
        /// The key.
        api_key: SecretString,
    },
    /// User name and password.
    Basic {
        /// User name.
        username: SecretString,
        /// Password; may be empty.
        password: SecretString,
    },
    /// OAuth 2.0 client credentials: an app of the end user's own, and the token it was given.
    ClientCredentials(ClientCredentials),
    /// OAuth 1.0a token.
    OAuth1(OAuth1Credentials),
    /// A token that an administrator issued, NetSuite's token-based authentication.
    Tba(TbaCredentials),
    /// Nothing: the API lets everybody in.
    None,
}

/// An OAuth 2.0 client of the end user's own and its token (RFC 6749 section 4.4).
#[derive(Debug, PartialEq, Eq)]
pub struct ClientCredentials {
    /// Access token.
    pub token: SecretString,
    /// Client id.
    pub client_id: String,
    /// Client secret.
    pub client_secret: SecretString,
    /// Certificate for mutual TLS, PEM.
    pub client_certificate: Option<SecretString>,
    /// Private key for mutual TLS or signed assertions, PEM.
    pub client_private_key: Option<SecretString>,
    /// When the token ends; `None` when nobody said.
    pub expires_at: Option<Timestamp>,
    /// The answer the token came in, or what was imported, as JSON text.
    pub raw: SecretString,
}

/// An OAuth 1.0a token (RFC 5849). It does not end.
#[derive(Debug, PartialEq, Eq)]
pub struct OAuth1Credentials {
    /// The token.
    pub oauth_token: SecretString,
    /// What signs together with the app's secret.
    pub oauth_token_secret: SecretString,
    /// The answer the token came in, or what was imported, as JSON text.
    pub raw: SecretString,
}

/// A token that an administrator issued by hand. It does not end.
#[derive(Debug, PartialEq, Eq)]
pub struct TbaCredentials {
    /// The token.
    pub token_id: SecretString,
    /// What signs together with the app's secret.
    pub token_secret: SecretString,
    /// The consumer that was given with it, in place of the integration's.
    pub client: Option<ClientOverride>,
}

/// OAuth 2.0 tokens and the answer they came in.
#[derive(Debug, PartialEq, Eq)]
pub struct OAuth2Credentials {
    /// Access token.
    pub access_token: SecretString,
    /// Refresh token, when there is one.
    pub refresh_token: Option<SecretString>,
    /// When the access token ends; `None` when nobody said.
    pub expires_at: Option<Timestamp>,
    /// The OAuth app that was given with the attempt, in place of the integration's.
    pub client: Option<ClientOverride>,
    /// The token endpoint's answer as JSON text, as received, plus a computed `expires_at` (rest.md 11.3).
    pub raw: SecretString,
}

/// An OAuth app of the end user's own.
#[derive(Debug, PartialEq, Eq)]
pub struct ClientOverride {
    /// Client id.
    pub client_id: Option<String>,
    /// Client secret.
    pub client_secret: Option<SecretString>,
}

/// How credentials lie sealed in the database. One flat record: the fields that a mode lacks are absent.
#[derive(Default, Serialize, Deserialize)]
struct Stored {
    v: u8,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    access_token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    raw: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    api_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_certificate: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_private_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token_secret: Option<String>,
}

/// The format of [`Stored`]; a later one reads the earlier.
const VERSION: u8 = 1;

impl Serialize for Credentials {
    /// The stored form, to be sealed. Not the wire form: that is [`Credentials::to_wire`].
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = |secret: &SecretString| Some(secret.expose().clone());
        let mut stored = Stored {
            v: VERSION,
            kind: self.auth_mode().as_wire().to_owned(),
            ..Stored::default()
        };
        match self {
            Self::OAuth2(tokens) => {
                stored.access_token = text(&tokens.access_token);
                stored.refresh_token = tokens.refresh_token.as_ref().and_then(text);
                stored.expires_at = tokens.expires_at.map(Timestamp::as_millis);
                stored.set_client(tokens.client.as_ref());
                stored.raw = text(&tokens.raw);
            }
            Self::ApiKey { api_key } => stored.api_key = text(api_key),
            Self::Basic { username, password } => {
                stored.username = text(username);
                stored.password = text(password);
            }
            Self::ClientCredentials(held) => {
                stored.access_token = text(&held.token);
                stored.client_id = Some(held.client_id.clone());
                stored.client_secret = text(&held.client_secret);
                stored.client_certificate = held.client_certificate.as_ref().and_then(text);
                stored.client_private_key = held.client_private_key.as_ref().and_then(text);
                stored.expires_at = held.expires_at.map(Timestamp::as_millis);
                stored.raw = text(&held.raw);
            }
            Self::OAuth1(held) => {
                stored.access_token = text(&held.oauth_token);
                stored.token_secret = text(&held.oauth_token_secret);
                stored.raw = text(&held.raw);
            }
            Self::Tba(held) => {
                stored.access_token = text(&held.token_id);
                stored.token_secret = text(&held.token_secret);
                stored.set_client(held.client.as_ref());
            }
            Self::None => {}
        }
        let written = stored.serialize(serializer);
        stored.wipe();
        written
    }
}

impl<'de> Deserialize<'de> for Credentials {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut stored = Stored::deserialize(deserializer)?;
        let missing = de::Error::missing_field;
        if stored.v != VERSION {
            return Err(de::Error::custom("credentials of a later version"));
        }
        let secret = |text: &mut Option<String>| text.take().map(SecretString::new);
        match AuthMode::from_wire(&stored.kind) {
            Some(AuthMode::OAuth2) => Ok(Self::OAuth2(OAuth2Credentials {
                client: stored.take_client(),
                access_token: secret(&mut stored.access_token).ok_or_else(|| missing("access_token"))?,
                refresh_token: secret(&mut stored.refresh_token),
                expires_at: stored.expires_at.map(Timestamp::from_millis),
                raw: secret(&mut stored.raw).ok_or_else(|| missing("raw"))?,
            })),
            Some(AuthMode::ApiKey) => Ok(Self::ApiKey {
                api_key: secret(&mut stored.api_key).ok_or_else(|| missing("api_key"))?,
            }),
            Some(AuthMode::Basic) => Ok(Self::Basic {
                username: secret(&mut stored.username).ok_or_else(|| missing("username"))?,
                password: secret(&mut stored.password).ok_or_else(|| missing("password"))?,
            }),
            Some(AuthMode::OAuth2ClientCredentials) => Ok(Self::ClientCredentials(ClientCredentials {
                token: secret(&mut stored.access_token).ok_or_else(|| missing("access_token"))?,
                client_id: stored.client_id.take().ok_or_else(|| missing("client_id"))?,
                client_secret: secret(&mut stored.client_secret).ok_or_else(|| missing("client_secret"))?,
                client_certificate: secret(&mut stored.client_certificate),
                client_private_key: secret(&mut stored.client_private_key),
                expires_at: stored.expires_at.map(Timestamp::from_millis),
                raw: secret(&mut stored.raw).ok_or_else(|| missing("raw"))?,
            })),
            Some(AuthMode::OAuth1) => Ok(Self::OAuth1(OAuth1Credentials {
                oauth_token: secret(&mut stored.access_token).ok_or_else(|| missing("access_token"))?,
                oauth_token_secret: secret(&mut stored.token_secret)
                    .ok_or_else(|| missing("token_secret"))?,
                raw: secret(&mut stored.raw).ok_or_else(|| missing("raw"))?,
            })),
            Some(AuthMode::Tba) => Ok(Self::Tba(TbaCredentials {
                client: stored.take_client(),
                token_id: secret(&mut stored.access_token).ok_or_else(|| missing("access_token"))?,
                token_secret: secret(&mut stored.token_secret).ok_or_else(|| missing("token_secret"))?,
            })),
            Some(AuthMode::None) => Ok(Self::None),
            _ => Err(de::Error::custom(
                "credentials of a mode this version does not know",
            )),
        }
    }
}

impl Stored {
    fn set_client(&mut self, client: Option<&ClientOverride>) {
        if let Some(client) = client {
            self.client_id.clone_from(&client.client_id);
            self.client_secret = client
                .client_secret
                .as_ref()
                .map(|secret| secret.expose().clone());
        }
    }

    fn take_client(&mut self) -> Option<ClientOverride> {
        let client_id = self.client_id.take();
        let client_secret = self.client_secret.take().map(SecretString::new);
        (client_id.is_some() || client_secret.is_some()).then_some(ClientOverride {
            client_id,
            client_secret,
        })
    }

    /// Hands the copies that were made for writing to a type that overwrites them.
    fn wipe(self) {
        let copies = [
            self.access_token,
            self.refresh_token,
            self.client_secret,
            self.raw,
            self.api_key,
            self.username,
            self.password,
            self.client_certificate,
            self.client_private_key,
            self.token_secret,
        ];
        for copy in copies.into_iter().flatten() {
            drop(SecretString::new(copy));
        }
    }
}

impl Credentials {
    /// The mode's name.
    pub fn auth_mode(&self) -> AuthMode {
        match self {
            Self::OAuth2(_) => AuthMode::OAuth2,
            Self::ApiKey { .. } => AuthMode::ApiKey,
            Self::Basic { .. } => AuthMode::Basic,
            Self::ClientCredentials(_) => AuthMode::OAuth2ClientCredentials,
            Self::OAuth1(_) => AuthMode::OAuth1,
            Self::Tba(_) => AuthMode::Tba,
            Self::None => AuthMode::None,
        }
    }

    /// When they end; `None` when they do not, or nobody said.
    pub fn expires_at(&self) -> Option<Timestamp> {
        match self {
            Self::OAuth2(tokens) => tokens.expires_at,
            Self::ClientCredentials(held) => held.expires_at,
            Self::ApiKey { .. } | Self::Basic { .. } | Self::OAuth1(_) | Self::Tba(_) | Self::None => None,
        }
    }

    /// The `credentials` object of the REST contract (rest.md 11.3), as JSON. Unless `refresh_token`, every key
    /// that spells "refresh token" is removed, at any depth. Text, not a tree of values: numbers of `raw` that fit
    /// no machine type come out as the provider wrote them.
    ///
    /// This is the one place where credentials leave their types; the answer it goes into must not be cached or
    /// logged.
    pub fn to_wire(&self, refresh_token: bool) -> Box<RawValue> {
        let wire = match self {
            Self::OAuth2(tokens) => Wire::OAuth2(tokens),
            Self::ApiKey { api_key } => Wire::ApiKey {
                kind: "API_KEY",
                api_key: api_key.expose(),
            },
            Self::Basic { username, password } => Wire::Basic {
                kind: "BASIC",
                username: username.expose(),
                password: password.expose(),
            },
            Self::ClientCredentials(held) => Wire::ClientCredentials {
                kind: "OAUTH2_CC",
                token: held.token.expose(),
                client_id: &held.client_id,
                client_secret: held.client_secret.expose(),
                client_certificate: held.client_certificate.as_ref().map(text),
                client_private_key: held.client_private_key.as_ref().map(text),
                expires_at: held.expires_at.map(Timestamp::to_rfc3339),
                raw: parsed(&held.raw),
            },
            Self::OAuth1(held) => Wire::OAuth1 {
                kind: "OAUTH1",
                oauth_token: held.oauth_token.expose(),
                oauth_token_secret: held.oauth_token_secret.expose(),
                raw: parsed(&held.raw),
            },
            Self::Tba(held) => Wire::Tba {
                kind: "TBA",
                token_id: held.token_id.expose(),
                token_secret: held.token_secret.expose(),
                config_override: WireClient::of(held.client.as_ref()),
            },
            Self::None => Wire::None {},
        };
        let whole = serde_json::value::to_raw_value(&wire).unwrap_or_else(|_| RawValue::NULL.to_owned());
        if refresh_token {
            whole
        } else {
            without_refresh_tokens(&whole)
        }
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Wire<'a> {
    OAuth2(&'a OAuth2Credentials),
    ApiKey {
        #[serde(rename = "type")]
        kind: &'static str,
        #[serde(rename = "apiKey")]
        api_key: &'a str,
    },
    Basic {
        #[serde(rename = "type")]
        kind: &'static str,
        username: &'a str,
        password: &'a str,
    },
    ClientCredentials {
        #[serde(rename = "type")]
        kind: &'static str,
        token: &'a str,
        client_id: &'a str,
        client_secret: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        client_certificate: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        client_private_key: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        expires_at: Option<String>,
        raw: &'a RawValue,
    },
    OAuth1 {
        #[serde(rename = "type")]
        kind: &'static str,
        oauth_token: &'a str,
        oauth_token_secret: &'a str,
        raw: &'a RawValue,
    },
    Tba {
        #[serde(rename = "type")]
        kind: &'static str,
        token_id: &'a str,
        token_secret: &'a str,
        config_override: WireClient<'a>,
    },
    None {},
}

/// `config_override`: the client that was given in place of the integration's.
#[derive(Default, Serialize)]
struct WireClient<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
}

impl<'a> WireClient<'a> {
    fn of(client: Option<&'a ClientOverride>) -> Self {
        client.map_or_else(Self::default, |client| Self {
            client_id: client.client_id.as_deref(),
            client_secret: client.client_secret.as_ref().map(text),
        })
    }
}

fn text(secret: &SecretString) -> &str {
    secret.expose()
}

/// The JSON of a raw answer; `null` for one that is none.
fn parsed(raw: &SecretString) -> &RawValue {
    serde_json::from_str(raw.expose()).unwrap_or(RawValue::NULL)
}

impl Serialize for OAuth2Credentials {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", "OAUTH2")?;
        map.serialize_entry("access_token", self.access_token.expose())?;
        if let Some(refresh_token) = &self.refresh_token {
            map.serialize_entry("refresh_token", refresh_token.expose())?;
        }
        if let Some(expires_at) = self.expires_at {
            map.serialize_entry("expires_at", &expires_at.to_rfc3339())?;
        }
        if self.client.is_some() {
            map.serialize_entry("config_override", &WireClient::of(self.client.as_ref()))?;
        }
        map.serialize_entry("raw", parsed(&self.raw))?;
        map.end()
    }
}

/// True when the letters of a key spell "refreshtoken", whatever the case and the punctuation between them.
pub fn is_refresh_token_key(key: &str) -> bool {
    let letters = key
        .chars()
        .filter(char::is_ascii_alphabetic)
        .map(|letter| letter.to_ascii_lowercase());
    letters.eq("refreshtoken".chars())
}

/// A connection config without refresh tokens, at any depth (rest.md 5.2).
pub fn config_without_refresh_tokens(config: &Map<String, Value>) -> Map<String, Value> {
    fn strip(value: &Value) -> Value {
        match value {
            Value::Object(object) => Value::Object(config_without_refresh_tokens(object)),
            Value::Array(items) => Value::Array(items.iter().map(strip).collect()),
            other => other.clone(),
        }
    }
    let kept = config.iter().filter(|(key, _)| !is_refresh_token_key(key));
    kept.map(|(key, value)| (key.clone(), strip(value))).collect()
}

/// JSON text without refresh tokens; everything else stays as it was written.
fn without_refresh_tokens(json: &RawValue) -> Box<RawValue> {
    let text = json.get();
    let stripped = match text.trim_start().as_bytes().first() {
        Some(b'{') => serde_json::from_str::<Members>(text).ok().and_then(|members| {
            let kept = members
                .0
                .into_iter()
                .filter(|(key, _)| !is_refresh_token_key(key));
            let kept = kept
                .map(|(key, value)| (key, without_refresh_tokens(&value)))
                .collect();
            serde_json::value::to_raw_value(&Members(kept)).ok()
        }),
        Some(b'[') => serde_json::from_str::<Vec<Box<RawValue>>>(text)
            .ok()
            .and_then(|items| {
                let items: Vec<_> = items.iter().map(|item| without_refresh_tokens(item)).collect();
                serde_json::value::to_raw_value(&items).ok()
            }),
        _ => return json.to_owned(),
    };
    // Whatever cannot be taken apart cannot be shown to hold no refresh token.
    stripped.unwrap_or_else(|| RawValue::NULL.to_owned())
}

/// The members of a JSON object in their order, each value as it was written.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> Credentials {
        Credentials::OAuth2(OAuth2Credentials {
            access_token: "at".into(),
            refresh_token: Some("rt".into()),
            expires_at: Some(Timestamp::from_millis(1_700_000_000_000)),
            client: Some(ClientOverride { client_id: Some("me".into()), client_secret: Some("cs".into()) }),
            raw: r#"{"access_token":"at","refreshToken":"rt","n":123456789012345678901234567890,"a":[{"Refresh-Token":1,"x":2.50}]}"#
                .into(),
        })
    }

    fn client_credentials() -> Credentials {
        Credentials::ClientCredentials(ClientCredentials {
            token: "t".into(),
            client_id: "me".into(),
            client_secret: "cs".into(),
            client_certificate: None,
            client_private_key: Some("pem".into()),
            expires_at: Some(Timestamp::from_millis(1_700_000_000_000)),
            raw: r#"{"token":"t"}"#.into(),
        })
    }

    fn oauth1() -> Credentials {
        Credentials::OAuth1(OAuth1Credentials {
            oauth_token: "t".into(),
            oauth_token_secret: "s".into(),
            raw: r#"{"oauth_token":"t"}"#.into(),
        })
    }

    fn tba(client: Option<ClientOverride>) -> Credentials {
        Credentials::Tba(TbaCredentials {
            token_id: "t".into(),
            token_secret: "s".into(),
            client,
        })
    }

    #[test]
    fn imported_modes_have_the_contracts_names() {
        let wire = |credentials: Credentials| credentials.to_wire(true).get().to_owned();
        assert_eq!(
            wire(client_credentials()),
            r#"{"type":"OAUTH2_CC","token":"t","client_id":"me","client_secret":"cs","client_private_key":"pem","expires_at":"2023-11-14T22:13:20.000Z","raw":{"token":"t"}}"#
        );
        assert_eq!(
            wire(oauth1()),
            r#"{"type":"OAUTH1","oauth_token":"t","oauth_token_secret":"s","raw":{"oauth_token":"t"}}"#
        );
        assert_eq!(
            wire(tba(None)),
            r#"{"type":"TBA","token_id":"t","token_secret":"s","config_override":{}}"#
        );
        assert_eq!(wire(Credentials::None), "{}");
    }

    #[test]
    fn the_wire_form_is_the_contracts_and_keeps_the_providers_numbers() {
        assert_eq!(
            tokens().to_wire(true).get(),
            r#"{"type":"OAUTH2","access_token":"at","refresh_token":"rt","expires_at":"2023-11-14T22:13:20.000Z","config_override":{"client_id":"me","client_secret":"cs"},"raw":{"access_token":"at","refreshToken":"rt","n":123456789012345678901234567890,"a":[{"Refresh-Token":1,"x":2.50}]}}"#
        );
    }

    #[test]
    fn refresh_tokens_are_removed_at_any_depth_and_in_any_spelling() {
        assert_eq!(
            tokens().to_wire(false).get(),
            r#"{"type":"OAUTH2","access_token":"at","expires_at":"2023-11-14T22:13:20.000Z","config_override":{"client_id":"me","client_secret":"cs"},"raw":{"access_token":"at","n":123456789012345678901234567890,"a":[{"x":2.50}]}}"#
        );
        let config = serde_json::json!({"refresh_token": "x", "deep": [{"REFRESH.token": "y", "z": 1}]});
        let stripped = config_without_refresh_tokens(config.as_object().unwrap());
        assert_eq!(Value::Object(stripped), serde_json::json!({"deep": [{"z": 1}]}));
    }

    #[test]
    fn what_is_stored_comes_back() {
        for credentials in [
            tokens(),
            Credentials::ApiKey { api_key: "k".into() },
            Credentials::Basic {
                username: "u".into(),
                password: "".into(),
            },
            client_credentials(),
            oauth1(),
            tba(None),
            tba(Some(ClientOverride {
                client_id: Some("consumer".into()),
                client_secret: Some("secret".into()),
            })),
            Credentials::None,
        ] {
            let stored = serde_json::to_vec(&credentials).unwrap();
            assert_eq!(
                serde_json::from_slice::<Credentials>(&stored).unwrap(),
                credentials
            );
            assert!(!format!("{credentials:?}").contains("at\""), "nothing is printed");
        }
        assert!(serde_json::from_str::<Credentials>(r#"{"v":2,"type":"API_KEY","api_key":"k"}"#).is_err());
        assert!(serde_json::from_str::<Credentials>(r#"{"v":1,"type":"OAUTH2","raw":"{}"}"#).is_err());
    }

    #[test]
    fn simple_modes_have_the_contracts_names() {
        let key = Credentials::ApiKey {
            api_key: "k\"".into(),
        };
        assert_eq!(key.to_wire(false).get(), r#"{"type":"API_KEY","apiKey":"k\""}"#);
        let basic = Credentials::Basic {
            username: "u".into(),
            password: "".into(),
        };
        assert_eq!(
            basic.to_wire(false).get(),
            r#"{"type":"BASIC","username":"u","password":""}"#
        );
    }
}
