//! The regions of AWS, and which regions the events in a region's folder can have. That
//! rule decides which folders `--region` excludes.
//!
//! A folder contains the events of its own region, and those of global services, which
//! a trail may deliver to the folder of its home region. Until the end of 2021 every
//! trail that includes them received them, and copies and redeliveries of such logs
//! have existed ever since (AWS CloudTrail User Guide, "Enabling and disabling global
//! service event logging"). IAM, STS, CloudFront, Route 53 and the console's sign-in
//! use us-east-1; Global Accelerator and others use us-west-2 or us-east-2. Each
//! partition has its own global regions, and no event leaves its partition (AWS Fault
//! Isolation Boundaries, "Partitions"). Partitions other than the commercial one have
//! so few regions that all of them are treated as global.

use crate::syntax::glob::{Pattern, PatternSet};

/// A partition: the prefix of all its region names, the regions that its global
/// services may use, and the regions that were known when this was written.
struct RegionPartition {
    start: &'static str,
    global: &'static [&'static str],
    regions: &'static [&'static str],
}

const PARTITIONS: [RegionPartition; 7] = [
    RegionPartition {
        start: "us-gov-",
        global: &["us-gov-west-1", "us-gov-east-1", "aws-us-gov-global"],
        regions: &["us-gov-east-1", "us-gov-west-1"],
    },
    RegionPartition {
        start: "cn-",
        global: &["cn-north-1", "cn-northwest-1", "aws-cn-global"],
        regions: &["cn-north-1", "cn-northwest-1"],
    },
    RegionPartition {
        start: "us-iso-",
        global: &["us-iso-east-1", "us-iso-west-1", "aws-iso-global"],
        regions: &["us-iso-east-1", "us-iso-west-1"],
    },
    RegionPartition {
        start: "us-isob-",
        global: &["us-isob-east-1", "us-isob-west-1", "aws-iso-b-global"],
        regions: &["us-isob-east-1", "us-isob-west-1"],
    },
    RegionPartition {
        start: "eu-isoe-",
        global: &["eu-isoe-west-1", "aws-iso-e-global"],
        regions: &["eu-isoe-west-1"],
    },
    RegionPartition {
        start: "us-isof-",
        global: &["us-isof-south-1", "us-isof-east-1", "aws-iso-f-global"],
        regions: &["us-isof-east-1", "us-isof-south-1"],
    },
    RegionPartition { start: "eusc-", global: &["eusc-de-east-1", "aws-eusc-global"], regions: &["eusc-de-east-1"] },
];

/// The global regions of the commercial partition, and the first part of its region
/// names.
const COMMERCIAL: &[&str] = &["us-east-1", "us-east-2", "us-west-2", "aws-global"];
const AREAS: [&str; 9] = ["af", "ap", "ca", "eu", "il", "me", "mx", "sa", "us"];

/// The regions of the commercial partition, from the endpoint rules of AWS's SDKs.
const COMMERCIAL_REGIONS: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// The known regions of the partition that a region belongs to. A region of an unknown
/// partition is counted to the commercial one.
pub fn of_partition(region: &str) -> &'static [&'static str] {
    let partition = PARTITIONS.iter().find(|partition| region.starts_with(partition.start));
    partition.map_or(COMMERCIAL_REGIONS, |partition| partition.regions)
}

/// Whether the folder of a region can contain an event of the wanted regions.
pub fn may_hold(wanted: &PatternSet<Pattern>, folder: &str) -> bool {
    // If there are only negations, events without a region are wanted, and they may be
    // in any folder. The regions in folders of unknown partitions are not known either.
    if wanted.wanted().is_empty() {
        return true;
    }
    let Some(global) = global_regions(folder) else { return true };
    let is_wanted = |region: &str| wanted.accepts(|pattern| pattern.matches(region));
    is_wanted(folder) || global.iter().any(|region| is_wanted(region))
}

/// The regions that events of global services may have in the folder of a region;
/// `None` if its partition is unknown.
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
    fn the_regions_of_a_partition_share_its_prefix() {
        for partition in &PARTITIONS {
            for region in partition.regions {
                assert!(region.starts_with(partition.start), "{region}");
                assert_eq!(of_partition(region), partition.regions);
            }
        }
        assert!(COMMERCIAL_REGIONS.is_sorted());
        for region in COMMERCIAL_REGIONS {
            assert_eq!((of_partition(region), global_regions(region)), (COMMERCIAL_REGIONS, Some(COMMERCIAL)));
        }
    }

    #[test]
    fn patterns_for_a_delivered_region_include_the_folder() {
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
    fn negations_alone_and_unknown_folders_exclude_nothing() {
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
    fn folders_that_cannot_contain_the_region_are_excluded() {
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
