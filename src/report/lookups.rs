//! What AWS was asked of the event history, and what that cannot find.

use std::fmt;

use super::coverage::count;

/// The requests of a run for the event history.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LookupTotals {
    /// Number of requests, without repetitions; `None` if the run ended early, when further
    /// requests are on their way.
    pub requests: Option<u64>,
    /// Regions that answered.
    pub regions: u64,
    /// What the events were selected by, such as `event name "RunInstances"`; `None` if all
    /// events were requested.
    pub selection: Option<String>,
    /// Which of the wanted events the selection may miss; `None` if it misses none.
    pub missed: Option<&'static str>,
    /// Whether the window includes times from which no event history is left.
    pub is_older: bool,
}

impl fmt::Display for LookupTotals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} asked for ", count(self.regions, "region"))?;
        match &self.selection {
            Some(selection) => write!(f, "events with {selection}")?,
            None => write!(f, "all events")?,
        }
        if let Some(requests) = self.requests {
            write!(f, " in {}", count(requests, "request"))?;
        }
        if let Some(missed) = self.missed {
            write!(f, " (this misses {missed}; --no-pushdown requests all events)")?;
        }
        write!(f, "; event history has no data events")?;
        if self.is_older { write!(f, ", and none older than 90 days") } else { Ok(()) }
    }
}
