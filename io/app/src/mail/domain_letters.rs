//! Owns what the mails to Owners about their organization's domains say (R-LNK-7).

use orgate_core::time::Timestamp;

use super::letter::{Letter, foreign};
use super::templates::day_and_time;

/// Why a domain is not the organization's any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LapseReason {
    /// Name servers say that the record is not there.
    RecordMissing,
    /// They have not answered for three days.
    NoAnswer,
    /// The record is not there, and another organization's is.
    TakenOver,
}

/// A mail about a domain.
#[derive(Debug, Clone)]
pub enum DomainMail {
    /// Name servers do not answer, and it will lapse.
    AboutToLapse {
        /// The organization.
        organization: String,
        /// The domain.
        domain: String,
        /// When.
        lapses_at: Timestamp,
        /// Settings > Domains.
        domains_url: String,
    },
    /// It lapsed, or was lost to another organization.
    Lapsed {
        /// The organization.
        organization: String,
        /// The domain.
        domain: String,
        /// Why.
        reason: LapseReason,
        /// When.
        at: Timestamp,
        /// Settings > Domains.
        domains_url: String,
    },
    /// Another organization shows a record for it too.
    Contested {
        /// The organization.
        organization: String,
        /// The domain.
        domain: String,
        /// When.
        at: Timestamp,
        /// Settings > Domains.
        domains_url: String,
    },
}

impl DomainMail {
    /// The name for metrics and the outbox; no personal data.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::AboutToLapse { .. } => "domain-about-to-lapse",
            Self::Lapsed { .. } => "domain-lapsed",
            Self::Contested { .. } => "domain-contested",
        }
    }

    /// The letter.
    pub fn letter(&self) -> Letter {
        match self {
            Self::AboutToLapse { organization, domain, lapses_at, domains_url } => {
                let (organization, domain) = (foreign(organization), foreign(domain));
                Letter::new(format!("The domain {domain} is about to lapse"))
                    .paragraph(format!(
                        "The name servers of {domain} have not answered for a day, so nobody can see the record that \
                         proves it is the domain of {organization}. If they do not answer until {}, it lapses.",
                        day_and_time(*lapses_at)
                    ))
                    .paragraph("Look at the domain's DNS. Nothing else is to be done: it is asked again every hour.")
                    .link("Domains", domains_url)
            }
            Self::Lapsed { organization, domain, reason, at, domains_url } => {
                lapsed(organization, domain, *reason, *at, domains_url)
            }
            Self::Contested { organization, domain, at, domains_url } => {
                let (organization, domain) = (foreign(organization), foreign(domain));
                Letter::new(format!("Another organization shows a record for {domain}"))
                    .paragraph(format!(
                        "On {} another organization asked to hold the domain {domain} and showed its record in the \
                         domain's DNS. {organization} keeps it, because its own record is there too or nobody could say.",
                        day_and_time(*at)
                    ))
                    .paragraph(
                        "Whoever published that record can change the domain's DNS. If it was none of you, find out who \
                         can. As long as your record stays, the domain stays yours.",
                    )
                    .link("Domains", domains_url)
            }
        }
    }
}

fn lapsed(organization: &str, domain: &str, reason: LapseReason, at: Timestamp, domains_url: &str) -> Letter {
    let (organization, domain) = (foreign(organization), foreign(domain));
    let when = day_and_time(at);
    let why = match reason {
        LapseReason::RecordMissing => format!(
            "The record that proved {domain} to be the domain of {organization} is not in its DNS any more, so it lapsed on \
             {when}."
        ),
        LapseReason::NoAnswer => format!(
            "The name servers of {domain} have not answered for three days, so it lapsed on {when} as a domain of \
             {organization}."
        ),
        LapseReason::TakenOver => format!(
            "On {when} another organization proved that it holds {domain}, and the record of {organization} was not there any \
             more. The domain is that organization's now, and every address in it has to be proven again."
        ),
    };
    let subject = match reason {
        LapseReason::RecordMissing | LapseReason::NoAnswer => format!("The domain {domain} has lapsed"),
        LapseReason::TakenOver => format!("The domain {domain} went to another organization"),
    };
    Letter::new(subject)
        .paragraph(why)
        .paragraph(
            "Members sign in as before. Single sign-on no longer counts for their other organizations, and newcomers with an \
             address in this domain prove it by a mailed code.",
        )
        .paragraph("To get it back, publish the record again and verify the domain.")
        .link("Domains", domains_url)
}
