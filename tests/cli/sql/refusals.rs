//! Questions that SQL cannot express exactly are refused.

use crate::harness::Trial;

#[test]
fn what_sql_cannot_state_is_named() {
    let trial = Trial::with("a.json", "");
    let in_sql = |option: &str, reason: &str| format!("{option} cannot be written as SQL: {reason}");
    for (arguments, expected) in [
        (&["--grep", "x"][..], in_sql("--grep", "engines do not have the event as delivered")),
        (&["--resource", "x"], in_sql("--resource", "a resource may be in any field of the event")),
        (&["--actor", "x"], in_sql("--actor", "other events prove an actor")),
        (&["--jq", ".x"], "--jq cannot be written as SQL; use other conditions".into()),
        (&["--time-zone", "+02:00"], in_sql("--time-zone", "times are printed as delivered")),
        (&["--kind", "insight"], in_sql("--kind", "only CloudTrail's own logs can be read")),
        (
            &["-i", "2001:db8::/32"],
            in_sql("--source-ip", "2001:db8::/32: IPv6 needs types that the engine does not have"),
        ),
        (&["--dedupe"], in_sql("--dedupe", "engines do not keep the order of events; it can be combined with --count")),
        (&["-n", "1"], "--limit needs --sort in SQL: engines do not keep the order of events".into()),
        (
            &["-c", "+resources"],
            "--columns \"resources\": not in SQL: resources may be in any field of the event".into(),
        ),
        (&["-c", "actor"], "--columns \"actor\": not in SQL: other events prove an actor".into()),
        (
            &["-c", "requestParameters.items[].id"],
            "--columns \"requestParameters.items[].id\": not in SQL: a path into an array".into(),
        ),
        (
            &["--where", "userAgent ~ x"],
            "--where \"userAgent ~ x\": not in SQL: regular expressions differ between engines; use a pattern with ="
                .into(),
        ),
        (&["--sort", "session"], "--sort \"session\": not in SQL: the id of a session is a hash".into()),
        (&["--event-history"], "--event-history cannot be read by SQL engines; name a bucket".into()),
        (&["b*.json"], "b*.json: has * ? [ ] { or }, which the engine takes as a wildcard".into()),
    ] {
        let ran = trial.run(&[&["sql", "duckdb", "a.json"], arguments].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
        assert_eq!(ran.stderr.lines().next(), Some(&*format!("trail2tsv: {expected}")), "{ran:?}");
    }
}

#[test]
fn athena_and_spark_name_what_they_need() {
    let trial = Trial::with("a.json", "");
    let bucket = ["--bucket", "my-trail"];
    let account = ["--account", "111122223333"];
    for (arguments, expected) in [
        (&["athena", "a.json"][..], "sql athena: reads one bucket; name it with --bucket BUCKET"),
        (&["athena"], "sql: nothing to read; name --bucket BUCKET, s3://BUCKET/PREFIX or a folder"),
        (
            &[&["athena"], &bucket[..]].concat(),
            "--account is needed: Athena cannot list folders; add --account 111122223333",
        ),
        (
            &[&["athena", "-r", "eu-*"], &bucket[..], &account].concat(),
            "--region \"eu-*\": a pattern; Athena cannot list folders, so write each name",
        ),
        (
            &[&["athena", "-r", "eu-west-1", "-c", "tlsDetails"], &bucket[..], &account].concat(),
            "--columns \"tlsDetails\": not in SQL: a struct in the engine's table, which is not the JSON as delivered; \
             name one of its members",
        ),
        (
            &["spark", "a.json", "-c", ".novel"],
            "--columns \".novel\": not in SQL: the engine's table has no such column; DuckDB reads any field",
        ),
        (
            &["spark", "s3://my-trail/AWSLogs/111122223333/"],
            "--prefix \"AWSLogs/111122223333/\": goes below AWSLogs/; end the prefix before it, and use --account, \
             --region and --since",
        ),
        (
            &["spark", "s3://my-trail/it's/"],
            "--prefix \"it's/\": has quotes or wildcards, which table definitions cannot have",
        ),
    ] {
        let ran = trial.run(&[&["sql"], arguments].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
        assert_eq!(ran.stderr.lines().next(), Some(&*format!("trail2tsv: {expected}")), "{ran:?}");
    }
}
