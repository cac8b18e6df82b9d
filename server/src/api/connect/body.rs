//! The parts of a body that opening a session and opening one to reconnect share (rest.md 4.1).

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};
use terapi_broker::connect::{
    NewSession, OpenSessionError, OpenedSession, SessionDefaults, SessionOverrides,
};
use terapi_model::{IntegrationKey, IssueCode};
use utoipa::ToSchema;

use crate::api::input::{Fields, Length};
use crate::error::ApiError;

const TEXT: Length = Length::maybe_empty(8192);

/// Whose account will be connected.
#[derive(ToSchema)]
pub struct EndUserInput {
    /// Your own id of that person, 1 to 255 characters.
    pub id: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Name to show.
    pub display_name: Option<String>,
    /// Free tags; keys keep their case.
    pub tags: Option<BTreeMap<String, String>>,
}

/// Where the end user belongs.
#[derive(ToSchema)]
pub struct OrganizationInput {
    /// Your own id of it.
    pub id: String,
    /// Name to show.
    pub display_name: Option<String>,
}

/// Preset for one integration; wins over what the browser sends.
#[derive(ToSchema)]
pub struct IntegrationDefaultsInput {
    /// Scopes on behalf of the user.
    pub user_scopes: Option<String>,
    /// Parameters of the consent page.
    pub authorization_params: Option<BTreeMap<String, String>>,
    /// Connection config; `oauth_scopes_override` among it asks for other scopes.
    #[schema(value_type = Option<Object>)]
    pub connection_config: Option<Map<String, Value>>,
}

/// What to show differently for one integration.
#[derive(ToSchema)]
pub struct IntegrationOverridesInput {
    /// Another page of instructions.
    pub docs_connect: Option<String>,
}

/// `{data: {token, connect_link, expires_at}}`
#[derive(Serialize, ToSchema)]
pub struct OpenedSessionAnswer {
    /// The session.
    data: OpenedSessionBody,
}

/// A session that was just opened.
#[derive(Serialize, ToSchema)]
pub struct OpenedSessionBody {
    /// For the end user's browser; works for 30 minutes.
    token: String,
    /// The Connect UI with the token in it.
    connect_link: String,
    /// When it ends.
    expires_at: String,
}

impl From<OpenedSession> for OpenedSessionAnswer {
    fn from(opened: OpenedSession) -> Self {
        Self {
            data: OpenedSessionBody {
                token: opened.token.expose().clone(),
                connect_link: opened.connect_link,
                expires_at: opened.expires_at.to_rfc3339(),
            },
        }
    }
}

/// Reads everything but what names integrations or a connection to renew.
pub(super) fn shared(fields: &mut Fields<'_, '_>, end_user_required: bool) -> NewSession {
    NewSession {
        end_user: if end_user_required {
            fields.end_user("end_user")
        } else {
            fields.optional_end_user("end_user")
        },
        organization: fields.optional_organization("organization"),
        tags: fields.optional_tags("tags"),
        allowed_integrations: Vec::new(),
        defaults: by_integration(fields, "integrations_config_defaults", defaults),
        overrides: by_integration(fields, "overrides", overrides),
        webhook_url_override: fields
            .optional_text("webhook_url_override", Length::maybe_empty(2048))
            .map(str::to_owned),
    }
}

fn by_integration<T>(
    fields: &mut Fields<'_, '_>,
    name: &'static str,
    read: fn(&mut Fields<'_, '_>) -> Option<T>,
) -> BTreeMap<IntegrationKey, T> {
    let mut found = BTreeMap::new();
    let Some(entries) = fields.optional_map(name) else {
        return found;
    };
    for (key, value) in entries {
        let value = fields.nested_of(&[name, key.as_str()], value, read);
        match (IntegrationKey::parse(key), value) {
            (Ok(key), Some(value)) => {
                found.insert(key, value);
            }
            (Ok(_), None) => {}
            (Err(error), _) => {
                let message = format!("this key of an integration {error}");
                fields.complain(&[name, key.as_str()], IssueCode::InvalidKey, message);
            }
        }
    }
    found
}

fn defaults(fields: &mut Fields<'_, '_>) -> Option<SessionDefaults> {
    let user_scopes = fields.optional_text("user_scopes", TEXT).map(str::to_owned);
    let authorization_params = fields.optional_texts("authorization_params", TEXT);
    let connection_config = fields.optional_map("connection_config").cloned();
    let scopes = connection_config
        .as_ref()
        .and_then(|config| config.get("oauth_scopes_override"));
    if scopes.is_some_and(|scopes| !scopes.is_string()) {
        let path = ["connection_config", "oauth_scopes_override"];
        fields.complain(
            &path,
            IssueCode::InvalidType,
            "must be a string, scopes separated by commas",
        );
    }
    fields.strict();
    Some(SessionDefaults {
        user_scopes,
        authorization_params,
        connection_config,
    })
}

/// Not strict: what is not known is dropped, as the reference does.
fn overrides(fields: &mut Fields<'_, '_>) -> Option<SessionOverrides> {
    Some(SessionOverrides {
        docs_connect: fields.optional_text("docs_connect", TEXT).map(str::to_owned),
    })
}

impl From<OpenSessionError> for ApiError {
    fn from(error: OpenSessionError) -> Self {
        let message = error.to_string();
        match error {
            OpenSessionError::Invalid(issues) => Self::bad_body(issues),
            OpenSessionError::UnknownReconnectTarget { .. } => Self::bad_body_because(message),
            OpenSessionError::Forbidden(forbidden) => forbidden.into(),
            OpenSessionError::Store(error) => error.into(),
            error @ OpenSessionError::Sealing(_) => Self::internal(&error),
        }
    }
}
