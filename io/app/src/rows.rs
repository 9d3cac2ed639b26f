//! Owns the names of the rows that use cases answer with, for those who show them: the store itself stays out of reach.

pub use orgate_store::{
    AuditEvent, Domain, Identity, Invitation, InvitedProject, LinkedPerson, Member, Organization, OwnGrant,
    OwnMembership, Page, Passkey, PersonalIdentity, ProjectGrant, User,
};
