//! Snapshots of an account on moto, an independent implementation of the services, if it is
//! installed.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::bucket::cloud::KEY_ID;
use crate::bucket::moto::Moto;
use crate::harness::Trial;

const REGION: &str = "eu-west-1";

/// Sends a form to a service, and returns its answer.
fn post(moto: &Moto, service: &str, form: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", moto.port)).unwrap();
    let scope = format!("{KEY_ID}/20261001/{REGION}/{service}/aws4_request");
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {service}.{REGION}.amazonaws.com\r\nContent-Length: {}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\
         Authorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0\r\n\r\n{form}",
        form.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{form}: {answer}");
    answer
}

/// The text of the first element of this name.
fn text<'a>(answer: &'a str, element: &str) -> &'a str {
    let (_, rest) = answer.split_once(&format!("<{element}>")).unwrap_or_else(|| panic!("{element}: {answer}"));
    rest.split('<').next().unwrap()
}

#[test]
fn a_snapshot_of_moto_has_every_kind() {
    let mut trial = Trial::new();
    let Some(moto) = Moto::start(&trial) else { return };
    trial
        .env("AWS_ENDPOINT_URL", &format!("http://127.0.0.1:{}", moto.port))
        .env("AWS_ACCESS_KEY_ID", KEY_ID)
        .env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
        .env("AWS_REGION", REGION);
    let ec2 = |form: &str| post(&moto, "ec2", &format!("Version=2016-11-15&Action={form}"));
    let v2 = |form: &str| post(&moto, "elasticloadbalancing", &format!("Version=2015-12-01&Action={form}"));
    let vpc = text(&ec2("CreateVpc&CidrBlock=10.1.0.0/16"), "vpcId").to_string();
    let subnet = |zone: &str, network: &str| {
        let form = format!("CreateSubnet&VpcId={vpc}&CidrBlock={network}&AvailabilityZone={zone}");
        text(&ec2(&form), "subnetId").to_string()
    };
    let subnets = [subnet("eu-west-1a", "10.1.1.0/24"), subnet("eu-west-1b", "10.1.2.0/24")];
    let created = ec2(&format!("CreateSecurityGroup&GroupName=web&GroupDescription=web&VpcId={vpc}"));
    let group = text(&created, "groupId").to_string();
    let permission = "IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=22&IpPermissions.1.ToPort=22";
    let office = "IpPermissions.1.IpRanges.1.CidrIp=203.0.113.0/24&IpPermissions.1.IpRanges.1.Description=office";
    ec2(&format!("AuthorizeSecurityGroupIngress&GroupId={group}&{permission}&{office}"));
    let launched = ec2(&format!(
        "RunInstances&ImageId=ami-12c6146b&MinCount=1&MaxCount=1&InstanceType=t3.micro&SubnetId={}&\
         SecurityGroupId.1={group}&TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=no&\
         TagSpecification.1.Tag.1.Value=1e3",
        subnets[0]
    ));
    let instance = text(&launched, "instanceId").to_string();
    let address = text(&ec2("AllocateAddress&Domain=vpc"), "allocationId").to_string();
    ec2(&format!("CreateNatGateway&SubnetId={}&AllocationId={address}", subnets[0]));
    let created = v2(&format!(
        "CreateLoadBalancer&Name=web&Subnets.member.1={}&Subnets.member.2={}&Tags.member.1.Key=team&\
         Tags.member.1.Value=a",
        subnets[0], subnets[1]
    ));
    let arn = text(&created, "LoadBalancerArn").to_string();
    let created = v2(&format!("CreateTargetGroup&Name=web&Protocol=HTTP&Port=80&VpcId={vpc}"));
    let target_group = text(&created, "TargetGroupArn").to_string();
    v2(&format!("RegisterTargets&TargetGroupArn={target_group}&Targets.member.1.Id={instance}"));
    v2(&format!(
        "CreateListener&LoadBalancerArn={arn}&Protocol=HTTP&Port=80&DefaultActions.member.1.Type=forward&\
         DefaultActions.member.1.TargetGroupArn={target_group}"
    ));
    post(
        &moto,
        "elasticloadbalancing",
        "Version=2012-06-01&Action=CreateLoadBalancer&LoadBalancerName=old&AvailabilityZones.member.1=eu-west-1a&\
         Listeners.member.1.Protocol=http&Listeners.member.1.LoadBalancerPort=80&Listeners.member.1.InstancePort=80",
    );
    let scaling = |form: &str| post(&moto, "autoscaling", &format!("Version=2011-01-01&Action={form}"));
    scaling("CreateLaunchConfiguration&LaunchConfigurationName=lc&ImageId=ami-12c6146b&InstanceType=t3.micro");
    scaling(&format!(
        "CreateAutoScalingGroup&AutoScalingGroupName=web&LaunchConfigurationName=lc&MinSize=0&MaxSize=1&\
         DesiredCapacity=0&VPCZoneIdentifier={}",
        subnets[0]
    ));
    let arguments = ["snapshot", "out", "--region", REGION];
    let first = trial.run(&arguments);
    assert!(first.code == Some(0) && first.stderr.ends_with(" added, 0 changed, 0 removed\n"), "{first:?}");
    let again = trial.run(&arguments);
    assert!(again.code == Some(0) && again.stderr.ends_with(": 0 added, 0 changed, 0 removed\n"), "{again:?}");
    let folder = trial.path("out/123456789012/eu-west-1");
    let mut kinds: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    kinds.sort();
    let all = [
        "addresses",
        "auto-scaling-groups",
        "classic-load-balancers",
        "instances",
        "interfaces",
        "load-balancers",
        "nat-gateways",
        "security-groups",
        "target-groups",
        "volumes",
    ];
    assert_eq!(kinds, all);
    let read = |path: String| trial.read(&format!("out/123456789012/eu-west-1/{path}.yaml"));
    let document = read(format!("instances/{instance}"));
    assert!(document.contains("\ntagSet:\n  \"no\": \"1e3\"\n"), "{document}");
    let document = read(format!("security-groups/{group}"));
    assert!(
        document.contains("\nrules:\n  - \"in tcp 22 203.0.113.0/24 # office\"\n  - \"out all 0.0.0.0/0\"\n"),
        "{document}"
    );
    let name = |arn: &str| arn.replace(':', "%3A").replace('/', "%2F");
    let document = read(format!("load-balancers/{}", name(&arn)));
    assert!(document.contains("Listeners:\n") && document.contains("\nTags:\n  team: \"a\"\n"), "{document}");
    let document = read(format!("target-groups/{}", name(&target_group)));
    assert!(document.contains(&format!("      Id: \"{instance}\"\n")), "{document}");
    ec2(&format!("TerminateInstances&InstanceId.1={instance}"));
    let ended = trial.run(&arguments);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!folder.join(format!("instances/{instance}.yaml")).exists());
    let every = trial.run(&["snapshot", "out"]);
    assert_eq!(every.code, Some(0), "{every:?}");
}
