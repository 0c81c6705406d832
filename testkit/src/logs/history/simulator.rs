//! One account in one region, and what happens there.

use fastrand::Rng;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::seeded::uuid;
use super::{addresses, balancers, groups, instances, interfaces};

/// An interface.
#[derive(Clone)]
pub(super) struct Interface {
    pub(super) id: String,
    pub(super) vpc: String,
    pub(super) private: Vec<String>,
    pub(super) ipv6: Vec<String>,
    /// The instance or gateway, the attachment, and whether the interface is deleted with it.
    pub(super) attached: Option<(String, String, bool)>,
}

/// An instance.
#[derive(Clone)]
pub(super) struct Instance {
    pub(super) id: String,
    pub(super) vpc: String,
}

/// An elastic address.
#[derive(Clone)]
pub(super) struct Allocation {
    /// Empty in EC2-Classic.
    pub(super) id: String,
    pub(super) ip: String,
    /// The resource that it is associated with, and the id of the association.
    pub(super) association: Option<(String, String)>,
}

/// A security group.
#[derive(Clone)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) name: String,
    /// Empty in EC2-Classic.
    pub(super) vpc: String,
    /// The permissions in the form of a request, with the ids of their rules and whether
    /// they are for egress.
    pub(super) rules: Vec<(Value, String, bool)>,
}

/// The resources of one account in one region, and the events so far.
pub(super) struct AccountSimulator {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) rng: Rng,
    pub(super) is_classic: bool,
    pub(super) instances: Vec<Instance>,
    pub(super) interfaces: Vec<Interface>,
    pub(super) allocations: Vec<Allocation>,
    pub(super) gateways: Vec<String>,
    pub(super) groups: Vec<Group>,
    /// Volumes, and the instance that each is attached to.
    pub(super) volumes: Vec<(String, Option<String>)>,
    /// Classic load balancers and their members.
    pub(super) balancers: Vec<(String, Vec<String>)>,
    pub(super) targets: Vec<(String, Vec<Value>)>,
    pub(super) scaling: Vec<(String, Vec<String>)>,
    time: i64,
    number: u32,
    events: Vec<Value>,
}

type Action = fn(&mut AccountSimulator);

const ACTIONS: [(u32, Action); 25] = [
    (8, instances::launch),
    (3, instances::start_or_stop),
    (4, instances::terminate),
    (3, instances::modify),
    (4, instances::tag),
    (2, instances::create_volume),
    (3, instances::attach_volume),
    (1, instances::delete_volume),
    (5, interfaces::create),
    (4, interfaces::attach),
    (4, interfaces::detach),
    (3, interfaces::delete),
    (3, interfaces::modify),
    (4, interfaces::assign),
    (4, addresses::allocate),
    (5, addresses::associate),
    (3, addresses::disassociate),
    (2, addresses::release),
    (2, addresses::gateway),
    (5, groups::create),
    (9, groups::authorize),
    (7, groups::revoke),
    (3, groups::modify),
    (2, groups::delete),
    (6, balancers::any),
];

impl AccountSimulator {
    pub(super) fn new(account: &str, region: &str, mut rng: Rng) -> AccountSimulator {
        let is_classic = rng.u8(..5) == 0;
        let start = if is_classic { 1_430_000_000 } else { 1_790_000_000 };
        AccountSimulator {
            account: account.into(),
            region: region.into(),
            is_classic,
            instances: Vec::new(),
            interfaces: Vec::new(),
            allocations: Vec::new(),
            gateways: Vec::new(),
            groups: Vec::new(),
            volumes: Vec::new(),
            balancers: Vec::new(),
            targets: Vec::new(),
            scaling: Vec::new(),
            time: start + rng.i64(0..86_400),
            number: 0,
            events: Vec::new(),
            rng,
        }
    }

    /// Performs this many random actions, and returns the events.
    pub(super) fn live(mut self, actions: usize) -> Vec<Value> {
        let weights: u32 = ACTIONS.iter().map(|(weight, _)| weight).sum();
        for _ in 0..actions {
            let mut chosen = self.rng.u32(..weights);
            for (weight, happening) in ACTIONS {
                if chosen < weight {
                    happening(&mut self);
                    break;
                }
                chosen -= weight;
            }
            self.pass_time();
        }
        self.events
    }

    fn pass_time(&mut self) {
        self.time += match self.rng.u8(..10) {
            0..4 => 0,
            4..6 => 1,
            6..8 => self.rng.i64(2..600),
            8 => self.rng.i64(600..20_000),
            _ => self.rng.i64(86_400..400_000),
        };
        if self.rng.u8(..8) == 0 {
            self.event("ec2", "DescribeInstances", json!({}), Value::Null);
        }
    }

    /// A new id. Other accounts and regions use the same ids.
    pub(super) fn id(&mut self, kind: &str) -> String {
        self.number += 1;
        format!("{kind}-0{:016x}", self.number)
    }

    pub(super) fn one_in(&mut self, count: u32) -> bool {
        self.rng.u32(..count) == 0
    }

    /// An index into a list with this length.
    pub(super) fn pick(&mut self, length: usize) -> Option<usize> {
        (length > 0).then(|| self.rng.usize(..length))
    }

    /// A name, sometimes a hostile one.
    pub(super) fn name(&mut self) -> String {
        const HOSTILE: [&str; 7] = [
            "=cmd|' /C calc'!A0",
            "a\tb",
            "line\nline",
            "\u{202e}txt",
            "<b>\"x\"</b>",
            "0.0.0.0/0",
            "'quoted' \\ name",
        ];
        match self.one_in(10) {
            true => HOSTILE[self.rng.usize(..HOSTILE.len())].into(),
            false => ["web", "db", "default", "app", "bastion"][self.rng.usize(..5)].into(),
        }
    }

    /// The current time in milliseconds, the unit of launch times.
    pub(super) fn milliseconds(&self) -> i64 {
        self.time * 1000
    }

    /// Records a successful call of an EC2 action.
    pub(super) fn ec2(&mut self, name: &str, request: Value, mut response: Value) {
        if let Some(members) = response.as_object_mut() {
            members.insert("requestId".into(), "r".into());
        }
        self.call("ec2", name, request, response);
    }

    /// Records a successful call, sometimes after one that failed.
    pub(super) fn call(&mut self, service: &str, name: &str, request: Value, response: Value) {
        if self.one_in(12) {
            self.failed(service, name, &request, &response);
        }
        self.event(service, name, request, response);
        if self.one_in(3) {
            self.time += self.rng.i64(0..3);
        }
    }

    fn failed(&mut self, service: &str, name: &str, request: &Value, response: &Value) {
        let (mut request, mut response) = (request.clone(), response.clone());
        let error = match self.rng.u8(..4) {
            0 => Some("Client.UnauthorizedOperation"),
            1 => Some("Client.DryRunOperation"),
            2 if service == "ec2" && response["_return"] == true => {
                response["_return"] = false.into();
                None
            }
            _ if service == "ec2" && request.is_object() && request.get(format!("{name}Request")).is_none() => {
                request["dryRun"] = true.into();
                None
            }
            _ => Some("InternalFailure"),
        };
        if error.is_some() {
            response = Value::Null;
        }
        self.event(service, name, request, response);
        if let (Some(error), Some(event)) = (error, self.events.last_mut()) {
            event["errorCode"] = error.into();
        }
    }

    fn event(&mut self, service: &str, name: &str, request: Value, response: Value) {
        let (mut request, mut response) = (request, response);
        if service == "ec2" {
            let style = self.rng.u8(..12);
            restyle(&mut request, style);
            restyle(&mut response, style);
        }
        let mut id = String::new();
        uuid(self.rng.u64(..), &mut id);
        let mut event = json!({
            "eventVersion": "1.08",
            "userIdentity": self.caller(),
            "eventTime": Timestamp::from_second(self.time).unwrap_or_default().to_string(),
            "eventSource": format!("{service}.amazonaws.com"),
            "eventName": name,
            "awsRegion": self.region,
            "sourceIPAddress": "192.0.2.1",
            "requestParameters": request,
            "responseElements": response,
            "eventID": id,
            "eventType": "AwsApiCall",
            "recipientAccountId": self.account,
        });
        // The first versions of the format did not have it.
        if let (true, Some(members)) = (self.one_in(10), event.as_object_mut()) {
            members.remove("recipientAccountId");
        }
        self.events.push(event);
    }

    fn caller(&mut self) -> Value {
        let account = self.account.clone();
        let arn = |name: &str| format!("arn:aws:sts::{account}:assumed-role/{name}");
        let role = |role: &str, session: &str| {
            json!({"type": "AssumedRole", "accountId": account, "arn": arn(&format!("{role}/{session}")),
                "principalId": format!("AROA:{session}")})
        };
        match self.rng.u8(..6) {
            0 => json!({"type": "IAMUser", "userName": "alice", "accountId": account}),
            1 => json!({"type": "IAMUser", "userName": self.name(), "accountId": account}),
            2 => json!({"type": "Root", "accountId": account}),
            3 => role("Deployer", "ci"),
            4 => role("AWSServiceRoleForAutoScaling", "AutoScaling"),
            _ => json!({"type": "IAMUser", "userName": "bob", "accountId": account}),
        }
    }
}

/// Changes lists to one of their other forms, or numbers and booleans to texts.
fn restyle(value: &mut Value, style: u8) {
    let Value::Object(members) = value else {
        if let Value::Array(items) = value {
            items.iter_mut().for_each(|item| restyle(item, style));
        }
        return;
    };
    let is_list = members.len() == 1 && members.contains_key("items");
    members.values_mut().for_each(|member| restyle(member, style));
    let is_empty = members.is_empty();
    match (style, members.get("items").and_then(Value::as_array).cloned()) {
        (0, Some(list)) if is_list && list.len() == 1 => *value = json!({ "item": list[0] }),
        (0 | 1, Some(list)) if is_list => *value = json!({ "item": list }),
        (2, Some(list)) if is_list => *value = list.into(),
        (1, _) if is_empty => *value = json!({ "items": [] }),
        (2, _) if is_empty => *value = Value::Null,
        (3, _) => members.values_mut().filter(|member| member.is_boolean() || member.is_number()).for_each(|member| {
            *member = member.to_string().into();
        }),
        _ => {}
    }
}

/// A list in a request or a response of an old action.
pub(super) fn items(list: Vec<Value>) -> Value {
    if list.is_empty() { json!({}) } else { json!({ "items": list }) }
}
