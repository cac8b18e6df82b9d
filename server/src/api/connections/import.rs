use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};
use terapi_broker::connections::{Import, ImportError};
use terapi_broker::credentials::{
    ClientCredentials, ClientOverride, Credentials, OAuth1Credentials, OAuth2Credentials, TbaCredentials,
};
use terapi_model::{AuthMode, ConnectionKey, ErrorCode, IntegrationKey, IssueCode, Scope};
use utoipa::ToSchema;

use super::body::ConnectionBody;
use super::submitted::{connection_config, expires_at, optional_secret, raw, secret};
use crate::api::auth::ByKey;
use crate::api::connect::body::EndUserInput;
use crate::api::input::{Fields, JsonBody, Length, NoQuery, read_object};
use crate::error::ApiError;
use crate::state::AppState;

/// Longest access or refresh token, characters.
const TOKEN: Length = Length::to(16_384);
const ID: Length = Length::to(255);
const SECRET: Length = Length::to(2048);
const PEM: Length = Length::to(10_000);
const NOT_EMPTY: Length = Length::to(usize::MAX);

/// A connection that was made elsewhere.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body in the OpenAPI document")]
#[serde(deny_unknown_fields)]
pub struct ImportConnection {
    /// The integration's key.
    pub provider_config_key: String,
    /// What to name it; a UUID when absent. A connection of that name is replaced.
    pub connection_id: Option<String>,
    /// What it holds; `type` must be the provider's auth mode.
    pub credentials: ImportCredentials,
    /// Its config, at most 64 KiB of JSON; `oauth_scopes_override` is an array of strings.
    #[schema(value_type = Option<Object>)]
    pub connection_config: Option<Map<String, Value>>,
    /// Your own data, at most 256 KiB of JSON.
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Map<String, Value>>,
    /// Tags, over the ones made from the end user.
    pub tags: Option<BTreeMap<String, String>>,
    /// Whose account it is; also makes tags.
    pub end_user: Option<EndUserInput>,
    /// Where its webhooks go; empty for none.
    pub webhook_url_override: Option<String>,
}

/// What a connection holds, by auth mode.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "type")]
#[expect(dead_code, reason = "describes the body in the OpenAPI document")]
pub enum ImportCredentials {
    /// OAuth 2.0 tokens.
    #[serde(rename = "OAUTH2")]
    OAuth2 {
        /// 1 to 16384 characters.
        access_token: String,
        /// 1 to 16384 characters.
        refresh_token: Option<String>,
        /// ISO 8601, or milliseconds since 1970.
        expires_at: Option<String>,
        /// The OAuth app the tokens were issued to, when it is not the integration's.
        config_override: Option<ImportClient>,
    },
    /// OAuth 2.0 client credentials.
    #[serde(rename = "OAUTH2_CC")]
    ClientCredentials {
        /// 1 to 4096 characters.
        token: String,
        /// 1 to 255 characters.
        client_id: String,
        /// 1 to 2048 characters.
        client_secret: String,
        /// PEM.
        client_certificate: Option<String>,
        /// PEM.
        client_private_key: Option<String>,
        /// ISO 8601, or milliseconds since 1970.
        expires_at: Option<String>,
    },
    /// OAuth 1.0a.
    #[serde(rename = "OAUTH1")]
    OAuth1 {
        /// 1 to 2048 characters.
        oauth_token: String,
        /// 1 to 2048 characters.
        oauth_token_secret: String,
    },
    /// A key.
    #[serde(rename = "API_KEY")]
    ApiKey {
        /// 1 to 1024 characters.
        #[serde(rename = "apiKey")]
        api_key: String,
    },
    /// User name and password; either may be empty.
    #[serde(rename = "BASIC")]
    Basic {
        /// At most 1024 characters.
        username: String,
        /// At most 1024 characters.
        password: String,
    },
    /// A token that an administrator issued; needs `connection_config.accountId`.
    #[serde(rename = "TBA")]
    Tba {
        /// At least one character.
        token_id: String,
        /// At least one character.
        token_secret: String,
        /// The consumer the token was issued to, when it is not the integration's.
        config_override: Option<ImportClient>,
    },
    /// Nothing.
    #[serde(rename = "NONE")]
    None {},
}

/// An OAuth app.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body in the OpenAPI document")]
#[serde(deny_unknown_fields)]
pub struct ImportClient {
    /// 1 to 255 characters.
    pub client_id: Option<String>,
    /// 1 to 2048 characters.
    pub client_secret: Option<String>,
}

/// Imports a connection, or replaces one of the same name. Keys and passwords are tried at the provider first where its
/// file says how. Scope: `environment:connections:create`.
#[utoipa::path(
    post, path = "/connections", tag = "Connections", security(("secret_key" = ["environment:connections:create"])),
    request_body = ImportConnection,
    responses(
        (status = 201, description = "The connection, with its credentials", body = ConnectionBody),
        (status = 400, description = "`invalid_body`, `connection_test_failed`", body = crate::api::openapi::ErrorBody),
        (status = 404, description = "`not_found`: the integration, or its provider", body = crate::api::openapi::ErrorBody),
    )
)]
pub(super) async fn import(
    State(state): State<AppState>,
    ByKey(caller): ByKey,
    _: NoQuery,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<ConnectionBody>), ApiError> {
    caller.require(&[Scope::CONNECTIONS_CREATE])?;
    let Read { import, unsupported } = read_object(&body, read).map_err(ApiError::bad_body)?;
    let connections = state.broker.connections();
    if let Some(given) = unsupported {
        let expected = connections.import_mode(&caller, &import.integration).await?;
        return Err(ApiError::bad_body_because(if given == expected {
            format!("connections of the auth mode {given} cannot be imported")
        } else {
            ImportError::OtherMode { expected }.to_string()
        }));
    }
    let imported = connections.import(&caller, import).await?;
    let body = ConnectionBody::imported(imported.connection, &imported.credentials);
    Ok((StatusCode::CREATED, Json(body)))
}

struct Read {
    import: Import,
    /// A mode that has a form in the contract and is not in this version's catalogue.
    unsupported: Option<AuthMode>,
}

fn read(fields: &mut Fields<'_, '_>) -> Option<Read> {
    let integration = fields.name("provider_config_key", IntegrationKey::parse);
    let connection = fields.optional_name("connection_id", ConnectionKey::parse);
    let given = fields.value("credentials");
    let credentials = match given {
        Some(value) => fields.nested_of(&["credentials"], value, |fields| credentials(fields, value)),
        None => {
            fields.complain(
                &["credentials"],
                IssueCode::InvalidType,
                "is required and must be an object",
            );
            None
        }
    };
    let connection_config = connection_config(fields);
    let metadata = fields.optional_map("metadata").cloned();
    let tags = fields.optional_tags("tags");
    let end_user = fields.optional_end_user("end_user");
    let webhook_url_override = fields
        .optional_text("webhook_url_override", Length::maybe_empty(2048))
        .map(str::to_owned);
    fields.strict();
    let (credentials, unsupported) = match credentials? {
        Given::Credentials(credentials) => (credentials, None),
        Given::Unsupported(mode) => (Credentials::None, Some(mode)),
    };
    Some(Read {
        import: Import {
            integration: integration?,
            connection,
            credentials,
            connection_config,
            metadata,
            tags,
            end_user,
            webhook_url_override,
        },
        unsupported,
    })
}

enum Given {
    Credentials(Credentials),
    Unsupported(AuthMode),
}

/// `credentials`, a union on `type`.
fn credentials(fields: &mut Fields<'_, '_>, whole: &Value) -> Option<Given> {
    let mode = fields.value("type").and_then(Value::as_str).and_then(mode);
    let given = match mode {
        Some(AuthMode::OAuth2) => oauth2(fields, whole),
        Some(AuthMode::OAuth2ClientCredentials) => client_credentials(fields, whole),
        Some(AuthMode::OAuth1) => oauth1(fields, whole),
        Some(AuthMode::ApiKey) => {
            secret(fields, "apiKey", Length::to(1024)).map(|api_key| Credentials::ApiKey { api_key })
        }
        Some(AuthMode::Basic) => basic(fields),
        Some(AuthMode::Tba) => tba(fields),
        Some(AuthMode::None) => Some(Credentials::None),
        Some(mode) => {
            let app = fields.text("app_id", ID);
            let installation = fields.text("installation_id", ID);
            fields.strict();
            return app.and(installation).map(|_| Given::Unsupported(mode));
        }
        None => {
            let message = "type must be OAUTH2, OAUTH2_CC, OAUTH1, API_KEY, BASIC, TBA, APP, CUSTOM or NONE";
            fields.complain(&[], IssueCode::InvalidUnion, message);
            return None;
        }
    };
    fields.strict();
    given.map(Given::Credentials)
}

/// The modes that have a form here.
fn mode(name: &str) -> Option<AuthMode> {
    use AuthMode as M;
    let known = [
        M::OAuth2,
        M::OAuth2ClientCredentials,
        M::OAuth1,
        M::ApiKey,
        M::Basic,
        M::Tba,
        M::App,
        M::Custom,
        M::None,
    ];
    known.into_iter().find(|mode| mode.as_wire() == name)
}

fn oauth2(fields: &mut Fields<'_, '_>, whole: &Value) -> Option<Credentials> {
    let access_token = secret(fields, "access_token", TOKEN);
    let refresh_token = optional_secret(fields, "refresh_token", TOKEN);
    let expires_at = expires_at(fields);
    let client = client(fields);
    Some(Credentials::OAuth2(OAuth2Credentials {
        access_token: access_token?,
        refresh_token,
        expires_at,
        client,
        raw: raw(whole),
    }))
}

fn client_credentials(fields: &mut Fields<'_, '_>, whole: &Value) -> Option<Credentials> {
    let token = secret(fields, "token", Length::to(4096));
    let client_id = fields.text("client_id", ID);
    let client_secret = secret(fields, "client_secret", SECRET);
    let client_certificate = optional_secret(fields, "client_certificate", PEM);
    let client_private_key = optional_secret(fields, "client_private_key", PEM);
    let expires_at = expires_at(fields);
    Some(Credentials::ClientCredentials(ClientCredentials {
        token: token?,
        client_id: client_id?.to_owned(),
        client_secret: client_secret?,
        client_certificate,
        client_private_key,
        expires_at,
        raw: raw(whole),
    }))
}

fn oauth1(fields: &mut Fields<'_, '_>, whole: &Value) -> Option<Credentials> {
    let oauth_token = secret(fields, "oauth_token", SECRET);
    let oauth_token_secret = secret(fields, "oauth_token_secret", SECRET);
    Some(Credentials::OAuth1(OAuth1Credentials {
        oauth_token: oauth_token?,
        oauth_token_secret: oauth_token_secret?,
        raw: raw(whole),
    }))
}

fn basic(fields: &mut Fields<'_, '_>) -> Option<Credentials> {
    let username = secret(fields, "username", Length::maybe_empty(1024));
    let password = secret(fields, "password", Length::maybe_empty(1024));
    Some(Credentials::Basic {
        username: username?,
        password: password?,
    })
}

fn tba(fields: &mut Fields<'_, '_>) -> Option<Credentials> {
    let token_id = secret(fields, "token_id", NOT_EMPTY);
    let token_secret = secret(fields, "token_secret", NOT_EMPTY);
    let client = client(fields);
    Some(Credentials::Tba(TbaCredentials {
        token_id: token_id?,
        token_secret: token_secret?,
        client,
    }))
}

fn client(fields: &mut Fields<'_, '_>) -> Option<ClientOverride> {
    fields.optional_nested("config_override", |fields| {
        let client = ClientOverride {
            client_id: fields.optional_text("client_id", ID).map(str::to_owned),
            client_secret: optional_secret(fields, "client_secret", SECRET),
        };
        fields.strict();
        Some(client)
    })
}

impl From<ImportError> for ApiError {
    fn from(error: ImportError) -> Self {
        use ImportError as E;
        let message = error.to_string();
        match error {
            E::UnknownIntegration(_) | E::UnknownProvider(_) => Self::not_found(message),
            E::OtherMode { .. } | E::MissingAccountId => Self::bad_body_because(message),
            E::Invalid(issues) => Self::bad_body(issues),
            // The message and the log tell a refusal from an outage.
            E::TestFailed { operation_id, .. } => {
                Self::new(StatusCode::BAD_REQUEST, ErrorCode::ConnectionTestFailed, message)
                    .with_log_id(Some(&operation_id))
            }
            E::Forbidden(forbidden) => forbidden.into(),
            E::Store(error) => error.into(),
            error @ E::Sealing(_) => Self::internal(&error),
        }
    }
}
