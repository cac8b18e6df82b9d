//! Every address of the dashboard, once: parsed from a request and written into links by the same type.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::base_path::{Local, base_path};

/// All but the unreserved characters of RFC 3986 section 2.3.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A page, or the place a form posts to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// `/app`: leads to the first environment, or to the sign-in page.
    Home,
    /// `/app/~/sign-in`
    SignIn,
    /// `/app/~/sign-out`: POST only.
    SignOut,
    /// `/app/~/sign-up`
    SignUp,
    /// `/app/~/setup/{token}`: the first owner.
    Setup {
        /// The one-time token.
        token: String,
    },
    /// `/app/~/invite/{token}`
    Invite {
        /// The one-time token.
        token: String,
    },
    /// `/app/~/theme`: POST only.
    Theme,
    /// `/app/~/me/sessions`
    Sessions,
    /// A page inside an environment.
    In {
        /// The environment's name.
        env: String,
        /// The page.
        room: Room,
    },
}

/// The pages of one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Room {
    /// The getting-started checklist.
    Start,
    /// The list of integrations.
    Integrations,
    /// The gallery of providers.
    Gallery,
    /// The form for a new integration.
    NewIntegration {
        /// The provider's name.
        provider: String,
    },
    /// One integration and its settings.
    Integration {
        /// The integration's key.
        key: String,
    },
    /// Shows the client secret; POST only.
    RevealIntegration {
        /// The integration's key.
        key: String,
    },
    /// Asks before an integration is deleted.
    DeleteIntegration {
        /// The integration's key.
        key: String,
    },
    /// The list of connections.
    Connections,
    /// Opens a Connect session for a test.
    NewConnection,
    /// Leads to the connection that a test has made, as soon as there is one.
    AwaitConnection,
    /// One connection.
    Connection {
        /// Our own id of it (`con_…`).
        id: String,
    },
    /// Shows a connection's credentials; POST only.
    RevealConnection {
        /// Our own id of it.
        id: String,
    },
    /// Asks before a connection is deleted.
    DeleteConnection {
        /// Our own id of it.
        id: String,
    },
    /// Opens a Connect session that renews a connection; POST only.
    Reconnect {
        /// Our own id of it.
        id: String,
    },
    /// The log.
    Logs,
    /// One operation of the log.
    Operation {
        /// Its id (`opn_…`), which answers and failure pages call the reference.
        id: String,
    },
    /// What an environment is.
    Settings,
    /// API keys.
    Keys,
    /// Asks before an API key is deleted.
    DeleteKey {
        /// Our own id of it.
        id: String,
    },
    /// The public key and its switches.
    PublicKey,
    /// The HMAC key, its switch, and what a digest must be.
    Hmac,
    /// Shows the HMAC key; POST only.
    RevealHmac,
    /// Where providers send browsers back to.
    Callback,
    /// Who may embed the Connect UI.
    Origins,
    /// How the Connect UI looks.
    ConnectUi,
    /// Where events are sent, and what they are signed with.
    Webhooks,
    /// Shows the signing key; POST only.
    RevealSigningKey,
    /// Environment variables.
    Variables,
    /// Shows the values of the variables; POST only.
    RevealVariables,
    /// Asks before a variable is deleted.
    DeleteVariable {
        /// Its name.
        name: String,
    },
}

impl Route {
    /// The shapes of all addresses and the methods they take, for tests over the whole table.
    pub const SHAPES: &'static [(&'static str, &'static [&'static str])] = &[
        ("/app", &["GET"]),
        ("/app/~/sign-in", &["GET", "POST"]),
        ("/app/~/sign-out", &["POST"]),
        ("/app/~/sign-up", &["GET", "POST"]),
        ("/app/~/setup/{token}", &["GET", "POST"]),
        ("/app/~/invite/{token}", &["GET", "POST"]),
        ("/app/~/theme", &["POST"]),
        ("/app/~/me/sessions", &["GET", "POST"]),
        ("/app/{env}", &["GET"]),
        ("/app/{env}/integrations", &["GET"]),
        ("/app/{env}/integrations/new", &["GET"]),
        ("/app/{env}/integrations/new/{provider}", &["GET", "POST"]),
        ("/app/{env}/integrations/{integration}", &["GET", "POST"]),
        ("/app/{env}/integrations/{integration}/reveal", &["POST"]),
        ("/app/{env}/integrations/{integration}/delete", &["GET", "POST"]),
        ("/app/{env}/connections", &["GET"]),
        ("/app/{env}/connections/new", &["GET", "POST"]),
        ("/app/{env}/connections/new/wait", &["GET"]),
        ("/app/{env}/connections/{id}", &["GET"]),
        ("/app/{env}/connections/{id}/reveal", &["POST"]),
        ("/app/{env}/connections/{id}/delete", &["GET", "POST"]),
        ("/app/{env}/connections/{id}/reconnect", &["POST"]),
        ("/app/{env}/logs", &["GET"]),
        ("/app/{env}/logs/{operation}", &["GET"]),
        ("/app/{env}/settings", &["GET"]),
        ("/app/{env}/settings/keys", &["GET", "POST"]),
        ("/app/{env}/settings/keys/{id}/delete", &["GET", "POST"]),
        ("/app/{env}/settings/public-key", &["GET", "POST"]),
        ("/app/{env}/settings/hmac", &["GET", "POST"]),
        ("/app/{env}/settings/hmac/reveal", &["POST"]),
        ("/app/{env}/settings/callback", &["GET", "POST"]),
        ("/app/{env}/settings/origins", &["GET", "POST"]),
        ("/app/{env}/settings/connect-ui", &["GET", "POST"]),
        ("/app/{env}/settings/webhooks", &["GET", "POST"]),
        ("/app/{env}/settings/webhooks/reveal", &["POST"]),
        ("/app/{env}/settings/variables", &["GET", "POST"]),
        ("/app/{env}/settings/variables/reveal", &["POST"]),
        ("/app/{env}/settings/variables/{name}/delete", &["GET", "POST"]),
    ];

    /// The route of a request's path, as received (still percent-encoded). A slash at the end is forgiven.
    pub fn parse(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("/app")?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.is_empty() {
            return Some(Route::Home);
        }
        let raw: Vec<&str> = rest.strip_prefix('/')?.split('/').collect();
        let decoded: Vec<String> = raw.iter().map(|segment| decode(segment)).collect::<Option<_>>()?;
        if decoded.iter().any(String::is_empty) {
            return None;
        }
        // "new" is a page only as it stands; an integration of that name is written `%6Eew`.
        let is_new = raw.get(2) == Some(&"new");
        let text: Vec<&str> = decoded.iter().map(String::as_str).collect();
        if text[0] == "~" {
            return Some(match text[1..] {
                ["sign-in"] => Route::SignIn,
                ["sign-out"] => Route::SignOut,
                ["sign-up"] => Route::SignUp,
                ["setup", token] => Route::Setup {
                    token: token.to_owned(),
                },
                ["invite", token] => Route::Invite {
                    token: token.to_owned(),
                },
                ["theme"] => Route::Theme,
                ["me", "sessions"] => Route::Sessions,
                _ => return None,
            });
        }
        let room = match text[1..] {
            [] => Room::Start,
            ["integrations"] => Room::Integrations,
            ["integrations", _] if is_new => Room::Gallery,
            ["integrations", _, provider] if is_new => Room::NewIntegration {
                provider: provider.to_owned(),
            },
            ["integrations", key] => Room::Integration { key: key.to_owned() },
            ["integrations", key, "reveal"] => Room::RevealIntegration { key: key.to_owned() },
            ["integrations", key, "delete"] => Room::DeleteIntegration { key: key.to_owned() },
            ["connections"] => Room::Connections,
            ["connections", "new"] => Room::NewConnection,
            ["connections", "new", "wait"] => Room::AwaitConnection,
            ["connections", id] => Room::Connection { id: id.to_owned() },
            ["connections", id, "reveal"] => Room::RevealConnection { id: id.to_owned() },
            ["connections", id, "delete"] => Room::DeleteConnection { id: id.to_owned() },
            ["connections", id, "reconnect"] => Room::Reconnect { id: id.to_owned() },
            ["logs"] => Room::Logs,
            ["logs", id] => Room::Operation { id: id.to_owned() },
            ["settings"] => Room::Settings,
            ["settings", "keys"] => Room::Keys,
            ["settings", "keys", id, "delete"] => Room::DeleteKey { id: id.to_owned() },
            ["settings", "public-key"] => Room::PublicKey,
            ["settings", "hmac"] => Room::Hmac,
            ["settings", "hmac", "reveal"] => Room::RevealHmac,
            ["settings", "callback"] => Room::Callback,
            ["settings", "origins"] => Room::Origins,
            ["settings", "connect-ui"] => Room::ConnectUi,
            ["settings", "webhooks"] => Room::Webhooks,
            ["settings", "webhooks", "reveal"] => Room::RevealSigningKey,
            ["settings", "variables"] => Room::Variables,
            ["settings", "variables", "reveal"] => Room::RevealVariables,
            ["settings", "variables", name, "delete"] => Room::DeleteVariable {
                name: name.to_owned(),
            },
            _ => return None,
        };
        Some(Route::In {
            env: text[0].to_owned(),
            room,
        })
    }

    /// `target` as the browser knows it, when it is an address of the dashboard, so that a link back can never lead
    /// elsewhere. The base path may be before it or not.
    pub fn own_address(target: &str) -> Option<String> {
        let bare = base_path().strip(target).unwrap_or(target).to_owned();
        let path = bare.split(['?', '#']).next().unwrap_or_default();
        let plain = !bare.chars().any(|c| c.is_control() || c == '\\');
        (plain && Route::parse(path).is_some()).then(|| Local(&bare).to_string())
    }
}

/// One segment, which must hold UTF-8 and no control character once decoded.
fn decode(segment: &str) -> Option<String> {
    let text = percent_decode_str(segment).decode_utf8().ok()?.into_owned();
    (!text.chars().any(char::is_control)).then_some(text)
}

struct Segment<'a>(&'a str);

impl fmt::Display for Segment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == "new" {
            f.write_str("%6Eew")
        } else {
            utf8_percent_encode(self.0, SEGMENT).fmt(f)
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        base_path().fmt(f)?;
        match self {
            Route::Home => f.write_str("/app"),
            Route::SignIn => f.write_str("/app/~/sign-in"),
            Route::SignOut => f.write_str("/app/~/sign-out"),
            Route::SignUp => f.write_str("/app/~/sign-up"),
            Route::Setup { token } => write!(f, "/app/~/setup/{}", Segment(token)),
            Route::Invite { token } => write!(f, "/app/~/invite/{}", Segment(token)),
            Route::Theme => f.write_str("/app/~/theme"),
            Route::Sessions => f.write_str("/app/~/me/sessions"),
            Route::In { env, room } => write!(f, "/app/{}{room}", Segment(env)),
        }
    }
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Room::Start => Ok(()),
            Room::Integrations => f.write_str("/integrations"),
            Room::Gallery => f.write_str("/integrations/new"),
            Room::NewIntegration { provider } => write!(f, "/integrations/new/{}", Segment(provider)),
            Room::Integration { key } => write!(f, "/integrations/{}", Segment(key)),
            Room::RevealIntegration { key } => write!(f, "/integrations/{}/reveal", Segment(key)),
            Room::DeleteIntegration { key } => write!(f, "/integrations/{}/delete", Segment(key)),
            Room::Connections => f.write_str("/connections"),
            Room::NewConnection => f.write_str("/connections/new"),
            Room::AwaitConnection => f.write_str("/connections/new/wait"),
            Room::Connection { id } => write!(f, "/connections/{}", Segment(id)),
            Room::RevealConnection { id } => write!(f, "/connections/{}/reveal", Segment(id)),
            Room::DeleteConnection { id } => write!(f, "/connections/{}/delete", Segment(id)),
            Room::Reconnect { id } => write!(f, "/connections/{}/reconnect", Segment(id)),
            Room::Logs => f.write_str("/logs"),
            Room::Operation { id } => write!(f, "/logs/{}", Segment(id)),
            Room::Settings => f.write_str("/settings"),
            Room::Keys => f.write_str("/settings/keys"),
            Room::PublicKey => f.write_str("/settings/public-key"),
            Room::Hmac => f.write_str("/settings/hmac"),
            Room::RevealHmac => f.write_str("/settings/hmac/reveal"),
            Room::Callback => f.write_str("/settings/callback"),
            Room::Origins => f.write_str("/settings/origins"),
            Room::ConnectUi => f.write_str("/settings/connect-ui"),
            Room::Webhooks => f.write_str("/settings/webhooks"),
            Room::RevealSigningKey => f.write_str("/settings/webhooks/reveal"),
            Room::Variables => f.write_str("/settings/variables"),
            Room::RevealVariables => f.write_str("/settings/variables/reveal"),
            Room::DeleteVariable { name } => write!(f, "/settings/variables/{}/delete", Segment(name)),
            Room::DeleteKey { id } => write!(f, "/settings/keys/{}/delete", Segment(id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_leads_to_a_route_that_writes_the_same_address() {
        for (shape, _) in Route::SHAPES {
            let path = shape
                .replace("{env}", "dev")
                .replace("{token}", "t0k")
                .replace("{provider}", "github")
                .replace("{integration}", "a%20b%3Ac")
                .replace("{operation}", "opn_1")
                .replace("{name}", "REGION")
                .replace("{id}", "con_1");
            assert_eq!(Route::parse(&path).map(|route| route.to_string()), Some(path));
        }
    }

    #[test]
    fn an_integration_called_new_has_a_page_of_its_own() {
        let route = Route::In {
            env: "dev".into(),
            room: Room::Integration { key: "new".into() },
        };
        assert_eq!(route.to_string(), "/app/dev/integrations/%6Eew");
        assert_eq!(Route::parse(&route.to_string()), Some(route));
    }

    #[test]
    fn a_way_back_stays_in_the_dashboard() {
        assert_eq!(
            Route::own_address("/app/dev/connections?q=a"),
            Some("/app/dev/connections?q=a".to_owned())
        );
        for other in [
            "https://evil.example/app",
            "//evil.example",
            "/app//evil",
            "/oauth/connect/x",
            "/app\\x",
            "",
        ] {
            assert_eq!(Route::own_address(other), None, "{other}");
        }
    }
}
