//! Sign-ins through the own identity provider that name people of the other organization, in every shape of claim.

use orgate_app::connection_test;
use orgate_app::sign_in::second_factor::{TypedFactor, TypedMethod};
use orgate_app::sign_in::sso::act::Outcome;
use orgate_app::sign_in::sso::answer::Answer;
use orgate_app::sign_in::sso::begin::{Begun, NewSignIn, begin};
use orgate_app::visitor::Visitor;
use orgate_core::sign_in::Started;
use orgate_testkit::Person as Subject;
use orgate_testkit::hostile_idp::catalogue;

use crate::adversary::Adversary;
use crate::dice::Dice;
use crate::place::subject;
use crate::world::sign_in as here;

/// Whom the provider names: a subject, an address, and how the address is said to be verified.
fn named(adversary: &Adversary<'_>, dice: &mut Dice) -> (String, Subject) {
    let (role, person) = adversary.somebody(dice);
    let email = match dice.roll(6) {
        0 => format!("nobody@{}", adversary.victim.domain),
        1 => person.email.to_uppercase(),
        2 => adversary.bridge.map_or_else(|| person.email.clone(), |bridge| bridge.email.clone()),
        _ => person.email.clone(),
    };
    // Their own provider calls them by the same subject; or by the id that they have here.
    let subject = match dice.roll(3) {
        0 => subject(role),
        1 => person.id.to_string(),
        _ => format!("00u{}", dice.roll(1000)),
    };
    let shapes = catalogue::email_verified_shapes(&subject, &email);
    let (shape, claimed) = dice.pick(&shapes);
    (format!("{subject} {email} verified: {shape}"), claimed.clone())
}

/// A sign-in at the own organization's address or from the tile, in a new browser or in one where somebody is signed in;
/// questions are answered with whatever there is but the code, which is in the other person's mailbox.
pub async fn sign_in(adversary: &mut Adversary<'_>, dice: &mut Dice) {
    let (who, claimed) = named(adversary, dice);
    let started = if dice.once_in(4) { Started::ByTile } else { Started::Here };
    let visitor =
        if dice.once_in(4) { adversary.place.site.owner.visitor.clone() } else { adversary.town.world.bed.stranger() };
    adversary.idp.sign_in_as(claimed);
    let app = &adversary.town.world.bed.app;
    let new = NewSignIn { started, fresh: dice.once_in(4), ..here(adversary.place.slug()) };
    let outcome = match begin(app, &visitor, new).await {
        Ok(Begun::Redirect { url, .. }) => {
            let back = adversary.idp.authorize(&url);
            // Sometimes the answer is brought to the other organization's connection.
            if dice.once_in(6) {
                let lost = adversary.town.world.come_back(&visitor, &adversary.victim.site.connection, &back).await;
                adversary.note(format!("answer for {who} at the other connection: {}", word(&lost)));
            }
            adversary.town.world.come_back(&visitor, &adversary.place.site.connection, &back).await
        }
        Ok(Begun::Ended(outcome)) => Ok(outcome),
        Err(refused) => return adversary.note(format!("no sign-in: {refused:?}")),
    };
    adversary.note(format!("sign-in as {who} {started:?}: {}", word(&outcome)));
    if let Ok(outcome) = outcome {
        follow(adversary, dice, &visitor, outcome).await;
    }
}

async fn follow(adversary: &mut Adversary<'_>, dice: &mut Dice, visitor: &Visitor, mut outcome: Outcome) {
    for _ in 0..3 {
        let id = match outcome {
            Outcome::SignedIn { issued, .. } => {
                let whose = format!("a sign-in through the own provider as {}", issued.user.id);
                return adversary.gained.push((issued.token.reveal().to_string(), whose));
            }
            Outcome::Asks(id) | Outcome::WrongCode(id) | Outcome::WrongFactor(id) => id,
            Outcome::Tested { .. } | Outcome::Refused(_) | Outcome::Cancelled { .. } => return,
        };
        let code = "123456".to_owned();
        let (said, typed) = match dice.roll(6) {
            0 => ("no", Answer::No),
            1 => ("another code", Answer::AnotherCode),
            2 | 3 => ("yes", Answer::Yes),
            4 => ("a factor", Answer::Factor(TypedFactor { method: TypedMethod::Totp, code })),
            _ => ("a code", Answer::Code(code)),
        };
        let next = adversary.town.world.answer(visitor, &id, typed).await;
        adversary.note(format!("  answered {said}: {}", word(&next)));
        let Ok(next) = next else { return };
        outcome = next;
    }
}

fn word(outcome: &Result<Outcome, orgate_app::error::Error>) -> String {
    match outcome {
        Ok(Outcome::SignedIn { issued, .. }) => format!("signed in as {}", issued.user.id),
        Ok(Outcome::Asks(_)) => "asks".to_owned(),
        Ok(other) => format!("{other:?}"),
        Err(error) => format!("{error:?}"),
    }
}

/// A test of the own connection that names them: it writes who they are to nobody.
pub async fn test(adversary: &mut Adversary<'_>, dice: &mut Dice) {
    let (who, claimed) = named(adversary, dice);
    let (app, site) = (&adversary.town.world.bed.app, &adversary.place.site);
    let owner = adversary.town.world.with_password(&site.owner).await;
    let (slug, id) = (site.slug().to_owned(), site.connection.clone());
    let created = connection_test::create(app, &owner.visitor, &slug, id.as_str()).await;
    let Ok(created) = created else { return adversary.note("no test") };
    let begun = connection_test::begin(app, &owner.visitor, &slug, id.as_str(), created.test.id.as_str()).await;
    let Ok(Begun::Redirect { url, .. }) = begun else { return adversary.note("no test begun") };
    adversary.idp.sign_in_as(claimed);
    let back = adversary.idp.authorize(&url);
    let outcome = adversary.town.world.come_back(&owner.visitor, &id, &back).await;
    adversary.note(format!("test as {who}: {}", word(&outcome)));
    let path = format!("/api/v1/organizations/{slug}/connections/{id}/tests/{}", created.test.id);
    let answer = adversary.town.get(&path).bearer(adversary.owner()).send().await;
    adversary.hear(&format!("GET {path}"), &answer);
}
