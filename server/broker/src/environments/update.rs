use terapi_model::{ConnectUiError, ConnectUiSettings};
use terapi_store::environments::EnvironmentRow;
use terapi_store::{StoreError, environments};
use terapi_vault::SecretString;

use crate::connections::check_webhook_url;
use crate::sealing::cell;
use crate::{Caller, Forbidden};

use super::addresses::{check_callback_url, check_origins};
use super::hmac::new_hmac_key;
use super::{Environment, Environments};

/// Longest HMAC key, characters.
const MAX_HMAC_KEY: usize = 1000;

/// What to change of an environment; what is `None` stays.
#[derive(Debug, Default)]
pub struct EnvironmentPatch {
    /// Whether browsers may authenticate with the public key.
    pub public_key_enabled: Option<bool>,
    /// Whether they may replace a connection without HMAC.
    pub public_key_may_overwrite: Option<bool>,
    /// Whether public-key calls need an HMAC. Switching it on switches the public key on with it (decision D5).
    pub hmac_enabled: Option<bool>,
    /// A new HMAC key.
    pub hmac_key: Option<SecretString>,
    /// Makes an HMAC key of 256 bits if the environment has none and none is given.
    pub make_hmac_key: bool,
    /// Where providers send browsers back to; an empty text means this instance's own callback.
    pub callback_url: Option<String>,
    /// Whether a callback must come from the browser that started (decision D9).
    pub callback_bound: Option<bool>,
    /// Origins that may embed the Connect UI and be returned to; none: any may embed, none is returned to.
    pub allowed_origins: Option<Vec<String>>,
    /// How the Connect UI looks. Its logo stays: [`Environments::set_logo`].
    pub connect_ui: Option<ConnectUiSettings>,
    /// Where events are sent; an empty text switches it off (rest.md 1.5 "WebhookUrl").
    pub webhook_url: Option<String>,
    /// Where they are sent as well; an empty text switches it off.
    pub webhook_secondary_url: Option<String>,
    /// Whether new connections, and failures to make one, are events.
    pub webhook_on_creation: Option<bool>,
    /// Whether credentials that cannot be renewed are events.
    pub webhook_on_refresh_error: Option<bool>,
}

/// Why an environment was not changed.
#[derive(Debug, thiserror::Error)]
pub enum UpdateEnvironmentError {
    /// Not for this caller.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// It is gone.
    #[error("there is no such environment")]
    NotFound,
    /// HMAC cannot be on without a key.
    #[error("set an HMAC key before switching HMAC on")]
    HmacKeyMissing,
    /// Empty or too long.
    #[error("an HMAC key has between 1 and {MAX_HMAC_KEY} characters")]
    HmacKeyInvalid,
    /// [`EnvironmentPatch::callback_url`] is not acceptable.
    #[error("the callback URL {0}")]
    CallbackUrl(String),
    /// Some of [`EnvironmentPatch::allowed_origins`] are none; all of them, as they were given.
    #[error("“{}” is not an origin: write a scheme and a host, such as https://app.example.com", .0.join("”, “"))]
    AllowedOrigins(Vec<String>),
    /// More origins than anybody needs.
    #[error("an environment has at most 100 allowed origins")]
    TooManyOrigins,
    /// [`EnvironmentPatch::connect_ui`] is not acceptable.
    #[error(transparent)]
    ConnectUi(#[from] ConnectUiError),
    /// [`EnvironmentPatch::webhook_url`] is not acceptable.
    #[error("the webhook URL {0}")]
    WebhookUrl(String),
    /// [`EnvironmentPatch::webhook_secondary_url`] is not acceptable.
    #[error("the secondary webhook URL {0}")]
    WebhookSecondaryUrl(String),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Environments<'_> {
    /// Changes the settings of the caller's environment, all at once.
    ///
    /// # Errors
    /// [`UpdateEnvironmentError`].
    pub async fn update(
        &self,
        caller: &Caller,
        patch: EnvironmentPatch,
    ) -> Result<Environment, UpdateEnvironmentError> {
        caller.require_writer()?;
        let id = caller.environment()?;
        let mut tx = self.broker.store().begin().await?;
        let mut row = environments::find_for_update(&mut tx, id)
            .await?
            .ok_or(UpdateEnvironmentError::NotFound)?;
        self.apply(&mut row, patch)?;
        row.updated_at = self.broker.now();
        environments::update(&mut tx, &row).await?;
        tx.commit().await?;
        Ok(row.into())
    }

    fn apply(&self, row: &mut EnvironmentRow, patch: EnvironmentPatch) -> Result<(), UpdateEnvironmentError> {
        if let Some(key) = patch.hmac_key {
            if !(1..=MAX_HMAC_KEY).contains(&key.expose().chars().count()) {
                return Err(UpdateEnvironmentError::HmacKeyInvalid);
            }
            row.hmac_key_sealed = Some(self.broker.sealing().seal_text(&cell::hmac_key(&row.id), &key));
        }
        if patch.make_hmac_key && row.hmac_key_sealed.is_none() {
            let key = new_hmac_key(self.broker);
            row.hmac_key_sealed = Some(self.broker.sealing().seal_text(&cell::hmac_key(&row.id), &key));
        }
        row.public_key_enabled = patch.public_key_enabled.unwrap_or(row.public_key_enabled);
        row.public_key_may_overwrite = patch
            .public_key_may_overwrite
            .unwrap_or(row.public_key_may_overwrite);
        row.hmac_enabled = patch.hmac_enabled.unwrap_or(row.hmac_enabled);
        if patch.hmac_enabled == Some(true) {
            row.public_key_enabled = true;
        }
        if row.hmac_enabled && row.hmac_key_sealed.is_none() {
            return Err(UpdateEnvironmentError::HmacKeyMissing);
        }
        if let Some(url) = patch.callback_url {
            // The instance's own is what none means, so that it follows a change of the public URL.
            row.callback_url = check_callback_url(&url)
                .map_err(UpdateEnvironmentError::CallbackUrl)?
                .filter(|url| *url != self.broker.settings().callback_url());
        }
        row.callback_bound = patch.callback_bound.unwrap_or(row.callback_bound);
        if let Some(origins) = patch.allowed_origins {
            row.allowed_origins = check_origins(&origins)?;
        }
        if let Some(look) = patch.connect_ui {
            let logo = row.connect_ui.logo.take();
            row.connect_ui = ConnectUiSettings {
                logo,
                ..look.checked()?
            };
        }
        if let Some(url) = patch.webhook_url {
            row.webhook_url =
                check_webhook_url(self.broker, url.trim()).map_err(UpdateEnvironmentError::WebhookUrl)?;
        }
        if let Some(url) = patch.webhook_secondary_url {
            row.webhook_secondary_url = check_webhook_url(self.broker, url.trim())
                .map_err(UpdateEnvironmentError::WebhookSecondaryUrl)?;
        }
        row.webhook_on_creation = patch.webhook_on_creation.unwrap_or(row.webhook_on_creation);
        row.webhook_on_refresh_error = patch
            .webhook_on_refresh_error
            .unwrap_or(row.webhook_on_refresh_error);
        Ok(())
    }
}
