//! Attempts that are begun before their browser comes, and those that end on the page they began on.

use terapi_broker::connect::{BrowserId, BrowserInput, DepartError, Prepared, ResultHolder};
use terapi_broker::environments::EnvironmentPatch;
use terapi_model::{ErrorCode, LogLevel, OAuthAttemptId, OperationState};
use terapi_store::oauth_attempts::{self, OAuthAttemptRow};

use crate::database::on_each;
use crate::flow::{COOKIE, Flow, integration};

/// What its link says: the attempt, and the secret.
fn link(prepared: &Prepared) -> (OAuthAttemptId, String) {
    let find = |name: &str| {
        let mut pairs = prepared.start_url.query_pairs();
        pairs.find(|(found, _)| found == name).unwrap().1.into_owned()
    };
    (OAuthAttemptId::parse(&find("attempt")).unwrap(), find("link"))
}

async fn prepare(flow: &Flow, input: BrowserInput) -> Prepared {
    let auth = flow.session().await;
    let connect = flow.house.broker.connect();
    connect.prepare(&auth, &integration("acme"), input).await.unwrap()
}

async fn depart(flow: &Flow, at: &(OAuthAttemptId, String), cookie: &str) -> Result<url::Url, DepartError> {
    let connect = flow.house.broker.connect();
    let departed = connect.depart(&at.0, &at.1, &BrowserId::of_cookie(cookie)).await;
    departed.map_err(|refused| refused.why.error)
}

#[tokio::test]
async fn a_link_that_is_good_no_more_names_its_operation_and_says_so_there() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let prepared = prepare(&flow, BrowserInput::default()).await;
        let (attempt, link) = link(&prepared);
        let connect = flow.house.broker.connect();
        let (first, second) = (BrowserId::of_cookie(COOKIE), BrowserId::of_cookie("another"));
        connect.depart(&attempt, &link, &first).await.unwrap();
        for _ in 0..5 {
            let refused = connect.depart(&attempt, &link, &second).await.unwrap_err();
            assert_eq!(refused.why.operation_id.as_ref(), Some(&prepared.operation_id));
        }
        let (operation, lines) = flow.log().await.remove(0);
        assert_eq!(
            operation.state,
            OperationState::Running,
            "the first browser is on its way"
        );
        let warned = lines.iter().filter(|line| line.level == LogLevel::Warn);
        assert_eq!(warned.count(), 3, "{lines:?}");
        let nowhere = OAuthAttemptId::parse("att_00000000000000000000000000").unwrap();
        let refused = connect.depart(&nowhere, &link, &first).await.unwrap_err();
        assert_eq!(refused.why.operation_id, None);
    })
    .await;
}

#[tokio::test]
async fn a_prepared_attempt_belongs_to_the_first_browser_that_comes_with_its_link() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let prepared = prepare(&flow, BrowserInput::default()).await;
        assert!(
            prepared
                .start_url
                .as_str()
                .starts_with("http://localhost:3003/connect/ui/go?")
        );
        let at = link(&prepared);
        let wrong = (at.0.clone(), "x".repeat(43));
        assert!(matches!(
            depart(&flow, &wrong, COOKIE).await,
            Err(DepartError::Unknown)
        ));
        let consent = depart(&flow, &at, COOKIE).await.unwrap();
        assert_eq!(
            depart(&flow, &at, COOKIE).await.unwrap(),
            consent,
            "a page that is loaded anew"
        );
        assert!(matches!(
            depart(&flow, &at, "another").await,
            Err(DepartError::Unknown)
        ));
        let back = flow.consent_at(&consent).await;
        flow.complete(back).await.outcome.unwrap();
        assert!(matches!(
            depart(&flow, &at, COOKIE).await,
            Err(DepartError::Unknown)
        ));
        assert!(!flow.house.has_bytes(&at.1), "the link lies hashed");
    })
    .await;
}

#[tokio::test]
async fn nobody_completes_a_prepared_attempt_before_its_browser_came() {
    let flow = Flow::start().await;
    let prepared = prepare(&flow, BrowserInput::default()).await;
    let at = link(&prepared);
    let consent = depart(&flow, &at, "the right browser").await.unwrap();
    let back = flow.consent_at(&consent).await;
    let failed = flow.complete(back).await.outcome.unwrap_err();
    assert_eq!(failed.error.code(), ErrorCode::StateCookieErr);
}

#[tokio::test]
async fn a_link_works_ten_minutes() {
    let flow = Flow::start().await;
    let at = link(&prepare(&flow, BrowserInput::default()).await);
    flow.house.clock.advance_seconds(600);
    assert!(matches!(
        depart(&flow, &at, COOKIE).await,
        Err(DepartError::Unknown)
    ));
}

#[tokio::test]
async fn the_browser_returns_only_to_origins_that_the_environment_allows() {
    let flow = Flow::start().await;
    let patch = EnvironmentPatch {
        allowed_origins: Some(vec!["https://app.example.com".into()]),
        ..EnvironmentPatch::default()
    };
    let environments = flow.house.broker.environments();
    environments.update(&flow.caller, patch).await.unwrap();
    let auth = flow.session().await;
    let connect = flow.house.broker.connect();
    let to = |address: &str| BrowserInput {
        return_url: Some(address.to_owned()),
        ..BrowserInput::default()
    };
    for bad in [
        "https://evil.example/",
        "https://app.example.com.evil.example/",
        "https://app.example.com@evil.example/",
        "https://user@app.example.com/",
        "https://app.example.com:8443/",
        "http://app.example.com/",
        "//app.example.com/",
        "/done",
        "javascript:alert(1)",
        "data:text/html,x",
        "x",
    ] {
        let refused = connect
            .prepare(&auth, &integration("acme"), to(bad))
            .await
            .unwrap_err();
        assert_eq!(refused.error.code(), ErrorCode::InvalidQueryParams, "{bad}");
    }
    let good = "https://app.example.com/done?a=b#c";
    let begun = flow.begin(&auth, to(good)).await.unwrap();
    let completed = flow.complete(flow.consent(&begun).await).await;
    completed.outcome.unwrap();
    assert_eq!(completed.return_url.unwrap().as_str(), good);
}

#[tokio::test]
async fn without_allowed_origins_no_browser_is_sent_anywhere() {
    let flow = Flow::start().await;
    let input = BrowserInput {
        return_url: Some("http://localhost:3003/".into()),
        ..BrowserInput::default()
    };
    let auth = flow.session().await;
    assert!(flow.begin(&auth, input).await.is_err());
}

#[tokio::test]
async fn an_attempt_that_nobody_finished_is_given_up_a_minute_after_its_time() {
    let flow = Flow::start().await;
    let auth = flow.session().await;
    let begun = flow.begin(&auth, BrowserInput::default()).await.unwrap();
    let holder = ResultHolder::Session(auth.session().unwrap());
    let connect = flow.house.broker.connect();
    flow.house.clock.advance_seconds(10 * 60 + 60);
    let pending = connect.attempt(holder, &begun.attempt_id).await.unwrap().unwrap();
    assert_eq!(pending.result, None);
    flow.house.clock.advance_seconds(1);
    let over = connect.attempt(holder, &begun.attempt_id).await.unwrap().unwrap();
    assert!(over.result.is_some());
    let other = flow.session().await;
    let holder = ResultHolder::Session(other.session().unwrap());
    assert_eq!(connect.attempt(holder, &begun.attempt_id).await.unwrap(), None);
}

#[tokio::test]
async fn who_has_a_public_key_has_ten_thousand_authorizations_under_way_and_shuts_no_session_out() {
    let flow = Flow::start().await;
    let auth = flow.public_key();
    let begun = flow.begin(&auth, BrowserInput::default()).await.unwrap();
    let store = flow.house.broker.store();
    let mut db = store.read().await.unwrap();
    let one = oauth_attempts::find(&mut db, &begun.attempt_id)
        .await
        .unwrap()
        .unwrap();
    drop(db);
    let mut tx = store.begin().await.unwrap();
    for number in 1..10_000 {
        let other = OAuthAttemptRow {
            id: OAuthAttemptId::from_stored(format!("att_{number}")),
            state_hash: number.to_string(),
            ..one.clone()
        };
        oauth_attempts::insert(&mut tx, &other).await.unwrap();
    }
    tx.commit().await.unwrap();
    let refused = flow.begin(&auth, BrowserInput::default()).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::TooManyRequest);
    let session = flow.session().await;
    for _ in 0..200 {
        flow.begin(&session, BrowserInput::default()).await.unwrap();
    }
    let refused = flow.begin(&session, BrowserInput::default()).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::TooManyRequest);
    let other = flow.session().await;
    flow.begin(&other, BrowserInput::default()).await.unwrap();
    let back = flow.consent(&begun).await;
    flow.complete(back).await.outcome.unwrap();
    flow.begin(&auth, BrowserInput::default()).await.unwrap();
}
