use std::sync::atomic::{AtomicU8, Ordering};

use terapi_vault::Entropy;

/// 0, 1, 2, … 255, 0, … so that a test knows every byte that was drawn.
#[derive(Default)]
pub struct CountingEntropy(AtomicU8);

impl Entropy for CountingEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        for byte in buffer {
            *byte = self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}
