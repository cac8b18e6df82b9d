use terapi_catalog::{AuthSpec, Catalogue, ClientAuth, Pkce};

use crate::problems;

#[test]
fn a_small_file_is_enough() {
    let text = "display_name: Sample\nauth: {auth_mode: API_KEY}\n";
    let catalogue = Catalogue::from_texts([("sample", text)]).unwrap();
    let provider = catalogue.get("sample").unwrap();
    assert!(matches!(provider.auth, AuthSpec::ApiKey));
    assert!(provider.credentials.get("api_key").unwrap().secret);
}

#[test]
fn a_misspelt_key_is_named_with_its_line_and_its_neighbour() {
    let text = "display_name: Sample\nauth:\n    auth_mode: OAUTH2\n    authorisation_url: https://a.example.com/\n    token_url: https://a.example.com/t\ncatgories: [x]\n";
    let found = problems(text);
    assert!(found.contains("sample.yaml:4:5: auth: there is no key `authorisation_url` here, did you mean `authorization_url`?"), "{found}");
    assert!(
        found.contains("sample.yaml:6:1: there is no key `catgories` here, did you mean `categories`?"),
        "{found}"
    );
    assert!(found.contains("`authorization_url` is missing"), "{found}");
}

#[test]
fn every_problem_is_reported_at_once() {
    let text = r#"
display_name: Sample
docs: not an address
auth:
    auth_mode: OAUTH2
    authorization_url: https://${connection_config.subdomain}.example.com/a
    token_url: https://a.example.com/${access_token}
    client_auth: basic
    pkce: false
    token_params: {x: '${nothing}', y: [1]}
connection_config:
    subdmain: {title: Subdomain, pattern: '(', format: host}
    other: text
requests:
    headers: {'bad header': x}
    retry: {remaining: [1]}
verification: {}
keep: {token: ['a b']}
"#;
    let found = problems(text);
    for expected in [
        "sample.yaml:3:7: docs: expected an address",
        "sample.yaml:6:24: auth.authorization_url: column 9: `connection_config.subdomain` is not declared",
        "sample.yaml:7:16: auth.token_url: column 25: `access_token` cannot be used in a token URL",
        "auth.client_auth: `basic` is not one of `client_secret_post`",
        "auth.pkce: expected `S256`",
        "auth.token_params.x: column 3: there is no value called `nothing`",
        "auth.token_params.y: expected text, a number, true or false",
        "connection_config.subdmain.pattern: not a regular expression",
        "connection_config.subdmain.format: `host` is not one of",
        "connection_config.other: expected a mapping",
        "requests.headers.bad header: not a header name",
        "requests.retry.remaining: expected text",
        "verification: `endpoints` is missing",
        "keep.token: `a b` is not a dotted path",
    ] {
        assert!(found.contains(expected), "{expected}\n--- not in\n{found}");
    }
}

#[test]
fn broken_yaml_is_an_error_with_a_line() {
    for text in [
        "display_name: [",
        "a: b: c",
        "- x",
        "",
        "display_name: x\ndisplay_name: y\n",
        "\t x: 1",
    ] {
        let found = problems(text);
        assert!(found.starts_with("sample.yaml"), "{found}");
        assert!(!found.contains("Options"), "advice for programmers: {found}");
    }
}

#[test]
fn modes_and_keys_of_later_versions_say_so() {
    let found = problems("display_name: S\nauth: {auth_mode: TWO_STEP}\n");
    assert!(
        found.contains("TWO_STEP is not supported by this version yet"),
        "{found}"
    );
    let found = problems("display_name: S\nauth: {auth_mode: OAUTH3}\n");
    assert!(
        found.contains("there is no auth mode `OAUTH3`, did you mean `OAUTH"),
        "{found}"
    );
    let found = problems("display_name: S\nauth: {auth_mode: NONE}\npost_connect: []\n");
    assert!(
        found.contains("post_connect: this version does not support this key yet"),
        "{found}"
    );
}

#[test]
fn extending_merges_deeply_and_null_removes() {
    let parent = r#"
display_name: Parent
auth:
    auth_mode: OAUTH2
    authorization_url: https://a.example.com/auth
    token_url: https://a.example.com/token
    authorization_params: {access_type: offline, prompt: consent}
    pkce: {off: because}
    client_auth: client_secret_basic
requests: {base_url: https://api.example.com, retry: {after: [retry-after]}}
"#;
    let child = r#"
extends: parent
display_name: Child
auth:
    authorization_params: {prompt: null, extra: 1}
requests: {base_url: https://child.example.com}
"#;
    let other_mode = "extends: parent\ndisplay_name: Keyed\nauth: {auth_mode: API_KEY}\n";
    let files = [("parent", parent), ("child", child), ("keyed", other_mode)];
    let catalogue = Catalogue::from_texts(files).unwrap();
    let child = catalogue.get("child").unwrap();
    let spec = child.auth.oauth2().unwrap();
    let params: Vec<&str> = spec.authorization_params.iter().map(|(name, _)| name).collect();
    assert_eq!(params, ["access_type", "extra"]);
    assert_eq!(
        spec.pkce,
        Pkce::Off {
            why: "because".into()
        }
    );
    assert_eq!(spec.client_auth, ClientAuth::SecretBasic);
    assert_eq!(child.requests.retry.after, ["retry-after"]);
    assert_eq!(
        child.requests.base_url.as_ref().unwrap().to_string(),
        "https://child.example.com"
    );
    assert!(matches!(catalogue.get("keyed").unwrap().auth, AuthSpec::ApiKey));
}

#[test]
fn loops_and_unknown_parents_are_errors() {
    let found = Catalogue::from_texts([("a", "extends: b\n"), ("b", "extends: a\n")])
        .unwrap_err()
        .to_string();
    assert!(found.contains("is a loop"), "{found}");
    assert!(problems("extends: nobody\ndisplay_name: x\n").contains("there is no provider `nobody`"));
    let found = Catalogue::from_texts([
        ("google", "display_name: G\nauth: {auth_mode: NONE}\n"),
        ("b", "extends: gogle\n"),
    ])
    .unwrap_err()
    .to_string();
    assert!(
        found.contains("there is no provider `gogle`, did you mean `google`?"),
        "{found}"
    );
}

#[test]
fn additional_config_is_accepted_where_the_file_says_so() {
    let text =
        "display_name: S\nauth: {auth_mode: NONE}\nconnection_config: {additional: true, x: {title: X}}\n";
    let catalogue = Catalogue::from_texts([("sample", text)]).unwrap();
    let fields = &catalogue.get("sample").unwrap().connection_config;
    assert!(fields.additional() && fields.get("x").is_some() && fields.get("additional").is_none());
}
