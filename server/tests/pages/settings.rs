//! The sections of Environment Settings, as a browser without scripts uses them.

use http::StatusCode;
use terapi_broker::environments::Environment;
use terapi_model::Role;

use crate::house::{Answer, Browser, EMAIL, House, PASSWORD};

const SECTIONS: [&str; 9] = [
    "",
    "/keys",
    "/callback",
    "/webhooks",
    "/connect-ui",
    "/origins",
    "/public-key",
    "/hmac",
    "/variables",
];

fn at(section: &str) -> String {
    format!("/app/dev/settings{section}")
}

async fn environment(house: &House, name: &str) -> Environment {
    let operator = house.operator().await;
    let found = house.broker.operators().caller(&operator, name).await;
    found.unwrap().unwrap().1
}

/// Saves a form that must be taken, and shows where that leads.
async fn save(browser: &mut Browser, section: &str, fields: &[(&str, &str)]) -> Answer {
    let saved = browser.post(&at(section), fields).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    let location = saved.location().to_owned();
    let page = browser.get(&location).await;
    assert_eq!(page.status, StatusCode::OK);
    page
}

/// Sends a form that must come back, with an error at `field` and nowhere else.
async fn refused(browser: &mut Browser, section: &str, fields: &[(&str, &str)], field: &str) -> Answer {
    let answer = browser.post(&at(section), fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
    assert!(
        answer.body.contains(&format!("id=\"problem-{field}\"")),
        "{}",
        answer.body
    );
    assert!(
        !answer.body.contains("id=\"problems\""),
        "what is wrong with one field is said once"
    );
    assert!(focused(&answer).contains(&format!("id=\"field-{field}\"")));
    answer
}

/// The tag of what has the focus when the page is loaded.
fn focused(answer: &Answer) -> &str {
    let mut tags = answer.body.split('<').filter_map(|html| html.split('>').next());
    tags.find(|tag| tag.contains(" autofocus")).unwrap_or_default()
}

/// A browser of somebody who may look and not touch.
async fn viewer(house: &House) -> Browser {
    let operators = house.broker.operators();
    let link = operators
        .invite(EMAIL, "vic@example.com", Role::Viewer)
        .await
        .unwrap();
    let path = link.split_once("/app/").unwrap().1;
    let mut browser = house.browser();
    let form = [
        ("email", "vic@example.com"),
        ("password", PASSWORD),
        ("name", "Vic"),
    ];
    let joined = browser.post(&format!("/app/{path}"), &form).await;
    assert_eq!(joined.status, StatusCode::SEE_OTHER, "{}", joined.body);
    browser
}

#[tokio::test]
async fn every_section_is_a_page_that_leads_to_all_others() {
    let house = House::open().await;
    let mut owner = house.owner().await;
    for section in SECTIONS {
        let page = owner.get(&at(section)).await;
        assert_eq!(page.status, StatusCode::OK, "{section}");
        for other in SECTIONS {
            assert!(
                page.body.contains(&format!("href=\"{}\"", at(other))),
                "{section} leads to {other}"
            );
        }
        let here = format!("href=\"{}\" aria-current=\"page\"", at(section));
        assert!(page.body.contains(&here), "{section} says where one is");
    }
}

#[tokio::test]
async fn the_public_key_is_switched() {
    let house = House::open().await;
    let mut owner = house.owner().await;
    let both = [("public_key_enabled", "on"), ("public_key_may_overwrite", "on")];
    save(&mut owner, "/public-key", &both).await;
    let saved = environment(&house, "dev").await;
    assert!(saved.public_key_enabled && saved.public_key_may_overwrite);
    let page = save(&mut owner, "/public-key", &[]).await;
    assert!(page.body.contains("Refused: browsers need a Connect session"));
    let saved = environment(&house, "dev").await;
    assert!(!saved.public_key_enabled && !saved.public_key_may_overwrite);
}

#[tokio::test]
async fn hmac_is_set_required_checked_and_replaced() {
    let house = House::open().await;
    let mut owner = house.owner().await;
    save(&mut owner, "/public-key", &[]).await;
    let on = [("intent", "save"), ("hmac_enabled", "on")];
    let made = save(&mut owner, "/hmac", &on).await;
    assert!(made.body.contains("A key was made"), "{}", made.body);
    let saved = environment(&house, "dev").await;
    assert!(saved.hmac_enabled && saved.has_hmac_key);
    save(&mut owner, "/hmac", &[("intent", "save")]).await;
    save(&mut owner, "/public-key", &[]).await;

    let with_key = [on[0], on[1], ("hmac_key", "my-hmac-key")];
    let page = save(&mut owner, "/hmac", &with_key).await;
    assert!(page.body.contains("The public key is now accepted, too."));
    assert!(
        !page.body.contains("my-hmac-key"),
        "a key is shown when it is revealed"
    );
    let saved = environment(&house, "dev").await;
    assert!(saved.public_key_enabled && saved.hmac_enabled);
    let revealed = owner.post(&at("/hmac/reveal"), &[]).await;
    assert!(revealed.body.contains("my-hmac-key"));

    // browser-and-modes.md 4.1
    let digest = "dbafcb18d0adf353c4855deb99ab1f9ebe9cc89c32da8f1a67adceed564dcfbf";
    let ask = [
        ("intent", "check"),
        ("integration", "github"),
        ("connection", "conn-1"),
    ];
    let answer = owner.post(&at("/hmac"), &ask).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains(digest) && answer.body.contains("github:conn-1"));
    for (received, verdict) in [(digest, "digest matches"), ("03c3", "digest does not match")] {
        let compared = [ask[0], ask[1], ask[2], ("received", received)];
        let answer = owner.post(&at("/hmac"), &compared).await;
        assert!(answer.body.contains(verdict), "{received}: {}", answer.body);
    }

    refused(&mut owner, "/hmac", &[("intent", "replace")], "sure").await;
    save(&mut owner, "/hmac", &[("intent", "replace"), ("sure", "on")]).await;
    let answer = owner.post(&at("/hmac"), &ask).await;
    assert!(!answer.body.contains(digest), "another key, another digest");
}

#[tokio::test]
async fn a_custom_callback_url_is_what_integrations_show() {
    let house = House::open().await;
    let mut owner = house.owner().await;
    let form = [
        ("unique_key", "github"),
        ("client_id", "id-1"),
        ("client_secret", "hush"),
    ];
    owner.post("/app/dev/integrations/new/github", &form).await;
    let own = "http://localhost:3003/oauth/callback";
    let custom = "https://connect.example.com/back/to?us";
    let wrong = [
        ("callback_url", "http://connect.example.com"),
        ("callback_bound", "on"),
    ];
    let answer = refused(&mut owner, "/callback", &wrong, "callback_url").await;
    assert!(
        answer.body.contains("value=\"http://connect.example.com\""),
        "what was typed comes back"
    );

    let page = save(&mut owner, "/callback", &[("callback_url", custom)]).await;
    assert!(
        page.body.contains("accepted from any browser"),
        "binding was switched off"
    );
    assert!(
        page.body
            .contains("return 308 http://localhost:3003/oauth/callback$is_args$args;")
    );
    assert!(!environment(&house, "dev").await.callback_bound);
    assert!(
        owner
            .get("/app/dev/integrations/github")
            .await
            .body
            .contains(custom)
    );

    let page = save(
        &mut owner,
        "/callback",
        &[("callback_url", ""), ("callback_bound", "on")],
    )
    .await;
    assert!(!page.body.contains("accepted from any browser"));
    let integration = owner.get("/app/dev/integrations/github").await;
    assert!(integration.body.contains(own) && !integration.body.contains(custom));
}

#[tokio::test]
async fn allowed_origins_are_a_list() {
    let house = House::open().await;
    let mut owner = house.owner().await;
    let typed = "https://App.example.com/\r\nhttp://localhost:4000, https://app.example.com";
    save(&mut owner, "/origins", &[("allowed_origins", typed)]).await;
    let saved = environment(&house, "dev").await.allowed_origins;
    assert_eq!(saved, ["https://app.example.com", "http://localhost:4000"]);
    for (typed, said) in [
        (
            "https://app.example.com\r\nnot-an-origin",
            "Line 2 (“not-an-origin”) is not an origin",
        ),
        (
            "*\r\nhttps://app.example.com\r\nnull, https://app.example.com/page",
            "Line 1 (“*”), line 3 (“null”), line 3 (“https://app.example.com/page”) are not origins",
        ),
    ] {
        let answer = refused(
            &mut owner,
            "/origins",
            &[("allowed_origins", typed)],
            "allowed_origins",
        )
        .await;
        assert!(answer.body.contains(said), "{}", answer.body);
    }
    save(&mut owner, "/origins", &[("allowed_origins", "")]).await;
    assert!(environment(&house, "dev").await.allowed_origins.is_empty());
}

#[tokio::test]
async fn webhooks_have_an_address_switches_and_a_key() {
    let house = House::open().await;
    let mut owner = house.owner().await;
    let page = owner.get(&at("/webhooks")).await;
    assert!(page.body.contains("Send new connection creation webhooks"));
    let form = [
        ("intent", "save"),
        ("webhook_url", "https://api.example.com/hook"),
        ("webhook_on_refresh_error", "on"),
    ];
    save(&mut owner, "/webhooks", &form).await;
    let saved = environment(&house, "dev").await;
    assert_eq!(saved.webhook_url.as_deref(), Some("https://api.example.com/hook"));
    assert!(saved.webhook_on_refresh_error && !saved.webhook_on_creation);
    let own = [("intent", "save"), ("webhook_url", "http://localhost:3003/hook")];
    refused(&mut owner, "/webhooks", &own, "webhook_url").await;

    let key = async |browser: &mut Browser| -> String {
        let shown = browser.post(&at("/webhooks/reveal"), &[]).await;
        let operator = house.operator().await;
        let (caller, _) = house
            .broker
            .operators()
            .caller(&operator, "dev")
            .await
            .unwrap()
            .unwrap();
        let key = house.broker.environments().webhook_signing_key(&caller).await;
        let key = key.unwrap().unwrap().expose().clone();
        assert!(shown.body.contains(&key));
        key
    };
    let before = key(&mut owner).await;
    refused(&mut owner, "/webhooks", &[("intent", "rotate")], "sure").await;
    let rotated = owner
        .post(&at("/webhooks"), &[("intent", "rotate"), ("sure", "on")])
        .await;
    let after = key(&mut owner).await;
    assert_ne!(before, after);
    assert!(rotated.body.contains(&after), "the new key is shown at once");
}

#[tokio::test]
async fn the_look_of_connect_is_checked_and_saved() {
    let house = House::open().await;
    let mut owner = house.owner().await;
    let look = |light: &'static str| {
        [
            ("intent", "look"),
            ("product_name", "Analytical Engines"),
            ("light", light),
            ("dark", "#ffd400"),
            ("default_theme", "dark"),
        ]
    };
    let answer = refused(&mut owner, "/connect-ui", &look("blue"), "light").await;
    assert!(
        answer.body.contains("Analytical Engines"),
        "what was typed comes back"
    );
    let page = save(&mut owner, "/connect-ui", &look("#FFD400")).await;
    assert!(page.body.contains("Text on buttons is black"));
    assert!(
        page.body.contains("Links and outlines use #"),
        "yellow cannot be read on white"
    );
    let saved = environment(&house, "dev").await.connect_ui;
    assert_eq!(saved.theme.light.primary, "#ffd400");
    assert!(!saved.show_watermark);

    let dot = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    let page = save(&mut owner, "/connect-ui", &[("intent", "logo"), ("logo", dot)]).await;
    assert!(page.body.contains("/images/environments/"));
    save(&mut owner, "/connect-ui", &look("#0f6b5c")).await;
    assert!(
        environment(&house, "dev").await.connect_ui.logo.is_some(),
        "the logo stays"
    );
    let svg = [("intent", "logo"), ("logo", "data:image/svg+xml;base64,PHN2Zy8+")];
    refused(&mut owner, "/connect-ui", &svg, "logo").await;
    save(&mut owner, "/connect-ui", &[("intent", "remove-logo")]).await;
    assert_eq!(environment(&house, "dev").await.connect_ui.logo, None);
}

#[tokio::test]
async fn variables_are_set_revealed_and_deleted() {
    let house = House::open().await;
    let mut owner = house.owner().await;
    let set = [("name", "REGION"), ("value", "canary-eu")];
    let page = save(&mut owner, "/variables", &set).await;
    assert!(page.body.contains("REGION") && !page.body.contains("canary-eu"));
    let blank = [("name", "two words"), ("value", "canary-x")];
    let answer = refused(&mut owner, "/variables", &blank, "name").await;
    assert!(answer.body.contains("two words") && !answer.body.contains("canary-x"));
    let revealed = owner.post(&at("/variables/reveal"), &[]).await;
    assert!(revealed.body.contains("canary-eu"));

    let delete = at("/variables/REGION/delete");
    assert_eq!(owner.get(&delete).await.status, StatusCode::OK);
    let wrong = owner.post(&delete, &[("confirmation", "region")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let gone = owner.post(&delete, &[("confirmation", "REGION")]).await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER);
    assert_eq!(owner.get(&delete).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_viewer_reads_settings_and_changes_none() {
    let house = House::open().await;
    let mut owner = house.owner().await;
    save(
        &mut owner,
        "/variables",
        &[("name", "REGION"), ("value", "canary-eu")],
    )
    .await;
    save(&mut owner, "/hmac", &[("hmac_key", "canary-key")]).await;
    let mut viewer = viewer(&house).await;
    for section in SECTIONS {
        let page = viewer.get(&at(section)).await;
        assert_eq!(page.status, StatusCode::OK, "{section}");
        assert!(!page.body.contains("canary"), "{section}");
    }
    let dot = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    for (path, form) in [
        ("/keys", &[("name", "mine")][..]),
        ("/callback", &[("callback_url", "")]),
        ("/webhooks", &[("webhook_url", "https://api.example.com/hook")]),
        ("/webhooks", &[("intent", "rotate"), ("sure", "on")]),
        ("/webhooks/reveal", &[]),
        ("/connect-ui", &[("light", "#000000"), ("dark", "#ffffff")]),
        ("/connect-ui", &[("intent", "logo"), ("logo", dot)]),
        ("/connect-ui", &[("intent", "remove-logo")]),
        ("/origins", &[("allowed_origins", "")]),
        ("/public-key", &[]),
        ("/hmac", &[("hmac_enabled", "on")]),
        ("/hmac", &[("intent", "replace"), ("sure", "on")]),
        ("/hmac", &[("intent", "check"), ("integration", "github")]),
        ("/hmac/reveal", &[]),
        ("/variables", &[("name", "MORE"), ("value", "x")]),
        ("/variables/reveal", &[]),
        ("/variables/REGION/delete", &[("confirmation", "REGION")]),
    ] {
        let answer = viewer.post(&at(path), form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {form:?}");
        assert!(!answer.body.contains("canary"), "{path}");
    }
}
