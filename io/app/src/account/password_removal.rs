//! Owns taking one's own password away, for who has another way in. It takes no way back from an organization that has no
//! other (R-ENF-14).

use orgate_core::method::AuthenticationMethod;
use orgate_core::refusal::Refusal;
use orgate_store::{Tx, User};

use super::ways;
use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::authorise::{self, Caller};
use crate::enforcement::way_back;
use crate::error::Error;
use crate::mail::MailTemplate;
use crate::mail::account_letters::AccountMail;
use crate::visitor::Visitor;

/// Removes it. Every other session ends, a link that would set one serves no more, and the person is mailed.
///
/// *Errors*: [`Refusal::NotFound`] where there is none, [`Refusal::LastWayIn`], [`Refusal::NoWayBackIn`], and those of
/// [`authorise::account_recently`].
pub async fn remove_password(app: &App, visitor: &Visitor) -> Result<(), Error> {
    app.store
        .write((app.clone(), visitor.clone()), |tx, (app, visitor)| {
            Box::pin(async move {
                let caller = may_remove(tx, app, visitor).await?;
                let user = tx.instance().load_user(caller.user_id()).await?;
                perform(tx, app, visitor, &caller, &user).await
            })
        })
        .await?;
    app.outbox.wake();
    Ok(())
}

/// Whether it may be removed, for the page that asks.
///
/// *Errors*: those of [`remove_password`].
pub async fn may_remove_password(app: &App, visitor: &Visitor) -> Result<(), Error> {
    app.store
        .read((app.clone(), visitor.clone()), |tx, (app, visitor)| {
            Box::pin(async move { may_remove(tx, app, visitor).await.map(|_| ()) })
        })
        .await
}

async fn may_remove(tx: &mut Tx, app: &App, visitor: &Visitor) -> Result<Caller, Error> {
    let caller = authorise::account_recently(tx, app, visitor).await?;
    if tx.instance().find_password(caller.user_id()).await?.is_none() {
        return Err(Refusal::NotFound.into());
    }
    let ways = ways::of(tx, app, &caller).await?;
    if !ways.is_in_without(AuthenticationMethod::Password) {
        return Err(Refusal::LastWayIn.into());
    }
    if !ways.have(AuthenticationMethod::Passkey) {
        way_back::keep_all(tx, app, &caller).await?;
    }
    Ok(caller)
}

async fn perform(tx: &mut Tx, app: &App, visitor: &Visitor, caller: &Caller, user: &User) -> Result<(), Error> {
    let now = app.now();
    tx.instance().delete_password(&user.id).await?;
    tx.instance().delete_password_resets_of_user(&user.id).await?;
    tx.instance().end_sessions_of_user(&user.id, Some(caller.session_id()), "password-removed", now).await?;
    way_back::review_of_user(tx, app, &user.id).await?;
    let event = Event::done("password.removed").target(&user.id, &user.name);
    audit::record(tx, app, Some(visitor), None, &Author::from(caller), event).await?;
    let reset_url = app.settings.public_url.link("/forgotten-password");
    let mail = AccountMail::PasswordRemoved { at: now, reset_url };
    app.outbox.put(tx, &user.email, MailTemplate::Account(mail)).await?;
    Ok(())
}
