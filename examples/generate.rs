//! Writes a folder of made-up CloudTrail logs, as a bucket has them: for experiments,
//! for measurements, and to make `testdata/` again.

#![allow(clippy::print_stderr, reason = "a program for the terminal")]

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::{Parser, ValueEnum};
use testkit::logs::{Corpus, Population, WriteTotals, sample, write};

/// Write made-up CloudTrail logs below DIR, as a bucket has them:
/// AWSLogs/ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/….json.gz
///
/// The same options always write the same events.
#[derive(Parser)]
#[command(after_help = "Examples:\n  \
    generate --preset busy /tmp/busy\n  \
    generate --events 50000 --files 200 --accounts 1 --seed 7 /tmp/some\n  \
    generate --preset sample testdata")]
struct Options {
    /// The settings to start from; the other options change them
    #[arg(long, value_enum, default_value_t = Preset::Busy)]
    preset: Preset,
    /// Number of events in all files together
    #[arg(long)]
    events: Option<u32>,
    /// Number of files
    #[arg(long)]
    files: Option<u32>,
    /// Spread of the sizes of files (the sigma of a log-normal distribution)
    #[arg(long)]
    spread: Option<f64>,
    /// Number of accounts
    #[arg(long, value_parser = at_most(Corpus::MAX_ACCOUNTS))]
    accounts: Option<u32>,
    /// Approximate number of identities for each account; 0: about forty, with sessions of an hour
    #[arg(long)]
    identities: Option<u32>,
    /// Number of regions for each account
    #[arg(long, value_parser = at_most(Corpus::MAX_REGIONS))]
    regions: Option<u32>,
    /// Number of days
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    days: Option<u32>,
    /// Put the accounts under this organisation, such as o-exampleorg
    #[arg(long, value_name = "ID")]
    organisation: Option<String>,
    /// Deliver this percentage of files twice, as two trails into one bucket do
    #[arg(long, value_name = "PERCENT")]
    twice: Option<u32>,
    /// Another seed: other events of the same kind
    #[arg(long)]
    seed: Option<u64>,
    /// The folder to write below
    dir: PathBuf,
}

#[derive(Clone, Copy, Eq, PartialEq, ValueEnum)]
enum Preset {
    /// A day of 300,000 events in 815 files: over 400 MB of JSON
    Busy,
    /// A month of a quiet organisation: 100,000 files of a few events
    Tiny,
    /// The small bucket of testdata/, with its story; takes no other option
    Sample,
}

fn at_most(most: usize) -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=most as i64)
}

impl Options {
    fn corpus(&self) -> anyhow::Result<Corpus> {
        let preset = match self.preset {
            Preset::Tiny => Corpus::tiny(),
            _ => Corpus::busy(),
        };
        let corpus = Corpus {
            seed: self.seed.unwrap_or(preset.seed),
            files: self.files.unwrap_or(preset.files),
            events: self.events.unwrap_or(preset.events),
            spread: self.spread.unwrap_or(preset.spread),
            accounts: self.accounts.map_or(preset.accounts, |accounts| accounts as usize),
            organisation: self.organisation.clone().or(preset.organisation),
            regions: self.regions.map_or(preset.regions, |regions| regions as usize),
            first_day: preset.first_day,
            days: self.days.unwrap_or(preset.days),
            twice: self.twice.unwrap_or(preset.twice),
            population: match (self.identities, preset.population) {
                (Some(0), _) => None,
                (Some(identities), Some(population)) => Some(Population { identities, ..population }),
                (_, population) => population,
            },
        };
        ensure!(
            corpus.events >= corpus.files,
            "--events {} --files {}: every file has at least one event",
            corpus.events,
            corpus.files
        );
        Ok(corpus)
    }

    fn changes_the_preset(&self) -> bool {
        let numbers = [self.events, self.files, self.accounts, self.identities, self.regions, self.days, self.twice];
        numbers.iter().any(Option::is_some)
            || self.spread.is_some()
            || self.seed.is_some()
            || self.organisation.is_some()
    }

    fn write(&self) -> anyhow::Result<WriteTotals> {
        let written = match self.preset {
            Preset::Sample => {
                ensure!(!self.changes_the_preset(), "--preset sample takes no other option");
                sample::write(&self.dir)
            }
            _ => {
                let corpus = self.corpus()?;
                write(&self.dir, &corpus.files(), || corpus.generator())
            }
        };
        written.with_context(|| format!("{}: cannot be written", self.dir.display()))
    }
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let WriteTotals { files, events, json, gzip } = options.write()?;
    eprintln!(
        "{}: {files} files, {events} events, {json} bytes of JSON, {gzip} bytes of gzip ({:.1}x)",
        options.dir.display(),
        json as f64 / gzip.max(1) as f64
    );
    Ok(())
}
