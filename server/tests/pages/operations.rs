//! The operation log in the dashboard.

use http::StatusCode;

use crate::house::{Browser, House};

/// An integration in `dev` that takes API keys, and two sessions for it: one that nobody has used, one that has
/// connected. Answers their operations.
async fn with_attempts(owner: &mut Browser) -> (String, String) {
    let form = [
        ("unique_key", "weather"),
        ("config.base_url", "https://api.example.com"),
    ];
    let made = owner
        .post("/app/dev/integrations/new/generic-api-key", &form)
        .await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.body);
    let mut operations = Vec::new();
    for key in [None, Some("canary-key")] {
        let form = [("integration", "weather"), ("end_user", "user-1")];
        let opened = owner.post("/app/dev/connections/new", &form).await;
        let word_after = |mark: &str| -> String {
            let (_, rest) = opened.body.split_once(mark).unwrap();
            rest.chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect()
        };
        let (token, operation) = (word_after("session_token="), word_after("operation="));
        if let Some(key) = key {
            let form = [
                ("session_token", token.as_str()),
                ("integration", "weather"),
                ("credentials.api_key", key),
            ];
            let connected = owner.post("/connect/ui/start", &form).await;
            assert!(!connected.status.is_client_error(), "{}", connected.body);
        }
        operations.push(operation);
    }
    (operations[0].clone(), operations[1].clone())
}

#[tokio::test]
async fn a_reference_leads_to_its_operation_and_filters_narrow_the_list() {
    let house = House::open().await;
    let mut owner = house.owner().await;
    let empty = owner.get("/app/dev/logs").await;
    assert!(empty.body.contains("Nothing has happened yet"));
    let (open, done) = with_attempts(&mut owner).await;

    let list = owner.get("/app/dev/logs").await;
    for operation in [&open, &done] {
        let address = format!("/app/dev/logs/{operation}");
        assert!(list.body.contains(&address), "{}", list.body);
        let found = owner.get(&format!("/app/dev/logs?reference=+{operation}+")).await;
        assert_eq!(
            (found.status, found.location()),
            (StatusCode::SEE_OTHER, address.as_str())
        );
        let page = owner.get(&address).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains("user-1"));
        assert!(page.body.contains("weather"), "the only one that is allowed");
        assert!(!page.body.contains("canary-key"), "no secret is in the log");
    }
    for (query, has_open, has_done) in [
        ("state=success", false, true),
        ("state=running", true, false),
        ("integration=weather", true, true),
        ("integration=weather&state=success", false, true),
        ("integration=other", false, false),
        ("connection=nobody", false, false),
    ] {
        let page = owner.get(&format!("/app/dev/logs?{query}")).await;
        assert_eq!(page.body.contains(&format!("/logs/{open}")), has_open, "{query}");
        assert_eq!(page.body.contains(&format!("/logs/{done}")), has_done, "{query}");
    }

    let unknown = owner.get("/app/dev/logs?reference=opn_nothing").await;
    assert_eq!(unknown.status, StatusCode::OK);
    assert!(
        unknown
            .body
            .contains("No operation of this environment has the reference")
    );
    let elsewhere = owner.get(&format!("/app/prod/logs/{done}")).await;
    assert_eq!(elsewhere.status, StatusCode::NOT_FOUND, "another environment's");
    let elsewhere = owner.get(&format!("/app/prod/logs?reference={done}")).await;
    assert_eq!(elsewhere.status, StatusCode::OK);
    let stranger = house.browser().get(&format!("/app/dev/logs/{done}")).await;
    assert!(stranger.location().starts_with("/app/~/sign-in"));
}
