//! The columns of the result.

use super::event_fields::EventFields;
use crate::cloudtrail::digest::file_verdict::VERIFIED;
use crate::cloudtrail::field::Field;
use crate::decode::event::FieldSet;
use crate::error::Error;
use crate::table::catalogue;
use crate::table::column::{Column, selected_names};

/// The columns of `--columns`, each with its name.
pub(super) fn selected(typed: &[String], fields: &mut EventFields) -> Result<Vec<String>, Error> {
    let mut columns = Vec::new();
    for name in selected_names(typed, &FieldSet::default())? {
        let (value, name) = (column("--columns", name, fields)?, fields.dialect.name(name));
        columns.push(if value == name { name } else { format!("{value} AS {name}") });
    }
    Ok(columns)
}

/// The value of a column. Fails if SQL cannot state it exactly.
pub(super) fn column(option: &str, typed: &str, fields: &mut EventFields) -> Result<String, Error> {
    let name = catalogue::canonical(typed).unwrap_or(typed);
    let wrong = |reason: String| Error::option(option, typed, format!("not in SQL: {reason}"));
    let mut known = FieldSet::default();
    if name == "file" {
        return Ok("file".into());
    }
    if matches!(name, "network" | "country" | "asn" | "asnOrg") {
        return Err(wrong("the engine does not have the files of --networks and --geoip".into()));
    }
    if name == VERIFIED {
        return Err(wrong("the engine does not have the results of verify".into()));
    }
    // Reports unknown names as every command does.
    Column::new(option, typed, &mut known)?;
    let field = Field::parse(name, &mut known).map_err(wrong)?;
    super::conditions::subject(&field, &known, fields).map_err(wrong)
}
