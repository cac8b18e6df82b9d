use http::StatusCode;

use crate::house::{EMAIL, House, PASSWORD};

#[tokio::test]
async fn five_wrong_passwords_pause_sign_in_known_or_not() {
    let house = House::open().await;
    house.owner().await;
    for email in [EMAIL, "nobody@example.com"] {
        let mut browser = house.browser();
        for _ in 0..5 {
            let answer = browser.sign_in(email, "not the password").await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(answer.body.contains(email), "what was typed is kept");
            assert!(!answer.body.contains("not the password"), "but no password is");
        }
        let answer = browser.sign_in(email, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        let wait: i64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=900).contains(&wait), "{wait}");
        assert!(answer.body.contains("<form"), "it is the page again");
        assert_eq!(browser.session(), None);
        house.clock.advance_seconds(901);
    }
    assert_eq!(
        house.browser().sign_in(EMAIL, PASSWORD).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn twenty_wrong_passwords_pause_an_address() {
    let house = House::open().await;
    house.owner().await;
    let mut browser = house.browser();
    browser.address = [203, 0, 113, 5].into();
    for n in 0..20 {
        browser
            .sign_in(&format!("a{n}@example.com"), "not the password")
            .await;
    }
    assert_eq!(
        browser.sign_in(EMAIL, PASSWORD).await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
    browser.address = [203, 0, 113, 6].into();
    assert_eq!(
        browser.sign_in(EMAIL, PASSWORD).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn pages_need_somebody_signed_in_and_foreign_environments_are_not_found() {
    let house = House::open().await;
    let answer = house.browser().get("/app/dev/integrations").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(
        answer.location(),
        "/app/~/sign-in?next=%2Fapp%2Fdev%2Fintegrations"
    );

    let mut owner = house.owner().await;
    for path in [
        "/app/nowhere",
        "/app/nowhere/integrations",
        "/app/dev/nothing",
        "/app/~/nothing",
    ] {
        assert_eq!(owner.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(owner.get("/app").await.location(), "/app/dev");
}

#[tokio::test]
async fn an_empty_instance_says_where_the_setup_link_is() {
    let house = House::open().await;
    let answer = house.browser().get("/app").await;
    let answer = match answer.status {
        StatusCode::SEE_OTHER => house.browser().get(answer.location()).await,
        _ => answer,
    };
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("setup link"), "{}", answer.body);
}

#[tokio::test]
async fn more_sign_ins_than_fit_are_turned_away_and_cost_nobody_a_try() {
    let house = House::open().await;
    house.owner().await;
    let crowd = (0..120_u8).map(|n| {
        let mut browser = house.browser();
        browser.address = [198, 51, 100, n].into();
        async move {
            browser
                .sign_in(&format!("a{n}@example.com"), "not the password")
                .await
        }
    });
    let answers = futures::future::join_all(crowd).await;
    let busy: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status == StatusCode::SERVICE_UNAVAILABLE)
        .collect();
    assert!(!busy.is_empty(), "some were turned away");
    for answer in &busy {
        assert!(
            answer.header("retry-after").is_some() && answer.body.contains("<form"),
            "it is the page again"
        );
    }
    let rest = answers
        .iter()
        .filter(|answer| answer.status == StatusCode::UNPROCESSABLE_ENTITY)
        .count();
    assert_eq!(rest + busy.len(), answers.len());
}
