//! `history resource`: everything that is known of a resource over time.

use super::change_log::ChangeLog;
use super::row::HistoryRow;
use super::row_sorter::RowSorter;
use crate::cloudtrail::history::change::Property;
use crate::cloudtrail::history::interval::Interval;
use crate::error::Error;

/// The columns of the answer.
pub(super) const COLUMNS: [&str; 4] = ["resource", "property", "value", "relation"];

/// What is known of the resource with this id, name or ARN, and what was connected with it.
pub(super) fn properties(log: &mut ChangeLog, id: &str, rows: &mut RowSorter) -> Result<(), Error> {
    log.each_interval(|interval, state| {
        let is_it = interval.resource.id == id || state.detail("name") == Some(id);
        let is_connected = interval.value.as_deref() == Some(id) || interval.relation.as_deref() == Some(id);
        if is_it || is_connected {
            rows.push(&HistoryRow::of(&interval, cells(&interval)));
        }
    })
}

fn cells(interval: &Interval) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    vec![
        interval.resource.id.clone(),
        property_name(&interval.property),
        text(&interval.value),
        text(&interval.relation),
    ]
}

/// The name of a property in an answer or a file.
pub(super) fn property_name(property: &Property) -> String {
    match property {
        Property::Exists => "exists".into(),
        Property::State => "state".into(),
        Property::PrivateAddress => "privateAddress".into(),
        Property::PublicAddress => "publicAddress".into(),
        Property::Ipv6Address => "ipv6Address".into(),
        Property::AttachedTo => "attachedTo".into(),
        Property::AssociatedWith => "associatedWith".into(),
        Property::Group => "securityGroup".into(),
        Property::Rule => "rule".into(),
        Property::Member => "member".into(),
        Property::Tag(key) => format!("tag:{key}"),
        Property::Detail(name) => name.clone(),
    }
}
