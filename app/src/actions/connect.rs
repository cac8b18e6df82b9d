use serde_json::{Map, Value};
use terapi_broker::connect::{BrowserAuth, BrowserInput, Session, SubmitError};
use terapi_catalog::{AuthSpec, check_connection_config};
use terapi_model::{ErrorCode, IntegrationKey};

use super::sign_up::{about, sentence};
use crate::answer::{ActionResult, NoPage, Outcome};
use crate::form::{Form, FormState, Query};
use crate::pages::connect as pages;
use crate::visit::Site;

/// Goes on from the Connect page's form: to the provider, or straight to a connection.
pub async fn start(
    site: &Site,
    session: &Session,
    token: &str,
    key: &IntegrationKey,
    form: &Form,
) -> ActionResult {
    if !session.allows(key) {
        return Err(NoPage::NotFound);
    }
    let integrations = site.broker.integrations();
    let integration = integrations
        .list_allowed(&session.caller, Some(std::slice::from_ref(key)))
        .await
        .map_err(|error| NoPage::Failed(error.to_string()))?
        .pop()
        .ok_or(NoPage::NotFound)?;
    let provider = site
        .broker
        .catalogue()
        .get(integration.provider.as_str())
        .ok_or(NoPage::NotFound)?;

    let mut state = FormState::default();
    for (name, _) in pages::fields(provider, session, key)
        .iter()
        .filter(|(_, field)| !field.secret)
    {
        state.keep(name.clone(), form.text(name));
    }
    let params = form.group("params.");
    let given: Map<String, Value> = params
        .iter()
        .map(|(name, value)| (name.clone(), Value::String(value.clone())))
        .collect();
    let preset = session
        .defaults
        .get(key)
        .and_then(|defaults| defaults.connection_config.clone())
        .unwrap_or_default();
    if let Err(issues) = check_connection_config(provider, &given, &preset) {
        for issue in issues {
            match issue.path.first() {
                Some(name) => {
                    let field = provider.connection_config.get(name);
                    let title = field.map_or(name.as_str(), |field| &field.title);
                    state.refuse(format!("params.{name}"), about(title, name, &issue.message));
                }
                None => state.refuse_all(sentence(&issue.message)),
            }
        }
        return Ok(Outcome::Invalid(state));
    }

    let auth = BrowserAuth::Session(Box::new(session.clone()));
    let connect = site.broker.connect();
    let input = BrowserInput {
        params: params.clone(),
        ..BrowserInput::default()
    };
    let submitted = match &provider.auth {
        AuthSpec::OAuth2(_) => {
            let pairs: Vec<(String, &str)> = params
                .iter()
                .map(|(name, value)| (format!("params[{name}]"), value.as_str()))
                .collect();
            let mut query = vec![("connect_session_token", token)];
            query.extend(pairs.iter().map(|(name, value)| (name.as_str(), *value)));
            let name =
                percent_encoding::utf8_percent_encode(key.as_str(), percent_encoding::NON_ALPHANUMERIC);
            return Ok(Outcome::SeeOther(Query::address(
                format!("/oauth/connect/{name}"),
                &query,
            )));
        }
        AuthSpec::ApiKey => {
            connect
                .submit_api_key(&auth, key, input, form.secret("credentials.api_key"))
                .await
        }
        AuthSpec::Basic => {
            let (username, password) = (
                form.secret("credentials.username"),
                form.secret("credentials.password"),
            );
            connect.submit_basic(&auth, key, input, username, password).await
        }
        _ => return Err(NoPage::NotFound),
    };
    match submitted {
        Ok(_) => Ok(Outcome::Page(pages::done(integration.shown_name()))),
        Err(error) if error.code() == ErrorCode::ServerError => Err(NoPage::Failed(error.to_string())),
        Err(SubmitError::Invalid(issues)) => {
            for issue in issues {
                let name = issue.path.last().map_or("", String::as_str);
                let name = if name == "apiKey" { "api_key" } else { name };
                let found = [
                    ("credentials", &provider.credentials),
                    ("params", &provider.connection_config),
                ]
                .into_iter()
                .find_map(|(group, fields)| Some((group, fields.get(name)?)));
                match found {
                    Some((group, field)) => {
                        state.refuse(
                            format!("{group}.{name}"),
                            about(&field.title, name, &issue.message),
                        );
                    }
                    None => state.refuse_all(about(name, name, &issue.message)),
                }
            }
            Ok(Outcome::Invalid(state))
        }
        Err(error) => Ok(Outcome::Invalid(state.refused_all(sentence(&error.to_string())))),
    }
}
