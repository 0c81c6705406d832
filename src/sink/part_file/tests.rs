//! Parts are read as they were written, and all damage is found.

use proptest::prelude::*;

use super::*;

/// Names and records of sections.
type Sections = Vec<(String, Vec<Vec<u8>>)>;

fn written(sections: &Sections) -> (tempfile::TempDir, std::path::PathBuf) {
    file(|writer| {
        for (name, records) in sections {
            writer.section(name).unwrap();
            records.iter().for_each(|record| writer.record(record).unwrap());
        }
    })
}

/// A part file with what `write` adds.
fn file(write: impl FnOnce(&mut PartFileWriter)) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("part");
    let options = [("sort".to_string(), vec!["eventTime".to_string()])].into();
    let mut writer = PartFileWriter::create(&path, &PartHeader::new("", options, serde_json::Value::Null)).unwrap();
    write(&mut writer);
    writer.finish().unwrap();
    (folder, path)
}

fn read(path: &Path) -> Result<Sections, Error> {
    let mut part = PartFileReader::open(path)?;
    let mut sections = Vec::new();
    while let Some(name) = part.next_section()? {
        let mut records = Vec::new();
        while let Some(record) = part.next_record()? {
            records.push(record.to_vec());
        }
        sections.push((name, records));
    }
    Ok(sections)
}

fn sections() -> impl Strategy<Value = Sections> {
    let length = prop_oneof![8 => 0..40_usize, 1 => BLOCK - 6..BLOCK + 6, 1 => 2 * BLOCK..3 * BLOCK];
    let record = (length, any::<u8>())
        .prop_map(|(length, byte)| (0..length).map(|at| byte.wrapping_add((at * at / 7) as u8)).collect::<Vec<u8>>());
    prop::collection::vec(("[a-z]{0,5}", prop::collection::vec(record, 0..12)), 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_was_written_is_read(sections in sections()) {
        let (_folder, path) = written(&sections);
        prop_assert_eq!(read(&path).unwrap(), sections);
        prop_assert!(PartFileReader::verify(&path).is_ok());
    }

    #[test]
    fn all_damage_is_found(sections in sections(), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let (_folder, path) = written(&sections);
        let whole = std::fs::read(&path).unwrap();
        let at = at.index(whole.len());
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << bit;
        let longer = [&whole[..], b"x"].concat();
        for damaged in [&whole[..at], &flipped, &longer] {
            std::fs::write(&path, damaged).unwrap();
            for error in [read(&path).unwrap_err(), PartFileReader::verify(&path).unwrap_err()] {
                prop_assert!(error.to_string().starts_with(path.to_str().unwrap()), "{}", error);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn text_is_read_as_it_was_written(lengths in prop::collection::vec(0..BLOCK, 0..8), is_passed_over: bool) {
        let texts: Vec<Vec<u8>> =
            lengths.iter().map(|length| (0..*length).map(|at| (at * at / 11) as u8).collect()).collect();
        let (_folder, path) = file(|writer| {
            writer.section("text").unwrap();
            texts.iter().for_each(|text| writer.text(text).unwrap());
            writer.section("records").unwrap();
            writer.record(b"one").unwrap();
        });
        let mut part = PartFileReader::open(&path).unwrap();
        part.seek_section("text").unwrap();
        let (mut read, mut block) = (Vec::new(), b"old".to_vec());
        while !is_passed_over && part.next_text(&mut block).unwrap() {
            prop_assert!(!block.is_empty());
            read.extend_from_slice(&block);
        }
        prop_assert!(is_passed_over || read == texts.concat());
        part.seek_section("records").unwrap();
        prop_assert_eq!(part.next_record().unwrap(), Some(&b"one"[..]));
        prop_assert!(part.next_section().unwrap().is_none());
    }
}

#[test]
fn equal_runs_make_equal_bytes() {
    let sections = vec![("files".to_string(), vec![b"one".to_vec(), Vec::new()])];
    let (one, other) = (written(&sections), written(&sections));
    assert_eq!(std::fs::read(&one.1).unwrap(), std::fs::read(&other.1).unwrap());
}

#[test]
fn differences_of_questions_are_named() {
    let header = |command: &str, options: &[(&str, &[&str])]| {
        let text = |values: &[&str]| values.iter().map(ToString::to_string).collect();
        let options = options.iter().map(|(name, values)| (name.to_string(), text(values))).collect();
        PartHeader::new(command, options, serde_json::Value::Null)
    };
    let one = header("", &[("sort", &["eventTime"]), ("dedupe", &[])]);
    for (other, expected) in [
        (header("summary", &[]), Some("rows instead of trail2tsv summary")),
        (
            header("", &[("sort", &["-eventTime"]), ("dedupe", &[])]),
            Some("--sort eventTime instead of --sort -eventTime"),
        ),
        (header("", &[("sort", &["eventTime"])]), Some("--dedupe instead of no --dedupe")),
        (one.clone(), None),
    ] {
        assert_eq!(one.difference(&other).as_deref(), expected);
    }
}

#[test]
fn other_files_and_versions_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("part");
    let refusal = |content: &[u8]| {
        std::fs::write(&path, content).unwrap();
        PartFileReader::open(&path).err().unwrap().to_string().replace(&path.display().to_string(), "part")
    };
    assert_eq!(refusal(b""), "part: is empty; make this part again");
    assert_eq!(refusal(b"eventTime\tuserName\n"), "part: is not a part file; --partial FILE makes them");
    let mut other = MAGIC.to_vec();
    block::write(BlockKind::Header, 2, br#"{"version":2,"program":"9.0.0"}"#, &mut other);
    assert!(refusal(&other).starts_with("part: was made by trail2tsv 9.0.0 (format 2), and this is "));
    let error = PartFileReader::open(folder.path()).err().unwrap().to_string();
    assert!(error.ends_with("is not a regular file; parts are read more than once"), "{error}");
}
