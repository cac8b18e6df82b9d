//! Secret settings, and what providers say about them.

use std::collections::BTreeMap;

use terapi_broker::auth::ProviderSaid;
use terapi_broker::connect::{BrowserAuth, BrowserId, BrowserInput, Completed, ResultFrame, ResultHolder};
use terapi_broker::connections::GetOptions;
use terapi_broker::credentials::Credentials;
use terapi_broker::environments::EnvironmentPatch;
use terapi_broker::operations::{MASK, OperationMessage};
use terapi_model::{ConnectionKey, MessageType, OperationType};
use terapi_testkit::Answer;

use crate::database::{Kind, on_each};
use crate::flow::{COOKIE, Flow, integration};
use crate::house::{Plan, credentials, new_integration};

/// A provider that puts settings into every address and asks for two that are secret.
const PINNED: &str = "
extends: acme
display_name: Pinned
auth:
    auth_mode: OAUTH2
    authorization_params: {pin: '${connection_config.pin}', tenant: '${connection_config.tenant}'}
    token_url: ${integration_config.base_url}/oauth/token?tenant=${connection_config.tenant}&pin=${connection_config.pin}
    token_params: {salt: '${integration_config.salt}'}
    user_scope: true
integration_config:
    salt: {title: Salt, secret: true}
connection_config:
    pin: {title: PIN, secret: true}
    tenant: {title: Tenant, secret: false}
";

const PIN: &str = "PINSECRETXYZ";
const SALT: &str = "salt-of-the-operator";
const CLIENT_SECRET: &str = "acme-demo-secret";

const FORCED: GetOptions = GetOptions {
    with_credentials: true,
    force_refresh: true,
    min_ttl: None,
};

async fn pinned(on: Kind) -> Flow {
    let flow = Flow::planned(Plan {
        on,
        providers: &[("pinned", PINNED)],
        ..Plan::default()
    })
    .await;
    let mut new = new_integration("pinned", "pinned");
    new.credentials = Some(credentials("acme-demo", CLIENT_SECRET));
    new.integration_config
        .insert("base_url".into(), flow.acme.url().into());
    new.integration_config.insert("salt".into(), SALT.into());
    let broker = &flow.house.broker;
    broker.integrations().create(&flow.caller, new).await.unwrap();
    let patch = EnvironmentPatch {
        webhook_url: Some("http://127.0.0.1:9/hooks".into()),
        ..EnvironmentPatch::default()
    };
    broker.environments().update(&flow.caller, patch).await.unwrap();
    flow
}

fn typed() -> BrowserInput {
    let params = [("pin", PIN), ("tenant", "acme-eu")];
    let params = params.map(|(name, value)| (name.to_owned(), value.to_owned()));
    BrowserInput {
        params: BTreeMap::from(params),
        ..BrowserInput::default()
    }
}

/// Goes to the consent page and comes back; `change` may change what the provider sends back.
async fn come_back(
    flow: &Flow,
    auth: &BrowserAuth,
    input: BrowserInput,
    change: impl FnOnce(&mut BTreeMap<String, String>),
) -> (Completed, Option<ResultFrame>) {
    let connect = flow.house.broker.connect();
    let browser = BrowserId::of_cookie(COOKIE);
    let begun = connect.begin(auth, &integration("pinned"), input, &browser).await;
    let begun = begun.unwrap();
    let mut back = flow.consent(&begun).await;
    change(&mut back);
    let completed = flow.complete(back).await;
    let holder = ResultHolder::Session(auth.session().unwrap());
    let view = connect.attempt(holder, &begun.attempt_id).await.unwrap();
    (completed, view.unwrap().result)
}

async fn connect(flow: &Flow) -> ConnectionKey {
    let auth = flow.session().await;
    let (completed, _) = come_back(flow, &auth, typed(), |_| ()).await;
    completed.outcome.unwrap().connection_key
}

/// The line of a request to the token endpoint.
fn request(lines: &[OperationMessage]) -> &OperationMessage {
    let found = lines
        .iter()
        .rev()
        .find(|line| line.kind == MessageType::Http && line.message == "Tokens requested");
    found.expect("tokens were requested")
}

#[tokio::test]
async fn a_secret_setting_is_in_no_address_and_no_parameter_of_the_log() {
    on_each(async |on| {
        let flow = pinned(on).await;
        connect(&flow).await;
        let log = flow.log().await;
        let (_, lines) = log
            .iter()
            .find(|(operation, _)| operation.kind == OperationType::Auth)
            .unwrap();
        let away = lines
            .iter()
            .find(|line| line.message == "Redirecting to the provider");
        let away = away.unwrap().meta.as_ref().unwrap();
        assert_eq!(away["params"]["pin"], "[secret]");
        assert_eq!(away["params"]["tenant"], "acme-eu");
        assert_eq!(away["connection_config"]["pin"], MASK);
        assert!(away["url"].as_str().unwrap().contains("tenant=acme-eu"));
        let asked = request(lines);
        assert_eq!(
            asked.request.as_ref().unwrap()["url"],
            format!("{}/oauth/token?tenant=acme-eu&pin={MASK}", flow.acme.url())
        );
        assert_eq!(asked.request.as_ref().unwrap()["method"], "POST");
        assert_eq!(asked.response.as_ref().unwrap()["code"], 200);
        assert!(asked.duration_ms.is_some());
        let about = asked.meta.as_ref().unwrap();
        assert_eq!(about["scopes"][0], "profile");
        assert_eq!(
            (&about["code"], &about["client_id"]),
            (&MASK.into(), &"acme-demo".into())
        );
        for secret in [PIN, SALT, CLIENT_SECRET] {
            assert!(!format!("{lines:?}").contains(secret), "{secret}");
            assert!(
                !flow.house.has_bytes(secret),
                "{secret} lies open in the database"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_token_endpoint_repeats_of_secrets_is_told_to_nobody() {
    on_each(async |on| {
        let flow = pinned(on).await;
        let said = format!("client_secret {CLIENT_SECRET}, pin {PIN}, salt {SALT} are wrong");
        let refusal = |status| Answer::Error {
            status,
            error: "invalid_client".into(),
            description: Some(said.clone()),
        };
        flow.acme
            .script(|script| script.token_once.push_back(refusal(400)));
        let auth = flow.session().await;
        let (completed, result) = come_back(&flow, &auth, typed(), |_| ()).await;
        let shown = "client_secret [secret], pin [secret], salt [secret] are wrong";
        let failure = completed.outcome.unwrap_err();
        let message = format!("the provider refused: invalid_client ({shown})");
        assert_eq!(failure.error.to_string(), message);
        assert_eq!(failure.said.description.as_deref(), Some(shown));
        let Some(ResultFrame::Error {
            error_type,
            error_desc,
            cause,
            provider,
            ..
        }) = result
        else {
            panic!("nothing was connected")
        };
        assert_eq!(
            (error_type.as_str(), error_desc, cause.as_deref()),
            ("unknown_err", message.clone(), Some("provider_refused"))
        );
        assert_eq!(provider.as_deref(), Some(&failure.said));
        let log = flow.log().await;
        let (operation, lines) = log
            .iter()
            .find(|(operation, _)| Some(&operation.id) == completed.operation_id.as_ref())
            .unwrap();
        let error = operation.error.as_ref().unwrap();
        assert_eq!((error.code.as_str(), &error.message), ("unknown_err", &message));
        let payload = error.payload.as_ref().unwrap();
        assert_eq!(payload["cause"], "provider_refused");
        assert_eq!(payload["error"], "invalid_client");
        assert_eq!(payload["status_code"], "400");
        assert_eq!(request(lines).response.as_ref().unwrap()["code"], 400);

        // The same when credentials are renewed.
        let key = connect(&flow).await;
        flow.acme
            .script(|script| script.refresh_once.push_back(refusal(401)));
        let connections = flow.house.broker.connections();
        let refused = connections
            .get(&flow.caller, &integration("pinned"), &key, FORCED)
            .await;
        assert!(refused.unwrap_err().to_string().contains(shown));
        for secret in [PIN, SALT, CLIENT_SECRET] {
            assert!(
                !flow.house.has_bytes(secret),
                "{secret} lies open in the database"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_callback_repeats_of_secrets_state_and_code_is_told_to_nobody() {
    on_each(async |on| {
        let flow = pinned(on).await;
        let auth = flow.session().await;
        let mut sent = Vec::new();
        let (completed, result) = come_back(&flow, &auth, typed(), |back| {
            let (state, code) = (back["state"].clone(), back["code"].clone());
            for name in [
                "error",
                "error_description",
                "error_reason",
                "error_uri",
                "error_message",
            ] {
                back.insert(name.into(), format!("{name} {PIN} {state} {code}"));
            }
            back.insert("status_code".into(), "77".into());
            sent.extend([state, code]);
        })
        .await;
        let failure = completed.outcome.unwrap_err();
        let words = |name: &str| Some(format!("{name} [secret] [secret] [secret]"));
        assert_eq!(
            failure.said,
            ProviderSaid {
                error: words("error"),
                description: words("error_description"),
                reason: words("error_reason"),
                uri: words("error_uri"),
                status: Some("77".into()),
                message: words("error_message"),
            }
        );
        let told = failure.error.to_string();
        for part in ["error_reason", "error_uri", "status: 77", "error_message"] {
            assert!(told.contains(part), "{told}");
        }
        let written = format!("{failure:?} {result:?} {:?}", flow.log().await);
        for secret in sent.iter().map(String::as_str).chain([PIN]) {
            assert!(!written.contains(secret), "{secret} in {written}");
            assert!(
                !flow.house.has_bytes(secret),
                "{secret} lies open in the database"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_provider_that_says_why_and_no_code_is_repeated() {
    let flow = pinned(Kind::Sqlite).await;
    let auth = flow.session().await;
    let (completed, _) = come_back(&flow, &auth, typed(), |back| {
        back.remove("code");
        back.insert("error_message".into(), "Not today".into());
    })
    .await;
    assert_eq!(
        completed.outcome.unwrap_err().error.to_string(),
        "the provider answered with an error: message: Not today"
    );
    let (completed, _) = come_back(&flow, &auth, typed(), |back| drop(back.remove("code"))).await;
    assert_eq!(
        completed.outcome.unwrap_err().error.to_string(),
        "the provider sent no authorization code back"
    );
}

#[tokio::test]
async fn a_refresh_token_that_is_given_replaces_the_providers_everywhere() {
    let flow = pinned(Kind::Sqlite).await;
    let auth = flow.session().await;
    let given = || {
        let mut input = typed();
        input.own_app.refresh_token = Some("rtoverride9".into());
        input.user_scope = Some("u1,u2".into());
        input
    };
    let get = async |key: &ConnectionKey| {
        let options = GetOptions {
            with_credentials: true,
            ..GetOptions::default()
        };
        let connections = flow.house.broker.connections();
        connections
            .get(&flow.caller, &integration("pinned"), key, options)
            .await
            .unwrap()
    };
    let (completed, _) = come_back(&flow, &auth, given(), |_| ()).await;
    let key = completed.outcome.unwrap().connection_key;
    let got = get(&key).await;
    let Some(Credentials::OAuth2(tokens)) = &got.credentials else {
        panic!("an OAuth connection has tokens")
    };
    assert_eq!(tokens.refresh_token.as_ref().unwrap().expose(), "rtoverride9");
    let raw: serde_json::Value = serde_json::from_str(tokens.raw.expose()).unwrap();
    assert_eq!(raw["refresh_token"], "rtoverride9");
    assert_eq!(raw["access_token"], tokens.access_token.expose().as_str());
    let config = &got.connection.connection_config;
    assert_eq!(config["overrideTokenRefresh"], true);
    assert_eq!(config["user_scope"], "u1,u2");

    // Both are of the attempt: the next one leaves none of it behind.
    let again = flow.house.broker.connect();
    let reconnect = terapi_broker::connect::NewReconnectSession {
        connection_key: key.clone(),
        integration_key: integration("pinned"),
        session: Default::default(),
    };
    let opened = again
        .open_reconnect_session(&flow.caller, reconnect)
        .await
        .unwrap();
    let auth = again
        .authenticate_browser(Some(opened.token.expose()), None)
        .await
        .unwrap();
    let (completed, _) = come_back(&flow, &auth, BrowserInput::default(), |_| ()).await;
    completed.outcome.unwrap();
    let config = get(&key).await.connection.connection_config;
    assert_eq!(config["tenant"], "acme-eu");
    assert!(!config.contains_key("overrideTokenRefresh") && !config.contains_key("user_scope"));
}
