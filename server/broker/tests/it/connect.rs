use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, json};
use terapi_broker::connect::{
    AuthOperation, BrowserAuthError, BrowserId, BrowserInput, Callback, Cause, CompleteError, NewSession,
    OpenSessionError, OwnApp, Refusal, ResultFrame, ResultHolder, SessionDefaults, SubmitError,
};
use terapi_broker::connections::{ConnectionPatch, GetOptions, MetadataChange};
use terapi_broker::environments::EnvironmentPatch;
use terapi_model::{ErrorCode, Tags};
use terapi_testkit::{Answer, CredentialKind, Denial, IssuerParameter};
use terapi_vault::hash::hmac_sha256_hex;

use crate::database::on_each;
use crate::flow::{COOKIE, Flow, access_token, connection, end_user, integration};
use crate::house::{Plan, credentials, new_integration};

fn params(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[tokio::test]
async fn an_authorization_becomes_a_connection_with_everything_the_session_said() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let tags = Tags::parse([("Plan", "pro")]).unwrap();
        let session = NewSession {
            end_user: Some(end_user()),
            tags: Some(tags),
            ..NewSession::default()
        };
        let auth = flow.session_of(session).await;
        let connected = flow.connect(&auth).await;
        assert_eq!(connected.operation, AuthOperation::Creation);

        let fetched = flow.get(&connected.connection_key).await.unwrap();
        let shown = &fetched.connection;
        assert_eq!(
            shown.end_user.as_ref().unwrap().display_name.as_deref(),
            Some("Robin")
        );
        let tags: Vec<_> = shown.tags.iter().collect();
        assert!(
            tags.contains(&("plan", "pro")) && tags.contains(&("end_user_id", "u-1")),
            "{tags:?}"
        );
        assert_eq!(
            shown.requested_scopes,
            ["profile", "contacts.read", "offline_access"]
        );
        assert_eq!(shown.granted_scopes.as_deref(), Some(&shown.requested_scopes[..]));
        assert!(shown.missing_scopes().is_empty());
        let token = access_token(&fetched);
        let wire: serde_json::Value =
            serde_json::from_str(fetched.credentials.unwrap().to_wire(false).get()).unwrap();
        assert_eq!(wire["raw"]["access_token"], token.as_str());
        assert_eq!(wire["expires_at"], wire["raw"]["expires_at"]);
        assert!(wire.get("refresh_token").is_none() && wire["raw"].get("refresh_token").is_none());
        assert!(flow.house.has_bytes("Robin"), "what is no secret is found");
        assert!(!flow.house.has_bytes(&token), "the token lies sealed");
        let exchange = flow
            .acme
            .requests()
            .into_iter()
            .find(|seen| seen.path == "/oauth/token")
            .unwrap();
        assert!(exchange.user_agent.unwrap().starts_with("terapi/"));
        assert!(exchange.body_names.contains(&"code_verifier".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn a_state_works_once() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        let auth = flow.session().await;
        let begun = flow.begin(&auth, BrowserInput::default()).await.unwrap();
        let answer = flow.consent(&begun).await;
        flow.complete(answer.clone()).await.outcome.unwrap();
        let again = flow.complete(answer).await.outcome.unwrap_err();
        assert!(
            matches!(again.error, CompleteError::Repeated(_)),
            "it is told again"
        );
        assert_eq!(again.error.code(), ErrorCode::InvalidState);
        assert_eq!(
            (flow.acme.counters().exchanges, flow.connection_count().await),
            (1, 1)
        );
    })
    .await;
}

#[tokio::test]
async fn states_that_are_missing_or_made_up_belong_to_nothing() {
    let flow = Flow::start().await;
    for (given, expected) in [
        (params(&[("code", "x")]), "the provider sent no state back"),
        (
            params(&[("state", ""), ("code", "x")]),
            "the provider sent no state back",
        ),
        (
            params(&[("state", "made up"), ("code", "x")]),
            "this authorization is unknown; start again",
        ),
    ] {
        let failed = flow.complete(given).await;
        assert_eq!(failed.outcome.unwrap_err().error.to_string(), expected);
        assert!(failed.operation_id.is_none());
    }
}

#[tokio::test]
async fn another_browser_cannot_finish_what_this_one_began_nor_spoil_it() {
    let flow = Flow::start().await;
    let auth = flow.session().await;
    for browser in [None, Some("another browser's id")] {
        let begun = flow.begin(&auth, BrowserInput::default()).await.unwrap();
        let params = flow.consent(&begun).await;
        let callback = Callback {
            params: params.clone(),
            browser: browser.map(BrowserId::of_cookie),
            own_redirect: None,
        };
        let connect = flow.house.broker.connect();
        let failed = connect.complete(callback).await;
        assert!(failed.operation_id.is_some());
        assert_eq!(
            failed.outcome.unwrap_err().error.code(),
            ErrorCode::StateCookieErr
        );
        let holder = ResultHolder::Session(auth.session().unwrap());
        let view = connect.attempt(holder, &begun.attempt_id).await.unwrap().unwrap();
        assert_eq!(view.result, None, "nothing has become of it yet");
        flow.complete(params).await.outcome.unwrap();
    }
    assert_eq!(flow.acme.counters().exchanges, 2);
}

#[tokio::test]
async fn a_state_ends_after_ten_minutes_and_its_listener_hears_of_it() {
    let flow = Flow::start().await;
    let auth = flow.session().await;
    let waiting = flow.house.broker.connect().listen();
    let input = BrowserInput {
        ws_client_id: Some(waiting.ws_client_id().to_owned()),
        ..BrowserInput::default()
    };
    let begun = flow.begin(&auth, input).await.unwrap();
    let answer = flow.consent(&begun).await;
    flow.house.clock.advance_seconds(600);
    let failed = flow.complete(answer).await.outcome.unwrap_err();
    assert!(matches!(failed.error, CompleteError::ExpiredState));
    assert!(
        matches!(waiting.result().await, ResultFrame::Error { error_type, .. } if error_type == "invalid_state")
    );
    assert_eq!(flow.acme.counters().token_requests, 0);
}

#[tokio::test]
async fn a_providers_refusal_is_told_with_its_details_and_stores_nothing() {
    let flow = Flow::start().await;
    let hostile = "<script>alert(1)</script>";
    flow.acme.script(|script| {
        script.deny = Some(Denial {
            error: "access_denied".into(),
            description: Some(hostile.into()),
        });
    });
    let waiting = flow.house.broker.connect().listen();
    let input = BrowserInput {
        ws_client_id: Some(waiting.ws_client_id().to_owned()),
        ..BrowserInput::default()
    };
    let auth = flow.session().await;
    let begun = flow.begin(&auth, input).await.unwrap();
    let failed = flow
        .complete(flow.consent(&begun).await)
        .await
        .outcome
        .unwrap_err();
    assert_eq!(failed.error.code(), ErrorCode::CallbackErr);
    assert_eq!(failed.said.description.as_deref(), Some(hostile));
    assert_eq!(failed.integration_key, Some(integration("acme")));
    let ResultFrame::Error {
        error_type,
        error_desc,
        provider_config_key,
        connection_id,
        provider,
        cause,
    } = waiting.result().await
    else {
        panic!("a success was told");
    };
    assert_eq!(
        (error_type.as_str(), provider_config_key.as_deref()),
        ("callback_err", Some("acme"))
    );
    assert_eq!(
        error_desc,
        format!("the provider answered with an error: access_denied ({hostile})")
    );
    let provider = provider.unwrap();
    assert_eq!(
        (provider.error.as_deref(), provider.description.as_deref()),
        (Some("access_denied"), Some(hostile))
    );
    assert!(cause.is_none() && connection_id.is_some());
    assert_eq!(
        (flow.acme.counters().token_requests, flow.connection_count().await),
        (0, 0)
    );
}

#[tokio::test]
async fn every_bad_token_endpoint_ends_in_a_code_and_nothing_half_written() {
    let flow = Flow::impatient().await;
    let auth = flow.session().await;
    let raw = |status, kind: &str, body: &str| Answer::Raw {
        status,
        content_type: kind.into(),
        body: body.into(),
    };
    let bad = |status, error: &str| Answer::Error {
        status,
        error: error.into(),
        description: None,
    };
    for (answer, cause) in [
        (Answer::Html { status: 200 }, "provider_answer"),
        (Answer::Html { status: 500 }, "provider_answer"),
        (Answer::MalformedJson, "provider_answer"),
        (Answer::NoAccessToken, "provider_answer"),
        (Answer::Empty, "provider_answer"),
        (Answer::InvalidGrant, "provider_refused"),
        (Answer::RateLimited { retry_after: 3 }, "provider_refused"),
        (bad(200, "bad_verification_code"), "provider_refused"),
        (bad(401, "invalid_client"), "provider_refused"),
        (raw(200, "application/json", "[1]"), "provider_answer"),
        (raw(200, "application/json", "\u{0}\u{1}"), "provider_answer"),
        (
            raw(200, "application/json", r#"{"access_token":{"a":1}}"#),
            "provider_answer",
        ),
        (
            Answer::Redirect {
                location: "http://127.0.0.1:1/".into(),
            },
            "provider_answer",
        ),
        (Answer::Oversized { bytes: 2_000_000 }, "provider_answer"),
        (Answer::CloseConnection, "provider_unreachable"),
        (Answer::Never, "provider_timeout"),
        (Answer::Slow { delay_ms: 5_000 }, "provider_timeout"),
    ] {
        let told = format!("{answer:?}");
        flow.acme.script(|script| script.token = answer);
        let begun = flow.begin(&auth, BrowserInput::default()).await.unwrap();
        let failed = flow
            .complete(flow.consent(&begun).await)
            .await
            .outcome
            .unwrap_err();
        assert_eq!(
            failed.error.code(),
            ErrorCode::UnknownErr,
            "{told}: {}",
            failed.error
        );
        assert_eq!(
            failed.error.cause().map(Cause::as_str),
            Some(cause),
            "{told}: {}",
            failed.error
        );
        let status = flow
            .house
            .broker
            .connect()
            .attempt(ResultHolder::Session(auth.session().unwrap()), &begun.attempt_id)
            .await;
        let result = status.unwrap().unwrap().result;
        let Some(ResultFrame::Error {
            error_desc,
            cause: said,
            ..
        }) = result
        else {
            panic!("{told} has no result")
        };
        assert_eq!(
            (error_desc, said.as_deref()),
            (failed.error.to_string(), Some(cause))
        );
        assert_eq!(flow.connection_count().await, 0, "{told}");
    }
    flow.acme.script(|script| {
        script.token = raw(
            200,
            "text/html",
            r#"{"access_token":"odd but fine","scope":["a"]}"#,
        )
    });
    let connected = flow.connect(&auth).await;
    assert_eq!(flow.access_token(&connected.connection_key).await, "odd but fine");
}

#[tokio::test]
async fn a_browser_that_hangs_up_does_not_lose_its_tokens() {
    let flow = Flow::start().await;
    flow.acme.script(|script| script.token = Answer::Hold);
    let auth = flow.session().await;
    let begun = flow.begin(&auth, BrowserInput::default()).await.unwrap();
    let params = flow.consent(&begun).await;
    let broker = flow.house.broker.clone();
    let browser = Some(BrowserId::of_cookie(COOKIE));
    let request = tokio::spawn(async move {
        broker
            .connect()
            .complete(Callback {
                params,
                browser,
                own_redirect: None,
            })
            .await
    });
    flow.acme.wait_until(|counters| counters.exchanges == 1).await;
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    flow.acme.release(1);
    flow.house.broker.settle().await;
    assert_eq!(flow.connection_count().await, 1);
    let status = flow
        .house
        .broker
        .connect()
        .attempt(ResultHolder::Session(auth.session().unwrap()), &begun.attempt_id)
        .await;
    let result = status.unwrap().unwrap().result;
    assert!(matches!(result, Some(ResultFrame::Success { .. })));
}

#[tokio::test]
async fn hosts_cannot_be_smuggled_into_a_subdomain() {
    let flow = Flow::start().await;
    let mut zendesk = new_integration("zendesk", "zendesk");
    zendesk.credentials = Some(credentials("id", "secret"));
    flow.house
        .broker
        .integrations()
        .create(&flow.caller, zendesk)
        .await
        .unwrap();
    let auth = flow.session().await;
    let begin = |subdomain: &str| {
        let input = BrowserInput {
            params: params(&[("subdomain", subdomain)]),
            ..BrowserInput::default()
        };
        let (broker, auth) = (flow.house.broker.clone(), auth.clone());
        async move {
            broker
                .connect()
                .begin(
                    &auth,
                    &integration("zendesk"),
                    input,
                    &BrowserId::of_cookie(COOKIE),
                )
                .await
        }
    };
    for bad in [
        "evil.example/#",
        "evil.example/",
        "evil.example?",
        "evil.example#",
        "a@evil.example",
        "evil.example:443/",
        "evil.example\\",
        "a b",
        "a%2fb",
        "a\u{0}b",
        "..",
        "a..b",
        "-a-.b",
        "a\nb",
        "",
        "аcme",
        "a.b",
    ] {
        let error = begin(bad).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::UrlParamErr, "{bad:?}: {error}");
    }
    let begun = begin("acme").await.unwrap();
    assert_eq!(begun.authorize_url.host_str(), Some("acme.zendesk.com"));
    let unknown = BrowserInput {
        params: params(&[("subdomain", "acme"), ("hostname", "x")]),
        ..BrowserInput::default()
    };
    let connect = flow.house.broker.connect();
    let refused = connect
        .begin(
            &auth,
            &integration("zendesk"),
            unknown,
            &BrowserId::of_cookie(COOKIE),
        )
        .await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::UrlParamErr);
}

#[tokio::test]
async fn presets_of_the_session_win_and_what_ties_the_answer_to_us_stays() {
    let flow = Flow::start().await;
    let defaults = SessionDefaults {
        connection_config: Some(
            json!({"oauth_scopes_override": "profile,offline_access"})
                .as_object()
                .unwrap()
                .clone(),
        ),
        ..SessionDefaults::default()
    };
    let session = NewSession {
        defaults: BTreeMap::from([(integration("acme"), defaults)]),
        ..NewSession::default()
    };
    let auth = flow.session_of(session).await;
    let input = BrowserInput {
        params: params(&[("oauth_scopes_override", "contacts.write")]),
        authorization_params: params(&[
            ("prompt", "consent"),
            ("response_type", "token"),
            ("scope", "contacts.write"),
            ("state", "mine"),
            ("redirect_uri", "http://evil/"),
            ("request", "e30.e30."),
            ("request_uri", "http://evil/request"),
        ]),
        own_app: OwnApp {
            client_id: Some("own-app".into()),
            client_secret: Some("own-secret".into()),
            refresh_token: None,
        },
        ..BrowserInput::default()
    };
    let begun = flow.begin(&auth, input).await.unwrap();
    let query: BTreeMap<String, String> = begun.authorize_url.query_pairs().into_owned().collect();
    assert_eq!(query["scope"], "profile offline_access");
    assert_eq!(query["prompt"], "consent");
    assert_eq!(query["response_type"], "code", "nobody makes another flow of it");
    assert_eq!(query["redirect_uri"], "http://localhost:3003/oauth/callback");
    assert_eq!(query["client_id"], "own-app");
    assert_eq!(query["code_challenge_method"], "S256");
    assert!(query["state"].len() >= 43, "256 bits");
    assert!(!query.contains_key("request") && !query.contains_key("request_uri"));
}

#[tokio::test]
async fn an_override_without_scopes_in_it_takes_none_away() {
    let flow = Flow::start().await;
    for (preset, given, scope) in [
        ("", "", None),
        (" ,", "", None),
        ("", "profile", Some("profile")),
        ("", ",", None),
    ] {
        let config = json!({"oauth_scopes_override": preset});
        let defaults = SessionDefaults {
            connection_config: config.as_object().cloned(),
            ..SessionDefaults::default()
        };
        let session = NewSession {
            defaults: BTreeMap::from([(integration("acme"), defaults)]),
            ..NewSession::default()
        };
        let auth = flow.session_of(session).await;
        let input = BrowserInput {
            params: params(&[("oauth_scopes_override", given)]),
            ..BrowserInput::default()
        };
        let begun = flow.begin(&auth, input).await.unwrap();
        let asked = begun
            .authorize_url
            .query_pairs()
            .find(|(name, _)| name == "scope");
        let asked = asked.map(|(_, scope)| scope.into_owned());
        let plain = flow
            .begin(&flow.session().await, BrowserInput::default())
            .await
            .unwrap();
        let own = plain
            .authorize_url
            .query_pairs()
            .find(|(name, _)| name == "scope");
        let own = own.map(|(_, scope)| scope.into_owned());
        assert!(own.is_some());
        assert_eq!(asked, scope.map(str::to_owned).or(own), "{preset:?} {given:?}");
    }
}

#[tokio::test]
async fn scopes_that_were_asked_for_are_kept_beside_those_that_were_granted() {
    let flow = Flow::start().await;
    flow.acme
        .script(|script| script.granted_scopes = Some(vec!["profile".into()]));
    let auth = flow.session().await;
    let input = BrowserInput {
        params: params(&[("oauth_scopes_override", "profile,contacts.write")]),
        ..BrowserInput::default()
    };
    let begun = flow.begin(&auth, input).await.unwrap();
    let connected = flow.complete(flow.consent(&begun).await).await.outcome.unwrap();
    let shown = flow.get(&connected.connection_key).await.unwrap().connection;
    assert_eq!(shown.requested_scopes, ["profile", "contacts.write"]);
    assert_eq!(shown.missing_scopes(), ["contacts.write"]);
    assert_eq!(
        shown.connection_config["oauth_scopes_override"],
        json!(["profile", "contacts.write"])
    );
}

#[tokio::test]
async fn scopes_asked_for_past_the_integrations_own_are_recorded() {
    let flow = Flow::start().await;
    let auth = flow.session().await;
    let input = BrowserInput {
        authorization_params: params(&[("scope", "profile contacts.write")]),
        ..BrowserInput::default()
    };
    let begun = flow.begin(&auth, input).await.unwrap();
    let connected = flow.complete(flow.consent(&begun).await).await.outcome.unwrap();
    let shown = flow.get(&connected.connection_key).await.unwrap().connection;
    assert_eq!(shown.requested_scopes, ["profile", "contacts.write"]);
}

#[tokio::test]
async fn a_browser_cannot_leave_a_book_in_the_database() {
    let flow = Flow::start().await;
    let auth = flow.session().await;
    let input = BrowserInput {
        authorization_params: params(&[("prompt", &"x".repeat(9 * 1024))]),
        ..BrowserInput::default()
    };
    let refused = flow.begin(&auth, input).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::UrlParamErr);
}

#[tokio::test]
async fn renewing_a_connection_that_is_deleted_meanwhile_makes_no_new_one() {
    let flow = Flow::start().await;
    let key = flow.connect(&flow.session().await).await.connection_key;
    let auth = flow.reconnect_session(&key).await;
    let begun = flow.begin(&auth, BrowserInput::default()).await.unwrap();
    let back = flow.consent(&begun).await;
    flow.house
        .broker
        .connections()
        .delete(&flow.caller, &integration("acme"), &key)
        .await
        .unwrap();
    let failure = flow.complete(back).await.outcome.unwrap_err();
    assert_eq!(failure.error.code(), ErrorCode::InvalidConnection);
    assert_eq!(flow.connection_count().await, 0);
}

#[tokio::test]
async fn a_public_key_alone_makes_connections_and_replaces_none() {
    let flow = Flow::start().await;
    let input = || BrowserInput {
        connection_key: Some("customer-1".into()),
        ..BrowserInput::default()
    };
    let auth = flow.public_key();
    let [one, two] = flow.two_tabs(&auth, input).await;
    flow.complete(one).await.outcome.unwrap();
    let token = flow.access_token(&connection("customer-1")).await;
    let late = flow.complete(two).await.outcome.unwrap_err();
    assert_eq!(late.error.code(), ErrorCode::ConnectionExists);
    assert_eq!(
        flow.begin(&auth, input()).await.unwrap_err().code(),
        ErrorCode::ConnectionExists
    );
    assert_eq!(flow.access_token(&connection("customer-1")).await, token);

    let on = EnvironmentPatch {
        hmac_enabled: Some(true),
        hmac_key: Some("my-hmac-key".into()),
        ..EnvironmentPatch::default()
    };
    let environment = flow
        .house
        .broker
        .environments()
        .update(&flow.caller, on)
        .await
        .unwrap();
    let flow = Flow { environment, ..flow };
    let auth = flow.public_key();
    assert_eq!(
        flow.begin(&auth, input()).await.unwrap_err().code(),
        ErrorCode::MissingHmac
    );
    let hmac = |message: &str| Some(hmac_sha256_hex(b"my-hmac-key", message.as_bytes()));
    let wrong = BrowserInput {
        hmac: hmac("acme"),
        ..input()
    };
    assert_eq!(
        flow.begin(&auth, wrong).await.unwrap_err().code(),
        ErrorCode::InvalidHmac
    );
    let right = BrowserInput {
        hmac: hmac("acme:customer-1"),
        ..input()
    };
    let begun = flow.begin(&auth, right).await.unwrap();
    assert_eq!(
        flow.complete(flow.consent(&begun).await)
            .await
            .outcome
            .unwrap()
            .operation,
        AuthOperation::Override
    );
}

#[tokio::test]
async fn a_browser_is_let_in_by_token_or_public_key_and_told_why_not() {
    let flow = Flow::start().await;
    let connect = flow.house.broker.connect();
    let opened = connect
        .open_session(&flow.caller, NewSession::default())
        .await
        .unwrap();
    let token = opened.token.expose().as_str();
    assert!(opened.connect_link.ends_with(token));
    assert!(
        connect.authenticate_browser(None, Some(token)).await.is_ok(),
        "a public key that is a session token"
    );
    assert!(
        connect
            .authenticate_browser(None, Some(&flow.environment.public_key))
            .await
            .is_ok()
    );
    let denied = |token, key| async move { connect.authenticate_browser(token, key).await.unwrap_err() };
    assert!(matches!(denied(None, None).await, BrowserAuthError::Missing));
    assert!(matches!(
        denied(None, Some("x")).await,
        BrowserAuthError::InvalidPublicKey
    ));
    assert!(matches!(
        denied(None, Some(&flow.environment.uuid)).await,
        BrowserAuthError::UnknownAccount
    ));
    assert!(matches!(
        denied(Some("x"), None).await,
        BrowserAuthError::InvalidSessionToken
    ));
    let other = format!("nango_connect_session_{}", "0".repeat(64));
    assert!(matches!(
        denied(Some(&other), None).await,
        BrowserAuthError::UnknownSession
    ));
    let off = EnvironmentPatch {
        public_key_enabled: Some(false),
        ..EnvironmentPatch::default()
    };
    flow.house
        .broker
        .environments()
        .update(&flow.caller, off)
        .await
        .unwrap();
    assert!(matches!(
        denied(None, Some(&flow.environment.public_key)).await,
        BrowserAuthError::PublicKeyDisabled
    ));

    let session = connect.authenticate_session(token).await.unwrap();
    assert!(connect.delete_session(&session).await.unwrap());
    assert!(!connect.delete_session(&session).await.unwrap());
    assert!(matches!(
        denied(Some(token), None).await,
        BrowserAuthError::EndedSession(_)
    ));
    let short = connect
        .open_session(&flow.caller, NewSession::default())
        .await
        .unwrap();
    flow.house.clock.advance_seconds(30 * 60);
    assert!(matches!(
        denied(Some(short.token.expose()), None).await,
        BrowserAuthError::EndedSession(_)
    ));
}

#[tokio::test]
async fn a_session_limits_integrations_and_names_the_connection_itself() {
    let flow = Flow::start().await;
    let session = NewSession {
        allowed_integrations: vec![integration("acme-basic")],
        ..NewSession::default()
    };
    let auth = flow.session_of(session).await;
    let refused = flow.begin(&auth, BrowserInput::default()).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::IntegrationNotAllowed);
    let auth = flow.session().await;
    let named = BrowserInput {
        connection_key: Some("mine".into()),
        ..BrowserInput::default()
    };
    assert_eq!(
        flow.begin(&auth, named).await.unwrap_err().code(),
        ErrorCode::InvalidQueryParams
    );
    let connect = flow.house.broker.connect();
    let browser = BrowserId::of_cookie(COOKIE);
    let unknown = connect
        .begin(&auth, &integration("nope"), BrowserInput::default(), &browser)
        .await
        .unwrap_err();
    assert_eq!(unknown.code(), ErrorCode::ProviderConfigErr);
    let keyed = connect
        .begin(
            &auth,
            &integration("acme-basic"),
            BrowserInput::default(),
            &browser,
        )
        .await
        .unwrap_err();
    assert_eq!(keyed.code(), ErrorCode::AuthModeErr);
}

#[tokio::test]
async fn an_early_refusal_reaches_the_listener_too() {
    let flow = Flow::start().await;
    let auth = flow.session().await;
    let connect = flow.house.broker.connect();
    let waiting = connect.listen();
    let input = BrowserInput {
        ws_client_id: Some(waiting.ws_client_id().to_owned()),
        ..BrowserInput::default()
    };
    connect
        .begin(&auth, &integration("nope"), input, &BrowserId::of_cookie(COOKIE))
        .await
        .unwrap_err();
    assert!(
        matches!(waiting.result().await, ResultFrame::Error { error_type, .. } if error_type == "provider_config_err")
    );
    let waiting = connect.listen();
    connect.tell(
        waiting.ws_client_id(),
        &ResultFrame::refusal(ErrorCode::MissingPublicKey, "none", None, None),
    );
    assert_eq!(
        serde_json::to_value(waiting.result().await).unwrap(),
        json!({"message_type": "error", "error_type": "missing_public_key", "error_desc": "none"})
    );
}

#[tokio::test]
async fn a_listener_hears_of_a_callback_that_another_instance_served() {
    let flow = Flow::start().await;
    let other = flow.house.restarted(Plan::default()).await;
    let waiting = flow.house.broker.connect().listen();
    let input = BrowserInput {
        ws_client_id: Some(waiting.ws_client_id().to_owned()),
        ..BrowserInput::default()
    };
    let auth = flow.session().await;
    let begun = flow.begin(&auth, input).await.unwrap();
    let answer = flow.consent(&begun).await;
    let callback = Callback {
        params: answer,
        browser: Some(BrowserId::of_cookie(COOKIE)),
        own_redirect: None,
    };
    let connected = other.broker.connect().complete(callback).await.outcome.unwrap();
    let frame = tokio::time::timeout(Duration::from_secs(10), waiting.result())
        .await
        .unwrap();
    assert_eq!(frame, ResultFrame::of(&connected));
    assert_eq!(
        serde_json::to_value(frame).unwrap(),
        json!({
            "message_type": "success", "provider_config_key": "acme",
            "connection_id": connected.connection_key.as_str(), "is_pending": false,
        })
    );
}

#[tokio::test]
async fn reconnecting_keeps_what_the_new_attempt_does_not_set() {
    let flow = Flow::start().await;
    let auth = flow.session().await;
    let connected = flow.connect(&auth).await;
    let connections = flow.house.broker.connections();
    let key = connected.connection_key.clone();
    let metadata: Map<_, _> = json!({"a": [1, {"b": null}]}).as_object().unwrap().clone();
    connections
        .write_metadata(
            &flow.caller,
            &integration("acme"),
            std::slice::from_ref(&key),
            &metadata,
            MetadataChange::Replace,
        )
        .await
        .unwrap();
    let patch = ConnectionPatch {
        tags: Some(Tags::parse([("plan", "pro")]).unwrap()),
        webhook_url_override: Some("https://hooks.example.com/x".into()),
        ..ConnectionPatch::default()
    };
    connections
        .update(&flow.caller, &integration("acme"), &key, patch)
        .await
        .unwrap();
    let before = flow.get(&key).await.unwrap();

    let connect = flow.house.broker.connect();
    let auth = flow.reconnect_session(&key).await;
    let view = connect
        .session_view(auth.session().unwrap())
        .await
        .unwrap()
        .unwrap();
    assert!(view.is_reconnecting);
    assert_eq!(view.end_user.unwrap().id, "u-1");
    let second = flow.connect(&auth).await;
    assert_eq!(
        (second.operation, &second.connection_key),
        (AuthOperation::Override, &key)
    );
    let after = flow.get(&key).await.unwrap();
    assert_ne!(access_token(&before), access_token(&after));
    let (before, after) = (before.connection, after.connection);
    assert_eq!(before.id, after.id);
    assert_eq!(before.metadata, after.metadata);
    assert_eq!(before.tags, after.tags);
    assert_eq!(before.end_user, after.end_user);
    assert_eq!(before.webhook_url_override, after.webhook_url_override);

    connections
        .delete(&flow.caller, &integration("acme"), &key)
        .await
        .unwrap();
    assert_eq!(
        flow.begin(&auth, BrowserInput::default())
            .await
            .unwrap_err()
            .code(),
        ErrorCode::InvalidConnection
    );
}

#[tokio::test]
async fn an_integration_with_its_own_redirect_takes_answers_nowhere_else() {
    let flow = Flow::start().await;
    let mut own = new_integration("acme", "own");
    own.credentials = Some(credentials("acme-demo", "acme-demo-secret"));
    own.integration_config
        .insert("base_url".into(), flow.acme.url().into());
    own.own_redirect = true;
    let own = flow
        .house
        .broker
        .integrations()
        .create(&flow.caller, own)
        .await
        .unwrap();
    let auth = flow.session().await;
    let connect = flow.house.broker.connect();
    let answer = |key: &'static str| {
        let (flow, auth) = (&flow, &auth);
        async move {
            let browser = BrowserId::of_cookie(COOKIE);
            let begun = connect
                .begin(auth, &integration(key), BrowserInput::default(), &browser)
                .await
                .unwrap();
            flow.consent(&begun).await
        }
    };
    let complete = |params, own_redirect: Option<&str>| {
        let own_redirect = own_redirect.map(str::to_owned);
        connect.complete(Callback {
            params,
            browser: Some(BrowserId::of_cookie(COOKIE)),
            own_redirect,
        })
    };
    let wrong = [
        (answer("own").await, None),
        (answer("own").await, Some("another")),
        (answer("acme").await, Some(own.uuid.as_str())),
    ];
    for (params, redirect) in wrong {
        let failed = complete(params, redirect).await.outcome.unwrap_err();
        assert!(matches!(failed.error, CompleteError::WrongRedirect));
    }
    assert_eq!(flow.acme.counters().token_requests, 0);
    complete(answer("own").await, Some(&own.uuid))
        .await
        .outcome
        .unwrap();
}

#[tokio::test]
async fn typed_credentials_are_tried_before_they_are_stored() {
    let flow = Flow::impatient().await;
    let auth = flow.session().await;
    let connect = flow.house.broker.connect();
    let key =
        |text: &'static str| connect.submit_api_key(&auth, &PROVIDER, BrowserInput::default(), text.into());
    static PROVIDER: std::sync::LazyLock<terapi_model::IntegrationKey> =
        std::sync::LazyLock::new(|| integration("acme-api-key"));
    let connected = key("acme_live_1").await.unwrap();
    assert_eq!(connected.operation, AuthOperation::Creation);
    assert_eq!(
        key("acme_test_1").await.unwrap_err().code(),
        ErrorCode::ConnectionTestFailed
    );
    for bad in ["", "no such form", "acme_live_\n", &"x".repeat(1025)] {
        let refused = connect
            .submit_api_key(&auth, &PROVIDER, BrowserInput::default(), bad.into())
            .await
            .unwrap_err();
        assert_eq!(refused.code(), ErrorCode::InvalidBody, "{bad:?}");
        assert_eq!(refused.issues()[0].path, ["apiKey"]);
        assert!(bad.is_empty() || !format!("{refused:?}").contains(bad));
    }
    flow.acme.script(|script| script.outage = true);
    assert_eq!(
        key("acme_live_1").await.unwrap_err().code(),
        ErrorCode::ProviderUnreachable
    );
    flow.acme.script(|script| script.outage = false);
    for (status, code) in [
        (401, ErrorCode::ConnectionTestFailed),
        (403, ErrorCode::ConnectionTestFailed),
        (404, ErrorCode::ConnectionTestFailed),
        (500, ErrorCode::ProviderUnreachable),
    ] {
        flow.acme.script(|script| script.me_status = Some(status));
        assert_eq!(key("acme_live_1").await.unwrap_err().code(), code, "{status}");
    }
    flow.acme.script(|script| script.me_status = None);

    let basic = |username: &'static str, password: &'static str| {
        connect.submit_basic(
            &auth,
            &BASIC,
            BrowserInput::default(),
            username.into(),
            password.into(),
        )
    };
    static BASIC: std::sync::LazyLock<terapi_model::IntegrationKey> =
        std::sync::LazyLock::new(|| integration("acme-basic"));
    basic("demo", "demo").await.unwrap();
    assert_eq!(
        basic("demo", "").await.unwrap_err().code(),
        ErrorCode::ConnectionTestFailed
    );
    let other = connect
        .submit_basic(&auth, &PROVIDER, BrowserInput::default(), "a".into(), "b".into())
        .await;
    assert!(matches!(other.unwrap_err().error, SubmitError::OtherMode(_)));
    let unknown = connect
        .submit_api_key(&auth, &integration("nope"), BrowserInput::default(), "k".into())
        .await;
    assert!(matches!(
        unknown.unwrap_err().error,
        SubmitError::Refused(Refusal::UnknownIntegration(_))
    ));
    assert_eq!(flow.connection_count().await, 2);
}

#[tokio::test]
async fn a_provider_that_never_answers_ends_the_try_in_time() {
    let flow = Flow::impatient().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut new = new_integration("acme-api-key", "silent");
    let url = format!("http://{}", silent.local_addr().unwrap());
    new.integration_config.insert("base_url".into(), url);
    flow.house
        .broker
        .integrations()
        .create(&flow.caller, new)
        .await
        .unwrap();
    let auth = flow.session().await;
    let connect = flow.house.broker.connect();
    let key = integration("silent");
    let done = connect
        .submit_api_key(&auth, &key, BrowserInput::default(), "acme_live_1".into())
        .await;
    assert_eq!(done.unwrap_err().code(), ErrorCode::ProviderTimeout);
}

const CHATTY: &str = "
extends: acme
display_name: Chatty
auth:
    auth_mode: OAUTH2
    authorization_url: ${integration_config.base_url}/oauth/authorize?audience=template&kept=a&kept=b
    authorization_params: {audience: file, access_type: offline, code_challenge: fixed}
    scope_separator: ','
";

#[tokio::test]
async fn file_and_caller_shape_the_consent_page_but_never_its_challenge() {
    let flow = Flow::planned(Plan {
        providers: &[("chatty", CHATTY)],
        ..Plan::default()
    })
    .await;
    let mut new = new_integration("chatty", "chatty");
    new.credentials = Some(credentials("acme-demo", "acme-demo-secret"));
    new.integration_config
        .insert("base_url".into(), flow.acme.url().into());
    flow.house
        .broker
        .integrations()
        .create(&flow.caller, new)
        .await
        .unwrap();
    let input = BrowserInput {
        authorization_params: params(&[("access_type", "undefined"), ("code_challenge", "mine")]),
        ..BrowserInput::default()
    };
    let auth = flow.session().await;
    let connect = flow.house.broker.connect();
    let browser = BrowserId::of_cookie(COOKIE);
    let begun = connect
        .begin(&auth, &integration("chatty"), input, &browser)
        .await
        .unwrap();
    let query: Vec<(String, String)> = begun.authorize_url.query_pairs().into_owned().collect();
    let all = |name: &str| -> Vec<&str> {
        let named = query.iter().filter(|(known, _)| known == name);
        named.map(|(_, value)| value.as_str()).collect()
    };
    assert_eq!(all("kept"), ["a", "b"]);
    assert_eq!(all("audience"), ["file"]);
    assert_eq!(all("access_type"), [""; 0]);
    assert_eq!(all("scope"), ["profile,contacts.read,offline_access"]);
    assert_eq!(all("redirect_uri"), ["http://localhost:3003/oauth/callback"]);
    assert_eq!(all("code_challenge_method"), ["S256"]);
    let [challenge] = all("code_challenge")[..] else {
        panic!("{query:?}");
    };
    assert_eq!(challenge.len(), 43, "a SHA-256");
}

const VARIANT: &str = "
extends: acme
display_name: Variant
auth:
    auth_mode: OAUTH2
    issuer: ${integration_config.base_url}
    client_auth: client_secret_basic
    body_format: json
    token_params: {audience: api, level: 3}
    refresh_params: {note: again}
    user_scope: true
keep: {token: [team.id], callback: [realm]}
";

async fn variant() -> Flow {
    let plan = Plan {
        providers: &[("variant", VARIANT)],
        ..Plan::default()
    };
    let flow = Flow::planned(plan).await;
    let mut new = new_integration("variant", "variant");
    new.credentials = Some(credentials("acme-demo", "acme-demo-secret"));
    new.integration_config
        .insert("base_url".into(), flow.acme.url().into());
    flow.house
        .broker
        .integrations()
        .create(&flow.caller, new)
        .await
        .unwrap();
    flow
}

#[tokio::test]
async fn an_answer_of_another_issuer_is_refused_before_its_code_is_used() {
    let flow = variant().await;
    let auth = flow.session().await;
    let connect = flow.house.broker.connect();
    for iss in [
        IssuerParameter::Absent,
        IssuerParameter::Missing,
        IssuerParameter::Wrong("https://evil.example".into()),
        IssuerParameter::Wrong(format!("{}/", flow.acme.url())),
    ] {
        flow.acme.script(|script| script.iss = iss);
        let browser = BrowserId::of_cookie(COOKIE);
        let begun = connect
            .begin(&auth, &integration("variant"), BrowserInput::default(), &browser)
            .await
            .unwrap();
        let failed = flow
            .complete(flow.consent(&begun).await)
            .await
            .outcome
            .unwrap_err();
        assert!(
            matches!(failed.error, CompleteError::WrongIssuer),
            "{}",
            failed.error
        );
    }
    assert_eq!(flow.acme.counters().token_requests, 0);
}

#[tokio::test]
async fn what_a_providers_file_says_is_what_is_sent_and_kept() {
    let flow = variant().await;
    flow.acme.script(|script| {
        script.iss = IssuerParameter::Right;
        script.client_auth = terapi_testkit::ClientAuthRule::Basic;
        script.token_extra = json!({"team": {"id": "T1"}}).as_object().unwrap().clone();
        script.callback_params = params(&[("realm", "R9")]);
    });
    let auth = flow.session().await;
    let connect = flow.house.broker.connect();
    let browser = BrowserId::of_cookie(COOKIE);
    let input = BrowserInput {
        user_scope: Some("chat:write".into()),
        ..BrowserInput::default()
    };
    let begun = connect
        .begin(&auth, &integration("variant"), input, &browser)
        .await
        .unwrap();
    assert!(
        begun
            .authorize_url
            .query_pairs()
            .any(|pair| pair == ("user_scope".into(), "chat:write".into()))
    );
    let connected = flow.complete(flow.consent(&begun).await).await.outcome.unwrap();
    let forced = terapi_broker::connections::GetOptions {
        force_refresh: true,
        ..Default::default()
    };
    let connections = flow.house.broker.connections();
    let fetched = connections
        .get(
            &flow.caller,
            &integration("variant"),
            &connected.connection_key,
            forced,
        )
        .await
        .unwrap();
    assert_eq!(
        fetched.connection.connection_config,
        *json!({"team.id": "T1", "realm": "R9", "user_scope": "chat:write"})
            .as_object()
            .unwrap()
    );
    let asked: Vec<_> = flow
        .acme
        .requests()
        .into_iter()
        .filter(|seen| seen.path == "/oauth/token")
        .collect();
    for request in &asked {
        assert_eq!(request.credential, CredentialKind::Basic);
        assert_eq!(request.content_type.as_deref(), Some("application/json"));
    }
    assert_eq!(
        asked[0].body_names,
        [
            "audience",
            "code",
            "code_verifier",
            "grant_type",
            "level",
            "redirect_uri"
        ]
    );
    assert_eq!(asked[1].body_names, ["grant_type", "note", "refresh_token"]);
}

#[tokio::test]
async fn a_scope_that_no_database_takes_costs_no_connection() {
    on_each(async |on| {
        let flow = Flow::start_on(on).await;
        flow.acme
            .script(|script| script.granted_scopes = Some(vec!["profile".into(), "a\0b".into()]));
        let made = flow.connect(&flow.session().await).await;
        let options = GetOptions {
            with_credentials: true,
            force_refresh: true,
            min_ttl: None,
        };
        flow.get_with(&made.connection_key, options).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_session_names_each_integration_once_however_often_it_was_said() {
    let flow = Flow::start().await;
    let connect = flow.house.broker.connect();
    let named = |keys: &[&str]| NewSession {
        end_user: Some(end_user()),
        allowed_integrations: keys.iter().map(|key| integration(key)).collect(),
        ..NewSession::default()
    };
    let auth = flow.session_of(named(&["acme", "acme-basic", "acme"])).await;
    let allowed = auth.session().unwrap().allowed_integrations.clone();
    assert_eq!(
        allowed,
        Some(vec![integration("acme"), integration("acme-basic")])
    );
    let refused = connect.open_session(&flow.caller, named(&["acme", "none"])).await;
    let Err(OpenSessionError::Invalid(issues)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(
        (issues.len(), issues[0].path.join(".")),
        (1, "allowed_integrations.1".to_owned())
    );
}
