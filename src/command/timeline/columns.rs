//! The columns of a timeline, and the cells of a row.

use std::sync::Arc;

use super::call_run::CallRun;
use crate::cloudtrail::geoip;
use crate::cloudtrail::network::{self, NETWORK};
use crate::error::Error;
use crate::filter::spec::FilterSpec;
use crate::sink::table_writer::TableWriter;
use crate::syntax::geo_database::GeoDatabases;
use crate::syntax::network_names::NetworkNames;
use crate::syntax::suggest::nearest;
use crate::table::catalogue;
use crate::table::column::ColumnType;
use crate::table::computed::{CellValue, ComputedColumn};
use crate::table::layout::{Format, TableLayout};

/// The columns unless others are named. Those that rows of events have too have the same names.
const COLUMNS: [&str; 14] = [
    "eventTime",
    "lastTime",
    "userName",
    "actor",
    "eventName",
    "events",
    "resources",
    "sourceIPAddress",
    "outcome",
    "errorCode",
    "theme",
    "eventSource",
    "awsRegion",
    "recipientAccountId",
];

/// Columns that are shown only if they are named, because each needs a table of the user.
const OF_ADDRESS: [&str; 4] = ["network", "country", "asn", "asnOrg"];

/// The columns that a narrow terminal leaves out, the first first.
const LEAVE_OUT: [&str; 8] =
    ["events", "eventSource", "recipientAccountId", "theme", "awsRegion", "errorCode", "lastTime", "sourceIPAddress"];

/// The columns that are written.
#[derive(Clone, Debug)]
pub(super) struct TimelineColumns {
    names: Vec<&'static str>,
    /// Whether the columns were named, so that even a narrow table has them.
    is_named: bool,
    /// Whether people read the table, and not a program.
    is_aligned: bool,
    /// Whether the actor is shown beside the caller, in one cell.
    has_actor_in_user: bool,
}

impl TimelineColumns {
    /// The columns that the layout names, or all that need no table of the user. Fails for an
    /// unknown name.
    pub(super) fn new(layout: &TableLayout) -> Result<TimelineColumns, Error> {
        let names = layout.columns.iter().map(|typed| column(typed)).collect::<Result<Vec<_>, _>>()?;
        let is_named = !names.is_empty();
        let is_aligned = layout.format == Format::Table;
        // A terminal is seldom wide enough for two columns that are mostly the same.
        let has_actor_in_user = is_aligned && !is_named;
        let all = || COLUMNS.into_iter().filter(|name| !has_actor_in_user || *name != "actor").collect();
        let names = if is_named { names } else { all() };
        Ok(TimelineColumns { names, is_named, is_aligned, has_actor_in_user })
    }

    /// The columns that depend on the address of an event. Fails for one without its table.
    pub(super) fn of_address(&self, filter: &FilterSpec) -> Result<AddressCells, Error> {
        let columns: Vec<_> = self.names.iter().copied().filter(|name| OF_ADDRESS.contains(name)).collect();
        for column in &columns {
            check_source(column, filter).map_err(|reason| Error::option("--columns", column, reason))?;
        }
        Ok(AddressCells { columns, networks: filter.networks.clone(), geoip: filter.geoip.clone() })
    }

    /// Whether the actor is written.
    pub(super) fn shows_actors(&self) -> bool {
        self.has_actor_in_user || self.names.contains(&"actor")
    }

    /// The columns of the output.
    pub(super) fn output(&self) -> Vec<ComputedColumn> {
        let column = |name: &&'static str| ComputedColumn {
            leave_out: LEAVE_OUT.iter().position(|other| other == name).filter(|_| !self.is_named),
            ..ComputedColumn::new(*name, column_type(name))
        };
        self.names.iter().map(column).collect()
    }

    /// Writes the row of a run.
    pub(super) fn write(&self, run: &CallRun, table: &mut TableWriter) -> Result<(), Error> {
        let (first, call) = (&run.first, &run.first.call);
        let resources = first.resources.join(";");
        let mut of_address = first.of_address.iter().map(Option::as_deref);
        let name = match run.events {
            events if events > 1 && self.is_aligned => format!("{} ×{events}", call.name),
            _ => call.name.clone(),
        };
        let (user, actor) = (&first.caller.user, &first.caller.actor);
        let user = match self.has_actor_in_user && !actor.is_empty() && actor != user {
            true => format!("{actor} as {user}"),
            false => user.clone(),
        };
        let cell = |column: &&'static str| match *column {
            "eventTime" => first.time.map_or(CellValue::Empty, CellValue::Time),
            "lastTime" => run.last.filter(|_| run.events > 1).map_or(CellValue::Empty, CellValue::Time),
            "userName" => CellValue::text_if_any(&user),
            "actor" => CellValue::text_if_any(actor),
            "eventName" => CellValue::text_if_any(&name),
            "events" => CellValue::Number(run.events),
            "resources" => CellValue::text_if_any(&resources),
            "sourceIPAddress" => CellValue::text_if_any(&first.caller.address),
            "outcome" => CellValue::text_if_any(call.outcome.name()),
            "errorCode" => CellValue::text_if_any(&call.error_code),
            "theme" => CellValue::text_if_any(&first.theme),
            "eventSource" => CellValue::text_if_any(&call.source),
            "awsRegion" => CellValue::text_if_any(&call.region),
            "recipientAccountId" => CellValue::text_if_any(&call.account),
            // The columns of an address are in the order in which an event has them.
            _ => of_address.next().flatten().map_or(CellValue::Empty, CellValue::text_if_any),
        };
        table.row(&self.names.iter().map(cell).collect::<Vec<_>>())
    }
}

/// The columns that depend on the address of an event, each with a table of the user.
#[derive(Clone, Debug)]
pub(super) struct AddressCells {
    columns: Vec<&'static str>,
    networks: Option<Arc<NetworkNames>>,
    geoip: Option<Arc<GeoDatabases>>,
}

impl AddressCells {
    /// What the tables have for an address, for each column.
    pub(super) fn of(&self, address: &str) -> Vec<Option<String>> {
        self.columns.iter().map(|column| self.cell(column, address)).collect()
    }

    fn cell(&self, column: &str, address: &str) -> Option<String> {
        match geoip::attribute(column) {
            Some(attribute) => geoip::value(self.geoip.as_ref()?, address, attribute),
            None => network::name(self.networks.as_ref()?, address).map(String::from),
        }
    }
}

/// Fails with the reason if a column needs a table that `filter` does not have.
fn check_source(column: &str, filter: &FilterSpec) -> Result<(), String> {
    match geoip::attribute(column) {
        Some(attribute) => geoip::require(attribute, filter.geoip.as_ref()).map(drop),
        None if column == NETWORK => network::require(filter.networks.as_ref()).map(drop),
        None => Ok(()),
    }
}

fn column_type(name: &str) -> ColumnType {
    match name {
        "eventTime" | "lastTime" => ColumnType::Time,
        "events" => ColumnType::Value,
        _ => ColumnType::Text,
    }
}

/// The column with this name, or with this short name of the catalogue, in any case.
fn column(typed: &str) -> Result<&'static str, Error> {
    let name = catalogue::canonical(typed).unwrap_or(typed);
    let all = [&COLUMNS[..], &OF_ADDRESS].concat();
    all.iter().copied().find(|column| column.eq_ignore_ascii_case(name)).ok_or_else(|| {
        let right = match nearest(name, &all) {
            Some(column) => format!("not a column of a timeline; did you mean {column}?"),
            None => format!("not a column of a timeline; the columns are {}", all.join(", ")),
        };
        Error::option("--columns", typed, right)
    })
}
