//! The option for part files, and the description of the request in their headers.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command};
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use super::source::BucketArgs;
use super::work::{VerbosityArgs, WorkArgs};
use crate::error::{Error, io_message};
use crate::filter::spec::FilterSpec;
use crate::source::spec::Input;
use crate::syntax::value_list::named_file;

/// The option for a part instead of the result.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Output")]
pub struct PartialArgs {
    /// Write a part of the result, for trail2tsv merge
    ///
    /// For a run over some of the files, such as those of --keys-from. trail2tsv merge joins
    /// the parts into the result of one run over all files. - is standard output.
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub partial: Option<PathBuf>,
}

impl PartialArgs {
    /// Checks where the part goes. `output` is the file of the result.
    pub fn check(&self, output: Option<&PathBuf>, is_terminal: bool) -> Result<(), Error> {
        let Some(partial) = &self.partial else { return Ok(()) };
        if output.is_some() {
            return Err(Error::about("--partial", " takes the place of --output; name the result in trail2tsv merge"));
        }
        if partial.as_os_str() == "-" && is_terminal {
            return Err(Error::about("--partial -", ": refusing to write a part to a terminal; name a file"));
        }
        Ok(())
    }

    /// Checks that there are parts of these inputs.
    pub fn check_inputs(&self, inputs: &[Input]) -> Result<(), Error> {
        let has_history = inputs.iter().any(|input| matches!(input, Input::EventHistory(_)));
        match self.partial.is_some() && has_history {
            false => Ok(()),
            true => Err(Error::about("--partial", " is for files and objects; the event history has no parts")),
        }
    }
}

/// A name by which other machines know a time zone.
pub fn zone_name(zone: &TimeZone) -> Result<String, Error> {
    let offset = || zone.to_fixed_offset().ok().map(|offset| offset.to_string());
    let name = zone.iana_name().map(str::to_string).or_else(offset);
    name.ok_or_else(|| Error::option("--time-zone", "local", "has no name here; name it, such as Europe/Berlin"))
}

/// The options of a question that shape its result, each with its values, in a form that does not
/// depend on the time and the machine: times are absolute, and lists and databases are hashes.
/// `others` are further options that shape nothing.
pub fn shaping_options(
    definition: &Command,
    typed: &ArgMatches,
    filter: &FilterSpec,
    others: &[&str],
) -> Result<BTreeMap<String, Vec<String>>, Error> {
    let shapeless = shapeless();
    let mut options = BTreeMap::new();
    for argument in definition.get_arguments() {
        let name = argument.get_id().as_str();
        let is_typed = typed.value_source(name) == Some(ValueSource::CommandLine);
        if !is_typed || shapeless.contains(name) || others.contains(&name) {
            continue;
        }
        let values = typed.get_raw(name).into_iter().flatten().map(|value| value.to_string_lossy().into_owned());
        let values = match name {
            "networks" | "geoip" => values.map(|file| file_hash(name, &file)).collect::<Result<_, _>>()?,
            _ if argument.get_action().takes_values() => values.collect(),
            _ => Vec::new(),
        };
        options.insert(argument.get_long().unwrap_or(name).to_string(), values);
    }
    for (option, typed) in filter.options.iter().filter(|(option, _)| option.takes_lists()) {
        if option.split(typed).iter().any(|value| named_file(value).is_some()) {
            let mut hash = Sha256::new();
            filter.options.list(option.flag).iter().for_each(|value| hash.update(format!("{value}\n")));
            options.insert(option.name().to_string(), vec![hashed(hash)]);
        }
    }
    for (name, time) in [("since", filter.window.since), ("until", filter.window.until)] {
        options.remove(name);
        options.extend(time.map(|time| (name.to_string(), vec![time.to_string()])));
    }
    Ok(options)
}

/// The options that shape no result: what is read, how, and where the result goes.
fn shapeless() -> BTreeSet<String> {
    let names = ["inputs", "partial", "output"].map(String::from);
    let groups = [
        BucketArgs::augment_args(Command::new("")),
        WorkArgs::augment_args(Command::new("")),
        VerbosityArgs::augment_args(Command::new("")),
    ];
    let ids = groups.iter().flat_map(|group| group.get_arguments().map(|argument| argument.get_id().to_string()));
    names.into_iter().chain(ids).collect()
}

fn file_hash(option: &str, file: &str) -> Result<String, Error> {
    let mut hash = HashWriter(Sha256::new());
    let read = std::fs::File::open(file).and_then(|mut file| io::copy(&mut file, &mut hash));
    read.map_err(|error| {
        Error::option(&format!("--{option}"), file, format!("cannot be read: {}", io_message(&error)))
    })?;
    Ok(hashed(hash.0))
}

fn hashed(hash: Sha256) -> String {
    const SHOWN: usize = 16;
    let bytes = hash.finalize();
    let digits: String = bytes[..SHOWN].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

/// Hashes what is written.
struct HashWriter(Sha256);

impl io::Write for HashWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
