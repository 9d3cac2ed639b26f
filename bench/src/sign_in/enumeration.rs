//! Owns what can be told of an address from outside: known and unknown ones take turns at every form that takes one, and
//! their statuses, sizes and times are compared (R-IN-5).

use std::collections::BTreeSet;

use super::exchange::{Answer, exchange, post};
use super::scene::{WRONG, people};
use crate::figure::{Aim, Figure, Unit};
use crate::measure::percentile;
use crate::paced::connect;
use crate::process::Server;

/// Before the first pair that counts.
const WARM_UP: usize = 50;

/// How to measure.
#[derive(Debug, Clone, Copy, clap::Args, serde::Serialize)]
pub struct EnumerationPlan {
    /// How often each form is sent with a known address, and with an unknown one.
    #[arg(long, default_value_t = 10_000)]
    pub tries: usize,
}

/// A form or call that takes an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    SignIn,
    SignInCall,
    ForgottenPassword,
    SignUp,
    Sso,
}

impl Case {
    const ALL: [Self; 5] = [Self::SignIn, Self::SignInCall, Self::ForgottenPassword, Self::SignUp, Self::Sso];

    const fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in, wrong password (form)",
            Self::SignInCall => "sign-in, wrong password (API)",
            Self::ForgottenPassword => "forgotten password (form)",
            Self::SignUp => "sign-up (API)",
            Self::Sso => "continue with SSO (form)",
        }
    }

    fn request(self, email: &str) -> Vec<u8> {
        let (encoded, password) = (email.replace('@', "%40").replace('+', "%2B"), WRONG.replace(' ', "+"));
        let (form, json) = ("application/x-www-form-urlencoded", "application/json");
        match self {
            Self::SignIn => post("/sign-in", form, &format!("email={encoded}&password={password}")),
            Self::SignInCall => {
                let body = serde_json::json!({ "method": "password", "email": email, "password": WRONG });
                post("/api/v1/sessions", json, &body.to_string())
            }
            Self::ForgottenPassword => post("/forgotten-password", form, &format!("email={encoded}")),
            Self::SignUp => {
                let body = serde_json::json!({ "email": email, "password": WRONG, "name": "Robin Vale" });
                post("/api/v1/sign-ups", json, &body.to_string())
            }
            Self::Sso => post("/sign-in/sso", form, &format!("identifier={encoded}")),
        }
    }
}

/// What was seen of one form. *Units*: microseconds, bytes.
#[derive(Debug, serde::Serialize)]
pub struct Seen {
    form: &'static str,
    known: Side,
    unknown: Side,
    /// Pairs whose statuses or sizes were not the same.
    unlike: usize,
}

impl Seen {
    /// Of the answers to both of each pair, in their order.
    fn of(case: Case, known: &[Answer], unknown: &[Answer]) -> Self {
        let seen = |answer: &Answer| (answer.status, answer.body);
        let unlike = known.iter().zip(unknown).filter(|(known, unknown)| seen(known) != seen(unknown)).count();
        Self { form: case.name(), known: Side::of(known), unknown: Side::of(unknown), unlike }
    }
}

#[derive(Debug, serde::Serialize)]
struct Side {
    statuses: BTreeSet<u16>,
    sizes: BTreeSet<usize>,
    p50_us: f64,
    p99_us: f64,
}

impl Side {
    fn of(answers: &[Answer]) -> Self {
        let mut times: Vec<u64> = answers.iter().map(|answer| answer.nanoseconds).collect();
        times.sort_unstable();
        Self {
            statuses: answers.iter().map(|answer| answer.status).collect(),
            sizes: answers.iter().map(|answer| answer.body).collect(),
            p50_us: percentile(&times, 50),
            p99_us: percentile(&times, 99),
        }
    }
}

/// Measures one database.
///
/// *Errors*: the server does not start, is busy, or refuses by a limit.
pub fn measure(database_url: &str, mail: &str, plan: EnumerationPlan) -> Result<Vec<Seen>, String> {
    let known: Vec<String> = people()?.users.iter().map(|one| one.user.email.as_str().to_owned()).collect();
    let server = Server::start(&["serve-unlimited", "--database-url", database_url, "--mail", mail])?;
    let mut stream = connect(server.address)?;
    let mut buffer = vec![0; 256 * 1024];
    let mut all = Vec::new();
    for case in Case::ALL {
        let (mut of_known, mut of_unknown) = (Vec::new(), Vec::new());
        for (number, email) in known.iter().cycle().take(plan.tries + WARM_UP).enumerate() {
            // Who is first takes turns as well.
            let mut pair = [(true, email.clone()), (false, unknown(email, number))];
            pair.rotate_left(number % 2);
            for (is_known, email) in pair {
                let answer = exchange(&mut stream, &case.request(&email), &mut buffer)?;
                if matches!(answer.status, 429 | 500..) {
                    return Err(format!("{} was answered {}", case.name(), answer.status));
                }
                if number >= WARM_UP {
                    if is_known { of_known.push(answer) } else { of_unknown.push(answer) }
                }
            }
        }
        all.push(Seen::of(case, &of_known, &of_unknown));
    }
    Ok(all)
}

/// As long as the known one, and nobody's.
fn unknown(known: &str, number: usize) -> String {
    let (local, domain) = known.split_once('@').unwrap_or((known, "example.test"));
    let digits: String = format!("{number:0>width$}", width = local.len()).chars().rev().take(local.len()).collect();
    // No seeded address is digits alone.
    format!("{digits}@{domain}")
}

/// What goes into the table: the form that tells most by its time, and how often any told by status or size.
pub fn figures(engine: &'static str, all: &[Seen]) -> Vec<Figure> {
    let most = all.iter().map(|seen| (seen.known.p50_us - seen.unknown.p50_us).abs() / 1e3).fold(f64::NAN, f64::max);
    let what = format!("known and unknown addresses, greatest difference of medians, {engine}");
    let unlike = u32::try_from(all.iter().map(|seen| seen.unlike).sum::<usize>()).map_or(f64::INFINITY, f64::from);
    let unlike = if all.is_empty() { f64::NAN } else { unlike };
    let by_eye = format!("known and unknown addresses, pairs with another status or size, {engine}");
    vec![
        Figure::new(what, most, Unit::Milliseconds).aim(Aim::Below(5.0)),
        Figure::new(by_eye, unlike, Unit::Count).aim(Aim::AtMost(0.0)),
    ]
}

/// The page.
pub fn text(plan: EnumerationPlan, engines: &[(&'static str, Vec<Seen>)]) -> String {
    let mut lines = Vec::new();
    for (engine, all) in engines {
        lines.push(format!("### {engine}\n"));
        lines.push(
            "| form | status known, unknown | body bytes known, unknown | unlike pairs | p50 ms known, unknown | difference ms | p99 ms known, unknown |"
                .to_owned(),
        );
        lines.push("|---|---|---|---:|---:|---:|---:|".to_owned());
        lines.extend(all.iter().map(row));
        lines.push(String::new());
    }
    lines.push(format!(
        "- {} tries each, known and unknown in turns over one connection, addresses of equal length. Limits are lifted.\n\
         - A body's sizes are those that were seen; where an address is printed back they vary with it. The two of each pair have to be\n\
         \x20 answered with the same status and size.\n",
        plan.tries
    ));
    lines.join("\n")
}

fn row(seen: &Seen) -> String {
    let Seen { form, known, unknown, unlike } = seen;
    let ms = |microseconds: f64| microseconds / 1e3;
    let sizes = |side: &Side| match (side.sizes.first(), side.sizes.last()) {
        (Some(least), Some(most)) if least == most => least.to_string(),
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (None, _) | (_, None) => String::new(),
    };
    let statuses = |side: &Side| side.statuses.iter().map(u16::to_string).collect::<Vec<_>>().join("/");
    format!(
        "| {form} | {}, {} | {}, {} | {unlike} | {:.2}, {:.2} | {:+.2} | {:.2}, {:.2} |",
        statuses(known),
        statuses(unknown),
        sizes(known),
        sizes(unknown),
        ms(known.p50_us),
        ms(unknown.p50_us),
        ms(known.p50_us - unknown.p50_us),
        ms(known.p99_us),
        ms(unknown.p99_us),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Verdict;

    #[test]
    fn an_unknown_address_is_as_long_as_the_known_one_and_changes_with_every_try() {
        let one = unknown("person.7@acme.example.test", 12);
        assert_eq!(one, "21000000@acme.example.test");
        assert_ne!(one, unknown("person.7@acme.example.test", 13));
    }

    #[test]
    fn t_web_11_the_form_that_differs_most_is_the_one_in_the_table_whichever_side_is_slower() {
        let side = |p50_us| Side { statuses: BTreeSet::new(), sizes: BTreeSet::new(), p50_us, p99_us: p50_us };
        let seen = |known, unknown| Seen { form: "x", known: side(known), unknown: side(unknown), unlike: 0 };
        let figures_of_two = figures("SQLite", &[seen(900.0, 700.0), seen(100.0, 6_100.0)]);
        assert_eq!(figures_of_two[0].value, Some(6.0));
        assert_eq!(figures("SQLite", &[])[0].value, None);
    }

    #[test]
    fn t_web_11_an_answer_to_a_known_address_of_another_status_or_size_misses_the_aim() {
        let answer = |status, body| Answer { status, body, nanoseconds: 1 };
        let known = [answer(401, 249), answer(401, 249), answer(200, 250)];
        let unlike = |unknown: [Answer; 3]| {
            let seen = Seen::of(Case::SignInCall, &known, &unknown);
            figures("SQLite", &[seen]).remove(1)
        };
        assert_eq!(unlike(known).verdict(), Verdict::Reached);
        // The same sizes and statuses were seen on both sides, and not for the same addresses.
        let found = unlike([answer(401, 249), answer(200, 250), answer(401, 249)]);
        assert_eq!((found.value, found.verdict()), (Some(2.0), Verdict::Missed));
        assert_eq!(figures("SQLite", &[])[1].verdict(), Verdict::Missed, "nothing was compared");
    }
}
