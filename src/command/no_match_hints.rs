//! Why nothing matched: if a run gave no row, or a value in a list matched nothing,
//! a part of the files is read once more for what is there instead.
//!
//! It costs nothing if there is nothing to explain, and little otherwise: the number
//! of files, bytes and names is bounded.

mod question;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use self::question::{LoneCondition, alone, each_alone};
use crate::cloudtrail::field::Field;
use crate::cloudtrail::keys::Scope;
use crate::cloudtrail::time;
use crate::decode::Decoder;
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::engine::RunOutcome;
use crate::engine::request::EventRequest;
use crate::error::cancel::Cancellation;
use crate::filter::Filter;
use crate::filter::options::{ConditionKind, FilterOption};
use crate::filter::spec::FilterSpec;
use crate::report::count;
use crate::source::LogFile;
use crate::source::file::inflate::Inflater;
use crate::source::file::opener::FileOpener;
use crate::source::s3::mirror_root::{MirrorEntry, MirrorRoot};
use crate::source::spec::{BucketInput, Input};
use crate::source::walk::{WalkEntry, walk, walk_mirror};
use crate::syntax::suggest::nearest;
use crate::syntax::window::Window;

const FILES: usize = 64;
const PATHS: usize = 20_000;
const BYTES: u64 = 8 << 20;
const NAMES: usize = 4096;

/// What can be said of a run that gave no row, or in which a value in a list matched
/// nothing.
pub fn hints(request: &EventRequest, run: &RunOutcome, stop: &Cancellation) -> Vec<String> {
    if run.coverage.is_cut || request.limit == Some(0) {
        return Vec::new();
    }
    if run.coverage.rows == 0 {
        let look = looked_at(request, alone(&request.filter), stop);
        return look.map_or(Vec::new(), |look| look.hints(&request.filter));
    }
    let questions: Vec<LoneCondition> =
        run.unmatched.iter().flat_map(|unmatched| each_alone(unmatched, &request.filter)).collect();
    match questions.is_empty() {
        true => Vec::new(),
        false => looked_at(request, questions, stop).map_or(Vec::new(), HintSample::names),
    }
}

/// What a part of the files of a run holds instead of what is asked for; `None` if
/// nothing is.
fn looked_at(request: &EventRequest, questions: Vec<LoneCondition>, stop: &Cancellation) -> Option<HintSample> {
    let mut look = HintSample::new(questions, request.filter.window)?;
    let sources = sources(&request.inputs);
    // Files from everywhere: what is first is often of one account and region.
    for source in sources.iter().step_by(sources.len().div_ceil(FILES).max(1)) {
        if look.bytes > BYTES || stop.is_interrupted() {
            break;
        }
        look.file(source);
    }
    Some(look)
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
        // What cannot be walked was named when it was read.
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

/// The files of a mirror, to which no link leads.
fn mirrored(bucket: &BucketInput, sources: &mut Vec<LogFile>) {
    let prefix = Path::new(bucket.prefix.trim_end_matches('/'));
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

/// Something that an event is asked for, and what the events have there.
struct HintCandidate {
    option: &'static FilterOption,
    values: Vec<String>,
    filter: Filter,
    names: HintNames,
    is_met: bool,
    there: BTreeMap<String, u64>,
}

/// What can be shown of the events instead of what is asked for.
enum HintNames {
    /// The values of a field.
    Of(Field),
    /// Nothing that is short.
    Nothing,
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
    /// `None` if there is nothing to explain, or a question makes no sense.
    fn new(questions: Vec<LoneCondition>, window: Window) -> Option<HintSample> {
        let mut fields = FieldSet::default();
        let mut asked = Vec::new();
        for LoneCondition { option, values, conditions } in questions {
            let names = match option.column {
                None => HintNames::Nothing,
                Some(column) => HintNames::Of(Field::parse(column, &mut fields).ok()?),
            };
            let filter = Filter::new(&conditions, &mut fields).ok()?;
            asked.push(HintCandidate { option, values, filter, names, is_met: false, there: BTreeMap::new() });
        }
        // That a single condition fits nothing, everybody sees.
        let is_plain = asked.len() < 2 && asked.iter().all(|asked| matches!(asked.names, HintNames::Nothing));
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
        let mut see = |window: &[u8], is_last: bool| {
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
        // What is in archives is not looked at.
        let _ = Inflater::new(WINDOW).read(&mut file, || true, &mut see);
        *bytes += decoder.findings().bytes;
    }

    /// What was probably meant by values that match nothing, beside others that do; and
    /// those for which there is nothing alike, as they may just not have happened.
    fn names(self) -> Vec<String> {
        let looked_at = count(self.events, "event");
        let (mut hints, mut others) = (Vec::new(), BTreeMap::<&str, Vec<String>>::new());
        for asked in self.asked.iter().filter(|asked| !asked.is_met) {
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

    /// The same of a run in which nothing matched, with what is true of the whole.
    fn hints(self, conditions: &FilterSpec) -> Vec<String> {
        let mut hints: Vec<String> =
            self.asked.iter().filter(|asked| !asked.is_met).filter_map(HintCandidate::hint).collect();
        if let Some([first, last]) = self.times {
            let window = conditions.window;
            let is_outside =
                window.until.is_some_and(|until| until <= first) || window.since.is_some_and(|since| since > last);
            if is_outside {
                hints.push(format!("the window: the events there are from {first} to {last}"));
            }
        }
        let looked_at = count(self.events, "event");
        for hint in &mut hints {
            *hint = format!("nothing matched {hint} ({looked_at} looked at)");
        }
        if hints.is_empty() && self.events > 0 && self.asked.len() > 1 && conditions.jq.is_none() {
            hints.push(format!("each option alone matches something, but not all together ({looked_at} looked at)"));
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
        self.is_met = self.is_met || self.filter.answer(event).is_wanted();
        let HintNames::Of(field) = &mut self.names else { return };
        if self.is_met {
            return;
        }
        let there = &mut self.there;
        field.each(event, |name| {
            let is_short = !name.is_empty() && name.len() < LONGEST;
            if is_short && (there.len() < NAMES || there.contains_key(name)) {
                *there.entry(name.to_string()).or_default() += 1;
            }
        });
    }

    /// What is there instead; nothing where that would be a list of nothing.
    fn hint(&self) -> Option<String> {
        const SHOWN: usize = 5;
        let (option, asked) = (self.option.flag, self.values.join(", "));
        if matches!(self.names, HintNames::Nothing) {
            return Some(if asked.is_empty() { option.into() } else { format!("{option} {asked:?}") });
        }
        if self.there.is_empty() {
            return None;
        }
        if let Some(meant) = self.meant() {
            return Some(meant);
        }
        let mut there: Vec<(&String, &u64)> = self.there.iter().collect();
        there.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), *name));
        let names: Vec<&str> = there.iter().take(SHOWN).map(|(name, _)| name.as_str()).collect();
        let more = there.len().saturating_sub(SHOWN);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        Some(format!("{option} {asked:?}; there are {}{rest}", names.join(", ")))
    }

    /// What was asked for, with what was probably meant.
    fn meant(&self) -> Option<String> {
        let is_new = |value: &str, name: &&str| !name.eq_ignore_ascii_case(value);
        let wanted = self.values.iter().filter(|value| !value.starts_with('!'));
        let alike: Vec<&str> =
            wanted.filter_map(|value| self.alike(value).filter(|name| is_new(value, name))).collect();
        let asked = self.values.join(", ");
        (!alike.is_empty()).then(|| format!("{} {asked:?}; did you mean {}?", self.option.flag, alike.join(" or ")))
    }

    /// The name that was probably meant by a pattern.
    fn alike(&self, pattern: &str) -> Option<&str> {
        let names: Vec<&str> = self.there.keys().map(String::as_str).collect();
        let lower = pattern.to_lowercase();
        // What stands before the name in an ARN is in every other one too.
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
