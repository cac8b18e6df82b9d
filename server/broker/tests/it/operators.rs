use std::net::IpAddr;

use terapi_broker::operators::{
    BootstrapError, ChangePasswordError, InviteError, SessionRecord, SignInError, SignUp, SignUpError,
};
use terapi_broker::{Broker, SecretString};
use terapi_model::Role;
use terapi_vault::hash::{TokenHash, token_hash};

use crate::database::on_each;
use crate::house::{House, PASSWORD, Plan, sign_up};

const HOME: &str = "192.0.2.1";

fn token_of(link: &str) -> String {
    link.rsplit('/').next().unwrap().to_owned()
}

fn with_token(email: &str, token: &str) -> SignUp {
    SignUp {
        invitation: Some(token.into()),
        ..sign_up(email)
    }
}

async fn setup_token(broker: &Broker) -> String {
    token_of(&broker.operators().first_setup_link().await.unwrap().unwrap())
}

async fn sign_in(broker: &Broker, email: &str, password: &str, address: &str) -> Result<String, SignInError> {
    let address: IpAddr = address.parse().unwrap();
    let operator = broker
        .operators()
        .sign_in(email, &password.into(), address)
        .await?;
    Ok(operator.email)
}

async fn fail(broker: &Broker, email: &str, address: &str) {
    let outcome = sign_in(broker, email, "not the password", address).await;
    assert!(
        matches!(outcome, Err(SignInError::WrongCredentials)),
        "{outcome:?}"
    );
}

fn wait_of(outcome: Result<String, SignInError>) -> i64 {
    match outcome {
        Err(SignInError::Throttled { retry_after_s }) => retry_after_s,
        other => panic!("not throttled: {other:?}"),
    }
}

#[tokio::test]
async fn the_setup_link_makes_the_first_owner_with_dev_and_prod() {
    let house = House::invited().await;
    let operators = house.broker.operators();
    let link = operators.first_setup_link().await.unwrap().unwrap();
    assert!(link.starts_with("http://localhost:3003/app/~/setup/"));
    let token = token_of(&link);
    let view = operators.setup_invitation(&token).await.unwrap().unwrap();
    assert!(view.first && view.role == Role::Owner && view.account_name.is_none());

    let typed = SignUp {
        account_name: Some(" Analytical Engines ".into()),
        ..with_token("Ada@Example.com", &token)
    };
    let owner = operators.sign_up(typed).await.unwrap();
    assert_eq!(owner.email, "Ada@Example.com");
    assert_eq!(owner.memberships[0].role, Role::Owner);
    assert_eq!(owner.memberships[0].account_name, "Analytical Engines");
    for environment in ["dev", "prod"] {
        let (caller, found) = house.acting(&owner, environment).await;
        assert_eq!(found.name.as_str(), environment);
        assert!(house.broker.keys().list(&caller).await.unwrap().is_empty());
    }
    assert!(operators.caller(&owner.id, "staging").await.unwrap().is_none());
    assert!(operators.first_setup_link().await.unwrap().is_none());
}

#[tokio::test]
async fn a_setup_link_works_once() {
    let house = House::invited().await;
    let operators = house.broker.operators();
    let token = setup_token(&house.broker).await;
    operators
        .sign_up(with_token("ada@example.com", &token))
        .await
        .unwrap();
    assert!(operators.setup_invitation(&token).await.unwrap().is_none());
    let again = operators.sign_up(with_token("bob@example.com", &token)).await;
    assert!(matches!(again, Err(SignUpError::InvitationInvalid)));
    assert!(!house.has_bytes("bob@example.com"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_sign_ups_at_once_with_one_setup_link_one_wins() {
    on_each(async |on| {
        let house = House::invited_on(on).await;
        let token = setup_token(&house.broker).await;
        let attempts = ["ada@example.com", "bob@example.com"].map(|email| {
            let (broker, token) = (house.broker.clone(), token.clone());
            tokio::spawn(async move { broker.operators().sign_up(with_token(email, &token)).await })
        });
        let mut won = 0;
        for attempt in attempts {
            match attempt.await.unwrap() {
                Ok(_) => won += 1,
                Err(error) => assert!(matches!(error, SignUpError::InvitationInvalid), "{error:?}"),
            }
        }
        assert_eq!(won, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_setup_links_that_are_made_at_once_one_works() {
    on_each(async |on| {
        let house = House::invited_on(on).await;
        let starts: Vec<_> = (0..4)
            .map(|_| {
                let broker = house.broker.clone();
                tokio::spawn(async move { setup_token(&broker).await })
            })
            .collect();
        let mut tokens = Vec::new();
        for start in starts {
            tokens.push(start.await.unwrap());
        }
        let mut good = 0;
        for token in tokens {
            let view = house.broker.operators().setup_invitation(&token).await.unwrap();
            good += usize::from(view.is_some());
        }
        assert_eq!(good, 1);
    })
    .await;
}

#[tokio::test]
async fn twenty_sign_ups_of_a_quarter_of_an_hour_from_an_address_are_enough() {
    on_each(async |on| {
        let house = House::planned(Plan {
            on,
            ..Plan::default()
        })
        .await;
        let operators = house.broker.operators();
        house.sign_up("ada@example.com").await;
        for _ in 1..20 {
            let taken = operators.sign_up(sign_up("ada@example.com")).await;
            assert!(matches!(taken, Err(SignUpError::EmailTaken)), "{taken:?}");
        }
        house.clock.advance_seconds(60);
        let refused = operators.sign_up(sign_up("bob@example.com")).await;
        assert!(matches!(
            refused,
            Err(SignUpError::Throttled { retry_after_s: 840 })
        ));
        let elsewhere = SignUp {
            address: [192, 0, 2, 2].into(),
            ..sign_up("bob@example.com")
        };
        operators.sign_up(elsewhere).await.unwrap();
        house.clock.advance_seconds(840);
        operators.sign_up(sign_up("eve@example.com")).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_new_setup_link_ends_the_earlier_one_and_each_expires_after_a_day() {
    let house = House::invited().await;
    let operators = house.broker.operators();
    let earlier = setup_token(&house.broker).await;
    let token = setup_token(&house.broker).await;
    assert!(operators.setup_invitation(&earlier).await.unwrap().is_none());
    house.clock.advance_seconds(24 * 3600 - 1);
    assert!(operators.setup_invitation(&token).await.unwrap().is_some());
    house.clock.advance_seconds(1);
    assert!(operators.setup_invitation(&token).await.unwrap().is_none());
    let late = operators.sign_up(with_token("ada@example.com", &token)).await;
    assert!(matches!(late, Err(SignUpError::InvitationInvalid)));
}

#[tokio::test]
async fn without_a_link_sign_up_is_closed_unless_it_is_open() {
    let closed = House::invited().await;
    let refused = closed
        .broker
        .operators()
        .sign_up(sign_up("ada@example.com"))
        .await;
    assert!(matches!(refused, Err(SignUpError::Closed)));

    let open = House::open().await;
    assert!(
        open.broker
            .operators()
            .first_setup_link()
            .await
            .unwrap()
            .is_none()
    );
    let ada = open.sign_up("ada@example.com").await;
    let bob = open.sign_up("bob@example.com").await;
    assert_ne!(ada.memberships[0].account_id, bob.memberships[0].account_id);
}

#[tokio::test]
async fn what_is_typed_at_sign_up_is_checked() {
    let house = House::open().await;
    house.sign_up("ada@example.com").await;
    let operators = house.broker.operators();
    let refusal = |typed| async { operators.sign_up(typed).await.unwrap_err() };
    let typed = || sign_up("new@example.com");
    assert!(matches!(
        refusal(sign_up("ADA@example.com")).await,
        SignUpError::EmailTaken
    ));
    assert!(matches!(
        refusal(sign_up("nobody")).await,
        SignUpError::EmailInvalid
    ));
    assert!(matches!(
        refusal(SignUp {
            password: "elevenchars".into(),
            ..typed()
        })
        .await,
        SignUpError::PasswordTooShort
    ));
    assert!(matches!(
        refusal(SignUp {
            password: "x".repeat(129).into(),
            ..typed()
        })
        .await,
        SignUpError::PasswordTooLong
    ));
    assert!(matches!(
        refusal(SignUp {
            display_name: "  ".into(),
            ..typed()
        })
        .await,
        SignUpError::NameInvalid
    ));
    assert!(matches!(
        refusal(with_token("new@example.com", "no-such-token")).await,
        SignUpError::InvitationInvalid
    ));
}

#[tokio::test]
async fn an_invitation_leads_into_the_account_for_its_own_e_mail_only() {
    let house = House::invited().await;
    let operators = house.broker.operators();
    let token = setup_token(&house.broker).await;
    let owner = operators
        .sign_up(with_token("ada@example.com", &token))
        .await
        .unwrap();
    let (caller, environment) = house.acting(&owner, "dev").await;
    let token = token_of(
        &operators
            .invite_into(&caller, "bob@example.com", Role::Developer)
            .await
            .unwrap(),
    );
    let view = operators.setup_invitation(&token).await.unwrap().unwrap();
    assert_eq!(
        (view.email.as_deref(), view.first),
        (Some("bob@example.com"), false)
    );
    assert_eq!(view.account_name.as_deref(), Some("Ada"));

    let stranger = operators.sign_up(with_token("eve@example.com", &token)).await;
    assert!(matches!(stranger, Err(SignUpError::InvitationForAnother)));
    let bob = operators
        .sign_up(with_token("Bob@example.com", &token))
        .await
        .unwrap();
    let (bob_caller, same) = house.acting(&bob, "dev").await;
    assert_eq!(same.id, environment.id);
    assert_eq!(bob.memberships[0].role, Role::Developer);
    let beyond = operators
        .invite_into(&bob_caller, "eve@example.com", Role::Viewer)
        .await;
    assert!(matches!(beyond, Err(InviteError::Forbidden(_))));
}

#[tokio::test]
async fn sign_in_answers_unknown_e_mails_and_wrong_passwords_alike() {
    let house = House::open().await;
    house.sign_up("ada@example.com").await;
    let broker = &house.broker;
    assert_eq!(
        sign_in(broker, " ADA@example.com ", PASSWORD, HOME)
            .await
            .unwrap(),
        "ada@example.com"
    );
    let wrong = sign_in(broker, "ada@example.com", "wrong", HOME)
        .await
        .unwrap_err();
    let unknown = sign_in(broker, "eve@example.com", "wrong", HOME)
        .await
        .unwrap_err();
    assert_eq!(wrong.to_string(), unknown.to_string());
    assert!(!house.has_bytes(PASSWORD));
    assert!(house.has_bytes("$argon2id$v=19$m=19456,t=2,p=1$"));
}

#[tokio::test]
async fn five_failures_pause_an_account_for_fifteen_minutes_even_for_the_right_password() {
    let house = House::open().await;
    house.sign_up("ada@example.com").await;
    let broker = &house.broker;
    for _ in 0..5 {
        fail(broker, "ada@example.com", HOME).await;
        house.clock.advance_seconds(10);
    }
    assert_eq!(
        wait_of(sign_in(broker, "ada@example.com", PASSWORD, "198.51.100.7").await),
        850
    );
    house.clock.advance_seconds(849);
    assert_eq!(
        wait_of(sign_in(broker, "ada@example.com", PASSWORD, HOME).await),
        1
    );
    house.clock.advance_seconds(1);
    sign_in(broker, "ada@example.com", PASSWORD, HOME).await.unwrap();
}

#[tokio::test]
async fn unknown_e_mails_are_paused_in_the_same_way() {
    let house = House::open().await;
    for _ in 0..5 {
        fail(&house.broker, "eve@example.com", HOME).await;
    }
    assert_eq!(
        wait_of(sign_in(&house.broker, "eve@example.com", PASSWORD, HOME).await),
        900
    );
}

#[tokio::test]
async fn tries_during_a_pause_do_not_make_it_longer() {
    let house = House::open().await;
    house.sign_up("ada@example.com").await;
    for _ in 0..5 {
        fail(&house.broker, "ada@example.com", HOME).await;
    }
    for _ in 0..89 {
        house.clock.advance_seconds(10);
        wait_of(sign_in(&house.broker, "ada@example.com", "guess", HOME).await);
    }
    house.clock.advance_seconds(10);
    sign_in(&house.broker, "ada@example.com", PASSWORD, HOME)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_success_clears_the_failures_of_its_account() {
    let house = House::open().await;
    house.sign_up("ada@example.com").await;
    for _ in 0..3 {
        for _ in 0..4 {
            fail(&house.broker, "ada@example.com", HOME).await;
        }
        house.clock.advance_seconds(1);
        sign_in(&house.broker, "ada@example.com", PASSWORD, HOME)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn twenty_failures_pause_an_address_and_an_ipv6_network_counts_as_one() {
    let house = House::open().await;
    house.sign_up("ada@example.com").await;
    for stranger in 0..20 {
        fail(
            &house.broker,
            &format!("{stranger}@example.com"),
            &format!("2001:db8:1:2::{stranger}"),
        )
        .await;
    }
    wait_of(sign_in(&house.broker, "ada@example.com", PASSWORD, "2001:db8:1:2:ffff::1").await);
    sign_in(&house.broker, "ada@example.com", PASSWORD, "2001:db8:1:3::1")
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tries_at_once_do_not_slip_past_the_limit() {
    let house = House::open().await;
    house.sign_up("ada@example.com").await;
    let tries: Vec<_> = (0..20)
        .map(|_| {
            let broker = house.broker.clone();
            tokio::spawn(async move { sign_in(&broker, "ada@example.com", "guess", HOME).await })
        })
        .collect();
    let mut checked = 0;
    for outcome in tries {
        match outcome.await.unwrap() {
            Err(SignInError::WrongCredentials) => checked += 1,
            other => drop(wait_of(other)),
        }
    }
    assert_eq!(checked, 5);
}

async fn begin_session(house: &House, id: &str, email: &str) -> TokenHash {
    let operator = house
        .broker
        .operators()
        .sign_in(email, &PASSWORD.into(), HOME.parse().unwrap())
        .await
        .unwrap();
    let session = SessionRecord {
        id_hash: token_hash(id),
        operator_id: Some(operator.id),
        record: r#"{"data":{}}"#.into(),
        user_agent: "Firefox".into(),
        address: Some(HOME.parse().unwrap()),
        expires_at: house.broker.now().plus_seconds(14 * 86_400),
    };
    assert!(
        house
            .broker
            .operators()
            .save_session(session, true)
            .await
            .unwrap()
    );
    token_hash(id)
}

#[tokio::test]
async fn sessions_survive_a_restart_and_only_their_hash_is_stored() {
    let house = House::open().await;
    let operator = house.sign_up("ada@example.com").await;
    let id = begin_session(&house, "session-id-in-the-cookie", "ada@example.com").await;
    let restarted = house.restarted(Plan::default()).await;
    let found = restarted
        .broker
        .operators()
        .load_session(&id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.operator_id, Some(operator.id));
    assert_eq!(found.record, r#"{"data":{}}"#);
    assert!(!house.has_bytes("session-id-in-the-cookie"));
}

#[tokio::test]
async fn a_revoked_session_is_gone_and_does_not_come_back_when_it_is_saved() {
    let house = House::open().await;
    let ada = house.sign_up("ada@example.com").await;
    let bob = house.sign_up("bob@example.com").await;
    let operators = house.broker.operators();
    let one = begin_session(&house, "one", "ada@example.com").await;
    let two = begin_session(&house, "two", "ada@example.com").await;
    let three = begin_session(&house, "three", "ada@example.com").await;
    let held = operators.load_session(&one).await.unwrap().unwrap();
    assert_eq!(operators.sessions(&ada.id).await.unwrap().len(), 3);

    assert!(!operators.revoke_session(&bob.id, &one).await.unwrap());
    assert!(operators.revoke_session(&ada.id, &one).await.unwrap());
    assert!(operators.load_session(&one).await.unwrap().is_none());
    assert!(!operators.save_session(held, false).await.unwrap());
    assert!(operators.load_session(&one).await.unwrap().is_none());

    assert_eq!(
        operators
            .revoke_other_sessions(&ada.id, Some(&two))
            .await
            .unwrap(),
        1
    );
    assert!(operators.load_session(&three).await.unwrap().is_none());
    let left = operators.sessions(&ada.id).await.unwrap();
    assert_eq!((left.len(), left[0].id_hash), (1, two));
}

#[tokio::test]
async fn a_session_ends_after_a_day_unused_and_after_its_fortnight() {
    let house = House::open().await;
    house.sign_up("ada@example.com").await;
    let operators = house.broker.operators();
    let id = begin_session(&house, "id", "ada@example.com").await;
    for _ in 0..14 {
        assert!(operators.load_session(&id).await.unwrap().is_some());
        house.clock.advance_seconds(86_400 - 1);
    }
    assert!(operators.load_session(&id).await.unwrap().is_some());
    house.clock.advance_seconds(14);
    assert!(operators.load_session(&id).await.unwrap().is_none());

    let idle = begin_session(&house, "idle", "ada@example.com").await;
    house.clock.advance_seconds(86_400);
    assert!(operators.load_session(&idle).await.unwrap().is_none());
}

#[tokio::test]
async fn changing_the_password_ends_the_other_sessions() {
    let house = House::open().await;
    let ada = house.sign_up("ada@example.com").await;
    let operators = house.broker.operators();
    let here = begin_session(&house, "here", "ada@example.com").await;
    let there = begin_session(&house, "there", "ada@example.com").await;
    let new = SecretString::from("a much better password");
    let wrong = operators
        .change_password(&ada.id, &"guess".into(), &new, Some(&here))
        .await;
    assert!(matches!(wrong, Err(ChangePasswordError::WrongPassword)));
    let short = operators
        .change_password(&ada.id, &PASSWORD.into(), &"short".into(), Some(&here))
        .await;
    assert!(matches!(
        short,
        Err(ChangePasswordError::NewPassword(SignUpError::PasswordTooShort))
    ));

    operators
        .change_password(&ada.id, &PASSWORD.into(), &new, Some(&here))
        .await
        .unwrap();
    assert!(operators.load_session(&here).await.unwrap().is_some());
    assert!(operators.load_session(&there).await.unwrap().is_none());
    fail(&house.broker, "ada@example.com", HOME).await;
    sign_in(&house.broker, "ada@example.com", new.expose(), HOME)
        .await
        .unwrap();
}

#[tokio::test]
async fn bootstrap_makes_an_owner_whose_keys_work_and_twice_is_refused() {
    let house = House::invited().await;
    let operators = house.broker.operators();
    let setup = setup_token(&house.broker).await;
    let made = operators
        .bootstrap("ops@example.com", PASSWORD.into())
        .await
        .unwrap();
    let names: Vec<_> = made
        .environments
        .iter()
        .map(|environment| environment.name.as_str())
        .collect();
    assert_eq!(names, ["dev", "prod"]);
    for environment in &made.environments {
        let caller = house
            .broker
            .keys()
            .authenticate(environment.secret_key.expose())
            .await
            .unwrap();
        assert_eq!(caller.account_id, made.account_id);
        let public = house
            .broker
            .environments()
            .by_public_key(&environment.public_key)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(caller.environment_id, Some(public.id));
        assert!(!house.has_bytes(environment.webhook_signing_key.expose()));
    }
    sign_in(&house.broker, "ops@example.com", PASSWORD, HOME)
        .await
        .unwrap();

    let again = operators.bootstrap("two@example.com", PASSWORD.into()).await;
    assert!(matches!(again, Err(BootstrapError::AlreadySetUp)));
    let late = operators.sign_up(with_token("ada@example.com", &setup)).await;
    assert!(matches!(late, Err(SignUpError::InvitationInvalid)));
}
