//! Whether a call failed, and whether it only read, by the rules of `cloudtrail/call.rs`.

use super::dialect::Dialect;
use super::event_fields::EventFields;

impl EventFields {
    /// A test: whether the call failed or was denied.
    pub(super) fn is_failed(&mut self) -> Result<String, String> {
        let dialect = self.dialect;
        let (code, message) = (self.path(&["errorCode"])?, self.path(&["errorMessage"])?);
        let name = self.path(&["eventName"])?;
        let mut tests = vec![
            format!("({code} <> '' AND NOT {})", dialect.finds(&code, r"\A2[0-9][0-9]\z")),
            format!("{message} <> ''"),
        ];
        for field in ["responseElements", "serviceEventDetails", "additionalEventData"] {
            tests.push(format!("{} = 'Failure'", self.outcome(field, &name)?));
        }
        let tests: Vec<String> = tests.iter().map(|test| format!("coalesce({test}, FALSE)")).collect();
        Ok(format!("({})", tests.join(" OR ")))
    }

    /// The member of a field that has the name of the event.
    fn outcome(&mut self, field: &str, name: &str) -> Result<String, String> {
        let usual = self.dialect.finds(name, r"\A[A-Za-z0-9_:.-]+\z");
        let value = match self.dialect {
            Dialect::Duckdb => {
                let object = self.add(&format!("{field}_json"), format!("json_extract(record, '$.{field}')"));
                return Ok(format!("CASE WHEN {usual} THEN json_extract_string({object}, {name}) END"));
            }
            Dialect::Athena => {
                let text = self.add(field, super::event_fields::field(self.dialect, &[field])?);
                let members = format!("CAST(json_parse({text}) AS MAP(VARCHAR, JSON))");
                format!("try(CAST(element_at({members}, {name}) AS VARCHAR))")
            }
            Dialect::Spark => {
                let text = self.add(field, super::event_fields::field(self.dialect, &[field])?);
                let path = format!("concat('$[\\'', {name}, '\\']')");
                format!("CASE WHEN {usual} THEN get_json_object({text}, {path}) END")
            }
        };
        Ok(value)
    }

    /// A test: whether the call only read, or whether it wrote. Neither holds for events that
    /// are not calls.
    pub(super) fn is_read(&mut self, wanted: bool) -> Result<String, String> {
        let (says, name) = (self.path(&["readOnly"])?, self.path(&["eventName"])?);
        let verb = self.dialect.finds(&name, r"\A(?:Get|List|Describe|Head|Lookup)(?:[^a-z]|\z)");
        let test = format!("CASE {says} WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE ELSE {verb} END");
        Ok(if wanted { format!("({test})") } else { format!("NOT ({test})") })
    }
}
