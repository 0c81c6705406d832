//! The CPU time of child processes, and the core on which they run.

use std::fmt;

/// The seconds of CPU, user and system, of all children that have ended, and of theirs. None
/// where the system does not say.
pub(crate) fn seconds_of_children() -> Option<f64> {
    system::seconds_of_children()
}

/// Where this process and its children run, until it is dropped.
pub(crate) struct Pinned(Option<system::Core>);

impl Pinned {
    /// Pins to one of the cores that the process may use.
    pub(crate) fn to_one_core() -> Pinned {
        Pinned(system::Core::pin())
    }
}

impl fmt::Display for Pinned {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(core) => write!(out, "pinned to core {}", core.number()),
            None => out.write_str("not pinned to a core, as this system does not allow it"),
        }
    }
}

#[cfg(unix)]
mod system {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike as _;

    pub(super) use super::core::Core;

    pub(super) fn seconds_of_children() -> Option<f64> {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN).ok()?;
        Some((usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e6)
    }
}

#[cfg(not(unix))]
mod system {
    pub(super) use super::core::Core;

    pub(super) fn seconds_of_children() -> Option<f64> {
        None
    }
}

#[cfg(target_os = "linux")]
mod core {
    use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
    use nix::unistd::Pid;

    /// The core to which this process is pinned, and the cores that it had.
    pub(super) struct Core {
        number: usize,
        before: CpuSet,
    }

    const THIS: Pid = Pid::from_raw(0);

    impl Core {
        /// Pins to the last core: interrupts are often handled by the first.
        pub(super) fn pin() -> Option<Core> {
            let before = sched_getaffinity(THIS).ok()?;
            let number = (0..CpuSet::count()).rev().find(|&core| before.is_set(core).unwrap_or(false))?;
            let mut one = CpuSet::new();
            one.set(number).ok()?;
            sched_setaffinity(THIS, &one).ok()?;
            Some(Core { number, before })
        }

        pub(super) fn number(&self) -> usize {
            self.number
        }
    }

    impl Drop for Core {
        fn drop(&mut self) {
            let _ = sched_setaffinity(THIS, &self.before);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod core {
    /// No core: this system has no call for it.
    pub(super) enum Core {}

    impl Core {
        pub(super) fn pin() -> Option<Core> {
            None
        }

        pub(super) fn number(&self) -> usize {
            match *self {}
        }
    }
}
