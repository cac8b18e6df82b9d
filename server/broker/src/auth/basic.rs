//! User name and password (RFC 7617).

use terapi_catalog::Provider;
use terapi_model::Issue;
use terapi_vault::SecretString;

use crate::credentials::Credentials;

/// Longest user name or password, in characters (rest.md 9.7).
const MOST: usize = 1024;

/// Checks sizes and the provider's patterns. Either may be empty: many keys travel as one half of a Basic pair.
///
/// # Errors
/// What is wrong with them; never the values.
pub fn credentials(
    provider: &Provider,
    username: &SecretString,
    password: &SecretString,
) -> Result<Credentials, Vec<Issue>> {
    let check = |field: &str, given: &SecretString| super::checked(provider, field, given.expose(), 0, MOST);
    match (check("username", username), check("password", password)) {
        (Ok(username), Ok(password)) => Ok(Credentials::Basic {
            username: username.into(),
            password: password.into(),
        }),
        (username, password) => Err([username.err(), password.err()].into_iter().flatten().collect()),
    }
}
