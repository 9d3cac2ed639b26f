//! Owns the cost of the call: the use case that console and API share, over databases with more and more open sessions,
//! which take turns call by call. Nothing sweeps meanwhile, so the past is as long as it can be.

use orgate_app::app::App;
use orgate_app::enforcement::{self, WishForm};

use super::scene::{self, Scene};
use super::{Filled, Plan};
use crate::load::now;
use crate::server;

/// Before the first calls that count.
const WARM_UP: usize = 20;

/// What the calls over one database took. *Units*: milliseconds.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Calls {
    /// Open sessions of the organization.
    pub sessions: usize,
    /// Turning on, call by call.
    pub on_ms: Vec<f64>,
    /// Turning off, call by call.
    pub off_ms: Vec<f64>,
}

/// Measures all databases.
///
/// *Errors*: a database, or a call that is refused.
pub async fn measure(filled: &[Filled], mail: &str, plan: Plan) -> Result<Vec<Calls>, String> {
    let mut worlds = Vec::new();
    for one in filled {
        worlds.push((server::start(&one.url, mail).await?, Scene::new(one.sessions)?));
    }
    let mut calls: Vec<Calls> =
        filled.iter().map(|one| Calls { sessions: one.sessions, on_ms: Vec::new(), off_ms: Vec::new() }).collect();
    for round in 0..WARM_UP + plan.calls {
        // Each is first as often as the others.
        for position in (0..worlds.len()).map(|turn| (round + turn) % worlds.len()) {
            let (Some((app, scene)), Some(calls)) = (worlds.get(position), calls.get_mut(position)) else { continue };
            let (on, off) = on_and_off(app, scene).await?;
            if round >= WARM_UP {
                calls.on_ms.push(on);
                calls.off_ms.push(off);
            }
        }
    }
    Ok(calls)
}

async fn on_and_off(app: &App, scene: &Scene) -> Result<(f64, f64), String> {
    let visitor = scene::visitor(&scene::sign_owner_in(app, scene).await?);
    let slug = &scene.owned()?.0.slug;
    let wish = |enabled| WishForm { enabled, confirm: true, ..WishForm::default() };
    let mut took = [0.0; 2];
    for (enabled, took) in [true, false].into_iter().zip(&mut took) {
        let began = now();
        let view = enforcement::set(app, &visitor, slug, wish(enabled)).await.map_err(|reason| reason.to_string())?;
        *took = began.elapsed().as_secs_f64() * 1e3;
        if view.enabled != enabled {
            return Err("a call did not do what it was asked for".to_owned());
        }
    }
    let [on, off] = took;
    Ok((on, off))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn enforcement_is_switched_on_and_off_over_every_filled_database_and_filling_again_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut filled = Vec::new();
        for sessions in [20, 60] {
            let url = format!("sqlite:{}", folder.path().join(format!("{sessions}.db")).display());
            scene::fill(&url, sessions).await.unwrap();
            scene::fill(&url, sessions).await.unwrap();
            filled.push(Filled { sessions, url });
        }
        let plan = Plan { calls: 3, rounds: 0, seconds: 0.0, connections: 0 };
        let mail = format!("dir:{}", folder.path().join("mail").display());
        let measured = measure(&filled, &mail, plan).await.unwrap();
        assert_eq!(measured.iter().map(|calls| calls.sessions).collect::<Vec<_>>(), [20, 60]);
        assert!(measured.iter().all(|calls| calls.on_ms.len() == 3 && calls.off_ms.iter().all(|took| *took > 0.0)));
    }
}
