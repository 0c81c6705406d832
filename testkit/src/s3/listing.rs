//! ListObjectsV2: the keys on a page, and the document that lists them.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use hyper::Response;
use hyper::header::CONTENT_TYPE;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::bucket::Bucket;
use super::error::ErrorResponse;
use super::fault::ListFault;
use super::request::Request;
use super::store::{Entry, Store};
use super::xml::Document;

/// Tokens begin with these bytes, so that each has a `+` and a `/`, as S3's can have. A client that
/// does not escape them fails.
const TOKEN_MARK: &[u8] = &[0xfb, 0xff, 0xfe];

/// What `encoding-type=url` leaves as it is; a space becomes `+`.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/').remove(b' ');

/// A requested listing.
struct Listing {
    prefix: String,
    delimiter: Option<String>,
    max_keys: usize,
    /// The largest number of keys on this page: fewer than requested if the bucket has shorter
    /// pages.
    limit: usize,
    start_after: Option<String>,
    token: Option<String>,
    encoded: bool,
    /// Whether the state of restored objects was requested.
    restore_status: bool,
}

/// The answer to it.
#[derive(Default)]
struct Page {
    contents: Vec<Entry>,
    common_prefixes: Vec<String>,
    /// The place after which the next page begins, if there is more.
    next: Option<String>,
    /// The value of `KeyCount`, if it is wrong.
    count: Option<usize>,
    /// Whether the page says that there is more, but has no token.
    lost: bool,
}

pub(super) fn answer(
    bucket: &Bucket,
    request: &Request,
    fault: Option<ListFault>,
) -> Result<Response<Bytes>, ErrorResponse> {
    let mut listing = Listing::read(request, bucket.page_size)?;
    listing.encoded &= bucket.encodes;
    let after = listing.after()?;
    let mut page = listing.page(bucket.store(), &after);
    if let Some(fault) = fault {
        page.spoil(fault, after);
    }
    let mut response = Response::builder().header(CONTENT_TYPE, "application/xml");
    if let Some(region) = &bucket.region {
        response = response.header("x-amz-bucket-region", region);
    }
    Ok(response.body(listing.document(&request.bucket, &page)).unwrap())
}

impl Listing {
    fn read(request: &Request, page_size: usize) -> Result<Self, ErrorResponse> {
        let some = |name| request.parameter(name).filter(|value| !value.is_empty());
        let max_keys = match some("max-keys") {
            Some(number) => number.parse().map_err(|_| ErrorResponse::new(400, "InvalidArgument"))?,
            None => 1000,
        };
        let max_keys = 1000.min(max_keys);
        Ok(Self {
            prefix: request.key.clone(),
            delimiter: some("delimiter"),
            max_keys,
            limit: page_size.min(max_keys),
            start_after: some("start-after"),
            token: some("continuation-token"),
            encoded: some("encoding-type").as_deref() == Some("url"),
            restore_status: request.restore_status,
        })
    }

    /// The place after which the page begins. A token outranks `start-after`.
    fn after(&self) -> Result<String, ErrorResponse> {
        if let Some(token) = &self.token {
            let invalid = || ErrorResponse::new(400, "InvalidArgument").detail("ArgumentName", "continuation-token");
            let place = BASE64_STANDARD.decode(token).map_err(|_| invalid())?;
            let place = place.strip_prefix(TOKEN_MARK).ok_or_else(invalid)?;
            return String::from_utf8(place.to_vec()).map_err(|_| invalid());
        }
        let start = self.start_after.clone().unwrap_or_default();
        // To start after a common prefix is to start after all its keys. After a key inside the
        // prefix, the remaining keys are rolled up into it again.
        match self.common_prefix(&start) {
            Some(prefix) if prefix == start => Ok(past(&start)),
            _ => Ok(start),
        }
    }

    fn page(&self, store: &dyn Store, after: &str) -> Page {
        match (self.limit, &self.delimiter) {
            (0, _) => Page::default(),
            (_, None) => self.flat_page(store, after),
            (_, Some(_)) => self.grouped_page(store, after),
        }
    }

    fn flat_page(&self, store: &dyn Store, after: &str) -> Page {
        let mut contents = store.list(&self.prefix, after, self.limit + 1);
        let more = contents.len() > self.limit;
        contents.truncate(self.limit);
        let next = contents.last().filter(|_| more).map(|entry| entry.key.clone());
        Page { contents, next, ..Page::default() }
    }

    /// Asks the store for a few keys at a time, for more each time until it finds a group, and then
    /// jumps over that group.
    fn grouped_page(&self, store: &dyn Store, after: &str) -> Page {
        let mut page = Page::default();
        let mut after = after.to_owned();
        let mut ask = 1;
        'ask: loop {
            let entries = store.list(&self.prefix, &after, ask);
            if entries.is_empty() {
                return page;
            }
            for entry in entries {
                if page.len() == self.limit {
                    page.next = Some(after);
                    return page;
                }
                if let Some(prefix) = self.common_prefix(&entry.key) {
                    after = past(prefix);
                    page.common_prefixes.push(prefix.to_owned());
                    ask = 1;
                    continue 'ask;
                }
                after.clone_from(&entry.key);
                page.contents.push(entry);
            }
            ask = (2 * ask).min(self.limit);
        }
    }

    /// The common prefix that a key is rolled up into.
    fn common_prefix<'k>(&self, key: &'k str) -> Option<&'k str> {
        let delimiter = self.delimiter.as_ref()?;
        let at = key.strip_prefix(&self.prefix)?.find(delimiter)?;
        Some(&key[..self.prefix.len() + at + delimiter.len()])
    }

    fn document(&self, bucket: &str, page: &Page) -> Bytes {
        let mut document = Document::with_capacity(512 + page.contents.len() * 384);
        let key = |document: &mut Document, element: &str, text: &str| match self.encoded {
            true => document.text(element, &utf8_percent_encode(text, PLAIN).to_string().replace(' ', "+")),
            false => document.text(element, text),
        };
        // The name of an element may include its attributes.
        document.open("ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"");
        document.text("Name", bucket);
        key(&mut document, "Prefix", &self.prefix);
        if let Some(start_after) = &self.start_after {
            key(&mut document, "StartAfter", start_after);
        }
        if let Some(token) = &self.token {
            document.text("ContinuationToken", token);
        }
        if let Some(next) = &page.next {
            document.text("NextContinuationToken", &BASE64_STANDARD.encode([TOKEN_MARK, next.as_bytes()].concat()));
        }
        document.value("KeyCount", page.count.unwrap_or(page.len()));
        document.value("MaxKeys", self.max_keys);
        if let Some(delimiter) = &self.delimiter {
            key(&mut document, "Delimiter", delimiter);
        }
        if self.encoded {
            document.text("EncodingType", "url");
        }
        document.value("IsTruncated", page.next.is_some() || page.lost);
        for entry in &page.contents {
            document.open("Contents");
            key(&mut document, "Key", &entry.key);
            document.value("LastModified", format_args!("{:.3}", entry.last_modified));
            document.text("ETag", &format!("\"{}\"", entry.etag));
            document.value("Size", entry.size);
            document.text("StorageClass", entry.storage_class);
            if let Some(restore) = entry.restore.filter(|_| self.restore_status) {
                document.open("RestoreStatus");
                document.value("IsRestoreInProgress", restore.expires.is_none());
                if let Some(expires) = restore.expires {
                    document.value("RestoreExpiryDate", format_args!("{expires:.3}"));
                }
                document.close("RestoreStatus");
            }
            document.close("Contents");
        }
        for prefix in &page.common_prefixes {
            document.open("CommonPrefixes");
            key(&mut document, "Prefix", prefix);
            document.close("CommonPrefixes");
        }
        document.close("ListBucketResult");
        document.finish()
    }
}

impl Page {
    fn len(&self) -> usize {
        self.contents.len() + self.common_prefixes.len()
    }

    fn spoil(&mut self, fault: ListFault, after: String) {
        match fault {
            ListFault::Endless => self.next = Some(after),
            ListFault::Empty => *self = Self { next: Some(after), ..Self::default() },
            ListFault::Repeat => {
                self.contents = self.contents.iter().flat_map(|entry| [entry.clone(), entry.clone()]).collect();
            }
            ListFault::Omit => {
                self.contents = std::mem::take(&mut self.contents).into_iter().skip(1).step_by(2).collect();
            }
            ListFault::Miscount => {
                self.count = Some(self.len());
                self.contents.truncate(self.contents.len() / 2);
                self.common_prefixes.truncate(self.common_prefixes.len() / 2);
            }
            ListFault::Outside => {
                if let Some(entry) = self.contents.last_mut() {
                    entry.key.insert_str(0, "~/");
                }
                if let Some(prefix) = self.common_prefixes.last_mut() {
                    prefix.insert_str(0, "~/");
                }
            }
            ListFault::NoToken => (self.next, self.lost) = (None, true),
            ListFault::Idle => {
                let next = after.strip_suffix('~').map_or_else(|| format!("{after}~"), str::to_owned);
                *self = Self { next: Some(next), ..Self::default() };
            }
        }
    }
}

/// A position after every key that begins with `prefix`, because no key continues with the last
/// code point.
fn past(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}
