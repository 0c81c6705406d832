//! Settings from the configuration file and the environment.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use crate::harness::Trial;

const FILE: &str = ".config/trail2tsv/config.toml";
const LOG: &str = r#"{"eventTime":"2026-10-01T09:00:00Z","eventName":"A","mfa":"no"}"#;

/// A trial with a log, and with two mirrors of each of two buckets.
fn trial(settings: &str) -> Trial {
    let trial = Trial::with("log/a.json", LOG);
    trial.write(FILE, settings);
    for bucket in ["first", "second"] {
        let key = "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/10/01/a.json";
        trial.write(&format!("mirrors/{bucket}/{key}"), LOG.replace("\"A\"", &format!("{bucket:?}")));
        trial.write(&format!(".cache/trail2tsv/{bucket}/{key}"), LOG.replace("\"A\"", &format!("\"{bucket} cached\"")));
    }
    trial
}

#[track_caller]
fn names(trial: &Trial, arguments: &[&str]) -> String {
    trial.run(&[&["-q", "--no-header"], arguments].concat()).lines(0).join(" ")
}

#[test]
fn the_command_line_overrides_the_environment_and_both_override_the_file() {
    let mut trial = trial("columns = [\"eventTime\", \"eventName\"]\nnull = '-'\n\n# or so\ntime-zone = \"+02:00\"\n");
    assert_eq!(names(&trial, &["log"]), "2026-10-01T11:00:00+02:00\tA");
    assert_eq!(names(&trial, &["log", "-c", "errorCode"]), "-");
    trial.env("TRAIL2TSV_COLUMNS", "errorCode,eventName").env("TRAIL2TSV_NULL", "~");
    assert_eq!(names(&trial, &["log"]), "~\tA");
    assert_eq!(names(&trial, &["log", "--null="]), "\tA");
    // An empty variable is ignored.
    trial.env("TRAIL2TSV_COLUMNS", "");
    assert_eq!(names(&trial, &["log"]), "2026-10-01T11:00:00+02:00\tA");
    assert_eq!(names(&trial, &["-c", "eventName", "--", "log"]), "A");
}

#[test]
fn verbose_says_where_values_come_from() {
    let mut trial = trial("bucket = \"first\"\nnull = \"-\"\ncolumns = \"eventTime\"\n");
    trial.env("TRAIL2TSV_COLUMNS", "eventName");
    let file = trial.path(FILE).display().to_string();
    trial.run(&["log", "-v", "--null", "~"]).shows(
        0,
        "eventName\nA\n",
        &format!(
            "trail2tsv: --bucket \"first\" is set by {file}, line 1, and ignored: the input is a path\n\
             trail2tsv: --columns \"eventName\" is set by TRAIL2TSV_COLUMNS\n\
             trail2tsv: --null \"~\" on the command line overrides {file}, line 2\n\
             trail2tsv: 1 event in 1 file read, 1 matched\n"
        ),
    );
}

#[test]
fn a_bucket_that_is_set_is_read_unless_something_else_is_named() {
    let mut trial = trial("bucket = \"first\"\nmirror = \"~/mirrors/first\"\n");
    trial.env("TRAIL2TSV_COLUMNS", "eventName");
    assert_eq!(names(&trial, &["--offline"]), "first");
    assert_eq!(names(&trial, &["log"]), "A");
    assert_eq!(names(&trial, &["--bucket", "first", "--offline"]), "first");
    // The mirror that is set belongs only to the bucket that is set.
    assert_eq!(names(&trial, &["--bucket", "second", "--offline"]), "second cached");
    assert_eq!(names(&trial, &["s3://second", "--offline"]), "second cached");
    assert_eq!(names(&trial, &["s3://second", "log", "--offline"]), "second cached A");
    // Without arguments, the help is shown and nothing is fetched.
    let help = trial.run(&["-h"]).stdout;
    trial.run(&[]).shows(2, "", &help);
}

#[test]
fn tables_of_addresses_can_be_set() {
    let mut trial = trial("networks = [\"~/a, b.csv\", \"~/c.csv\"]\ngeoip = \"~/db.mmdb\"\n");
    let record = |country: &str| serde_json::json!({"country": {"iso_code": country}});
    trial.write("db.mmdb", testkit::mmdb::database("Test", &[("192.0.2.0/24", record("DE"))]));
    trial.write("other.mmdb", testkit::mmdb::database("Test", &[("198.51.100.0/24", record("NL"))]));
    trial.write("a, b.csv", "192.0.2.0/24,office\n");
    trial.write("c.csv", "192.0.2.0/24,hidden\n198.51.100.0/24,vpn\n");
    trial.write(
        "from.json",
        r#"{"Records":[{"eventName":"A","sourceIPAddress":"192.0.2.1"},
        {"eventName":"B","sourceIPAddress":"198.51.100.1"}]}"#,
    );
    let columns = ["from.json", "-c", "network,country"];
    assert_eq!(names(&trial, &columns), "office\tDE vpn\t");
    // The command line replaces all of a list.
    assert_eq!(names(&trial, &[&columns[..], &["--networks", "c.csv"]].concat()), "hidden\tDE vpn\t");
    let both = std::env::join_paths([trial.path("other.mmdb"), trial.path("db.mmdb")]).unwrap();
    trial.env("TRAIL2TSV_GEOIP", both.to_str().unwrap());
    assert_eq!(names(&trial, &columns), "office\tDE vpn\tNL");
    let file = trial.path(FILE).display().to_string();
    let home = trial.path("").display().to_string();
    let told = trial.run(&["from.json", "-v"]).stderr;
    let networks = format!("--networks \"{home}a, b.csv\" \"{home}c.csv\" is set by {file}, line 1\n");
    assert!(told.contains(&networks), "{told}");
    // A command that has no such option does not read them.
    trial.write("db.mmdb", "");
    trial.env("TRAIL2TSV_GEOIP", "");
    assert_eq!(trial.run(&["history", "ip", "10.0.1.10", "from.json", "-q"]).code, Some(0));
    let refused = trial.run(&["from.json"]).stderr;
    let told = format!("trail2tsv: {file}, line 2: --geoip \"{home}db.mmdb\": is not a database");
    assert!(refused.starts_with(&told), "{refused}");
}

#[test]
fn a_wrong_key_is_refused_with_its_line() {
    for (settings, line, what) in [
        ("null = \"x\"\nbuket = \"b\"\n", 2, "\"buket\" is not a setting; did you mean bucket?"),
        ("late_days = 2\n", 1, "\"late_days\" is not a setting; did you mean late-days?"),
        ("\n\n[s3]\nbucket = \"b\"\n", 3, "\"s3\" is not a setting; the settings are bucket, prefix, "),
        ("raw = 'yes'\n", 1, "raw: write true or false"),
        ("null = [1]\n", 1, "null: write a string in quotes, or a number"),
        ("columns = [1]\n", 1, "columns: write a list of strings, such as [\"eventTime\", \"mfa\"]"),
        ("sort = [1]\n", 1, "sort: write a list of strings, such as [\"userName\", \"-eventTime\"]"),
        ("account = [1.5]\n", 1, "account: write a list of strings, such as [\"111122223333\"]"),
        ("format = ['csv']\n", 1, "format: write a string in quotes, or a number"),
        ("dedupe = 1\n", 1, "dedupe: write true or false"),
        ("\nsort = '-tim'\n", 2, "--sort \"tim\": not a column; did you mean time?"),
        ("account = 12\n", 1, "--account \"12\": not an account; write its 12 digits"),
        ("\nmirror = 'logs'\n", 2, "mirror: not an absolute path; begin it with / or ~/"),
        ("networks = ['/a', 'b.csv']\n", 1, "networks: not an absolute path; begin it with / or ~/"),
        ("geoip = 'db.mmdb'\n", 1, "geoip: not an absolute path; begin it with / or ~/"),
        ("geoip = [1]\n", 1, "geoip: write a list of strings, such as [\"~/GeoLite2-Country.mmdb\", "),
        ("networks = true\n", 1, "networks: write a string in quotes, or a number"),
        ("\nnetworks = '/none/own.csv'\n", 2, "--networks \"/none/own.csv\": cannot be read: "),
        ("\ngeoip = ['~/log/a.json']\n", 2, "--geoip "),
        ("threads = 0\n", 1, "--threads \"0\": not a number from 1 to 32"),
        ("\ncolumns = 'eventnam'\n", 2, "--columns \"eventnam\": not a column; did you mean eventName?"),
        ("\n\ntime-zone = 'Mars'\n", 3, "--time-zone \"Mars\": not a time zone; write local, "),
    ] {
        let trial = trial(settings);
        let ran = trial.run(&["log"]);
        let expected = format!("trail2tsv: {}, line {line}: {what}", trial.path(FILE).display());
        assert!(ran.code == Some(2) && ran.stderr.starts_with(&expected), "{expected}{ran:?}");
    }
    let trial = trial("null = \"x\"\nbucket = b\n");
    let ran = trial.run(&["log"]);
    assert!(ran.code == Some(2) && ran.stderr.contains("config.toml, line 2: "), "{ran:?}");
}

#[test]
fn a_wrong_variable_is_named() {
    let mut trial = trial("");
    trial.env("TRAIL2TSV_THREADS", "many").env("TRAIL2TSV_COLUMNS", "eventName");
    trial.run(&["log"]).shows(
        2,
        "",
        "trail2tsv: TRAIL2TSV_THREADS: --threads \"many\": not a number from 1 to 32\ntrail2tsv: try --help\n",
    );
    trial.env("TRAIL2TSV_THREADS", "").env("TRAIL2TSV_BUKET", "b");
    trial.run(&["log", "--no-header"]).shows(
        0,
        "A\n",
        "trail2tsv: TRAIL2TSV_BUKET: unknown setting; did you mean TRAIL2TSV_BUCKET?\n\
         trail2tsv: 1 event in 1 file read, 1 matched\n",
    );
}

#[test]
fn another_file_can_be_named() {
    let mut trial = trial("columns = \"eventTime\"\n");
    trial.write("mine.toml", "columns = \"eventName\"\nraw = true\n");
    trial.write("none.toml", "columns = \"eventVersion\"\nraw = false\n");
    assert_eq!(names(&trial, &["log", "--config", "mine.toml"]), "A");
    trial.env("TRAIL2TSV_CONFIG", "none.toml");
    assert_eq!(names(&trial, &["log", "--null", "none"]), "none");
    assert_eq!(names(&trial, &["log", "--config", "mine.toml"]), "A");
    trial.run(&["log", "--config", "nowhere.toml"]).shows(
        1,
        "",
        "trail2tsv: nowhere.toml: cannot be read: No such file or directory\n",
    );
}

#[test]
fn the_name_of_the_output_sets_the_format() {
    let trial = trial("format = \"csv\"\ncolumns = \"eventName,mfa\"\n");
    assert_eq!(names(&trial, &["log"]), "A,");
    trial.run(&["log", "-q", "-o", "out.tsv"]).shows(0, "", "");
    assert_eq!(trial.read("out.tsv"), "eventName\tmfa\nA\t\n");
}

#[test]
fn table_settings_do_not_conflict_with_json() {
    let trial = trial("null = \"-\"\nexcel = true\nraw = true\ncolumns = \"eventName,mfa\"\n");
    assert_eq!(trial.run(&["log", "--no-header", "-q"]).stdout, "\u{feff}A\t-\r\n");
    let object = "{\"eventName\":\"A\",\"mfa\":null}\n";
    trial.run(&["log", "-q", "-f", "JSON"]).shows(0, object, "");
    trial.run(&["log", "-q", "-o", "out.jsonl"]).shows(0, "", "");
    assert_eq!(trial.read("out.jsonl"), object);
    #[cfg(feature = "sqlite")]
    trial.run(&["log", "-q", "-o", "out.db"]).shows(0, "", "");
    #[cfg(feature = "parquet")]
    for arguments in [&["-o", "out.parquet"][..], &["-o", "lake", "--partition", "day"]] {
        trial.run(&[&["log", "-q"], arguments].concat()).shows(0, "", "");
    }
}

#[test]
fn a_count_ignores_the_format_setting() {
    let trial = trial("format = \"xlsx\"\n");
    trial.run(&["log", "--count", "-q"]).shows(0, "1\n", "");
}

#[test]
fn other_commands_need_no_settings() {
    let trial = trial("buket = \"b\"\n");
    assert_eq!(trial.run(&["--version"]).code, Some(0));
}

#[test]
fn a_zone_that_a_command_does_not_have_is_named() {
    let mut trial = trial("");
    trial.env("TRAIL2TSV_TIME_ZONE", "America/New_York");
    let ran = trial.run(&["summary", "log"]);
    let note = "--time-zone \"America/New_York\" is set by TRAIL2TSV_TIME_ZONE, and ignored: summary uses UTC";
    assert_eq!((ran.code, ran.stderr.contains(note)), (Some(0), true), "{ran:?}");
    assert!(!trial.run(&["log"]).stderr.contains("ignored"));
}

#[test]
fn an_empty_mirror_is_an_error_offline() {
    let trial = trial("");
    trial.write("mirrors/third/.trail2tsv-bucket", "third\n");
    for mirror in ["mirrors/third", "mirrors/none"] {
        let text = "the mirror contains no objects of s3://third; run without --offline, or choose another folder with --mirror";
        let arguments = ["--bucket", "third", "--offline", "--mirror", mirror];
        trial.run(&arguments).shows(1, "", &format!("trail2tsv: {mirror}: {text}\n"));
    }
}

#[test]
fn a_mistyped_command_is_corrected() {
    let trial = trial("");
    let text = "cannot be read: No such file or directory; did you mean `trail2tsv summary`?";
    trial.run(&["summmary", "log"]).shows(1, "", &format!("trail2tsv: summmary: {text}\n"));
}

#[test]
fn settings_give_way_to_the_command_line() {
    let mut trial = trial("columns = \"eventTime\"\nexcel = true\nnull = \"-\"\n");
    assert_eq!(names(&trial, &["log", "--jq", "{eventName}"]), "{\"eventName\":\"A\"}");
    let refused = trial.run(&["log", "--jq", "{eventName}", "-c", "eventTime"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    trial.env("TRAIL2TSV_FORMAT", "json");
    assert_eq!(names(&trial, &["log"]), "{\"eventTime\":\"2026-10-01T09:00:00Z\"}");
}

#[test]
fn options_of_a_bucket_go_with_one_that_is_set() {
    let trial = trial("bucket = \"first\"\n");
    let ran = trial.run(&["--prefix", "team", "--offline"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("first/team: cannot be read"), "{ran:?}");
    let text = "trail2tsv: --prefix requires --bucket; with s3://… put the prefix in the address\n";
    let ran = Trial::with("log/a.json", LOG).run(&["log", "--prefix", "team"]);
    assert_eq!((ran.code, ran.stderr), (Some(2), format!("{text}trail2tsv: try --help\n")));
}

#[test]
fn every_documented_variable_has_an_effect() {
    let mut trial = trial("");
    trial.env("TRAIL2TSV_READ_TIMEOUT", "60");
    trial.run(&["log", "--count"]).shows(0, "1\n", "trail2tsv: 1 event in 1 file read, 1 matched\n");
}

/// Three events of two accounts, one of them delivered twice.
const ACCOUNTS: &str = r#"{"Records":[
    {"eventTime":"2026-10-01T09:00:00Z","eventName":"A","eventID":"1","recipientAccountId":"111122223333"},
    {"eventTime":"2026-10-01T08:00:00Z","eventName":"B","eventID":"2","recipientAccountId":"444455556666"},
    {"eventTime":"2026-10-01T09:00:00Z","eventName":"A","eventID":"1","recipientAccountId":"111122223333"},
    {"eventTime":"2026-10-01T07:00:00Z","eventName":"C","eventID":"3","recipientAccountId":"111122223333"}]}"#;

fn accounts(settings: &str) -> Trial {
    let trial = Trial::with("log/a.json", ACCOUNTS);
    trial.write(FILE, format!("columns = \"eventName\"\n{settings}"));
    trial
}

fn rows(trial: &Trial, arguments: &[&str]) -> String {
    names(trial, arguments).replace(' ', "")
}

#[test]
fn the_order_of_rows_can_be_set() {
    let mut trial = accounts("sort = [\"-event\", \"time\"]\n");
    assert_eq!(rows(&trial, &["log"]), "CBAA");
    assert_eq!(rows(&trial, &["log", "--sort", "event"]), "AABC");
    trial.env("TRAIL2TSV_SORT", "eventName");
    assert_eq!(rows(&trial, &["log"]), "AABC");
    let file = trial.path(FILE).display().to_string();
    let ran = trial.run(&["log", "-v", "--count"]);
    let left_out =
        "trail2tsv: --sort \"eventName\" is set by TRAIL2TSV_SORT, and ignored: --count writes only a number\n";
    let columns = format!("trail2tsv: --columns \"eventName\" is set by {file}, line 1\n");
    ran.shows(0, "4\n", &format!("{columns}{left_out}trail2tsv: 4 events in 1 file read, 4 matched\n"));
    // A summary has no rows to sort.
    assert!(!trial.run(&["summary", "log", "-v"]).stderr.contains("--sort"));
}

#[test]
fn dedupe_can_be_set() {
    let mut trial = accounts("dedupe = true\n");
    assert_eq!(rows(&trial, &["log"]), "ABC");
    assert_eq!(trial.run(&["log", "--count", "-q"]).stdout, "3\n");
    let count = |trial: &Trial| {
        let ran = trial.run(&["summary", "log", "-q", "--by", "account", "-f", "tsv"]);
        let counts: Vec<&str> = ran.lines(0).iter().skip(1).map(|row| row.split('\t').nth(1).unwrap()).collect();
        counts.join(" ")
    };
    assert_eq!(count(&trial), "2 1");
    trial.env("TRAIL2TSV_DEDUPE", "no");
    assert_eq!(count(&trial), "3 1");
    assert_eq!(rows(&trial, &["log"]), "ABAC");
    assert_eq!(rows(&trial, &["log", "--dedupe"]), "ABC");
}

#[test]
fn colours_can_be_set_for_a_summary() {
    let mut trial = accounts("color = \"always\"\n");
    let has_colours = |trial: &Trial, arguments: &[&str]| {
        let ran = trial.run(&[&["summary", "log", "-q"], arguments].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.stdout.contains('\u{1b}')
    };
    assert!(has_colours(&trial, &[]));
    assert!(!has_colours(&trial, &["--color", "never"]));
    assert!(!has_colours(&trial, &["-f", "tsv"]));
    let left_out = "line 2, and ignored: it applies only to text output\n";
    for arguments in [&["-f", "tsv"][..], &["--html", "page.html"]] {
        let ran = trial.run(&[&["summary", "log", "-v"], arguments].concat());
        assert!(ran.code == Some(0) && ran.stderr.contains(left_out), "{ran:?}");
    }
    // Other commands have no colours.
    assert_eq!(rows(&trial, &["log"]), "ABAC");
    trial.env("TRAIL2TSV_COLOR", "red");
    trial.run(&["summary", "log"]).shows(
        2,
        "",
        "trail2tsv: TRAIL2TSV_COLOR: --color \"red\": not one of auto, always, never\n\
         trail2tsv: try --help\n",
    );
}

#[test]
fn an_account_that_is_set_filters_as_a_typed_one_does() {
    for setting in ["111122223333", "\"111122223333\"", "[111122223333]", "[\"1*3\", \"111122223333\"]"] {
        assert_eq!(rows(&accounts(&format!("account = {setting}\n")), &["log"]), "AAC", "{setting}");
    }
    let mut trial = accounts("account = \"111122223333\"\n");
    assert_eq!(rows(&trial, &["log", "--account", "444455556666"]), "B");
    assert_eq!(rows(&trial, &["log", "--account", "*"]), "ABAC");
    assert_eq!(trial.run(&["summary", "log", "-q", "--by", "event", "-f", "tsv"]).lines(0).len(), 3);
    trial.env("TRAIL2TSV_ACCOUNT", "444455556666");
    let file = trial.path(FILE).display().to_string();
    trial.run(&["log", "-v"]).shows(
        0,
        "eventName\nB\n",
        &format!(
            "trail2tsv: --columns \"eventName\" is set by {file}, line 1\n\
             trail2tsv: --account \"444455556666\" is set by TRAIL2TSV_ACCOUNT\n\
             trail2tsv: 4 events in 1 file read, 1 matched\n"
        ),
    );
    trial.env("TRAIL2TSV_ACCOUNT", "mine");
    trial.run(&["log"]).shows(
        2,
        "",
        "trail2tsv: TRAIL2TSV_ACCOUNT: --account \"mine\": not an account; write its 12 digits, such as 111122223333\n\
         trail2tsv: try --help\n",
    );
}
