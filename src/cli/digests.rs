//! Whether digests are mirrored too.

use clap::{Args, ValueEnum};

use crate::cloudtrail::keys::KeyPlace;
use crate::cloudtrail::log_kind::LogKind;
use crate::source::spec::BucketInput;

/// Whether digests are mirrored too.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct DigestArgs {
    /// Also mirror digests with their signatures, for `trail2tsv verify`
    ///
    /// A digest lists the log files of an hour with their hashes, and is signed by CloudTrail.
    /// Its signature is saved beside it, in a file that ends in .meta. Digests list logs of all
    /// kinds, so all kinds are mirrored unless --kind selects some.
    #[arg(long)]
    pub digests: bool,
}

impl DigestArgs {
    /// The bucket, with digests if they are wanted.
    pub fn of_bucket(self, bucket: BucketInput) -> BucketInput {
        if self.digests { with_digests(bucket) } else { bucket }
    }
}

/// The bucket with its digests, and with all logs that they can list.
pub fn with_digests(bucket: BucketInput) -> BucketInput {
    let is_chosen = !bucket.kinds.is_empty() || KeyPlace::of(&bucket.location.key).kind.is_some();
    let kinds = if is_chosen { bucket.kinds } else { LogKind::value_variants().to_vec() };
    BucketInput { digests: true, kinds, ..bucket }
}
