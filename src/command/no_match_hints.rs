//! Hints for options that matched no event. If a run wrote no row, or a value of a list
//! matched no event, a sample of the files is read again to find similar values.
//!
//! A run without such an option reads nothing again. The number of sampled files, bytes
//! and names is bounded.

mod lone_condition;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use self::lone_condition::{LoneCondition, single_conditions, single_values};
use crate::cloudtrail::field::Field;
use crate::cloudtrail::keys::Scope;
use crate::cloudtrail::time;
use crate::decode::Decoder;
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::engine::request::ReadRequest;
use crate::error::cancel::Cancellation;
use crate::filter::Filter;
use crate::filter::options::{ConditionKind, FilterOption};
use crate::filter::spec::FilterSpec;
use crate::report::{Coverage, count};
use crate::source::LogFile;
use crate::source::file::inflate::Inflater;
use crate::source::file::opener::FileOpener;
use crate::source::s3::mirror_root::{MirrorEntry, MirrorRoot};
use crate::source::spec::{BucketInput, Input};
use crate::source::walk::{WalkEntry, walk, walk_mirror};
use crate::syntax::glob::UnmatchedValues;
use crate::syntax::suggest::nearest;
use crate::syntax::window::Window;

/// The most files to sample.
const FILES: usize = 64;
/// The most paths to choose the sample from.
const PATHS: usize = 20_000;
/// The most bytes to decode; the last file may exceed it.
const BYTES: u64 = 8 << 20;
/// The most different values to count per option.
const NAMES: usize = 4096;

/// The hints for a finished run: empty if it wrote rows and each value of a list
/// matched an event.
pub fn hints(
    request: &ReadRequest,
    coverage: &Coverage,
    unmatched: &[UnmatchedValues],
    stop: &Cancellation,
) -> Vec<String> {
    if coverage.rows == 0 {
        let sample = sample(request, single_conditions(&request.filter), stop);
        return sample.map_or(Vec::new(), |sample| sample.hints(&request.filter));
    }
    let conditions: Vec<LoneCondition> =
        unmatched.iter().flat_map(|unmatched| single_values(unmatched, &request.filter)).collect();
    match conditions.is_empty() {
        true => Vec::new(),
        false => sample(request, conditions, stop).map_or(Vec::new(), HintSample::names),
    }
}

/// Reads a sample of the files of a run; `None` if there is nothing to explain.
fn sample(request: &ReadRequest, conditions: Vec<LoneCondition>, stop: &Cancellation) -> Option<HintSample> {
    let mut sample = HintSample::new(conditions, request.filter.window)?;
    let sources = sources(&request.inputs);
    // Spread over all files: the first ones often belong to one account and region.
    for source in sources.iter().step_by(sources.len().div_ceil(FILES).max(1)) {
        if sample.bytes > BYTES || stop.is_interrupted() {
            break;
        }
        sample.file(source);
    }
    Some(sample)
}

fn sources(inputs: &[Input]) -> Vec<LogFile> {
    let mut sources = Vec::new();
    for input in inputs {
        let root = match input {
            Input::Stdin => continue,
            Input::Path(path) => path.clone(),
            Input::Bucket(bucket) => {
                mirrored(bucket, &mut sources);
                continue;
            }
        };
        let is_readable = |root: &Path| std::fs::metadata(root).is_ok_and(|root| root.is_file() || root.is_dir());
        if !is_readable(&root) {
            continue;
        }
        // Errors were reported by the run itself.
        let _ = walk(&root, &Scope::since(Window::default()), |met| {
            sources.extend(if let WalkEntry::File(path) = met { Some(LogFile::file(path)) } else { None });
            enough(&sources)
        });
    }
    sources
}

fn enough(sources: &[LogFile]) -> ControlFlow<()> {
    if sources.len() < PATHS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}

/// Adds the files of a mirror. They are opened relative to its root, so that a link
/// cannot lead out of it.
fn mirrored(bucket: &BucketInput, sources: &mut Vec<LogFile>) {
    let prefix = Path::new(bucket.location.object_key());
    let Ok(mirror) = MirrorRoot::open(&bucket.mirror).map(Arc::new) else { return };
    let source = |path| LogFile { below: Some(Arc::clone(&mirror)), ..LogFile::file(path) };
    let root = bucket.mirror.join(prefix);
    if mirror.folder(prefix).is_ok() {
        let _ = walk_mirror(&root, &Scope::since(Window::default()), |met| {
            sources.extend(if let WalkEntry::File(path) = met { Some(source(path)) } else { None });
            enough(sources)
        });
    } else if let Ok(Some(MirrorEntry::File(_))) = mirror.find(prefix) {
        sources.push(source(root));
    }
}

/// A condition tested alone, and the values that events have in its field.
struct HintCandidate {
    option: &'static FilterOption,
    values: Vec<String>,
    filter: Filter,
    names: HintNames,
    /// Whether an event of the sample matched.
    has_match: bool,
    /// The number of events per value.
    found: BTreeMap<String, u64>,
}

/// The values to suggest in place of those of a condition.
enum HintNames {
    /// The values of a field.
    Of(Field),
    /// The condition has no field whose values are short.
    None,
}

struct HintSample {
    bytes: u64,
    decoder: Decoder,
    asked: Vec<HintCandidate>,
    time: FieldId,
    times: Option<[Timestamp; 2]>,
    events: u64,
}

impl HintSample {
    /// `None` if there is nothing to explain, or a condition cannot be parsed.
    fn new(conditions: Vec<LoneCondition>, window: Window) -> Option<HintSample> {
        let mut fields = FieldSet::default();
        let mut asked = Vec::new();
        for LoneCondition { option, values, conditions } in conditions {
            let names = match option.column {
                None => HintNames::None,
                Some(column) => HintNames::Of(Field::parse(column, &mut fields).ok()?),
            };
            let filter = Filter::new(&conditions, &mut fields).ok()?;
            asked.push(HintCandidate { option, values, filter, names, has_match: false, found: BTreeMap::new() });
        }
        // If a single condition without a field matches nothing, the user knows which.
        let is_plain = asked.len() < 2 && asked.iter().all(|asked| matches!(asked.names, HintNames::None));
        if is_plain && window.is_open() {
            return None;
        }
        let time = fields.slot("eventTime").ok()?;
        let decoder = Decoder::new(&fields).ok()?;
        Some(HintSample { bytes: 0, decoder, asked, time, times: None, events: 0 })
    }

    fn file(&mut self, source: &LogFile) {
        const WINDOW: usize = 4 << 20;
        let Ok(mut file) = source.open(&mut FileOpener::default(), &Cancellation::default()) else { return };
        let HintSample { bytes, decoder, asked, time, times, events } = self;
        decoder.start();
        let mut on_window = |window: &[u8], is_last: bool| {
            let consumed = decoder.window(window, is_last, |event| {
                *events += 1;
                note_time(times, event, *time);
                for asked in asked.iter_mut() {
                    asked.note(event);
                }
                ControlFlow::Continue(())
            });
            let is_over =
                (decoder.findings().broken.is_some() && !is_last) || *bytes + decoder.findings().bytes > BYTES;
            if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(consumed) }
        };
        // Archives are not sampled. Errors were reported by the run itself.
        let _ = Inflater::new(WINDOW).read(&mut file, || true, &mut on_window);
        *bytes += decoder.findings().bytes;
    }

    /// The hints for a run in which some values matched no event: the probably intended
    /// value, or else only that the value matched nothing, as it may just not have occurred.
    fn names(self) -> Vec<String> {
        let looked_at = count(self.events, "event");
        let (mut hints, mut others) = (Vec::new(), BTreeMap::<&str, Vec<String>>::new());
        for asked in self.asked.iter().filter(|asked| !asked.has_match) {
            match asked.meant() {
                Some(meant) => hints.push(format!("nothing matched {meant} ({looked_at} looked at)")),
                None => {
                    others
                        .entry(asked.option.flag)
                        .or_default()
                        .extend(asked.values.iter().map(|value| format!("{value:?}")));
                }
            }
        }
        hints.extend(others.iter().map(|(option, values)| format!("nothing matched {option} {}", values.join(", "))));
        hints
    }

    /// The hints for a run in which no event matched, including those on the time window
    /// and on the combination of options.
    fn hints(self, conditions: &FilterSpec) -> Vec<String> {
        let mut hints: Vec<String> =
            self.asked.iter().filter(|asked| !asked.has_match).filter_map(HintCandidate::hint).collect();
        if let Some([first, last]) = self.times {
            let window = conditions.window;
            let is_outside =
                window.until.is_some_and(|until| until <= first) || window.since.is_some_and(|since| since > last);
            if is_outside {
                hints.push(format!("the time window; the events are from {first} to {last}"));
            }
        }
        let looked_at = count(self.events, "event");
        for hint in &mut hints {
            *hint = format!("nothing matched {hint} ({looked_at} looked at)");
        }
        if hints.is_empty() && self.events > 0 && self.asked.len() > 1 && conditions.jq.is_none() {
            hints.push(format!(
                "each option alone matches events, but no event matches all of them ({looked_at} looked at)"
            ));
        }
        hints
    }
}

fn note_time(times: &mut Option<[Timestamp; 2]>, event: &Event<'_>, slot: FieldId) {
    let Some(time) = event.get(slot).and_then(time::of_value) else { return };
    let [first, last] = times.unwrap_or([time; 2]);
    *times = Some([first.min(time), last.max(time)]);
}

impl HintCandidate {
    fn note(&mut self, event: &Event<'_>) {
        const LONGEST: usize = 200;
        self.has_match = self.has_match || self.filter.answer(event).is_wanted();
        let HintNames::Of(field) = &mut self.names else { return };
        if self.has_match {
            return;
        }
        let found = &mut self.found;
        field.each(event, |name| {
            let is_short = !name.is_empty() && name.len() < LONGEST;
            if is_short && (found.len() < NAMES || found.contains_key(name)) {
                *found.entry(name.to_string()).or_default() += 1;
            }
        });
    }

    /// The hint for this condition; `None` if its field has no value to suggest.
    fn hint(&self) -> Option<String> {
        const SHOWN: usize = 5;
        let (option, asked) = (self.option.flag, self.values.join(", "));
        if matches!(self.names, HintNames::None) {
            return Some(if asked.is_empty() { option.into() } else { format!("{option} {asked:?}") });
        }
        if self.found.is_empty() {
            return None;
        }
        if let Some(meant) = self.meant() {
            return Some(meant);
        }
        let mut found: Vec<(&String, &u64)> = self.found.iter().collect();
        found.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), *name));
        let names: Vec<&str> = found.iter().take(SHOWN).map(|(name, _)| name.as_str()).collect();
        let more = found.len().saturating_sub(SHOWN);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        Some(format!("{option} {asked:?}; existing values: {}{rest}", names.join(", ")))
    }

    /// The values of the condition with the probably intended ones; `None` if no value
    /// is similar.
    fn meant(&self) -> Option<String> {
        let is_new = |value: &str, name: &&str| !name.eq_ignore_ascii_case(value);
        let wanted = self.values.iter().filter(|value| !value.starts_with('!'));
        let alike: Vec<&str> =
            wanted.filter_map(|value| self.alike(value).filter(|name| is_new(value, name))).collect();
        let asked = self.values.join(", ");
        (!alike.is_empty()).then(|| format!("{} {asked:?}; did you mean {}?", self.option.flag, alike.join(" or ")))
    }

    /// The value of the sample that a pattern was probably meant to match.
    fn alike(&self, pattern: &str) -> Option<&str> {
        let names: Vec<&str> = self.found.keys().map(String::as_str).collect();
        let lower = pattern.to_lowercase();
        // The start of an ARN is the same in many others, so only its last part counts.
        let named = if lower.starts_with("arn:") { lower.rsplit(['/', ':']).next() } else { None };
        let words: Vec<&str> = named
            .unwrap_or(&lower)
            .split(|character: char| !character.is_alphanumeric())
            .filter(|word| word.len() > 2)
            .collect();
        let holds = |name: &&str, word: &str| name.to_lowercase().contains(word);
        let whole = || names.iter().filter(|name| holds(name, lower.trim_matches('*'))).min_by_key(|name| name.len());
        let of_words = || {
            let fits = |name: &&&str| words.iter().any(|word| holds(name, word));
            let held = |name: &&&str| words.iter().filter(|word| holds(name, word)).count();
            names.iter().filter(fits).max_by_key(|name| (held(name), std::cmp::Reverse(name.len())))
        };
        let by_words = || if self.option.kind == ConditionKind::User { of_words().copied() } else { None };
        nearest(pattern, &names).or_else(|| whole().copied()).or_else(by_words)
    }
}
