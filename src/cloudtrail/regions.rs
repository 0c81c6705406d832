//! Which regions the events in a region's folder can carry: the rule by which
//! folders are left out for `--region`.
//!
//! A folder holds the events of its own region, and those of global services,
//! which a trail may deliver into the folder of its home region: until the end
//! of 2021 to every trail that includes them, and to copies and redeliveries of
//! such logs ever since (AWS CloudTrail User Guide, "Enabling and disabling
//! global service event logging"). IAM, STS, CloudFront, Route 53 and the
//! console's sign-in carry us-east-1; Global Accelerator and others us-west-2 or
//! us-east-2. Each partition has global regions of its own, and no event leaves
//! its partition (AWS Fault Isolation Boundaries, "Partitions"). Those other than
//! the commercial one have so few regions that all of them are taken for global.

use crate::syntax::glob::{Pattern, PatternSet};

/// The start of every region's name in a partition, and the regions that its
/// global services may carry.
struct RegionPartition {
    start: &'static str,
    global: &'static [&'static str],
}

const PARTITIONS: [RegionPartition; 7] = [
    RegionPartition { start: "us-gov-", global: &["us-gov-west-1", "us-gov-east-1", "aws-us-gov-global"] },
    RegionPartition { start: "cn-", global: &["cn-north-1", "cn-northwest-1", "aws-cn-global"] },
    RegionPartition { start: "us-iso-", global: &["us-iso-east-1", "us-iso-west-1", "aws-iso-global"] },
    RegionPartition { start: "us-isob-", global: &["us-isob-east-1", "us-isob-west-1", "aws-iso-b-global"] },
    RegionPartition { start: "eu-isoe-", global: &["eu-isoe-west-1", "aws-iso-e-global"] },
    RegionPartition { start: "us-isof-", global: &["us-isof-south-1", "us-isof-east-1", "aws-iso-f-global"] },
    RegionPartition { start: "eusc-", global: &["eusc-de-east-1", "aws-eusc-global"] },
];

/// The commercial partition, and the first part of its regions' names.
const COMMERCIAL: &[&str] = &["us-east-1", "us-east-2", "us-west-2", "aws-global"];
const AREAS: [&str; 9] = ["af", "ap", "ca", "eu", "il", "me", "mx", "sa", "us"];

/// Whether the folder of a region can hold an event of the wanted regions.
pub fn may_hold(wanted: &PatternSet<Pattern>, folder: &str) -> bool {
    // Where only some are unwanted, an event without any region is wanted, and
    // may lie anywhere. So may all events in a folder of an unknown partition.
    if wanted.wanted().is_empty() {
        return true;
    }
    let Some(global) = global_regions(folder) else { return true };
    let is_wanted = |region: &str| wanted.admits(|pattern| pattern.matches(region));
    is_wanted(folder) || global.iter().any(|region| is_wanted(region))
}

/// The regions that events of global services may carry in the folder of a
/// region; none where its partition is not known.
fn global_regions(folder: &str) -> Option<&'static [&'static str]> {
    if let Some(partition) = PARTITIONS.iter().find(|partition| folder.starts_with(partition.start)) {
        return Some(partition.global);
    }
    let parts: Vec<&str> = folder.split('-').collect();
    match parts[..] {
        [area, _, number] if AREAS.contains(&area) && number.parse::<u8>().is_ok() => Some(COMMERCIAL),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(patterns: &[&str], folder: &str) -> bool {
        let patterns: Vec<String> = patterns.iter().map(|pattern| (*pattern).to_string()).collect();
        let wanted = PatternSet::new("--region", &patterns, |value| Pattern::new("--region", value)).unwrap().unwrap();
        may_hold(&wanted, folder)
    }

    /// Regions in whose folders events of other regions were delivered.
    const DELIVERED: [(&str, &str); 14] = [
        ("eu-west-1", "us-east-1"),
        ("us-east-1", "us-west-2"),
        ("ap-southeast-2", "us-west-2"),
        ("mx-central-1", "us-east-2"),
        ("us-gov-east-1", "us-gov-west-1"),
        ("us-gov-west-1", "us-gov-east-1"),
        ("cn-northwest-1", "cn-north-1"),
        ("cn-north-1", "cn-northwest-1"),
        ("us-iso-west-1", "us-iso-east-1"),
        ("us-isob-west-1", "us-isob-east-1"),
        ("eu-isoe-north-1", "eu-isoe-west-1"),
        ("us-isof-east-1", "us-isof-south-1"),
        ("eusc-fr-west-1", "eusc-de-east-1"),
        ("ca-west-1", "aws-global"),
    ];

    #[test]
    fn every_pattern_of_a_delivered_region_leads_into_the_folder() {
        for (folder, region) in DELIVERED {
            let first = region.split('-').next().unwrap();
            let patterns = [region, &region.to_uppercase(), &format!("{first}-*"), &format!("*{}", &region[2..]), "*"];
            for pattern in patterns {
                assert!(holds(&[pattern], folder), "{pattern} {folder}");
                assert!(holds(&["xx-none-1", pattern], folder), "{pattern} {folder}");
                assert!(holds(&[pattern, "!xx-none-1"], folder), "{pattern} {folder}");
            }
            assert!(holds(&[folder], folder));
        }
    }

    #[test]
    fn negations_alone_and_unknown_folders_leave_nothing_out() {
        for folder in ["eu-west-1", "us-east-1", "us-gov-west-1", "xx-new-part-1", "", "global", "eu-west", "us-a-b-1"]
        {
            assert!(holds(&["!us-*", "!eu-*"], folder), "{folder}");
            assert!(holds(&["!*"], folder), "{folder}");
        }
        for folder in ["xx-new-part-1", "", "global", "eu-west", "us-a-b-1", "us-isox-east-1"] {
            assert!(holds(&["eu-west-3"], folder), "{folder}");
        }
    }

    #[test]
    fn what_no_event_in_a_folder_can_carry_leaves_it_out() {
        for (patterns, folder) in [
            (&["eu-west-3"][..], "eu-west-1"),
            (&["eu-*"], "ap-southeast-2"),
            (&["us-west-1"], "us-east-1"),
            (&["us-east-1"], "us-gov-east-1"),
            (&["us-gov-*"], "us-east-1"),
            (&["eu-*", "!eu-west-1"], "eu-west-1"),
            (&["us-*", "!us-east-?", "!us-west-2"], "eu-west-1"),
            (&["us-east-1"], "us-iso-east-1"),
        ] {
            assert!(!holds(patterns, folder), "{patterns:?} {folder}");
        }
    }
}
