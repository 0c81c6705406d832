//! What shells read to complete, and the manual page.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use crate::harness::Trial;

#[test]
fn every_shell_gets_columns_and_event_names() {
    let trial = Trial::new();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let ran = trial.run(&["completions", shell]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{shell}");
        // PowerShell's script offers options only.
        for name in ["recipientAccountId", "TerminateInstances"] {
            assert!(shell == "powershell" || ran.stdout.contains(name), "{shell}: {name}");
        }
        assert!(ran.stdout.contains("event-name"), "{shell}");
    }
    assert_eq!(trial.run(&["completions", "tcsh"]).code, Some(2));
}

#[cfg(unix)]
#[test]
fn bash_completes_a_column() {
    let trial = Trial::new();
    let program = env!("CARGO_BIN_EXE_trail2tsv");
    let line = format!(
        "command -v bash > /dev/null || {{ echo recipientAccountId; exit; }}; {program} completions bash > c && \
         bash -c 'source ./c; COMP_WORDS=(trail2tsv --columns recip); COMP_CWORD=2; \
         _trail2tsv trail2tsv recip --columns; echo \"${{COMPREPLY[@]}}\"'"
    );
    assert_eq!(trial.run_in_shell(&line).stdout, "recipientAccountId\n");
}

#[test]
fn the_manual_page_names_every_option() {
    let ran = Trial::new().run(&["man"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert!(ran.stdout.starts_with(".ie") && ran.stdout.contains(".SH OPTIONS"));
    assert!(ran.stdout.contains("event\\-name") || ran.stdout.contains("event-name"));
}
