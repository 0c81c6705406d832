//! Why nothing matched: where a run gave no row, a part of its files is looked
//! at once more for what is there instead of what was asked for.
//!
//! It costs nothing where there are rows, and little where there are none: so
//! many files, so much text, so many names.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::bucket::layout::Scope;
use crate::decode::Decoder;
use crate::decode::event::{Event, Fields, Slot};
use crate::input::Source;
use crate::input::inflate::Inflater;
use crate::input::opener::Opener;
use crate::input::walk::{Met, walk};
use crate::nearest::nearest;
use crate::pattern::split_list;
use crate::plan::{Conditions, Input, Plan};
use crate::query::Filter;
use crate::query::field;
use crate::query::filter::Answer;
use crate::query::identity::Identities;
use crate::report::count;
use crate::stop::Stop;
use crate::window::Window;

const FILES: usize = 64;
const PATHS: usize = 20_000;
const BYTES: u64 = 8 << 20;
const NAMES: usize = 4096;

/// What can be said of a run that gave no row.
pub fn hints(plan: &Plan, stop: &Stop) -> Vec<String> {
    let paths = paths(&plan.inputs);
    let Some(mut look) = Look::new(&plan.conditions) else { return Vec::new() };
    // Files from everywhere: what is first is often of one account and region.
    for path in paths.iter().step_by(paths.len().div_ceil(FILES).max(1)) {
        if look.bytes > BYTES || stop.is_interrupted() {
            break;
        }
        look.file(path);
    }
    look.hints(&plan.conditions)
}

fn paths(inputs: &[Input]) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for input in inputs {
        let root = match input {
            Input::Stdin => continue,
            Input::Path(path) => path.clone(),
            Input::Bucket(bucket) => bucket.mirror.join(bucket.prefix.trim_end_matches('/')),
        };
        let is_readable = |root: &Path| std::fs::metadata(root).is_ok_and(|root| root.is_file() || root.is_dir());
        if !is_readable(&root) {
            continue;
        }
        // What cannot be walked was named when it was read.
        let _ = walk(&root, &Scope::since(Window::default()), |met| {
            paths.extend(if let Met::File(path) = met { Some(path) } else { None });
            if paths.len() < PATHS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
    }
    paths
}

/// Something that an event is asked for, and what the events have there.
struct Asked {
    option: &'static str,
    values: Vec<String>,
    filter: Filter,
    names: Names,
    is_met: bool,
    there: BTreeMap<String, u64>,
}

/// What can be shown of the events instead of what is asked for.
#[derive(Clone, Copy)]
enum Names {
    /// The text of a field.
    Of(Slot),
    /// Who called.
    Users,
    /// Nothing that is short.
    Nothing,
}

/// The field of the conditions that has the values of an option.
type Values = fn(&mut Conditions) -> &mut Vec<String>;

/// The options with values, each with the field of an event that it looks at.
const OPTIONS: [(&str, &str, Values); 10] = [
    ("--event-name", "eventName", |conditions| &mut conditions.event_names),
    (USER, "", |conditions| &mut conditions.users),
    ("--source-ip", "sourceIPAddress", |conditions| &mut conditions.source_ips),
    ("--region", "awsRegion", |conditions| &mut conditions.regions),
    ("--event-source", "eventSource", |conditions| &mut conditions.event_sources),
    ("--account", "recipientAccountId", |conditions| &mut conditions.accounts),
    ("--error-code", "errorCode", |conditions| &mut conditions.error_codes),
    ("--resource", "", |conditions| &mut conditions.resources),
    ("--access-key", "", |conditions| &mut conditions.access_keys),
    ("--grep", "", |conditions| &mut conditions.greps),
];
const USER: &str = "--user";

struct Look {
    bytes: u64,
    decoder: Decoder,
    asked: Vec<Asked>,
    identities: Identities,
    time: Slot,
    times: Option<(String, String)>,
    events: u64,
}

impl Look {
    /// Nothing where nothing is asked for, or the question makes no sense.
    fn new(conditions: &Conditions) -> Option<Look> {
        let mut fields = Fields::default();
        let mut asked = Vec::new();
        for (option, values, names, alone) in alone(conditions) {
            let names = match names {
                _ if option == USER => Names::Users,
                "" => Names::Nothing,
                name => Names::Of(fields.slot(name).ok()?),
            };
            let filter = Filter::new(&alone, &mut fields).ok()?;
            asked.push(Asked { option, values, filter, names, is_met: false, there: BTreeMap::new() });
        }
        // That a single condition fits nothing, everybody sees.
        let is_plain = asked.len() < 2 && asked.iter().all(|asked| matches!(asked.names, Names::Nothing));
        if is_plain && conditions.window.is_open() {
            return None;
        }
        let (identities, time) = (Identities::new(&mut fields).ok()?, fields.slot("eventTime").ok()?);
        let decoder = Decoder::new(&fields).ok()?;
        Some(Look { bytes: 0, decoder, asked, identities, time, times: None, events: 0 })
    }

    fn file(&mut self, path: &Path) {
        const WINDOW: usize = 4 << 20;
        let Ok(mut file) = Source::file(path.to_path_buf()).open(&mut Opener::default(), &Stop::default()) else {
            return;
        };
        let Look { bytes, decoder, asked, identities, time, times, events } = self;
        decoder.start();
        let _ = Inflater::new(WINDOW).read(
            &mut file,
            || true,
            |window, is_last| {
                let consumed = decoder.window(window, is_last, |event| {
                    *events += 1;
                    note_time(times, event, *time);
                    for asked in asked.iter_mut() {
                        asked.note(event, identities);
                    }
                    ControlFlow::Continue(())
                });
                let is_over =
                    (decoder.findings().broken.is_some() && !is_last) || *bytes + decoder.findings().bytes > BYTES;
                if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(consumed) }
            },
        );
        *bytes += decoder.findings().bytes;
    }

    fn hints(self, conditions: &Conditions) -> Vec<String> {
        let mut hints: Vec<String> = self.asked.iter().filter(|asked| !asked.is_met).filter_map(Asked::hint).collect();
        if let Some((first, last)) = &self.times {
            let window = conditions.window;
            let is_outside =
                window.until.is_some_and(|until| first.parse().is_ok_and(|first: jiff::Timestamp| until <= first))
                    || window.since.is_some_and(|since| last.parse().is_ok_and(|last: jiff::Timestamp| since > last));
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

/// Each thing that is asked for: its option, the values as typed, the field that
/// it looks at, and the conditions with nothing else.
fn alone(conditions: &Conditions) -> Vec<(&'static str, Vec<String>, &'static str, Conditions)> {
    let nothing = Conditions { now: conditions.now, ..Conditions::default() };
    let mut all = Vec::new();
    for (option, name, values) in OPTIONS {
        let (mut alone, values_typed) = (nothing.clone(), values(&mut conditions.clone()).clone());
        if !values_typed.is_empty() {
            values(&mut alone).clone_from(&values_typed);
            let is_list = !matches!(option, USER | "--grep");
            all.push((option, if is_list { split_list(&values_typed) } else { values_typed }, name, alone));
        }
    }
    for text in &conditions.wheres {
        all.push(("--where", vec![text.clone()], "", Conditions { wheres: vec![text.clone()], ..nothing.clone() }));
    }
    if let Some(is_failed) = conditions.is_failed {
        let option = if is_failed { "--errors" } else { "--no-errors" };
        all.push((option, Vec::new(), "", Conditions { is_failed: Some(is_failed), ..nothing.clone() }));
    }
    if let Some(is_read) = conditions.is_read {
        let option = if is_read { "--reads" } else { "--writes" };
        all.push((option, Vec::new(), "", Conditions { is_read: Some(is_read), ..nothing }));
    }
    all
}

fn note_time(times: &mut Option<(String, String)>, event: &Event<'_>, slot: Slot) {
    let Some(time) = field::text(event, slot).filter(|time| time.len() == "2026-10-01T00:00:00Z".len()) else { return };
    match times {
        None => *times = Some((time.to_string(), time.into_owned())),
        Some((first, _)) if *time < **first => *first = time.into_owned(),
        Some((_, last)) if *time > **last => *last = time.into_owned(),
        Some(_) => {}
    }
}

impl Asked {
    fn note(&mut self, event: &Event<'_>, identities: &mut Identities) {
        self.is_met = self.is_met || self.filter.answer(event) != Answer::No;
        if self.is_met {
            return;
        }
        let name = match self.names {
            Names::Of(slot) => field::text(event, slot).map(|text| text.into_owned()),
            Names::Users => identities.principal(event).name().map(|name| name.parts().concat()),
            Names::Nothing => None,
        };
        let Some(name) = name.filter(|name| !name.is_empty() && name.len() < 200) else { return };
        if self.there.len() < NAMES || self.there.contains_key(&name) {
            *self.there.entry(name).or_default() += 1;
        }
    }

    /// What is there instead; nothing where that would be a list of nothing.
    fn hint(&self) -> Option<String> {
        const SHOWN: usize = 5;
        let asked = self.values.join(", ");
        if matches!(self.names, Names::Nothing) {
            return Some(if asked.is_empty() { self.option.into() } else { format!("{} {asked:?}", self.option) });
        }
        if self.there.is_empty() {
            return None;
        }
        let is_new = |value: &str, name: &&str| !name.eq_ignore_ascii_case(value);
        let wanted = self.values.iter().filter(|value| !value.starts_with('!'));
        let alike: Vec<&str> =
            wanted.filter_map(|value| self.alike(value).filter(|name| is_new(value, name))).collect();
        let option = self.option;
        if !alike.is_empty() {
            return Some(format!("{option} {asked:?}; did you mean {}?", alike.join(" or ")));
        }
        let mut there: Vec<(&String, &u64)> = self.there.iter().collect();
        there.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), *name));
        let names: Vec<&str> = there.iter().take(SHOWN).map(|(name, _)| name.as_str()).collect();
        let more = there.len().saturating_sub(SHOWN);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        Some(format!("{option} {asked:?}; there are {}{rest}", names.join(", ")))
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
        nearest(pattern, &names).or_else(|| whole().copied()).or_else(|| match self.names {
            Names::Users => of_words().copied(),
            Names::Of(_) | Names::Nothing => None,
        })
    }
}
