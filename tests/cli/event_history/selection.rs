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
        let (found, requests) = account.requests_for(arguments, "us-east-1");
        assert_eq!(
            (found.as_slice(), requests.len()),
            (&rows.iter().map(|row| (*row).into()).collect::<Vec<String>>()[..], 1),
            "{arguments:?}"
        );
        assert_eq!(selection(&requests[0]), Some(expected), "{arguments:?}");
        let (all, requests) = account.requests_for(&[arguments, &["--no-pushdown"]].concat(), "us-east-1");
        assert_eq!((all, selection(&requests[0])), (found, None), "{arguments:?}");
    }
}

#[test]
fn patterns_and_lists_are_not_part_of_requests() {
    let account = Account::with_story();
    for (arguments, rows) in [
        (&["-e", "*User"][..], &["DeleteUser", "CreateUser"][..]),
        (&["-e", "CreateUser,DeleteUser"], &["DeleteUser", "CreateUser"]),
        (&["-e", "!*Instances,!CreateTags"], &["DeleteUser", "CreateUser"]),
        (&["--resource", "i-0abc*", "-e", "Run*"], &["RunInstances"]),
    ] {
        let (found, requests) = account.requests_for(arguments, "us-east-1");
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
    // AWS does not list it as a resource of CreateTags.
    let found = "2026-10-01T09:20:00Z\tTerminateInstances\tbob\n2026-10-01T09:00:00Z\tRunInstances\talice\n";
    account.rows(&resource).shows(
        0,
        found,
        &format!(
            "trail2tsv: 2 events in 1 page of event history read, 2 matched; 34 regions asked for events with \
             resource name \"i-0abc12de34f567890\" in 34 requests (this misses events for which AWS does not list it \
             as a resource; --no-pushdown requests all events); {OLD}\n"
        ),
    );
    account.rows(&[&resource[..], &["--no-pushdown"]].concat()).shows(
        0,
        &format!("2026-10-01T09:30:00Z\tCreateTags\tAdmin/alice\n{found}"),
        &format!(
            "trail2tsv: 4 events decoded in 2 pages of event history read, 3 matched; 34 regions asked for all events \
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

#[test]
fn an_arn_is_looked_up_by_both_its_names() {
    const ARN: &str = "arn:aws:kms:eu-west-1:111122223333:key/0abc";
    let account = Account::new();
    let event = |number: usize| {
        let second = format!("2026-10-01T00:{:02}:{:02}Z", number / 60, number % 60);
        let mut event = super::account::json(&number.to_string(), &second, &format!("E{number:03}"), "alice");
        event["resources"] = json!([{"ARN": ARN}]);
        let event = testkit::event_history::HistoryEvent::new(&event);
        // Some events are listed by one name, some by the other, and some by both.
        let event = if number % 3 < 2 { event.about(ARN) } else { event };
        if !number.is_multiple_of(3) { event.about("0abc") } else { event }
    };
    account.server.add("eu-west-1", (0..300).map(event));
    account.server.page(7);
    let mut expected: Vec<String> = (0..300).map(|number| format!("E{number:03}")).collect();
    let arguments = ["--resource", ARN, "--sort", "eventTime"];
    let (found, requests) = account.requests_for(&arguments, "eu-west-1");
    assert_eq!(found, expected);
    assert_eq!(requests.len(), 2 * 29);
    let (found, requests) = account.requests_for(&["--resource", ARN], "us-east-1");
    let mut names: Vec<&str> = requests.iter().filter_map(selection).map(|(_, value)| value).collect();
    // They are requested side by side.
    names.sort_unstable();
    assert_eq!(names, ["0abc", ARN]);
    expected.sort();
    let mut sorted = found.clone();
    sorted.sort();
    assert_eq!(sorted, expected);
    assert_eq!(account.requests_for(&["--resource", ARN], "").0, found);
}
