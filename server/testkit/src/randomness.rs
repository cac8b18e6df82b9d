//! The one module here that draws random bytes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A new opaque value of 192 random bits, with a prefix that names its kind.
#[expect(
    clippy::disallowed_methods,
    reason = "Acme stands for a server that draws its own tokens"
)]
pub(crate) fn opaque(prefix: &str) -> String {
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(rand::random::<[u8; 24]>()))
}
