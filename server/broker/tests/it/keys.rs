use terapi_broker::Actor;
use terapi_broker::SecretString;
use terapi_broker::keys::{
    AuthenticateError, CreateKeyError, DeleteKeyError, ImportKeyError, ImportKeysError, WeakKey,
};
use terapi_model::{ApiKeyScopes, Scope};

use crate::house::{House, Plan};

const BROUGHT: &str = "0123456789abcdef0123456789abcdef";

fn full() -> ApiKeyScopes {
    ApiKeyScopes::full_environment()
}

#[tokio::test]
async fn a_key_acts_on_its_own_environment_until_it_is_deleted() {
    let house = House::open().await;
    let (caller, environment) = house.tenant("ada@example.com").await;
    let keys = house.broker.keys();
    let (key, secret) = keys.create(&caller, "Backend", full(), None).await.unwrap();
    assert!(secret.expose().starts_with("terapi_sk_dev_"));
    assert!(secret.expose().ends_with(&key.last_four));

    let holder = keys.authenticate(secret.expose()).await.unwrap();
    assert_eq!(holder.environment_id, Some(environment.id));
    assert!(matches!(&holder.actor, Actor::ApiKey { id, .. } if *id == key.id));
    assert!(holder.may(Scope::CONNECTIONS_READ_CREDENTIALS));

    assert!(keys.delete(&caller, &key.id).await.unwrap());
    assert!(matches!(
        keys.authenticate(secret.expose()).await,
        Err(AuthenticateError::Unknown)
    ));
    assert!(!keys.delete(&caller, &key.id).await.unwrap());
}

#[tokio::test]
async fn only_the_hash_of_a_key_is_in_the_database() {
    let house = House::open().await;
    let (caller, _) = house.tenant("ada@example.com").await;
    let (_, secret) = house
        .broker
        .keys()
        .create(&caller, "Backend", full(), None)
        .await
        .unwrap();
    let random = secret.expose().rsplit('_').next().unwrap();
    assert!(house.has_bytes("Backend"));
    assert!(!house.has_bytes(random));
}

#[tokio::test]
async fn a_key_stops_at_its_expiry() {
    let house = House::open().await;
    let (caller, _) = house.tenant("ada@example.com").await;
    let keys = house.broker.keys();
    let until = house.broker.now().plus_seconds(60);
    let (_, secret) = keys.create(&caller, "Short", full(), Some(until)).await.unwrap();
    keys.authenticate(secret.expose()).await.unwrap();
    house.clock.advance_seconds(60);
    assert!(matches!(
        keys.authenticate(secret.expose()).await,
        Err(AuthenticateError::Unknown)
    ));
    let past = house.broker.now();
    assert!(matches!(
        keys.create(&caller, "Past", full(), Some(past)).await,
        Err(CreateKeyError::ExpiryInvalid)
    ));
}

#[tokio::test]
async fn the_last_use_of_a_key_is_noted_once_a_minute() {
    let house = House::open().await;
    let (caller, _) = house.tenant("ada@example.com").await;
    let keys = house.broker.keys();
    let (_, secret) = keys.create(&caller, "Backend", full(), None).await.unwrap();
    let first = house.broker.now();
    keys.authenticate(secret.expose()).await.unwrap();
    house.clock.advance_seconds(59);
    keys.authenticate(secret.expose()).await.unwrap();
    assert_eq!(keys.list(&caller).await.unwrap()[0].last_used_at, Some(first));
    house.clock.advance_seconds(1);
    keys.authenticate(secret.expose()).await.unwrap();
    assert_eq!(
        keys.list(&caller).await.unwrap()[0].last_used_at,
        Some(first.plus_seconds(60))
    );
}

#[tokio::test]
async fn what_is_no_key_is_told_apart_from_what_is_no_key_of_ours() {
    let house = House::open().await;
    let keys = house.broker.keys();
    for text in [
        "",
        "short",
        "has spaces in it but is long enough anyway",
        "ünïcödé-ünïcödé-ünïcödé-ünïcödé",
    ] {
        assert!(
            matches!(
                keys.authenticate(text).await,
                Err(AuthenticateError::InvalidFormat)
            ),
            "{text}"
        );
    }
    assert!(matches!(
        keys.authenticate(BROUGHT).await,
        Err(AuthenticateError::Unknown)
    ));
}

#[tokio::test]
async fn names_and_scopes_of_keys_are_checked() {
    let house = House::open().await;
    let (caller, _) = house.tenant("ada@example.com").await;
    let keys = house.broker.keys();
    let key = keys.create(&caller, "Backend", full(), None).await.unwrap().1;
    assert!(matches!(
        keys.create(&caller, "Backend", full(), None).await,
        Err(CreateKeyError::NameTaken)
    ));
    assert!(matches!(
        keys.create(&caller, "  ", full(), None).await,
        Err(CreateKeyError::NameInvalid)
    ));
    let none = ApiKeyScopes(Vec::new());
    assert!(matches!(
        keys.create(&caller, "None", none, None).await,
        Err(CreateKeyError::ScopesInvalid)
    ));
    let account = ApiKeyScopes(vec!["account:*".into()]);
    assert!(matches!(
        keys.create(&caller, "Account", account, None).await,
        Err(CreateKeyError::ScopesInvalid)
    ));
    let program = keys.authenticate(key.expose()).await.unwrap();
    assert!(matches!(
        keys.create(&program, "More", full(), None).await,
        Err(CreateKeyError::Forbidden(_))
    ));
}

#[tokio::test]
async fn a_key_of_another_tenant_cannot_be_deleted() {
    let house = House::open().await;
    let (ada, _) = house.tenant("ada@example.com").await;
    let (bob, _) = house.tenant("bob@example.com").await;
    let keys = house.broker.keys();
    let (key, secret) = keys.create(&ada, "Backend", full(), None).await.unwrap();
    assert!(!keys.delete(&bob, &key.id).await.unwrap());
    assert!(keys.list(&bob).await.unwrap().is_empty());
    keys.authenticate(secret.expose()).await.unwrap();
}

fn brought(name: &str, key: &str) -> Vec<(String, SecretString)> {
    vec![(name.into(), key.into())]
}

#[tokio::test]
async fn an_imported_key_belongs_to_the_first_account_and_goes_with_its_variable() {
    let house = House::open().await;
    let keys = house.broker.keys();
    keys.import_managed(brought("DEV", BROUGHT)).await.unwrap();
    assert!(matches!(
        keys.authenticate(BROUGHT).await,
        Err(AuthenticateError::Unknown)
    ));

    let (ada, dev) = house.tenant("ada@example.com").await;
    house.clock.advance_seconds(1);
    house.tenant("bob@example.com").await;
    assert_eq!(
        keys.authenticate(BROUGHT).await.unwrap().environment_id,
        Some(dev.id)
    );
    let managed = keys.list(&ada).await.unwrap().pop().unwrap();
    assert!(managed.managed);
    assert!(matches!(
        keys.delete(&ada, &managed.id).await,
        Err(DeleteKeyError::Managed)
    ));
    let same_name = keys.create(&ada, &managed.display_name, full(), None).await;
    assert!(matches!(same_name, Err(CreateKeyError::NameTaken)));

    keys.import_managed(brought("dev", BROUGHT)).await.unwrap();
    assert_eq!(keys.list(&ada).await.unwrap().len(), 1);

    let other = "fedcba9876543210fedcba9876543210";
    let restarted = house.restarted(Plan::default()).await;
    restarted
        .broker
        .keys()
        .import_managed(brought("dev", other))
        .await
        .unwrap();
    assert!(matches!(
        keys.authenticate(BROUGHT).await,
        Err(AuthenticateError::Unknown)
    ));
    keys.authenticate(other).await.unwrap();
    restarted.broker.keys().import_managed(Vec::new()).await.unwrap();
    assert!(matches!(
        keys.authenticate(other).await,
        Err(AuthenticateError::Unknown)
    ));
}

#[tokio::test]
async fn an_imported_key_that_is_already_somebody_elses_changes_nothing() {
    let house = House::open().await;
    let (ada, _) = house.tenant("ada@example.com").await;
    let keys = house.broker.keys();
    let (key, secret) = keys.create(&ada, "Backend", full(), None).await.unwrap();
    keys.import_managed(brought("prod", secret.expose()))
        .await
        .unwrap();
    assert!(
        matches!(&keys.authenticate(secret.expose()).await.unwrap().actor, Actor::ApiKey { id, .. } if *id == key.id)
    );
}

#[tokio::test]
async fn imported_keys_that_could_be_guessed_stop_the_start() {
    let house = House::open().await;
    let cause = |name: &'static str, key: String| {
        let keys = house.broker.keys();
        async move {
            match keys.import_managed(brought(name, &key)).await {
                Err(ImportKeysError::Refused { cause, .. }) => Some(cause),
                other => other.map(|()| None).unwrap(),
            }
        }
    };
    assert_eq!(cause("dev", BROUGHT.into()).await, None);
    assert_eq!(
        cause("dev", "a".repeat(40)).await,
        Some(ImportKeyError::Weak(WeakKey::Guessable))
    );
    let session = format!("nango_connect_session_{BROUGHT}{BROUGHT}");
    assert_eq!(
        cause("dev", session).await,
        Some(ImportKeyError::Weak(WeakKey::SessionPrefix))
    );
    assert_eq!(
        cause("de v", BROUGHT.into()).await,
        Some(ImportKeyError::Environment("de v".into()))
    );
    let refused = house
        .broker
        .keys()
        .import_managed(brought("dev", "short"))
        .await
        .unwrap_err();
    assert!(
        refused.to_string().starts_with("TERAPI_SECRET_KEY_DEV: "),
        "{refused}"
    );
}
