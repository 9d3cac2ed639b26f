//! Owns how long somebody is asked to wait, as whole seconds and as words.

use std::time::Duration;

/// The whole seconds after which another try is taken: never none, never too few.
pub fn seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
}

/// "40 seconds", "3 minutes", "2 hours": never too short.
pub fn words(wait: Duration) -> String {
    let seconds = seconds(wait);
    let (number, unit) = match seconds {
        0..=99 => (seconds, "second"),
        100..=5_999 => (seconds.div_ceil(60), "minute"),
        _ => (seconds.div_ceil(3_600), "hour"),
    };
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_never_told_too_short() {
        let told = [(0, "1 second"), (1, "1 second"), (900, "1 second"), (1_001, "2 seconds"), (40_000, "40 seconds")];
        for (milliseconds, expected) in told {
            assert_eq!(words(Duration::from_millis(milliseconds)), expected, "{milliseconds} ms");
        }
        for (seconds, expected) in [(99, "99 seconds"), (100, "2 minutes"), (181, "4 minutes"), (5_999, "100 minutes")]
        {
            assert_eq!(words(Duration::from_secs(seconds)), expected, "{seconds} s");
        }
        assert_eq!(words(Duration::from_secs(6_000)), "2 hours");
        assert_eq!(words(Duration::from_secs(86_400)), "24 hours");
        assert_eq!(seconds(Duration::from_millis(1)), 1);
    }
}
