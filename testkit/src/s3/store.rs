//! Where objects come from: the trait that every source implements, and the values that it returns.

use std::collections::BTreeMap;
use std::ops::Bound;

use bytes::Bytes;
use jiff::{Timestamp, ToSpan, Unit};
use md5::{Digest, Md5};

/// A source of objects. Keys are in the order of their bytes, as S3 lists them.
pub trait Store: Send + Sync {
    /// The objects whose keys begin with `prefix` and sort after `after`, in order, `limit` of them at most.
    fn list(&self, prefix: &str, after: &str, limit: usize) -> Vec<Entry>;

    /// The object with this key.
    fn get(&self, key: &str) -> Option<Object>;
}

/// An object as a listing describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The object's key.
    pub key: String,
    /// The length of its body.
    pub size: u64,
    /// Its entity tag, without the quotes.
    pub etag: String,
    /// When it was written, in whole seconds.
    pub last_modified: Timestamp,
    /// `STANDARD`, `GLACIER`, …
    pub storage_class: &'static str,
    /// The state of its restoration, if one was requested.
    pub restore: Option<Restore>,
}

/// The state of an archived object for which a restoration was requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restore {
    /// When the readable copy expires; `None` while it is being made.
    pub expires: Option<Timestamp>,
}

/// An object with its body.
#[derive(Clone, Debug)]
pub struct Object {
    /// The body.
    pub body: Bytes,
    /// The entity tag, without the quotes: the body's MD5 unless another one was set.
    pub etag: String,
    /// When it was written, in whole seconds.
    pub last_modified: Timestamp,
    /// `STANDARD`, or a class from which an object must be restored before it can be read.
    pub storage_class: &'static str,
    /// The state of its restoration, if one was requested.
    pub restore: Option<Restore>,
    /// User metadata: names without `x-amz-meta-`, and values.
    pub metadata: Vec<(String, String)>,
}

impl Object {
    /// An object written now.
    pub fn new(body: impl Into<Bytes>) -> Self {
        let body = body.into();
        Self {
            etag: Md5::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect(),
            last_modified: Timestamp::now().round(Unit::Second).unwrap(),
            storage_class: "STANDARD",
            restore: None,
            metadata: Vec::new(),
            body,
        }
    }

    /// With this entity tag (without quotes) in place of the body's MD5, as an object encrypted by KMS has it.
    pub fn etag(mut self, etag: &str) -> Self {
        etag.clone_into(&mut self.etag);
        self
    }

    /// With a piece of user metadata, sent as `x-amz-meta-NAME`.
    pub fn metadata(mut self, name: &str, value: &str) -> Self {
        self.metadata.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Written this many days ago.
    pub fn days_old(mut self, days: i64) -> Self {
        self.last_modified -= (24 * days).hours();
        self
    }

    /// In this storage class. An object in `GLACIER` or `DEEP_ARCHIVE` is listed but cannot be read.
    pub fn storage_class(mut self, class: &'static str) -> Self {
        self.storage_class = class;
        self
    }

    /// With a requested restoration: readable for this many more days, or still in progress if
    /// `None`.
    pub fn restored(mut self, days: Option<i64>) -> Self {
        let now = Timestamp::now().round(Unit::Second).unwrap();
        self.restore = Some(Restore { expires: days.map(|days| now + (24 * days).hours()) });
        self
    }

    /// Whether it must be restored before it can be read.
    pub(super) fn is_archived(&self) -> bool {
        let is_restored =
            self.restore.and_then(|restore| restore.expires).is_some_and(|expires| expires > Timestamp::now());
        matches!(self.storage_class, "GLACIER" | "DEEP_ARCHIVE") && !is_restored
    }

    pub(super) fn entry(&self, key: &str) -> Entry {
        Entry {
            key: key.to_owned(),
            size: self.body.len() as u64,
            etag: self.etag.clone(),
            last_modified: self.last_modified,
            storage_class: self.storage_class,
            restore: self.restore,
        }
    }
}

impl<B: Into<Bytes>> From<B> for Object {
    fn from(body: B) -> Self {
        Self::new(body)
    }
}

/// The part of a sorted map that a listing covers.
pub(super) fn range<'m, V>(
    map: &'m BTreeMap<String, V>,
    prefix: &'m str,
    after: &str,
) -> impl Iterator<Item = (&'m String, &'m V)> + use<'m, V> {
    let start = if after < prefix { Bound::Included(prefix) } else { Bound::Excluded(after) };
    map.range::<str, _>((start, Bound::Unbounded)).take_while(move |(key, _)| key.starts_with(prefix))
}
