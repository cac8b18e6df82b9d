//! The environment's settings.

pub const TITLE: &str = "Environment settings";
pub const SECTIONS: &str = "Settings";
pub const SAVED: &str = "Saved";
pub const SAVE: &str = "Save";
pub const READ_ONLY: &str = "Your role does not allow changing this.";

pub mod general {
    pub const TITLE: &str = "General";
    pub const HINT: &str = "What this environment is, and where programs find it.";
    pub const OVERVIEW: &str = "Overview";
    pub const NAME: &str = "Name";
    pub const KIND: &str = "Kind";
    pub const PRODUCTION: &str = "Production";
    pub const DEVELOPMENT: &str = "Not production";
    pub const HOST: &str = "Host";
    pub const UUID: &str = "Environment ID";
    pub const CREATED: &str = "Created";
    pub const INTEGRATIONS: &str = "Integrations";
    pub const CONNECTIONS: &str = "Connections";

    pub fn integrations(n: usize) -> String {
        crate::text::en::count(
            i64::try_from(n).unwrap_or(i64::MAX),
            "integration",
            "integrations",
        )
    }
}

pub mod keys {
    pub const TITLE: &str = "API keys";
    pub const HINT: &str = "For your backend. A key is shown once, when it is made.";
    pub const NAME: &str = "Name";
    pub const NAME_HINT: &str = "Where it is used, such as “backend” or “ci”.";
    pub const KEY: &str = "Key";
    pub const ACCESS: &str = "Access";
    pub const FULL: &str = "Full access";
    pub const CREATED: &str = "Created";
    pub const USED: &str = "Last used";
    pub const NEVER_USED: &str = "Never used";
    pub const EXPIRES: &str = "Expires";
    pub const NEVER_EXPIRES: &str = "Never expires";
    pub const EXPIRY: &str = "Expiry";
    pub const EXPIRY_NEVER: &str = "Never";
    pub const EXPIRY_30: &str = "In 30 days";
    pub const EXPIRY_90: &str = "In 90 days";
    pub const EXPIRY_365: &str = "In a year";
    pub const CREATE: &str = "Create key";
    pub const CREATE_TITLE: &str = "New key";
    pub const MANAGED: &str = "From configuration";
    pub const DELETE: &str = "Delete";
    pub const NONE: &str = "No keys";
    pub const CREATED_TITLE: &str = "Your new key";
    pub const CREATED_BODY: &str = "Copy it now: only its hash is kept, so it cannot be shown again.";
    pub const CREATED_BACK: &str = "I have copied it";
    pub const SECRET_KEY: &str = "Secret key";
    pub const TRY: &str = "Try it";
    pub const DELETE_BODY: &str = "Requests with this key are refused from now on. This cannot be undone.";
    pub const DELETE_KEY: &str = "Delete key";
    pub const MANAGED_DELETE: &str = "This key comes from the instance’s configuration; remove it there.";

    pub fn scopes(n: usize) -> String {
        crate::text::en::count(i64::try_from(n).unwrap_or(i64::MAX), "scope", "scopes")
    }

    pub fn delete_title(name: &str) -> String {
        format!("Delete the key {name}?")
    }
}

pub mod public_key {
    pub const TITLE: &str = "Public key";
    pub const HINT: &str =
        "For pages written for older releases of the browser SDK. New ones use Connect sessions.";
    pub const KEY: &str = "Public key";
    pub const KEY_HINT: &str = "Pass it to the SDK as publicKey. It is no secret.";
    pub const USE: &str = "How it is used";
    pub const ACCEPT: &str = "Accept the public key";
    pub const ACCEPT_HINT: &str = "Whoever sees your page can read the key and start an authorization with it. Off: browsers need a Connect session from your backend.";
    pub const OVERWRITE: &str = "Allow overwriting without HMAC";
    pub const OVERWRITE_HINT: &str = "With the public key, the page chooses the connection ID. Off: an ID that exists is refused, so that nobody can replace somebody else’s connection. On: it is replaced, as releases before Connect sessions did. HMAC makes it safe.";
    pub const ON: &str = "Accepted";
    pub const OFF: &str = "Refused: browsers need a Connect session";
}

pub mod hmac {
    pub const TITLE: &str = "HMAC";
    pub const HINT: &str = "Proves to Terapi that your backend agreed to a call made with the public key. Connect sessions never need it.";
    pub const SETTINGS: &str = "Requirement";
    pub const REQUIRE: &str = "Require HMAC with the public key";
    pub const REQUIRE_HINT: &str = "Every call with the public key then needs a digest, in popups and forms alike. Turning it on also turns on the public key.";
    pub const REQUIRE_HINT_NO_KEY: &str = "Every call with the public key then needs a digest, in popups and forms alike. Turning it on makes a key if you set none, and turns on the public key.";
    pub const MADE: &str = "A key was made";
    pub const MADE_BODY: &str = "Reveal it below and give it to your backend. From now on, calls without a digest made with it are refused.";
    pub const TURNED_ON: &str = "HMAC is required";
    pub const TURNED_ON_BODY: &str = "The public key is now accepted, too.";
    pub const KEY: &str = "HMAC key";
    pub const KEY_HINT: &str = "Kept encrypted. Only your backend may know it.";
    pub const KEY_NEW: &str = "A key of your own";
    pub const KEY_NEW_HINT: &str = "1 to 1000 characters. Leave empty to keep the current one.";
    pub const KEY_NEW_HINT_NONE: &str = "1 to 1000 characters. Or let Terapi make one below.";
    pub const GENERATE: &str = "Make a key";
    pub const REPLACE: &str = "Make a new key";
    pub const SURE: &str = "I understand that digests made with the current key stop working at once";
    pub const NOT_SURE: &str = "Tick this to replace the key: your backend has to learn the new one.";
    pub const CHECK: &str = "Digest checker";
    pub const CHECK_HINT: &str =
        "What your backend must compute for these IDs, exactly as the page sends them.";
    pub const INTEGRATION: &str = "Integration ID";
    pub const CONNECTION: &str = "Connection ID";
    pub const CONNECTION_HINT: &str = "Leave empty when the page sends none.";
    pub const RECEIVED: &str = "Your backend’s digest";
    pub const RECEIVED_HINT: &str = "To compare. Lower-case hex.";
    pub const CHECK_BUTTON: &str = "Check";
    pub const DIGEST: &str = "Digest";
    pub const MESSAGE: &str = "Signed text";
    pub const SAME: &str = "Your backend’s digest matches.";
    pub const DIFFERENT: &str = "Your backend’s digest does not match.";
    pub const DIFFERENT_BODY: &str = "Compare the signed text below with what your code signs, character by character, and check that it uses this environment’s key.";
    pub const NO_KEY: &str = "There is no key yet. Set or make one first.";
    pub const CODE: &str = "In your backend";
    pub const NODE: &str = "Node";
}

pub mod callback {
    pub const TITLE: &str = "Callback URL";
    pub const HINT: &str = "Where providers send your users back to after they have agreed.";
    pub const PRESENT: &str = "Register this with each provider";
    pub const PRESENT_HINT: &str = "As redirect or callback URL, exactly as it is.";
    pub const CUSTOM: &str = "Custom callback URL";
    pub const CUSTOM_HINT: &str = "So that users see your own host. It must redirect every request to Terapi, as shown below. Leave empty to use Terapi’s own address.";
    pub const WARNING: &str = "Providers refuse an address that they do not know. Register the new one with each of your apps before you save it here.";
    pub const BOUND: &str = "Only accept callbacks from the browser that started the authorization";
    pub const BOUND_HINT: &str = "Keeps an attacker from making your users finish the attacker’s authorization. Switch it off only if your host fetches Terapi’s address itself instead of redirecting the browser: the browser’s cookie then never arrives.";
    pub const UNBOUND: &str = "Callbacks are accepted from any browser";
    pub const UNBOUND_BODY: &str = "A link to a half-finished authorization works for whoever opens it.";
    pub const RECIPE: &str = "Redirect it with 308";
    pub const RECIPE_HINT: &str =
        "The answer keeps the method and every parameter; the browser keeps Terapi’s cookie.";
    pub const NGINX: &str = "nginx";
    pub const EXPRESS: &str = "Express";
    pub const TRY: &str = "Try it with curl";
}

pub mod origins {
    pub const TITLE: &str = "Allowed origins";
    pub const HINT: &str = "The pages that may embed the Connect window, or be returned to after it.";
    pub const LIST: &str = "Origins";
    pub const LIST_HINT: &str = "One per line: scheme, host, and port if there is one.";
    pub const NONE: &str = "While this list is empty, any page may embed the Connect window, and users cannot be sent back to any page.";
    pub const SOME: &str = "Other pages are refused (origin_not_allowed).";
    pub const EXAMPLE: &str = "https://app.example.com";

    /// What is no origin, with its line.
    pub fn wrong(found: &[(usize, &str)]) -> String {
        let places: Vec<String> = found
            .iter()
            .map(|(line, typed)| format!("line {line} (“{typed}”)"))
            .collect();
        let verb = if found.len() == 1 {
            "is not an origin"
        } else {
            "are not origins"
        };
        format!(
            "{} {verb}: write a scheme and a host, such as {EXAMPLE}.",
            crate::text::en::capital(&places.join(", "))
        )
    }
}

pub mod connect_ui {
    pub const TITLE: &str = "Connect UI";
    pub const HINT: &str = "The look of the page your users connect on.";
    pub const LOOK: &str = "Look";
    pub const PRODUCT: &str = "Product name";
    pub const PRODUCT_HINT: &str = "Shown to your users while they connect.";
    pub const LIGHT: &str = "Primary colour, light theme";
    pub const DARK: &str = "Primary colour, dark theme";
    pub const PICK: &str = "Pick";
    pub const THEME: &str = "Default theme";
    pub const THEME_HINT: &str = "Your page can ask for another one.";
    pub const THEME_SYSTEM: &str = "As the user’s system";
    pub const THEME_LIGHT: &str = "Light";
    pub const THEME_DARK: &str = "Dark";
    pub const WATERMARK: &str = "Show “Secured by Terapi”";
    pub const LOGO: &str = "Logo";
    pub const LOGO_HINT: &str = "PNG, JPEG or WebP, up to 32 kB. 128 by 128 pixels are enough.";
    pub const LOGO_NONE: &str = "No logo: users see the product name alone.";
    pub const LOGO_FILE: &str = "Choose a picture";
    pub const LOGO_REFUSED: &str =
        "This file is no PNG, JPEG or WebP picture of up to 32 kB. Choose another one.";
    pub const LOGO_DATA: &str = "Picture as a data URL";
    pub const LOGO_DATA_HINT: &str = "data:image/png;base64,…";
    pub const LOGO_SAVE: &str = "Save logo";
    pub const LOGO_REMOVE: &str = "Remove logo";
    pub const LOGO_PRESENT: &str = "Current logo";
    pub const PREVIEW: &str = "Preview";
    pub const PREVIEW_HINT: &str = "Changes as you type; nothing is saved until you save.";
    pub const PREVIEW_NO_SCRIPT: &str =
        "The preview needs scripts. Save, then open a Connect link to see it.";
    pub const VIEW_FORM: &str = "Form";
    pub const VIEW_LIST: &str = "List";
    pub const VIEW_DONE: &str = "Done";
}

pub mod webhooks {
    pub const TITLE: &str = "Webhooks";
    pub const HINT: &str = "Tells your backend when connections are made or stop working.";
    pub const WHERE: &str = "Where and what";
    pub const URL: &str = "Webhook URL";
    pub const URL_HINT: &str = "Each event is a POST with a JSON body. Empty: nothing is sent.";
    pub const SECOND_URL: &str = "Second URL";
    pub const SECOND_URL_HINT: &str = "Gets the same events.";
    pub const ON_CREATION: &str = "Send new connection creation webhooks";
    pub const ON_CREATION_HINT: &str =
        "New connections, and attempts to make one that failed. Re-authorizations are always sent.";
    pub const ON_REFRESH_ERROR: &str = "Send token refresh error webhooks";
    pub const ON_REFRESH_ERROR_HINT: &str = "Credentials that the provider no longer renews.";
    pub const RETRIES: &str = "A delivery that fails is tried three times.";
    pub const SIGNING: &str = "Signing key";
    pub const SIGNING_HINT: &str =
        "Your backend verifies with it that an event comes from Terapi. It is not an API key.";
    pub const ROTATE: &str = "New signing key";
    pub const SURE: &str = "I understand that receivers with the current key will refuse events at once";
    pub const NOT_SURE: &str = "Tick this to replace the key: your receivers have to learn the new one.";
    pub const VERIFY: &str = "Verify an event";
    pub const VERIFY_HINT: &str = "Any Standard Webhooks library does it, and refuses old events sent again. Releases of the Node SDK before 0.71 take the signing key as secretKey of a client of its own.";
    pub const EXAMPLE: &str = "https://api.example.com/webhooks/terapi";
    pub const STANDARD: &str = "Standard Webhooks";
    pub const NODE: &str = "Node SDK";
}

pub mod variables {
    pub const TITLE: &str = "Environment variables";
    pub const HINT: &str = "Values for your own programs, kept encrypted. They read them over the REST API.";
    pub const NAME: &str = "Name";
    pub const VALUE: &str = "Value";
    pub const VALUE_HINT: &str = "Up to 4000 characters.";
    pub const NONE: &str = "No variables";
    pub const SET: &str = "Set a variable";
    pub const SET_HINT: &str = "An existing variable gets the new value.";
    pub const SET_BUTTON: &str = "Set";
    pub const DELETE: &str = "Delete";
    pub const DELETE_BODY: &str =
        "Programs that read it get nothing from the next request on. This cannot be undone.";
    pub const DELETE_VARIABLE: &str = "Delete variable";
    pub const READ: &str = "Read them";

    pub fn delete_title(name: &str) -> String {
        format!("Delete {name}?")
    }
}
