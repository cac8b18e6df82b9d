use serde_json::json;
use terapi_catalog::wire;

use crate::catalogue;

#[test]
fn zendesk_is_shown_as_published_clients_know_it() {
    let catalogue = catalogue();
    let shown = wire::provider(catalogue.get("zendesk").unwrap(), "https://terapi.example/");
    assert_eq!(shown["name"], "zendesk");
    assert_eq!(shown["auth_mode"], "OAUTH2");
    assert_eq!(
        shown["logo_url"],
        "https://terapi.example/images/template-logos/zendesk.svg"
    );
    assert_eq!(
        shown["authorization_url"],
        "https://${connectionConfig.subdomain}.zendesk.com/oauth/authorizations/new"
    );
    assert_eq!(shown["token_params"], json!({"expires_in": 1800}));
    assert_eq!(
        shown["connection_config"]["subdomain"],
        json!({
            "type": "string", "title": "Subdomain", "description": "The first part of the address of your Zendesk.",
            "example": "acme", "pattern": "^[a-z0-9-]+$", "prefix": "https://", "suffix": ".zendesk.com",
            "automated": false
        })
    );
    assert_eq!(
        shown["proxy"]["base_url"],
        "https://${connectionConfig.subdomain}.zendesk.com"
    );
    assert_eq!(shown["proxy"]["retry"], json!({"after": ["retry-after"]}));
    assert!(
        shown.get("guide").is_none()
            && shown.get("disable_pkce").is_none()
            && shown.get("credentials").is_none()
    );
}

#[test]
fn every_field_has_what_published_clients_count_on() {
    for provider in catalogue().list() {
        let shown = wire::body(provider);
        for group in ["connection_config", "integration_config", "credentials"] {
            for (name, field) in shown
                .get(group)
                .and_then(|group| group.as_object())
                .into_iter()
                .flatten()
            {
                let place = format!("{} {group}.{name}: {field}", provider.name);
                assert!(
                    field["title"].is_string() && field["description"].is_string(),
                    "{place}"
                );
                assert!(field["automated"].is_boolean(), "{place}");
            }
        }
    }
}

#[test]
fn a_field_has_a_number_where_its_file_gives_one() {
    let text = "display_name: S\nauth: {auth_mode: NONE}\n\
        connection_config: {a: {title: A}, b: {title: B, order: 3}}\n";
    let catalogue = terapi_catalog::Catalogue::from_texts([("sample", text)]).unwrap();
    let shown = wire::body(catalogue.get("sample").unwrap());
    let order = |name: &str| shown["connection_config"][name].get("order").cloned();
    assert_eq!((order("a"), order("b")), (None, Some(json!(3))));
}

#[test]
fn modes_and_quirks_have_the_contracts_names() {
    let catalogue = catalogue();
    let shown = |name: &str| wire::body(catalogue.get(name).unwrap());
    let slack = shown("slack");
    assert_eq!(slack["disable_pkce"], true);
    assert_eq!(slack["scope_separator"], ",");
    assert_eq!(slack["alternate_access_token_response_path"], "authed_user");
    assert_eq!(slack["token_response_metadata"][0], "team.id");
    let notion = shown("notion");
    assert_eq!(
        (&notion["authorization_method"], &notion["body_format"]),
        (&json!("header"), &json!("json"))
    );
    let openai = shown("openai");
    assert_eq!(openai["proxy"]["headers"]["authorization"], "Bearer ${apiKey}");
    assert_eq!(openai["credentials"]["apiKey"]["secret"], true);
    assert_eq!(openai["connection_config"]["organization"]["optional"], true);
    let salesforce = shown("salesforce");
    assert_eq!(salesforce["connection_config"]["instance_url"]["automated"], true);
    assert!(
        salesforce["token_url"]
            .as_str()
            .unwrap()
            .contains("${connectionConfig.hostname}/services/oauth2/token || https")
    );
    let generic = shown("generic-api-key");
    assert_eq!(
        generic["proxy"]["headers"],
        json!({"${integrationConfig.header_name}": "${integrationConfig.scheme} ${apiKey} || ${apiKey}"})
    );
    let acme = shown("acme");
    assert_eq!(acme["token_url"], "${integrationConfig.base_url}/oauth/token");
    assert_eq!(shown("acme-basic")["credentials"]["password"]["secret"], true);
}
