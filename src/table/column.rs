//! Columns: named ones and paths.

mod kind;

use std::ops::ControlFlow;

use jiff::tz::TimeZone;
use memchr::memmem;

pub use self::kind::ColumnType;
use crate::cloudtrail::actor::ActorReader;
use crate::cloudtrail::digest::file_verdict::{VERIFIED, VerdictReader};
use crate::cloudtrail::field::{Field, FieldPath};
use crate::cloudtrail::network::NetworkReader;
use crate::cloudtrail::resource::ResourceFields;
use crate::decode::event::{Event, FieldId, FieldSet};
use crate::decode::json::{CUT, JsonValue, ValueKind};
use crate::error::Error;
use crate::syntax::suggest::nearest;
use crate::table::catalogue;
use crate::table::cell::{CellStyle, push_value};
use crate::table::streamed_cell;
use crate::table::streamed_cell::ByteSink;
use crate::table::time_step::{StepReader, TimeStep};
use crate::table::user_names::NameWriter;

/// The default columns. The first ones are those of the usual jq script, in its order.
pub const DEFAULT: [&str; 10] = [
    "eventTime",
    "awsRegion",
    "eventSource",
    "eventName",
    "userName",
    "sourceIPAddress",
    "userAgent",
    "requestParameters",
    "errorCode",
    "recipientAccountId",
];

/// A column: its name, and the source of its cells.
#[derive(Clone, Debug)]
pub struct Column {
    /// The header: the catalogue's name, or the path as typed.
    pub name: String,
    source: CellSource,
}

#[derive(Clone, Debug)]
enum CellSource {
    Field(FieldId),
    Time(FieldId),
    Path(FieldPath),
    UserName(Box<NameWriter>),
    /// The value of the first path that exists.
    First(Box<[FieldPath; 2]>),
    Resources(ResourceFields),
    /// A text that is derived from several fields.
    Derived(Box<Field>),
    Network(NetworkReader),
    Step(Box<StepReader>),
    File,
    /// The verdict on the file.
    Verified(Box<VerdictReader>),
}

/// Indices into [`DEFAULT`] in the order in which a narrow aligned table drops columns:
/// long ones first, then those whose values most events share.
pub fn optional_by_default() -> Vec<usize> {
    let names = ["requestParameters", "userAgent", "recipientAccountId", "eventSource", "awsRegion", "sourceIPAddress"];
    names.iter().filter_map(|name| DEFAULT.iter().position(|column| column == name)).collect()
}

/// Resolves the values of `--columns`, which default to [`DEFAULT`].
pub fn parse_list(names: &[String], fields: &mut FieldSet) -> Result<Vec<Column>, Error> {
    let names = selected_names(names, fields)?;
    names.into_iter().map(|name| Column::new("--columns", name, fields)).collect()
}

/// The names or paths of the values of `--columns`, which default to [`DEFAULT`].
pub fn selected_names<'n>(names: &'n [String], fields: &FieldSet) -> Result<Vec<&'n str>, Error> {
    select_names(names, &DEFAULT, catalogue::canonical, fields)
}

/// Finds the name of a known column that is typed in any case; `None` for other columns.
type CanonicalName = fn(&str) -> Option<&'static str>;

/// The names that `--columns` selects. A list that begins with `+` or `-` changes `usual`,
/// read from left to right: `-NAME` removes a column, any other name adds one, and `all`
/// adds every named column not yet present. Fails for an unknown name that is to be removed.
pub(super) fn select_names<'n>(
    names: &'n [String],
    usual: &[&'static str],
    canonical: CanonicalName,
    fields: &FieldSet,
) -> Result<Vec<&'n str>, Error> {
    let adds = names.first().is_none_or(|first| first.starts_with(['+', '-']));
    let mut all: Vec<&str> = if adds { usual.to_vec() } else { Vec::new() };
    for name in names {
        if let Some(removed) = name.strip_prefix('-') {
            remove(&mut all, name, removed.trim(), canonical)?;
            continue;
        }
        match name.strip_prefix('+').unwrap_or(name).trim() {
            all_names if all_names.eq_ignore_ascii_case("all") => {
                let names = catalogue::names().filter(|name| Field::has_source(name, fields));
                let more: Vec<&str> = names.filter(|name| !all.contains(name)).collect();
                all.extend(more);
            }
            name => all.push(canonical(name).unwrap_or(name)),
        }
    }
    if all.is_empty() {
        return Err(Error::option("--columns", &names.join(","), "leaves out every column; keep at least one"));
    }
    Ok(all)
}

/// Removes the column named by `typed`. Fails if it is not among `columns`.
fn remove(columns: &mut Vec<&str>, typed: &str, name: &str, canonical: CanonicalName) -> Result<(), Error> {
    let wrong = |reason: &str| Err(Error::option("--columns", typed, reason));
    let canonical = canonical(name);
    let column = canonical.unwrap_or(name);
    let before = columns.len();
    columns.retain(|known| *known != column);
    if columns.len() < before {
        return Ok(());
    }
    // clap takes an option that follows `-c` directly as the value of `-c`.
    if name.len() < 2 || name.starts_with('-') {
        return wrong("no column to leave out; write a list of columns before the next option");
    }
    match canonical {
        None if !name.contains(['.', '[']) => wrong(&unknown(name)),
        _ => wrong(&format!("not in the list, so it cannot be left out; the list is {}", columns.join(","))),
    }
}

impl Column {
    /// The column with this name or path.
    pub fn new(option: &str, typed: &str, fields: &mut FieldSet) -> Result<Column, Error> {
        let name = catalogue::canonical(typed).unwrap_or(typed);
        let wrong = |reason: &str| Error::option(option, typed, reason);
        let derived = Field::derived(name, fields).map_err(|reason| wrong(&reason))?;
        let source = match (name, derived) {
            (_, Some(Field::Path(path))) => CellSource::Path(path),
            (_, Some(Field::First(paths))) => CellSource::First(paths),
            (_, Some(Field::UserName(identities))) => CellSource::UserName(Box::new(NameWriter::new(*identities))),
            (_, Some(Field::Resources(fields))) => CellSource::Resources(fields),
            (_, Some(Field::Network(network))) => CellSource::Network(network),
            (_, Some(derived)) => CellSource::Derived(Box::new(derived)),
            ("", None) => return Err(wrong("an empty name; --columns help lists the names")),
            ("file", None) => CellSource::File,
            (VERIFIED, None) => CellSource::Verified(Box::default()),
            ("eventTime", None) => CellSource::Time(fields.add(name)?),
            _ if catalogue::names().any(|known| known == name) => CellSource::Field(fields.add(name)?),
            _ if name.contains(['.', '[']) => match misspelled_root(name) {
                Some(known) => return Err(wrong(&format!("not a path; did you mean {known}…?"))),
                None => {
                    let path =
                        FieldPath::parse(name, fields).map_err(|reason| wrong(&format!("a path that {reason}")))?;
                    CellSource::Path(path)
                }
            },
            _ => return Err(wrong(&unknown(name))),
        };
        Ok(Column { name: name.to_string(), source })
    }

    /// The reader of actors, if the cells depend on them.
    pub fn actor_reader(&mut self) -> Option<&mut ActorReader> {
        match &mut self.source {
            CellSource::Derived(field) => field.actor_reader(),
            _ => None,
        }
    }

    /// The reader of verdicts, if the cells are verdicts.
    pub fn verdict_reader(&mut self) -> Option<&mut VerdictReader> {
        match &mut self.source {
            CellSource::Verified(reader) => Some(reader),
            _ => None,
        }
    }

    /// The column of the minute, hour or day of an event.
    pub fn of_step(step: TimeStep, zone: &TimeZone, fields: &mut FieldSet) -> Result<Column, Error> {
        let source = CellSource::Step(Box::new(StepReader::new(step, zone.clone(), fields)?));
        Ok(Column { name: step.name().to_string(), source })
    }

    /// The value of the cell if it can be written in pieces.
    fn large_value<'a>(&self, event: &Event<'a>) -> Option<JsonValue<'a>> {
        let value = match &self.source {
            CellSource::Field(field) | CellSource::Time(field) => event.get(*field),
            CellSource::Path(path) if !path.has_many_values() => path.value(event),
            CellSource::First(paths) => first(paths, event),
            _ => None,
        };
        value.filter(streamed_cell::is_large)
    }

    /// Whether the cell joins several values, or parts of one, which are cut if they are
    /// long.
    fn is_derived(&self) -> bool {
        matches!(self.source, CellSource::UserName(_) | CellSource::Derived(_) | CellSource::Resources(_))
    }

    /// The text of the cell, if it is short and needs no escaping: see
    /// [`JsonValue::short`].
    #[inline]
    pub fn short<'a>(&self, event: &Event<'a>) -> Option<(&'a [u8; JsonValue::SHORT], usize)> {
        match &self.source {
            CellSource::Field(field) => event.get(*field)?.short(),
            _ => None,
        }
    }

    /// The time of the event as written, if the cell is that time as delivered.
    #[inline]
    pub fn written_time<'a>(&self, event: &Event<'a>) -> Option<&'a [u8]> {
        match &self.source {
            CellSource::Time(field) => event.get(*field)?.raw_string(),
            _ => None,
        }
    }

    /// Appends the cell of an event.
    #[inline(always)]
    pub fn write(&mut self, event: &Event<'_>, file: &str, style: &CellStyle, out: &mut Vec<u8>) {
        match &self.source {
            CellSource::Field(field) => style.value(event.get(*field), out),
            CellSource::Time(field) if style.zone.is_none() => style.value(event.get(*field), out),
            _ => self.write_other(event, file, style, out),
        }
    }

    /// Writes the cell of a possibly large event in pieces. Returns whether it was cut.
    pub fn write_in_pieces(
        &mut self,
        event: &Event<'_>,
        file: &str,
        style: &CellStyle,
        emit: &mut ByteSink<'_>,
    ) -> ControlFlow<(), bool> {
        match &self.source {
            CellSource::Path(path) if path.has_many_values() => streamed_cell::joined(path, event, style, emit)?,
            _ => match self.large_value(event) {
                Some(value) => streamed_cell::cell(value, style, emit)?,
                None => {
                    let mut small = Vec::new();
                    self.write(event, file, style, &mut small);
                    emit(&small)?;
                    return ControlFlow::Continue(self.is_derived() && is_cut(&small));
                }
            },
        }
        ControlFlow::Continue(false)
    }

    /// Appends the cell of an event. For a large value, at least the first `length`
    /// bytes.
    pub(crate) fn write_start(
        &mut self,
        event: &Event<'_>,
        file: &str,
        style: &CellStyle,
        length: usize,
        out: &mut Vec<u8>,
    ) {
        if event.value().raw().len() <= streamed_cell::PIECE {
            return self.write(event, file, style, out);
        }
        let _ = self.write_in_pieces(event, file, style, &mut |piece| {
            out.extend_from_slice(piece);
            if out.len() < length { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
    }

    #[inline(never)]
    fn write_other(&mut self, event: &Event<'_>, file: &str, style: &CellStyle, out: &mut Vec<u8>) {
        match &mut self.source {
            CellSource::Field(field) => style.value(event.get(*field), out),
            CellSource::Time(field) => style.event_time(event.get(*field), out),
            CellSource::Path(path) if path.has_many_values() => joined(path, event, style, out),
            CellSource::Path(path) => style.time(path.value(event), out),
            CellSource::First(paths) => style.value(first(paths, event), out),
            CellSource::UserName(names) => names.write(event, out, |name, out| match name {
                Some(parts) => style.parts(&parts, out),
                None => style.absent(out),
            }),
            CellSource::Resources(fields) => match &fields.list(event)[..] {
                [] => style.absent(out),
                list => style.text(&list.join(";"), out),
            },
            CellSource::Derived(field) => match field.derived_text(event) {
                Some(text) => style.text(&text, out),
                None => style.absent(out),
            },
            CellSource::Network(network) => match network.name(event) {
                Some(name) => style.text(name, out),
                None => style.absent(out),
            },
            CellSource::Step(steps) => match steps.text(event) {
                Some(start) => style.text(start, out),
                None => style.absent(out),
            },
            CellSource::File => style.text(file, out),
            CellSource::Verified(reader) => style.text(reader.name(file), out),
        }
    }
}

/// Whether a text in the cell was cut.
fn is_cut(cell: &[u8]) -> bool {
    memmem::find(cell, CUT.as_bytes()).is_some()
}

/// The value of the first path that exists.
fn first<'a>(paths: &[FieldPath; 2], event: &Event<'a>) -> Option<JsonValue<'a>> {
    paths.iter().filter_map(|path| path.value(event)).find(|value| value.kind() != ValueKind::Null)
}

/// The values of a path with `[]`, joined by `;`.
fn joined(path: &FieldPath, event: &Event<'_>, style: &CellStyle, out: &mut Vec<u8>) {
    let (start, mut count) = (out.len(), 0);
    path.each(event, &mut |value| {
        if value.kind() != ValueKind::Null {
            if count > 0 {
                out.push(b';');
            }
            push_value(value, out);
            count += 1;
        }
    });
    match count {
        0 => style.absent(out),
        _ => style.escape_formula(out, start),
    }
}

/// The field that the first part of a path probably meant.
fn misspelled_root(path: &str) -> Option<&'static str> {
    let root = path.split(['.', '[']).next().unwrap_or_default();
    let names: Vec<&str> = catalogue::names().collect();
    if names.contains(&root) { None } else { nearest(root, &names) }
}

/// The error for an unknown column name.
fn unknown(name: &str) -> String {
    let aliases = catalogue::ALIASES.iter().map(|(alias, _)| *alias);
    match nearest(name, &catalogue::names().chain(aliases).collect::<Vec<_>>()) {
        Some(known) => format!("not a column; did you mean {known}?"),
        None => format!("not a column; use --columns help for the names, or .{name} for the field of that name"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::decode::testing::with_event;
    use crate::syntax::geo_database::{GeoDatabase, GeoDatabases};

    const EVENT: &str = r#"{"eventName":"X","userIdentity":{"type":"IAMUser","userName":"-bob","accessKeyId":""},
        "requestParameters":{"items":[{"id":"=a"},{"id":2},{"id":null},{"id":{"n":[1 ]}}]},
        "additionalEventData":{"MFAUsed":"No"},"novel":"new"}"#;

    fn cells(names: &[&str]) -> Vec<String> {
        let mut fields = FieldSet::default();
        let names: Vec<String> = names.iter().map(|name| (*name).to_string()).collect();
        let columns = parse_list(&names, &mut fields).unwrap();
        let style = CellStyle::new("~", true, None);
        with_event(EVENT, &fields, |event| {
            let write = |mut column: Column| {
                let mut out = Vec::new();
                column.write(event, "a/b.json", &style, &mut out);
                String::from_utf8(out).unwrap()
            };
            columns.into_iter().map(write).collect()
        })
    }

    #[test]
    fn names_and_paths_give_cells() {
        assert_eq!(cells(&["eventName", "userName", "userType", "mfa"]), ["X", "'-bob", "IAMUser", "No"]);
        assert_eq!(cells(&["accessKeyId", "file", "errorCode", ".novel"]), ["", "a/b.json", "~", "new"]);
        assert_eq!(cells(&["requestParameters.items[].id"]), [r#"'=a;2;{"n":[1]}"#]);
        assert_eq!(cells(&["requestParameters.items[1].id", "requestParameters.none[].id"]), ["2", "~"]);
    }

    fn with_tables() -> FieldSet {
        let record = serde_json::json!({"country": "DE", "asn": "AS64496", "as_name": "Example"});
        let bytes = testkit::mmdb::database("Test", &[("192.0.2.0/24", record)]);
        let load = move || GeoDatabase::new("test.mmdb".into(), bytes).map(|database| vec![database]);
        let geoip = GeoDatabases::new(Box::new(load));
        FieldSet::with_networks(Some(Default::default())).with_geoip(Some(Arc::new(geoip)))
    }

    #[test]
    fn a_plus_adds_to_the_default() {
        let names = |list: &[&str]| {
            let list: Vec<String> = list.iter().map(|name| (*name).to_string()).collect();
            let columns = parse_list(&list, &mut with_tables()).unwrap();
            columns.into_iter().map(|column| column.name).collect::<Vec<_>>()
        };
        assert_eq!(names(&[]), DEFAULT);
        assert_eq!(names(&["+mfa", "file"])[9..], ["recipientAccountId", "mfa", "file"]);
        assert_eq!(names(&["mfa"]), ["mfa"]);
        let all: Vec<&str> = catalogue::names().filter(|name| *name != VERIFIED).collect();
        assert_eq!(names(&["all"]), all);
        assert_eq!(names(&["+all", "a.b"]), [&all[..], &["a.b"]].concat());
        assert_eq!(names(&["mfa", "all"])[..2], ["mfa", "eventTime"]);
        assert_eq!(names(&["ALL"]), all);
    }

    #[test]
    fn a_minus_removes_from_the_columns_so_far() {
        let names = |list: &[&str]| {
            let list: Vec<String> = list.iter().map(|name| (*name).to_string()).collect();
            let columns = parse_list(&list, &mut with_tables()).map_err(|error| error.to_string())?;
            Ok(columns.into_iter().map(|column| column.name).collect::<Vec<_>>())
        };
        let kept: Vec<&str> = DEFAULT.into_iter().filter(|name| *name != "userAgent").collect();
        assert_eq!(names(&["-userAgent"]).unwrap(), kept);
        assert_eq!(names(&["-AGENT", "+mfa"]).unwrap(), [&kept[..], &["mfa"]].concat());
        assert_eq!(names(&["+mfa", "- agent"]).unwrap(), [&kept[..], &["mfa"]].concat());
        assert_eq!(names(&["-userAgent", "agent"]).unwrap(), [&kept[..], &["userAgent"]].concat());
        assert_eq!(names(&["time", "a.b", "-a.b"]).unwrap(), ["eventTime"]);
        assert_eq!(names(&["all", "-file"]).unwrap().len(), catalogue::CATALOGUE.len() - 2);
        let refuse = |list: &[&str]| -> String { names(list).unwrap_err() };
        assert_eq!(
            refuse(&["time", "user", "-mfa"]),
            "--columns \"-mfa\": not in the list, so it cannot be left out; the list is eventTime,userName"
        );
        assert_eq!(refuse(&["-userAgnt"]), "--columns \"-userAgnt\": not a column; did you mean userAgent?");
        assert!(refuse(&["-.time"]).contains("not in the list"));
        for option in ["-u", "-", "--sort"] {
            assert!(refuse(&[option]).ends_with("write a list of columns before the next option"), "{option}");
        }
        assert_eq!(refuse(&["time", "-time"]), "--columns \"time,-time\": leaves out every column; keep at least one");
    }

    #[test]
    fn an_unknown_name_is_refused_with_a_hint() {
        let refuse = |name: &str| parse_list(&[name.to_string()], &mut FieldSet::default()).unwrap_err().to_string();
        assert_eq!(refuse("eventnam"), "--columns \"eventnam\": not a column; did you mean eventName?");
        assert_eq!(refuse("reigon"), "--columns \"reigon\": not a column; did you mean region?");
        assert!(refuse("bogus").ends_with("use --columns help for the names, or .bogus for the field of that name"));
        assert_eq!(
            refuse("useridentity.arn"),
            "--columns \"useridentity.arn\": not a path; did you mean userIdentity…?"
        );
        assert!(refuse("a..b").contains("a path that has an empty name"));
    }
}
