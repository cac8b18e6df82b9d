use serde_json::{Value, json};
use terapi_catalog::{AuthSpec, Scope, check_connection_config, check_integration_config};

use crate::{catalogue, object};

/// A value a person could type into a field.
fn plausible(field: &terapi_catalog::Field) -> Value {
    json!(
        field
            .default_value
            .clone()
            .or_else(|| field.example.clone())
            .unwrap_or_else(|| "sample".to_owned())
    )
}

#[test]
fn every_road_one_provider_is_there() {
    for name in [
        "acme",
        "acme-api-key",
        "acme-basic",
        "github",
        "google",
        "google-drive",
        "google-calendar",
        "slack",
        "zendesk",
        "hubspot",
        "salesforce",
        "notion",
        "linear",
        "stripe",
        "openai",
        "twilio",
        "generic-oauth2",
        "generic-api-key",
        "generic-basic",
    ] {
        assert!(catalogue().get(name).is_some(), "{name}");
    }
}

#[test]
fn every_address_renders_with_example_values() {
    for provider in catalogue().list() {
        let visible = |fields: &terapi_catalog::Fields| {
            object(
                fields
                    .visible()
                    .into_iter()
                    .map(|(name, field)| (name.to_owned(), plausible(field)))
                    .collect(),
            )
        };
        let operator = check_integration_config(provider, &visible(&provider.integration_config)).unwrap();
        let mut config = check_connection_config(
            provider,
            &visible(&provider.connection_config),
            &object(json!({})),
        )
        .unwrap_or_else(|issues| panic!("{}: {issues:?}", provider.name));
        if provider.connection_config.get("instance_url").is_some() {
            config.insert("instance_url".to_owned(), json!("https://eu1.my.salesforce.com"));
        }
        let scope = Scope {
            connection_config: Some(&config),
            integration_config: Some(&operator),
            api_key: Some("key"),
            username: Some("user"),
            password: Some("password"),
            access_token: Some("token"),
            ..Scope::default()
        };
        let base = provider.requests.base_url.as_ref().unwrap().render(&scope);
        assert!(base.is_ok(), "{}: {base:?}", provider.name);
        provider.requests.headers.render(&scope).unwrap();
        provider.requests.params.render(&scope).unwrap();
        if let AuthSpec::OAuth2(spec) = &provider.auth {
            spec.authorization_url.render(&scope).unwrap();
            spec.token_url.render(&scope).unwrap();
            spec.authorization_params.render(&scope).unwrap();
            spec.token_params.render(&scope).unwrap();
        }
        for endpoint in provider.verification.iter().flat_map(|check| &check.endpoints) {
            endpoint.render_path(&scope).unwrap();
        }
    }
}

#[test]
fn every_example_passes_its_own_pattern() {
    for provider in catalogue().list() {
        let fields = [
            &provider.connection_config,
            &provider.integration_config,
            &provider.credentials,
        ];
        for (name, field) in fields.into_iter().flat_map(|fields| fields.iter()) {
            if let Some(example) = field.example.as_deref().filter(|example| !example.contains('…')) {
                assert_eq!(field.check(example), Ok(()), "{} {name}", provider.name);
            }
        }
    }
}

#[test]
fn slack_finds_the_user_token_and_notices_failure() {
    let catalogue = catalogue();
    let slack = catalogue.get("slack").unwrap();
    let spec = slack.auth.oauth2().unwrap();
    let bot =
        object(json!({"ok": true, "access_token": "xoxb", "authed_user": {"id": "U"}, "team": {"id": "T"}}));
    let user = object(json!({"ok": true, "authed_user": {"id": "U", "access_token": "xoxp"}}));
    let failed = object(json!({"ok": false, "error": "bad_redirect_uri"}));
    let token = |answer| {
        spec.token_response
            .object(answer)
            .map(|object| object["access_token"].clone())
    };
    assert_eq!(token(&bot), Some(json!("xoxb")));
    assert_eq!(token(&user), Some(json!("xoxp")));
    assert_eq!(token(&failed), None);
    assert_eq!(
        spec.token_response.failure(&failed).as_deref(),
        Some("bad_redirect_uri")
    );
    assert_eq!(spec.token_response.failure(&bot), None);
    assert_eq!(
        Value::Object(slack.keep.pick_from_token(&bot)),
        json!({"team.id": "T"})
    );
    assert!(spec.user_scope);
    assert_eq!(spec.scope_separator, ",");
}

#[test]
fn salesforce_calls_the_instance_it_was_given_and_no_other() {
    let catalogue = catalogue();
    let salesforce = catalogue.get("salesforce").unwrap();
    let base = salesforce.requests.base_url.as_ref().unwrap();
    let kept = salesforce
        .keep
        .pick_from_token(&object(json!({"instance_url": "https://acme.my.salesforce.com"})));
    let scope = Scope {
        connection_config: Some(&kept),
        ..Scope::default()
    };
    assert_eq!(
        base.render(&scope).unwrap().as_str(),
        "https://acme.my.salesforce.com/"
    );
    let forged = object(json!({"instance_url": "https://evil.example"}));
    assert!(
        base.render(&Scope {
            connection_config: Some(&forged),
            ..Scope::default()
        })
        .is_err()
    );
    assert!(
        check_connection_config(salesforce, &forged, &object(json!({}))).is_err(),
        "nor from a browser"
    );
}

#[test]
fn the_generic_key_goes_where_the_operator_says() {
    let catalogue = catalogue();
    let provider = catalogue.get("generic-api-key").unwrap();
    let placed = |settings: Value| {
        let settings = object(settings);
        let scope = Scope {
            integration_config: Some(&settings),
            api_key: Some("k"),
            ..Scope::default()
        };
        let requests = &provider.requests;
        (
            requests.headers.render(&scope).unwrap(),
            requests.params.render(&scope).unwrap(),
            requests.places_credentials(&scope),
        )
    };
    let pair = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    assert_eq!(placed(json!({})), (vec![], vec![], false));
    assert_eq!(
        placed(json!({"header_name": "X-Key"})),
        (pair("x-key", "k"), vec![], true)
    );
    assert_eq!(
        placed(json!({"header_name": "Authorization", "scheme": "Token"})),
        (pair("authorization", "Token k"), vec![], true)
    );
    assert_eq!(
        placed(json!({"query_name": "api_key"})),
        (vec![], pair("api_key", "k"), true)
    );
}
