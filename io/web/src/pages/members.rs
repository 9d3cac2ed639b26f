//! Owns the pages of an organization's members.

use askama::Template;

use super::{Badge, Choice, Frame, Moment, Pager, Person, Tone};

/// Which members are listed: query parameter `filter`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MemberFilter {
    /// Everybody.
    #[default]
    All,
    /// Owners.
    Owners,
    /// Members who have never signed in through SSO.
    NeverUsedSso,
    /// Members who were removed and may not come back by themselves.
    Removed,
}

impl MemberFilter {
    /// The value of the query parameter.
    pub fn value(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Owners => "owners",
            Self::NeverUsedSso => "never-used-sso",
            Self::Removed => "removed",
        }
    }

    /// What an empty list says.
    pub fn empty_text(self) -> &'static str {
        match self {
            Self::All => "Invite people to begin.",
            Self::Owners => "Every organization has at least one Owner.",
            Self::NeverUsedSso => "Every member has signed in through SSO at least once.",
            Self::Removed => "Nobody was removed.",
        }
    }
}

/// One member of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberRow {
    /// Who.
    pub person: Person,
    /// Whether it is the reader.
    pub is_reader: bool,
    /// Whether the address is proven; an unproven one came from SSO and counts here only.
    pub email_proven: bool,
    /// The role, as a word: "Owner".
    pub role: String,
    /// How they sign in, as words: "SSO", "Password"; empty for who was removed.
    pub methods: Vec<String>,
    /// Whether there is an SSO and they never came in through it.
    pub never_used_sso: bool,
    /// When they were last here.
    pub last_seen: Option<Moment>,
    /// Whether they were removed.
    pub removed: bool,
}

impl MemberRow {
    /// The colour of the role.
    pub fn role_badge(&self) -> Badge {
        if self.removed {
            return Badge::new("Removed", Tone::Danger);
        }
        let tone = if self.role == "Owner" { Tone::Accent } else { Tone::Neutral };
        Badge::new(self.role.clone(), tone)
    }
}

/// `/organizations/{slug}/members?filter=&q=`. *Links* for those who may manage: `…/members/{user_id}`,
/// `…/{user_id}/removal`, `…/{user_id}/proofs/removal` (end what their proofs open here), `…/{user_id}/readmission`.
#[derive(Debug, Template)]
#[template(path = "members/members.html")]
pub struct MembersPage {
    /// Side bar.
    pub frame: Frame,
    /// The filter in force.
    pub filter: MemberFilter,
    /// What was searched for: query parameter `q`.
    pub search: String,
    /// How many members the organization has.
    pub total: u64,
    /// How many invitations are pending; the tab "Invited" leads to `/organizations/{slug}/invitations`.
    pub invited: u64,
    /// The members.
    pub items: Vec<MemberRow>,
    /// Whether the reader may change them (Owners).
    pub may_manage: bool,
    /// Whether people can be invited: not while SSO is enforced.
    pub may_invite: bool,
    /// Where the list goes on.
    pub pager: Pager,
}

impl MembersPage {
    /// The sentence under the title.
    pub fn lead(&self) -> String {
        let name = self.frame.organization_name();
        if self.total == 1 {
            format!("1 person belongs to {name}.")
        } else {
            format!("{} people belong to {name}.", self.total)
        }
    }

    /// What the tab "Invited" counts; nothing for none.
    pub fn invited_count(&self) -> Option<u64> {
        (self.invited > 0).then_some(self.invited)
    }
}

/// One IdP's name for the member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberIdentity {
    /// The connection: "Okta (OIDC), acme.okta.com".
    pub connection: String,
    /// The Subject.
    pub subject: String,
    /// When it was linked.
    pub linked: Moment,
}

/// One project of the member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberProject {
    /// Id of the project.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The role, as words.
    pub role: String,
}

/// `/organizations/{slug}/members/{user_id}`. *Forms*: GET `…/role` with `role`. *Links*: as [`MembersPage`], and
/// `…/identities/removal`.
#[derive(Debug, Template)]
#[template(path = "members/member.html")]
pub struct MemberPage {
    /// Side bar.
    pub frame: Frame,
    /// Who, and how they sign in.
    pub member: MemberRow,
    /// When they joined.
    pub joined: Moment,
    /// The roles to choose from; empty when the reader may not change it.
    pub roles: Vec<Choice>,
    /// Why the role cannot be changed, or why the last change was refused: "Acme needs at least one Owner."
    pub role_problem: Option<String>,
    /// Their identities at the organization's IdPs.
    pub identities: Vec<MemberIdentity>,
    /// Their projects.
    pub projects: Vec<MemberProject>,
    /// Whether the reader may change them (Owners).
    pub may_manage: bool,
}

impl MemberPage {
    /// What somebody sees who was added to no project: an Owner is admin in every one (R-ORG-3).
    pub fn without_project(&self) -> String {
        let name = &self.member.person.name;
        if self.member.removed {
            return "None. Their roles ended when they were removed.".to_owned();
        }
        if self.member.role == "Owner" {
            return format!("Added to none by name. As an Owner, {name} is admin in every project.");
        }
        format!("No project. {name} sees the organization and nothing in it.")
    }

    /// The URL of the member.
    pub fn url(&self) -> String {
        format!("/organizations/{}/members/{}", self.frame.slug(), self.member.person.id)
    }
}
