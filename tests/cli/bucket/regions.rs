//! Skipping folders for `--region` never changes the rows.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use super::cloud::{ACCOUNT, Cloud, event, key, records};

/// The regions of each partition, and the regions of its global services, whose
/// events can be in the folder of any region.
const PARTITIONS: [(&[&str], &[&str]); 6] = [
    (
        &[
            "us-east-1",
            "us-east-2",
            "us-west-1",
            "us-west-2",
            "eu-west-1",
            "eu-north-1",
            "ap-southeast-2",
            "mx-central-1",
        ],
        &["us-east-1", "us-east-2", "us-west-2"],
    ),
    (&["us-gov-west-1", "us-gov-east-1"], &["us-gov-west-1", "us-gov-east-1"]),
    (&["cn-north-1", "cn-northwest-1"], &["cn-north-1", "cn-northwest-1"]),
    (&["us-iso-east-1", "us-iso-west-1"], &["us-iso-east-1"]),
    (&["us-isob-east-1", "us-isob-west-1"], &["us-isob-east-1"]),
    (&["eu-isoe-west-1", "eu-isoe-north-1"], &["eu-isoe-west-1"]),
];

/// A log in the folder of every region, with an event of that region, one of each
/// global region, and one without a region. Events are named by their region and
/// the region of the folder.
fn everywhere() -> Cloud {
    let cloud = Cloud::new();
    for (regions, global) in PARTITIONS {
        for folder in regions {
            let minute = "2026-10-01T09:15";
            let carried = [folder].into_iter().chain(global.iter().filter(|region| *region != folder));
            let mut events: Vec<String> =
                carried.map(|region| event(ACCOUNT, region, minute, &format!("{region} in {folder}"))).collect();
            events.push(format!(r#"{{"eventName":"none in {folder}","recipientAccountId":"{ACCOUNT}"}}"#));
            cloud.bucket.put(key("AWSLogs/", ACCOUNT, folder, minute), records(&events));
        }
    }
    cloud
}

/// One to three values of the option, some of them patterns, some negated.
fn values(random: &mut fastrand::Rng) -> String {
    let all: Vec<&str> = PARTITIONS.iter().flat_map(|(regions, _)| regions.iter().copied()).collect();
    let value = |random: &mut fastrand::Rng| {
        let region = all[random.usize(..all.len())];
        let (area, end) = (&region[..random.usize(2..region.len())], &region[random.usize(..region.len() - 2)..]);
        let pattern = match random.u8(..8) {
            0 | 1 => format!("{area}*"),
            2 => format!("*{end}"),
            3 => region.replace(['1', '2'], "?"),
            4 => region.to_uppercase(),
            5 => format!("{{{region},eu-west-3}}"),
            _ => region.to_string(),
        };
        if random.u8(..4) == 0 { format!("!{pattern}") } else { pattern }
    };
    (0..random.usize(1..4)).map(|_| value(random)).collect::<Vec<_>>().join(",")
}

#[test]
fn the_bucket_and_the_folder_give_the_same_rows_for_every_pattern() {
    let cloud = everywhere();
    cloud.run(&["-q"]).lines(0);
    std::fs::rename(cloud.trial.path("mirror"), cloud.trial.path("all")).unwrap();
    let mut random = fastrand::Rng::with_seed(18);
    let typed =
        ["us-west-2", "us-east-2", "us-east-1", "us-gov-west-1", "us-iso-east-1", "eu-*", "!us-*", "!*", "eu-west-3"];
    let drawn: Vec<String> = (0..24).map(|_| values(&mut random)).collect();
    let mut rows = 0;
    for pattern in typed.into_iter().chain(drawn.iter().map(String::as_str)) {
        let option = format!("--region={pattern}");
        let folder = cloud.trial.run(&["all", "-c", "eventName", "--no-header", "-q", &option]);
        rows += folder.lines(0).len();
        cloud.run(&["-q", &option]).shows(0, &folder.stdout, "");
        cloud.run(&["-q", "--offline", &option]).shows(0, &folder.stdout, "");
        cloud.server.reset_counts();
    }
    assert!(rows > 250, "{rows}");
}

#[test]
fn a_region_without_global_services_is_searched_only_in_its_folder() {
    let cloud = everywhere();
    for (pattern, folders) in
        [("eu-west-1", 1), ("us-west-1,mx-*", 2), ("eu-*,!eu-isoe-*", 2), ("us-gov-*", 2), ("us-west-2", 8)]
    {
        cloud.server.reset_counts();
        assert_ne!(cloud.run(&["-q", "--region", pattern]).lines(0), [""; 0]);
        assert_eq!(cloud.server.counts().get, folders, "{pattern}");
        std::fs::remove_dir_all(cloud.trial.path("mirror")).unwrap();
    }
}
