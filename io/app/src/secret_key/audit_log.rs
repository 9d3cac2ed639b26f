//! Owns what of the audit log is made anew when the secret key is replaced: the signatures of heads and the marks of
//! erasures. Events keep the marks that they were written with: the link of each covers its mark, and the head all links.

use orgate_core::audit_chain::{Chain, Head, Marked, Openings, SignedHead};

use super::survey::TOGETHER;
use crate::app::App;
use crate::error::Error;

/// All heads there are, each behind the name that it is kept under.
pub(super) async fn heads(app: &App) -> Result<Vec<(String, SignedHead)>, Error> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let page = app.store.list_audit_heads(&after, TOGETHER).await?;
        let Some((last, _)) = page.last() else { return Ok(all) };
        after.clone_from(last);
        all.extend(page);
    }
}

/// Signs a head with the key in use, if a former one signed it. A head that does not hold is left as it is: signing it would
/// make the change ours. `false` as well when the chain went on meanwhile.
pub(super) async fn sign_anew(app: &App, before: SignedHead) -> Result<bool, Error> {
    if app.audit_keys.named_by(&before.signature) == Some(0) || before.check(&app.audit_keys) != Marked::Right {
        return Ok(false);
    }
    let after = Head { at: app.now(), ..before.head.clone() }.sign(&app.audit_keys);
    app.store
        .write_apart((before, after), |tx, (before, after)| {
            Box::pin(async move { Ok(tx.instance().replace_audit_head(Some(before), after).await?) })
        })
        .await
}

/// An event with erased fields, as far as its mark speaks of it.
pub(super) struct Erasure {
    pub(super) id: String,
    pub(super) mark: Vec<u8>,
    chain: Chain,
    openings: Option<Openings>,
}

impl Erasure {
    /// How its mark stands to the keys.
    pub(super) fn marked(&self, app: &App) -> Marked {
        let Some(openings) = &self.openings else { return Marked::Wrong };
        app.audit_keys.check_erasure(&self.chain, &self.id, openings, &self.mark)
    }

    fn anew(&self, app: &App) -> Option<Vec<u8>> {
        let is_former = app.audit_keys.named_by(&self.mark) != Some(0) && self.marked(app) == Marked::Right;
        let openings = self.openings.as_ref().filter(|_| is_former)?;
        Some(app.audit_keys.mark_erasure(&self.chain, &self.id, openings))
    }
}

/// The next erasures after an id, which moves on.
pub(super) async fn erasures(app: &App, after: &mut String) -> Result<Vec<Erasure>, Error> {
    let page = app.store.list_erased_audit_events(after, TOGETHER).await?;
    if let Some((_, last)) = page.last() {
        after.clone_from(&last.id);
    }
    let erasures = page.into_iter().filter_map(|(chain, entry)| {
        let openings = entry.openings();
        Some(Erasure { mark: entry.erasure?, id: entry.id, chain, openings })
    });
    Ok(erasures.collect())
}

/// Marks erasures with the key in use that a former one marked, and says how many.
pub(super) async fn mark_anew(app: &App, erasures: Vec<Erasure>) -> Result<u64, Error> {
    let anew = erasures.into_iter().filter_map(|erasure| Some((erasure.anew(app)?, erasure)));
    let anew: Vec<(Vec<u8>, Erasure)> = anew.collect();
    if anew.is_empty() {
        return Ok(0);
    }
    app.store
        .write_apart(anew, |tx, anew| {
            Box::pin(async move {
                let mut done = 0;
                for (mark, erasure) in anew {
                    done += u64::from(tx.instance().replace_erasure_mark(&erasure.id, &erasure.mark, mark).await?);
                }
                Ok(done)
            })
        })
        .await
}
