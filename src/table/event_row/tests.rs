use proptest::prelude::*;

use super::*;
use crate::decode::testing::with_event;
use crate::table::layout::FileLayout;

/// Members that belong to groups, or decide about the values of others.
const MEMBERS: [(&str, &[&str]); 13] = [
    ("eventVersion", &[r#""1.08""#]),
    (
        "userIdentity",
        &[
            r#"{"type":"IdentityCenterUser","arn":"arn:aws:iam::1:user/eve"}"#,
            r#"{"type":"\u0055nknown"}"#,
            r#"{"type":"IAMUser","userName":"eve","arn":"arn:aws:iam::1:user/eve"}"#,
            r#"{"type":"AssumedRole","sessionContext":{"sessionIssuer":{},"attributes":{"mfaAuthenticated":"false"}}}"#,
            r#""text""#,
            "null",
        ],
    ),
    (
        "eventTime",
        &[r#""2026-10-01T09:00:00Z""#, r#""2026-10-01T09:00:01Z""#, r#""2026-10-01 09:00:01.5""#, "null", "17"],
    ),
    ("eventName", &[r#""GetObject""#, r#""Get\u004fbject""#, "null", "5"]),
    ("awsRegion", &[r#""r""#, r#""x","awsRegion":"r""#]),
    ("sourceIPAddress", &[r#""10.0.0.1""#, r#""é\n""#]),
    ("errorMessage", &[r#""arn:aws:iam::1:user/eve may not""#, r#""see i-0abc12de34f567891""#, "null"]),
    ("requestParameters", &[r#"{"bucketName":"b"}"#, r#"{ "roleName" : "r" }"#, "null"]),
    ("additionalEventData", &[r#"{"UserName":"alice"}"#, r#"{"UserName":"bob"}"#, r#"{"id":"i-0abc12de34f567890"}"#]),
    ("eventID", &[r#""1""#, r#""2""#]),
    ("readOnly", &["true", "false", r#"true,"unknown":1"#, r#"false,"eventVersion":"1.09""#]),
    ("resources", &[r#"[{"ARN":"arn:aws:s3:::b"},{"type":"t"}]"#, "[]", "[null]", r#"{"ARN":"a"}"#]),
    ("vpcEndpointId", &[r#""vpce-0ff89c7a138a5e5fc""#, r#""vpce-1","event\u004eame":"Twice""#]),
];

/// Events that share most of their text, with members in several orders.
fn event() -> impl Strategy<Value = String> {
    let member = |(name, values): (&'static str, &'static [&'static str])| {
        let member = prop::sample::select(values).prop_map(move |value| format!("\"{name}\":{value}"));
        prop::option::weighted(0.8, member)
    };
    let order = prop_oneof![8 => Just(0), 1 => 0..MEMBERS.len()];
    let separator = prop_oneof![4 => Just(","), 1 => Just(" ,\n      ")];
    (MEMBERS.map(member).to_vec(), order, separator).prop_map(|(mut members, order, separator)| {
        members.rotate_left(order);
        let members: Vec<String> = members.into_iter().flatten().collect();
        format!("{{{}}}", members.join(separator))
    })
}

/// The values of all groups of a row, wherever they are.
fn values(rows: &EventRows, shared: &SharedValues, row: &[u8]) -> (Vec<Vec<u8>>, usize) {
    let (start, row) = row.split_first_chunk().unwrap();
    let mut values = SplitRow::new(row, RowStart::read(*start).key).values;
    let mut shared_values = 0;
    let mut value = |group: usize| match values.next_value() {
        RowValue::Null => vec![0],
        RowValue::Own(bytes) => bytes.to_vec(),
        RowValue::Shared { id, length } => {
            shared_values += 1;
            let value = shared.value(group, id);
            assert_eq!(value.len(), length);
            value
        }
    };
    ((0..rows.groups.len()).map(&mut value).collect(), shared_values)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A value that rows share must be that of each event.
    #[test]
    fn shared_values_are_those_of_the_events(events in prop::collection::vec(event(), 1..60), with_names in any::<bool>()) {
        let names = ["userName", "resourcesFound", "file", "eventName", "errorMessage"];
        let columns = if with_names { names.map(String::from).to_vec() } else { Vec::new() };
        let layout = TableLayout { format: Format::Parquet, columns, files: FileLayout::default(), ..TableLayout::default() };
        let mut fields = FieldSet::default();
        let mut rows = EventRows::new(&layout, &mut fields).unwrap();
        let shared = Arc::clone(&layout.files.shared);
        let mut shared_values = 0;
        for event in events.iter().chain(&events).chain(&events) {
            with_event(event, &fields, |event| {
                let (mut row, mut plain) = (Vec::new(), Vec::new());
                rows.row(event, "log", &mut row);
                EventRows::new(&layout, &mut fields.clone()).unwrap().row(event, "log", &mut plain);
                let (found, count) = values(&rows, &shared, &row);
                shared_values += count;
                assert_eq!(found, values(&rows, &shared, &plain).0, "{}", String::from_utf8_lossy(event.value().raw()));
            });
        }
        prop_assert!(shared_values > 0);
    }
}
