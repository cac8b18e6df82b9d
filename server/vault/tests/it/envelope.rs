use std::{collections::HashSet, sync::Arc};

use proptest::prelude::*;
use terapi_vault::{
    Entropy, KeyId, Keyring, MalformedSealed, OpenError, OsEntropy, Place, Sealed, hash::hex_text, open,
    rewrap, seal,
};

use crate::counting_entropy::CountingEntropy;

const PLACE: Place<'static> = Place {
    table: "connections",
    column: "credentials",
    row_id: "17",
    owner_id: "3",
};

const KEY_1: &str = "1:gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp8=";
const KEY_2: &str = "2:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Where the parts of a sealed value begin, written down once more so that the test does not trust the code.
const WRAPPING: std::ops::Range<usize> = 1..77;
const PAYLOAD: std::ops::RangeFrom<usize> = 77..;

fn keyring(entries: &[&str]) -> Keyring {
    Keyring::parse(&entries.join(",")).unwrap()
}

fn altered(sealed: &Sealed, change: impl FnOnce(&mut Vec<u8>)) -> Sealed {
    let mut bytes = sealed.as_bytes().to_vec();
    change(&mut bytes);
    Sealed::from_bytes(bytes).unwrap()
}

/// Whatever arrives at `open` from the database: parsed, then opened; true when a plaintext came out.
fn opens(keyring: &Keyring, bytes: Vec<u8>) -> bool {
    Sealed::from_bytes(bytes).is_ok_and(|sealed| open(keyring, &PLACE, &sealed).is_ok())
}

/// The expected bytes come from an independent program (HChaCha20 by hand, ChaCha20-Poly1305 from OpenSSL).
#[test]
fn the_format_is_this_and_stays_so() {
    let keyring = Keyring::parse("16909060:gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp8=").unwrap();
    let sealed = seal(&keyring, &PLACE, b"correct horse", &CountingEntropy::default());
    let expected = [
        "01",
        "01020304",
        "38393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
        "24e7828dc6d10c6af1b1408c59020cf91ac4d23b65767971ff4535925925dad5d9387948ecd8db934e6d0d4db9edbedf",
        "202122232425262728292a2b2c2d2e2f3031323334353637",
        "7e363fb91e5460ab50d122ce2d985e3b9d1f6f7f3212ee299070b2fd06",
    ];
    assert_eq!(hex_text(sealed.as_bytes()), expected.concat());
    assert_eq!(
        open(&keyring, &PLACE, &sealed).unwrap().expose(),
        b"correct horse"
    );
}

#[test]
fn one_plaintext_sealed_twice_shares_no_key_or_nonce() {
    let keyring = keyring(&[KEY_1]);
    let all: HashSet<Vec<u8>> = (0..64)
        .map(|_| seal(&keyring, &PLACE, b"same", &OsEntropy).as_bytes()[5..].to_vec())
        .collect();
    assert_eq!(all.len(), 64);
    for part in [5..29, 29..77, 77..101] {
        let parts: HashSet<&[u8]> = all
            .iter()
            .map(|bytes| &bytes[part.start - 5..part.end - 5])
            .collect();
        assert_eq!(parts.len(), 64, "bytes {part:?}");
    }
}

#[test]
fn each_part_of_the_place_is_bound() {
    let keyring = keyring(&[KEY_1]);
    let sealed = seal(&keyring, &PLACE, b"token", &OsEntropy);
    let elsewhere = [
        Place {
            table: "integrations",
            ..PLACE
        },
        Place {
            column: "credential",
            ..PLACE
        },
        Place {
            row_id: "18",
            ..PLACE
        },
        Place {
            owner_id: "4",
            ..PLACE
        },
        Place {
            owner_id: "",
            ..PLACE
        },
        // The same letters, divided otherwise.
        Place {
            table: "connectionsc",
            column: "redentials",
            ..PLACE
        },
        Place {
            row_id: "1",
            owner_id: "73",
            ..PLACE
        },
        Place {
            row_id: "3",
            owner_id: "17",
            ..PLACE
        },
    ];
    for place in elsewhere {
        let refused = open(&keyring, &place, &sealed).unwrap_err();
        assert_eq!(
            refused,
            OpenError::DataKeyRefused {
                key_id: KeyId::new(1)
            },
            "{place:?}"
        );
        assert!(
            rewrap(&keyring, &place, &sealed, &OsEntropy).is_err(),
            "{place:?}"
        );
    }
}

/// The payload is bound by itself, not only by way of the wrapped key.
#[test]
fn a_payload_of_the_same_row_cannot_be_exchanged() {
    let keyring = keyring(&[KEY_1]);
    let (old, new) = (
        seal(&keyring, &PLACE, b"old", &OsEntropy),
        seal(&keyring, &PLACE, b"new", &OsEntropy),
    );
    let mixed = altered(&new, |bytes| {
        bytes[PAYLOAD].copy_from_slice(&old.as_bytes()[PAYLOAD])
    });
    assert_eq!(open(&keyring, &PLACE, &mixed), Err(OpenError::PayloadRefused));
}

#[test]
fn wrapped_keys_cannot_be_swapped_between_rows() {
    let keyring = keyring(&[KEY_1]);
    let mine = seal(&keyring, &PLACE, b"mine", &OsEntropy);
    let theirs = seal(
        &keyring,
        &Place {
            row_id: "18",
            ..PLACE
        },
        b"mine",
        &OsEntropy,
    );
    let mixed = altered(&mine, |bytes| {
        bytes[WRAPPING].copy_from_slice(&theirs.as_bytes()[WRAPPING])
    });
    assert_eq!(
        open(&keyring, &PLACE, &mixed),
        Err(OpenError::DataKeyRefused {
            key_id: KeyId::new(1)
        })
    );
}

#[test]
fn an_unknown_key_is_named() {
    let sealed = seal(&keyring(&[KEY_2]), &PLACE, b"token", &OsEntropy);
    let refused = open(&keyring(&[KEY_1]), &PLACE, &sealed).unwrap_err();
    assert_eq!(
        refused,
        OpenError::UnknownKey {
            key_id: KeyId::new(2)
        }
    );
    assert_eq!(
        refused.to_string(),
        "sealed with encryption key 2, which is not in the keyring"
    );
}

#[test]
fn another_key_under_the_same_id_is_refused() {
    let sealed = seal(&keyring(&[KEY_1]), &PLACE, b"token", &OsEntropy);
    let other = Keyring::generate(&OsEntropy);
    assert_eq!(
        open(&other, &PLACE, &sealed),
        Err(OpenError::DataKeyRefused {
            key_id: KeyId::new(1)
        })
    );
}

#[test]
fn the_key_id_is_bound_even_if_both_keys_are_at_hand() {
    let keyring = keyring(&[KEY_1, KEY_2]);
    let sealed = seal(&keyring, &PLACE, b"token", &OsEntropy);
    let renamed = altered(&sealed, |bytes| bytes[4] = 2);
    assert_eq!(
        open(&keyring, &PLACE, &renamed),
        Err(OpenError::DataKeyRefused {
            key_id: KeyId::new(2)
        })
    );
}

#[test]
fn the_first_key_seals_and_all_open() {
    let (before, during) = (keyring(&[KEY_1]), keyring(&[KEY_2, KEY_1]));
    let old = seal(&before, &PLACE, b"old", &OsEntropy);
    let new = seal(&during, &PLACE, b"new", &OsEntropy);
    assert_eq!((old.key_id(), new.key_id()), (KeyId::new(1), KeyId::new(2)));
    assert_eq!(open(&during, &PLACE, &old).unwrap().expose(), b"old");
    assert_eq!(open(&during, &PLACE, &new).unwrap().expose(), b"new");
}

#[test]
fn rewrapping_changes_the_key_and_leaves_the_payload() {
    let old = seal(&keyring(&[KEY_1]), &PLACE, b"token", &OsEntropy);
    let new = rewrap(&keyring(&[KEY_2, KEY_1]), &PLACE, &old, &OsEntropy).unwrap();
    assert_eq!(new.key_id(), KeyId::new(2));
    assert_eq!(new.as_bytes()[PAYLOAD], old.as_bytes()[PAYLOAD]);
    assert_ne!(new.as_bytes()[5..29], old.as_bytes()[5..29]);
    assert_eq!(open(&keyring(&[KEY_2]), &PLACE, &new).unwrap().expose(), b"token");
    assert!(open(&keyring(&[KEY_1]), &PLACE, &new).is_err());
}

#[test]
fn bytes_that_cannot_be_sealed_are_refused_when_read() {
    let sealed = seal(&keyring(&[KEY_1]), &PLACE, b"", &OsEntropy);
    assert_eq!(sealed.as_bytes().len(), Sealed::OVERHEAD);
    assert_eq!(Sealed::OVERHEAD, 117);
    for bytes in 0..Sealed::OVERHEAD {
        let cut = Sealed::from_bytes(sealed.as_bytes()[..bytes].to_vec());
        assert_eq!(cut.unwrap_err(), MalformedSealed::TooShort { bytes });
    }
    for version in (0..=255).filter(|version| *version != 1) {
        let mut bytes = sealed.as_bytes().to_vec();
        bytes[0] = version;
        assert_eq!(
            Sealed::from_bytes(bytes).unwrap_err(),
            MalformedSealed::UnknownVersion { version }
        );
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let keyring = keyring(&[KEY_1, KEY_2]);
    let sealed = seal(&keyring, &PLACE, b"token", &OsEntropy);
    for position in 0..sealed.as_bytes().len() {
        for bit in 0..8 {
            let mut bytes = sealed.as_bytes().to_vec();
            bytes[position] ^= 1 << bit;
            assert!(!opens(&keyring, bytes), "bit {bit} of byte {position}");
        }
    }
}

#[test]
fn debug_shows_only_the_size() {
    let sealed = seal(&keyring(&[KEY_1]), &PLACE, b"fifteen letters", &OsEntropy);
    assert_eq!(format!("{sealed:?}"), "Sealed(132 bytes)");
}

#[test]
fn entropy_is_shared_between_threads() {
    let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
    let keyring = Arc::new(keyring(&[KEY_1]));
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                let sealed = seal(&keyring, &PLACE, b"token", &entropy);
                assert_eq!(open(&keyring, &PLACE, &sealed).unwrap().expose(), b"token");
            });
        }
    });
}

proptest! {
    #[test]
    fn whatever_is_sealed_opens_and_is_not_to_be_seen(
        plaintext in proptest::collection::vec(any::<u8>(), 0..4096),
        (table, column, row_id, owner_id) in ("\\PC*", "\\PC*", "\\PC*", "\\PC*"),
    ) {
        let keyring = keyring(&[KEY_1]);
        let place = Place { table: &table, column: &column, row_id: &row_id, owner_id: &owner_id };
        let sealed = seal(&keyring, &place, &plaintext, &OsEntropy);
        prop_assert_eq!(sealed.as_bytes().len(), plaintext.len() + Sealed::OVERHEAD);
        if plaintext.len() >= 8 {
            prop_assert!(!sealed.as_bytes().windows(plaintext.len()).any(|window| window == plaintext));
        }
        let stored = Sealed::from_bytes(sealed.into_bytes()).unwrap();
        let opened = open(&keyring, &place, &stored).unwrap();
        prop_assert_eq!(opened.expose(), &plaintext);
    }

    #[test]
    fn truncated_or_lengthened_or_altered_bytes_do_not_open(
        plaintext in proptest::collection::vec(any::<u8>(), 0..64),
        cut in any::<prop::sample::Index>(),
        flip in any::<prop::sample::Index>(),
        with in 1..=255_u8,
        tail in proptest::collection::vec(any::<u8>(), 1..32),
    ) {
        let keyring = keyring(&[KEY_1, KEY_2]);
        let bytes = seal(&keyring, &PLACE, &plaintext, &OsEntropy).into_bytes();
        prop_assert!(!opens(&keyring, bytes[..cut.index(bytes.len())].to_vec()));
        let mut flipped = bytes.clone();
        flipped[flip.index(bytes.len())] ^= with;
        prop_assert!(!opens(&keyring, flipped));
        prop_assert!(!opens(&keyring, [bytes, tail].concat()));
    }

    #[test]
    fn foreign_bytes_neither_open_nor_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let keyring = keyring(&[KEY_1]);
        prop_assert!(!opens(&keyring, bytes.clone()));
        prop_assert!(!opens(&keyring, [vec![1, 0, 0, 0, 1], bytes].concat()));
    }
}
