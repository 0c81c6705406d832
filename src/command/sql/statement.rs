//! Puts a request together as SQL text.

use super::caller;
use super::conditions::conditions;
use super::dialect::{Dialect, NUMBER};
use super::event_fields::EventFields;
use super::log_source::SqlLogSource;
use super::select::{column, selected};
use crate::error::Error;
use crate::filter::spec::FilterSpec;
use crate::spill::sort::SortColumn;

/// A request for rows, as far as SQL has words for it.
pub(super) struct SqlRequest<'a> {
    pub(super) dialect: Dialect,
    pub(super) source: SqlLogSource,
    pub(super) filter: &'a FilterSpec,
    pub(super) columns: &'a [String],
    pub(super) sort: &'a [SortColumn],
    pub(super) limit: Option<u64>,
    pub(super) dedupe: bool,
    pub(super) count: bool,
}

impl SqlRequest<'_> {
    /// The text: definitions, then the query. Fails for what SQL cannot state exactly.
    pub(super) fn text(&self) -> Result<String, Error> {
        let mut fields = EventFields::new(self.dialect);
        let wanted = conditions(self.filter, &mut fields)?;
        let (select, order) = if self.count {
            (self.counted(&mut fields)?, Vec::new())
        } else {
            self.check_rows()?;
            let select = selected(self.columns, &mut fields)?;
            (select, self.order(&mut fields)?)
        };
        let mut query = format!("{}SELECT\n  {}\nFROM events", self.steps(&fields), select.join(",\n  "));
        if !wanted.is_empty() {
            query += &format!("\nWHERE {}", wanted.join("\n  AND "));
        }
        if !order.is_empty() {
            query += &format!("\nORDER BY {}", order.join(", "));
        }
        if let Some(limit) = self.limit.filter(|_| !self.count) {
            query += &format!("\nLIMIT {limit}");
        }
        let notes = fields.notes.iter().map(|note| format!("-- Not exact: {note}.\n"));
        let setup = self.source.setup.iter().map(|statement| format!("{statement};\n\n"));
        Ok(notes.chain(setup).chain([format!("{query};\n")]).collect())
    }

    fn check_rows(&self) -> Result<(), Error> {
        if self.dedupe {
            let reason = " cannot be written as SQL: engines do not keep the order of events; \
                          it can be combined with --count";
            return Err(Error::about("--dedupe", reason));
        }
        if self.limit.is_some() && self.sort.is_empty() {
            return Err(Error::about("--limit", " needs --sort in SQL: engines do not keep the order of events"));
        }
        Ok(())
    }

    /// The inner queries: from records to events with all columns that are needed.
    fn steps(&self, fields: &EventFields) -> String {
        let mut steps = Vec::new();
        if let Some(records) = &self.source.records {
            steps.push(format!("records AS (\n  {records}\n)"));
        }
        let columns = fields.columns.iter().map(|(name, value)| format!("{value} AS {}", self.dialect.name(name)));
        let columns: Vec<String> = columns.chain([format!("{} AS file", self.source.file)]).collect();
        let first = if fields.has_caller { "fields" } else { "events" };
        let mut step = format!("{first} AS (\n  SELECT\n    {}\n  FROM {}", columns.join(",\n    "), self.source.from);
        if !self.source.conditions.is_empty() {
            step += &format!("\n  WHERE {}", self.source.conditions.join("\n    AND "));
        }
        steps.push(step + "\n)");
        if fields.has_caller {
            let mut before = first;
            let all = caller::steps(self.dialect);
            let last = all.len() - 1;
            for (at, (name, columns)) in all.into_iter().enumerate() {
                let name = if at == last { "events" } else { name };
                let columns: Vec<String> = columns.iter().map(|(name, value)| format!("{value} AS {name}")).collect();
                steps.push(format!("{name} AS (\n  SELECT *,\n    {}\n  FROM {before}\n)", columns.join(",\n    ")));
                before = name;
            }
        }
        format!("WITH {}\n", steps.join(",\n"))
    }

    /// The number of events.
    fn counted(&self, fields: &mut EventFields) -> Result<Vec<String>, Error> {
        let mut count = "count(*)".to_string();
        if self.dedupe {
            let id = fields.path(&["eventID"]).map_err(Error::usage)?;
            count = format!("count(DISTINCT nullif({id}, '')) + count(CASE WHEN coalesce({id}, '') = '' THEN 1 END)");
        }
        let count = self.limit.map_or(count.clone(), |limit| format!("least({count}, {limit})"));
        Ok(vec![format!("{count} AS events")])
    }

    /// The expressions to sort by: numbers before texts, and empty values last.
    fn order(&self, fields: &mut EventFields) -> Result<Vec<String>, Error> {
        let mut all = Vec::new();
        for by in self.sort {
            let value = column("--sort", &by.column, fields)?;
            let way = if by.descends { "DESC" } else { "ASC" };
            if by.column.trim_start_matches('.') == "eventTime" {
                all.push(format!("{} {way} NULLS LAST", self.dialect.time(&value)));
                continue;
            }
            let is_number = self.dialect.finds(&value, NUMBER);
            all.push(format!("CASE WHEN coalesce({value}, '') = '' THEN 1 ELSE 0 END"));
            all.push(format!("CASE WHEN {is_number} THEN 0 ELSE 1 END {way}"));
            all.push(format!("{} {way} NULLS LAST", self.dialect.number(&value)));
            all.push(format!("{value} {way} NULLS LAST"));
        }
        if !all.is_empty() && self.limit.is_some() {
            let note = "LIMIT: of rows with equal sort columns, others can be left out".to_string();
            fields.notes.insert(note);
        }
        Ok(all)
    }
}
