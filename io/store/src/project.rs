//! Owns the rows of projects and of the grants in them.

use orgate_core::email::EmailAddress;
use orgate_core::id::{OrganizationId, ProjectId, UserId};
use orgate_core::role::ProjectRole;
use orgate_core::time::Timestamp;

use crate::error::StoreError;
use crate::org::OrgTx;
use crate::page::{Page, asked};
use crate::value::Row;

/// One project of an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Which one.
    pub id: ProjectId,
    /// Whose.
    pub organization_id: OrganizationId,
    /// Its short name in addresses, its own within the organization.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: UserId,
}

/// A person's access to a project, as the project's page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectGrant {
    /// To which project.
    pub project_id: ProjectId,
    /// Whose.
    pub user_id: UserId,
    /// As what.
    pub role: ProjectRole,
    /// Since when.
    pub created_at: Timestamp,
    /// The person's name.
    pub name: String,
    /// The person's address.
    pub email: EmailAddress,
}

macro_rules! columns {
    () => {
        "p.id, p.organization_id, p.slug, p.name, p.created_at, p.created_by"
    };
}

fn read(row: &Row<'_>) -> Result<Project, StoreError> {
    Ok(Project {
        id: row.get("id")?,
        organization_id: row.get("organization_id")?,
        slug: row.get("slug")?,
        name: row.get("name")?,
        created_at: row.get("created_at")?,
        created_by: row.get("created_by")?,
    })
}

fn read_grant(row: &Row<'_>) -> Result<ProjectGrant, StoreError> {
    Ok(ProjectGrant {
        project_id: row.get("project_id")?,
        user_id: row.get("user_id")?,
        role: row.get("role")?,
        created_at: row.get("created_at")?,
        name: row.get("name")?,
        email: row.get("email")?,
    })
}

impl OrgTx<'_> {
    /// Adds a project.
    ///
    /// *Errors*: [`StoreError::Conflict`] with `ProjectSlug`.
    pub async fn insert_project(
        &mut self,
        id: &ProjectId,
        slug: &str,
        name: &str,
        created_by: &UserId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "insert into projects (id, organization_id, slug, name, created_by, created_at)
            values ($2, $1, $3, $4, $5, $6)";
        let values = [id.into(), slug.into(), name.into(), created_by.into(), now.into()];
        self.execute(sql, &values).await.map(|_| ())
    }

    /// A project by id.
    pub async fn find_project(&mut self, id: &ProjectId) -> Result<Option<Project>, StoreError> {
        let sql = concat!("select ", columns!(), " from projects p where p.organization_id = $1 and p.id = $2");
        self.query_optional(sql, &[id.into()], read).await
    }

    /// A project by slug.
    pub async fn find_project_by_slug(&mut self, slug: &str) -> Result<Option<Project>, StoreError> {
        let sql = concat!("select ", columns!(), " from projects p where p.organization_id = $1 and p.slug = $2");
        self.query_optional(sql, &[slug.into()], read).await
    }

    /// All projects, oldest first, after the one that the last page ended with.
    pub async fn list_projects(&mut self, after: Option<&ProjectId>, limit: u32) -> Result<Page<Project>, StoreError> {
        let sql = concat!(
            "select ",
            columns!(),
            " from projects p where p.organization_id = $1 and p.id > coalesce(cast($2 as text), '')
            order by p.id limit $3"
        );
        Ok(Page::cut(self.query(sql, &[after.into(), asked(limit).into()], read).await?, limit))
    }

    /// The projects that a person has a grant in, with its role, oldest first.
    pub async fn list_projects_of_user(
        &mut self,
        user_id: &UserId,
        after: Option<&ProjectId>,
        limit: u32,
    ) -> Result<Page<(Project, ProjectRole)>, StoreError> {
        let sql = concat!(
            "select ",
            columns!(),
            ", g.role from project_grants g join projects p on p.id = g.project_id
            where g.organization_id = $1 and g.user_id = $2 and p.id > coalesce(cast($3 as text), '')
            order by p.id limit $4"
        );
        let values = [user_id.into(), after.into(), asked(limit).into()];
        let items = self.query(sql, &values, |row| Ok((read(row)?, row.get("role")?))).await?;
        Ok(Page::cut(items, limit))
    }

    /// Gives a project another name; the slug stays.
    pub async fn rename_project(&mut self, id: &ProjectId, name: &str) -> Result<bool, StoreError> {
        let sql = "update projects set name = $3 where organization_id = $1 and id = $2";
        self.changed(sql, &[id.into(), name.into()]).await
    }

    /// Deletes a project with its grants; pending invitations lose it. `false` when there is none.
    pub async fn delete_project(&mut self, id: &ProjectId) -> Result<bool, StoreError> {
        let grants = "delete from project_grants where organization_id || '' = $1 and project_id = $2";
        self.execute(grants, &[id.into()]).await?;
        let invited = "delete from invitation_projects where organization_id || '' = $1 and project_id = $2";
        self.execute(invited, &[id.into()]).await?;
        self.changed("delete from projects where organization_id = $1 and id = $2", &[id.into()]).await
    }

    /// How many projects there are.
    pub async fn count_projects(&mut self) -> Result<u64, StoreError> {
        self.count("select count(*) from projects where organization_id = $1", &[]).await
    }

    /// Gives a member access to a project, or another role in it. `false` when project or member is not of this
    /// organization.
    pub async fn set_grant(
        &mut self,
        project_id: &ProjectId,
        user_id: &UserId,
        role: ProjectRole,
        granted_by: &UserId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "insert into project_grants (project_id, user_id, organization_id, role, created_at, created_by)
            select p.id, m.user_id, p.organization_id, cast($4 as text), cast($5 as bigint), cast($6 as text)
            from projects p join memberships m on m.organization_id = p.organization_id
            where p.organization_id = $1 and p.id = $2 and m.user_id = $3 and m.state = 'active'
            on conflict (project_id, user_id) do update set role = excluded.role";
        self.changed(sql, &[project_id.into(), user_id.into(), role.into(), now.into(), granted_by.into()]).await
    }

    /// The role that a person's grant in a project gives.
    pub async fn find_grant(
        &mut self,
        project_id: &ProjectId,
        user_id: &UserId,
    ) -> Result<Option<ProjectRole>, StoreError> {
        let sql = "select role from project_grants where organization_id = $1 and project_id = $2 and user_id = $3";
        self.query_optional(sql, &[project_id.into(), user_id.into()], |row| row.get("role")).await
    }

    /// Who has a grant in a project, oldest account first.
    pub async fn list_grants(
        &mut self,
        project_id: &ProjectId,
        after: Option<&UserId>,
        limit: u32,
    ) -> Result<Page<ProjectGrant>, StoreError> {
        let sql = "select g.project_id, g.user_id, g.role, g.created_at, u.name, u.email
            from project_grants g join users u on u.id = g.user_id
            where g.organization_id = $1 and g.project_id = $2 and g.user_id > coalesce(cast($3 as text), '')
            order by g.user_id limit $4";
        let values = [project_id.into(), after.into(), asked(limit).into()];
        Ok(Page::cut(self.query(sql, &values, read_grant).await?, limit))
    }

    /// How many people have a grant in a project.
    pub async fn count_grants(&mut self, project_id: &ProjectId) -> Result<u64, StoreError> {
        let sql = "select count(*) from project_grants where organization_id || '' = $1 and project_id = $2";
        self.count(sql, &[project_id.into()]).await
    }

    /// Takes a person's access to a project away.
    pub async fn delete_grant(&mut self, project_id: &ProjectId, user_id: &UserId) -> Result<bool, StoreError> {
        let sql = "delete from project_grants where organization_id = $1 and project_id = $2 and user_id = $3";
        self.changed(sql, &[project_id.into(), user_id.into()]).await
    }

    /// Takes all of a person's access in this organization away (R-ORG-6).
    pub async fn delete_grants_of_user(&mut self, user_id: &UserId) -> Result<u64, StoreError> {
        let sql = "delete from project_grants where organization_id = $1 and user_id = $2";
        self.execute(sql, &[user_id.into()]).await
    }
}
