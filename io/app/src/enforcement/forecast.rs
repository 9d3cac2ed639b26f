//! Owns what turning enforcement on would do and to whom, by count and by name, before anybody confirms it (R-ENF-5,
//! R-UI-2). It counts members and sessions, so it takes as long as there are many; turning on does not.

use orgate_core::enforcement::Wish;
use orgate_core::id::{OrganizationId, UserId};
use orgate_core::permission::Permission;
use orgate_store::{Member, MemberFilter, Tx, User};

use super::{Named, way_back};
use crate::app::App;
use crate::authorise;
use crate::error::Error;
use crate::visitor::Visitor;

/// How many people of a list are named.
const NAMED: usize = 10;
/// How many members are read at once.
const PAGE: u32 = 50;

/// People: how many, and the first of them by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct People {
    /// How many.
    pub count: u64,
    /// Ten of them at most.
    pub first: Vec<Named>,
}

/// What turning on would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forecast {
    /// Everybody.
    pub members: People,
    /// Owners who keep every way to sign in.
    pub keep_access: People,
    /// Members who have to use SSO from then on.
    pub must_use_sso: People,
    /// Those of them who never signed in through it.
    pub never_signed_in_by_sso: People,
    /// Living sessions that end.
    pub sessions_to_end: u64,
    /// Pending invitations, which can only be taken up through SSO then.
    pub pending_invitations: u64,
    /// Members need a second factor now; that rule switches off.
    pub mfa_required: bool,
}

/// Counts it, for the stored switches or others.
///
/// *Errors*: those of [`authorise::permitted`].
pub async fn forecast(
    app: &App,
    visitor: &Visitor,
    organization: &str,
    owner_exemption: Option<bool>,
    owner_second_factor: Option<bool>,
) -> Result<Forecast, Error> {
    let switches = (owner_exemption, owner_second_factor);
    app.store
        .read_long(
            (app.clone(), visitor.clone(), organization.to_owned(), switches),
            |tx, (app, visitor, organization, switches)| {
                Box::pin(async move {
                    let permission = Permission::ConnectionManage;
                    let member = authorise::permitted(tx, app, visitor, organization, permission).await?;
                    count(tx, app, member.organization_id(), *switches).await
                })
            },
        )
        .await
}

async fn count(
    tx: &mut Tx,
    app: &App,
    id: &OrganizationId,
    (owner_exemption, owner_second_factor): (Option<bool>, Option<bool>),
) -> Result<Forecast, Error> {
    let state = tx.organization(id).load_terms().await?.state;
    let wish = Wish { enabled: true, owner_exemption, owner_second_factor, ..Wish::default() };
    let terms = wish.terms(&state);
    let ends_sessions = terms.is_stricter_than(&state.terms);
    let exempt = way_back::exempt_owners(tx, id, &terms).await?;
    let is_bound = |member: &Member| exempt.iter().all(|owner| owner.id != member.membership.user_id);
    let never_exempt = never_signed_in(tx, id, &exempt).await?;
    let mut view = tx.organization(id);
    let members = view.count_members().await?;
    let never = view.count_never_used_sso().await?.saturating_sub(never_exempt);
    let pending_invitations = view.count_pending_invitations(app.now()).await?;
    Ok(Forecast {
        members: People { count: members, first: first(tx, id, MemberFilter::All, |_| true).await? },
        must_use_sso: People {
            count: members.saturating_sub(number(exempt.len())),
            first: first(tx, id, MemberFilter::All, is_bound).await?,
        },
        never_signed_in_by_sso: People {
            count: never,
            first: first(tx, id, MemberFilter::NeverUsedSso, is_bound).await?,
        },
        sessions_to_end: if ends_sessions { sessions(tx, app, id, &exempt).await? } else { 0 },
        pending_invitations,
        mfa_required: state.mfa_required,
        keep_access: People {
            count: number(exempt.len()),
            first: exempt.into_iter().take(NAMED).map(Named::from).collect(),
        },
    })
}

async fn never_signed_in(tx: &mut Tx, id: &OrganizationId, exempt: &[User]) -> Result<u64, Error> {
    let mut never = 0;
    for owner in exempt {
        let membership = tx.organization(id).load_active_membership(&owner.id).await?;
        never += u64::from(membership.last_sso_sign_in_at.is_none());
    }
    Ok(never)
}

/// Living sessions of all members but the exempt.
async fn sessions(tx: &mut Tx, app: &App, id: &OrganizationId, exempt: &[User]) -> Result<u64, Error> {
    let now = app.now();
    let used_since = now.minus(app.settings.session.idle);
    let mut living = tx.organization(id).count_sessions_of_members(now, used_since).await?;
    for owner in exempt {
        let own = tx.instance().list_sessions_of_user(&owner.id, now).await?;
        living = living.saturating_sub(number(own.iter().filter(|one| one.last_used_at > used_since).count()));
    }
    Ok(living)
}

async fn first(
    tx: &mut Tx,
    id: &OrganizationId,
    filter: MemberFilter,
    wanted: impl Fn(&Member) -> bool + Send,
) -> Result<Vec<Named>, Error> {
    let mut found = Vec::new();
    let mut after: Option<UserId> = None;
    loop {
        let page = tx.organization(id).list_members(filter, after.as_ref(), PAGE).await?;
        after = page.items.last().map(|member| member.membership.user_id.clone());
        found.extend(page.items.into_iter().filter(|member| wanted(member)).map(named));
        found.truncate(NAMED);
        if found.len() == NAMED || !page.has_more {
            return Ok(found);
        }
    }
}

fn named(member: Member) -> Named {
    Named { id: member.membership.user_id, name: member.name, email: member.email.to_string() }
}

fn number(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
