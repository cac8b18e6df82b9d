use serde::{Deserialize, Serialize};

/// How an API lets a caller in. Names on the wire are the contract's (rest.md 11.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AuthMode {
    /// OAuth 1.0a, RFC 5849.
    #[serde(rename = "OAUTH1")]
    OAuth1,
    /// OAuth 2.0 authorization code, RFC 6749 section 4.1.
    #[serde(rename = "OAUTH2")]
    OAuth2,
    /// OAuth 2.0 client credentials, RFC 6749 section 4.4.
    #[serde(rename = "OAUTH2_CC")]
    OAuth2ClientCredentials,
    /// User name and password, RFC 7617.
    #[serde(rename = "BASIC")]
    Basic,
    /// A key the end user types.
    #[serde(rename = "API_KEY")]
    ApiKey,
    /// GitHub App with user authorization.
    #[serde(rename = "CUSTOM")]
    Custom,
    /// GitHub App installation.
    #[serde(rename = "APP")]
    App,
    /// No credentials.
    #[serde(rename = "NONE")]
    None,
    /// NetSuite token-based authentication.
    #[serde(rename = "TBA")]
    Tba,
    /// A token we sign ourselves, RFC 7519.
    #[serde(rename = "JWT")]
    Jwt,
    /// Bill.com sessions.
    #[serde(rename = "BILL")]
    Bill,
    /// Credentials exchanged for a token by a provider's own request.
    #[serde(rename = "TWO_STEP")]
    TwoStep,
    /// WSSE signatures.
    #[serde(rename = "SIGNATURE")]
    Signature,
    /// OAuth 2.0 of a Model Context Protocol server.
    #[serde(rename = "MCP_OAUTH2")]
    McpOAuth2,
    /// The same, with everything discovered from the server's URL.
    #[serde(rename = "MCP_OAUTH2_GENERIC")]
    McpOAuth2Generic,
    /// A plugin installed on the provider's side.
    #[serde(rename = "INSTALL_PLUGIN")]
    InstallPlugin,
    /// AWS Signature Version 4 with an assumed role.
    #[serde(rename = "AWS_SIGV4")]
    AwsSigV4,
}

impl AuthMode {
    /// Every mode, in the contract's order.
    pub const ALL: [AuthMode; 17] = [
        AuthMode::OAuth1,
        AuthMode::OAuth2,
        AuthMode::OAuth2ClientCredentials,
        AuthMode::Basic,
        AuthMode::ApiKey,
        AuthMode::Custom,
        AuthMode::App,
        AuthMode::None,
        AuthMode::Tba,
        AuthMode::Jwt,
        AuthMode::Bill,
        AuthMode::TwoStep,
        AuthMode::Signature,
        AuthMode::McpOAuth2,
        AuthMode::McpOAuth2Generic,
        AuthMode::InstallPlugin,
        AuthMode::AwsSigV4,
    ];

    /// The name on the wire and in provider files.
    pub const fn as_wire(self) -> &'static str {
        match self {
            AuthMode::OAuth1 => "OAUTH1",
            AuthMode::OAuth2 => "OAUTH2",
            AuthMode::OAuth2ClientCredentials => "OAUTH2_CC",
            AuthMode::Basic => "BASIC",
            AuthMode::ApiKey => "API_KEY",
            AuthMode::Custom => "CUSTOM",
            AuthMode::App => "APP",
            AuthMode::None => "NONE",
            AuthMode::Tba => "TBA",
            AuthMode::Jwt => "JWT",
            AuthMode::Bill => "BILL",
            AuthMode::TwoStep => "TWO_STEP",
            AuthMode::Signature => "SIGNATURE",
            AuthMode::McpOAuth2 => "MCP_OAUTH2",
            AuthMode::McpOAuth2Generic => "MCP_OAUTH2_GENERIC",
            AuthMode::InstallPlugin => "INSTALL_PLUGIN",
            AuthMode::AwsSigV4 => "AWS_SIGV4",
        }
    }

    /// The mode of a wire name; `USERNAME_PASSWORD` is the declarative file's name for [`AuthMode::Basic`].
    pub fn from_wire(name: &str) -> Option<Self> {
        if name == "USERNAME_PASSWORD" {
            return Some(AuthMode::Basic);
        }
        Self::ALL.into_iter().find(|mode| mode.as_wire() == name)
    }

    /// True when an integration of this mode holds a client that the operator registered with the provider.
    pub const fn has_client(self) -> bool {
        matches!(
            self,
            AuthMode::OAuth1 | AuthMode::OAuth2 | AuthMode::Tba | AuthMode::App | AuthMode::Custom
        )
    }

    /// What operators read on badges.
    pub const fn label(self) -> &'static str {
        match self {
            AuthMode::OAuth1 => "OAuth 1.0a",
            AuthMode::OAuth2 => "OAuth 2.0",
            AuthMode::OAuth2ClientCredentials => "Client credentials",
            AuthMode::Basic => "Basic",
            AuthMode::ApiKey => "API key",
            AuthMode::Custom => "GitHub App (OAuth)",
            AuthMode::App => "GitHub App",
            AuthMode::None => "No auth",
            AuthMode::Tba => "Token-based",
            AuthMode::Jwt => "JWT",
            AuthMode::Bill => "Bill",
            AuthMode::TwoStep => "Two-step",
            AuthMode::Signature => "Signature",
            AuthMode::McpOAuth2 => "MCP OAuth 2.0",
            AuthMode::McpOAuth2Generic => "MCP (generic)",
            AuthMode::InstallPlugin => "Plugin",
            AuthMode::AwsSigV4 => "AWS SigV4",
        }
    }
}

impl std::fmt::Display for AuthMode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_wire())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mode_comes_back_from_its_wire_name() {
        for mode in AuthMode::ALL {
            assert_eq!(AuthMode::from_wire(mode.as_wire()), Some(mode));
            assert_eq!(serde_json::to_value(mode).unwrap(), mode.as_wire());
        }
    }
}
