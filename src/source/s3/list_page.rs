//! Decodes one page of a listing and validates it against the request.

use std::borrow::Cow;

use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::types::{self, EncodingType, ObjectStorageClass, RestoreStatus};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;

use super::client::ListRequest;
use crate::source::s3::object_batch::{Object, ObjectAccess};

/// Longest key that S3 allows, in bytes.
const MAX_KEY: usize = 1024;

/// A page of a listing, validated to lie below the requested prefix.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct ListPage {
    /// Objects in the order of the response.
    pub(super) objects: Vec<Object>,
    /// Direct subfolders of the prefix, each ending in `/`.
    pub(super) folders: Vec<String>,
    /// Continuation token of the next page; `None` on the last page.
    pub(super) next: Option<String>,
}

impl ListPage {
    /// Parses a response. Returns an error text if it is invalid.
    pub(super) fn read(answer: ListObjectsV2Output, request: &ListRequest<'_>) -> Result<ListPage, &'static str> {
        let is_encoded = answer.encoding_type == Some(EncodingType::Url);
        let (contents, prefixes) = (answer.contents.unwrap_or_default(), answer.common_prefixes.unwrap_or_default());
        let count = answer.key_count.and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
        // Some servers count only objects, so the page may contain more than `count`.
        if contents.len() + prefixes.len() < count {
            return Err("the list response contains fewer keys than its KeyCount");
        }
        let Some(is_truncated) = answer.is_truncated else { return Err("the list response has no IsTruncated") };
        let next = answer.next_continuation_token.filter(|token| is_truncated && !token.is_empty());
        if is_truncated && next.is_none() {
            return Err("the list response is truncated, but has no continuation token");
        }
        let decode = |text: Option<String>| decode(text, is_encoded);
        let objects = contents.into_iter().map(|listed| object(listed, request, decode));
        let folders = prefixes.into_iter().map(|prefix| {
            let folder = decode(prefix.prefix)?;
            if is_folder_in(&folder, request.prefix) {
                Ok(folder)
            } else {
                Err("the list response contains a folder outside the requested prefix")
            }
        });
        Ok(ListPage { objects: objects.collect::<Result<_, _>>()?, folders: folders.collect::<Result<_, _>>()?, next })
    }

    /// Returns the last key or folder in key order.
    pub(super) fn last(&self) -> Option<&str> {
        let key = self.objects.last().map(|object| object.key.as_str());
        key.max(self.folders.last().map(String::as_str))
    }
}

/// Parses one object of a response.
fn object(
    object: types::Object,
    request: &ListRequest<'_>,
    decode: impl Fn(Option<String>) -> Result<String, &'static str>,
) -> Result<Object, &'static str> {
    let access = access(object.storage_class.as_ref(), object.restore_status.as_ref());
    let key = decode(object.key)?;
    if !key.starts_with(request.prefix) {
        return Err("the list response contains a key outside the requested prefix");
    }
    let size = object.size.and_then(|size| u64::try_from(size).ok());
    Ok(Object { key, size: size.ok_or("the list response contains an object without a size")?, access })
}

/// Derives from the storage class whether an object can be read. Objects that
/// `INTELLIGENT_TIERING` has archived cannot be distinguished from the others.
fn access(class: Option<&ObjectStorageClass>, restore: Option<&RestoreStatus>) -> ObjectAccess {
    let is_archived = matches!(class, Some(ObjectStorageClass::Glacier | ObjectStorageClass::DeepArchive));
    let is_over = |restore: &RestoreStatus| {
        restore.restore_expiry_date.is_some_and(|end| end.secs() <= Timestamp::now().as_second())
    };
    match restore.map(|restore| (restore.is_restore_in_progress == Some(true), is_over(restore))) {
        _ if !is_archived => ObjectAccess::Immediate,
        Some((true, _)) => ObjectAccess::Restoring,
        Some((false, false)) => ObjectAccess::Immediate,
        Some((false, true)) | None => ObjectAccess::Archived,
    }
}

/// Decodes a name. With `encoding-type=url`, `+` stands for a space and `%2B` for a plus sign.
fn decode(text: Option<String>, is_encoded: bool) -> Result<String, &'static str> {
    let text = text.ok_or("the list response contains an entry without a key")?;
    let text = match is_encoded && text.contains(['+', '%']) {
        true => {
            let spaced = text.replace('+', " ");
            percent_decode_str(&spaced)
                .decode_utf8()
                .map(Cow::into_owned)
                .map_err(|_| "the list response contains a key that is not UTF-8")?
        }
        false => text,
    };
    if text.len() > MAX_KEY { Err("the list response contains a key that is too long") } else { Ok(text) }
}

/// True if `folder` is a direct subfolder of `parent`.
fn is_folder_in(folder: &str, parent: &str) -> bool {
    let name = folder.strip_prefix(parent).and_then(|below| below.strip_suffix('/'));
    name.is_some_and(|name| !name.contains('/'))
}

/// Position within the pages of a listing.
#[derive(Debug, Default)]
pub(super) struct PageSequence {
    token: Option<String>,
    is_past: bool,
    /// Greatest key or folder so far.
    last: String,
    repeated: usize,
    idle: usize,
}

impl PageSequence {
    /// Returns the continuation token; `None` for the first page.
    pub(super) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// True after the last page.
    pub(super) fn is_past(&self) -> bool {
        self.is_past
    }

    /// Advances past a page. Returns an error if the listing would not end: a page may have no
    /// new keys and its token may be repeated, but only a limited number of times.
    pub(super) fn advance(&mut self, page: &ListPage) -> Result<(), &'static str> {
        /// Maximum number of consecutive pages that return the token they were requested with.
        const REPEATED: usize = 10;
        /// Maximum number of consecutive pages without a new key. S3 returns such pages after
        /// mass deletions.
        const IDLE: usize = 1000;
        self.is_past = page.next.is_none();
        self.repeated = if page.next == self.token { self.repeated + 1 } else { 0 };
        match page.last().filter(|last| *last > self.last.as_str()) {
            Some(last) => (self.last, self.idle) = (last.to_string(), 0),
            None => self.idle += 1,
        }
        if !self.is_past && (self.repeated > REPEATED || self.idle > IDLE) {
            return Err("the listing makes no progress and does not end");
        }
        self.token.clone_from(&page.next);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::operation::list_objects_v2::builders::ListObjectsV2OutputBuilder;
    use aws_sdk_s3::primitives::DateTime;
    use aws_sdk_s3::types::CommonPrefix;

    use super::*;

    const ASKED: ListRequest<'_> = ListRequest { prefix: "a/", folders: true, start_after: None, token: None };

    fn answer(keys: &[&str], folders: &[&str]) -> ListObjectsV2OutputBuilder {
        let contents = keys.iter().map(|key| types::Object::builder().key(*key).size(1).build()).collect();
        let prefixes = folders.iter().map(|folder| CommonPrefix::builder().prefix(*folder).build()).collect();
        let all = ListObjectsV2Output::builder().set_contents(Some(contents)).set_common_prefixes(Some(prefixes));
        all.is_truncated(false)
    }

    fn read(answer: ListObjectsV2OutputBuilder) -> Result<ListPage, &'static str> {
        ListPage::read(answer.build(), &ASKED)
    }

    #[test]
    fn names_are_decoded_if_the_response_is_encoded() {
        let names = ["a/b+c%2Bd", "a/%EF%BF%BE", "a/%01", "a/100%25"];
        let plain: Vec<String> =
            read(answer(&names, &[])).unwrap().objects.into_iter().map(|object| object.key).collect();
        assert_eq!(plain, names);
        let page = read(answer(&names, &["a/%C3%A9+/"]).encoding_type(EncodingType::Url)).unwrap();
        let decoded: Vec<&str> = page.objects.iter().map(|object| object.key.as_str()).collect();
        assert_eq!(decoded, ["a/b c+d", "a/\u{fffe}", "a/\u{1}", "a/100%"]);
        assert_eq!(page.folders, ["a/é /"]);
        assert!(read(answer(&["a/%ff"], &[]).encoding_type(EncodingType::Url)).is_err());
    }

    #[test]
    fn keys_outside_the_request_are_rejected() {
        for key in ["b", "a", "", "b/a/"] {
            assert!(read(answer(&[key], &[])).is_err(), "{key}");
        }
        for folder in ["a/", "a/b", "b/", "a/b/c/", "", "/", "b/a/c/"] {
            assert!(read(answer(&[], &[folder])).is_err(), "{folder}");
        }
        let long = format!("a/{}", "x".repeat(MAX_KEY));
        assert!(read(answer(&[&long], &[])).is_err() && read(answer(&[], &[&format!("{long}/")])).is_err());
        assert_eq!(read(answer(&["a/", "a/b"], &["a//", "a/c/"])).unwrap().last(), Some("a/c/"));
    }

    #[test]
    fn counts_and_continuation_tokens_are_validated() {
        for (count, is_right) in [(0, true), (2, true), (3, true), (4, false)] {
            assert_eq!(read(answer(&["a/b", "a/c"], &["a/d/"]).key_count(count)).is_ok(), is_right, "{count}");
        }
        assert!(read(answer(&[], &[]).is_truncated(true)).is_err());
        assert!(read(answer(&[], &[]).is_truncated(true).next_continuation_token("")).is_err());
        assert!(read(answer(&[], &[]).set_is_truncated(None).next_continuation_token("x")).is_err());
        assert_eq!(read(answer(&[], &[]).next_continuation_token("x")).unwrap().next, None);
        assert_eq!(
            read(answer(&[], &[]).is_truncated(true).next_continuation_token("x")).unwrap().next,
            Some("x".into())
        );
    }

    #[test]
    fn archived_objects_are_recognised_in_the_listing() {
        use ObjectStorageClass::{DeepArchive, Glacier, GlacierIr, IntelligentTiering, Standard};
        let end = |seconds: i64| DateTime::from_secs(Timestamp::now().as_second() + seconds);
        let restore = |is_running: bool, end: Option<DateTime>| {
            RestoreStatus::builder().is_restore_in_progress(is_running).set_restore_expiry_date(end).build()
        };
        for archive in [Glacier, DeepArchive] {
            for (status, expected) in [
                (None, ObjectAccess::Archived),
                (Some(restore(true, None)), ObjectAccess::Restoring),
                (Some(restore(false, Some(end(60)))), ObjectAccess::Immediate),
                (Some(restore(false, Some(end(-1)))), ObjectAccess::Archived),
                (Some(restore(false, None)), ObjectAccess::Immediate),
            ] {
                assert_eq!(access(Some(&archive), status.as_ref()), expected, "{archive} {status:?}");
            }
        }
        for class in [Standard, GlacierIr, IntelligentTiering, "NEW".into()] {
            assert_eq!(access(Some(&class), None), ObjectAccess::Immediate, "{class}");
        }
        assert_eq!(access(None, None), ObjectAccess::Immediate);
    }

    #[test]
    fn endless_pages_are_rejected() {
        let page = |key: &str, next: String| ListPage {
            objects: vec![Object { key: key.into(), size: 1, access: ObjectAccess::Immediate }],
            folders: Vec::new(),
            next: Some(next),
        };
        let pages_accepted = |page: &dyn Fn(usize) -> ListPage| {
            let mut pages = PageSequence::default();
            (0..5000).take_while(|number| pages.advance(&page(*number)).is_ok()).count()
        };
        assert_eq!(pages_accepted(&|number| page(&format!("{number:05}"), number.to_string())), 5000);
        assert!(pages_accepted(&|_| page("a", "same".into())) < 20);
        assert!(pages_accepted(&|number| page("a", number.to_string())) < 1100);
        assert!(pages_accepted(&|number| ListPage { next: Some(number.to_string()), ..ListPage::default() }) < 1100);
    }
}
