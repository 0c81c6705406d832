//! Networks with names, from a table of a user or from the list that AWS publishes.

use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::Deserialize;

use super::network_table::{NetworkTable, NetworkTableBuilder, parse_network};

/// The most bytes of one file.
pub const MAX_BYTES: usize = 64 << 20;
/// The most networks of all files.
const MAX_NETWORKS: usize = 1_000_000;
/// The most bytes of a name.
const MAX_NAME: usize = 1024;

/// Names of networks. The most specific network that has an address names it.
#[derive(Debug, Default)]
pub struct NetworkNames {
    names: Vec<Box<str>>,
    /// For each name in lower case, its index.
    known: HashMap<Box<str>, u32>,
    table: NetworkTable,
}

impl NetworkNames {
    /// The name of an address; `None` if it is in no network.
    pub fn name(&self, address: IpAddr) -> Option<&str> {
        self.names.get(self.find(address)? as usize).map(|name| &**name)
    }

    /// The index of the name of an address.
    pub fn find(&self, address: IpAddr) -> Option<u32> {
        self.table.find(address)
    }

    /// The index of a name in any case.
    pub fn index(&self, name: &str) -> Option<u32> {
        self.known.get(name.to_lowercase().as_str()).copied()
    }
}

/// Collects the networks of several files.
#[derive(Debug, Default)]
pub struct NetworkNamesBuilder {
    names: Vec<Box<str>>,
    known: HashMap<Box<str>, u32>,
    table: NetworkTableBuilder,
    count: usize,
}

impl NetworkNamesBuilder {
    /// Adds the networks of a file, a CSV table of networks and names or `ip-ranges.json`.
    /// Of equal networks in several files, the first one counts. Fails with the reason why
    /// the file is neither.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), String> {
        if bytes.len() > MAX_BYTES {
            return Err(format!("is larger than {} MiB", MAX_BYTES >> 20));
        }
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            return Err("is UTF-16; save it as UTF-8".into());
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let before = self.count;
        match bytes.trim_ascii_start().first() {
            Some(b'{' | b'[') => self.add_aws_ranges(bytes)?,
            _ => self.add_table(bytes)?,
        }
        if self.count == before { Err("has no networks".into()) } else { Ok(()) }
    }

    /// The names of all networks.
    pub fn build(self) -> NetworkNames {
        NetworkNames { names: self.names, known: self.known, table: self.table.build() }
    }

    fn add_network(&mut self, network: IpNet, name: &str) -> Result<(), String> {
        self.count += 1;
        if self.count > MAX_NETWORKS {
            return Err(format!("more than {MAX_NETWORKS} networks"));
        }
        if name.len() > MAX_NAME {
            return Err(format!("a name of more than {MAX_NAME} bytes"));
        }
        let number = match self.known.get(name.to_lowercase().as_str()) {
            Some(number) => *number,
            None => {
                let number = self.names.len() as u32;
                self.names.push(name.into());
                self.known.insert(name.to_lowercase().into(), number);
                number
            }
        };
        self.table.add(network, number);
        Ok(())
    }

    fn add_table(&mut self, bytes: &[u8]) -> Result<(), String> {
        let mut reader = csv::ReaderBuilder::new();
        reader.has_headers(false).flexible(true).comment(Some(b'#')).trim(csv::Trim::All);
        let mut named = HashMap::<IpNet, (u32, u64)>::new();
        for (at, record) in reader.from_reader(bytes).records().enumerate() {
            let record = record.map_err(|error| csv_error(&error, bytes))?;
            let line = record.position().map_or(0, |position| line(bytes, position));
            let first = record.get(0).unwrap_or_default();
            if record.iter().all(str::is_empty) || (at == 0 && is_heading(first)) {
                continue;
            }
            let wrong = |reason: String| format!("line {line}: {reason}");
            let network = parse_network(first)
                .ok_or_else(|| wrong(format!("{first:?} is not a network; write 203.0.113.0/24,name")))?;
            let name = match record.len() {
                2 => &record[1],
                1 => return Err(wrong("no name; write 203.0.113.0/24,name".into())),
                columns => {
                    return Err(wrong(format!("{columns} columns; write a name with a comma in double quotes")));
                }
            };
            if name.is_empty() {
                return Err(wrong("an empty name".into()));
            }
            self.add_network(network, name).map_err(wrong)?;
            let number = self.known.get(name.to_lowercase().as_str()).copied().unwrap_or_default();
            let (known, earlier) = *named.entry(network.trunc()).or_insert((number, line));
            if known != number {
                return Err(wrong(format!("{first} has another name in line {earlier}")));
            }
        }
        Ok(())
    }

    fn add_aws_ranges(&mut self, bytes: &[u8]) -> Result<(), String> {
        let ranges: AwsRanges = serde_json::from_slice(bytes).map_err(|error| {
            format!("is neither a CSV table of networks and names nor ip-ranges.json of AWS: {error}")
        })?;
        let mut ranges: Vec<AwsRange> = ranges.prefixes.into_iter().chain(ranges.ipv6_prefixes).collect();
        // Of equal networks, the first one counts.
        ranges.sort_by_key(|range| match range.service.as_str() {
            "AMAZON" => 2,
            "EC2" => 1,
            _ => 0,
        });
        for AwsRange { network, service, region } in &ranges {
            let parsed = parse_network(network).ok_or_else(|| format!("{network:?} is not a network"))?;
            self.add_network(parsed, &format!("{service} {region}"))?;
        }
        Ok(())
    }
}

/// `ip-ranges.json` as AWS publishes it.
#[derive(Deserialize)]
struct AwsRanges {
    prefixes: Vec<AwsRange>,
    #[serde(default)]
    ipv6_prefixes: Vec<AwsRange>,
}

#[derive(Deserialize)]
struct AwsRange {
    #[serde(alias = "ip_prefix", alias = "ipv6_prefix")]
    network: String,
    service: String,
    region: String,
}

/// Whether the first cell of a table is the heading of its column, and not a mistyped
/// network.
fn is_heading(cell: &str) -> bool {
    cell.starts_with(char::is_alphabetic) && !cell.contains([':', '.', '/'])
}

/// The number of the line in which a record starts. Its position is before the empty lines
/// and comments that were skipped.
fn line(bytes: &[u8], position: &csv::Position) -> u64 {
    let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let mut rest = bytes.get(start..).unwrap_or_default();
    let mut line = position.line();
    while let [first @ (b'#' | b'\r' | b'\n'), behind @ ..] = rest {
        let end = if *first == b'#' { memchr::memchr(b'\n', behind).map_or(behind.len(), |at| at + 1) } else { 0 };
        rest = &behind[end..];
        line += u64::from(*first != b'\r');
    }
    line
}

fn csv_error(error: &csv::Error, bytes: &[u8]) -> String {
    let line = error.position().map(|position| format!("line {}: ", line(bytes, position))).unwrap_or_default();
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => format!("{line}not UTF-8"),
        _ => format!("{line}{error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(files: &[&str]) -> Result<NetworkNames, String> {
        let mut builder = NetworkNamesBuilder::default();
        files.iter().try_for_each(|file| builder.add(file.as_bytes()))?;
        Ok(builder.build())
    }

    const RANGES: &str = r#"{"syncToken":"1","createDate":"2026-10-01-00-00-00","prefixes":[
        {"ip_prefix":"3.5.0.0/19","region":"eu-west-1","service":"AMAZON","network_border_group":"eu-west-1"},
        {"ip_prefix":"3.5.0.0/19","region":"eu-west-1","service":"EC2","network_border_group":"eu-west-1"},
        {"ip_prefix":"3.5.0.0/19","region":"eu-west-1","service":"S3","network_border_group":"eu-west-1"},
        {"ip_prefix":"3.5.0.0/28","region":"eu-west-1","service":"AMAZON","network_border_group":"eu-west-1"},
        {"ip_prefix":"52.94.0.0/16","region":"GLOBAL","service":"AMAZON","network_border_group":"GLOBAL"}],
        "ipv6_prefixes":[
        {"ipv6_prefix":"2600:1f18::/33","region":"us-east-1","service":"EC2","network_border_group":"us-east-1"}]}"#;

    #[test]
    fn the_most_specific_network_names_an_address() {
        let table = "\u{feff}CIDR,Name\r\n# ours\n10.0.0.0/8, corp \n\n10.1.0.0/16,\"lab, Zürich\"\n10.1.2.3,Corp\n";
        let names = names(&[table, "10.0.0.0/8,other\n2001:db8::/32,v6", RANGES]).unwrap();
        for (address, name) in [
            ("10.9.0.1", Some("corp")),
            ("10.1.0.1", Some("lab, Zürich")),
            ("10.1.2.3", Some("corp")),
            ("::ffff:10.9.0.1", Some("corp")),
            ("2001:db8::1", Some("v6")),
            ("192.0.2.1", None),
            ("3.5.1.1", Some("S3 eu-west-1")),
            ("3.5.0.1", Some("AMAZON eu-west-1")),
            ("52.94.0.1", Some("AMAZON GLOBAL")),
            ("2600:1f18::1", Some("EC2 us-east-1")),
        ] {
            assert_eq!(names.name(address.parse().unwrap()), name, "{address}");
        }
        assert_eq!(names.index("CORP"), names.find("10.9.0.1".parse().unwrap()));
        assert_eq!(names.index("none"), None);
    }

    #[test]
    fn other_files_are_refused() {
        for (file, reason) in [
            ("", "has no networks"),
            ("cidr,name\n", "has no networks"),
            ("10.0.0.0/8,a\n\n10.0.0/8,b", "line 3: \"10.0.0/8\" is not a network; write 203.0.113.0/24,name"),
            ("\r\n# x\r\n\r\n10.0.0/8,b", "line 4: \"10.0.0/8\" is not a network"),
            ("10.0.0/8,b", "line 1: \"10.0.0/8\" is not a network"),
            ("cidr,name\nname,cidr", "line 2: \"name\" is not a network"),
            ("10.0.0.0/8", "line 1: no name"),
            ("10.0.0.0/8,", "line 1: an empty name"),
            ("10.0.0.0/8;a", "line 1: \"10.0.0.0/8;a\" is not a network"),
            ("10.0.0.0/8,a,b", "line 1: 3 columns"),
            ("10.0.0.0/8,a\n10.0.0.9/8,b", "line 2: 10.0.0.9/8 has another name in line 1"),
            ("{}", "is neither a CSV table of networks and names nor ip-ranges.json of AWS: missing field `prefixes`"),
            ("[1]", "is neither"),
            ("{\"prefixes\":[{\"ip_prefix\":\"x\",\"service\":\"S3\",\"region\":\"r\"}]}", "\"x\" is not a network"),
        ] {
            let refused = names(&[file]).unwrap_err();
            assert!(refused.starts_with(reason), "{file:?} {refused}");
        }
        let reason = |bytes: &[u8]| NetworkNamesBuilder::default().add(bytes).unwrap_err();
        assert_eq!(reason(b"10.0.0.0/8,a\n10.0.0.0/9,\xff"), "line 2: not UTF-8");
        assert!(reason(b"\xff\xfea\0").contains("UTF-16"));
    }
}
