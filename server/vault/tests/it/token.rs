use std::collections::{BTreeMap, HashSet};

use terapi_vault::{OsEntropy, token};

use crate::counting_entropy::CountingEntropy;

#[test]
fn lengths_follow_from_the_bytes_of_randomness() {
    let lengths = |bytes| {
        [token::base62, token::hex, token::base64url, token::base64]
            .map(|draw| draw(&OsEntropy, bytes).expose().len())
    };
    assert_eq!(lengths(32), [43, 64, 43, 44]);
    assert_eq!(lengths(16), [22, 32, 22, 24]);
    assert_eq!(lengths(1), [2, 2, 2, 4]);
    assert_eq!(lengths(0), [0; 4]);
    assert_eq!(token::base62_characters(&OsEntropy, 8).expose().len(), 8);
    assert_eq!(token::base62_characters(&OsEntropy, 1000).expose().len(), 1000);
}

#[test]
fn the_same_entropy_gives_the_same_token() {
    let entropy = CountingEntropy::default();
    assert_eq!(token::hex(&entropy, 4).expose(), "00010203");
    assert_eq!(token::base64url(&entropy, 3).expose(), "BAUG");
    assert_eq!(token::base64(&entropy, 4).expose(), "BwgJCg==");
    assert_eq!(token::base62_characters(&entropy, 6).expose(), "BCDEFG");
}

#[test]
fn base62_leaves_no_character_out_and_favours_none() {
    // 256 counted bytes, of which 248 are used: each character four times.
    let text = token::base62_characters(&CountingEntropy::default(), 248);
    let mut counts = BTreeMap::<char, u32>::new();
    for character in text.expose().chars() {
        *counts.entry(character).or_default() += 1;
    }
    assert_eq!(counts.len(), 62);
    assert!(counts.values().all(|count| *count == 4), "{counts:?}");
}

#[test]
fn uuids_are_version_4_and_differ() {
    assert_eq!(
        token::uuid_v4(&CountingEntropy::default()),
        "00010203-0405-4607-8809-0a0b0c0d0e0f"
    );
    let all: HashSet<String> = (0..1000).map(|_| token::uuid_v4(&OsEntropy)).collect();
    assert_eq!(all.len(), 1000);
    for id in all {
        assert_eq!(&id[14..15], "4", "{id}");
        assert!(matches!(&id[19..20], "8" | "9" | "a" | "b"), "{id}");
    }
}
