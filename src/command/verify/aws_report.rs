//! What `aws cloudtrail validate-logs` says about the same objects, for those who compare. It
//! checks one trail in one region at a time, from the newest digest back to the oldest.

use std::io::Write;

use jiff::Timestamp;

use super::args::VerifyRequest;
use super::listed_logs::ListedEntry;
use crate::cloudtrail::digest::chain::{Chain, GapReason};
use crate::cloudtrail::digest::check::DigestProblem;
use crate::cloudtrail::digest::name::ChainId;
use crate::cloudtrail::digest::verdict::LogVerdict;
use crate::error::Error;
use crate::report::Report;
use crate::spill::sort::ExternalSorter;
use crate::syntax::window::Window;

/// The lines of all chains, kept on disk until they are printed in its order.
#[derive(Debug)]
pub(super) struct AwsReport {
    lines: ExternalSorter,
    chains: Vec<AwsChain>,
    /// Whether valid objects have lines too.
    is_verbose: bool,
}

/// The numbers of a chain.
#[derive(Clone, Copy, Debug, Default)]
struct AwsChain {
    digests: ValidCount,
    logs: ValidCount,
}

#[derive(Clone, Copy, Debug, Default)]
struct ValidCount {
    valid: u64,
    invalid: u64,
}

/// The order of lines about the same digest.
#[derive(Clone, Copy)]
enum LineOrder {
    GapBefore,
    Digest,
    Log(u32),
}

impl AwsReport {
    pub(super) fn new(is_verbose: bool) -> AwsReport {
        AwsReport { lines: ExternalSorter::new(None), chains: Vec::new(), is_verbose }
    }

    /// Adds a digest with the end of its time.
    pub(super) fn digest(
        &mut self,
        chain: usize,
        id: &ChainId,
        address: &str,
        end: Timestamp,
        problem: Option<&DigestProblem>,
    ) -> Result<(), Error> {
        let verdict = problem.and_then(|problem| digest_verdict(problem, id));
        self.chain(chain).digests.count(verdict.is_none());
        self.status(chain, end, LineOrder::Digest, &format!("Digest file\t{address}"), verdict)
    }

    /// Adds a log file that a digest lists.
    pub(super) fn log(
        &mut self,
        chain: usize,
        entry: &ListedEntry,
        address: &str,
        verdict: LogVerdict,
        detail: &str,
    ) -> Result<(), Error> {
        let invalid = match verdict {
            LogVerdict::Proven => None,
            LogVerdict::ExtraBytes => Some("unexpected data after end of compressed stream"),
            LogVerdict::Missing => Some("not found"),
            LogVerdict::Altered if detail.contains("gzip") && !detail.contains("early") => Some("invalid format"),
            LogVerdict::Altered => Some("hash value doesn't match"),
            // It ends with an error here.
            LogVerdict::InNoDigest | LogVerdict::NotProven => return Ok(()),
        };
        self.chain(chain).logs.count(invalid.is_none());
        let order = LineOrder::Log(entry.position);
        let end = Timestamp::from_second(entry.end).unwrap_or(Timestamp::MIN);
        self.status(chain, end, order, &format!("Log file\t{address}"), invalid.map(String::from))
    }

    fn chain(&mut self, chain: usize) -> &mut AwsChain {
        if self.chains.len() <= chain {
            self.chains.resize(chain + 1, AwsChain::default());
        }
        &mut self.chains[chain]
    }

    fn status(
        &mut self,
        chain: usize,
        end: Timestamp,
        order: LineOrder,
        object: &str,
        invalid: Option<String>,
    ) -> Result<(), Error> {
        match invalid {
            Some(reason) => self.line(chain, end, order, true, &format!("{object}\tINVALID: {reason}")),
            None if self.is_verbose => self.line(chain, end, order, false, &format!("{object}\tvalid")),
            None => Ok(()),
        }
    }

    fn line(
        &mut self,
        chain: usize,
        end: Timestamp,
        order: LineOrder,
        is_error: bool,
        line: &str,
    ) -> Result<(), Error> {
        let chain = u32::try_from(chain).unwrap_or(u32::MAX).to_be_bytes();
        // The newest first.
        let end = (i64::MAX - end.as_second()).to_be_bytes();
        let (order, position) = match order {
            LineOrder::GapBefore => (0, 0),
            LineOrder::Digest => (1, 0),
            LineOrder::Log(position) => (2, position),
        };
        let key = [&chain[..], &end, &[order], &position.to_be_bytes()].concat();
        let row = [&chain[..], &[u8::from(is_error)], line.as_bytes()].concat();
        self.lines.push(&key, &row)
    }

    /// Prints the lines of all chains, which must be in the order of their numbers.
    pub(super) fn print(mut self, chains: &[Chain], request: &VerifyRequest, report: &Report) -> Result<(), Error> {
        for (number, chain) in chains.iter().enumerate() {
            for gap in chain.gaps.iter().filter(|gap| gap.reason == GapReason::NewChain) {
                if let Some((from, until)) = gap.from.zip(gap.until) {
                    let text = format!("No log files were delivered by CloudTrail between {from} and {until}");
                    self.line(number, from, LineOrder::GapBefore, true, &text)?;
                }
            }
        }
        self.chain(chains.len());
        let window = Window { until: Some(request.scope.window.until.unwrap_or(request.now)), ..request.scope.window };
        let mut printer = AwsPrinter { chains, numbers: &self.chains, window, report, open: None, is_spaced: true };
        self.lines.each_row(|row| match row.split_first_chunk() {
            Some((chain, [is_error, line @ ..])) => {
                printer.turn_to(u32::from_be_bytes(*chain) as usize)?;
                printer.status(*is_error == 1, &String::from_utf8_lossy(line))
            }
            _ => Ok(()),
        })?;
        printer.turn_to(chains.len())
    }
}

/// Writes the lines, and what is around those of each chain.
struct AwsPrinter<'a> {
    chains: &'a [Chain],
    numbers: &'a [AwsChain],
    window: Window,
    report: &'a Report,
    /// The chain whose lines are printed now.
    open: Option<usize>,
    /// Whether an empty line was printed last.
    is_spaced: bool,
}

impl AwsPrinter<'_> {
    /// Completes the chains up to this one, and begins it.
    fn turn_to(&mut self, chain: usize) -> Result<(), Error> {
        while self.open.is_none_or(|open| open < chain) {
            if let Some(open) = self.open {
                self.summary(open)?;
            }
            let next = self.open.map_or(0, |open| open + 1);
            self.open = Some(next);
            if next < self.chains.len() {
                self.begin(next)?;
            }
        }
        Ok(())
    }

    fn begin(&mut self, number: usize) -> Result<(), Error> {
        let id = &self.chains[number].id;
        self.report.note(&id.to_string());
        let (start, end) = self.requested(number);
        self.is_spaced = true;
        let ChainId { account, trail, home_region, .. } = id;
        let partition = match home_region {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        let arn = format!("arn:{partition}:cloudtrail:{home_region}:{account}:trail/{trail}");
        print(&format!("Validating log files for trail {arn} between {start} and {end}\n\n"))
    }

    fn status(&mut self, is_error: bool, line: &str) -> Result<(), Error> {
        let before = if is_error && !self.is_spaced { "\n" } else { "" };
        self.is_spaced = is_error;
        match is_error {
            true => {
                // Nothing is lost if standard error is closed.
                let _ = write!(std::io::stderr(), "{before}{}\n\n", shown(line));
                Ok(())
            }
            false => print(&format!("{}\n", shown(line))),
        }
    }

    fn summary(&mut self, number: usize) -> Result<(), Error> {
        let (start, end) = self.requested(number);
        let chain = &self.chains[number];
        let space = if self.is_spaced { "" } else { "\n" };
        let mut text = format!("{space}Results requested for {start} to {end}\n");
        let AwsChain { digests, logs } = self.numbers[number];
        match (chain.covered.first(), chain.covered.last()) {
            (Some((first, _)), Some((_, last))) => {
                text += &format!("Results found for {} to {}:\n", start.max(whole(*first)), end.min(whole(*last)));
            }
            _ => text += "No valid digests found in range\n",
        }
        for (count, name) in [(digests, "digest"), (logs, "log")] {
            text += &count.ratio(name);
        }
        print(&(text + "\n"))
    }

    /// The times that were asked for; those of the digests if there is no `--since`.
    fn requested(&self, number: usize) -> (Timestamp, Timestamp) {
        let first = self.chains[number].covered.first().map(|(start, _)| *start);
        let end = whole(self.window.until.unwrap_or(Timestamp::MAX));
        (whole(self.window.since.or(first).unwrap_or(end)), end)
    }
}

impl ValidCount {
    fn count(&mut self, is_valid: bool) {
        self.valid += u64::from(is_valid);
        self.invalid += u64::from(!is_valid);
    }

    fn ratio(self, name: &str) -> String {
        let ValidCount { valid, invalid } = self;
        let all = valid + invalid;
        match (all, invalid) {
            (0, _) => String::new(),
            (_, 0) => format!("\n{valid}/{all} {name} files valid"),
            _ => format!("\n{valid}/{all} {name} files valid, {invalid}/{all} {name} files INVALID"),
        }
    }
}

/// What it says about a digest; `None` if it finds nothing wrong.
fn digest_verdict(problem: &DigestProblem, id: &ChainId) -> Option<String> {
    Some(match problem {
        DigestProblem::ExtraBytes(_) | DigestProblem::Replaced(_) | DigestProblem::Name => return None,
        DigestProblem::Missing => "not found".into(),
        DigestProblem::Moved(_) => "has been moved from its original location".into(),
        DigestProblem::UnknownKey { fingerprint, .. } => {
            format!("public key not found in region {} for fingerprint {fingerprint}", id.home_region)
        }
        DigestProblem::UnusableKey(fingerprint) => {
            format!("Unable to load PKCS #1 key with fingerprint {fingerprint}")
        }
        DigestProblem::NoSignature
        | DigestProblem::SignatureForm
        | DigestProblem::Algorithm(_)
        | DigestProblem::Changed => "signature verification failed".into(),
        DigestProblem::Unreadable(_)
        | DigestProblem::Damaged(_)
        | DigestProblem::TooLong(_)
        | DigestProblem::Format(_) => "invalid format".into(),
    })
}

/// A time without parts of seconds.
fn whole(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// A line that cannot control a terminal; its tabs stay.
fn shown(line: &str) -> String {
    line.split('\t').map(crate::report::printable).collect::<Vec<_>>().join("\t")
}

fn print(text: &str) -> Result<(), Error> {
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| Error::write("standard output", &error))
}
