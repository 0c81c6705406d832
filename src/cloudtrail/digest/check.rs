//! Checks one digest by its signature, or by that of the next one. All digests can be checked at
//! the same time: each names the signature of the one before, so the chain is a comparison
//! afterwards.

use std::collections::HashMap;

use jiff::Timestamp;

use super::document::{DigestHeader, DocumentError, NamedLog, PreviousDigest, named_logs};
use super::hash::Sha256Hash;
use super::public_key::PublicKey;
use super::signature::{ALGORITHM, SavedSignature, SignatureVerifier, signature_bytes, signed_text};

/// Public keys, found by their fingerprints.
#[derive(Clone, Debug, Default)]
pub struct KeyRing(HashMap<String, Vec<RingKey>>);

/// A public key, parsed once for all signatures.
#[derive(Clone, Debug)]
pub struct RingKey {
    /// The key, and where it came from.
    listed: PublicKey,
    /// Verifies signatures; `None` if it is not a key that can.
    verifier: Option<SignatureVerifier>,
}

impl KeyRing {
    /// Adds keys.
    pub fn extend(&mut self, keys: impl IntoIterator<Item = PublicKey>) {
        for key in keys {
            let known = self.0.entry(key.fingerprint.clone()).or_default();
            if known.iter().all(|RingKey { listed, .. }| listed.der != key.der || listed.region != key.region) {
                known.push(RingKey { verifier: SignatureVerifier::parse(&key.der), listed: key });
            }
        }
    }

    /// The keys with this fingerprint, for digests of this region.
    pub fn find(&self, fingerprint: &str, region: &str) -> impl Iterator<Item = &RingKey> {
        let is_of = move |key: &&RingKey| key.listed.region.as_deref().is_none_or(|known| known == region);
        self.0.get(fingerprint).into_iter().flatten().filter(is_of)
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A digest as it was found.
#[derive(Clone, Copy, Debug)]
pub struct FoundDigest<'a> {
    /// The bucket that it is in.
    pub bucket: &'a str,
    /// The key under which it is there.
    pub key: &'a str,
    /// The region in its key.
    pub region: &'a str,
    /// Its text.
    pub text: &'a [u8],
    /// The file with its signature; `None` if there is no such file.
    pub signature: Option<&'a [u8]>,
}

/// A digest whose signature is proven.
#[derive(Clone, Debug)]
pub struct ProvenDigest {
    /// The beginning of its time.
    pub start: Timestamp,
    /// The end of its time.
    pub end: Timestamp,
    /// Its signature, in hexadecimal digits.
    pub signature: String,
    /// The hash of its text.
    pub hash: Sha256Hash,
    /// The fingerprint of the key that verified it.
    pub fingerprint: String,
    /// Where that key came from.
    pub key_source: String,
    /// What it says about the digest before.
    pub previous: Option<PreviousDigest>,
    /// The log files of its time.
    pub logs: Vec<NamedLog>,
}

/// Why a digest proves nothing.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DigestProblem {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// Its compressed bytes are damaged.
    #[error("damaged: {0}")]
    Damaged(String),
    /// Its text exceeds the limit.
    #[error("longer than {0} MiB, which no digest is")]
    TooLong(usize),
    /// It is not a digest.
    #[error("not a digest: {0}")]
    Format(String),
    /// It is in a folder of digests, and has another name.
    #[error("not the name of a digest")]
    Name,
    /// It was copied without its metadata.
    #[error("no signature was saved with it")]
    NoSignature,
    /// The file with its signature has another form.
    #[error("the file with its signature is damaged")]
    SignatureForm,
    /// The signature was made in an unknown way.
    #[error("unknown signature algorithm {0:?}")]
    Algorithm(String),
    /// It was delivered under another key.
    #[error("moved: it was delivered as {0}")]
    Moved(String),
    /// Its public key is not among those that are known.
    #[error("unknown public key {fingerprint} of {region}")]
    UnknownKey {
        /// The fingerprint.
        fingerprint: String,
        /// The region of the key.
        region: String,
    },
    /// Its public key is not one that verifies signatures.
    #[error("the public key {0} is not an RSA key, so nothing can be verified with it")]
    UnusableKey(String),
    /// Its signature is of another text.
    #[error("changed: its signature does not match")]
    Changed,
    /// It is gone.
    #[error("missing")]
    Missing,
    /// The next digest names another one in its place.
    #[error("not the digest that the next one names: its {0} differs")]
    Replaced(&'static str),
    /// Bytes follow the digest in its file.
    #[error("{0} after the digest, which CloudTrail did not write")]
    ExtraBytes(String),
}

impl DigestProblem {
    /// Its name, in one or two words.
    pub fn verdict(&self) -> &'static str {
        match self {
            DigestProblem::Unreadable(_) => "unreadable",
            DigestProblem::Damaged(_) => "damaged",
            DigestProblem::TooLong(_) => "too long",
            DigestProblem::Format(_) | DigestProblem::Name => "not a digest",
            DigestProblem::NoSignature => "no signature",
            DigestProblem::SignatureForm | DigestProblem::Algorithm(_) => "bad signature",
            DigestProblem::Moved(_) => "moved",
            DigestProblem::UnknownKey { .. } => "unknown key",
            DigestProblem::UnusableKey(_) => "unusable key",
            DigestProblem::Changed => "changed",
            DigestProblem::Missing => "missing",
            DigestProblem::Replaced(_) => "replaced",
            DigestProblem::ExtraBytes(_) => "extra bytes",
        }
    }
}

impl From<DocumentError> for DigestProblem {
    fn from(error: DocumentError) -> DigestProblem {
        DigestProblem::Format(error.to_string())
    }
}

/// Checks a digest. `next` is what the next digest says about the one before, if that one is
/// proven: its signature signs the hash of this text too, so a text with this hash needs no other
/// proof, and costs no calculation with a public key.
///
/// Nothing but the fields that the signature needs is used before it is proven.
pub fn check(
    found: &FoundDigest<'_>,
    keys: &KeyRing,
    next: Option<&PreviousDigest>,
) -> Result<ProvenDigest, DigestProblem> {
    let header = DigestHeader::parse(found.text)?;
    if (&*header.bucket, &*header.key) != (found.bucket, found.key) {
        return Err(DigestProblem::Moved(format!("s3://{}/{}", header.bucket, header.key)));
    }
    let saved = found.signature.ok_or(DigestProblem::NoSignature)?;
    let saved = SavedSignature::parse(saved).ok_or(DigestProblem::SignatureForm)?;
    let signature_text = saved.signature.ok_or(DigestProblem::NoSignature)?;
    let signature = signature_bytes(&signature_text).ok_or(DigestProblem::SignatureForm)?;
    if saved.signature_algorithm != ALGORITHM {
        return Err(DigestProblem::Algorithm(saved.signature_algorithm));
    }
    let known: Vec<&RingKey> = keys.find(&header.fingerprint, found.region).collect();
    if known.is_empty() {
        let (fingerprint, region) = (header.fingerprint, found.region.into());
        return Err(DigestProblem::UnknownKey { fingerprint, region });
    }
    let verifiers = known.iter().filter_map(|key| Some((&key.listed, key.verifier.as_ref()?)));
    let verifiers: Vec<(&PublicKey, &SignatureVerifier)> = verifiers.collect();
    if verifiers.is_empty() {
        return Err(DigestProblem::UnusableKey(header.fingerprint));
    }
    let hash = Sha256Hash::of(found.text);
    let previous = header.previous_digest_signature.as_deref();
    let text = signed_text(&header.end_text, found.bucket, found.key, hash, previous);
    let is_signed_by_next = next.is_some_and(|next| {
        let is_same = (&*next.bucket, &*next.key, next.hash) == (found.bucket, found.key, Some(hash.0));
        is_same && next.signature.eq_ignore_ascii_case(&signature_text)
    });
    let key = match verifiers[..] {
        [(key, _)] if is_signed_by_next => key,
        _ => {
            let proof = verifiers.iter().find(|(_, verifier)| verifier.is_signed(&text, &signature));
            proof.ok_or(DigestProblem::Changed)?.0
        }
    };
    Ok(ProvenDigest {
        start: header.start,
        end: header.end(),
        signature: signature_text,
        hash,
        previous: header.previous(),
        fingerprint: header.fingerprint,
        key_source: key.source.clone(),
        logs: named_logs(found.text)?,
    })
}
