//! The actors in the made-up accounts: every kind of `userIdentity`, with the
//! user agents and addresses that go with it.

use std::sync::LazyLock;

use super::event_context::EventContext;
use super::template::Template;

mod agents;
mod identities;

use identities::identity;

/// The kinds of identity, by `userIdentity.type`. Assumed roles are distinguished by who assumes
/// them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum IdentityKind {
    /// `IAMUser`
    User,
    /// `AssumedRole` assumed by a person through single sign-on: the session name is an e-mail
    /// address.
    Person,
    /// `AssumedRole` assumed by a workload.
    Program,
    /// `AssumedRole` assumed by an AWS service (`invokedBy`).
    Linked,
    /// `AWSService`
    Service,
    /// No `type`, only `invokedBy`.
    Untyped,
    /// `Root`
    Root,
    /// `FederatedUser`
    Federated,
    /// `SAMLUser`
    Saml,
    /// `WebIdentityUser`
    Web,
    /// `AWSAccount`: an identity of another account.
    OtherAccount,
    /// `IdentityCenterUser`
    IdentityCenter,
    /// `Directory`
    Directory,
    /// `Unknown`
    Unknown,
    /// `Role`
    Role,
}

impl IdentityKind {
    /// Every kind.
    pub const ALL: [IdentityKind; 15] = [
        IdentityKind::User,
        IdentityKind::Person,
        IdentityKind::Program,
        IdentityKind::Linked,
        IdentityKind::Service,
        IdentityKind::Untyped,
        IdentityKind::Root,
        IdentityKind::Federated,
        IdentityKind::Saml,
        IdentityKind::Web,
        IdentityKind::OtherAccount,
        IdentityKind::IdentityCenter,
        IdentityKind::Directory,
        IdentityKind::Unknown,
        IdentityKind::Role,
    ];

    /// Whether its access keys belong to a session and change with it.
    pub(super) fn is_session(self) -> bool {
        !matches!(self, IdentityKind::User)
    }
}

/// Where an actor's calls come from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Address {
    /// An address of an office or a home, the same for a day.
    Office,
    /// One of the workloads' gateways, or a VPC endpoint.
    Fleet,
    /// The DNS name of the service.
    Service,
}

/// An identity, or a group of similar ones, that makes calls.
pub(super) struct Actor {
    pub(super) who: IdentityKind,
    /// The user, the role, or the first part of the service's DNS name.
    pub(super) name: &'static str,
    /// The path of the user or role, with a slash at the end.
    pub(super) path: &'static str,
    pub(super) session: Template,
    pub(super) identity: Template,
    pub(super) arn: Template,
    pub(super) agents: Vec<Template>,
    pub(super) address: Address,
    /// How often it makes a call, relative to the other actors that make it.
    pub(super) weight: u32,
    /// Whether it makes only the calls that name it.
    pub(super) reserved: bool,
    /// The services that it calls; all if empty.
    pub(super) calls: &'static [&'static str],
}

impl Actor {
    fn new(who: IdentityKind, name: &'static str, weight: u32) -> Actor {
        let (identity, arn) = identity(who);
        Actor {
            who,
            name,
            path: "",
            session: Template::new(""),
            identity: Template::new(identity),
            arn: Template::new(arn),
            agents: Vec::new(),
            address: Address::Office,
            weight,
            reserved: false,
            calls: &[],
        }
    }

    fn reserved(mut self) -> Actor {
        self.reserved = true;
        self
    }

    fn calling(mut self, services: &'static [&'static str]) -> Actor {
        self.calls = services;
        self
    }

    fn at(mut self, path: &'static str) -> Actor {
        self.path = path;
        self
    }

    fn session(mut self, session: &'static str) -> Actor {
        self.session = Template::new(session);
        self
    }

    fn with(mut self, agents: &[&'static str]) -> Actor {
        self.agents = agents.iter().map(|agent| Template::new(agent)).collect();
        self
    }

    fn from(mut self, address: Address) -> Actor {
        self.address = address;
        self
    }

    /// Whether an account has only one identity of this actor.
    pub(super) fn is_single(&self) -> bool {
        matches!(self.who, IdentityKind::Linked | IdentityKind::Service | IdentityKind::Untyped | IdentityKind::Root)
    }

    /// Whether its identities have different names, rather than sessions of one role.
    pub(super) fn is_numbered(&self) -> bool {
        !self.is_single() && self.who != IdentityKind::Person && !self.session.has_placeholder()
    }

    /// Appends the name of its identity with this number.
    pub(super) fn write_name(&self, number: u64, out: &mut String) {
        write_numbered(self.name, if self.is_numbered() { number } else { 0 }, out);
    }

    /// Appends the name of the session.
    pub(super) fn write_session(&self, context: &EventContext<'_>, out: &mut String) {
        match self.who {
            IdentityKind::Person => {
                let mut session = String::new();
                self.session.fill(context, &mut session);
                write_numbered(&session, context.caller.map_or(0, |caller| caller.number), out);
            }
            _ => self.session.fill(context, out),
        }
    }

    /// Appends the DNS name of the service that this actor is, or works for.
    pub(super) fn write_service(&self, out: &mut String) {
        match self.path.strip_prefix("aws-service-role/") {
            Some(service) => out.push_str(service.trim_end_matches('/')),
            None => {
                out.push_str(self.name);
                out.push_str(".amazonaws.com");
            }
        }
    }

    /// Appends the user agent of one event.
    pub(super) fn write_agent(&self, context: &EventContext<'_>, out: &mut String) {
        // The choice depends on the hour, so that a session keeps to one tool.
        let hour = (context.time.as_second() / 3600) as u64;
        let chosen = context.caller_number(hour) % self.agents.len() as u64;
        self.agents[chosen as usize].fill(context, out);
    }
}

/// Appends the name with the number, which precedes the domain of an e-mail address.
fn write_numbered(name: &str, number: u64, out: &mut String) {
    let (local, domain) = name.split_at(name.find('@').unwrap_or(name.len()));
    out.push_str(local);
    if number > 0 {
        out.push('-');
        out.push_str(&number.to_string());
    }
    out.push_str(domain);
}

/// A service that acts in its own name.
fn service(who: IdentityKind, name: &'static str, weight: u32) -> Actor {
    Actor::new(who, name, weight).with(&["<service>"]).from(Address::Service)
}

/// A role that a service uses in the account.
fn linked(role: &'static str, path: &'static str, session: &'static str, weight: u32) -> Actor {
    Actor::new(IdentityKind::Linked, role, weight).at(path).session(session).with(&["<service>"]).from(Address::Service)
}

const WORKLOAD: &[&str] = &["dynamodb", "kms", "lambda", "logs", "s3", "secretsmanager", "sqs", "ssm", "sts"];
const PIPELINE: &[&str] = &["dynamodb", "ec2", "kms", "logs", "rds", "s3", "sts"];
const SCALING: &[&str] = &["autoscaling", "ec2", "ecr", "eks", "elasticloadbalancing", "kms"];
const CONTAINERS: &[&str] = &["ec2", "ecs", "ecr", "elasticloadbalancing", "logs"];
const METRICS: &[&str] = &["autoscaling", "ec2", "elasticloadbalancing", "logs", "monitoring", "rds", "sqs", "tagging"];

/// All actors.
pub(super) static ACTORS: LazyLock<Vec<Actor>> = LazyLock::new(|| {
    use Address::Fleet;
    use agents::*;
    let mut actors = vec![
        Actor::new(IdentityKind::User, "carol", 14).with(&[CLI, CONSOLE, BROWSER]),
        Actor::new(IdentityKind::User, "dave", 9).with(&[CLI, PYTHON]),
        Actor::new(IdentityKind::User, "ci-deploy", 60).at("ci/").with(&[TERRAFORM]).from(Fleet),
        Actor::new(IdentityKind::User, "backup", 30).calling(PIPELINE).with(&[OLD_PYTHON]).from(Fleet),
        person("AWSReservedSSO_PowerUserAccess_0a1b2c3d4e5f6071", "erin@example.com"),
        person("AWSReservedSSO_PowerUserAccess_0a1b2c3d4e5f6071", "frank@example.com"),
        person("AWSReservedSSO_ReadOnlyAccess_8192a3b4c5d6e7f8", "grace@example.com"),
        program("app-web", "<own-instance>", 170).calling(WORKLOAD).with(&[JAVA]),
        program("app-worker", "<own-instance>", 120).calling(WORKLOAD).with(&[PYTHON]),
        program("ssm-managed", "<own-instance>", 90).with(&[SSM_AGENT]).reserved(),
        program("orders-api-role", "orders-api", 110).calling(WORKLOAD).at("service-role/").with(&[LAMBDA_NODE]),
        program("image-resize-role", "image-resize", 70).calling(WORKLOAD).at("service-role/").with(&[LAMBDA_PYTHON]),
        program("data-pipeline", "botocore-session-<session-number>", 60).calling(PIPELINE).with(&[SPARK]),
        program("Deployer", "GitHubActions", 80).with(&[TERRAFORM_2, CLI]),
        program("cluster-autoscaler", "aws-go-sdk-<session-number>000000000", 70).calling(SCALING).with(&[GO]),
        program("Auditor", "posture-scan", 120).with(&[PYTHON]),
        program("Monitoring", "metrics-collector", 110).calling(METRICS).with(&[GO]),
        Actor::new(IdentityKind::Federated, "heidi", 8).with(&[CLI, BROWSER]),
        Actor::new(IdentityKind::Root, "root", 3).with(&[BROWSER, CONSOLE]),
        Actor::new(IdentityKind::Role, "legacy-batch", 3).with(&[OLD_PYTHON]).from(Fleet),
        Actor::new(IdentityKind::Saml, "ivan@example.com", 5).with(&[BROWSER]),
        Actor::new(IdentityKind::Web, "repo:example/web:ref:refs/heads/main", 6).with(&[LAMBDA_NODE]),
        Actor::new(IdentityKind::Web, "system:serviceaccount:web:orders-api", 9).with(&[JAVA]).from(Fleet),
        Actor::new(IdentityKind::OtherAccount, "partner-sync", 5).session("sync").with(&[PYTHON]),
        Actor::new(IdentityKind::IdentityCenter, "erin@example.com", 5).with(&[BROWSER]),
        Actor::new(IdentityKind::IdentityCenter, "grace@example.com", 3).with(&[BROWSER]),
        Actor::new(IdentityKind::Directory, "judy", 2).with(&[BROWSER]),
        Actor::new(IdentityKind::Unknown, "frank@example.com", 4).with(&[BROWSER]),
    ];
    actors.extend(services());
    actors
});

fn person(role: &'static str, email: &'static str) -> Actor {
    Actor::new(IdentityKind::Person, role, 30).at("aws-reserved/sso.amazonaws.com/").session(email).with(&[
        agents::CLI,
        agents::CONSOLE,
        agents::BROWSER,
    ])
}

fn program(role: &'static str, session: &'static str, weight: u32) -> Actor {
    Actor::new(IdentityKind::Program, role, weight).session(session).from(Address::Fleet)
}

fn services() -> Vec<Actor> {
    vec![
        linked("AWSServiceRoleForAutoScaling", "aws-service-role/autoscaling.amazonaws.com/", "AutoScaling", 110)
            .calling(SCALING),
        linked("AWSServiceRoleForECS", "aws-service-role/ecs.amazonaws.com/", "ecs-service-scheduler", 70)
            .calling(CONTAINERS),
        linked("AWSServiceRoleForConfig", "aws-service-role/config.amazonaws.com/", "AWSConfig-Describe", 140),
        linked("AWSServiceRoleForSecurityHub", "aws-service-role/securityhub.amazonaws.com/", "securityhub", 30),
        service(IdentityKind::Service, "ec2", 60),
        service(IdentityKind::Service, "lambda", 50),
        service(IdentityKind::Service, "ecs-tasks", 40),
        service(IdentityKind::Service, "cloudtrail", 30),
        service(IdentityKind::Service, "delivery.logs", 30),
        service(IdentityKind::Service, "autoscaling", 15),
        service(IdentityKind::Service, "rds", 15),
        service(IdentityKind::Untyped, "secretsmanager", 5),
        service(IdentityKind::Untyped, "health", 2),
    ]
}
