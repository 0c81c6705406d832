//! The services of AWS that are asked without the SDK, because each of its clients costs more
//! than a minute of compile time.

/// A service, whatever its protocol.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AwsService {
    /// Name for messages.
    pub name: &'static str,
    /// Name for settings of one service, as in `AWS_ENDPOINT_URL_…`.
    pub(super) id: &'static str,
    /// First label of the host, which is also the name that requests are signed for.
    pub(super) host: &'static str,
}

impl AwsService {
    /// Elastic Compute Cloud.
    pub const EC2: AwsService = AwsService { name: "EC2", id: "EC2", host: "ec2" };
    /// Classic load balancers.
    pub const CLASSIC_LOAD_BALANCING: AwsService =
        AwsService { name: "Elastic Load Balancing", id: "Elastic Load Balancing", host: "elasticloadbalancing" };
    /// Application, network and gateway load balancers.
    pub const LOAD_BALANCING: AwsService =
        AwsService { id: "Elastic Load Balancing v2", ..AwsService::CLASSIC_LOAD_BALANCING };
    /// Auto Scaling groups.
    pub const AUTO_SCALING: AwsService = AwsService { name: "Auto Scaling", id: "Auto Scaling", host: "autoscaling" };
    /// Security Token Service, which names the account of the credentials.
    pub const STS: AwsService = AwsService { name: "STS", id: "STS", host: "sts" };
    /// Simple Notification Service.
    pub const SNS: AwsService = AwsService { name: "SNS", id: "SNS", host: "sns" };
    /// Simple Queue Service.
    pub const SQS: AwsService = AwsService { name: "SQS", id: "SQS", host: "sqs" };
    /// CloudTrail.
    pub const CLOUDTRAIL: AwsService = AwsService { name: "CloudTrail", id: "CloudTrail", host: "cloudtrail" };
    /// Organizations, which has one region in each partition.
    pub const ORGANIZATIONS: AwsService =
        AwsService { name: "Organizations", id: "Organizations", host: "organizations" };
    /// Key Management Service.
    pub const KMS: AwsService = AwsService { name: "KMS", id: "KMS", host: "kms" };
}
