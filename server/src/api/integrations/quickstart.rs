use axum::extract::State;
use terapi_model::{IntegrationKey, ProviderName, Scope};

use crate::api::auth::ByKey;
use crate::api::input::{Fields, JsonBody, Length, NoQuery, read_object};
use crate::error::ApiError;
use crate::state::AppState;

// rest.md 6.4
/// Refused: it would use a developer app of the vendor, and a self-hosted server has none.
#[utoipa::path(
    post, path = "/integrations/quickstart", tag = "Integrations", security(("secret_key" = ["environment:integrations:create"])),
    responses((status = 400, description = "`invalid_body`", body = crate::api::openapi::ErrorBody))
)]
pub(super) async fn quickstart(
    State(_): State<AppState>,
    ByKey(caller): ByKey,
    _: NoQuery,
    JsonBody(body): JsonBody,
) -> ApiError {
    if let Err(forbidden) = caller.require(&[Scope::INTEGRATIONS_CREATE]) {
        return forbidden.into();
    }
    let read = |fields: &mut Fields<'_, '_>| {
        fields.name("provider", ProviderName::parse);
        fields.name("unique_key", IntegrationKey::parse);
        fields.optional_text("display_name", Length::to(255));
        fields.optional_flag("forward_webhooks");
        fields.strict();
        Some(())
    };
    match read_object(&body, read) {
        Err(issues) => ApiError::bad_body(issues),
        Ok(()) => ApiError::bad_body_because(
            "this server has no shared developer app; create the integration with your own client id and secret",
        ),
    }
}
