//! The values that a table counts of an event.

use std::ops::ControlFlow;

use jiff::tz::TimeZone;

use super::call_memo::CallColumn;
use super::caller_memo::CallerColumn;
use super::counter::{MAX_VALUE, SHORT, ValueParts};
use crate::cloudtrail::actor::ActorReader;
use crate::cloudtrail::call::is_success;
use crate::cloudtrail::digest::file_verdict::VerdictReader;
use crate::cloudtrail::resource::ResourceFields;
use crate::decode::event::{Event, FieldSet};
use crate::error::Error;
use crate::table::cell::CellStyle;
use crate::table::column::Column;
use crate::table::time_step::TimeStep;

/// What is counted by: the values of these columns.
#[derive(Clone, Debug)]
pub(super) struct CountedColumns {
    columns: Vec<Column>,
    rule: CountRule,
    /// Set if the value depends on the caller or the call alone.
    remembered: Option<RememberedColumn>,
}

/// A column whose values are remembered with what they depend on.
#[derive(Clone, Copy, Debug)]
pub(super) enum RememberedColumn {
    Caller(CallerColumn),
    Call(CallColumn),
}

/// Which values count.
#[derive(Clone, Debug)]
enum CountRule {
    /// All that are not empty.
    Present,
    /// All; an event without a value counts as one of no value.
    All,
    /// Error codes, of which `200` is not one.
    Errors,
    /// The name of the user, which is read once for several purposes.
    User,
    /// Each of an event's resources.
    Resources(ResourceFields),
}

/// Whether the values of an event come in pieces.
#[inline]
pub(super) fn is_large(event: &Event<'_>) -> bool {
    const LARGE: usize = 64 << 10;
    event.value().raw().len() > LARGE
}

impl RememberedColumn {
    fn from_name(name: &str) -> Option<RememberedColumn> {
        let call = || CallColumn::from_name(name).map(RememberedColumn::Call);
        CallerColumn::from_name(name).map(RememberedColumn::Caller).or_else(call)
    }
}

impl CountedColumns {
    /// The values of these columns.
    pub(super) fn new(names: &[&str], has_empty: bool, fields: &mut FieldSet) -> Result<CountedColumns, Error> {
        let columns = names.iter().map(|name| Column::new("--by", name, fields)).collect::<Result<_, _>>()?;
        let remembered = match names {
            [name] if !has_empty => RememberedColumn::from_name(name),
            _ => None,
        };
        Ok(CountedColumns { columns, rule: if has_empty { CountRule::All } else { CountRule::Present }, remembered })
    }

    /// The values of these columns or steps of time, as typed.
    pub(super) fn asked(names: &[String], zone: &TimeZone, fields: &mut FieldSet) -> Result<CountedColumns, Error> {
        let column = |name: &String| match TimeStep::from_name(name) {
            Some(step) => Column::of_step(step, zone, fields),
            None => Column::new("--by", name, fields),
        };
        let columns = names.iter().map(column).collect::<Result<_, _>>()?;
        Ok(CountedColumns { columns, rule: CountRule::All, remembered: None })
    }

    /// The error codes of what failed.
    pub(super) fn errors(fields: &mut FieldSet) -> Result<CountedColumns, Error> {
        Ok(CountedColumns { rule: CountRule::Errors, ..CountedColumns::new(&["errorCode"], false, fields)? })
    }

    /// The names of users.
    pub(super) fn users(fields: &mut FieldSet) -> Result<CountedColumns, Error> {
        Ok(CountedColumns { rule: CountRule::User, ..CountedColumns::new(&["userName"], false, fields)? })
    }

    /// The resources of events, one by one.
    pub(super) fn resources(fields: &mut FieldSet) -> Result<CountedColumns, Error> {
        let resources = ResourceFields::new(fields).map_err(Error::usage)?;
        Ok(CountedColumns { columns: Vec::new(), rule: CountRule::Resources(resources), remembered: None })
    }

    /// The readers of actors in the columns.
    pub(super) fn actor_readers(&mut self) -> impl Iterator<Item = &mut ActorReader> {
        self.columns.iter_mut().filter_map(Column::actor_reader)
    }

    /// The readers of verdicts in the columns.
    pub(super) fn verdict_readers(&mut self) -> impl Iterator<Item = &mut VerdictReader> {
        self.columns.iter_mut().filter_map(Column::verdict_reader)
    }

    /// The column of the caller or the call that the value is, if it is one.
    #[inline]
    pub(super) fn remembered(&self) -> Option<RememberedColumn> {
        self.remembered
    }

    /// Whether the value is the name of the user.
    pub(super) fn is_user(&self) -> bool {
        matches!(self.rule, CountRule::User)
    }

    /// Whether an event can have several values, which are separated by tabs.
    pub(super) fn is_list(&self) -> bool {
        matches!(self.rule, CountRule::Resources(_))
    }

    /// Whether an event with this value is not counted.
    pub(super) fn is_omitted(&self, value: &[u8]) -> bool {
        match self.rule {
            CountRule::All => false,
            CountRule::Errors => value.is_empty() || str::from_utf8(value).is_ok_and(is_success),
            CountRule::Present | CountRule::User | CountRule::Resources(_) => value.is_empty(),
        }
    }

    /// The value of an event if it is short and needs no conversion.
    #[inline]
    pub(super) fn short<'a>(&self, event: &Event<'a>) -> Option<(&'a [u8; SHORT], usize)> {
        let ([column], CountRule::Present | CountRule::All) = (&self.columns[..], &self.rule) else { return None };
        let (bytes, length) = column.short(event).filter(|(_, length)| (1..=SHORT).contains(length))?;
        Some((bytes.first_chunk()?, length))
    }

    /// Appends the values for an event, separated by tabs, which are in no value.
    /// Says whether something in them was cut.
    #[inline]
    pub(super) fn value(&mut self, event: &Event<'_>, file: &str, style: &CellStyle, out: &mut Vec<u8>) -> bool {
        if let CountRule::Resources(resources) = &self.rule {
            return write_list(resources, event, style, out);
        }
        if is_large(event) {
            return self.long_value(event, file, style, out);
        }
        let start = out.len();
        for (at, column) in self.columns.iter_mut().enumerate() {
            if at > 0 {
                out.push(b'\t');
            }
            column.write(event, file, style, out);
        }
        out.len() - start > MAX_VALUE
    }

    /// Like [`value`](Self::value), in pieces, for events too large to copy.
    #[cold]
    fn long_value(&mut self, event: &Event<'_>, file: &str, style: &CellStyle, out: &mut Vec<u8>) -> bool {
        let (mut parts, mut is_cut) = (ValueParts::default(), false);
        for column in &mut self.columns {
            parts.begin();
            let written = column.write_in_pieces(event, file, style, &mut |piece| {
                parts.push(piece);
                ControlFlow::Continue(())
            });
            is_cut |= written == ControlFlow::Continue(true);
        }
        is_cut |= parts.is_long();
        out.extend_from_slice(&parts.value());
        is_cut
    }
}

/// Appends the resources of an event, separated by tabs.
fn write_list(resources: &ResourceFields, event: &Event<'_>, style: &CellStyle, out: &mut Vec<u8>) -> bool {
    let mut is_cut = false;
    for (at, resource) in resources.list(event).iter().enumerate() {
        if at > 0 {
            out.push(b'\t');
        }
        is_cut |= resource.len() > MAX_VALUE;
        style.text(resource, out);
    }
    is_cut
}
