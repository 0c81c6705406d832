//! Logs of sessions whose starts are in other files than their calls.

use crate::harness::Trial;

/// Pseudo-random numbers, the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// Number of sessions.
const SESSIONS: usize = 60;
const ROLE: &str = "arn:aws:iam::111122223333:role/R";

/// The identity of a user.
fn user(name: &str) -> String {
    format!(
        r#"{{"type":"IAMUser","userName":"{name}","principalId":"AIDA{name:.5}","accountId":"111122223333",
        "arn":"arn:aws:iam::111122223333:user/{name}","accessKeyId":"AKIA{name:.5}"}}"#
    )
}

/// Role, name and second of a session. Several have the same role and name.
fn session_parts(session: usize) -> (String, String, String) {
    let (role, name) = (format!("{ROLE}{}", session % 3), format!("s{}", session % 5));
    (role, name, format!("2026-10-01T09:{:02}:00Z", session % 60))
}

/// The identity of a session.
fn session(number: usize) -> String {
    let (role, name, created) = session_parts(number);
    let more = if number % 11 == 4 { r#""ec2RoleDelivery":"2.0","# } else { "" };
    format!(
        r#"{{"type":"AssumedRole","principalId":"AROA{}:{name}","accountId":"111122223333","accessKeyId":"ASIA{number}",
        "arn":"arn:aws:sts::111122223333:assumed-role/{}/{name}","sessionContext":{{{more}"sessionIssuer":
        {{"type":"Role","arn":"{role}","userName":"{}"}},"attributes":{{"creationDate":"{created}"}}}}}}"#,
        number % 3,
        &role[ROLE.len() - 1..],
        &role[ROLE.len() - 1..],
    )
}

/// A caller: a user, a session, or an unusual one.
fn caller(numbers: &mut Numbers) -> String {
    match numbers.below(10) {
        0 => r#"{"type":"AWSService","invokedBy":"ec2.amazonaws.com"}"#.into(),
        1 => r#"{"type":"AWSAccount","principalId":"AIDAalice","accountId":"444455556666"}"#.into(),
        2 => user(&format!("{}{}", numbers.one(&["long", "lang"]), "ä".repeat(1500))),
        3..5 => user(numbers.one(&["alice", "bob", "carol"])),
        _ => session(numbers.below(SESSIONS)),
    }
}

/// The start of a session by this identity. Some do not name the key of the session.
fn start(number: usize, identity: &str, numbers: &mut Numbers) -> String {
    let (role, name, created) = session_parts(number);
    let key = if numbers.below(4) == 0 { String::new() } else { format!("ASIA{number}") };
    let name_of_event = numbers.one(&["AssumeRole", "AssumeRole", "AssumeRoleWithSAML"]);
    format!(
        r#""eventTime":"{created}","eventSource":"sts.amazonaws.com","eventName":"{name_of_event}","readOnly":true,
        "userIdentity":{identity},"requestParameters":{{"roleArn":"{role}","roleSessionName":"{name}"}},
        "responseElements":{{"credentials":{{"accessKeyId":"{key}"}}}}"#
    )
}

/// Another call, which may create or change resources.
fn call(numbers: &mut Numbers) -> String {
    let time = match numbers.below(12) {
        0 => "soon".into(),
        _ => format!("2026-10-01T{:02}:{:02}:00Z", 9 + numbers.below(4), numbers.below(60)),
    };
    let (name, source) = match numbers.below(4) {
        0 => ("DeleteBucket", "s3"),
        1 => ("RunInstances", "ec2"),
        2 => ("CreateAccessKey", "iam"),
        _ => ("StopInstances", "ec2"),
    };
    let error = if numbers.below(5) == 0 { r#""errorCode":"AccessDenied","# } else { "" };
    let resource = numbers.below(9);
    format!(
        r#""eventTime":"{time}","eventSource":"{source}.amazonaws.com","eventName":"{name}","readOnly":false,{error}
        "userIdentity":{},"requestParameters":{{"bucketName":"b{resource}"}},"responseElements":{{"accessKey":
        {{"accessKeyId":"AKIAalice","userName":"alice"}},"instancesSet":{{"items":
        [{{"instanceId":"i-0abc12de34f56780{resource}"}}]}}}}"#,
        caller(numbers)
    )
}

/// Writes logs whose sessions begin in other files than their calls, by users and by other
/// sessions. Some begin twice, also with contradictions, and some never. Some events are
/// delivered twice, or have the id of another one. One log is damaged.
pub fn write_logs(trial: &Trial) {
    let mut numbers = Numbers(11);
    let mut files = vec![Vec::new(); 40];
    for number in 0..SESSIONS {
        for _ in 0..[0, 1, 1, 1, 1, 2][numbers.below(6)] {
            let identity = caller(&mut numbers);
            let event = start(number, &identity, &mut numbers);
            (0..=numbers.below(2)).for_each(|_| files[numbers.below(40)].push(event.clone()));
        }
    }
    for _ in 0..700 {
        let file = numbers.below(40);
        files[file].push(call(&mut numbers));
    }
    for (at, events) in files.iter().enumerate() {
        let mut with_ids = Vec::new();
        for event in events {
            let id =
                if numbers.below(9) == 0 { String::new() } else { format!(r#""eventID":"{}","#, numbers.below(500)) };
            with_ids.push(format!(
                r#"{{{id}{event},"awsRegion":"eu-west-1","recipientAccountId":"111122223333",
                "sourceIPAddress":"198.51.100.{}"}}"#,
                numbers.below(3)
            ));
        }
        trial.write(&format!("logs/{at:02}.json"), format!(r#"{{"Records":[{}]}}"#, with_ids.join(",")));
    }
    trial.write("logs/12b.json", r#"{"Records":[{"eventName":"AssumeRole","eventID":"half"},{"eventName":"#);
}
