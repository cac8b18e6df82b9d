use std::io;
use std::sync::{Arc, Mutex};

use http::StatusCode;
use tracing_subscriber::fmt::MakeWriter;

use crate::house::{EMAIL, House, PASSWORD};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Lines {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_secret_of_a_page_reaches_the_log() {
    // Where there is one subscriber alone, the thread that comes first to a line of the program says for all threads
    // whether anybody wants it, and other tests' threads have none (tracing-core, `callsite`). Where there are two, each
    // is asked.
    let _another = tracing::Dispatch::new(tracing_subscriber::registry());
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(lines.clone())
        .finish();
    let listening = tracing::subscriber::set_default(subscriber);

    let house = House::open().await;
    let setup = house.setup_path().await;
    let mut browser = house.browser();
    browser.get(&setup).await;
    let form = [("name", "Ada"), ("email", EMAIL), ("password", PASSWORD)];
    assert_eq!(browser.post(&setup, &form).await.status, StatusCode::SEE_OTHER);
    let earlier = browser.session().unwrap().clone();
    browser.sign_in(EMAIL, "canary-wrong-password").await;
    browser.sign_in(EMAIL, PASSWORD).await;
    let form = [
        ("unique_key", "github"),
        ("client_id", "id-1"),
        ("client_secret", "canary-client-secret"),
    ];
    browser.post("/app/dev/integrations/new/github", &form).await;
    let revealed = browser.post("/app/dev/integrations/github/reveal", &[]).await;
    assert!(
        revealed.body.contains("canary-client-secret"),
        "{}",
        revealed.body
    );
    let created = browser
        .post("/app/dev/settings/keys", &[("name", "Backend")])
        .await;
    let start = created.body.find("terapi_sk_dev_").expect("the key is shown");
    let key = &created.body[start..start + 40];
    browser.get("/app/dev/connections?q=canary-query").await;
    drop(listening);

    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(
        log.contains("answered") && log.contains("/app/dev/connections"),
        "requests are logged"
    );
    let token = setup.rsplit('/').next().unwrap();
    let session = browser.session().unwrap();
    for (what, secret) in [
        ("setup token", token),
        ("password", PASSWORD),
        ("wrong password", "canary-wrong-password"),
        ("client secret", "canary-client-secret"),
        ("key", key),
        ("session", session),
        ("earlier session", &earlier),
        ("query", "canary-query"),
    ] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "the {what} is in the log");
    }
}
