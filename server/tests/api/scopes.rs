//! Which key may do what, generated from the OpenAPI document: every operation names its scopes there, and what it
//! names is what it asks for (rest.md 2.2).

use std::collections::HashMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp};

/// An operation that needs an API key.
struct Operation {
    method: Method,
    /// With its parameters filled in.
    path: String,
    /// The ways in: of each the kind of key and its scopes.
    ways: Vec<(String, Vec<String>)>,
}

fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(terapi::router::describe()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Ok(method) = method.to_uppercase().parse() else {
                continue;
            };
            let ways = operation["security"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_object)
                .flatten()
                .filter(|(scheme, _)| scheme.ends_with("_key") && *scheme != "public_key")
                .map(|(scheme, scopes)| (scheme.clone(), texts(scopes)))
                .collect::<Vec<_>>();
            if !ways.is_empty() {
                operations.push(Operation {
                    method,
                    path: filled(path, &operation["parameters"]),
                    ways,
                });
            }
        }
    }
    operations
}

fn texts(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// A path with something in every parameter that it needs.
fn filled(path: &str, parameters: &Value) -> String {
    let mut filled = path.to_owned();
    let mut query = Vec::new();
    for parameter in parameters.as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap();
        let value = match parameter["schema"]["type"].as_str() {
            Some("integer") => "999999",
            _ => "a",
        };
        match parameter["in"].as_str().unwrap() {
            "path" => filled = filled.replace(&format!("{{{name}}}"), value),
            "query" if parameter["required"] == true => query.push(format!("{name}={value}")),
            _ => {}
        }
    }
    match query.is_empty() {
        true => filled,
        false => format!("{filled}?{}", query.join("&")),
    }
}

async fn call(app: &TestApp, key: &str, operation: &Operation) -> Answer {
    let body = (operation.method != Method::GET).then(|| json!({}));
    app.bearer(key)
        .send(operation.method.clone(), &operation.path, body)
        .await
}

#[tokio::test]
async fn every_operation_refuses_a_key_without_its_scope_and_takes_one_with_it() {
    let app = TestApp::spawn().await;
    let powerless = app.scoped(&["environment:mcp"]).await;
    let powerless_account = app.account_key(&["account:mcp"]).await;
    let mut able = HashMap::new();
    let mut refused = 0;
    for operation in operations() {
        for (scheme, scopes) in &operation.ways {
            let place = format!("{} {} {scopes:?}", operation.method, operation.path);
            let is_account = scheme == "account_key";
            let powerless = if is_account {
                &powerless_account
            } else {
                &powerless
            };
            let [scope] = scopes.as_slice() else {
                assert!(operation.path.starts_with("/providers"), "{place} names no scope");
                assert_ne!(call(&app, powerless, &operation).await.status, 403, "{place}");
                continue;
            };
            let got = call(&app, powerless, &operation).await;
            assert_eq!(got.failure(), (403, "forbidden"), "{place}: {got:?}");
            let message = got.body["error"]["message"].as_str().unwrap();
            let is_named = operation
                .ways
                .iter()
                .any(|(_, scopes)| scopes.iter().any(|scope| message.contains(scope.as_str())));
            assert!(is_named, "{place}: {message}");

            if !able.contains_key(scope) {
                let key = match is_account {
                    true => app.account_key(&[scope]).await,
                    false => app.scoped(&[scope]).await,
                };
                able.insert(scope.clone(), key);
            }
            let able = &able[scope];
            let got = call(&app, able, &operation).await;
            assert_ne!(got.status, 403, "{place}: {got:?}");
            assert_ne!(got.status, 401, "{place}: {got:?}");
            refused += 1;
        }
    }
    assert!(refused >= 25, "only {refused} operations name a scope");
}

#[tokio::test]
async fn an_account_key_acts_on_no_environment() {
    let app = TestApp::spawn().await;
    let account = app.account_key(&["account:*"]).await;
    let mut tried = 0;
    for operation in operations() {
        if operation.ways.iter().any(|(scheme, _)| scheme == "secret_key") {
            let got = call(&app, &account, &operation).await;
            let place = format!("{} {}", operation.method, operation.path);
            assert_eq!(got.failure(), (403, "forbidden"), "{place}: {got:?}");
            tried += 1;
        }
    }
    assert!(tried >= 20, "{tried}");
}

#[tokio::test]
async fn credentials_are_read_with_their_own_scope_only() {
    let app = TestApp::spawn().await;
    app.acme().await;
    app.acme_key().await;
    let connection = app.connect_key(json!({"end_user": {"id": "u1"}})).await;
    let path = format!("/connections/{connection}?provider_config_key=acme-key");
    for (scope, sees) in [
        ("environment:connections:read", false),
        ("environment:connections:read_credentials", true),
        ("environment:connections:*", true),
        ("environment:*", true),
    ] {
        let key = app.scoped(&[scope]).await;
        let got = app.bearer(&key).get(&path).await;
        assert_eq!(got.status, 200, "{scope}: {got:?}");
        assert_eq!(
            got.body["credentials"]["apiKey"].is_string(),
            sees,
            "{scope}: {got:?}"
        );
    }
    for (scope, sees) in [
        ("environment:integrations:read", false),
        ("environment:integrations:read_credentials", true),
    ] {
        let key = app.scoped(&[scope]).await;
        let asked = app
            .bearer(&key)
            .get("/integrations/acme?include=credentials")
            .await;
        assert_eq!(asked.status, 200, "{scope}: {asked:?}");
        assert_eq!(
            asked.body["data"]["credentials"].is_object(),
            sees,
            "{scope}: {asked:?}"
        );
        let plain = app.bearer(&key).get("/integrations/acme").await;
        assert!(plain.body["data"].get("credentials").is_none(), "{scope}");
    }
    for (scope, path) in [
        ("environment:connections:list_credentials", "/connections"),
        ("environment:integrations:list_credentials", "/integrations"),
    ] {
        let key = app.scoped(&[scope]).await;
        assert_eq!(app.bearer(&key).get(path).await.status, 200, "{scope}");
    }
}
