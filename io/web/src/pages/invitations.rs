//! Owns the pages of invitations as those who invite see them.

use askama::Template;

use super::{Badge, Choice, Field, Frame, Moment, Pager, Tone};

/// A project that the invitation can carry a role in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProjectOffer {
    /// Id of the project; its select is called `project.{id}`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The roles, with the empty value for "No access".
    pub roles: Vec<Choice>,
}

/// `/organizations/{slug}/invitations/new`. *Forms*: POST `/organizations/{slug}/invitations` with `emails` (one a
/// line, or with commas), `role`, and for each project `project.{id}` = role or empty.
#[derive(Debug, Template)]
#[template(path = "members/invite.html")]
pub struct InvitePage {
    /// Side bar.
    pub frame: Frame,
    /// Field `emails`.
    pub emails: Field,
    /// Field `role`.
    pub roles: Vec<Choice>,
    /// The projects.
    pub projects: Vec<ProjectOffer>,
    /// Why the whole form was refused.
    pub problem: Option<String>,
    /// The login address to hand out instead, while SSO is enforced and nobody is invited.
    pub instead: Option<String>,
}

/// One invitation with its copied link, shown this once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IssuedInvitation {
    /// The invited address.
    pub email: String,
    /// The role, as a word.
    pub role: String,
    /// The link to hand over.
    pub link: String,
    /// Until when it is valid.
    pub expires: Moment,
}

/// After inviting, and after "Copy a link".
#[derive(Debug, Template)]
#[template(path = "members/invited.html")]
pub struct InvitedPage {
    /// Side bar.
    pub frame: Frame,
    /// Whether mails were sent; a new link is made without one.
    pub mailed: bool,
    /// The invitations.
    pub items: Vec<IssuedInvitation>,
    /// Addresses that were left out, each with the reason: "robin@acme.example is a member already."
    pub left_out: Vec<String>,
}

impl InvitedPage {
    /// What was done.
    pub fn title(&self) -> &'static str {
        match (self.items.is_empty(), self.mailed) {
            (true, _) => "Nobody was invited",
            (false, true) => "Invitations are on their way",
            (false, false) => "A new link to copy",
        }
    }

    /// The sentence under the title.
    pub fn lead(&self) -> String {
        match (self.items.len(), self.mailed) {
            (0, _) => "No invitation was made.".to_owned(),
            (_, false) => "The link made before it no longer works. The mailed one still does.".to_owned(),
            (1, true) => "1 person was mailed a link that is valid for 48 hours.".to_owned(),
            (count, true) => format!("{count} people were mailed a link each that is valid for 48 hours."),
        }
    }
}

/// One pending invitation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InvitationRow {
    /// Its id.
    pub id: String,
    /// The invited address.
    pub email: String,
    /// The role, as a word.
    pub role: String,
    /// The projects with their role: "Falcon (read only)".
    pub projects: Vec<String>,
    /// Who invited.
    pub inviter: String,
    /// When.
    pub sent: Moment,
    /// Until when it is valid.
    pub expires: Moment,
    /// Whether that has passed.
    pub expired: bool,
}

impl InvitationRow {
    /// The state, as a badge.
    pub fn badge(&self) -> Badge {
        if self.expired { Badge::new("Expired", Tone::Warning) } else { Badge::new("Pending", Tone::Neutral) }
    }
}

/// `/organizations/{slug}/invitations`. *Forms*: POST `…/invitations/{id}/mails` (send again); POST
/// `…/invitations/{id}/links` (a new link to copy, shown by [`InvitedPage`]). *Links*: `…/invitations/{id}/removal`.
#[derive(Debug, Template)]
#[template(path = "members/invitations.html")]
pub struct InvitationsPage {
    /// Side bar.
    pub frame: Frame,
    /// The invitations.
    pub items: Vec<InvitationRow>,
    /// Whether the reader may invite, send again and revoke.
    pub may_manage: bool,
    /// The login address to hand out instead, while SSO is enforced: then invitations can only be revoked.
    pub instead: Option<String>,
    /// Where the list goes on.
    pub pager: Pager,
}
