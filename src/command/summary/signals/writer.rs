//! The values that signals are made of: what is counted of each event.

use std::io::Write;

use super::agent;
use super::call_origin::CallOrigin;
use crate::cloudtrail::field;
use crate::decode::event::{Event, FieldId, FieldSet, ObjectReader};
use crate::decode::json::JsonValue;
use crate::error::Error;

/// The codes with which values begin. The values of a code are together in byte order.
pub(super) mod code {
    /// `d`, principal, step in which calls were denied.
    pub(in super::super) const DENIED: u8 = b'd';
    /// `i`, session of an instance, public address.
    pub(in super::super) const INSTANCE: u8 = b'i';
    /// `k`, key or console session, user, origin, agent family, day of a permanent key.
    pub(in super::super) const KEY: u8 = b'k';
    /// `m`, user, account, origin of a sign-in without MFA.
    pub(in super::super) const SIGN_IN: u8 = b'm';
}

/// The seconds of a step in which denied calls are counted.
pub(super) const DENIED_STEP: i64 = 600;
/// How the first column of a value for a session of the console begins.
pub(super) const CONSOLE_SESSION: &str = "console session of ";

/// Principals with longer names have no signals. AWS allows 64 bytes for a role and for a
/// session each.
const MAX_NAME: usize = 1024;

/// What is known of an event already.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::command::summary) struct SignalContext<'a> {
    /// The cell of the column `userName`.
    pub(in crate::command::summary) user: &'a [u8],
    /// Who was denied, if the call was.
    pub(in crate::command::summary) principal: &'a [u8],
    /// Seconds from 1970; `None` without a readable time.
    pub(in crate::command::summary) second: Option<i64>,
    pub(in crate::command::summary) is_failed: bool,
    pub(in crate::command::summary) is_denied: bool,
}

/// Writes the values of events.
#[derive(Clone, Debug)]
pub(in crate::command::summary) struct SignalWriter {
    identity: FieldId,
    source: FieldId,
    agent: FieldId,
    name: FieldId,
    from_console: FieldId,
    additional: FieldId,
    parts: ObjectReader<5>,
    context: ObjectReader<1>,
    attributes: ObjectReader<1>,
    /// Memory for a value.
    value: Vec<u8>,
}

impl SignalWriter {
    /// Adds the fields it reads to `fields`.
    pub(in crate::command::summary) fn new(fields: &mut FieldSet) -> Result<SignalWriter, Error> {
        Ok(SignalWriter {
            identity: fields.add("userIdentity")?,
            source: fields.add("sourceIPAddress")?,
            agent: fields.add("userAgent")?,
            name: fields.add("eventName")?,
            from_console: fields.add("sessionCredentialFromConsole")?,
            additional: fields.add("additionalEventData")?,
            parts: ObjectReader::new(["type", "accessKeyId", "principalId", "accountId", "sessionContext"]),
            context: ObjectReader::new(["attributes"]),
            attributes: ObjectReader::new(["creationDate"]),
            value: Vec::new(),
        })
    }

    /// Calls `each` for every value of an event: its columns, separated by tabs, of which the
    /// first is a code. Most events have at most one.
    #[inline]
    pub(in crate::command::summary) fn write(
        &mut self,
        event: &Event<'_>,
        context: &SignalContext<'_>,
        each: &mut dyn FnMut(&[u8]),
    ) {
        if context.is_denied {
            self.write_denied(context, each);
        }
        self.write_caller(event, context, each);
    }

    /// Like [`write`](Self::write), except for denied calls. Returns whether the value depends on
    /// nothing but the caller and the day.
    #[inline]
    pub(in crate::command::summary) fn write_caller(
        &mut self,
        event: &Event<'_>,
        context: &SignalContext<'_>,
        each: &mut dyn FnMut(&[u8]),
    ) -> bool {
        let Some(source) = event.get(self.source).and_then(|source| source.string()) else { return true };
        let agent = field::text(event, self.agent).unwrap_or_default();
        let Some(origin) = CallOrigin::new(&source, &agent) else { return true };
        if context.user.is_empty() || context.user.len() > MAX_NAME {
            return true;
        }
        let Some(identity) = event.get(self.identity) else { return true };
        let [kind, key, principal, account, session] = self.parts.read(identity);
        let kind = raw(kind);
        if kind == b"AssumedRole" && instance_id(raw(principal)).is_some() {
            if origin.is_public_address() {
                self.begin(code::INSTANCE, &[context.user, b""]);
                origin.write(&mut self.value);
                each(&self.value);
            }
            return true;
        }
        let key = key.and_then(|key| key.raw_string()).filter(|key| is_access_key(key));
        let is_key = key.is_some();
        if let Some(key) = key {
            let created = self.console_session(event, session);
            self.write_key(key, created, context, origin, &agent);
            each(&self.value);
        } else if matches!(kind, b"IAMUser" | b"Root") && !context.is_failed && self.is_without_mfa(event) {
            let account = Some(raw(account)).filter(|account| account.iter().all(u8::is_ascii_digit));
            self.begin(code::SIGN_IN, &[context.user, account.unwrap_or_default(), b""]);
            origin.write(&mut self.value);
            each(&self.value);
        }
        !matches!(kind, b"IAMUser" | b"Root") || is_key
    }

    /// Writes the value of a key, or of the session of the console that was created at this
    /// time.
    fn write_key(
        &mut self,
        key: &[u8],
        created: Option<&[u8]>,
        context: &SignalContext<'_>,
        origin: CallOrigin,
        agent: &str,
    ) {
        self.begin(code::KEY, &[]);
        match created {
            Some(created) => {
                self.value.extend_from_slice(CONSOLE_SESSION.as_bytes());
                self.value.extend_from_slice(created);
            }
            None => self.value.extend_from_slice(key),
        }
        self.value.push(b'\t');
        self.value.extend_from_slice(context.user);
        self.value.push(b'\t');
        origin.write(&mut self.value);
        self.value.push(b'\t');
        if matches!(origin, CallOrigin::Address(_)) {
            agent::write_family(agent, &mut self.value);
        }
        self.value.push(b'\t');
        if let Some(day) = context.second.filter(|_| is_permanent(key)).and_then(day) {
            // Writing to memory cannot fail.
            let _ = write!(self.value, "{day:05}");
        }
    }

    /// The value for the step in which a call was denied.
    #[cold]
    pub(in crate::command::summary) fn write_denied(
        &mut self,
        context: &SignalContext<'_>,
        each: &mut dyn FnMut(&[u8]),
    ) {
        let Some(second) = context.second.filter(|second| *second >= 0) else { return };
        if context.principal.is_empty() || context.principal.len() > MAX_NAME {
            return;
        }
        self.begin(code::DENIED, &[context.principal, b""]);
        // With zeros before it, so that the order of bytes is that of time.
        let _ = write!(self.value, "{:012}", second - second % DENIED_STEP);
        each(&self.value);
    }

    /// Starts a value with these columns.
    fn begin(&mut self, code: u8, columns: &[&[u8]]) {
        self.value.clear();
        self.value.push(code);
        self.value.push(b'\t');
        for (at, column) in columns.iter().enumerate() {
            if at > 0 {
                self.value.push(b'\t');
            }
            self.value.extend_from_slice(column);
        }
    }

    /// Whether an event is a sign-in that is known to be without MFA.
    fn is_without_mfa(&self, event: &Event<'_>) -> bool {
        raw(event.get(self.name)) == b"ConsoleLogin"
            && raw(event.get(self.additional).and_then(|data| data.member("MFAUsed"))) == b"No"
    }

    /// The time at which the session of a call by the console was created. The console uses
    /// many keys in a session.
    fn console_session<'a>(&mut self, event: &Event<'a>, session: Option<JsonValue<'a>>) -> Option<&'a [u8]> {
        const MAX_LENGTH: usize = 32;
        let from_console = event.get(self.from_console)?;
        if !matches!(from_console.raw(), b"\"true\"" | b"true") {
            return None;
        }
        let [attributes] = self.context.read(session?);
        let [created] = self.attributes.read(attributes?);
        let is_of_time = |byte: &u8| byte.is_ascii_digit() || b"TZ:.+- ".contains(byte);
        created?
            .raw_string()
            .filter(|created| !created.is_empty() && created.len() <= MAX_LENGTH && created.iter().all(is_of_time))
    }
}

/// The contents of a string as written; of other values, nothing.
fn raw(value: Option<JsonValue<'_>>) -> &[u8] {
    value.and_then(|value| value.raw_string()).unwrap_or_default()
}

/// Whether a text is an access key. A prefix followed by one repeated character is a placeholder.
fn is_access_key(text: &[u8]) -> bool {
    const MIN_LENGTH: usize = 16;
    const MAX_LENGTH: usize = 128;
    let (b"AKIA" | b"ASIA", rest) = text.split_at(text.len().min(4)) else { return false };
    (MIN_LENGTH..=MAX_LENGTH).contains(&text.len())
        && rest.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && rest.iter().any(|byte| *byte != rest[0])
}

/// Whether a key is that of a user, which is valid until it is deleted.
fn is_permanent(key: &[u8]) -> bool {
    key.starts_with(b"AKIA")
}

/// The day since 1970; `None` before that or long after.
fn day(second: i64) -> Option<u16> {
    u16::try_from(second.div_euclid(24 * 60 * 60)).ok()
}

/// The id of the instance in a principal id such as `AROA…:i-0123456789abcdef0`.
fn instance_id(principal: &[u8]) -> Option<&[u8]> {
    let colon = principal.iter().position(|byte| *byte == b':')?;
    let session = &principal[colon + 1..];
    let digits = session.strip_prefix(b"i-")?;
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (matches!(digits.len(), 8 | 17) && digits.iter().all(is_digit)).then_some(session)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::testing::with_event;

    const SECOND: i64 = 1_790_841_600;
    const KEY: &str = "AKIAI44QH8DHBEXAMPLE";
    const SESSION_KEY: &str = "ASIAIOSFODNN7EXAMPLE";

    /// The values of an event of `bob`, with spaces for tabs.
    fn values(json: &str, context: SignalContext<'_>) -> Vec<String> {
        let mut fields = FieldSet::default();
        let mut writer = SignalWriter::new(&mut fields).unwrap();
        let mut values = Vec::new();
        let mut each = |value: &[u8]| values.push(str::from_utf8(value).unwrap().replace('\t', "|"));
        with_event(json, &fields, |event| writer.write(event, &context, &mut each));
        values
    }

    fn bob() -> SignalContext<'static> {
        SignalContext { user: b"bob", principal: b"bob", second: Some(SECOND), ..SignalContext::default() }
    }

    fn user_call(key: &str, source: &str, agent: &str) -> String {
        format!(
            r#"{{"eventName":"ListBuckets","sourceIPAddress":"{source}","userAgent":"{agent}","userIdentity":{{
                "type":"IAMUser","principalId":"AIDA1EXAMPLE","arn":"arn:aws:iam::111122223333:user/bob",
                "accountId":"111122223333","accessKeyId":"{key}","userName":"bob"}}}}"#
        )
    }

    #[test]
    fn a_key_is_counted_by_user_origin_agent_and_day() {
        for (key, source, agent, expected) in [
            (KEY, "203.0.113.66", "aws-cli/2.1", Some("203.0.113.66|aws-cli|20727")),
            (KEY, "2001:db8::1:2:3:4", "[Boto3/1.2]", Some("2001:db8::/64|boto3|20727")),
            (KEY, "10.0.0.1", "Mozilla/5.0", Some("10.0.0.1||20727")),
            (KEY, "203.0.113.66", "Boto3/1 exec-env/AWS_Lambda_python3.8", Some("Lambda||20727")),
            (SESSION_KEY, "203.0.113.66", "aws-cli/2.1", Some("203.0.113.66|aws-cli|")),
            (KEY, "cloudformation.amazonaws.com", "cloudformation.amazonaws.com", None),
            (KEY, "AWS Internal", "AWS Internal", None),
            ("EXAMPLE_KEY_ID", "203.0.113.66", "aws-cli/2.1", None),
            ("HIDDEN_DUE_TO_SECURITY_REASONS", "203.0.113.66", "aws-cli/2.1", None),
            ("AKIAXXXXXXXXXXXXXXXX", "203.0.113.66", "aws-cli/2.1", None),
            ("AKIA", "203.0.113.66", "aws-cli/2.1", None),
            ("", "203.0.113.66", "aws-cli/2.1", None),
        ] {
            let expected: Vec<String> = expected.into_iter().map(|rest| format!("k|{key}|bob|{rest}")).collect();
            assert_eq!(values(&user_call(key, source, agent), bob()), expected, "{key} {source} {agent}");
        }
        let call = user_call(KEY, "203.0.113.66", "aws-cli/2.1");
        let untimed = values(&call, SignalContext { second: None, ..bob() });
        assert_eq!(untimed, [format!("k|{KEY}|bob|203.0.113.66|aws-cli|")]);
        assert!(values(&call, SignalContext { user: b"", ..bob() }).is_empty());
        assert!(values(&call, SignalContext { user: &[b'x'; 1025], ..bob() }).is_empty());
        assert!(values("{}", bob()).is_empty());
    }

    #[test]
    fn calls_by_the_console_are_counted_by_session() {
        let call = |flag: &str, created: &str| {
            format!(
                r#"{{"eventName":"ListBuckets","sourceIPAddress":"203.0.113.66","userAgent":"Mozilla/5.0",
                    "sessionCredentialFromConsole":{flag},"userIdentity":{{"type":"IAMUser",
                    "principalId":"AIDA1EXAMPLE","accessKeyId":"{SESSION_KEY}","userName":"bob",
                    "sessionContext":{{"attributes":{{"creationDate":"{created}","mfaAuthenticated":"false"}}}}}}}}"#
            )
        };
        let created = "2026-10-01T08:00:00Z";
        let session = format!("k|console session of {created}|bob|203.0.113.66||");
        let key = format!("k|{SESSION_KEY}|bob|203.0.113.66||");
        for (flag, created, expected) in
            [(r#""true""#, created, &session), ("true", created, &session), (r#""false""#, created, &key)]
        {
            assert_eq!(values(&call(flag, created), bob()), [expected.as_str()], "{flag}");
        }
        assert_eq!(values(&call(r#""true""#, r"2026\t"), bob()), [key]);
    }

    #[test]
    fn sessions_of_instances_are_counted_by_public_address() {
        let call = |principal: &str, source: &str, agent: &str| {
            format!(
                r#"{{"eventName":"ListBuckets","sourceIPAddress":"{source}","userAgent":"{agent}",
                    "userIdentity":{{"type":"AssumedRole","principalId":"{principal}","accessKeyId":"{SESSION_KEY}",
                    "sessionContext":{{"ec2RoleDelivery":"2.0"}}}}}}"#
            )
        };
        let instance = "AROA1EXAMPLE:i-02fe2f05e8cdc993d";
        let is_key = |values: &[String]| values.len() == 1 && values[0].starts_with("k|");
        let outside = call(instance, "203.0.113.66", "aws-cli/2");
        assert_eq!(values(&outside, bob()), ["i|bob|203.0.113.66"]);
        assert_eq!(values(&call("AROA1EXAMPLE:i-02fe2f05", "203.0.113.66", "x"), bob()).len(), 1);
        assert!(values(&call(instance, "10.0.1.120", "aws-cli/2"), bob()).is_empty(), "by a VPC endpoint");
        assert!(values(&call(instance, "ec2.amazonaws.com", "x"), bob()).is_empty(), "a service");
        for other in ["AROA1EXAMPLE:i-02FE2F05", "AROA1EXAMPLE:i-02fe2f05e8", "AROA1EXAMPLE:deploy", "AROA1EXAMPLE"] {
            assert!(is_key(&values(&call(other, "203.0.113.66", "x"), bob())), "{other}");
        }
    }

    #[test]
    fn denied_calls_are_counted_by_step() {
        let call = r#"{"eventName":"ListBuckets","sourceIPAddress":"ec2.amazonaws.com"}"#;
        let denied = SignalContext { is_failed: true, is_denied: true, second: Some(SECOND + 601), ..bob() };
        assert_eq!(values(call, denied), ["d|bob|001790842200"]);
        assert!(values(call, SignalContext { second: None, ..denied }).is_empty());
        assert!(values(call, SignalContext { second: Some(-5), ..denied }).is_empty());
        assert!(values(call, SignalContext { principal: b"", ..denied }).is_empty());
        assert!(values(call, bob()).is_empty());
        let call = user_call(KEY, "203.0.113.66", "aws-cli/2.1");
        assert_eq!(values(&call, denied).len(), 2, "of the key too");
    }

    #[test]
    fn sign_ins_are_counted_if_they_are_known_to_be_without_mfa() {
        let sign_in = |name: &str, kind: &str, mfa: &str| {
            format!(
                r#"{{"eventName":"{name}","eventSource":"signin.amazonaws.com","sourceIPAddress":"203.0.113.66",
                    "userAgent":"Mozilla/5.0","userIdentity":{{"type":"{kind}","accountId":"111122223333",
                    "userName":"bob"}},"additionalEventData":{{"MobileVersion":"No"{mfa}}}}}"#
            )
        };
        let (no, yes) = (r#","MFAUsed":"No""#, r#","MFAUsed":"Yes""#);
        for (name, kind, mfa, is_signal) in [
            ("ConsoleLogin", "IAMUser", no, true),
            ("ConsoleLogin", "Root", no, true),
            ("ConsoleLogin", "IAMUser", yes, false),
            ("ConsoleLogin", "IAMUser", "", false),
            ("ConsoleLogin", "AssumedRole", no, false),
            ("ConsoleLogin", "SAMLUser", no, false),
            ("SwitchRole", "IAMUser", no, false),
        ] {
            let expected: &[&str] = if is_signal { &["m|bob|111122223333|203.0.113.66"] } else { &[] };
            assert_eq!(values(&sign_in(name, kind, mfa), bob()), expected, "{name} {kind} {mfa}");
        }
        let failed = SignalContext { is_failed: true, ..bob() };
        assert!(values(&sign_in("ConsoleLogin", "IAMUser", no), failed).is_empty());
    }
}
