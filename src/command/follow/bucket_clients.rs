//! The clients of the buckets that a follower reads.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::request::FollowRequest;
use crate::error::Error;
use crate::error::cancel::Cancellation;
use crate::report::Report;
use crate::source::location::Location;
use crate::source::s3::key_fetcher::KeyFetcher;

/// A client for each bucket, which connects the first time that the bucket is named.
pub(super) struct BucketClients<'a> {
    request: &'a FollowRequest,
    report: &'a Report,
    clients: BTreeMap<String, ClientState>,
}

/// The client of a bucket.
enum ClientState {
    Connected(Box<KeyFetcher>),
    /// The bucket could not be reached at this time.
    Failed(Instant),
}

impl<'a> BucketClients<'a> {
    pub(super) fn new(request: &'a FollowRequest, report: &'a Report) -> BucketClients<'a> {
        BucketClients { request, report, clients: BTreeMap::new() }
    }

    /// Connects to the bucket that the user named, if there is one. Returns an error if it cannot be
    /// read.
    pub(super) fn connect_named(&mut self) -> Result<(), Error> {
        if let Some(named) = &self.request.named {
            let client = self.connect(&named.bucket)?;
            self.clients.insert(named.bucket.to_string(), ClientState::Connected(Box::new(client)));
        }
        Ok(())
    }

    /// Returns the client for a bucket; `None` if the bucket cannot be read now, which was
    /// reported.
    pub(super) fn get(&mut self, bucket: &str) -> Option<&mut KeyFetcher> {
        const PAUSE: Duration = Duration::from_secs(60);
        let is_due = match self.clients.get(bucket) {
            Some(ClientState::Connected(_)) => false,
            Some(ClientState::Failed(time)) => time.elapsed() >= PAUSE,
            None => true,
        };
        if is_due {
            let state = match self.connect(bucket) {
                Ok(client) => ClientState::Connected(Box::new(client)),
                Err(error) => {
                    self.forget_some();
                    if !self.clients.contains_key(bucket) {
                        self.report.warn(&format!("{error}; messages about this bucket stay in the queue"));
                    }
                    ClientState::Failed(Instant::now())
                }
            };
            self.clients.insert(bucket.to_string(), state);
        }
        match self.clients.get_mut(bucket) {
            Some(ClientState::Connected(client)) => Some(client),
            _ => None,
        }
    }

    /// Forgets buckets that could not be reached, if there are very many.
    fn forget_some(&mut self) {
        const MAX_KNOWN: usize = 10_000;
        if self.clients.len() >= MAX_KNOWN {
            self.clients.retain(|_, state| matches!(state, ClientState::Connected(_)));
        }
    }

    /// Forgets the client of a bucket that refuses every request, and reports it.
    pub(super) fn give_up(&mut self, bucket: &str, error: &Error) {
        self.report.warn(&format!("{error}; messages about this bucket stay in the queue"));
        self.clients.insert(bucket.to_string(), ClientState::Failed(Instant::now()));
    }

    fn connect(&self, bucket: &str) -> Result<KeyFetcher, Error> {
        /// Each takes threads, and a message can name any bucket.
        const MAX_BUCKETS: usize = 50;
        let prefix = self.request.named.as_ref().map_or("", |named| named.key.as_str());
        let location = Location::new(bucket, prefix);
        let is_connected = |state: &&ClientState| matches!(state, ClientState::Connected(_));
        if self.clients.values().filter(is_connected).count() >= MAX_BUCKETS {
            return Err(Error::Failed(format!("{}: more than {MAX_BUCKETS} buckets", location.bucket_address())));
        }
        KeyFetcher::open(&self.request.bucket_of(&location)?, self.report, &Cancellation::default())
    }
}
