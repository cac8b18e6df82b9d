use serde_json::{Map, Value, json};
use terapi_catalog::{
    Catalogue, Pattern, check_connection_config, check_credentials, check_integration_config,
};
use terapi_model::{Issue, IssueCode};

use crate::{catalogue, object};

const SAMPLE: &str = r#"
display_name: Sample
auth: {auth_mode: BASIC}
credentials:
    username: {title: Key, pattern: '^k_', secret: true}
    password: {title: Empty, hidden: true, default_value: ''}
connection_config:
    region: {title: Region, enum: [eu, us]}
    version: {title: Version, default_value: v2, required: true}
    fixed: {title: Fixed, hidden: true, default_value: constant}
    tenant: {title: Tenant, format: uuid, required: false}
    host: {title: Host, format: hostname, required: false}
    mail: {title: Mail, format: email, required: false}
    found: {title: Found, automated: true, pattern: '^[a-z]+$'}
"#;

fn check(given: Value, preset: Value) -> Result<Value, Vec<(IssueCode, String)>> {
    let catalogue = Catalogue::from_texts([("sample", SAMPLE)]).unwrap();
    let provider = catalogue.get("sample").unwrap();
    check_connection_config(provider, &object(given), &object(preset))
        .map(Value::Object)
        .map_err(kinds)
}

fn kinds(issues: Vec<Issue>) -> Vec<(IssueCode, String)> {
    issues
        .into_iter()
        .map(|issue| (issue.code, issue.path.join(".")))
        .collect()
}

fn one(code: IssueCode, name: &str) -> Result<Value, Vec<(IssueCode, String)>> {
    Err(vec![(code, name.to_owned())])
}

#[test]
fn defaults_and_constants_are_filled_in() {
    let expected = json!({"region": "eu", "version": "v2", "fixed": "constant"});
    assert_eq!(
        check(json!({"region": "eu", "tenant": "", "version": ""}), json!({})),
        Ok(expected.clone())
    );
    assert_eq!(
        check(json!({"region": "eu", "fixed": "constant"}), json!({})),
        Ok(expected)
    );
}

#[test]
fn each_rule_has_its_issue() {
    for (given, code, name) in [
        (json!({}), IssueCode::InvalidType, "region"),
        (json!({"region": "asia"}), IssueCode::InvalidValue, "region"),
        (json!({"region": ["eu"]}), IssueCode::InvalidType, "region"),
        (
            json!({"region": "eu", "color": "red", "size": "9"}),
            IssueCode::UnrecognizedKeys,
            "",
        ),
        (
            json!({"region": "eu", "found": "abc"}),
            IssueCode::InvalidValue,
            "found",
        ),
        (
            json!({"region": "eu", "fixed": "other"}),
            IssueCode::InvalidValue,
            "fixed",
        ),
        (
            json!({"region": "eu", "tenant": "not-a-uuid"}),
            IssueCode::InvalidFormat,
            "tenant",
        ),
        (
            json!({"region": "eu", "host": "evil.example/#"}),
            IssueCode::InvalidFormat,
            "host",
        ),
        (
            json!({"region": "eu", "mail": "a@b"}),
            IssueCode::InvalidFormat,
            "mail",
        ),
        (
            json!({"region": "eu", "version": "a\u{0}b"}),
            IssueCode::InvalidFormat,
            "version",
        ),
        (
            json!({"region": "eu", "version": "x".repeat(20_000)}),
            IssueCode::TooBig,
            "version",
        ),
    ] {
        assert_eq!(check(given.clone(), json!({})), one(code, name), "{given}");
    }
}

#[test]
fn a_preset_wins_and_may_set_what_a_person_may_not() {
    assert_eq!(
        check(
            json!({"region": "us", "found": "hack"}),
            json!({"region": "eu", "found": "abc", "own": 1})
        ),
        Ok(json!({"region": "eu", "found": "abc", "own": 1, "version": "v2", "fixed": "constant"}))
    );
    assert_eq!(
        check(json!({"region": "eu"}), json!({"found": "ABC"})),
        one(IssueCode::InvalidFormat, "found")
    );
}

#[test]
fn a_hostile_subdomain_is_refused() {
    let catalogue = catalogue();
    let zendesk = catalogue.get("zendesk").unwrap();
    for value in ["evil.example/#", "evil.example/", "a.b", "", "ACME", "a b", "a\n"] {
        let given = object(json!({"subdomain": value}));
        assert!(
            check_connection_config(zendesk, &given, &Map::new()).is_err(),
            "{value:?}"
        );
    }
}

#[test]
fn what_is_said_of_unknown_names_does_not_grow_with_them() {
    let catalogue = Catalogue::from_texts([("sample", SAMPLE)]).unwrap();
    let provider = catalogue.get("sample").unwrap();
    let mut given = object(json!({"username": "k_1"}));
    for number in 10..30 {
        given.insert(format!("x{number}{}", "ä".repeat(9999)), Value::Null);
    }
    let issues = check_credentials(provider, &given).unwrap_err();
    let told = &issues[0].message;
    assert!(told.starts_with("x10ä") && told.contains(", x19ä"), "{told}");
    assert!(
        told.ends_with("ä, and 10 more are not fields of this provider"),
        "{told}"
    );
    assert!(told.chars().count() < 750, "{told}");
}

#[test]
fn credentials_are_checked_without_repeating_them() {
    let catalogue = Catalogue::from_texts([("sample", SAMPLE)]).unwrap();
    let provider = catalogue.get("sample").unwrap();
    let good = check_credentials(provider, &object(json!({"username": "k_1"}))).unwrap();
    assert_eq!(
        Value::Object(good),
        json!({"username": "k_1"}),
        "an empty default makes the field optional"
    );
    let issues = check_credentials(provider, &object(json!({"username": "hunter2"}))).unwrap_err();
    assert!(!issues[0].message.contains("hunter2"));
    let issues = check_credentials(provider, &object(json!({"api_key": "x"}))).unwrap_err();
    assert_eq!(
        kinds(issues),
        [
            (IssueCode::UnrecognizedKeys, String::new()),
            (IssueCode::InvalidType, "username".to_owned())
        ]
    );
}

#[test]
fn an_operator_is_told_what_is_missing() {
    let catalogue = catalogue();
    let generic = catalogue.get("generic-oauth2").unwrap();
    let issues = check_integration_config(generic, &object(json!({"token_url": "nonsense"}))).unwrap_err();
    assert_eq!(issues.len(), 3);
    let acme = catalogue.get("acme").unwrap();
    let filled = check_integration_config(acme, &Map::new()).unwrap();
    assert_eq!(filled["base_url"], "http://localhost:4010");
}

#[test]
fn a_slow_pattern_gives_up_and_refuses() {
    let slow = Pattern::parse("^(?=(a+)+$)(a|aa)+b$").unwrap();
    assert!(!slow.is_match(&"a".repeat(200)));
    let looks_ahead = Pattern::parse("^(?!lightning)[a-z]+$").unwrap();
    assert!(looks_ahead.is_match("acme") && !looks_ahead.is_match("lightning"));
}
