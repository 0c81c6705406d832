//! Settings: values of options from the configuration file and the environment.
//! The command line wins over the environment, and that wins over the file.
//!
//! A setting becomes an argument that is parsed as if it had been typed, so it
//! has the same meaning and the same errors.

mod file;
mod origin;
mod typed_options;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::{ArgMatches, Command};

pub use self::origin::SettingOrigin;
use self::typed_options::{TypedOptions, format_of_values};
use crate::error::Error;
use crate::error::usage::UsageError;
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
            let setting = zone.described();
            settings.notes.push(format!("{setting}, and ignored: {} uses UTC", command.get_name()));
        }
        let bucket = set("bucket").and_then(|setting| setting.values.into_iter().next());
        let format = set("format")
            .filter(|_| typed.value("format").is_none() && typed.reason_to_ignore("format", None, None).is_none());
        let of_setting = || {
            format.and_then(|format| format.values.iter().filter_map(|value| value.to_str()).find_map(format_of_values))
        };
        let of_values = typed.format_of_values().or_else(of_setting);
        for name in NAMES.into_iter().filter(|name| typed.knows(name)) {
            let Some(setting) = set(name) else { continue };
            if let Some(value) = typed.value(name) {
                settings.details.push(format!("--{name}{value} on the command line overrides {}", setting.origin));
                continue;
            }
            let source = setting.described();
            match typed.reason_to_ignore(setting.name, bucket.as_deref(), of_values) {
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

    /// The option, its values and their origin, for messages.
    fn described(&self) -> String {
        let values: Vec<String> = self.values.iter().map(|value| format!("{value:?}")).collect();
        format!("--{} {} is set by {}", self.name, values.join(" "), self.origin)
    }
}

/// Notes on variables with the prefix of this program that it does not know.
fn unknown_variables(environment: &SettingsEnvironment) -> Vec<String> {
    let known: Vec<String> = NAMES.iter().chain(&["config", "read-timeout"]).map(|name| variable(name)).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let unknown = environment.variables.iter().map(|(name, _)| name).filter(|name| !known.contains(&name.as_str()));
    unknown
        .map(|name| match nearest(name, &known) {
            Some(known) => format!("{name}: unknown setting; did you mean {known}?"),
            None => format!("{name}: unknown setting"),
        })
        .collect()
}
