use proptest::prelude::*;
use serde_json::json;
use terapi_catalog::{RenderError, Scope, Template, TemplateErrorKind, Use, Variable};

use crate::object;

fn header(text: &str) -> Template {
    Template::parse(text, Use::Header).unwrap()
}

fn refused(text: &str, usage: Use) -> (usize, TemplateErrorKind) {
    let error = Template::parse(text, usage).unwrap_err();
    (error.column, error.kind)
}

#[test]
fn both_spellings_name_the_same_value() {
    for (contract, ours) in [
        (
            "${connectionConfig.accounts-server}",
            "${connection_config.accounts-server}",
        ),
        ("Bearer ${accessToken}", "Bearer ${access_token}"),
        ("${apiKey}", "${api_key}"),
        ("${credentials.apiKey}", "${api_key}"),
        ("${credentials.raw.team.id}", "${raw.team.id}"),
        (
            "${clientId}:${clientSecret}",
            "${oauth_client_id}:${oauth_client_secret}",
        ),
        (
            "${sha256Hex(${base64(${username})})}",
            "${sha256_hex(${base64(${username})})}",
        ),
        (
            "${hmacSha1Hex(a, b, ${password})}",
            "${hmac_sha1_hex(a, b,${password})}",
        ),
    ] {
        assert_eq!(header(contract), header(ours));
        assert_eq!(header(contract).to_string(), ours);
        assert_eq!(header(&header(ours).to_wire()), header(ours));
    }
    assert_eq!(
        header("${connection_config.a}/${oauth_client_id}").to_wire(),
        "${connectionConfig.a}/${clientId}"
    );
}

#[test]
fn values_come_from_their_place() {
    let config = object(json!({"region": "eu", "installation.uuid": "u-1", "nested": {"n": 7}, "blank": ""}));
    let raw = object(json!({"team": {"id": "T1"}, "ok": true, "list": [1]}));
    let scope = Scope {
        connection_config: Some(&config),
        raw: Some(&raw),
        access_token: Some("token"),
        username: Some("Aladdin"),
        password: Some("open sesame"),
        ..Scope::default()
    };
    for (text, expected) in [
        ("Bearer ${access_token}", "Bearer token"),
        (
            "${connection_config.region}-${connection_config.installation.uuid}-${connection_config.nested.n}",
            "eu-u-1-7",
        ),
        ("${raw.team.id} ${raw.ok}", "T1 true"),
        (
            "Basic ${basic_auth_encoded}",
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        ),
        (
            "${base64(${username}:${password})}",
            "QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        ),
        (
            "${sha256_hex(abc)}",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
        (
            "${sha256_base64(abc)}",
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
        ),
        (
            "${hmac_sha1_hex(The quick brown fox jumps over the lazy dog, key)}",
            "de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9",
        ),
        ("${connection_config.blank || connection_config.region}", "eu"),
        (
            "a-${connection_config.missing} || b-${connection_config.region}",
            "b-eu",
        ),
        ("$${not_a_hole} {braces} $ }", "${not_a_hole} {braces} $ }"),
        ("id||secret", "id||secret"),
        ("", ""),
    ] {
        assert_eq!(header(text).render(&scope).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_unset_is_an_error_and_never_text() {
    let raw = object(json!({"list": [1], "nothing": null}));
    let scope = Scope {
        raw: Some(&raw),
        ..Scope::default()
    };
    for text in [
        "x${access_token}",
        "${raw.list}",
        "${raw.nothing}",
        "${base64(${api_key})}",
        "${api_key} || ${username}",
    ] {
        assert!(
            matches!(header(text).render(&scope), Err(RenderError::Unset(_))),
            "{text}"
        );
    }
}

#[test]
fn a_header_refuses_line_breaks() {
    for value in ["a\r\nx: y", "a\nb", "a\0b"] {
        let scope = Scope {
            api_key: Some(value),
            ..Scope::default()
        };
        assert_eq!(
            header("${api_key}").render_header(&scope),
            Err(RenderError::HeaderControl)
        );
    }
}

#[test]
fn mistakes_are_found_where_they_are() {
    assert_eq!(
        refused("ab${access_token", Use::Header),
        (3, TemplateErrorKind::Unclosed)
    );
    let unknown = TemplateErrorKind::UnknownName {
        name: "acces_token".into(),
        suggestion: Some("access_token".into()),
    };
    assert_eq!(refused("é ${acces_token}", Use::Header), (5, unknown));
    let space = refused("${conection_config.x}", Use::BaseUrl);
    assert!(
        space.1.to_string().contains("did you mean `connection_config.…`"),
        "{}",
        space.1
    );
    assert_eq!(
        refused("${rot13(a)}", Use::Header).1,
        TemplateErrorKind::UnknownFunction("rot13".into())
    );
    assert_eq!(
        refused("${base64(api_key)}", Use::Header).1,
        TemplateErrorKind::BareArgument("api_key".into())
    );
    assert_eq!(
        refused("x || ", Use::Header),
        (2, TemplateErrorKind::EmptyAlternative)
    );
    assert!(matches!(
        refused("${base64(${username}", Use::Header).1,
        TemplateErrorKind::UnclosedCall(_)
    ));
    assert!(matches!(
        refused("${hmac_sha1_hex(x)}", Use::Header).1,
        TemplateErrorKind::Arguments(_)
    ));
    assert!(matches!(
        refused("${base64(a || b)}", Use::Header).1,
        TemplateErrorKind::OperatorInArgument
    ));
    let deep = format!("{}x{}", "${base64(".repeat(40), ")}".repeat(40));
    assert_eq!(refused(&deep, Use::Header).1, TemplateErrorKind::TooDeep);
}

#[test]
fn a_secret_in_an_authorization_url_is_refused() {
    for usage in [Use::AuthorizeUrl, Use::AuthorizeParams] {
        for text in [
            "${oauth_client_secret}",
            "${access_token}",
            "${password}",
            "${raw.x}",
            "${credentials.x}",
        ] {
            assert!(
                matches!(refused(text, usage).1, TemplateErrorKind::OutOfScope(..)),
                "{text}"
            );
        }
    }
    assert!(matches!(
        refused("${access_token}", Use::TokenParams).1,
        TemplateErrorKind::OutOfScope(..)
    ));
    assert!(matches!(
        refused("${refresh_token}", Use::Header).1,
        TemplateErrorKind::OutOfScope(..)
    ));
}

#[test]
fn every_variable_is_listed_once() {
    let template = header("${base64(${username}:${password})} || ${api_key} ${username}");
    let names: Vec<String> = template
        .variables()
        .into_iter()
        .map(Variable::to_string)
        .collect();
    assert_eq!(names, ["api_key", "username", "password"]);
}

fn templates() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => "[ -~]{0,6}",
        1 => Just("$${".to_owned()),
        1 => Just(" || ".to_owned()),
        1 => Just(", ".to_owned()),
        2 => Just("${access_token}".to_owned()),
        2 => Just("${connectionConfig.sub-domain.x}".to_owned()),
        1 => Just("${api_key || username}".to_owned()),
        1 => "[a-z:, |]{1,6}".prop_map(|text| format!("${{base64({text})}}")),
        1 => "[a-z:, |]{1,6}".prop_map(|text| format!("${{hmacSha1Hex(x{text},${{password}})}}")),
    ];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused_without_panic(text in "\\PC{0,60}") {
        if let Ok(template) = Template::parse(&text, Use::Header) {
            let _ = template.render(&Scope::default());
        }
    }

    #[test]
    fn any_nested_text_is_parsed_or_refused_without_panic(text in "[${}()|,. a-z0-9_]{0,80}base64\\([${}(). ]{0,30}") {
        let _ = Template::parse(&text, Use::Query);
    }

    #[test]
    fn printing_and_parsing_agree(text in templates()) {
        if let Ok(template) = Template::parse(&text, Use::Header) {
            prop_assert_eq!(&Template::parse(&template.to_string(), Use::Header).unwrap(), &template);
            prop_assert_eq!(&Template::parse(&template.to_wire(), Use::Header).unwrap(), &template);
        }
    }

    #[test]
    fn a_rendered_header_has_no_line_break(value in "\\PC*|[\r\n\0a]{1,5}") {
        let scope = Scope { api_key: Some(&value), ..Scope::default() };
        if let Ok(rendered) = header("Key ${api_key}").render_header(&scope) {
            prop_assert!(!rendered.contains(['\r', '\n', '\0']));
        }
    }
}
