//! Lists the objects of one account and region, from the first day of the
//! window to the last.

use std::cmp::Ordering;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use aws_sdk_s3::types;
use jiff::civil::Date;
use tokio::sync::mpsc;

use super::Shared;
use super::client::{ListRequest, Pages};
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
    /// The key that the list begins behind: that of the first day's folder,
    /// unless the scan's own folder comes after it.
    fn start(&self, first_day: Option<Date>) -> Option<String> {
        let day = first_day?;
        let (trail, below) = self.prefix.rsplit_once("/CloudTrail/")?;
        let (region, _) = below.split_once('/')?;
        let start = format!("{trail}/CloudTrail/{region}/{:04}/{:02}/{:02}", day.year(), day.month(), day.day());
        (start > self.prefix).then_some(start)
    }

    /// Sends the pages of the list, until the last day is past or nobody
    /// listens.
    pub(super) async fn list(self, shared: Arc<Shared>, sender: mpsc::Sender<Page>) {
        self.send_pages(&shared, sender).await;
        shared.counts.open_lists.fetch_sub(1, Relaxed);
    }

    async fn send_pages(&self, shared: &Shared, sender: mpsc::Sender<Page>) {
        let start = self.start(shared.scope.first_day);
        let mut pages = Pages::default();
        let mut course = Course { last_day: shared.scope.last_day, last_key: String::new() };
        while !pages.is_past() {
            let request = ListRequest {
                prefix: &self.prefix,
                start_after: start.as_deref().filter(|_| pages.token().is_none()),
                token: pages.token(),
                folders: false,
            };
            let page = match shared.client.list(&request, &shared.counts.lists).await {
                Ok(answer) => {
                    let turned = pages.turn(&answer);
                    let taken = course.take(answer.contents.unwrap_or_default());
                    turned.and(taken).map_err(|text| shared.client.senseless(text))
                }
                Err(trouble) => Err(trouble),
            };
            if let Ok((objects, _)) = &page {
                shared.counts.known.fetch_add(objects.len() as u64, Relaxed);
            }
            let is_last = page.as_ref().is_ok_and(|(_, is_past)| *is_past) || page.is_err();
            if sender.send(page.map(|(objects, _)| objects)).await.is_err() || is_last {
                return;
            }
        }
    }
}

/// How far a list has come.
struct Course {
    last_day: Option<Date>,
    last_key: String,
}

impl Course {
    /// The new objects of a page up to the last day, and whether there were
    /// later ones. Rows would come twice or in another order if the keys did.
    fn take(&mut self, page: Vec<types::Object>) -> Result<(Vec<Object>, bool), &'static str> {
        let mut objects = Vec::with_capacity(page.len());
        for object in page {
            let Some(key) = object.key else { return Err("an object of the list has no key") };
            let size = object.size.and_then(|size| u64::try_from(size).ok());
            let Some(size) = size else { return Err("an object of the list has no size") };
            match key.cmp(&self.last_key) {
                Ordering::Less => return Err("the keys of the list are out of order, or come again"),
                Ordering::Equal => continue,
                Ordering::Greater => self.last_key.clone_from(&key),
            }
            if self.last_day.is_some_and(|last| Place::of(&key).day().is_some_and(|day| day > last)) {
                return Ok((objects, true));
            }
            objects.push(Object { key, size });
        }
        Ok((objects, false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_begins_at_the_first_day_wherever_its_folder_is() {
        let day = Some("2026-10-04".parse().unwrap());
        let region = "x/AWSLogs/111122223333/CloudTrail/eu-west-1/";
        let start = |below: &str| Scan { prefix: format!("{region}{below}") }.start(day);
        for below in ["", "2026/", "2026/10/"] {
            assert_eq!(start(below), Some(format!("{region}2026/10/04")), "{below}");
        }
        for below in ["2026/10/04/", "2026/10/05/", "2026/11/", "2027/"] {
            assert_eq!(start(below), None, "{below}");
        }
        assert_eq!(Scan { prefix: region.into() }.start(None), None);
    }

    #[test]
    fn keys_come_once_and_in_order() {
        let page = |keys: &[&str]| {
            keys.iter().map(|key| types::Object::builder().key(*key).size(1).build()).collect::<Vec<_>>()
        };
        let mut course = Course { last_day: None, last_key: String::new() };
        let mut take = |keys| course.take(page(keys)).map(|(objects, _)| objects.len());
        assert_eq!(take(&["a", "a", "b"]), Ok(2));
        assert_eq!(take(&["b", "c"]), Ok(1));
        assert!(take(&["b"]).is_err());
    }
}
