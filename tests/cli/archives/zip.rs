//! Writes zip archives for tests, including invalid ones.

use std::io::Write;

/// A member of an archive.
pub(super) struct Member {
    pub(super) name: Vec<u8>,
    pub(super) content: Vec<u8>,
    pub(super) is_packed: bool,
    /// The compression method that the archive names, if it is wrong.
    pub(super) method: Option<u16>,
    pub(super) flags: u16,
    /// The type and permissions, as in `st_mode`.
    pub(super) mode: u32,
}

impl Member {
    pub(super) fn new(name: &str, content: impl AsRef<[u8]>) -> Member {
        let (name, content) = (name.into(), content.as_ref().to_vec());
        Member { name, content, is_packed: true, method: None, flags: 0, mode: 0o100_644 }
    }
}

/// An archive of these members.
pub(super) fn zip(members: &[Member]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for member in members {
        let mut crc = flate2::Crc::new();
        crc.update(&member.content);
        let data = if member.is_packed { deflated(&member.content) } else { member.content.clone() };
        let method = member.method.unwrap_or(if member.is_packed { 8 } else { 0 });
        let common = [
            &20_u16.to_le_bytes()[..],
            &member.flags.to_le_bytes(),
            &method.to_le_bytes(),
            &[0; 4],
            &crc.sum().to_le_bytes(),
            &(data.len() as u32).to_le_bytes(),
            &(member.content.len() as u32).to_le_bytes(),
            &(member.name.len() as u16).to_le_bytes(),
            &[0; 2],
        ]
        .concat();
        let place = file.len() as u32;
        file.extend([b"PK\x03\x04", &common[..], &member.name, &data].concat());
        directory.extend(
            [
                b"PK\x01\x02\x14\x03",
                &common[..],
                &[0; 6],
                &(member.mode << 16).to_le_bytes(),
                &place.to_le_bytes(),
                &member.name,
            ]
            .concat(),
        );
    }
    let count = (members.len() as u16).to_le_bytes();
    let end = [
        b"PK\x05\x06\0\0\0\0",
        &count[..],
        &count,
        &(directory.len() as u32).to_le_bytes(),
        &(file.len() as u32).to_le_bytes(),
        &[0; 2],
    ]
    .concat();
    [file, directory, end].concat()
}

fn deflated(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}
