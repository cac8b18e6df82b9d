//! English.

pub const PRODUCT: &str = "Terapi";
pub const CANCEL: &str = "Cancel";
pub const COPIED: &str = "Copied";
pub const ACTIONS: &str = "Actions";
pub const NEVER: &str = "Never";
pub const NONE: &str = "None";

pub fn document_title(title: &str, refused: bool) -> String {
    if refused {
        format!("Error: {title} · {PRODUCT}")
    } else {
        format!("{title} · {PRODUCT}")
    }
}

pub fn copy_code(label: &str) -> String {
    format!("Copy code: {label}")
}

pub fn copy_thing(what: &str) -> String {
    format!("Copy {}", lower_first(what))
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

/// A sentence's first letter; texts of errors begin small.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// A message about a field as a sentence. The broker speaks of fields by their names in the API, or leaves them
/// out ("is required"); people know them by their titles.
pub fn about(title: &str, name: &str, message: &str) -> String {
    let said = message.strip_prefix(name).map_or(message, str::trim_start);
    if said.starts_with(char::is_lowercase) {
        sentence(&format!("{title} {said}"))
    } else {
        sentence(message)
    }
}

/// A broker's message as a sentence of its own.
pub fn sentence(message: &str) -> String {
    let mut sentence = capital(message);
    // A stranger's whole sentence may stand in brackets at the end.
    if !sentence.ends_with(['.', '!', '?', '…', ':', '。', '！', '？']) && !sentence.ends_with(".)") {
        sentence.push('.');
    }
    sentence
}

pub fn count(n: i64, one: &str, many: &str) -> String {
    if n == 1 {
        format!("1 {one}")
    } else {
        format!("{n} {many}")
    }
}

pub fn connections_count(n: i64) -> String {
    count(n, "connection", "connections")
}

pub mod shell {
    pub const SKIP: &str = "Skip to content";
    pub const MAIN: &str = "Main";
    pub const MENU: &str = "Menu";
    pub const BREADCRUMBS: &str = "Breadcrumbs";
    pub const ENVIRONMENT: &str = "Environment:";
    pub const PRODUCTION: &str = "Production";
    pub const SIGN_OUT: &str = "Sign out";
    pub const API: &str = "API reference";
    pub const THEME: &str = "Theme";
    pub const THEME_SYSTEM: &str = "As the system";
    pub const THEME_LIGHT: &str = "Light";
    pub const THEME_DARK: &str = "Dark";

    pub fn production_bar(name: &str) -> String {
        format!("Production · changes in “{name}” affect live connections")
    }
}

pub mod plain {
    pub const FOOT: &str =
        "Self-hosted OAuth, API keys and tokens. Nothing on this page leaves this instance.";
}

pub mod form {
    pub const PROBLEMS: &str = "Please check this:";
    pub const OPTIONAL: &str = "optional";
    pub const REQUIRED: &str = "This is needed.";
    pub const BUSY: &str = "The server is busy. Please try again in a moment.";
    pub const FILTER: &str = "Filter";
    pub const CLEAR_FILTERS: &str = "Clear filters";
}

pub mod pager {
    pub const LABEL: &str = "Pages";
    pub const FIRST: &str = "First page";
    pub const NEXT: &str = "Next page";
}

pub mod secret {
    pub const HIDDEN: &str = "Hidden";
    pub const REVEAL: &str = "Reveal";
    pub const HIDE: &str = "Hide";
    pub const FAILED: &str = "The values could not be loaded. Reload the page and try again.";
    pub const NOT_FOR_YOUR_ROLE: &str = "Your role does not allow seeing secrets.";
    pub const SHOWN_NOW: &str = "Shown once, on this page. It is not kept by the browser.";
}

pub mod confirm {
    /// What stands before and after the thing to type.
    pub const TYPE_TO_CONFIRM: [&str; 2] = ["Type ", " to confirm"];
    pub const MISMATCH: &str = "This does not match. Type it exactly as shown.";
}

pub mod error {
    pub const NOT_FOUND: &str = "Page not found";
    pub const NOT_FOUND_BODY: &str = "There is nothing at this address. It may have been deleted, or it belongs to an environment that is not yours.";
    pub const FORBIDDEN: &str = "Not allowed";
    pub const METHOD: &str = "This page cannot be submitted";
    pub const METHOD_BODY: &str = "Go back and open it as a link.";
    pub const FAILED: &str = "Something went wrong";
    pub const FAILED_BODY: &str = "This is a fault on our side, and it was logged. Try again. If it keeps happening, look for this request ID in the server’s log:";
    pub const HOME: &str = "Go to the dashboard";
}

pub mod sign_in {
    pub const TITLE: &str = "Sign in";
    pub const EMAIL: &str = "E-mail";
    pub const PASSWORD: &str = "Password";
    pub const BUTTON: &str = "Sign in";
    pub const WRONG: &str = "This e-mail and password do not match.";
    pub const NO_ACCOUNT: &str = "No account yet?";
    pub const SIGN_UP: &str = "Create one";
    pub const SETUP_HINT: &str =
        "First time here? Open the one-time setup link that the server printed when it started.";

    pub fn throttled(seconds: u64) -> String {
        let minutes = seconds.div_ceil(60);
        format!(
            "Too many failed tries. Wait {}, then try again.",
            super::count(i64::try_from(minutes).unwrap_or(15), "minute", "minutes")
        )
    }
}

pub mod sign_up {
    pub const TITLE: &str = "Create an account";
    pub const FIRST_TITLE: &str = "Welcome. Let’s set up your instance.";
    pub const FIRST_BODY: &str =
        "You will be the owner. Two environments, dev and prod, are created for you.";
    pub const NAME: &str = "Your name";
    pub const ACCOUNT: &str = "Team or company";
    pub const ACCOUNT_HINT: &str = "What your team sees. You can change it later.";
    pub const EMAIL: &str = "E-mail";
    pub const EMAIL_LOCKED: &str = "The invitation is for this address.";
    pub const PASSWORD: &str = "Password";
    pub const PASSWORD_HINT: &str = "12 to 128 characters. A few words work well; there are no other rules.";
    pub const BUTTON: &str = "Create account";
    pub const FIRST_BUTTON: &str = "Set up and sign in";
    pub const HAVE_ACCOUNT: &str = "Already have an account?";
    pub const SIGN_IN: &str = "Sign in";
    pub const CLOSED_TITLE: &str = "Sign-up is by invitation";
    pub const CLOSED_BODY: &str = "Ask an owner of your team for an invitation link.";
    pub const EXPIRED_TITLE: &str = "This link no longer works";
    pub const EXPIRED_BODY: &str = "It was used already, has expired, or was replaced by a newer one. Restart the server to get a new setup link, or ask for a new invitation.";

    pub fn throttled(seconds: u64) -> String {
        let minutes = seconds.div_ceil(60);
        format!(
            "Too many accounts were created from here. Wait {}, then try again.",
            super::count(i64::try_from(minutes).unwrap_or(15), "minute", "minutes")
        )
    }

    pub fn invited_title(account: &str) -> String {
        format!("Join {account}")
    }

    pub fn invited_body(role: &str) -> String {
        format!("You have been invited as {role}.")
    }
}

pub mod sessions {
    pub const TITLE: &str = "Sessions";
    pub const HINT: &str =
        "Where you are signed in. A session ends after 14 days, or after a day without use.";
    pub const DEVICE: &str = "Browser";
    pub const ADDRESS: &str = "Address";
    pub const STARTED: &str = "Signed in";
    pub const SEEN: &str = "Last seen";
    pub const THIS: &str = "This session";
    pub const REVOKE: &str = "Sign out";
    pub const REVOKE_OTHERS: &str = "Sign out everywhere else";
    pub const UNKNOWN_DEVICE: &str = "Unknown browser";
}

pub mod start {
    pub const TITLE: &str = "Getting started";
    pub const HINT: &str =
        "From nothing to a fresh token in five steps. Steps are ticked off as you do them.";
    pub const DONE: &str = "Done";
    pub const TODO: &str = "To do";
    pub const INTEGRATION: &str = "Create an integration";
    pub const INTEGRATION_BODY: &str = "Pick a provider and enter the app you registered with it.";
    pub const INTEGRATION_ACTION: &str = "Choose a provider";
    pub const KEY: &str = "Create an API key";
    pub const KEY_BODY: &str = "Your backend proves itself with it.";
    pub const KEY_ACTION: &str = "Environment settings";
    pub const CONNECT: &str = "Connect yourself";
    pub const CONNECT_BODY: &str = "Go through the flow as one of your users would.";
    pub const CONNECT_ACTION: &str = "Test a connection";
    pub const FETCH: &str = "Fetch a token";
    pub const FETCH_BODY: &str = "One call from your backend. The token is refreshed before it expires.";
    pub const EMBED: &str = "Put it into your product";
    pub const EMBED_BODY: &str = "Your backend opens a session, your page opens the Connect window.";
    pub const BACKEND: &str = "Backend · Node";
    pub const FRONTEND: &str = "Page · browser";
    pub const CURL: &str = "curl";

    pub fn progress(done: usize, all: usize) -> String {
        format!("{done} of {all} done")
    }
}

pub mod integrations {
    pub const TITLE: &str = "Integrations";
    pub const HINT: &str = "The providers your users can connect to in this environment.";
    pub const NEW: &str = "New integration";
    pub const SEARCH: &str = "Search by name, ID or provider";
    pub const SEARCH_BUTTON: &str = "Search";
    pub const CLEAR: &str = "Clear search";
    pub const NAME: &str = "Name";
    pub const ID: &str = "Integration ID";
    pub const AUTH: &str = "Auth";
    pub const CONNECTIONS: &str = "Connections";
    pub const STATUS: &str = "Status";
    pub const READY: &str = "Ready";
    pub const INCOMPLETE: &str = "Incomplete";
    pub const EMPTY: &str = "No integrations yet";
    pub const EMPTY_BODY: &str = "Start with one of these, or browse the whole catalogue.";
    pub const BROWSE: &str = "Browse all providers";
    pub const NO_MATCH: &str = "Nothing found";
    pub const POPULAR: &str = "Popular";
    pub const UNKNOWN_MODE: &str = "Unknown";

    pub fn no_match_body(search: &str) -> String {
        format!("No integration matches “{search}”.")
    }

    pub fn missing(fields: &str) -> String {
        format!("Missing: {fields}")
    }
}

pub mod gallery {
    pub const TITLE: &str = "New integration";
    pub const HINT: &str = "Which provider should your users connect to?";
    pub const SEARCH: &str = "Search providers by name or category";
    pub const SEARCH_BUTTON: &str = "Search";
    pub const POPULAR: &str = "Popular";
    pub const ALL: &str = "All providers";
    pub const CATEGORIES: &str = "Categories";
    pub const EVERY_CATEGORY: &str = "All";
    pub const GENERIC: &str = "Bring your own provider";
    pub const GENERIC_BODY: &str = "Not in the list? These take your own addresses.";
    pub const NO_MATCH: &str = "No provider found";
    pub const NO_MATCH_BODY: &str = "Nothing in the catalogue is called this or like this. A generic entry works with any OAuth 2.0, API key or Basic service.";
    pub const NO_MATCH_YET_BODY: &str = "Nothing in the catalogue is called this; Enter looks for similar names. A generic entry works with any OAuth 2.0, API key or Basic service.";

    pub fn found(n: usize) -> String {
        match n {
            0 => NO_MATCH.to_owned(),
            1 => "1 provider".to_owned(),
            many => found_many(&many.to_string()),
        }
    }

    pub fn found_many(n: &str) -> String {
        format!("{n} providers")
    }

    /// What a category of the catalogue is called; providers of an instance's own may have any.
    pub fn category(name: &str) -> String {
        match name {
            "ai" | "crm" | "erp" | "hr" => name.to_uppercase(),
            other => super::capital(other),
        }
    }
}

pub mod integration {
    pub const CALLBACK: &str = "Callback URL";
    pub const CALLBACK_FIRST: &str = "1. Register this callback URL";
    pub const CALLBACK_HINT: &str =
        "Paste it into your app at the provider, as redirect or callback URL, exactly as it is.";
    pub const CREDENTIALS_STEP: &str = "2. Enter your app";
    pub const FORM_STEP: &str = "Name it";
    pub const NOTHING: &str =
        "There is nothing to configure: each of your users brings their own credentials.";
    pub const DISPLAY_NAME: &str = "Display name";
    pub const DISPLAY_NAME_HINT: &str = "What your users see.";
    pub const ID: &str = "Integration ID";
    pub const ID_HINT: &str =
        "Your code uses this ID. You can change it as long as there are no connections.";
    pub const CLIENT_ID: &str = "Client ID";
    pub const CLIENT_SECRET: &str = "Client secret";
    pub const CLIENT_SECRET_HINT: &str = "Stored encrypted, and hidden until you reveal it.";
    pub const CLIENT_SECRET_SET: &str = "A secret is set. Leave empty to keep it.";
    pub const SCOPES: &str = "Scopes";
    pub const SCOPES_HINT: &str = "Tick what your users should grant.";
    pub const MORE_SCOPES: &str = "Other scopes";
    pub const MORE_SCOPES_HINT: &str = "One per line, or separated by commas or blanks.";
    pub const SCOPES_LABEL_ONLY: &str =
        "One per line, or separated by commas or blanks. Empty: whatever the provider grants by default.";
    pub const SECRET_FIELD_SET: &str = "A value is set. Leave empty to keep it.";
    pub const CREATE: &str = "Create integration";
    pub const GUIDE: &str = "Setup guide";
    pub const DOCS: &str = "Provider documentation";
    pub const OVERVIEW: &str = "Overview";
    pub const PROVIDER: &str = "Provider";
    pub const AUTH: &str = "Auth";
    pub const CONNECTIONS: &str = "Connections";
    pub const CREATED: &str = "Created";
    pub const SETTINGS: &str = "Settings";
    pub const SETTINGS_HINT: &str =
        "Saved as one change. Existing connections keep the scopes they were granted.";
    pub const SAVE: &str = "Save changes";
    pub const SECRETS: &str = "Secret values";
    pub const SECRETS_HINT: &str = "Hidden until you reveal them.";
    pub const TEST: &str = "Connect";
    pub const DELETE: &str = "Delete";
    pub const DANGER: &str = "Delete this integration";
    pub const DANGER_HINT: &str = "Its connections are deleted with it.";
    pub const CODE: &str = "Use it";
    pub const CODE_HINT: &str =
        "Open a Connect session for one of your users, then pass the token to the page.";
    pub const CLIENT_CHANGE: &str = "Connections made with another client ID may no longer refresh.";
    pub const UNKNOWN_PROVIDER: &str =
        "This provider is no longer in the catalogue. Its connections cannot be refreshed.";
    pub const INCOMPLETE: &str = "Nobody can connect yet. Still needed:";
    pub const LATER: &str = "You can fill in the rest later.";
    pub const ID_TAKEN: &str = "Another integration in this environment has this ID. Choose a different one.";
    pub const ID_IN_USE: &str =
        "The ID cannot be changed while there are connections, because your code uses it.";

    pub fn new_title(provider: &str) -> String {
        format!("New {provider} integration")
    }

    pub fn delete_title(name: &str) -> String {
        format!("Delete {name}?")
    }

    pub fn delete_body(connections: i64) -> String {
        match connections {
            0 => "It has no connections. This cannot be undone.".to_owned(),
            n => format!(
                "{} will be deleted with it, and your code can no longer fetch their credentials. This cannot be undone.",
                super::connections_count(n)
            ),
        }
    }

    pub fn field(name: &str) -> String {
        match name {
            "client_id" | "oauth_client_id" => CLIENT_ID.to_owned(),
            "client_secret" | "oauth_client_secret" => CLIENT_SECRET.to_owned(),
            other => other.to_owned(),
        }
    }

    pub fn revealed_title(name: &str) -> String {
        format!("Secret values of {name}")
    }
}

pub mod connections {
    pub const TITLE: &str = "Connections";
    pub const HINT: &str = "Your users’ accounts at the providers, and whether their credentials still work.";
    pub const NEW: &str = "Test a connection";
    pub const SEARCH: &str = "Search by ID, name or e-mail";
    pub const ALL_INTEGRATIONS: &str = "All integrations";
    pub const INTEGRATION: &str = "Integration";
    pub const ANY_STATUS: &str = "Any status";
    pub const STATUS: &str = "Status";
    pub const OK: &str = "Healthy";
    pub const FAILING: &str = "Refresh failing";
    pub const NEEDS_REAUTH: &str = "Needs re-authorization";
    pub const CUSTOMER: &str = "Customer";
    pub const ID: &str = "Connection ID";
    pub const CREATED: &str = "Created";
    pub const FETCHED: &str = "Last fetched";
    pub const EMPTY: &str = "No connections yet";
    pub const EMPTY_BODY: &str =
        "A connection appears when one of your users goes through Connect. Try it yourself first.";
    pub const EMPTY_NO_INTEGRATION: &str = "Connections belong to integrations. Create one first.";
    pub const NO_MATCH: &str = "Nothing found";
    pub const NO_MATCH_BODY: &str = "No connection matches these filters.";
    pub const NO_END_USER: &str = "No end user";

    pub fn total(n: i64) -> String {
        super::connections_count(n)
    }
}

pub mod test {
    pub const TITLE: &str = "Test a connection";
    pub const HINT: &str = "Connect as one of your users would.";
    pub const INTEGRATION: &str = "Integration";
    pub const END_USER: &str = "End user ID";
    pub const END_USER_HINT: &str = "Who the connection belongs to in your product.";
    pub const EMAIL: &str = "End user e-mail";
    pub const BUTTON: &str = "Continue";
    pub const OPEN: &str = "Open Connect";
    pub const SHARE: &str = "Or send this link";
    pub const SHARE_HINT: &str = "Anyone who opens it within 30 minutes can make the connection.";
    pub const LINK: &str = "Connect link";
    pub const WAITING: &str = "Waiting for the connection. This page continues by itself.";
    pub const STOPPED: &str = "This page has stopped waiting. If the connection was made after all:";
    pub const WAITING_NO_SCRIPT: &str = "When you are done in the other tab:";
    pub const FAILED: &str = "The last try failed";
    pub const FAILED_LOG: &str = "Open it in the Logs";
    pub const DONE: &str = "I have connected";
    pub const NOT_YET: &str = "Not yet";
    pub const NOT_YET_BODY: &str = "No new connection has arrived.";
    pub const LOOK: &str = "Look again";
    pub const LOG: &str = "What happened so far";
    pub const NO_INTEGRATION: &str = "Choose an integration.";
    pub const INCOMPLETE: &str = "This integration is not complete yet; finish its settings first.";

    pub fn ready(integration: &str) -> String {
        format!("Connect to {integration}")
    }

    pub fn again(name: &str) -> String {
        format!("Connect {name} again")
    }
}

pub mod connection {
    pub const OVERVIEW: &str = "Overview";
    pub const STATUS: &str = "Status";
    pub const INTEGRATION: &str = "Integration";
    pub const ID: &str = "Connection ID";
    pub const OWN_ID: &str = "Terapi’s own ID";
    pub const AUTH: &str = "Auth";
    pub const CREATED: &str = "Created";
    pub const UPDATED: &str = "Credentials changed";
    pub const FETCHED: &str = "Last fetched";
    pub const EXPIRES: &str = "Token expires";
    pub const NO_EXPIRY: &str = "Not known, or never";
    pub const SCOPES: &str = "Granted scopes";
    pub const END_USER: &str = "End user";
    pub const END_USER_NAME: &str = "Name";
    pub const END_USER_EMAIL: &str = "E-mail";
    pub const END_USER_ID: &str = "ID";
    pub const ORGANIZATION: &str = "Organization";
    pub const CREDENTIALS: &str = "Credentials";
    pub const CREDENTIALS_HINT: &str = "Hidden until you reveal them.";
    pub const CONFIG: &str = "Connection config";
    pub const METADATA: &str = "Metadata";
    pub const NO_CONFIG: &str = "Nothing is configured.";
    pub const NO_METADATA: &str = "Your backend has not stored anything with this connection.";
    pub const TAGS: &str = "Tags";
    pub const NO_TAGS: &str = "No tags.";
    pub const CODE: &str = "Use it";
    pub const CODE_HINT: &str = "Always returns a token that works; it is refreshed when needed.";
    pub const CURL: &str = "curl";
    pub const NODE: &str = "Node SDK";
    pub const DELETE: &str = "Delete";
    pub const BROKEN: &str = "The credentials no longer work";
    pub const BROKEN_BODY: &str = "The provider refused to refresh them. Your user has to connect again: press “Connect again” to do it here or to get a link for them.";
    pub const FAILING: &str = "The last refresh failed";
    pub const FAILING_BODY: &str = "The current token may still work. Terapi tries again when it is needed.";
    pub const LAST_ERROR: &str = "What happened, and what to do";
    pub const AGAIN: &str = "Connect again";
    pub const ACCESS_TOKEN: &str = "Access token";
    pub const CLIENT_SECRET: &str = "Client secret";
    pub const TOKEN: &str = "Token";
    pub const TOKEN_SECRET: &str = "Token secret";
    pub const REFRESH_TOKEN: &str = "Refresh token";
    pub const API_KEY: &str = "API key";
    pub const USERNAME: &str = "User name";
    pub const PASSWORD: &str = "Password";
    pub const RAW: &str = "Token response";
    pub const RESPONSE: &str = "As your backend gets it";
    pub const BACK: &str = "Back to the connection";

    pub fn revealed_title(name: &str) -> String {
        format!("Credentials of {name}")
    }

    pub fn delete_title(name: &str) -> String {
        format!("Delete {name}?")
    }

    pub fn delete_body(integration: &str) -> String {
        format!("Your code can no longer fetch its credentials for {integration}. This cannot be undone.")
    }
}

pub mod logs;

pub mod settings;

pub mod connect;

#[cfg(test)]
mod tests {
    use super::{about, sentence};

    #[test]
    fn a_field_is_named_once_and_by_its_title() {
        for message in ["is required", "token_url is required"] {
            assert_eq!(about("Token URL", "token_url", message), "Token URL is required.");
        }
        assert_eq!(
            about("Token URL", "token_url", "The provider says no."),
            "The provider says no."
        );
    }

    #[test]
    fn what_ends_as_its_script_ends_gets_no_full_stop() {
        for whole in ["拒否されました。", "Wait…", "Why?", "See the manual (page 2.)"] {
            assert_eq!(sentence(whole), whole);
        }
        assert_eq!(sentence("it said no"), "It said no.");
    }
}
