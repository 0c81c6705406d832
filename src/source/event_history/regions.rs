//! The regions to read.

use crate::cloudtrail::regions::of_partition;
use crate::error::Error;
use crate::filter::options::REGION;
use crate::source::aws::endpoint::is_region;
use crate::syntax::glob::{Pattern, PatternSet};

/// Returns the regions that match the patterns, in the order of their names: those known of
/// the partition of the configured region, and all that a pattern names exactly.
pub(super) fn wanted(patterns: &[String], configured: &str) -> Result<Vec<String>, Error> {
    let set = PatternSet::new(REGION, patterns, |value| Pattern::new(REGION, value))?;
    let known = of_partition(configured).iter().map(|region| (*region).to_string());
    let named = patterns.iter().map(|pattern| pattern.to_ascii_lowercase()).filter(|region| is_region(region));
    let is_wanted =
        |region: &String| set.as_ref().is_none_or(|set| set.accepts(|pattern: &Pattern| pattern.matches(region)));
    let mut regions: Vec<String> = known
        .chain([configured.to_string()])
        .chain(named)
        .filter(|region| is_region(region) && is_wanted(region))
        .collect();
    regions.sort();
    regions.dedup();
    if regions.is_empty() {
        return Err(Error::option(
            REGION,
            &patterns.join(","),
            "matches none of the regions; name one such as eu-west-1",
        ));
    }
    Ok(regions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regions(patterns: &[&str], configured: &str) -> Vec<String> {
        wanted(&patterns.iter().map(|pattern| (*pattern).to_string()).collect::<Vec<_>>(), configured).unwrap()
    }

    #[test]
    fn patterns_narrow_the_regions_of_the_partition() {
        assert_eq!(regions(&[], "eu-west-1").len(), 34);
        assert_eq!(regions(&[], "cn-north-1"), ["cn-north-1", "cn-northwest-1"]);
        assert_eq!(regions(&["eu-west-?", "!eu-west-2"], "us-east-1"), ["eu-west-1", "eu-west-3"]);
        assert_eq!(regions(&["US-EAST-1", "us-gov-west-1", "us-east-1"], "eu-west-1"), ["us-east-1", "us-gov-west-1"]);
        assert!(!regions(&["!us-*"], "eu-west-1").contains(&"us-east-1".to_string()));
        assert!(regions(&[], "eu-east-9").contains(&"eu-east-9".to_string()));
    }

    #[test]
    fn a_pattern_for_no_region_is_refused() {
        let error = wanted(&["moon-*".into()], "eu-west-1").unwrap_err();
        assert_eq!(error.to_string(), "--region \"moon-*\": matches none of the regions; name one such as eu-west-1");
    }
}
