//! Signatures: what is saved of one, the text that it signs, and its check.

use std::fmt;

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use serde::Deserialize;

use super::hash::{Sha256Hash, from_hex};

/// The only algorithm in use.
pub const ALGORITHM: &str = "SHA256withRSA";

/// What is saved of a digest's metadata: its signature is not in the object itself.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub struct SavedSignature {
    /// The signature, in hexadecimal digits; `None` if the object had lost it.
    pub signature: Option<String>,
    /// The name of its algorithm.
    #[serde(default)]
    pub signature_algorithm: String,
}

impl SavedSignature {
    /// The longest text that is read.
    pub const MAX_BYTES: u64 = 64 << 10;

    /// Reads the text of the file beside a digest; `None` if it has another form.
    pub fn parse(text: &[u8]) -> Option<SavedSignature> {
        serde_json::from_slice(text).ok()
    }
}

/// The bytes of a signature; `None` if its text is not hexadecimal.
pub fn signature_bytes(signature: &str) -> Option<Vec<u8>> {
    from_hex(signature).filter(|bytes| !bytes.is_empty())
}

/// The text that the signature of a digest signs.
pub fn signed_text(end_time: &str, bucket: &str, key: &str, hash: Sha256Hash, previous: Option<&str>) -> String {
    format!("{end_time}\n{bucket}/{key}\n{hash}\n{}", previous.unwrap_or("null"))
}

/// Verifies signatures by a public key.
#[derive(Clone)]
pub struct SignatureVerifier(ParsedPublicKey);

impl SignatureVerifier {
    /// Reads a public key: the DER encoding of PKCS#1. `None` if it is none.
    pub fn parse(public_key: &[u8]) -> Option<SignatureVerifier> {
        ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public_key).ok().map(SignatureVerifier)
    }

    /// Whether the private key that belongs to this one has signed the text.
    pub fn is_signed(&self, text: &str, signature: &[u8]) -> bool {
        self.0.verify_sig(text.as_bytes(), signature).is_ok()
    }
}

impl fmt::Debug for SignatureVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignatureVerifier").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saved_signatures_are_read() {
        let saved = br#"{"signature":"00ff","signature-algorithm":"SHA256withRSA","etag":"x"}"#;
        let saved = SavedSignature::parse(saved).unwrap();
        assert_eq!((saved.signature.as_deref(), &*saved.signature_algorithm), (Some("00ff"), ALGORITHM));
        let lost = SavedSignature::parse(br#"{"etag":"x"}"#).unwrap();
        assert_eq!(lost.signature, None);
        for other in [&b""[..], b"[", b"1", br#"{"signature":1,"signature-algorithm":""}"#] {
            assert_eq!(SavedSignature::parse(other), None);
        }
        assert_eq!(signature_bytes("00ff"), Some(vec![0, 255]));
        for signature in ["", "0", "xy"] {
            assert_eq!(signature_bytes(signature), None);
        }
    }

    #[test]
    fn nothing_is_signed_by_a_key_that_is_none() {
        for key in [&b""[..], &[0x30; 300], b"-----BEGIN PUBLIC KEY-----"] {
            assert!(SignatureVerifier::parse(key).is_none());
        }
    }
}
