//! What is remembered of callers and calls changes no count: facts are noted without it.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::decode::testing::with_event;
use crate::syntax::window::Window;

const SUBJECTS: [&str; 7] =
    ["recipientAccountId", "awsRegion", "eventName", "eventSource", "sourceIPAddress", "accessKeyId", "userAgent"];

/// Members of events, of which each event has one of each list.
const MEMBERS: [&[&str]; 11] = [
    &[
        r#""userIdentity":{"type":"IAMUser","principalId":"AIDA1","accountId":"111122223333","userName":"bob","accessKeyId":"AKIAI44QH8DHBEXAMPLE"}"#,
        r#""userIdentity":{"type":"IAMUser","principalId":"AIDA1","accountId":"111122223333","userName":"bob"}"#,
        r#""userIdentity":{"type":"AssumedRole","principalId":"AROA1:i-02fe2f05e8cdc993d","arn":"arn:aws:sts::111122223333:assumed-role/web/i-02fe2f05e8cdc993d","accessKeyId":"ASIAIOSFODNN7EXAMPLE"}"#,
        r#""userIdentity":{"type":"AssumedRole","principalId":"AROA2:eve","arn":"arn:aws:sts::111122223333:assumed-role/dev/eve","accessKeyId":"ASIAIOSFODNN7EXAMPLE","sessionContext":{"attributes":{"creationDate":"2026-10-01T08:00:00Z"}}}"#,
        r#""userIdentity":{"type":"Unknown","principalId":""}"#,
        r#""userIdentity":{"type":"AWSService","invokedBy":"ec2.amazonaws.com"}"#,
        r#""userIdentity":"bob""#,
        r#""other":1"#,
    ],
    &[
        r#""eventName":"CreateUser""#,
        r#""eventName":"Create\u0055ser""#,
        r#""eventName":"ListUsers""#,
        r#""eventName":"ConsoleLogin""#,
        r#""eventName":null"#,
        r#""eventName":"RunInstances""#,
        r#""eventName":"GetSecretValue""#,
    ],
    &[
        r#""eventSource":"iam.amazonaws.com""#,
        r#""eventSource":"ec2.amazonaws.com""#,
        r#""eventSource":"signin.amazonaws.com""#,
        r#""eventSource":"secretsmanager.amazonaws.com""#,
    ],
    &[r#""awsRegion":"eu-west-1""#, r#""awsRegion":"us-east-1""#, r#""awsRegion":"""#],
    &[r#""recipientAccountId":"111122223333""#, r#""recipientAccountId":"444455556666""#, r#""x":1"#],
    &[
        r#""sourceIPAddress":"203.0.113.7""#,
        r#""sourceIPAddress":"198.51.100.9""#,
        r#""sourceIPAddress":"AWS Internal""#,
    ],
    &[
        r#""userAgent":"aws-cli/2.1""#,
        r#""userAgent":"Mozilla/5.0","sessionCredentialFromConsole":"true""#,
        r#""userAgent":null"#,
    ],
    &[
        r#""errorCode":null"#,
        r#""errorCode":"200""#,
        r#""errorCode":"AccessDenied""#,
        r#""errorCode":"NoSuchBucket","errorMessage":"none""#,
        r#""errorMessage":"failed""#,
        r#""responseElements":{"ConsoleLogin":"Failure"}"#,
        r#""responseElements":{"ConsoleLogin":"Success"},"additionalEventData":{"MFAUsed":"No","UserName":"eve"}"#,
    ],
    &[
        r#""requestParameters":{"userName":"alice"}"#,
        r#""requestParameters":{"userName":"al\u0069ce","secretId":"db"}"#,
        r#""requestParameters":{"secretId":"web"}"#,
        r#""requestParameters":{"secretIdList":["db","web"],"instanceId":"i-02fe2f05e8cdc993d"}"#,
        r#""requestParameters":null"#,
        r#""responseElements":{"instancesSet":{"items":[{"instanceId":"i-0abc12de34f567890"}]}}"#,
        r#""requestParameters":{},"resources":[{"ARN":"arn:aws:iam::111122223333:user/dave"}]"#,
    ],
    &[r#""readOnly":true"#, r#""readOnly":false"#, r#""readOnly":"true""#, r#""readOnly":null"#],
    &[
        r#""eventTime":"2026-10-01T09:14:02Z""#,
        r#""eventTime":"2026-10-01T09:14:59Z","requestParameters":{"userName":"alice"}"#,
        r#""eventTime":"2026-10-02T00:00:00Z""#,
        r#""eventTime":"soon""#,
    ],
];

/// A later period that begins within an hour, so that a caller and a call are in both.
fn periods() -> ComparedPeriods {
    let time = |text: &str| Some(text.parse().unwrap());
    let (start, border) = (time("2026-10-01T00:00:00Z"), time("2026-10-01T09:14:30Z"));
    ComparedPeriods::new(Window { since: start, until: border }, Window { since: border, until: None })
}

fn tally(room: usize, compared: Option<ComparedPeriods>, fields: &mut FieldSet) -> SummaryTally {
    let mut subjects: Vec<_> =
        SUBJECTS.iter().map(|name| CountedColumns::new(&[name], false, fields).unwrap()).collect();
    subjects.push(CountedColumns::users(fields).unwrap());
    subjects.push(CountedColumns::errors(fields).unwrap());
    let counted = CountedValues { subjects, amounts: None, is_overview: true, compared };
    SummaryTally::with_memory_limits(std::iter::once(room), counted, fields).unwrap().pop().unwrap()
}

/// All that was counted.
fn shown(tally: SummaryTally) -> (String, Vec<BTreeMap<String, ValueStats>>) {
    let (counts, counters) = SummaryTally::merge(vec![tally]).unwrap();
    let EventCounts { all, kinds, histogram, week, empty, denied, has_other_times, cut_values, .. } = counts;
    let days = histogram.bucketed(100, crate::command::summary::buckets::BucketSize::MINUTE);
    let counts = format!("{all:?} {kinds:?} {days:?} {week:?} {empty:?} {denied} {has_other_times} {cut_values}");
    let tables = counters.into_iter().map(|counters| {
        let (mut counters, mut table) = (counters.into_iter(), BTreeMap::new());
        let first = counters.next().unwrap();
        let each = |value: &[u8], stats: &ValueStats| {
            table.insert(String::from_utf8(value.to_vec()).unwrap(), stats.clone());
            Ok(())
        };
        first.finish(counters, each).unwrap();
        table
    });
    (counts, tables.collect())
}

fn event() -> impl Strategy<Value = String> {
    MEMBERS.map(select).to_vec().prop_map(|members| format!("{{{}}}", members.join(",")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn counts_do_not_depend_on_what_is_remembered(
        events in prop::collection::vec(event(), 1..60),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..200),
        room in select(vec![2_000, 40_000, 32 << 20]),
        compared in select(vec![None, Some(periods())]),
    ) {
        let mut fields = FieldSet::default();
        let (mut at_once, mut by_facts) = (tally(room, compared, &mut fields), tally(32 << 20, compared, &mut fields));
        let mut facts = EventFacts::default();
        for index in order {
            with_event(&events[index.index(events.len())], &fields, |event| {
                at_once.add(event, "a.json");
                by_facts.note(event, "a.json", None, &mut facts);
            });
        }
        by_facts.add_facts(&facts);
        prop_assert_eq!(shown(at_once), shown(by_facts));
    }
}
