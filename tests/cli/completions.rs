//! The completions of shells, and the manual page.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use crate::harness::Trial;

/// The completions that are offered for the last of these words.
fn offered(words: &[&str]) -> String {
    let mut trial = Trial::new();
    trial.write("logs/x.json.gz", "");
    let place = (words.len()).to_string();
    trial.env("TRAIL2TSV_COMPLETE", "zsh").env("_CLAP_IFS", "\n").env("_CLAP_COMPLETE_INDEX", &place);
    let ran = trial.run(&[&["--", "trail2tsv"], words].concat());
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{words:?}");
    let values = ran.stdout.lines().map(|line| line.split(':').next().unwrap());
    values.collect::<Vec<_>>().join(" ")
}

#[test]
fn typed_words_are_completed() {
    for (words, expected) in [
        (&["-c", "recip"][..], "recipientAccountId"),
        (&["-c", "eventTime,RECIP"], "eventTime,recipientAccountId"),
        (&["-c", "+errorC"], "+errorCode"),
        (&["-c", "-userA"], "-userAgent"),
        (&["-c", "time,Ag"], "time,agent"),
        (&["--sort", "-ti"], "-time"),
        (&["--sort", "-eventTi"], "-eventTime"),
        (&["-e", "StopLogging,Termin"], "StopLogging,TerminateInstances"),
        (&["-e", "!Termin"], "!TerminateInstances"),
        (&["logs", "--event-n"], "--event-name"),
        (&["logs", "-e", "Termin"], "TerminateInstances"),
        (&["--format", "x"], "xlsx"),
        (&["summ"], "summary"),
        (&["summary", "--by", "recip"], "recipientAccountId"),
        (&["summary", "--format", "t"], "text tsv"),
        (&["follow", "-c", "eventTime,asn"], "eventTime,asn eventTime,asnOrg"),
        (&["timeline", "-e", "Termin"], "TerminateInstances"),
        (&["--geoip", "lo"], "logs/"),
        (&["summary", "--networks", "lo"], "logs/"),
        (&["lo"], "logs/"),
        (&["-u", "@lo"], "@logs/"),
        (&["-e", "!@logs/"], "!@logs/x.json.gz"),
        (&["logs/"], "logs/x.json.gz"),
        (&["-e", "nothing like it"], ""),
    ] {
        assert_eq!(offered(words), expected, "{words:?}");
    }
}

#[test]
fn every_shell_has_a_script() {
    let trial = Trial::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = trial.run(&["completions", shell]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{shell}");
        assert!(ran.stdout.contains("TRAIL2TSV_COMPLETE"), "{shell}");
    }
    assert_eq!(trial.run(&["completions", "tcsh"]).code, Some(2));
}

#[cfg(unix)]
#[test]
fn bash_completes_a_column() {
    let line = "command -v bash > /dev/null || { echo recipientAccountId; exit; }; \
         trail2tsv completions bash > c && bash -c 'source ./c; COMP_WORDS=(trail2tsv --columns recip); \
         COMP_CWORD=2; _clap_complete_trail2tsv trail2tsv recip --columns; echo ${COMPREPLY[@]}'";
    assert_eq!(Trial::new().run_in_shell(line).stdout, "recipientAccountId\n");
}

/// zsh completes only what is typed into a terminal, so it gets one.
#[cfg(unix)]
#[test]
fn zsh_completes_a_column() {
    let trial = Trial::new();
    trial.write(
        "type.zsh",
        "zmodload zsh/zpty\n\
         zpty shell zsh -f -i\n\
         zpty -w shell \"TMOUT=30; autoload -Uz compinit && compinit -u -D; source ./c; bindkey '^I' complete-word\"\n\
         zpty -w -n shell $'trail2tsv --columns recip\\t'\n\
         zpty -r -m shell shown '*recipientAccountId*' && echo completed\n",
    );
    let line = "command -v zsh > /dev/null || { echo completed; exit; }; \
         trail2tsv completions zsh > c && zsh -f type.zsh";
    assert_eq!(trial.run_in_shell(line).stdout, "completed\n");
}

#[cfg(unix)]
#[test]
fn fish_completes_a_column() {
    let line = "command -v fish > /dev/null || { echo recipientAccountId; exit; }; \
         fish --no-config -c 'trail2tsv completions fish | source; complete -C \"trail2tsv -c recip\"' | cut -f1";
    assert_eq!(Trial::new().run_in_shell(line).stdout, "recipientAccountId\n");
}

#[test]
fn the_manual_page_names_every_option() {
    let ran = Trial::new().run(&["man"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert!(ran.stdout.starts_with(".ie") && ran.stdout.contains(".SH OPTIONS"));
    assert!(ran.stdout.contains("event\\-name") || ran.stdout.contains("event-name"));
}
