use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn an_environment_without_variables_answers_an_empty_array() {
    let app = TestApp::spawn().await;
    let got = app.key().get("/environment-variables").await;
    assert_eq!((got.status.as_u16(), got.body), (200, json!([])));
    let got = app.key().get("/environment-variables?x=1").await;
    assert_eq!(got.failure(), (400, "invalid_query_params"));
}
