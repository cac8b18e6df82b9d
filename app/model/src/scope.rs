use serde::{Deserialize, Serialize};

/// What a route asks of an API key (rest.md 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scope(pub &'static str);

impl Scope {
    /// List integrations.
    pub const INTEGRATIONS_LIST: Scope = Scope("environment:integrations:list");
    /// List integrations, allowed also by this one.
    pub const INTEGRATIONS_LIST_CREDENTIALS: Scope = Scope("environment:integrations:list_credentials");
    /// Read one integration.
    pub const INTEGRATIONS_READ: Scope = Scope("environment:integrations:read");
    /// Read one integration with its client secret.
    pub const INTEGRATIONS_READ_CREDENTIALS: Scope = Scope("environment:integrations:read_credentials");
    /// Create integrations.
    pub const INTEGRATIONS_CREATE: Scope = Scope("environment:integrations:create");
    /// Change integrations.
    pub const INTEGRATIONS_UPDATE: Scope = Scope("environment:integrations:update");
    /// Delete integrations.
    pub const INTEGRATIONS_DELETE: Scope = Scope("environment:integrations:delete");
    /// List connections.
    pub const CONNECTIONS_LIST: Scope = Scope("environment:connections:list");
    /// List connections, allowed also by this one.
    pub const CONNECTIONS_LIST_CREDENTIALS: Scope = Scope("environment:connections:list_credentials");
    /// Read one connection, without credentials.
    pub const CONNECTIONS_READ: Scope = Scope("environment:connections:read");
    /// Read one connection with its credentials.
    pub const CONNECTIONS_READ_CREDENTIALS: Scope = Scope("environment:connections:read_credentials");
    /// Import connections.
    pub const CONNECTIONS_CREATE: Scope = Scope("environment:connections:create");
    /// Change connections and their metadata.
    pub const CONNECTIONS_UPDATE: Scope = Scope("environment:connections:update");
    /// Delete connections.
    pub const CONNECTIONS_DELETE: Scope = Scope("environment:connections:delete");
    /// Open connect sessions.
    pub const CONNECT_SESSIONS_WRITE: Scope = Scope("environment:connect_sessions:write");
    /// Read environment variables.
    pub const VARIABLES_READ: Scope = Scope("environment:variables:read");
    /// Replace the key that webhooks are signed with.
    pub const WEBHOOK_SIGNING_KEY_ROTATE: Scope = Scope("environment:webhook_signing_key:rotate");
    /// Make environments of the account.
    pub const ENVIRONMENTS_CREATE: Scope = Scope("account:environments:create");
    /// Delete environments of the account.
    pub const ENVIRONMENTS_DELETE: Scope = Scope("account:environments:delete");
    /// Make production environments.
    pub const ENVIRONMENTS_SET_PRODUCTION: Scope = Scope("account:environments:set_production");
    /// Make keys of the account's environments.
    pub const API_KEYS_CREATE: Scope = Scope("account:environments:api_keys:create");
    /// Delete keys of the account's environments.
    pub const API_KEYS_DELETE: Scope = Scope("account:environments:api_keys:delete");
}

/// The scopes that a key carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApiKeyScopes(pub Vec<String>);

impl ApiKeyScopes {
    /// Everything in one environment: `environment:*`.
    pub fn full_environment() -> Self {
        Self(vec!["environment:*".to_owned()])
    }

    /// Everything an account key may do: `account:*`.
    pub fn full_account() -> Self {
        Self(vec!["account:*".to_owned()])
    }

    /// True when a stored scope is the same text, or ends in `:*` and the part up to and including that colon
    /// is a prefix of what is asked.
    pub fn allow(&self, asked: Scope) -> bool {
        self.0.iter().any(|held| {
            held == asked.0
                || held
                    .strip_suffix('*')
                    .is_some_and(|prefix| prefix.ends_with(':') && asked.0.starts_with(prefix))
        })
    }

    /// True when any of `asked` is allowed.
    pub fn allow_any(&self, asked: &[Scope]) -> bool {
        asked.iter().any(|scope| self.allow(*scope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_covers_what_its_prefix_begins() {
        assert!(ApiKeyScopes::full_environment().allow(Scope::CONNECTIONS_READ_CREDENTIALS));
        let connections = ApiKeyScopes(vec!["environment:connections:*".into()]);
        assert!(connections.allow(Scope::CONNECTIONS_DELETE));
        assert!(!connections.allow(Scope::CONNECT_SESSIONS_WRITE));
        let read = ApiKeyScopes(vec!["environment:connections:read".into()]);
        assert!(!read.allow(Scope::CONNECTIONS_READ_CREDENTIALS));
        assert!(!ApiKeyScopes(vec!["*".into()]).allow(Scope::CONNECTIONS_READ));
        assert!(ApiKeyScopes::full_account().allow(Scope::API_KEYS_DELETE));
        assert!(!ApiKeyScopes::full_environment().allow(Scope::ENVIRONMENTS_CREATE));
    }
}
