//! Where the events are: the definitions before a query, and the first step of the query.

use std::path::Path;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::dialect::Dialect;
use super::schema::{SCHEMA, column_name, type_name};
use crate::error::Error;
use crate::source::spec::{BucketInput, Input};
use crate::syntax::visible::is_hidden;

/// The table or view that the definitions create.
const TABLE: &str = "cloudtrail_logs";

/// Where a statement takes its events from.
pub(super) struct SqlLogSource {
    /// Statements that come first.
    pub(super) setup: Vec<String>,
    /// The body of the step `records`; `None` if the fields are those of the table.
    pub(super) records: Option<String>,
    /// Conditions on folders and records.
    pub(super) conditions: Vec<String>,
    /// The expression for the name of the file.
    pub(super) file: &'static str,
    /// The table that the fields are selected from.
    pub(super) from: &'static str,
}

impl SqlLogSource {
    /// The source for these inputs. Fails if the engine cannot read them.
    pub(super) fn new(dialect: Dialect, inputs: &[Input], now: Timestamp) -> Result<SqlLogSource, Error> {
        match dialect {
            Dialect::Athena => athena(inputs),
            Dialect::Spark => spark(inputs, now),
            Dialect::Duckdb => duckdb(inputs),
        }
    }
}

/// Athena: a table with partition projection over the folders of a bucket.
fn athena(inputs: &[Input]) -> Result<SqlLogSource, Error> {
    let [Input::Bucket(bucket)] = inputs else {
        return Err(Error::usage("sql athena: reads one bucket; name it with --bucket BUCKET"));
    };
    let root = root(bucket)?;
    let organisation = bucket.organisation.as_ref().map(|id| format!("{id}/")).unwrap_or_default();
    let accounts = literals("--account", "--account 111122223333", &bucket.accounts)?;
    let regions = literals("--region", "--region eu-west-1,us-east-1", &bucket.regions)?;
    let table = athena_table(&format!("{root}{organisation}"), &accounts.join(","), &regions.join(","));
    let list =
        |values: &[String]| values.iter().map(|value| Dialect::Athena.text(value)).collect::<Vec<_>>().join(", ");
    let mut conditions = vec![format!("account IN ({})", list(&accounts)), format!("region IN ({})", list(&regions))];
    conditions.extend(delivered(bucket, "\"timestamp\""));
    Ok(SqlLogSource { setup: vec![table], records: None, conditions, file: "\"$path\"", from: TABLE })
}

/// The definition of the table over a folder with accounts.
fn athena_table(folder: &str, accounts: &str, regions: &str) -> String {
    let columns: Vec<String> = SCHEMA
        .iter()
        .map(|(name, shape)| format!("  {} {}", column_name(name, Dialect::Athena), type_name(shape, Dialect::Athena)))
        .collect();
    format!(
        "CREATE EXTERNAL TABLE {TABLE} (\n{}\n)\n\
         PARTITIONED BY (account STRING, region STRING, `timestamp` STRING)\n\
         ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'\n\
         STORED AS INPUTFORMAT 'com.amazon.emr.cloudtrail.CloudTrailInputFormat'\n\
         OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'\n\
         LOCATION 's3://{folder}'\n\
         TBLPROPERTIES (\n  'projection.enabled' = 'true',\n  \
         'projection.account.type' = 'enum', 'projection.account.values' = '{accounts}',\n  \
         'projection.region.type' = 'enum', 'projection.region.values' = '{regions}',\n  \
         'projection.timestamp.type' = 'date', 'projection.timestamp.format' = 'yyyy/MM/dd',\n  \
         'projection.timestamp.range' = '2013/11/01,NOW+1DAYS',\n  \
         'projection.timestamp.interval' = '1', 'projection.timestamp.interval.unit' = 'DAYS',\n  \
         'storage.location.template' = \
         's3://{folder}${{account}}/CloudTrail/${{region}}/${{timestamp}}'\n)",
        columns.join(",\n"),
    )
}

/// Spark: a view on the JSON of log files.
fn spark(inputs: &[Input], now: Timestamp) -> Result<SqlLogSource, Error> {
    let path = match inputs {
        [Input::Bucket(bucket)] => {
            let organisation = bucket.organisation.as_ref().map_or("{*,o-*/*}".into(), |id| format!("{id}/*"));
            format!("s3a://{}{organisation}/CloudTrail/*/{}", root(bucket)?, day_folders(bucket, now))
        }
        [Input::Path(path)] => local(path)?,
        _ => return Err(Error::usage("sql spark: reads one bucket or one path; name one of them")),
    };
    let members: Vec<String> =
        SCHEMA.iter().map(|(name, shape)| format!("  {name}: {}", type_name(shape, Dialect::Spark))).collect();
    let view = format!(
        "CREATE OR REPLACE TEMPORARY VIEW {TABLE} (Records ARRAY<STRUCT<\n{}\n>>)\n\
         USING json OPTIONS (\n  path {},\n  multiLine 'true', mode 'FAILFAST',\n  \
         recursiveFileLookup 'true', pathGlobFilter '*.json*'\n)",
        members.join(",\n"),
        Dialect::Spark.text(&path),
    );
    let records =
        format!("SELECT record, input_file_name() AS file\n  FROM {TABLE} LATERAL VIEW explode(Records) r AS record");
    Ok(SqlLogSource {
        setup: vec![view],
        records: Some(records),
        conditions: Vec::new(),
        file: "file",
        from: "records",
    })
}

/// DuckDB: the files themselves.
fn duckdb(inputs: &[Input]) -> Result<SqlLogSource, Error> {
    let dialect = Dialect::Duckdb;
    let (mut globs, mut conditions, mut buckets) = (Vec::new(), Vec::new(), 0);
    for input in inputs {
        match input {
            Input::Bucket(bucket) => {
                buckets += 1;
                globs.push(format!("s3://{}**/*.json*", root(bucket)?));
                conditions.extend(in_folders(bucket));
            }
            Input::Path(path) if path.is_dir() => {
                globs.push(format!("{}/**/*.json*", local(path)?.trim_end_matches('/')))
            }
            Input::Path(path) => globs.push(local(path)?),
            _ => return Err(Error::usage("sql duckdb: reads buckets, folders and files; name one of them")),
        }
    }
    if buckets > 0 && inputs.len() > 1 {
        return Err(Error::usage("sql duckdb: reads one bucket, or folders and files; name one of them"));
    }
    let globs: Vec<String> = globs.iter().map(|glob| dialect.text(glob)).collect();
    let mut records = format!(
        "SELECT unnest(CASE json_type(json, '$.Records') WHEN 'ARRAY' THEN json_extract(json, '$.Records[*]')\n    \
         ELSE [json] END) AS record, filename AS file\n  \
         FROM read_json_objects([{}],\n    filename = true, maximum_object_size = 268435456)",
        globs.join(", ")
    );
    if !conditions.is_empty() {
        records += &format!("\n  WHERE {}", conditions.join("\n    AND "));
    }
    let marks = ["eventVersion", "eventTime", "eventID"].map(|mark| format!("json_exists(record, '$.{mark}')"));
    let conditions = vec![format!("({})", marks.join(" OR ")), NO_NOTIFICATION.to_string()];
    Ok(SqlLogSource {
        setup: vec![TEXT_MACRO.into()],
        records: Some(records),
        conditions,
        file: "file",
        from: "records",
    })
}

/// The function for values that are texts, numbers or literals.
const TEXT_MACRO: &str = "CREATE OR REPLACE TEMPORARY MACRO trail2tsv_text(record, path) AS\n  \
     CASE WHEN json_type(record, path) NOT IN ('OBJECT', 'ARRAY') THEN record ->> path END";

/// Notifications of S3 and similar services have fields of events: their source is `aws:s3`, and
/// their details are under `s3`.
const NO_NOTIFICATION: &str = r"NOT coalesce(CASE WHEN regexp_matches(record ->> '$.eventSource', '\Aaws:[a-z0-9]+\z')
      THEN json_type(json_extract(record, substr(record ->> '$.eventSource', 5))) = 'OBJECT' END, FALSE)";

/// Conditions on the names of objects: folders of CloudTrail, in the days of the window.
fn in_folders(bucket: &BucketInput) -> Vec<String> {
    let organisation = bucket.organisation.as_ref().map_or("(?:o-[^/]+/)?".into(), |id| format!("{id}/"));
    let folder = format!("/AWSLogs/{organisation}[0-9]{{12}}/CloudTrail/[^/]+/[0-9]{{4}}/[0-9]{{2}}/[0-9]{{2}}/");
    let day = Dialect::Duckdb.extract("filename", r"/CloudTrail/[^/]+/([0-9]{4}/[0-9]{2}/[0-9]{2})/");
    let mut conditions = vec![Dialect::Duckdb.finds("filename", &folder)];
    conditions.extend(delivered(bucket, &day));
    conditions
}

/// Bounds for the day of delivery, written as `2026/10/01`.
fn delivered(bucket: &BucketInput, day: &str) -> Vec<String> {
    let (first, last) = bucket.window.days(bucket.late_days);
    let bound = |operator: &str, date: Date| format!("{day} {operator} '{}'", date.strftime("%Y/%m/%d"));
    let bounds = [first.map(|date| bound(">=", date)), last.map(|date| bound("<=", date))];
    bounds.into_iter().flatten().collect()
}

/// A glob for the folders of the days of delivery, with a folder a month where all its days
/// are wanted.
fn day_folders(bucket: &BucketInput, now: Timestamp) -> String {
    let (first, last) = bucket.window.days(bucket.late_days);
    let Some(mut day) = first else { return "*/*/*".into() };
    let last = last.unwrap_or_else(|| now.to_zoned(TimeZone::UTC).date().saturating_add(1.day()));
    let mut folders = Vec::new();
    while day <= last {
        let is_whole = day == day.first_of_month() && day.last_of_month() <= last;
        folders.push(day.strftime(if is_whole { "%Y/%m/*" } else { "%Y/%m/%d" }).to_string());
        let end = if is_whole { day.last_of_month() } else { day };
        match end.tomorrow() {
            Ok(next) => day = next,
            Err(_) => break,
        }
    }
    format!("{{{}}}", folders.join(","))
}

/// The bucket and the prefix down to `AWSLogs/`.
fn root(bucket: &BucketInput) -> Result<String, Error> {
    let location = &bucket.location;
    let key = location.key.strip_suffix("AWSLogs/").unwrap_or(&location.key);
    if format!("/{key}").contains("/AWSLogs/") {
        let right = "goes below AWSLogs/; end the prefix before it, and use --account, --region and --since";
        return Err(Error::option("--prefix", &location.key, right));
    }
    if key.contains(['\'', '"', '\\', '*', '?', '[', ']', '{', '}', '$']) || key.contains(is_hidden) {
        return Err(Error::option("--prefix", key, "has quotes or wildcards, which table definitions cannot have"));
    }
    Ok(format!("{}/{key}AWSLogs/", location.bucket))
}

/// The values of an option that Athena needs as a list of folders.
fn literals(option: &str, example: &str, values: &[String]) -> Result<Vec<String>, Error> {
    if values.is_empty() {
        return Err(Error::about(option, format!(" is needed: Athena cannot list folders; add {example}")));
    }
    let is_name = |value: &&String| value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match values.iter().find(|value| !is_name(value)) {
        Some(value) => Err(Error::option(option, value, "a pattern; Athena cannot list folders, so write each name")),
        None => Ok(values.to_vec()),
    }
}

/// A path that an engine takes as a glob.
fn local(path: &Path) -> Result<String, Error> {
    let shown = path.to_string_lossy();
    let Some(text) = path.to_str() else { return Err(Error::usage(format!("{shown}: not UTF-8"))) };
    if text.contains(['*', '?', '[', ']', '{', '}']) {
        return Err(Error::usage(format!("{shown}: has * ? [ ] {{ or }}, which the engine takes as a wildcard")));
    }
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("parquet")) {
        return Err(Error::usage(format!("{shown}: is Parquet, which engines read without these statements")));
    }
    Ok(text.to_string())
}
