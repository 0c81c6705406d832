//! The program: arguments, command, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    trail2tsv::command::run(std::env::args_os().collect()).into()
}
