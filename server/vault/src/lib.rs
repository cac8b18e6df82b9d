//! The vault: everything Terapi does with keys, ciphers, digests and randomness.
//!
//! **What it is for.** Credentials lie in the database only as [`Sealed`] values. This crate turns a plaintext
//! into one ([`seal`]) and back ([`open`]), reads the operator's [`Keyring`], hashes the tokens that are stored
//! only as hashes ([`hash`]), draws new tokens ([`token`]), and owns the types in which secrets travel through
//! the program ([`Secret`]).
//!
//! **What it may not do.** No IO besides asking the operating system for random bytes ([`OsEntropy`], the only
//! place that does so): it opens no file, reads no environment variable, knows no database and no clock. No other
//! crate names a cipher, a digest or a random generator.
//!
//! # Example
//!
//! ```
//! use terapi_vault::{Keyring, OsEntropy, Place, Sealed, SecretString, open, seal};
//!
//! let keyring = Keyring::generate(&OsEntropy);
//! let place = Place { table: "connections", column: "credentials", row_id: "17", owner_id: "3" };
//! let token = SecretString::from("gho_16C7e42F292c6912E7710c838347Ae178B4a");
//!
//! let sealed = seal(&keyring, &place, token.expose().as_bytes(), &OsEntropy);
//! let stored: Vec<u8> = sealed.as_bytes().to_vec();
//!
//! let loaded = Sealed::from_bytes(stored)?;
//! assert_eq!(open(&keyring, &place, &loaded)?.into_text()?, token);
//!
//! // The same bytes in another row do not open.
//! let elsewhere = Place { row_id: "18", ..place };
//! assert!(open(&keyring, &elsewhere, &loaded).is_err());
//!
//! // Nothing here can be printed by accident.
//! assert_eq!(format!("{token:?} {loaded:?}"), "[secret] Sealed(157 bytes)");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod entropy;
mod envelope;
pub mod hash;
mod keyring;
mod place;
mod sealed;
mod secret;
pub mod token;

pub use entropy::{Entropy, OsEntropy};
pub use envelope::{OpenError, open, rewrap, seal};
pub use keyring::{KeyId, Keyring, KeyringError};
pub use place::Place;
pub use sealed::{MalformedSealed, Sealed};
pub use secret::{NotText, Secret, SecretBytes, SecretJsonError, SecretString, constant_time_eq};
