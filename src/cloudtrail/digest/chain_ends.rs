//! The times before the first and after the last proven digest of each chain, and the gaps that
//! digests made later fill.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::chain::{Chain, ChainGap, GapReason};
use super::name::ChainId;
use crate::syntax::window::Window;

/// The chains of a trail end within an hour of each other: each region has its own minute.
const BETWEEN_DIGESTS: SignedDuration = SignedDuration::from_hours(1);

/// Completes the gaps of all chains: `window` is what should be covered, as far as it is before
/// `now`.
pub fn close_ends(chains: &mut [Chain], window: Window, now: Timestamp) {
    fill_gaps(chains);
    let latest = latest(chains);
    for chain in chains.iter_mut().filter(|chain| !chain.id.is_backfill) {
        before_first(chain, window.since);
        let trail = latest.get(&trail(&chain.id)).copied().unwrap_or(chain.latest);
        after_last(chain, window.until.map(|until| until.min(now)), trail);
    }
}

fn before_first(chain: &mut Chain, since: Option<Timestamp>) {
    let first = chain.covered.first().map(|(start, _)| *start);
    let is_known = chain.gaps.first().is_some_and(|gap| gap.until.is_some() && gap.until == first);
    if let Some((since, first)) = since.zip(first)
        && since < first
        && !is_known
    {
        let gap = ChainGap { from: Some(since), until: Some(first), reason: GapReason::BeforeFirst };
        chain.gaps.insert(0, gap);
    }
}

/// Adds the time after the last proven digest, if it should be covered: up to `until`, or else
/// because digests of the same trail in other regions are later than `trail` allows.
fn after_last(chain: &mut Chain, until: Option<Timestamp>, trail: Timestamp) {
    let from = chain.proven_until();
    let is_unproven = from.is_none_or(|from| from < chain.latest);
    let is_short = match (from, until) {
        (None, _) => true,
        (Some(from), Some(until)) => from < until,
        (Some(from), None) => from.checked_add(BETWEEN_DIGESTS).is_ok_and(|next| next <= trail),
    };
    if is_unproven {
        chain.gaps.push(ChainGap { from, until, reason: GapReason::NotProven });
    } else if is_short {
        chain.gaps.push(ChainGap { from, until, reason: GapReason::AfterLast });
    }
}

/// The end of the latest digest of each trail, in any region.
fn latest(chains: &[Chain]) -> HashMap<(String, String, String), Timestamp> {
    let mut latest = HashMap::new();
    for chain in chains.iter().filter(|chain| !chain.id.is_backfill) {
        let end = latest.entry(trail(&chain.id)).or_insert(chain.latest);
        *end = chain.latest.max(*end);
    }
    latest
}

fn trail(id: &ChainId) -> (String, String, String) {
    (id.account_folder.clone(), id.trail.clone(), id.home_region.clone())
}

/// Removes the gaps in which digests were made later.
fn fill_gaps(chains: &mut [Chain]) {
    let backfill: HashMap<ChainId, Vec<(Timestamp, Timestamp)>> = chains
        .iter()
        .filter(|chain| chain.id.is_backfill)
        .map(|chain| (ChainId { is_backfill: false, ..chain.id.clone() }, chain.covered.clone()))
        .collect();
    for chain in chains.iter_mut() {
        let Some(times) = backfill.get(&chain.id) else { continue };
        let is_filled = |gap: &ChainGap| {
            let Some((from, until)) = gap.from.zip(gap.until) else { return false };
            let mut reached = from;
            for (start, end) in times {
                if *start <= reached && reached < *end {
                    reached = *end;
                }
            }
            reached >= until
        };
        // A digest that is missing stays so, whatever covers its time.
        chain.gaps.retain(|gap| gap.reason == GapReason::Missing || !is_filled(gap));
    }
}
