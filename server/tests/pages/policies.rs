use http::StatusCode;
use terapi::route::Family;
use terapi::router::table;

use crate::house::{Answer, House, Plan, fill};

/// The nonce that the policy names.
fn nonce(answer: &Answer) -> String {
    let policy = answer.header("content-security-policy").unwrap();
    let start = policy.find("'nonce-").unwrap() + "'nonce-".len();
    policy[start..].split('\'').next().unwrap().to_owned()
}

/// Every script and style element carries the nonce, and nothing is inline in an attribute.
fn assert_clean(answer: &Answer, path: &str) {
    let nonce = nonce(answer);
    for element in ["<script", "<style", "<link rel=\"modulepreload\""] {
        for (at, _) in answer.body.match_indices(element) {
            let tag = answer.body[at..].split('>').next().unwrap();
            assert!(
                tag.contains(&format!("nonce=\"{nonce}\"")) || element.starts_with("<link"),
                "{path}: {tag}"
            );
        }
    }
    for inline in [" style=\"", " onclick=", " onload=", " onsubmit=", "javascript:"] {
        assert!(!answer.body.contains(inline), "{path} has {inline}");
    }
}

#[tokio::test]
async fn every_dashboard_page_carries_the_policy_of_its_row() {
    for public_url in ["http://localhost:3003", "https://terapi.example.com"] {
        let house = House::planned(Plan {
            public_url,
            ..Plan::default()
        })
        .await;
        let owner = house.owner().await;
        let mut pages = 0;
        for row in table()
            .into_iter()
            .filter(|row| row.family == Family::Cookie && row.method == Some("GET"))
        {
            for mut browser in [owner.clone(), house.browser()] {
                let path = fill(&row.path);
                let answer = browser.get(&path).await;
                for (name, value) in [
                    ("cross-origin-opener-policy", "same-origin-allow-popups"),
                    ("cross-origin-resource-policy", "same-origin"),
                    ("x-content-type-options", "nosniff"),
                    ("referrer-policy", "same-origin"),
                    ("cache-control", "no-store"),
                ] {
                    assert_eq!(answer.header(name), Some(value), "{path} {name}");
                }
                assert!(answer.header("permissions-policy").unwrap().contains("camera=()"));
                assert_eq!(answer.header("x-frame-options"), None);
                let transport = public_url.starts_with("https").then_some("max-age=31536000");
                assert_eq!(answer.header("strict-transport-security"), transport);
                if answer.status == StatusCode::SEE_OTHER {
                    continue;
                }
                pages += 1;
                let ws = public_url.replacen("http", "ws", 1);
                let nonce = nonce(&answer);
                assert_eq!(
                    answer.header("content-security-policy").unwrap(),
                    format!(
                        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; \
                         style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; \
                         connect-src 'self' {ws}; frame-src 'self'; form-action 'self'; base-uri 'none'; \
                         object-src 'none'; frame-ancestors 'none'"
                    ),
                    "{path}"
                );
                assert!(nonce.len() >= 22, "128 bits: {nonce}");
                assert_clean(&answer, &path);
            }
        }
        assert!(pages > 10, "pages were looked at: {pages}");
    }
}

#[tokio::test]
async fn a_nonce_is_used_once() {
    let house = House::open().await;
    let mut browser = house.browser();
    let one = nonce(&browser.get("/app/~/sign-in").await);
    let two = nonce(&browser.get("/app/~/sign-in").await);
    assert_ne!(one, two);
}

#[tokio::test]
async fn plain_pages_load_no_wasm() {
    let house = House::open().await;
    let setup = house.setup_path().await;
    for path in ["/app/~/sign-in", &setup] {
        let answer = house.browser().get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(
            !answer.body.contains(".wasm") && !answer.body.contains("<script"),
            "{path}"
        );
    }
}
