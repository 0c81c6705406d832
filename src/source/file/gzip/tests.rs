//! Tests of intact and damaged streams of members.

use std::io::Write;

use testkit::logs::gzip;

use super::*;

fn read(file: &[u8], step: usize) -> (Vec<u8>, String) {
    let mut stream = GzipStream::new(file);
    let (mut text, mut buffer) = (Vec::new(), vec![0; step]);
    loop {
        match stream.read(&mut buffer) {
            0 if stream.next_part().is_none() => break,
            length => text.extend_from_slice(&buffer[..length]),
        }
    }
    let problems: Vec<String> = stream.into_parts().1.into_problems().iter().map(Problem::to_string).collect();
    (text, problems.join(", "))
}

#[test]
fn consecutive_members_are_read() {
    let file = [gzip(b"one "), gzip(b""), gzip(b"two")].concat();
    for step in [1, 3, 1000] {
        assert_eq!(read(&file, step), (b"one two".to_vec(), String::new()));
    }
}

/// A member that stores its text uncompressed, so that the text can imitate a header.
fn stored(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn consecutive_members_of_all_sizes_are_read() {
    let inner = gzip(b"what looks like a member");
    let large: Vec<u8> = (0..100_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let texts = [&b"one\n"[..], b"one\n", b"", &inner, &DEFLATED.repeat(9), &large, b"two\n", &large[..90_000], b""];
    let file: Vec<u8> = texts.iter().flat_map(|text| [gzip(text), stored(text)].concat()).collect();
    let whole: Vec<u8> = texts.iter().flat_map(|text| text.repeat(2)).collect();
    for step in [1, 100, 70_000, 1 << 20] {
        assert!(read(&file, step) == (whole.clone(), String::new()), "{step}");
    }
    let mut damaged = [&file[..], &gzip(b"three"), &gzip(b"four")].concat();
    let place = damaged.len() - gzip(b"four").len() - 5;
    damaged[place] ^= 1;
    let expected = [&whole[..], b"threefour"].concat();
    let members = 2 * texts.len() + 1;
    assert!(read(&damaged, 70_000) == (expected, format!("checksum of gzip member {members} does not match")));
}

#[test]
fn only_a_single_member_is_inflated_in_one_call() {
    let mut decompressor = Decompressor::new();
    let mut inflate = |file: &[u8], room: usize| inflate_member(&mut decompressor, file, &mut vec![0; room]);
    let (one, other) = (gzip(b"one"), gzip(b"other"));
    assert_eq!((inflate(&one, 3), inflate(&one, 2), inflate(&other, 9)), (Some(3), None, Some(5)));
    for end in 0..one.len() {
        assert_eq!(inflate(&one[..end], 1000), None, "cut at {end}");
        assert_eq!(inflate(&[&one[..], &one[end..]].concat(), 1000), None, "its own end from {end} behind it");
        assert_eq!(inflate(&[&one[..], &other[..end.max(1)]].concat(), 1000), None, "{end} of another behind it");
    }
}

#[test]
fn all_bytes_before_damage_are_returned() {
    let text: Vec<u8> = (0..50_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let file = gzip(&text);
    let (kept, problem) = read(&file[..file.len() / 2], 4096);
    assert!(text.starts_with(&kept) && kept.len() > text.len() / 3, "{}", kept.len());
    assert_eq!(problem, "gzip stream ends early");

    for end in [0, 3, 8] {
        let mut damaged = file.clone();
        let place = damaged.len() - 8 + end - usize::from(end == 8);
        damaged[place] ^= 1;
        assert_eq!(read(&damaged, 4096), (text.clone(), "gzip checksum does not match".into()));
    }
    let trailed = [&file[..], b"junk"].concat();
    assert_eq!(read(&trailed, 4096), (text, "4 bytes of other data after the gzip stream".into()));
    assert_eq!(read(&file[..2], 10), (Vec::new(), "gzip stream ends early".into()));
    assert_eq!(read(b"\x1f\x8b\x08\x00 damaged beyond anything", 10).1, "gzip stream is damaged");
}

/// A text that differs for every member of a test.
fn text(number: u32, length: u32) -> Vec<u8> {
    (0..length).flat_map(|at| format!("{number}:{} ", at.wrapping_mul(2_654_435_761) % 9973).into_bytes()).collect()
}

#[test]
fn damage_to_one_member_leaves_the_others_intact() {
    for length in [1, 60, 20_000] {
        let texts = [text(1, length), text(2, length), text(3, length)];
        let members = texts.clone().map(|text| gzip(&text));
        let file = |damaged: &[u8], at: usize| {
            let mut members = members.clone();
            members[at] = damaged.to_vec();
            members.concat()
        };
        for at in 0..3 {
            let member = &members[at];
            // Checksum and length.
            for place in [8, 5, 4, 1] {
                let mut damaged = member.clone();
                damaged[member.len() - place] ^= 0x10;
                let said = format!("checksum of gzip member {} does not match", at + 1);
                for step in [7, 100_000] {
                    assert!(read(&file(&damaged, at), step) == (texts.concat(), said.clone()), "{length} {at} {place}");
                }
            }
            // An invalid block type, and some missing bytes.
            let mut damaged = [member.clone(), member.clone()];
            damaged[0][10] |= 0b110;
            damaged[1].drain(member.len() / 2..member.len() - 8);
            for damaged in damaged {
                for step in [7, 100_000] {
                    let (kept, said) = read(&file(&damaged, at), step);
                    let (before, behind) = (texts[..at].concat(), texts[at + 1..].concat());
                    assert!(
                        kept.starts_with(&before) && kept.ends_with(&behind),
                        "{length} {at}: {said} {} {}",
                        kept.len(),
                        texts.concat().len()
                    );
                    assert!(!said.is_empty(), "{length} {at}");
                }
            }
            // An invalid header: the bytes of this member are junk.
            for place in [0, 1, 2, 3].into_iter().filter(|_| at > 0) {
                let mut damaged = member.clone();
                damaged[place] ^= 0xe0;
                let expected = [texts[..at].concat(), texts[at + 1..].concat()].concat();
                for step in [7, 100_000] {
                    let (kept, said) = read(&file(&damaged, at), step);
                    assert!(kept == expected, "{length} {at} {place}: {said}");
                    assert!(said.contains("gzip"), "{said}");
                }
            }
        }
    }
}

#[test]
fn junk_between_members_is_counted_and_skipped() {
    let (one, two) = (gzip(b"one"), gzip(b"two"));
    let looks = [DEFLATED[0], DEFLATED[1], DEFLATED[2], 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff];
    for junk in [&b"x"[..], b"\0\0\0", &[7; 200_000], &[&[7], &looks.repeat(3)[..]].concat(), b"{\"a\":\"A\"}"] {
        let count = format!("{} byte{}", junk.len(), if junk.len() == 1 { "" } else { "s" });
        for step in [2, 1000] {
            let between = read(&[&one, junk, &two].concat(), step);
            let said = format!("{count} of other data between gzip members");
            assert!(between == (b"onetwo".to_vec(), said.clone()), "{between:?} {said}");
            let behind = read(&[&one, junk].concat(), step);
            let said = format!("{count} of other data after the gzip stream");
            assert!(behind == (b"one".to_vec(), said.clone()), "{behind:?} {said}");
        }
    }
    for file in [[&one[..], &looks, &two].concat(), [&one[..], &looks].concat()] {
        let (kept, said) = read(&file, 1000);
        assert!(b"onetwo".starts_with(&kept[..]) && said == "gzip stream is damaged", "{said}");
    }
}

#[test]
fn text_after_the_first_member_is_a_separate_part() {
    let file = [gzip(b"one"), gzip(b""), gzip(b"three")].concat();
    let mut stream = GzipStream::new(&*file);
    let mut buffer = [0; 100];
    assert_eq!((stream.read(&mut buffer), stream.read(&mut buffer)), (3, 0));
    assert_eq!((stream.next_part(), stream.read(&mut buffer)), (Some(GzipPart::FurtherMembers), 5));
    assert_eq!((stream.read(&mut buffer), stream.next_part()), (0, None));
    let (_, findings) = stream.into_parts();
    assert_eq!((findings.members, findings.further_bytes), (3, 5));
    let mut alone = GzipStream::new(&file[..gzip(b"one").len()]);
    assert_eq!((alone.read(&mut buffer), alone.read(&mut buffer), alone.next_part()), (3, 0, None));
}

#[test]
fn a_truncated_stream_ends_early() {
    let file = gzip(b"{\"Records\":[]}");
    for end in 2..file.len() {
        assert_eq!(read(&file[..end], 100).1, "gzip stream ends early", "{end}");
    }
}
