//! Which requests may read a bucket, and for which region they must be signed.

use super::client::{Reply, get, request};
use crate::s3::{Access, Bucket, Server, Signature};

fn serve(bucket: Bucket) -> Server {
    let server = Server::start();
    server.add_bucket("b", bucket).put("a", "hello");
    server
}

fn signed(server: &Server, method: &str, id: &str, region: &str) -> Reply {
    let header =
        format!("AWS4-HMAC-SHA256 Credential={id}/20260101/{region}/s3/aws4_request, SignedHeaders=host, Signature=00");
    request(server, method, "/b/a", &[("Authorization", &header)])
}

#[test]
fn a_signature_is_read() {
    let server = serve(Bucket::new());
    server.record();
    assert_eq!(signed(&server, "GET", "AKIAEXAMPLE", "eu-west-1").status, 200);
    get(&server, "/b/a");
    let signatures: Vec<_> = server.requests().into_iter().map(|request| request.signature).collect();
    let signature = Signature { access_key_id: "AKIAEXAMPLE".to_owned(), region: "eu-west-1".to_owned() };
    assert_eq!(signatures, [Some(signature), None]);
}

#[test]
fn requests_to_another_region_are_redirected() {
    let server = serve(Bucket::new().region("eu-west-1"));
    let reply = signed(&server, "GET", "AKIA", "us-east-1");
    assert_eq!((reply.status, reply.element("Code")), (301, "PermanentRedirect"));
    assert_eq!(reply.header("x-amz-bucket-region"), Some("eu-west-1"));
    assert_eq!(signed(&server, "HEAD", "AKIA", "us-east-1").header("x-amz-bucket-region"), Some("eu-west-1"));
    assert_eq!(signed(&server, "GET", "AKIA", "eu-west-1").status, 200);
    assert_eq!(get(&server, "/b/a").status, 200);
}

#[test]
fn another_region_can_be_told_in_the_body_only() {
    let server = serve(Bucket::new().region_in_body("eu-west-1"));
    let reply = signed(&server, "GET", "AKIA", "us-east-1");
    assert_eq!((reply.status, reply.element("Code")), (400, "AuthorizationHeaderMalformed"));
    assert_eq!((reply.element("Region"), reply.header("x-amz-bucket-region")), ("eu-west-1", None));
    let reply = signed(&server, "HEAD", "AKIA", "us-east-1");
    assert_eq!((reply.status, reply.header("x-amz-bucket-region")), (400, Some("eu-west-1")));
}

#[test]
fn only_permitted_requests_have_access() {
    for (access, anonymous, signed_by_a, signed_by_b) in [
        (Access::Anyone, 200, 200, 200),
        (Access::Signed, 403, 200, 200),
        (Access::SignedBy("A".to_owned()), 403, 200, 403),
        (Access::Anonymous, 200, 403, 403),
    ] {
        let server = serve(Bucket::new().access(access.clone()));
        assert_eq!(get(&server, "/b/a").status, anonymous, "{access:?}");
        assert_eq!(signed(&server, "GET", "A", "us-east-1").status, signed_by_a, "{access:?}");
        assert_eq!(signed(&server, "GET", "B", "us-east-1").status, signed_by_b, "{access:?}");
    }
}

#[test]
fn the_requester_can_be_asked_to_pay() {
    let server = serve(Bucket::new().requester_pays());
    assert_eq!(get(&server, "/b/a").element("Code"), "AccessDenied");
    assert_eq!(request(&server, "GET", "/b/a", &[("x-amz-request-payer", "requester")]).status, 200);
}
