//! Finds out which bucket and prefix a mirror without a marker file has, by a digest that proves
//! them: its signature signs its bucket and key.

use super::VerifyRun;
use super::digest_pass::saved_signature;
use super::digest_text::{LongTextPermit, digest_text};
use super::digest_walk::each_digest;
use super::mirror_selection::{KeyBase, MirrorSelection};
use crate::cloudtrail::digest::check::{FoundDigest, check};
use crate::cloudtrail::digest::document::DigestHeader;
use crate::cloudtrail::digest::name::DigestName;
use crate::error::Error;

/// Returns the bucket of a mirror, and the prefix that its paths lack.
pub(super) fn key_base(run: &VerifyRun<'_>, mirror: &MirrorSelection) -> Result<KeyBase, Error> {
    if let Some(bucket) = &mirror.bucket {
        return Ok(KeyBase { bucket: bucket.clone(), prefix: String::new() });
    }
    let (mut proven, mut claimed) = (None, None);
    each_digest(mirror, run.scope, run.report, run.stop, |file| {
        if proven.is_none()
            && let Some((base, is_proven)) = base_of(run, mirror, &file.path)
        {
            if is_proven {
                proven = Some(base);
            } else {
                claimed.get_or_insert(base);
            }
        }
        Ok(())
    })?;
    // Without a proven digest, the address only helps to say what is wrong.
    Ok(proven.or(claimed).unwrap_or_default())
}

/// The bucket and prefix in a digest, and whether its signature proves them.
fn base_of(run: &VerifyRun<'_>, mirror: &MirrorSelection, path: &str) -> Option<(KeyBase, bool)> {
    let name = DigestName::parse(path)?;
    let permit = LongTextPermit::default();
    let text = digest_text(run.readers, &mirror.root, path, &permit).ok()?;
    let header = DigestHeader::parse(&text.text).ok()?;
    let prefix = header.key.strip_suffix(path).filter(|prefix| prefix.is_empty() || prefix.ends_with('/'))?;
    let signature = saved_signature(&mirror.root, path).ok()?;
    let (bucket, key, region) = (&*header.bucket, &*header.key, name.region);
    let found = FoundDigest { bucket, key, region, text: &text.text, signature: signature.as_deref() };
    let is_proven = check(&found, run.keys, None).is_ok();
    Some((KeyBase { bucket: header.bucket.clone(), prefix: prefix.into() }, is_proven))
}
