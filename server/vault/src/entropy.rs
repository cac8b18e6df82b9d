//! Where random bytes come from.

use std::sync::Arc;

use rand::{TryRng, rngs::SysRng};

/// A source of random bytes, passed in wherever a nonce, a key or a token is made, so that tests can repeat a run.
///
/// Whatever implements this outside tests must be cryptographically secure: nonces and API keys come from it.
pub trait Entropy: Send + Sync {
    /// Overwrites the whole buffer with random bytes.
    fn fill(&self, buffer: &mut [u8]);
}

impl<E: Entropy + ?Sized> Entropy for &E {
    fn fill(&self, buffer: &mut [u8]) {
        (**self).fill(buffer);
    }
}

impl<E: Entropy + ?Sized> Entropy for Arc<E> {
    fn fill(&self, buffer: &mut [u8]) {
        (**self).fill(buffer);
    }
}

/// The operating system's generator (`getrandom(2)` and its like).
///
/// # Panics
///
/// [`Entropy::fill`] panics when the system has no random generator at all. Going on would mean predictable keys.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        SysRng
            .try_fill_bytes(buffer)
            .expect("the operating system provides random bytes");
    }
}
