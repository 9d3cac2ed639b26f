//! Owns the limits on mails: what strangers can cause to one address, and apart from that what takes somebody who has shown
//! something, so that whoever floods a mailbox takes nobody's way back, code or invitation.

use orgate_core::challenge::ChallengePurpose;
use orgate_core::id::{OrganizationId, UserId};
use orgate_core::policy::AddressState;
use orgate_core::refusal::Refusal;
use orgate_store::{Tx, User};

use super::{Counter, by_network, most, refuse_beyond, refuse_beyond_in};
use crate::app::App;
use crate::error::Error;
use crate::visitor::Visitor;

/// Mails with a code for one purpose that a person can cause to their own address by what strangers cannot do. *Units*: mails
/// an hour.
const CODES_OF_A_PERSON: u64 = 10;

/// Counts a mail that a visitor causes to an address, known or not.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub async fn mail_to(app: &App, visitor: &Visitor, email_key: &str) -> Result<(), Error> {
    by_network(app, visitor, "mails", most(app.settings.limits.sign_ins_per_hour)).await?;
    refuse_beyond(app, &Counter::mail(app, email_key)).await
}

/// Counts a mail with a link for a forgotten password, known address or not. It shares no number with other mails: whoever
/// floods a mailbox otherwise takes nobody's way back.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub async fn reset_mail_to(app: &App, visitor: &Visitor, email_key: &str) -> Result<(), Error> {
    by_network(app, visitor, "mails", most(app.settings.limits.sign_ins_per_hour)).await?;
    refuse_beyond(app, &Counter::hourly("mail-reset", email_key, most(app.settings.limits.mails_per_hour))).await
}

/// Counts a mail to an address inside the transaction that puts it into the outbox.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub(crate) async fn mail_in(tx: &mut Tx, app: &App, email_key: &str) -> Result<(), Error> {
    let counter = Counter::mail(app, email_key);
    refuse_beyond_in(tx, app, &counter).await
}

/// Counts a mailed code that a person asked for who has shown something already, inside its transaction: what strangers
/// cause to the same address counts elsewhere, and so do codes for another purpose, which are not everybody's to ask for.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub(crate) async fn code_in(tx: &mut Tx, app: &App, purpose: ChallengePurpose, user: &User) -> Result<(), Error> {
    let kind = format!("code-{}", purpose.as_str());
    refuse_beyond_in(tx, app, &Counter::hourly(&kind, &user.id, CODES_OF_A_PERSON)).await?;
    match user.address {
        AddressState::Proven => Ok(()),
        // It is perhaps a stranger's, and named so by any number of organizations (R-LNK-4).
        AddressState::LocalTo(_) | AddressState::Unproven => mail_in(tx, app, user.email.key()).await,
    }
}

/// Counts an invitation that is mailed, inside its transaction and after its caller was allowed to: nobody else uses up an
/// organization's invitations. However many go out at once, each counts.
///
/// *Errors*: [`Refusal::TooManyRequests`].
pub(crate) async fn invitation(tx: &mut Tx, app: &App, organization_id: &OrganizationId) -> Result<(), Error> {
    let most = most(app.settings.limits.invitations_per_hour);
    refuse_beyond_in(tx, app, &Counter::hourly("invitation", organization_id, most)).await
}

/// Counts the same invitation at its mailbox, by the organization and by who invites. What strangers mail there, and other
/// organizations, counts elsewhere, so none of them stops this one; and whoever founds a hundred organizations mails one
/// mailbox no more often from all of them than from one. The "no" travels as a value: of many addresses it is about one.
///
/// *Errors*, as that value: [`Refusal::TooManyRequests`].
pub(crate) async fn invitation_to(
    tx: &mut Tx,
    app: &App,
    organization_id: &OrganizationId,
    inviter: &UserId,
    email_key: &str,
) -> Result<Result<(), Refusal>, Error> {
    let most = most(app.settings.limits.mails_per_hour);
    for whose in [organization_id.as_str(), inviter.as_str()] {
        let counter = Counter::hourly("mail-invitation", format!("{whose}:{email_key}"), most);
        match refuse_beyond_in(tx, app, &counter).await {
            Ok(()) => {}
            Err(Error::Refused(refusal)) => return Ok(Err(refusal)),
            Err(fault @ Error::Fault(_)) => return Err(fault),
        }
    }
    Ok(Ok(()))
}
