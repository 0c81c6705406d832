//! An S3 server that runs inside a test, a benchmark or an example.
//!
//! It answers the requests of a bucket's reader (ListObjectsV2, GET and HEAD, path-style, over
//! plain HTTP), counts them, and fails on demand. Signatures are read but not verified. Nothing can
//! be written over HTTP: a test puts and removes objects through its [`Bucket`].
//!
//! ```
//! use testkit::s3::{Bucket, Fault, Server};
//!
//! let server = Server::start();
//! let bucket = server.add_bucket("logs", Bucket::new());
//! bucket.put("AWSLogs/a.json.gz", "body");
//! let fault = server.fault(Fault::get("*.json.gz").times(2).status(503, "SlowDown"));
//! // … point a client at server.endpoint(), then …
//! assert_eq!((server.counts().get, fault.fired()), (0, 0));
//! ```
//!
//! | file | content |
//! |---|---|
//! | `server` | the thread, the buckets, the settings for a test |
//! | `connection` | one TCP connection, and how to break it |
//! | `request` | a parsed request, and who signed it |
//! | `answer` | which of the parts below answers |
//! | `listing`, `object`, `error`, `xml` | the answers S3 gives |
//! | `selection`, `fault`, `body` | which requests go wrong, how, and the bytes that are then sent
//! |
//! | `store`, `bucket`, `folder`, `synthetic` | where objects come from |
//! | `counts` | the numbers of requests, for assertions |

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "test support: a failure here is a failed test")]

mod answer;
mod body;
mod bucket;
mod connection;
mod counts;
mod error;
mod fault;
mod folder;
mod listing;
mod object;
mod request;
mod selection;
mod server;
mod store;
mod synthetic;
#[cfg(test)]
mod tests;
mod xml;

pub use bucket::{Access, Bucket};
pub use counts::Counts;
pub use fault::{ActiveFault, Fault};
pub use request::{Operation, Request, Signature};
pub use selection::Selection;
pub use server::Server;
pub use store::{Entry, Object, Restore, Store};
pub use synthetic::{Synthetic, SyntheticStore};
