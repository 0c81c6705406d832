//! A bucket: a store, the changes made to it since, and how it wants to be addressed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, RwLock};

use super::folder::Folder;
use super::store::{Entry, Object, Store, range};
use super::synthetic::Synthetic;

/// Who may read a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Everyone, signed or not.
    #[default]
    Anyone,
    /// Only signed requests; others get `AccessDenied`.
    Signed,
    /// Only requests signed with this access key id; other keys get `InvalidAccessKeyId`.
    SignedBy(String),
    /// Only requests without a signature; a signed one gets `InvalidAccessKeyId`, as a public bucket answers
    /// somebody whose credentials are not known.
    Anonymous,
}

/// A bucket. Clones share their objects, so a test keeps one and changes what a running server serves.
#[derive(Clone)]
pub struct Bucket {
    objects: Arc<OverlayStore>,
    pub(super) region: Option<String>,
    pub(super) region_in_body: bool,
    pub(super) access: Access,
    pub(super) requester_pays: bool,
    pub(super) page_size: usize,
    pub(super) checksums: bool,
    pub(super) encodes: bool,
}

impl Default for Bucket {
    fn default() -> Self {
        Self::new()
    }
}

impl Bucket {
    /// An empty bucket, held in memory.
    pub fn new() -> Self {
        Self::from_store(EmptyStore)
    }

    /// A bucket of the files under a folder, by their relative paths. The tree is walked now, each file read
    /// when it is asked for.
    pub fn from_folder(folder: impl AsRef<Path>) -> std::io::Result<Self> {
        Ok(Self::from_store(Folder::walk(folder.as_ref())?))
    }

    /// A bucket whose keys and bodies are made up by rule.
    pub fn synthetic(rule: Synthetic) -> Self {
        Self::from_store(rule.build())
    }

    /// A bucket over any store. Objects put and removed later are kept beside it.
    pub fn from_store(store: impl Store + 'static) -> Self {
        Self {
            objects: Arc::new(OverlayStore { base: Box::new(store), changes: RwLock::default() }),
            region: None,
            region_in_body: false,
            access: Access::Anyone,
            requester_pays: false,
            page_size: 1000,
            checksums: false,
            encodes: true,
        }
    }

    /// In this region: a request signed for another gets `PermanentRedirect` and the header that names this one.
    pub fn region(mut self, region: &str) -> Self {
        self.region = Some(region.to_owned());
        self
    }

    /// In this region, which a request signed for another learns from the body of `AuthorizationHeaderMalformed`.
    pub fn region_in_body(mut self, region: &str) -> Self {
        self.region_in_body = true;
        self.region(region)
    }

    /// Readable by these only.
    pub fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// Readable only by requests that agree to pay (`x-amz-request-payer: requester`).
    pub fn requester_pays(mut self) -> Self {
        self.requester_pays = true;
        self
    }

    /// With so many keys to a page of a listing at most, so that few keys make many pages.
    pub fn page_size(mut self, keys: usize) -> Self {
        self.page_size = keys.clamp(1, 1000);
        self
    }

    /// With `x-amz-checksum-crc64nvme` on whole objects for clients that ask for it, as S3 gives it for all that
    /// was put since the end of 2024.
    pub fn checksums(mut self) -> Self {
        self.checksums = true;
        self
    }

    /// Ignores `encoding-type`, as some servers that are not AWS's do: keys are listed as they are.
    pub fn plain_keys(mut self) -> Self {
        self.encodes = false;
        self
    }

    /// Adds or replaces an object.
    pub fn put(&self, key: impl Into<String>, object: impl Into<Object>) {
        self.objects.changes.write().unwrap().insert(key.into(), Some(object.into()));
    }

    /// Removes an object.
    pub fn remove(&self, key: impl Into<String>) {
        self.objects.changes.write().unwrap().insert(key.into(), None);
    }

    /// All keys that begin with `prefix`, in the order of their bytes.
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        self.objects.list(prefix, "", usize::MAX).into_iter().map(|entry| entry.key).collect()
    }

    /// The object of this key.
    pub fn get(&self, key: &str) -> Option<Object> {
        self.objects.get(key)
    }

    pub(super) fn store(&self) -> &dyn Store {
        &*self.objects
    }
}

impl<K: Into<String>, O: Into<Object>> FromIterator<(K, O)> for Bucket {
    fn from_iter<I: IntoIterator<Item = (K, O)>>(objects: I) -> Self {
        let bucket = Self::new();
        objects.into_iter().for_each(|(key, object)| bucket.put(key, object));
        bucket
    }
}

/// A store, and what was put (`Some`) and removed (`None`) since.
struct OverlayStore {
    base: Box<dyn Store>,
    changes: RwLock<BTreeMap<String, Option<Object>>>,
}

impl Store for OverlayStore {
    fn list(&self, prefix: &str, after: &str, limit: usize) -> Vec<Entry> {
        let changes = self.changes.read().unwrap();
        let mut entries = Vec::new();
        let mut after = after.to_owned();
        // Removed keys can empty a page of the base, so it may take more than one.
        while entries.len() < limit {
            let page = self.base.list(prefix, &after, limit);
            let last = if page.len() < limit { None } else { page.last().map(|entry| entry.key.clone()) };
            let put = range(&changes, prefix, &after)
                .take_while(|(key, _)| last.as_ref().is_none_or(|last| *key <= last))
                .filter_map(|(key, object)| Some(object.as_ref()?.entry(key)));
            let from = entries.len();
            entries.extend(put.take(limit));
            entries.extend(page.into_iter().filter(|entry| !changes.contains_key(&entry.key)));
            entries[from..].sort_by(|a, b| a.key.cmp(&b.key));
            let Some(last) = last else { break };
            after = last;
        }
        entries.truncate(limit);
        entries
    }

    fn get(&self, key: &str) -> Option<Object> {
        match self.changes.read().unwrap().get(key) {
            Some(change) => change.clone(),
            None => self.base.get(key),
        }
    }
}

/// The store under a bucket that was made empty.
struct EmptyStore;

impl Store for EmptyStore {
    fn list(&self, _prefix: &str, _after: &str, _limit: usize) -> Vec<Entry> {
        Vec::new()
    }

    fn get(&self, _key: &str) -> Option<Object> {
        None
    }
}
