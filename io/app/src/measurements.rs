//! Owns which counters are there from the start. Prometheus sees no increase when a counter appears with its first event, so
//! the first failure of a kind would alarm nobody.

use metrics::{counter, gauge};

use crate::error::Fault;
use crate::jobs::Job;

/// Begins at zero what an alert watches for its first event.
pub fn begin() {
    for kind in Fault::KINDS {
        counter!("orgate_faults_total", "kind" => kind).increment(0);
    }
    for outcome in ["sent", "delayed", "failed"] {
        counter!("orgate_mails_total", "outcome" => outcome).increment(0);
    }
    for job in Job::ALL {
        counter!("orgate_job_failures_total", "task" => job.words()).increment(0);
    }
    counter!("orgate_audit_heads_refused_total").increment(0);
    counter!("orgate_password_hashes_refused_total").increment(0);
    gauge!("orgate_store_writes_stopped").set(0.0);
}
