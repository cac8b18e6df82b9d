use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use http::{HeaderMap, Method};
use terapi_broker::egress::{Answer, Egress, EgressAllow, EgressError, EgressOptions, Lookup, Outbound};
use terapi_testkit::{Acme, Answer as Scripted};

use crate::house::House;

/// A resolver whose answers change from one question to the next.
struct Flipping {
    answers: Vec<Vec<IpAddr>>,
    asked: AtomicUsize,
}

impl Lookup for Flipping {
    fn addresses(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let at = self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers[at.min(self.answers.len() - 1)].clone();
        Box::pin(async move { Ok(answer) })
    }
}

fn egress(allow: &[&str], answers: &[&[&str]]) -> Egress {
    let parse = |texts: &&[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
    Egress::new(&EgressOptions {
        allow: allow
            .iter()
            .map(|entry| EgressAllow::parse(entry).unwrap())
            .collect(),
        lookup: Arc::new(Flipping {
            answers: answers.iter().map(parse).collect(),
            asked: AtomicUsize::new(0),
        }),
        token_limit: Duration::from_millis(1500),
        connect_limit: Duration::from_millis(1000),
        ..EgressOptions::default()
    })
    .unwrap()
}

async fn get(egress: &Egress, url: &str) -> Result<Answer, EgressError> {
    let request = Outbound {
        method: Method::GET,
        url: url.parse().unwrap(),
        headers: HeaderMap::new(),
        body: Vec::new(),
    };
    egress.send(request).await
}

fn refused(answer: Result<Answer, EgressError>) -> EgressError {
    match answer {
        Err(error) => error,
        Ok(answer) => panic!("answered {}", answer.status),
    }
}

#[tokio::test]
async fn literal_addresses_are_judged_in_every_spelling() {
    let closed = egress(&[], &[&["8.8.8.8"]]);
    for url in [
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://0/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://169.254.169.254/latest/meta-data",
        "https://[fd00:ec2::254]/",
        "https://10.0.0.1:8443/",
        "https://192.168.1.1/",
        "https://100.100.100.200/",
        "https://[fe80::1]/",
        "https://①②⑦.0.0.1/",
    ] {
        assert!(
            matches!(refused(get(&closed, url).await), EgressError::Refused(_)),
            "{url}"
        );
    }
    for url in [
        "https://localhost/",
        "https://LOCALHOST.:8443/",
        "https://a.localhost/",
        "https://metadata.google.internal/computeMetadata/v1/",
    ] {
        let error = refused(get(&closed, url).await);
        assert!(
            matches!(error, EgressError::Refused(_)),
            "{url} means the same to every machine: {error}"
        );
    }
    for url in [
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://user:pw@example.com/",
        "https://user@example.com/",
    ] {
        assert!(
            matches!(refused(get(&closed, url).await), EgressError::BadAddress(_)),
            "{url}"
        );
    }
    for url in ["http://example.com/", "http://8.8.8.8/"] {
        assert_eq!(refused(get(&closed, url).await), EgressError::PlainHttp, "{url}");
    }
    let elsewhere = egress(&["10.0.0.0/8:4010"], &[&["10.1.2.3"]]);
    assert_eq!(
        refused(get(&elsewhere, "http://example.com:4011/").await),
        EgressError::PlainHttp,
        "nothing is allowed at this port"
    );
}

#[tokio::test]
async fn a_name_is_judged_by_what_it_resolves_to() {
    for address in [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "::1",
        "::ffff:127.0.0.1",
        "fd00::1",
        "0.0.0.0",
    ] {
        let closed = egress(&[], &[&[address]]);
        let error = refused(get(&closed, "https://innocent.example/").await);
        assert!(matches!(error, EgressError::Refused(_)), "{address}: {error}");
    }
    let half_open = egress(&["192.0.2.1"], &[&["8.8.8.8"]]);
    assert_eq!(
        refused(get(&half_open, "http://innocent.example/").await),
        EgressError::PlainHttp
    );
    let unknown = egress(&[], &[&[]]);
    assert!(matches!(
        refused(get(&unknown, "https://nowhere.example/").await),
        EgressError::Unreachable { .. }
    ));
}

#[tokio::test]
async fn a_network_is_allowed_with_its_port_alone() {
    let acme = Acme::start().await;
    let port = acme.address().port();
    let url = format!("http://acme.example:{port}/api/echo");
    let literal = format!("{}/api/echo", acme.url());
    let right = format!("127.0.0.1:{port}");
    for allow in [right.as_str(), "127.0.0.0/8"] {
        let open = egress(&[allow], &[&["10.0.0.1", "127.0.0.1"]]);
        assert_eq!(get(&open, &url).await.unwrap().status, 200, "{allow}");
        assert_eq!(get(&open, &literal).await.unwrap().status, 200, "{allow}");
    }
    let other = egress(&["127.0.0.1:1"], &[&["127.0.0.1"]]);
    assert_eq!(refused(get(&other, &url).await), EgressError::PlainHttp);
    assert!(matches!(
        refused(get(&other, &literal).await),
        EgressError::Refused(_)
    ));
}

#[tokio::test]
async fn a_name_that_changes_its_mind_reaches_nothing_private() {
    let acme = Acme::start().await;
    let allow = format!("127.0.0.1:{}", acme.address().port());
    let flipping = egress(&[&allow], &[&["127.0.0.1"], &["10.0.0.1"], &["127.0.0.2"]]);
    let url = format!("http://rebind.example:{}/api/status/204", acme.address().port());
    assert_eq!(get(&flipping, &url).await.unwrap().status, 204);
    acme.script(|script| script.outage = true);
    // The kept connection breaks, and a new one is judged anew.
    let _ = get(&flipping, &url).await;
    assert!(get(&flipping, &url).await.is_err());
    assert_eq!(
        acme.requests()
            .iter()
            .filter(|seen| seen.status == Some(204))
            .count(),
        1
    );
}

#[tokio::test]
async fn redirects_are_answers_and_large_or_slow_answers_are_cut_off() {
    let acme = Acme::start().await;
    let open = egress(&["127.0.0.1"], &[&["127.0.0.1"]]);
    let url = format!("{}/oauth/token", acme.url());
    let post = || async {
        let request = Outbound {
            method: Method::POST,
            url: url.parse().unwrap(),
            headers: HeaderMap::new(),
            body: b"grant_type=x".to_vec(),
        };
        open.send(request).await
    };
    acme.script(|script| {
        script.token = Scripted::Redirect {
            location: "http://169.254.169.254/".into(),
        }
    });
    assert_eq!(post().await.unwrap().status, 307);
    acme.script(|script| script.token = Scripted::Oversized { bytes: 1024 * 1024 });
    assert_eq!(post().await.unwrap().body.len(), 1024 * 1024);
    acme.script(|script| {
        script.token = Scripted::Oversized {
            bytes: 1024 * 1024 + 1,
        }
    });
    assert!(matches!(refused(post().await), EgressError::TooLarge { .. }));
    acme.script(|script| script.token = Scripted::Never);
    assert!(matches!(refused(post().await), EgressError::Timeout { .. }));
    acme.script(|script| script.token = Scripted::CloseConnection);
    assert!(matches!(refused(post().await), EgressError::Unreachable { .. }));
    drop(acme);
    assert!(matches!(refused(post().await), EgressError::Unreachable { .. }));
}

#[cfg(debug_assertions)]
#[tokio::test]
async fn asking_a_provider_inside_a_transaction_is_a_defect() {
    let house = House::open().await;
    let open = egress(&["127.0.0.1"], &[&["127.0.0.1"]]);
    let broker = house.broker.clone();
    let task = tokio::spawn(async move {
        let _tx = broker.store().begin().await.unwrap();
        let _ = get(&open, "http://127.0.0.1:1/").await;
    });
    assert!(task.await.unwrap_err().is_panic());
}

#[test]
fn extra_authorities_must_be_certificates() {
    for pem in [
        &b"not pem"[..],
        b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n",
    ] {
        let options = EgressOptions {
            extra_roots_pem: Some(pem.to_vec()),
            ..EgressOptions::default()
        };
        assert!(Egress::new(&options).is_err());
    }
}
