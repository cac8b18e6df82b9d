use reqwest::Method;
use terapi::route::Family;
use terapi::router::table;

use crate::app::TestApp;

/// A path with its parameters filled in.
fn filled(path: &str) -> String {
    let parts: Vec<String> = path
        .split('/')
        .map(|part| match part.strip_prefix("{*") {
            Some(_) => "a/b".to_owned(),
            None if part.starts_with('{') => "a".to_owned(),
            None => part.to_owned(),
        })
        .collect();
    parts.join("/")
}

#[tokio::test]
async fn every_row_of_the_table_is_served() {
    let app = TestApp::spawn().await;
    for route in table().into_iter().filter(|route| route.family == Family::Public) {
        let method: Method = route.method.unwrap_or("GET").parse().unwrap();
        let got = app.anon().send(method, &filled(&route.path), None).await;
        assert_ne!(got.code(), "method_not_allowed", "{route:?}");
        let is_unknown = got.body["error"]["message"]
            .as_str()
            .is_some_and(|text| text.starts_with("there is nothing at"));
        assert!(!is_unknown, "{route:?}: {got:?}");
        assert_ne!(got.status.as_u16(), 500, "{route:?}: {got:?}");
    }
}

#[test]
fn no_row_is_there_twice_and_families_do_not_mix() {
    let table = table();
    let mut seen = table.clone();
    seen.dedup();
    assert_eq!(seen, table);
    for route in table {
        let is_cookie = ["/app", "/ui"]
            .iter()
            .any(|prefix| route.path == *prefix || route.path.starts_with(&format!("{prefix}/")));
        assert_eq!(route.family == Family::Cookie, is_cookie, "{route:?}");
    }
}
