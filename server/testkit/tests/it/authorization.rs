use terapi_testkit::{Acme, DEMO_CLIENT_ID, Denial, IssuerParameter};

use crate::user_agent::{
    CALLBACK, authorize_target, authorize_target_with, challenge, exchange, get, post_form,
};

#[tokio::test]
async fn the_consent_page_shows_client_scopes_and_accounts() {
    let acme = Acme::start().await;
    let page = get(&acme, &authorize_target(), &[]).await;
    assert_eq!(page.status, 200);
    for part in [
        "Terapi",
        "contacts.read",
        "Robin Vale",
        "Sam Okoro",
        "Allow",
        "Deny",
        "http://localhost:3003",
    ] {
        assert!(page.body.contains(part), "{part}");
    }
    assert!(!page.body.contains("{{"));
    assert!(!page.headers.contains_key("cross-origin-opener-policy"));
}

#[tokio::test]
async fn the_consent_page_escapes_what_it_was_sent() {
    let acme = Acme::start().await;
    let hostile = "\"><script>alert(1)</script>{{accounts}}";
    let page = get(
        &acme,
        &authorize_target_with(&[("scope", hostile), ("state", hostile)]),
        &[],
    )
    .await;
    assert!(!page.body.contains("<script>"));
    assert_eq!(page.body.matches("Robin Vale").count(), 1);
}

#[tokio::test]
async fn allow_sends_a_code_for_the_chosen_account() {
    let acme = Acme::start().await;
    let reply = post_form(&acme, "/oauth/authorize", &[], &decision("allow"))
        .await
        .unwrap();
    assert_eq!(reply.status, 303);
    let callback = reply.callback();
    assert_eq!(callback["state"], "state-1");
    let tokens = exchange(&acme, &callback["code"]).await.unwrap();
    let bearer = format!("Bearer {}", tokens.text("access_token"));
    assert_eq!(
        get(&acme, "/api/me", &[("authorization", &bearer)])
            .await
            .text("email"),
        "sam@acme.test"
    );
}

#[tokio::test]
async fn deny_sends_access_denied_and_no_code() {
    let acme = Acme::start().await;
    let callback = post_form(&acme, "/oauth/authorize", &[], &decision("deny"))
        .await
        .unwrap()
        .callback();
    assert_eq!(callback["error"], "access_denied");
    assert_eq!(callback["state"], "state-1");
    assert!(!callback.contains_key("code"));
}

#[tokio::test]
async fn auto_approval_redirects_at_once() {
    let acme = Acme::start().await;
    acme.script(|script| script.auto_approve = true);
    let reply = get(&acme, &authorize_target(), &[]).await;
    assert_eq!(reply.status, 302);
    assert!(reply.callback().contains_key("code"));
}

#[tokio::test]
async fn a_scripted_denial_carries_hostile_text_unchanged() {
    let acme = Acme::start().await;
    let text = "</script><img src=x onerror=alert(1)>\r\nSet-Cookie: a=b";
    acme.script(|script| {
        script.deny = Some(Denial {
            error: "access_denied".to_owned(),
            description: Some(text.to_owned()),
        });
    });
    let reply = get(&acme, &authorize_target(), &[]).await;
    assert_eq!(reply.callback()["error_description"], text);
    assert!(!reply.headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn nobody_is_redirected_without_a_good_client_and_redirect_uri() {
    let acme = Acme::start().await;
    acme.register_client("pinned", "secret", &["https://app.example/callback"]);
    for changes in [
        [("client_id", "nobody")],
        [("client_id", "pinned")],
        [("client_id", "")],
        [("redirect_uri", "")],
        [("redirect_uri", "/relative")],
        [("redirect_uri", "https://app.example/#fragment")],
    ] {
        let reply = get(&acme, &authorize_target_with(&changes), &[]).await;
        assert_eq!(reply.status, 400, "{changes:?}");
        assert!(!reply.headers.contains_key("location"), "{changes:?}");
    }
    let repeated = format!("{}&state=state-2", authorize_target());
    assert_eq!(get(&acme, &repeated, &[]).await.status, 400);
}

#[tokio::test]
async fn other_bad_requests_are_told_to_the_client() {
    let acme = Acme::start().await;
    for (change, error) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
    ] {
        let reply = get(&acme, &authorize_target_with(&[change]), &[]).await;
        assert_eq!(reply.callback()["error"], error, "{change:?}");
    }
    acme.script(|script| script.require_pkce = false);
    let target = authorize_target_with(&[("code_challenge", ""), ("auto", "1")]);
    assert!(get(&acme, &target, &[]).await.callback().contains_key("code"));
}

#[tokio::test]
async fn the_issuer_is_sent_as_scripted() {
    let acme = Acme::start().await;
    acme.script(|script| script.auto_approve = true);
    let elsewhere = "https://evil.example".to_owned();
    for (iss, sent, announced) in [
        (IssuerParameter::Absent, None, false),
        (IssuerParameter::Right, Some(acme.url().to_owned()), true),
        (IssuerParameter::Missing, None, true),
        (IssuerParameter::Wrong(elsewhere.clone()), Some(elsewhere), true),
    ] {
        acme.script(|script| script.iss = iss);
        assert_eq!(
            get(&acme, &authorize_target(), &[])
                .await
                .callback()
                .get("iss")
                .cloned(),
            sent
        );
        let metadata = get(&acme, "/.well-known/oauth-authorization-server", &[])
            .await
            .json();
        assert_eq!(metadata["issuer"], acme.url());
        assert_eq!(
            metadata["authorization_response_iss_parameter_supported"],
            announced
        );
    }
}

#[tokio::test]
async fn callbacks_can_carry_other_parameters_and_another_state() {
    let acme = Acme::start().await;
    acme.script(|script| {
        script.auto_approve = true;
        script.coop = Some("same-origin".to_owned());
        script
            .callback_params
            .insert("realmId".to_owned(), "42".to_owned());
        script
            .callback_params
            .insert("state".to_owned(), "other".to_owned());
    });
    let reply = get(&acme, &authorize_target(), &[]).await;
    assert_eq!(reply.callback()["realmId"], "42");
    assert_eq!(reply.callback()["state"], "other");
    assert_eq!(reply.headers["cross-origin-opener-policy"], "same-origin");
}

fn decision(decision: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![
        ("response_type", "code"),
        ("client_id", DEMO_CLIENT_ID),
        ("redirect_uri", CALLBACK),
        ("scope", "profile"),
        ("state", "state-1"),
        ("code_challenge", challenge().leak()),
        ("code_challenge_method", "S256"),
        ("account", "usr_sam"),
        ("decision", decision),
    ]
}
