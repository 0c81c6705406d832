//! All changes in a temporary file: a question may need to go through them several times.
//!
//! They are in the order of account and region, and then of time, so that only the state of one
//! account and region is in memory.

use jiff::Timestamp;

use crate::cloudtrail::history::change::{Change, ChangeEvent};
use crate::cloudtrail::history::fold::HistoryFold;
use crate::cloudtrail::history::interval::Interval;
use crate::cloudtrail::history::state::ResourceState;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::spill::scratch::{ScratchFile, from_json};

/// Changes in the order of account, region and time.
pub(super) struct ChangeLog {
    file: ScratchFile,
    stop: Cancellation,
    /// Which changes matter. The others are left out, so that the state takes less memory.
    concerns: Box<dyn FnMut(&Change) -> bool>,
}

const LENGTH: usize = size_of::<u64>();
/// Bytes that are read at once.
const BLOCK: usize = 1 << 18;

impl ChangeLog {
    /// Creates an empty log.
    pub(super) fn new(stop: &Cancellation) -> Result<ChangeLog, Error> {
        Ok(ChangeLog { file: ScratchFile::new()?, stop: stop.clone(), concerns: Box::new(|_| true) })
    }

    /// Leaves out the changes that do not matter to a question.
    pub(super) fn limit_to(&mut self, concerns: Box<dyn FnMut(&Change) -> bool>) {
        self.concerns = concerns;
    }

    /// Appends a change as JSON.
    pub(super) fn append(&mut self, change: &[u8]) -> Result<(), Error> {
        self.file.append(&(change.len() as u64).to_le_bytes())?;
        self.file.append(change)
    }

    /// Ends writing.
    pub(super) fn seal(&mut self) -> Result<(), Error> {
        self.file.seal()
    }

    /// Calls `each` for every event.
    pub(super) fn each(&mut self, mut each: impl FnMut(ChangeEvent) -> Result<(), Error>) -> Result<(), Error> {
        let (end, mut at, mut buffer) = (self.file.end(), 0, Vec::new());
        let mut start = 0;
        loop {
            let is_whole = buffer[start..]
                .first_chunk::<LENGTH>()
                .is_some_and(|length| buffer.len() - start - LENGTH >= u64::from_le_bytes(*length) as usize);
            if !is_whole {
                if at == end {
                    return Ok(());
                }
                buffer.drain(..start);
                start = 0;
                let more = BLOCK.min((end - at) as usize);
                let old = buffer.len();
                buffer.resize(old + more, 0);
                self.file.read(at, &mut buffer[old..])?;
                at += more as u64;
                continue;
            }
            if self.stop.is_interrupted() {
                return Err(Error::Interrupted);
            }
            let length = buffer[start..].first_chunk::<LENGTH>().map_or(0, |length| u64::from_le_bytes(*length));
            let change = &buffer[start + LENGTH..start + LENGTH + length as usize];
            start += LENGTH + change.len();
            let mut event: ChangeEvent = from_json(change)?;
            event.changes.retain(&mut self.concerns);
            if !event.changes.is_empty() {
                each(event)?;
            }
        }
    }

    /// Applies every event up to a time, one account and region after another.
    pub(super) fn replay(&mut self, until: Option<Timestamp>, visitor: &mut impl ReplayVisitor) -> Result<(), Error> {
        /// More events of one second are not put in order: they would take too much memory.
        const MAX_CHANGES: usize = 10_000;
        let (mut current, mut second) = (None::<HistoryFold>, Vec::<ChangeEvent>::new());
        self.each(|event| {
            if until.is_some_and(|until| event.time > until) {
                return Ok(());
            }
            let is_other_scope = current.as_ref().is_none_or(|fold| *fold.scope() != event.scope);
            let is_other_second = second.first().is_some_and(|first| first.time != event.time);
            if let Some(fold) = &mut current
                && (is_other_scope || is_other_second || second.len() >= MAX_CHANGES)
            {
                apply(fold, &mut second, visitor)?;
            }
            if is_other_scope && let Some(fold) = current.replace(HistoryFold::new(event.scope.clone())) {
                end_scope(fold, visitor)?;
            }
            second.push(event);
            Ok(())
        })?;
        let Some(mut fold) = current else { return Ok(()) };
        apply(&mut fold, &mut second, visitor)?;
        end_scope(fold, visitor)
    }

    /// Calls `each` for every interval, and what is known of its resource.
    pub(super) fn each_interval(&mut self, each: impl FnMut(Interval, &ResourceState)) -> Result<(), Error> {
        self.replay(None, &mut IntervalVisitor(each))
    }
}

/// Sees what happens while changes are applied.
pub(super) trait ReplayVisitor {
    /// An interval ended, or had not ended at the last event of its account and region.
    fn interval(&mut self, _interval: Interval, _state: &ResourceState) {}

    /// An event was applied.
    fn event(&mut self, _event: &ChangeEvent, _fold: &HistoryFold) -> Result<(), Error> {
        Ok(())
    }

    /// All events of an account and region were applied.
    fn scope(&mut self, _fold: &HistoryFold) -> Result<(), Error> {
        Ok(())
    }
}

struct IntervalVisitor<F>(F);

impl<F: FnMut(Interval, &ResourceState)> ReplayVisitor for IntervalVisitor<F> {
    fn interval(&mut self, interval: Interval, state: &ResourceState) {
        (self.0)(interval, state);
    }
}

/// Applies the events of one second.
fn apply(fold: &mut HistoryFold, second: &mut Vec<ChangeEvent>, visitor: &mut impl ReplayVisitor) -> Result<(), Error> {
    fold.put_revokes_first(second);
    second.drain(..).try_for_each(|event| {
        fold.apply(&event, &mut |interval, state| visitor.interval(interval, state));
        visitor.event(&event, fold)
    })
}

fn end_scope(fold: HistoryFold, visitor: &mut impl ReplayVisitor) -> Result<(), Error> {
    visitor.scope(&fold)?;
    fold.finish(&mut |interval, state| visitor.interval(interval, state));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudtrail::history::change::{Resource, ResourceKind, ResourceScope};
    use crate::command::history::consumer::ChangeMerge;

    /// Notes the events in the order in which they are applied, by account and region, with the
    /// number of resources that are known after each.
    #[derive(Default)]
    struct Applied(Vec<(String, Vec<(String, usize)>)>, Vec<(String, usize)>);

    impl ReplayVisitor for Applied {
        fn event(&mut self, event: &ChangeEvent, fold: &HistoryFold) -> Result<(), Error> {
            self.1.push((event.id.clone(), fold.state().resources().count()));
            Ok(())
        }

        fn scope(&mut self, fold: &HistoryFold) -> Result<(), Error> {
            let ResourceScope { account, region } = fold.scope();
            self.0.push((format!("{account} {region}"), std::mem::take(&mut self.1)));
            Ok(())
        }
    }

    #[test]
    fn one_account_and_region_is_replayed_after_another() {
        let mut merge = ChangeMerge::new();
        // One account is the start of another, and one region has no name.
        let scopes = [("1", "eu"), ("12", "eu"), ("1", "us"), ("1", "")];
        for second in (0..3).rev() {
            for (number, (account, region)) in scopes.iter().enumerate() {
                let resource = Resource::new(ResourceKind::Volume, format!("vol-{second}"));
                let change = ChangeEvent {
                    time: Timestamp::from_second(second).unwrap(),
                    id: format!("{second}-{number}"),
                    name: "CreateVolume".into(),
                    scope: ResourceScope { account: (*account).into(), region: (*region).into() },
                    actor: String::new(),
                    changes: vec![Change::Create(resource)],
                    is_snapshot: false,
                };
                merge.add(&change).unwrap();
            }
        }
        let (mut log, _) = merge.finish(&Cancellation::default()).unwrap();
        let mut applied = Applied::default();
        log.replay(Some(Timestamp::from_second(1).unwrap()), &mut applied).unwrap();
        let events = |number| vec![(format!("0-{number}"), 1), (format!("1-{number}"), 2)];
        let mut expected: Vec<_> =
            (0..4).map(|number| (format!("{} {}", scopes[number].0, scopes[number].1), events(number))).collect();
        applied.0.sort();
        expected.sort();
        assert_eq!(applied.0, expected);
    }
}
