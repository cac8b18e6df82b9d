use terapi_broker::instance::{InstanceError, exists, prove_key};
use terapi_vault::{Keyring, OsEntropy};

use crate::house::{House, START};

#[tokio::test]
async fn the_first_start_leaves_a_canary_and_later_starts_find_it() {
    let house = House::open().await;
    let store = house.broker.store();
    let keyring = Keyring::parse(&house.keyring).unwrap();
    assert!(!exists(store).await.unwrap());
    prove_key(store, &keyring, START, &OsEntropy).await.unwrap();
    assert!(exists(store).await.unwrap());
    prove_key(store, &keyring, START, &OsEntropy).await.unwrap();
}

#[tokio::test]
async fn a_start_with_another_key_is_refused_and_the_right_key_still_works() {
    let house = House::open().await;
    let store = house.broker.store();
    let keyring = Keyring::parse(&house.keyring).unwrap();
    prove_key(store, &keyring, START, &OsEntropy).await.unwrap();
    let error = prove_key(store, &Keyring::generate(&OsEntropy), START, &OsEntropy)
        .await
        .unwrap_err();
    assert!(matches!(error, InstanceError::WrongKey(_)));
    assert!(
        error
            .to_string()
            .contains("restore the key file or TERAPI_ENCRYPTION_KEYS"),
        "{error}"
    );
    prove_key(store, &keyring, START, &OsEntropy).await.unwrap();
}
