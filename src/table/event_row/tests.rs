use proptest::prelude::*;

use super::*;
use crate::decode::testing::with_event;
use crate::table::layout::FileLayout;

/// Values of fields that belong to one group, or decide about the values of others.
const VALUES: [(&str, &[&str]); 9] = [
    (
        "eventTime",
        &[r#""2026-10-01T09:00:00Z""#, r#""2026-10-01T09:00:01Z""#, r#""2026-10-01 09:00:01.5""#, "null", "17"],
    ),
    ("eventName", &[r#""GetObject""#, r#""Get\u004fbject""#, "null", "5"]),
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
    ("sourceIPAddress", &[r#""10.0.0.1""#, r#""é\n""#]),
    ("additionalEventData", &[r#"{"UserName":"alice"}"#, r#"{"UserName":"bob"}"#, r#"{"id":"i-0abc12de34f567890"}"#]),
    ("errorMessage", &[r#""arn:aws:iam::1:user/eve may not""#, r#""see i-0abc12de34f567891""#, "null"]),
    ("requestParameters", &[r#"{"bucketName":"b"}"#, r#"{ "roleName" : "r" }"#, "null"]),
    ("resources", &[r#"[{"ARN":"arn:aws:s3:::b"},{"type":"t"}]"#, "[]", "[null]", r#"{"ARN":"a"}"#]),
    ("vpcEndpointId", &[r#""vpce-0ff89c7a138a5e5fc""#]),
];

fn event() -> impl Strategy<Value = String> {
    let field = |(name, values): (&'static str, &'static [&'static str])| {
        let member = prop::sample::select(values).prop_map(move |value| format!("\"{name}\":{value}"));
        prop::option::weighted(0.8, member)
    };
    let members = VALUES.map(field).to_vec();
    (members, any::<bool>()).prop_map(|(mut members, is_reversed)| {
        if is_reversed {
            members.reverse();
        }
        let members: Vec<String> = members.into_iter().flatten().collect();
        format!(r#"{{{},"eventVersion":"1.08"}}"#, members.join(",")).replacen("{,", "{", 1)
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
        let columns = if with_names { vec!["userName".into(), "resourcesFound".into(), "file".into()] } else { Vec::new() };
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
