//! The functions of the template language.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// A function that may stand in a placeholder: `${base64(${username}:${password})}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Function {
    /// `base64(text)`: standard base64 with padding, of the text's UTF-8.
    Base64,
    /// `sha256_hex(text)`: lower-case hex.
    Sha256Hex,
    /// `sha256_base64(text)`: standard base64.
    Sha256Base64,
    /// `hmac_sha1_hex(message, key)`: lower-case hex. The key is what follows the last comma.
    HmacSha1Hex,
}

const NAMES: [(&str, &str, Function); 4] = [
    ("base64", "base64", Function::Base64),
    ("sha256_hex", "sha256Hex", Function::Sha256Hex),
    ("sha256_base64", "sha256Base64", Function::Sha256Base64),
    ("hmac_sha1_hex", "hmacSha1Hex", Function::HmacSha1Hex),
];

impl Function {
    /// Reads a function's name in either spelling.
    pub fn parse(name: &str) -> Option<Function> {
        NAMES
            .iter()
            .find(|(ours, wire, _)| name == *ours || name == *wire)
            .map(|entry| entry.2)
    }

    /// The contract's spelling.
    pub fn wire_name(self) -> &'static str {
        NAMES
            .iter()
            .find(|entry| entry.2 == self)
            .map_or("", |entry| entry.1)
    }

    /// How many arguments it takes.
    pub fn arity(self) -> usize {
        match self {
            Function::HmacSha1Hex => 2,
            Function::Base64 | Function::Sha256Hex | Function::Sha256Base64 => 1,
        }
    }

    pub(crate) fn apply(self, arguments: &[String]) -> String {
        let argument = |index: usize| arguments.get(index).map_or(&b""[..], |text| text.as_bytes());
        match self {
            Function::Base64 => STANDARD.encode(argument(0)),
            Function::Sha256Hex => hex(&Sha256::digest(argument(0))),
            Function::Sha256Base64 => STANDARD.encode(Sha256::digest(argument(0))),
            Function::HmacSha1Hex => {
                let mut mac =
                    Hmac::<sha1::Sha1>::new_from_slice(argument(1)).expect("HMAC takes a key of any length");
                mac.update(argument(0));
                hex(&mac.finalize().into_bytes())
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            NAMES
                .iter()
                .find(|entry| entry.2 == *self)
                .map_or("", |entry| entry.0),
        )
    }
}
