//! A hundred thousand nested brackets: the depth of a value affects neither the
//! stack nor the time of a run.

use crate::harness::Trial;

const DEPTH: usize = 100_000;

/// The columns that are shown: the default ones, paths into the value, and the
/// strings in it.
const COLUMNS: [&str; 4] = ["+file", "requestParameters.a.a", "requestParameters[][0][]", "resources"];

fn nested(open: &str, inside: &str, close: &str) -> String {
    format!("{}{inside}{}", open.repeat(DEPTH), close.repeat(DEPTH))
}

fn event(parameters: &str) -> String {
    format!(
        r#"{{"Records":[{{"eventName":"A","requestParameters":{parameters}}},{{"eventName":"B","eventVersion":"1"}}]}}"#
    )
}

#[test]
fn deep_values_are_cells_like_others() {
    let arrays = nested("[", "\"i-0123456789abcdef0\"", "]");
    let objects = nested("{\"a\":", "\"i-0123456789abcdef0\"", "}");
    let mixed = nested("[{\"a\":", "\"i-0123456789abcdef0\"", "}]");
    for value in [&arrays, &objects, &mixed] {
        let trial = Trial::with("log", event(value));
        // Each step into the value removes one bracket at either end.
        let inner = |steps: usize, step: &str, close: usize| {
            value.strip_prefix(&step.repeat(steps)).map_or("", |rest| &rest[..rest.len() - steps * close])
        };
        for columns in COLUMNS {
            let cell = match columns {
                "+file" => format!("\t\t\tA\t\t\t\t{value}\t\t\tlog"),
                "requestParameters.a.a" => inner(2, "{\"a\":", 1).to_string(),
                "requestParameters[][0][]" => inner(3, "[", 1).to_string(),
                _ => "i-0123456789abcdef0".to_string(),
            };
            let other = if columns == "+file" { "\t\t\tB\t\t\t\t\t\t\tlog" } else { "" };
            trial.run(&["log", "--no-header", "-c", columns]).shows(
                0,
                &format!("{cell}\n{other}\n"),
                "trail2tsv: 2 events in 1 file read, 2 matched\n",
            );
        }
    }
}

#[test]
fn deep_values_that_never_close_end_the_file() {
    for value in [nested("[", "", ""), nested("{\"a\":", "", ""), nested("[{\"a\":", "1", "")] {
        let before = r#"{"Records":[{"eventName":"X","eventVersion":"1"},{"eventName":"A","requestParameters":"#;
        let trial = Trial::with("log", format!("{before}{value}"));
        for columns in ["eventName", "eventName,requestParameters.a.a", "eventName,resources"] {
            let tab = if columns == "eventName" { "" } else { "\t" };
            trial.run(&["log", "--no-header", "-c", columns]).shows(
                3,
                &format!("X{tab}\n"),
                "trail2tsv: log: JSON ends early; 1 event before it was kept\n\
                 trail2tsv: 1 event in 1 file read, 1 matched; 1 problem, named above\n",
            );
        }
    }
}

#[test]
fn a_file_of_brackets_is_other_json() {
    for file in [nested("[", "", "]"), nested("{\"a\":", "1", "}"), nested("[{\"a\":", "null", "}]")] {
        Trial::with("log", file).run(&["log", "--no-header"]).shows(
            3,
            "",
            "trail2tsv: log: not a CloudTrail log (other JSON); nothing was read\n\
             trail2tsv: 0 events in 0 files read, 0 matched; 1 file skipped: 1 other JSON; 1 problem, named above\n",
        );
    }
}

#[test]
fn a_file_of_open_brackets_ends_early() {
    for file in [nested("[", "", ""), nested("{\"a\":", "", ""), nested("[{\"a\":", "", "")] {
        Trial::with("log", file).run(&["log", "--no-header"]).shows(
            3,
            "",
            "trail2tsv: log: JSON ends early; no event came before it\n\
             trail2tsv: 0 events in 1 file read, 0 matched; 1 problem, named above\n",
        );
    }
}

#[test]
fn a_file_of_closing_brackets_is_not_json() {
    for file in [nested("", "", "]"), nested("", "", "}")] {
        Trial::with("log", file).run(&["log", "--no-header"]).shows(
            3,
            "",
            "trail2tsv: log: not a CloudTrail log (not JSON); nothing was read\n\
             trail2tsv: 0 events in 0 files read, 0 matched; 1 file skipped: 1 not JSON; 1 problem, named above\n",
        );
    }
}
