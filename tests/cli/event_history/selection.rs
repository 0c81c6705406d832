//! The most selective condition is a part of the request, and all of them are applied to the answer.

use serde_json::{Value, json};

use super::account::{Account, OLD};

/// The attribute and the value of a request.
fn selection(request: &Value) -> Option<(&str, &str)> {
    let attribute = &request["LookupAttributes"][0];
    Some((attribute["AttributeKey"].as_str()?, attribute["AttributeValue"].as_str()?))
}

#[test]
fn one_condition_is_asked_for_and_all_are_applied() {
    let account = Account::with_story();
    for (arguments, expected, rows) in [
        (&["-e", "terminateinstances"][..], ("EventName", "TerminateInstances"), &["TerminateInstances"][..]),
        (&["-e", "CreateTags", "-u", "alice"], ("EventName", "CreateTags"), &["CreateTags"]),
        (&["-e", "CreateTags", "-u", "bob"], ("EventName", "CreateTags"), &[]),
        (&["-u", "alice"], ("Username", "alice"), &["CreateTags", "RunInstances", "CreateUser"]),
        (&["-u", "Admin/alice"], ("Username", "alice"), &["CreateTags"]),
        (&["-u", "arn:aws:iam::111122223333:user/alice"], ("Username", "alice"), &["RunInstances", "CreateUser"]),
        (&["-s", "IAM"], ("EventSource", "iam.amazonaws.com"), &["DeleteUser", "CreateUser"]),
        (&["-s", "iam", "-u", "b*"], ("EventSource", "iam.amazonaws.com"), &["DeleteUser"]),
        (&["--reads"], ("ReadOnly", "true"), &["DescribeInstances"]),
        (&["--writes", "-u", "!bob"], ("ReadOnly", "false"), &["CreateTags", "RunInstances", "CreateUser"]),
        (&["--access-key", "asiaiosfodnn7example"], ("AccessKeyId", "ASIAIOSFODNN7EXAMPLE"), &["CreateTags"]),
    ] {
        let (found, requests) = account.asked(arguments, "us-east-1");
        assert_eq!(
            (found.as_slice(), requests.len()),
            (&rows.iter().map(|row| (*row).into()).collect::<Vec<String>>()[..], 1),
            "{arguments:?}"
        );
        assert_eq!(selection(&requests[0]), Some(expected), "{arguments:?}");
        let (all, requests) = account.asked(&[arguments, &["--no-pushdown"]].concat(), "us-east-1");
        assert_eq!((all, selection(&requests[0])), (found, None), "{arguments:?}");
    }
}

#[test]
fn patterns_and_lists_are_only_applied_here() {
    let account = Account::with_story();
    for (arguments, rows) in [
        (&["-e", "*User"][..], &["DeleteUser", "CreateUser"][..]),
        (&["-e", "CreateUser,DeleteUser"], &["DeleteUser", "CreateUser"]),
        (&["-e", "!*Instances,!CreateTags"], &["DeleteUser", "CreateUser"]),
        (&["--resource", "i-0abc*", "-e", "Run*"], &[]),
    ] {
        let (found, requests) = account.asked(arguments, "us-east-1");
        assert_eq!(
            (found, requests),
            (rows.iter().map(|row| (*row).into()).collect(), vec![json!({"MaxResults": 50})]),
            "{arguments:?}"
        );
    }
}

#[test]
fn the_last_line_says_what_a_selection_misses() {
    let account = Account::with_story();
    let resource = ["--resource", "i-0abc12de34f567890"];
    // AWS lists the resource of these two, and not that of CreateTags. The first two do not mention it in their text.
    account.rows(&resource).shows(
        0,
        "",
        &format!(
            "trail2tsv: 0 events decoded in 1 page of event history read, 0 matched; 34 regions asked for events with \
             resource name \"i-0abc12de34f567890\" in 34 requests (this misses events for which AWS does not list it \
             as a resource; --no-pushdown requests all events); {OLD}\n"
        ),
    );
    let ran = account.rows(&[&resource[..], &["--no-pushdown"]].concat());
    ran.shows(
        0,
        "2026-10-01T09:30:00Z\tCreateTags\tAdmin/alice\n",
        &format!(
            "trail2tsv: 1 event decoded in 2 pages of event history read, 1 matched; 34 regions asked for all events \
             in 34 requests; {OLD}\n"
        ),
    );
    let ran = account.rows(&["-e", "RunInstances"]);
    let expected = format!("34 regions asked for events with event name \"RunInstances\" in 34 requests; {OLD}\n");
    assert!(ran.stderr.ends_with(&expected), "{ran:?}");
}

#[test]
fn regions_are_narrowed_by_name() {
    let account = Account::with_story();
    for (patterns, expected) in [
        ("eu-west-1", &["eu-west-1"][..]),
        ("EU-WEST-?", &["eu-west-1", "eu-west-2", "eu-west-3"]),
        ("eu-west-*,!eu-west-2", &["eu-west-1", "eu-west-3"]),
        ("us-gov-west-1,eu-west-1", &["eu-west-1", "us-gov-west-1"]),
    ] {
        account.server.requests();
        account.trial.run(&["--event-history", "-q", "-r", patterns]).lines(0);
        let regions: Vec<String> = account.server.requests().into_iter().map(|request| request.region).collect();
        assert_eq!(regions, expected, "{patterns}");
    }
}
