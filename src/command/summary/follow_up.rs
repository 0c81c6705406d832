//! The command that lists the events behind a number; `None` if no command lists
//! exactly those.

use jiff::Timestamp;

use super::comparison::FrequencyComparison;
use super::counter::is_cut;
use super::request::SummaryRequest;
use super::result::{Summary, SummaryTable, TableRow, TableTopic};
use crate::cloudtrail::denial;
use crate::cloudtrail::denial::DenialRule;
use crate::cloudtrail::keys::is_account;
use crate::command::summary::display::is_hidden;
use crate::filter::jq::expression::{Expression, OutputKind};
use crate::filter::options::{ACCOUNT, OPTIONS};
use crate::syntax::shell::quoted;
use crate::syntax::visible::{push_escape, read_escape};
use crate::syntax::window::Window;

/// Builds commands that list counted events. An added condition must narrow the question, as a
/// second value of an option does not.
pub(super) struct FollowUpCommand<'a> {
    /// The options and inputs that were typed, but for times and expressions.
    words: Vec<&'a str>,
    /// Whether a command can name all inputs.
    has_inputs: bool,
    jq: Option<&'a str>,
    window: Window,
    /// The option that leaves out events without a time, if there are any.
    timed: Option<String>,
    /// What values of two periods are compared by.
    pub(super) comparison: Option<FrequencyComparison>,
    /// Whether jq can read the times of all events.
    can_jq_read_times: bool,
}

const JQ: &str = "--jq";

impl<'a> FollowUpCommand<'a> {
    /// Creates the builder for a request and its summary.
    pub(super) fn new(request: &'a SummaryRequest, summary: &Summary) -> FollowUpCommand<'a> {
        let (typed, window) = (&request.typed, request.window);
        let mut words = Vec::new();
        let mut rest = typed.sources.iter().flatten().chain(&typed.question).map(String::as_str);
        while let Some(word) = rest.next() {
            match word.strip_prefix(JQ) {
                Some("") => drop(rest.next()),
                Some(value) if value.starts_with('=') => {}
                _ => words.push(word),
            }
        }
        let first = summary.counts.all.period().and_then(|[first, _]| Timestamp::from_second(first).ok());
        let timed = first.filter(|_| summary.untimed() > 0).map(|first| condition(&format!("eventTime >= {first}")));
        FollowUpCommand {
            words,
            has_inputs: request.has_typed_inputs,
            jq: request.reading.filter.jq.as_deref(),
            window,
            timed,
            comparison: summary.comparison,
            can_jq_read_times: !summary.counts.has_other_times,
        }
    }

    fn has(&self, option: &str) -> bool {
        self.words
            .iter()
            .any(|word| word.strip_prefix(option).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')))
    }

    /// The command for all that is counted.
    pub(super) fn command(&self) -> Option<String> {
        self.with([self.times(self.window), self.expression(None)?])
    }

    /// The command for what is counted and has a time, without that time: see
    /// [`FollowUpCommand::between`].
    pub(super) fn command_of_time(&self) -> Option<String> {
        self.with([self.timed.clone(), self.expression(None)?])
    }

    /// The two parts of the command around a day of the week (1 is Monday) and an hour, such as
    /// `1 09`.
    pub(super) fn command_of_week(&self) -> Option<[String; 2]> {
        const PLACE: &str = "DAY HOUR";
        if !self.can_jq_read_times {
            return None;
        }
        let hour = format!("(.eventTime | trim | fromdate | strftime(\"%u %H\")) == \"{PLACE}\"");
        let command = self.with([self.times(self.window), self.timed.clone(), self.expression(Some(&hour))?])?;
        let (before, after) = command.rsplit_once(PLACE)?;
        Some([before, after].map(String::from))
    }

    fn with<const N: usize>(&self, more: [Option<String>; N]) -> Option<String> {
        // Hidden characters cannot be copied from the page.
        if !self.has_inputs || self.words.iter().chain(&self.jq).any(|word| word.contains(is_hidden)) {
            return None;
        }
        let words = self.words.iter().map(|word| quoted(word)).chain(more.into_iter().flatten());
        Some(std::iter::once("trail2tsv".to_string()).chain(words).collect::<Vec<_>>().join(" "))
    }

    /// The typed expression, combined with `also` if given; the outer `None` if they cannot be
    /// combined.
    fn expression(&self, also: Option<&str>) -> Option<Option<String>> {
        let Some(typed) = self.jq else { return Some(also.map(|also| option_with(JQ, also))) };
        if also.is_none() && Expression::parse(typed).output_kind() == OutputKind::Boolean {
            return Some(Some(option_with(JQ, typed)));
        }
        // What follows a comment would be a part of it.
        if typed.contains('#') {
            return None;
        }
        // An event counts once, whatever the expression makes of it.
        let is_counted = format!("any(({typed}); .)");
        Some(Some(option_with(JQ, &also.map_or(is_counted.clone(), |also| format!("{is_counted} and ({also})")))))
    }

    fn times(&self, window: Window) -> Option<String> {
        let times = [("--since", window.since), ("--until", window.until)];
        let times = times.into_iter().filter_map(|(option, time)| Some(option_with(option, &time?.to_string())));
        Some(times.collect::<Vec<_>>().join(" ")).filter(|times| !times.is_empty())
    }

    /// The options for the events from one second to before another, counted from 1970, in the
    /// window of the request.
    pub(super) fn between(&self, since: i64, until: i64) -> Option<String> {
        // A second out of range lies before or after all times.
        let [since, until] = [since, until].map(|second| Timestamp::from_second(second).ok());
        let until = until.into_iter().chain(self.window.until).min();
        let window = Window { since: since.max(self.window.since), until };
        match window {
            Window { since: Some(since), until: Some(until) } if since >= until => None,
            window => self.times(window),
        }
    }

    /// The options that select the events of a row. `is_like_others` if another row differs only
    /// in case.
    pub(super) fn row(&self, table: &SummaryTable, row: &TableRow, is_like_others: bool) -> Option<String> {
        if let TableTopic::FirstSeen | TableTopic::Rare | TableTopic::Against = table.topic {
            return self.derived_row(table, row, is_like_others);
        }
        if let TableTopic::Signals(_) = table.topic {
            return None;
        }
        let columns = table.columns.iter().zip(&row.values);
        let words = columns.map(|(column, value)| self.value(column, value, is_like_others));
        let mut words: Vec<String> = words.collect::<Option<_>>()?;
        if table.topic == TableTopic::Denied {
            words.push(self.denied());
        }
        Some(words.join(" "))
    }

    /// The options that select the events of a row that was derived from one of another table.
    fn derived_row(&self, table: &SummaryTable, row: &TableRow, is_like_others: bool) -> Option<String> {
        let value = |name| table.columns.iter().position(|column| column == name).and_then(|at| row.values.get(at));
        self.value(value("column")?, value("value")?, is_like_others).filter(|_| row.stats.count > 0)
    }

    /// The command that lists the events with a value in a column.
    fn value(&self, column: &str, value: &str, has_case: bool) -> Option<String> {
        // The cut part of a value and its invalid bytes are unknown here.
        if !is_filterable(column) || is_cut(value) || value.contains(char::REPLACEMENT_CHARACTER) {
            return None;
        }
        let field = if column == "principal" { "userName" } else { column };
        // Nothing with a character: absent, null and empty are one in a cell.
        if value.is_empty() {
            return Some(condition(&format!("{field} != ?*")));
        }
        let is_pattern = is_literal(value) && !has_case;
        if column == "principal" {
            return Some(condition(&of_role(value, is_pattern)));
        }
        if !is_pattern {
            return Some(condition(&format!("{field} ~ {}", plain_or_quoted(&format!("^{}$", regex(value))))));
        }
        let option = OPTIONS.iter().find(|option| option.column == Some(field) && !self.has(option.flag));
        Some(match option.filter(|option| is_single(value) && option.is_exact(value)) {
            Some(option) => option_with(option.flag, value),
            None => condition(&format!("{field} = {}", plain_or_quoted(value))),
        })
    }

    /// The options for the events in the folders of an account and a region.
    pub(super) fn folder(&self, account: &str, region: &str) -> Option<String> {
        let account = match self.has(ACCOUNT) {
            true => self.value("recipientAccountId", account, false),
            false => is_account(account).then(|| option_with(ACCOUNT, account)),
        };
        Some(format!("{} {}", account?, self.value("awsRegion", region, false)?))
    }

    /// The option for errors; empty if it was typed.
    pub(super) fn errors(&self) -> &'static str {
        const ERRORS: &str = "--errors";
        if self.has(ERRORS) { "" } else { ERRORS }
    }

    /// The option for denied calls.
    pub(super) fn denied(&self) -> String {
        if self.has("--error-code") {
            return condition(&format!("errorCode ~ (?i){}", denial::WORDS.join("|")));
        }
        option_with("--error-code", &DenialRule::patterns())
    }
}

/// Whether a condition on a column holds for just the events that have a value in
/// it. Two columns are made of more than one value, or of none in the event, and
/// so are paths to every element; what looks like an operator ends a path.
fn is_filterable(column: &str) -> bool {
    let is_path =
        |part: &str| !part.contains("[]") && !part.contains(|c: char| "=!~<>".contains(c) || c.is_whitespace());
    !matches!(column, "resources" | "file" | "verified" | "minute" | "hour" | "day")
        && !column.contains(is_hidden)
        && column.split('"').step_by(2).all(is_path)
}

/// Whether a value as a pattern matches itself alone, but for the case of its
/// letters. A `\` can begin an escape, and a `'` be one that a cell shows.
fn is_literal(value: &str) -> bool {
    !value.starts_with('\'') && !value.contains(|character: char| "*?[{\\".contains(character) || is_hidden(character))
}

/// Whether an option takes a value as it is: not as a list, and not negated.
fn is_single(value: &str) -> bool {
    !value.contains(',') && !value.starts_with('!') && value.trim() == value
}

/// The condition for a role with sessions of any name, or for another principal of that name.
fn of_role(role: &str, is_pattern: bool) -> String {
    match role {
        // Its callers have their own names, some of them after a /.
        account if is_account(account) => format!("userName = {account}"),
        role if is_pattern && !role.contains([',', '}']) => format!("userName = \"{{{role},{role}/*}}\""),
        role => format!("userName ~ \"(?s)^{}(?:/.*)?$\"", regex(role)),
    }
}

/// A regular expression for all values that look like this in a cell.
fn regex(cell: &str) -> String {
    let mut regex = String::with_capacity(cell.len());
    let mut rest = cell;
    while let Some(character) = rest.chars().next() {
        let escaped = escape(rest);
        let (written, after) = rest.split_at(escaped.map_or(character.len_utf8(), |(length, _)| length));
        let written = regex::escape(written);
        regex += &match escaped {
            // Either the character, or what the cell shows.
            Some((_, hidden)) => format!("(?:{written}|\\x{{{:x}}})", u32::from(hidden)),
            None if is_hidden(character) => format!("\\x{{{:x}}}", u32::from(character)),
            None => written,
        };
        rest = after;
    }
    regex
}

/// How long what looks like an escaped hidden character at the start of a cell
/// is, and the character.
fn escape(cell: &str) -> Option<(usize, char)> {
    let (length, character) = read_escape(cell)?;
    let mut written = Vec::new();
    push_escape(character, &mut written);
    (is_hidden(character) && cell.as_bytes().starts_with(&written)).then_some((length, character))
}

fn condition(text: &str) -> String {
    option_with("--where", text)
}

/// A value as a condition takes it.
fn plain_or_quoted(value: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_@.:/-".contains(&byte);
    if value.bytes().all(is_plain) { value.to_string() } else { format!("\"{value}\"") }
}

/// An option and its value as a shell takes them.
fn option_with(option: &str, value: &str) -> String {
    if value.starts_with('-') { quoted(&format!("{option}={value}")) } else { format!("{option} {}", quoted(value)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::table::cell::CellStyle;

    fn cell(text: &str) -> String {
        let mut out = Vec::new();
        CellStyle::default().text(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    proptest! {
        #[test]
        fn an_expression_finds_what_looks_like_a_cell_and_nothing_else(
            text in r#"(\\t|\\|\t|\n|\x1b|u001b|[a-c*?\[\]{}()!,'"^$.+| -]|\u{202e}|\u{9b}|\u{e0041}|\\u0009|u009b|u202e|\\udb40|\\udc41|é){0,6}"#,
            other in r#"(\\t|\\|\t|t|n|\n|\x1b|u001b|[a-c*?.]|\u{202e}|\u{e0041}|\\u0009){0,3}"#,
        ) {
            let expression = format!("^{}$", regex(&cell(&text)));
            prop_assert!(!expression.contains(is_hidden));
            let compiled = regex::Regex::new(&expression).unwrap();
            prop_assert!(compiled.is_match(&text), "{text:?} by {expression}");
            prop_assert_eq!(compiled.is_match(&other), cell(&other) == cell(&text), "{:?} by {}", other, expression);
        }
    }

    #[test]
    fn an_option_takes_a_value_that_looks_like_an_option() {
        assert_eq!(option_with("--event-name", "-x"), "--event-name=-x");
        assert_eq!(option_with("--event-name", "-x y"), "'--event-name=-x y'");
        assert_eq!(option_with("--event-name", "x"), "--event-name x");
    }

    #[test]
    fn only_columns_that_are_one_value_can_be_asked_for() {
        for (column, expected) in [
            ("eventName", true),
            ("resources", false),
            ("file", false),
            ("resources[0].ARN", true),
            ("resources[].ARN", false),
            ("requestParameters.\"a = b[]\".c", true),
            ("requestParameters.a=b", false),
            ("requestParameters.a b", false),
            ("requestParameters.a>b", false),
        ] {
            assert_eq!(is_filterable(column), expected, "{column}");
        }
    }
}
