//! Random unusual events for property tests: any keys in any order, any values, any white space.
//! They are always strict JSON, and no object has a key twice.

use fastrand::Rng;

const KEYS: &[&str] = &[
    "eventVersion",
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "errorCode",
    "errorMessage",
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "requestID",
    "eventID",
    "readOnly",
    "resources",
    "eventType",
    "managementEvent",
    "recipientAccountId",
    "sharedEventID",
    "eventCategory",
    "tlsDetails",
    "sessionCredentialFromConsole",
    "vpcEndpointId",
    "",
    "eventnam",
    "eventName2",
    "userIdentity.userName",
    "odd\\\\",
    "odd\\\"key",
    "Records",
];
const IDENTITY_KEYS: &[&str] = &[
    "type",
    "principalId",
    "arn",
    "accountId",
    "accessKeyId",
    "userName",
    "invokedBy",
    "sessionContext",
    "onBehalfOf",
    "identityProvider",
    "",
];
const TYPES: &[&str] = &[
    "IAMUser",
    "SAMLUser",
    "WebIdentityUser",
    "Root",
    "AssumedRole",
    "FederatedUser",
    "AWSService",
    "AWSAccount",
    "IdentityCenterUser",
    "Directory",
    "Unknown",
    "Role",
    "Newest",
];
/// The parts from which strings are composed, as they stand in JSON.
const SNIPPETS: &[&str] = &[
    "a",
    "Terminate",
    "Instances",
    "alice",
    "bob@example.com",
    "10.0.0.1",
    "=",
    "+",
    "-",
    "@",
    "'",
    " ",
    ",",
    ":",
    "{",
    "}",
    "[",
    "]",
    "\\\"",
    "\\\\",
    "\\/",
    "\\b",
    "\\f",
    "\\n",
    "\\r",
    "\\t",
    "\\u0041",
    "\\u0000",
    "\\u001b[31m",
    "\\u007f",
    "\\u009b",
    "\\u2028",
    "\\ud83d\\ude00",
    "é",
    "\u{202f}",
    "\u{2028}",
    "\u{9b}",
    "\u{7f}",
    "🚀",
    "\u{feff}",
    "\u{10ffff}",
    "arn:aws:iam::111122223333:role/",
    "assumed-role/Admin/",
    "AROADBQP57FF2AEXAMPLE:",
    "\\\\\\\"",
    "0123456789abcdef0123456789abcdef",
];
const SCALARS: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "42",
    "-7",
    "3.25",
    "1.500",
    "1e3",
    "-1.5E-07",
    "18446744073709551615",
    "123456789012345678901234567890",
    "\"\"",
    "{}",
    "[]",
    "\"-5\"",
    "\"+1.5e3\"",
    "\"=1+1\"",
    "\"HIDDEN_DUE_TO_SECURITY_REASONS\"",
];
const TIMES: &[&str] = &[
    "\"2026-10-01T12:00:00Z\"",
    "\"2026-09-30T23:59:59Z\"",
    "\"2026-10-01T12:00:00.5Z\"",
    "\"2026-10-01T14:00:00+02:00\"",
    "\"never\"",
    "1790856000",
    "null",
];
const SPACES: &[&str] = &["", "", "", " ", "\t", "\n", "\r\n", "  \n\t"];
/// Well below the depth at which strict parsers stop.
const MAX_DEPTH: usize = 12;

/// A random unusual event, as one JSON object.
pub fn random_event(rng: &mut Rng) -> String {
    let mut out = String::new();
    // Half of the events are compact, as AWS writes them.
    let spaced = rng.bool();
    Writer { rng, out: &mut out, spaced }.event();
    out
}

struct Writer<'a> {
    rng: &'a mut Rng,
    out: &'a mut String,
    spaced: bool,
}

impl Writer<'_> {
    fn event(&mut self) {
        let keys = self.some_of(KEYS);
        self.object(&keys, |writer, key| match key {
            "userIdentity" if writer.rng.u8(..4) > 0 => writer.identity(),
            "eventTime" if writer.rng.u8(..8) > 0 => writer.one_of(TIMES),
            _ => writer.value(0),
        });
    }

    fn identity(&mut self) {
        let keys = self.some_of(IDENTITY_KEYS);
        self.object(&keys, |writer, key| match key {
            "type" if writer.rng.u8(..8) > 0 => {
                writer.out.push('"');
                writer.one_of(TYPES);
                writer.out.push('"');
            }
            "sessionContext" if writer.rng.bool() => {
                writer.object(&["sessionIssuer"], |writer, _| {
                    let keys = writer.some_of(IDENTITY_KEYS);
                    writer.object(&keys, |writer, _| writer.value(3));
                });
            }
            _ => writer.value(1),
        });
    }

    fn value(&mut self, depth: usize) {
        match self.rng.u8(..10) {
            0..4 => self.string(),
            4..7 => self.one_of(SCALARS),
            _ if depth >= MAX_DEPTH => self.string(),
            7 => {
                self.out.push('[');
                for index in 0..self.rng.usize(..5) {
                    if index > 0 {
                        self.out.push(',');
                    }
                    self.space();
                    self.value(depth + 1);
                    self.space();
                }
                self.out.push(']');
            }
            _ => {
                let keys = self.some_of(&["a", "items", "eventName", "userName", "type", "", "\\n"]);
                self.object(&keys, |writer, _| writer.value(depth + 1));
            }
        }
    }

    fn object(&mut self, keys: &[&str], mut value: impl FnMut(&mut Self, &str)) {
        self.out.push('{');
        for (index, key) in keys.iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            self.space();
            self.key(key);
            self.space();
            self.out.push(':');
            self.space();
            value(self, key);
            self.space();
        }
        self.out.push('}');
    }

    /// Writes a key, sometimes with its first letter as an escape.
    fn key(&mut self, key: &str) {
        self.out.push('"');
        match key.chars().next() {
            Some(letter) if letter.is_ascii_alphabetic() && self.rng.u8(..20) == 0 => {
                self.out.push_str(&format!("\\u{:04x}{}", u32::from(letter), &key[1..]));
            }
            _ => self.out.push_str(key),
        }
        self.out.push('"');
    }

    fn string(&mut self) {
        self.out.push('"');
        for _ in 0..self.rng.usize(..7) {
            self.one_of(SNIPPETS);
        }
        self.out.push('"');
    }

    fn space(&mut self) {
        if self.spaced {
            self.one_of(SPACES);
        }
    }

    fn one_of(&mut self, texts: &[&str]) {
        self.out.push_str(texts[self.rng.usize(..texts.len())]);
    }

    /// Some of the keys, in any order.
    fn some_of<'k>(&mut self, keys: &[&'k str]) -> Vec<&'k str> {
        let mut keys = keys.to_vec();
        self.rng.shuffle(&mut keys);
        keys.truncate(self.rng.usize(..=keys.len()));
        keys
    }
}
