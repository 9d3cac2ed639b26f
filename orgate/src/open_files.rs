//! Owns how many files and connections a node may have open. Shells and service managers give a program few at first, and let
//! it take more.

/// Takes as many as the process is allowed to take.
///
/// *Errors*: what the system refused, in words for the operator; the program can go on with what it has.
#[cfg(target_os = "linux")]
pub fn take_all() -> Result<(), String> {
    use rustix::process::{Resource, getrlimit, setrlimit};

    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).map_err(|reason| format!("no more files can be opened than at first: {reason}"))
}

/// Elsewhere it stays as it is.
///
/// *Errors*: none.
#[cfg(not(target_os = "linux"))]
pub fn take_all() -> Result<(), String> {
    Ok(())
}
