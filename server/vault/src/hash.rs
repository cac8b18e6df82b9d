//! Digests: token hashes for storing, HMAC-SHA256 for signatures.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::constant_time_eq;

/// SHA-256 of a token, the only form in which API keys, session ids, connect tokens, OAuth `state`, browser ids,
/// invitations and setup links are stored. They are random with at least 128 bits, so a fast hash without salt is
/// enough; passwords are another matter and not kept like this.
///
/// Equality takes constant time. `Debug` shows the first 8 digits, which is enough to follow one in a log.
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The stored form: 64 lower-case hex digits.
    pub fn to_hex(&self) -> String {
        hex_text(&self.0)
    }

    /// Reads the stored form; `None` unless it is 64 lower-case hex digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
        }
        Some(Self(bytes))
    }

    /// The 32 raw bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        constant_time_eq(&self.0, &other.0)
    }
}

impl Eq for TokenHash {}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenHash({}…)", hex_text(&self.0[..4]))
    }
}

/// Hashes a token as it was received, to look it up or to store it.
pub fn token_hash(token: &str) -> TokenHash {
    TokenHash(sha256(token.as_bytes()))
}

/// SHA-256 (FIPS 180-4).
pub fn sha256(message: &[u8]) -> [u8; 32] {
    Sha256::digest(message).into()
}

/// HMAC-SHA256 (RFC 2104), raw. The key may have any length.
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// HMAC-SHA256 as 64 lower-case hex digits.
pub fn hmac_sha256_hex(key: &[u8], message: &[u8]) -> String {
    hex_text(&hmac_sha256(key, message))
}

/// Whether `signature` is the lower-case hex HMAC-SHA256 of the message, in constant time. Upper-case digits are
/// refused, as the wire contract asks for the exact text.
pub fn verify_hmac_sha256_hex(key: &[u8], message: &[u8], signature: &str) -> bool {
    constant_time_eq(hmac_sha256_hex(key, message).as_bytes(), signature.as_bytes())
}

/// Bytes as lower-case hex.
pub fn hex_text(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 0x0f)]));
    }
    text
}

fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}
