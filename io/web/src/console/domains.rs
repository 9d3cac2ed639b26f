//! Owns `/organizations/{slug}/settings/domains`: claiming, verifying and removing domains (R-LNK-7).

use orgate_app::domain::{self, DomainForecast, DomainView, Report, Verified};
use orgate_core::domain::DomainState;
use orgate_core::permission::Permission;
use orgate_core::refusal::Refusal;
use orgate_core::time::Timestamp;
use serde::Deserialize;

use super::asking::{Question, ask};
use super::{organization_frame, require};
use crate::error::Failure;
use crate::page::{Form, Mistakes, PageResult, Path, Visit, done};
use crate::pages::confirmation::{ConfirmationPage, Consequence, Weight};
use crate::pages::domains::{DomainCard, DomainsPage, Look, Standing};
use crate::pages::{Field, Moment, Section};

/// The list, and the form for another one.
pub async fn show(visit: Visit, Path(slug): Path<String>) -> PageResult {
    visit.page(&page(&visit, &slug, Field::empty()).await?)
}

/// What the form sends.
#[derive(Deserialize)]
pub struct Typed {
    name: String,
}

/// Claims a domain.
pub async fn create(visit: Visit, Path(slug): Path<String>, Form(typed): Form<Typed>) -> PageResult {
    match domain::claim(visit.app(), &visit.visitor, &slug, &typed.name).await {
        Ok(view) => {
            let name = &view.domain.name;
            Ok(done(&list(&slug), &format!("{name} is added. Publish its record, then verify it.")))
        }
        Err(error) => {
            let at_field = |refusal: &Refusal| matches!(refusal, Refusal::DomainExists | Refusal::DomainLimit);
            let mistakes = Mistakes::or_at(error, "name", at_field)?;
            visit.again(&page(&visit, &slug, mistakes.field("name", typed.name)).await?)
        }
    }
}

/// Asks before a domain comes to be held, or is looked at again. Whether somebody else holds it is told to who shows a
/// record, so it is said in general here (R-LNK-7).
pub async fn ask_verification(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    let (frame, place) = organization_frame(&visit, Section::Domains, &slug).await?;
    require(&place, Permission::DomainManage)?;
    let DomainForecast { view, members } = domain::forecast(visit.app(), &visit.visitor, &slug, &id).await?;
    let name = &view.domain.name;
    let is_held = view.domain.state == DomainState::Verified;
    let question = Question {
        title: if is_held { format!("Look at the record of {name} now?") } else { format!("Verify {name}?") },
        verb: if is_held { "Look now" } else { "Verify" },
        action: format!("{}/{id}/verification", list(&slug)),
        above: ("Domains", list(&slug)),
    };
    let page = ConfirmationPage { weight: Weight::Beginning, ..ask(frame, question) };
    if is_held {
        let consequences = vec![Consequence::plain("If the record is not there any more, the domain lapses at once.")];
        return visit.page(&ConfirmationPage { consequences, ..page });
    }
    let have = if members == 1 { "member has" } else { "members have" };
    let counts = "single sign-on here then counts for their other organizations and their account";
    visit.page(&ConfirmationPage {
        text: "If its record is there. If it is not, nothing changes.".to_owned(),
        consequences: vec![
            Consequence::counted(members, format!("{have} an address in it: {counts}")),
            Consequence::plain(
                "Anybody else with an address in it comes in through your single sign-on without a mailed code, also \
                 who has an account already.",
            ),
            Consequence::plain("Who types such an address on the sign-in page is led here."),
            Consequence::plain(
                "If another organization holds the domain and shows its record still, it keeps it. Otherwise, if one \
                 held it before, nobody's address in it counts as proven until that person proves it again, here as \
                 well.",
            ),
        ],
        reassurance: "You can remove the domain again at any time. All Owners are mailed.".to_owned(),
        ..page
    })
}

/// Verifies a claim, or looks again at what is held, and says what was found.
pub async fn verify(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    let Verified { view, report, passed } = domain::verify(visit.app(), &visit.visitor, &slug, &id).await?;
    let name = &view.domain.name;
    if report.ok {
        let sentence = if passed {
            format!(
                "{name} is verified. Another organization held it before, so people prove their addresses in it again \
                 before they count."
            )
        } else {
            format!("{name} is verified.")
        };
        return Ok(done(&list(&slug), &sentence));
    }
    let mut page = page(&visit, &slug, Field::empty()).await?;
    for item in page.items.iter_mut().filter(|item| item.id == id) {
        item.look = Some(look(report.clone()));
    }
    visit.again(&page)
}

/// Asks before a domain is given up.
pub async fn ask_removal(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    let (frame, place) = organization_frame(&visit, Section::Domains, &slug).await?;
    require(&place, Permission::DomainManage)?;
    let forecast = domain::forecast(visit.app(), &visit.visitor, &slug, &id).await?;
    let question = Question {
        title: format!("Remove {}?", forecast.view.domain.name),
        verb: "Remove",
        action: format!("{}/{id}/removal", list(&slug)),
        above: ("Domains", list(&slug)),
    };
    let mut page = ask(frame, question);
    if forecast.view.domain.state == DomainState::Verified {
        page.consequences = vec![
            Consequence::counted(
                forecast.members,
                "members have an address in it: single sign-on here no longer counts for their other organizations and their \
                 account",
            ),
            Consequence::plain("Newcomers with an address in it prove it by a mailed code first."),
            Consequence::plain("Who types such an address on the sign-in page is not led here any more."),
            Consequence::plain("Any organization that can publish a record in its DNS can hold it from then on."),
        ];
    } else {
        page.consequences = vec![Consequence::plain("The claim and its record's value are forgotten.")];
    }
    page.reassurance =
        "Members stay members and sign in as before. You can add it again, with a new record. All Owners are mailed."
            .to_owned();
    visit.page(&page)
}

/// Gives it up.
pub async fn remove(visit: Visit, Path((slug, id)): Path<(String, String)>) -> PageResult {
    domain::remove(visit.app(), &visit.visitor, &slug, &id).await?;
    Ok(done(&list(&slug), "The domain is removed. Its record can be deleted from the DNS."))
}

fn list(slug: &str) -> String {
    format!("/organizations/{slug}/settings/domains")
}

async fn page(visit: &Visit, slug: &str, name: Field) -> Result<DomainsPage, Failure> {
    let (frame, place) = organization_frame(visit, Section::Domains, slug).await?;
    require(&place, Permission::DomainManage)?;
    let views = domain::list(visit.app(), &visit.visitor, slug).await?;
    Ok(DomainsPage { frame, items: views.into_iter().map(|view| card(view, visit.now())).collect(), name })
}

fn card(view: DomainView, now: Timestamp) -> DomainCard {
    let moment = |at: Option<Timestamp>| at.map(|at| Moment::new(at, now));
    let worth_saying = view.report().filter(|report| !report.ok);
    DomainCard {
        id: view.domain.id.to_string(),
        name: view.domain.name.to_string(),
        standing: match view.domain.state {
            DomainState::Pending => Standing::Pending,
            DomainState::Verified => Standing::Verified,
            DomainState::Lapsed => Standing::Lapsed,
        },
        verified: moment(view.domain.verified_at),
        seen: moment(view.domain.checked_at),
        lapsed: moment(view.domain.lapsed_at),
        lapses: moment(view.lapses_at),
        look: worth_saying.map(look),
        record_name: view.record_name,
        record_value: view.record_value,
    }
}

fn look(report: Report) -> Look {
    let Report { result: _, ok, detail, expected, received, mend } = report;
    Look { ok, detail, expected, received, mend }
}
