//! Storage, databases and queues: s3, dynamodb, rds, sqs.

use super::{Call, PEOPLE};
use crate::logs::actors::IdentityKind;
use crate::logs::event::Field::{self, *};

const TRANSFER: (Field, &str) = (
    AdditionalEventData,
    r#"{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":0,"AuthenticationMethod":"AuthHeader","x-amz-id-2":"<id2>=","bytesTransferredOut":<bytes>}"#,
);
const UPLOAD: (Field, &str) = (
    AdditionalEventData,
    r#"{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":<bytes>,"SSEApplied":"Default_SSE_S3","AuthenticationMethod":"AuthHeader","x-amz-id-2":"<id2>=","bytesTransferredOut":0}"#,
);
const BUCKET: (Field, &str) =
    (Resources, r#"[{"accountId":"<account>","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::<bucket>"}]"#);
const OBJECT: (Field, &str) = (
    Resources,
    r#"[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::<bucket>/<object>"},{"accountId":"<account>","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::<bucket>"}]"#,
);
const TABLE: (Field, &str) = (
    Resources,
    r#"[{"accountId":"<account>","type":"AWS::DynamoDB::Table","ARN":"arn:aws:dynamodb:<region>:<account>:table/<table>"}]"#,
);
const HOST: &str = "<bucket>.s3.<region>.amazonaws.com";

pub(super) const CALLS: &[Call] = &[
    Call::read("s3", "GetObject", 260).data().host(HOST).more(&[TRANSFER, OBJECT])
        .request(r#"{"bucketName":"<bucket>","Host":"<bucket>.s3.<region>.amazonaws.com","key":"<object>"}"#)
        .failing(40, &[
            ("NoSuchKey", "The specified key does not exist."),
            ("AccessDenied", "User: <caller> is not authorized to perform: s3:GetObject on resource: \\\"arn:aws:s3:::<bucket>/<object>\\\" because no identity-based policy allows the s3:GetObject action"),
        ]),
    Call::read("s3", "HeadObject", 130).data().host(HOST).more(&[TRANSFER, OBJECT])
        .request(r#"{"bucketName":"<bucket>","Host":"<bucket>.s3.<region>.amazonaws.com","key":"<object>"}"#)
        .failing(70, &[("NoSuchKey", "The specified key does not exist.")]),
    Call::write("s3", "PutObject", 90).data().host(HOST).more(&[UPLOAD, OBJECT])
        .request(r#"{"bucketName":"<bucket>","Host":"<bucket>.s3.<region>.amazonaws.com","key":"<object>","x-amz-acl":"bucket-owner-full-control","x-amz-storage-class":"STANDARD"}"#)
        .response(r#"{"x-amz-server-side-encryption":"AES256","x-amz-expiration":"expiry-date=\"Sun, 01 Nov 2026 00:00:00 GMT\", rule-id=\"keep-30-days\""}"#),
    Call::write("s3", "PutObject", 40).data().host(HOST).by(&[IdentityKind::Service]).only(&["cloudtrail", "delivery.logs"])
        .more(&[UPLOAD, OBJECT, (SharedEventId, r#""<uuid-5>""#)])
        .request(r#"{"bucketName":"<bucket>","Host":"<bucket>.s3.<region>.amazonaws.com","key":"AWSLogs/<account>/<day>/<hex>.json.gz","x-amz-acl":"bucket-owner-full-control"}"#),
    Call::read("s3", "ListObjects", 60).data().host(HOST).more(&[TRANSFER, BUCKET])
        .request(r#"{"list-type":"2","bucketName":"<bucket>","encoding-type":"url","prefix":"daily/","delimiter":"/","Host":"<bucket>.s3.<region>.amazonaws.com"}"#),
    Call::read("s3", "GetBucketAcl", 70).host(HOST).more(&[TRANSFER, BUCKET, (SharedEventId, r#""<uuid-5>""#)])
        .by(&[IdentityKind::Service]).only(&["cloudtrail", "delivery.logs"])
        .request(r#"{"bucketName":"<bucket>","Host":"<bucket>.s3.<region>.amazonaws.com","acl":""}"#),
    Call::read("s3", "GetBucketPolicyStatus", 40).host(HOST).more(&[TRANSFER, BUCKET])
        .request(r#"{"bucketName":"<bucket>","Host":"<bucket>.s3.<region>.amazonaws.com","policyStatus":""}"#)
        .failing(250, &[("NoSuchBucketPolicy", "The bucket policy does not exist")]),
    Call::read("s3", "GetBucketEncryption", 40).host(HOST).more(&[TRANSFER, BUCKET])
        .request(r#"{"bucketName":"<bucket>","Host":"<bucket>.s3.<region>.amazonaws.com","encryption":""}"#),
    Call::read("s3", "GetBucketLifecycle", 30).host(HOST).more(&[TRANSFER, BUCKET])
        .request(r#"{"bucketName":"<bucket>","Host":"<bucket>.s3.<region>.amazonaws.com","lifecycle":""}"#)
        .failing(300, &[("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist")]),
    Call::read("s3", "ListBuckets", 50).host("s3.amazonaws.com").more(&[TRANSFER]).request(r#"{"Host":"s3.amazonaws.com"}"#),
    Call::write("s3", "PutBucketTagging", 3).host(HOST).more(&[UPLOAD, BUCKET]).by(PEOPLE)
        .request(r#"{"bucketName":"<bucket>","Tagging":{"xmlns":"http://s3.amazonaws.com/doc/2006-03-01/","TagSet":{"Tag":[{"Key":"environment","Value":"<environment>"},{"Key":"owner","Value":"<person>"}]}},"Host":"<bucket>.s3.<region>.amazonaws.com","tagging":""}"#),
    Call::write("s3", "DeleteBucket", 1).host(HOST).more(&[TRANSFER, BUCKET]).by(PEOPLE)
        .request(r#"{"bucketName":"<bucket>","Host":"<bucket>.s3.<region>.amazonaws.com"}"#)
        .failing(500, &[("BucketNotEmpty", "The bucket you tried to delete is not empty")]),
    Call::read("dynamodb", "GetItem", 110).data().more(&[TABLE, (ApiVersion, r#""2012-08-10""#)]).by(&[IdentityKind::Program])
        .request(r#"{"tableName":"<table>","key":{"id":"HIDDEN_DUE_TO_SECURITY_REASONS"},"consistentRead":true}"#)
        .failing(20, &[("ProvisionedThroughputExceededException", "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.")]),
    Call::read("dynamodb", "DescribeTable", 120).more(&[TABLE, (ApiVersion, r#""2012-08-10""#)]).request(r#"{"tableName":"<table>"}"#),
    Call::read("dynamodb", "ListTables", 40).more(&[(ApiVersion, r#""2012-08-10""#)]).request(r#"{"limit":100}"#),
    Call::write("dynamodb", "UpdateTable", 3).more(&[TABLE, (ApiVersion, r#""2012-08-10""#)])
        .request(r#"{"tableName":"<table>","provisionedThroughput":{"readCapacityUnits":<count>,"writeCapacityUnits":<count-2>}}"#)
        .response(r#"{"tableDescription":{"tableName":"<table>","tableStatus":"UPDATING","creationDateTime":"<created>","tableArn":"arn:aws:dynamodb:<region>:<account>:table/<table>","itemCount":<many>,"keySchema":[{"attributeName":"id","keyType":"HASH"}],"attributeDefinitions":[{"attributeName":"id","attributeType":"S"}],"tableSizeBytes":<many-2>,"tableId":"<known>"}}"#),
    Call::read("rds", "DescribeDBInstances", 140).request(r#"{"dBInstanceIdentifier":"<database>"}"#)
        .failing(20, &[("DBInstanceNotFoundFault", "DBInstance <database> not found.")]),
    Call::read("rds", "DescribeDBClusters", 60),
    Call::read("rds", "DescribeDBSnapshots", 40).request(r#"{"dBInstanceIdentifier":"<database>","snapshotType":"automated","includeShared":false,"includePublic":false}"#),
    Call::write("rds", "CreateDBSnapshot", 4)
        .request(r#"{"dBSnapshotIdentifier":"<database>-<hex>","dBInstanceIdentifier":"<database>","tags":[{"key":"retention","value":"30d"}]}"#)
        .response(r#"{"dBSnapshotIdentifier":"<database>-<hex>","dBInstanceIdentifier":"<database>","engine":"postgres","allocatedStorage":200,"status":"creating","port":5432,"availabilityZone":"<region><zone>","vpcId":"<vpc>","instanceCreateTime":"Feb 3, 2025, 8:11:05 AM","masterUsername":"orders","engineVersion":"16.9","licenseModel":"postgresql-license","snapshotType":"manual","percentProgress":0,"storageType":"gp3","encrypted":true,"kmsKeyId":"arn:aws:kms:<region>:<account>:key/<known>","dBSnapshotArn":"arn:aws:rds:<region>:<account>:snapshot:<database>-<hex>","iAMDatabaseAuthenticationEnabled":true,"processorFeatures":[],"dbiResourceId":"db-EXAMPLE","tagList":[{"key":"retention","value":"30d"}]}"#),
    Call::read("sqs", "GetQueueAttributes", 70)
        .request(r#"{"attributeNames":["ApproximateNumberOfMessages","ApproximateAgeOfOldestMessage"],"queueUrl":"https://sqs.<region>.amazonaws.com/<account>/<queue>"}"#)
        .more(&[(Resources, r#"[{"accountId":"<account>","type":"AWS::SQS::Queue","ARN":"arn:aws:sqs:<region>:<account>:<queue>"}]"#)]),
];
