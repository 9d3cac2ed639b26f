//! Owns the accounts at Google and GitHub that a person linked to theirs: seeing and unlinking them. Linking is a sign-in
//! there, so it is in [`crate::sign_in::personal`].

use orgate_core::personal::PersonalProvider;
use orgate_core::refusal::Refusal;
use orgate_store::{PersonalIdentity, Tx};

use crate::account::ways;
use crate::app::App;
use crate::audit::{self, Author, Event};
use crate::authorise::{self, Caller};
use crate::error::Error;
use crate::mail::MailTemplate;
use crate::mail::personal_letters::PersonalMail;
use crate::visitor::Visitor;

/// The person's linked accounts.
///
/// *Errors*: those of [`authorise::account`] (R-IN-9).
pub async fn list(app: &App, visitor: &Visitor) -> Result<Vec<PersonalIdentity>, Error> {
    app.store
        .read((app.clone(), visitor.clone()), |tx, (app, visitor)| {
            Box::pin(async move {
                let caller = authorise::account(tx, app, visitor).await?;
                Ok(tx.instance().list_personal_identities(caller.user_id()).await?)
            })
        })
        .await
}

/// Whether the person stands where they may ask to unlink this one.
///
/// *Errors*: [`Refusal::NotFound`] where none is linked, and those of [`authorise::account_recently`].
pub async fn may_remove(app: &App, visitor: &Visitor, provider: PersonalProvider) -> Result<(), Error> {
    app.store
        .read((app.clone(), visitor.clone(), provider), |tx, (app, visitor, provider)| {
            Box::pin(async move {
                let caller = authorise::account_recently(tx, app, visitor).await?;
                let all = tx.instance().list_personal_identities(caller.user_id()).await?;
                let linked = all.iter().any(|identity| identity.provider == *provider);
                if linked { Ok(()) } else { Err(Error::from(Refusal::NotFound)) }
            })
        })
        .await
}

/// Unlinks one, for who has another way in. Every other session ends, and the person is mailed.
///
/// *Errors*: [`Refusal::NotFound`] where none is linked, [`Refusal::LastWayIn`], and those of
/// [`authorise::account_recently`].
pub async fn remove(app: &App, visitor: &Visitor, provider: PersonalProvider) -> Result<(), Error> {
    app.store
        .write((app.clone(), visitor.clone(), provider), |tx, (app, visitor, provider)| {
            Box::pin(async move {
                let caller = authorise::account_recently(tx, app, visitor).await?;
                let all = tx.instance().list_personal_identities(caller.user_id()).await?;
                if !all.iter().any(|identity| identity.provider == *provider) {
                    return Err(Error::from(Refusal::NotFound));
                }
                if !ways::of(tx, app, &caller).await?.is_in_without(provider.method()) {
                    return Err(Error::from(Refusal::LastWayIn));
                }
                perform(tx, app, visitor, &caller, *provider).await
            })
        })
        .await?;
    app.outbox.wake();
    Ok(())
}

async fn perform(
    tx: &mut Tx,
    app: &App,
    visitor: &Visitor,
    caller: &Caller,
    provider: PersonalProvider,
) -> Result<(), Error> {
    let now = app.now();
    let user = tx.instance().load_user(caller.user_id()).await?;
    tx.instance().delete_personal_identity(&user.id, provider).await?;
    tx.instance().end_sessions_of_user(&user.id, Some(caller.session_id()), "unlinked", now).await?;
    let event = Event::done("personal-identity.unlinked")
        .target(&user.id, &user.name)
        .data(serde_json::json!({ "provider": provider.words() }));
    audit::record(tx, app, Some(visitor), None, &Author::from(caller), event).await?;
    let security_url = app.settings.public_url.link("/account/security");
    let mail = PersonalMail::Unlinked { provider, at: now, security_url };
    app.outbox.put(tx, &user.email, MailTemplate::Personal(mail)).await
}
