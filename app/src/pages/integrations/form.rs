//! The fields of an integration: the same on the form for a new one and in the settings, drawn from what the
//! provider declares.

use leptos::prelude::*;
use serde_json::{Map, Value};
use terapi_catalog::{Field as Declared, Provider};

use crate::form::FormState;
use crate::text::en as words;
use crate::text::en::integration as text;
use crate::ui::field::{Field, Select, TextArea, Tick};

/// What an integration already has.
#[derive(Debug, Clone, Default)]
pub struct Present {
    /// Client id.
    pub client_id: Option<String>,
    /// Whether a client secret is kept.
    pub has_client_secret: bool,
    /// Scopes; none for a new integration, which starts with the provider's defaults.
    pub scopes: Option<Vec<String>>,
    /// Settings that are not secret.
    pub config: Map<String, Value>,
    /// Names of the secret settings that are set.
    pub secret_config: Vec<String>,
}

/// What the form needs to know of a provider.
#[derive(Debug, Clone)]
pub struct Shape {
    takes_client: bool,
    scopes: Vec<(String, String)>,
    default_scopes: Vec<String>,
    config: Vec<(String, Declared)>,
}

impl Shape {
    /// The shape of `provider`'s form.
    pub fn of(provider: &Provider) -> Self {
        let scopes = provider.auth.scopes().iter();
        Self {
            takes_client: provider.auth_mode().has_client(),
            scopes: scopes
                .map(|scope| (scope.name.clone(), scope.description.clone()))
                .collect(),
            default_scopes: provider.auth.default_scopes().to_vec(),
            config: provider
                .integration_config
                .visible()
                .into_iter()
                .map(|(name, field)| (name.to_owned(), field.clone()))
                .collect(),
        }
    }

    /// What the form calls a field that the API names `name`, and the id of its input.
    pub fn input(&self, name: &str) -> (String, String) {
        match self.config.iter().find(|(field, _)| field == name) {
            Some((_, field)) => (field.title.clone(), format!("field-config.{name}")),
            None => (text::field(name), format!("field-{name}")),
        }
    }

    /// True when there is nothing to ask.
    pub fn is_empty(&self) -> bool {
        !self.takes_client && self.config.is_empty()
    }
}

/// Client, scopes and settings.
#[component]
pub fn IntegrationFields(shape: Shape, present: Present) -> impl IntoView {
    let Shape {
        takes_client,
        scopes,
        default_scopes,
        config,
    } = shape;
    let client = takes_client.then(|| {
        view! {
            <Field
                name="client_id"
                label=text::CLIENT_ID
                value=present.client_id.clone().unwrap_or_default()
                autocomplete="off"
                mono=true
            />
            <Field
                name="client_secret"
                label=text::CLIENT_SECRET
                kind="password"
                autocomplete="off"
                mono=true
                hint=if present.has_client_secret { text::CLIENT_SECRET_SET } else { text::CLIENT_SECRET_HINT }
            />
        }
    });
    let scopes = takes_client
        .then(|| view! { <Scopes known=scopes chosen=present.scopes.unwrap_or(default_scopes) /> });
    let settings = config
        .into_iter()
        .map(|(name, field)| {
            let value = match present.config.get(&name) {
                Some(Value::String(text)) => Some(text.clone()),
                Some(other) => Some(other.to_string()),
                None => None,
            };
            let is_set = present.secret_config.contains(&name);
            view! { <DeclaredField name=format!("config.{name}") field value is_set /> }
        })
        .collect_view();
    view! {
        {settings}
        {client}
        {scopes}
    }
    .into_any()
}

/// Scopes with our texts to tick, and a place for any other.
#[component]
fn Scopes(known: Vec<(String, String)>, chosen: Vec<String>) -> impl IntoView {
    let state = use_context::<FormState>().unwrap_or_default();
    // What was typed in a refused form, as one text with all ticked and written scopes.
    let chosen = state.value("scopes").map_or(chosen, split_scopes);
    let others: Vec<String> = chosen
        .iter()
        .filter(|scope| !known.iter().any(|(name, _)| name == *scope))
        .cloned()
        .collect();
    let problem = state.problem("scopes").map(str::to_owned);
    let wrong = problem.is_some();
    if known.is_empty() {
        return view! {
            <TextArea
                name="other_scopes"
                label=text::SCOPES
                hint=text::SCOPES_LABEL_ONLY
                value=others.join("\n")
                optional=true
            />
        }
        .into_any();
    }
    let ticks = known
        .into_iter()
        .map(|(name, description)| {
            let checked = chosen.contains(&name);
            view! { <Tick name="scope" value=name.clone() label=name hint=description checked /> }
        })
        .collect_view();
    view! {
        <fieldset
            class="space-y-2"
            id="field-scopes"
            tabindex="-1"
            autofocus=wrong
            aria-describedby=wrong.then_some("problem-scopes")
        >
            <legend class="font-medium">{text::SCOPES}</legend>
            <p class="text-quiet">{text::SCOPES_HINT}</p>
            {problem.map(|problem| view! { <p id="problem-scopes" class="text-bad">{problem}</p> })}
            <div class="grid max-h-80 grid-cols-1 gap-x-6 overflow-y-auto rounded-lg border border-line bg-well px-3 py-1.5 sm:grid-cols-2">
                {ticks}
            </div>
            <div class="pt-2">
                <TextArea
                    name="other_scopes"
                    label=text::MORE_SCOPES
                    hint=text::MORE_SCOPES_HINT
                    value=others.join("\n")
                    rows=2
                    optional=true
                />
            </div>
        </fieldset>
    }
    .into_any()
}

/// Scopes out of a text in which people separate them as they like.
pub fn split_scopes(text: &str) -> Vec<String> {
    let mut scopes: Vec<String> = Vec::new();
    for scope in text.split(|c: char| c.is_whitespace() || c == ',') {
        if !scope.is_empty() && !scopes.iter().any(|known| known == scope) {
            scopes.push(scope.to_owned());
        }
    }
    scopes
}

/// One field that a provider declares, for an operator or an end user.
#[component]
pub fn DeclaredField(
    name: String,
    field: Declared,
    #[prop(default = None)] value: Option<String>,
    #[prop(default = false)] is_set: bool,
) -> impl IntoView {
    let hint = if is_set {
        text::SECRET_FIELD_SET.to_owned()
    } else {
        field.description.clone().unwrap_or_default()
    };
    let value = value.or(field.default_value.clone()).unwrap_or_default();
    if field.allowed.is_empty() {
        view! {
            <Field
                name
                label=field.title
                hint
                value
                kind=if field.secret { "password" } else { "text" }
                autocomplete="off"
                placeholder=field.example.unwrap_or_default()
                prefix=field.prefix.unwrap_or_default()
                suffix=field.suffix.unwrap_or_default()
                optional=!field.required
                mono=true
            />
        }
        .into_any()
    } else {
        let options = (!field.required || value.is_empty())
            .then(|| (String::new(), words::NONE.to_owned()))
            .into_iter()
            .chain(field.allowed.into_iter().map(|value| (value.clone(), value)))
            .collect();
        view! { <Select name label=field.title hint options value /> }.into_any()
    }
}

#[cfg(test)]
mod tests {
    use super::split_scopes;

    #[test]
    fn scopes_are_separated_as_people_like() {
        assert_eq!(
            split_scopes("repo, user:email\n repo\tgist"),
            ["repo", "user:email", "gist"]
        );
        assert!(split_scopes("  ").is_empty());
    }
}
