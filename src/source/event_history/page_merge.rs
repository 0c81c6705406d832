//! Merges the pages of all queues: the page with the newest event comes first.

use std::collections::HashMap;

use super::lookup::EventPage;
use super::page_queue::{LookupPageBudget, PageQueue};
use super::region_reader::DISORDER;

/// The queues, and what is known of the pages that were taken.
#[derive(Debug, Default)]
pub(super) struct PageMerge {
    pub(super) queues: Vec<PageQueue>,
    /// Ids and seconds of the events of a region that a further queue of it may return again.
    seen: HashMap<String, HashMap<String, i64>>,
}

impl PageMerge {
    /// Number of regions.
    pub(super) fn regions(&self) -> u64 {
        let mut regions: Vec<&str> = self.queues.iter().map(|queue| queue.region.as_str()).collect();
        // The queues of a region follow each other.
        regions.dedup();
        regions.len() as u64
    }

    /// Takes the page with the newest event, that of the first queue if several have it. Every
    /// queue must have a page, or have ended.
    pub(super) fn newest(&mut self, budget: &LookupPageBudget) -> Option<(String, EventPage)> {
        // An event without a time may be newer than all others.
        let time = |queue: &PageQueue| queue.head.as_ref().map(|page| page.newest.unwrap_or(i64::MAX));
        let newest = self.queues.iter().filter_map(time).max()?;
        let queue = self.queues.iter_mut().find(|queue| time(queue) == Some(newest))?;
        let (mut page, region) = (queue.take(budget)?, queue.region.clone());
        let is_shared = self.queues.iter().filter(|queue| queue.region == region).count() > 1;
        if is_shared {
            self.remove_seen(&region, &mut page);
        }
        Some((region, page))
    }

    /// Removes the events that came with another queue of the region.
    fn remove_seen(&mut self, region: &str, page: &mut EventPage) {
        let own = page.events.iter().filter_map(|event| event.second).min();
        let seen = self.seen.entry(region.into()).or_default();
        page.events.retain(|event| {
            let Some(id) = &event.id else { return true };
            seen.insert(id.clone(), event.second.unwrap_or(i64::MAX)).is_none()
        });
        // No queue goes back to events that are newer than its next page.
        let pages = self.queues.iter().filter(|queue| queue.region == region).filter_map(|queue| queue.head.as_ref());
        let reached = pages.map(|page| page.newest.unwrap_or(i64::MAX)).chain(own).max();
        let reached = reached.unwrap_or(i64::MAX).saturating_add(DISORDER);
        seen.retain(|_, second| *second <= reached);
    }
}
