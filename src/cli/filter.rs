//! Which events: the options, and the request that they make.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::geoip_file::open_databases;
use super::network_file::{clashes, read_networks};
use super::value_file::read_lists;
use crate::error::Error;
use crate::filter::options::{FilterOption, OPTIONS};
use crate::filter::spec::{FilterSpec, OptionValues};
use crate::syntax::value_list::named_file;
use crate::syntax::window::Window;

/// Filters that folder and file names can decide too: time, account, region.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Filters")]
pub struct ScopeArgs {
    /// Events from this time on, such as 30d
    ///
    /// 30d, 1h30m, '2 days ago', today, yesterday, 2026-10, 2026-10-01, 2026-10-01T12:00
    /// (UTC), RFC 3339, or seconds since 1970.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub since: Option<String>,
    /// Events before this time
    ///
    /// Takes the same forms as --since. A date or a month means its first instant, so
    /// --until 2026-10-01 leaves out that day.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub until: Option<String>,
    #[command(flatten)]
    options: TableOptions<true>,
}

/// Filters that need the content of events.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Filters")]
pub struct FilterArgs {
    #[command(flatten)]
    options: TableOptions<false>,
    /// Filter or reshape events with jq
    ///
    /// true keeps the event, false and null drop it, and any other value is written as a
    /// line instead of the row.
    #[arg(long, value_name = "EXPR", allow_hyphen_values = true)]
    pub jq: Option<String>,
    /// Name networks by this CSV file (CIDR,name) or AWS's ip-ranges.json
    ///
    /// Adds the column network, and --source-ip takes names of networks. The most specific
    /// network counts. Can be repeated; of equal networks, that of the first file counts.
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub networks: Vec<PathBuf>,
    /// Look addresses up in this database of countries or autonomous systems (.mmdb)
    ///
    /// Adds the columns country, asn and asnOrg. The database is one of MaxMind or in its
    /// format, such as GeoLite2-Country.mmdb. Can be repeated; the first one with a value
    /// counts. Nothing is downloaded.
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub geoip: Vec<PathBuf>,
}

impl ScopeArgs {
    /// The request for all events of this scope, whose times are read in UTC.
    pub fn spec(&self, now: Timestamp) -> Result<FilterSpec, Error> {
        FilterArgs::default().spec(self, now, &TimeZone::UTC)
    }
}

impl FilterArgs {
    /// The request for the events that these options ask for.
    pub fn spec(&self, scope: &ScopeArgs, now: Timestamp, zone: &TimeZone) -> Result<FilterSpec, Error> {
        let mut options = scope.options.0.clone();
        options.extend(&self.options.0);
        for (option, typed) in options.iter() {
            for value in option.split(typed) {
                if option.takes_lists() && named_file(&value).is_some() {
                    continue;
                }
                (option.check)(&value).map_err(|right| Error::option(option.flag, &value, right))?;
            }
        }
        let lists = read_lists(&options)?;
        options.set_lists(lists);
        let window = Window::parse(scope.since.as_deref(), scope.until.as_deref(), now, zone)?;
        let networks = read_networks(&self.networks)?;
        let geoip = open_databases(&self.geoip)?;
        let spec = FilterSpec { window, options, jq: self.jq.clone(), networks, geoip, notes: Vec::new(), now };
        Ok(FilterSpec { notes: clashes(&spec), ..spec })
    }
}

/// The values of the table's options that are a part of the scope, or of those that are
/// not.
#[derive(Clone, Debug, Default)]
struct TableOptions<const IS_SCOPE: bool>(OptionValues);

impl<const IS_SCOPE: bool> TableOptions<IS_SCOPE> {
    fn all() -> impl Iterator<Item = &'static FilterOption> {
        OPTIONS.iter().filter(|option| option.is_scope == IS_SCOPE)
    }
}

impl<const IS_SCOPE: bool> Args for TableOptions<IS_SCOPE> {
    fn augment_args(command: Command) -> Command {
        command.args(TableOptions::<IS_SCOPE>::all().map(argument))
    }

    fn augment_args_for_update(command: Command) -> Command {
        TableOptions::<IS_SCOPE>::augment_args(command)
    }
}

impl<const IS_SCOPE: bool> FromArgMatches for TableOptions<IS_SCOPE> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<TableOptions<IS_SCOPE>, clap::Error> {
        let mut options = TableOptions::default();
        options.update_from_arg_matches(matches)?;
        Ok(options)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for option in TableOptions::<IS_SCOPE>::all() {
            if !option.has_values() {
                if matches.get_flag(option.name()) {
                    self.0.insert(option.flag, Vec::new());
                }
            } else if let Some(values) = matches.get_many::<String>(option.name()) {
                self.0.insert(option.flag, values.cloned().collect());
            }
        }
        Ok(())
    }
}

/// An option of the table as clap takes it.
fn argument(option: &'static FilterOption) -> Arg {
    let mut argument = Arg::new(option.name())
        .long(option.name())
        .short(option.short)
        .help(option.help)
        .hide_short_help(option.hide_short_help)
        .allow_hyphen_values(option.allow_hyphen_values)
        .conflicts_with_all(option.conflicts_with.and_then(FilterOption::find).map(FilterOption::name))
        .action(ArgAction::SetTrue);
    if option.has_values() {
        argument = argument.action(ArgAction::Append).value_name(option.value_name);
    }
    let list_help = if option.takes_lists() { "@FILE takes the values from a file, one a line." } else { "" };
    let details = [option.details, list_help].join(" ");
    if !details.trim().is_empty() {
        argument = argument.long_help(format!("{}\n\n{}", option.help, details.trim()));
    }
    argument
}
