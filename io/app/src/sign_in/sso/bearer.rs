//! Owns whose second factor an attempt asks for: of somebody known elsewhere who is about to join (R-LNK-3), or of who has
//! the address proven that a code of this attempt proved for a person whom SSO made (R-LNK-4).

use orgate_core::id::UserId;
use orgate_core::linking::Linking;
use orgate_store::{Tx, User};

use super::document::Document;
use crate::address;
use crate::error::Error;

/// Who has to show it before this is written, and did not in this attempt.
pub(super) async fn missing(tx: &mut Tx, document: &Document, linking: &Linking) -> Result<Option<User>, Error> {
    let (user_id, joins) = match linking {
        Linking::Join { user_id, .. } => (user_id, true),
        Linking::Link { user_id } => (user_id, false),
        Linking::Existing { .. } | Linking::Provision { .. } | Linking::Prove { .. } | Linking::Refuse(_) => {
            return Ok(None);
        }
    };
    let bearer = of(tx, document, user_id).await?;
    let is_asked = bearer.has_second_factor && (joins || bearer.id != *user_id);
    let is_shown = document.second.as_ref().is_some_and(|(shown_by, _)| *shown_by == bearer.id);
    Ok((is_asked && !is_shown).then_some(bearer))
}

/// Whose it is in an attempt that came to this user.
pub(super) async fn of(tx: &mut Tx, document: &Document, user_id: &UserId) -> Result<User, Error> {
    let user = tx.instance().load_user(user_id).await?;
    if document.code_proven_for.as_ref() != Some(user_id) {
        return Ok(user);
    }
    Ok(address::bearer(tx, &user).await?.unwrap_or(user))
}
