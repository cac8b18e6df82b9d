use crate::house::{EMAIL, House, PASSWORD, encode};

#[tokio::test]
async fn the_way_back_after_sign_in_stays_in_the_dashboard() {
    let house = House::open().await;
    house.owner().await;
    let table = [
        ("/app/dev/connections", "/app/dev/connections"),
        ("/app/dev/connections?q=a", "/app/dev/connections?q=a"),
        ("/app/dev", "/app/dev"),
        ("", "/app"),
        ("https://evil.example/app/dev", "/app"),
        ("//evil.example/app/dev", "/app"),
        ("/\\evil.example", "/app"),
        ("\\\\evil.example", "/app"),
        ("/app//evil.example", "/app"),
        ("/app\\evil.example", "/app"),
        ("/app/../../evil", "/app"),
        ("/app/dev\r\nset-cookie: a=b", "/app"),
        ("/oauth/connect/acme", "/app"),
        ("/appendix", "/app"),
        ("javascript:alert(1)", "/app"),
        ("app/dev", "/app"),
        (" /app/dev", "/app/dev"),
        ("http:/app/dev", "/app"),
    ];
    for (next, wanted) in table {
        let mut browser = house.browser();
        let path = format!("/app/~/sign-in?{}", encode(&[("next", next)]));
        let page = browser.get(&path).await;
        assert!(!page.body.contains("evil.example"), "{next}");
        let form = [("email", EMAIL), ("password", PASSWORD), ("next", next)];
        let answer = browser.post(&path, &form).await;
        assert_eq!(answer.location(), wanted, "{next:?}");
    }
}
