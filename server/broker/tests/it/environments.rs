use terapi_broker::Actor;
use terapi_broker::environments::{
    EnvironmentPatch, HmacError, ReadSecretError, UpdateEnvironmentError, VariableError,
};
use terapi_model::{OperatorId, Role};

use crate::database::on_each;
use crate::house::{House, Plan, sign_up};

#[tokio::test]
async fn a_new_account_has_dev_with_a_public_key_switched_on_and_prod_without() {
    let house = House::open().await;
    let operator = house.sign_up("ada@example.com").await;
    let environments = house
        .broker
        .environments()
        .list(&operator.memberships[0].account_id)
        .await
        .unwrap();
    let seen: Vec<_> = environments
        .iter()
        .map(|found| {
            (
                found.name.as_str(),
                found.is_production,
                found.public_key_enabled,
                found.hmac_enabled,
            )
        })
        .collect();
    assert_eq!(seen, [("dev", false, true, false), ("prod", true, false, false)]);
    for environment in &environments {
        for text in [&environment.uuid, &environment.public_key] {
            assert_eq!(uuid::Uuid::try_parse(text).unwrap().get_version_num(), 4);
        }
        assert!(environment.callback_bound && !environment.public_key_may_overwrite);
    }
    assert_ne!(environments[0].wire_id, environments[1].wire_id);
}

#[tokio::test]
async fn a_public_key_finds_its_environment() {
    let house = House::open().await;
    let (_, environment) = house.tenant("ada@example.com").await;
    let environments = house.broker.environments();
    let found = environments
        .by_public_key(&environment.public_key)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.id, environment.id);
    assert!(
        environments
            .by_public_key(&environment.uuid)
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(
        environments.by_uuid(&environment.uuid).await.unwrap().unwrap().id,
        environment.id
    );
}

#[tokio::test]
async fn the_hmac_is_that_of_the_published_vectors() {
    const BOTH: &str = "dbafcb18d0adf353c4855deb99ab1f9ebe9cc89c32da8f1a67adceed564dcfbf";
    const ALONE: &str = "03c3184e116fade105613693342e92e718a7467436469b49fad287cb88d8eab3";
    let house = House::open().await;
    let (caller, plain) = house.tenant("ada@example.com").await;
    let environments = house.broker.environments();
    environments
        .check_hmac(&plain, None, "github", None)
        .await
        .unwrap();

    let on = EnvironmentPatch {
        hmac_enabled: Some(true),
        hmac_key: Some("my-hmac-key".into()),
        ..Default::default()
    };
    let environment = environments.update(&caller, on).await.unwrap();
    let check = |received, connection| environments.check_hmac(&environment, received, "github", connection);
    check(Some(BOTH), Some("conn-1")).await.unwrap();
    check(Some(ALONE), None).await.unwrap();
    assert!(matches!(
        check(None, Some("conn-1")).await,
        Err(HmacError::Missing)
    ));
    assert!(matches!(
        check(Some(""), Some("conn-1")).await,
        Err(HmacError::Missing)
    ));
    assert!(matches!(
        check(Some(ALONE), Some("conn-1")).await,
        Err(HmacError::Invalid)
    ));
    assert!(matches!(
        check(Some(&BOTH.to_uppercase()), Some("conn-1")).await,
        Err(HmacError::Invalid)
    ));
}

#[tokio::test]
async fn switching_hmac_on_needs_a_key_and_switches_the_public_key_on() {
    let house = House::open().await;
    let operator = house.sign_up("ada@example.com").await;
    let (caller, _) = house.acting(&operator, "prod").await;
    let environments = house.broker.environments();
    let on = || EnvironmentPatch {
        hmac_enabled: Some(true),
        ..Default::default()
    };
    assert!(matches!(
        environments.update(&caller, on()).await,
        Err(UpdateEnvironmentError::HmacKeyMissing)
    ));
    let with_key = EnvironmentPatch {
        hmac_key: Some("k".into()),
        ..on()
    };
    let saved = environments.update(&caller, with_key).await.unwrap();
    assert!(saved.hmac_enabled && saved.public_key_enabled && saved.has_hmac_key);
}

#[tokio::test]
async fn an_hmac_key_is_made_with_the_switch_or_not_at_all() {
    let house = House::open().await;
    let (caller, _) = house.tenant("ada@example.com").await;
    let environments = house.broker.environments();
    let on = || EnvironmentPatch {
        hmac_enabled: Some(true),
        make_hmac_key: true,
        ..Default::default()
    };
    let refused = EnvironmentPatch {
        callback_url: Some("nowhere".to_owned()),
        ..on()
    };
    environments.update(&caller, refused).await.unwrap_err();
    let none = environments.hmac_key(&caller).await.unwrap();
    assert!(
        none.is_none(),
        "a key was left behind by a change that was not made"
    );

    let saved = environments.update(&caller, on()).await.unwrap();
    assert!(saved.hmac_enabled && saved.public_key_enabled && saved.has_hmac_key);
    let made = environments.hmac_key(&caller).await.unwrap().unwrap();
    assert_eq!(made.expose().len(), 64);
    environments.update(&caller, on()).await.unwrap();
    let kept = environments.hmac_key(&caller).await.unwrap().unwrap();
    assert_eq!(
        made.expose(),
        kept.expose(),
        "digests made with it are still good"
    );
}

#[tokio::test]
async fn sealed_keys_of_an_environment_are_nowhere_in_the_files() {
    let house = House::open().await;
    let (caller, _) = house.tenant("ada@example.com").await;
    let environments = house.broker.environments();
    let patch = EnvironmentPatch {
        hmac_key: Some("canary-hmac-key".into()),
        ..Default::default()
    };
    environments.update(&caller, patch).await.unwrap();
    let signing = environments.webhook_signing_key(&caller).await.unwrap().unwrap();
    assert!(
        environments
            .hmac_key(&caller)
            .await
            .unwrap()
            .unwrap()
            .matches("canary-hmac-key")
    );
    assert!(house.has_bytes("ada@example.com"));
    assert!(!house.has_bytes("canary-hmac-key"));
    assert!(!house.has_bytes(signing.expose()));
}

#[tokio::test]
async fn a_viewer_sees_no_secret_and_changes_nothing() {
    let house = House::open().await;
    let owner = house.sign_up("ada@example.com").await;
    let (caller, _) = house.acting(&owner, "dev").await;
    let link = house
        .broker
        .operators()
        .invite_into(&caller, "vic@example.com", Role::Viewer)
        .await
        .unwrap();
    let token = link.rsplit('/').next().unwrap().to_owned();
    let mut typed = sign_up("vic@example.com");
    typed.invitation = Some(token);
    let viewer = house.broker.operators().sign_up(typed).await.unwrap();
    let (viewer, _) = house.acting(&viewer, "dev").await;
    let environments = house.broker.environments();
    assert!(matches!(
        environments.webhook_signing_key(&viewer).await,
        Err(ReadSecretError::Forbidden(_))
    ));
    assert!(matches!(
        environments.variables(&viewer).await,
        Err(ReadSecretError::Forbidden(_))
    ));
    let nothing = environments.update(&viewer, EnvironmentPatch::default()).await;
    assert!(matches!(nothing, Err(UpdateEnvironmentError::Forbidden(_))));
    assert!(
        house
            .broker
            .integrations()
            .list(&viewer)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_variable_is_set_changed_and_deleted_and_lies_sealed() {
    let house = House::open().await;
    let (caller, _) = house.tenant("ada@example.com").await;
    let (other, _) = house.tenant("eve@example.com").await;
    let environments = house.broker.environments();
    let shown = async |caller| {
        let variables = environments.variables(caller).await.unwrap();
        variables
            .into_iter()
            .map(|(name, value)| (name, value.expose().clone()))
            .collect::<Vec<_>>()
    };
    for (name, value) in [
        ("REGION", "eu"),
        (" API_HOST ", "first-value"),
        ("API_HOST", "second-value"),
    ] {
        environments
            .put_variable(&caller, name, value.into())
            .await
            .unwrap();
    }
    assert_eq!(
        shown(&caller).await,
        [
            ("API_HOST".to_owned(), "second-value".to_owned()),
            ("REGION".to_owned(), "eu".to_owned())
        ]
    );
    assert_eq!(
        environments.variable_names(&caller).await.unwrap(),
        ["API_HOST", "REGION"]
    );
    assert!(!house.has_bytes("second-value"));
    assert_eq!(shown(&other).await, []);
    assert!(!environments.delete_variable(&other, "REGION").await.unwrap());
    assert!(environments.delete_variable(&caller, "REGION").await.unwrap());
    assert!(!environments.delete_variable(&caller, "REGION").await.unwrap());
    assert_eq!(environments.variable_names(&caller).await.unwrap(), ["API_HOST"]);
}

#[tokio::test]
async fn a_variable_needs_a_name_without_spaces_and_a_value() {
    let house = House::open().await;
    let (caller, _) = house.tenant("ada@example.com").await;
    let environments = house.broker.environments();
    let long = "x".repeat(4001);
    for (name, value) in [
        ("", "v"),
        ("a b", "v"),
        ("a\n", ""),
        ("a", ""),
        ("a", &long),
        ("a", "\0"),
    ] {
        let refused = environments.put_variable(&caller, name, value.into()).await;
        assert!(
            matches!(
                refused,
                Err(VariableError::NameInvalid | VariableError::ValueInvalid)
            ),
            "{name:?}"
        );
    }
    let mut viewer = caller.clone();
    viewer.actor = Actor::Operator {
        id: OperatorId::from_stored("opr_1".into()),
        role: Role::Viewer,
    };
    assert!(matches!(
        environments.put_variable(&viewer, "A", "v".into()).await,
        Err(VariableError::Forbidden(_))
    ));
    assert!(environments.variables(&viewer).await.is_err());
    assert!(environments.variable_names(&viewer).await.unwrap().is_empty());
    for count in 0..100 {
        let name = format!("V{count}");
        environments
            .put_variable(&caller, &name, "v".into())
            .await
            .unwrap();
    }
    assert!(matches!(
        environments.put_variable(&caller, "ONE_MORE", "v".into()).await,
        Err(VariableError::TooMany)
    ));
    environments
        .put_variable(&caller, "V7", "w".into())
        .await
        .unwrap();
}

#[tokio::test]
async fn the_digest_shown_is_the_one_that_passes() {
    let house = House::open().await;
    let (caller, _) = house.tenant("ada@example.com").await;
    let environments = house.broker.environments();
    let none = environments.hmac_digest(&caller, "github", None).await.unwrap();
    assert_eq!(none, None, "there is no key yet");

    environments.replace_hmac_key(&caller).await.unwrap();
    let on = EnvironmentPatch {
        hmac_enabled: Some(true),
        ..Default::default()
    };
    let environment = environments.update(&caller, on).await.unwrap();
    for connection in [Some("conn-1"), Some(""), None] {
        let digest = environments
            .hmac_digest(&caller, "github", connection)
            .await
            .unwrap();
        environments
            .check_hmac(&environment, digest.as_deref(), "github", connection)
            .await
            .unwrap();
    }

    let before = environments.hmac_key(&caller).await.unwrap().unwrap();
    environments.replace_hmac_key(&caller).await.unwrap();
    let after = environments.hmac_key(&caller).await.unwrap().unwrap();
    assert_ne!(before.expose(), after.expose());
    assert_eq!(after.expose().len(), 64);
}

#[tokio::test]
async fn a_callback_url_is_kept_as_typed_and_must_be_one() {
    let house = House::open().await;
    let (caller, _) = house.tenant("ada@example.com").await;
    let environments = house.broker.environments();
    let set = async |url: &str| {
        let patch = EnvironmentPatch {
            callback_url: Some(url.to_owned()),
            callback_bound: Some(false),
            ..Default::default()
        };
        environments.update(&caller, patch).await
    };
    for url in [
        "https://app.example.com/oauth/callback",
        "https://APP.example.com",
        "http://localhost:4000/back?tenant=1",
        "http://127.0.0.1:4000/back",
    ] {
        let environment = set(&format!(" {url} ")).await.unwrap();
        assert_eq!(environment.callback_url.as_deref(), Some(url));
        assert!(!environment.callback_bound);
    }
    for url in [
        "app.example.com/back",
        "/oauth/callback",
        "https:app.example.com",
        "https://",
        "javascript:alert(1)",
        "http://app.example.com/back",
        "https://user:pass@app.example.com/back",
        "https://app.example.com/back#here",
        "https://app.example.com/a b",
    ] {
        let refused = set(url).await;
        assert!(
            matches!(refused, Err(UpdateEnvironmentError::CallbackUrl(_))),
            "{url}: {refused:?}"
        );
    }
    for own in ["", &house.broker.settings().callback_url()] {
        assert_eq!(set(own).await.unwrap().callback_url, None);
    }
}

#[tokio::test]
async fn allowed_origins_are_kept_as_browsers_spell_them() {
    let house = House::open().await;
    let (caller, _) = house.tenant("ada@example.com").await;
    let environments = house.broker.environments();
    let set = async |origins: &[&str]| {
        let patch = EnvironmentPatch {
            allowed_origins: Some(origins.iter().map(|it| (*it).to_owned()).collect()),
            ..Default::default()
        };
        environments.update(&caller, patch).await
    };
    let typed = [
        "https://App.Example.com:443/",
        "",
        "http://localhost:4000",
        "https://app.example.com",
    ];
    let environment = set(&typed).await.unwrap();
    assert_eq!(
        environment.allowed_origins,
        ["https://app.example.com", "http://localhost:4000"]
    );
    for wrong in [
        "app.example.com",
        "*",
        "https://*.example.com",
        "https://app.example.com/page",
        "https://app.example.com?x",
        "ftp://app.example.com",
        "null",
    ] {
        let refused = set(&["https://fine.example", wrong]).await;
        assert!(
            matches!(&refused, Err(UpdateEnvironmentError::AllowedOrigins(named)) if *named == [wrong]),
            "{wrong}: {refused:?}"
        );
    }
    let refused = set(&["*", "https://fine.example", "null"]).await;
    assert!(
        matches!(&refused, Err(UpdateEnvironmentError::AllowedOrigins(named)) if *named == ["*", "null"]),
        "all that is wrong at once: {refused:?}"
    );
    assert_eq!(set(&[]).await.unwrap().allowed_origins, [""; 0]);
}

#[tokio::test]
async fn a_logo_is_looked_for_under_any_name() {
    on_each(async |on| {
        let house = House::planned(Plan {
            on,
            ..Plan::default()
        })
        .await;
        for name in ["\0", "", "none", "\u{fffd}"] {
            assert!(house.broker.environments().logo(name).await.unwrap().is_none());
        }
    })
    .await;
}
