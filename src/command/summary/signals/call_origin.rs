//! Where a call came from, as signals compare it.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::agent::{self, HostedRuntime};

/// Where a call came from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum CallOrigin {
    /// An address. Of an IPv6 address, all in the same network of 64 bits are one.
    Address(IpAddr),
    /// A function. Its copies share a key, but no address.
    Lambda,
    /// A shell in the console, on a machine of AWS.
    CloudShell,
}

/// Origins that are compared with each other. A machine can have one of each.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum OriginClass {
    /// A public IPv4 address, or a function.
    PublicIpv4,
    PublicIpv6,
    /// A private address, which calls through a VPC endpoint have.
    Private,
    /// Compared with nothing.
    Other,
}

/// The number of classes.
pub(super) const CLASSES: usize = 4;

const LAMBDA: &[u8] = b"Lambda";
const CLOUD_SHELL: &[u8] = b"CloudShell";
const IPV6_SUFFIX: &[u8] = b"/64";

impl CallOrigin {
    /// The origin of a call from this source with this agent; `None` if the source is not an
    /// address of the caller, but a service of AWS. Of several sources, the first counts.
    pub(super) fn new(source: &str, agent: &str) -> Option<CallOrigin> {
        let address = address(source.split(',').next()?.trim())?;
        // Servers of the console call from private addresses of their own.
        if !is_public(address) && agent::is_aws_internal(agent) {
            return None;
        }
        Some(match agent::runtime(agent) {
            Some(HostedRuntime::Lambda) => CallOrigin::Lambda,
            Some(HostedRuntime::CloudShell) => CallOrigin::CloudShell,
            None => CallOrigin::Address(address),
        })
    }

    /// The class.
    pub(super) fn class(self) -> OriginClass {
        match self {
            CallOrigin::Address(address) if !is_public(address) => OriginClass::Private,
            CallOrigin::Address(IpAddr::V6(_)) => OriginClass::PublicIpv6,
            CallOrigin::Address(IpAddr::V4(_)) | CallOrigin::Lambda => OriginClass::PublicIpv4,
            CallOrigin::CloudShell => OriginClass::Other,
        }
    }

    /// Whether it is a public address.
    pub(super) fn is_public_address(self) -> bool {
        matches!(self, CallOrigin::Address(address) if is_public(address))
    }

    /// Appends the text of the origin.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        // Writing to memory cannot fail.
        let _ = match self {
            CallOrigin::Address(IpAddr::V4(address)) => write!(out, "{address}"),
            CallOrigin::Address(IpAddr::V6(address)) => write!(out, "{address}/64"),
            CallOrigin::Lambda => out.write_all(LAMBDA),
            CallOrigin::CloudShell => out.write_all(CLOUD_SHELL),
        };
    }

    /// Reads what [`CallOrigin::write`] wrote.
    pub(super) fn read(text: &[u8]) -> Option<CallOrigin> {
        match text {
            LAMBDA => Some(CallOrigin::Lambda),
            CLOUD_SHELL => Some(CallOrigin::CloudShell),
            _ => address(str::from_utf8(text.strip_suffix(IPV6_SUFFIX).unwrap_or(text)).ok()?).map(CallOrigin::Address),
        }
    }
}

/// The address in a text, if it is one. Of an IPv6 address, its network.
fn address(text: &str) -> Option<IpAddr> {
    Some(match text.parse::<IpAddr>().ok()?.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address => address,
    })
}

/// Whether an address is reachable from the internet. Addresses for documentation count as
/// such: they stand for public addresses in logs that were made anonymous.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let is_shared = address.to_bits() >> 22 == Ipv4Addr::new(100, 64, 0, 0).to_bits() >> 22;
            !(address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_unspecified()
                || is_shared)
        }
        // A network of 64 bits: that of `::1` is that of `::`.
        IpAddr::V6(address) => {
            !(address.is_unique_local() || address.is_unicast_link_local() || address.is_unspecified())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_have_a_text_and_a_class() {
        use OriginClass::{Other, Private, PublicIpv4, PublicIpv6};
        let lambda = "Boto3/1.24.59 exec-env/AWS_Lambda_python3.8";
        let console = "[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.488]";
        for (source, agent, expected) in [
            ("203.0.113.66", "aws-cli/2", Some(("203.0.113.66", PublicIpv4))),
            ("203.0.113.66, 10.0.0.1", "", Some(("203.0.113.66", PublicIpv4))),
            ("::ffff:203.0.113.66", "", Some(("203.0.113.66", PublicIpv4))),
            ("2001:db8:85a3:8d2:1:2:3:4", "", Some(("2001:db8:85a3:8d2::/64", PublicIpv6))),
            ("10.0.1.120", "", Some(("10.0.1.120", Private))),
            ("172.31.255.1", "", Some(("172.31.255.1", Private))),
            ("172.32.0.1", "", Some(("172.32.0.1", PublicIpv4))),
            ("100.64.3.4", "", Some(("100.64.3.4", Private))),
            ("100.128.3.4", "", Some(("100.128.3.4", PublicIpv4))),
            ("fd00:1:2:3::4", "", Some(("fd00:1:2:3::/64", Private))),
            ("::1", "", Some(("::/64", Private))),
            ("203.0.113.66", lambda, Some(("Lambda", PublicIpv4))),
            ("203.0.113.66", "aws-cli/2 exec-env/CloudShell", Some(("CloudShell", Other))),
            ("203.0.113.66", console, Some(("203.0.113.66", PublicIpv4))),
            ("10.107.112.14", console, None),
            ("AWS Internal", "AWS Internal", None),
            ("lambda.amazonaws.com", lambda, None),
            ("253.252.51.07", "", None),
            ("", "", None),
        ] {
            let origin = CallOrigin::new(source, agent);
            let mut text = Vec::new();
            if let Some(origin) = origin {
                origin.write(&mut text);
                assert_eq!(CallOrigin::read(&text), Some(origin), "{source}");
            }
            let found = origin.map(|origin| (str::from_utf8(&text).unwrap(), origin.class()));
            assert_eq!(found, expected, "{source}");
        }
        assert!(CallOrigin::new("203.0.113.66", "").unwrap().is_public_address());
        assert!(!CallOrigin::new("203.0.113.66", lambda).unwrap().is_public_address());
        assert_eq!(CallOrigin::read(b""), None);
    }
}
