//! Provider definitions: what Terapi has to know to let somebody in at a provider, and to call its API.
//!
//! One YAML file a provider (`providers/*.yaml`), read into a [`Provider`] with an [`AuthSpec`] of its mode. Texts
//! with placeholders are [`Template`]s, parsed when the file is loaded and aware of what they are for: a secret in an
//! authorize URL, a host that a form field could choose freely, or a misspelt key fails there, with file and line.
//! Files in `providers/` are checked when this crate is built, so a broken one fails the build.
//!
//! This room does no IO but reading provider files, opens no secret and makes no request.
//!
//! ```
//! use serde_json::json;
//! use terapi_catalog::{Catalogue, Scope, check_connection_config};
//!
//! let catalogue = Catalogue::load(None).expect("built-in files are sound");
//! let zendesk = catalogue.get("zendesk").expect("built in");
//! let given = json!({"subdomain": "acme"});
//! let config = check_connection_config(zendesk, given.as_object().unwrap(), &Default::default()).expect("valid");
//! let spec = zendesk.auth.oauth2().expect("an OAuth 2.0 provider");
//! let scope = Scope { connection_config: Some(&config), ..Scope::default() };
//! assert_eq!(spec.authorization_url.render(&scope).unwrap().as_str(), "https://acme.zendesk.com/oauth/authorizations/new");
//! ```

mod assembly;
mod catalogue;
mod document;
mod language;
mod monogram;
mod provider;
mod template;
mod validation;
pub mod wire;

pub use catalogue::{Catalogue, CatalogueError};
pub use document::Problem;
pub use language::Language;
pub use monogram::monogram_svg;
pub use provider::{
    AuthSpec, BodyFormat, ClientAuth, ClientCredentialsSpec, FailsWhen, Field, Fields, Format, Keep,
    OAuth1Spec, OAuth2Spec, Param, Params, Pattern, Pkce, Provider, Requests, Retry, RetryInBody, ScopeInfo,
    SignatureMethod, TbaSpec, TokenResponse, Unset, Verification,
};
pub use template::{
    Declarations, Function, HoleRule, Path, RenderError, Scope, Template, TemplateError, TemplateErrorKind,
    UrlTemplate, Use, Variable,
};
pub use validation::{
    check_connection_config, check_credentials, check_imported_config, check_integration_config,
};
