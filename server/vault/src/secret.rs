//! Types that hold secrets and cannot be printed, serialized or cloned by accident.

use std::{fmt, io};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, DeserializeOwned},
};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// A value nobody may see: `Debug` prints `[secret]`, memory is overwritten on drop, equality takes the same time
/// wherever the difference is. The only way to the value is [`expose`](Self::expose), a word to search for.
///
/// It has no `Display`, no `Serialize`, no `Clone`:
///
/// ```compile_fail,E0277
/// println!("{}", terapi_vault::SecretString::from("hush"));
/// ```
///
/// ```compile_fail,E0277
/// serde_json::to_string(&terapi_vault::SecretString::from("hush"));
/// ```
///
/// ```compile_fail,E0277
/// let copy = Clone::clone(&terapi_vault::SecretString::from("hush"));
/// ```
pub struct Secret<T: Zeroize>(T);

/// A secret text: a token, a password, a key in text form.
pub type SecretString = Secret<String>;

/// Secret bytes: an opened value, raw key material.
pub type SecretBytes = Secret<Vec<u8>>;

impl<T: Zeroize> Secret<T> {
    /// Takes a secret over. Copies the caller keeps, and those a growing buffer left behind, are not overwritten.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The secret itself. Must not go into a log, an error or a page.
    pub fn expose(&self) -> &T {
        &self.0
    }

    pub(crate) fn expose_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Zeroize + Clone> Secret<T> {
    /// A second copy, for the rare place that needs one. Not `Clone`, so that it is seen in review.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Zeroize + AsRef<[u8]>> Secret<T> {
    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_empty()
    }

    /// Whether the candidate, for example a token somebody sent, is this secret. In constant time, as
    /// [`constant_time_eq`].
    pub fn matches(&self, candidate: impl AsRef<[u8]>) -> bool {
        constant_time_eq(self.0.as_ref(), candidate.as_ref())
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl<T: Zeroize + AsRef<[u8]>> PartialEq for Secret<T> {
    fn eq(&self, other: &Self) -> bool {
        self.matches(&other.0)
    }
}

impl<T: Zeroize + AsRef<[u8]>> Eq for Secret<T> {}

/// Whether two byte strings are equal, in a time that depends on their lengths only.
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

impl From<String> for SecretString {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for SecretString {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<Vec<u8>> for SecretBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

/// So that requests and stored credentials can be parsed (JSON, forms: any self-describing format). A value of
/// another type is refused without repeating it, unlike serde's own messages.
impl<'de> Deserialize<'de> for SecretString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Asked for a string, serde_json refuses a number by itself and quotes it; `any` leaves that to the visitor.
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

/// Refuses a scalar without quoting it.
macro_rules! refuse {
    ($($method:ident: $type:ty),*) => {
        $(fn $method<E: de::Error>(self, _: $type) -> Result<Self::Value, E> {
            Err(E::custom("expected a string"))
        })*
    };
}

impl de::Visitor<'_> for TextVisitor {
    type Value = SecretString;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(SecretString::from(text))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(SecretString::new(text))
    }

    refuse!(
        visit_bool: bool, visit_i64: i64, visit_i128: i128, visit_u64: u64, visit_u128: u128, visit_f64: f64
    );
}

/// The bytes of a secret are not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret is not UTF-8 text")]
pub struct NotText;

/// A secret is not the JSON it should be. Says where, never what: serde's messages quote the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret is not the expected JSON (line {line}, column {column})")]
pub struct SecretJsonError {
    /// Line of the first fault, from 1; 0 when serde does not know.
    pub line: usize,
    /// Column of the first fault.
    pub column: usize,
}

impl SecretBytes {
    /// The same secret as text, without copying it.
    ///
    /// # Errors
    ///
    /// When it is not UTF-8. The bytes are gone then.
    pub fn into_text(mut self) -> Result<SecretString, NotText> {
        String::from_utf8(std::mem::take(&mut self.0))
            .map(Secret)
            .map_err(|error| {
                error.into_bytes().zeroize();
                NotText
            })
    }

    /// Parses the secret as JSON.
    ///
    /// # Errors
    ///
    /// When it is no JSON or not of this shape.
    pub fn parse_json<T: DeserializeOwned>(&self) -> Result<T, SecretJsonError> {
        serde_json::from_slice(&self.0).map_err(|error| SecretJsonError {
            line: error.line(),
            column: error.column(),
        })
    }

    /// Writes a value as JSON into memory that leaves no copies behind as it grows. The value is typically a view
    /// that borrows what was exposed, made for just this call.
    ///
    /// # Errors
    ///
    /// When the value cannot be JSON, for example a map with keys that are no strings.
    pub fn from_json<T: Serialize + ?Sized>(value: &T) -> Result<Self, SecretJsonError> {
        let mut buffer = GrowingSecret(Self::new(Vec::with_capacity(1024)));
        serde_json::to_writer(&mut buffer, value).map_err(|error| SecretJsonError {
            line: error.line(),
            column: error.column(),
        })?;
        Ok(buffer.0)
    }
}

/// A buffer that overwrites its old memory when it moves to a larger one, which `Vec` would not do.
struct GrowingSecret(SecretBytes);

impl io::Write for GrowingSecret {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let buffer = self.0.expose_mut();
        let needed = buffer.len() + bytes.len();
        if needed > buffer.capacity() {
            let mut larger = Vec::with_capacity(needed.max(2 * buffer.capacity()));
            larger.extend_from_slice(buffer);
            buffer.zeroize();
            *buffer = larger;
        }
        buffer.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
