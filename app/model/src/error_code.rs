macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $wire:literal,)*) => {
        /// A stable code of an error answer. Clients branch on it; messages may change, codes may not.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[$doc])* $name,)* }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$name,)*];

            /// The code on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(ErrorCode::$name => $wire,)* }
            }

            /// The code that is called so; `None` for one of another version.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == text)
            }
        }
    };
}

codes! {
    /// Query validation.
    InvalidQueryParams = "invalid_query_params",
    /// Body validation.
    InvalidBody = "invalid_body",
    /// Path parameter validation.
    InvalidUriParams = "invalid_uri_params",
    /// Unparsable JSON.
    InvalidJson = "invalid_json",
    /// Not JSON where JSON is asked.
    InvalidContentType = "invalid_content_type",
    /// Body over the limit.
    RequestTooLarge = "request_too_large",
    /// No such path.
    NotFound = "not_found",
    /// Path known, method not.
    MethodNotAllowed = "method_not_allowed",
    /// Scope or environment not granted.
    Forbidden = "forbidden",
    /// No `Authorization` header.
    MissingAuthHeader = "missing_auth_header",
    /// Empty or unreadable token.
    MalformedAuthHeader = "malformed_auth_header",
    /// Not the shape of a key.
    InvalidSecretKeyFormat = "invalid_secret_key_format",
    /// No live key, or no environment with that public key.
    UnknownAccount = "unknown_account",
    /// Not the shape of a session token.
    InvalidConnectSessionTokenFormat = "invalid_connect_session_token_format",
    /// Unknown, expired or deleted session.
    UnknownConnectSessionToken = "unknown_connect_session_token",
    /// Neither session token nor public key.
    MissingPublicKey = "missing_public_key",
    /// Public key of the wrong shape.
    InvalidPublicKey = "invalid_public_key",
    /// Public keys are switched off in this environment.
    DeprecatedAuthentication = "deprecated_authentication",
    /// HMAC is on and none came.
    MissingHmac = "missing_hmac",
    /// HMAC does not match.
    InvalidHmac = "invalid_hmac",
    /// A public key without HMAC may not replace a connection.
    ConnectionExists = "connection_exists",
    /// The page that uses the session is not of an origin that the environment allows.
    OriginNotAllowed = "origin_not_allowed",
    /// The address names no integration.
    NoProviderConfigKey = "no_provider_config_key",
    /// Session does not allow this integration.
    IntegrationNotAllowed = "integration_not_allowed",
    /// Reconnect target is gone.
    InvalidConnection = "invalid_connection",
    /// Provider has another auth mode, or the mode is not built.
    InvalidAuthMode = "invalid_auth_mode",
    /// Unknown integration.
    UnknownProviderConfig = "unknown_provider_config",
    /// Integration's provider is not in the catalogue.
    UnknownProviderTemplate = "unknown_provider_template",
    /// Unknown connection.
    UnknownConnection = "unknown_connection",
    /// Credentials cannot be served.
    InvalidCredentials = "invalid_credentials",
    /// An import of the old form without the integration's key.
    MissingProviderConfig = "missing_provider_config",
    /// An import of the old form without an access token.
    MissingAccessToken = "missing_access_token",
    /// An import of the old form that does not say when the token ends.
    MissingExpiresAt = "missing_expires_at",
    /// An import of the old form whose end of the token is no time.
    InvalidExpiresAt = "invalid_expires_at",
    /// An import of the old form without a user name.
    MissingBasicUsername = "missing_basic_username",
    /// An import of the old form without a key.
    MissingApiKey = "missing_api_key",
    /// An import of the old form without a token of OAuth 1.0a.
    MissingOauthToken = "missing_oauth_token",
    /// An import of the old form without an app's id.
    MissingAppId = "missing_app_id",
    /// An import of the old form without an installation's id.
    MissingInstallationId = "missing_installation_id",
    /// A token-based connection without the account it is for.
    MissingAccountId = "missing_account_id",
    /// Provider refused the credentials when they were tried.
    ConnectionTestFailed = "connection_test_failed",
    /// The provider could not be reached to try the credentials.
    ProviderUnreachable = "provider_unreachable",
    /// The provider did not answer in time.
    ProviderTimeout = "provider_timeout",
    /// Another one has that name.
    Conflict = "conflict",
    /// As many as there may be.
    ResourceCapped = "resource_capped",
    /// The environment named `prod` is always production.
    InvalidIsProdFlag = "invalid_is_prod_flag",
    /// Production environments are not deleted.
    CannotDeleteProdEnvironment = "cannot_delete_prod_environment",
    /// Product area Terapi does not have.
    FeatureDisabled = "feature_disabled",
    /// Rate limit.
    TooManyRequest = "too_many_request",
    /// Too many failed sign-ins.
    TooManySignIns = "too_many_sign_ins",
    /// Out of a bounded resource for the moment.
    Overloaded = "overloaded",
    /// Database cannot be reached for the moment.
    Unavailable = "unavailable",
    /// Something broke; the request id finds it in the server's log.
    ServerError = "server_error",
    /// A request from a foreign site.
    CrossSiteRequest = "cross_site_request",
    /// Callback with unknown, used or expired state.
    InvalidState = "invalid_state",
    /// Callback in another browser than the one that started.
    StateCookieErr = "state_cookie_err",
    /// Integration lacks client id or secret, or is unknown, in the popup flow.
    ProviderConfigErr = "provider_config_err",
    /// Provider missing from the catalogue, in the popup flow.
    UnknownConfigKey = "unknown_config_key",
    /// Mode has no browser flow.
    AuthModeErr = "auth_mode_err",
    /// A value the URLs need is missing or refused.
    UrlParamErr = "url_param_err",
    /// `token_params` ask for another grant.
    GrantTypeErr = "grant_type_err",
    /// Callback without a code, or with the provider's error.
    CallbackErr = "callback_err",
    /// Token endpoint refused or answered nonsense.
    TokenErr = "token_err",
    /// The server stopped between the provider's answer and the end of the authorization.
    Interrupted = "interrupted",
    /// Everything else in the popup flow.
    UnknownErr = "unknown_err",
    /// An address did not take a webhook.
    WebhookNotDelivered = "webhook_not_delivered",
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl serde::Serialize for ErrorCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
