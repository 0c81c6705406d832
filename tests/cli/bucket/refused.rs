//! Requests that S3 refuses: each error says what is wrong and what can be done.

use std::time::Duration;

use testkit::s3::{Access, Bucket, Fault, Operation};

use super::cloud::{Cloud, KEY_ID, minutes};

const SIGN_IN: &str = "sign in again, for example with `aws sso login`, or choose another profile with --profile";

/// Like [`Cloud::with_logs`], in this bucket.
fn with_logs(bucket: Bucket, count: usize) -> Cloud {
    let cloud = Cloud::with(bucket);
    (0..count).for_each(|number| drop(cloud.minute(number)));
    cloud
}

#[test]
fn missing_credentials_are_explained() {
    let mut cloud = Cloud::with_logs(1);
    cloud.trial.env("AWS_ACCESS_KEY_ID", "").env("AWS_SECRET_ACCESS_KEY", "");
    let advice = "sign in, for example with `aws sso login`, choose another profile with --profile, \
                  or read a public bucket with --no-sign-request";
    cloud.run(&[]).shows(1, "", &format!("trail2tsv: s3://logs: no credentials found; {advice}\n"));
    assert_eq!(cloud.server.counts().list, 0);
    let unknown = "trail2tsv: --profile \"nobody\": profile not found;";
    cloud.run(&["--profile", "nobody"]).shows(1, "", &format!("{unknown} ~/.aws contains no profiles\n"));
    cloud.trial.write(".aws/config", "[profile other]\nregion = eu-west-1\n");
    cloud.trial.write(".aws/credentials", "[more]\n");
    cloud.run(&["--profile", "nobody"]).shows(1, "", &format!("{unknown} available profiles: more, other\n"));
    cloud.trial.env("AWS_PROFILE", "elsewhere");
    let ran = cloud.run(&[]);
    assert!(ran.stderr.contains("AWS_PROFILE \"elsewhere\": profile not found"), "{ran:?}");
    cloud.trial.env("AWS_PROFILE", "other");
    cloud.run(&["--profile", "other"]).shows(1, "", &format!("trail2tsv: s3://logs: no credentials found; {advice}\n"));
}

#[test]
fn rejected_credentials_end_the_run() {
    for (code, text) in [
        ("ExpiredToken", "the credentials have expired (ExpiredToken)"),
        ("InvalidAccessKeyId", "the credentials were rejected (InvalidAccessKeyId)"),
        ("SignatureDoesNotMatch", "the credentials were rejected (SignatureDoesNotMatch)"),
        ("InvalidToken", "the credentials were rejected (InvalidToken)"),
    ] {
        let cloud = Cloud::with_logs(1);
        cloud.server.fault(Fault::any().status(403, code));
        cloud.run(&[]).shows(1, "", &format!("trail2tsv: s3://logs: {text}; {SIGN_IN}\n"));
        assert_eq!(cloud.server.counts().list, 1, "one request is enough");
    }
    let cloud = with_logs(Bucket::new().access(Access::SignedBy("AKIAOTHER".into())), 1);
    let text = "the credentials were rejected (InvalidAccessKeyId)";
    cloud.run(&[]).shows(1, "", &format!("trail2tsv: s3://logs: {text}; {SIGN_IN}\n"));
}

#[test]
fn a_wrong_clock_is_named() {
    let cloud = Cloud::with_logs(1);
    cloud.server.fault(Fault::any().status(403, "RequestTimeTooSkewed"));
    cloud.run(&[]).shows(1, "", "trail2tsv: s3://logs: the system clock is wrong (RequestTimeTooSkewed)\n");
}

#[test]
fn credentials_that_expire_keep_fetched_objects() {
    let cloud = Cloud::with_logs(20);
    // Five lists, and then eight objects.
    cloud.server.fault(Fault::expire_after(5 + 8));
    let ran = cloud.run(&["--jobs", "1", "-o", "out.tsv"]);
    ran.shows(1, "", &format!("trail2tsv: s3://logs: the credentials have expired (ExpiredToken); {SIGN_IN}\n"));
    assert_eq!(cloud.assert_whole(), 8);
    assert!(!cloud.trial.path("out.tsv").exists());

    cloud.server.clear_faults();
    cloud.server.reset_counts();
    cloud.run(&["-q"]).shows(0, &minutes(20), "");
    assert_eq!(cloud.server.counts().get, 12);
}

#[test]
fn credentials_that_expire_in_a_list_end_the_run() {
    let cloud = with_logs(Bucket::new().page_size(5), 20);
    cloud.server.fault(Fault::list("*eu-west-1/").skip(2).status(400, "ExpiredToken"));
    let ran = cloud.run(&[]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.stderr, format!("trail2tsv: s3://logs: the credentials have expired (ExpiredToken); {SIGN_IN}\n"));
}

#[test]
fn a_missing_bucket_is_reported() {
    let cloud = Cloud::with_logs(1);
    cloud.trial.run(&["s3://logz/AWSLogs"]).shows(1, "", "trail2tsv: s3://logz: the bucket does not exist\n");
}

#[test]
fn the_region_of_the_bucket_is_found() {
    for bucket in [Bucket::new().region("eu-central-1"), Bucket::new().region_in_body("eu-central-1")] {
        let mut cloud = with_logs(bucket, 3);
        for wrong in ["us-east-1", "ap-south-1", ""] {
            cloud.trial.env("AWS_REGION", wrong);
            cloud.server.record();
            cloud.run(&["-q"]).shows(0, &minutes(3), "");
            let regions: Vec<String> =
                cloud.server.requests().into_iter().map(|request| request.signature.unwrap().region).collect();
            assert!(regions[1..].iter().all(|region| region == "eu-central-1"), "{regions:?}");
        }
        cloud.trial.env("AWS_REGION", "eu-central-1");
        cloud.server.reset_counts();
        cloud.run(&["-q"]).shows(0, &minutes(3), "");
        assert_eq!(cloud.server.counts().list, 5, "a right region needs no further request");
    }
}

#[test]
fn a_bucket_that_may_not_be_listed_names_the_permission() {
    let cloud = Cloud::with_logs(1);
    cloud.server.fault(Fault::list("*").status(403, "AccessDenied"));
    let needed = "s3:ListBucket is needed on arn:aws:s3:::logs";
    cloud.run(&[]).shows(1, "", &format!("trail2tsv: s3://logs: access denied: {needed}\n"));
    cloud.run(&["--prefix", "AWSLogs"]).shows(
        1,
        "",
        &format!("trail2tsv: s3://logs: access denied below AWSLogs/: {needed}\n"),
    );
}

#[test]
fn a_folder_that_may_not_be_listed_loses_only_its_objects() {
    let cloud = Cloud::with_logs(2);
    cloud.log("AWSLogs/", "444455556666", "eu-west-1", "2026-10-01T09:15", &["other"]);
    for (folder, rows) in [
        ("AWSLogs/111122223333/CloudTrail/", "other\n"),
        ("AWSLogs/111122223333/CloudTrail/eu-west-1/", "other\n"),
        ("AWSLogs/444455556666/CloudTrail/eu-west-1/", "E000\nE001\n"),
    ] {
        cloud.server.clear_faults();
        cloud.server.fault(Fault::list(folder).status(403, "AccessDenied"));
        cloud.run(&["-q"]).shows(
            3,
            rows,
            &format!(
                "trail2tsv: s3://logs/{folder}: not listed completely: access denied below {folder}: \
                 s3:ListBucket is needed on arn:aws:s3:::logs; some of its logs may be missing\n"
            ),
        );
    }
}

#[test]
fn an_object_that_may_not_be_read_loses_only_itself() {
    let kms = "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: kms:Decrypt on resource: \
               arn:aws:kms:eu-west-1:111122223333:key/1 because no identity-based policy allows it";
    let cases = [
        (
            Fault::get("*0901Z*").status(403, "AccessDenied"),
            "access denied: s3:GetObject is needed on arn:aws:s3:::logs/*",
        ),
        (
            Fault::get("*0901Z*").status_saying(403, "AccessDenied", kms),
            "access denied: kms:Decrypt is needed on the key that encrypts the object",
        ),
        (
            Fault::get("*0901Z*").status(403, "InvalidObjectState"),
            "the object is archived; restore it first (InvalidObjectState)",
        ),
        (Fault::get("*0901Z*").status(404, "NoSuchKey"), "the object no longer exists (NoSuchKey)"),
        (Fault::get("*0901Z*").status_saying(400, "EdgeCase\u{1b}[31m", "why\tnot"), "EdgeCase\\u{1b}[31m: why\\tnot"),
    ];
    for (fault, text) in cases {
        let cloud = Cloud::with_logs(3);
        let keys = cloud.bucket.keys("");
        cloud.server.fault(fault);
        let size = cloud.size(&[&keys[0], &keys[2]]);
        cloud.run(&[]).shows(
            3,
            "E000\nE002\n",
            &format!(
                "trail2tsv: s3://logs/{}: not downloaded: {text}; nothing was read\n\
                 trail2tsv: 2 objects downloaded ({size}), 0 already in the mirror; \
                 2 events in 2 files read, 2 matched; 1 problem, named above\n",
                keys[1]
            ),
        );
        assert_eq!(cloud.server.counts().get, 3, "one request is enough");
        assert_eq!(cloud.mirrored(), [&keys[0][..], &keys[2]]);
    }
}

#[test]
fn an_object_that_vanishes_is_named() {
    let cloud = Cloud::with_logs(3);
    let key = cloud.bucket.keys("")[1].clone();
    let (bucket, gone) = (cloud.bucket.clone(), key.clone());
    // The object is removed after it was listed.
    let remove = move |_: &testkit::s3::Request| {
        bucket.remove(gone.as_str());
        false
    };
    cloud.server.fault(Fault::get("*").when(remove).reset());
    cloud.run(&["-q", "--jobs", "1"]).shows(
        3,
        "E000\nE002\n",
        &format!(
            "trail2tsv: s3://logs/{key}: not downloaded: the object no longer exists (NoSuchKey); nothing was read\n"
        ),
    );
}

#[test]
fn an_unreachable_server_is_reported() {
    let cloud = Cloud::with_logs(1);
    drop(cloud.server);
    let ran = cloud.trial.run(&["--bucket", "logs", "--mirror", "mirror"]);
    ran.shows(1, "", "trail2tsv: s3://logs: S3 cannot be reached: Connection refused\n");
}

#[test]
fn requests_say_who_pays_and_may_be_unsigned() {
    let cloud = with_logs(Bucket::new().requester_pays(), 2);
    cloud.run(&[]).shows(1, "", "trail2tsv: s3://logs: access denied: s3:ListBucket is needed on arn:aws:s3:::logs\n");
    cloud.server.record();
    cloud.run(&["-q", "--request-payer"]).shows(0, &minutes(2), "");
    let requests = cloud.server.requests();
    assert!(requests.iter().any(|request| request.operation == Operation::Get));
    assert!(requests.iter().all(|request| request.request_payer), "{requests:#?}");
    let signers: Vec<_> = requests.iter().map(|request| &request.signature.as_ref().unwrap().access_key_id).collect();
    assert!(signers.iter().all(|id| *id == KEY_ID), "{signers:?}");

    let mut cloud = with_logs(Bucket::new().access(Access::Anonymous), 2);
    assert_eq!(cloud.run(&[]).code, Some(1));
    cloud.run(&["-q", "--no-sign-request"]).shows(0, &minutes(2), "");
    cloud.trial.env("AWS_ACCESS_KEY_ID", "").env("AWS_SECRET_ACCESS_KEY", "");
    cloud.run(&["-q", "--no-sign-request"]).shows(0, &minutes(2), "");
}

#[test]
fn a_profile_that_is_named_comes_before_keys_in_the_environment() {
    let cloud = with_logs(Bucket::new().access(Access::SignedBy("AKIAPROFILE".into())), 2);
    cloud.trial.write(
        ".aws/credentials",
        "[trail]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG\n",
    );
    assert_eq!(cloud.run(&[]).code, Some(1));
    cloud.run(&["-q", "--profile", "trail"]).shows(0, &minutes(2), "");
}

#[test]
fn the_endpoint_is_an_option() {
    let mut cloud = Cloud::with_logs(2);
    let endpoint = cloud.server.endpoint();
    cloud.trial.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    cloud.run(&["-q", "--endpoint-url", &endpoint]).shows(0, &minutes(2), "");
}

#[test]
fn the_proxy_of_the_environment_is_used() {
    let mut cloud = Cloud::with_logs(20);
    let proxy = cloud.server.endpoint();
    cloud.trial.env("AWS_ENDPOINT_URL", "http://s3.example.invalid").env("HTTP_PROXY", &proxy);
    cloud.run(&["-q"]).shows(0, &minutes(20), "");
    cloud.trial.env("NO_PROXY", "example.invalid").env("AWS_MAX_ATTEMPTS", "1");
    assert_eq!(cloud.run(&["-q"]).code, Some(1));
}

/// Such a program may wait for the user to touch a security key.
#[cfg(unix)]
#[test]
fn a_program_that_gives_credentials_is_asked_once() {
    let cloud = with_logs(Bucket::new().access(Access::SignedBy("AKIAPROCESS".into())), 20);
    let answer = r#"{"Version":1,"AccessKeyId":"AKIAPROCESS","SecretAccessKey":"wJalrXUtnFEMI"}"#;
    cloud.trial.write("give.sh", format!("echo >> asked\necho '{answer}'\n"));
    cloud.trial.write(".aws/config", "[profile trail]\ncredential_process = sh give.sh\n");
    cloud.run(&["-q", "--profile", "trail"]).shows(0, &minutes(20), "");
    assert_eq!(cloud.trial.read("asked"), "\n");
}

#[test]
fn a_silent_server_is_named_while_it_is_awaited() {
    let cloud = Cloud::with_logs(1);
    cloud.server.fault(Fault::any().times(1).delay(Duration::from_secs(11)));
    let ran = cloud.run(&[]);
    assert!(ran.stderr.starts_with("trail2tsv: s3://logs: still waiting for an answer\n"), "{ran:?}");
    assert_eq!((ran.code, &*ran.stdout), (Some(0), &*minutes(1)), "{ran:?}");
    assert!(!cloud.run(&[]).stderr.contains("still waiting"));
}
