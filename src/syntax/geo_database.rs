//! Countries and autonomous systems of addresses, from databases in the format of MaxMind.

mod record;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};

use maxminddb::{MaxMindDbError, Reader, WithinOptions};
use memchr::memmem;

use self::record::GeoRecord;

/// The most bytes of all databases together, which are held in memory.
pub const MAX_BYTES: u64 = 128 << 20;
/// The bytes at the end of a file that have the metadata.
pub const METADATA_SIZE: usize = 128 << 10;
/// What stands before the metadata.
const METADATA_MARKER: &[u8] = b"\xab\xcd\xefMaxMind.com";
/// The most networks that are searched for a value, to learn whether a database has such
/// values. All of a small database is searched.
const MAX_SEARCHED: usize = 20_000;

/// A value that a database can have for an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum GeoAttribute {
    /// The country, as its code of two letters.
    Country,
    /// The number of the autonomous system: `AS64496`.
    Asn,
    /// The organisation that runs the autonomous system.
    AsnOrganisation,
}

impl GeoAttribute {
    /// What a database with such values has.
    pub fn plural(self) -> &'static str {
        match self {
            GeoAttribute::Country => "countries",
            GeoAttribute::Asn => "autonomous systems",
            GeoAttribute::AsnOrganisation => "names of autonomous systems",
        }
    }
}

/// Reads the databases. Fails with the reason and the name of the file.
pub type DatabaseLoader = Box<dyn FnOnce() -> Result<Vec<GeoDatabase>, String> + Send>;

/// Databases in order of precedence: the first with a value for an address wins. They are read on
/// first use, so that runs that need none do not load them.
#[derive(Debug)]
pub struct GeoDatabases {
    loaded: LazyLock<Result<Vec<GeoDatabase>, String>, DatabaseLoader>,
}

impl GeoDatabases {
    /// The databases that `load` reads.
    pub fn new(load: DatabaseLoader) -> GeoDatabases {
        GeoDatabases { loaded: LazyLock::new(load) }
    }

    /// Whether a database has such values. Also true if that is unknown because a database
    /// is damaged, so that [`GeoDatabases::require`] can report it.
    pub fn may_have(&self, attribute: GeoAttribute) -> bool {
        let Ok(databases) = &*self.loaded else { return true };
        databases.iter().any(|database| database.has(attribute) != Ok(false))
    }

    /// Fails with the reason if no database has such values.
    pub fn require(&self, attribute: GeoAttribute) -> Result<(), String> {
        let wrong = |reason: String| Err(format!("needs a database with {}; {reason}", attribute.plural()));
        let databases = match &*self.loaded {
            Ok(databases) => databases,
            Err(reason) => return wrong(reason.clone()),
        };
        for database in databases {
            match database.has(attribute) {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(reason) => return wrong(format!("{:?} {reason}", database.name)),
            }
        }
        let names: Vec<String> = databases.iter().map(|database| format!("{:?}", database.name)).collect();
        wrong(format!("there are none in {}", names.join(", ")))
    }

    /// The value for an address; `None` if no database has one.
    pub fn find(&self, address: IpAddr, attribute: GeoAttribute) -> Option<String> {
        let databases = self.loaded.as_ref().ok()?;
        databases.iter().find_map(|database| match database.find(address, attribute) {
            Ok(value) => value,
            Err(reason) => {
                database.damage().note(address, reason);
                None
            }
        })
    }

    /// The databases that look-ups found damaged since the last call: their name and the
    /// reason.
    pub fn take_damage(&self) -> Vec<(&str, String)> {
        let Some(Ok(databases)) = LazyLock::get(&self.loaded) else { return Vec::new() };
        let damage = |database: &'_ GeoDatabase| database.damage().take();
        databases.iter().filter_map(|database| Some((database.name.as_str(), damage(database)?))).collect()
    }
}

/// One database.
pub struct GeoDatabase {
    /// The name of the file.
    name: String,
    reader: Reader<Vec<u8>>,
    /// For each attribute, whether there are values.
    has: [OnceLock<Result<bool, String>>; 3],
    damage: Mutex<DamageReport>,
}

impl GeoDatabase {
    /// The database in the file `name`. Fails with the reason if it is not one.
    pub fn new(name: String, bytes: Vec<u8>) -> Result<GeoDatabase, String> {
        let reader = Reader::from_source(bytes).map_err(|error| damaged(&error))?;
        Ok(GeoDatabase { name, reader, has: Default::default(), damage: Mutex::default() })
    }

    /// Whether a network has such a value.
    fn has(&self, attribute: GeoAttribute) -> Result<bool, String> {
        let search = || {
            // Also networks without data: the tree of a hostile database has more of them than can
            // be skipped.
            let options = WithinOptions::default().include_networks_without_data();
            for found in self.reader.networks(options).map_err(|error| damaged(&error))?.take(MAX_SEARCHED) {
                let record = found.and_then(|found| found.decode::<GeoRecord>()).map_err(|error| damaged(&error))?;
                if record.is_some_and(|record| record.value(attribute).is_some()) {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        self.has[attribute as usize].get_or_init(search).clone()
    }

    /// The value for an address; `None` if there is none. Fails with the reason if the
    /// database is damaged.
    fn find(&self, address: IpAddr, attribute: GeoAttribute) -> Result<Option<String>, String> {
        let address = address.to_canonical();
        if address.is_ipv6() && self.reader.metadata().ip_version == 4 {
            return Ok(None);
        }
        let found = self.reader.lookup(address).and_then(|found| found.decode::<GeoRecord>());
        Ok(found.map_err(|error| damaged(&error))?.and_then(|record| record.value(attribute)))
    }

    fn damage(&self) -> std::sync::MutexGuard<'_, DamageReport> {
        self.damage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for GeoDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GeoDatabase").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The damage that look-ups found.
#[derive(Debug, Default)]
struct DamageReport {
    /// The lowest address whose look-up failed, which does not depend on the threads, and the
    /// reason.
    lowest: Option<(IpAddr, String)>,
    is_taken: bool,
}

impl DamageReport {
    fn note(&mut self, address: IpAddr, reason: String) {
        if !self.is_taken && self.lowest.as_ref().is_none_or(|(lowest, _)| address < *lowest) {
            self.lowest = Some((address, reason));
        }
    }

    /// What was found, the first time.
    fn take(&mut self) -> Option<String> {
        let (address, reason) = self.lowest.take()?;
        self.is_taken = true;
        Some(format!("{reason}, at {address}"))
    }
}

/// The reason why a file cannot be a database, by its start and its end.
pub fn not_a_database(start: &[u8], end: &[u8]) -> Option<&'static str> {
    let has_metadata = memmem::find(end, METADATA_MARKER).is_some();
    match start {
        [0x1f, 0x8b, ..] => Some("is compressed; decompress it first"),
        [b'P', b'K', 3, 4, ..] => Some("is a ZIP archive; unpack it first"),
        _ if !has_metadata => Some("is not a database in the format of MaxMind (.mmdb)"),
        _ => None,
    }
}

/// The reason why a database cannot be read.
fn damaged(error: &MaxMindDbError) -> String {
    format!("is damaged: {error}")
}
