//! What keys look like (decision D2).

use terapi_model::EnvironmentName;
use terapi_vault::{Entropy, SecretString, token};

/// Session tokens of the contract begin so; no key may.
const SESSION_PREFIX: &str = "nango_connect_session_";
/// Fewest characters of a key.
const SHORTEST: usize = 32;
/// Bits below which an imported key could be guessed.
const FEWEST_BITS: f64 = 128.0;

/// A text that cannot be a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakKey {
    /// Too short, or with other characters than letters, digits, `_` and `-`.
    #[error("a key has at least 32 characters, each a letter, a digit, `_` or `-`")]
    Format,
    /// Begins as connect session tokens do.
    #[error("a key may not begin with `nango_connect_session_`")]
    SessionPrefix,
    /// Fewer than 128 bits by length and alphabet.
    #[error("a key needs 128 bits of randomness: a UUID v4, or at least 32 random hex digits")]
    Guessable,
}

/// A new secret key. The environment in it is for people; nothing reads it back.
pub(super) fn draw_secret(entropy: &dyn Entropy, environment: &str) -> SecretString {
    let random = token::base62(entropy, 32);
    SecretString::new(format!("terapi_sk_{environment}_{}", random.expose()))
}

/// Whether a bearer token has the shape of a key at all.
pub(super) fn is_key_shaped(text: &str) -> bool {
    text.len() >= SHORTEST
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

/// Judges a key that the operator chose.
pub(super) fn judge_imported(key: &str) -> Result<(), WeakKey> {
    if key.starts_with(SESSION_PREFIX) {
        return Err(WeakKey::SessionPrefix);
    }
    if !is_key_shaped(key) {
        return Err(WeakKey::Format);
    }
    if is_uuid(key) || strength(key) >= FEWEST_BITS {
        return Ok(());
    }
    Err(WeakKey::Guessable)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok_and(|uuid| uuid.get_version_num() == 4)
}

/// Bits by length and alphabet, where a character can only count as often as a random text would repeat it:
/// a text of few distinct characters has the alphabet of those.
fn strength(key: &str) -> f64 {
    let alphabet = alphabet_size(key).min(distinct(key) * 2);
    let characters = u32::try_from(key.len()).map_or(f64::MAX, f64::from);
    f64::from(alphabet).max(1.0).log2() * characters
}

fn alphabet_size(key: &str) -> u32 {
    if key
        .bytes()
        .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    {
        return 16;
    }
    let size = |holds: fn(&u8) -> bool, size| if key.as_bytes().iter().any(holds) { size } else { 0 };
    size(u8::is_ascii_digit, 10)
        + size(u8::is_ascii_lowercase, 26)
        + size(u8::is_ascii_uppercase, 26)
        + size(|byte| b"_-".contains(byte), 2)
}

fn distinct(key: &str) -> u32 {
    let mut seen = [false; 256];
    key.bytes().for_each(|byte| seen[usize::from(byte)] = true);
    u32::try_from(seen.iter().filter(|seen| **seen).count()).unwrap_or(256)
}

/// The environment name that a variable `TERAPI_SECRET_KEY_<ENV>` means.
pub(super) fn environment_of_variable(suffix: &str) -> Option<EnvironmentName> {
    EnvironmentName::parse(&suffix.to_ascii_lowercase()).ok()
}

#[cfg(test)]
mod tests {
    use terapi_vault::OsEntropy;

    use super::*;

    #[test]
    fn a_drawn_key_is_key_shaped_and_strong() {
        let key = draw_secret(&OsEntropy, "dev");
        assert!(key.expose().starts_with("terapi_sk_dev_"));
        assert!(is_key_shaped(key.expose()));
        assert_eq!(judge_imported(key.expose()), Ok(()));
    }

    #[test]
    fn imported_keys_are_judged_by_length_and_alphabet() {
        let table = [
            ("3f2504e0-4f89-41d3-9a0c-0305e82c3301", Ok(())),
            ("0123456789abcdef0123456789abcdef", Ok(())),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", Err(WeakKey::Guessable)),
            ("01010101010101010101010101010101", Err(WeakKey::Guessable)),
            ("00000000-0000-0000-0000-000000000000", Err(WeakKey::Guessable)),
            ("short", Err(WeakKey::Format)),
            ("has a space in it and is long enough", Err(WeakKey::Format)),
            (
                "nango_connect_session_0123456789abcdef0123456789abcdef",
                Err(WeakKey::SessionPrefix),
            ),
        ];
        for (key, expected) in table {
            assert_eq!(judge_imported(key), expected, "{key}");
        }
    }
}
