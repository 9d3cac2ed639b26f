//! Owns the pages of projects and the people in them.

use askama::Template;

use super::parts::initials;
use super::{Choice, Field, Frame, Moment, Pager, Person};

/// One project of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProjectRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The reader's role in it, as words: "Read and write".
    pub role: String,
    /// How many people it has.
    pub people: u64,
    /// When it was created.
    pub created: Moment,
}

impl ProjectRow {
    /// The letters of the avatar.
    pub fn initials(&self) -> String {
        initials(&self.name)
    }
}

/// `/organizations/{slug}/projects`.
#[derive(Debug, Template)]
#[template(path = "projects/projects.html")]
pub struct ProjectsPage {
    /// Side bar.
    pub frame: Frame,
    /// The projects that the person may see.
    pub items: Vec<ProjectRow>,
    /// Whether the person may create one (Owners).
    pub may_create: bool,
    /// Where the list goes on.
    pub pager: Pager,
}

/// `/organizations/{slug}/projects/new`. *Forms*: POST `/organizations/{slug}/projects` with `name`.
#[derive(Debug, Template)]
#[template(path = "projects/new_project.html")]
pub struct NewProjectPage {
    /// Side bar.
    pub frame: Frame,
    /// Field `name`.
    pub name: Field,
}

/// One person of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProjectPerson {
    /// Who.
    pub person: Person,
    /// Whether it is the reader.
    pub is_reader: bool,
    /// Their role, as words.
    pub role: String,
    /// The roles to choose from, the own one selected; empty when the reader may not change it, or the role comes from
    /// being an Owner of the organization.
    pub roles: Vec<Choice>,
    /// Whether they are here because they own the organization.
    pub by_ownership: bool,
}

/// One invitation that carries a grant for this project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProjectInvitation {
    /// Its id.
    pub id: String,
    /// The invited address.
    pub email: String,
    /// The project role, as words.
    pub role: String,
    /// Until when it is valid.
    pub expires: Moment,
}

/// `/organizations/{slug}/projects/{id}`. *Forms*: POST `…/members` with `email`, `role` (adds or invites); GET
/// `…/members/{user_id}/role` with `role`. *Links*: `…/members/{user_id}/removal`, `…/edit`,
/// `/organizations/{slug}/invitations/{id}/removal`.
#[derive(Debug, Template)]
#[template(path = "projects/project.html")]
pub struct ProjectPage {
    /// Side bar.
    pub frame: Frame,
    /// Id of the project.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The reader's role, as words.
    pub role: String,
    /// Whether the reader may add, change and remove people.
    pub may_manage: bool,
    /// Whether the reader may rename or delete the project.
    pub may_edit: bool,
    /// Whether the reader may revoke an invitation to the organization (Owners).
    pub may_revoke: bool,
    /// Whether an address from outside the organization can be invited here (not while SSO is enforced).
    pub may_invite_outsiders: bool,
    /// The people.
    pub people: Vec<ProjectPerson>,
    /// Pending invitations; shown to those who may manage.
    pub invitations: Vec<ProjectInvitation>,
    /// Field `email` of the form that adds somebody.
    pub email: Field,
    /// Field `role` of that form.
    pub roles: Vec<Choice>,
    /// Where the list of people goes on.
    pub pager: Pager,
}

impl ProjectPage {
    /// Whether somebody can be taken out: anybody by who may manage, and whoever is in it by themselves (R-ORG-9).
    pub fn has_actions(&self) -> bool {
        self.may_manage || self.people.iter().any(|person| person.is_reader && !person.by_ownership)
    }

    /// The URL of the project.
    pub fn url(&self) -> String {
        format!("/organizations/{}/projects/{}", self.frame.slug(), self.id)
    }
}

/// `/organizations/{slug}/projects/{id}/edit`. *Forms*: POST `/organizations/{slug}/projects/{id}` with `name`.
/// *Links*: `…/removal`.
#[derive(Debug, Template)]
#[template(path = "projects/edit_project.html")]
pub struct EditProjectPage {
    /// Side bar.
    pub frame: Frame,
    /// Id of the project.
    pub id: String,
    /// Its name as stored.
    pub current_name: String,
    /// Field `name`.
    pub name: Field,
    /// Whether the person may delete it.
    pub may_delete: bool,
}
