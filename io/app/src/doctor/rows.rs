//! Owns what is wrong in the rows of a deployment that is otherwise sound: mail that waits, domains that nobody answers for,
//! organizations without a way back in.

use std::time::Duration;

use orgate_store::{StoreError, Tx};

use super::finding::{Finding, bad, good};
use crate::app::App;
use crate::error::Error;

/// Organizations read at once.
const PAGE: u32 = 200;
/// Mail waits no longer where all is well.
const MAIL_WAITS: Duration = Duration::from_secs(600);
const A_DAY: Duration = Duration::from_secs(24 * 3_600);
/// Domains that are named; there may be more.
const NAMED: u32 = 5;

/// Looks at all of it.
pub(super) async fn look(app: &App) -> Vec<Finding> {
    vec![outbox(app).await, domains(app).await, ways_back(app).await]
}

async fn outbox(app: &App) -> Finding {
    const WHAT: &str = "outbox";
    let moments = (app.now().minus(MAIL_WAITS), app.now().minus(A_DAY));
    let counted = app.store.read(moments, |tx, (waits, day)| {
        Box::pin(async move {
            let mut instance = tx.instance();
            let waiting = instance.count_mails_waiting_since(*waits).await?;
            Ok::<_, Error>((waiting, instance.count_mails_failed_since(*day).await?))
        })
    });
    match counted.await {
        Ok((0, 0)) => good(WHAT, "no mail has waited for more than ten minutes, none was given up in a day"),
        Ok((0, failed)) => {
            let text = format!(
                "{failed} mails were given up in the last day: the log says which kind and what the server said"
            );
            bad(WHAT, text)
        }
        Ok((waiting, failed)) => {
            let given_up =
                if failed == 0 { String::new() } else { format!(", {failed} were given up in the last day") };
            let text = format!(
                "{waiting} mails have waited for more than ten minutes{given_up}: look at ORGATE_MAIL and the log, and \
                 whether any node serves, for nodes send them"
            );
            bad(WHAT, text)
        }
        Err(error) => bad(WHAT, error.to_string()),
    }
}

async fn domains(app: &App) -> Finding {
    const WHAT: &str = "domains";
    // The jobs of a node look within a minute of the moment when a domain is due.
    let listed = app.store.read(app.now().minus(A_DAY), |tx, overdue| {
        Box::pin(async move {
            let mut instance = tx.instance();
            let overdue = instance.list_due_domains(*overdue, NAMED).await?;
            Ok::<_, StoreError>((overdue, instance.list_unanswered_domains(NAMED).await?))
        })
    });
    let names = |domains: &[orgate_store::Domain]| {
        domains.iter().map(|domain| domain.name.to_string()).collect::<Vec<_>>().join(", ")
    };
    match listed.await {
        Ok((overdue, _)) if !overdue.is_empty() => {
            let text = format!(
                "nobody has looked for more than a day whether {} are still proven: no node serves, or its jobs fail; the log \
                 says why",
                names(&overdue)
            );
            bad(WHAT, text)
        }
        Ok((_, unanswered)) if !unanswered.is_empty() => {
            let text = format!(
                "name servers do not answer for {}, which lapse in the end: look at ORGATE_DNS_SERVERS and the way to them; \
                 if others are found, it is the organizations' own to mend",
                names(&unanswered)
            );
            bad(WHAT, text)
        }
        Ok(_) => good(WHAT, "those that are held are looked at in time"),
        Err(error) => bad(WHAT, error.to_string()),
    }
}

/// Organizations that would need the operator if their IdP were down. That is theirs to mend, and told to their Owners
/// (R-ENF-14); the operator may want to know it beforehand.
async fn ways_back(app: &App) -> Finding {
    const WHAT: &str = "enforcement";
    let without = app.store.read_long((), |tx, ()| Box::pin(without_way_back(tx))).await;
    match without {
        Ok(slugs) if slugs.is_empty() => good(WHAT, "every organization that enforces SSO has a way back in"),
        Ok(slugs) => {
            let text = format!(
                "no Owner could come in without the identity provider: {}; `orgate recover` would let them in",
                slugs.join(", ")
            );
            good(WHAT, text)
        }
        Err(error) => bad(WHAT, error.to_string()),
    }
}

async fn without_way_back(tx: &mut Tx) -> Result<Vec<String>, Error> {
    let (mut slugs, mut after) = (Vec::new(), None);
    loop {
        let page = tx.instance().list_organizations(after.as_ref(), PAGE).await?;
        after = page.items.last().map(|organization| organization.id.clone());
        let lost = page.items.into_iter().filter(|organization| organization.way_back_lost_at.is_some());
        slugs.extend(lost.map(|organization| organization.slug));
        if !page.has_more {
            return Ok(slugs);
        }
    }
}
