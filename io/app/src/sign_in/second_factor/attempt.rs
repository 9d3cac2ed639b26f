//! Owns what a sign-in remembers that waits for its second factor: a sealed document in its SignIn row. A browser's is
//! bound to its cookie; a program's to a secret that is a part of the name it is given (T-MFA-2).

use std::time::Duration;

use orgate_core::id::{Identifier as _, SignInId, UserId};
use orgate_core::method::AuthenticationMethod;
use orgate_core::proof::Proof;
use orgate_core::refusal::Refusal;
use orgate_core::way_in::WayIn;
use orgate_store::{SignIn, Tx, User};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::app::App;
use crate::entropy::Draw as _;
use crate::error::Error;
use crate::passkey;
use crate::seal::Place;
use crate::sign_in::anchor::Anchor;
use crate::sign_in::blocked::Keeper;
use crate::token::{SecretToken, TokenPurpose};
use crate::visitor::Visitor;

/// How long a first proof waits for the second. *Units*: five minutes. *Source*: T-MFA-2.
const LIFETIME: Duration = Duration::from_secs(5 * 60);

/// How many wrong factors an attempt bears. *Source*: T-MFA-2.
const TRIES: u8 = 5;

/// Waiting for the second factor.
const STAGE: &str = "second-factor";

/// Between the two parts of a program's name for its attempt; no identifier and no secret holds it.
const BETWEEN: char = '.';

/// A first factor that was right, while a second is missing.
pub(crate) struct Held<'a> {
    /// Who.
    pub user_id: &'a UserId,
    /// What was right, and when.
    pub proof: Proof,
    /// On which way.
    pub way: WayIn,
    /// What it hangs on: without that the attempt is worthless.
    pub anchor: Anchor,
}

/// A sign-in that waits for its second factor.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Which attempt.
    pub sign_in_id: SignInId,
    /// What the person can show.
    pub methods: Vec<AuthenticationMethod>,
    /// What a program has in place of a cookie.
    secret: Option<SecretToken>,
}

impl Waiting {
    /// The name by which a program goes on; [`read_handle`] reads it. Who knows the id alone can do nothing with it.
    pub fn handle(&self) -> Zeroizing<String> {
        let secret = self.secret.as_ref().map(|secret| format!("{BETWEEN}{}", *secret.reveal()));
        Zeroizing::new(format!("{}{}", self.sign_in_id, secret.unwrap_or_default()))
    }
}

/// The attempt that a program names, and the hash that stands in place of a browser's.
///
/// *Errors*: `None` for anything that [`Waiting::handle`] does not write for a program.
pub fn read_handle(text: &str) -> Option<(SignInId, [u8; 32])> {
    let (id, secret) = text.split_once(BETWEEN)?;
    Some((SignInId::parse(id)?, SecretToken::parse(secret)?.hash(TokenPurpose::SignIn)))
}

/// What a waiting sign-in remembers.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Document {
    /// Who.
    pub user_id: UserId,
    /// What was right, and when.
    pub proof: Proof,
    /// On which way.
    pub way: WayIn,
    /// What it hangs on.
    pub anchor: Anchor,
    /// How many wrong factors are left to it.
    pub tries_left: u8,
    /// Whether a browser has it, and not a program.
    pub in_browser: bool,
    /// Where the person wanted to go: a path of ours.
    pub return_to: Option<String>,
}

/// A waiting sign-in as it stands.
pub(super) struct Attempt {
    record: SignIn,
    /// What it remembers.
    pub document: Document,
    /// Who, as they are now.
    pub user: User,
}

fn place(id: &SignInId) -> Place<'_> {
    Place { table: "sign_ins", column: "sealed_document", row: id.as_str(), tenant: "" }
}

/// Keeps a sign-in that wants a second factor, in the transaction in which [`issue`](crate::sign_in::issue) said so: for a
/// browser, or without one for a program.
pub(crate) async fn hold(tx: &mut Tx, app: &App, held: Held<'_>, keeper: Option<&Keeper>) -> Result<Waiting, Error> {
    let Held { user_id, proof, way, anchor } = held;
    let now = app.now();
    let id: SignInId = app.entropy.id(now);
    let secret = if keeper.is_some() { None } else { Some(SecretToken::generate(&*app.entropy)) };
    let by_secret = secret.as_ref().map(|secret| secret.hash(TokenPurpose::SignIn));
    let browser_hash = keeper.map(|keeper| keeper.browser_hash).or(by_secret).ok_or(Refusal::AttemptOver)?;
    let document = Document {
        user_id: user_id.clone(),
        proof,
        way,
        anchor,
        tries_left: TRIES,
        in_browser: keeper.is_some(),
        return_to: keeper.and_then(|keeper| keeper.return_to.clone()),
    };
    let record = SignIn {
        id: id.clone(),
        browser_hash,
        state_hash: None,
        organization_id: None,
        connection_id: None,
        stage: STAGE.to_owned(),
        sealed_document: seal(app, &id, &document)?,
        created_at: now,
        expires_at: now.plus(LIFETIME),
    };
    tx.instance().insert_sign_in(&record).await?;
    let user = tx.instance().load_user(user_id).await?;
    Ok(Waiting { sign_in_id: id, methods: methods(tx, app, &user).await?, secret })
}

fn seal(app: &App, id: &SignInId, document: &Document) -> Result<Vec<u8>, Error> {
    Ok(app.sealer.seal(&place(id), &serde_json::to_vec(document)?, &*app.entropy)?)
}

/// The factors that the person can show, the best first.
pub(crate) async fn methods(tx: &mut Tx, app: &App, user: &User) -> Result<Vec<AuthenticationMethod>, Error> {
    let mut methods = Vec::new();
    if passkey::is_offered(app) && tx.instance().count_passkeys(&user.id).await? > 0 {
        methods.push(AuthenticationMethod::Passkey);
    }
    methods.extend(typed_methods(tx, user).await?);
    Ok(methods)
}

/// Those that are typed, for a form that asks for one beside another proof.
pub(crate) async fn typed_methods(tx: &mut Tx, user: &User) -> Result<Vec<AuthenticationMethod>, Error> {
    let mut methods = Vec::new();
    if !user.has_second_factor {
        return Ok(methods);
    }
    if tx.instance().find_totp(&user.id).await?.is_some_and(|totp| totp.confirmed_at.is_some()) {
        methods.push(AuthenticationMethod::Totp);
    }
    if tx.instance().count_unused_recovery_codes(&user.id).await? > 0 {
        methods.push(AuthenticationMethod::RecoveryCode);
    }
    Ok(methods)
}

/// This visitor's attempt, if it waits and its first proof is still right.
///
/// *Errors*: [`Refusal::AttemptOver`].
pub(super) async fn find(tx: &mut Tx, app: &App, visitor: &Visitor, id: &SignInId) -> Result<Attempt, Error> {
    let holder = visitor.holder().ok_or(Refusal::AttemptOver)?;
    let record = tx.instance().find_sign_in(id, &holder, app.now()).await?;
    let record = record.filter(|record| record.stage == STAGE).ok_or(Refusal::AttemptOver)?;
    let plain = app.sealer.open(&place(&record.id), &record.sealed_document)?;
    let document: Document = serde_json::from_slice(&plain)?;
    let user = tx.instance().find_user(&document.user_id).await?.filter(|user| user.closed_at.is_none());
    let user = user.ok_or(Refusal::AttemptOver)?;
    if !document.anchor.holds(tx, &user.id).await? {
        return Err(Refusal::AttemptOver.into());
    }
    Ok(Attempt { record, document, user })
}

/// Takes it, once.
///
/// *Errors*: [`Refusal::AttemptOver`].
pub(super) async fn consume(tx: &mut Tx, app: &App, visitor: &Visitor, id: &SignInId) -> Result<Attempt, Error> {
    let attempt = find(tx, app, visitor, id).await?;
    let used = tx.instance().consume_sign_in(id, &attempt.record.browser_hash, app.now()).await?;
    if used.is_some() { Ok(attempt) } else { Err(Refusal::AttemptOver.into()) }
}

/// Takes a try away, and the attempt with the last one. How many are left.
///
/// *Errors*: [`Refusal::AttemptOver`] when another request was faster.
pub(super) async fn spend_try(tx: &mut Tx, app: &App, attempt: &Attempt) -> Result<u8, Error> {
    let Attempt { record, document, .. } = attempt;
    let left = document.tries_left.saturating_sub(1);
    let now = app.now();
    let kept = if left == 0 {
        tx.instance().consume_sign_in(&record.id, &record.browser_hash, now).await?.is_some()
    } else {
        let sealed = seal(app, &record.id, &Document { tries_left: left, ..document.clone() })?;
        tx.instance().replace_sign_in(record, STAGE, &sealed, now).await?
    };
    if kept { Ok(left) } else { Err(Refusal::AttemptOver.into()) }
}
