//! A provider, read from its file.

mod auth;
mod field;
mod keep;
mod lint;
mod params;
mod pattern;
mod reading;
mod requests;

use terapi_model::{AuthMode, ProviderName};

pub use auth::{
    AuthSpec, BodyFormat, ClientAuth, ClientCredentialsSpec, FailsWhen, OAuth1Spec, OAuth2Spec, Pkce,
    ScopeInfo, SignatureMethod, TbaSpec, TokenResponse,
};
pub use field::{Field, Fields, Format};
pub use keep::Keep;
pub use params::{Param, Params, Unset};
pub use pattern::Pattern;
pub use requests::{Requests, Retry, RetryInBody, Verification};

use crate::document::{Node, Report, Section};
use reading::Declared;

/// Everything Terapi knows about one provider.
#[derive(Debug, Clone)]
pub struct Provider {
    /// Its id: the name of its file.
    pub name: ProviderName,
    /// What people call it.
    pub display_name: String,
    /// One sentence.
    pub description: Option<String>,
    /// Tags.
    pub categories: Vec<String>,
    /// Other words people search for it with.
    pub aliases: Vec<String>,
    /// The provider's API documentation.
    pub docs: Option<String>,
    /// A page for the person who connects.
    pub docs_connect: Option<String>,
    /// A page for the operator who registers an app.
    pub setup_guide_url: Option<String>,
    /// The provider this one was made from.
    pub extends: Option<String>,
    /// A simulated provider: may be reached over plain http.
    pub demo: bool,
    /// How it lets a caller in.
    pub auth: AuthSpec,
    /// Asked from the person who connects.
    pub connection_config: Fields,
    /// Asked from the operator.
    pub integration_config: Fields,
    /// Labels and rules of the mode's own fields, by their internal names (`api_key`, `username`, `password`). The
    /// fields of the mode are always here.
    pub credentials: Fields,
    /// What every request begins with.
    pub requests: Requests,
    /// A call that proves credentials.
    pub verification: Option<Verification>,
    /// What is copied from answers into the connection's config.
    pub keep: Keep,
    /// Our guide for the operator, Markdown.
    pub guide: Option<String>,
}

impl Provider {
    /// The mode's name.
    pub fn auth_mode(&self) -> AuthMode {
        self.auth.mode()
    }

    /// The name of a credentials field in published clients: `apiKey` for `api_key`.
    pub fn credential_wire_name(name: &str) -> &str {
        if name == "api_key" { "apiKey" } else { name }
    }

    /// Reads a merged tree. With `strict`, also what embedded files have to have.
    pub(crate) fn read(name: &ProviderName, node: &Node, strict: bool, report: &Report) -> Option<Provider> {
        let section = Section::of(node, "", report)?;
        let fields = |key, secret| {
            section
                .section(key)
                .map(|fields| Fields::read(&fields, secret, strict))
                .unwrap_or_default()
        };
        let connection_config = fields("connection_config", false);
        let integration_config = fields("integration_config", false);
        let mut credentials = fields("credentials", true);
        let keep = Keep::read(section.section("keep"));
        let declared = Declared {
            connection_config: &connection_config,
            integration_config: &integration_config,
            keep: &keep,
            report,
        };
        section.require("auth");
        let auth = section
            .section("auth")
            .and_then(|auth| AuthSpec::read(auth, &declared));
        let requests = Requests::read(section.section("requests"), &declared);
        let verification = section
            .section("verification")
            .and_then(|found| Verification::read(found, &declared));
        if verification.is_some() && auth.as_ref().is_some_and(|auth| !auth.takes_verification()) {
            section.complain(
                "verification",
                "this version does not try credentials of this auth mode yet",
            );
        }
        section.require("display_name");
        let display_name = section.text("display_name");
        let description = section.text("description");
        let categories = section.texts("categories");
        let aliases = section.texts("aliases");
        let page = |key| {
            let text = section.text(key)?;
            let sound = url::Url::parse(&text).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
            if !sound {
                section.complain(key, "expected an address");
            }
            sound.then_some(text)
        };
        let docs = page("docs");
        let docs_connect = page("docs_connect");
        let setup_guide_url = page("setup_guide_url");
        let extends = section.text("extends");
        let demo = section.flag("demo").unwrap_or(false);
        let guide = section.text("guide");
        section.not_yet(&["post_connect", "revoke", "introspect", "webhooks", "assertion"]);
        match &auth {
            Some(AuthSpec::ApiKey) => credentials.ensure("api_key", Field::plain("API key", true, true)),
            Some(AuthSpec::Basic) => {
                credentials.ensure("username", Field::plain("User name", false, true));
                credentials.ensure("password", Field::plain("Password", true, true));
            }
            Some(AuthSpec::ClientCredentials(_)) => {
                credentials.ensure("client_id", Field::plain("Client ID", false, true));
                credentials.ensure("client_secret", Field::plain("Client secret", true, true));
            }
            Some(AuthSpec::Tba(_)) => {
                credentials.ensure("token_id", Field::plain("Token ID", true, true));
                credentials.ensure("token_secret", Field::plain("Token secret", true, true));
            }
            Some(AuthSpec::OAuth2(_) | AuthSpec::OAuth1(_) | AuthSpec::None) if !credentials.is_empty() => {
                section.complain("credentials", "this auth mode asks for no credentials");
            }
            _ => {}
        }
        section.finish();
        let provider = Provider {
            name: name.clone(),
            display_name: display_name?,
            description,
            categories,
            aliases,
            docs,
            docs_connect,
            setup_guide_url,
            extends,
            demo,
            auth: auth?,
            connection_config,
            integration_config,
            credentials,
            requests,
            verification,
            keep,
            guide,
        };
        if strict {
            lint::check(&provider, node, report);
        }
        Some(provider)
    }
}
