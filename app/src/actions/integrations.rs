use std::collections::BTreeMap;

use terapi_broker::integrations::{
    CreateIntegrationError, CredentialsPatch, IntegrationCredentials, IntegrationPatch, NewIntegration,
    UpdateIntegrationError,
};
use terapi_catalog::Provider;
use terapi_model::{IntegrationKey, Issue};

use super::confirmed;
use crate::answer::{ActionResult, NoPage, Outcome};
use crate::desk::Desk;
use crate::form::{Form, FormState};
use crate::pages::integrations::details;
use crate::pages::integrations::form::split_scopes;
use crate::pages::integrations::{load, unread};
use crate::route::Room;
use crate::text::en::integration as text;
use crate::text::en::{self as words, about, sentence};

/// Makes an integration.
pub async fn create(desk: Desk, provider: &str, form: &Form) -> ActionResult {
    let provider = desk
        .broker
        .catalogue()
        .get(provider)
        .ok_or(NoPage::NotFound)?
        .clone();
    let mut state = kept(form, &provider);
    let unique_key = match IntegrationKey::parse(form.text("unique_key")) {
        Ok(key) => key,
        Err(error) => {
            state.refuse("unique_key", sentence(&format!("the id {error}")));
            return Ok(Outcome::Invalid(state));
        }
    };
    let client_id = form.filled("client_id");
    let takes_client = provider.auth_mode().has_client();
    let credentials = client_id
        .filter(|_| takes_client)
        .map(|client_id| IntegrationCredentials {
            mode: provider.auth_mode(),
            client_id: client_id.to_owned(),
            client_secret: form.pasted_secret("client_secret"),
            scopes: Some(scopes(form)),
            webhook_secret: None,
        });
    if takes_client && client_id.is_none() && form.filled("client_secret").is_some() {
        return Ok(Outcome::Invalid(
            state.refused("client_id", words::form::REQUIRED),
        ));
    }
    let new = NewIntegration {
        provider: provider.name.clone(),
        unique_key,
        display_name: form
            .filled("display_name")
            .filter(|name| *name != provider.display_name)
            .map(str::to_owned),
        forward_webhooks: true,
        credentials,
        integration_config: form.group("config."),
        custom: BTreeMap::new(),
        own_redirect: false,
        draft: true,
    };
    match desk.broker.integrations().create(&desk.caller, new).await {
        Ok(made) => Ok(Outcome::SeeOther(desk.to(Room::Integration {
            key: made.unique_key.to_string(),
        }))),
        Err(CreateIntegrationError::KeyTaken(_)) => {
            Ok(Outcome::Invalid(state.refused("unique_key", text::ID_TAKEN)))
        }
        Err(CreateIntegrationError::Config(issues)) => {
            Ok(Outcome::Invalid(with_issues(state, &provider, &issues)))
        }
        Err(CreateIntegrationError::Forbidden(reason)) => Err(NoPage::Forbidden(reason.to_string())),
        Err(CreateIntegrationError::UnknownProvider(_)) => Err(NoPage::NotFound),
        Err(
            error @ (CreateIntegrationError::CredentialMismatch { .. }
            | CreateIntegrationError::MissingCredentials(_)),
        ) => Ok(Outcome::Invalid(state.refused_all(sentence(&error.to_string())))),
        Err(other) => Err(NoPage::Failed(other.to_string())),
    }
}

/// Saves an integration's settings as one change. An empty secret field keeps what is there.
pub async fn update(desk: Desk, key: &str, form: &Form) -> ActionResult {
    let integration = load(&desk, key).await?;
    let provider = desk
        .broker
        .catalogue()
        .get(integration.provider.as_str())
        .ok_or(NoPage::NotFound)?
        .clone();
    let mut state = kept(form, &provider);
    let unique_key = match IntegrationKey::parse(form.text("unique_key")) {
        Ok(key) => key,
        Err(error) => {
            state.refuse("unique_key", sentence(&format!("the id {error}")));
            return Ok(Outcome::Invalid(state));
        }
    };
    let credentials = provider.auth_mode().has_client().then(|| CredentialsPatch {
        mode: provider.auth_mode(),
        client_id: form.filled("client_id").map(str::to_owned),
        client_secret: form.pasted_secret("client_secret"),
        scopes: Some(scopes(form)),
        webhook_secret: None,
    });
    // A setting that is not secret and was emptied is cleared; a secret one is kept.
    let given = form.group("config.");
    let config: BTreeMap<String, String> = provider
        .integration_config
        .visible()
        .into_iter()
        .filter_map(|(name, field)| match given.get(name) {
            Some(value) => Some((name.to_owned(), value.clone())),
            None => (!field.secret && integration.config.contains_key(name))
                .then(|| (name.to_owned(), String::new())),
        })
        .collect();
    let patch = IntegrationPatch {
        unique_key: (unique_key != integration.unique_key).then(|| unique_key.clone()),
        display_name: Some(form.filled("display_name").map(str::to_owned)),
        credentials,
        integration_config: (!config.is_empty()).then_some(config),
        draft: true,
        ..IntegrationPatch::default()
    };
    match desk
        .broker
        .integrations()
        .update(&desk.caller, &integration.unique_key, patch)
        .await
    {
        Ok(saved) => Ok(Outcome::SeeOther(desk.to(Room::Integration {
            key: saved.unique_key.to_string(),
        }))),
        Err(UpdateIntegrationError::KeyTaken(_)) => {
            Ok(Outcome::Invalid(state.refused("unique_key", text::ID_TAKEN)))
        }
        Err(UpdateIntegrationError::HasConnections(_)) => {
            Ok(Outcome::Invalid(state.refused("unique_key", text::ID_IN_USE)))
        }
        Err(UpdateIntegrationError::Config(issues)) => {
            Ok(Outcome::Invalid(with_issues(state, &provider, &issues)))
        }
        Err(UpdateIntegrationError::NotFound | UpdateIntegrationError::UnknownProvider) => {
            Err(NoPage::NotFound)
        }
        Err(UpdateIntegrationError::Forbidden(reason)) => Err(NoPage::Forbidden(reason.to_string())),
        Err(error @ UpdateIntegrationError::CredentialMismatch { .. }) => {
            Ok(Outcome::Invalid(state.refused_all(sentence(&error.to_string()))))
        }
        Err(other) => Err(NoPage::Failed(other.to_string())),
    }
}

/// Shows an integration's secrets on the page that answers.
pub async fn reveal(desk: Desk, key: &str) -> ActionResult {
    let integration = load(&desk, key).await?;
    let secrets = desk
        .broker
        .integrations()
        .credentials(&desk.caller, &integration.unique_key)
        .await
        .map_err(unread)?
        .ok_or(NoPage::NotFound)?;
    let values = secrets
        .client_secret
        .iter()
        .map(|secret| (text::CLIENT_SECRET, secret.expose().clone()))
        .collect();
    let name = integration.shown_name().to_owned();
    Ok(Outcome::Page(details::revealed(
        &desk,
        integration.unique_key.as_str(),
        &name,
        values,
    )))
}

/// Deletes an integration whose id was typed, with its connections.
pub async fn delete(desk: Desk, key: &str, form: &Form) -> ActionResult {
    let integration = load(&desk, key).await?;
    if let Err(state) = confirmed(form, integration.unique_key.as_str()) {
        return Ok(Outcome::Invalid(state));
    }
    desk.broker
        .integrations()
        .delete(&desk.caller, &integration.unique_key)
        .await
        .map_err(unread)?;
    Ok(Outcome::SeeOther(desk.to(Room::Integrations)))
}

/// Ticked scopes, then the written ones, each once.
fn scopes(form: &Form) -> Vec<String> {
    let ticked: Vec<&str> = form.all("scope").collect();
    split_scopes(&format!("{} {}", ticked.join(" "), form.text("other_scopes")))
}

/// What a refused form keeps: all but secrets.
fn kept(form: &Form, provider: &Provider) -> FormState {
    let mut state = FormState::keeping(form, &["display_name", "unique_key", "client_id"]);
    state.keep("scopes", scopes(form).join(" "));
    for (name, value) in form.group("config.") {
        if provider
            .integration_config
            .get(&name)
            .is_some_and(|field| !field.secret)
        {
            state.keep(format!("config.{name}"), value);
        }
    }
    state
}

/// The broker's issues at the fields they are about.
fn with_issues(mut state: FormState, provider: &Provider, issues: &[Issue]) -> FormState {
    for issue in issues {
        let path: Vec<&str> = issue.path.iter().map(String::as_str).collect();
        match path[..] {
            ["integration_config" | "config" | "custom", name, ..] => {
                match provider.integration_config.get(name) {
                    Some(field) if !field.hidden && !field.automated => {
                        state.refuse(
                            format!("config.{name}"),
                            about(&field.title, name, &issue.message),
                        );
                    }
                    _ => state.refuse_all(about(name, name, &issue.message)),
                }
            }
            [.., "scopes"] | [.., "scopes", _] => {
                let field = match provider.auth.scopes().is_empty() {
                    true => "other_scopes",
                    false => "scopes",
                };
                state.refuse(field, about(text::SCOPES, "scopes", &issue.message));
            }
            [.., field @ ("client_id" | "client_secret")] if provider.auth_mode().has_client() => {
                state.refuse(field, about(&text::field(field), field, &issue.message));
            }
            [.., "display_name"] => state.refuse(
                "display_name",
                about(text::DISPLAY_NAME, "display_name", &issue.message),
            ),
            [.., name] => state.refuse_all(about(name, name, &issue.message)),
            [] => state.refuse_all(sentence(&issue.message)),
        }
    }
    state
}
