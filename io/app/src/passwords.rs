//! Owns password hashing: Argon2id on a bounded pool, the same work for known and unknown people. Which passwords are
//! acceptable is in [`policy`].

mod memory;
pub mod policy;
mod pool;

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;

use argon2::password_hash::Error as HashError;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Params, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::entropy::{Draw, Entropy};
use pool::Pool;

const SALT_BYTES: usize = 16;
/// How many hashes may wait for each core: about two seconds of work at the default cost.
const WAITING_PER_CORE: usize = 64;

/// A password as it is hashed: brought to NFC, otherwise as typed, never cut; wiped when dropped.
///
/// *Source*: T-PW-1; NFC as in RFC 8265, so that the same keys on another machine give the same bytes.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// From what the person typed.
    pub fn from_typed(typed: &str) -> Self {
        Self(Zeroizing::new(typed.nfc().collect()))
    }

    /// The normalised text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(…)")
    }
}

/// What one hash costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashingCost {
    memory_kib: u32,
    iterations: u32,
    lanes: u32,
}

impl HashingCost {
    /// The least that is accepted, and the default. *Source*: R-IN-3: 19 MiB, t=2, p=1.
    pub const FLOOR: Self = Self { memory_kib: 19_456, iterations: 2, lanes: 1 };

    /// Next to nothing, for tests of anything but hashing: no setting leads below the floor.
    pub const OF_TESTS: Self = Self { memory_kib: 8, iterations: 1, lanes: 1 };

    /// A cost at or above the floor. *Units*: `memory_kib` in KiB.
    ///
    /// *Errors*: `None` below the floor in any part, or beyond 1 GiB, 64 passes or 16 lanes.
    pub fn new(memory_kib: u32, iterations: u32, lanes: u32) -> Option<Self> {
        let fits = (Self::FLOOR.memory_kib..=1_048_576).contains(&memory_kib)
            && (Self::FLOOR.iterations..=64).contains(&iterations)
            && (Self::FLOOR.lanes..=16).contains(&lanes);
        fits.then_some(Self { memory_kib, iterations, lanes })
    }

    fn params(self) -> Result<Params, HashingFault> {
        Params::new(self.memory_kib, self.iterations, self.lanes, None)
            .map_err(|_| HashingFault::Failed(HashError::ParamsInvalid))
    }
}

/// What comparing a password with the stored hash showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Another password, or nobody to compare with.
    Wrong,
    /// The password.
    Right {
        /// The stored hash is cheaper than today's cost: store a new one (R-IN-3).
        needs_rehash: bool,
    },
}

/// Why a hash was not computed or compared.
#[derive(Debug)]
pub enum HashingFault {
    /// Too many are waiting: try again later (L3: a bounded queue, not collapse).
    Busy,
    /// The stored hash cannot be read, or the computation failed.
    Failed(HashError),
    /// The thread that computed it is gone.
    Interrupted,
}

impl fmt::Display for HashingFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Busy => "too many passwords are being checked at the moment",
            Self::Failed(_) => "a password could not be hashed or compared",
            Self::Interrupted => "checking a password was interrupted",
        })
    }
}

impl std::error::Error for HashingFault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Failed(source) => Some(source),
            Self::Busy | Self::Interrupted => None,
        }
    }
}

/// Hashes and compares passwords, one at a time a core.
#[derive(Debug, Clone)]
pub struct Passwords {
    cost: HashingCost,
    pool: Pool,
    admitted: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

impl Passwords {
    /// A pool as wide as the machine.
    pub fn new(cost: HashingCost) -> Self {
        let cores = available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self::with_limits(cost, cores, cores.get().saturating_mul(WAITING_PER_CORE))
    }

    /// A pool that computes `running` hashes at once and lets `waiting` more queue up.
    pub fn with_limits(cost: HashingCost, running: NonZeroUsize, waiting: usize) -> Self {
        Self {
            cost,
            pool: Pool::new(running),
            admitted: Arc::new(Semaphore::new(running.get().saturating_add(waiting))),
            turns: Arc::new(Semaphore::new(running.get())),
        }
    }

    /// The hash to store, in PHC form.
    ///
    /// *Errors*: [`HashingFault`].
    pub async fn hash(&self, password: &Password, entropy: &(impl Entropy + ?Sized)) -> Result<String, HashingFault> {
        self.hash_in(Admitted::take(&self.admitted)?, password, entropy).await
    }

    /// Waits until it is worth a hash: of those that wait here no more go on at once than hashes are computed, until each is done
    /// with its [`Turn`]. What serves once is looked at again then, so that many tries of it cost few hashes.
    ///
    /// *Errors*: [`HashingFault::Busy`].
    pub async fn turn(&self) -> Result<Turn, HashingFault> {
        let place = Arc::new(Admitted::take(&self.admitted)?);
        let permit = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| HashingFault::Interrupted)?;
        Ok(Turn { passwords: self.clone(), place, _permit: permit })
    }

    async fn hash_in<P: Send + 'static>(
        &self,
        place: P,
        password: &Password,
        entropy: &(impl Entropy + ?Sized),
    ) -> Result<String, HashingFault> {
        let salt: [u8; SALT_BYTES] = entropy.bytes();
        let (cost, password) = (self.cost, password.clone());
        self.run(place, move || phc(cost, &password, &salt)).await
    }

    /// Compares with the stored hash; without one the same work is done for nothing, so that unknown people take as
    /// long as known ones (T-WEB-11).
    ///
    /// *Errors*: [`HashingFault`].
    pub async fn compare(&self, password: &Password, stored: Option<&str>) -> Result<Comparison, HashingFault> {
        let (cost, password, stored) = (self.cost, password.clone(), stored.map(str::to_owned));
        self.run(Admitted::take(&self.admitted)?, move || match stored {
            Some(stored) => compare(cost, &password, &stored),
            None => phc(cost, &password, &[0; SALT_BYTES]).map(|_| Comparison::Wrong),
        })
        .await
    }

    /// The place moves into the thread: a caller that gives up does not make room before the work is done.
    async fn run<P: Send + 'static, T: Send + 'static>(
        &self,
        place: P,
        work: impl FnOnce() -> Result<T, HashingFault> + Send + 'static,
    ) -> Result<T, HashingFault> {
        let work = move || {
            let result = work();
            drop(place);
            result
        };
        self.pool.run(work).await.ok_or(HashingFault::Interrupted)?
    }
}

/// A turn at hashing. Whoever has it keeps it until what the hash was for is done, for then the next one sees that.
pub struct Turn {
    passwords: Passwords,
    place: Arc<Admitted>,
    _permit: OwnedSemaphorePermit,
}

impl Turn {
    /// As [`Passwords::hash`].
    ///
    /// *Errors*: [`HashingFault`].
    pub async fn hash(&self, password: &Password, entropy: &(impl Entropy + ?Sized)) -> Result<String, HashingFault> {
        self.passwords.hash_in(Arc::clone(&self.place), password, entropy).await
    }
}

/// One of the places, and the measurement that it is taken.
struct Admitted {
    _permit: OwnedSemaphorePermit,
}

impl Admitted {
    fn take(places: &Arc<Semaphore>) -> Result<Self, HashingFault> {
        let Ok(permit) = Arc::clone(places).try_acquire_owned() else {
            metrics::counter!("orgate_password_hashes_refused_total").increment(1);
            return Err(HashingFault::Busy);
        };
        metrics::gauge!("orgate_password_hashes_waiting").increment(1.0);
        Ok(Self { _permit: permit })
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        metrics::gauge!("orgate_password_hashes_waiting").decrement(1.0);
    }
}

fn phc(cost: HashingCost, password: &Password, salt: &[u8]) -> Result<String, HashingFault> {
    let how = (Algorithm::Argon2id, Version::V0x13, cost.params()?);
    let hash = memory::hash(how, password.reveal().as_bytes(), salt).map_err(HashingFault::Failed)?;
    Ok(hash.to_string())
}

fn compare(cost: HashingCost, password: &Password, stored: &str) -> Result<Comparison, HashingFault> {
    let parsed = PasswordHash::new(stored).map_err(|_| HashingFault::Failed(HashError::EncodingInvalid))?;
    match memory::verify(password.reveal().as_bytes(), &parsed) {
        Ok(()) => Ok(Comparison::Right { needs_rehash: needs_rehash(cost, &parsed) }),
        Err(HashError::PasswordInvalid) => Ok(Comparison::Wrong),
        Err(source) => Err(HashingFault::Failed(source)),
    }
}

fn needs_rehash(cost: HashingCost, stored: &PasswordHash) -> bool {
    let Ok(params) = Params::try_from(stored) else { return true };
    stored.algorithm != Algorithm::Argon2id.ident()
        || stored.version != Some(Version::V0x13.into())
        || params.m_cost() < cost.memory_kib
        || params.t_cost() < cost.iterations
        || params.p_cost() < cost.lanes
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::entropy::SeededEntropy;

    /// These tests are about bytes, not about cost.
    const CHEAP: HashingCost = HashingCost::OF_TESTS;

    fn password(text: &str) -> Password {
        Password::from_typed(text)
    }

    #[tokio::test]
    async fn a_password_is_recognised_and_another_is_not() {
        let passwords = Passwords::new(HashingCost::FLOOR);
        let stored = passwords.hash(&password("tall trees whisper"), &SeededEntropy::new(1)).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        let right = passwords.compare(&password("tall trees whisper"), Some(&stored)).await.unwrap();
        assert_eq!(right, Comparison::Right { needs_rehash: false });
        let wrong = passwords.compare(&password("Tall trees whisper"), Some(&stored)).await.unwrap();
        assert_eq!(wrong, Comparison::Wrong);
    }

    #[tokio::test]
    async fn nobody_to_compare_with_is_wrong_and_costs_a_hash() {
        let passwords = Passwords::with_limits(CHEAP, NonZeroUsize::MIN, 0);
        assert_eq!(passwords.compare(&password("anything at all"), None).await.unwrap(), Comparison::Wrong);
        passwords.admitted.close();
        assert!(matches!(passwords.compare(&password("x"), None).await, Err(HashingFault::Busy)));
    }

    #[tokio::test]
    async fn a_cheaper_stored_hash_is_replaced_at_sign_in() {
        let stored = phc(CHEAP, &password("tall trees whisper"), &[1; SALT_BYTES]).unwrap();
        let today = Passwords::new(HashingCost::FLOOR);
        let right = today.compare(&password("tall trees whisper"), Some(&stored)).await.unwrap();
        assert_eq!(right, Comparison::Right { needs_rehash: true });
    }

    #[tokio::test]
    async fn a_turn_comes_when_the_one_before_is_done_with_it_and_takes_a_place_meanwhile() {
        let passwords = Passwords::with_limits(CHEAP, NonZeroUsize::MIN, 1);
        let first = passwords.turn().await.unwrap();
        first.hash(&password("tall trees whisper"), &SeededEntropy::new(1)).await.unwrap();
        let mut second = Box::pin(passwords.turn());
        assert!(futures_util::poll!(second.as_mut()).is_pending(), "it has hashed and is not done");
        assert!(matches!(passwords.turn().await, Err(HashingFault::Busy)), "the queue is bounded");
        drop(first);
        let second = second.await.unwrap();
        second.hash(&password("tall trees whisper"), &SeededEntropy::new(2)).await.unwrap();
    }

    #[tokio::test]
    async fn more_than_the_queue_holds_is_refused_at_once() {
        let passwords = Passwords::with_limits(CHEAP, NonZeroUsize::MIN, 1);
        let (release, held) = std::sync::mpsc::channel::<()>();
        let pool = passwords.pool.clone();
        let busy = tokio::spawn(async move { pool.run(move || held.recv().is_ok()).await });
        let waiting = {
            let passwords = passwords.clone();
            tokio::spawn(async move { passwords.compare(&password("first"), None).await })
        };
        while passwords.admitted.available_permits() == 2 {
            tokio::task::yield_now().await;
        }
        let also_waiting = {
            let passwords = passwords.clone();
            tokio::spawn(async move { passwords.compare(&password("second"), None).await })
        };
        while passwords.admitted.available_permits() == 1 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(passwords.compare(&password("third"), None).await, Err(HashingFault::Busy)));
        release.send(()).unwrap();
        assert_eq!(busy.await.unwrap(), Some(true));
        assert_eq!(waiting.await.unwrap().unwrap(), Comparison::Wrong);
        assert_eq!(also_waiting.await.unwrap().unwrap(), Comparison::Wrong);
    }

    #[test]
    fn every_byte_from_the_first_to_the_1024th_changes_the_hash_t_pw_1() {
        let plain = "a".repeat(1024);
        let mut hashes = HashSet::from([phc(CHEAP, &password(&plain), &[7; SALT_BYTES]).unwrap()]);
        for position in 0..1024 {
            let mut changed = plain.clone();
            changed.replace_range(position..=position, "b");
            assert!(hashes.insert(phc(CHEAP, &password(&changed), &[7; SALT_BYTES]).unwrap()), "byte {position}");
        }
        for length in [1, 71, 72, 73, 1023] {
            assert!(hashes.insert(phc(CHEAP, &password(&plain[..length]), &[7; SALT_BYTES]).unwrap()), "{length}");
        }
    }

    #[test]
    fn the_same_characters_composed_otherwise_are_the_same_password() {
        assert_eq!(password("Zu\u{308}rich").reveal(), password("Z\u{fc}rich").reveal());
        assert_ne!(password("\u{fb01}sh").reveal(), password("fish").reveal());
        assert_eq!(password(" spaces stay ").reveal(), " spaces stay ");
        assert_eq!(format!("{:?}", password("secret")), "Password(…)");
    }

    #[test]
    fn a_cost_below_the_floor_does_not_exist() {
        assert_eq!(HashingCost::new(19_456, 2, 1), Some(HashingCost::FLOOR));
        assert_eq!(HashingCost::new(19_455, 2, 1), None);
        assert_eq!(HashingCost::new(19_456, 1, 1), None);
        assert_eq!(HashingCost::new(19_456, 2, 0), None);
        assert_eq!(HashingCost::new(4_000_000, 2, 1), None);
    }

    #[test]
    fn a_damaged_stored_hash_is_a_fault_and_no_wrong_password() {
        assert!(matches!(compare(CHEAP, &password("x"), "$argon2id$nonsense"), Err(HashingFault::Failed(_))));
    }
}
