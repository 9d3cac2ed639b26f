//! Owns log-out with an organization's identity provider, in both directions: [`leave`] sends a browser there once the
//! session here is over, [`come_back`] takes it back, [`receive`] takes the provider's word that somebody signed out
//! there. `way_out` keeps what that takes, as long as the session lives.
//!
//! *Source*: T-LO-1, T-LO-2; decision 18.

pub mod come_back;
mod end;
pub mod leave;
pub mod receive;
mod refused;
pub(crate) mod way_out;

use orgate_core::id::ConnectionId;

use crate::app::App;

/// Where the IdP sends a browser that signed out there: distinct for each connection, built from the public URL alone.
pub fn post_logout_redirect_uri(app: &App, id: &ConnectionId) -> String {
    app.settings.public_url.link(&format!("/sso/oidc/{id}/signed-out"))
}

/// Where the IdP posts that somebody signed out there.
pub fn backchannel_logout_uri(app: &App, id: &ConnectionId) -> String {
    app.settings.public_url.link(&format!("/sso/oidc/{id}/backchannel-logout"))
}
