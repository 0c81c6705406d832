//! The command `verify`: proves the logs of a bucket or a mirror by the digests that CloudTrail
//! has signed.
//!
//! ```text
//!  bucket ──sync──▶ mirror ──▶ digests of each region ──▶ public keys
//!
//!  digests ──signatures, in parallel──▶ chains ──▶ gaps, times that are covered
//!     └──▶ listed log files ┐                              │
//!  mirror ──▶ log files ────┴──hashes, in parallel──▶ verdicts ◀┘
//! ```

mod args;
mod aws_report;
mod digest_pass;
mod digest_text;
mod digest_walk;
mod first_member;
mod inputs;
mod key_base;
mod listed_logs;
mod log_pass;
mod mirror_keys;
mod mirror_selection;
mod output;
mod public_keys;
mod verify_result;
mod verify_scope;

use std::fmt;

use clap::{ArgMatches, CommandFactory, FromArgMatches};
use indicatif::HumanCount;
use rayon::{ThreadPool, ThreadPoolBuilder};

use self::args::{VerifyArgs, VerifyRequest};
use self::aws_report::AwsReport;
use self::digest_pass::DigestPass;
use self::first_member::FileReaders;
use self::key_base::key_base;
use self::log_pass::LogPass;
use self::mirror_selection::mirror_folders;
use self::public_keys::public_keys;
use self::verify_result::{DayCounts, VerifyResult};
use self::verify_scope::VerifyScope;
use super::{Command, Context};
use crate::cli::command_help::{REGION, ROW_FORMATS, hide_options, list_formats, reword_options};
use crate::cli::parse_error::usage_error;
use crate::cloudtrail::digest::chain_ends::close_ends;
use crate::cloudtrail::digest::check::KeyRing;
use crate::cloudtrail::digest::verdict::LogVerdict;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::error::exit::Exit;
use crate::report::{Report, SyncTotals, count};

/// The command `verify`.
#[derive(Debug)]
pub struct VerifyCommand;

/// What all steps of a verification share.
struct VerifyRun<'a> {
    scope: &'a VerifyScope,
    keys: &'a KeyRing,
    pool: &'a ThreadPool,
    readers: &'a FileReaders,
    report: &'a Report,
    stop: &'a Cancellation,
}

/// The last line.
struct VerifyTotals {
    /// What was mirrored first, if anything was.
    mirrored: Option<SyncTotals>,
    total: DayCounts,
    gaps: u64,
    foreign: u64,
    is_proven: bool,
}

impl Command for VerifyCommand {
    fn definition(&self) -> clap::Command {
        // They are known, so that the message can say what to do.
        let hidden = ["event_history", "no_pushdown", "keys_from", "kind", "org_id"];
        let helps = [
            ("bucket", "Mirror this S3 bucket with its digests, then verify the mirror"),
            ("since", "Log files delivered from this time on, such as 30d; the forms are those of the main command"),
            ("until", "Log files delivered before this time"),
            ("region", REGION),
        ];
        list_formats(reword_options(hide_options(VerifyArgs::command(), hidden), helps), ROW_FORMATS)
    }

    fn run(&self, typed: &ArgMatches, context: &Context) -> Result<Exit, Error> {
        let args = VerifyArgs::from_arg_matches(typed).map_err(|error| usage_error(&error))?;
        let request = VerifyRequest::new(args, context)?;
        let report = Report::new(request.verbosity, request.writes_stdout());
        let outcome = context.work(&report, |stop| run(&request, &report, stop));
        Ok(match outcome {
            Ok(totals) => {
                let archived = totals.mirrored.as_ref().and_then(|mirrored| mirrored.fetched.archived());
                let is_proven = totals.is_proven && report.problems() == 0 && archived.is_none();
                report.finish(&totals, archived);
                if is_proven { Exit::Done } else { Exit::Partial }
            }
            Err(fatal) => context.fail(&report, fatal),
        })
    }
}

fn run(request: &VerifyRequest, report: &Report, stop: &Cancellation) -> Result<VerifyTotals, Error> {
    let mirrored = request.inputs.mirror(report, stop)?;
    let mirrors = mirror_folders(&request.inputs.all_folders())?;
    let keys = public_keys(request, &mirrors, report, stop)?;
    let pool = ThreadPoolBuilder::new().num_threads(request.threads).thread_name(|at| format!("verifier {at}")).build();
    let pool = pool.map_err(|error| Error::Failed(format!("threads cannot be started: {error}")))?;
    let readers = FileReaders::new(request.threads);
    let run = VerifyRun { scope: &request.scope, keys: &keys, pool: &pool, readers: &readers, report, stop };
    let aws = request.is_aws_format.then(|| AwsReport::new(request.verbosity.verbose > 0));
    let (mut result, mut digests) = (VerifyResult::new(aws), 0);
    for mirror in &mirrors {
        let base = key_base(&run, mirror)?;
        let named = DigestPass::new(&run, mirror, &base, result.chains.len()).run(&mut result)?;
        digests += named.digests;
        let chains = LogPass::run(&run, mirror, &base, named, &mut result)?;
        result.chains.extend(chains);
    }
    report.clear();
    if digests == 0 {
        return Err(Error::Failed(no_digests(request)));
    }
    close_ends(&mut result.chains, request.scope.window, request.now);
    result.gaps = result.chains.iter().map(|chain| chain.gaps.len() as u64).sum();
    for (key, digests) in &result.keys {
        let digests = count(*digests, "digest");
        report.note(&format!("public key {} ({}, {digests}), from {}", key.fingerprint, key.region, key.source));
    }
    let totals = VerifyTotals {
        mirrored,
        total: result.total,
        gaps: result.gaps,
        foreign: result.foreign,
        is_proven: result.is_proven(),
    };
    match result.aws.take() {
        Some(aws) => aws.print(&result.chains, request, report)?,
        None => output::write(request, result, stop)?,
    }
    Ok(totals)
}

fn no_digests(request: &VerifyRequest) -> String {
    let inputs: Vec<String> = request.inputs.names();
    let inputs = inputs.join(", ");
    format!(
        "{inputs}: no digests of the requested accounts, regions and times; mirror them with trail2tsv sync --digests"
    )
}

impl fmt::Display for VerifyTotals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(mirrored) = &self.mirrored {
            write!(f, "{}; ", mirrored.downloads())?;
        }
        let DayCounts { good_digests, bad_digests, .. } = self.total;
        let proven = HumanCount(self.total.of(LogVerdict::Proven));
        write!(f, "{proven} of {} proven", count(self.total.all_logs(), "log file"))?;
        for verdict in LogVerdict::ALL.into_iter().filter(|verdict| *verdict != LogVerdict::Proven) {
            let number = self.total.of(verdict);
            if number > 0 {
                write!(f, ", {} {}", HumanCount(number), in_words(verdict))?;
            }
        }
        write!(f, "; {} of {} valid", HumanCount(good_digests), count(good_digests + bad_digests, "digest"))?;
        if self.gaps > 0 {
            write!(f, "; {} without a proven digest", count(self.gaps, "time"))?;
        }
        if self.foreign > 0 {
            write!(f, "; {} of other services not checked", count(self.foreign, "file"))?;
        }
        if let Some(archived) = self.mirrored.as_ref().and_then(|mirrored| mirrored.fetched.archived()) {
            write!(f, "; {archived}")?;
        }
        Ok(())
    }
}

fn in_words(verdict: LogVerdict) -> &'static str {
    match verdict {
        LogVerdict::ExtraBytes => "with extra bytes",
        other => other.name(),
    }
}
