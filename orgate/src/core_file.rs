//! Owns that a crash leaves no core file: its memory holds the secret key, sessions and passwords on their way (T-SEC-3).

/// Forbids core files for this process, by its limit and by its mark for handlers of the system, which do not heed the limit.
///
/// *Errors*: what the system refused, in words for the operator; the program can go on without.
#[cfg(target_os = "linux")]
pub fn forbid() -> Result<(), String> {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

    let limit = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let mark = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    limit.and(mark).map_err(|reason| format!("core files cannot be switched off, and one would hold secrets: {reason}"))
}

/// Elsewhere nothing is switched off.
///
/// *Errors*: none.
#[cfg(not(target_os = "linux"))]
pub fn forbid() -> Result<(), String> {
    Ok(())
}
