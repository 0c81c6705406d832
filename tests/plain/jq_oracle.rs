//! Compares each condition with an equivalent jq program.

use jaq_core::data::JustLut;
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, unwrap_valr};
use jaq_json::{Val, read};
use testkit::logs::{edge_cases, gunzip, records};
use testkit::plain;

use crate::filter_oracle::wanted;
use crate::{generated, sample};

/// Options, and the equivalent jq programs.
const CASES: &[(&[&str], &str)] = &[
    (&["--resource", "i-0abc12de34f567890"], r#"resource(. == "i-0abc12de34f567890")"#),
    (&["--resource", "example-reports"], r#"resource(. == "example-reports")"#),
    (&["--resource", "Maintenance"], r#"resource(ascii_downcase == "maintenance")"#),
    (
        &["--resource", "arn:aws:iam::111122223333:role/Maintenance"],
        r#"resource(ascii_downcase == "arn:aws:iam::111122223333:role/maintenance")"#,
    ),
    (&["--resource", "sg-*"], r#"resource(test("^sg-"; "i"))"#),
    (&["--resource", "*flow*,sg-0abc1234def567890"], r#"resource(test("flow"; "i") or . == "sg-0abc1234def567890")"#),
    (&["--resource", "!i-*"], r#"resource(test("^i-"; "i")) | not"#),
    (&["--access-key", "ASIAIOSFODNN7EXAMPLE"], r#".userIdentity | objects | .accessKeyId == "ASIAIOSFODNN7EXAMPLE""#),
    (&["--access-key", "AKIA*"], r#".userIdentity | objects | .accessKeyId | strings | test("^AKIA"; "i")"#),
    (&["--error-code", "AccessDenied"], r#".errorCode | strings | ascii_downcase == "accessdenied""#),
    (
        &["--error-code", "*Unauthorized*,AccessDenied*"],
        r#".errorCode | strings | test("unauthorized|^accessdenied"; "i")"#,
    ),
    (&["--error-code", "!Throttling*"], r#"(.errorCode | strings | test("^throttling"; "i")) // false | not"#),
    (&["--errors"], "failed"),
    (&["--no-errors"], "failed | not"),
    (&["--reads"], "reads"),
    (
        &["--writes"],
        ".eventName != null and (.eventName | type == \"string\" or type == \"boolean\" or type == \"number\") and (reads | not) or (.readOnly | tostring) == \"false\"",
    ),
    (
        &["--where", "requestParameters.bucketName = example-*"],
        r#".requestParameters | objects | .bucketName | strings | test("^example-"; "i")"#,
    ),
    (
        &["--where", "requestParameters.ipPermissions.items[].ipRanges.items[].cidrIp = 0.0.0.0/0"],
        r#"any(.requestParameters.ipPermissions?.items?[]?.ipRanges?.items?[]?.cidrIp?; . == "0.0.0.0/0")"#,
    ),
    (
        &["--where", "requestParameters.durationSeconds > 3600"],
        r#".requestParameters | objects | .durationSeconds | numbers | . > 3600"#,
    ),
    (
        &["--where", "requestParameters.durationSeconds <= 3600"],
        r#".requestParameters | objects | .durationSeconds | numbers | . <= 3600"#,
    ),
    (
        &["--where", "eventTime >= 2026-10-01", "--where", "eventTime < 2026-10-02"],
        r#".eventTime | strings | test("^2026-10-01")"#,
    ),
    (&["--where", "eventTime > 2d"], r#".eventTime | strings | . > "2026-10-02T00:00:00Z" and test("^20")"#),
    (&["--where", "userAgent ~ ^aws-(cli|sdk)"], r#".userAgent | strings | test("^aws-(cli|sdk)")"#),
    (&["--where", "userAgent !~ aws"], r#"(.userAgent | strings | test("aws")) // false | not"#),
    (&["--where", "responseElements.credentials"], r#".responseElements | objects | .credentials != null"#),
    (&["--where", "!errorCode"], r#".errorCode == null"#),
    (
        &["--where", "errorCode != AccessDenied"],
        r#"(.errorCode | strings | ascii_downcase == "accessdenied") // false | not"#,
    ),
    (
        &["--where", "resources[].ARN = arn:aws:s3:::*"],
        r#"any(.resources? | arrays | .[].ARN?; strings | test("^arn:aws:s3:::"; "i"))"#,
    ),
    (
        &["--where", "eventName = ConsoleLogin", "--where", "mfa = No"],
        r#".eventName == "ConsoleLogin" and ([
            .userIdentity?.sessionContext?.attributes?.mfaAuthenticated?, .additionalEventData?.MFAUsed?
        ] | map(select(. != null)) | .[0] == "No")"#,
    ),
    (
        &["--user", "bob"],
        r#".userIdentity | objects
        | (.sessionContext | objects // {} | .sessionIssuer | objects // {}) as $issuer
        | [.userName, .arn, .principalId, $issuer.userName, $issuer.arn,
           (.arn | strings | select(contains(":assumed-role/")) | split("/") | last),
           (.principalId | strings | select(contains(":")) | split(":")[1:] | join(":")),
           (.sessionContext | objects | .sourceIdentity)]
        | any(. == "bob")"#,
    ),
    (
        &["--user", "arn:aws:iam::111122223333:role/Maintenance"],
        r#".userIdentity | objects | [.arn, (.sessionContext | objects | .sessionIssuer | objects | .arn)]
        | any(. == "arn:aws:iam::111122223333:role/Maintenance")"#,
    ),
    (&["--source-ip", "203.0.0.0/16"], r#".sourceIPAddress | strings | test("(^|, )203\\.0\\.")"#),
    (
        &["--errors", "--writes", "--region", "eu-*"],
        r#"failed and (.readOnly | tostring) == "false" and (.awsRegion | strings | test("^eu-"; "i"))"#,
    ),
];

const JQ_DEFINITIONS: &str = r#"
def message: (.userIdentity?.arn?) as $caller
    | .errorMessage | strings | gsub(",arn:"; " arn:") | [splits("[\\s\"'`()\\[\\]<>{};|]")][]
    | if test("arn:") then sub("^.*?arn:"; "arn:") else splits("[/:=,]") end | sub("[.,:!?=]+$"; "")
    | select(. != $caller and test("^arn:([^:]*:){4}|^[a-z-]{1,20}-([0-9a-fA-F]{8}|[0-9a-fA-F]{17})$"));
def resource(f): any((.resources, .requestParameters, .responseElements, .serviceEventDetails, .additionalEventData,
        .vpcEndpointId | .. | strings), message;
    f or (startswith("arn:") and (split("/") | last // "" | split(":") | last // "" | f)));
def some: select(. != null and (type == "string" or type == "number" or type == "boolean") and . != "") | tostring;
def failed: ((.eventName | strings) // "") as $name
    | any(.errorCode | some; test("^2[0-9][0-9]$") | not) or any(.errorMessage | some; true)
      or any(.responseElements, .serviceEventDetails, .additionalEventData | objects | .[$name]; . == "Failure");
def reads: (.readOnly | tostring) as $said
    | if $said == "true" then true elif $said == "false" then false
      else (.eventName | strings | test("^(Get|List|Describe|Head|Lookup)([^a-z]|$)")) // false end;
"#;

type JqProgram = jaq_core::Filter<JustLut<Val>>;

fn compiled(program: &str) -> JqProgram {
    let code = format!("{JQ_DEFINITIONS} {program}");
    let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    let functions = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    let arena = Arena::default();
    let modules = Loader::new(defs).load(&arena, File { code: code.as_str(), path: () });
    let modules = modules.unwrap_or_else(|errors| panic!("{program}: {errors:?}"));
    let filter = Compiler::default().with_funs(functions).compile(modules);
    filter.unwrap_or_else(|errors| panic!("{program}: {errors:?}"))
}

/// For each event, whether a program yields `true` and nothing else.
fn jq_decisions(filter: &JqProgram, inputs: &[Val]) -> Vec<bool> {
    let ask = |input: &Val| {
        let context = Ctx::<JustLut<Val>>::new(&filter.lut, Vars::new([]));
        filter.id.run((context, input.clone())).map(unwrap_valr).eq([Ok(Val::Bool(true))])
    };
    inputs.iter().map(ask).collect()
}

/// Compares all cases on some texts, and returns how many events each selects.
fn compare(texts: &[Vec<u8>]) -> Vec<usize> {
    let texts: Vec<(&[u8], Vec<Val>)> = texts
        .iter()
        .map(|text| {
            let value = |event: &serde_json::Value| read::parse_single(event.to_string().as_bytes()).unwrap();
            (text.as_slice(), plain::events(text).iter().map(value).collect())
        })
        .collect();
    CASES
        .iter()
        .map(|(arguments, program)| {
            let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_string()).collect();
            let filter = compiled(program);
            let mut count = 0;
            for (text, inputs) in &texts {
                let (ours, theirs) = (wanted(&arguments, text), jq_decisions(&filter, inputs));
                assert_eq!(ours.len(), theirs.len());
                if let Some(at) = ours.iter().zip(&theirs).position(|(ours, theirs)| ours != theirs) {
                    panic!("{arguments:?} says {}, {program} says {} of {}", ours[at], theirs[at], inputs[at]);
                }
                count += ours.iter().filter(|is_wanted| **is_wanted).count();
            }
            count
        })
        .collect()
}

#[test]
fn of_the_sample_bucket() {
    let texts: Vec<Vec<u8>> = sample().map(|(_, file)| gunzip(&file).unwrap()).collect();
    for ((arguments, _), sum) in CASES.iter().zip(compare(&texts)) {
        assert!(sum > 0, "{arguments:?} selects nothing");
    }
}

#[test]
fn conditions_agree_with_jq_on_generated_logs() {
    let odd = edge_cases::events();
    // The filter's own tests compare times in other forms, and the hour 24.
    let is_time = |time: &str| time.len() == 20 && time.ends_with('Z') && !time.contains("T24");
    let is_plain = |json: &&Vec<u8>| {
        let events = plain::events(&records([json]));
        events.iter().all(|event| event["eventTime"].as_str().is_some_and(is_time))
    };
    let odd: Vec<&Vec<u8>> = odd.iter().map(|event| &event.json).filter(is_plain).collect();
    assert!(odd.len() > 50, "{}", odd.len());
    compare(&[records(generated(200)), records(odd)]);
}
