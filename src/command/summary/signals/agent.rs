//! The program that made a call, from its user agent.

use memchr::memmem;

/// The most bytes of a family that are compared.
const MAX_NAME: usize = 64;
/// The family of agents that do not begin with a name.
const UNUSUAL: &[u8] = b"other";

/// Where a program ran, if AWS runs it on machines of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum HostedRuntime {
    Lambda,
    CloudShell,
}

/// The runtime that an SDK names in its agent.
pub(super) fn runtime(agent: &str) -> Option<HostedRuntime> {
    let named = &agent.as_bytes()[memmem::find(agent.as_bytes(), b"exec-env/")? + "exec-env/".len()..];
    match named {
        _ if named.starts_with(b"AWS_Lambda") => Some(HostedRuntime::Lambda),
        _ if named.starts_with(b"CloudShell") => Some(HostedRuntime::CloudShell),
        _ => None,
    }
}

/// Whether a program of AWS made the call, such as a server of the console.
pub(super) fn is_aws_internal(agent: &str) -> bool {
    memmem::find(agent.as_bytes(), b"aws-internal/").is_some()
}

/// Appends the family of an agent: the name of the product, without its version, in lower
/// case. Browsers, the console and services of AWS have none.
pub(super) fn write_family(agent: &str, out: &mut Vec<u8>) {
    let agent = agent.strip_prefix('[').unwrap_or(agent);
    let agent = agent.strip_suffix(']').unwrap_or(agent);
    if agent.ends_with(".amazonaws.com") || is_aws_internal(agent) {
        return;
    }
    // `APN/1.0 HashiCorp/1.0 Terraform/1.5.5`: the programs of partners, which come third.
    let agent = match agent.strip_prefix("APN/") {
        Some(partner) => partner.splitn(3, ' ').nth(2).unwrap_or(agent),
        None => agent,
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte);
    let end = agent.bytes().position(|byte| !is_name(byte)).unwrap_or(agent.len());
    let product = without_id(&agent.as_bytes()[..end.min(MAX_NAME)]);
    let is_console = product.windows(7).any(|part| part.eq_ignore_ascii_case(b"console"));
    // `AWS Internal` and `Coral/Netty4` are services too.
    if is_console || matches!(product, b"Mozilla" | b"AWS" | b"Coral") {
        return;
    }
    match product {
        [] if !agent.is_empty() => out.extend_from_slice(UNUSUAL),
        _ => out.extend(product.iter().map(u8::to_ascii_lowercase)),
    }
}

/// The name without the random id that some programs append, as in `tool_39f95f43-cd2f`.
fn without_id(product: &[u8]) -> &[u8] {
    const MIN_TOKEN: usize = 8;
    let is_id = |at: &usize| {
        let id = &product[at + 1..];
        matches!(product[*at], b'_' | b'-')
            && id.len() >= MIN_TOKEN
            && id[..MIN_TOKEN].iter().all(u8::is_ascii_hexdigit)
    };
    (1..product.len()).find(is_id).map_or(product, |at| &product[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_a_product_without_its_version() {
        for (agent, expected) in [
            ("aws-cli/2.13.5 Python/3.11.4 Linux/5.15 exe/x86_64 prompt/off command/s3.ls", "aws-cli"),
            ("[Boto3/1.26.165 Python/3.10.6 Linux/5.19.0-46-generic Botocore/1.29.165]", "boto3"),
            ("Boto3/1.26.165 Python/3.10.6", "boto3"),
            ("APN/1.0 HashiCorp/1.0 Terraform/1.1.2 (+https://www.terraform.io) terraform-provider-aws/4", "terraform"),
            ("APN/1.0", "apn"),
            ("aws-sdk-go-v2/1.32.3 os/linux lang/go#1.23.1 md/GOOS#linux", "aws-sdk-go-v2"),
            ("stratus-red-team_39f95f43-cd2f-4beb-b69e-be60b6fe1f57", "stratus-red-team"),
            ("ec2-api-tools 1.6.12.2", "ec2-api-tools"),
            ("curl", "curl"),
            ("a\tb", "a"),
            ("\u{202e}x/1", "other"),
            (r#"=HYPERLINK("http://x")"#, "other"),
            ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:102.0) Gecko/20100101 Firefox/102.0", ""),
            ("[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.488 Linux/5.10.184]", ""),
            ("RDS Console, aws-internal/3 aws-sdk-java/1.11.975", ""),
            ("EC2ConsoleFrontend", ""),
            ("console.ec2.amazonaws.com", ""),
            ("cloudformation.amazonaws.com", ""),
            ("AWS Internal", ""),
            ("Coral/Netty4", ""),
            ("[]", ""),
            ("", ""),
        ] {
            let mut family = Vec::new();
            write_family(agent, &mut family);
            assert_eq!(String::from_utf8(family).unwrap(), expected, "{agent}");
        }
    }

    #[test]
    fn hosted_runtimes_are_named_by_the_sdk() {
        let boto = "Boto3/1.24.59 Python/3.8.18 Linux/5.10 exec-env/";
        assert_eq!(runtime(&format!("{boto}AWS_Lambda_python3.8 Botocore/1")), Some(HostedRuntime::Lambda));
        assert_eq!(runtime(&format!("{boto}CloudShell Botocore/1")), Some(HostedRuntime::CloudShell));
        assert_eq!(runtime(&format!("{boto}AWS_ECS_FARGATE")), None);
        assert_eq!(runtime("aws-cli/2"), None);
    }
}
