use terapi_testkit::{Acme, Answer, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, Rotation};

use crate::user_agent::{basic, me_status, post_form, refresh, tokens};

#[tokio::test]
async fn a_refresh_rotates_the_refresh_token() {
    let acme = Acme::start().await;
    let first = tokens(&acme).await;
    let second = refresh(&acme, &first.text("refresh_token")).await.unwrap();
    assert_eq!(second.status, 200);
    assert_ne!(first.text("refresh_token"), second.text("refresh_token"));
    let third = refresh(&acme, &second.text("refresh_token")).await.unwrap();
    assert_eq!(me_status(&acme, &third.text("access_token")).await, 200);
    assert_eq!(acme.counters().refreshes, 2);
}

#[tokio::test]
async fn reuse_of_a_refresh_token_revokes_the_family() {
    let acme = Acme::start().await;
    let first = tokens(&acme).await;
    let second = refresh(&acme, &first.text("refresh_token")).await.unwrap();
    let reuse = refresh(&acme, &first.text("refresh_token")).await.unwrap();
    assert_eq!((reuse.status, reuse.error().as_str()), (400, "invalid_grant"));
    assert_eq!(acme.counters().reuses, 1);
    assert_eq!(
        refresh(&acme, &second.text("refresh_token"))
            .await
            .unwrap()
            .error(),
        "invalid_grant"
    );
    assert_eq!(me_status(&acme, &second.text("access_token")).await, 401);
    let other = tokens(&acme).await;
    assert_eq!(
        refresh(&acme, &other.text("refresh_token")).await.unwrap().status,
        200
    );
}

#[tokio::test]
async fn of_many_refreshes_at_once_exactly_one_is_honoured() {
    let acme = Acme::start().await;
    let refresh_token = tokens(&acme).await.text("refresh_token");
    let (one, two, three) = tokio::join!(
        refresh(&acme, &refresh_token),
        refresh(&acme, &refresh_token),
        refresh(&acme, &refresh_token)
    );
    let honoured = [one, two, three]
        .into_iter()
        .filter(|reply| reply.as_ref().unwrap().status == 200);
    assert_eq!(honoured.count(), 1);
    assert_eq!(acme.counters().reuses, 2);
}

#[tokio::test]
async fn without_rotation_the_token_stays_good() {
    let acme = Acme::start().await;
    let refresh_token = tokens(&acme).await.text("refresh_token");
    acme.script(|script| script.rotation = Rotation::Omit);
    let omitted = refresh(&acme, &refresh_token).await.unwrap().json();
    assert!(omitted.get("refresh_token").is_none());
    acme.script(|script| script.rotation = Rotation::Repeat);
    assert_eq!(
        refresh(&acme, &refresh_token)
            .await
            .unwrap()
            .text("refresh_token"),
        refresh_token
    );
}

#[tokio::test]
async fn a_dropped_answer_has_used_the_refresh_token() {
    let acme = Acme::start().await;
    let refresh_token = tokens(&acme).await.text("refresh_token");
    acme.script(|script| script.refresh_once.push_back(Answer::DropAnswer));
    assert!(refresh(&acme, &refresh_token).await.is_err());
    assert_eq!(
        refresh(&acme, &refresh_token).await.unwrap().error(),
        "invalid_grant"
    );
    assert_eq!(acme.counters().reuses, 1);
}

#[tokio::test]
async fn a_refresh_may_narrow_the_scopes_but_not_widen_them() {
    let acme = Acme::start().await;
    let refresh_token = tokens(&acme).await.text("refresh_token");
    let header = basic(DEMO_CLIENT_ID, DEMO_CLIENT_SECRET);
    for (scope, status) in [("contacts.write", 400), ("profile", 200)] {
        let pairs = [
            ("grant_type", "refresh_token"),
            ("refresh_token", &refresh_token),
            ("scope", scope),
        ];
        let reply = post_form(&acme, "/oauth/token", &[("authorization", &header)], &pairs)
            .await
            .unwrap();
        assert_eq!(reply.status, status, "{scope}");
    }
}

#[tokio::test]
async fn revocation_ends_the_family_and_introspection_tells() {
    let acme = Acme::start().await;
    let tokens = tokens(&acme).await;
    let (access_token, refresh_token) = (tokens.text("access_token"), tokens.text("refresh_token"));
    let header = basic(DEMO_CLIENT_ID, DEMO_CLIENT_SECRET);
    for (revoked, is_active) in [("unknown-token", true), (refresh_token.as_str(), false)] {
        let headers = [("authorization", header.as_str())];
        let reply = post_form(&acme, "/oauth/revoke", &headers, &[("token", revoked)])
            .await
            .unwrap();
        assert_eq!(reply.status, 200);
        for token in [&access_token, &refresh_token] {
            let reply = post_form(&acme, "/oauth/introspect", &headers, &[("token", token)])
                .await
                .unwrap();
            assert_eq!(reply.json()["active"], is_active, "{token}");
        }
    }
    assert_eq!(
        refresh(&acme, &refresh_token).await.unwrap().error(),
        "invalid_grant"
    );
    assert_eq!(
        (acme.counters().revocations, acme.counters().introspections),
        (2, 4)
    );
}

#[tokio::test]
async fn revocation_fails_when_scripted() {
    let acme = Acme::start().await;
    acme.script(|script| script.revocation = Answer::Html { status: 500 });
    let refresh_token = tokens(&acme).await.text("refresh_token");
    let header = basic(DEMO_CLIENT_ID, DEMO_CLIENT_SECRET);
    let pairs = [("token", refresh_token.as_str())];
    let reply = post_form(&acme, "/oauth/revoke", &[("authorization", &header)], &pairs)
        .await
        .unwrap();
    assert_eq!(reply.status, 500);
    assert_eq!(refresh(&acme, &refresh_token).await.unwrap().status, 200);
}

#[tokio::test]
async fn users_can_remove_the_client_at_the_provider() {
    let acme = Acme::start().await;
    let tokens = tokens(&acme).await;
    acme.revoke_grants();
    assert_eq!(me_status(&acme, &tokens.text("access_token")).await, 401);
    assert_eq!(
        refresh(&acme, &tokens.text("refresh_token"))
            .await
            .unwrap()
            .error(),
        "invalid_grant"
    );
}
