use terapi_vault::hash::{
    TokenHash, hex_text, hmac_sha256, hmac_sha256_hex, sha256, token_hash, verify_hmac_sha256_hex,
};

/// FIPS 180-4 examples.
#[test]
fn sha256_is_sha256() {
    assert_eq!(
        hex_text(&sha256(b"abc")),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    assert_eq!(
        hex_text(&sha256(b"")),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
}

/// The vectors of the wire contract for signed public-key calls.
#[test]
fn hmac_signs_integration_and_connection() {
    let cases = [
        (
            "github:conn-1",
            "dbafcb18d0adf353c4855deb99ab1f9ebe9cc89c32da8f1a67adceed564dcfbf",
        ),
        (
            "github",
            "03c3184e116fade105613693342e92e718a7467436469b49fad287cb88d8eab3",
        ),
    ];
    for (message, expected) in cases {
        let (key, message) = (b"my-hmac-key".as_slice(), message.as_bytes());
        assert_eq!(hmac_sha256_hex(key, message), expected);
        assert!(verify_hmac_sha256_hex(key, message, expected));
        assert!(!verify_hmac_sha256_hex(b"my-hmac-kez", message, expected));
        for wrong in [
            "",
            &expected[1..],
            &expected.to_uppercase(),
            &format!("{expected}0"),
        ] {
            assert!(!verify_hmac_sha256_hex(key, message, wrong), "{wrong}");
        }
    }
}

/// RFC 4231, test cases 2 and 6 (a key longer than a block).
#[test]
fn hmac_takes_keys_of_any_length() {
    assert_eq!(
        hex_text(&hmac_sha256(b"Jefe", b"what do ya want for nothing?")),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
    assert_eq!(
        hmac_sha256_hex(
            &[0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First"
        ),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    );
    assert_eq!(hmac_sha256_hex(b"", b"").len(), 64);
}

#[test]
fn token_hashes_read_back_from_their_stored_form() {
    let hash = token_hash("abc");
    assert_eq!(
        hash.to_hex(),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    assert_eq!(TokenHash::from_hex(&hash.to_hex()), Some(hash));
    assert_eq!(hash.as_bytes(), &sha256(b"abc"));
    assert_ne!(hash, token_hash("abd"));
    let long = "0".repeat(65);
    for text in [
        "",
        "ba78",
        &hash.to_hex().to_uppercase(),
        &hash.to_hex().replace('b', "g"),
        &long,
    ] {
        assert_eq!(TokenHash::from_hex(text), None, "{text}");
    }
    let two_bytes_a_letter = "é".repeat(32);
    assert_eq!(TokenHash::from_hex(&two_bytes_a_letter), None);
}

#[test]
fn debug_shows_the_beginning_of_a_hash() {
    assert_eq!(format!("{:?}", token_hash("abc")), "TokenHash(ba7816bf…)");
}
