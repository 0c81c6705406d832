//! Counts the events of a request: the first half of a summary.

use super::amount::AmountReader;
use super::consumer::{COUNTER_MEMORY, workers_and_merge};
use super::counted_columns::CountedColumns;
use super::part::PartRecords;
use super::request::{SummaryRequest, no_actors_in_parts};
use super::result::TableTopic;
use super::tally::{CountedValues, SummaryTally};
use crate::cloudtrail::actor::ActorReader;
use crate::command::actor_pass::ActorPass;
use crate::command::file_verdicts::read_verdicts;
use crate::decode::event::FieldSet;
use crate::engine::PreparedRun;
use crate::engine::events::EventSelector;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::{Coverage, Report};

/// What is counted by, unless something else is asked for.
const SUBJECTS: [(TableTopic, &str); 9] = [
    (TableTopic::Accounts, "recipientAccountId"),
    (TableTopic::Regions, "awsRegion"),
    (TableTopic::Users, "userName"),
    (TableTopic::Events, "eventName"),
    (TableTopic::Sources, "eventSource"),
    (TableTopic::Addresses, "sourceIPAddress"),
    (TableTopic::Keys, "accessKeyId"),
    (TableTopic::Agents, "userAgent"),
    (TableTopic::Errors, "errorCode"),
];

/// A count that has its readers, and has read nothing yet.
pub(super) struct PreparedCount<'a> {
    request: &'a SummaryRequest,
    fields: FieldSet,
    selector: EventSelector,
    counted: CountedValues,
}

/// What all threads counted.
pub(super) struct CountedEvents {
    pub(super) tallies: Vec<SummaryTally>,
    pub(super) coverage: Coverage,
}

impl<'a> PreparedCount<'a> {
    /// Makes the readers. Fails if an option names something that cannot be read.
    pub(super) fn new(request: &'a SummaryRequest) -> Result<PreparedCount<'a>, Error> {
        let filter = &request.reading.filter;
        let mut fields = filter.field_set();
        let subjects = subjects(request, &mut fields)?;
        let mut selector = EventSelector::new(filter, &mut fields)?;
        selector.count_begun_sessions(filter, &mut fields)?;
        let mut counted = counted_values(request, subjects, &mut fields)?;
        let verdicts = counted.subjects.iter_mut().flat_map(CountedColumns::verdict_readers);
        read_verdicts(&request.reading.inputs, verdicts);
        Ok(PreparedCount { request, fields, selector, counted })
    }

    /// Returns an error if a part cannot count this.
    pub(super) fn check_for_part(&mut self) -> Result<(), Error> {
        let mut has_actors = false;
        self.each_actor_reader(&mut |_| has_actors = true);
        if has_actors { Err(no_actors_in_parts()) } else { Ok(()) }
    }

    fn each_actor_reader(&mut self, each: &mut dyn FnMut(&mut ActorReader)) {
        self.selector.each_actor_reader(each);
        self.counted.subjects.iter_mut().flat_map(CountedColumns::actor_readers).for_each(each);
    }

    /// Reads and counts the events. If duplicates are left out of a part, its `records` get the
    /// facts of the events instead. They are returned.
    pub(super) fn run(
        mut self,
        records: Option<PartRecords>,
        report: &Report,
        stop: &Cancellation,
    ) -> Result<(CountedEvents, Option<PartRecords>), Error> {
        let request = self.request;
        let mut readers = |each: &mut dyn FnMut(&mut ActorReader)| self.each_actor_reader(each);
        let actors = ActorPass::run(&request.reading, &mut readers, report, stop)?;
        let PreparedCount { mut fields, selector, counted, .. } = self;
        let threads = request.reading.threads;
        let (workers, mut merge) = workers_and_merge(threads, request.dedupe, counted, records, &mut fields)?;
        merge.wants_verdicts = request.html.is_some();
        let prepared = PreparedRun::new(&actors.reading, report, stop)?;
        let mut coverage = prepared.consume(&selector, workers, &fields, None, &mut merge)?;
        actors.conclude(&mut coverage, report);
        let (tallies, records) = merge.finish();
        Ok((CountedEvents { tallies, coverage }, records))
    }
}

/// A tally that counts no events itself, but takes what other runs of this request counted.
pub(super) fn tally_of_parts(request: &SummaryRequest) -> Result<SummaryTally, Error> {
    let mut fields = request.reading.filter.field_set();
    let subjects = subjects(request, &mut fields)?;
    let counted = counted_values(request, subjects, &mut fields)?;
    let mut tallies = SummaryTally::with_memory_limits(std::iter::once(COUNTER_MEMORY), counted, &mut fields)?;
    tallies.pop().ok_or_else(|| Error::Failed("internal error: no tally".into()))
}

fn counted_values(
    request: &SummaryRequest,
    subjects: Vec<CountedColumns>,
    fields: &mut FieldSet,
) -> Result<CountedValues, Error> {
    let amounts = request.sum.as_deref().map(|path| AmountReader::new(path, fields)).transpose()?;
    Ok(CountedValues { subjects, amounts, is_overview: request.by.is_empty(), compared: request.compared() })
}

/// The columns of each table that is counted, but for the table of changes.
pub(super) fn headings(request: &SummaryRequest) -> Vec<(TableTopic, Vec<String>)> {
    if !request.by.is_empty() {
        return vec![(TableTopic::Requested, request.by.clone())];
    }
    let headings = overview(request).map(|(topic, column)| (topic, vec![column.to_string()]));
    let denied = (TableTopic::Denied, vec!["principal".to_string(), "eventName".to_string()]);
    headings.chain([denied]).collect()
}

/// The subjects of a summary that is not asked for certain columns.
fn overview(request: &SummaryRequest) -> impl Iterator<Item = (TableTopic, &'static str)> {
    let people = request.has_people.then_some((TableTopic::People, "actor"));
    // Reading them takes more time than all other values, and only the page has room for them.
    let resources = request.html.as_ref().map(|_| (TableTopic::Resources, "resources"));
    SUBJECTS.into_iter().chain(resources).chain(people)
}

/// What reads the values that are counted by.
fn subjects(request: &SummaryRequest, fields: &mut FieldSet) -> Result<Vec<CountedColumns>, Error> {
    if !request.by.is_empty() {
        return Ok(vec![CountedColumns::asked(&request.by, &request.zone, fields)?]);
    }
    let subject = |(topic, column): (TableTopic, &str)| match topic {
        TableTopic::Errors => CountedColumns::errors(fields),
        TableTopic::Users => CountedColumns::users(fields),
        TableTopic::Resources => CountedColumns::resources(fields),
        _ => CountedColumns::new(&[column], false, fields),
    };
    overview(request).map(subject).collect()
}
