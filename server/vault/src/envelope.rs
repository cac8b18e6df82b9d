//! Envelope encryption: a fresh data key per value, wrapped by a key of the keyring.
//!
//! Both layers are XChaCha20-Poly1305 with random 24-byte nonces, so there is no counter to keep and no practical
//! limit to the number of values under one key. The byte layout is documented at [`Sealed`].
//!
//! Associated data of the payload: `terapi/1`, table, column, row id, owner id, each preceded by its length (u32,
//! big endian). Associated data of the wrapped data key: the same and the key's id as a further part of four
//! bytes (u32, big endian). The payload's does not name the key, so that [`rewrap`] need not touch the payload.

use chacha20poly1305::{
    XChaCha20Poly1305,
    aead::{Aead, KeyInit, Payload},
};

use crate::{
    Entropy, KeyId, Keyring, Place, Sealed, Secret, SecretBytes,
    sealed::{KEY, NONCE},
};

/// Why a sealed value did not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The keyring lacks the key this value was sealed with.
    #[error("sealed with encryption key {key_id}, which is not in the keyring")]
    UnknownKey {
        /// The key that is needed.
        key_id: KeyId,
    },
    /// The data key does not unwrap: another key under the same id, another place, or changed bytes.
    #[error("encryption key {key_id} does not open this value: wrong key, moved or altered")]
    DataKeyRefused {
        /// The key that was tried.
        key_id: KeyId,
    },
    /// The data key is genuine, the payload is not: changed bytes, or the payload of another value.
    #[error("the payload of this value was moved or altered")]
    PayloadRefused,
}

/// Encrypts `plaintext` for one place in the database, under the keyring's first key.
///
/// The length of the plaintext shows in the result ([`Sealed::OVERHEAD`] bytes more), nothing else does.
pub fn seal(keyring: &Keyring, place: &Place<'_>, plaintext: &[u8], entropy: &dyn Entropy) -> Sealed {
    let mut data_key = Secret::new([0; KEY]);
    entropy.fill(data_key.expose_mut());
    let nonce = draw_nonce(entropy);
    let ciphertext = encrypt(&data_key, &nonce, plaintext, &place.associated_data(&[]));
    wrap(keyring, place, &data_key, &nonce, &ciphertext, entropy)
}

/// Decrypts a value that was sealed for this very place.
///
/// # Errors
///
/// When the key is unknown or wrong, the value was sealed for another place, or any bit of it was changed. Which
/// of the latter cannot be told apart.
pub fn open(keyring: &Keyring, place: &Place<'_>, sealed: &Sealed) -> Result<SecretBytes, OpenError> {
    let data_key = unwrap_data_key(keyring, place, sealed)?;
    decrypt(
        &data_key,
        sealed.nonce(),
        sealed.ciphertext(),
        &place.associated_data(&[]),
    )
    .ok_or(OpenError::PayloadRefused)
}

/// Wraps the value's data key anew with the keyring's first key; the payload's bytes stay as they are and are not
/// looked at. For key rotation: whatever has `sealed.key_id() != keyring.sealing_key_id()` is due.
///
/// # Errors
///
/// As [`open`], except that an altered payload goes unnoticed (and stays unopenable).
pub fn rewrap(
    keyring: &Keyring,
    place: &Place<'_>,
    sealed: &Sealed,
    entropy: &dyn Entropy,
) -> Result<Sealed, OpenError> {
    let data_key = unwrap_data_key(keyring, place, sealed)?;
    Ok(wrap(
        keyring,
        place,
        &data_key,
        sealed.nonce(),
        sealed.ciphertext(),
        entropy,
    ))
}

fn wrap(
    keyring: &Keyring,
    place: &Place<'_>,
    data_key: &Secret<[u8; KEY]>,
    nonce: &[u8; NONCE],
    ciphertext: &[u8],
    entropy: &dyn Entropy,
) -> Sealed {
    let (key_id, key) = keyring.sealing_key();
    let wrap_nonce = draw_nonce(entropy);
    let wrapped_key = encrypt(key, &wrap_nonce, data_key.expose(), &wrapping_data(place, key_id));
    Sealed::assemble(key_id, &wrap_nonce, &wrapped_key, nonce, ciphertext)
}

fn unwrap_data_key(
    keyring: &Keyring,
    place: &Place<'_>,
    sealed: &Sealed,
) -> Result<Secret<[u8; KEY]>, OpenError> {
    let key_id = sealed.key_id();
    let key = keyring.key(key_id).ok_or(OpenError::UnknownKey { key_id })?;
    decrypt(
        key,
        sealed.wrap_nonce(),
        sealed.wrapped_key(),
        &wrapping_data(place, key_id),
    )
    .and_then(|plain| plain.expose().as_slice().try_into().ok().map(Secret::new))
    .ok_or(OpenError::DataKeyRefused { key_id })
}

fn wrapping_data(place: &Place<'_>, key_id: KeyId) -> Vec<u8> {
    place.associated_data(&[&key_id.get().to_be_bytes()])
}

fn draw_nonce(entropy: &dyn Entropy) -> [u8; NONCE] {
    let mut nonce = [0; NONCE];
    entropy.fill(&mut nonce);
    nonce
}

fn encrypt(key: &Secret<[u8; KEY]>, nonce: &[u8; NONCE], plaintext: &[u8], aad: &[u8]) -> Vec<u8> {
    XChaCha20Poly1305::new(key.expose().into())
        .encrypt(nonce.into(), Payload { msg: plaintext, aad })
        .expect("values are shorter than the cipher's limit of 256 GiB")
}

fn decrypt(
    key: &Secret<[u8; KEY]>,
    nonce: &[u8; NONCE],
    ciphertext: &[u8],
    aad: &[u8],
) -> Option<SecretBytes> {
    XChaCha20Poly1305::new(key.expose().into())
        .decrypt(nonce.into(), Payload { msg: ciphertext, aad })
        .ok()
        .map(SecretBytes::new)
}
