//! Settings: values of options from the configuration file and the environment.
//! The command line wins over the environment, and that wins over the file.
//!
//! A setting becomes an argument that is parsed as if it had been typed, so it
//! has the same meaning and the same errors.

mod file;
mod origin;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

pub use self::origin::SettingOrigin;
use crate::error::Error;
use crate::error::usage::UsageError;
use crate::source::location::Location;
use crate::syntax::suggest::nearest;

/// An option that some commands with a time window lack.
const ZONE: &str = "time-zone";

/// Every option that can be set, by its long name.
pub const NAMES: [&str; 24] = [
    "bucket",
    "prefix",
    "org-id",
    "mirror",
    "late-days",
    "profile",
    "endpoint-url",
    "no-sign-request",
    "request-payer",
    "jobs",
    "digests",
    "columns",
    "format",
    "null",
    "raw",
    "excel",
    ZONE,
    "threads",
    "sort",
    "dedupe",
    "color",
    "networks",
    "geoip",
    // A filter, and not only for buckets: it applies to paths as a typed one does.
    "account",
];

/// The options that can be a list in the file, each with an example.
const LISTS: [(&str, &str); 5] = [
    ("columns", "[\"eventTime\", \"mfa\"]"),
    ("sort", "[\"userName\", \"-eventTime\"]"),
    ("account", "[\"111122223333\"]"),
    ("networks", "[\"~/networks.csv\", \"~/ip-ranges.json\"]"),
    ("geoip", "[\"~/GeoLite2-Country.mmdb\", \"~/GeoLite2-ASN.mmdb\"]"),
];

/// The options whose values are paths. A list of them is the option again and again.
const PATHS: [&str; 3] = ["mirror", "networks", "geoip"];

/// The options on buckets, and those of them that belong to one bucket.
const OF_BUCKETS: &[&str] = NAMES.split_at(11).0;
const OF_ONE_BUCKET: &[&str] = NAMES.split_at(4).0;
/// Those that apply to the event history too.
const OF_EVENT_HISTORY: [&str; 2] = ["profile", "endpoint-url"];

const FLAGS: [&str; 6] = ["no-sign-request", "request-payer", "digests", "raw", "excel", "dedupe"];

const VARIABLE: &str = "TRAIL2TSV_";

/// The value of an option, and its origin.
#[derive(Clone, Debug)]
struct ConfiguredOption {
    name: &'static str,
    /// Several only for an option that is repeated.
    values: Vec<OsString>,
    origin: SettingOrigin,
}

/// The settings of a run, and messages on how they were applied.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    used: Vec<ConfiguredOption>,
    notes: Vec<String>,
    details: Vec<String>,
}

/// The inputs of the settings besides the command line.
#[derive(Clone, Debug, Default)]
pub struct SettingsEnvironment {
    /// The non-empty variables with the prefix of this program, sorted.
    variables: Vec<(String, OsString)>,
    home: Option<PathBuf>,
    /// The default configuration file.
    file: Option<PathBuf>,
}

impl SettingsEnvironment {
    /// The environment of this process.
    pub fn of_process() -> SettingsEnvironment {
        use etcetera::BaseStrategy;
        let strategy = etcetera::choose_base_strategy().ok();
        let variable = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value));
        let mut variables: Vec<_> = std::env::vars_os().filter_map(variable).collect();
        variables.retain(|(name, value)| name.starts_with(VARIABLE) && !value.is_empty());
        variables.sort();
        SettingsEnvironment {
            variables,
            home: strategy.as_ref().map(|strategy| strategy.home_dir().to_path_buf()),
            file: strategy.map(|strategy| strategy.config_dir().join("trail2tsv").join("config.toml")),
        }
    }

    fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_os_str())
    }
}

/// The values that a variable sets. Several paths are separated like those of `PATH`.
fn values_of_variable(name: &str, value: &OsStr) -> Vec<OsString> {
    let is_list = PATHS.contains(&name) && LISTS.iter().any(|(known, _)| *known == name);
    if !is_list {
        return vec![value.into()];
    }
    std::env::split_paths(value).filter(|path| !path.as_os_str().is_empty()).map(PathBuf::into_os_string).collect()
}

/// The variable that sets an option.
fn variable(name: &str) -> String {
    format!("{VARIABLE}{}", name.to_uppercase().replace('-', "_"))
}

impl Settings {
    /// Reads the file and the environment for `command`, whose parsed command line
    /// is `typed`. Fails if the file cannot be read or is not valid.
    pub fn read(command: &Command, typed: &ArgMatches, environment: &SettingsEnvironment) -> Result<Settings, Error> {
        let typed = TypedOptions { command, matches: typed };
        let mut settings = Settings { notes: unknown_variables(environment), ..Settings::default() };
        let file = file::read(typed.config(), environment)?;
        let set = |name| match environment.get(&variable(name)) {
            Some(value) => Some(ConfiguredOption {
                name,
                values: values_of_variable(name, value),
                origin: SettingOrigin::Variable(variable(name)),
            }),
            None => file.iter().find(|setting| setting.name == name).cloned(),
        };
        if let Some(zone) = set(ZONE).filter(|_| typed.ignores_zone()) {
            let name = command.get_name();
            settings.notes.push(format!(
                "--{ZONE} {} is set by {}, and ignored: {name} uses UTC",
                zone.shown(),
                zone.origin
            ));
        }
        let bucket = set("bucket").and_then(|setting| setting.values.into_iter().next());
        let format = set("format")
            .filter(|_| typed.value("format").is_none() && typed.reason_to_ignore("format", None, false).is_none());
        let is_json = typed.asks_for_json()
            || format.is_some_and(|format| format.values.iter().filter_map(|value| value.to_str()).any(is_json));
        for name in NAMES.into_iter().filter(|name| typed.knows(name)) {
            let Some(setting) = set(name) else { continue };
            if let Some(value) = typed.value(name) {
                settings.details.push(format!("--{name}{value} on the command line overrides {}", setting.origin));
                continue;
            }
            let source = format!("--{} {} is set by {}", setting.name, setting.shown(), setting.origin);
            match typed.reason_to_ignore(setting.name, bucket.as_deref(), is_json) {
                Some(why) => settings.details.push(format!("{source}, and ignored: {why}")),
                None => {
                    settings.details.push(source);
                    settings.used.push(setting);
                }
            }
        }
        Ok(settings)
    }

    /// The arguments `typed` with the settings inserted at the index `at`, before
    /// the typed options. Fails if a flag is set to neither true nor false.
    pub fn join(&self, typed: &[OsString], at: usize) -> Result<Vec<OsString>, Error> {
        let (before, after) = typed.split_at(at.min(typed.len()));
        let mut all = before.to_vec();
        for setting in &self.used {
            all.extend(setting.arguments()?);
        }
        all.extend_from_slice(after);
        Ok(all)
    }

    /// The names of the options that are set and not typed.
    pub fn names(&self) -> Vec<&'static str> {
        self.used.iter().map(|setting| setting.name).collect()
    }

    /// Messages that are always shown.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Messages on the origin of each value, for `-v`.
    pub fn details(&self) -> &[String] {
        &self.details
    }

    /// Adds the origin of the value to an error about an option that is set.
    pub fn attribute(&self, fatal: Error) -> Error {
        let Error::Usage(error) = fatal else { return fatal };
        let setting = self.used.iter().find(|setting| error.option_name() == Some(setting.name));
        Error::Usage(match setting {
            Some(setting) => error.with_origin(&setting.origin),
            None => error,
        })
    }
}

impl ConfiguredOption {
    /// The equivalent arguments; none for a flag that is false.
    fn arguments(&self) -> Result<Vec<OsString>, Error> {
        let option = format!("--{}", self.name);
        let argument = |value: &OsString| {
            let mut argument = OsString::from(format!("{option}="));
            argument.push(value);
            argument
        };
        if !FLAGS.contains(&self.name) {
            return Ok(self.values.iter().map(argument).collect());
        }
        let value = self.values.first().map(OsString::as_os_str).unwrap_or_default();
        match value.to_str() {
            Some("true" | "1" | "yes") => Ok(vec![option.into()]),
            Some("false" | "0" | "no") => Ok(Vec::new()),
            _ => {
                let error = UsageError::value(&option, &value.to_string_lossy(), "neither true nor false");
                Err(Error::Usage(error.with_origin(&self.origin)))
            }
        }
    }

    /// The values as messages show them.
    fn shown(&self) -> String {
        let values: Vec<String> = self.values.iter().map(|value| format!("{value:?}")).collect();
        values.join(" ")
    }
}

/// The command line of a command.
struct TypedOptions<'a> {
    command: &'a Command,
    matches: &'a ArgMatches,
}

impl TypedOptions<'_> {
    fn id(&self, name: &str) -> Option<&str> {
        let argument = self.command.get_arguments().find(|argument| argument.get_long() == Some(name))?;
        Some(argument.get_id().as_str())
    }

    /// Whether the command has a time window and shows times in UTC, unless a zone is
    /// typed.
    fn ignores_zone(&self) -> bool {
        self.knows("since") && (!self.knows(ZONE) || (self.is_summary() && self.value(ZONE).is_none()))
    }

    /// Whether the command requests public keys, also for a path.
    fn requests_keys(&self) -> bool {
        self.knows("aws-format")
    }

    fn is_summary(&self) -> bool {
        self.knows("by")
    }

    /// Whether the command has the option `name`.
    fn knows(&self, name: &str) -> bool {
        self.id(name).is_some()
    }

    /// The typed value of an option, formatted to follow its name; `None` if the
    /// option was not typed.
    fn value(&self, name: &str) -> Option<String> {
        let id = self.id(name)?;
        if self.matches.value_source(id) != Some(ValueSource::CommandLine) {
            return None;
        }
        let values = self.matches.get_raw(id).into_iter().flatten();
        Some(values.filter(|_| !FLAGS.contains(&name)).map(|value| format!(" {value:?}")).collect())
    }

    fn config(&self) -> Option<&Path> {
        self.knows("config").then(|| self.matches.get_one::<PathBuf>("config"))?.map(PathBuf::as_path)
    }

    /// Whether the command line selects JSON.
    fn asks_for_json(&self) -> bool {
        let typed = |id| self.matches.try_get_raw(id).ok().flatten()?.next()?.to_str();
        let ending = || Some(typed("output")?.rsplit_once('.')?.1);
        let format = typed("format").or_else(ending).unwrap_or_default();
        is_json(format)
    }

    /// Whether the command line makes a summary write text.
    fn writes_text(&self) -> bool {
        let typed = |id| self.matches.try_get_raw(id).ok().flatten()?.next()?.to_str();
        typed("format").map_or(typed("html").is_none(), |format| format.eq_ignore_ascii_case("text"))
    }

    /// The reason to ignore the setting `name` with this command line, or `None` to
    /// use it.
    fn reason_to_ignore(&self, name: &str, bucket: Option<&OsStr>, is_json: bool) -> Option<&'static str> {
        let paths: Vec<_> = self.matches.try_get_raw("inputs").ok().flatten().into_iter().flatten().collect();
        let is_address = |path: &&OsStr| path.to_str().and_then(Location::parse).is_some();
        let typed_bucket = self.matches.try_get_raw("bucket").ok().flatten().and_then(|mut values| values.next());
        let has_address = paths.iter().any(is_address);
        if name == "format" && self.value("output").is_some() {
            return Some("the name of the output file sets the format");
        }
        if matches!(name, "format" | "sort") && self.value("count").is_some() {
            return Some("--count writes only a number");
        }
        // A command with columns of its own has no --count.
        if name == "columns" && !self.knows("count") {
            return Some("it applies only to tables of events");
        }
        if name == "format" && !self.knows("columns") {
            return Some("it applies only to tables of events");
        }
        if matches!(name, "bucket" | "prefix") && !self.knows("mirror") {
            return Some("it names the bucket that is read");
        }
        if name == ZONE && self.is_summary() {
            return Some("a summary uses UTC");
        }
        if name == "color" && !self.writes_text() {
            return Some("it applies only to text output");
        }
        if matches!(name, "null" | "excel") && is_json {
            return Some("it has no effect on JSON");
        }
        if !OF_BUCKETS.contains(&name) {
            return None;
        }
        if self.requests_keys() && name == "org-id" {
            return Some("the address names what is verified");
        }
        if self.requests_keys() && OF_EVENT_HISTORY.contains(&name) {
            return None;
        }
        if self.value("keys-from").is_some() && (OF_ONE_BUCKET.contains(&name) || name == "late-days") {
            return Some("the input is a list of keys");
        }
        let has_bucket = has_address || typed_bucket.is_some();
        let has_history = self.value("event-history").is_some();
        if has_history && !has_bucket && !OF_EVENT_HISTORY.contains(&name) {
            return Some("the input is the event history");
        }
        if !paths.is_empty() && !has_bucket && !has_history {
            return Some("the input is a path");
        }
        let is_other = typed_bucket.is_some_and(|typed| bucket.is_some_and(|bucket| bucket != typed));
        let is_elsewhere = has_address && (bucket.is_some() || name == "prefix");
        (OF_ONE_BUCKET.contains(&name) && (is_other || is_elsewhere)).then_some("the command line names another bucket")
    }
}

fn is_json(format: &str) -> bool {
    ["json", "jsonl", "ndjson"].iter().any(|name| format.eq_ignore_ascii_case(name))
}

/// Notes on variables with the prefix of this program that it does not know.
fn unknown_variables(environment: &SettingsEnvironment) -> Vec<String> {
    let known: Vec<String> = NAMES.iter().chain(&["config", "patience"]).map(|name| variable(name)).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let unknown = environment.variables.iter().map(|(name, _)| name).filter(|name| !known.contains(&name.as_str()));
    unknown
        .map(|name| match nearest(name, &known) {
            Some(known) => format!("{name}: unknown setting; did you mean {known}?"),
            None => format!("{name}: unknown setting"),
        })
        .collect()
}
