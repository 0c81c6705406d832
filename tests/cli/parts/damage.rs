//! Damaged parts: each is named, and nothing is written.

use std::fs;

use super::Parts;

/// Writes a damaged part, and returns the reason that `merge` prints.
fn refused(parts: &Parts, part: &str, content: &[u8], all: &[String]) -> String {
    fs::write(parts.trial.path(part), content).unwrap();
    let ran = parts.merge(all, &["-o", "out.tsv"]);
    assert!(ran.code == Some(1) && ran.stdout.is_empty(), "{ran:?}");
    assert!(!parts.trial.path("out.tsv").exists());
    let line = ran.stderr.lines().next().unwrap_or_default();
    let text = line.strip_prefix(&format!("trail2tsv: {part}: "));
    text.unwrap_or_else(|| panic!("{ran:?}")).to_string()
}

#[test]
fn a_part_that_is_cut_short_is_named() {
    check_cut_short(&["--dedupe", "--sort", "eventTime"]);
    check_cut_short(&["timeline", "--all", "--dedupe"]);
    check_cut_short(&["history", "rules"]);
}

fn check_cut_short(question: &[&str]) {
    let parts = Parts::of_sample();
    let made = parts.make(question, "2");
    let part = made[4].as_str();
    let whole = fs::read(parts.trial.path(part)).unwrap();
    let few = (0..40).map(|at| whole.len() * at / 40);
    for length in few.chain([1, 14, 15, 16, 31, whole.len() - 41, whole.len() - 40, whole.len() - 1]) {
        let reason = refused(&parts, part, &whole[..length], &made);
        let expected = match length {
            0 => "is empty; make this part again",
            1..15 => "is not a part file; --partial FILE makes them",
            _ => "is cut short; make this part again",
        };
        assert_eq!(reason, expected, "{length} of {}", whole.len());
    }
    assert_eq!(parts.merge(&made, &[]).code, Some(1));
    fs::write(parts.trial.path(part), &whole).unwrap();
    assert_eq!(parts.merge(&made, &[]).code, Some(0));
}

#[test]
fn a_part_with_a_flipped_bit_is_named() {
    check_flipped(&["--sort", "eventTime"], 300);
    check_flipped(&["timeline", "--all"], 100);
    check_flipped(&["history", "rules"], 50);
}

fn check_flipped(question: &[&str], count: usize) {
    let parts = Parts::of_sample();
    let made = parts.make(question, "2");
    let part = made[2].as_str();
    let whole = fs::read(parts.trial.path(part)).unwrap();
    let mut state = 1_u64;
    for _ in 0..count {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let mut flipped = whole.clone();
        flipped[(state >> 20) as usize % whole.len()] ^= 1 << (state >> 61);
        refused(&parts, part, &flipped, &made);
    }
    let longer = [&whole[..], b"\n"].concat();
    assert_eq!(refused(&parts, part, &longer, &made), "is damaged: a checksum does not match; make this part again");
    // Two parts in one file are not one part.
    let twice = [&whole[..], &whole].concat();
    assert_eq!(refused(&parts, part, &twice, &made), "is damaged: a checksum does not match; make this part again");
}

#[test]
fn other_files_are_refused() {
    let parts = Parts::of_sample();
    let made = parts.make(&[], "2");
    for content in ["eventTime\tuserName\n", "\u{0}", "trail2tsv"] {
        let reason = refused(&parts, &made[1], content.as_bytes(), &made);
        assert_eq!(reason, "is not a part file; --partial FILE makes them");
    }
    fs::remove_file(parts.trial.path(&made[1])).unwrap();
    let ran = parts.merge(&made, &[]);
    ran.shows(1, "", "trail2tsv: 1.part: cannot be read: No such file or directory\n");
}
