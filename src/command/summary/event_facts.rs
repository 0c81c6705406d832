//! What is counted of events, kept until it is certain that the events count: they may
//! be duplicates, or their file may be read again.

use super::amount::Amount;
use crate::engine::consumer::Part;
use crate::spill::dedupe::IdHash;

/// What is counted of one event.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct EventFact {
    /// Seconds from 1970; `None` without a readable time.
    pub(super) second: Option<i64>,
    /// Whether its time, or one before, has another form than CloudTrail's own.
    pub(super) has_other_times: bool,
    /// Read, write, error or other.
    pub(super) kind: u8,
    /// Number of its values that were cut.
    pub(super) cut_values: u8,
    /// Whether it belongs to the earlier period of a comparison.
    pub(super) is_earlier: bool,
    /// Whether the call was denied; it then has two more values.
    pub(super) is_denied: bool,
    /// Whether its call has a theme; it then has one more value.
    pub(super) has_theme: bool,
    /// The number of its values for signals, which come last.
    pub(super) signals: u8,
    /// The sum of its values of the field of `--sum`, and the number of others.
    pub(super) amount: Amount,
    /// The id, if duplicates are removed.
    pub(super) id: Option<IdHash>,
}

/// Facts of several events, and their values.
#[derive(Debug, Default)]
pub(super) struct EventFacts {
    /// Each with the number of values at its end.
    facts: Vec<(EventFact, usize)>,
    /// The end of each value in the text; `None` if it is not counted.
    values: Vec<Option<usize>>,
    text: Vec<u8>,
}

impl EventFacts {
    pub(super) fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    /// Number of events.
    pub(super) fn len(&self) -> usize {
        self.facts.len()
    }

    /// Memory that they take, in bytes.
    fn size(&self) -> usize {
        self.text.len()
            + self.facts.len() * size_of::<(EventFact, usize)>()
            + self.values.len() * size_of::<Option<usize>>()
    }

    /// The buffer to which the next value is appended.
    pub(super) fn text(&mut self) -> &mut Vec<u8> {
        &mut self.text
    }

    /// Adds a value of the current event.
    pub(super) fn push_value(&mut self, value: &[u8]) {
        self.text.extend_from_slice(value);
        self.values.push(Some(self.text.len()));
    }

    /// Ends a value of the current event. One that is not counted leaves no text.
    pub(super) fn end_value(&mut self, start: usize, is_counted: bool) {
        if !is_counted {
            self.text.truncate(start);
        }
        self.values.push(is_counted.then_some(self.text.len()));
    }

    /// Ends the current event, whose values were added before.
    pub(super) fn end_event(&mut self, fact: EventFact) {
        self.facts.push((fact, self.values.len()));
    }

    /// Calls `each` for the facts of each event, with its values.
    pub(super) fn each<E>(
        &self,
        mut each: impl FnMut(&EventFact, &mut dyn Iterator<Item = Option<&[u8]>>) -> Result<(), E>,
    ) -> Result<(), E> {
        let (mut start, mut first) = (0, 0);
        for (fact, end) in &self.facts {
            let mut values = self.values[first..*end].iter().map(|end| {
                let end = (*end)?;
                let value = &self.text[std::mem::replace(&mut start, end)..end];
                Some(value)
            });
            each(fact, &mut values)?;
            // The values that were not asked for take text too.
            values.for_each(drop);
            first = *end;
        }
        Ok(())
    }

    /// The ids of the events.
    pub(super) fn ids(&self) -> impl Iterator<Item = IdHash> {
        self.facts.iter().filter_map(|(fact, _)| fact.id)
    }

    /// Keeps the facts of the events that `is_wanted`, asked in their order.
    pub(super) fn retain<E>(&mut self, mut is_wanted: impl FnMut(&EventFact) -> Result<bool, E>) -> Result<(), E> {
        let mut wanted = Vec::with_capacity(self.facts.len());
        for (fact, _) in &self.facts {
            wanted.push(is_wanted(fact)?);
        }
        if wanted.iter().all(|is_wanted| *is_wanted) {
            return Ok(());
        }
        let mut kept = EventFacts::default();
        let mut wanted = wanted.into_iter();
        self.each(|fact, values| {
            if wanted.next() == Some(true) {
                for value in values {
                    let start = kept.text.len();
                    kept.text.extend_from_slice(value.unwrap_or_default());
                    kept.end_value(start, value.is_some());
                }
                kept.end_event(*fact);
            }
            Ok(())
        })?;
        *self = kept;
        Ok(())
    }

    fn truncate(&mut self, events: usize) {
        self.facts.truncate(events);
        let values = self.facts.last().map_or(0, |(_, values)| *values);
        self.values.truncate(values);
        let text = self.values.iter().rev().find_map(|end| *end).unwrap_or(0);
        self.text.truncate(text);
    }

    /// Removes all facts.
    pub(super) fn clear(&mut self) {
        self.truncate(0);
    }
}

/// Events that a worker has counted, and the facts of others that it has not.
#[derive(Debug, Default)]
pub(super) struct SummaryPart {
    pub(super) counted: u64,
    pub(super) facts: EventFacts,
}

impl Part for SummaryPart {
    /// Number of counted events, and of facts.
    type Checkpoint = (u64, usize);

    fn count(&self) -> u64 {
        self.counted + self.facts.len() as u64
    }

    fn size(&self) -> usize {
        self.facts.size()
    }

    fn checkpoint(&self) -> (u64, usize) {
        (self.counted, self.facts.len())
    }

    fn count_at(mark: &(u64, usize)) -> u64 {
        mark.0 + mark.1 as u64
    }

    fn roll_back_to(&mut self, mark: &(u64, usize)) {
        self.counted = mark.0;
        self.facts.truncate(mark.1);
    }

    fn clear(&mut self) {
        /// Larger than a usual part.
        const MAX_KEPT: usize = 2 << 20;
        self.counted = 0;
        self.facts.clear();
        self.facts.text.shrink_to(MAX_KEPT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(second: i64) -> EventFact {
        EventFact { second: Some(second), ..EventFact::default() }
    }

    fn facts() -> EventFacts {
        let mut facts = EventFacts::default();
        let events: [&[Option<&str>]; 4] = [&[Some("a"), None], &[None, Some("")], &[Some("bc"), Some("d")], &[]];
        for (second, values) in events.into_iter().enumerate() {
            for value in values {
                let start = facts.text().len();
                facts.text().extend_from_slice(value.unwrap_or("left out").as_bytes());
                facts.end_value(start, value.is_some());
            }
            facts.end_event(fact(second as i64));
        }
        facts
    }

    fn shown(facts: &EventFacts) -> String {
        let mut shown = String::new();
        let each = |fact: &EventFact, values: &mut dyn Iterator<Item = Option<&[u8]>>| {
            let values = values.map(|value| value.map(|value| String::from_utf8_lossy(value).into_owned()));
            shown += &format!("{:?}{:?};", fact.second.unwrap(), values.collect::<Vec<_>>());
            Ok::<_, ()>(())
        };
        facts.each(each).unwrap();
        shown
    }

    #[test]
    fn facts_keep_their_values() {
        assert_eq!(shown(&facts()), r#"0[Some("a"), None];1[None, Some("")];2[Some("bc"), Some("d")];3[];"#);
    }

    #[test]
    fn facts_can_be_removed_in_the_middle_and_at_the_end() {
        let mut kept = facts();
        kept.retain(|fact| Ok::<_, ()>(fact.second != Some(0))).unwrap();
        assert_eq!(shown(&kept), r#"1[None, Some("")];2[Some("bc"), Some("d")];3[];"#);
        let mut part = SummaryPart { counted: 3, facts: facts() };
        part.roll_back_to(&(2, 2));
        assert_eq!((part.count(), shown(&part.facts).as_str()), (4, r#"0[Some("a"), None];1[None, Some("")];"#));
        assert_eq!(part.facts.text, b"a");
    }
}
