use serde::{Deserialize, Serialize};

/// What an operator may do in an account, from most to least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything, including the account itself.
    Owner,
    /// Everything but handing over or deleting the account.
    Admin,
    /// Integrations, connections and settings; reveals secrets.
    Developer,
    /// Reads; no secret is ever shown.
    Viewer,
}

impl Role {
    /// The name in the database and on pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Admin => "admin",
            Role::Developer => "developer",
            Role::Viewer => "viewer",
        }
    }

    /// The role of a stored name.
    pub fn parse(text: &str) -> Option<Self> {
        [Role::Owner, Role::Admin, Role::Developer, Role::Viewer]
            .into_iter()
            .find(|role| role.as_str() == text)
    }

    /// May make and delete environments and the account's own keys.
    pub const fn may_manage_account(self) -> bool {
        matches!(self, Role::Owner | Role::Admin)
    }

    /// May change integrations, connections, keys and settings, and see secrets.
    pub const fn may_write(self) -> bool {
        !matches!(self, Role::Viewer)
    }
}
