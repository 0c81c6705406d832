//! Literals that every wanted event contains, and how they are found.

use std::ops::Range;

use crate::syntax::glob::Pattern;

/// Bytes that a value, a key or a whole event contains, ignoring the case of letters.
#[derive(Clone, Debug)]
pub struct Needle {
    /// All bytes that must match, in lower case. In the text, backslashes may precede a
    /// `"` or `/`.
    context: Box<[u8]>,
    /// The part that is searched for; it has no `"` or `/` except as its first byte.
    core: Range<usize>,
    /// Index in the core of its rarest byte, at least 2.
    pub(super) rare: usize,
    /// Whether the string must end after the needle.
    is_end: bool,
    /// Whether an address must start here, so that no digit or dot may precede the
    /// needle.
    is_address: bool,
    worth: usize,
}

/// How a value appears in the text of a log.
#[derive(Clone, Copy, Debug)]
pub struct Boundary<'a> {
    /// Whether the value starts at the start of a string.
    pub starts: bool,
    /// Whether the value ends at the end of a string.
    pub ends: bool,
    /// Bytes at which the value may be interrupted in the log.
    pub cuts: &'a [u8],
}

impl Boundary<'_> {
    /// A value that is a whole string.
    pub const WHOLE: Boundary<'static> = Boundary { starts: true, ends: true, cuts: b"" };
    /// The name of a member.
    pub const KEY: Boundary<'static> = Boundary::WHOLE;
    /// A value at the end of a string.
    pub const END: Boundary<'static> = Boundary { starts: false, ends: true, cuts: b"" };
    /// A value anywhere.
    pub const NONE: Boundary<'static> = Boundary { starts: false, ends: false, cuts: b"" };
    /// A value in JSON that may contain white space.
    pub const LOOSE: Boundary<'static> = Boundary { cuts: b"{}[]:,", ..Boundary::NONE };
    /// A name joined from several parts.
    pub const PARTS: Boundary<'static> = Boundary { cuts: b"/", ..Boundary::NONE };
    /// A list joined from whole strings.
    pub const LIST: Boundary<'static> = Boundary { cuts: b";", ..Boundary::NONE };
}

impl Needle {
    /// Shorter needles occur everywhere.
    const MIN_LENGTH: usize = 3;

    /// The best needle for every value equal to `text`, ignoring case; `None` if there
    /// is none.
    pub fn of_text(text: &str, boundary: Boundary<'_>) -> Option<Needle> {
        let lower = text.to_ascii_lowercase();
        // Numbers and literals may appear without quotes.
        let is_number = lower.bytes().all(|byte| b"+-.e0123456789".contains(&byte));
        let is_bare = is_number || ["true", "false"].iter().any(|word| word.contains(&lower));
        // Characters that JSON escapes, or whose case ASCII rules do not cover, split
        // the text.
        let is_plain = |byte: u8| (b' '..0x7f).contains(&byte) && byte != b'\\' && !boundary.cuts.contains(&byte);
        let mut best = None;
        let mut start = 0;
        for run in lower.as_bytes().split(|byte| !is_plain(*byte)) {
            let end = start + run.len();
            let starts = boundary.starts && start == 0 && !is_bare;
            let ends = boundary.ends && end == lower.len() && !is_bare;
            let quote: &[u8] = if starts { b"\"" } else { b"" };
            best = better(best, Needle::of_run(&[quote, run].concat(), ends));
            start = end + 1;
        }
        best
    }

    /// The best needle for every value that matches the pattern; `None` if there is
    /// none.
    pub fn of_pattern(pattern: &Pattern, boundary: Boundary<'_>) -> Option<Needle> {
        let pieces = pattern.pieces();
        let last = pieces.len() - 1;
        let needles = pieces.iter().enumerate().map(|(at, piece)| {
            let boundary =
                Boundary { starts: boundary.starts && at == 0, ends: boundary.ends && at == last, ..boundary };
            Needle::of_text(piece, boundary)
        });
        needles.fold(None, better)
    }

    /// The needle for every value that contains an address with this start; `None` if
    /// there is none.
    pub fn of_address(start: &str) -> Option<Needle> {
        let needle = Needle::of_text(start, Boundary::NONE)?;
        Some(Needle { is_address: true, ..needle })
    }

    /// The needle for bytes that are adjacent except for backslashes; `None` if it is
    /// not worth searching for.
    pub(super) fn of_run(context: &[u8], is_end: bool) -> Option<Needle> {
        let mut cores = Vec::new();
        let mut start = 0;
        // Backslashes may precede these bytes in the text, so a core cannot extend
        // across them.
        for at in 1..=context.len() {
            if at == context.len() || b"\"/".contains(&context[at]) {
                cores.push(start..at);
                start = at;
            }
        }
        let cores = cores.into_iter().filter(|core| core.len() >= Needle::MIN_LENGTH);
        let (worth, core) = cores.map(|core| (worth(&context[core.clone()]), core)).max_by_key(|(worth, _)| *worth)?;
        let rare = (2..core.len()).min_by_key(|at| frequency(context[core.start + at])).unwrap_or(2);
        (worth > 0).then(|| Needle { context: context.into(), core, rare, is_end, is_address: false, worth })
    }

    /// How selective the needle is; 0 means useless.
    pub fn worth(&self) -> usize {
        self.worth
    }

    /// All bytes that must match.
    #[cfg(test)]
    pub(super) fn context(&self) -> &[u8] {
        &self.context
    }

    /// The bytes that are searched for.
    pub(in crate::filter) fn core(&self) -> &[u8] {
        &self.context[self.core.clone()]
    }

    /// Whether the needle occurs in the text with its core at `at`.
    fn is_at(&self, text: &[u8], at: usize) -> bool {
        let Some(found) = text.get(at..at + self.core.len()) else { return false };
        found.eq_ignore_ascii_case(self.core())
            && self.is_before(text, at)
            && self.is_behind(text, at + self.core.len())
            && (!self.is_address || is_start_of_address(&text[..at]))
    }

    fn is_before(&self, text: &[u8], mut at: usize) -> bool {
        let mut behind = self.core().first();
        for byte in self.context[..self.core.start].iter().rev() {
            if matches!(behind, Some(b'"' | b'/')) {
                while at > 0 && text[at - 1] == b'\\' {
                    at -= 1;
                }
            }
            if at == 0 || !text[at - 1].eq_ignore_ascii_case(byte) {
                return false;
            }
            at -= 1;
            behind = Some(byte);
        }
        true
    }

    fn is_behind(&self, text: &[u8], mut at: usize) -> bool {
        for byte in &self.context[self.core.end..] {
            if matches!(byte, b'"' | b'/') {
                while text.get(at) == Some(&b'\\') {
                    at += 1;
                }
            }
            if !text.get(at).is_some_and(|found| found.eq_ignore_ascii_case(byte)) {
                return false;
            }
            at += 1;
        }
        // The quote is escaped inside a string that contains JSON.
        !self.is_end || matches!(text.get(at), Some(b'"' | b'\\'))
    }

    /// Whether the needle occurs at `at`, or may occur there in an escaped spelling.
    pub(super) fn may_be_at(&self, text: &[u8], at: usize) -> bool {
        self.is_at(text, at) || self.is_hidden(&text[at..])
    }

    /// Whether the text starts with an escape that may represent one of the bytes.
    fn is_hidden(&self, text: &[u8]) -> bool {
        const BACKSLASH: u32 = b'\\' as u32;
        const U: u32 = b'u' as u32;
        let Some(digits) = text.strip_prefix(b"\\u") else { return false };
        let digits = digits.get(..4).and_then(|digits| str::from_utf8(digits).ok());
        match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
            // In a string that contains JSON, it may be part of another escape.
            Some(BACKSLASH | U) => true,
            Some(unit) => u8::try_from(unit).is_ok_and(|byte| self.context.contains(&byte.to_ascii_lowercase())),
            None => true,
        }
    }
}

/// The more selective of two needles.
pub fn better(one: Option<Needle>, other: Option<Needle>) -> Option<Needle> {
    match (&one, &other) {
        (Some(first), Some(second)) if first.worth >= second.worth => one,
        (Some(_), None) => one,
        _ => other,
    }
}

/// Whether an address can start after this text. A preceding digit may be the end of an
/// escape for white space.
fn is_start_of_address(before: &[u8]) -> bool {
    const ESCAPE: usize = 6;
    let near = &before[before.len().saturating_sub(ESCAPE)..];
    !matches!(before.last(), Some(b'0'..=b'9' | b'.')) || near.contains(&b'\\')
}

/// Rank of a byte by its frequency in events.
fn frequency(byte: u8) -> usize {
    const BY_FREQUENCY: &[u8] = b"qzxj@_+*?&#%!$'~^`|<>;()= kvwy.hb9f7685g432/pul01-dcm,nros\":tiae";
    BY_FREQUENCY.iter().position(|known| *known == byte).unwrap_or(0)
}

/// How selective some bytes are: 0 if they occur in nearly every event, otherwise their
/// length.
fn worth(bytes: &[u8]) -> usize {
    /// The usual contents of an event, in lower case, with a placeholder for account
    /// numbers.
    const COMMON: &[u8] = br#"{"eventversion":"1.08","useridentity":{"type":"assumedrole","principalid":"aroa
        "arn":"arn:aws:sts::111122223333:assumed-role/","accountid":"111122223333","accesskeyid":"asia","akia
        "sessioncontext":{"sessionissuer":{"type":"role","principalid":"aroa","arn":"arn:aws:iam::111122223333:role/
        "webidfederationdata":{},"attributes":{"mfaauthenticated":"false","creationdate":"2026-10-01t00:00:00z"}}},
        "invokedby":"","eventtime":"","eventsource":".amazonaws.com","eventname":"","awsregion":"us-east-1",eu-west-1
        "sourceipaddress":"","useragent":"aws-sdk-aws-cli/2.boto3/1.botocore/python/linux/mozilla/5.0
        "requestparameters":null,"responseelements":null,"requestid":"","eventid":"","readonly":true,false,
        "resources":[{"accountid":"","type":"aws::","arn":"arn:aws:"}],"eventtype":"awsapicall","managementevent":true,
        "recipientaccountid":"111122223333","eventcategory":"management","tlsdetails":{"tlsversion":"tlsv1.3",
        "ciphersuite":"tls_aes_128_gcm_sha256","clientprovidedhostheader":"","sessioncredentialfromconsole":"true"
        "errorcode":"","errormessage":"","additionaleventdata":{"username":"arn:aws:iam::111122223333:user/iamuser
        "sharedeventid":"","vpcendpointid":"vpce-arn:aws:ec2:us-east-1:111122223333:arn:aws:s3:::"#;
    let mut normal = bytes.to_vec();
    let mut run = 0;
    for at in 0..=bytes.len() {
        if bytes.get(at).is_some_and(u8::is_ascii_digit) {
            run += 1;
            continue;
        }
        if run == 12 {
            normal[at - run..at].copy_from_slice(b"111122223333");
        }
        run = 0;
    }
    if memchr::memmem::find(COMMON, &normal).is_some() { 0 } else { bytes.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_in(needle: &Needle, text: &str) -> bool {
        (0..text.len()).any(|at| needle.may_be_at(text.as_bytes(), at))
    }

    #[test]
    fn the_rarest_part_is_searched_for() {
        for (text, boundary, context, core) in [
            ("TerminateInstances", Boundary::WHOLE, "\"terminateinstances", "\"terminateinstances"),
            ("arn:aws:iam::999988887777:role/Admin", Boundary::END, "arn:aws:iam::999988887777:role/admin", "/admin"),
            ("Admin/alice@example.com", Boundary::PARTS, "alice@example.com", "alice@example.com"),
            ("\"eventName\":\"RunInst", Boundary::NONE, "\"eventname\":\"runinst", "\"runinst"),
            ("14400", Boundary::WHOLE, "14400", "14400"),
            ("a\\bcd\u{e9}efgh", Boundary::WHOLE, "efgh", "efgh"),
        ] {
            let needle = Needle::of_text(text, boundary).unwrap();
            assert_eq!((&*needle.context, needle.core()), (context.as_bytes(), core.as_bytes()), "{text}");
        }
        for text in
            ["", "ab", "true", "eventName", "arn:aws:iam::999988887777:role/", "999988887777", "\u{e9}\u{e9}\u{e9}"]
        {
            assert!(Needle::of_text(text, Boundary::NONE).is_none(), "{text}");
        }
    }

    #[test]
    fn the_context_must_match_except_for_backslashes() {
        let needle = Needle::of_text("arn:aws:iam::1:role/Admin", Boundary::END).unwrap();
        for (text, expected) in [
            (r#""arn:aws:iam::1:role/Admin""#, true),
            (r#""arn:aws:iam::1:role\/admin""#, true),
            (r#"\"arn:aws:iam::1:role\\\/Admin\""#, true),
            (r#""arn:aws:iam::1:role/Administrator""#, false),
            (r#""arn:aws:iam::2:role/Admin""#, false),
            (r#""arn:aws:iam::1:role\u002fAdmin""#, true),
            (r#""\u00e9""#, false),
        ] {
            assert_eq!(is_in(&needle, text), expected, "{text}");
        }
        let needle = Needle::of_address("203.0.").unwrap();
        for (text, expected) in [
            ("\"203.0.1", true),
            (", 203.0.1", true),
            ("1203.0.1", false),
            ("1.203.0.1", false),
            ("\\u0020203.0.", true),
        ] {
            assert_eq!(is_in(&needle, text), expected, "{text}");
        }
    }

    #[test]
    fn prefixes_of_names_like_root_are_never_searched_for() {
        // Names have these prefixes, but events may not contain them.
        for word in ["user", "role", "user/root", "role/root", "user/r", "ole/root"] {
            let needle = Needle::of_text(word, Boundary::PARTS);
            assert!(needle.is_none_or(|needle| needle.core() == b"root"), "{word}");
        }
    }
}
