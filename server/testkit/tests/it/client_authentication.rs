use terapi_testkit::{Acme, ClientAuthRule, CredentialKind, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET};

use crate::user_agent::{Reply, basic, control, post_form};

/// A token request that fails after the client is known: `invalid_grant` means that the client was accepted.
async fn attempt(acme: &Acme, header: Option<&str>, credentials: &[(&str, &str)]) -> Reply {
    let mut pairs = vec![("grant_type", "refresh_token"), ("refresh_token", "none")];
    pairs.extend(credentials);
    let headers: Vec<_> = header.iter().map(|value| ("authorization", *value)).collect();
    post_form(acme, "/oauth/token", &headers, &pairs).await.unwrap()
}

#[tokio::test]
async fn body_and_header_are_accepted_and_recorded() {
    let acme = Acme::start().await;
    let header = basic(DEMO_CLIENT_ID, DEMO_CLIENT_SECRET);
    let body = [
        ("client_id", DEMO_CLIENT_ID),
        ("client_secret", DEMO_CLIENT_SECRET),
    ];
    for (header, credentials, kind) in [
        (None, &body[..], CredentialKind::Body),
        (Some(header.as_str()), &[][..], CredentialKind::Basic),
        (Some(header.as_str()), &body[..1], CredentialKind::Basic),
        (Some(header.as_str()), &body[..], CredentialKind::Both),
    ] {
        assert_eq!(
            attempt(&acme, header, credentials).await.error(),
            "invalid_grant",
            "{kind:?}"
        );
        assert_eq!(acme.requests().last().unwrap().credential, kind);
    }
}

#[tokio::test]
async fn unknown_clients_and_wrong_secrets_are_401_invalid_client() {
    let acme = Acme::start().await;
    let good = basic(DEMO_CLIENT_ID, DEMO_CLIENT_SECRET);
    let wrong = basic(DEMO_CLIENT_ID, "wrong");
    let unknown = basic("nobody", DEMO_CLIENT_SECRET);
    for (header, credentials) in [
        (None, &[][..]),
        (None, &[("client_id", DEMO_CLIENT_ID)][..]),
        (
            None,
            &[("client_id", "nobody"), ("client_secret", DEMO_CLIENT_SECRET)][..],
        ),
        (
            None,
            &[("client_id", DEMO_CLIENT_ID), ("client_secret", "wrong")][..],
        ),
        (Some(wrong.as_str()), &[][..]),
        (Some(unknown.as_str()), &[][..]),
        (Some("Bearer token"), &[][..]),
        (Some("Basic ***"), &[][..]),
        (Some(good.as_str()), &[("client_secret", "wrong")][..]),
        (Some(good.as_str()), &[("client_id", "other")][..]),
    ] {
        let reply = attempt(&acme, header, credentials).await;
        assert_eq!(
            (reply.status, reply.error().as_str()),
            (401, "invalid_client"),
            "{header:?} {credentials:?}"
        );
        assert_eq!(reply.headers.contains_key("www-authenticate"), header.is_some());
    }
}

#[tokio::test]
async fn the_basic_header_is_form_urlencoded() {
    let acme = Acme::start().await;
    acme.register_client("id:with colon", "100%+&=/secret", &[]);
    let encoded = basic("id%3Awith+colon", "100%25%2B%26%3D%2Fsecret");
    assert_eq!(attempt(&acme, Some(&encoded), &[]).await.error(), "invalid_grant");
    let raw = basic("id:with colon", "100%+&=/secret");
    assert_eq!(attempt(&acme, Some(&raw), &[]).await.error(), "invalid_client");
}

#[tokio::test]
async fn one_way_can_be_demanded() {
    let acme = Acme::start().await;
    let header = basic(DEMO_CLIENT_ID, DEMO_CLIENT_SECRET);
    let body = [
        ("client_id", DEMO_CLIENT_ID),
        ("client_secret", DEMO_CLIENT_SECRET),
    ];
    for (rule, for_body, for_header) in [
        (ClientAuthRule::Body, "invalid_grant", "invalid_client"),
        (ClientAuthRule::Basic, "invalid_client", "invalid_grant"),
    ] {
        acme.script(|script| script.client_auth = rule);
        assert_eq!(attempt(&acme, None, &body).await.error(), for_body);
        assert_eq!(attempt(&acme, Some(&header), &[]).await.error(), for_header);
    }
}

#[tokio::test]
async fn a_public_client_needs_no_secret() {
    let acme = Acme::start().await;
    assert_eq!(
        control(&acme, "POST", "clients", r#"{"client_id":"public"}"#)
            .await
            .status,
        204
    );
    assert_eq!(
        attempt(&acme, None, &[("client_id", "public")]).await.error(),
        "invalid_grant"
    );
    let with_secret = [("client_id", "public"), ("client_secret", "guess")];
    assert_eq!(attempt(&acme, None, &with_secret).await.error(), "invalid_client");
}
