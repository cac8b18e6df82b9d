use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::{Map, Value, json};
use terapi_broker::connections::{Import, ImportError};
use terapi_broker::credentials::{
    ClientCredentials, ClientOverride, Credentials, OAuth1Credentials, OAuth2Credentials, TbaCredentials,
};
use terapi_model::{AuthMode, ConnectionKey, ErrorCode, IntegrationKey, Timestamp};
use terapi_vault::SecretString;
use utoipa::ToSchema;

use super::submitted::{connection_config, instant, raw};
use crate::api::auth::ByKey;
use crate::api::input::{Fields, JsonBody, Length, NoQuery, read_object};
use crate::error::ApiError;
use crate::state::AppState;

/// A connection in the form of old clients: what it holds lies beside its name, by the provider's auth mode.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body in the OpenAPI document")]
pub struct LegacyConnection {
    /// The integration's key.
    pub provider_config_key: String,
    /// What to name it; a UUID when absent.
    pub connection_id: Option<String>,
    /// Your own data.
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Map<String, Value>>,
    /// Its config.
    #[schema(value_type = Option<Object>)]
    pub connection_config: Option<Map<String, Value>>,
    /// Where its webhooks go; empty for none.
    pub webhook_url_override: Option<String>,
    /// OAUTH2, OAUTH2_CC.
    pub access_token: Option<String>,
    /// OAUTH2.
    pub refresh_token: Option<String>,
    /// OAUTH2, OAUTH2_CC: ISO 8601, or milliseconds since 1970.
    pub expires_at: Option<String>,
    /// OAUTH2: seconds.
    pub expires_in: Option<u32>,
    /// OAUTH2: the token does not end.
    pub no_expiration: Option<bool>,
    /// OAUTH2, OAUTH2_CC, TBA.
    pub oauth_client_id_override: Option<String>,
    /// OAUTH2, OAUTH2_CC, TBA.
    pub oauth_client_secret_override: Option<String>,
    /// OAUTH2: the token endpoint's answer.
    #[schema(value_type = Option<Object>)]
    pub raw: Option<Map<String, Value>>,
    /// OAUTH1.
    pub oauth_token: Option<String>,
    /// OAUTH1.
    pub oauth_token_secret: Option<String>,
    /// BASIC.
    pub username: Option<String>,
    /// BASIC.
    pub password: Option<String>,
    /// API_KEY.
    pub api_key: Option<String>,
    /// TBA.
    pub token_id: Option<String>,
    /// TBA.
    pub token_secret: Option<String>,
}

/// Imports a connection in the form of old clients. Scope: `environment:connections:create`.
#[utoipa::path(
    post, path = "/connection", tag = "Deprecated", security(("secret_key" = ["environment:connections:create"])),
    request_body = LegacyConnection,
    responses(
        (status = 201, description = "The body, repeated, with `connection_id`", body = Object),
        (
            status = 400,
            description = "`missing_provider_config`, `unknown_provider_config`, `missing_access_token`, \
                `missing_expires_at`, `invalid_expires_at`, `missing_oauth_token`, `missing_basic_username`, \
                `missing_api_key`, `missing_app_id`, `missing_installation_id`, `missing_account_id`, `invalid_body`, \
                `connection_test_failed`",
            body = crate::api::openapi::ErrorBody,
        ),
        (status = 404, description = "`unknown_provider_template`", body = crate::api::openapi::ErrorBody),
    )
)]
pub(super) async fn import(
    State(state): State<AppState>,
    ByKey(caller): ByKey,
    _: NoQuery,
    JsonBody(mut body): JsonBody,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    caller.require(&[terapi_model::Scope::CONNECTIONS_CREATE])?;
    let Some(object) = body.as_object() else {
        return Err(ApiError::bad_body_because("the body must be a JSON object"));
    };
    let key = match object.get("provider_config_key") {
        None | Some(Value::Null) => {
            return Err(missing(ErrorCode::MissingProviderConfig, "provider_config_key"));
        }
        Some(key) => key.as_str().and_then(|key| IntegrationKey::parse(key).ok()),
    };
    let key = key.ok_or_else(|| {
        old(
            ErrorCode::UnknownProviderConfig,
            "provider_config_key is not the key of an integration".to_owned(),
        )
    })?;
    let connections = state.broker.connections();
    let mode = connections.import_mode(&caller, &key).await.map_err(refused)?;
    let credentials = credentials(mode, &body, state.broker.now())?;
    let import = read_object(&body, |fields| read(fields, key, credentials)).map_err(ApiError::bad_body)?;
    let imported = connections.import(&caller, import).await.map_err(refused)?;
    let id = imported.connection.connection_key.to_string();
    body["connection_id"] = Value::String(id);
    Ok((StatusCode::CREATED, Json(body)))
}

/// What every mode has. Old clients may send more, so other names are passed over.
fn read(fields: &mut Fields<'_, '_>, key: IntegrationKey, credentials: Credentials) -> Option<Import> {
    Some(Import {
        integration: key,
        connection: fields.optional_name("connection_id", ConnectionKey::parse),
        credentials,
        connection_config: connection_config(fields),
        metadata: fields.optional_map("metadata").cloned(),
        tags: None,
        end_user: None,
        webhook_url_override: fields
            .optional_text("webhook_url_override", Length::maybe_empty(2048))
            .map(str::to_owned),
    })
}

fn credentials(mode: AuthMode, body: &Value, now: Timestamp) -> Result<Credentials, ApiError> {
    let required = |name: &'static str, code| text(body, name)?.ok_or_else(|| missing(code, name));
    let secret = |name: &'static str, code| required(name, code).map(SecretString::new);
    let client = || -> Result<Option<ClientOverride>, ApiError> {
        let client_id = text(body, "oauth_client_id_override")?;
        let client_secret = text(body, "oauth_client_secret_override")?.map(SecretString::new);
        Ok(
            (client_id.is_some() || client_secret.is_some()).then_some(ClientOverride {
                client_id,
                client_secret,
            }),
        )
    };
    match mode {
        AuthMode::OAuth2 => Ok(Credentials::OAuth2(OAuth2Credentials {
            access_token: secret("access_token", ErrorCode::MissingAccessToken)?,
            refresh_token: text(body, "refresh_token")?.map(SecretString::new),
            expires_at: oauth2_end(body, now)?,
            client: client()?,
            raw: raw(&given_raw(body)),
        })),
        AuthMode::OAuth2ClientCredentials => Ok(Credentials::ClientCredentials(ClientCredentials {
            token: secret("access_token", ErrorCode::MissingAccessToken)?,
            client_id: required("oauth_client_id_override", ErrorCode::InvalidBody)?,
            client_secret: secret("oauth_client_secret_override", ErrorCode::InvalidBody)?,
            client_certificate: None,
            client_private_key: None,
            expires_at: body.get("expires_at").map(given_end).transpose()?,
            raw: raw(&given_raw(body)),
        })),
        AuthMode::OAuth1 => Ok(Credentials::OAuth1(OAuth1Credentials {
            oauth_token: secret("oauth_token", ErrorCode::MissingOauthToken)?,
            oauth_token_secret: secret("oauth_token_secret", ErrorCode::MissingOauthToken)?,
            raw: raw(&given_raw(body)),
        })),
        AuthMode::Basic => Ok(Credentials::Basic {
            username: secret("username", ErrorCode::MissingBasicUsername)?,
            password: SecretString::new(text(body, "password")?.unwrap_or_default()),
        }),
        AuthMode::ApiKey => Ok(Credentials::ApiKey {
            api_key: secret("api_key", ErrorCode::MissingApiKey)?,
        }),
        AuthMode::Tba => Ok(Credentials::Tba(TbaCredentials {
            token_id: secret("token_id", ErrorCode::InvalidBody)?,
            token_secret: secret("token_secret", ErrorCode::InvalidBody)?,
            client: client()?,
        })),
        AuthMode::None => Ok(Credentials::None),
        AuthMode::App | AuthMode::Custom => {
            required("app_id", ErrorCode::MissingAppId)?;
            required("installation_id", ErrorCode::MissingInstallationId)?;
            Err(not_importable(mode))
        }
        _ => Err(not_importable(mode)),
    }
}

fn not_importable(mode: AuthMode) -> ApiError {
    ApiError::bad_body_because(format!("connections of the auth mode {mode} cannot be imported"))
}

/// A text of the body; absent, `null` and empty are the same to old clients.
fn text(body: &Value, name: &'static str) -> Result<Option<String>, ApiError> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.chars().count() > 16_384 || text.contains('\0') => Err(
            ApiError::bad_body_because(format!("{name} is too long, or holds a NUL character")),
        ),
        Some(Value::String(text)) => Ok((!text.is_empty()).then(|| text.clone())),
        Some(_) => Err(ApiError::bad_body_because(format!("{name} must be a string"))),
    }
}

/// When an OAuth 2.0 token ends: `expires_at`, `expires_in` seconds from now, or never by `no_expiration`.
fn oauth2_end(body: &Value, now: Timestamp) -> Result<Option<Timestamp>, ApiError> {
    let given = |name: &str| body.get(name).filter(|value| !value.is_null());
    if let Some(value) = given("expires_at") {
        return given_end(value).map(Some);
    }
    if let Some(value) = given("expires_in") {
        let seconds = value
            .as_i64()
            .or_else(|| value.as_str()?.trim().parse().ok())
            .filter(|seconds| (0..=i64::from(u32::MAX)).contains(seconds));
        let seconds = seconds.ok_or_else(|| {
            old(
                ErrorCode::InvalidExpiresAt,
                "expires_in must be a number of seconds".to_owned(),
            )
        })?;
        return Ok(Some(now.plus_seconds(seconds)));
    }
    if given("no_expiration") == Some(&Value::Bool(true)) {
        return Ok(None);
    }
    Err(old(
        ErrorCode::MissingExpiresAt,
        "say when the token ends: expires_at, expires_in, or no_expiration: true".to_owned(),
    ))
}

fn given_end(value: &Value) -> Result<Timestamp, ApiError> {
    instant(value).ok_or_else(|| {
        old(
            ErrorCode::InvalidExpiresAt,
            "expires_at must be a time in ISO 8601, or milliseconds since 1970".to_owned(),
        )
    })
}

/// `raw` as given, else the credentials as they were submitted.
fn given_raw(body: &Value) -> Value {
    const SUBMITTED: [&str; 6] = [
        "access_token",
        "refresh_token",
        "expires_at",
        "expires_in",
        "oauth_token",
        "oauth_token_secret",
    ];
    if let Some(raw) = body.get("raw").filter(|raw| raw.is_object()) {
        return raw.clone();
    }
    let given = SUBMITTED
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), body.get(*name)?.clone())));
    json!(given.collect::<Map<String, Value>>())
}

fn missing(code: ErrorCode, name: &str) -> ApiError {
    old(code, format!("{name} is required"))
}

fn old(code: ErrorCode, message: String) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, code, message)
}

/// The old form has codes of its own.
fn refused(error: ImportError) -> ApiError {
    let message = error.to_string();
    match error {
        ImportError::UnknownIntegration(_) => old(ErrorCode::UnknownProviderConfig, message),
        ImportError::MissingAccountId => old(ErrorCode::MissingAccountId, message),
        ImportError::UnknownProvider(_) => {
            ApiError::new(StatusCode::NOT_FOUND, ErrorCode::UnknownProviderTemplate, message)
        }
        other => other.into(),
    }
}
