//! Owns measuring sign-ins: what a password costs beside the bare hash, what a storm of them does to `/check`, and
//! whether known and unknown addresses can be told apart by time, status or size.

mod bare;
mod enumeration;
pub mod exchange;
pub mod scene;
mod storm;

pub use bare::hash;
pub use enumeration::EnumerationPlan;
pub use scene::fill;
pub use storm::StormPlan;

use std::path::PathBuf;

use serde::Serialize;

use crate::figure::Figure;
use crate::part::{Part, data};
use crate::stage::{Common, Filled};

/// The databases, filled by `seed-sign-in`.
#[derive(Debug, clap::Args)]
pub struct Arguments<P: clap::Args> {
    #[command(flatten)]
    filled: Filled,
    /// A folder for the mails.
    #[arg(long)]
    mails: PathBuf,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    plan: P,
}

/// Every number.
#[derive(Serialize)]
struct Report<P, F> {
    plan: P,
    engines: Vec<(&'static str, F)>,
}

/// How one of the two measures, and what becomes of it.
struct Kind<P, F> {
    name: &'static str,
    title: &'static str,
    measure: fn(&str, &str, P) -> Result<F, String>,
    figures: fn(&'static str, &F) -> Vec<Figure>,
    text: fn(P, &[(&'static str, F)]) -> String,
}

/// Measures what sign-ins cost and what `/check` notices of many.
///
/// *Errors*: what went wrong.
pub fn storm(arguments: &Arguments<StormPlan>) -> Result<(), String> {
    run(
        arguments,
        &Kind {
            name: "sign-in",
            title: "Password sign-ins",
            measure: storm::measure,
            figures: storm::figures,
            text: storm::text,
        },
    )
}

/// Measures whether known and unknown addresses can be told apart.
///
/// *Errors*: what went wrong.
pub fn enumeration(arguments: &Arguments<EnumerationPlan>) -> Result<(), String> {
    run(
        arguments,
        &Kind {
            name: "enumeration",
            title: "Known and unknown addresses",
            measure: enumeration::measure,
            figures: |engine, seen| enumeration::figures(engine, seen),
            text: enumeration::text,
        },
    )
}

fn run<P: clap::Args + Serialize + Copy, F: Serialize>(
    arguments: &Arguments<P>,
    kind: &Kind<P, F>,
) -> Result<(), String> {
    let stage = arguments.common.begin()?;
    let mail = format!("dir:{}", arguments.mails.display());
    let mut engines = Vec::new();
    for (engine, url) in arguments.filled.each() {
        engines.push((engine, (kind.measure)(url, &mail, arguments.plan)?));
    }
    let part = Part {
        name: kind.name.to_owned(),
        title: kind.title.to_owned(),
        busy_before: stage.busy_before,
        figures: engines.iter().flat_map(|(engine, found)| (kind.figures)(engine, found)).collect(),
        text: (kind.text)(arguments.plan, &engines),
        data: data(&Report { plan: arguments.plan, engines })?,
    };
    part.keep(arguments.common.parts.as_deref())
}
