//! An end user's own OAuth app: whole, or not at all.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use terapi_broker::connect::{BrowserInput, NewSession, OwnApp, SessionDefaults};
use terapi_broker::credentials::Credentials;
use terapi_model::ErrorCode;

use crate::flow::{Flow, integration};

const ID: &str = "oauth_client_id_override";
const SECRET: &str = "oauth_client_secret_override";

fn typed(id: Option<&str>, secret: Option<&str>) -> BrowserInput {
    BrowserInput {
        own_app: OwnApp {
            client_id: id.map(str::to_owned),
            client_secret: secret.map(Into::into),
            refresh_token: None,
        },
        ..BrowserInput::default()
    }
}

fn in_params(pairs: &[(&str, &str)]) -> BrowserInput {
    let pairs = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    BrowserInput {
        params: pairs.collect(),
        ..BrowserInput::default()
    }
}

fn preset(pairs: &[(&str, &str)]) -> NewSession {
    let config: Map<String, Value> = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::from(*value)))
        .collect();
    let defaults = SessionDefaults {
        connection_config: Some(config),
        ..SessionDefaults::default()
    };
    NewSession {
        defaults: BTreeMap::from([(integration("acme"), defaults)]),
        ..NewSession::default()
    }
}

#[tokio::test]
async fn half_an_oauth_app_is_refused_before_anybody_leaves() {
    let flow = Flow::start().await;
    let plain = flow.session().await;
    let with_id = flow.session_of(preset(&[(ID, "somebodys-app")])).await;
    let with_secret = flow
        .session_of(preset(&[(ID, ""), (SECRET, "somebodys-secret")]))
        .await;
    let cases = [
        (&plain, typed(Some("somebodys-app"), None), SECRET),
        (&plain, typed(None, Some("somebodys-secret")), ID),
        (&plain, in_params(&[(ID, "somebodys-app")]), SECRET),
        (&plain, in_params(&[(SECRET, "somebodys-secret"), (ID, "")]), ID),
        (&flow.public_key(), typed(Some("somebodys-app"), None), SECRET),
        (&with_id, BrowserInput::default(), SECRET),
        (&with_secret, BrowserInput::default(), ID),
    ];
    for (auth, input, missing) in cases {
        let refused = flow.begin(auth, input).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::InvalidQueryParams, "{refused}");
        assert!(
            refused.to_string().ends_with(&format!("`{missing}` is missing")),
            "{refused}"
        );
        assert!(!format!("{refused:?}").contains("somebodys-secret"));
    }
    let key = flow.connect(&plain).await.connection_key;
    let again = flow.reconnect_session(&key).await;
    let refused = flow
        .begin(&again, typed(Some("somebodys-app"), None))
        .await
        .unwrap_err();
    assert_eq!(
        refused.code(),
        ErrorCode::InvalidQueryParams,
        "renewing is no other way in"
    );
}

#[tokio::test]
async fn a_preset_half_and_a_typed_half_are_an_app() {
    let flow = Flow::start().await;
    let auth = flow.session_of(preset(&[(ID, "acme-demo")])).await;
    let begun = flow
        .begin(&auth, typed(None, Some("acme-demo-secret")))
        .await
        .unwrap();
    let back = flow.consent(&begun).await;
    let made = flow.complete(back).await.outcome.unwrap();
    let fetched = flow.get(&made.connection_key).await.unwrap();
    let Some(Credentials::OAuth2(tokens)) = &fetched.credentials else {
        panic!("{fetched:?}");
    };
    let own = tokens.client.as_ref().unwrap();
    assert_eq!(own.client_id.as_deref(), Some("acme-demo"));
    assert_eq!(own.client_secret.as_ref().unwrap().expose(), "acme-demo-secret");
}

#[tokio::test]
async fn an_app_of_ones_own_is_nothing_to_those_who_type_a_key() {
    let flow = Flow::start().await;
    let auth = flow.session().await;
    let connect = flow.house.broker.connect();
    let input = typed(Some("somebodys-app"), None);
    connect
        .submit_api_key(&auth, &integration("acme-api-key"), input, "acme_live_1".into())
        .await
        .unwrap();
}
