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
