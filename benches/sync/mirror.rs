//! Mirroring alone, by the library.

use std::time::Duration;

use jiff::Timestamp;
use trail2tsv::bucket::{Arrived, Bucket, Next};
use trail2tsv::plan::{BucketInput, Connection, Downloads};
use trail2tsv::report::Report;
use trail2tsv::stop::Stop;
use trail2tsv::window::Window;

pub(crate) const MODE: &str = "mirror";

pub(crate) fn mirror(endpoint: &str, folder: &str) {
    let input = BucketInput {
        bucket: "logs".into(),
        mirror: folder.into(),
        window: Window::parse(None, None, Timestamp::now(), &jiff::tz::TimeZone::UTC).unwrap(),
        connection: Connection { endpoint_url: Some(endpoint.into()), ..Connection::default() },
        downloads: match std::env::var("JOBS") {
            Ok(jobs) => Downloads { first: jobs.parse().unwrap(), most: jobs.parse().unwrap() },
            Err(_) => Downloads { first: 64, most: 256 },
        },
        ..BucketInput::default()
    };
    let report = Report::new(Default::default(), true);
    let mut bucket = Bucket::open(&input, &report, &Stop::default()).unwrap();
    loop {
        match bucket.next(Duration::from_millis(50)) {
            Next::Arrived(Arrived::Object { .. } | Arrived::TooOld) | Next::Wait => {}
            Next::Arrived(other) => panic!("{other:?}"),
            Next::End => break,
        }
    }
    eprintln!("{}", bucket.fetched().requests());
}
