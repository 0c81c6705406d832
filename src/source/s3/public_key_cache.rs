//! The file of a mirror with the public keys that verify its digests. Whoever can write to the
//! mirror can write to it too, so each key says where it came from.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::mirror::{KEYS, Mirror};
use crate::cloudtrail::digest::public_key::{PublicKey, read_kept, write_kept};
use crate::error::{Error, io_message};

/// The public keys beside the objects of a mirror.
#[derive(Clone, Debug)]
pub struct PublicKeyCache {
    mirror: Mirror,
    keys: Vec<PublicKey>,
}

impl PublicKeyCache {
    /// Reads the file, if there is one. Returns an error if it cannot be used.
    pub fn open(mirror: Mirror) -> Result<PublicKeyCache, Error> {
        let file = mirror.root().map(|root| root.file(Path::new(KEYS)));
        let keys = match file {
            None => Vec::new(),
            Some(Err(error)) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Some(file) => file
                .and_then(read)
                .and_then(|text| read_kept(&text).map_err(io::Error::other))
                .map_err(|error| failed(&mirror, &format!("cannot be used: {}; remove it", io_message(&error))))?,
        };
        Ok(PublicKeyCache { mirror, keys })
    }

    /// Returns the keys, those of a region together.
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// Returns the path of the file.
    pub fn path(&self) -> PathBuf {
        self.mirror.own_path(KEYS)
    }

    /// Adds keys and writes the file. A key that AWS has answered replaces one that claims to be
    /// the same and is not. Returns the fingerprints of those.
    pub fn add(&mut self, new: Vec<PublicKey>) -> Result<Vec<String>, Error> {
        let mut replaced = Vec::new();
        let mut is_changed = false;
        for key in new {
            let is_same = |kept: &&mut PublicKey| kept.region == key.region && kept.fingerprint == key.fingerprint;
            match self.keys.iter_mut().find(is_same) {
                // The time at which it was first seen is worth more than that of the last time.
                Some(kept) if kept.der == key.der => {}
                Some(kept) => {
                    replaced.push(key.fingerprint.clone());
                    *kept = key;
                    is_changed = true;
                }
                None => {
                    self.keys.push(key);
                    is_changed = true;
                }
            }
        }
        if is_changed {
            self.keys.sort_by(|one, other| (&one.region, one.from).cmp(&(&other.region, other.from)));
            let text = write_kept(&self.keys);
            self.write(&text)
                .map_err(|error| failed(&self.mirror, &format!("cannot be written: {}", io_message(&error))))?;
        }
        Ok(replaced)
    }

    fn write(&self, text: &str) -> io::Result<()> {
        let part = self.mirror.begin(KEYS)?;
        part.file().write_all(text.as_bytes())?;
        part.persist(KEYS)
    }
}

/// Reads a file of any size, which others may have written.
fn read((file, size): (File, u64)) -> io::Result<Vec<u8>> {
    /// More than all keys of all regions of many years.
    const MAX_FILE: u64 = 16 << 20;
    if size > MAX_FILE {
        return Err(io::Error::other("larger than 16 MiB"));
    }
    let mut text = Vec::new();
    file.take(MAX_FILE).read_to_end(&mut text)?;
    Ok(text)
}

fn failed(mirror: &Mirror, what: &str) -> Error {
    Error::Failed(format!("{}: {what}", mirror.own_path(KEYS).display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(region: &str, fingerprint: &str, der: u8) -> PublicKey {
        PublicKey {
            region: Some(region.into()),
            fingerprint: fingerprint.into(),
            der: vec![der],
            from: "2026-10-01T00:00:00Z".parse().unwrap(),
            until: "2026-11-01T00:00:00Z".parse().unwrap(),
            source: format!("source {der}"),
        }
    }

    fn open(folder: &Path) -> Result<PublicKeyCache, String> {
        PublicKeyCache::open(Mirror::open(folder, "logs").unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn keys_are_kept_once_with_their_first_source() {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = open(folder.path()).unwrap();
        assert!(cache.keys().is_empty());
        let [first, second] = [key("us-east-1", "a", 1), key("eu-west-1", "b", 2)];
        assert!(cache.add(vec![first.clone(), second.clone()]).unwrap().is_empty());
        let again = PublicKey { source: "later".into(), ..first.clone() };
        assert!(cache.add(vec![again]).unwrap().is_empty());
        assert_eq!(open(folder.path()).unwrap().keys(), [second.clone(), first.clone()]);
        let other = PublicKey { der: vec![9], ..first };
        assert_eq!(cache.add(vec![other.clone()]).unwrap(), ["a"]);
        assert_eq!(open(folder.path()).unwrap().keys(), [second, other]);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn an_unusable_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(KEYS);
        std::fs::write(&path, "no JSON").unwrap();
        let error = open(folder.path()).unwrap_err();
        assert!(
            error.starts_with(&format!("{}: cannot be used: not a list of public keys", path.display())),
            "{error}"
        );
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(open(folder.path()).is_err());
    }
}
