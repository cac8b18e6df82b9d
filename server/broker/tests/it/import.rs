//! Connections that were made elsewhere.

use serde_json::{Map, Value, json};
use terapi_broker::connections::{Import, ImportError, Imported};
use terapi_broker::credentials::{Credentials, OAuth2Credentials};
use terapi_broker::environments::EnvironmentPatch;
use terapi_broker::{Actor, Caller};
use terapi_model::{ApiKeyId, ApiKeyScopes, AuthMode, LogLevel, MessageType, OperationState, Tags};
use terapi_store::webhook_deliveries;

use crate::database::on_each;
use crate::flow::{Flow, connection, end_user, integration};

const TOKEN: &str = "hush-hush-imported-token";

fn tokens(access_token: &str) -> Credentials {
    Credentials::OAuth2(OAuth2Credentials {
        access_token: access_token.into(),
        refresh_token: Some("hush-hush-refresh".into()),
        expires_at: None,
        client: None,
        raw: json!({"access_token": access_token}).to_string().into(),
    })
}

fn import_of(key: &str, name: &str, credentials: Credentials) -> Import {
    Import {
        integration: integration(key),
        connection: Some(connection(name)),
        credentials,
        connection_config: Map::new(),
        metadata: None,
        tags: None,
        end_user: None,
        webhook_url_override: None,
    }
}

async fn import(flow: &Flow, import: Import) -> Result<Imported, ImportError> {
    flow.house.broker.connections().import(&flow.caller, import).await
}

#[tokio::test]
async fn an_import_is_stored_with_its_operation_and_its_webhook() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let patch = EnvironmentPatch {
            webhook_url: Some("http://127.0.0.1:9/hooks".into()),
            ..EnvironmentPatch::default()
        };
        let environments = flow.house.broker.environments();
        environments.update(&flow.caller, patch).await.unwrap();

        let first = import(&flow, import_of("acme", "moved", tokens(TOKEN)))
            .await
            .unwrap();
        flow.house.clock.advance_seconds(1);
        let mut again = import_of("acme", "moved", tokens(TOKEN));
        again.end_user = Some(end_user());
        let second = import(&flow, again).await.unwrap();
        assert!(first.is_new && !second.is_new);
        assert_eq!(first.connection.id, second.connection.id);
        assert_eq!(second.connection.end_user.unwrap().id, "u-1");

        let mut log = flow.log().await;
        // The webhooks have theirs.
        log.retain(|(operation, _)| operation.meta.get("parent").is_none());
        let ids: Vec<_> = log.iter().map(|(operation, _)| &operation.id).collect();
        assert_eq!(ids, [&second.operation_id, &first.operation_id], "one each");
        for (operation, lines) in &log {
            assert_eq!(operation.state, OperationState::Success);
            assert_eq!(operation.meta["authType"], "connection_api");
            assert_eq!(operation.integration_key, Some(integration("acme")));
            assert_eq!(operation.connection_key, Some(connection("moved")));
            assert_eq!(operation.connection_id.as_ref(), Some(&first.connection.id));
            let texts: Vec<&str> = lines.iter().map(|line| line.message.as_str()).collect();
            assert_eq!(texts[0], "Credentials received");
            assert!(texts[1].starts_with("Connection "), "{texts:?}");
        }
        assert_eq!(log[0].0.end_user_id.as_deref(), Some("u-1"));

        let mut db = flow.house.broker.store().read().await.unwrap();
        let rows = webhook_deliveries::list(&mut db, &flow.environment.id)
            .await
            .unwrap();
        drop(db);
        let mut sent: Vec<Value> = rows
            .iter()
            .map(|row| serde_json::from_str(&row.body).unwrap())
            .collect();
        sent.sort_by_key(|body| body["operation"].as_str().unwrap().to_owned());
        let told: Vec<&Value> = sent.iter().map(|body| &body["operation"]).collect();
        assert_eq!(told, ["creation", "override"]);
        for body in &sent {
            assert_eq!(body["connectionId"], "moved");
            assert_eq!(body["success"], true);
            assert!(body.get("endUser").is_none(), "only a session has one: {body}");
        }
        assert!(
            !flow.house.database.has_bytes("hush-hush"),
            "sealed, and nowhere else"
        );
    })
    .await;
}

#[tokio::test]
async fn credentials_that_fail_their_test_leave_a_failed_operation_and_nothing_else() {
    let flow = Flow::start().await;
    let key = Credentials::ApiKey {
        api_key: "acme_test_hush".into(),
    };
    let refused = import(&flow, import_of("acme-api-key", "moved", key)).await;
    let Err(ImportError::TestFailed { operation_id, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(flow.connection_count().await, 0);
    let log = flow.log().await;
    let (operation, lines) = &log[0];
    assert_eq!((log.len(), &operation.id), (1, &operation_id));
    assert_eq!(operation.state, OperationState::Failed);
    assert_eq!(operation.error.as_ref().unwrap().code, "connection_test_failed");
    assert!(lines.iter().any(|line| line.kind == MessageType::Http));
    assert!(lines.iter().any(|line| line.level == LogLevel::Error));
    assert!(!flow.house.database.has_bytes("acme_test_hush"));
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_is_told_from_one_that_refuses() {
    let flow = Flow::start().await;
    flow.acme.script(|script| script.outage = true);
    let tried = async || {
        let key = Credentials::ApiKey {
            api_key: "acme_live_demo".into(),
        };
        match import(&flow, import_of("acme-api-key", "moved", key)).await {
            Err(ImportError::TestFailed {
                message,
                operation_id,
            }) => {
                let log = flow.log().await;
                let of_it = log.iter().find(|(operation, _)| operation.id == operation_id);
                let error = of_it.unwrap().0.error.as_ref().unwrap();
                (error.code.clone(), message)
            }
            other => panic!("{other:?}"),
        }
    };
    let (code, message) = tried().await;
    assert_eq!(code, "provider_unreachable");
    assert!(
        message.starts_with("the provider could not be asked"),
        "{message}"
    );

    let answering = async |status| {
        flow.acme.script(|script| {
            script.outage = false;
            script.me_status = Some(status);
        });
        tried().await
    };
    let broken = "the provider could not say whether these credentials are good: it answered with status 503";
    assert_eq!(
        answering(503).await,
        ("provider_unreachable".to_owned(), broken.to_owned())
    );
    let refused = "the provider did not accept these credentials (status 403)";
    assert_eq!(
        answering(403).await,
        ("connection_test_failed".to_owned(), refused.to_owned())
    );
}

#[tokio::test]
async fn imports_of_one_name_at_one_time_make_one_connection() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let many = (0..8).map(|n| import(&flow, import_of("acme", "moved", tokens(&format!("hush-{n}")))));
        let done = futures::future::join_all(many).await;
        let new = done.iter().filter(|done| done.as_ref().unwrap().is_new).count();
        assert_eq!(new, 1);
        assert_eq!(flow.connection_count().await, 1);
        assert_eq!(flow.log().await.len(), 8);
    })
    .await;
}

#[tokio::test]
async fn an_import_of_another_mode_is_refused_before_anything_is_written() {
    let flow = Flow::start().await;
    let refused = import(&flow, import_of("acme-basic", "moved", tokens(TOKEN))).await;
    assert!(
        matches!(
            refused,
            Err(ImportError::OtherMode {
                expected: AuthMode::Basic
            })
        ),
        "{refused:?}"
    );
    let nobody = import(&flow, import_of("nobody", "moved", tokens(TOKEN))).await;
    assert!(matches!(nobody, Err(ImportError::UnknownIntegration(_))));
    assert!(flow.log().await.is_empty());
}

#[tokio::test]
async fn a_connection_config_of_more_than_64_kib_is_refused() {
    let flow = Flow::start().await;
    let with_config = |length: usize| {
        let mut import = import_of("acme", "large", tokens(TOKEN));
        import.connection_config = Map::from_iter([("note".to_owned(), Value::String("x".repeat(length)))]);
        import
    };
    let (large, fitting) = (with_config(64 * 1024), with_config(63 * 1024));
    let refused = import(&flow, large).await.unwrap_err();
    let ImportError::Invalid(issues) = refused else {
        panic!("another refusal: {refused}");
    };
    assert_eq!(issues.len(), 1);
    assert_eq!(issues[0].path, ["connection_config"]);
    import(&flow, fitting).await.unwrap();
}

#[tokio::test]
async fn a_key_that_may_only_create_is_not_shown_what_was_there() {
    let flow = Flow::start().await;
    let mut first = import_of("acme", "moved", tokens(TOKEN));
    first.connection_config = json!({"secret_place": "vault 7"}).as_object().cloned().unwrap();
    first.metadata = json!({"plan": "gold"}).as_object().cloned();
    first.end_user = Some(end_user());
    first.tags = Some(Tags::parse([("team", "red")]).unwrap());
    first.webhook_url_override = Some("http://127.0.0.1:9/own".into());
    import(&flow, first).await.unwrap();
    let shown = async |scopes: &[&str]| {
        let caller = Caller {
            actor: Actor::ApiKey {
                id: ApiKeyId::from_stored("key_1".to_owned()),
                scopes: ApiKeyScopes(scopes.iter().map(|scope| (*scope).to_owned()).collect()),
            },
            ..flow.caller.clone()
        };
        let mut again = import_of("acme", "moved", tokens(TOKEN));
        again.connection_config = json!({"region": "eu"}).as_object().cloned().unwrap();
        let connections = flow.house.broker.connections();
        connections.import(&caller, again).await.unwrap().connection
    };
    let writer = shown(&["environment:connections:create"]).await;
    assert_eq!(Value::Object(writer.connection_config), json!({"region": "eu"}));
    assert_eq!(writer.metadata, Some(Map::new()));
    assert_eq!(writer.tags.iter().count(), 0);
    assert!(writer.end_user.is_none() && writer.webhook_url_override.is_none());

    let reader = shown(&["environment:connections:create", "environment:connections:read"]).await;
    let config = json!({"secret_place": "vault 7", "region": "eu"});
    assert_eq!(
        Value::Object(reader.connection_config),
        config,
        "nothing was lost"
    );
    assert_eq!(reader.metadata.unwrap()["plan"], "gold");
    assert_eq!(reader.end_user.unwrap().id, "u-1");
    assert!(
        reader
            .tags
            .iter()
            .any(|(key, value)| (key, value) == ("team", "red"))
    );
}
