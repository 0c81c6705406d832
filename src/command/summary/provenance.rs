//! The provenance of a summary: its command, inputs, filters, time and version.

use super::request::SummaryRequest;
use super::time;
use crate::command::summary::display::visible;
use crate::report::Coverage;
use crate::source::spec::Input;
use crate::syntax::shell::quoted;
use crate::syntax::window::Window;

/// Pairs of a label and a text without hidden characters.
pub(super) fn lines(request: &SummaryRequest, coverage: &Coverage) -> Vec<(&'static str, String)> {
    let made = format!(
        "{} UTC by {} {}",
        time::whole(request.now.as_second()),
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_VERSION")
    );
    let verified = coverage.proven.as_ref().map(|proven| ("Verified", proven.to_string()));
    let lines = [
        ("Command", request.command.clone()),
        ("Input", request.inputs.join(" ")),
        ("Filters", filters(request)),
        ("Duplicates", duplicates(request, coverage)),
        ("Made at", made),
    ];
    lines.into_iter().chain(verified).map(|(label, text)| (label, visible(&text).into_owned())).collect()
}

/// The name of an input.
pub(super) fn input(input: &Input) -> String {
    match input {
        Input::Stdin | Input::Spooled(_) => "standard input".into(),
        Input::Path(path) => quoted(&path.to_string_lossy()),
        Input::Bucket(bucket) => quoted(&bucket.location.to_string()),
        Input::KeyList(keys) => key_list(&keys.list.name()),
        Input::EventHistory(_) => "event history".into(),
    }
}

/// The name of a list of keys as an input.
pub(super) fn key_list(name: &str) -> String {
    format!("the keys of {}", quoted(name))
}

/// The filters as typed, and the absolute times that they resolve to.
fn filters(request: &SummaryRequest) -> String {
    let mut words: Vec<String> = request.typed.filters.iter().map(|word| quoted(word)).collect();
    let window = request.window;
    let edges = [("from", window.since), ("before", window.until)];
    let edges = edges.into_iter().filter_map(|(edge, time)| Some(format!("{edge} {}", time?)));
    let edges = edges.collect::<Vec<_>>().join(", ");
    if !edges.is_empty() {
        words.push(format!("({edges})"));
    }
    if let Some(Window { since: Some(since), until: Some(until) }) = request.earlier {
        words.push(format!("against (from {since}, before {until})"));
    }
    if words.is_empty() { "none".into() } else { words.join(" ") }
}

/// The number of duplicates left out, or a note that they were not looked for:
/// remembering every eventID takes a third longer.
fn duplicates(request: &SummaryRequest, coverage: &Coverage) -> String {
    if request.dedupe {
        return format!("{} left out: eventID seen before", coverage.duplicates);
    }
    "not removed; use --dedupe to leave them out".into()
}
