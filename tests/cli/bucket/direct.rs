//! Objects that are requested without the SDK.

use testkit::s3::{Bucket, Fault, Operation, Request};

use super::cloud::{Cloud, minutes};

/// Whether a request for an object was sent by the SDK, and not by the program itself.
fn is_by_sdk(request: &Request) -> bool {
    request.counts_attempts
}

#[test]
fn objects_are_requested_as_the_sdk_requests_the_first_one() {
    let cloud = Cloud::with(Bucket::new().requester_pays().checksums());
    (0..40).for_each(|number| drop(cloud.minute(number)));
    cloud.server.record();
    cloud.run(&["-q", "--request-payer", "--jobs", "2"]).shows(0, &minutes(40), "");
    let requests = cloud.server.requests();
    let (by_sdk, direct): (Vec<_>, Vec<_>) =
        requests.iter().filter(|request| request.operation == Operation::Get).partition(|request| is_by_sdk(request));
    assert!(!by_sdk.is_empty() && direct.len() > by_sdk.len(), "{} and {}", by_sdk.len(), direct.len());
    for request in direct {
        let first = by_sdk[0];
        let common =
            Request { path: first.path.clone(), key: first.key.clone(), counts_attempts: true, ..request.clone() };
        assert_eq!(common, *first);
    }
}

#[test]
fn refused_direct_requests_are_repeated_by_the_sdk() {
    let cloud = Cloud::with_logs(40);
    let refusal = Fault::get("*").when(|request| !is_by_sdk(request)).status(403, "SignatureDoesNotMatch");
    let fired = cloud.server.fault(refusal);
    cloud.run(&["-q", "--jobs", "2"]).shows(0, &minutes(40), "");
    assert!((1..10).contains(&fired.fired()), "{} were tried again", fired.fired());
}

#[test]
fn a_refused_object_is_requested_once() {
    let cloud = Cloud::with_logs(40);
    let key = cloud.bucket.keys("").pop().unwrap();
    let expected = |text: &str| format!("trail2tsv: s3://logs/{key}: not downloaded: {text}; nothing was read\n");
    for (status, code, text) in [
        (403, "AccessDenied", "access denied: s3:GetObject is needed on arn:aws:s3:::logs/*"),
        (403, "InvalidObjectState", "the object is archived; restore it first (InvalidObjectState)"),
        (404, "NoSuchKey", "the object no longer exists (NoSuchKey)"),
    ] {
        let fired = cloud.server.fault(Fault::get(&key).status(status, code));
        cloud.run(&["-q", "--jobs", "2"]).shows(3, &minutes(39), &expected(text));
        assert_eq!(fired.fired(), 1);
        cloud.server.clear_faults();
        std::fs::remove_dir_all(cloud.trial.path("mirror")).unwrap();
    }
}
