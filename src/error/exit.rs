//! The exit codes of the program.

use std::process::ExitCode;

/// How a run ended, as the shell sees it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exit {
    /// The work was done. No matches and a closed output pipe are not failures.
    Done,
    /// The work could not be done.
    Failed,
    /// The command line is invalid.
    Usage,
    /// The work was done, but something could not be read; stderr names it.
    Partial,
    /// Ended by Ctrl-C or a termination signal.
    Interrupted,
}

impl Exit {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Partial => 3,
            Exit::Interrupted => 130,
        }
    }

    /// The meaning of an exit code; `None` if it is not one of ours.
    pub fn from_code(code: i32) -> Option<Exit> {
        let all = [Exit::Done, Exit::Failed, Exit::Usage, Exit::Partial, Exit::Interrupted];
        all.into_iter().find(|exit| i32::from(exit.code()) == code)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_stable() {
        let all = [Exit::Done, Exit::Failed, Exit::Usage, Exit::Partial, Exit::Interrupted];
        assert_eq!(all.map(Exit::code), [0, 1, 2, 3, 130]);
    }
}
