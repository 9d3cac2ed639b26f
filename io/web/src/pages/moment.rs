//! Owns how a page says when: in words that age well without a script, with the exact moment beside them.

use std::time::Duration;

use orgate_core::time::Timestamp;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A moment, as a `<time>` element needs it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moment {
    /// RFC 3339, for machines.
    pub machine: String,
    /// The whole date and time in UTC, shown in `title`.
    pub exact: String,
    /// What the page shows: "3 hours ago", "in 2 days", or the date once it is more than 30 days away.
    pub relative: String,
}

impl Moment {
    /// How `at` reads to somebody who opens the page at `now`.
    pub fn new(at: Timestamp, now: Timestamp) -> Self {
        let machine = at.to_rfc3339();
        let date = date(&machine);
        let time = machine.get(11..19).unwrap_or_default();
        let ago = now.since(at);
        let ahead = at.since(now);
        let relative = if ago.max(ahead) >= Duration::from_secs(30 * DAY) {
            date.clone()
        } else if ahead >= Duration::from_secs(MINUTE) {
            format!("in {}", amount(rounding_up_halves(ahead)))
        } else if ago >= Duration::from_secs(MINUTE) {
            format!("{} ago", amount(ago))
        } else {
            "just now".to_owned()
        };
        Self { exact: format!("{date}, {time} UTC"), relative, machine }
    }
}

/// What lies ahead is rounded, not cut: a link that was just mailed is valid for two days, not for one.
fn rounding_up_halves(ahead: Duration) -> Duration {
    let unit = match ahead.as_secs() {
        0..HOUR => MINUTE,
        HOUR..DAY => HOUR,
        _ => DAY,
    };
    ahead + Duration::from_secs(unit / 2)
}

fn amount(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (count, unit) = match seconds {
        0..HOUR => (seconds / MINUTE, "minute"),
        HOUR..DAY => (seconds / HOUR, "hour"),
        _ => (seconds / DAY, "day"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

fn date(machine: &str) -> String {
    let year = machine.get(..4).unwrap_or_default();
    let month = machine
        .get(5..7)
        .and_then(|month| month.parse::<usize>().ok())
        .and_then(|month| MONTHS.get(month.checked_sub(1)?))
        .copied()
        .unwrap_or_default();
    let day = machine.get(8..10).unwrap_or_default().trim_start_matches('0');
    format!("{day} {month} {year}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::parse_rfc3339("2026-11-22T09:30:00Z").unwrap()
    }

    #[test]
    fn a_moment_reads_as_its_distance_and_later_as_its_date() {
        for (at, expected) in [
            ("2026-11-22T09:29:40Z", "just now"),
            ("2026-11-22T09:30:20Z", "just now"),
            ("2026-11-22T09:28:59Z", "1 minute ago"),
            ("2026-11-22T06:30:00Z", "3 hours ago"),
            ("2026-11-20T09:30:00Z", "2 days ago"),
            ("2026-11-24T09:29:59Z", "in 2 days"),
            ("2026-11-24T21:29:00Z", "in 2 days"),
            ("2026-11-23T09:10:00Z", "in 1 day"),
            ("2026-11-22T09:39:40Z", "in 10 minutes"),
            ("2026-05-02T09:31:00Z", "2 May 2026"),
        ] {
            assert_eq!(Moment::new(Timestamp::parse_rfc3339(at).unwrap(), now()).relative, expected, "{at}");
        }
    }

    #[test]
    fn the_exact_moment_carries_seconds_and_its_zone() {
        let moment = Moment::new(Timestamp::parse_rfc3339("2026-05-02T07:08:09Z").unwrap(), now());
        assert_eq!(moment.exact, "2 May 2026, 07:08:09 UTC");
    }
}
