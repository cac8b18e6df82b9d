use serde_json::{Map, Value, json};
use terapi_broker::connect::{BrowserInput, NewSession};
use terapi_broker::connections::{
    ConnectionPatch, ConnectionQuery, DeleteConnectionError, GetConnectionError, GetOptions, MetadataChange,
    MetadataError, PageQuery, UpdateConnectionError,
};
use terapi_broker::{Caller, Forbidden};
use terapi_model::{ApiKeyScopes, EndUser, IssueCode, Organization, Tags};

use crate::database::on_each;
use crate::flow::{Flow, connection, end_user, integration};

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

async fn program(flow: &Flow, scopes: &[&str]) -> Caller {
    let scopes = ApiKeyScopes(scopes.iter().map(|scope| (*scope).to_owned()).collect());
    let name = scopes.0.join(" ");
    let (_, secret) = flow
        .house
        .broker
        .keys()
        .create(&flow.caller, &name, scopes, None)
        .await
        .unwrap();
    flow.house
        .broker
        .keys()
        .authenticate(secret.expose())
        .await
        .unwrap()
}

/// Connections of the API-key integration with these ids, oldest first, a second apart.
async fn with_keys(keys: &[&str]) -> Flow {
    let flow = Flow::start().await;
    for key in keys {
        let input = BrowserInput {
            connection_key: Some((*key).to_owned()),
            ..BrowserInput::default()
        };
        let auth = flow.public_key();
        let connect = flow.house.broker.connect();
        connect
            .submit_api_key(&auth, &integration("acme-api-key"), input, "acme_live_1".into())
            .await
            .unwrap();
        flow.house.clock.advance_seconds(1);
    }
    flow
}

#[tokio::test]
async fn lists_are_newest_first_and_filtered_by_everything_given() {
    let flow = with_keys(&["a_1", "b.2", "C-3"]).await;
    let connections = flow.house.broker.connections();
    let patch = ConnectionPatch {
        end_user: Some(end_user()),
        tags: Some(Tags::parse([("plan", "pro")]).unwrap()),
        ..ConnectionPatch::default()
    };
    connections
        .update(
            &flow.caller,
            &integration("acme-api-key"),
            &connection("b.2"),
            patch,
        )
        .await
        .unwrap();
    let auth = flow.session().await;
    flow.connect(&auth).await;
    let list = |query| async {
        let found = connections.list(&flow.caller, query).await.unwrap();
        found
            .into_iter()
            .map(|found| found.connection_key.to_string())
            .filter(|key| key.len() < 10)
            .collect::<Vec<_>>()
    };
    let by = |change: fn(&mut ConnectionQuery)| {
        let mut query = ConnectionQuery::default();
        change(&mut query);
        query
    };
    assert_eq!(list(by(|_| {})).await, ["C-3", "b.2", "a_1"]);
    assert_eq!(list(by(|q| q.connection_key = Some("a_1".into()))).await, ["a_1"]);
    assert_eq!(list(by(|q| q.search = Some("c-".into()))).await, ["C-3"]);
    assert!(list(by(|q| q.search = Some("%".into()))).await.is_empty());
    assert_eq!(list(by(|q| q.search = Some("_".into()))).await, ["a_1"]);
    assert_eq!(list(by(|q| q.search = Some("ROBIN@".into()))).await, ["b.2"]);
    assert_eq!(list(by(|q| q.end_user_id = Some("u-1".into()))).await, ["b.2"]);
    assert_eq!(
        list(by(
            |q| q.tags = Tags::parse([("plan", "pro"), ("end_user_id", "u-1")]).unwrap()
        ))
        .await,
        ["b.2"]
    );
    assert!(
        list(by(|q| q.tags = Tags::parse([("plan", "free")]).unwrap()))
            .await
            .is_empty()
    );
    assert_eq!(
        list(by(|q| q.integration_keys = vec!["acme-api-key".into()]))
            .await
            .len(),
        3
    );
    let second = by(|q| {
        q.integration_keys = vec!["acme-api-key".into()];
        (q.limit, q.page) = (Some(2), 1);
    });
    assert_eq!(list(second).await, ["a_1"]);

    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = PageQuery {
            after: after.take(),
            limit: 3,
        };
        let page = connections
            .list_page(&flow.caller, ConnectionQuery::default(), page)
            .await
            .unwrap();
        assert_eq!(page.total, 4);
        seen.extend(page.connections.into_iter().map(|found| found.connection_key));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(seen.len(), 4);
}

#[tokio::test]
async fn metadata_is_replaced_or_merged_for_all_or_for_none() {
    let flow = with_keys(&["a", "b"]).await;
    let connections = flow.house.broker.connections();
    let acme = integration("acme-api-key");
    let both = [connection("a"), connection("b")];
    let caller = flow.caller.clone();
    let metadata = |key: &'static str| {
        let (acme, caller) = (&acme, &caller);
        async move {
            let fetched = connections
                .get(caller, acme, &connection(key), GetOptions::default())
                .await;
            fetched.unwrap().connection.metadata
        }
    };
    assert_eq!(metadata("a").await, None);
    connections
        .write_metadata(
            &caller,
            &acme,
            &both,
            &object(json!({"x": 1, "deep": {"a": 1}})),
            MetadataChange::Replace,
        )
        .await
        .unwrap();
    connections
        .write_metadata(
            &caller,
            &acme,
            &both[..1],
            &object(json!({"deep": {"b": 2}, "y": null})),
            MetadataChange::Merge,
        )
        .await
        .unwrap();
    assert_eq!(
        metadata("a").await,
        Some(object(json!({"x": 1, "deep": {"b": 2}, "y": null})))
    );
    assert_eq!(
        metadata("b").await,
        Some(object(json!({"x": 1, "deep": {"a": 1}})))
    );
    let one_unknown = [connection("a"), connection("nobody"), connection("b")];
    let failed = connections
        .write_metadata(&caller, &acme, &one_unknown, &Map::new(), MetadataChange::Replace)
        .await
        .unwrap_err();
    assert!(matches!(failed, MetadataError::UnknownConnection(key) if key.as_str() == "nobody"));
    assert_eq!(
        metadata("a").await,
        Some(object(json!({"x": 1, "deep": {"b": 2}, "y": null})))
    );
    connections
        .write_metadata(&caller, &acme, &[], &Map::new(), MetadataChange::Replace)
        .await
        .unwrap();
    let issue = |refused| match refused {
        Err(MetadataError::Invalid(issue)) => (issue.code, issue.path),
        other => panic!("{other:?}"),
    };
    let nul = connections
        .write_metadata(
            &caller,
            &acme,
            &both,
            &object(json!({"x": "a\u{0}"})),
            MetadataChange::Replace,
        )
        .await;
    assert_eq!(
        issue(nul),
        (IssueCode::InvalidFormat, vec!["metadata".to_owned()])
    );
    let large = object(json!({"x": "y".repeat(300_000)}));
    let large = connections
        .write_metadata(&caller, &acme, &both, &large, MetadataChange::Replace)
        .await;
    assert_eq!(issue(large), (IssueCode::TooBig, vec!["metadata".to_owned()]));
    let half = object(json!({"half": "y".repeat(200_000)}));
    let other_half = object(json!({"other half": "y".repeat(200_000)}));
    connections
        .write_metadata(&caller, &acme, &both[..1], &half, MetadataChange::Merge)
        .await
        .unwrap();
    let merged = connections
        .write_metadata(&caller, &acme, &both[..1], &other_half, MetadataChange::Merge)
        .await;
    assert_eq!(issue(merged).0, IssueCode::TooBig, "together they are too large");
}

#[tokio::test]
async fn another_environments_key_finds_nothing() {
    let flow = with_keys(&["a"]).await;
    let (stranger, _) = flow.house.tenant("eve@example.com").await;
    let connections = flow.house.broker.connections();
    let (acme, a) = (integration("acme-api-key"), connection("a"));
    let own = connections
        .list(&flow.caller, ConnectionQuery::default())
        .await
        .unwrap()
        .remove(0);
    let options = GetOptions {
        with_credentials: true,
        ..GetOptions::default()
    };
    assert!(matches!(
        connections.get(&stranger, &acme, &a, options).await,
        Err(GetConnectionError::UnknownIntegration)
    ));
    assert!(connections.get_by_id(&stranger, &own.id).await.unwrap().is_none());
    assert!(connections.reveal(&stranger, &own.id).await.unwrap().is_none());
    assert!(
        connections
            .list(&stranger, ConnectionQuery::default())
            .await
            .unwrap()
            .is_empty()
    );
    assert!(!connections.delete_by_id(&stranger, &own.id).await.unwrap());
    assert!(matches!(
        connections.delete(&stranger, &acme, &a).await,
        Err(DeleteConnectionError::UnknownIntegration)
    ));
    assert!(matches!(
        connections
            .update(&stranger, &acme, &a, ConnectionPatch::default())
            .await,
        Err(UpdateConnectionError::UnknownIntegration)
    ));
    assert!(
        connections
            .write_metadata(&stranger, &acme, &[a], &Map::new(), MetadataChange::Replace)
            .await
            .is_err()
    );
    let auth = flow
        .house
        .broker
        .environments()
        .find(stranger.environment_id.as_ref().unwrap())
        .await
        .unwrap()
        .unwrap();
    let auth = terapi_broker::connect::BrowserAuth::PublicKey(Box::new(auth));
    let connect = flow.house.broker.connect();
    assert!(
        connect
            .submit_api_key(&auth, &acme, BrowserInput::default(), "acme_live_1".into())
            .await
            .is_err()
    );
    assert_eq!(flow.connection_count().await, 1);
}

#[tokio::test]
async fn a_key_without_the_scope_gets_the_connection_and_no_credentials() {
    let flow = with_keys(&["a"]).await;
    let reader = program(&flow, &["environment:connections:read"]).await;
    let connections = flow.house.broker.connections();
    let (acme, a) = (integration("acme-api-key"), connection("a"));
    let fetched = connections
        .get(&reader, &acme, &a, GetOptions::default())
        .await
        .unwrap();
    assert!(fetched.credentials.is_none());
    for options in [
        GetOptions {
            with_credentials: true,
            ..GetOptions::default()
        },
        GetOptions {
            force_refresh: true,
            ..GetOptions::default()
        },
    ] {
        assert!(matches!(
            connections.get(&reader, &acme, &a, options).await,
            Err(GetConnectionError::Forbidden(Forbidden::Scope(_)))
        ));
    }
    assert!(
        connections
            .list(&reader, ConnectionQuery::default())
            .await
            .is_err()
    );
    assert!(connections.delete(&reader, &acme, &a).await.is_err());
}

#[tokio::test]
async fn looking_at_a_connection_changes_nothing_and_fetching_it_is_noted() {
    let flow = Flow::start().await;
    let auth = flow.session().await;
    let key = flow.connect(&auth).await.connection_key;
    let connections = flow.house.broker.connections();
    let id = connections
        .list(&flow.caller, ConnectionQuery::default())
        .await
        .unwrap()
        .remove(0)
        .id;
    flow.house.clock.advance_seconds(4000);
    let looked = connections.get_by_id(&flow.caller, &id).await.unwrap().unwrap();
    assert!(connections.reveal(&flow.caller, &id).await.unwrap().is_some());
    assert_eq!(
        (looked.last_fetched_at, flow.acme.counters().refreshes),
        (None, 0)
    );
    let now = flow.house.broker.now();
    assert_eq!(
        flow.get(&key).await.unwrap().connection.last_fetched_at,
        Some(now)
    );
    let looked = connections.get_by_id(&flow.caller, &id).await.unwrap().unwrap();
    assert_eq!(looked.last_fetched_at, Some(now));
}

#[tokio::test]
async fn changing_end_user_and_tags_replaces_tags_and_an_empty_address_clears_the_override() {
    let flow = with_keys(&["a"]).await;
    let connections = flow.house.broker.connections();
    let (acme, a) = (integration("acme-api-key"), connection("a"));
    let shown = || async {
        connections
            .get(&flow.caller, &acme, &a, GetOptions::default())
            .await
            .unwrap()
            .connection
    };
    let first = ConnectionPatch {
        end_user: Some(end_user()),
        tags: Some(Tags::parse([("plan", "pro")]).unwrap()),
        webhook_url_override: Some("https://hooks.example.com/a".into()),
    };
    connections.update(&flow.caller, &acme, &a, first).await.unwrap();
    assert_eq!(
        shown().await.webhook_url_override.as_deref(),
        Some("https://hooks.example.com/a")
    );
    let other = EndUser {
        id: "u-2".into(),
        email: None,
        display_name: None,
        tags: None,
    };
    let second = ConnectionPatch {
        end_user: Some(other),
        webhook_url_override: Some(String::new()),
        ..ConnectionPatch::default()
    };
    connections.update(&flow.caller, &acme, &a, second).await.unwrap();
    let after = shown().await;
    assert_eq!(after.tags.iter().collect::<Vec<_>>(), [("end_user_id", "u-2")]);
    assert_eq!(
        (after.end_user.unwrap().id.as_str(), after.webhook_url_override),
        ("u-2", None)
    );
    for bad in [
        "not an address",
        "ftp://x.example",
        "http://localhost:3003/x",
        "https://10.0.0.1/",
        "https://[::1]/",
    ] {
        let patch = ConnectionPatch {
            webhook_url_override: Some(bad.into()),
            ..ConnectionPatch::default()
        };
        let refused = connections.update(&flow.caller, &acme, &a, patch).await;
        assert!(matches!(refused, Err(UpdateConnectionError::Invalid(_))), "{bad}");
    }
}

#[tokio::test]
async fn an_organization_belongs_to_the_person_who_was_in_it() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let auth = flow
            .session_of(NewSession {
                end_user: Some(end_user()),
                organization: Some(Organization {
                    id: "acme-inc".into(),
                    display_name: None,
                }),
                ..NewSession::default()
            })
            .await;
        let key = flow.connect(&auth).await.connection_key;
        let connections = flow.house.broker.connections();
        let acme = integration("acme");
        let become_of = async |id: &str| {
            let patch = ConnectionPatch {
                end_user: Some(EndUser {
                    id: id.into(),
                    ..end_user()
                }),
                ..ConnectionPatch::default()
            };
            connections
                .update(&flow.caller, &acme, &key, patch)
                .await
                .unwrap();
            let shown = flow
                .get_with(&key, GetOptions::default())
                .await
                .unwrap()
                .connection;
            let organization = shown.end_user.unwrap().organization;
            organization.map(|organization| organization.id)
        };
        assert_eq!(
            become_of("u-1").await.as_deref(),
            Some("acme-inc"),
            "the same person"
        );
        assert_eq!(become_of("bob").await, None);
        assert_eq!(
            become_of("u-1").await,
            None,
            "it is not remembered for somebody who left"
        );
        let listed = ConnectionQuery {
            organization_id: Some("acme-inc".into()),
            ..ConnectionQuery::default()
        };
        let listed = connections.list(&flow.caller, listed).await.unwrap();
        assert!(listed.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_deleted_connection_is_gone_and_its_name_is_free() {
    let flow = with_keys(&["a"]).await;
    let connections = flow.house.broker.connections();
    let (acme, a) = (integration("acme-api-key"), connection("a"));
    assert!(connections.delete(&flow.caller, &acme, &a).await.unwrap());
    assert!(matches!(
        connections.delete(&flow.caller, &acme, &a).await,
        Err(DeleteConnectionError::NotFound)
    ));
    assert!(matches!(
        connections
            .get(&flow.caller, &acme, &a, GetOptions::default())
            .await,
        Err(GetConnectionError::NotFound)
    ));
    let input = BrowserInput {
        connection_key: Some("a".into()),
        ..BrowserInput::default()
    };
    let connect = flow.house.broker.connect();
    connect
        .submit_api_key(&flow.public_key(), &acme, input, "acme_live_1".into())
        .await
        .unwrap();
}
