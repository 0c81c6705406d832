//! Questions that have no parts, and parts that do not belong together.

use super::Parts;
use crate::harness::Trial;

#[test]
fn parts_of_other_questions_are_named() {
    let parts = Parts::of_sample();
    let made = parts.make(&["--sort", "eventTime"], "2");
    for (options, difference) in [
        (&["--sort", "-eventTime"][..], "--sort -eventTime instead of --sort eventTime"),
        (&["--sort", "eventTime", "--dedupe"], "--dedupe instead of no --dedupe"),
        (&["--sort", "eventTime", "-n", "4"], "--limit 4 instead of no --limit"),
        (&["--sort", "eventTime", "-e", "A"], "--event-name A instead of no --event-name"),
        (&["--sort", "eventTime", "--since", "2026-10-01"], "--since 2026-10-01T00:00:00Z instead of no --since"),
        (&[], "no --sort instead of --sort eventTime"),
    ] {
        let other = [options, &["--keys-from", "3.txt", "--partial", "3.part"]].concat();
        assert_eq!(parts.trial.run(&other).code, Some(0));
        let expected = format!("trail2tsv: 3.part: is a part of another question than 0.part: {difference}\n");
        parts.merge(&made, &[]).shows(1, "", &expected);
    }
}

#[test]
fn options_that_are_typed_again_are_checked() {
    let parts = Parts::of_sample();
    parts.trial.write("names.txt", "RunInstances\nConsoleLogin\n");
    let question = ["--sort", "eventTime", "-e", "@names.txt", "--since", "2026-09-30T00:00:00Z"];
    let made = parts.make(&question, "2");
    let whole = parts.whole(&question);
    parts.merge(&made, &[&["--"], &question[..]].concat()).shows(0, &whole.stdout, &whole.stderr);
    let ran = parts.merge(&made, &["--", "--sort", "eventTime", "-e", "@names.txt"]);
    let expected =
        "trail2tsv: 0.part: is a part of another question: --since 2026-09-30T00:00:00Z instead of no --since\n";
    ran.shows(1, "", expected);
    // The list has other values now.
    parts.trial.write("names.txt", "RunInstances\n");
    let ran = parts.merge(&made, &[&["--"], &question[..]].concat());
    assert!(ran.stderr.contains("another question: --event-name sha256:"), "{ran:?}");
    let ran = parts.merge(&made, &["--", "keys", "x"]);
    ran.shows(2, "", "trail2tsv: trail2tsv keys has no --partial\ntrail2tsv: try --help\n");
}

#[test]
fn questions_without_parts_are_refused() {
    let trial = Trial::with("a.json", r#"{"Records":[]}"#);
    for (arguments, expected) in [
        (&["-c", "+actor"][..], "--partial cannot be combined with actors: who began a session can be in another part"),
        (&["--actor", "alice"], "--partial cannot be combined with actors: who began a session can be in another part"),
        (&["-o", "x.tsv"], "--partial takes the place of --output; name the result in trail2tsv merge"),
    ] {
        let ran = trial.run(&[&["a.json", "--partial", "a.part"], arguments].concat());
        ran.shows(2, "", &format!("trail2tsv: {expected}\ntrail2tsv: try --help\n"));
        assert!(!trial.path("a.part").exists());
    }
    let ran = trial.run(&["--event-history", "--partial", "a.part"]);
    assert!(ran.code == Some(2) && ran.stderr.contains("the event history has no parts"), "{ran:?}");
    #[cfg(feature = "parquet")]
    {
        let ran = trial.run(&["a.json", "-f", "parquet", "--partial", "a.part"]);
        assert!(ran.code == Some(2) && ran.stderr.contains("--partial makes no Parquet"), "{ran:?}");
    }
    let ran = trial.run(&["merge"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    trial.run(&["a.json", "--partial", "a.part"]).shows(0, "", "trail2tsv: 0 events in 1 file read, 0 matched\n");
    let ran = trial.run(&["merge", "a.part", "-o", "a.part"]);
    ran.shows(2, "", "trail2tsv: --output \"a.part\": is one of the parts\ntrail2tsv: try --help\n");
}
