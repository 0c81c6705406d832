//! The sink of SQLite: inserts rows into a table, in one transaction, and copies the database
//! to its destination when it is complete.

mod cell;
mod table;

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::PathBuf;

use rusqlite::Connection;

use self::table::SqliteTable;
use super::RowSink;
use super::partial_file::{self, PartialFolder};
use super::target::{Target, TargetWriter};
use crate::error::cancel::Cancellation;
use crate::error::{Error, io_message};
use crate::report::Coverage;
use crate::table::event_row::{RowStart, SplitRow};
use crate::table::layout::OutputColumn;

/// Writes a database.
pub(super) struct SqliteSink {
    target: Target,
    /// The name of the destination in errors.
    shown: String,
    /// Closed before the folder is removed: some systems remove no open file.
    connection: Connection,
    /// The folder of the database until it is complete.
    folder: PartialFolder,
    table: SqliteTable,
    /// The start of a row that is not complete yet.
    begun: Vec<u8>,
}

impl SqliteSink {
    /// Creates a database that is written to `target`.
    pub(super) fn new(target: Target, columns: &[OutputColumn]) -> Result<SqliteSink, Error> {
        let shown = target.name();
        let temporary = std::env::temp_dir();
        // SQLite locks its files in its own way, so it gets a file of its own. The folder of
        // the destination has space for the database.
        let parent = target.folder().unwrap_or(&temporary);
        let folder = partial_file::begin_folder(parent, &partial_file::temp_prefix());
        let folder = folder.map_err(|error| cannot_be_written(&shown, &io_message(&error)))?;
        let table = SqliteTable::new(columns);
        let connection = begin(&folder, &table).map_err(|error| failed(&shown, &error))?;
        Ok(SqliteSink { target, shown, connection, folder, table, begun: Vec::new() })
    }

    /// Inserts all rows that are complete. Returns the bytes after them.
    fn insert<'r>(&self, mut rows: &'r [u8]) -> Result<&'r [u8], Error> {
        let failed = |error| failed(&self.shown, &error);
        let mut statement = self.table.inserting(&self.connection).map_err(failed)?;
        while let Some((row, rest)) = first_row(rows) {
            self.table.insert(&mut statement, row.values).map_err(failed)?;
            rows = rest;
        }
        Ok(rows)
    }
}

/// Splits off the first row; `None` if it is not complete.
fn first_row(rows: &[u8]) -> Option<(SplitRow<'_>, &[u8])> {
    let (start, rest) = rows.split_first_chunk()?;
    let start = RowStart::read(*start);
    let (row, rest) = rest.split_at_checked(start.length)?;
    Some((SplitRow::new(row, start.key), rest))
}

/// The path of the database while it is written.
fn path(folder: &PartialFolder) -> PathBuf {
    folder.path().join("events.db")
}

/// Creates the database and its table, and begins the transaction.
fn begin(folder: &PartialFolder, table: &SqliteTable) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path(folder))?;
    // After a failure the file is removed, so nothing needs a journal.
    connection
        .execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; BEGIN")?;
    connection.execute_batch(&table.definition())?;
    Ok(connection)
}

impl RowSink for SqliteSink {
    fn write(&mut self, rows: &[u8]) -> Result<(), Error> {
        if self.begun.is_empty() {
            let rest = self.insert(rows)?;
            self.begun.extend_from_slice(rest);
            return Ok(());
        }
        self.begun.extend_from_slice(rows);
        if first_row(&self.begun).is_some() {
            let begun = std::mem::take(&mut self.begun);
            let rest = self.insert(&begun)?;
            self.begun.extend_from_slice(rest);
        }
        Ok(())
    }

    fn finish(self: Box<Self>, _coverage: &Coverage, stop: &Cancellation) -> Result<(), Error> {
        let SqliteSink { mut target, shown, folder, connection, .. } = *self;
        connection.execute_batch("COMMIT").map_err(|error| failed(&shown, &error))?;
        connection.close().map_err(|(_, error)| failed(&shown, &error))?;
        let mut writer = TargetWriter::new(&mut target, stop);
        let copied = File::open(path(&folder)).and_then(|database| copy(database, &mut writer));
        // An error of the target is closer to the cause.
        writer.take_error().map_or(copied.map_err(|error| cannot_be_written(&shown, &io_message(&error))), Err)?;
        target.finish()
    }
}

/// Copies a file in large pieces.
fn copy(mut file: File, writer: &mut TargetWriter<'_>) -> io::Result<()> {
    let mut piece = vec![0; 1 << 20];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(length) => io::Write::write_all(writer, &piece[..length])?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// An error of SQLite.
fn failed(shown: &str, error: &rusqlite::Error) -> Error {
    cannot_be_written(shown, error)
}

fn cannot_be_written(shown: &str, reason: &dyn std::fmt::Display) -> Error {
    Error::Failed(format!("{shown}: cannot be written: {reason}"))
}
