//! What a shell reads to complete the options: also the names of columns, and
//! of the calls that people ask for most.

use clap::builder::PossibleValuesParser;
use clap::{Arg, CommandFactory};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::output::catalogue;

/// Any other name of an event can be typed too.
const EVENTS: [&str; 30] = [
    "AssumeRole",
    "AttachRolePolicy",
    "AttachUserPolicy",
    "AuthorizeSecurityGroupIngress",
    "ConsoleLogin",
    "CreateAccessKey",
    "CreateBucket",
    "CreateFunction20150331",
    "CreateLoginProfile",
    "CreateRole",
    "CreateUser",
    "DeleteBucket",
    "DeleteDBInstance",
    "DeleteObject",
    "DeleteRole",
    "DeleteTrail",
    "DeleteUser",
    "GetObject",
    "GetSecretValue",
    "ModifyInstanceAttribute",
    "PutBucketPolicy",
    "PutRolePolicy",
    "PutUserPolicy",
    "RevokeSecurityGroupIngress",
    "RunInstances",
    "ScheduleKeyDeletion",
    "StopInstances",
    "StopLogging",
    "TerminateInstances",
    "UpdateAssumeRolePolicy",
];

/// The script that `shell` reads.
pub fn script(shell: Shell) -> String {
    let columns: Vec<&'static str> = catalogue::names().collect();
    let offering = |names: &[&'static str]| {
        let names = PossibleValuesParser::new(names.to_vec());
        move |argument: Arg| argument.value_parser(names).hide_possible_values(true)
    };
    let mut command = Cli::command()
        .mut_arg("columns", offering(&columns))
        .mut_arg("sort", offering(&columns))
        .mut_arg("event_name", offering(&EVENTS))
        .mut_subcommand("summary", |summary| {
            summary.mut_arg("by", offering(&columns)).mut_arg("event_name", offering(&EVENTS))
        });
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, env!("CARGO_PKG_NAME"), &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
