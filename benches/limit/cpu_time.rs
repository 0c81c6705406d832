//! The CPU time of child processes.

/// The seconds of CPU, user and system, of all children that have ended, and of theirs. None
/// where the system does not say.
#[cfg(unix)]
pub(crate) fn seconds_of_children() -> Option<f64> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike as _;

    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).ok()?;
    Some((usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e6)
}

#[cfg(not(unix))]
pub(crate) fn seconds_of_children() -> Option<f64> {
    None
}
