//! Beneath `https://example.com/terapi`: every address that goes out begins with the path, behind proxies that pass it on
//! and behind proxies that take it off.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use http::{Method, StatusCode};
use serde_json::{Map, Value};
use terapi::router::table;
use terapi_broker::connections::Import;
use terapi_broker::credentials::{Credentials, OAuth2Credentials};
use terapi_broker::environments::Logo;
use terapi_model::{ConnectionKey, IntegrationKey};
use url::Url;

use crate::house::{Answer, Browser, House, Plan, fill};

const PUBLIC_URL: &str = "https://example.com/terapi";
const BASE: &str = "/terapi";

/// What a proxy does with the path that it knows this instance by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proxy {
    PassesOn,
    TakesOff,
}

/// A browser that knows the instance by its public address alone.
struct Visitor {
    proxy: Proxy,
    browser: Browser,
}

impl Visitor {
    /// What the instance is asked for when a browser asks for `address`.
    fn forwarded(&self, address: &str) -> String {
        let rest = address
            .strip_prefix(BASE)
            .unwrap_or_else(|| panic!("{address} is not beneath {BASE}"));
        match self.proxy {
            Proxy::PassesOn => address.to_owned(),
            Proxy::TakesOff if rest.starts_with('/') => rest.to_owned(),
            Proxy::TakesOff => format!("/{rest}"),
        }
    }

    async fn get(&mut self, address: &str) -> Answer {
        let asked = self.forwarded(address);
        self.browser.get(&asked).await
    }

    async fn post(&mut self, address: &str, fields: &[(&str, &str)]) -> Answer {
        let asked = self.forwarded(address);
        self.browser.post(&asked, fields).await
    }
}

/// A house with something on every page, its owner, and a session token.
async fn furnished(proxy: Proxy) -> (House, Visitor, String) {
    let house = House::planned(Plan {
        public_url: PUBLIC_URL,
        ..Plan::default()
    })
    .await;
    let mut owner = Visitor {
        proxy,
        browser: house.browser(),
    };
    let setup = house.setup_path().await;
    let made = [
        ("email", crate::house::EMAIL),
        ("password", crate::house::PASSWORD),
        ("name", "Ada"),
        ("account", "Example"),
    ];
    let signed_up = owner.post(&setup, &made).await;
    assert_eq!(signed_up.status, StatusCode::SEE_OTHER, "{}", signed_up.body);
    assert_eq!(signed_up.location(), "/terapi/app");
    for (provider, form) in [
        (
            "github",
            vec![
                ("unique_key", "github"),
                ("client_id", "id-1"),
                ("client_secret", "hush-1"),
            ],
        ),
        ("generic-api-key", vec![("unique_key", "keyed")]),
    ] {
        let made = owner
            .post(&format!("/terapi/app/dev/integrations/new/{provider}"), &form)
            .await;
        assert_eq!(
            made.location(),
            format!("/terapi/app/dev/integrations/{}", form[0].1)
        );
    }
    let caller = house.caller().await;
    let logo = Logo::read(b"\x89PNG\r\n\x1a\n rest".to_vec()).unwrap();
    house
        .broker
        .environments()
        .set_logo(&caller, Some(logo))
        .await
        .unwrap();
    let token = house.connect_session(&caller, &["github", "keyed"]).await;
    let import = Import {
        integration: IntegrationKey::parse("github").unwrap(),
        connection: Some(ConnectionKey::parse("octo").unwrap()),
        credentials: Credentials::OAuth2(OAuth2Credentials {
            access_token: "hush-2".into(),
            refresh_token: None,
            expires_at: None,
            client: None,
            raw: "{}".to_owned().into(),
        }),
        connection_config: Map::new(),
        metadata: None,
        tags: None,
        end_user: None,
        webhook_url_override: None,
    };
    house.broker.connections().import(&caller, import).await.unwrap();
    (house, owner, token)
}

/// Attributes of a document by tag and name, and the texts of its scripts.
fn attributes(html: &str) -> (Vec<(String, String)>, Vec<String>) {
    let (mut found, mut scripts) = (Vec::new(), Vec::new());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
        let mut text = &rest[name.len()..];
        while let Some(at) = text.find(['>', '=']) {
            if text[at..].starts_with('>') {
                text = &text[at + 1..];
                break;
            }
            let attribute = text[..at]
                .rsplit([' ', '\n'])
                .next()
                .unwrap_or_default()
                .to_owned();
            let value = &text[at + 1..];
            let (value, after) = match value.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').unwrap(),
                None => value.split_at(value.find([' ', '>']).unwrap()),
            };
            let value = value
                .replace("&quot;", "\"")
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&amp;", "&");
            found.push((format!("{name} {attribute}"), value));
            text = after;
        }
        if name == "script" {
            let (script, after) = text.split_once("</script>").unwrap();
            scripts.push(script.to_owned());
            text = after;
        }
        rest = text;
    }
    (found, scripts)
}

/// The texts in an attribute: those of JSON, else the attribute itself.
fn texts(value: &str) -> Vec<String> {
    fn within(value: Value) -> Vec<String> {
        match value {
            Value::String(text) => vec![text],
            Value::Array(items) => items.into_iter().flat_map(within).collect(),
            Value::Object(members) => members
                .into_iter()
                .flat_map(|(_, member)| within(member))
                .collect(),
            _ => Vec::new(),
        }
    }
    serde_json::from_str(value).map_or_else(|_| vec![value.to_owned()], within)
}

/// First segments of our own addresses.
fn own_segments() -> BTreeSet<String> {
    let first = |path: &str| path.split('/').nth(1).unwrap_or_default().to_owned();
    let segments: BTreeSet<String> = table().iter().map(|row| first(&row.path)).collect();
    segments
        .into_iter()
        .filter(|segment| !segment.is_empty())
        .collect()
}

/// What a document at `address` leads to or loads, every one of them checked.
fn leads(address: &str, html: &str, own: &BTreeSet<String>) -> Vec<(String, String)> {
    let here = Url::parse("https://example.com").unwrap().join(address).unwrap();
    let (attributes, scripts) = attributes(html);
    let mut leads = Vec::new();
    for (name, value) in attributes {
        let attribute = name.split(' ').nth(1).unwrap_or_default();
        if ["href", "src", "action", "formaction", "poster"].contains(&attribute) {
            let to = here.join(&value).unwrap();
            if to.origin() != here.origin() || to.scheme() == "data" {
                continue;
            }
            assert!(
                to.path() == BASE || to.path().starts_with("/terapi/"),
                "{address}: {name}={value} leads out of {BASE}"
            );
            let to = to[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
            leads.push((name, to));
        } else if name != "input value" {
            // What a form sends back to us needs no base path; properties of islands, and whatever else scripts are told.
            for text in texts(&value) {
                let first = text
                    .strip_prefix('/')
                    .and_then(|rest| rest.split(['/', '?', '#']).next());
                assert!(
                    first.is_none_or(|first| !own.contains(first)),
                    "{address}: {name}={value} names an address without {BASE}"
                );
            }
        }
    }
    for script in scripts {
        for quote in ['"', '\'', '`'] {
            for segment in own {
                assert!(
                    !script.contains(&format!("{quote}/{segment}/")),
                    "{address}: a script names /{segment} without {BASE}: {script}"
                );
            }
        }
    }
    leads
}

/// Follows every link from every page of the table, and reads every page that it comes to.
async fn walk(proxy: Proxy) -> BTreeMap<String, u16> {
    let (_house, mut owner, token) = furnished(proxy).await;
    let own = own_segments();
    let mut waiting: VecDeque<String> = table()
        .iter()
        .filter(|row| row.method == Some("GET") && !row.path.contains("{site_hash}"))
        .map(|row| {
            format!(
                "{BASE}{}",
                fill(&row.path).replace("/integrations/x", "/integrations/github")
            )
        })
        .collect();
    waiting.extend([
        BASE.to_owned(),
        "/terapi/?apiURL=https%3A%2F%2Fexample.com%2Fterapi".to_owned(),
        format!("/terapi/connect/ui/?session_token={token}"),
        "/terapi/connect/ui?preview=1&embedded=1".to_owned(),
        "/terapi/app/nowhere".to_owned(),
    ]);
    let mut seen = BTreeMap::new();
    while let Some(address) = waiting.pop_front() {
        if seen.contains_key(&address) {
            continue;
        }
        let answer = owner.get(&address).await;
        seen.insert(address.clone(), answer.status.as_u16());
        assert_ne!(
            answer.status,
            StatusCode::INTERNAL_SERVER_ERROR,
            "{address}: {}",
            answer.body
        );
        if let Some(location) = answer.header("location") {
            leads(
                &address,
                &format!("<a href=\"{}\">", location.replace('"', "")),
                &own,
            );
            if !location.starts_with("http") {
                waiting.push_back(location.to_owned());
            }
        }
        if answer
            .header("content-type")
            .is_some_and(|it| it.starts_with("text/html"))
        {
            for (name, to) in leads(&address, &answer.body, &own) {
                if name == "form action" {
                    let shape = table().into_iter().any(|row| matches(&row.path, &to));
                    assert!(
                        shape || address.contains("connect/ui"),
                        "{address}: nothing takes a form at {to}"
                    );
                } else if !to.contains("/assets/") {
                    waiting.push_back(to);
                }
            }
        }
    }
    seen
}

/// True when `address` has the shape of a row of the table.
fn matches(shape: &str, address: &str) -> bool {
    let path = address.split('?').next().unwrap_or_default();
    let path = path.strip_prefix(BASE).unwrap_or(path);
    let (shape, path): (Vec<_>, Vec<_>) = (shape.split('/').collect(), path.split('/').collect());
    shape.len() == path.len()
        && shape
            .iter()
            .zip(&path)
            .all(|(shape, path)| shape.starts_with('{') || shape == path)
}

#[tokio::test]
async fn every_address_of_every_page_begins_with_the_base_path_behind_both_kinds_of_proxy() {
    let kept = walk(Proxy::PassesOn).await;
    for page in [
        "/terapi/app/dev/connections",
        "/terapi/docs/api",
        "/terapi/images/template-logos/github.svg",
    ] {
        assert_eq!(kept.get(page), Some(&200), "{page} is among {:?}", kept.keys());
    }
    assert!(
        kept.keys()
            .any(|page| page.starts_with("/terapi/app/dev/connections/con_"))
    );
    assert!(
        kept.keys()
            .any(|page| page.starts_with("/terapi/images/environments/"))
    );
    let bare = walk(Proxy::TakesOff).await;
    let pages = |seen: &BTreeMap<String, u16>| -> Vec<u16> {
        seen.iter()
            .filter(|(page, _)| !page.contains("_") && !page.contains("environments/"))
            .map(|(_, status)| *status)
            .collect()
    };
    assert_eq!(pages(&kept), pages(&bare));
}

#[tokio::test]
async fn links_that_leave_the_instance_are_beneath_the_base_path() {
    let (house, mut visitor, _) = furnished(Proxy::PassesOn).await;
    let settings = house.broker.settings();
    assert_eq!(
        settings.callback_url(),
        "https://example.com/terapi/oauth/callback"
    );
    assert_eq!(
        settings.connect_link("t"),
        "https://example.com/terapi/connect/ui/?session_token=t"
    );
    let document = visitor.get("/terapi/openapi.json").await;
    let document: Value = serde_json::from_str(&document.body).unwrap();
    assert_eq!(document["servers"][0]["url"], BASE);
}

#[tokio::test]
async fn who_is_sent_to_sign_in_comes_back_beneath_the_base_path() {
    let (house, _, _) = furnished(Proxy::PassesOn).await;
    for proxy in [Proxy::PassesOn, Proxy::TakesOff] {
        let mut stranger = Visitor {
            proxy,
            browser: house.browser(),
        };
        let sent = stranger.get("/terapi/app/dev/connections").await;
        assert_eq!(
            sent.location(),
            "/terapi/app/~/sign-in?next=%2Fapp%2Fdev%2Fconnections",
            "{proxy:?}"
        );
        let form = |next| {
            [
                ("email", crate::house::EMAIL),
                ("password", crate::house::PASSWORD),
                ("next", next),
            ]
        };
        for (next, wanted) in [
            ("/app/dev/connections?q=a", "/terapi/app/dev/connections?q=a"),
            ("/terapi/app/dev/connections", "/terapi/app/dev/connections"),
            ("/terapi//evil.example", "/terapi/app"),
            ("//evil.example/terapi/app", "/terapi/app"),
            ("/other/app", "/terapi/app"),
        ] {
            let back = stranger.post("/terapi/app/~/sign-in", &form(next)).await;
            assert_eq!(back.location(), wanted, "{proxy:?} {next}");
        }
    }
}

#[tokio::test]
async fn cookies_of_pages_are_for_the_base_path_and_those_of_the_host_stay_so() {
    let (_house, mut owner, token) = furnished(Proxy::PassesOn).await;
    let themed = owner
        .post("/terapi/app/~/theme", &[("theme", "dark"), ("back", "/app/dev")])
        .await;
    assert_eq!(themed.location(), "/terapi/app/dev");
    let cookie = themed.header("set-cookie").unwrap();
    assert!(cookie.contains("Path=/terapi/app;"), "{cookie}");
    let start = format!("/terapi/oauth/connect/github?connect_session_token={token}");
    let away = owner.get(&start).await;
    let cookie = away.header("set-cookie").unwrap();
    assert!(
        cookie.starts_with("__Host-terapi-flow=") && cookie.contains("Path=/;"),
        "{cookie}"
    );
    assert!(
        away.location()
            .contains("redirect_uri=https%3A%2F%2Fexample.com%2Fterapi%2Foauth%2Fcallback"),
        "{}",
        away.location()
    );
}

#[tokio::test]
async fn a_start_at_another_host_is_moved_beneath_the_base_path() {
    let (_house, mut visitor, token) = furnished(Proxy::PassesOn).await;
    for path in ["/terapi/oauth/connect/github", "/oauth/connect/github"] {
        let request = http::Request::get(format!("{path}?connect_session_token={token}"))
            .header("host", "127.0.0.1:3003")
            .body(axum::body::Body::empty())
            .unwrap();
        let moved = visitor.browser.send(request).await;
        assert!(
            moved
                .location()
                .starts_with("https://example.com/terapi/oauth/connect/github?"),
            "{path}: {}",
            moved.location()
        );
    }
}

#[tokio::test]
async fn at_the_root_no_address_has_anything_before_it() {
    let house = House::open().await;
    let mut owner = house.owner().await;
    assert_eq!(owner.get("/").await.location(), "/app");
    assert_eq!(owner.get("/?apiURL=x").await.location(), "/connect/ui/?apiURL=x");
    let page = owner.get("/app/dev/connections").await;
    assert!(!page.body.contains("data-base"), "{}", page.body);
    let request = http::Request::builder().method(Method::GET).uri("/terapi/app");
    let unknown = owner.send(request.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}
