//! A server with resources, and runs of the program that read it.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use testkit::aws_query::{Api, QueryServer};

use crate::harness::{RunResult, Trial};

pub const ACCOUNT: &str = testkit::aws_query::ACCOUNT;

/// A server, and a folder to run in.
pub struct Account {
    pub server: QueryServer,
    pub trial: Trial,
}

impl Account {
    /// An account with these regions, without resources.
    pub fn new(regions: &[&str]) -> Account {
        let server = QueryServer::start(regions);
        let mut trial = Trial::new();
        trial
            .env("AWS_ENDPOINT_URL", &server.endpoint())
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
            .env("AWS_REGION", "eu-west-1");
        Account { server, trial }
    }

    /// Sets the instances of a region: ids and names.
    pub fn instances(&self, region: &str, instances: &[(&str, &str)]) {
        let entries = instances.iter().map(|(id, name)| instance(id, name, "running")).collect();
        self.server.list(Api::Ec2, "DescribeInstances", region, "reservationSet", entries);
    }

    /// Sets the rules of the only security group of a region, each as an element of `ipPermissions`.
    pub fn rules(&self, region: &str, rules: &[String]) {
        let group = format!(
            "<item><ownerId>{ACCOUNT}</ownerId><groupId>sg-1</groupId><groupName>web</groupName>\
             <ipPermissions>{}</ipPermissions><ipPermissionsEgress/></item>",
            rules.concat()
        );
        self.server.list(Api::Ec2, "DescribeSecurityGroups", region, "securityGroupInfo", vec![group]);
    }

    /// Takes a snapshot into the folder `out`.
    pub fn snapshot(&self, arguments: &[&str]) -> RunResult {
        self.trial.run(&[&["snapshot", "out"], arguments].concat())
    }

    /// All documents by their paths below the folder of the account.
    pub fn documents(&self) -> BTreeMap<String, String> {
        let root = self.trial.path("out").join(ACCOUNT);
        let mut documents = BTreeMap::new();
        collect(&root, &root, &mut documents);
        documents
    }

    /// The paths of all documents.
    pub fn paths(&self) -> Vec<String> {
        self.documents().into_keys().collect()
    }
}

fn collect(root: &Path, folder: &Path, documents: &mut BTreeMap<String, String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            collect(root, &path, documents);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            documents.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

/// An instance in a reservation of its own.
pub fn instance(id: &str, name: &str, state: &str) -> String {
    format!(
        "<item><reservationId>r-1</reservationId><ownerId>{ACCOUNT}</ownerId><groupSet/><instancesSet><item>\
         <instanceId>{id}</instanceId><instanceState><code>16</code><name>{state}</name></instanceState>\
         <usageOperationUpdateTime>2026-10-01T00:00:00.000Z</usageOperationUpdateTime>\
         <groupSet><item><groupId>sg-2</groupId></item><item><groupId>sg-1</groupId></item></groupSet>\
         <tagSet><item><key>Name</key><value>{}</value></item></tagSet></item></instancesSet></item>",
        escaped(name)
    )
}

/// A permission for one port and one network.
pub fn rule(port: u16, network: &str) -> String {
    format!(
        "<item><ipProtocol>tcp</ipProtocol><fromPort>{port}</fromPort><toPort>{port}</toPort><groups/>\
         <ipRanges><item><cidrIp>{network}</cidrIp></item></ipRanges></item>"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\n', "&#10;").replace('\r', "&#13;")
}
