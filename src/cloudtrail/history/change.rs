//! What an event changed, in terms that hold for every kind of resource.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A successful write, and what it changed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ChangeEvent {
    /// `eventTime`.
    pub time: Timestamp,
    /// `eventID`.
    pub id: String,
    /// `eventName`.
    pub name: String,
    /// The account and the region in which its resources are.
    pub scope: ResourceScope,
    /// Who made the call, as in the column `userName`.
    pub actor: String,
    /// What it changed, in the order in which the changes take effect.
    pub changes: Vec<Change>,
    /// Whether a snapshot says this instead of an event: the values began earlier.
    #[serde(default)]
    pub is_snapshot: bool,
}

/// The account and the region within which the id of a resource is unique.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct ResourceScope {
    /// The account of the event.
    pub account: Arc<str>,
    /// `awsRegion`.
    pub region: Arc<str>,
}

/// A change of one resource.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Change {
    /// The resource begins to exist.
    Create(Resource),
    /// The resource ceases to exist, and all that was known of it ends.
    Delete(Resource),
    /// The property has the value from now on. A property with one value at a time loses
    /// the value before.
    Set {
        /// What changed.
        resource: Resource,
        /// Which of its properties.
        property: Property,
        /// The value.
        value: String,
        /// The id of this relation: of a rule, an attachment or an association.
        relation: Option<String>,
    },
    /// The property has had the value since before the event.
    Known {
        /// What has it.
        resource: Resource,
        /// Which of its properties.
        property: Property,
        /// The value.
        value: String,
    },
    /// The property loses this value, or all values if none is given.
    Unset {
        /// What changed.
        resource: Resource,
        /// Which of its properties.
        property: Property,
        /// The value that it loses.
        value: Option<String>,
    },
    /// The relation with this id ends, whatever its value and its resource are.
    EndRelation {
        /// The resource, if the event names it.
        resource: Option<Resource>,
        /// Which of its properties.
        property: Property,
        /// The id of the rule, the attachment or the association.
        relation: String,
    },
    /// The property has exactly these values from now on.
    Replace {
        /// What changed.
        resource: Resource,
        /// Which of its properties.
        property: Property,
        /// All its values.
        values: Vec<String>,
    },
}

impl Change {
    /// The resource that changes; `None` if the event does not name it.
    pub fn resource(&self) -> Option<&Resource> {
        match self {
            Change::Create(resource)
            | Change::Delete(resource)
            | Change::Set { resource, .. }
            | Change::Known { resource, .. }
            | Change::Unset { resource, .. }
            | Change::Replace { resource, .. } => Some(resource),
            Change::EndRelation { resource, .. } => resource.as_ref(),
        }
    }

    /// Which of its properties changes; `None` if it is created or deleted.
    pub fn property(&self) -> Option<&Property> {
        match self {
            Change::Create(_) | Change::Delete(_) => None,
            Change::Set { property, .. }
            | Change::Known { property, .. }
            | Change::Unset { property, .. }
            | Change::EndRelation { property, .. }
            | Change::Replace { property, .. } => Some(property),
        }
    }
}

/// A resource, as an event names it.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Resource {
    /// What it is.
    pub kind: ResourceKind,
    /// Its id, or its name if it has no id.
    pub id: String,
    /// Whether `id` is not its id: the name of a security group, or the public address of
    /// an allocation. The fold resolves it, because it knows the ids at that time.
    pub is_alias: bool,
}

impl Resource {
    /// A resource with its id.
    pub fn new(kind: ResourceKind, id: impl Into<String>) -> Resource {
        Resource { kind, id: id.into(), is_alias: false }
    }

    /// A resource whose event gives only the name of a group or a public address.
    pub fn alias(kind: ResourceKind, name: impl Into<String>) -> Resource {
        Resource { kind, id: name.into(), is_alias: true }
    }
}

/// The kinds of resources whose history is known.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum ResourceKind {
    /// An EC2 instance: `i-…`.
    Instance,
    /// A network interface: `eni-…`.
    Interface,
    /// An elastic address: `eipalloc-…`, or the address itself in EC2-Classic.
    Address,
    /// A security group: `sg-…`.
    SecurityGroup,
    /// A volume: `vol-…`.
    Volume,
    /// A NAT gateway: `nat-…`.
    NatGateway,
    /// A classic load balancer, by its name.
    ClassicLoadBalancer,
    /// An application, network or gateway load balancer, by its ARN.
    LoadBalancer,
    /// A target group, by its ARN.
    TargetGroup,
    /// An auto scaling group, by its name.
    AutoScalingGroup,
}

impl ResourceKind {
    /// All kinds.
    pub const ALL: [ResourceKind; 10] = [
        ResourceKind::Instance,
        ResourceKind::Interface,
        ResourceKind::Address,
        ResourceKind::SecurityGroup,
        ResourceKind::Volume,
        ResourceKind::NatGateway,
        ResourceKind::ClassicLoadBalancer,
        ResourceKind::LoadBalancer,
        ResourceKind::TargetGroup,
        ResourceKind::AutoScalingGroup,
    ];

    /// The name of the folder with the documents of such resources.
    pub fn folder(self) -> &'static str {
        match self {
            ResourceKind::Instance => "instances",
            ResourceKind::Interface => "interfaces",
            ResourceKind::Address => "addresses",
            ResourceKind::SecurityGroup => "security-groups",
            ResourceKind::Volume => "volumes",
            ResourceKind::NatGateway => "nat-gateways",
            ResourceKind::ClassicLoadBalancer => "classic-load-balancers",
            ResourceKind::LoadBalancer => "load-balancers",
            ResourceKind::TargetGroup => "target-groups",
            ResourceKind::AutoScalingGroup => "auto-scaling-groups",
        }
    }
}

/// What is known of a resource.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Property {
    /// It exists. The value is empty.
    Exists,
    /// `running`, `stopped`, `available` …
    State,
    /// A private IPv4 address of an interface (several), or of an instance or a NAT gateway
    /// whose interface is unknown.
    PrivateAddress,
    /// A public IPv4 address: of an allocation, or assigned to an interface.
    PublicAddress,
    /// An IPv6 address of an interface (several).
    Ipv6Address,
    /// The instance that an interface or a volume is attached to, or the NAT gateway that
    /// an interface belongs to. The relation is the attachment.
    AttachedTo,
    /// The interface, the instance, the NAT gateway or the load balancer that an
    /// allocation's address leads to. The relation is the association.
    AssociatedWith,
    /// A security group (several), by its id.
    Group,
    /// A rule of a security group (several): a
    /// [`SecurityGroupRule`](super::rule::SecurityGroupRule) as text. The relation is the id of
    /// the rule. A rule that was modified in place has the direction of the rule before it:
    /// its own is [`Unknown`](super::rule::RuleDirection::Unknown).
    Rule,
    /// A member of a load balancer, a target group or an auto scaling group (several): the
    /// id of an instance, or the id of a target and its port, such as `i-0a:8080`.
    Member,
    /// The value of the tag with this key.
    Tag(String),
    /// A property with one value that is only shown: `vpc`, `subnet`, `type`, `image`,
    /// `name`, `description`, `size`, `zone`, `owner`, `requester`, `deleteOnTermination`,
    /// `device`, `dnsName`, `scheme` …
    Detail(String),
}

impl Property {
    /// Whether a resource can have several values at a time.
    pub fn has_many(&self) -> bool {
        matches!(
            self,
            Property::PrivateAddress | Property::Ipv6Address | Property::Group | Property::Rule | Property::Member
        )
    }

    /// A property that is only shown.
    pub fn detail(name: &str) -> Property {
        Property::Detail(name.into())
    }
}

/// The names of the details that decide something.
pub mod detail {
    /// The VPC of an interface, an instance or a security group.
    pub const VPC: &str = "vpc";
    /// The name of a security group.
    pub const NAME: &str = "name";
    /// `true` if an interface is deleted with its instance.
    pub const DELETE_ON_TERMINATION: &str = "deleteOnTermination";
}
