//! Random chains of credentials: users, services and sessions that assume roles, one from another.
//! Their logs have everything that makes chains hard to follow: missing and duplicate events,
//! redacted keys, cycles, and calls across accounts.

use fastrand::Rng;
use jiff::Timestamp;
use serde_json::{Value, json};

const ACCOUNTS: [&str; 2] = ["111122223333", "444455556666"];
const USERS: [&str; 4] = ["alice", "bob", "root", "mallory"];
const ROLES: [&str; 4] = ["Admin", "Deploy", "team/Audit", "root"];
const SESSIONS: [&str; 5] = ["s", "ci", "alice", "root", "i-0abc12de34f567890"];
const REDACTED: &str = "ASIAXXXXXXXXXXXXXXXX";
const START: i64 = 1_790_845_200;

/// The callers so far, and the events that they caused.
struct ChainSimulator<'r> {
    random: &'r mut Rng,
    events: Vec<Value>,
    /// The identities that can call.
    callers: Vec<Value>,
    second: i64,
    count: u64,
    is_redacted: bool,
    /// Whether all events are logged for now, and none is unusual.
    is_complete: bool,
}

/// The events of random chains, in random order, some of them twice.
pub fn random_chains(random: &mut Rng) -> Vec<Value> {
    let is_redacted = random.u8(..4) == 0;
    let mut simulator = ChainSimulator {
        random,
        events: Vec::new(),
        callers: Vec::new(),
        second: START,
        count: 0,
        is_redacted,
        is_complete: false,
    };
    simulator.users();
    for _ in 0..simulator.random.usize(5..40) {
        simulator.step();
    }
    if simulator.random.bool() {
        simulator.circle();
    }
    if simulator.random.bool() {
        let length = simulator.random.usize(8..13);
        simulator.line(length);
    }
    for caller in simulator.callers.clone() {
        for _ in 0..simulator.random.usize(..3) {
            simulator.call(&caller);
        }
    }
    let ChainSimulator { random, mut events, .. } = simulator;
    for _ in 0..events.len() / 8 {
        events.push(events[random.usize(..events.len())].clone());
    }
    random.shuffle(&mut events);
    events
}

impl ChainSimulator<'_> {
    fn pick<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.random.usize(..texts.len())]
    }

    fn some_caller(&mut self) -> Value {
        let at = self.random.usize(..self.callers.len());
        self.callers[at].clone()
    }

    fn time(second: i64) -> String {
        Timestamp::from_second(second).unwrap_or_default().to_string()
    }

    fn new_key(&mut self, kind: &str) -> String {
        self.count += 1;
        if self.is_redacted && kind == "ASIA" { REDACTED.into() } else { format!("{kind}{:016}", self.count) }
    }

    /// Adds an event of a caller, in its account.
    fn add(&mut self, identity: &Value, source: &str, name: &str, more: &Value) {
        self.count += 1;
        let account = identity["accountId"].as_str().unwrap_or(ACCOUNTS[0]);
        let mut event = json!({
            "eventVersion": "1.08", "eventID": format!("e-{}", self.count), "eventTime": ChainSimulator::time(self.second),
            "eventSource": source, "eventName": name, "awsRegion": "us-east-1", "recipientAccountId": account,
            "userIdentity": identity,
        });
        if let (Some(event), Some(more)) = (event.as_object_mut(), more.as_object()) {
            event.extend(more.clone());
        }
        self.events.push(event);
    }

    fn users(&mut self) {
        for account in ACCOUNTS {
            for name in USERS {
                if self.random.u8(..3) == 0 {
                    continue;
                }
                let key = self.new_key("AKIA");
                let identity = json!({"type": "IAMUser", "principalId": format!("AIDA{account}{name}"), "userName": name,
                    "arn": format!("arn:aws:iam::{account}:user/{name}"), "accountId": account, "accessKeyId": key});
                self.callers.push(identity);
            }
            let arn = format!("arn:aws:iam::{account}:root");
            self.callers.push(json!({"type": "Root", "principalId": account, "arn": arn, "accountId": account}));
        }
        for service in ["ec2.amazonaws.com", "lambda.amazonaws.com"] {
            self.callers.push(json!({"type": "AWSService", "invokedBy": service}));
        }
        self.callers.push(json!({"type": "SAMLUser", "principalId": "x:trent", "userName": "trent"}));
        self.callers.push(json!({"type": "WebIdentityUser", "principalId": "p:system:sa", "userName": "system:sa"}));
    }

    fn step(&mut self) {
        self.second += self.random.i64(0..4);
        let caller = self.some_caller();
        match self.random.u8(..14) {
            0 => self.create_key(&caller),
            1 => self.launch(&caller),
            2 => self.federate(),
            3 => self.switch(),
            4 => self.instance_session(),
            5 => self.reserved_session(),
            _ => {
                let (account, role, session) = (self.pick(&ACCOUNTS), self.pick(&ROLES), self.pick(&SESSIONS));
                let created = self.second;
                self.assume(&caller, account, role, session, created);
            }
        }
    }

    /// The identity of a session.
    fn session(account: &str, role: &str, session: &str, created: i64, key: &str) -> Value {
        let name = role.rsplit('/').next().unwrap_or(role);
        json!({"type": "AssumedRole", "principalId": format!("AROA{account}{name}:{session}"),
            "arn": format!("arn:aws:sts::{account}:assumed-role/{name}/{session}"), "accountId": account,
            "accessKeyId": key, "sessionContext": {
                "sessionIssuer": {"type": "Role", "principalId": format!("AROA{account}{name}"), "userName": name,
                    "arn": format!("arn:aws:iam::{account}:role/{role}"), "accountId": account},
                "attributes": {"creationDate": ChainSimulator::time(created), "mfaAuthenticated": "false"}}})
    }

    /// Lets a caller assume a role, and keeps the session as a caller.
    fn assume(&mut self, caller: &Value, account: &str, role: &str, session: &str, created: i64) -> Value {
        let key = self.new_key("ASIA");
        let mut identity = ChainSimulator::session(account, role, session, created, &key);
        let chance = if self.is_complete { u8::MAX } else { self.random.u8(..40) };
        match chance {
            0 => identity["sessionContext"]["sourceIdentity"] = json!("carol"),
            1 => identity["sessionContext"]["sourceIdentity"] = json!("alice"),
            2 => identity["invokedBy"] = json!("cloudformation.amazonaws.com"),
            3 => drop(identity.as_object_mut().and_then(|identity| identity.remove("accessKeyId"))),
            _ => {}
        }
        let is_service = caller["type"] == "AWSService";
        let name = match caller["type"].as_str() {
            Some("SAMLUser") => "AssumeRoleWithSAML",
            Some("WebIdentityUser") => "AssumeRoleWithWebIdentity",
            _ => "AssumeRole",
        };
        let request = json!({"roleArn": format!("arn:aws:iam::{account}:role/{role}"), "roleSessionName": session});
        let user = json!({"assumedRoleId": identity["principalId"], "arn": identity["arn"]});
        let mut answer = json!({"credentials": {"accessKeyId": key}});
        if !is_service || self.random.bool() {
            answer["assumedRoleUser"] = user;
        }
        let mut more = json!({"requestParameters": request, "responseElements": answer});
        let here = self.second;
        self.second = created + i64::from(self.random.u8(..10) == 0);
        let is_foreign = caller["accountId"].as_str().is_some_and(|own| own != account);
        match if self.is_complete { u8::MAX } else { self.random.u8(..8) } {
            // The event is missing.
            0 => {}
            1 => {
                more["errorCode"] = json!("AccessDenied");
                self.add(caller, "sts.amazonaws.com", name, &more);
            }
            _ => {
                let shows = if is_foreign && !self.is_complete { self.random.u8(1..4) } else { 1 };
                if shows & 1 > 0 {
                    self.add(caller, "sts.amazonaws.com", name, &more);
                }
                if shows & 2 > 0 {
                    let known = json!({"type": "AWSAccount", "principalId": caller["principalId"], "accountId": caller["accountId"]});
                    more["recipientAccountId"] = json!(account);
                    self.add(&known, "sts.amazonaws.com", name, &more);
                }
            }
        }
        self.second = here;
        self.callers.push(identity.clone());
        identity
    }

    fn create_key(&mut self, caller: &Value) {
        let at = self.random.usize(..self.callers.len());
        let user = self.callers[at].clone();
        if user["type"] == "IAMUser" && (caller["accountId"] == user["accountId"]) {
            let answer = json!({"accessKey": {"accessKeyId": user["accessKeyId"], "userName": user["userName"]}});
            self.add(caller, "iam.amazonaws.com", "CreateAccessKey", &json!({"responseElements": answer}));
        }
    }

    fn launch(&mut self, caller: &Value) {
        let answer =
            json!({"instancesSet": {"items": [{"instanceId": "i-0abc12de34f567890"}, {"instanceId": "i-0abc12de"}]}});
        self.add(caller, "ec2.amazonaws.com", "RunInstances", &json!({"responseElements": answer}));
    }

    fn federate(&mut self) {
        let user = self.some_caller();
        if user["type"] != "IAMUser" {
            return;
        }
        let (account, issuer) =
            (user["accountId"].as_str().unwrap_or_default(), user["userName"].as_str().unwrap_or_default());
        let arn = format!("arn:aws:sts::{account}:federated-user/guest");
        let key = self.new_key("ASIA");
        let answer = json!({"credentials": {"accessKeyId": key}, "federatedUser": {"federatedUserId": format!("{account}:guest"), "arn": arn}});
        self.add(&user, "sts.amazonaws.com", "GetFederationToken", &json!({"responseElements": answer}));
        self.callers.push(json!({"type": "FederatedUser", "principalId": format!("{account}:guest"), "arn": arn,
            "accountId": account, "accessKeyId": key, "sessionContext": {
                "sessionIssuer": {"type": "IAMUser", "userName": issuer, "arn": user["arn"]},
                "attributes": {"creationDate": ChainSimulator::time(self.second)}}}));
    }

    /// Switches roles in the console.
    fn switch(&mut self) {
        let (account, role) = (self.pick(&ACCOUNTS), self.pick(&ROLES));
        let user = self.some_caller();
        let (Some(arn), Some(session)) = (user["arn"].as_str(), user["userName"].as_str()) else { return };
        let identity = ChainSimulator::session(account, role, session, self.second, "");
        self.add(
            &identity,
            "signin.amazonaws.com",
            "SwitchRole",
            &json!({"additionalEventData": {"SwitchFrom": arn}, "responseElements": {"SwitchRole": "Success"}}),
        );
        self.callers.push(identity);
    }

    /// Adds a session that an instance received from EC2.
    fn instance_session(&mut self) {
        let id = self.pick(&["i-0abc12de34f567890", "i-0abc12de", "i-unusual"]);
        let service = json!({"type": "AWSService", "invokedBy": "ec2.amazonaws.com"});
        let created = self.second;
        self.assume(&service, ACCOUNTS[0], "Deploy", id, created);
        if let Some(identity) = self.callers.last_mut() {
            identity["sessionContext"]["ec2RoleDelivery"] = json!("2.0");
        }
    }

    /// Adds a session of a role that only AWS can assume.
    fn reserved_session(&mut self) {
        let role = self.pick(&[
            "aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123",
            "AWSReservedSSO_Admin_0123",
            "aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS",
        ]);
        let (session, created) = (self.pick(&SESSIONS), self.second);
        let key = self.new_key("ASIA");
        self.callers.push(ChainSimulator::session(ACCOUNTS[1], role, session, created, &key));
    }

    /// Adds two sessions that form a cycle: each is the caller that began the other.
    fn circle(&mut self) {
        self.second += 10;
        let created = self.second;
        let other = ChainSimulator::session(ACCOUNTS[0], "Admin", "circle", created, "ASIACIRCLE0000000000");
        let first = self.assume(&other, ACCOUNTS[0], "Deploy", "circle", created);
        self.assume(&first, ACCOUNTS[0], "Admin", "circle", created);
    }

    /// Adds a chain of this many sessions, all of them logged.
    fn line(&mut self, length: usize) {
        self.is_complete = true;
        let mut caller = self.callers[0].clone();
        for at in 0..length {
            self.second += 3;
            let (created, session) = (self.second, format!("line{at}"));
            caller = self.assume(&caller, ACCOUNTS[at % 2], "Audit", &session, created);
            self.call(&caller);
        }
        self.is_complete = false;
    }

    fn call(&mut self, caller: &Value) {
        self.second += 1;
        let mut identity = caller.clone();
        match if self.is_complete { u8::MAX } else { self.random.u8(..12) } {
            // A service calls on behalf of the session, with a key of its own.
            0 if identity["type"] == "AssumedRole" => {
                identity["accessKeyId"] = json!("ASIAFORWARD000000000");
                identity["invokedBy"] = json!("athena.amazonaws.com");
            }
            1 if identity["type"] == "AssumedRole" => {
                drop(identity.as_object_mut().and_then(|own| own.remove("accessKeyId")))
            }
            2 if !identity["principalId"].is_null() && !identity["accountId"].is_null() => {
                identity = json!({"type": "AWSAccount", "principalId": identity["principalId"], "accountId": identity["accountId"]});
            }
            _ => {}
        }
        self.add(&identity, "s3.amazonaws.com", "PutObject", &json!({}));
    }
}
