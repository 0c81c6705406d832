use proptest::prelude::*;

use super::*;
use crate::command::timeline::event::{CallOutcome, MAX_RESOURCES, MORE, TimelineCall};

fn event((second, user, name, is_denied, resource): (i64, u8, u8, bool, u8)) -> TimelineEvent {
    TimelineEvent {
        time: jiff::Timestamp::from_second(second).ok().filter(|_| second >= 0),
        caller: Caller { user: format!("user {user}"), actor: String::new(), address: "203.0.113.7".into() },
        call: TimelineCall {
            name: format!("Call{name}"),
            source: "ec2.amazonaws.com".into(),
            outcome: if is_denied { CallOutcome::Denied } else { CallOutcome::Done },
            error_code: String::new(),
            region: "eu-west-1".into(),
            account: "111122223333".into(),
        },
        theme: String::new(),
        resources: vec![format!("i-{resource}")],
        of_address: Vec::new(),
    }
}

fn key(event: &TimelineEvent) -> Vec<u8> {
    let mut key = Vec::new();
    event.sort_key(&mut key);
    key
}

fn folded(events: &[TimelineEvent], memory: usize) -> Vec<CallRun> {
    let (mut fold, mut runs) = (RunFold::with_memory(memory), Vec::new());
    events.iter().for_each(|event| fold.add(event.clone()).unwrap());
    fold.finish(&Cancellation::default(), |run| {
        runs.push(run.clone());
        Ok(())
    })
    .unwrap();
    runs
}

/// The runs of sorted events: each event looks for the last run of its caller.
fn plain(events: &[TimelineEvent]) -> Vec<CallRun> {
    let mut runs: Vec<CallRun> = Vec::new();
    for event in events {
        let run = runs.iter_mut().rev().find(|run| run.first.caller == event.caller);
        let continued = run.filter(|run| {
            let pause = event.time.zip(run.last).map(|(time, last)| time.as_second() - last.as_second());
            run.first.call == event.call && pause.is_some_and(|pause| pause <= 3600)
        });
        match continued {
            Some(run) => {
                (run.last, run.events) = (event.time, run.events + 1);
                if !run.first.resources.contains(&event.resources[0]) {
                    run.first.resources.push(event.resources[0].clone());
                }
            }
            None => runs.push(CallRun { first: event.clone(), last: event.time, events: 1 }),
        }
    }
    runs
}

proptest! {
    #[test]
    fn runs_are_those_of_a_plain_fold(
        events in proptest::collection::vec((-100..20_000_i64, 0..3_u8, 0..2_u8, any::<bool>(), 0..4_u8), 0..80),
    ) {
        let mut events: Vec<TimelineEvent> = events.into_iter().map(event).collect();
        events.sort_by_key(key);
        let runs = folded(&events, MEMORY);
        prop_assert_eq!(&runs, &plain(&events));
        // With little memory there are more runs, and the same events.
        let short = folded(&events, 1000);
        prop_assert!(short.len() >= runs.len());
        prop_assert_eq!(short.iter().map(|run| run.events).sum::<u64>(), events.len() as u64);
        prop_assert!(short.is_sorted_by_key(|run| key(&run.first)));
    }
}

#[test]
fn a_run_names_the_first_resources() {
    let events: Vec<TimelineEvent> = (0..30).map(|at| event((at, 0, 0, false, at as u8))).collect();
    let runs = folded(&events, MEMORY);
    assert_eq!(runs.len(), 1);
    let resources = &runs[0].first.resources;
    assert_eq!((resources.len(), resources[MAX_RESOURCES].as_str()), (MAX_RESOURCES + 1, MORE));
    assert_eq!((runs[0].events, resources[MAX_RESOURCES - 1].as_str()), (30, "i-19"));
}
