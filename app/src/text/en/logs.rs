//! The operation log.

use terapi_model::{LogLevel, OperationAction, OperationState};

pub const TITLE: &str = "Logs";
pub const HINT: &str = "What Terapi did in this environment, and what providers answered.";
pub const EMPTY: &str = "Nothing has happened yet";
pub const EMPTY_BODY: &str =
    "Every authorization is kept here with its steps, from the consent page to the stored credentials.";
pub const NO_MATCH: &str = "Nothing found";
pub const NO_MATCH_BODY: &str = "No operation matches these filters.";
pub const STATE: &str = "Status";
pub const ANY_STATE: &str = "Any status";
pub const INTEGRATION: &str = "Integration";
pub const ALL_INTEGRATIONS: &str = "All integrations";
pub const CONNECTION: &str = "Connection";
pub const REFERENCE: &str = "Reference ID";
pub const FIND: &str = "Reference or connection ID";
pub const FIND_HINT: &str = "A reference, from a failure page, an error answer’s log_id or a customer’s message, opens its operation.";
pub const TIME: &str = "Time";
pub const OPERATION: &str = "Operation";
pub const DURATION: &str = "Duration";

pub const OVERVIEW: &str = "Overview";
pub const STARTED: &str = "Started";
pub const END_USER: &str = "End user";
pub const ACTOR: &str = "Started by";
pub const AUTH_TYPE: &str = "Auth";
pub const CODE: &str = "Error code";
pub const TIMELINE: &str = "Timeline";
pub const TIMELINE_HINT: &str =
    "Secrets, codes and tokens are never written here. Times count from the start.";
pub const NO_MESSAGES: &str = "No steps were recorded.";
pub const DETAILS: &str = "Details";
pub const NEXT: &str = "What to do";
pub const PROVIDER_SAID: &str = "The provider said";
pub const RUNNING: &str = "Still running";
pub const RUNNING_BODY: &str = "Nobody has finished it yet. Reload this page to see the latest.";
pub const CANCELLED: &str = "Nobody finished it";
pub const CANCELLED_BODY: &str =
    "The window was closed, or the link expired. Your user can start again with a new session.";
pub const TIMED_OUT: &str = "It took too long";
pub const QUEUED: &str = "Waiting to be sent";
pub const QUEUED_BODY: &str = "It is sent within seconds. Reload this page to see the latest.";
pub const NOT_DELIVERED_YET: &str = "Not delivered yet";
pub const NEXT_TRY: &str = "Next try:";
pub const TRIES: &str = "Attempts";
pub const UNKNOWN_INTEGRATION: &str = "an unknown integration";
pub const TELLS_OF: &str = "About";
pub const PARENT: &str = "Caused by";
pub const HOW_IT_WENT: &str = "Delivery";
pub const GONE: &str = "deleted";
pub const ALL_OF_CONNECTION: &str = "Logs of this connection";

pub fn state(state: OperationState) -> &'static str {
    match state {
        OperationState::Running => "Running",
        OperationState::Success => "Succeeded",
        OperationState::Failed => "Failed",
        OperationState::Cancelled => "Cancelled",
        OperationState::Timeout => "Timed out",
    }
}

pub fn action(action: OperationAction) -> &'static str {
    match action {
        OperationAction::CreateConnection => "Authorization",
        OperationAction::RefreshToken => "Token refresh",
        OperationAction::ConnectionTest => "Credential test",
        OperationAction::ConnectionCreate => "Webhook: new connection",
        OperationAction::ConnectionRefresh => "Webhook: connection changed",
    }
}

/// A webhook by what it tells.
pub fn webhook(event: &str, success: bool) -> Option<&'static str> {
    match (event, success) {
        ("creation", true) => Some("Webhook: connection created"),
        ("creation", false) => Some("Webhook: connection failed"),
        ("override", _) => Some("Webhook: connection changed"),
        ("refresh", _) => Some("Webhook: token refresh failed"),
        _ => None,
    }
}

/// What became of the tries with one integration.
pub fn tried(integration: &str, state: OperationState, count: i64) -> String {
    let became = match state {
        OperationState::Success => "connected",
        OperationState::Failed => "failed",
        OperationState::Running | OperationState::Cancelled | OperationState::Timeout => "not finished",
    };
    match count {
        1 => format!("{integration} {became}"),
        _ => format!("{integration} {became} ({count} times)"),
    }
}

pub fn attempts(count: i64, each: &str) -> String {
    format!("{count} attempts: {each}")
}

pub fn level(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "Debug",
        LogLevel::Info => "Info",
        LogLevel::Warn => "Warning",
        LogLevel::Error => "Error",
    }
}

pub fn actor(kind: &str) -> &str {
    match kind {
        "api_key" => "An API key",
        "user" => "An operator",
        "session" => "A Connect session",
        "public_key" => "A page with the public key",
        "system" => "Terapi",
        other => other,
    }
}

pub fn unknown_reference(reference: &str) -> String {
    format!("No operation of this environment has the reference “{reference}”. Check the other environments.")
}

pub fn duration(millis: i64) -> String {
    match millis {
        ..0 => "0 ms".to_owned(),
        0..1000 => format!("{millis} ms"),
        1000..60_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        _ => format!("{} min {} s", millis / 60_000, millis % 60_000 / 1000),
    }
}

pub fn offset(millis: i64) -> String {
    format!("+{}", duration(millis))
}

pub fn steps(n: usize) -> String {
    crate::text::en::count(i64::try_from(n).unwrap_or(i64::MAX), "step", "steps")
}

pub fn attempt(attempt: i64, max: i64) -> String {
    format!("Try {attempt} of {max}")
}

/// What an operator does about a failure: by what the provider said, else by our own code.
pub fn next_step(action: OperationAction, code: &str, provider_error: Option<&str>) -> &'static str {
    let is_dead = code == "invalid_credentials" || provider_error == Some("invalid_grant");
    if action == OperationAction::RefreshToken && is_dead {
        return "The grant is used up, expired or withdrawn. Open the connection and press Connect again, or send its owner a new link.";
    }
    match provider_error.unwrap_or_default() {
        "access_denied" => {
            return "The user, or an administrator of theirs, declined. Ask them to try again and to agree; if they did, look whether your app at the provider is approved for their organization.";
        }
        "invalid_client" | "unauthorized_client" => {
            return "The provider does not know this client ID and secret. Compare them with the app at the provider, character by character, and save them again in the integration’s settings.";
        }
        "invalid_scope" => {
            return "The provider does not offer a scope that was asked for. Compare the integration’s scopes with those enabled for your app.";
        }
        "redirect_uri_mismatch" => {
            return "Register the callback URL of the integration with the app at the provider, exactly as it is shown.";
        }
        "invalid_grant" => {
            return "The grant is used up, expired or withdrawn, or belongs to another client. The user has to connect again.";
        }
        "server_error" | "temporarily_unavailable" => {
            return "The provider has trouble at the moment. Try again later.";
        }
        _ => {}
    }
    match code {
        "missing_hmac" => {
            "This environment requires HMAC. Let your backend compute a digest and pass it along, or switch HMAC off in the settings."
        }
        "invalid_hmac" => {
            "The digest does not belong to these ids. Compare with the digest checker in the settings: key, order and colon."
        }
        "deprecated_authentication" => {
            "The public key is switched off here. Open a Connect session in your backend, or switch the key on in the settings."
        }
        "connection_exists" => {
            "A public key may not replace a connection. Use a Connect session, or HMAC, or allow overwriting in the settings."
        }
        "unknown_connect_session_token" => {
            "The session has expired or was used up. Open a new one in your backend for each user who connects."
        }
        "integration_not_allowed" => {
            "The session does not list this integration. Add it to allowed_integrations where your backend opens the session."
        }
        "invalid_connection" | "unknown_connection" => {
            "The connection was deleted in between. Open a session for a new one."
        }
        "unknown_provider_config" | "provider_config_err" => {
            "Open the integration: it was deleted, or its client ID or secret is missing."
        }
        "unknown_provider_template" | "unknown_config_key" => {
            "The integration’s provider is no longer in the catalogue. Choose another one, or bring its file back."
        }
        "invalid_auth_mode" | "auth_mode_err" => {
            "The provider takes another kind of credentials than those that came, or its kind is not supported yet. Call the method for its kind."
        }
        "origin_not_allowed" => {
            "A page of another origin used the session. Add its origin to the allowed origins in the settings, if it is yours."
        }
        "too_many_request" => {
            "Very many attempts came at once. If they are not your users, look who has your public key, require HMAC, or switch the key off."
        }
        "connection_test_failed" | "invalid_credentials" => {
            "The provider refused the credentials. Ask the user to check them: a typing mistake, a missing permission, or the wrong account."
        }
        "provider_unreachable" | "provider_timeout" => {
            "The provider did not answer. Look whether it has trouble, and whether this server may reach it; then try again."
        }
        "invalid_state" => {
            "The link was used before, is older than ten minutes, or was changed on its way. Start again; if it stays, look whether a proxy cuts the address."
        }
        "state_cookie_err" => {
            "The callback came to another browser than the one that started. If a host of yours fetches callbacks itself, see Callback URL in the settings."
        }
        "url_param_err" => {
            "A value that the provider’s address needs is missing or not allowed. Pass it in params."
        }
        "callback_err" => "The provider came back without a code. What it said is below.",
        "provider_answer" => {
            "The provider’s token endpoint answered with something that is no token. What it answered is in the timeline; look whether the address is the right one."
        }
        "interrupted" => {
            "Terapi was stopped while it waited for the provider. Nothing was kept; let the user start again."
        }
        "token_err" | "refresh_token_external_error" | "provider_refused" => {
            "The provider’s token endpoint refused. What it answered is in the timeline; most often the client secret is wrong or the grant was withdrawn."
        }
        "grant_type_err" => "The provider’s file asks for a grant that has no browser flow.",
        "invalid_query_params"
        | "invalid_body"
        | "invalid_uri_params"
        | "invalid_json"
        | "invalid_content_type"
        | "request_too_large" => {
            "The call was not as it should be; the error names the field. Correct it in your page or backend."
        }
        "server_error" | "unknown_err" | "unavailable" => {
            "The mistake is on this side. Look for the reference in the server’s log."
        }
        _ => {
            "Read the timeline from the bottom up: the last step before the failure mostly tells what to change."
        }
    }
}
