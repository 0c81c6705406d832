//! Load balancers, target groups and auto scaling groups, whose lists do not contain all
//! details.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::collections::BTreeSet;
use std::path::Path;

use testkit::aws_query::{ANY, Api};

use super::account::Account;

const REGION: &str = "eu-west-1";

/// The ARNs of a load balancer and of its target group.
const ARN: &str = "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/web/1";
const TARGET_GROUP: &str = "arn:tg/1";

/// Sets load balancers of both generations, a target group with two targets in these states, and
/// an auto scaling group.
fn balance(account: &Account, states: [&str; 2]) {
    let tags = |id: &str, element: &str| {
        format!(
            "<member><{element}>{id}</{element}><Tags><member><Key>team</Key><Value>a</Value></member></Tags></member>"
        )
    };
    let member = |text: &str| vec![format!("<member>{text}</member>")];
    let v2 = |action: &str, element: &str, entries| {
        account.server.list(Api::LoadBalancing, action, REGION, element, entries);
    };
    let load_balancer =
        format!("<LoadBalancerArn>{ARN}</LoadBalancerArn><State><Code>active</Code></State><Scheme>internal</Scheme>");
    v2("DescribeLoadBalancers", "LoadBalancers", member(&load_balancer));
    v2("DescribeListeners", "Listeners", member("<Port>443</Port><Protocol>HTTPS</Protocol>"));
    v2("DescribeTargetGroups", "TargetGroups", member(&format!("<TargetGroupArn>{TARGET_GROUP}</TargetGroupArn>")));
    let target = |(id, state)| {
        format!("<member><Target><Id>{id}</Id></Target><TargetHealth><State>{state}</State></TargetHealth></member>")
    };
    let targets = ["i-1", "i-2"].into_iter().zip(states).map(target).collect();
    v2("DescribeTargetHealth", "TargetHealthDescriptions", targets);
    v2("DescribeTags", "TagDescriptions", vec![tags(ARN, "ResourceArn"), tags(TARGET_GROUP, "ResourceArn")]);
    let classic = |action: &str, element: &str, entries| {
        account.server.list(Api::ClassicLoadBalancing, action, REGION, element, entries);
    };
    classic("DescribeLoadBalancers", "LoadBalancerDescriptions", member("<LoadBalancerName>old</LoadBalancerName>"));
    classic("DescribeTags", "TagDescriptions", vec![tags("old", "LoadBalancerName")]);
    let scaling = "<AutoScalingGroupName>asg</AutoScalingGroupName><Instances><member><InstanceId>i-1</InstanceId>\
                   <HealthStatus>Healthy</HealthStatus></member></Instances>";
    account.server.list(Api::AutoScaling, "DescribeAutoScalingGroups", REGION, "AutoScalingGroups", member(scaling));
}

#[test]
fn load_balancers_have_their_listeners_targets_and_tags() {
    let account = Account::new(&[REGION]);
    balance(&account, ["healthy", "healthy"]);
    account.snapshot(&["-q"]).shows(0, "", "");
    let documents = account.documents();
    let expected = [
        ("auto-scaling-groups/asg", "AutoScalingGroupName: \"asg\"\nInstances:\n  - InstanceId: \"i-1\"\n".to_string()),
        ("classic-load-balancers/old", "LoadBalancerName: \"old\"\nTags:\n  team: \"a\"\n".into()),
        (
            "load-balancers/arn%3Aaws%3Aelasticloadbalancing%3Aeu-west-1%3A1%3Aloadbalancer%2Fapp%2Fweb%2F1",
            format!(
                "Listeners:\n  - Port: \"443\"\n    Protocol: \"HTTPS\"\nLoadBalancerArn: \"{ARN}\"\n\
                 Scheme: \"internal\"\nTags:\n  team: \"a\"\n"
            ),
        ),
        (
            "target-groups/arn%3Atg%2F1",
            format!(
                "Tags:\n  team: \"a\"\nTargetGroupArn: \"{TARGET_GROUP}\"\nTargets:\n  - Target:\n      Id: \"i-1\"\n  \
                 - Target:\n      Id: \"i-2\"\n"
            ),
        ),
    ];
    let expected = expected.map(|(path, text)| (format!("{REGION}/{path}.yaml"), text));
    assert_eq!(documents, expected.into());
    // A change of health is not a change of a resource.
    balance(&account, ["unhealthy", "draining"]);
    account.snapshot(&[]).shows(0, "", "trail2tsv: 4 resources in 1 region: 0 added, 0 changed, 0 removed\n");
}

#[test]
fn what_is_deleted_during_the_run_is_left_out() {
    let account = Account::new(&[REGION]);
    balance(&account, ["healthy", "healthy"]);
    // The call for a batch of load balancers is repeated for each of them.
    account.server.fail("DescribeListeners", ANY, 400, "LoadBalancerNotFound", 2);
    account.server.fail("DescribeTags", ANY, 400, "TargetGroupNotFound", 1);
    account.snapshot(&[]).shows(0, "", "trail2tsv: 3 resources in 1 region: 3 added, 0 changed, 0 removed\n");
    assert!(account.paths().iter().all(|path| !path.contains("/load-balancers/")));
    account.snapshot(&[]).shows(0, "", "trail2tsv: 4 resources in 1 region: 1 added, 0 changed, 0 removed\n");
}

#[test]
fn details_that_cannot_be_read_keep_the_files() {
    let account = Account::new(&[REGION]);
    balance(&account, ["healthy", "healthy"]);
    account.snapshot(&["-q"]).shows(0, "", "");
    let before = account.documents();
    account.server.fail("DescribeTargetHealth", ANY, 403, "AccessDenied", usize::MAX);
    account.snapshot(&["-q"]).shows(
        3,
        "",
        "trail2tsv: eu-west-1 target-groups: not read: access denied (AccessDenied): as the test wants; its files \
         were left as they are\n",
    );
    assert_eq!(account.documents(), before);
}

/// The actions of the policy in the documentation.
fn documented_actions() -> BTreeSet<String> {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/snapshot.md")).unwrap();
    let policy = page.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let policy: serde_json::Value = serde_json::from_str(policy).unwrap();
    let actions = policy["Statement"][0]["Action"].as_array().unwrap();
    actions.iter().map(|action| action.as_str().unwrap().to_string()).collect()
}

#[test]
fn the_documented_policy_allows_exactly_the_calls() {
    let account = Account::new(&[REGION]);
    balance(&account, ["healthy", "healthy"]);
    account.snapshot(&["-q"]).shows(0, "", "");
    let service = |api| match api {
        Api::Ec2 => "ec2",
        Api::ClassicLoadBalancing | Api::LoadBalancing => "elasticloadbalancing",
        Api::AutoScaling => "autoscaling",
        Api::Sts => "sts",
    };
    let calls = account.server.calls().into_iter();
    let called: BTreeSet<String> = calls.map(|call| format!("{}:{}", service(call.api), call.action)).collect();
    assert_eq!(called, documented_actions());
}
