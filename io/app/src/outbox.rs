//! Owns when mail is sent: a mail is stored, sealed, in the transaction of what it tells ([`Outbox::prepare`] makes the
//! row), and leaves afterwards, again and again until it is out or too old. At least once, and not twice unless a node
//! dies between sending and noting it (F6).

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use orgate_core::email::EmailAddress;
use orgate_core::id::MailId;
use orgate_core::time::Timestamp;
use orgate_store::{Mail, Store, StoreError, Tx};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::clock::Clock;
use crate::entropy::{Draw, Entropy};
use crate::error::Error;
use crate::mail::{MailContent, MailTemplate, MailTransport, Sender, build_message};
use crate::seal::{Place, SealError, Sealer};

/// Mails taken at once, all of them on their way together: none is taken that would have to be given back at a stop.
const BATCH: u32 = 4;
/// For one mail, from connecting to acknowledgement.
const SEND_LIMIT: Duration = Duration::from_secs(30);
/// How long a taken mail is ours: more than it can take. *Source*: `SEND_LIMIT`, doubled.
const CLAIM: Duration = Duration::from_secs(60);
/// How long what is on its way at a stop has to arrive. Cut off it is taken again, and perhaps arrives twice.
const LEAVE: Duration = Duration::from_secs(10);
/// How often mails are looked for that nobody told us of: retries, and those of other processes.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Pauses after each failure; after the last one a mail is given up, some 25 hours old.
const RETRY_AFTER: [Duration; 10] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(3_600),
    Duration::from_secs(2 * 3_600),
    Duration::from_secs(4 * 3_600),
    Duration::from_secs(6 * 3_600),
    Duration::from_secs(11 * 3_600),
];

/// Tries of a mail that fails each time.
const TRIES: usize = RETRY_AFTER.len() + 1;
/// Tries of a mail that the server refuses for good each time: more than an hour of them, for a server that is set up
/// wrongly says no to everything, and somebody mends it.
const TRIES_REFUSED_FOR_GOOD: usize = 7;

/// Why a mail could not be prepared or sent.
#[derive(Debug)]
pub enum OutboxError {
    /// Its content could not be sealed or opened.
    Seal(SealError),
    /// Its content could not be written or read.
    Content(serde_json::Error),
    /// The database.
    Store(StoreError),
}

impl fmt::Display for OutboxError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Seal(_) => "a mail could not be sealed or opened",
            Self::Content(_) => "the content of a mail could not be written or read",
            Self::Store(_) => "the outbox could not be read or written",
        })
    }
}

impl std::error::Error for OutboxError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Seal(source) => Some(source),
            Self::Content(source) => Some(source),
            Self::Store(source) => Some(source),
        }
    }
}

impl From<StoreError> for OutboxError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Everything that sending mail needs. Clones share the wake-up call.
#[derive(Clone)]
pub struct Outbox {
    store: Store,
    sealer: Arc<Sealer>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    transport: MailTransport,
    from: Sender,
    product_name: Arc<str>,
    woken: Arc<Notify>,
}

/// What sealing and sending take from the rest of the program.
pub struct OutboxParts {
    /// The database.
    pub store: Store,
    /// Seals contents.
    pub sealer: Arc<Sealer>,
    /// Tells when mails are due.
    pub clock: Arc<dyn Clock>,
    /// Draws identifiers and nonces.
    pub entropy: Arc<dyn Entropy>,
    /// How mail leaves.
    pub transport: MailTransport,
    /// Whom it is from.
    pub from: Sender,
    /// The name in subjects and texts.
    pub product_name: String,
}

impl Outbox {
    /// An outbox that has not begun to send.
    pub fn new(parts: OutboxParts) -> Self {
        let OutboxParts { store, sealer, clock, entropy, transport, from, product_name } = parts;
        Self {
            store,
            sealer,
            clock,
            entropy,
            transport,
            from,
            product_name: product_name.into(),
            woken: Arc::default(),
        }
    }

    /// The row to insert in the transaction of what the mail tells; call [`Outbox::wake`] after its commit.
    ///
    /// *Errors*: [`OutboxError::Seal`], [`OutboxError::Content`].
    pub fn prepare(&self, to: &str, template: &MailTemplate) -> Result<Mail, OutboxError> {
        let now = self.clock.now();
        let id: MailId = self.entropy.id(now);
        let content = MailContent::new(to, template, &self.product_name);
        let plain = zeroize::Zeroizing::new(serde_json::to_vec(&content).map_err(OutboxError::Content)?);
        let sealed_content = self.sealer.seal(&place(&id), &plain, &*self.entropy).map_err(OutboxError::Seal)?;
        Ok(Mail { id, sealed_content, template: template.name().to_owned(), created_at: now, tries: 0 })
    }

    /// Stores a mail in the transaction of what it tells; call [`Outbox::wake`] after its commit.
    ///
    /// *Errors*: faults alone.
    pub async fn put(&self, tx: &mut Tx, to: &EmailAddress, template: MailTemplate) -> Result<(), Error> {
        let mail = self.prepare(to.as_str(), &template)?;
        Ok(tx.instance().insert_mail(&mail).await?)
    }

    /// Says that a mail was committed, so that it leaves at once.
    pub fn wake(&self) {
        self.woken.notify_one();
    }

    /// Sends until `stop` is ready. What is on its way then has ten seconds to arrive; nothing else is taken, however much waits.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let stopping = AtomicBool::new(false);
        let goes_on = || !stopping.load(Ordering::Relaxed);
        let sending = async {
            while goes_on() {
                if let Err(error) = self.send_while(goes_on).await {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "mail could not be taken from the outbox"
                    );
                }
                tokio::select! {
                    () = self.woken.notified() => {}
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                }
            }
        };
        tokio::pin!(sending);
        tokio::select! {
            biased;
            () = stop => {
                stopping.store(true, Ordering::Relaxed);
                self.woken.notify_one();
                if timeout(LEAVE, sending).await.is_err() {
                    tracing::warn!(limit.seconds = LEAVE.as_secs(), "mail on its way was cut off and is taken again");
                }
            }
            () = &mut sending => {}
        }
    }

    /// Sends everything that is due now; how many mails went out.
    ///
    /// *Errors*: [`OutboxError::Store`]. A mail that does not go out is no error: it is noted and tried again.
    pub async fn send_due(&self) -> Result<usize, OutboxError> {
        self.send_while(|| true).await
    }

    async fn send_while(&self, goes_on: impl Fn() -> bool) -> Result<usize, OutboxError> {
        let mut sent = 0;
        while goes_on() {
            let now = self.clock.now();
            // It is asked at every sign-in and every second: a look is cheap, and a write waits in line with all others.
            let look = self.store.read(now, |tx, now| Box::pin(async move { tx.instance().has_due_mails(*now).await }));
            if !look.await.map_err(OutboxError::Store)? {
                return Ok(sent);
            }
            let claimed = self
                .store
                .write(now, |tx, now| {
                    Box::pin(async move { tx.instance().claim_due_mails(*now, now.plus(CLAIM), BATCH).await })
                })
                .await
                .map_err(OutboxError::Store)?;
            let outcomes: Vec<_> =
                stream::iter(claimed).map(|mail| self.send_one(mail)).buffer_unordered(BATCH as usize).collect().await;
            for outcome in outcomes {
                sent += usize::from(outcome?);
            }
        }
        Ok(sent)
    }

    /// Measures how much waits, and for how long already.
    ///
    /// *Errors*: [`OutboxError::Store`].
    pub async fn measure(&self) -> Result<(), OutboxError> {
        let (count, oldest) = self
            .store
            .read((), |tx, ()| {
                Box::pin(async move {
                    let mut instance = tx.instance();
                    Ok::<_, StoreError>((
                        instance.count_waiting_mails().await?,
                        instance.find_oldest_waiting_mail().await?,
                    ))
                })
            })
            .await?;
        let age = oldest.map_or(Duration::ZERO, |oldest| self.clock.now().since(oldest));
        metrics::gauge!("orgate_mails_waiting").set(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
        metrics::gauge!("orgate_mails_oldest_waiting_seconds").set(age.as_secs_f64());
        Ok(())
    }

    /// Sends one mail and notes what became of it; whether it went out.
    async fn send_one(&self, mail: Mail) -> Result<bool, OutboxError> {
        let now = self.clock.now();
        let content = match self.content(&mail) {
            Ok(content) => content,
            // It is whole: another node sealed it, and this one may be given the key, too.
            Err(OutboxError::Seal(reason @ SealError::OtherKey)) => {
                return self.delay(mail, reason.to_string(), TRIES, now).await;
            }
            Err(error) => return self.give_up(mail, &error, now).await,
        };
        let message = match build_message(&mail.id, &content, &self.from, now) {
            Ok(message) => message,
            Err(error) => return self.give_up(mail, &error, now).await,
        };
        let failure = match timeout(SEND_LIMIT, self.transport.send(&mail.id, message)).await {
            Ok(Ok(())) => return self.note_sent(mail, now).await,
            Ok(Err(failure)) if failure.is_refused_for_good() => {
                return self.delay(mail, failure.to_string(), TRIES_REFUSED_FOR_GOOD, now).await;
            }
            Ok(Err(failure)) => failure.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        self.delay(mail, failure, TRIES, now).await
    }

    fn content(&self, mail: &Mail) -> Result<MailContent, OutboxError> {
        let plain = self.sealer.open(&place(&mail.id), &mail.sealed_content).map_err(OutboxError::Seal)?;
        serde_json::from_slice(&plain).map_err(OutboxError::Content)
    }

    async fn note_sent(&self, mail: Mail, now: Timestamp) -> Result<bool, OutboxError> {
        metrics::counter!("orgate_mails_total", "outcome" => "sent").increment(1);
        let input = (mail.id, now);
        self.store
            .write(input, |tx, (id, now)| Box::pin(async move { tx.instance().set_mail_sent(id, *now).await }))
            .await
            .map_err(OutboxError::Store)?;
        Ok(true)
    }

    /// Tries it again later, unless that was the last of so many tries.
    async fn delay(&self, mail: Mail, failure: String, tries: usize, now: Timestamp) -> Result<bool, OutboxError> {
        // The try that just failed is counted already.
        let before = usize::try_from(mail.tries - 1).ok().filter(|before| before + 1 < tries);
        let pause = before.and_then(|before| RETRY_AFTER.get(before));
        let Some(pause) = pause else { return self.give_up(mail, &failure, now).await };
        metrics::counter!("orgate_mails_total", "outcome" => "delayed").increment(1);
        tracing::warn!(mail.id = %mail.id, mail.template, mail.tries, error = failure, "a mail was not sent and is tried again");
        let input = (mail.id, failure, now.plus(*pause));
        self.store
            .write(input, |tx, (id, failure, at)| {
                Box::pin(async move { tx.instance().set_mail_delayed(id, failure, *at).await })
            })
            .await
            .map_err(OutboxError::Store)?;
        Ok(false)
    }

    async fn give_up(
        &self,
        mail: Mail,
        reason: &(dyn fmt::Display + Sync),
        now: Timestamp,
    ) -> Result<bool, OutboxError> {
        metrics::counter!("orgate_mails_total", "outcome" => "failed").increment(1);
        let reason = reason.to_string();
        tracing::error!(mail.id = %mail.id, mail.template, mail.tries, error = reason, "a mail is given up");
        let input = (mail.id, reason, now);
        self.store
            .write(input, |tx, (id, reason, now)| {
                Box::pin(async move { tx.instance().set_mail_failed(id, reason, *now).await })
            })
            .await
            .map_err(OutboxError::Store)?;
        Ok(false)
    }
}

fn place(id: &MailId) -> Place<'_> {
    Place { table: "mails", column: "sealed_content", row: id.as_str(), tenant: "" }
}
