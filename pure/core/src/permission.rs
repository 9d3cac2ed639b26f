//! Owns the whole table of role x permission, in one match. A person's rights are the union of what their roles allow
//! (R-ORG-3); who holds which role is stored elsewhere.

use crate::role::{OrganizationRole, ProjectRole};

/// Something a person may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// See the organization's name and one's own membership.
    OrganizationRead,
    /// Rename the organization.
    OrganizationUpdate,
    /// Delete the organization, and undo that.
    OrganizationDelete,
    /// See who the members are.
    MemberList,
    /// Change roles, remove and re-admit members, end their proofs.
    MemberManage,
    /// Invite to the organization, re-send and revoke.
    InvitationManage,
    /// Create a project.
    ProjectCreate,
    /// See one project.
    ProjectRead,
    /// Change what is in one project.
    ProjectWrite,
    /// Rename one project; add, change and remove its users.
    ProjectManage,
    /// Delete one project.
    ProjectDelete,
    /// See and change the organization's single sign-on.
    ConnectionManage,
    /// See, claim and give up the organization's domains.
    DomainManage,
    /// Read the organization's audit log.
    AuditRead,
}

impl Permission {
    /// Every permission, in the order of the golden table.
    pub const ALL: [Self; 14] = [
        Self::OrganizationRead,
        Self::OrganizationUpdate,
        Self::OrganizationDelete,
        Self::MemberList,
        Self::MemberManage,
        Self::InvitationManage,
        Self::ProjectCreate,
        Self::ProjectRead,
        Self::ProjectWrite,
        Self::ProjectManage,
        Self::ProjectDelete,
        Self::ConnectionManage,
        Self::DomainManage,
        Self::AuditRead,
    ];

    /// The word in the golden table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OrganizationRead => "organization.read",
            Self::OrganizationUpdate => "organization.update",
            Self::OrganizationDelete => "organization.delete",
            Self::MemberList => "member.list",
            Self::MemberManage => "member.manage",
            Self::InvitationManage => "invitation.manage",
            Self::ProjectCreate => "project.create",
            Self::ProjectRead => "project.read",
            Self::ProjectWrite => "project.write",
            Self::ProjectManage => "project.manage",
            Self::ProjectDelete => "project.delete",
            Self::ConnectionManage => "connection.manage",
            Self::DomainManage => "domain.manage",
            Self::AuditRead => "audit.read",
        }
    }
}

/// A role that a person holds, in the organization or in the project in question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// A role in the organization.
    Organization(OrganizationRole),
    /// A role in the project that the question is about.
    Project(ProjectRole),
}

/// Whether one role allows one thing: the whole table.
///
/// *Source*: R-ORG-3, R-ORG-4, R-ORG-9, R-INV-1, R-SSO-1.
pub const fn allows(role: Role, permission: Permission) -> bool {
    use OrganizationRole::{Member, Owner};
    use Permission as P;
    use ProjectRole::{Admin, ReadOnly, ReadWrite};
    match (role, permission) {
        (Role::Organization(Owner), _)
        | (Role::Organization(Member), P::OrganizationRead)
        | (Role::Project(Admin), P::ProjectRead | P::ProjectWrite | P::ProjectManage)
        | (Role::Project(ReadWrite), P::ProjectRead | P::ProjectWrite)
        | (Role::Project(ReadOnly), P::ProjectRead) => true,
        (
            Role::Organization(Member),
            P::OrganizationUpdate
            | P::OrganizationDelete
            | P::MemberList
            | P::MemberManage
            | P::InvitationManage
            | P::ProjectCreate
            | P::ProjectRead
            | P::ProjectWrite
            | P::ProjectManage
            | P::ProjectDelete
            | P::ConnectionManage
            | P::DomainManage
            | P::AuditRead,
        )
        | (
            Role::Project(Admin),
            P::OrganizationRead
            | P::OrganizationUpdate
            | P::OrganizationDelete
            | P::MemberList
            | P::MemberManage
            | P::InvitationManage
            | P::ProjectCreate
            | P::ProjectDelete
            | P::ConnectionManage
            | P::DomainManage
            | P::AuditRead,
        )
        | (
            Role::Project(ReadWrite),
            P::OrganizationRead
            | P::OrganizationUpdate
            | P::OrganizationDelete
            | P::MemberList
            | P::MemberManage
            | P::InvitationManage
            | P::ProjectCreate
            | P::ProjectManage
            | P::ProjectDelete
            | P::ConnectionManage
            | P::DomainManage
            | P::AuditRead,
        )
        | (
            Role::Project(ReadOnly),
            P::OrganizationRead
            | P::OrganizationUpdate
            | P::OrganizationDelete
            | P::MemberList
            | P::MemberManage
            | P::InvitationManage
            | P::ProjectCreate
            | P::ProjectWrite
            | P::ProjectManage
            | P::ProjectDelete
            | P::ConnectionManage
            | P::DomainManage
            | P::AuditRead,
        ) => false,
    }
}

/// Whether a member with this role, and perhaps a grant in the project in question, may do it.
pub fn may(role: OrganizationRole, grant: Option<ProjectRole>, permission: Permission) -> bool {
    allows(Role::Organization(role), permission) || grant.is_some_and(|grant| allows(Role::Project(grant), permission))
}
