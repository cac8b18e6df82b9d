use proptest::prelude::*;
use serde_json::{Map, Value, json};
use terapi_catalog::{
    Declarations, HoleRule, Pattern, RenderError, Scope, TemplateError, UrlTemplate, Use, Variable,
};

use crate::object;

/// Declares `subdomain` and `label` as text, `domain` as a host, `instance_url` as an address the provider fills,
/// and everything of the operator.
struct Sample;

impl Declarations for Sample {
    fn rule(&self, variable: &Variable) -> Option<HoleRule> {
        match variable {
            Variable::ConnectionConfig(path) => match path.as_str() {
                "subdomain" | "label" | "id" => Some(HoleRule::default()),
                "domain" => Some(HoleRule {
                    host: true,
                    ..HoleRule::default()
                }),
                "instance_url" => Some(HoleRule {
                    base_url: true,
                    pattern: Some(Pattern::parse("^https://([a-z0-9-]+\\.)+example\\.com$").unwrap()),
                    ..HoleRule::default()
                }),
                _ => None,
            },
            _ => Some(HoleRule {
                host: true,
                base_url: true,
                operator: true,
                pattern: None,
            }),
        }
    }
}

fn parse(text: &str) -> Result<UrlTemplate, TemplateError> {
    UrlTemplate::parse(text, Use::BaseUrl, &Sample)
}

fn render(
    text: &str,
    config: &Map<String, Value>,
    operator: &Map<String, Value>,
) -> Result<String, RenderError> {
    let scope = Scope {
        connection_config: Some(config),
        integration_config: Some(operator),
        ..Scope::default()
    };
    parse(text).unwrap().render(&scope).map(|url| url.to_string())
}

fn with(text: &str, name: &str, value: &str) -> Result<String, RenderError> {
    render(text, &object(json!({name: value})), &Map::new())
}

#[test]
fn each_hole_is_escaped_for_its_place() {
    let values = object(json!({"subdomain": "acme", "id": "a/b ?#&é", "label": "x=1&y=2 +"}));
    assert_eq!(
        render("https://${connectionConfig.subdomain}.example.com/v1/${connectionConfig.id}/x?q=${connectionConfig.label}", &values, &Map::new()).unwrap(),
        "https://acme.example.com/v1/a%2Fb%20%3F%23%26%C3%A9/x?q=x%3D1%26y%3D2+%2B"
    );
}

#[test]
fn a_value_cannot_leave_its_host_label() {
    let hostile = [
        "evil.example/",
        "evil.example/#",
        "evil.example#",
        "evil.example?",
        "evil.com\\",
        "a.b",
        "a@b",
        "a:b",
        "a b",
        "a\tb",
        "a\nb",
        "%2e",
        "",
        "-a",
        "a-",
        "ä",
        "xn--",
        "a/../b",
        "[::1]",
        "a%00",
        "\u{3002}",
        "a\u{ff0e}b",
        "_x",
        "${x}",
    ];
    for value in hostile {
        let rendered = with(
            "https://${connection_config.subdomain}.zendesk.com/oauth",
            "subdomain",
            value,
        );
        assert!(rendered.is_err(), "{value:?} became {rendered:?}");
    }
    assert_eq!(
        with(
            "https://${connection_config.subdomain}.zendesk.com/oauth",
            "subdomain",
            "Acme-1"
        )
        .unwrap(),
        "https://acme-1.zendesk.com/oauth"
    );
}

#[test]
fn a_whole_host_needs_permission() {
    for text in [
        "https://${connection_config.subdomain}",
        "https://${connection_config.subdomain}/x",
        "https://${connection_config.subdomain}.com/",
        "https://${connection_config.subdomain}example.com/",
        "https://${connection_config.subdomain}.${connection_config.label}/",
        "https://${connection_config.subdomain}.zendesk.com@${connection_config.label}/",
        "https://x.com:${connection_config.id}/",
        "https://user@x.com/",
        "${connection_config.subdomain}/x",
        "${connection_config.domain}",
        "${integration_config.base_url}.evil.com",
        "${integration_config.base_url}${connection_config.id}",
        "https://${base64(x)}.example.com/",
        "https://a.example.com/#${connection_config.id}",
        "https://",
        "ftp://example.com/",
        "/path",
        "",
        "https://${connection_config.unheard}.example.com/",
        "https://a.example.com/${connection_config.unheard}",
        "https://a.example.com/${connection_config.id || connection_config.unheard}",
        "https://a.example.com/${base64(${connection_config.unheard})}",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
    assert_eq!(
        with("https://${connection_config.domain}/x", "domain", "a.b.org").unwrap(),
        "https://a.b.org/x"
    );
    for value in [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "10.1",
        "a.org:8080",
        "a.org/x",
        "a..org",
        ".a.org",
        "u@a.org",
    ] {
        assert!(
            with("https://${connection_config.domain}/x", "domain", value).is_err(),
            "{value}"
        );
    }
}

#[test]
fn an_operator_may_give_a_whole_address() {
    let base = |value: &str| {
        render(
            "${integration_config.base_url}/oauth/token",
            &Map::new(),
            &object(json!({"base_url": value})),
        )
    };
    assert_eq!(
        base("http://localhost:4010").unwrap(),
        "http://localhost:4010/oauth/token"
    );
    assert_eq!(
        base("https://api.example.com/v1/").unwrap(),
        "https://api.example.com/v1/oauth/token"
    );
    for value in [
        "example.com",
        "ftp://a",
        "https://u:p@a.org",
        "https://@a.org",
        "https://a.org?x",
        "https://a.org#x",
        "https://",
        "https://a.org/ b",
        "javascript:x",
        "http://a.org\\@b.org",
        "https:a.org\n",
    ] {
        assert!(base(value).is_err(), "{value:?} became {:?}", base(value));
    }
}

#[test]
fn an_address_from_the_provider_has_to_be_https_and_match() {
    let kept = |value: &str| with("${connection_config.instance_url}/x", "instance_url", value);
    assert_eq!(
        kept("https://eu1.example.com").unwrap(),
        "https://eu1.example.com/x"
    );
    for value in [
        "http://eu1.example.com",
        "https://evil.org",
        "https://evil.org/.example.com",
        "https://a.example.com@evil.org",
    ] {
        assert!(kept(value).is_err(), "{value}");
    }
}

#[test]
fn a_value_cannot_climb_out_of_a_path() {
    for value in [".", ".."] {
        assert_eq!(
            with("https://a.example.com/v1/${connection_config.id}/x", "id", value),
            Err(RenderError::DotSegment)
        );
    }
    assert!(
        with(
            "https://a.example.com/v1/${connection_config.id}/x",
            "id",
            "../.."
        )
        .unwrap()
        .contains("..%2F..")
    );
    let path = UrlTemplate::parse_path(
        "/me/${connection_config.id}?x=${connection_config.id}",
        Use::BaseUrl,
        &Sample,
    );
    let config = object(json!({"id": "a b/c"}));
    let scope = Scope {
        connection_config: Some(&config),
        ..Scope::default()
    };
    assert_eq!(
        path.unwrap().render_path(&scope).unwrap(),
        "/me/a%20b%2Fc?x=a+b%2Fc"
    );
    for text in [
        "me",
        "//evil.org/x",
        "https://evil.org",
        "${connection_config.id}",
    ] {
        assert!(
            UrlTemplate::parse_path(text, Use::BaseUrl, &Sample).is_err(),
            "{text}"
        );
    }
}

#[test]
fn alternatives_are_tried_in_order() {
    let text = "https://${connection_config.domain}/token || https://login.example.com/token";
    assert_eq!(
        with(text, "domain", "own.example.org").unwrap(),
        "https://own.example.org/token"
    );
    assert_eq!(
        with(text, "other", "x").unwrap(),
        "https://login.example.com/token"
    );
    assert!(
        with(text, "domain", "evil/").is_err(),
        "a bad value does not fall back"
    );
}

#[test]
fn each_name_of_a_hole_keeps_its_own_rule() {
    let text = "${connection_config.instance_url || integration_config.base_url}/x";
    let operator = object(json!({"base_url": "http://localhost:4010"}));
    assert_eq!(
        render(text, &Map::new(), &operator).unwrap(),
        "http://localhost:4010/x"
    );
    let forged = object(json!({"instance_url": "http://localhost:4010"}));
    assert!(render(text, &forged, &operator).is_err());
}

#[test]
fn an_issuer_keeps_its_spelling() {
    let operator = object(json!({"base_url": "http://localhost:4010"}));
    let scope = Scope {
        integration_config: Some(&operator),
        ..Scope::default()
    };
    let template = UrlTemplate::parse("${integration_config.base_url}", Use::AuthorizeUrl, &Sample).unwrap();
    assert_eq!(template.render_text(&scope).unwrap(), "http://localhost:4010");
    assert_eq!(
        template.render(&scope).unwrap().as_str(),
        "http://localhost:4010/"
    );
}

proptest! {
    #[test]
    fn a_rendered_host_ends_with_the_literal_suffix(value in "\\PC{1,20}|[a-zA-Z0-9.:/@#?%\\\\ -]{1,20}") {
        let text = "https://api-${connection_config.subdomain}.zendesk.com:8443/a/${connection_config.id}?b=${connection_config.label}";
        let values = object(json!({"subdomain": value, "id": value, "label": value}));
        let scope = Scope { connection_config: Some(&values), ..Scope::default() };
        if let Ok(url) = parse(text).unwrap().render(&scope) {
            prop_assert!(url.host_str().unwrap().ends_with(".zendesk.com"));
            prop_assert!(url.host_str().unwrap().starts_with("api-"));
            prop_assert_eq!(url.port(), Some(8443));
            prop_assert_eq!(url.username(), "");
            prop_assert_eq!(url.path_segments().unwrap().count(), 2);
            prop_assert_eq!(url.query_pairs().count(), 1);
            prop_assert_eq!(url.query_pairs().next().unwrap().1.into_owned(), value);
        }
    }

    #[test]
    fn a_value_in_path_and_query_arrives_as_it_was(value in "\\PC{1,20}") {
        prop_assume!(value != "." && value != "..");
        let values = object(json!({"id": value}));
        let scope = Scope { connection_config: Some(&values), ..Scope::default() };
        let url = parse("https://a.example.com/${connection_config.id}/end?x=${connection_config.id}").unwrap().render(&scope).unwrap();
        prop_assert_eq!(url.host_str(), Some("a.example.com"));
        prop_assert_eq!(url.path_segments().unwrap().count(), 2);
        prop_assert_eq!(url.query_pairs().next().unwrap().1.into_owned(), value);
    }

    #[test]
    fn any_address_is_parsed_or_refused_without_panic(text in "(https://)?[${}a-z_.:/@?#|() -]{0,60}", value in "\\PC{0,10}") {
        if let Ok(template) = parse(&text) {
            let values = object(json!({"subdomain": value, "domain": value, "id": value}));
            let scope = Scope { connection_config: Some(&values), ..Scope::default() };
            let _ = template.render(&scope);
        }
    }
}

#[test]
fn an_address_is_shown_with_what_is_open_and_nothing_else() {
    let config = object(json!({"subdomain": "acme", "id": "a b/c"}));
    let scope = Scope {
        connection_config: Some(&config),
        api_key: Some("hush"),
        ..Scope::default()
    };
    let shown = |text: &str| {
        let is_open = |variable: &Variable| !variable.is_credential();
        parse(text).unwrap().show(&scope, "[x]", is_open)
    };
    for (template, address) in [
        (
            "https://${connection_config.subdomain}.example.com/v/${connection_config.id}?id=${connection_config.id}",
            Some("https://acme.example.com/v/a%20b%2Fc?id=a+b%2Fc"),
        ),
        (
            "https://${connection_config.subdomain}.example.com/${api_key}/${base64(${connection_config.id}:${api_key})}",
            Some("https://acme.example.com/[x]/[x]"),
        ),
        ("https://api.example.com/${connection_config.label}", None),
    ] {
        assert_eq!(shown(template).as_deref(), address, "{template}");
    }
}
