//! The data of the page, as its script reads it.

use serde::Serialize;

/// Everything that the page shows.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageData {
    /// The command that lists the events, if it can be written.
    pub(super) command: Option<String>,
    /// The command, to be followed by options for a time.
    pub(super) command_of_time: Option<String>,
    /// The command before and after the condition for an hour of the week.
    pub(super) command_of_week: Option<[String; 2]>,
    pub(super) covered: String,
    pub(super) provenance: Vec<(&'static str, String)>,
    /// The first second and the last, counted from 1970.
    pub(super) period: Option<[i64; 2]>,
    pub(super) events: u64,
    /// Reads, writes, errors, and what is none of these.
    pub(super) kinds: Vec<u64>,
    pub(super) denied: u64,
    pub(super) error_options: Option<&'static str>,
    pub(super) denied_options: Option<String>,
    pub(super) untimed: u64,
    /// The path of the field that is summed, and its sum.
    pub(super) sum: Option<[String; 2]>,
    pub(super) activity: PageChart,
    /// The events of each hour of the week.
    pub(super) week: Vec<u64>,
    pub(super) new: [Option<PageChart>; 2],
    pub(super) changes: Option<PageTable>,
    /// A table for each kind of signal that was found.
    pub(super) signals: Vec<PageSignals>,
    pub(super) comparison: Option<PageTable>,
    pub(super) first: Option<PageTable>,
    pub(super) rare: Option<PageTable>,
    pub(super) frame: Option<ChartFrame>,
    pub(super) tables: Vec<PageTable>,
    pub(super) roles: Option<PageRoles>,
    pub(super) days: PageDays,
}

/// Counts over time.
#[derive(Serialize)]
pub(super) struct PageChart {
    /// Minutes per bucket.
    pub(super) minutes: i64,
    /// First minute, counts, and the options that select the events, of each bucket.
    pub(super) bins: Vec<(i64, Vec<u64>, Option<String>)>,
    /// The table whose values are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'static str>,
}

/// The period of the pictures in rows.
#[derive(Serialize)]
pub(super) struct ChartFrame {
    /// Minutes per bucket.
    pub(super) minutes: i64,
    /// First minute of the first bucket.
    pub(super) start: i64,
}

/// The most frequent values of one kind.
#[derive(Serialize)]
pub(super) struct PageTable {
    pub(super) name: &'static str,
    pub(super) columns: Vec<String>,
    pub(super) distinct: u64,
    pub(super) events: u64,
    pub(super) empty: u64,
    pub(super) rows: Vec<PageRow>,
}

/// Signals of a kind.
#[derive(Serialize)]
pub(super) struct PageSignals {
    /// What they can mean.
    pub(super) meaning: &'static str,
    #[serde(flatten)]
    pub(super) table: PageTable,
}

/// A value, and the events that have it.
#[derive(Serialize)]
pub(super) struct PageRow {
    pub(super) values: Vec<String>,
    pub(super) events: u64,
    /// How many of these failed, in the table that counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) failed: Option<u64>,
    /// How many events the earlier period had, in the table that compares with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) earlier: Option<u64>,
    /// The factor by which the value became more or less frequent, such as `× 3.4`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ratio: Option<String>,
    /// The sum of the field of `--sum` if it is not 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sum: Option<String>,
    pub(super) period: Option<[i64; 2]>,
    /// Events in each bucket of the frame.
    pub(super) picture: Vec<u64>,
    /// The options that select the events.
    pub(super) options: Option<String>,
    /// The denied calls of a principal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) calls: Option<Vec<PageRow>>,
}

/// The principals with denied calls.
#[derive(Serialize)]
pub(super) struct PageRoles {
    pub(super) distinct: u64,
    pub(super) events: u64,
    pub(super) rows: Vec<PageRow>,
}

/// The days without a log.
#[derive(Default, Serialize)]
pub(super) struct PageDays {
    /// Logs whose name has no account, region or day.
    pub(super) unplaced: u64,
    pub(super) owners: Vec<PageOwner>,
    /// The number of owners that are left out.
    pub(super) others: usize,
    /// Whether there are more owners than were counted.
    pub(super) more: bool,
    /// The first day and the last, counted from 1970.
    pub(super) period: Option<[i32; 2]>,
}

/// An account and a region, and the days without a log of theirs.
#[derive(Serialize)]
pub(super) struct PageOwner {
    pub(super) account: String,
    pub(super) region: String,
    /// The number of days.
    pub(super) missing: i32,
    /// The first and the last day of each gap, and the options that select its events.
    pub(super) gaps: Vec<(i32, i32, Option<String>)>,
    pub(super) options: Option<String>,
}
