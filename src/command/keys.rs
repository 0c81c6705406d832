//! The command `keys`: lists the objects of a window with their sizes, or splits them into
//! shards of about equal size, which other runs read with `--keys-from`.
//!
//! ```text
//!  bucket, mirror, folder ──objects──▶ lines
//!                            └─▶ split ──▶ a file for each shard
//! ```

mod args;
mod listing;
mod shard_folder;
mod sharding;

use clap::{ArgMatches, CommandFactory, FromArgMatches};

use self::args::{KeysArgs, KeysRequest, SplitRequest};
use self::listing::{KeyTotals, each_object};
use self::shard_folder::ShardFolder;
use self::sharding::ShardedList;
use super::{Command, Context};
use crate::cli::command_help::{REGION, hide_options, reword_options};
use crate::cli::parse_error::usage_error;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::error::exit::Exit;
use crate::report::Report;
use crate::sink::target::Target;
use crate::source::key_list::line::write_path;

/// The command `keys`.
#[derive(Debug)]
pub struct KeysCommand;

impl Command for KeysCommand {
    fn definition(&self) -> clap::Command {
        // They are known, so that the message can say what to do.
        let command = hide_options(KeysArgs::command(), ["event_history", "no_pushdown", "keys_from", "jobs"]);
        let kind = "Kinds of logs to list [default: cloudtrail]";
        reword_options(command, [("bucket", "S3 bucket to list"), ("kind", kind), ("region", REGION)])
    }

    fn run(&self, typed: &ArgMatches, context: &Context) -> Result<Exit, Error> {
        let args = KeysArgs::from_arg_matches(typed).map_err(|error| usage_error(&error))?;
        let request = KeysRequest::new(args, context)?;
        let report = Report::new(request.verbosity, request.output.is_none());
        let outcome = context.work(&report, |stop| match &request.split {
            Some(into) => split(&request, into, &report, stop),
            None => list(&request, &report, stop),
        });
        Ok(match outcome {
            Ok(totals) => {
                let is_partial = report.problems() > 0 || totals.archived > 0;
                report.finish(&totals, totals.archived_advice());
                if is_partial { Exit::Partial } else { Exit::Done }
            }
            Err(fatal) => context.fail(&report, fatal),
        })
    }
}

/// Writes a line for each object.
fn list(request: &KeysRequest, report: &Report, stop: &Cancellation) -> Result<KeyTotals, Error> {
    const BUFFER: usize = 64 << 10;
    let mut target = Target::open(request.output.as_deref())?;
    let mut lines = Vec::new();
    let totals = each_object(request, report, stop, |object| {
        object.write(&mut lines);
        if lines.len() < BUFFER {
            return Ok(());
        }
        target.write(&lines)?;
        lines.clear();
        Ok(())
    })?;
    target.write(&lines)?;
    target.finish()?;
    Ok(totals)
}

/// Writes the objects into a file for each shard, and a row about each file.
fn split(request: &KeysRequest, into: &SplitRequest, report: &Report, stop: &Cancellation) -> Result<KeyTotals, Error> {
    let mut folder = ShardFolder::new(&into.folder, into.shards)?;
    let mut all = ShardedList::new()?;
    let totals = each_object(request, report, stop, |object| all.add(object))?;
    all.each_line(into.shards, |shard, line, size| match stop.is_interrupted() {
        true => Err(Error::Interrupted),
        false => folder.line(shard, line, size),
    })?;
    let mut rows = b"shard\tobjects\tbytes\n".to_vec();
    for shard in folder.finish()? {
        write_path(&shard.path, &mut rows);
        rows.extend_from_slice(format!("\t{}\t{}\n", shard.objects, shard.bytes).as_bytes());
    }
    let mut target = Target::open(None)?;
    target.write(&rows)?;
    target.finish()?;
    Ok(totals)
}
