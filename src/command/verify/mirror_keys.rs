//! The public keys of a mirror: requested from AWS, and kept in the mirror for later runs.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::args::VerifyRequest;
use super::digest_walk::each_digest;
use super::mirror_selection::MirrorSelection;
use crate::cloudtrail::digest::name::{DigestName, SIGNATURE_ENDING};
use crate::cloudtrail::digest::public_key::PublicKey;
use crate::cloudtrail::digest::signature::SavedSignature;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::Report;
use crate::source::aws::Connection;
use crate::source::aws::endpoint::is_region;
use crate::source::public_keys::{KeyPeriod, request_keys};
use crate::source::s3::mirror::Mirror;
use crate::source::s3::public_key_cache::PublicKeyCache;

/// A digest is signed near its end, by a key that may be valid from then on only.
const TOLERANCE: SignedDuration = SignedDuration::from_hours(2);
/// More regions than AWS has. Anyone can make folders in a mirror.
const MAX_REGIONS: usize = 256;

/// The public keys of one mirror.
struct MirrorKeys<'a> {
    request: &'a VerifyRequest,
    mirror: &'a MirrorSelection,
    cache: PublicKeyCache,
    /// The regions whose keys AWS has listed.
    answered: BTreeSet<String>,
    report: &'a Report,
    stop: &'a Cancellation,
}

/// The keys for the digests of a mirror that are in scope.
pub(super) fn mirror_keys(
    request: &VerifyRequest,
    mirror: &MirrorSelection,
    report: &Report,
    stop: &Cancellation,
) -> Result<Vec<PublicKey>, Error> {
    let bucket = mirror.bucket.as_deref().unwrap_or_default();
    let cache = PublicKeyCache::open(Mirror::at(&mirror.folder, bucket)?)?;
    let mut source = MirrorKeys { request, mirror, cache, answered: BTreeSet::new(), report, stop };
    let mut keys = match &request.inputs.connection {
        Some(connection) => source.request(connection)?,
        None => Vec::new(),
    };
    source.keep(&keys);
    keys.extend(source.kept());
    Ok(keys)
}

impl MirrorKeys<'_> {
    /// Requests the keys for the times of the digests. A failure that the kept keys make up for is
    /// only a note.
    fn request(&mut self, connection: &Connection) -> Result<Vec<PublicKey>, Error> {
        let periods = self.periods()?;
        if periods.is_empty() {
            return Ok(Vec::new());
        }
        let requested = match request_keys(connection, &periods, self.request.now, self.stop) {
            Ok(requested) => requested,
            Err(Error::Failed(cause)) if self.cache.keys().is_empty() => {
                let advice = "a file with them can be named with --keys";
                return Err(Error::Failed(format!("public keys cannot be requested: {cause}; {advice}")));
            }
            Err(Error::Failed(cause)) => {
                self.note_failure("public keys", &cause);
                return Ok(Vec::new());
            }
            Err(error) => return Err(error),
        };
        self.answered.extend(periods.into_iter().map(|period| period.region));
        for failure in requested.failures {
            self.answered.remove(&failure.region);
            match self.cache.keys().iter().any(|key| key.region.as_ref() == Some(&failure.region)) {
                true => self.note_failure(&format!("public keys of {}", failure.region), &failure.cause),
                false => self.report.issue(&failure.into()),
            }
        }
        Ok(requested.keys)
    }

    fn note_failure(&self, what: &str, cause: &str) {
        let path = self.cache.path();
        self.report.note(&format!("{what} cannot be requested: {cause}; those in {} are used", path.display()));
    }

    /// Keeps keys in the mirror. A mirror that cannot be written to is verified all the same.
    fn keep(&mut self, keys: &[PublicKey]) {
        match self.cache.add(keys.to_vec()) {
            Ok(replaced) => replaced.iter().for_each(|fingerprint| {
                let text = "was not the one that AWS lists under this fingerprint, and was replaced";
                let path = self.cache.path();
                self.report.note(&format!("{}: the public key {fingerprint} {text}", path.display()));
            }),
            Err(error) => self.report.note(&error.to_string()),
        }
    }

    /// Returns the kept keys. AWS lists all keys of the time, so another one, of a region that has
    /// answered, proves nothing.
    fn kept(&self) -> impl Iterator<Item = PublicKey> {
        let is_needed = |key: &&PublicKey| key.region.as_ref().is_none_or(|region| !self.answered.contains(region));
        let path = self.cache.path();
        self.cache
            .keys()
            .iter()
            .filter(is_needed)
            .map(move |key| PublicKey { source: format!("{}, kept in {}", key.source, path.display()), ..key.clone() })
    }

    /// The times of the digests of each region, as their names show them.
    fn periods(&self) -> Result<Vec<KeyPeriod>, Error> {
        let mut periods: BTreeMap<String, (Timestamp, Timestamp)> = BTreeMap::new();
        // A later pass reports what cannot be walked.
        each_digest(self.mirror, &self.request.scope, &Report::silent(), self.stop, |file| {
            let Some(name) = DigestName::parse(&file.path) else { return Ok(()) };
            if !is_region(name.region) || (periods.len() == MAX_REGIONS && !periods.contains_key(name.region)) {
                return Ok(());
            }
            let made = if name.is_backfill { backfill_time(self.mirror, &file.path) } else { None };
            for time in [Some(name.end), made].into_iter().flatten() {
                let (from, until) = periods.entry(name.region.into()).or_insert((time, time));
                (*from, *until) = ((*from).min(time), (*until).max(time));
            }
            Ok(())
        })?;
        let period = |(region, (from, until)): (String, (Timestamp, Timestamp))| KeyPeriod {
            region,
            from: from.checked_sub(TOLERANCE).unwrap_or(from),
            until: until.checked_add(TOLERANCE).unwrap_or(until),
        };
        Ok(periods.into_iter().map(period).collect())
    }
}

/// When a digest of earlier logs was made and signed.
fn backfill_time(mirror: &MirrorSelection, path: &str) -> Option<Timestamp> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct BackfillTime {
        backfill_generation_timestamp: String,
    }
    let (file, _) = mirror.root.file(Path::new(&format!("{path}{SIGNATURE_ENDING}"))).ok()?;
    let mut text = Vec::new();
    file.take(SavedSignature::MAX_BYTES).read_to_end(&mut text).ok()?;
    let time: BackfillTime = serde_json::from_slice(&text).ok()?;
    crate::cloudtrail::time::parse(&time.backfill_generation_timestamp)
}
