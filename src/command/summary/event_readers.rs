//! What looks at an event to count it.

use super::amount::{Amount, AmountReader};
use super::call_memo::{CallFacts, CallMemo};
use super::caller_memo::CallerMemo;
use super::change_memo::ChangeMemo;
use super::comparison::ComparedPeriods;
use super::counted_columns::{CountedColumns, is_large};
use super::counter::MAX_VALUE;
use super::event_counts::{ERROR, OTHER, READ, WRITE};
use super::signals::SignalWriter;
use super::tally::CountedValues;
use super::theme_value::ThemeValueWriter;
use crate::cloudtrail::call::{FailureRule, ReadRule};
use crate::cloudtrail::denial::DenialRule;
use crate::cloudtrail::identity::IdentityReader;
use crate::cloudtrail::time::EventTimeReader;
use crate::decode::event::{Event, FieldSet};
use crate::error::Error;
use crate::table::cell::CellStyle;

/// What looks at an event.
#[derive(Clone)]
pub(super) struct EventReaders {
    pub(super) clock: EventTimeReader,
    access: ReadRule,
    failure: FailureRule,
    denial: DenialRule,
    /// `None` if first users are not noted.
    pub(super) user: Option<UserReader>,
    pub(super) values: ValueReaders,
    /// `None` if few values depend on the caller.
    pub(super) callers: Option<CallerMemo>,
    /// `None` if few values depend on the call.
    pub(super) calls: Option<CallMemo>,
    /// `None` if calls with a theme are not counted.
    pub(super) changes: Option<ChangeMemo>,
    amounts: Option<AmountReader>,
    compared: Option<ComparedPeriods>,
}

/// What reads the values of the tables that have no subject.
#[derive(Clone)]
pub(super) struct ValueReaders {
    pub(super) identities: IdentityReader,
    pub(super) name: CountedColumns,
    /// `None` if calls with a theme are not counted.
    pub(super) themes: Option<ThemeValueWriter>,
    /// `None` if signals are not looked for.
    pub(super) signals: Option<SignalWriter>,
}

/// Reads the name of an event's user.
#[derive(Clone)]
pub(super) struct UserReader {
    column: CountedColumns,
    identities: IdentityReader,
    name: Vec<u8>,
}

/// The name of an event's user.
#[derive(Clone, Copy)]
pub(super) struct UserName<'a> {
    pub(super) text: &'a [u8],
    pub(super) is_cut: bool,
    /// Whether it is known to depend on the identity alone.
    pub(super) is_of_identity: bool,
}

impl EventReaders {
    pub(super) fn new(counted: &CountedValues, fields: &mut FieldSet) -> Result<EventReaders, Error> {
        let is_overview = counted.is_overview;
        Ok(EventReaders {
            clock: EventTimeReader::new(fields)?,
            access: ReadRule::new(fields)?,
            failure: FailureRule::new(fields)?,
            denial: DenialRule::new(fields)?,
            user: is_overview.then(|| UserReader::new(fields)).transpose()?,
            values: ValueReaders {
                identities: IdentityReader::new(fields)?,
                name: CountedColumns::new(&["eventName"], true, fields)?,
                themes: is_overview.then(|| ThemeValueWriter::new(fields)).transpose()?,
                signals: is_overview.then(|| SignalWriter::new(fields)).transpose()?,
            },
            callers: is_overview.then(|| CallerMemo::new(fields)).transpose()?,
            calls: is_overview.then(|| CallMemo::new(fields)).transpose()?,
            changes: is_overview.then(|| ChangeMemo::new(fields)).transpose()?,
            amounts: counted.amounts.clone(),
            compared: counted.compared,
        })
    }

    /// Limits the bytes that remembered values take.
    pub(super) fn limit_memory(&mut self, bytes: usize) {
        self.callers.iter_mut().for_each(|callers| callers.limit(bytes));
        self.calls.iter_mut().for_each(|calls| calls.limit(bytes));
        self.changes.iter_mut().for_each(|changes| changes.limit(bytes));
    }

    /// Whether an event of this time belongs to the earlier period of a comparison; `None` if
    /// it belongs to neither.
    #[inline]
    pub(super) fn is_earlier(&self, second: Option<i64>) -> Option<bool> {
        self.compared.map_or(Some(false), |compared| compared.is_earlier(second))
    }

    /// The sum of an event.
    #[inline]
    pub(super) fn amount(&mut self, event: &Event<'_>) -> Amount {
        self.amounts.as_mut().map_or(Amount::default(), |amounts| amounts.read(event))
    }

    /// What depends on the call of an event alone.
    pub(super) fn call(&self, event: &Event<'_>) -> CallFacts {
        let is_failed = self.failure.is_failed(event);
        let kind = match (is_failed, self.access.is_read(event)) {
            (true, _) => ERROR,
            (false, Some(true)) => READ,
            (false, Some(false)) => WRITE,
            (false, None) => OTHER,
        };
        let theme = self.values.themes.as_ref().and_then(|themes| themes.position(event));
        CallFacts { kind: kind as u8, is_failed, is_denied: is_failed && self.denial.is_denied(event), theme }
    }
}

/// Appends the caller of a denied call.
pub(super) fn write_principal(
    identities: &mut IdentityReader,
    event: &Event<'_>,
    style: &CellStyle,
    out: &mut Vec<u8>,
) {
    if let Some(name) = identities.principal(event).holder() {
        style.text(&name, out);
    }
}

impl UserReader {
    fn new(fields: &mut FieldSet) -> Result<UserReader, Error> {
        let identities = IdentityReader::new(fields)?;
        Ok(UserReader { column: CountedColumns::users(fields)?, identities, name: Vec::new() })
    }

    /// The name of an event's user.
    #[inline]
    pub(super) fn read(&mut self, event: &Event<'_>, file: &str, style: &CellStyle) -> UserName<'_> {
        self.name.clear();
        let is_cut = self.column.value(event, file, style, &mut self.name);
        UserName { text: &self.name, is_cut, is_of_identity: false }
    }

    /// Like [`read`](Self::read), for an identity that was not met lately. The caller remembers it,
    /// so the column does not.
    pub(super) fn read_new(&mut self, event: &Event<'_>, file: &str, style: &CellStyle) -> UserName<'_> {
        if is_large(event) {
            return self.read(event, file, style);
        }
        let principal = self.identities.principal(event);
        self.name.clear();
        match principal.name() {
            Some(name) => style.parts(&name.parts(), &mut self.name),
            None => style.absent(&mut self.name),
        }
        let is_cut = self.name.len() > MAX_VALUE;
        UserName { text: &self.name, is_cut, is_of_identity: principal.is_identity() }
    }
}
