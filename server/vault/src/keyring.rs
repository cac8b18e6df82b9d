//! The operator's key-encryption keys.

use std::fmt;

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use crate::{Entropy, Secret, SecretBytes, SecretString, constant_time_eq, sealed::KEY};

/// Standard base64. Written with padding; read with or without it, since people copy keys by hand.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Names a key of the keyring; stored in every sealed value. Keyrings hold ids from 1 up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(u32);

impl KeyId {
    /// The id with this number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The keys that wrap data keys. The first one seals, all of them open. Never empty.
///
/// `Debug` prints the ids only.
pub struct Keyring {
    first: Key,
    older: Vec<Key>,
}

struct Key {
    id: KeyId,
    material: Secret<[u8; KEY]>,
}

/// Why a text is not a keyring. Names entries by position (from 1) or id, never by content: an entry that is
/// written wrongly may have its key anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// There is no text.
    #[error("the keyring is empty; expected `<id>:<base64 of 32 bytes>`")]
    Empty,
    /// Two commas in a row, or one at the end.
    #[error("entry {entry} of the keyring is empty")]
    EmptyEntry {
        /// Position of the entry, from 1.
        entry: usize,
    },
    /// An entry without `:`.
    #[error("entry {entry} of the keyring has no `:` between id and key")]
    MissingColon {
        /// Position of the entry, from 1.
        entry: usize,
    },
    /// What stands before the `:` is not an id.
    #[error("entry {entry} of the keyring has no whole number from 1 to 4294967295 before the `:`")]
    InvalidId {
        /// Position of the entry, from 1.
        entry: usize,
    },
    /// What stands after the `:` is not base64.
    #[error("key {key_id} of the keyring is not base64 (standard alphabet)")]
    NotBase64 {
        /// The entry's id.
        key_id: KeyId,
    },
    /// The key is base64 of too few or too many bytes.
    #[error("key {key_id} of the keyring has {bytes} bytes instead of {KEY}")]
    WrongLength {
        /// The entry's id.
        key_id: KeyId,
        /// How many bytes it has.
        bytes: usize,
    },
    /// The key is one byte over and over: a placeholder that was never replaced.
    #[error("key {key_id} of the keyring is not random but one byte repeated")]
    Placeholder {
        /// The entry's id.
        key_id: KeyId,
    },
    /// An id stands twice in the keyring.
    #[error("key {key_id} is in the keyring twice")]
    DuplicateId {
        /// The id.
        key_id: KeyId,
    },
    /// Two ids have the same key, so that rotating from one to the other would change nothing.
    #[error("keys {key_id} and {same_as} of the keyring are the same key")]
    DuplicateKey {
        /// The later entry's id.
        key_id: KeyId,
        /// The earlier entry's id.
        same_as: KeyId,
    },
}

impl Keyring {
    /// Reads `2:<base64>,1:<base64>`: ids are whole numbers from 1, keys 32 bytes in standard base64. White space
    /// around entries is ignored, so a key file may end with a newline.
    ///
    /// # Errors
    ///
    /// The first fault found.
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        if text.trim().is_empty() {
            return Err(KeyringError::Empty);
        }
        let mut keys: Vec<Key> = Vec::new();
        for (position, entry) in text.split(',').enumerate() {
            let key = Key::parse(entry.trim(), position + 1)?;
            for earlier in &keys {
                if earlier.id == key.id {
                    return Err(KeyringError::DuplicateId { key_id: key.id });
                }
                if earlier.material == key.material {
                    return Err(KeyringError::DuplicateKey {
                        key_id: key.id,
                        same_as: earlier.id,
                    });
                }
            }
            keys.push(key);
        }
        let older = keys.split_off(1);
        let first = keys.pop().ok_or(KeyringError::Empty)?;
        Ok(Self { first, older })
    }

    /// A keyring with one new key, id 1: what the first start makes when the operator gave none.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut material = Secret::new([0; KEY]);
        entropy.fill(material.expose_mut());
        Self {
            first: Key {
                id: KeyId::new(1),
                material,
            },
            older: Vec::new(),
        }
    }

    /// The text that [`parse`](Self::parse) reads, for the key file. Without a newline.
    pub fn to_text(&self) -> SecretString {
        let longest_entry = 10 + 1 + 44 + 1;
        let mut text = String::with_capacity(longest_entry * (1 + self.older.len()));
        for key in self.keys() {
            if !text.is_empty() {
                text.push(',');
            }
            text.push_str(&key.id.to_string());
            text.push(':');
            BASE64.encode_string(key.material.expose(), &mut text);
        }
        SecretString::new(text)
    }

    /// The key that seals new values.
    pub fn sealing_key_id(&self) -> KeyId {
        self.first.id
    }

    /// All keys' ids, the sealing one first.
    pub fn key_ids(&self) -> impl Iterator<Item = KeyId> {
        self.keys().map(|key| key.id)
    }

    /// Whether values sealed with this key can be opened.
    pub fn contains(&self, key_id: KeyId) -> bool {
        self.key(key_id).is_some()
    }

    pub(crate) fn sealing_key(&self) -> (KeyId, &Secret<[u8; KEY]>) {
        (self.first.id, &self.first.material)
    }

    pub(crate) fn key(&self, key_id: KeyId) -> Option<&Secret<[u8; KEY]>> {
        self.keys().find(|key| key.id == key_id).map(|key| &key.material)
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.first).chain(&self.older)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring")?;
        f.debug_list().entries(self.key_ids().map(KeyId::get)).finish()
    }
}

impl Key {
    fn parse(entry: &str, position: usize) -> Result<Self, KeyringError> {
        if entry.is_empty() {
            return Err(KeyringError::EmptyEntry { entry: position });
        }
        let (id, key) = entry
            .split_once(':')
            .ok_or(KeyringError::MissingColon { entry: position })?;
        let key_id = parse_id(id.trim_end()).ok_or(KeyringError::InvalidId { entry: position })?;
        let bytes = BASE64
            .decode(key.trim_start())
            .map(SecretBytes::new)
            .map_err(|_| KeyringError::NotBase64 { key_id })?;
        let material: [u8; KEY] =
            bytes
                .expose()
                .as_slice()
                .try_into()
                .map_err(|_| KeyringError::WrongLength {
                    key_id,
                    bytes: bytes.expose().len(),
                })?;
        let material = Secret::new(material);
        if constant_time_eq(material.expose(), &[material.expose()[0]; KEY]) {
            return Err(KeyringError::Placeholder { key_id });
        }
        Ok(Self { id: key_id, material })
    }
}

/// `str::parse` alone would also take a plus sign.
fn parse_id(text: &str) -> Option<KeyId> {
    let number = text
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())??;
    (number > 0).then(|| KeyId::new(number))
}
