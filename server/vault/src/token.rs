//! New random tokens and ids.
//!
//! Lengths are given in bytes of randomness, so that strength does not depend on the alphabet: 32 bytes are 256
//! bits in every one of them.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use zeroize::Zeroizing;

use crate::{Entropy, SecretString, hash::hex_text};

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Letters and digits only, with at least the given bytes of randomness: 32 bytes give 43 characters. For keys and
/// tokens people select with a double click.
pub fn base62(entropy: &dyn Entropy, bytes: usize) -> SecretString {
    // 5.954196 is log2(62) rounded down, so the count is never too small.
    base62_characters(entropy, (bytes * 8 * 1_000_000).div_ceil(5_954_196))
}

/// Exactly this many letters and digits, each of the 62 equally likely.
pub fn base62_characters(entropy: &dyn Entropy, count: usize) -> SecretString {
    // Bytes from 248 on are thrown away: taking them modulo 62 would favour the first eight characters.
    const ACCEPTED: u8 = 248;
    let mut text = String::with_capacity(count);
    let mut pool = Zeroizing::new([0_u8; 64]);
    while text.len() < count {
        entropy.fill(pool.as_mut_slice());
        let missing = count - text.len();
        let accepted = pool.iter().filter(|byte| **byte < ACCEPTED).take(missing);
        text.extend(accepted.map(|byte| char::from(BASE62[usize::from(byte % 62)])));
    }
    SecretString::new(text)
}

/// Lower-case hex of this many random bytes, two characters each.
pub fn hex(entropy: &dyn Entropy, bytes: usize) -> SecretString {
    SecretString::new(hex_text(&draw(entropy, bytes)))
}

/// Unpadded base64url of this many random bytes: 32 bytes give 43 characters, the usual PKCE verifier (RFC 7636,
/// section 4.1).
pub fn base64url(entropy: &dyn Entropy, bytes: usize) -> SecretString {
    SecretString::new(URL_SAFE_NO_PAD.encode(draw(entropy, bytes)))
}

/// Padded standard base64 of this many random bytes, as Standard Webhooks secrets have after `whsec_`.
pub fn base64(entropy: &dyn Entropy, bytes: usize) -> SecretString {
    SecretString::new(STANDARD.encode(draw(entropy, bytes)))
}

/// A random UUID (RFC 9562, section 5.4) in lower case with hyphens. Plain text: such ids are not secrets, although
/// each has 122 random bits.
pub fn uuid_v4(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 16];
    entropy.fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    [
        &bytes[..4],
        &bytes[4..6],
        &bytes[6..8],
        &bytes[8..10],
        &bytes[10..],
    ]
    .map(hex_text)
    .join("-")
}

fn draw(entropy: &dyn Entropy, bytes: usize) -> Zeroizing<Vec<u8>> {
    let mut random = Zeroizing::new(vec![0; bytes]);
    entropy.fill(&mut random);
    random
}
