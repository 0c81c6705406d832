//! The lists that a snapshot reads: a row for each kind of resource.

use crate::cloudtrail::history::change::ResourceKind;
use crate::source::aws::query::QueryService;

/// How all resources of a kind in a region are listed.
#[derive(Debug)]
pub(super) struct ResourceList {
    pub(super) kind: ResourceKind,
    pub(super) service: QueryService,
    pub(super) action: &'static str,
    /// The element with the entries.
    pub(super) element: &'static str,
    /// The element of an entry that contains the resources, if an entry is not a resource.
    pub(super) inner: Option<&'static str>,
    /// The elements of which the first that is there is the id of a resource.
    pub(super) id: &'static [&'static str],
    /// The parameter and its value for the number of entries in an answer.
    pub(super) page_size: Option<(&'static str, &'static str)>,
    /// The elements that lead to the state of a resource, and the state of one that is gone.
    pub(super) gone: Option<(&'static [&'static str], &'static str)>,
    pub(super) details: &'static [DetailCall],
}

/// A call for what the list does not contain.
#[derive(Debug)]
pub(super) struct DetailCall {
    pub(super) action: &'static str,
    /// The parameter with the id of a resource.
    pub(super) parameter: &'static str,
    /// How many resources a call can name. The parameters are numbered then.
    pub(super) batch: Option<usize>,
    /// The element with the entries.
    pub(super) element: &'static str,
    /// The element of an entry with the id of its resource, and the one with the value. All
    /// entries belong to the one resource if there is none.
    pub(super) entry: Option<(&'static str, &'static str)>,
    /// The member of the document that the value becomes.
    pub(super) member: &'static str,
}

/// The usual page size of EC2.
const THOUSAND: Option<(&str, &str)> = Some(("MaxResults", "1000"));
/// The largest page size of load balancers.
const FOUR_HUNDRED: Option<(&str, &str)> = Some(("PageSize", "400"));

const fn ec2(
    kind: ResourceKind,
    action: &'static str,
    element: &'static str,
    id: &'static [&'static str],
) -> ResourceList {
    let service = QueryService::EC2;
    ResourceList { kind, service, action, element, inner: None, id, page_size: THOUSAND, gone: None, details: &[] }
}

const TAGS: DetailCall = DetailCall {
    action: "DescribeTags",
    parameter: "ResourceArns",
    batch: Some(20),
    element: "TagDescriptions",
    entry: Some(("ResourceArn", "Tags")),
    member: "Tags",
};

/// All lists.
pub(super) const RESOURCE_LISTS: [ResourceList; 10] = [
    ResourceList {
        inner: Some("instancesSet"),
        // An instance stays in the list for an hour after its end.
        gone: Some((&["instanceState", "name"], "terminated")),
        ..ec2(ResourceKind::Instance, "DescribeInstances", "reservationSet", &["instanceId"])
    },
    ResourceList {
        // A group can have hundreds of rules, and the size of an answer is limited.
        page_size: Some(("MaxResults", "200")),
        ..ec2(ResourceKind::SecurityGroup, "DescribeSecurityGroups", "securityGroupInfo", &["groupId"])
    },
    ec2(ResourceKind::Interface, "DescribeNetworkInterfaces", "networkInterfaceSet", &["networkInterfaceId"]),
    ResourceList {
        page_size: None,
        ..ec2(ResourceKind::Address, "DescribeAddresses", "addressesSet", &["allocationId", "publicIp"])
    },
    ec2(ResourceKind::Volume, "DescribeVolumes", "volumeSet", &["volumeId"]),
    ResourceList {
        gone: Some((&["state"], "deleted")),
        ..ec2(ResourceKind::NatGateway, "DescribeNatGateways", "natGatewaySet", &["natGatewayId"])
    },
    ResourceList {
        service: QueryService::CLASSIC_LOAD_BALANCING,
        page_size: FOUR_HUNDRED,
        details: &[DetailCall { parameter: "LoadBalancerNames", entry: Some(("LoadBalancerName", "Tags")), ..TAGS }],
        ..ec2(
            ResourceKind::ClassicLoadBalancer,
            "DescribeLoadBalancers",
            "LoadBalancerDescriptions",
            &["LoadBalancerName"],
        )
    },
    ResourceList {
        service: QueryService::LOAD_BALANCING,
        page_size: FOUR_HUNDRED,
        details: &[
            DetailCall {
                action: "DescribeListeners",
                parameter: "LoadBalancerArn",
                batch: None,
                element: "Listeners",
                entry: None,
                member: "Listeners",
            },
            TAGS,
        ],
        ..ec2(ResourceKind::LoadBalancer, "DescribeLoadBalancers", "LoadBalancers", &["LoadBalancerArn"])
    },
    ResourceList {
        service: QueryService::LOAD_BALANCING,
        page_size: FOUR_HUNDRED,
        details: &[
            DetailCall {
                action: "DescribeTargetHealth",
                parameter: "TargetGroupArn",
                batch: None,
                element: "TargetHealthDescriptions",
                entry: None,
                member: "Targets",
            },
            TAGS,
        ],
        ..ec2(ResourceKind::TargetGroup, "DescribeTargetGroups", "TargetGroups", &["TargetGroupArn"])
    },
    ResourceList {
        service: QueryService::AUTO_SCALING,
        page_size: Some(("MaxRecords", "100")),
        ..ec2(
            ResourceKind::AutoScalingGroup,
            "DescribeAutoScalingGroups",
            "AutoScalingGroups",
            &["AutoScalingGroupName"],
        )
    },
];
