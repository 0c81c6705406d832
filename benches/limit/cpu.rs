//! The core on which child processes run.

use std::fmt;

/// Keeps this process and its children on one core, until it is dropped.
pub(crate) struct Pinned(Option<core::Core>);

impl Pinned {
    /// Pins to one of the cores that the process may use.
    pub(crate) fn to_one_core() -> Pinned {
        Pinned(core::Core::pin())
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
    /// Never constructed: pinning is implemented for Linux only.
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
