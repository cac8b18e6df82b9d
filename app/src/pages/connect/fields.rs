//! What a person is asked for, and whether the answers can be right (browser-and-modes.md 2.6).

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use terapi_broker::connect::Session;
use terapi_broker::integrations::Integration;
use terapi_catalog::{AuthSpec, Field as Declared, Format, Provider, check_connection_config};
use url::Url;

use super::setting::Setting;
use crate::form::{Form, FormState};
use crate::text::connect::ConnectText;

/// Longest value of one field.
const LONGEST: usize = 8 * 1024;

/// The names under which an OAuth app of one's own travels.
const OWN_APP: [&str; 3] = [
    "oauth_client_id_override",
    "oauth_client_secret_override",
    "oauth_refresh_token_override",
];

/// One thing that is asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its name in the form.
    pub name: String,
    /// What it is called.
    pub label: String,
    /// What it has to be.
    pub field: Declared,
    /// What it begins with.
    pub initial: Option<String>,
    /// Where it is explained.
    pub docs: Option<String>,
}

/// What goes on when the form is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The person goes to the provider.
    Provider,
    /// What was typed is checked and stored.
    Submit,
}

impl Way {
    /// The way of a provider's mode; `None` where people cannot connect it yet.
    pub fn of(provider: &Provider) -> Option<Self> {
        match &provider.auth {
            auth if !auth.has_flow() => None,
            AuthSpec::OAuth2(_) => Some(Self::Provider),
            _ => Some(Self::Submit),
        }
    }
}

/// Everything that one integration asks.
#[derive(Debug, Clone)]
pub struct Questions {
    /// What happens then.
    pub way: Way,
    /// The fields, in order.
    pub fields: Vec<Asked>,
    /// The fields of an OAuth app of the person's own.
    pub own_app: Vec<Asked>,
    /// Where the form as a whole is explained.
    pub docs: Option<String>,
    /// Whether what the app filled in by itself cannot be right.
    pub misconfigured: bool,
}

impl Questions {
    /// What `provider` asks in a session; `None` where its mode cannot be connected by a person yet.
    pub fn of(
        provider: &Provider,
        integration: &Integration,
        session: &Session,
        setting: &Setting,
    ) -> Option<Self> {
        let text = setting.texts();
        let way = Way::of(provider)?;
        let key = &integration.unique_key;
        let nothing = Map::new();
        let preset = session
            .defaults
            .get(key)
            .and_then(|defaults| defaults.connection_config.as_ref())
            .unwrap_or(&nothing);
        let override_docs = session
            .overrides
            .get(key)
            .and_then(|overrides| overrides.docs_connect.clone())
            .filter(|address| is_web_address(address));
        let docs_of = |field: &Declared| {
            let section = field.doc_section.as_deref()?.trim_start_matches('#');
            override_docs
                .clone()
                .or_else(|| Some(format!("{}#{section}", provider.docs_connect.as_deref()?)))
        };
        let own_label = integration.key_label.as_deref();
        let asked = |group: &str, name: &str, field: &Declared| {
            let first = field.allowed.first().filter(|_| field.required);
            let mut field = field.clone();
            let is_own = |label: &&str| (group, name) == ("credentials", "api_key") && **label != field.title;
            let label = match own_label.filter(is_own) {
                Some(label) => {
                    // It would explain what the provider calls it.
                    field.description = None;
                    label.to_owned()
                }
                None => label(name, &field, setting),
            };
            field.description = field.description.map(|english| setting.catalogue().say(&english));
            Asked {
                name: format!("{group}.{name}"),
                label,
                initial: field
                    .default_value
                    .clone()
                    .filter(|_| !field.secret)
                    .or_else(|| first.cloned()),
                docs: docs_of(&field),
                field,
            }
        };
        let config = provider.connection_config.visible();
        let config = config.into_iter().filter(|(name, _)| !preset.contains_key(*name));
        let (first, last): (Vec<_>, Vec<_>) = config.partition(|(_, field)| field.order.is_some());
        let credentials = provider
            .credentials
            .iter()
            .filter(|(_, field)| !field.hidden && !field.automated);
        let mut fields: Vec<Asked> = Vec::new();
        fields.extend(
            first
                .into_iter()
                .map(|(name, field)| asked("params", name, field)),
        );
        fields.extend(credentials.map(|(name, field)| asked("credentials", name, field)));
        fields.extend(last.into_iter().map(|(name, field)| asked("params", name, field)));

        // Presets are checked as they will be: what is wrong with them, and is asked nowhere, nobody here can mend.
        let plain: Map<String, Value> = preset
            .iter()
            .filter(|(name, _)| !OWN_APP.contains(&name.as_str()) && !TRAVELLERS.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let misconfigured = session.reconnect.is_none()
            && check_connection_config(provider, &Map::new(), &plain).is_err_and(|issues| {
                issues.iter().any(|issue| {
                    let name = issue.path.first().map_or("", String::as_str);
                    !fields.iter().any(|asked| asked.name == format!("params.{name}"))
                })
            });
        let own_app = match way {
            Way::Provider => own_app(preset, text),
            Way::Submit => Vec::new(),
        };
        Some(Self {
            way,
            fields,
            own_app,
            docs: override_docs.clone().or_else(|| provider.docs_connect.clone()),
            misconfigured,
        })
    }

    /// Whether nothing has to be typed.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.own_app.is_empty()
    }

    /// All fields.
    pub fn all(&self) -> impl Iterator<Item = &Asked> {
        self.fields.iter().chain(&self.own_app)
    }

    /// Client id and secret, each with the other, where both are asked: half of an app is none.
    fn both_or_none(&self) -> Vec<(&Asked, &Asked)> {
        let find = |own: &str| {
            let mut asked = self.own_app.iter();
            asked.find(|asked| asked.name.strip_prefix("credentials.") == Some(own))
        };
        match (find(OWN_APP[0]), find(OWN_APP[1])) {
            (Some(id), Some(secret)) => vec![(id, secret), (secret, id)],
            _ => Vec::new(),
        }
    }

    /// What was typed that is no secret, and what is wrong with it.
    pub fn check(&self, form: &Form, text: &dyn ConnectText) -> (BTreeMap<String, String>, FormState) {
        let mut state = FormState::default();
        let mut typed = BTreeMap::new();
        for asked in self.all() {
            let value = asked.read(form);
            if let Some(problem) = asked.problem(&value, text) {
                state.refuse(asked.name.clone(), problem);
            }
            if !asked.field.secret {
                state.keep(asked.name.clone(), value.clone());
            }
            typed.insert(asked.name.clone(), value);
        }
        for (asked, other) in self.both_or_none() {
            let is_empty = |asked: &Asked| typed.get(&asked.name).is_none_or(String::is_empty);
            if is_empty(asked) && !is_empty(other) {
                state.refuse(asked.name.clone(), text.missing(&asked.label));
            }
        }
        (typed, state)
    }
}

/// Presets that are no config.
const TRAVELLERS: [&str; 2] = ["webhook_url", "oauth_scopes_override"];

/// Asked when the app presets an empty text: it wants the person to bring an OAuth app. Client id and secret belong
/// together: where the app presets one of them, the other is asked, and has to be there.
fn own_app(preset: &Map<String, Value>, text: &dyn ConnectText) -> Vec<Asked> {
    let labels = [text.client_id(), text.client_secret(), text.refresh_token()];
    let preset = |name: &str| preset.get(name).and_then(Value::as_str);
    OWN_APP
        .into_iter()
        .zip(labels)
        .filter_map(|(name, label)| {
            let other = match name {
                "oauth_client_id_override" => preset("oauth_client_secret_override"),
                "oauth_client_secret_override" => preset("oauth_client_id_override"),
                _ => None,
            };
            let is_asked = preset(name).map_or(other.is_some(), str::is_empty);
            is_asked.then(|| {
                let mut asked = Asked::sample(&format!("credentials.{name}"), &label);
                asked.field.required = other.is_some_and(|other| !other.is_empty());
                asked.field.secret = name != "oauth_client_id_override";
                asked
            })
        })
        .collect()
}

/// Whether an address leads to a page: it becomes a link, and a link can run a script.
fn is_web_address(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "https" | "http"))
}

/// A field's own title; where a file gives none, the mode's, in the reader's language.
fn label(name: &str, field: &Declared, setting: &Setting) -> String {
    let text = setting.texts();
    match (name, field.title.as_str()) {
        ("api_key", "API key") => text.api_key(),
        ("username", "User name") => text.user_name(),
        ("password", "Password") => text.password(),
        (_, title) => setting.catalogue().say(title),
    }
}

impl Asked {
    /// A field with a name and a label, and nothing else.
    pub fn sample(name: &str, label: &str) -> Self {
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            field: Declared::plain(label, false, true),
            initial: None,
            docs: None,
        }
    }

    /// What a password manager may put there: nothing. The dashboard's sign-in has the same origin as this page, and an
    /// operator's own password must not get into a form that goes to somebody else. Browsers disregard `off` where
    /// something secret is asked, and heed `new-password`.
    pub const fn autocomplete(&self) -> &'static str {
        if self.field.secret { "new-password" } else { "off" }
    }

    /// What was typed. Who pastes a whole address where a part of one is asked, meant that part.
    fn read(&self, form: &Form) -> String {
        if self.name == "credentials.password" {
            return form.secret(&self.name).expose().clone();
        }
        let mut value = form.text(&self.name);
        let affixes = (self.field.prefix.as_deref(), self.field.suffix.as_deref());
        if let Some(rest) = affixes.0.and_then(|prefix| strip(value, prefix)) {
            value = rest;
        }
        if let Some(at) = affixes.1.and_then(|suffix| find(value, suffix)) {
            value = &value[..at];
        }
        value.to_owned()
    }

    /// What is wrong with a value, in words that never repeat it.
    fn problem(&self, value: &str, text: &dyn ConnectText) -> Option<String> {
        let (field, label) = (&self.field, self.label.as_str());
        if value.is_empty() {
            let needed = field.required && field.default_value.is_none();
            return needed.then(|| text.missing(label));
        }
        if value.len() > LONGEST {
            return Some(text.too_long(label));
        }
        if value.contains('\0') {
            return Some(text.bad_form(label));
        }
        field.check(value).err().map(|_| self.complaint(value, text))
    }

    /// What is said about a value that has not the declared form.
    pub fn complaint(&self, value: &str, text: &dyn ConnectText) -> String {
        let (field, label) = (&self.field, self.label.as_str());
        if !field.allowed.is_empty() && !field.allowed.iter().any(|allowed| allowed == value) {
            return text.bad_choice(label, &field.allowed.join(", "));
        }
        let by_format = Declared {
            pattern: None,
            ..field.clone()
        };
        match (field.format, &field.example) {
            (Some(format), _) if by_format.check(value).is_err() => match format {
                Format::Hostname => text.bad_host(label),
                Format::Uri => text.bad_address(label),
                Format::Uuid => text.bad_uuid(label),
                Format::Email => text.bad_email(label),
            },
            (_, Some(example)) => text.bad_form_like(label, example),
            _ => text.bad_form(label),
        }
    }
}

fn strip<'v>(value: &'v str, prefix: &str) -> Option<&'v str> {
    let start = value.get(..prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then(|| &value[prefix.len()..])
}

fn find(value: &str, suffix: &str) -> Option<usize> {
    if suffix.is_empty() {
        return None;
    }
    value.to_ascii_lowercase().find(&suffix.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::connect::Language;

    fn asked(change: impl FnOnce(&mut Declared)) -> Asked {
        let mut asked = Asked::sample("params.subdomain", "Subdomain");
        asked.field.required = false;
        change(&mut asked.field);
        asked
    }

    #[test]
    fn a_pasted_address_is_cut_to_the_part_that_was_asked() {
        let asked = asked(|field| {
            field.prefix = Some("https://".to_owned());
            field.suffix = Some(".zendesk.com".to_owned());
        });
        for (typed, read) in [
            ("acme", "acme"),
            (" https%3A%2F%2Facme.zendesk.com%2Fagent%2Fhome ", "acme"),
            ("HTTPS%3A%2F%2Facme", "acme"),
            ("acme.Zendesk.com", "acme"),
            ("%C3%A9t%C3%A9.zendesk.com", "été"),
        ] {
            let form = Form::parse(format!("params.subdomain={typed}").as_bytes());
            assert_eq!(asked.read(&form), read, "{typed}");
        }
    }

    #[test]
    fn no_field_takes_the_password_of_the_dashboard() {
        assert_eq!(asked(|field| field.secret = true).autocomplete(), "new-password");
        assert_eq!(asked(|_| ()).autocomplete(), "off");
    }

    #[test]
    fn complaints_name_the_field_and_what_it_wants() {
        let text = Language::German.texts();
        let host = asked(|field| field.format = Some(Format::Hostname));
        assert_eq!(host.problem("a b", text), Some(text.bad_host("Subdomain")));
        let choice = asked(|field| field.allowed = vec!["eu".to_owned(), "us".to_owned()]);
        assert_eq!(
            choice.problem("xx", text),
            Some(text.bad_choice("Subdomain", "eu, us"))
        );
        let needed = asked(|field| field.required = true);
        assert_eq!(needed.problem("", text), Some(text.missing("Subdomain")));
        let optional = asked(|_| ());
        assert_eq!(optional.problem("", text), None);
        assert_eq!(optional.problem("a\0b", text), Some(text.bad_form("Subdomain")));
    }
}
