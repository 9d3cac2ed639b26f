//! Owns the rows of invitations and of the project roles they carry. Pending means neither accepted nor revoked; an
//! expired one is still pending, and is refused when it is used.

use orgate_core::email::EmailAddress;
use orgate_core::id::{InvitationId, OrganizationId, ProjectId, UserId};
use orgate_core::invitation::InvitationLink;
use orgate_core::role::{OrganizationRole, ProjectRole};
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::instance::InstanceTx;
use crate::org::OrgTx;
use crate::page::{Page, asked};
use crate::value::Row;

/// One invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Which one.
    pub id: InvitationId,
    /// To which organization.
    pub organization_id: OrganizationId,
    /// To which address.
    pub email: EmailAddress,
    /// As what.
    pub role: OrganizationRole,
    /// By whom.
    pub invited_by: UserId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last mailed.
    pub sent_at: Timestamp,
    /// Until when it can be accepted.
    pub expires_at: Timestamp,
    /// When it was accepted.
    pub accepted_at: Option<Timestamp>,
    /// By whom.
    pub accepted_by: Option<UserId>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// SHA-256 of the two tokens of an invitation: only the mailed one proves the address (R-INV-2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationTokens {
    /// Of the mailed link.
    pub mailed: [u8; 32],
    /// Of the link to copy.
    pub copied: [u8; 32],
}

/// A project role that an invitation carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitedProject {
    /// In which project.
    pub project_id: ProjectId,
    /// The project's name.
    pub name: String,
    /// As what.
    pub role: ProjectRole,
    /// Who had it carried: who sent the invitation, or somebody of that project.
    pub added_by: UserId,
}

macro_rules! columns {
    () => {
        "id, organization_id, email, role, invited_by, created_at, sent_at, expires_at, accepted_at, accepted_by, \
         revoked_at"
    };
}

/// The same where other tables stand beside.
macro_rules! own_columns {
    () => {
        "i.id, i.organization_id, i.email, i.role, i.invited_by, i.created_at, i.sent_at, i.expires_at, i.accepted_at, \
         i.accepted_by, i.revoked_at"
    };
}

/// Of a role that an invitation carries; rows from before its author was written down are who sent the invitation's.
macro_rules! carried_columns {
    () => {
        "c.project_id, c.role as carried_role, coalesce(c.added_by, i.invited_by) as added_by, p.name"
    };
}

/// What a person sent and nobody has taken up (R-ORG-6): what is counted beforehand is what is revoked then.
macro_rules! sent_and_pending {
    () => {
        "organization_id = $1 and invited_by = $2 and accepted_at is null and revoked_at is null"
    };
}

fn read(row: &Row<'_>) -> Result<Invitation, StoreError> {
    Ok(Invitation {
        id: row.get("id")?,
        organization_id: row.get("organization_id")?,
        email: row.get("email")?,
        role: row.get("role")?,
        invited_by: row.get("invited_by")?,
        created_at: row.get("created_at")?,
        sent_at: row.get("sent_at")?,
        expires_at: row.get("expires_at")?,
        accepted_at: row.get("accepted_at")?,
        accepted_by: row.get("accepted_by")?,
        revoked_at: row.get("revoked_at")?,
    })
}

fn read_carried(row: &Row<'_>) -> Result<InvitedProject, StoreError> {
    Ok(InvitedProject {
        project_id: row.get("project_id")?,
        name: row.get("name")?,
        role: row.get("carried_role")?,
        added_by: row.get("added_by")?,
    })
}

impl OrgTx<'_> {
    /// Adds an invitation; an earlier pending one to the same address is revoked and answered.
    ///
    /// *Errors*: [`StoreError::NotFound`] when a project is not of this organization.
    pub async fn insert_invitation(
        &mut self,
        invitation: &Invitation,
        tokens: &InvitationTokens,
        projects: &[(ProjectId, ProjectRole)],
    ) -> Result<Option<Invitation>, StoreError> {
        let revoke = concat!(
            "update invitations set revoked_at = $3
            where organization_id = $1 and email_key = $2 and accepted_at is null and revoked_at is null returning ",
            columns!()
        );
        let values = [invitation.email.key().into(), invitation.created_at.into()];
        let replaced = self.query_optional(revoke, &values, read).await?;
        let sql =
            "insert into invitations (organization_id, id, email, email_key, role, invited_by, created_at, sent_at,
                expires_at, mailed_token_hash, copied_token_hash)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let values = [
            (&invitation.id).into(),
            invitation.email.as_str().into(),
            invitation.email.key().into(),
            invitation.role.into(),
            (&invitation.invited_by).into(),
            invitation.created_at.into(),
            invitation.sent_at.into(),
            invitation.expires_at.into(),
            (&tokens.mailed).into(),
            (&tokens.copied).into(),
        ];
        self.execute(sql, &values).await?;
        for (project_id, role) in projects {
            let sql = "insert into invitation_projects (invitation_id, project_id, organization_id, role, added_by)
                select cast($2 as text), p.id, p.organization_id, cast($4 as text), cast($5 as text)
                from projects p where p.organization_id = $1 and p.id = $3";
            let values = [(&invitation.id).into(), project_id.into(), (*role).into(), (&invitation.invited_by).into()];
            if !self.changed(sql, &values).await? {
                return Err(StoreError::NotFound { noun: "project" });
            }
        }
        Ok(replaced)
    }

    /// An invitation by id, in whatever state.
    pub async fn find_invitation(&mut self, id: &InvitationId) -> Result<Option<Invitation>, StoreError> {
        let sql = concat!("select ", columns!(), " from invitations where organization_id = $1 and id = $2");
        self.query_optional(sql, &[id.into()], read).await
    }

    /// The project roles that an invitation carries.
    pub async fn list_invited_projects(&mut self, id: &InvitationId) -> Result<Vec<InvitedProject>, StoreError> {
        let sql = concat!(
            "select ",
            carried_columns!(),
            " from invitation_projects c join projects p on p.id = c.project_id
                join invitations i on i.id = c.invitation_id
            where c.organization_id || '' = $1 and c.invitation_id = $2 order by c.project_id"
        );
        self.query(sql, &[id.into()], read_carried).await
    }

    /// Makes a pending invitation carry a role in a project, or another one. `false` when it does already, invitation or
    /// project is not of this organization, or the invitation is over.
    pub async fn add_invited_project(
        &mut self,
        id: &InvitationId,
        project_id: &ProjectId,
        role: ProjectRole,
        added_by: &UserId,
    ) -> Result<bool, StoreError> {
        let sql = "insert into invitation_projects (invitation_id, project_id, organization_id, role, added_by)
            select i.id, p.id, p.organization_id, cast($4 as text), cast($5 as text)
            from projects p join invitations i on i.organization_id = p.organization_id
            where p.organization_id = $1 and i.id = $2 and p.id = $3 and i.accepted_at is null and i.revoked_at is null
            on conflict (invitation_id, project_id) do update set role = excluded.role, added_by = excluded.added_by
            where invitation_projects.role <> excluded.role";
        self.changed(sql, &[id.into(), project_id.into(), role.into(), added_by.into()]).await
    }

    /// The project roles that a person had pending invitations carry, whoever sent these.
    pub async fn list_invited_projects_added_by(
        &mut self,
        user_id: &UserId,
    ) -> Result<Vec<(Invitation, InvitedProject)>, StoreError> {
        let sql = concat!(
            "select ",
            own_columns!(),
            ", ",
            carried_columns!(),
            " from invitation_projects c join invitations i on i.id = c.invitation_id
                join projects p on p.id = c.project_id
            where c.organization_id || '' = $1 and c.added_by = $2 and i.accepted_at is null and i.revoked_at is null
            order by c.invitation_id, c.project_id"
        );
        self.query(sql, &[user_id.into()], |row| Ok((read(row)?, read_carried(row)?))).await
    }

    /// Takes them out, and says which they were (R-ORG-6).
    pub async fn delete_invited_projects_added_by(
        &mut self,
        user_id: &UserId,
    ) -> Result<Vec<(Invitation, InvitedProject)>, StoreError> {
        let ended = self.list_invited_projects_added_by(user_id).await?;
        let delete = "delete from invitation_projects where organization_id || '' = $1 and added_by = $2
            and exists (select 1 from invitations i where i.id = invitation_projects.invitation_id
                and i.accepted_at is null and i.revoked_at is null)";
        self.execute(delete, &[user_id.into()]).await?;
        Ok(ended)
    }

    /// Pending invitations that carry a role in a project, oldest first.
    pub async fn list_invitations_to_project(
        &mut self,
        project_id: &ProjectId,
        limit: u32,
    ) -> Result<Vec<(Invitation, ProjectRole)>, StoreError> {
        let sql = concat!(
            "select ",
            own_columns!(),
            ", c.role as carried_role
            from invitation_projects c join invitations i on i.id = c.invitation_id
            where c.organization_id || '' = $1 and c.project_id = $2 and i.accepted_at is null and i.revoked_at is null
            order by i.id limit $3"
        );
        let values = [project_id.into(), limit.into()];
        self.query(sql, &values, |row| Ok((read(row)?, row.get("carried_role")?))).await
    }

    /// Pending invitations, oldest first, after the one that the last page ended with.
    pub async fn list_pending_invitations(
        &mut self,
        after: Option<&InvitationId>,
        limit: u32,
    ) -> Result<Page<Invitation>, StoreError> {
        let sql = concat!(
            "select ",
            columns!(),
            " from invitations where organization_id = $1 and id > coalesce(cast($2 as text), '')
                and accepted_at is null and revoked_at is null order by id limit $3"
        );
        Ok(Page::cut(self.query(sql, &[after.into(), asked(limit).into()], read).await?, limit))
    }

    /// How many invitations can still be accepted.
    pub async fn count_pending_invitations(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        let sql = "select count(*) from invitations
            where organization_id = $1 and accepted_at is null and revoked_at is null and expires_at > $2";
        self.count(sql, &[now.into()]).await
    }

    /// The pending, unexpired invitation to an address (R-INV-4).
    pub async fn find_pending_invitation(
        &mut self,
        email: &EmailAddress,
        now: Timestamp,
    ) -> Result<Option<Invitation>, StoreError> {
        let sql = concat!(
            "select ",
            columns!(),
            " from invitations where organization_id = $1 and email_key = $2 and accepted_at is null
                and revoked_at is null and expires_at > $3"
        );
        self.query_optional(sql, &[email.key().into(), now.into()], read).await
    }

    /// Gives a pending invitation new tokens and a new end; the old links are dead. Whoever sends it again is its sender from now on
    /// (R-ORG-6).
    pub async fn renew_invitation(
        &mut self,
        id: &InvitationId,
        tokens: &InvitationTokens,
        sent_by: &UserId,
        sent_at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.take_over_invitation(id, sent_by).await?;
        let sql = "update invitations set mailed_token_hash = $3, copied_token_hash = $4, sent_at = $5, expires_at = $6
            where organization_id = $1 and id = $2 and accepted_at is null and revoked_at is null";
        let values = [id.into(), (&tokens.mailed).into(), (&tokens.copied).into(), sent_at.into(), expires_at.into()];
        self.changed(sql, &values).await
    }

    /// Gives a pending invitation a new link to copy; the one copied before is dead, the mailed one is not. Whoever hands it out is
    /// its sender from now on (R-ORG-6).
    pub async fn set_copied_token(
        &mut self,
        id: &InvitationId,
        copied: &[u8; 32],
        sent_by: &UserId,
    ) -> Result<bool, StoreError> {
        self.take_over_invitation(id, sent_by).await?;
        let sql = "update invitations set copied_token_hash = $3
            where organization_id = $1 and id = $2 and accepted_at is null and revoked_at is null";
        self.changed(sql, &[id.into(), copied.into()]).await
    }

    /// Makes somebody the sender of a pending invitation, with the project roles that the sender before had it carry. A role that
    /// somebody else had it carry stays that person's.
    async fn take_over_invitation(&mut self, id: &InvitationId, sent_by: &UserId) -> Result<(), StoreError> {
        // First: afterwards nobody knows any more whose they were.
        let carried = "update invitation_projects set added_by = $3
            where organization_id || '' = $1 and invitation_id = $2
                and exists (select 1 from invitations i where i.id = invitation_projects.invitation_id
                    and coalesce(invitation_projects.added_by, i.invited_by) = i.invited_by
                    and i.accepted_at is null and i.revoked_at is null)";
        self.execute(carried, &[id.into(), sent_by.into()]).await?;
        let sent = "update invitations set invited_by = $3
            where organization_id = $1 and id = $2 and accepted_at is null and revoked_at is null";
        self.execute(sent, &[id.into(), sent_by.into()]).await.map(|_| ())
    }

    /// Accepts an invitation, once. `false` when it was accepted or revoked before, or has expired.
    pub async fn accept_invitation(
        &mut self,
        id: &InvitationId,
        user_id: &UserId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "update invitations set accepted_at = $4, accepted_by = $3
            where organization_id = $1 and id = $2 and accepted_at is null and revoked_at is null and expires_at > $4";
        self.changed(sql, &[id.into(), user_id.into(), now.into()]).await
    }

    /// Revokes a pending invitation.
    pub async fn revoke_invitation(&mut self, id: &InvitationId, at: Timestamp) -> Result<bool, StoreError> {
        let sql = "update invitations set revoked_at = $3
            where organization_id = $1 and id = $2 and accepted_at is null and revoked_at is null";
        self.changed(sql, &[id.into(), at.into()]).await
    }

    /// Revokes every pending invitation that a person sent, and says which (R-ORG-6).
    pub async fn revoke_invitations_sent_by(
        &mut self,
        user_id: &UserId,
        at: Timestamp,
    ) -> Result<Vec<Invitation>, StoreError> {
        let sql =
            concat!("update invitations set revoked_at = $3 where ", sent_and_pending!(), " returning ", columns!());
        self.query(sql, &[user_id.into(), at.into()], read).await
    }

    /// How many of those can still be accepted.
    pub async fn count_invitations_sent_by(&mut self, user_id: &UserId, now: Timestamp) -> Result<u64, StoreError> {
        let sql = concat!("select count(*) from invitations where ", sent_and_pending!(), " and expires_at > $3");
        self.count(sql, &[user_id.into(), now.into()]).await
    }

    /// Revokes every pending invitation that carries a role in this project and in no other, and that no Owner sent: nothing is left
    /// of the right by which it was sent. Says which.
    pub async fn revoke_invitations_to_project_alone(
        &mut self,
        project_id: &ProjectId,
        at: Timestamp,
    ) -> Result<Vec<Invitation>, StoreError> {
        let sql = concat!(
            "update invitations set revoked_at = $3
            where organization_id || '' = $1 and accepted_at is null and revoked_at is null
                and id in (select c.invitation_id from invitation_projects c where c.project_id = $2)
                and not exists (select 1 from invitation_projects c
                    where c.invitation_id = invitations.id and c.project_id <> $2)
                and not exists (select 1 from memberships m
                    where m.organization_id = invitations.organization_id and m.user_id = invitations.invited_by
                        and m.state = 'active' and m.role = 'owner')
            returning ",
            columns!()
        );
        self.query(sql, &[project_id.into(), at.into()], read).await
    }
}

impl InstanceTx<'_> {
    /// An invitation by id, in whatever state, for what knows no organization: a sign-up that it opened.
    pub async fn find_invitation(&mut self, id: &InvitationId) -> Result<Option<Invitation>, StoreError> {
        let sql = concat!("select ", columns!(), " from invitations where id = $1");
        self.query_optional(sql, &[id.into()], read).await
    }

    /// The invitation that a token belongs to, and which of its links that is. The token names no organization.
    pub async fn find_invitation_by_token(
        &mut self,
        token_hash: &[u8; 32],
    ) -> Result<Option<(Invitation, InvitationLink)>, StoreError> {
        let mailed = concat!("select ", columns!(), " from invitations where mailed_token_hash = $1");
        if let Some(found) = self.query_optional(mailed, &[token_hash.into()], read).await? {
            return Ok(Some((found, InvitationLink::Mailed)));
        }
        let copied = concat!("select ", columns!(), " from invitations where copied_token_hash = $1");
        let found = self.query_optional(copied, &[token_hash.into()], read).await?;
        Ok(found.map(|invitation| (invitation, InvitationLink::Copied)))
    }

    /// Pending, unexpired invitations to an address with the organizations' names: the person is invited by any number
    /// of organizations, and is a member of none of them yet.
    pub async fn list_invitations_to(
        &mut self,
        email: &EmailAddress,
        now: Timestamp,
    ) -> Result<Vec<(Invitation, String)>, StoreError> {
        let sql = concat!(
            "select ",
            own_columns!(),
            ", o.name as organization_name
            from invitations i join organizations o on o.id = i.organization_id
            where i.email_key = $1 and i.accepted_at is null and i.revoked_at is null and i.expires_at > $2
            order by i.id"
        );
        let values = [email.key().into(), now.into()];
        self.query(sql, &values, |row| Ok((read(row)?, row.get("organization_name")?))).await
    }
}
