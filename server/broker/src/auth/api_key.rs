//! A key the end user types.

use terapi_catalog::Provider;
use terapi_model::Issue;
use terapi_vault::SecretString;

use crate::credentials::Credentials;

/// Longest key, in characters (rest.md 9.7).
const MOST: usize = 1024;

/// Checks size and the provider's pattern.
///
/// # Errors
/// What is wrong with it; never the key itself.
pub fn credentials(provider: &Provider, api_key: &SecretString) -> Result<Credentials, Vec<Issue>> {
    let api_key =
        super::checked(provider, "api_key", api_key.expose(), 1, MOST).map_err(|issue| vec![issue])?;
    Ok(Credentials::ApiKey {
        api_key: api_key.into(),
    })
}
