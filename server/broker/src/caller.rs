use terapi_model::{
    AccountId, ApiKeyId, ApiKeyScopes, ConnectSessionId, EnvironmentId, OperatorId, Role, Scope,
};

/// Who asks, and for which environment. Made by authentication alone; every room takes one, so that REST and
/// the dashboard cannot differ in what they allow.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The tenant.
    pub account_id: AccountId,
    /// The environment acted on; account keys have none.
    pub environment_id: Option<EnvironmentId>,
    /// Who it is.
    pub actor: Actor,
}

/// The kinds of caller.
#[derive(Debug, Clone)]
pub enum Actor {
    /// A program with an API key.
    ApiKey {
        /// The key.
        id: ApiKeyId,
        /// What it may do.
        scopes: ApiKeyScopes,
    },
    /// A person signed in to the dashboard.
    Operator {
        /// The person.
        id: OperatorId,
        /// Their role in the account.
        role: Role,
    },
    /// An end user's browser holding a connect session token.
    ConnectSession {
        /// The session.
        id: ConnectSessionId,
    },
    /// An end user's browser with the environment's public key.
    PublicKey,
}

/// The caller may not do this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// An API key lacks a scope.
    #[error("this API key lacks the scope {}", .0.0)]
    Scope(Scope),
    /// The operator's role does not allow it.
    #[error("your role does not allow this; ask an owner or admin of the account")]
    Role,
    /// The caller acts on no environment.
    #[error("this is a key of the account and acts on no environment; use one of the environment's own keys")]
    NoEnvironment,
}

impl Caller {
    /// The environment acted on.
    ///
    /// # Errors
    /// [`Forbidden::NoEnvironment`] for account keys.
    pub fn environment(&self) -> Result<&EnvironmentId, Forbidden> {
        self.environment_id.as_ref().ok_or(Forbidden::NoEnvironment)
    }

    /// True when this caller may do what `scope` names. Operators are judged by role: reading everything but
    /// secrets is open to each, the rest to those who may write.
    pub fn may(&self, scope: Scope) -> bool {
        match &self.actor {
            Actor::ApiKey { scopes, .. } => scopes.allow(scope),
            Actor::Operator { role, .. } if scope.0.starts_with("account:") => role.may_manage_account(),
            Actor::Operator { role, .. } => {
                // Variables are secrets as a whole, whatever the scope is called.
                let reads = matches!(scope.0.rsplit(':').next(), Some("list" | "read"));
                role.may_write() || (reads && scope != Scope::VARIABLES_READ)
            }
            Actor::ConnectSession { .. } => scope == Scope::INTEGRATIONS_LIST,
            Actor::PublicKey => false,
        }
    }

    /// Passes when any of `scopes` is allowed.
    ///
    /// # Errors
    /// [`Forbidden`], naming the first scope that would have done.
    pub fn require(&self, scopes: &[Scope]) -> Result<(), Forbidden> {
        if scopes.iter().any(|scope| self.may(*scope)) {
            return Ok(());
        }
        Err(match (&self.actor, scopes.first()) {
            (Actor::ApiKey { .. }, Some(scope)) => Forbidden::Scope(*scope),
            _ => Forbidden::Role,
        })
    }

    /// Passes for operators who look after the account itself.
    ///
    /// # Errors
    /// [`Forbidden::Role`].
    pub fn require_account_manager(&self) -> Result<(), Forbidden> {
        match &self.actor {
            Actor::Operator { role, .. } if role.may_manage_account() => Ok(()),
            _ => Err(Forbidden::Role),
        }
    }

    /// Passes for operators of any role.
    ///
    /// # Errors
    /// [`Forbidden::Role`].
    pub fn require_operator(&self) -> Result<(), Forbidden> {
        match &self.actor {
            Actor::Operator { .. } => Ok(()),
            _ => Err(Forbidden::Role),
        }
    }

    /// Passes for operators who may change settings and see secrets; API keys have no scope for either.
    ///
    /// # Errors
    /// [`Forbidden::Role`].
    pub fn require_writer(&self) -> Result<(), Forbidden> {
        match &self.actor {
            Actor::Operator { role, .. } if role.may_write() => Ok(()),
            _ => Err(Forbidden::Role),
        }
    }
}
