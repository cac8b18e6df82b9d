use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use terapi_vault::{NotText, Secret, SecretBytes, SecretJsonError, SecretString, constant_time_eq};

const TOKEN: &str = "gho_16C7e42F292c6912E7710c838347Ae178B4a";

#[derive(Debug, Deserialize)]
struct Credentials {
    access_token: SecretString,
    refresh_token: Option<SecretString>,
}

#[test]
fn debug_holds_no_secret_however_deep() {
    let credentials = Credentials {
        access_token: TOKEN.into(),
        refresh_token: Some(TOKEN.into()),
    };
    let shown = format!("{credentials:?} {credentials:#?}");
    assert!(shown.contains("access_token: [secret]"), "{shown}");
    assert!(!shown.contains("gho_"), "{shown}");
    assert_eq!(format!("{:?}", SecretBytes::new(TOKEN.into())), "[secret]");
    assert_eq!(format!("{:?}", Secret::new([7_u8; 32])), "[secret]");
}

#[test]
fn equality_looks_at_every_byte_and_the_length() {
    let secret = SecretString::from(TOKEN);
    assert_eq!(secret, secret.duplicate());
    assert!(secret.matches(TOKEN));
    assert!(!secret.matches(&TOKEN[1..]));
    assert!(!secret.matches(""));
    assert_ne!(secret, SecretString::from(TOKEN.replace('a', "b")));
    assert!(SecretString::from("").is_empty() && !secret.is_empty());
    assert!(constant_time_eq(b"", b"") && !constant_time_eq(b"a", b"b"));
}

#[test]
fn credentials_are_parsed_from_opened_json() {
    let opened = SecretBytes::new(format!(r#"{{"access_token":"{TOKEN}\n"}}"#).into_bytes());
    let credentials: Credentials = opened.parse_json().unwrap();
    assert_eq!(credentials.access_token.expose(), &format!("{TOKEN}\n"));
    assert!(credentials.refresh_token.is_none());
}

#[test]
fn json_of_another_shape_is_refused_without_quoting_it() {
    for json in [
        r#"{"access_token":31337}"#,
        r#"{"access_token":31337.5}"#,
        r#"{"access_token":-31337}"#,
    ] {
        let error = serde_json::from_str::<Credentials>(json).unwrap_err();
        assert!(!error.to_string().contains("31337"), "{error}");
    }
    for json in [r#"{"access_token":true}"#, r#"{"access_token":null}"#] {
        assert!(serde_json::from_str::<Credentials>(json).is_err(), "{json}");
    }
    let text = SecretBytes::new(br#""hush""#.to_vec());
    let error = text.parse_json::<Credentials>().unwrap_err();
    assert_eq!(error, SecretJsonError { line: 1, column: 6 });
    assert!(!format!("{error} {error:?}").contains("hush"));
}

#[test]
fn secrets_are_written_as_json_of_any_length() {
    #[derive(Serialize)]
    struct View<'a> {
        access_token: &'a str,
        raw: BTreeMap<&'a str, &'a str>,
    }
    let long = "0123456789\"".repeat(1000);
    let secret = SecretString::from(long.as_str());
    let view = View {
        access_token: secret.expose(),
        raw: BTreeMap::from([("scope", "a b"), ("x", TOKEN)]),
    };
    let json = SecretBytes::from_json(&view).unwrap();
    assert_eq!(json.expose(), &serde_json::to_vec(&view).unwrap());
    assert_eq!(json.parse_json::<Credentials>().unwrap().access_token, secret);
    assert!(SecretBytes::from_json(&BTreeMap::from([((1, 2), TOKEN)])).is_err());
}

#[test]
fn bytes_become_text_only_if_they_are() {
    assert_eq!(
        SecretBytes::new(TOKEN.into()).into_text().unwrap(),
        SecretString::from(TOKEN)
    );
    assert_eq!(SecretBytes::new(vec![b'a', 0xff]).into_text(), Err(NotText));
}
