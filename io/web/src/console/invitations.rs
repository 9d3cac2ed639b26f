//! Owns `/organizations/{slug}/invitations`: inviting, and what those who invite can do afterwards.

use orgate_app::invitation::{self, Invited, NewInvitations, PendingInvitation, ProjectChoice, SentInvitation};
use orgate_app::organization::OrganizationView;
use orgate_app::{organization, project};
use orgate_core::permission::Permission;
use orgate_core::role::{OrganizationRole, ProjectRole};
use orgate_core::time::Timestamp;

use super::asking::{Question, ask};
use super::lists::{Cursor, pager};
use super::{members, organization_frame, require};
use crate::error::{Failure, RequestRefusal};
use crate::page::{Form, Mistakes, PageResult, Path, Query, Visit, done};
use crate::pages::confirmation::{ConfirmationPage, Consequence};
use crate::pages::invitations::{
    InvitationRow, InvitationsPage, InvitePage, InvitedPage, IssuedInvitation, ProjectOffer,
};
use crate::pages::{Choice, Moment, Section};

/// How many projects the form offers.
const OFFERED: u32 = 200;

/// The pending invitations.
pub async fn index(visit: Visit, Path(slug): Path<String>, Query(query): Query<Cursor>) -> PageResult {
    let (frame, _) = organization_frame(&visit, Section::Members, &slug).await?;
    let listed = invitation::list(visit.app(), &visit.visitor, &slug, query.cursor.clone(), None).await?;
    let now = visit.now();
    visit.page(&InvitationsPage {
        frame,
        items: listed.items.iter().map(|pending| row(pending, now)).collect(),
        // Who may see the list may change it: Owners.
        may_manage: true,
        instead: instead(&organization::get(visit.app(), &visit.visitor, &slug).await?),
        pager: pager(&url(&slug), &[], query.cursor.as_deref(), listed.next_cursor.as_deref()),
    })
}

fn row(pending: &PendingInvitation, now: Timestamp) -> InvitationRow {
    let PendingInvitation { invitation, projects, inviter, expired } = pending;
    InvitationRow {
        id: invitation.id.to_string(),
        email: invitation.email.to_string(),
        role: invitation.role.label().to_owned(),
        projects: projects.iter().map(|project| grant(&project.name, project.role)).collect(),
        inviter: inviter.clone(),
        sent: Moment::new(invitation.sent_at, now),
        expires: Moment::new(invitation.expires_at, now),
        expired: *expired,
    }
}

/// "Falcon (read only)".
pub fn grant(project: &str, role: ProjectRole) -> String {
    format!("{project} ({})", role.label().to_lowercase())
}

/// The form.
pub async fn new(visit: Visit, Path(slug): Path<String>) -> PageResult {
    visit.page(&new_page(&visit, &slug, &Mistakes::default(), &Typed::default()).await?)
}

/// What the form sends: besides `emails` and `role`, a field `project.{id}` for each project.
struct Typed {
    emails: String,
    role: OrganizationRole,
    projects: Vec<ProjectChoice>,
}

impl Default for Typed {
    fn default() -> Self {
        Self { emails: String::new(), role: OrganizationRole::Member, projects: Vec::new() }
    }
}

impl Typed {
    /// Reads the fields; one that the page does not have is no form of ours.
    fn read(fields: Vec<(String, String)>) -> Result<Self, RequestRefusal> {
        let mut typed = Self::default();
        for (name, value) in fields {
            match (name.as_str(), name.strip_prefix("project.")) {
                ("emails", _) => typed.emails = value,
                ("role", _) => typed.role = OrganizationRole::parse(&value).ok_or(RequestRefusal::Malformed)?,
                (_, Some(_)) if value.is_empty() => {}
                (_, Some(project)) => {
                    let role = ProjectRole::parse(&value).ok_or(RequestRefusal::Malformed)?;
                    typed.projects.push(ProjectChoice { project: project.to_owned(), role });
                }
                (_, None) => return Err(RequestRefusal::Malformed),
            }
        }
        Ok(typed)
    }

    /// One address a line, or with commas, semicolons or spaces between them.
    fn addresses(&self) -> Vec<String> {
        let between = |c: char| c.is_whitespace() || c == ',' || c == ';';
        self.emails.split(between).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }
}

/// Invites. The links are shown this once, so the answer is the page itself.
pub async fn create(visit: Visit, Path(slug): Path<String>, Form(fields): Form<Vec<(String, String)>>) -> PageResult {
    let typed = Typed::read(fields)?;
    let new = NewInvitations { emails: typed.addresses(), role: typed.role, projects: typed.projects.clone() };
    match invitation::invite(visit.app(), &visit.visitor, &slug, new).await {
        Ok(invited) => visit.page(&invited_page(&visit, &slug, invited).await?),
        Err(error) => {
            let mistakes = Mistakes::of(error)?;
            visit.again(&new_page(&visit, &slug, &mistakes, &typed).await?)
        }
    }
}

async fn new_page(visit: &Visit, slug: &str, mistakes: &Mistakes, typed: &Typed) -> Result<InvitePage, Failure> {
    let (frame, place) = organization_frame(visit, Section::Members, slug).await?;
    require(&place, Permission::InvitationManage)?;
    let organization = organization::get(visit.app(), &visit.visitor, slug).await?;
    let projects = project::list(visit.app(), &visit.visitor, slug, None, Some(OFFERED)).await?;
    Ok(InvitePage {
        frame,
        emails: mistakes.field("emails", &typed.emails),
        roles: members::roles(typed.role),
        projects: projects
            .items
            .iter()
            .map(|view| offer(view.project.id.as_str(), &view.project.name, typed))
            .collect(),
        problem: mistakes.elsewhere(&["emails"]),
        instead: instead(&organization),
    })
}

/// The login address, where nobody is invited (R-INV-3).
fn instead(organization: &OrganizationView) -> Option<String> {
    organization.enforced.then(|| organization.login_address.clone())
}

fn offer(id: &str, name: &str, typed: &Typed) -> ProjectOffer {
    let chosen = typed.projects.iter().find(|choice| choice.project == id).map_or("", |choice| choice.role.as_str());
    let mut options = vec![("", "No access")];
    options.extend(ProjectRole::ALL.map(|role| (role.as_str(), role.label())));
    ProjectOffer { id: id.to_owned(), name: name.to_owned(), roles: Choice::list(&options, chosen) }
}

async fn invited_page(visit: &Visit, slug: &str, invited: Invited) -> Result<InvitedPage, Failure> {
    let (frame, _) = organization_frame(visit, Section::Members, slug).await?;
    let now = visit.now();
    Ok(InvitedPage {
        frame,
        mailed: true,
        items: invited.items.iter().map(|sent| issued(sent, now)).collect(),
        left_out: invited.members_already.iter().map(|email| format!("{email} is a member already.")).collect(),
    })
}

fn issued(sent: &SentInvitation, now: Timestamp) -> IssuedInvitation {
    IssuedInvitation {
        email: sent.invitation.email.to_string(),
        role: sent.invitation.role.label().to_owned(),
        link: sent.link.clone(),
        expires: Moment::new(sent.invitation.expires_at, now),
    }
}

/// Mails an invitation again.
pub async fn create_mail(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    let sent = invitation::resend(visit.app(), &visit.visitor, &slug, &id).await?;
    let sentence = format!("{} was mailed a new link. The old ones no longer work.", sent.invitation.email);
    Ok(done(&url(&slug), &sentence))
}

/// Makes another link to copy, shown this once.
pub async fn create_link(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    let sent = invitation::copy_link(visit.app(), &visit.visitor, &slug, &id).await?;
    let (frame, _) = organization_frame(&visit, Section::Members, &slug).await?;
    let items = vec![issued(&sent, visit.now())];
    visit.page(&InvitedPage { frame, mailed: false, items, left_out: Vec::new() })
}

/// Asks before one is revoked.
pub async fn ask_removal(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    let (frame, _) = organization_frame(&visit, Section::Members, &slug).await?;
    let pending = invitation::get(visit.app(), &visit.visitor, &slug, &id).await?;
    let email = pending.invitation.email.to_string();
    let question = Question {
        title: format!("Revoke the invitation to {email}?"),
        verb: "Revoke",
        action: format!("{}/{id}/removal", url(&slug)),
        above: ("Invitations", url(&slug)),
    };
    visit.page(&ConfirmationPage {
        text: format!("Invited by {}.", pending.inviter),
        consequences: vec![Consequence::plain(format!("The links that {email} has stop working at once."))],
        reassurance: "Nobody is told. You can invite the address again.".to_owned(),
        ..ask(frame, question)
    })
}

/// Revokes one.
pub async fn remove(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    invitation::revoke(visit.app(), &visit.visitor, &slug, &id).await?;
    Ok(done(&url(&slug), "The invitation is revoked."))
}

fn url(slug: &str) -> String {
    format!("/organizations/{slug}/invitations")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn addresses_stand_one_a_line_or_with_commas_between_them() {
        let typed = Typed { emails: "a@x.example\r\n b@x.example, c@x.example;\n\n".to_owned(), ..Typed::default() };
        assert_eq!(typed.addresses(), ["a@x.example", "b@x.example", "c@x.example"]);
    }

    #[test]
    fn a_project_without_a_role_is_not_chosen() {
        let typed =
            Typed::read(fields(&[("role", "owner"), ("project.prj_1", ""), ("project.prj_2", "admin")])).unwrap();
        assert_eq!(typed.role, OrganizationRole::Owner);
        let chosen: Vec<_> = typed.projects.iter().map(|choice| (choice.project.as_str(), choice.role)).collect();
        assert_eq!(chosen, [("prj_2", ProjectRole::Admin)]);
    }

    #[test]
    fn a_field_or_role_that_the_form_does_not_have_is_refused() {
        for odd in [("role", "king"), ("project.prj_1", "king"), ("who", "me")] {
            assert_eq!(Typed::read(fields(&[odd])).err(), Some(RequestRefusal::Malformed), "{odd:?}");
        }
    }
}
