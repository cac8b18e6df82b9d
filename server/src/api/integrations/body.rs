//! The parts of a body that creating and changing share (rest.md 6.3).

use terapi_model::{AuthMode, IssueCode};
use terapi_vault::SecretString;
use utoipa::ToSchema;

use crate::api::input::{Fields, Length};

const UNBOUNDED: Length = Length {
    least: 1,
    most: usize::MAX,
};

/// The OAuth client that the operator registered with the provider.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body in the OpenAPI document")]
#[serde(deny_unknown_fields)]
pub struct IntegrationCredentialsInput {
    /// The provider's auth mode: `OAUTH1`, `OAUTH2`, `TBA`, `APP` or `CUSTOM`.
    pub r#type: String,
    /// 1 to 255 characters.
    pub client_id: Option<String>,
    /// At least one character.
    pub client_secret: Option<String>,
    /// Separated by commas; the provider's default scopes when absent.
    pub scopes: Option<String>,
    /// At most 255 characters.
    pub webhook_secret: Option<String>,
}

/// `credentials` as far as they could be read.
pub(super) struct GivenCredentials {
    pub(super) mode: AuthMode,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<SecretString>,
    pub(super) scopes: Option<Vec<String>>,
    pub(super) webhook_secret: Option<SecretString>,
}

/// Reads `credentials`, a union on `type`; with `whole`, what a new client needs must be there.
pub(super) fn credentials(fields: &mut Fields<'_, '_>, whole: bool) -> Option<GivenCredentials> {
    fields.optional_nested("credentials", |fields| {
        let mode = fields.text("type", UNBOUNDED).and_then(AuthMode::from_wire);
        match mode {
            Some(mode @ (AuthMode::OAuth1 | AuthMode::OAuth2 | AuthMode::Tba)) => {
                let required = ["client_id", "client_secret"].into_iter().filter(|_| whole);
                for name in required {
                    if !fields.has(name) {
                        fields.complain(
                            &[name],
                            IssueCode::InvalidType,
                            "is required and must be a string",
                        );
                    }
                }
                let given = GivenCredentials {
                    mode,
                    client_id: fields
                        .optional_text("client_id", Length::to(255))
                        .map(str::to_owned),
                    client_secret: fields
                        .optional_text("client_secret", UNBOUNDED)
                        .map(SecretString::from),
                    scopes: fields
                        .optional_text("scopes", Length::maybe_empty(8192))
                        .map(scope_list),
                    webhook_secret: fields
                        .optional_text("webhook_secret", Length::maybe_empty(255))
                        .map(SecretString::from),
                };
                fields.strict();
                Some(given)
            }
            // No provider of the catalogue has these modes, so what they hold is never looked at.
            Some(mode @ (AuthMode::App | AuthMode::Custom)) => Some(GivenCredentials {
                mode,
                client_id: None,
                client_secret: None,
                scopes: None,
                webhook_secret: None,
            }),
            _ => {
                fields.complain(
                    &[],
                    IssueCode::InvalidUnion,
                    "type must be OAUTH1, OAUTH2, TBA, APP or CUSTOM",
                );
                None
            }
        }
    })
}

/// `""` is no scopes; a blank between commas is kept, so that it is refused as a scope.
fn scope_list(text: &str) -> Vec<String> {
    if text.is_empty() {
        Vec::new()
    } else {
        text.split(',').map(str::to_owned).collect()
    }
}
