//! Owns which ways in a person has, of those that the operator offers: for the question whether one may be taken away.

use orgate_core::id::UserId;
use orgate_core::method::AuthenticationMethod;
use orgate_core::personal::PersonalProvider;
use orgate_store::Tx;

use crate::app::App;
use crate::authorise::Caller;
use crate::error::Error;
use crate::passkey;
use crate::sign_in::personal;

/// The ways in that a person has and can use.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ways(Vec<AuthenticationMethod>);

impl Ways {
    /// Whether they can come in by this one.
    pub fn have(&self, method: AuthenticationMethod) -> bool {
        self.0.contains(&method)
    }

    /// Whether they come in without this one.
    pub fn is_in_without(&self, method: AuthenticationMethod) -> bool {
        self.0.iter().any(|way| *way != method)
    }
}

/// The ways that the caller has.
pub(crate) async fn of(tx: &mut Tx, app: &App, caller: &Caller) -> Result<Ways, Error> {
    let user_id = caller.user_id();
    let mut ways = own(tx, app, user_id).await?;
    let offered = personal::offered(app);
    let linked = tx.instance().list_personal_identities(user_id).await?;
    let linked = linked.iter().map(|identity| identity.provider);
    ways.extend(linked.filter(|provider| offered.contains(provider)).map(PersonalProvider::method));
    let identities = tx.instance().list_linked_identities(user_id).await?;
    let is_active = |connection| {
        let mut places = caller.check.places.iter();
        places.any(|place| {
            place.organization.enforcement.connection.as_ref().is_some_and(|(active, _)| active == connection)
        })
    };
    if identities.iter().any(|(identity, _)| is_active(&identity.connection_id)) {
        ways.push(AuthenticationMethod::Sso);
    }
    Ok(Ways(ways))
}

/// Whether the person comes in by something that hangs on nobody else: what makes an exempt Owner a way back (R-ENF-5).
pub(crate) async fn has_own_credential(tx: &mut Tx, app: &App, user_id: &UserId) -> Result<bool, Error> {
    Ok(!own(tx, app, user_id).await?.is_empty())
}

/// An own password, and own passkeys.
async fn own(tx: &mut Tx, app: &App, user_id: &UserId) -> Result<Vec<AuthenticationMethod>, Error> {
    let mut own = Vec::new();
    let offers_password = app.settings.sign_in_methods.offers(AuthenticationMethod::Password);
    if offers_password && tx.instance().find_password(user_id).await?.is_some() {
        own.push(AuthenticationMethod::Password);
    }
    if passkey::is_offered(app) && tx.instance().count_passkeys(user_id).await? > 0 {
        own.push(AuthenticationMethod::Passkey);
    }
    Ok(own)
}
