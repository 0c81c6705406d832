//! The filter options as conditions in SQL.

use super::address::is_from;
use super::event_fields::{EventFields, field as field_value};
use super::pattern::matches;
use crate::cloudtrail::field::{Field, FieldPath};
use crate::decode::event::FieldSet;
use crate::error::Error;
use crate::filter::Filter;
use crate::filter::comparison::{Comparison, TextTest};
use crate::filter::options::{ConditionKind, FilterOption};
use crate::filter::spec::FilterSpec;

/// Most values of an option: engines limit the length of a statement.
const MAX_VALUES: usize = 5_000;

/// The conditions of a request, all of which must hold. Fails for one that SQL cannot state
/// exactly.
pub(super) fn conditions(filter: &FilterSpec, fields: &mut EventFields) -> Result<Vec<String>, Error> {
    // Reports invalid values as every command does.
    Filter::new(filter, &mut filter.field_set())?;
    if filter.jq.is_some() {
        return Err(Error::about("--jq", " cannot be written as SQL; use other conditions"));
    }
    let mut all = window(filter, fields)?;
    for (option, typed) in filter.options.iter() {
        if option.kind == ConditionKind::Where {
            for text in typed {
                let wrong = |reason: String| Error::option(option.flag, text, format!("not in SQL: {reason}"));
                all.push(comparison(text, filter, fields)?.map_err(wrong)?);
            }
            continue;
        }
        let wrong = |reason: String| Error::about(option.flag, format!(" cannot be written as SQL: {reason}"));
        let values = filter.options.list(option.flag);
        if values.len() > MAX_VALUES {
            return Err(wrong(format!("{} values are too many; at most {MAX_VALUES}", values.len())));
        }
        if option.has_values() && values.is_empty() {
            continue;
        }
        all.extend(condition(option, &values, filter, fields).map_err(wrong)?);
    }
    Ok(all)
}

/// The window. An event without a time is wanted, as in the program.
fn window(filter: &FilterSpec, fields: &mut EventFields) -> Result<Vec<String>, Error> {
    let limits = [(filter.window.since, ">="), (filter.window.until, "<")];
    let mut tests = Vec::new();
    for (limit, operator) in limits {
        let Some(limit) = limit else { continue };
        let time = fields.path(&["eventTime"]).map_err(Error::usage)?;
        let (time, limit) = (fields.dialect.time(&time), fields.dialect.time_literal(limit));
        tests.push(format!("coalesce({time} {operator} {limit}, TRUE)"));
    }
    Ok(tests)
}

/// The conditions of one option.
fn condition(
    option: &FilterOption,
    values: &[String],
    filter: &FilterSpec,
    fields: &mut EventFields,
) -> Result<Vec<String>, String> {
    let dialect = fields.dialect;
    let of_value = |value: String| chosen(values, |wanted| Ok(matches(dialect, &value, wanted)));
    match option.kind {
        ConditionKind::Field(name) => of_value(fields.path(&[name])?),
        ConditionKind::Path(path) => of_value(fields.path(&path.split('.').collect::<Vec<_>>())?),
        ConditionKind::Account => {
            let (event, caller) = (fields.path(&["recipientAccountId"])?, fields.path(&["userIdentity", "accountId"])?);
            of_value(format!("coalesce({event}, {caller})"))
        }
        ConditionKind::Service => service(values, fields),
        ConditionKind::Address => {
            if filter.networks.is_some() {
                return Err("--networks gives names to networks; leave it out and write the networks".into());
            }
            let source = fields.path(&["sourceIPAddress"])?;
            fields.notes.insert(
                "sourceIPAddress: IPv4 addresses in the hexadecimal notation of IPv6 do not match networks".into(),
            );
            chosen(values, |wanted| is_from(dialect, &source, wanted))
        }
        ConditionKind::User => chosen(values, |wanted| fields.any_user(&matches(dialect, "element", wanted))),
        ConditionKind::Failed(wanted) => Ok(vec![negated_unless(wanted, fields.is_failed()?)]),
        ConditionKind::Read(wanted) => Ok(vec![fields.is_read(wanted)?]),
        ConditionKind::Actor => Err("other events prove an actor".into()),
        ConditionKind::Resource => Err("a resource may be in any field of the event".into()),
        ConditionKind::Grep => Err("engines do not have the event as delivered".into()),
        ConditionKind::Where => Err("it is compiled elsewhere".into()),
    }
}

/// Conditions on the service, where `ec2` is short for `ec2.amazonaws.com`.
fn service(values: &[String], fields: &mut EventFields) -> Result<Vec<String>, String> {
    let dialect = fields.dialect;
    let source = fields.path(&["eventSource"])?;
    let service =
        format!("CASE WHEN {source} LIKE '%.amazonaws.com' THEN substr({source}, 1, length({source}) - 14) END");
    chosen(values, |wanted| {
        let short: Vec<&str> = wanted.iter().copied().filter(|value| !value.contains('.')).collect();
        let whole = matches(dialect, &source, wanted);
        Ok(match &short[..] {
            [] => whole,
            short => format!("({whole} OR {})", matches(dialect, &service, short)),
        })
    })
}

/// Combines the values of an option: one of those without a `!` must match, and none of the
/// others.
fn chosen(values: &[String], mut test: impl FnMut(&[&str]) -> Result<String, String>) -> Result<Vec<String>, String> {
    let (unwanted, wanted): (Vec<&str>, Vec<&str>) =
        values.iter().map(String::as_str).partition(|value| value.starts_with('!'));
    let unwanted: Vec<&str> = unwanted.into_iter().map(|value| &value[1..]).collect();
    let mut tests = Vec::new();
    if !wanted.is_empty() {
        tests.push(test(&wanted)?);
    }
    if !unwanted.is_empty() {
        tests.push(format!("NOT coalesce({}, FALSE)", test(&unwanted)?));
    }
    Ok(tests)
}

fn negated_unless(wanted: bool, test: String) -> String {
    if wanted { test } else { format!("NOT {test}") }
}

/// A condition of `--where`. The outer error is that of an invalid one.
fn comparison(text: &str, filter: &FilterSpec, fields: &mut EventFields) -> Result<Result<String, String>, Error> {
    let mut known = FieldSet::default();
    let compared = Comparison::parse(text, filter.now, &mut known)?;
    Ok(subject(compared.field(), &known, fields).and_then(|value| tested(&value, &compared, text, fields)))
}

/// The value that a condition is about.
pub(super) fn subject(field: &Field, known: &FieldSet, fields: &mut EventFields) -> Result<String, String> {
    const ARRAY: &str = "a path into an array";
    match field {
        Field::Path(path) => fields.path(&path.names(known).ok_or(ARRAY)?),
        Field::First(paths) => {
            let mut value = |path: &FieldPath| {
                let names = path.names(known).ok_or(ARRAY)?;
                // Both are texts, although one is in JSON.
                Ok::<_, String>(fields.add(&names.join("."), field_value(fields.dialect, &names)?))
            };
            let (first, second) = (value(&paths[0])?, value(&paths[1])?);
            Ok(format!("coalesce({first}, {second})"))
        }
        Field::UserName(_) => fields.user_name(),
        Field::Actor(_) | Field::ActorVia(_) => Err("other events prove an actor".into()),
        Field::Session(_) => Err("the id of a session is a hash".into()),
        Field::Resources(_) => Err("resources may be in any field of the event".into()),
        Field::Network(_) | Field::Geo(_) => Err("the engine does not have the files of --networks and --geoip".into()),
    }
}

fn tested(value: &str, compared: &Comparison, text: &str, fields: &EventFields) -> Result<String, String> {
    let dialect = fields.dialect;
    let (test, is_negated) = compared.test();
    let typed = Comparison::value_in(text).unwrap_or_default();
    let test = match test {
        TextTest::Present if is_negated => return Ok(format!("{value} IS NULL")),
        TextTest::Present => return Ok(format!("{value} IS NOT NULL")),
        TextTest::Glob(_) => matches(dialect, value, &[typed]),
        TextTest::Regex(_) => return Err("regular expressions differ between engines; use a pattern with =".into()),
        TextTest::Number(side, _) => {
            let limit = typed.trim().parse::<f64>().ok().filter(|limit| limit.is_finite()).ok_or("not a number")?;
            format!("{} {} CAST('{limit:e}' AS DOUBLE)", dialect.number(value), side.operator())
        }
        TextTest::Time(side, limit) => {
            format!("{} {} {}", dialect.time(value), side.operator(), dialect.time_literal(*limit))
        }
    };
    Ok(if is_negated { format!("NOT coalesce({test}, FALSE)") } else { test })
}
