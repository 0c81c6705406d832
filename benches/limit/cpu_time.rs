//! The CPU time of child processes.

/// The CPU seconds, user and system, of all children that have ended, and of their
/// descendants. None if the system does not report it.
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
