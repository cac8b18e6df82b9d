//! Rows to begin with.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;
use terapi_model::{
    AccountId, AuthMode, ConnectSessionId, ConnectUiSettings, ConnectionId, ConnectionKey, EndUserId,
    EnvironmentId, EnvironmentName, IntegrationId, IntegrationKey, OperationId, OperatorId, ProviderName,
    Tags, Timestamp,
};
use terapi_store::{
    AccountRow, ConnectSessionRow, ConnectionRow, EndUserRow, EnvironmentRow, IntegrationRow, NewConnection,
    NewCredential, OperatorRow, Outcome, Store, Tx, accounts, connections, credentials, environments,
    integrations, wire_ids,
};
use terapi_vault::{Keyring, OsEntropy, Place, Sealed};

pub const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// Bits no other row has.
pub fn bits() -> [u8; 10] {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let mut bits = [0; 10];
    bits[2..].copy_from_slice(&NUMBER.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    bits
}

/// Text no other row has.
pub fn unique(prefix: &str) -> String {
    let number = u64::from_be_bytes(bits()[2..].try_into().unwrap());
    format!("{prefix}-{number}")
}

pub fn seal(text: &str) -> Sealed {
    let place = Place {
        table: "credential",
        column: "sealed",
        row_id: "1",
        owner_id: "1",
    };
    terapi_vault::seal(
        &Keyring::generate(&OsEntropy),
        &place,
        text.as_bytes(),
        &OsEntropy,
    )
}

pub fn key(text: &str) -> ConnectionKey {
    ConnectionKey::parse(text).unwrap()
}

pub fn tags(entries: &[(&str, &str)]) -> Tags {
    Tags::parse(entries.iter().copied()).unwrap()
}

pub fn operation() -> OperationId {
    OperationId::mint(NOW, bits())
}

pub fn operator(email: &str) -> OperatorRow {
    OperatorRow {
        id: OperatorId::mint(NOW, bits()),
        email: email.to_owned(),
        email_key: email.to_lowercase(),
        display_name: "Ada".into(),
        password_hash: "$argon2id$".into(),
        created_at: NOW,
        updated_at: NOW,
    }
}

pub async fn account(tx: &mut Tx) -> AccountRow {
    let row = AccountRow {
        id: AccountId::mint(NOW, bits()),
        name: "Acme".into(),
        created_at: NOW,
        updated_at: NOW,
    };
    accounts::insert(tx, &row).await.unwrap();
    row
}

pub async fn environment_row(tx: &mut Tx, account_id: &AccountId, name: &str) -> EnvironmentRow {
    EnvironmentRow {
        id: EnvironmentId::mint(NOW, bits()),
        wire_id: wire_ids::next(tx).await.unwrap(),
        uuid: unique("uuid"),
        account_id: account_id.clone(),
        name: EnvironmentName::parse(name).unwrap(),
        is_production: false,
        public_key: unique("public"),
        public_key_enabled: true,
        public_key_may_overwrite: false,
        hmac_enabled: false,
        hmac_key_sealed: None,
        webhook_signing_key_sealed: seal("signing"),
        callback_url: None,
        callback_bound: true,
        connect_ui: ConnectUiSettings::default(),
        allowed_origins: vec!["https://example.com".into()],
        created_at: NOW,
        updated_at: NOW,
        deleted_at: None,
        webhook_url: Some("https://example.com/hooks".into()),
        webhook_secondary_url: None,
        webhook_on_creation: true,
        webhook_on_refresh_error: true,
    }
}

pub async fn environment(tx: &mut Tx) -> EnvironmentRow {
    let account = account(tx).await;
    let row = environment_row(tx, &account.id, "dev").await;
    environments::insert(tx, &row).await.unwrap();
    row
}

pub fn integration_row(environment_id: &EnvironmentId, unique_key: &str, provider: &str) -> IntegrationRow {
    IntegrationRow {
        id: IntegrationId::mint(NOW, bits()),
        uuid: unique("uuid"),
        environment_id: environment_id.clone(),
        unique_key: IntegrationKey::parse(unique_key).unwrap(),
        provider: ProviderName::parse(provider).unwrap(),
        display_name: Some("GitHub".into()),
        client_id: Some("client".into()),
        client_secret_sealed: Some(seal("secret")),
        webhook_secret_sealed: None,
        scopes: "repo,user".into(),
        config: json!({"region": "eu", "z": 1, "a": 2}),
        secret_config_sealed: None,
        custom_sealed: None,
        own_redirect: false,
        forward_webhooks: true,
        created_at: NOW,
        updated_at: NOW,
        deleted_at: None,
    }
}

pub async fn integration(tx: &mut Tx, environment_id: &EnvironmentId, unique_key: &str) -> IntegrationRow {
    let row = integration_row(environment_id, unique_key, "github");
    integrations::insert(tx, &row).await.unwrap();
    row
}

pub fn new_connection(integration: &IntegrationRow, connection_id: &str, at: Timestamp) -> NewConnection {
    NewConnection {
        id: ConnectionId::mint(at, bits()),
        environment_id: integration.environment_id.clone(),
        integration_id: integration.id.clone(),
        connection_id: key(connection_id),
        connect_session_id: None,
    }
}

pub fn new_credential(
    connection: &ConnectionRow,
    text: &str,
    expires_at: Option<Timestamp>,
) -> NewCredential {
    NewCredential {
        connection_id: connection.id.clone(),
        environment_id: connection.environment_id.clone(),
        auth_mode: AuthMode::OAuth2,
        sealed: seal(text),
        expires_at,
        lifetime: Some(3_600_000),
        granted_scopes: Some("repo".into()),
        requested_scopes: Some("repo,user".into()),
    }
}

/// A connection with credentials, made at `at`.
pub async fn connection(
    tx: &mut Tx,
    integration: &IntegrationRow,
    connection_id: &str,
    at: Timestamp,
) -> ConnectionRow {
    let new = new_connection(integration, connection_id, at);
    let (outcome, row) = connections::insert_or_override(tx, &new, at).await.unwrap();
    assert_eq!(outcome, Outcome::Creation);
    credentials::put(
        tx,
        &new_credential(&row, "token", Some(at.plus_seconds(3600))),
        at,
    )
    .await
    .unwrap();
    row
}

pub fn end_user(environment_id: &EnvironmentId, end_user_id: &str) -> EndUserRow {
    EndUserRow {
        id: EndUserId::mint(NOW, bits()),
        environment_id: environment_id.clone(),
        end_user_id: end_user_id.to_owned(),
        email: Some("Ada@Example.com".into()),
        display_name: Some("Ada Lovelace".into()),
        tags: Some([("plan".to_owned(), "pro".to_owned())].into()),
        organization_id: Some("org-1".into()),
        organization_display_name: Some("Engines".into()),
        created_at: NOW,
        updated_at: NOW,
    }
}

pub fn connect_session(environment_id: &EnvironmentId) -> ConnectSessionRow {
    ConnectSessionRow {
        id: ConnectSessionId::mint(NOW, bits()),
        environment_id: environment_id.clone(),
        token_hash: unique("hash"),
        end_user: Some(terapi_model::EndUser {
            id: "u-1".into(),
            email: None,
            display_name: Some("Ada".into()),
            tags: None,
        }),
        organization: None,
        tags: tags(&[("plan", "pro")]),
        allowed_integrations: Some(vec![IntegrationKey::parse("github").unwrap()]),
        defaults_sealed: Some(seal("defaults")),
        overrides: Some(json!({"github": {"docs_connect": "https://example.com"}})),
        webhook_url_override: None,
        reconnect_connection_id: None,
        operation_id: operation(),
        created_at: NOW,
        expires_at: NOW.plus_seconds(1800),
        deleted_at: None,
    }
}

/// An environment with one integration, committed.
pub async fn house(store: &Store) -> (EnvironmentRow, IntegrationRow) {
    let mut tx = store.begin().await.unwrap();
    let environment = environment(&mut tx).await;
    let integration = integration(&mut tx, &environment.id, "github").await;
    tx.commit().await.unwrap();
    (environment, integration)
}
