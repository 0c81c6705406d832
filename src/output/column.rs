//! The columns that there are: the catalogue, and any path.

use crate::decode::event::{Event, Fields, Slot};
use crate::decode::json::{Kind, Value};
use crate::error::Fatal;
use crate::output::cell::{CellStyle, push_value};
use crate::output::large;
use crate::output::names::Names;
use crate::query::field::Path;
use crate::query::resource::ResourceFields;

/// What is shown unless something else is asked for: what everybody's script
/// shows, in its order, and two that an investigation needs.
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

/// Every name that stands for a column, with what it shows.
pub const CATALOGUE: &[(&str, &str)] = &[
    ("eventTime", "when the call was made, UTC"),
    ("awsRegion", "the region that it was made to"),
    ("eventSource", "the service, such as ec2.amazonaws.com"),
    ("eventName", "what was called, such as TerminateInstances"),
    ("userName", "who called, by the name a person wants: alice, Admin/alice@example.com, root"),
    ("sourceIPAddress", "the address or service that the call came from"),
    ("userAgent", "the program that called"),
    ("requestParameters", "what was asked, as JSON"),
    ("errorCode", "why it did not happen; empty where it did"),
    ("recipientAccountId", "the account that the event was recorded in"),
    ("errorMessage", "the error in words"),
    ("responseElements", "what was answered, as JSON"),
    ("userIdentity", "who called, whole, as JSON"),
    ("userType", "the kind of identity: IAMUser, AssumedRole, Root, AWSService, …"),
    ("accessKeyId", "the access key that signed the call"),
    ("mfa", "whether the session or sign-in used multi-factor authentication"),
    ("resources", "ids and ARNs found in the event, joined by ;"),
    ("file", "the file or object that the event came from"),
    ("eventID", "the event's own id"),
    ("sharedEventID", "the id of an action that is recorded in several accounts"),
    ("requestID", "the id of the request"),
    ("eventVersion", "the version of the record's format"),
    ("eventType", "AwsApiCall, AwsServiceEvent, AwsConsoleSignIn, …"),
    ("eventCategory", "Management, Data, Insight, …"),
    ("managementEvent", "whether it is a management event"),
    ("readOnly", "whether the call only reads"),
    ("apiVersion", "the version of the service's API"),
    ("additionalEventData", "what the service adds, as JSON"),
    ("serviceEventDetails", "what a service event is about, as JSON"),
    ("insightDetails", "what an Insights event is about, as JSON"),
    ("addendum", "why the event was delivered late or again, as JSON"),
    ("sessionCredentialFromConsole", "whether the session came from the console"),
    ("edgeDeviceDetails", "the edge device, as JSON"),
    ("tlsDetails", "TLS version, cipher and host name, as JSON"),
    ("vpcEndpointId", "the VPC endpoint that the call went through"),
    ("vpcEndpointAccountId", "the account of the VPC endpoint"),
];

/// A column: its name, and where its cells come from.
#[derive(Clone, Debug)]
pub struct Column {
    /// As typed, for the header.
    pub name: String,
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    Field(Slot),
    Path(Path),
    UserName(Box<Names>),
    /// The first of several paths that leads to something.
    First([Path; 2]),
    Resources(ResourceFields),
    File,
}

/// Resolves the values of `--columns`, which default to [`DEFAULT`]. A list
/// that begins with `+` adds to the default.
pub fn parse_list(names: &[String], fields: &mut Fields) -> Result<Vec<Column>, Fatal> {
    let adds = names.first().is_none_or(|first| first.starts_with('+'));
    let defaults = DEFAULT.iter().copied().filter(|_| adds);
    let named = names.iter().map(|name| name.strip_prefix('+').unwrap_or(name).trim());
    defaults.chain(named).map(|name| Column::new("--columns", name, fields)).collect()
}

impl Column {
    /// Resolves a name that was given to an option.
    pub fn new(option: &str, name: &str, fields: &mut Fields) -> Result<Column, Fatal> {
        let wrong = |reason: &str| Fatal::option(option, name, reason);
        let full = || wrong("more different fields than an event can have");
        let mut path = |text: &str| Path::parse(text, fields).map_err(|reason| wrong(&format!("a path that {reason}")));
        let source = match name {
            "" => return Err(wrong("an empty name; --columns help lists the names")),
            "userType" => Source::Path(path("userIdentity.type")?),
            "accessKeyId" => Source::Path(path("userIdentity.accessKeyId")?),
            "mfa" => Source::First([
                path("userIdentity.sessionContext.attributes.mfaAuthenticated")?,
                path("additionalEventData.MFAUsed")?,
            ]),
            "userName" => Source::UserName(Box::new(Names::new(fields).ok_or_else(full)?)),
            "resources" => Source::Resources(ResourceFields::new(fields).ok_or_else(full)?),
            "file" => Source::File,
            _ if CATALOGUE.iter().any(|(known, _)| *known == name) => {
                Source::Field(fields.slot(name).ok_or_else(full)?)
            }
            _ if name.contains(['.', '[']) => match misspelled_root(name) {
                Some(known) => return Err(wrong(&format!("not a path; did you mean {known}…?"))),
                None => Source::Path(path(name)?),
            },
            _ => return Err(wrong(&unknown(name))),
        };
        Ok(Column { name: name.to_string(), source })
    }

    /// The value that the cell shows, if it is one that is written in pieces.
    pub fn large_value<'a>(&self, event: &Event<'a>) -> Option<Value<'a>> {
        let value = match &self.source {
            Source::Field(slot) => event.get(*slot),
            Source::Path(path) if !path.is_many() => path.value(event),
            _ => None,
        };
        value.filter(large::is_large)
    }

    /// The text of the cell, if it is a short and plain one: see [`Value::short`].
    #[inline]
    pub fn short<'a>(&self, event: &Event<'a>) -> Option<(&'a [u8; Value::SHORT], usize)> {
        match &self.source {
            Source::Field(slot) => event.get(*slot)?.short(),
            _ => None,
        }
    }

    /// Appends the cell of an event.
    #[inline]
    pub fn write(&mut self, event: &Event<'_>, file: &str, style: &CellStyle, out: &mut Vec<u8>) {
        match &self.source {
            Source::Field(slot) => style.value(event.get(*slot), out),
            _ => self.write_other(event, file, style, out),
        }
    }

    #[inline(never)]
    fn write_other(&mut self, event: &Event<'_>, file: &str, style: &CellStyle, out: &mut Vec<u8>) {
        match &mut self.source {
            Source::Field(slot) => style.value(event.get(*slot), out),
            Source::Path(path) if path.is_many() => joined(path, event, style, out),
            Source::Path(path) => style.value(path.value(event), out),
            Source::First([first, second]) => {
                let is_there = |path: &Path| path.value(event).filter(|value| value.kind() != Kind::Null);
                style.value(is_there(first).or_else(|| is_there(second)), out);
            }
            Source::UserName(names) => names.write(event, style, out),
            Source::Resources(fields) => match &fields.list(event)[..] {
                [] => style.absent(out),
                list => style.text(&list.join(";"), out),
            },
            Source::File => style.text(file, out),
        }
    }
}

/// The values of a path through arrays, joined by `;`.
fn joined(path: &Path, event: &Event<'_>, style: &CellStyle, out: &mut Vec<u8>) {
    let (start, mut count) = (out.len(), 0);
    path.each(event, &mut |value| {
        if value.kind() != Kind::Null {
            if count > 0 {
                out.push(b';');
            }
            push_value(value, out);
            count += 1;
        }
    });
    match count {
        0 => style.absent(out),
        _ => style.disarm(out, start),
    }
}

/// The field that a path would begin with if it were written in the right case.
fn misspelled_root(path: &str) -> Option<&'static str> {
    let root = path.strip_prefix('.').unwrap_or(path).split(['.', '[']).next()?;
    let mut names = CATALOGUE.iter().map(|(known, _)| *known);
    names.find(|known| known.eq_ignore_ascii_case(root) && *known != root)
}

/// What to say of a name that no column has.
fn unknown(name: &str) -> String {
    let nearest = CATALOGUE.iter().map(|(known, _)| *known).find(|known| known.eq_ignore_ascii_case(name));
    match nearest {
        Some(known) => format!("not a column; did you mean {known}?"),
        None => format!("not a column; --columns help lists the names, and .{name} would be the field of that name"),
    }
}

/// The catalogue as a table for people.
pub fn help() -> String {
    let mut text = String::from("Columns, the first ten by default:\n\n");
    for (name, what) in CATALOGUE {
        text.push_str(&format!("  {name:<29} {what}\n"));
    }
    text.push_str(
        "\nAny path into the event is a column too, [] standing for every element of an\n\
         array: requestParameters.instancesSet.items[].instanceId\n\
         --columns eventTime,userName writes these two; --columns +mfa,file adds two.\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::testing::with_event;

    const EVENT: &str = r#"{"eventName":"X","userIdentity":{"type":"IAMUser","userName":"-bob","accessKeyId":""},
        "requestParameters":{"items":[{"id":"=a"},{"id":2},{"id":null},{"id":{"n":[1 ]}}]},
        "additionalEventData":{"MFAUsed":"No"},"novel":"new"}"#;

    fn cells(names: &[&str]) -> Vec<String> {
        let mut fields = Fields::default();
        let names: Vec<String> = names.iter().map(|name| (*name).to_string()).collect();
        let columns = parse_list(&names, &mut fields).unwrap();
        let style = CellStyle { null: "~".into(), guard: true };
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

    #[test]
    fn a_plus_adds_to_the_default() {
        let names = |list: &[&str]| {
            let list: Vec<String> = list.iter().map(|name| (*name).to_string()).collect();
            let columns = parse_list(&list, &mut Fields::default()).unwrap();
            columns.into_iter().map(|column| column.name).collect::<Vec<_>>()
        };
        assert_eq!(names(&[]), DEFAULT);
        assert_eq!(names(&["+mfa", "file"])[9..], ["recipientAccountId", "mfa", "file"]);
        assert_eq!(names(&["mfa"]), ["mfa"]);
    }

    #[test]
    fn an_unknown_name_is_answered_with_help() {
        let refuse = |name: &str| parse_list(&[name.to_string()], &mut Fields::default()).unwrap_err().to_string();
        assert_eq!(refuse("eventname"), "--columns \"eventname\": not a column; did you mean eventName?");
        assert!(
            refuse("bogus").ends_with("--columns help lists the names, and .bogus would be the field of that name")
        );
        assert_eq!(
            refuse("useridentity.arn"),
            "--columns \"useridentity.arn\": not a path; did you mean userIdentity…?"
        );
        assert!(refuse("a..b").contains("a path that has an empty name"));
    }
}
