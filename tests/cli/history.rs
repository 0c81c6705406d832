//! The command `history`: its questions, files and commits, and what it refuses.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a failure here is a failed test")]

use std::process::Command;

use crate::harness::Trial;

/// An event of EC2 at a minute of an hour, with the text of its further members.
fn event(minute: u8, name: &str, user: &str, members: &str) -> String {
    format!(
        r#"{{"eventTime":"2026-10-01T09:{minute:02}:00Z","eventSource":"ec2.amazonaws.com","eventName":"{name}",
        "awsRegion":"eu-west-1","recipientAccountId":"111122223333","eventID":"e{minute}","userIdentity":
        {{"type":"IAMUser","userName":"{user}"}},{members}}}"#
    )
}

fn authorize(minute: u8, user: &str, port: u16) -> String {
    let rule =
        format!(r#"{{"groupId":"sg-0a","ipProtocol":"tcp","fromPort":{port},"toPort":{port},"cidrIp":"0.0.0.0/0"}}"#);
    event(
        minute,
        "AuthorizeSecurityGroupIngress",
        user,
        &format!(r#""requestParameters":{rule},"responseElements":{{"_return":true}}"#),
    )
}

fn revoke(minute: u8, user: &str, port: u16) -> String {
    authorize(minute, user, port).replace("Authorize", "Revoke")
}

fn trial(events: &[String]) -> Trial {
    Trial::with("log.json", format!(r#"{{"Records":[{}]}}"#, events.join(",")))
}

const COLUMNS: &str = "from,until,ports,begunBy,endedBy,certainty";

#[test]
fn rules_have_their_times_and_people() {
    let events = [authorize(1, "alice", 22), authorize(2, "bob", 443), revoke(3, "carol", 22), revoke(4, "dave", 80)];
    let expected = "\
from\tuntil\tports\tbegunBy\tendedBy\tcertainty
before 2026-10-01T09:01:00Z\t2026-10-01T09:04:00Z\t80\t\tdave\tbegin unknown
2026-10-01T09:01:00Z\t2026-10-01T09:03:00Z\t22\talice\tcarol\tproven
2026-10-01T09:02:00Z\tstill at 2026-10-01T09:04:00Z\t443\tbob\t\tstill so at the last event read
";
    let last = "trail2tsv: 4 events in 1 file read, 4 matched\n";
    let ran = trial(&events).run(&["history", "rules", "log.json", "-c", COLUMNS]);
    ran.shows(0, expected, last);
    // The order of the events in the file does not matter, and neither do copies.
    let mut mixed = events.to_vec();
    mixed.reverse();
    mixed.extend(events);
    let ran = trial(&mixed).run(&["history", "rules", "log.json", "-c", COLUMNS]);
    ran.shows(0, expected, "trail2tsv: 8 events in 1 file read, 8 matched\n");
}

#[test]
fn rules_are_selected_by_group_port_network_and_time() {
    let trial = trial(&[authorize(1, "alice", 22), authorize(2, "bob", 443), revoke(3, "carol", 22)]);
    for (options, expected) in [
        (&["--port", "22"][..], "22"),
        (&["--group", "sg-0a", "--open"], "22 443"),
        (&["--group", "sg-0b"], ""),
        (&["--from", "203.0.113.7"], "22 443"),
        (&["--from", "::ffff:203.0.113.7"], "22 443"),
        (&["--from", "::1"], ""),
        (&["--at", "2026-10-01T09:01:30"], "22"),
        (&["--at", "2026-10-01T09:02:59"], "22 443"),
        (&["--at", "2026-10-01T09:03"], "443"),
        (&["--at", "2026-10-01T09:00"], ""),
        (&["--at", "1790845330"], "22 443"),
        (&["--at", "2027-01"], "443"),
    ] {
        let ran = trial.run(&[&["history", "rules", "log.json", "-q", "-c", "ports", "--no-header"], options].concat());
        assert_eq!(ran.lines(0).join(" "), expected, "{options:?}");
    }
}

#[test]
fn an_empty_answer_says_what_was_covered() {
    let ran = trial(&[authorize(1, "alice", 22)]).run(&["history", "ip", "10.0.0.1", "log.json", "--no-header"]);
    let note = "trail2tsv: nothing in the logs had the address 10.0.0.1; they are from 2026-10-01T09:01:00Z to \
                2026-10-01T09:01:00Z, and nothing is known of what began before and did not change\n";
    ran.shows(0, "", &format!("{note}trail2tsv: 1 event in 1 file read, 1 matched\n"));
}

#[test]
fn wrong_questions_are_usage_errors() {
    let trial = trial(&[authorize(1, "alice", 22)]);
    for (arguments, part) in [
        (&["history", "log.json"][..], "history: no question; write history ip ADDRESS"),
        (&["history", "ip", "log.json"], "\"log.json\": not an address; write one such as 10.0.3.17 before the inputs"),
        (&["history", "exposed", "log.json"], "\"log.json\": not an address"),
        (
            &["history", "rules", "log.json", "--port", "ssh"],
            "--port \"ssh\": not a port; write its number, such as 22",
        ),
        (&["history", "rules", "log.json", "--port", "-1"], "--port \"-1\": not a port"),
        (&["history", "ip", "10.0.0.1"], "history: nothing to read"),
        (&["history", "rules", "log.json", "--from", "10/8/8"], "not an address or a network"),
        (&["history", "rules", "log.json", "--at", "soon"], "--at \"soon\": not a time; write 30d, 12h"),
        (&["history", "rules", "log.json", "--at", "2026-13"], "not a month"),
        (&["history", "rules", "log.json", "-c", "begunby,port"], "did you mean ports?"),
    ] {
        let ran = trial.run(arguments);
        assert!(ran.stderr.contains(part), "{arguments:?}: {}", ran.stderr);
        ran.lines(2);
    }
}

#[test]
fn settings_reach_the_questions() {
    let trial = trial(&[authorize(1, "alice", 22)]);
    trial.write(
        ".config/trail2tsv/config.toml",
        "columns = [\"eventName\"]\nformat = \"csv\"\ntime-zone = \"+02:00\"\n",
    );
    let ran = trial.run(&["history", "rules", "log.json", "-q"]);
    assert!(ran.lines(0)[1].starts_with("2026-10-01T11:01:00+02:00,still at 2026-10-01T11:01:00+02:00,sg-0a,"));
}

#[test]
fn files_show_the_state_and_those_of_gone_resources_are_removed() {
    let trial = trial(&[
        authorize(1, "alice", 22),
        event(2, "CreateVolume", "bob", r#""responseElements":{"volumeId":"vol-0a","size":"8"}"#),
        event(
            3,
            "DeleteVolume",
            "bob",
            r#""requestParameters":{"volumeId":"vol-0a"},"responseElements":{"_return":true}"#,
        ),
    ]);
    let group = "out/111122223333/eu-west-1/security-groups/sg-0a.yaml";
    let volume = "out/111122223333/eu-west-1/volumes/vol-0a.yaml";
    trial.run(&["history", "--files", "out", "log.json", "--at", "2026-10-01T09:02", "-q"]).shows(0, "", "");
    assert_eq!(trial.read(group), "id: \"sg-0a\"\nrules:\n  - \"in tcp 22 0.0.0.0/0\"\n");
    assert!(trial.path(volume).exists());
    let ran = trial.run(&["history", "--files", "out", "log.json"]);
    ran.shows(0, "", "trail2tsv: 0 files added, 0 changed, 1 removed\ntrail2tsv: 3 events in 1 file read, 3 matched\n");
    assert!(trial.path(group).exists() && !trial.path(volume).exists());
    // A folder with other files is left alone.
    trial.write("mine/notes.txt", "x");
    let ran = trial.run(&["history", "--files", "mine", "log.json"]);
    assert!(ran.stderr.contains("mine: is not empty"), "{}", ran.stderr);
    ran.lines(1);
}

#[test]
fn hostile_ids_and_tags_stay_in_the_folder_and_in_their_quotes() {
    let tags = r#""requestParameters":{"resourcesSet":{"items":[{"resourceId":"i-../../../x"}]},"tagSet":{"items":[
        {"key":"no","value":"1e3"},{"key":"a: b\n- c","value":"\"'\n#{[&*!|>%@`"},{"key":"t","value":"22:22"}]}},
        "responseElements":{"_return":true}"#;
    let trial = trial(&[event(1, "CreateTags", "eve", tags)]);
    trial.run(&["history", "--files", "out", "log.json", "-q"]).shows(0, "", "");
    let file = "out/111122223333/eu-west-1/instances/i-..%2F..%2F..%2Fx.yaml";
    let expected =
        "id: \"i-../../../x\"\ntags:\n  \"a: b\\n- c\": \"\\\"'\\n#{[&*!|>%@`\"\n  \"no\": \"1e3\"\n  t: \"22:22\"\n";
    assert_eq!(trial.read(file), expected);
}

fn git(trial: &Trial, arguments: &[&str], input: Option<&str>) -> String {
    let mut command = Command::new("git");
    command.arg("-C").arg(trial.path("past")).args(arguments).env("LC_ALL", "C");
    if let Some(input) = input {
        command.stdin(std::fs::File::open(trial.path(input)).unwrap());
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn commits_are_the_same_in_every_run_and_more_logs_append() {
    if Command::new("git").arg("--version").output().is_err() {
        eprintln!("skipped: git is not installed");
        return;
    }
    let first = [authorize(1, "alice <x>\\n", 22), authorize(2, "bob", 443)];
    let trial = trial(&first);
    let stream = |output: &str| {
        trial.run(&["history", "--git", "log.json", "-q", "-o", output]).shows(0, "", "");
    };
    stream("one");
    stream("two");
    assert_eq!(trial.read("one"), trial.read("two"));
    std::fs::create_dir(trial.path("past")).unwrap();
    git(&trial, &["init", "-q"], None);
    git(&trial, &["fast-import", "--quiet"], Some("one"));
    let before = git(&trial, &["log", "--format=%H", "main"], None);
    let more: Vec<String> = first.into_iter().chain([revoke(3, "carol", 22)]).collect();
    trial.write("log.json", format!(r#"{{"Records":[{}]}}"#, more.join(",")));
    stream("three");
    git(&trial, &["fast-import", "--quiet"], Some("three"));
    git(&trial, &["fsck", "--strict"], None);
    let after = git(&trial, &["log", "--format=%H", "main"], None);
    assert!(after.ends_with(&before) && after.lines().count() == 3, "{before}\n{after}");
    let log = git(&trial, &["log", "-Sin tcp 22 0.0.0.0/0", "--format=%an %ae %at %s", "main"], None);
    let expected = "carol 111122223333 1790845380 RevokeSecurityGroupIngress sg-0a\n\
                    alice  x 111122223333 1790845260 AuthorizeSecurityGroupIngress sg-0a\n";
    assert_eq!(log, expected);
    git(&trial, &["cat-file", "-e", "main:111122223333/eu-west-1/security-groups/sg-0a.yaml"], None);
}

#[test]
fn a_snapshot_adds_facts_that_events_lack() {
    let run = r#""responseElements":{"instancesSet":{"items":[{"instanceId":"i-0a","vpcId":"vpc-0a","networkInterfaceSet":
        {"items":[{"networkInterfaceId":"eni-0a","vpcId":"vpc-0a","attachment":{"attachmentId":"eni-attach-0a",
        "deleteOnTermination":true},"privateIpAddressesSet":{"item":[{"privateIpAddress":"10.0.0.5"}]}}]}}]}}"#;
    let stop = r#""requestParameters":{"instancesSet":{"items":[{"instanceId":"i-0a"}]}},"responseElements":{}"#;
    let trial = trial(&[
        event(1, "RunInstances", "alice", run),
        event(5, "TerminateInstances", "bob", stop),
        authorize(6, "carol", 22),
    ]);
    let folder = "now/111122223333/eu-west-1";
    trial.write("now/.trail2tsv-snapshot", "");
    trial.write(
        &format!("{folder}/interfaces/eni-0a.yaml"),
        "networkInterfaceId: \"eni-0a\"\nprivateIpAddressesSet:\n  - association:\n      publicIp: \"203.0.113.9\"\n    \
         privateIpAddress: \"10.0.0.5\"\nvpcId: \"vpc-0a\"\n",
    );
    trial.write(
        &format!("{folder}/volumes/vol-0a.json"),
        r#"{"volumeId":"vol-0a","size":"8","attachmentSet":[{"instanceId":"i-0a"}],"tags":{"no":"yes"}}"#,
    );
    trial.write(
        &format!("{folder}/security-groups/sg-0b.yaml"),
        "groupId: \"sg-0b\"\nrules:\n  - \"in tcp 80 ::/0 # x\"\n",
    );
    let ask = |question: &[&str], columns: &str| {
        let fixed = ["log.json", "--snapshot", "now", "--snapshot-time", "2026-10-01T09:03", "-q", "--no-header", "-c"];
        let ran = trial.run(&[&["history"], question, &fixed, &[columns]].concat());
        ran.lines(0).join("\n")
    };
    assert_eq!(
        ask(&["ip", "203.0.113.9"], "from,until,instance,resource,endedBy,certainty"),
        "after 2026-10-01T09:01:00Z\t2026-10-01T09:05:00Z\ti-0a\teni-0a\tbob\tbegin unknown"
    );
    // The snapshot does not change what events show.
    assert_eq!(
        ask(&["ip", "10.0.0.5"], "from,until,instance,begunBy,certainty"),
        "2026-10-01T09:01:00Z\t2026-10-01T09:05:00Z\ti-0a\talice\tproven"
    );
    assert_eq!(
        ask(&["rules", "--port", "80"], "from,until,group,source,certainty"),
        "before 2026-10-01T09:01:00Z\tstill at 2026-10-01T09:06:00Z\tsg-0b\t::/0\tbegin unknown; still so at the last \
         event read"
    );
    assert!(ask(&["resource", "vol-0a"], "property,value,until").contains("attachedTo\ti-0a\t2026-10-01T09:05:00Z"));
    // A damaged document is named, and the answer is still written.
    trial.write(&format!("{folder}/volumes/vol-0b.yaml"), "a: [\n");
    let ran = trial.run(&["history", "rules", "log.json", "--snapshot", "now", "-c", "ports"]);
    assert!(ran.stderr.contains("vol-0b.yaml: not read: "), "{}", ran.stderr);
    assert_eq!(ran.lines(3).len(), 3);
    let ran = trial.run(&["history", "rules", "log.json", "--snapshot", "other"]);
    assert!(ran.stderr.contains("other: not a folder that trail2tsv snapshot has written"), "{}", ran.stderr);
    ran.lines(1);
}

#[test]
fn events_that_are_too_long_are_named() {
    let long = authorize(2, &"x".repeat(1 << 20), 443);
    let trial = trial(&[authorize(1, "alice", 22), long, revoke(3, "carol", 22)]);
    let ran = trial.run(&["history", "rules", "log.json", "-q", "-c", "ports", "--no-header"]);
    ran.shows(3, "22\n", "trail2tsv: log.json: an event longer than 1 MiB; it was left out\n");
}

/// What such an event changes takes several times as much as its text.
#[test]
fn an_event_can_change_thousands_of_rules() {
    const RULES: usize = 10_000;
    let range = |number: usize| format!(r#"{{"cidrIp":"10.0.{}.{}/32"}}"#, number / 256, number % 256);
    let ranges: Vec<String> = (0..RULES).map(range).collect();
    let permission =
        format!(r#"{{"ipProtocol":"tcp","fromPort":22,"toPort":22,"ipRanges":{{"items":[{}]}}}}"#, ranges.join(","));
    let members = format!(
        r#""requestParameters":{{"groupId":"sg-0a","ipPermissions":{{"items":[{permission}]}}}},"responseElements":{{"_return":true}}"#
    );
    let trial = trial(&[event(1, "AuthorizeSecurityGroupIngress", "alice", &members)]);
    let ran = trial.run(&["history", "rules", "log.json", "-q", "-c", "source", "--no-header"]);
    let mut expected: Vec<String> =
        (0..RULES).map(|number| format!("10.0.{}.{}/32", number / 256, number % 256)).collect();
    expected.sort();
    ran.shows(0, &format!("{}\n", expected.join("\n")), "");
    let ran = trial.run(&["history", "log.json", "--git", "-q"]);
    assert_eq!((ran.code, ran.stdout.matches("in tcp 22 10.0.").count()), (Some(0), RULES));
}

#[test]
fn a_rule_that_is_replaced_within_a_second_is_still_there() {
    // The order of the ids contradicts that of the events, because ids have no meaning.
    let at = |event: String, id: &str| event.replace("09:05:00", "09:02:00").replace("\"e5\"", id);
    let events = [
        authorize(1, "alice", 22),
        at(authorize(5, "bob", 22), "\"a\""),
        at(revoke(5, "bob", 22), "\"b\""),
        at(authorize(5, "carol", 80), "\"c\""),
        at(revoke(5, "carol", 80), "\"d\""),
        authorize(9, "dave", 1),
    ];
    let ran = trial(&events).run(&["history", "rules", "log.json", "-q", "-c", "from,until,ports,begunBy,endedBy"]);
    let expected = "\
from\tuntil\tports\tbegunBy\tendedBy
2026-10-01T09:01:00Z\t2026-10-01T09:02:00Z\t22\talice\tbob
2026-10-01T09:02:00Z\tstill at 2026-10-01T09:09:00Z\t22\tbob\t
2026-10-01T09:02:00Z\t2026-10-01T09:02:00Z\t80\tcarol\tcarol
2026-10-01T09:09:00Z\tstill at 2026-10-01T09:09:00Z\t1\tdave\t
";
    ran.shows(0, expected, "");
}

#[test]
fn a_narrow_terminal_shows_times_and_ids_whole() {
    let rule = authorize(1, "Deployer/GitHubActions", 22).replace("sg-0a", "sg-0abc12de34f567890");
    let mut trial = trial(&[rule, revoke(3, "carol@example.com", 443)]);
    trial.env("COLUMNS", "80");
    trial.run(&["history", "rules", "log.json", "-q", "-f", "table"]).shows(
        0,
        "\
from                         until                          group
before 2026-10-01T09:01:00Z  2026-10-01T09:03:00Z           sg-0a
2026-10-01T09:01:00Z         still at 2026-10-01T09:03:00Z  sg-0abc12de34f567890
",
        "",
    );
    // Columns that are named are all shown, and those with times are cut last.
    trial.run(&["history", "rules", "log.json", "-q", "-f", "table", "-c", "from,until,group,begunBy"]).shows(
        0,
        "\
from                         until                          group      begunBy
before 2026-10-01T09:01:00Z  2026-10-01T09:03:00Z           sg-0a
2026-10-01T09:01:00Z         still at 2026-10-01T09:03:00Z  sg-0abc1…  Deployer…
",
        "",
    );
    let table = trial.run(&["history", "exposed", "203.0.113.7", "log.json", "-q", "-f", "table"]);
    assert!(table.lines(0)[0].ends_with("  group"), "{table:?}");
}
