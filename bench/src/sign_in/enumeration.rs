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
        all.push(Seen { form: case.name(), known: Side::of(&of_known), unknown: Side::of(&of_unknown) });
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

/// What goes into the table: the form that tells most.
pub fn figures(engine: &'static str, all: &[Seen]) -> Vec<Figure> {
    let most = all.iter().map(|seen| (seen.known.p50_us - seen.unknown.p50_us).abs() / 1e3).fold(f64::NAN, f64::max);
    let what = format!("known and unknown addresses, greatest difference of medians, {engine}");
    vec![Figure::new(what, most, Unit::Milliseconds).aim(Aim::Below(5.0))]
}

/// The page.
pub fn text(plan: EnumerationPlan, engines: &[(&'static str, Vec<Seen>)]) -> String {
    let mut lines = Vec::new();
    for (engine, all) in engines {
        lines.push(format!("### {engine}\n"));
        lines.push(
            "| form | status known, unknown | body bytes known, unknown | p50 ms known, unknown | difference ms | p99 ms known, unknown |"
                .to_owned(),
        );
        lines.push("|---|---|---|---:|---:|---:|".to_owned());
        lines.extend(all.iter().map(row));
        lines.push(String::new());
    }
    lines.push(format!(
        "- {} tries each, known and unknown in turns over one connection, addresses of equal length. Limits are lifted.\n\
         - A body's sizes are those that were seen; where an address is printed back they vary with it, alike on both sides.\n",
        plan.tries
    ));
    lines.join("\n")
}

fn row(seen: &Seen) -> String {
    let Seen { form, known, unknown } = seen;
    let ms = |microseconds: f64| microseconds / 1e3;
    let sizes = |side: &Side| match (side.sizes.first(), side.sizes.last()) {
        (Some(least), Some(most)) if least == most => least.to_string(),
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (None, _) | (_, None) => String::new(),
    };
    let statuses = |side: &Side| side.statuses.iter().map(u16::to_string).collect::<Vec<_>>().join("/");
    format!(
        "| {form} | {}, {} | {}, {} | {:.2}, {:.2} | {:+.2} | {:.2}, {:.2} |",
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

    #[test]
    fn an_unknown_address_is_as_long_as_the_known_one_and_changes_with_every_try() {
        let one = unknown("person.7@acme.example.test", 12);
        assert_eq!(one, "21000000@acme.example.test");
        assert_ne!(one, unknown("person.7@acme.example.test", 13));
    }

    #[test]
    fn t_web_11_the_form_that_differs_most_is_the_one_in_the_table_whichever_side_is_slower() {
        let side = |p50_us| Side { statuses: BTreeSet::new(), sizes: BTreeSet::new(), p50_us, p99_us: p50_us };
        let seen = |known, unknown| Seen { form: "x", known: side(known), unknown: side(unknown) };
        let [figure] = figures("SQLite", &[seen(900.0, 700.0), seen(100.0, 6_100.0)]).try_into().unwrap();
        assert_eq!(figure.value, Some(6.0));
        assert_eq!(figures("SQLite", &[])[0].value, None);
    }
}
