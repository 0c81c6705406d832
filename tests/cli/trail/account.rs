//! An account on a server, and runs of the program against it.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use serde_json::Value;
use testkit::aws_account::AwsAccount;

use crate::bucket::cloud::KEY_ID;
use crate::harness::{RunResult, Trial};

pub const TRAIL: &str = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit";

/// A server, and a folder to run in.
pub struct Account {
    pub server: AwsAccount,
    pub trial: Trial,
}

impl Account {
    /// An empty account.
    pub fn new() -> Account {
        let server = AwsAccount::start();
        let mut trial = Trial::new();
        trial
            .env("AWS_ENDPOINT_URL", &server.url())
            .env("AWS_ACCESS_KEY_ID", KEY_ID)
            .env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
            .env("AWS_REGION", "eu-west-1");
        Account { server, trial }
    }

    /// Runs `trail` with these arguments.
    pub fn trail(&self, arguments: &[&str]) -> RunResult {
        self.trial.run(&[&["trail"], arguments].concat())
    }

    /// Creates a trail quietly.
    pub fn create(&self, arguments: &[&str]) -> RunResult {
        self.trail(&[&["create", "--yes", "-q"], arguments].concat())
    }

    /// The value at a pointer into the resources of the account. A policy becomes an object.
    pub fn at(&self, pointer: &str) -> Value {
        let value = self.server.resources().pointer(pointer).cloned().unwrap_or_default();
        let parsed = value.as_str().and_then(|text| serde_json::from_str(text).ok());
        parsed.unwrap_or(value)
    }

    /// The ids of the statements of a policy.
    pub fn sids(&self, pointer: &str) -> Vec<String> {
        let policy = self.at(pointer);
        let statements = policy["Statement"].as_array().unwrap_or_else(|| panic!("{policy}"));
        statements.iter().map(|statement| statement["Sid"].as_str().unwrap_or_default().into()).collect()
    }
}
