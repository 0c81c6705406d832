//! Lists the objects of one account and region, from the first day of the
//! window to the last.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::Shared;
use super::client::ListRequest;
use super::layout::Place;
use super::trouble::Trouble;

/// A folder whose keys begin with a date.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Scan {
    /// Ends in `/`.
    pub(super) prefix: String,
}

/// An object of the list.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) key: String,
    pub(super) size: u64,
}

/// One page, or the reason why there are no more.
pub(super) type Page = Result<Vec<Object>, Trouble>;

impl Scan {
    /// The key that the list begins behind: that of the first day's folder.
    fn start(&self, shared: &Shared) -> Option<String> {
        let day = shared.scope.first_day?;
        let below = Place::of(&self.prefix);
        // A prefix below the region says itself where it begins.
        let is_region = below.region.is_some() && self.prefix.ends_with(&format!("/{}/", below.region?));
        is_region.then(|| format!("{}{:04}/{:02}/{:02}", self.prefix, day.year(), day.month(), day.day()))
    }

    /// Sends the pages of the list, until the last day is past or nobody
    /// listens.
    pub(super) async fn list(self, shared: Arc<Shared>, pages: mpsc::Sender<Page>) {
        let start = self.start(&shared);
        let mut token = None;
        loop {
            let request = ListRequest {
                prefix: &self.prefix,
                start_after: start.as_deref().filter(|_| token.is_none()),
                token: token.as_deref(),
                folders: false,
            };
            let answer = match shared.client.list(&request, &shared.counts.lists).await {
                Ok(answer) => answer,
                Err(trouble) => {
                    let _ = pages.send(Err(trouble)).await;
                    return;
                }
            };
            let is_more = answer.is_truncated == Some(true);
            let next = answer.next_continuation_token;
            let objects = answer
                .contents
                .unwrap_or_default()
                .into_iter()
                .filter_map(|object| Some(Object { key: object.key?, size: u64::try_from(object.size?).ok()? }));
            let (wanted, is_past) = shared.until_last_day(objects);
            if pages.send(Ok(wanted)).await.is_err() || is_past || !is_more {
                return;
            }
            // The same token again would be the same page again, without an end.
            if next.is_none() || next == token {
                let text = "the list of the bucket does not go on, nor end".into();
                let _ = pages.send(Err(Trouble::of_list(shared.client.bucket(), text))).await;
                return;
            }
            token = next;
        }
    }
}

impl Shared {
    /// The objects up to the last day, and whether there were later ones.
    fn until_last_day(&self, objects: impl Iterator<Item = Object>) -> (Vec<Object>, bool) {
        let Some(last) = self.scope.last_day else { return (objects.collect(), false) };
        let (mut wanted, mut is_past) = (Vec::new(), false);
        for object in objects {
            if Place::of(&object.key).day().is_some_and(|day| day > last) {
                is_past = true;
                break;
            }
            wanted.push(object);
        }
        (wanted, is_past)
    }
}
