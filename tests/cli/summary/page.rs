//! The page: text from logs stays text, and it loads nothing.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::super::harness::Trial;
use super::{LOG, small};

const DATA: &str = "<script type=\"application/json\" id=\"data\">";

/// Writes a page, and returns the text around the data, and the data.
fn page(trial: &Trial, arguments: &[&str]) -> (String, Value) {
    let arguments = [&["summary", "log", "--html", "page.html", "-q"], arguments].concat();
    trial.run(&arguments).shows(0, "", "");
    let page = trial.read("page.html");
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    let (before, rest) = page.split_once(DATA).unwrap();
    let (data, after) = rest.split_once("</script>").unwrap();
    assert!(!data.contains(['<', '>', '&', '\u{2028}', '\u{2029}', '\n']), "nothing ends the data early");
    (format!("{before}{after}"), serde_json::from_str(data).unwrap())
}

/// Texts that try to become code.
const HOSTILE: [&str; 9] = [
    "</script><script>document.title='taken'</script>",
    "<img src=x onerror=document.title='taken'>",
    "<!--<script>",
    "]]>&lt;b&gt;",
    "\\u001b[31m\\u0000",
    "gpj.\\u202eexe",
    "{{data}}{{script}}",
    "'; touch taken; $(touch taken) `touch taken` '",
    "\\\"*?[a]{b,c}!\\\\",
];

fn hostile() -> Trial {
    let event = |text: &&str| {
        format!(
            r#"{{"eventTime":"2026-10-01T09:00:00Z","eventName":"{text}","eventSource":"{text}","awsRegion":"{text}","sourceIPAddress":"{text}","errorCode":"AccessDenied {text}","recipientAccountId":"{text}","userIdentity":{{"type":"IAMUser","userName":"{text}"}}}}"#
        )
    };
    Trial::with("log/a.json", HOSTILE.iter().map(event).collect::<Vec<_>>().join("\n"))
}

#[test]
fn text_from_logs_is_only_in_the_data_block() {
    let (around, data) = page(&small(), &[]);
    assert_eq!(around, page(&hostile(), &[]).0);
    assert_eq!(around, page(&hostile(), &["--by", "userName,errorCode"]).0);
    assert_eq!(data["events"], 4);
    assert_eq!(data["kinds"], serde_json::json!([1, 2, 1, 0]));
    assert_eq!(data["command"], "trail2tsv log");
}

#[test]
fn the_page_needs_no_network_and_runs_only_its_script() {
    use base64::Engine;
    use sha2::{Digest, Sha256};
    let (around, _) = page(&small(), &[]);
    let elsewhere = around.replace("http://www.w3.org/2000/svg", "");
    for way in ["http:", "https:", "src=", "@import", "url(", "fetch(", "innerHTML", "eval(", "style=\""] {
        assert!(!elsewhere.contains(way), "{way}");
    }
    for tag in ["style", "script"] {
        let (_, rest) = around.split_once(&format!("<{tag}>")).unwrap();
        let (text, _) = rest.split_once(&format!("</{tag}>")).unwrap();
        let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text));
        assert!(around.contains(&format!("{tag}-src 'sha256-{hash}'")), "{tag}");
    }
    assert!(around.contains("default-src 'none'"));
    let opened = around.matches("<section").count();
    assert_eq!((opened, around.matches("</section>").count()), (10, 10));
}

#[test]
fn the_search_box_has_a_label_and_announces_what_it_finds() {
    let (around, _) = page(&small(), &[]);
    let (_, rest) = around.split_once("<search id=\"search-bar\">").unwrap();
    let (bar, _) = rest.split_once("</search>").unwrap();
    assert!(bar.contains("<label for=\"search\">Search</label>"), "{bar}");
    assert!(bar.contains("<input id=\"search\" type=\"search\""), "{bar}");
    assert!(bar.contains("<p id=\"matches\" role=\"status\"></p>"), "{bar}");
}

#[test]
fn the_page_is_small_whatever_the_log_contains() {
    let name = "<&>".repeat(110);
    let event = |number: usize| {
        format!(
            r#"{{"eventTime":"{:04}-10-01T09:00:00Z","eventName":"{number}{name}","eventSource":"{number}{name}","awsRegion":"{number}{name}","sourceIPAddress":"{number}{name}","errorCode":"AccessDenied {number}{name}","recipientAccountId":"{number}{name}","userIdentity":{{"type":"IAMUser","userName":"{number}{name}"}}}}"#,
            number % 9999
        )
    };
    let trial = Trial::new();
    for region in 0..400 {
        let folder = format!("log/AWSLogs/111122223333/CloudTrail/region-{region}/2026/10/{:02}", region % 28 + 1);
        trial.write(&format!("{folder}/a.json"), event(region));
    }
    trial.write("log/b.json", (0..10_000).map(event).collect::<Vec<_>>().join("\n"));
    let (_, data) = page(&trial, &["--top", "100000"]);
    assert_eq!(data["events"], 10_400);
    assert_eq!(data["tables"][2]["distinct"], 10_000);
    assert_eq!((data["days"]["owners"].as_array().unwrap().len(), &data["days"]["others"]), (100, &300.into()));
}

#[test]
fn days_without_a_file_are_found() {
    let trial = Trial::new();
    for (region, day) in [("eu-west-1", 1), ("eu-west-1", 4), ("us-east-1", 1), ("us-east-1", 2), ("us-east-1", 3)] {
        trial.write(
            &format!("log/AWSLogs/111122223333/CloudTrail/{region}/2026/10/{day:02}/a.json"),
            "{\"Records\":[]}",
        );
    }
    trial.write("log/other.json", LOG);
    let (_, data) = page(&trial, &[]);
    let first = &data["days"]["period"][0].as_i64().unwrap();
    let gaps: Vec<(&str, Vec<i64>)> = data["days"]["owners"]
        .as_array()
        .unwrap()
        .iter()
        .map(|owner| {
            let gaps = owner["gaps"].as_array().unwrap().iter().flat_map(|gap| gap.as_array().unwrap().iter().take(2));
            (owner["region"].as_str().unwrap(), gaps.map(|day| day.as_i64().unwrap() - first + 1).collect())
        })
        .collect();
    assert_eq!(gaps, [("eu-west-1", vec![2, 3]), ("us-east-1", vec![4, 4])]);
    assert_eq!(data["days"]["unplaced"], 1);
}

#[test]
fn a_role_has_all_that_it_was_denied_however_few_calls_are_shown() {
    let denied = |role: &str, call: String, minute: usize| {
        format!(
            r#"{{"eventTime":"2026-10-01T09:{minute:02}:00Z","eventName":"{call}","errorCode":"AccessDenied","userIdentity":{{"type":"AssumedRole","principalId":"A:s{minute}","sessionContext":{{"sessionIssuer":{{"userName":"{role}"}}}}}}}}"#
        )
    };
    // The role with the most denied calls has rarer calls than the others.
    let many = (0..40).map(|number| denied("Many", format!("Try{number:02}"), number));
    let two = (0..2).flat_map(|role| (10..25).map(move |minute| denied(&format!("Role{role}"), "Get".into(), minute)));
    let trial = Trial::with("log/a.json", many.chain(two).collect::<Vec<_>>().join("\n"));
    let (_, data) = page(&trial, &["--top", "2"]);
    let (roles, start) = (&data["roles"], 1_790_845_200_u64);
    assert_eq!((&roles["distinct"], &roles["events"]), (&3.into(), &70.into()));
    let rows = roles["rows"].as_array().unwrap().iter();
    let rows: Vec<_> = rows.map(|row| (row["values"][0].as_str().unwrap(), &row["events"], &row["period"])).collect();
    let period = |minutes: [u64; 2]| serde_json::json!(minutes.map(|minute| start + 60 * minute));
    assert_eq!(rows, [("Many", &40.into(), &period([0, 39])), ("Role0", &15.into(), &period([10, 24]))]);
    let calls = |role: usize| roles["rows"][role]["calls"].as_array().unwrap();
    assert_eq!((calls(0).len(), calls(1).len()), (0, 1));
    assert_eq!((&calls(1)[0]["values"], &calls(1)[0]["events"]), (&serde_json::json!(["Get"]), &15.into()));
}

/// The commands that a page assembles, each with the number beside it.
#[cfg(unix)]
fn commands(data: &Value) -> Vec<(String, u64)> {
    let mut commands = Vec::new();
    let mut add = |base: &str, options: &Value, number: u64| {
        if let (Some(base), Some(options)) = (data[base].as_str(), options.as_str()) {
            commands.push((format!("{base} {options}"), number));
        }
    };
    let number = |value: &Value| value.as_u64().unwrap();
    add("command", &"".into(), number(&data["events"]));
    add("command", &data["errorOptions"], number(&data["kinds"][2]));
    add("command", &data["deniedOptions"], number(&data["denied"]));
    let rows = |table: &Value| table["rows"].as_array().cloned().unwrap_or_default();
    let mut shown: Vec<Value> = data["tables"].as_array().unwrap().iter().flat_map(rows).collect();
    for role in rows(&data["roles"]) {
        shown.extend(role["calls"].as_array().unwrap().iter().cloned());
        shown.push(role);
    }
    for row in shown {
        add("command", &row["options"], number(&row["events"]));
    }
    for bin in data["activity"]["bins"].as_array().unwrap() {
        add("commandOfTime", &bin[2], bin[1].as_array().unwrap().iter().map(number).sum());
    }
    if let Some(around) = data["commandOfWeek"].as_array() {
        let [before, after] = [0, 1].map(|at: usize| around[at].as_str().unwrap());
        let week = data["week"].as_array().unwrap().iter().enumerate().filter(|(_, count)| number(count) > 0);
        for (at, count) in week {
            let command = format!("{before}{} {:02}{after}", at / 24 + 1, at % 24);
            commands.push((command, number(count)));
        }
    }
    commands
}

/// Runs the commands in a shell, and compares the numbers. Returns the number
/// of commands.
#[cfg(unix)]
fn check_commands(trial: &Trial, arguments: &[&str]) -> usize {
    check_some_commands(trial, arguments, 1)
}

/// The same for one in `step` commands.
#[cfg(unix)]
fn check_some_commands(trial: &Trial, arguments: &[&str], step: usize) -> usize {
    let (_, data) = page(trial, arguments);
    let commands = commands(&data);
    for (command, number) in commands.iter().step_by(step) {
        assert_ne!(*number, 0, "{command}");
        let ran = trial.run_in_shell(&format!("{command} --count -q"));
        assert_eq!(ran.lines(0), [number.to_string()], "{command}");
    }
    assert!(!trial.path("taken").exists());
    commands.len()
}

#[cfg(unix)]
#[test]
fn commands_show_as_many_events_as_the_page_counts() {
    assert!(check_commands(&small(), &[]) >= 22);
    assert!(check_commands(&hostile(), &[]) >= 9 * HOSTILE.len());
    assert!(check_commands(&small(), &["--by", "userName,errorCode"]) >= 3);
    let parts = LOG.split("\"eventName\"").enumerate();
    let log: Vec<_> = parts.map(|(id, part)| format!("{part}\"eventID\":\"{id}\",\"eventName\"")).collect();
    let log = log.concat().trim_end_matches(|character| character != '}').to_string();
    let twice = Trial::with("log/a.json", &log);
    twice.write("log/b.json", &log);
    assert!(check_commands(&twice, &["--dedupe"]) >= 13);
    let filters = ["-e", "!Tick", "-r", "us-*", "--error-code", "*", "--since", "2020-01-01"];
    assert!(check_commands(&small(), &filters) >= 8);
}

#[cfg(unix)]
#[test]
fn commands_keep_the_filters_of_the_summary() {
    for (flags, least) in [
        (&["--errors"][..], 12),
        (&["--no-errors"], 15),
        (&["--reads"], 14),
        (&["--writes", "--no-errors"], 10),
        (&["--account", "444455556666", "-s", "s3"], 12),
        (&["--since", "2026-10-01T09:30:00.5Z", "--until", "2026-10-03T11:00:00.5Z"], 14),
        (&["--since", "2026-10-01T10:30:00Z", "--until", "2026-10-03T11:00:00Z"], 10),
    ] {
        assert!(check_commands(&small(), flags) >= least, "{flags:?}");
    }
    let (_, data) = page(&small(), &["--writes", "--no-errors"]);
    assert_eq!((&data["errorOptions"], &data["deniedOptions"]), (&Value::Null, &Value::Null));
    assert_eq!(page(&small(), &["--errors"]).1["errorOptions"], "");
}

#[cfg(unix)]
#[test]
fn commands_extend_the_jq_expression() {
    for (expression, least) in [
        (".readOnly == true", 15),
        ("select(.errorCode)", 12),
        (".eventName, .errorCode", 20),
        (".readOnly, true", 20),
        ("def f: .eventName; f | startswith(\"G\"), false", 15),
        ("-1 < 0", 20),
    ] {
        let typed = format!("--jq={expression}");
        assert!(check_commands(&small(), &[&typed, "--errors"]) >= 12, "{expression}");
        assert!(check_commands(&small(), &[&typed]) >= least, "{expression}");
    }
    let (_, data) = page(&small(), &["--jq", ".eventName # what\n"]);
    assert_eq!((&data["command"], &data["commandOfWeek"]), (&Value::Null, &Value::Null), "no line end is copied");
    let (_, data) = page(&small(), &["--jq", ".eventName == \"#\" or true"]);
    assert!(data["command"].is_string() && data["commandOfWeek"].is_null());
}

/// Events with values that are easily confused.
const CONFUSABLE_EVENTS: &str = r#"{"Records":[
    {"eventTime":"2026-10-01T09:00:00Z","eventName":"'=1","userIdentity":{"accessKeyId":"","type":"Root"},"sourceIPAddress":"192.0.2.1",
     "resources":[{"ARN":"arn:aws:s3:::a"}],"requestParameters":{"list":[{"b":"x"},{"b":"y"}],"text":"a\tb"},
     "recipientAccountId":"111122223333","eventSource":"ec2.amazonaws.com","errorCode":"Forbidden"},
    {"eventTime":"2026-10-01T09:59:59.9Z","eventName":"x=1","userIdentity":{"type":"Root"},"sourceIPAddress":"192.0.2.1, 10.0.0.1",
     "requestParameters":{"list":[{"b":"x;y"}],"text":"a\\tb"},"eventSource":"ec2"},
    {"eventTime":"2026-10-01T12:00:00+02:00","eventName":"=1","userIdentity":{"accountId":"111122223333"},"sourceIPAddress":"::ffff:192.0.2.1",
     "requestParameters":{"text":"a\\\tb","list":[{"b":"x"}]}},
    {"eventTime":"yesterday","eventName":"a, b","userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/R,{x}/s"},
     "recipientAccountId":"","errorCode":"Forbidden","requestParameters":{"text":"a,b and c = 1"}},
    {"eventName":"!a","userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/R*/s"},"errorCode":"Forbidden",
     "requestParameters":{"text":"a\\u001bb"}},
    {"eventTime":" 2026-10-01T09:10:00Z ","eventName":"a*","userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/R1/s"},
     "errorCode":"Forbidden","requestParameters":{"text":"a\u001bb","none":{ "a" : "\u001b[1m\t" }}},
    {"eventTime":null,"eventName":"ab","eventSource":"\"ec2\"","requestParameters":{"text":"\n","number":1.50,"none":[]}},
    {"eventTime":"2026-10-04T23:59:59Z","eventName":" ab ","eventSource":"'ec2'","requestParameters":{"text":" "},"errorCode":""},
    {"eventTime":"2026-10-04T23:59:59Z","eventName":"","requestParameters":{"text":"[a]{b,c}"},"userIdentity":{"type":"AWSAccount","accountId":"111122223333"},"errorCode":"Forbidden"},
    {"eventTime":"2026-10-04T23:59:59Z","eventName":"\ud83d","userIdentity":{"type":"AWSAccount","accountId":"111122223333","principalId":"AIDA"},"errorCode":"Forbidden"}]}"#;

#[cfg(unix)]
#[test]
fn commands_distinguish_similar_values() {
    let trial = Trial::with("log/a.json", CONFUSABLE_EVENTS);
    assert!(check_commands(&trial, &[]) >= 43);
    assert!(check_commands(&trial, &["--no-errors"]) >= 18);
    assert!(check_commands(&trial, &["--since", "2026-10-01T09:30", "--until", "2026-10-02"]) >= 20);
    for (by, least) in [
        ("requestParameters.text", 8),
        ("accessKeyId", 1),
        ("userIdentity", 9),
        ("requestParameters.none,mfa", 3),
        ("requestParameters.number,eventTime", 8),
        ("recipientAccountId,errorCode", 3),
        ("eventSource,.eventSource,requestParameters.\"a b\"", 5),
    ] {
        let without = check_commands(&trial, &["--by", by, "--jq", "false"]);
        assert_eq!(without, 0, "no command is without events");
        assert!(check_commands(&trial, &["--by", by]) >= 9 + least, "{by}");
    }
    for by in ["resources", "file", "requestParameters.list[].b", "eventName,file", "requestParameters.a=b"] {
        let (_, data) = page(&trial, &["--by", by]);
        let rows = data["tables"][0]["rows"].as_array().unwrap();
        assert!(rows.len() > 1 || by != "resources");
        assert!(rows.iter().all(|row| row["options"].is_null()), "{by}");
    }
}

#[cfg(unix)]
#[test]
fn commands_are_short_whatever_the_log_contains() {
    let (trial, mut random) = (Trial::new(), fastrand::Rng::with_seed(3));
    let events = testkit::logs::edge_cases::events().into_iter().map(|event| event.json);
    let events = events
        .filter(|json| str::from_utf8(json).is_ok())
        .chain((0..300).map(|_| testkit::logs::edge_cases::random_event(&mut random).into_bytes()));
    trial.write("log/a.json", testkit::logs::records(events.collect::<Vec<_>>()));
    assert!(check_some_commands(&trial, &["--top", "1000"], 11) >= 500);
}

/// The document that a browser makes of the page at an address, and its messages. `None` if no
/// browser is installed.
fn browse(trial: &Trial, address: &str) -> Option<(String, String)> {
    let folders = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = std::env::split_paths(&folders)
        .find_map(|folder| names.iter().map(|name| folder.join(name)).find(|path| path.exists()))?;
    let flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
                 --disable-component-update --disable-sync --enable-logging=stderr --dump-dom";
    let (dom, talk) = (trial.path("dom"), trial.path("talk"));
    let mut child = std::process::Command::new(found)
        .args(flags.split_whitespace())
        .arg(format!("--user-data-dir={}", trial.path("browser").display()))
        .arg(format!("file://{}", trial.path("").join(address).display()))
        .stdout(std::fs::File::create(&dom).unwrap())
        .stderr(std::fs::File::create(&talk).unwrap())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > Duration::from_secs(120) {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("the browser does not end");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let text = |path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    Some((text(dom), text(talk)))
}

/// The document that a browser makes of a page, which causes no error.
#[allow(clippy::print_stderr, reason = "a check that is left out is named")]
fn shown(trial: &Trial, address: &str) -> Option<String> {
    let Some((dom, talk)) = browse(trial, address) else {
        eprintln!("there is no Chromium here: what a browser makes of the page was not checked");
        return None;
    };
    let complaints: Vec<&str> = talk.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert_eq!(complaints, [""; 0]);
    Some(dom)
}

/// The result of a script in the page, which allows it by its hash. `change` changes the data.
fn run_in_browser(trial: &Trial, script: &str, change: impl FnOnce(&mut Value)) -> Option<Value> {
    use base64::Engine;
    use sha2::{Digest, Sha256};
    let (_, mut data) = page(trial, &[]);
    change(&mut data);
    let data = serde_json::to_string(&data).unwrap().replace('<', "\\u003c");
    let script = format!(
        r#"{{
            const cells = (row) => [...row.cells].map((cell) => cell.textContent).filter(Boolean).join(" ");
            const rows = (id) => [...document.querySelectorAll(`#${{id}} tbody tr:not([hidden])`)].map(cells);
            const heading = (id, name) =>
              [...document.querySelectorAll(`#${{id}} th`)].find((heading) => heading.textContent === name);
            const firsts = (id) => rows(id).map((row) => row.split(" ")[0]).join(" ");
            const sort = (id, name) => {{
              heading(id, name).querySelector("button").click();
              return [heading(id, name).getAttribute("aria-sort"), firsts(id)];
            }};
            const box = document.getElementById("search");
            const find = (text) => {{
              box.value = text;
              box.dispatchEvent(new Event("input"));
              return document.getElementById("matches").textContent;
            }};
            const press = (key, target = document.body) =>
              target.dispatchEvent(new KeyboardEvent("keydown", {{ key, bubbles: true, cancelable: true }}));
            const found = (() => {{ {script} }})();
            document.body.replaceChildren(JSON.stringify(found));
        }}"#
    );
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(&script));
    let whole = trial.read("page.html");
    let (before, rest) = whole.split_once(DATA).unwrap();
    let (_, after) = rest.split_once("</script>").unwrap();
    let before = before.replace("script-src ", &format!("script-src 'sha256-{hash}' "));
    let after = after.replace("</body>", &format!("<script>{script}</script></body>"));
    trial.write("driven.html", format!("{before}{DATA}{data}</script>{after}"));
    let dom = shown(trial, "driven.html")?;
    let (_, found) = dom.split_once("<body>").unwrap();
    let (found, _) = found.split_once("</body>").unwrap();
    let found = found.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", " ").replace("&amp;", "&");
    Some(serde_json::from_str(&found).unwrap())
}

/// Events of users whose names, numbers and times are in different orders.
fn four_users() -> Trial {
    let mut log = String::new();
    for (user, count, hour) in [("u1", 11, 12), ("u10", 9, 9), ("U2", 9, 11), ("", 2, 10)] {
        for minute in 0..count {
            log += &format!(
                r#"{{"eventTime":"2026-10-01T{hour:02}:{minute:02}:00Z","eventName":"Get","sourceIPAddress":"192.0.2.{count}","userIdentity":{{"type":"IAMUser","userName":"{user}"}}}}"#
            );
            log.push('\n');
        }
    }
    log += r#"{"eventName":"Get"}"#;
    Trial::with("log/a.json", log)
}

#[test]
fn columns_sort_as_numbers_times_and_names() {
    let script = r#"
        const [all, name] = ["table-users", "userName"];
        return [firsts(all), sort(all, name), sort(all, name), sort(all, name), sort(all, "events"), sort(all, "events"),
          sort(all, "first"), heading(all, "events").getAttribute("aria-sort"), sort(all, "last"), sort(all, "last"),
          sort("table-addresses", "sourceIPAddress")];"#;
    let Some(found) = run_in_browser(&four_users(), script, |_| ()) else { return };
    let expected = serde_json::json!([
        "u1 U2 u10",
        ["ascending", "u1 U2 u10"],
        ["descending", "u10 U2 u1"],
        ["none", "u1 U2 u10"],
        ["descending", "u1 U2 u10"],
        ["ascending", "U2 u10 u1"],
        ["ascending", "u10 U2 u1"],
        "none",
        ["ascending", "u10 U2 u1"],
        ["descending", "u1 U2 u10"],
        ["ascending", "192.0.2.2 192.0.2.9 192.0.2.11"],
    ]);
    assert_eq!(found, expected);
}

#[test]
fn the_search_finds_rows_of_all_tables() {
    let script = r##"
        const title = (id) => document.querySelector(`#${id} h2`).textContent;
        const state = () => [box.value, location.hash, rows("table-users").length];
        press("/");
        const isFocused = document.activeElement === box;
        const found = [find("2"), firsts("table-users"), find("1 U"), firsts("table-users"), title("table-names"),
          document.querySelector("#table-names table").checkVisibility(), state(), find("192.0.2.9"), title("table-users")];
        press("Escape", box);
        return [isFocused, ...found, state(), title("table-names"), find("(none) <b>")];"##;
    let Some(found) = run_in_browser(&four_users(), script, |_| ()) else { return };
    let expected = serde_json::json!([
        true,
        "8 of 14 rows on this page match, in 3 tables.",
        "U2",
        "8 of 14 rows on this page match, in 2 tables.",
        "u1 u10",
        "Event names 1 no match",
        false,
        ["1 U", "#search=1+U", 2],
        "2 of 14 rows on this page match, in 2 tables.",
        "Users 3 no match",
        ["", "", 3],
        "Event names 1",
        "None of the 14 rows on this page matches.",
    ]);
    assert_eq!(found, expected);
}

#[test]
fn the_search_is_kept_in_the_address() {
    let trial = four_users();
    page(&trial, &[]);
    let Some(dom) = shown(&trial, "page.html#search=u10+%3Cb") else { return };
    assert!(dom.contains("None of the 14 rows on this page matches."));
    let Some(dom) = shown(&trial, "page.html#search=u10") else { return };
    assert!(dom.contains("4 of 14 rows on this page match, in 2 tables."));
}

#[test]
fn tables_by_kind_are_drawn_if_the_data_has_them() {
    let add = |data: &mut Value| {
        let row = |values: [&str; 3], events: u64, first: u64| {
            serde_json::json!({ "values": values, "events": events, "picture": [], "options": null,
                "period": [1_790_845_200 + first, 1_790_845_200 + first] })
        };
        let table = |rows: Vec<Value>| serde_json::json!({ "distinct": 9, "events": 40, "empty": 0, "rows": rows });
        data["first"] = table(vec![
            row(["users", "<b>eve", "alice"], 2, 60),
            row(["keys", "AKIA2", "bob"], 3, 0),
            row(["users", "dan", "dan"], 10, 0),
        ]);
        data["rare"] = table(vec![row(["names", "LeaveOrganization", "eve"], 1, 0)]);
        let compared = |change: &str, value: &str, events: u64, earlier: u64, ratio: &str| {
            serde_json::json!({ "values": ["users", change, value, "x"], "events": events, "earlier": earlier,
                "ratio": ratio, "period": null, "picture": [], "options": null })
        };
        data["comparison"] = table(vec![
            compared("gone", "a", 0, 7, ""),
            compared("more", "b", 30, 10, "×3"),
            compared("more", "c", 100, 10, "×10"),
            compared("new", "d", 1, 0, ""),
        ]);
        data["signals"] = serde_json::json!([
            { "name": "Burst", "meaning": "Denied often.", "rows": [row(["eve", "eve", "30 calls"], 30, 0)] },
        ]);
    };
    let script = r#"
        const order = (name) => { heading("comparison-section", name).querySelector("button").click(); return rows("comparison-section"); };
        const found = [rows("first-section"), sort("first-section", "events"), sort("first-section", "first")];
        found.push(order("ratio"), document.getElementById("signals-section").innerText.split(/[\n\t]+/).join("|"));
        find("EVE");
        return [...found, ...["first", "rare", "comparison"].map((name) => rows(`${name}-section`)[1] ?? "none")];"#;
    let Some(found) = run_in_browser(&small(), script, add) else { return };
    let time = |minute: u8| format!("10-01 09:{minute:02} 10-01 09:{minute:02}");
    let (early, late) = (time(0), time(1));
    let eve = format!("<b>eve alice 2 {late}");
    let expected = serde_json::json!([
        ["Users", eve, format!("dan dan 10 {early}"), "Access keys", format!("AKIA2 bob 3 {early}")],
        ["descending", "Users dan <b>eve Access AKIA2"],
        ["ascending", "Users dan <b>eve Access AKIA2"],
        ["Users", "new d x – 1", "more c x 10 100 ×10", "more b x 10 30 ×3", "gone a x 7 –"],
        "Signals|Burst|Denied often.|what|who|detail|events|first|last|eve|eve|30 calls|30|10-01 09:00|10-01 09:00",
        eve,
        format!("LeaveOrganization eve 1 {early}"),
        "none",
    ]);
    assert_eq!(found, expected);
}

#[test]
fn a_browser_shows_hostile_texts_as_texts() {
    let trial = hostile();
    page(&trial, &[]);
    let Some(dom) = shown(&trial, "page.html") else { return };
    assert!(dom.contains("<title>CloudTrail summary</title>"), "a text became a script");
    let (drawn, _) = dom.split_once(DATA).unwrap();
    assert!(drawn.contains("<section id=\"table-users\">") && !drawn.contains("<img"));
    for text in ["&lt;img src=x onerror=document.title='taken'&gt;", "gpj.\\u202eexe", "\\u001b[31m\\u0000"] {
        assert!(drawn.contains(text), "{text}");
    }
    assert!(drawn.matches("title=\"trail2tsv log --").count() >= 10 * HOSTILE.len(), "numbers have their commands");
    assert_eq!(drawn.matches("<svg").count(), drawn.matches("</svg>").count());
    assert!(drawn.matches("<rect").count() > 7 * 24, "the charts are drawn");
}

#[cfg(unix)]
#[test]
fn charts_of_a_short_period_have_minutes_with_their_commands() {
    let event = |minute: u32| {
        format!(r#"{{"eventTime":"2026-10-01T{:02}:{:02}:30Z","eventName":"A"}}"#, 9 + minute / 60, minute % 60)
    };
    for (minutes, step, bins) in [(&[0, 1, 1, 239][..], 1, 3), (&[0, 1, 241], 5, 2), (&[0, 1, 361], 60, 2)] {
        let log: Vec<String> = minutes.iter().map(|minute| event(*minute)).collect();
        let trial = Trial::with("log/a.json", log.join("\n"));
        let (_, data) = page(&trial, &[]);
        let activity = &data["activity"];
        assert_eq!((&activity["minutes"], activity["bins"].as_array().unwrap().len()), (&step.into(), bins));
        check_commands(&trial, &[]);
    }
}
