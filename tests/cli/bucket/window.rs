//! Only the days of the window are listed and fetched, and no row is lost.

use testkit::s3::{Bucket, Operation};

use super::cloud::{ACCOUNT, Cloud, event, key, lines, records};

/// A log every six hours from 2026-09-25 to 2026-10-09, with an event that is
/// named by its minute, and a second one that is half an hour older.
fn fortnight(page_size: usize) -> Cloud {
    let cloud = Cloud::with(Bucket::new().page_size(page_size));
    for day in (25..=30).map(|day| format!("2026-09-{day}")).chain((1..=9).map(|day| format!("2026-10-{day:02}"))) {
        for hour in [0, 6, 12, 18] {
            let minute = format!("{day}T{hour:02}:30");
            let older = format!("{day}T{hour:02}:00");
            let events = [event(ACCOUNT, "eu-west-1", &minute, &minute), event(ACCOUNT, "eu-west-1", &older, &older)];
            cloud.bucket.put(key("AWSLogs/", ACCOUNT, "eu-west-1", &minute), records(&events));
        }
    }
    cloud
}

/// The keys of the requested objects.
fn fetched(cloud: &Cloud) -> Vec<String> {
    let gets = cloud.server.requests().into_iter().filter(|request| request.operation == Operation::Get);
    let mut keys: Vec<String> = gets.map(|request| request.key).collect();
    keys.sort();
    keys
}

#[test]
fn rows_are_those_of_the_whole_folder_whatever_the_window() {
    let cloud = fortnight(1000);
    let whole = cloud.run(&[]);
    assert_eq!(whole.lines(0).len(), 120);
    let all = cloud.trial.path("mirror");
    std::fs::rename(&all, cloud.trial.path("all")).unwrap();
    cloud.server.record();
    for (since, until, days, files) in [
        ("2026-10-01", "2026-10-02", 3, 12),
        ("2026-10-01T06:30", "2026-10-01T12:00", 2, 7),
        ("2026-10-01T06:31", "2026-10-01T12:00", 2, 6),
        ("2026-09-30T23:59", "2026-10-01T00:00:01", 2, 8),
        ("2026-09-25", "2026-10-10", 15, 60),
        ("2026-10-01T02:00+02:00", "2026-10-02T02:00+02:00", 3, 12),
    ] {
        let window = ["--since", since, "--until", until];
        let local = cloud.trial.run(&[&["all", "-c", "eventName", "--no-header", "-q"], &window[..]].concat());
        let online = cloud.run(&[&["-q"], &window[..]].concat());
        online.shows(0, &local.stdout, "");
        let fetched = fetched(&cloud);
        let mut folders: Vec<&str> = fetched.iter().map(|key| &key[..key.rfind('/').unwrap()]).collect();
        folders.dedup();
        assert_eq!((folders.len(), fetched.len()), (days, files), "{since} {until}");
        cloud.run(&[&["-q", "--offline"], &window[..]].concat()).shows(0, &local.stdout, "");
        std::fs::remove_dir_all(&all).unwrap();
    }
}

#[test]
fn the_list_starts_at_the_first_day_and_ends_after_the_last() {
    let cloud = fortnight(4);
    cloud.server.record();
    cloud.run(&["--since", "2026-10-01T12:00", "--until", "2026-10-03", "-q"]);
    let prefix = format!("AWSLogs/{ACCOUNT}/CloudTrail/eu-west-1/");
    let lists: Vec<_> = cloud.server.requests().into_iter().filter(|request| request.key == prefix).collect();
    // Each page has one day: four days, and the page that shows that they are over.
    assert_eq!(lists.len(), 5, "{lists:#?}");
    assert_eq!(lists[0].parameter("start-after"), Some(format!("{prefix}2026/10/01")));
}

#[test]
fn a_prefix_inside_a_region_starts_at_the_first_day_too() {
    let cloud = fortnight(4);
    for below in ["2026/", "2026/10/"] {
        cloud.server.record();
        let prefix = format!("AWSLogs/{ACCOUNT}/CloudTrail/eu-west-1/{below}");
        let ran = cloud.run(&["--prefix", &prefix, "--since", "2026-10-04", "--until", "2026-10-05", "-q"]);
        assert_eq!(ran.lines(0).len(), 8);
        let requests = cloud.server.requests();
        let lists: Vec<_> = requests.iter().filter_map(|request| request.parameter("start-after")).collect();
        assert_eq!(lists, [format!("AWSLogs/{ACCOUNT}/CloudTrail/eu-west-1/2026/10/04")]);
    }
}

#[test]
fn a_file_that_was_delivered_before_the_window_is_not_fetched_but_counted() {
    let cloud = fortnight(1000);
    let ran = cloud.run(&["--since", "2026-10-01T12:31", "--until", "2026-10-02", "--late-days", "0"]);
    let key = key("AWSLogs/", ACCOUNT, "eu-west-1", "2026-10-01T18:30");
    ran.shows(
        0,
        "2026-10-01T18:30\n2026-10-01T18:00\n",
        &format!(
            "trail2tsv: 1 object downloaded ({}), 0 already in the mirror; 2 events in 1 file read, 2 matched; \
             3 files not opened: delivered before the window; \
             searched for late deliveries up to 2026-10-01\n",
            cloud.size(&[&key])
        ),
    );
    assert_eq!(cloud.mirrored(), [key]);
}

#[test]
fn late_deliveries_are_found_within_the_late_days() {
    let cloud = Cloud::new();
    let late = |days: i64| {
        let day: jiff::civil::Date = "2026-10-01".parse().unwrap();
        let day = day.checked_add(jiff::Span::new().days(days)).unwrap();
        let name = format!("late{days}");
        let events = [event(ACCOUNT, "eu-west-1", "2026-10-01T23:58", &name)];
        cloud.bucket.put(key("AWSLogs/", ACCOUNT, "eu-west-1", &format!("{day}T00:03")), records(&events));
        name
    };
    let names: Vec<String> = (1..=31).map(late).collect();
    let window = ["-q", "--since", "2026-10-01", "--until", "2026-10-02"];
    // By default, one late day is searched.
    cloud.run(&window).shows(0, "late1\nlate2\n", "");
    for (days, found) in [(0, 0), (1, 2), (2, 3), (7, 8), (30, 31)] {
        let asked = days.to_string();
        cloud.run(&[&window[..], &["--late-days", &asked]].concat()).shows(0, &lines(&names[..found]), "");
    }
    // If the window has no end, all later days are searched.
    cloud.run(&window[..3]).shows(0, &lines(&names), "");
}

#[test]
fn a_file_with_an_unknown_name_is_fetched_and_filtered() {
    let cloud = Cloud::new();
    let folder = format!("AWSLogs/{ACCOUNT}/CloudTrail/eu-west-1/2026/10/01/");
    let events = ["2026-10-01T09:00", "2026-10-01T11:00"].map(|minute| event(ACCOUNT, "eu-west-1", minute, minute));
    cloud.bucket.put(format!("{folder}copy.json.gz"), records(&events));
    cloud.run(&["-q", "--since", "2026-10-01T10:00"]).shows(0, "2026-10-01T11:00\n", "");
}

/// A log for each of these days, delivered just after midnight, with an event of
/// 2026-10-01.
fn delivered_on(days: &[&str]) -> Cloud {
    let cloud = Cloud::new();
    for day in days {
        let events = [event(ACCOUNT, "eu-west-1", "2026-10-01T11:58", day)];
        cloud.bucket.put(key("AWSLogs/", ACCOUNT, "eu-west-1", &format!("{day}T00:03")), records(&events));
    }
    cloud
}

#[test]
fn one_late_day_reaches_the_day_after_that_of_the_end() {
    let days = ["2026-10-01", "2026-10-02", "2026-10-03", "2026-10-04"];
    for (until, last) in [
        ("2026-10-01T12:00", "2026-10-02"),
        ("2026-10-01T23:59:59", "2026-10-02"),
        ("2026-10-02", "2026-10-03"),
        ("2026-10-02T00:00:00Z", "2026-10-03"),
        ("2026-10-02T02:00+02:00", "2026-10-03"),
        ("2026-10-02T00:00:01", "2026-10-03"),
    ] {
        let cloud = delivered_on(&days);
        let ran = cloud.run(&["--since", "2026-10-01", "--until", until, "--late-days", "1"]);
        assert_eq!(ran.lines(0).last(), Some(&last), "{ran:?}");
        let said = format!("; searched for late deliveries up to {last}\n");
        assert!(ran.stderr.ends_with(&said), "{ran:?}");
    }
}

#[test]
fn the_last_line_names_the_last_late_day() {
    let cloud = delivered_on(&["2026-10-02"]);
    let window = ["--since", "2026-10-01", "--until", "2026-10-01T12:00"];
    let ends = |ran: crate::harness::RunResult, end: &str| {
        assert!(ran.code == Some(0) && ran.stderr.ends_with(end), "{ran:?}")
    };
    for (days, last) in [("30", "2026-10-31"), ("1", "2026-10-02"), ("0", "2026-10-01")] {
        let said = format!("; searched for late deliveries up to {last}\n");
        let late = [&window[..], &["--late-days", days]].concat();
        ends(cloud.run(&late), &said);
        ends(cloud.run(&[&late[..], &["--offline"]].concat()), &said);
        let sync =
            |more: &[&str]| cloud.trial.run(&[&["sync", "s3://logs", "--mirror", "mirror"], &late[..], more].concat());
        ends(sync(&[]), &said);
        ends(sync(&["--dry-run"]), &said);
        ends(cloud.trial.run(&[&["summary", "s3://logs", "--mirror", "mirror"], &late[..]].concat()), &said);
    }
    ends(cloud.run(&[&window[..], &["--offline"]].concat()), "; searched for late deliveries on all later days\n");
    // Without an end of the window, and for a single object, there are no late days.
    for arguments in [&window[..2], &[]] {
        assert!(!cloud.run(arguments).stderr.contains("late deliveries"));
    }
    let address = format!("s3://logs/{}", cloud.bucket.keys("")[0]);
    for offline in [&[][..], &["--offline"]] {
        let ran = cloud.trial.run(&[&[address.as_str(), "--mirror", "mirror"], &window[..], offline].concat());
        assert!(ran.code == Some(0) && !ran.stderr.contains("late deliveries"), "{ran:?}");
    }
}

#[test]
fn offline_reads_what_the_mirror_has_under_later_days() {
    let days = ["2026-10-01", "2026-10-02", "2026-10-09", "2026-11-20", "2027-02-03"];
    let cloud = delivered_on(&days);
    cloud.trial.run(&["sync", "s3://logs", "--mirror", "mirror", "-q"]).shows(0, "", "");
    let window = ["-q", "--since", "2026-10-01", "--until", "2026-10-02"];
    cloud.run(&[&window[..], &["--offline"]].concat()).shows(0, &lines(&days), "");
    let folder = cloud.trial.run(&[&["mirror", "-c", "eventName", "--no-header"], &window[..]].concat());
    folder.shows(0, &lines(&days), "");
    // An explicit number of late days limits the days offline too.
    for (late, found) in [("0", 1), ("1", 2), ("7", 3), ("30", 3)] {
        cloud.run(&[&window[..], &["--offline", "--late-days", late]].concat()).shows(0, &lines(&days[..found]), "");
    }
}
