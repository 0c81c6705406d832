//! What a file holds that is not text, told by its first bytes.

/// A form in which texts are kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Container {
    /// One text or archive, compressed.
    Compressed(Compression),
    /// Files behind each other.
    Tar,
    /// Files that a directory at the end lists.
    Zip,
    /// Something that cannot be read.
    Unsupported(&'static str),
}

/// How a text is compressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Compression {
    /// As logs are, and once more.
    Gzip,
    /// Zstandard.
    Zstd,
    /// As `bzip2` does.
    Bzip2,
    /// As `xz` does.
    Xz,
}

impl Compression {
    /// As messages call it.
    pub fn name(self) -> &'static str {
        match self {
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
            Compression::Bzip2 => "bzip2",
            Compression::Xz => "xz",
        }
    }
}

/// How long a header is in a tar archive.
pub(super) const TAR_BLOCK: usize = 512;

/// The first bytes of forms, each with what it is.
const SIGNATURES: [(&[u8], Container); 12] = [
    (b"\x1f\x8b\x08", Container::Compressed(Compression::Gzip)),
    (b"\x28\xb5\x2f\xfd", Container::Compressed(Compression::Zstd)),
    (b"\xfd7zXZ\0", Container::Compressed(Compression::Xz)),
    (b"PK\x03\x04", Container::Zip),
    (b"PK\x05\x06", Container::Zip),
    (b"PK\x07\x08", Container::Zip),
    (b"7z\xbc\xaf\x27\x1c", Container::Unsupported("7z")),
    (b"Rar!\x1a\x07", Container::Unsupported("rar")),
    (b"\x04\x22\x4d\x18", Container::Unsupported("lz4")),
    (b"LZIP\x01", Container::Unsupported("lzip")),
    (b"\x1f\x9d", Container::Unsupported("compress")),
    (b"\x1f\xa0", Container::Unsupported("compress")),
];

/// What names of archives end in, and of files that are compressed in another way
/// than logs are.
const ENDINGS: [&str; 17] = [
    ".zip", ".tar", ".tgz", ".tar.gz", ".tbz", ".tbz2", ".txz", ".tzst", ".bz2", ".xz", ".zst", ".7z", ".rar", ".lz4",
    ".lz", ".tlz", ".tar.z",
];

impl Container {
    /// This many bytes show every form.
    pub const SHOWN: usize = TAR_BLOCK;

    /// What begins so; None if it may be text.
    pub fn of(start: &[u8]) -> Option<Container> {
        if matches!(start.first(), None | Some(b'{' | b'[' | b'"')) {
            return None;
        }
        let found = SIGNATURES.iter().find(|(signature, _)| start.starts_with(signature)).map(|(_, kind)| *kind);
        found.or_else(|| match start {
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Container::Compressed(Compression::Zstd)),
            [b'B', b'Z', b'h', b'1'..=b'9', block @ ..]
                if block.starts_with(b"1AY&SY") || block.starts_with(b"\x17\x72\x45\x38\x50\x90") =>
            {
                Some(Container::Compressed(Compression::Bzip2))
            }
            _ => is_tar(start).then_some(Container::Tar),
        })
    }

    /// Whether a name is one that archives have.
    pub fn is_named(name: &str) -> bool {
        let is_ending = |ending: &str| {
            let start = name.len().checked_sub(ending.len()).filter(|start| *start > 0);
            start.and_then(|start| name.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(ending))
        };
        ENDINGS.iter().any(|ending| is_ending(ending))
    }
}

/// Whether the first block is a header whose checksum is right.
fn is_tar(start: &[u8]) -> bool {
    let Some(block) = start.first_chunk() else { return false };
    is_tar_header(block)
}

/// Whether a block is the header of a file in a tar archive.
pub(super) fn is_tar_header(block: &[u8; TAR_BLOCK]) -> bool {
    let header = tar::Header::from_byte_slice(block);
    let checksum = 148..156;
    let counted = |(at, byte): (usize, &u8)| u32::from(if checksum.contains(&at) { b' ' } else { *byte });
    let sum: u32 = block.iter().enumerate().map(counted).sum();
    block[0] != 0 && header.cksum().is_ok_and(|expected| expected == sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_told_by_what_they_begin_with() {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_ustar();
        header.set_size(1);
        tar.append_data(&mut header, "a.json", &b"x"[..]).unwrap();
        let tar = tar.into_inner().unwrap();
        assert_eq!(Container::of(&tar), Some(Container::Tar));
        let mut wrong = tar.clone();
        wrong[0] ^= 1;
        for text in [&wrong[..], b"{", b"[1]", b"", b"hello", b"PK", b"BZh9 is a name", b"\x1f", &[0; 2000], b"Rar!"] {
            assert_eq!(Container::of(text), None, "{text:?}");
        }
        assert_eq!(Container::of(b"7z\xbc\xaf\x27\x1c"), Some(Container::Unsupported("7z")));
    }

    #[test]
    fn names_of_archives_are_known() {
        for name in ["a.zip", "A.ZIP", "x.tar.gz", "evidence.tgz", "a.json.xz", "b.7z"] {
            assert!(Container::is_named(name), "{name}");
        }
        for name in ["a.json.gz", ".zip", "zip", "a.zip.json", "x.gz", "\u{e9}zip"] {
            assert!(!Container::is_named(name), "{name}");
        }
    }
}
