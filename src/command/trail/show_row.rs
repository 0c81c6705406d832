//! The rows of `trail show`.

use jiff::Timestamp;

use super::trail_state::{Trail, TrailStatus};
use crate::error::Error;
use crate::syntax::suggest::nearest;
use crate::table::column::ColumnType;
use crate::table::computed::{CellValue, ComputedColumn};

/// A trail and what is known of it.
#[derive(Default)]
pub(super) struct TrailRow {
    pub(super) trail: Trail,
    pub(super) home_region: String,
    pub(super) status: Option<TrailStatus>,
    pub(super) events: Option<String>,
    pub(super) insights: Option<String>,
    /// Names, separated by commas.
    pub(super) queues: String,
    /// Messages in all queues; `None` if there is no queue.
    pub(super) messages: Option<u64>,
    pub(super) tags: String,
}

/// The columns that are written.
pub(super) struct ShowColumns {
    shown: Vec<usize>,
    is_named: bool,
}

/// All columns and their types.
const COLUMNS: [(&str, ColumnType); 22] = [
    ("name", ColumnType::Text),
    ("logging", ColumnType::Text),
    ("lastDelivery", ColumnType::Time),
    ("deliveryError", ColumnType::Text),
    ("bucket", ColumnType::Text),
    ("prefix", ColumnType::Text),
    ("topic", ColumnType::Text),
    ("queues", ColumnType::Text),
    ("messages", ColumnType::Value),
    ("events", ColumnType::Text),
    ("insights", ColumnType::Text),
    ("regions", ColumnType::Text),
    ("organization", ColumnType::Text),
    ("validation", ColumnType::Text),
    ("kmsKey", ColumnType::Text),
    ("lastNotification", ColumnType::Time),
    ("notificationError", ColumnType::Text),
    ("lastDigest", ColumnType::Time),
    ("digestError", ColumnType::Text),
    ("logGroup", ColumnType::Text),
    ("tags", ColumnType::Text),
    ("arn", ColumnType::Text),
];

/// What an aligned table leaves out first.
const LEAVE_OUT: [&str; 17] = [
    "logGroup",
    "arn",
    "tags",
    "digestError",
    "lastDigest",
    "lastNotification",
    "kmsKey",
    "insights",
    "organization",
    "validation",
    "prefix",
    "regions",
    "notificationError",
    "events",
    "topic",
    "messages",
    "queues",
];

impl ShowColumns {
    /// The columns of these names, or all.
    pub(super) fn new(named: &[String]) -> Result<ShowColumns, Error> {
        let names = COLUMNS.map(|(name, _)| name);
        let position = |name: &String| {
            let found = names.iter().position(|column| column.eq_ignore_ascii_case(name));
            found.ok_or_else(|| {
                let reason = match nearest(name, &names) {
                    Some(other) => format!("not a column of trail show; did you mean {other}?"),
                    None => format!("not a column of trail show; the columns are {}", names.join(", ")),
                };
                Error::option("--columns", name, reason)
            })
        };
        let shown = match named {
            [] => (0..COLUMNS.len()).collect(),
            named => named.iter().map(position).collect::<Result<_, _>>()?,
        };
        Ok(ShowColumns { shown, is_named: !named.is_empty() })
    }

    /// The columns of the output.
    pub(super) fn output(&self) -> Vec<ComputedColumn> {
        let leave_out = |name: &str| LEAVE_OUT.iter().position(|other| *other == name && !self.is_named);
        let columns = self.shown.iter().map(|at| COLUMNS[*at]);
        columns
            .map(|(name, column_type)| ComputedColumn {
                leave_out: leave_out(name),
                ..ComputedColumn::new(name, column_type)
            })
            .collect()
    }

    /// The cells of a row.
    pub(super) fn cells<'a>(&self, row: &'a TrailRow) -> Vec<CellValue<'a>> {
        let cells = row.cells();
        self.shown.iter().map(|at| cells[*at]).collect()
    }
}

impl TrailRow {
    /// The cells of all columns.
    fn cells(&self) -> [CellValue<'_>; COLUMNS.len()] {
        let TrailRow { trail, status, .. } = self;
        let of_status = |text: fn(&TrailStatus) -> &Option<String>| optional(status.as_ref().map(text));
        let time = |seconds: fn(&TrailStatus) -> Option<f64>| time(status.as_ref().and_then(seconds));
        let topic = trail.topic_arn.as_deref().map(|arn| arn.rsplit(':').next().unwrap_or(arn));
        let regions = match trail.is_multi_region_trail {
            Some(true) => "all",
            _ => self.home_region.as_str(),
        };
        [
            CellValue::Text(&trail.name),
            yes_or_no(status.as_ref().and_then(|status| status.is_logging)),
            time(|status| status.latest_delivery_time),
            of_status(|status| &status.latest_delivery_error),
            optional(Some(&trail.s3_bucket_name)),
            optional(Some(&trail.s3_key_prefix)),
            topic.map_or(CellValue::Empty, CellValue::Text),
            CellValue::text_if_any(&self.queues),
            self.messages.map_or(CellValue::Empty, CellValue::Number),
            optional(Some(&self.events)),
            optional(Some(&self.insights)),
            CellValue::Text(regions),
            yes_or_no(trail.is_organization_trail),
            yes_or_no(trail.log_file_validation_enabled),
            optional(Some(&trail.kms_key_id)),
            time(|status| status.latest_notification_time),
            of_status(|status| &status.latest_notification_error),
            time(|status| status.latest_digest_delivery_time),
            of_status(|status| &status.latest_digest_delivery_error),
            optional(Some(&trail.cloud_watch_logs_log_group_arn)),
            CellValue::text_if_any(&self.tags),
            CellValue::Text(&trail.arn),
        ]
    }
}

fn optional(value: Option<&Option<String>>) -> CellValue<'_> {
    value.and_then(Option::as_deref).map_or(CellValue::Empty, CellValue::text_if_any)
}

fn yes_or_no(value: Option<bool>) -> CellValue<'static> {
    value.map_or(CellValue::Empty, |value| CellValue::Text(if value { "yes" } else { "no" }))
}

/// A time in seconds since 1970.
fn time(seconds: Option<f64>) -> CellValue<'static> {
    let time = seconds.and_then(|seconds| Timestamp::from_second(seconds as i64).ok());
    time.map_or(CellValue::Empty, CellValue::Time)
}
