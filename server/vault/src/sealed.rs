//! The bytes of a sealed value.

use std::fmt;

use crate::KeyId;

/// The only format so far; the first byte of every sealed value.
const VERSION: u8 = 0x01;

/// Bytes of an XChaCha20-Poly1305 nonce.
pub(crate) const NONCE: usize = 24;
/// Bytes of a data key or a key-encryption key.
pub(crate) const KEY: usize = 32;
/// Bytes of a Poly1305 tag.
const TAG: usize = 16;
/// Bytes of a data key sealed by a key-encryption key.
pub(crate) const WRAPPED_KEY: usize = KEY + TAG;

const KEY_ID_AT: usize = 1;
const WRAP_NONCE_AT: usize = KEY_ID_AT + 4;
const WRAPPED_KEY_AT: usize = WRAP_NONCE_AT + NONCE;
const NONCE_AT: usize = WRAPPED_KEY_AT + WRAPPED_KEY;
const PAYLOAD_AT: usize = NONCE_AT + NONCE;

/// An encrypted value as it lies in the database. It is not secret itself, but `Debug` prints only its size.
///
/// | offset | bytes | what |
/// |---|---|---|
/// | 0 | 1 | version, `0x01` |
/// | 1 | 4 | id of the key-encryption key, u32, big endian |
/// | 5 | 24 | nonce of the wrapped data key |
/// | 29 | 48 | data key, encrypted with the key-encryption key (32 bytes and a 16-byte tag) |
/// | 77 | 24 | nonce of the payload |
/// | 101 | n + 16 | plaintext of n bytes, encrypted with the data key, and a 16-byte tag |
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

/// Why bytes cannot be a sealed value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedSealed {
    /// Fewer bytes than a sealed empty value has.
    #[error(
        "a sealed value has at least {} bytes, this one has {bytes}",
        Sealed::OVERHEAD
    )]
    TooShort {
        /// How many bytes there are.
        bytes: usize,
    },
    /// The first byte names a format this build does not know.
    #[error("sealed value of unknown version {version}")]
    UnknownVersion {
        /// The first byte.
        version: u8,
    },
}

impl Sealed {
    /// How many bytes longer than its plaintext a sealed value is.
    pub const OVERHEAD: usize = PAYLOAD_AT + TAG;

    /// Takes bytes read from the database.
    ///
    /// # Errors
    ///
    /// When the bytes are too short or begin with another version. Whether they are genuine, only
    /// [`open`](crate::open) can tell.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, MalformedSealed> {
        match bytes.first() {
            Some(&version) if version != VERSION => Err(MalformedSealed::UnknownVersion { version }),
            _ if bytes.len() < Self::OVERHEAD => Err(MalformedSealed::TooShort { bytes: bytes.len() }),
            _ => Ok(Self(bytes)),
        }
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes to store, without copying them.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Which key of the keyring wrapped the data key.
    pub fn key_id(&self) -> KeyId {
        KeyId::new(u32::from_be_bytes(*self.field(KEY_ID_AT)))
    }

    pub(crate) fn assemble(
        key_id: KeyId,
        wrap_nonce: &[u8; NONCE],
        wrapped_key: &[u8],
        nonce: &[u8; NONCE],
        ciphertext: &[u8],
    ) -> Self {
        debug_assert_eq!(wrapped_key.len(), WRAPPED_KEY);
        let mut bytes = Vec::with_capacity(PAYLOAD_AT + ciphertext.len());
        bytes.push(VERSION);
        bytes.extend_from_slice(&key_id.get().to_be_bytes());
        bytes.extend_from_slice(wrap_nonce);
        bytes.extend_from_slice(wrapped_key);
        bytes.extend_from_slice(nonce);
        bytes.extend_from_slice(ciphertext);
        Self(bytes)
    }

    pub(crate) fn wrap_nonce(&self) -> &[u8; NONCE] {
        self.field(WRAP_NONCE_AT)
    }

    pub(crate) fn wrapped_key(&self) -> &[u8; WRAPPED_KEY] {
        self.field(WRAPPED_KEY_AT)
    }

    pub(crate) fn nonce(&self) -> &[u8; NONCE] {
        self.field(NONCE_AT)
    }

    pub(crate) fn ciphertext(&self) -> &[u8] {
        &self.0[PAYLOAD_AT..]
    }

    fn field<const N: usize>(&self, at: usize) -> &[u8; N] {
        self.0[at..]
            .first_chunk()
            .expect("the length was checked when the value was made")
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}
