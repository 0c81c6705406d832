//! Applies the program's filter to the events of a text, with and without the
//! prefilter.

use std::ops::ControlFlow;

use clap::Parser;
use jiff::Timestamp;
use trail2tsv::command::rows::RowsArgs;
use trail2tsv::decode::Decoder;
use trail2tsv::decode::event::FieldSet;
use trail2tsv::filter::Filter;
use trail2tsv::filter::spec::FilterSpec;

/// The filter of a command line.
pub(crate) fn conditions(arguments: &[String]) -> FilterSpec {
    let typed = ["trail2tsv", "log"].map(String::from).into_iter().chain(arguments.iter().cloned());
    let now: Timestamp = "2026-10-04T00:00:00Z".parse().unwrap();
    let args = RowsArgs::try_parse_from(typed).unwrap();
    let zone = args.table.format.zone().unwrap();
    args.filter.spec(&args.scope, now, &zone).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
}

/// For each event of a text, whether the filter accepts it. Checks that the
/// prefilter finds the same events.
pub(crate) fn wanted(arguments: &[String], text: &[u8]) -> Vec<bool> {
    let mut fields = FieldSet::default();
    let mut filter = Filter::new(&conditions(arguments), &mut fields).unwrap();
    let mut decoder = Decoder::new(&fields).unwrap();
    let (mut answers, mut found) = (Vec::new(), Vec::new());
    decoder.start();
    decoder.window(text, true, |event| {
        let is_wanted = filter.answer(event).is_wanted();
        answers.push(is_wanted);
        if is_wanted {
            found.push(event.value().raw().to_vec());
        }
        ControlFlow::Continue(())
    });
    if let Some(matches) = filter.search().and_then(|search| search.matches(text)) {
        let mut searched = Vec::new();
        decoder.start();
        decoder.restrict_to(matches.places);
        decoder.window(text, true, |event| {
            if filter.answer(event).is_wanted() {
                searched.push(event.value().raw().to_vec());
            }
            ControlFlow::Continue(())
        });
        assert!(searched == found, "{arguments:?}: the prefilter finds {} of {}", searched.len(), found.len());
    }
    answers
}
