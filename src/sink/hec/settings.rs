//! Where the collector is, and as what events are sent to it.

use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::path::Path;

use crate::error::{Error, io_message};

/// Variable with the token, if no file is named.
pub const TOKEN_VARIABLE: &str = "SPLUNK_HEC_TOKEN";

/// The source type that Splunk's add-on for AWS parses.
pub const SOURCE_TYPE: &str = "aws:cloudtrail";

const OPTION: &str = "--hec";
const FILE_OPTION: &str = "--hec-token-file";

/// Where and as what events are sent.
#[derive(Clone, Debug)]
pub struct HecSettings {
    /// The collector.
    pub url: HecUrl,
    /// What the collector knows this client by.
    pub token: HecToken,
    /// The index for all events; `None` for the default index of the token.
    pub index: Option<String>,
    /// The source type of all events.
    pub source_type: String,
    /// The host that events come from; `None` to let Splunk choose.
    pub host: Option<String>,
}

impl HecSettings {
    /// Creates the settings for a collector, with the source type `aws:cloudtrail`. Returns a
    /// usage error if the URL is invalid.
    pub fn new(url: &str, token: HecToken) -> Result<HecSettings, Error> {
        let url = HecUrl::parse(url)?;
        Ok(HecSettings { url, token, index: None, source_type: SOURCE_TYPE.into(), host: None })
    }
}

/// The URL of a collector, up to `/services/collector`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HecUrl(String);

impl HecUrl {
    /// Parses `https://HOST:8088`, with or without `/services/collector/event`.
    pub fn parse(typed: &str) -> Result<HecUrl, Error> {
        const PATH: &str = "/services/collector";
        let fail = |reason: &str| Err(Error::option(OPTION, typed, reason));
        let Some((scheme, rest)) = typed.split_once("://") else {
            return fail("must start with https://, as in https://splunk.example.com:8088");
        };
        if !matches!(scheme, "https" | "http") {
            return fail("must start with https:// or http://");
        }
        if !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
            return fail("has a character that a URL cannot contain");
        }
        if rest.contains(['?', '#']) {
            return fail("must have neither a query nor a fragment; give the token in SPLUNK_HEC_TOKEN or a file");
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if authority.contains('@') {
            // Not shown: it may be a password or the token.
            return Err(Error::about(
                OPTION,
                ": the URL must not have a user name or password; give the token in SPLUNK_HEC_TOKEN or a file",
            ));
        }
        if !is_authority(authority) {
            return fail("must name a host and may name a port, as in https://splunk.example.com:8088");
        }
        let path = path.trim_end_matches('/');
        let path = path.strip_suffix("/event").unwrap_or(path);
        match path {
            "" => Ok(HecUrl(format!("{scheme}://{authority}{PATH}"))),
            path if path.ends_with(PATH) => Ok(HecUrl(format!("{scheme}://{authority}{path}"))),
            _ => fail("must end with the port, or with /services/collector/event"),
        }
    }

    /// Returns the URL that events are posted to.
    pub(super) fn events_url(&self) -> String {
        format!("{}/event", self.0)
    }

    /// Returns the URL that acknowledgements are asked for at.
    pub(super) fn acknowledgements_url(&self) -> String {
        format!("{}/ack", self.0)
    }

    /// True if others on the network cannot read what is sent.
    pub(super) fn is_private(&self) -> bool {
        let Some(rest) = self.0.strip_prefix("http://") else { return true };
        let (host, _) = host_and_port(rest.split_once('/').map_or(rest, |(authority, _)| authority));
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for HecUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Splits `HOST:PORT`. The address of IPv6 stays in its brackets.
fn host_and_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn is_authority(authority: &str) -> bool {
    let (host, port) = host_and_port(authority);
    let is_name = |host: &str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    let is_host = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty() && is_name(host),
    };
    is_host && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

/// The token of a collector. No message shows it.
#[derive(Clone, Eq, PartialEq)]
pub struct HecToken(String);

impl HecToken {
    /// Reads the token from a file, or else from the variable `SPLUNK_HEC_TOKEN`.
    pub fn load(file: Option<&Path>) -> Result<HecToken, Error> {
        match file {
            Some(path) => HecToken::of_file(path),
            None => HecToken::from_variable(std::env::var_os(TOKEN_VARIABLE)),
        }
    }

    /// Reads the token from a file. White space around it is ignored.
    pub fn of_file(path: &Path) -> Result<HecToken, Error> {
        /// Far longer than any token; a larger file is something else.
        const MAX_FILE: u64 = 4096;
        let fail = |reason: &str| Error::option(FILE_OPTION, &path.display().to_string(), reason);
        let metadata =
            std::fs::metadata(path).map_err(|error| fail(&format!("cannot be read: {}", io_message(&error))))?;
        if metadata.is_dir() || metadata.len() > MAX_FILE {
            return Err(fail("must be a file with the token and nothing else"));
        }
        let bytes = std::fs::read(path).map_err(|error| fail(&format!("cannot be read: {}", io_message(&error))))?;
        let text = String::from_utf8(bytes).map_err(|_| fail("must be a file with the token and nothing else"))?;
        HecToken::parse(text.trim()).map_err(fail)
    }

    /// Reads the token from the value of the variable.
    pub fn from_variable(value: Option<OsString>) -> Result<HecToken, Error> {
        let fail = |reason: &str| Error::about(OPTION, format!(": the token in {TOKEN_VARIABLE} {reason}"));
        let Some(value) = value else {
            return Err(Error::about(
                OPTION,
                format!(" requires a token: set {TOKEN_VARIABLE}, or name a file with {FILE_OPTION}"),
            ));
        };
        let text = value.into_string().map_err(|_| fail("must be plain text"))?;
        HecToken::parse(text.trim()).map_err(fail)
    }

    fn parse(text: &str) -> Result<HecToken, &'static str> {
        match text {
            "" => Err("is empty"),
            text if !text.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Err("has characters that no token has; it must be the token and nothing else")
            }
            text => Ok(HecToken(text.into())),
        }
    }

    /// Returns the value of the header `Authorization`.
    pub(super) fn authorization(&self) -> String {
        format!("Splunk {}", self.0)
    }
}

impl fmt::Debug for HecToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HecToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_may_leave_out_the_path() {
        for (typed, expected) in [
            ("https://splunk.example.com:8088", "https://splunk.example.com:8088/services/collector/event"),
            ("https://splunk.example.com:8088/", "https://splunk.example.com:8088/services/collector/event"),
            ("https://s/services/collector", "https://s/services/collector/event"),
            ("https://s/services/collector/event/", "https://s/services/collector/event"),
            ("https://s/splunk/services/collector/event", "https://s/splunk/services/collector/event"),
            ("http://[::1]:8088", "http://[::1]:8088/services/collector/event"),
            ("http://127.0.0.1:1", "http://127.0.0.1:1/services/collector/event"),
        ] {
            let url = HecUrl::parse(typed).unwrap();
            assert_eq!(url.events_url(), expected);
            assert_eq!(url.acknowledgements_url(), expected.replace("/event", "/ack"));
        }
        assert!(
            HecUrl::parse("https://s").unwrap().is_private() && HecUrl::parse("http://[::1]:1").unwrap().is_private()
        );
        for private in ["http://localhost", "http://LocalHost:8088/services/collector", "http://127.9.9.9:1"] {
            assert!(HecUrl::parse(private).unwrap().is_private(), "{private}");
        }
        for open in [
            "http://splunk:8088",
            "http://localhost.example.com",
            "http://localhosts:8088",
            "http://127.evil.com",
            "http://127.0.0.1.example.com:8088",
            "http://[::2]:8088",
        ] {
            assert!(!HecUrl::parse(open).unwrap().is_private(), "{open}");
        }
    }

    #[test]
    fn invalid_urls_are_usage_errors_that_name_the_option() {
        for (typed, expected) in [
            ("splunk:8088", "--hec \"splunk:8088\": must start with https://, as in https://splunk.example.com:8088"),
            ("ftp://s", "--hec \"ftp://s\": must start with https:// or http://"),
            ("https://", "--hec \"https://\": must name a host"),
            ("https://:8088", "--hec \"https://:8088\": must name a host"),
            ("https://s:x", "--hec \"https://s:x\": must name a host"),
            ("https://s:99999", "--hec \"https://s:99999\": must name a host"),
            ("https://[x]:1", "--hec \"https://[x]:1\": must name a host"),
            ("https://s/other", "--hec \"https://s/other\": must end with the port, or with /services/collector/event"),
            ("https://s?token=1", "--hec \"https://s?token=1\": must have neither a query nor a fragment"),
            ("https://s\n", "--hec \"https://s\\n\": has a character that a URL cannot contain"),
            ("https://u:secret@s", "--hec: the URL must not have a user name or password"),
        ] {
            let error = HecUrl::parse(typed).unwrap_err();
            assert!(matches!(error, Error::Usage(_)) && error.to_string().starts_with(expected), "{error}");
            assert!(!error.to_string().contains("secret"));
        }
    }

    #[test]
    fn tokens_come_from_a_file_or_the_variable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "00000000-aaaa\r\n").unwrap();
        let token = HecToken::load(Some(&path)).unwrap();
        assert_eq!(token.authorization(), "Splunk 00000000-aaaa");
        assert_eq!(HecToken::from_variable(Some("00000000-aaaa".into())).unwrap(), token);
        let settings = HecSettings::new("https://s", token).unwrap();
        assert!(!format!("{settings:?}").contains("aaaa"), "{settings:?}");
    }

    #[test]
    fn missing_and_odd_tokens_are_usage_errors_that_do_not_show_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let name = format!("--hec-token-file {:?}", path.display().to_string());
        let error = || HecToken::of_file(&path).unwrap_err().to_string();
        assert_eq!(error(), format!("{name}: cannot be read: No such file or directory"));
        for (content, reason) in [
            (b"\n".to_vec(), "is empty"),
            (b"secret\x1b[1m".to_vec(), "has characters that no token has"),
            (b"secret\nsecret".to_vec(), "has characters that no token has"),
            (vec![0xff, 0xfe], "must be a file with the token and nothing else"),
            (vec![b'x'; 5000], "must be a file with the token and nothing else"),
        ] {
            std::fs::write(&path, content).unwrap();
            assert!(error().starts_with(&format!("{name}: {reason}")) && !error().contains("secret"), "{}", error());
        }
        let error = |value: Option<&str>| HecToken::from_variable(value.map(OsString::from)).unwrap_err().to_string();
        assert_eq!(error(None), "--hec requires a token: set SPLUNK_HEC_TOKEN, or name a file with --hec-token-file");
        assert_eq!(error(Some(" ")), "--hec: the token in SPLUNK_HEC_TOKEN is empty");
        assert!(!error(Some("a secret")).contains("secret"));
    }
}
