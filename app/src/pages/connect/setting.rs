use terapi_model::Timestamp;

use crate::base_path::Local;
use crate::form::{Form, Query};
use crate::text::connect::{ConnectText, Language};
use crate::visit::Theme;

/// Where the page is served, and its forms post back to for another view.
pub const ADDRESS: Local<&str> = Local("/connect/ui/");
/// Where a form goes that connects.
const START: Local<&str> = Local("/connect/ui/start");

/// What travels from view to view beside the token, in links and in forms.
const CARRIED: [&str; 5] = ["lang", "theme", "return_url", "detectClosedAuthWindow", "pseudo"];

/// The field of a form that says when it was shown, in milliseconds: a connection that another tab has made since is the
/// one that this form is about.
pub const SHOWN_AT: &str = "shown_at";

/// How one request wants its page.
#[derive(Debug, Clone, Default)]
pub struct Setting {
    /// The language.
    pub language: Language,
    /// The theme, where the address says one.
    pub theme: Option<Theme>,
    /// Whether the document is loaded into a frame.
    pub framed: bool,
    /// Whether it fills that frame, without a backdrop.
    pub embedded: bool,
    /// Whether it only shows how it would look.
    pub preview: bool,
    /// Whether only the view is asked for, by a script that has the document.
    pub partial: bool,
    /// Whether a script has opened a window for the provider, so that this page stays.
    pub windowed: bool,
    /// The token, where links and forms have to carry it: it then came with the address or a form.
    pub carried_token: Option<String>,
    /// Where the browser goes in the end.
    pub return_url: Option<String>,
    /// The page that asks, when a script says so.
    pub origin: Option<String>,
    /// When the form that was posted was shown first.
    pub shown_at: Option<Timestamp>,
    carried: Vec<(&'static str, String)>,
}

impl Setting {
    /// Reads the address, and the form when one was posted.
    pub fn read(query: &Query, form: Option<&Form>, accept_language: &str) -> Self {
        let get = |name: &str| {
            form.and_then(|form| form.filled(name))
                .or_else(|| query.get(name))
                .filter(|value| value.len() <= 2048)
        };
        let is = |name| get(name).is_some_and(|value| matches!(value, "1" | "true"));
        // What nobody speaks is for those who look at the page, and they say so.
        let asked =
            get("lang").filter(|tag| is("pseudo") || !Language::of_tag(tag).is_some_and(Language::is_pseudo));
        Self {
            language: Language::choose(asked, accept_language),
            theme: get("theme").and_then(|name| match name {
                "light" | "dark" | "system" => Some(Theme::parse(name)),
                _ => None,
            }),
            embedded: is("embedded"),
            preview: is("preview"),
            return_url: get("return_url").map(str::to_owned),
            shown_at: form
                .and_then(|form| form.text(SHOWN_AT).parse().ok())
                .map(Timestamp::from_millis),
            carried: CARRIED
                .into_iter()
                .filter_map(|name| Some((name, get(name)?.to_owned())))
                .collect(),
            ..Self::default()
        }
    }

    /// Its texts.
    pub fn texts(&self) -> &'static dyn ConnectText {
        self.language.texts()
    }

    /// The language of providers' own words.
    pub const fn catalogue(&self) -> terapi_catalog::Language {
        match self.language {
            Language::French => terapi_catalog::Language::French,
            Language::German => terapi_catalog::Language::German,
            Language::Spanish => terapi_catalog::Language::Spanish,
            Language::Japanese => terapi_catalog::Language::Japanese,
            Language::English | Language::Pseudo | Language::PseudoRight => terapi_catalog::Language::English,
        }
    }

    /// The address of a view of this page.
    pub fn address(&self, more: &[(&str, &str)]) -> String {
        let carried = self.carried();
        let mut pairs: Vec<(&str, &str)> = carried
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        pairs.extend(more);
        Query::address(ADDRESS, &pairs)
    }

    /// Where the form of an integration is sent. How the page is wanted stands in the address too: a form that is too
    /// large is not read.
    pub fn start(&self, integration: &str) -> String {
        let shown = ["lang", "theme", "pseudo"];
        let mut pairs: Vec<(&str, &str)> = self
            .carried
            .iter()
            .filter(|(name, _)| shown.contains(name))
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        pairs.push(("integration", integration));
        Query::address(START, &pairs)
    }

    /// What a form has to send along.
    pub fn carried(&self) -> Vec<(&'static str, String)> {
        let token = self
            .carried_token
            .iter()
            .map(|token| ("session_token", token.clone()));
        token.chain(self.carried.iter().cloned()).collect()
    }
}
