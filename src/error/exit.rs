//! What the exit codes of the program mean.

use std::process::ExitCode;

/// How a run ended, as the shell sees it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exit {
    /// The work was done. That nothing matched, or that the reader of the
    /// pipe went away, is no failure.
    Done,
    /// The work could not be done.
    Failed,
    /// The command line asks for something that does not exist.
    Usage,
    /// The work was done, but something could not be read; stderr names it.
    Partial,
    /// Ctrl-C, or a polite kill.
    Interrupted,
}

impl Exit {
    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Partial => 3,
            Exit::Interrupted => 130,
        }
    }

    /// The meaning of a number, if it has one.
    pub fn of_code(code: i32) -> Option<Exit> {
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
    fn codes_are_what_scripts_rely_on() {
        let all = [Exit::Done, Exit::Failed, Exit::Usage, Exit::Partial, Exit::Interrupted];
        assert_eq!(all.map(Exit::code), [0, 1, 2, 3, 130]);
    }
}
