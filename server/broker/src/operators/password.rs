//! Password hashing, bounded: one a core at once, a short queue, then a refusal.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use terapi_vault::{Entropy, SecretString};
use tokio::sync::Semaphore;

/// Memory of one hash, KiB (19 MiB).
const MEMORY_KIB: u32 = 19_456;
/// Passes over that memory.
const PASSES: u32 = 2;
/// How many hashes may wait for a core.
const QUEUE: usize = 64;

/// Fewest characters of a password.
pub const MIN_PASSWORD: usize = 12;
/// Most characters of a password.
pub const MAX_PASSWORD: usize = 128;

/// What an unknown e-mail address is checked against, so that it takes as long as a known one. No password
/// has this hash: salt and digest are 16 and 32 zero bytes.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// More passwords are being hashed than there is room for; try again in a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many sign-ins at this moment; try again")]
pub struct Overloaded;

/// Hashes and checks passwords (argon2id, 19 MiB, 2 passes, 1 lane) on the blocking threads, at most one a core.
pub struct PasswordHasher {
    entropy: Arc<dyn Entropy>,
    cores: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl PasswordHasher {
    /// A hasher for as many cores as this process may use. Salts come from `entropy`.
    pub fn new(entropy: Arc<dyn Entropy>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            entropy,
            cores: Arc::new(Semaphore::new(cores)),
            waiting: AtomicUsize::new(0),
        }
    }

    /// The PHC string of a password with a fresh salt.
    ///
    /// # Errors
    /// [`Overloaded`] when the queue is full.
    pub async fn hash(&self, password: &SecretString) -> Result<String, Overloaded> {
        let mut salt = [0_u8; 16];
        self.entropy.fill(&mut salt);
        let password = password.duplicate();
        self.run(move || {
            argon2()
                .hash_password_with_salt(password.expose().as_bytes(), &salt)
                .map(|hash: PasswordHash| hash.to_string())
                .expect("fixed parameters, a 16-byte salt and a short password hash")
        })
        .await
    }

    /// Whether `password` has the hash `stored`. Without a stored hash the same work is done and the answer is no.
    ///
    /// # Errors
    /// [`Overloaded`] when the queue is full.
    pub async fn verify(&self, password: &SecretString, stored: Option<&str>) -> Result<bool, Overloaded> {
        let known = stored.is_some();
        let stored = stored.unwrap_or(NOBODY).to_owned();
        let password = password.duplicate();
        let matches = self
            .run(move || {
                PasswordHash::new(&stored).is_ok_and(|hash| {
                    argon2()
                        .verify_password(password.expose().as_bytes(), &hash)
                        .is_ok()
                })
            })
            .await?;
        Ok(matches && known)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Overloaded> {
        let permit = match Arc::clone(&self.cores).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                let _place = Place::in_queue(&self.waiting)?;
                Arc::clone(&self.cores)
                    .acquire_owned()
                    .await
                    .map_err(|_| Overloaded)?
            }
        };
        // The permit goes along: a caller who hangs up does not free the core that is still hashing for it.
        let hashed = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        });
        hashed.await.map_err(|_| Overloaded)
    }
}

/// A place in the queue, given back when dropped, also when the waiting caller hangs up.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn in_queue(waiting: &'a AtomicUsize) -> Result<Self, Overloaded> {
        let place = Self(waiting);
        // Counted first, so that two callers cannot both take the last place; dropping `place` uncounts.
        if waiting.fetch_add(1, Ordering::SeqCst) < QUEUE {
            Ok(place)
        } else {
            Err(Overloaded)
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).expect("constants within argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use terapi_vault::OsEntropy;

    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let hasher = PasswordHasher::new(Arc::new(OsEntropy));
        let hash = hasher.hash(&"correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(hasher.verify(&"correct horse".into(), Some(&hash)).await.unwrap());
        assert!(!hasher.verify(&"correct house".into(), Some(&hash)).await.unwrap());
    }

    #[tokio::test]
    async fn nobody_has_a_password_but_it_is_hashed_all_the_same() {
        assert!(PasswordHash::new(NOBODY).unwrap().hash.is_some());
        let hasher = PasswordHasher::new(Arc::new(OsEntropy));
        assert!(!hasher.verify(&"".into(), None).await.unwrap());
    }

    #[tokio::test]
    async fn beyond_the_queue_there_is_a_refusal_at_once() {
        let hasher = PasswordHasher::new(Arc::new(OsEntropy));
        let busy = u32::try_from(hasher.cores.available_permits()).unwrap();
        let _all = hasher.cores.acquire_many(busy).await.unwrap();
        let _places: Vec<_> = (0..QUEUE)
            .map(|_| Place::in_queue(&hasher.waiting).unwrap())
            .collect();
        assert_eq!(hasher.verify(&"x".into(), None).await, Err(Overloaded));
        assert_eq!(hasher.waiting.load(Ordering::SeqCst), QUEUE);
    }
}
