//! Reads a request, and makes the document that answers it.

use percent_encoding::percent_decode_str;

use super::{ACCOUNT, ANY, Api, QueryCall, Script};

/// The status and the body of an answer. The status 0 means that there is none.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Api {
    fn of_version(version: &str) -> Option<Self> {
        Some(match version {
            "2016-11-15" => Self::Ec2,
            "2012-06-01" => Self::ClassicLoadBalancing,
            "2015-12-01" => Self::LoadBalancing,
            "2011-01-01" => Self::AutoScaling,
            "2011-06-15" => Self::Sts,
            _ => return None,
        })
    }

    /// The names that paging uses: the parameter for the page size, the parameter for the token,
    /// and the element with the token of the next page.
    fn paging(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Ec2 | Self::Sts => ("MaxResults", "NextToken", "nextToken"),
            Self::ClassicLoadBalancing | Self::LoadBalancing => ("PageSize", "Marker", "NextMarker"),
            Self::AutoScaling => ("MaxRecords", "NextToken", "NextToken"),
        }
    }
}

/// Reads a form. `None` if it has no action or no known version.
pub(super) fn read(form: &str, region: String) -> Option<QueryCall> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let pairs = form.split('&').filter_map(|pair| pair.split_once('='));
    let parameters: std::collections::HashMap<_, _> =
        pairs.map(|(name, value)| (decode(name), decode(value))).collect();
    let api = Api::of_version(parameters.get("Version")?)?;
    Some(QueryCall { api, action: parameters.get("Action")?.clone(), region, parameters })
}

pub(super) fn answer(script: &mut Script, call: QueryCall) -> Answer {
    script.calls.push(call.clone());
    let is_same = |pattern: &str, text: &str| pattern == ANY || pattern == text;
    let failure = script.failures.iter_mut().find(|failure| {
        failure.times > 0 && is_same(&failure.action, &call.action) && is_same(&failure.region, &call.region)
    });
    if let Some(failure) = failure {
        failure.times = failure.times.saturating_sub(1);
        let error = format!("<Error><Code>{}</Code><Message>as the test wants</Message></Error>", failure.code);
        let body = match call.api {
            Api::Ec2 => format!("<Response><Errors>{error}</Errors><RequestID>r</RequestID></Response>"),
            _ => format!("<ErrorResponse>{error}<RequestId>r</RequestId></ErrorResponse>"),
        };
        return Answer { status: failure.status, body };
    }
    let (action, results) = (&call.action, results(script, &call));
    let body = match call.api {
        Api::Ec2 => format!("<requestId>{}</requestId>{results}", script.calls.len()),
        _ => format!(
            "<{action}Result>{results}</{action}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
        ),
    };
    let body = format!("<?xml version=\"1.0\"?>\n<{action}Response xmlns=\"urn:x\">{body}</{action}Response>");
    Answer { status: 200, body }
}

fn results(script: &Script, call: &QueryCall) -> String {
    match call.action.as_str() {
        "GetCallerIdentity" => return format!("<Account>{ACCOUNT}</Account>"),
        "DescribeRegions" => {
            let region = |name| format!("<item><regionName>{name}</regionName></item>");
            return format!("<regionInfo>{}</regionInfo>", script.regions.iter().map(region).collect::<String>());
        }
        _ => {}
    }
    let key = (call.api, call.action.clone(), call.region.clone());
    let Some(list) = script.lists.get(&key) else { return String::new() };
    let (size, token, next) = call.api.paging();
    let number = |name: &str| call.parameters.get(name).map(|number| number.parse::<usize>().unwrap());
    let (start, size) = (number(token).unwrap_or(0), number(size).unwrap_or(usize::MAX));
    let end = start.saturating_add(size).min(list.entries.len());
    let more = if end < list.entries.len() { format!("<{next}>{end}</{next}>") } else { String::new() };
    format!("<{0}>{1}</{0}>{more}", list.element, list.entries[start..end].concat())
}
