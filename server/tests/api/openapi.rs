use terapi::route::Family;

use crate::app::TestApp;

#[tokio::test]
async fn the_document_is_served() {
    let app = TestApp::spawn().await;
    let got = app.anon().get("/openapi.json").await;
    assert_eq!(got.status, 200);
    assert!(got.body["openapi"].as_str().unwrap().starts_with("3."));
    for path in [
        "/connections",
        "/connections/{connection_id}",
        "/connect/sessions",
        "/integrations",
    ] {
        assert!(got.body["paths"][path].is_object(), "{path}");
    }
}

#[test]
fn the_committed_document_is_the_one_that_is_served() {
    let committed = include_str!("../../openapi.json");
    let current = serde_json::to_string_pretty(&terapi::router::describe()).unwrap();
    assert!(
        committed.trim_end() == current,
        "server/openapi.json is behind the code: run `terapi openapi > server/openapi.json`"
    );
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    let document = serde_json::to_value(terapi::router::describe()).unwrap();
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
}

#[tokio::test]
async fn the_reference_is_a_page_that_shows_every_operation_and_schema() {
    let app = TestApp::spawn().await;
    let beside = app.anon().get("/docs/api/").await;
    assert_eq!(beside.status, 404, "its links are relative");
    let got = app.anon().get("/docs/api").await;
    assert_eq!(got.header("content-type"), "text/html; charset=utf-8");
    assert!(
        got.header("content-security-policy")
            .starts_with("default-src 'none'; style-src 'self'; script-src 'self';")
    );
    let html = got.body.as_str().unwrap();
    assert!(html.matches("<script").count() == 1 && !html.contains("style="));
    assert!(!html.contains("{base}") && html.contains("export TERAPI_URL=\"http"));
    let start = "curl -X POST &quot;$TERAPI_URL/connect/sessions&quot; \\\n  -H &quot;Authorization: Bearer $TERAPI_SECRET_KEY&quot;";
    assert!(html.contains(start), "an example can be copied");
    let document = serde_json::to_value(terapi::router::describe()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let tag = operation["tags"][0].as_str().unwrap();
            let is_shown = document["tags"]
                .as_array()
                .unwrap()
                .iter()
                .any(|known| known["name"] == tag);
            assert!(
                is_shown,
                "{method} {path}: the document does not know the tag {tag}"
            );
            let shown = format!(">{}</span><span class=\"path\">{path}<", method.to_uppercase());
            assert_eq!(
                html.matches(&shown).count(),
                2,
                "{shown}: in the contents and as a section"
            );
        }
    }
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(html.contains(&format!("id=\"schema-{name}\"")), "{name}");
    }
    for link in html.split("href=\"#").skip(1) {
        let anchor = link.split('"').next().unwrap();
        assert_eq!(html.matches(&format!("id=\"{anchor}\"")).count(), 1, "#{anchor}");
    }
    for (file, kind) in [("css", "text/css"), ("js", "text/javascript")] {
        assert!(html.contains(&format!("\"reference.{file}\"")), "{file}");
        let got = app.anon().get(&format!("/docs/reference.{file}")).await;
        let kind = format!("{kind}; charset=utf-8");
        assert_eq!(
            (got.status.as_u16(), got.header("content-type")),
            (200, kind.as_str())
        );
    }
}

/// Operations of modes and of a product that this version does not have.
const ALWAYS_REFUSED: [&str; 4] = [
    "/app-store-auth/{integration}",
    "/auth/{mode}/{integration}",
    "/integrations/quickstart",
    "/oauth2/auth/{integration}",
];

/// Pages and files, what only a browser or a provider calls, and other names of what is described.
const NOT_DESCRIBED: [&str; 17] = [
    "/",
    "/app-auth/connect",
    "/assets/",
    "/connect/ui",
    "/connection/metadata",
    "/connections/metadata",
    "/connection/{connection_id}/field-mapping",
    "/docs/",
    "/favicon.ico",
    "/images/",
    "/integrations/quickstart",
    "/oauth/callback",
    "/oauth/client-metadata",
    "/oauth/connect/",
    "/robots.txt",
    "/sdk/",
    "/auth/",
];

#[test]
fn every_public_route_is_described_or_known_not_to_be() {
    let document = serde_json::to_value(terapi::router::describe()).unwrap();
    for route in terapi::router::table() {
        let (Family::Public, Some(method)) = (route.family, route.method) else {
            continue;
        };
        let operation = &document["paths"][&route.path][method.to_lowercase()];
        let is_known = NOT_DESCRIBED
            .iter()
            .any(|known| route.path == *known || (known.len() > 1 && route.path.starts_with(known)));
        assert!(
            operation.is_object() || is_known || method == "OPTIONS",
            "{method} {}",
            route.path
        );
    }
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let is_served = terapi::router::table().iter().any(|route| {
                // The document knows no parameter that takes slashes; such a route is there to refuse them.
                route.path.replace("{*", "{") == *path
                    && route
                        .method
                        .is_some_and(|served| served.eq_ignore_ascii_case(method))
            });
            assert!(
                is_served || path == "/auth/{mode}/{integration}",
                "{method} {path}"
            );
        }
    }
}

#[test]
fn every_operation_describes_its_failures_and_has_an_id_of_its_own() {
    let document = serde_json::to_value(terapi::router::describe()).unwrap();
    let mut ids = std::collections::BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let place = format!("{method} {path}");
            let responses = operation["responses"].as_object().unwrap();
            let succeeds = responses.keys().any(|status| status.starts_with(['2', '3']));
            assert!(succeeds || ALWAYS_REFUSED.contains(&path.as_str()), "{place}");
            assert!(responses.contains_key("500"), "{place}");
            let is_open = operation["security"].as_array().is_none_or(Vec::is_empty);
            let asks = ["400", "401", "415", "429"];
            assert!(
                is_open || asks.iter().all(|status| responses.contains_key(*status)),
                "{place}"
            );
            assert!(
                !operation["description"].is_null() || !operation["summary"].is_null(),
                "{place}"
            );
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{place}: the id {id} is taken");
        }
    }
}

#[test]
fn readers_of_the_document_are_sent_to_no_other_and_see_what_is_deprecated() {
    let document = serde_json::to_value(terapi::router::describe()).unwrap();
    assert!(!document.to_string().contains(".md"));
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let tags = operation["tags"].as_array().unwrap();
            let is_old = tags.iter().any(|tag| tag == "Deprecated");
            let is_said = operation["deprecated"].as_bool().unwrap_or(false);
            assert_eq!(is_old, is_said, "{method} {path}");
        }
    }
}
