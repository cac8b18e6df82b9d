use proptest::prelude::*;
use terapi_vault::{KeyId, Keyring, KeyringError, OsEntropy};

use crate::counting_entropy::CountingEntropy;

const A: &str = "gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp8=";
const B: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn ids(keyring: &Keyring) -> Vec<u32> {
    keyring.key_ids().map(KeyId::get).collect()
}

#[test]
fn the_first_entry_seals() {
    let keyring = Keyring::parse(&format!("7:{A},1:{B}")).unwrap();
    assert_eq!(ids(&keyring), [7, 1]);
    assert_eq!(keyring.sealing_key_id(), KeyId::new(7));
    assert!(keyring.contains(KeyId::new(1)));
    assert!(!keyring.contains(KeyId::new(2)));
}

#[test]
fn white_space_and_missing_padding_are_forgiven() {
    let text = format!(" 2 : {},\n1:{B}\r\n", A.trim_end_matches('='));
    let keyring = Keyring::parse(&text).unwrap();
    assert_eq!(keyring.to_text().expose(), &format!("2:{A},1:{B}"));
}

#[test]
fn a_generated_keyring_is_key_1_and_survives_its_key_file() {
    let keyring = Keyring::generate(&CountingEntropy::default());
    assert_eq!(keyring.to_text().expose(), &format!("1:{B}"));
    assert_eq!(ids(&Keyring::parse(keyring.to_text().expose()).unwrap()), [1]);
    assert_ne!(
        Keyring::generate(&OsEntropy).to_text(),
        Keyring::generate(&OsEntropy).to_text()
    );
}

#[test]
fn each_fault_is_named() {
    let short = "AAECAwQFBgcICQoLDA0ODw==";
    let zero = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let one = KeyId::new(1);
    let cases = [
        (String::new(), KeyringError::Empty),
        (" \n".into(), KeyringError::Empty),
        (format!("1:{A},"), KeyringError::EmptyEntry { entry: 2 }),
        (format!(",1:{A}"), KeyringError::EmptyEntry { entry: 1 }),
        (A.into(), KeyringError::MissingColon { entry: 1 }),
        (format!("2:{A},{B}"), KeyringError::MissingColon { entry: 2 }),
        (format!(":{A}"), KeyringError::InvalidId { entry: 1 }),
        (format!("0:{A}"), KeyringError::InvalidId { entry: 1 }),
        (format!("-1:{A}"), KeyringError::InvalidId { entry: 1 }),
        (format!("+1:{A}"), KeyringError::InvalidId { entry: 1 }),
        (format!("4294967296:{A}"), KeyringError::InvalidId { entry: 1 }),
        (format!("{A}:1"), KeyringError::InvalidId { entry: 1 }),
        (
            format!("1:{}", A.replace('g', "!")),
            KeyringError::NotBase64 { key_id: one },
        ),
        (format!("1:{A}:{B}"), KeyringError::NotBase64 { key_id: one }),
        (
            "1:".into(),
            KeyringError::WrongLength {
                key_id: one,
                bytes: 0,
            },
        ),
        (
            format!("1:{short}"),
            KeyringError::WrongLength {
                key_id: one,
                bytes: 16,
            },
        ),
        (format!("1:{zero}"), KeyringError::Placeholder { key_id: one }),
        (format!("1:{A},1:{B}"), KeyringError::DuplicateId { key_id: one }),
        (format!("1:{A},01:{B}"), KeyringError::DuplicateId { key_id: one }),
        (
            format!("2:{A},1:{A}"),
            KeyringError::DuplicateKey {
                key_id: one,
                same_as: KeyId::new(2),
            },
        ),
    ];
    for (text, expected) in cases {
        let error = Keyring::parse(&text).unwrap_err();
        assert_eq!(error, expected, "{text:?}");
        let shown = format!("{error} {error:?}");
        for key in [A, B, short, zero] {
            assert!(!shown.contains(&key[..8]), "{shown}");
        }
    }
}

#[test]
fn debug_shows_ids_only() {
    let keyring = Keyring::parse(&format!("2:{A},1:{B}")).unwrap();
    assert_eq!(format!("{keyring:?}"), "Keyring[2, 1]");
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "[0-9:,=A-Za-z+/ ]{0,120}") {
        let _ = Keyring::parse(&text);
    }

    #[test]
    fn the_text_form_reads_back(ids in proptest::collection::hash_set(1..=u32::MAX, 1..6)) {
        let entries: Vec<String> = ids
            .iter()
            .map(|id| Keyring::generate(&OsEntropy).to_text().expose().replacen("1:", &format!("{id}:"), 1))
            .collect();
        let text = Keyring::parse(&entries.join(",")).unwrap().to_text();
        prop_assert_eq!(text.expose(), &entries.join(","));
    }
}
