//! The command `verify`, on generated chains of digests that are tampered with.

mod aws_format;
mod bucket;
mod chains;
mod hostile;
mod property;
mod tampering;
mod verified;

use testkit::digests::{DigestChain, SignedBucket, SigningKey, public_key_list};

use crate::harness::{RunResult, Trial};

const ACCOUNT: &str = "111122223333";

/// A mirror with a signed chain of six hours. One hour in three has no logs.
struct SignedMirror {
    trial: Trial,
    chain: DigestChain,
}

impl SignedMirror {
    fn new() -> SignedMirror {
        SignedMirror::with(&[DigestChain::new(ACCOUNT, "eu-west-1", &[0, 1, 2, 0, 1, 2])])
    }

    /// A mirror with these chains. Tests tamper with the first one.
    fn with(chains: &[DigestChain]) -> SignedMirror {
        let mut bucket = SignedBucket::default();
        chains.iter().for_each(|chain| bucket.add(chain, |_| 0));
        let trial = Trial::new();
        bucket.write(&trial.path("mirror"));
        trial.write("mirror/.trail2tsv-bucket", "example-trail-logs\n");
        trial.write("keys.json", public_key_list(&[&SigningKey::of_tests(0)]));
        SignedMirror { trial, chain: chains[0].clone() }
    }

    /// Runs the command on the mirror.
    fn verify(&self, arguments: &[&str]) -> RunResult {
        let arguments = [&["verify", "mirror", "--keys", "keys.json"], arguments].concat();
        self.trial.run(&arguments)
    }

    /// The rows of one type, with the cells that are not empty.
    fn rows(&self, row_type: &str) -> Vec<String> {
        let ran = self.verify(&["--no-header", "-q"]);
        let lines = ran.stdout.lines().filter(|line| line.split('\t').next() == Some(row_type));
        lines.map(|line| line.split('\t').filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(" ")).collect()
    }
}

#[test]
fn an_untouched_mirror_is_proven() {
    let mirror = SignedMirror::new();
    let fingerprint = SigningKey::of_tests(0).fingerprint;
    let stdout = "\
        type\taccount\tregion\tday\ttrail\tobject\tverdict\tfrom\tuntil\
        \tproven\taltered\tmissing\textraBytes\tinNoDigest\tnotProven\tdigests\tbadDigests\tdetail\n\
        day\t111122223333\teu-west-1\t2026-11-01\t\t\t\t\t\t6\t0\t0\t0\t0\t0\t6\t0\t\n\
        period\t111122223333\teu-west-1\t\taudit\t\tproven\t2026-11-01T00:00:00Z\t2026-11-01T06:00:00Z\
        \t\t\t\t\t\t\t\t\t\n";
    let key = format!("key\t\teu-west-1\t\t\t{fingerprint}\t\t\t\t0\t0\t0\t0\t0\t0\t6\t0\tkeys.json\n");
    let stderr = format!(
        "trail2tsv: public key {fingerprint} (eu-west-1, 6 digests), from keys.json\n\
         trail2tsv: 6 of 6 log files proven; 6 of 6 digests valid\n"
    );
    mirror.verify(&[]).shows(0, &format!("{stdout}{key}"), &stderr);
}

#[test]
fn a_terminal_gets_three_tables() {
    let mirror = SignedMirror::new();
    let log = mirror.chain.log_keys(1).remove(0);
    std::fs::remove_file(mirror.trial.path("mirror").join(&log)).unwrap();
    let stdout = format!(
        "account       region     day         proven  missing  digests\n\
         111122223333  eu-west-1  2026-11-01  5       1        6\n\
         \n\
         verdict           detail             object\n\
         log file missing  a digest lists it  s3://example-trail-logs/{log}\n\
         \n\
         account       region     trail  from                  until                 verdict  detail\n\
         111122223333  eu-west-1  audit  2026-11-01T00:00:00Z  2026-11-01T06:00:00Z  proven\n"
    );
    mirror.verify(&["-f", "table", "-q"]).shows(3, &stdout, "");
}
