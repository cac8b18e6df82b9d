use std::collections::BTreeMap;

use terapi_broker::integrations::{
    CreateIntegrationError, CredentialsPatch, DeletedIntegration, IntegrationPatch, NewIntegration,
    ReadIntegrationError, UpdateIntegrationError,
};
use terapi_broker::{Caller, Forbidden};
use terapi_model::{ApiKeyScopes, AuthMode, ConnectionId, ConnectionKey, IntegrationKey, Issue};
use terapi_store::connections::{self, NewConnection};

use crate::house::{House, Plan, credentials, new_integration};

const ACME: &str = "http://127.0.0.1:4010";

fn key(text: &str) -> IntegrationKey {
    IntegrationKey::parse(text).unwrap()
}

fn with_client(provider: &str, name: &str) -> NewIntegration {
    NewIntegration {
        credentials: Some(credentials("id", "canary-client-secret")),
        ..new_integration(provider, name)
    }
}

fn oauth_patch() -> CredentialsPatch {
    CredentialsPatch {
        mode: AuthMode::OAuth2,
        client_id: None,
        client_secret: None,
        scopes: None,
        webhook_secret: None,
    }
}

fn paths(issues: &[Issue]) -> Vec<String> {
    issues.iter().map(|issue| issue.path.join(".")).collect()
}

async fn program(house: &House, caller: &Caller, scopes: &[&str]) -> Caller {
    let scopes = ApiKeyScopes(scopes.iter().map(|scope| (*scope).to_owned()).collect());
    let name = scopes.0.join(" ");
    let (_, secret) = house
        .broker
        .keys()
        .create(caller, &name, scopes, None)
        .await
        .unwrap();
    house.broker.keys().authenticate(secret.expose()).await.unwrap()
}

#[tokio::test]
async fn an_integration_begins_with_its_providers_default_scopes() {
    let house = House::open().await;
    let (caller, environment) = house.tenant("ada@example.com").await;
    let made = house.acme(&caller, "acme-eu", ACME).await;
    assert_eq!(made.environment_id, environment.id);
    assert_eq!(made.auth_mode, Some(AuthMode::OAuth2));
    assert_eq!(made.scopes, ["profile", "contacts.read", "offline_access"]);
    assert_eq!(made.callback_url, "http://localhost:3003/oauth/callback");
    assert_eq!(made.shown_name(), "Acme");
    assert!(made.missing_fields.is_empty() && made.has_client_secret && made.forward_webhooks);

    let found = house
        .broker
        .integrations()
        .get(&caller, &key("acme-eu"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (found.id.clone(), found.config.get("base_url").unwrap()),
        (made.id, &ACME.into())
    );
    let by_id = house
        .broker
        .integrations()
        .get_by_id(&caller, &found.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(by_id.unique_key, found.unique_key);
}

#[tokio::test]
async fn one_with_its_own_redirect_is_told_its_own_callback_url() {
    let house = House::open().await;
    let (caller, _) = house.tenant("ada@example.com").await;
    let own = NewIntegration {
        own_redirect: true,
        ..with_client("github", "github")
    };
    let made = house.broker.integrations().create(&caller, own).await.unwrap();
    assert_eq!(
        made.callback_url,
        format!("http://localhost:3003/oauth/callback/{}", made.uuid)
    );
}

#[tokio::test]
async fn credentials_must_fit_the_providers_mode() {
    let house = House::open().await;
    let (caller, _) = house.tenant("ada@example.com").await;
    let rooms = house.broker.integrations();
    let refusal = |new| async { rooms.create(&caller, new).await.unwrap_err() };
    assert!(matches!(
        refusal(new_integration("github", "a")).await,
        CreateIntegrationError::MissingCredentials(AuthMode::OAuth2)
    ));
    assert!(matches!(
        refusal(with_client("stripe", "a")).await,
        CreateIntegrationError::CredentialMismatch {
            expected: AuthMode::ApiKey
        }
    ));
    assert!(matches!(
        refusal(with_client("twilio", "a")).await,
        CreateIntegrationError::CredentialMismatch {
            expected: AuthMode::Basic
        }
    ));
    let mut other = with_client("github", "a");
    other.credentials.as_mut().unwrap().mode = AuthMode::OAuth1;
    assert!(matches!(
        refusal(other).await,
        CreateIntegrationError::CredentialMismatch { .. }
    ));
    assert!(matches!(
        refusal(with_client("no-such-provider", "a")).await,
        CreateIntegrationError::UnknownProvider(_)
    ));
    assert!(rooms.list(&caller).await.unwrap().is_empty());
    rooms
        .create(&caller, new_integration("stripe", "stripe"))
        .await
        .unwrap();
    rooms
        .create(&caller, new_integration("twilio", "twilio"))
        .await
        .unwrap();
}

#[tokio::test]
async fn values_are_checked_and_every_fault_is_named() {
    let house = House::open().await;
    let (caller, _) = house.tenant("ada@example.com").await;
    let mut new = with_client("acme", "acme");
    new.display_name = Some(String::new());
    let client = new.credentials.as_mut().unwrap();
    client.client_id = "x".repeat(256);
    client.client_secret = Some("".into());
    client.scopes = Some(vec!["two words".into()]);
    let Err(CreateIntegrationError::Config(issues)) = house.broker.integrations().create(&caller, new).await
    else {
        panic!("accepted")
    };
    assert_eq!(
        paths(&issues),
        [
            "display_name",
            "credentials.client_id",
            "credentials.client_secret",
            "credentials.scopes"
        ]
    );

    let mut new = with_client("acme", "acme");
    new.integration_config = BTreeMap::from([
        ("base_url".into(), "not an address".into()),
        ("x".into(), "y".into()),
    ]);
    let Err(CreateIntegrationError::Config(issues)) = house.broker.integrations().create(&caller, new).await
    else {
        panic!("accepted")
    };
    let mut named = paths(&issues);
    named.sort();
    assert_eq!(
        named,
        ["integration_config", "integration_config.base_url"],
        "x is no setting of it"
    );
}

#[tokio::test]
async fn a_draft_names_what_it_is_missing() {
    let house = House::open().await;
    let (caller, _) = house.tenant("ada@example.com").await;
    let rooms = house.broker.integrations();
    let draft = NewIntegration {
        draft: true,
        ..new_integration("generic-oauth2", "mine")
    };
    let made = rooms.create(&caller, draft).await.unwrap();
    assert_eq!(
        made.missing_fields,
        [
            "client_id",
            "client_secret",
            "authorization_url",
            "token_url",
            "base_url"
        ]
    );
    let config = ["authorization_url", "token_url", "base_url"]
        .map(|name| (name.to_owned(), "https://login.example.com/x".to_owned()));
    let patch = IntegrationPatch {
        credentials: Some(CredentialsPatch {
            client_id: Some("id".into()),
            client_secret: Some("secret".into()),
            ..oauth_patch()
        }),
        integration_config: Some(BTreeMap::from(config)),
        ..Default::default()
    };
    let complete = rooms.update(&caller, &key("mine"), patch).await.unwrap();
    assert!(complete.missing_fields.is_empty());
}

#[tokio::test]
async fn a_key_is_taken_once_an_environment_and_free_after_deletion() {
    let house = House::open().await;
    let operator = house.sign_up("ada@example.com").await;
    let (dev, _) = house.acting(&operator, "dev").await;
    let (prod, _) = house.acting(&operator, "prod").await;
    let rooms = house.broker.integrations();
    house.acme(&dev, "acme", ACME).await;
    house.acme(&prod, "acme", ACME).await;
    let again = rooms.create(&dev, with_client("github", "acme")).await;
    assert!(matches!(again, Err(CreateIntegrationError::KeyTaken(_))));
    let deleted = rooms.delete(&dev, &key("acme")).await.unwrap();
    assert_eq!(deleted, Some(DeletedIntegration { connections: 0 }));
    assert_eq!(rooms.delete(&dev, &key("acme")).await.unwrap(), None);
    house.acme(&dev, "acme", ACME).await;
    assert_eq!(rooms.list(&prod).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_nothing_else() {
    let house = House::open().await;
    let (caller, _) = house.tenant("ada@example.com").await;
    let rooms = house.broker.integrations();
    let mut new = with_client("github", "github");
    new.credentials.as_mut().unwrap().webhook_secret = Some("hook".into());
    rooms.create(&caller, new).await.unwrap();
    house.clock.advance_seconds(5);

    let patch = IntegrationPatch {
        unique_key: Some(key("github-2")),
        display_name: Some(Some("Code".into())),
        forward_webhooks: Some(false),
        credentials: Some(CredentialsPatch {
            client_secret: Some("new-secret".into()),
            ..oauth_patch()
        }),
        ..Default::default()
    };
    let changed = rooms.update(&caller, &key("github"), patch).await.unwrap();
    assert_eq!(changed.unique_key, key("github-2"));
    assert_eq!((changed.shown_name(), changed.forward_webhooks), ("Code", false));
    assert_eq!(changed.client_id.as_deref(), Some("id"));
    assert!(changed.updated_at > changed.created_at);
    assert!(rooms.get(&caller, &key("github")).await.unwrap().is_none());
    let secrets = rooms
        .credentials(&caller, &key("github-2"))
        .await
        .unwrap()
        .unwrap();
    assert!(secrets.client_secret.unwrap().matches("new-secret"));
    assert!(secrets.webhook_secret.unwrap().matches("hook"));

    let cleared = IntegrationPatch {
        display_name: Some(None),
        credentials: Some(CredentialsPatch {
            webhook_secret: Some("".into()),
            scopes: Some(Vec::new()),
            ..oauth_patch()
        }),
        ..Default::default()
    };
    let changed = rooms.update(&caller, &key("github-2"), cleared).await.unwrap();
    assert!(!changed.has_webhook_secret && changed.has_client_secret && changed.scopes.is_empty());
    assert_eq!(changed.shown_name(), "GitHub");
}

#[tokio::test]
async fn a_patch_with_a_fault_changes_nothing_at_all() {
    let house = House::open().await;
    let (caller, _) = house.tenant("ada@example.com").await;
    let rooms = house.broker.integrations();
    house.acme(&caller, "acme", ACME).await;
    house.acme(&caller, "other", ACME).await;
    let faulty = IntegrationPatch {
        display_name: Some(Some("New name".into())),
        integration_config: Some(BTreeMap::from([("base_url".into(), "nonsense".into())])),
        ..Default::default()
    };
    let outcome = rooms.update(&caller, &key("acme"), faulty).await;
    assert!(matches!(outcome, Err(UpdateIntegrationError::Config(_))));
    let taken = IntegrationPatch {
        unique_key: Some(key("other")),
        display_name: Some(Some("New name".into())),
        ..Default::default()
    };
    let outcome = rooms.update(&caller, &key("acme"), taken).await;
    assert!(matches!(outcome, Err(UpdateIntegrationError::KeyTaken(_))));
    let unchanged = rooms.get(&caller, &key("acme")).await.unwrap().unwrap();
    assert_eq!(unchanged.display_name, None);
    let mismatch = IntegrationPatch {
        credentials: Some(CredentialsPatch {
            mode: AuthMode::ApiKey,
            ..oauth_patch()
        }),
        ..Default::default()
    };
    let outcome = rooms.update(&caller, &key("acme"), mismatch).await;
    assert!(matches!(
        outcome,
        Err(UpdateIntegrationError::CredentialMismatch {
            expected: AuthMode::OAuth2
        })
    ));
}

#[tokio::test]
async fn free_values_are_for_providers_without_declared_settings() {
    let house = House::open().await;
    let (caller, _) = house.tenant("ada@example.com").await;
    let rooms = house.broker.integrations();
    let custom = || BTreeMap::from([("app_api_key".to_owned(), "canary-custom".to_owned())]);
    let refused = rooms
        .create(
            &caller,
            NewIntegration {
                custom: custom(),
                ..with_client("acme", "a")
            },
        )
        .await;
    assert!(matches!(refused, Err(CreateIntegrationError::Config(issues)) if paths(&issues) == ["custom"]));
    rooms
        .create(
            &caller,
            NewIntegration {
                custom: custom(),
                ..with_client("github", "g")
            },
        )
        .await
        .unwrap();
    assert!(!house.has_bytes("canary-custom"));
}

#[tokio::test]
async fn secrets_of_an_integration_are_nowhere_in_the_files() {
    let house = House::open().await;
    let (caller, _) = house.tenant("ada@example.com").await;
    let mut new = with_client("github", "github");
    new.credentials.as_mut().unwrap().webhook_secret = Some("canary-webhook-secret".into());
    house.broker.integrations().create(&caller, new).await.unwrap();
    assert!(house.has_bytes("github"));
    assert!(!house.has_bytes("canary-client-secret"));
    assert!(!house.has_bytes("canary-webhook-secret"));
    let secrets = house
        .broker
        .integrations()
        .credentials(&caller, &key("github"))
        .await
        .unwrap()
        .unwrap();
    assert!(secrets.client_secret.unwrap().matches("canary-client-secret"));
}

#[tokio::test]
async fn the_key_of_one_environment_finds_nothing_of_another() {
    let house = House::open().await;
    let (ada, _) = house.tenant("ada@example.com").await;
    let (bob, _) = house.tenant("bob@example.com").await;
    let made = house.acme(&ada, "acme", ACME).await;
    let rooms = house.broker.integrations();
    let bobs_program = program(&house, &bob, &["environment:*"]).await;
    for caller in [&bob, &bobs_program] {
        assert!(rooms.get(caller, &key("acme")).await.unwrap().is_none());
        assert!(rooms.get_by_id(caller, &made.id).await.unwrap().is_none());
        assert!(rooms.credentials(caller, &key("acme")).await.unwrap().is_none());
        assert!(rooms.list(caller).await.unwrap().is_empty());
        assert_eq!(rooms.delete(caller, &key("acme")).await.unwrap(), None);
        let outcome = rooms
            .update(caller, &key("acme"), IntegrationPatch::default())
            .await;
        assert!(matches!(outcome, Err(UpdateIntegrationError::NotFound)));
    }
    assert!(rooms.get(&ada, &key("acme")).await.unwrap().is_some());
}

#[tokio::test]
async fn scopes_of_a_key_open_what_they_name() {
    let house = House::open().await;
    let (caller, _) = house.tenant("ada@example.com").await;
    house.acme(&caller, "acme", ACME).await;
    let rooms = house.broker.integrations();
    let reader = program(&house, &caller, &["environment:integrations:read"]).await;
    assert!(rooms.get(&reader, &key("acme")).await.unwrap().is_some());
    assert!(matches!(
        rooms.credentials(&reader, &key("acme")).await,
        Err(ReadIntegrationError::Forbidden(Forbidden::Scope(_)))
    ));
    assert!(matches!(
        rooms.list(&reader).await,
        Err(ReadIntegrationError::Forbidden(_))
    ));
    assert!(matches!(
        rooms.delete(&reader, &key("acme")).await,
        Err(ReadIntegrationError::Forbidden(_))
    ));
    let lister = program(&house, &caller, &["environment:integrations:list_credentials"]).await;
    assert_eq!(rooms.list(&lister).await.unwrap().len(), 1);
    let allowed = rooms.list_allowed(&lister, Some(&[key("other")])).await.unwrap();
    assert!(allowed.is_empty());
}

#[tokio::test]
async fn the_demo_gives_every_dev_environment_its_integrations_once() {
    let acme: url::Url = "http://127.0.0.1:4010/".parse().unwrap();
    let house = House::open().await;
    let operator = house.sign_up("ada@example.com").await;
    let (dev, _) = house.acting(&operator, "dev").await;
    let (prod, _) = house.acting(&operator, "prod").await;
    let rooms = house.broker.integrations();
    assert_eq!(rooms.create_demo(&acme).await.unwrap(), 3);
    assert_eq!(rooms.create_demo(&acme).await.unwrap(), 0);
    let made = rooms.list(&dev).await.unwrap();
    let names: Vec<_> = made.iter().map(|found| found.unique_key.as_str()).collect();
    assert_eq!(names, ["acme", "acme-api-key", "acme-basic"]);
    assert!(made.iter().all(|found| found.missing_fields.is_empty()));
    assert!(rooms.list(&prod).await.unwrap().is_empty());

    let demo = House::planned(Plan {
        demo: Some(acme),
        ..Plan::default()
    })
    .await;
    let (later, _) = demo.tenant("bob@example.com").await;
    assert_eq!(demo.broker.integrations().list(&later).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_key_with_live_connections_cannot_be_renamed_and_deletion_takes_them_along() {
    let house = House::open().await;
    let (caller, environment) = house.tenant("ada@example.com").await;
    let made = house.acme(&caller, "acme", ACME).await;
    let now = house.broker.now();
    let connection = NewConnection {
        id: ConnectionId::mint(now, [7; 10]),
        environment_id: environment.id.clone(),
        integration_id: made.id.clone(),
        connection_id: ConnectionKey::parse("customer-1").unwrap(),
        connect_session_id: None,
    };
    let mut tx = house.broker.store().begin().await.unwrap();
    connections::insert_or_override(&mut tx, &connection, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let rooms = house.broker.integrations();
    let rename = || IntegrationPatch {
        unique_key: Some(key("acme-2")),
        ..Default::default()
    };
    let refused = rooms.update(&caller, &key("acme"), rename()).await;
    assert!(matches!(refused, Err(UpdateIntegrationError::HasConnections(1))));
    let same = IntegrationPatch {
        unique_key: Some(key("acme")),
        ..Default::default()
    };
    assert_eq!(
        rooms
            .update(&caller, &key("acme"), same)
            .await
            .unwrap()
            .connection_count,
        1
    );
    assert_eq!(rooms.list(&caller).await.unwrap()[0].connection_count, 1);

    let deleted = rooms.delete(&caller, &key("acme")).await.unwrap();
    assert_eq!(deleted, Some(DeletedIntegration { connections: 1 }));
    let mut db = house.broker.store().read().await.unwrap();
    assert!(
        connections::find_by_id(&mut db, &environment.id, &connection.id)
            .await
            .unwrap()
            .is_none()
    );
}
