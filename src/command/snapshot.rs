//! The command `snapshot`: the present state of an account as files for git.
//!
//! ```text
//!  regions ──▶ lists ──▶ XML elements ──▶ values ──▶ documents ──▶ folder
//! ```
//!
//! A list of a region is read to its end before one of its files is written or removed.

mod account_reader;
mod args;
mod element_value;
mod failures;
mod region_reader;
mod resource_list;
mod rule_lines;

use std::fmt;
use std::path::PathBuf;

use clap::{ArgMatches, CommandFactory, FromArgMatches};
use indicatif::HumanCount;

use self::account_reader::{AccountReader, ListResult};
use self::args::SnapshotArgs;
use self::failures::ListFailures;
use super::{Command, Context};
use crate::cli::parse_error::usage_error;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::error::exit::Exit;
use crate::report::{Report, count};
use crate::sink::document::DocumentFormat;
use crate::sink::document::folder::{DocumentFolder, DocumentKind, FolderChanges};
use crate::sink::document::path::{document_path, kind_folder};
use crate::source::aws::{Connection, runtime, unless_stopped};

/// The command `snapshot`.
#[derive(Debug)]
pub struct SnapshotCommand;

/// What is asked for.
struct SnapshotRequest {
    folder: PathBuf,
    format: DocumentFormat,
    /// The regions that were named; none means all that are enabled.
    regions: Vec<String>,
    connection: Connection,
}

/// What a run read and wrote.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct SnapshotTotals {
    resources: u64,
    /// Regions of which something was read.
    regions: u64,
    changes: FolderChanges,
}

impl Command for SnapshotCommand {
    fn definition(&self) -> clap::Command {
        SnapshotArgs::command()
    }

    fn run(&self, typed: &ArgMatches, context: &Context) -> Result<Exit, Error> {
        let args = SnapshotArgs::from_arg_matches(typed).map_err(|error| usage_error(&error))?;
        let report = Report::new(args.verbosity.verbosity(), false);
        let request = SnapshotRequest::new(args)?;
        let outcome = context.work(&report, |stop| run(&request, &report, stop));
        Ok(match outcome {
            Ok(totals) => {
                report.finish(&totals, None);
                if report.problems() > 0 { Exit::Partial } else { Exit::Done }
            }
            Err(fatal) => context.fail(&report, fatal),
        })
    }
}

impl SnapshotRequest {
    fn new(args: SnapshotArgs) -> Result<SnapshotRequest, Error> {
        let connection = args.connection.connection()?;
        let folder = args.folder.or(args.output).ok_or_else(|| Error::usage("snapshot needs a folder to write to"))?;
        let mut regions = args.regions;
        regions.sort();
        regions.dedup();
        Ok(SnapshotRequest { folder, format: args.format, regions, connection })
    }
}

fn run(request: &SnapshotRequest, report: &Report, stop: &Cancellation) -> Result<SnapshotTotals, Error> {
    // Before the requests, so that a folder that cannot be written is reported at once.
    let mut folder = DocumentFolder::open(&request.folder, DocumentKind::Snapshot)?;
    let runtime = runtime()?;
    runtime.block_on(unless_stopped(stop, take(request, &mut folder, report)))
}

/// Reads the account, and writes each list when it is complete.
async fn take(
    request: &SnapshotRequest,
    folder: &mut DocumentFolder,
    report: &Report,
) -> Result<SnapshotTotals, Error> {
    report.progress("connecting");
    let mut reader = AccountReader::connect(&request.connection, &request.regions, request.format).await?;
    report.detail(1, || format!("account {}, {}", reader.account(), count(reader.regions() as u64, "region")));
    let (mut totals, mut failures) = (SnapshotTotals::default(), ListFailures::default());
    while let Some(list) = reader.next().await? {
        totals.resources += write(&list, request.format, folder, report)?;
        let ListResult { scope, kind, result } = list;
        failures.add(scope.region.to_string(), kind, result.err())?;
        let (read, all) = reader.progress();
        report.progress(&format!("{read} of {all} lists, {}", count(totals.resources, "resource")));
    }
    totals.regions = failures.finish(report)?;
    totals.changes = folder.changes;
    if report.problems() == 0 {
        folder.set_complete()?;
    }
    Ok(totals)
}

/// Writes the documents of a list, and removes those of resources that are gone, unless the
/// list could not be read. Returns the number of resources.
fn write(
    list: &ListResult,
    format: DocumentFormat,
    folder: &mut DocumentFolder,
    report: &Report,
) -> Result<u64, Error> {
    let Ok(documents) = &list.result else { return Ok(0) };
    for (id, text) in documents {
        let path = document_path(&list.scope, list.kind, id, format);
        folder.write(&path, text)?;
        report.detail(2, || path.display().to_string());
    }
    folder.remove_others(&kind_folder(&list.scope, list.kind))?;
    Ok(documents.len() as u64)
}

impl fmt::Display for SnapshotTotals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FolderChanges { added, changed, removed } = self.changes;
        let [added, changed, removed] = [added, changed, removed].map(HumanCount);
        let (resources, regions) = (count(self.resources, "resource"), count(self.regions, "region"));
        write!(f, "{resources} in {regions}: {added} added, {changed} changed, {removed} removed")
    }
}
