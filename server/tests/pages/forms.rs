//! The dashboard's forms as a browser without scripts sends them.

use http::StatusCode;

use crate::house::{Answer, EMAIL, House, PASSWORD};

/// The first thing in a page that looks like a secret key.
fn secret_key(answer: &Answer) -> Option<String> {
    let start = answer.body.find("terapi_sk_")?;
    let end = answer.body[start..].find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))?;
    Some(answer.body[start..start + end].to_owned()).filter(|key| key.len() > 40)
}

#[tokio::test]
async fn from_the_setup_link_to_an_api_key_without_scripts() {
    let house = House::open().await;
    let mut browser = house.browser();
    let setup = house.setup_path().await;
    let page = browser.get(&setup).await;
    assert_eq!(page.status, StatusCode::OK);

    let short = [
        ("name", "Ada"),
        ("account", "Example"),
        ("email", EMAIL),
        ("password", "short"),
    ];
    let refused = browser.post(&setup, &short).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.body.contains("aria-invalid") && refused.body.contains(EMAIL),
        "typed values come back"
    );
    assert!(!refused.body.contains("value=\"short\""), "passwords do not");

    let form = [
        ("name", "Ada"),
        ("account", "Example"),
        ("email", EMAIL),
        ("password", PASSWORD),
    ];
    let done = browser.post(&setup, &form).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert!(browser.session().is_some(), "signing up signs in");
    let mut other = house.browser();
    let again = other.post(&setup, &form).await;
    assert_eq!(
        again.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "the link works once"
    );
    assert_eq!(other.session(), None);
    assert_eq!(other.get(&setup).await.status, StatusCode::NOT_FOUND);

    let start = browser.get("/app").await;
    assert_eq!(start.location(), "/app/dev");
    assert_eq!(browser.get("/app/dev").await.status, StatusCode::OK);

    let form = [
        ("unique_key", "github"),
        ("client_id", "id-1"),
        ("client_secret", "canary-secret-1"),
        ("scope", "repo"),
    ];
    let made = browser.post("/app/dev/integrations/new/github", &form).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.body);
    let details = browser.get(made.location()).await;
    assert_eq!(details.status, StatusCode::OK);
    assert!(details.body.contains("id-1") && details.body.contains("http://localhost:3003/oauth/callback"));
    assert!(
        !details.body.contains("canary-secret-1"),
        "a secret is shown only when it is revealed"
    );
    assert!(browser.get("/app/dev/integrations").await.body.contains("github"));

    let created = browser
        .post("/app/dev/settings/keys", &[("name", "Backend"), ("expiry", "")])
        .await;
    assert_eq!(created.status, StatusCode::OK, "{}", created.body);
    let key = secret_key(&created).expect("the page shows the key");
    assert!(house.broker.keys().authenticate(&key).await.is_ok());
    let settings = browser.get("/app/dev/settings/keys").await;
    assert!(
        settings.body.contains("Backend") && !settings.body.contains(&key),
        "and never again"
    );

    let out = browser.post("/app/~/sign-out", &[]).await;
    assert_eq!(out.status, StatusCode::SEE_OTHER);
    assert_eq!(
        browser.get("/app/dev/settings/keys").await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn the_theme_is_remembered() {
    let house = House::open().await;
    let mut owner = house.owner().await;
    let answer = owner
        .post("/app/~/theme", &[("theme", "dark"), ("back", "/app/dev/logs")])
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(
        owner
            .get("/app/dev/logs")
            .await
            .body
            .contains("data-theme=\"dark\"")
    );
}
