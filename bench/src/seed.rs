//! Owns filling a database, by the functions that the program itself writes with: this crate names no SQL. Batches are
//! written side by side, for a server answers several at once; the last session is written when everything else is there, and
//! stands for the whole.

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use orgate_app::app::App;
use orgate_app::entropy::{Draw as _, SeededEntropy};
use orgate_core::id::RevisionId;
use orgate_core::membership::MembershipOrigin;
use orgate_store::{StoreError, Tx};

use crate::people::{EVERYBODY, People, START, Scale, SeededOrganization, SeededSession, SeededUser};
use crate::server::{self, NO_MAIL};

/// Rows in one transaction; far from the five seconds that a write may take. Not more: a row whose trigger writes others
/// costs the more, the more were written before it in the same transaction.
const BATCH: usize = 250;
/// Transactions under way at once.
const AT_ONCE: usize = 12;

/// Brings the schema up to date and writes everybody, unless they are there.
///
/// *Errors*: a database that holds something else, or fails.
pub async fn seed(database_url: &str, scale: Scale) -> Result<(), String> {
    let app = server::start(database_url, NO_MAIL).await?;
    fill(&app, &People::new(scale, EVERYBODY)?).await
}

/// Writes these people, unless they are there. A database whose filling was interrupted fails: its first rows are there already.
///
/// *Errors*: a database that holds something else, or fails.
pub async fn fill(app: &App, people: &People) -> Result<(), String> {
    let last = people.sessions().last().ok_or("no session was asked for")?;
    if app.store.check_session(&last.token_hash).await.map_err(text)?.is_some() {
        return Ok(());
    }
    write_all(app, chunks(people.users.iter().cloned()), insert_users).await?;
    write_all(app, chunks(owned(people)), insert_organizations).await?;
    write_all(app, chunks(memberships(people)), insert_memberships).await?;
    write_all(app, chunks(all_but_last(people.sessions())), insert_sessions).await?;
    write_all(app, std::iter::once(vec![last]), insert_sessions).await
}

type Member = (SeededUser, Vec<SeededOrganization>);
type Written<'t> = BoxFuture<'t, Result<(), StoreError>>;

async fn write_all<T: Send + Sync + 'static>(
    app: &App,
    batches: impl Iterator<Item = Vec<T>>,
    insert: for<'t> fn(&'t mut Tx, &'t Vec<T>) -> Written<'t>,
) -> Result<(), String> {
    let writes = stream::iter(batches).map(|batch| app.store.write(batch, insert));
    writes.buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await.map(drop).map_err(text)
}

fn insert_users<'t>(tx: &'t mut Tx, batch: &'t Vec<SeededUser>) -> Written<'t> {
    Box::pin(async move {
        for one in batch {
            tx.instance().insert_user(&one.user).await?;
        }
        Ok(())
    })
}

fn insert_organizations<'t>(tx: &'t mut Tx, batch: &'t Vec<(SeededOrganization, SeededUser)>) -> Written<'t> {
    Box::pin(async move {
        for (organization, owner) in batch {
            let (id, slug, by) = (&organization.id, &organization.slug, &owner.user.id);
            tx.instance().insert_organization(id, slug, slug, by, START).await?;
            let Some(connection) = &organization.connection else { continue };
            let revision: RevisionId = SeededEntropy::new(4).id(owner.user.created_at);
            let (mut view, since) = (tx.organization(id), owner.user.created_at);
            view.insert_connection(connection, "okta-oidc", "Okta", by, since).await?;
            view.activate_connection(connection, &revision, since).await?;
            let before = view.load_terms().await?;
            let mut after = before.clone();
            after.state.terms.connection = Some((connection.clone(), since));
            view.store_terms(before.epoch, &after).await?;
        }
        Ok(())
    })
}

fn insert_memberships<'t>(tx: &'t mut Tx, batch: &'t Vec<Member>) -> Written<'t> {
    Box::pin(async move {
        for (one, organizations) in batch {
            for (organization, (_, role)) in organizations.iter().zip(&one.places) {
                let (id, at) = (&one.user.id, one.user.created_at);
                tx.organization(&organization.id).join(id, *role, MembershipOrigin::Invitation, at).await?;
            }
        }
        Ok(())
    })
}

fn insert_sessions<'t>(tx: &'t mut Tx, batch: &'t Vec<SeededSession>) -> Written<'t> {
    Box::pin(async move {
        for one in batch {
            tx.instance().insert_session(&one.session, &one.token_hash).await?;
        }
        Ok(())
    })
}

fn chunks<T>(mut rows: impl Iterator<Item = T>) -> impl Iterator<Item = Vec<T>> {
    std::iter::from_fn(move || {
        let batch: Vec<T> = rows.by_ref().take(BATCH).collect();
        (!batch.is_empty()).then_some(batch)
    })
}

fn all_but_last<T>(rows: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
    let mut rows = rows.peekable();
    std::iter::from_fn(move || {
        let row = rows.next()?;
        rows.peek().is_some().then_some(row)
    })
}

/// The organizations with their owners: those people whose positions are the same.
fn owned(people: &People) -> impl Iterator<Item = (SeededOrganization, SeededUser)> + '_ {
    people.organizations.iter().cloned().zip(people.users.iter().cloned())
}

fn memberships(people: &People) -> impl Iterator<Item = Member> + '_ {
    people.users.iter().map(|user| {
        let organizations = user.places.iter().filter_map(|(position, _)| people.organizations.get(*position));
        (user.clone(), organizations.cloned().collect())
    })
}

fn text(reason: StoreError) -> String {
    format!("the database could not be filled: {reason} (one whose filling was interrupted has to be removed)")
}

#[cfg(test)]
mod tests {
    use orgate_app::session;

    use super::*;

    const SMALL: Scale = Scale { organizations: 8, users: 40, sessions: 90 };

    #[tokio::test]
    async fn every_seeded_session_opens_its_persons_first_organization_and_seeding_again_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("bench.db").display());
        for _ in 0..2 {
            seed(&url, SMALL).await.unwrap();
        }
        let app = server::start(&url, NO_MAIL).await.unwrap();
        let people = People::new(SMALL, EVERYBODY).unwrap();
        for (seeded, ticket) in people.sessions().zip(people.tickets()) {
            let organization = &people.organizations[ticket.organization];
            let opened = session::open(&app, Some(seeded.token_hash), &organization.slug).await.unwrap();
            assert_eq!(opened.user_id, seeded.session.user_id);
            assert_eq!(opened.organization_id, organization.id);
        }
    }

    #[tokio::test]
    async fn a_database_whose_filling_was_interrupted_is_not_taken_for_a_whole_one() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("bench.db").display());
        let app = server::start(&url, NO_MAIL).await.unwrap();
        let people = People::new(SMALL, EVERYBODY).unwrap();
        write_all(&app, chunks(people.users.iter().cloned()), insert_users).await.unwrap();
        assert!(fill(&app, &people).await.unwrap_err().contains("interrupted"));
    }

    #[test]
    fn the_row_that_stands_for_the_whole_is_left_for_the_end() {
        assert_eq!(all_but_last(1..=3).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(all_but_last(1..=1).count(), 0);
        let sessions = People::new(SMALL, EVERYBODY).unwrap();
        let (all, others) = (sessions.sessions().count(), all_but_last(sessions.sessions()).count());
        assert_eq!((all, others), (90, 89));
    }
}
