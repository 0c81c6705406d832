//! Recognises archives, compressed files and Parquet by their first bytes.

/// A format that contains or compresses text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Container {
    /// A single compressed text or archive.
    Compressed(Compression),
    /// A tar archive: members in sequence, each after its header.
    Tar,
    /// A zip archive: members listed in a directory at the end.
    Zip,
    /// A Parquet file, whose index is at its end.
    Parquet,
    /// A recognised format that is not supported, with its name.
    Unsupported(&'static str),
}

/// A compression format.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Compression {
    /// Gzip, which is also the format of CloudTrail logs.
    Gzip,
    /// Zstandard.
    Zstd,
    /// The format of `bzip2`.
    Bzip2,
    /// The format of `xz`.
    Xz,
}

impl Compression {
    /// Returns the name for messages.
    pub fn name(self) -> &'static str {
        match self {
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
            Compression::Bzip2 => "bzip2",
            Compression::Xz => "xz",
        }
    }
}

/// Length of a tar header, in bytes.
pub(super) const TAR_BLOCK: usize = 512;

/// Magic numbers and the formats that they identify.
const SIGNATURES: [(&[u8], Container); 13] = [
    (b"\x1f\x8b\x08", Container::Compressed(Compression::Gzip)),
    (b"\x28\xb5\x2f\xfd", Container::Compressed(Compression::Zstd)),
    (b"\xfd7zXZ\0", Container::Compressed(Compression::Xz)),
    (b"PK\x03\x04", Container::Zip),
    (b"PK\x05\x06", Container::Zip),
    (b"PK\x07\x08", Container::Zip),
    (b"PAR1", Container::Parquet),
    (b"7z\xbc\xaf\x27\x1c", Container::Unsupported("7z")),
    (b"Rar!\x1a\x07", Container::Unsupported("rar")),
    (b"\x04\x22\x4d\x18", Container::Unsupported("lz4")),
    (b"LZIP\x01", Container::Unsupported("lzip")),
    (b"\x1f\x9d", Container::Unsupported("compress")),
    (b"\x1f\xa0", Container::Unsupported("compress")),
];

/// File name extensions of archives, and of compression formats that CloudTrail does not use.
const ENDINGS: [&str; 17] = [
    ".zip", ".tar", ".tgz", ".tar.gz", ".tbz", ".tbz2", ".txz", ".tzst", ".bz2", ".xz", ".zst", ".7z", ".rar", ".lz4",
    ".lz", ".tlz", ".tar.z",
];

impl Container {
    /// Number of leading bytes that identify every format.
    pub const SHOWN: usize = TAR_BLOCK;

    /// True if it is read at places all over the file, so that it must be on disk.
    pub fn needs_file(self) -> bool {
        matches!(self, Container::Zip | Container::Parquet)
    }

    /// Identifies the format from the first bytes; `None` if they may be text.
    pub fn of(start: &[u8]) -> Option<Container> {
        // JSON is by far the most common case, so it is tested first.
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

    /// True if `name` has an extension of an archive or compression format.
    pub fn is_named(name: &str) -> bool {
        let is_ending = |ending: &str| {
            let start = name.len().checked_sub(ending.len()).filter(|start| *start > 0);
            start.and_then(|start| name.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(ending))
        };
        ENDINGS.iter().any(|ending| is_ending(ending))
    }
}

/// True if the file starts with a tar header.
fn is_tar(start: &[u8]) -> bool {
    let Some(block) = start.first_chunk() else { return false };
    is_tar_header(block)
}

/// True if `block` is a tar header with a valid checksum.
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
    fn formats_are_recognised_by_their_first_bytes() {
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
    fn archive_names_are_recognised() {
        for name in ["a.zip", "A.ZIP", "x.tar.gz", "evidence.tgz", "a.json.xz", "b.7z"] {
            assert!(Container::is_named(name), "{name}");
        }
        for name in ["a.json.gz", ".zip", "zip", "a.zip.json", "x.gz", "\u{e9}zip"] {
            assert!(!Container::is_named(name), "{name}");
        }
    }
}
