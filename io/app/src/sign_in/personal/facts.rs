//! Owns the look-ups that deciding on an assertion by Google or GitHub needs.

use orgate_core::id::UserId;
use orgate_core::personal::PersonalProvider;
use orgate_core::personal_linking::{Facts, Holder};
use orgate_store::Tx;

use super::document::Document;
use crate::app::App;
use crate::error::Error;
use crate::invitation;
use crate::settings::SignUpMode;

/// Whether somebody new may come in by this attempt. Asked before the transaction that decides.
pub(super) async fn is_sign_up_open(app: &App, document: &Document) -> Result<bool, Error> {
    if app.settings.sign_up == SignUpMode::Open {
        return Ok(true);
    }
    let Some(address) = document.said.as_ref().and_then(super::document::Said::address) else { return Ok(false) };
    match invitation::opens_sign_up(app, document.invitation.as_deref(), &address).await {
        Ok(_) => Ok(true),
        Err(Error::Refused(_)) => Ok(false),
        Err(fault @ Error::Fault(_)) => Err(fault),
    }
}

/// Everything that the decision needs.
pub(super) async fn gather(tx: &mut Tx, document: &Document, sign_up_open: bool) -> Result<Facts, Error> {
    let said = document.said()?;
    let identity = tx.instance().find_personal_identity(document.provider, &said.subject).await?;
    let address = said.address();
    let holder = match &address {
        Some(address) => tx.instance().find_user_by_proven_email(address).await?.map(|user| user.id),
        None => None,
    };
    let holder = match holder {
        Some(user_id) => {
            let linked_to_another_subject = has_one(tx, &user_id, document.provider).await?;
            Some(Holder { user_id, linked_to_another_subject })
        }
        None => None,
    };
    // The code was mailed to who had the address then, or to the named one if nobody had: it proves nothing about anybody
    // who came by it since.
    let code_proven = document
        .proven
        .as_ref()
        .is_some_and(|proven| proven.user_id.as_ref() == holder.as_ref().map(|holder| &holder.user_id));
    Ok(Facts {
        identity: identity.map(|identity| identity.user_id),
        has_email: address.is_some(),
        authoritative: said.authoritative,
        holder,
        code_proven,
        sign_up_open,
    })
}

/// Whether the person has an account of this provider linked.
pub(super) async fn has_one(tx: &mut Tx, user_id: &UserId, provider: PersonalProvider) -> Result<bool, Error> {
    let all = tx.instance().list_personal_identities(user_id).await?;
    Ok(all.iter().any(|identity| identity.provider == provider))
}
