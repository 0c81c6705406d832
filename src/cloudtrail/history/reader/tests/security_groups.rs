use super::{Example, ec2_event, read};

pub const EXAMPLES: &[Example] = &[
    Example {
        name: "CreateSecurityGroup",
        request: r#"{"groupName":"web","groupDescription":"d","vpcId":"vpc-0a",
            "tagSpecificationSet":{"items":[{"resourceType":"security-group","tags":[{"key":"a","value":"b"}]}]}}"#,
        response: r#"{"groupId":"sg-0a","_return":true}"#,
        changes: &[
            "+sg-0a",
            "sg-0a name=web",
            "sg-0a description=d",
            "sg-0a vpc=vpc-0a",
            "sg-0a tag:a=b",
            "sg-0a Rule=out all 0.0.0.0/0",
        ],
    },
    Example {
        name: "CreateSecurityGroup",
        request: r#"{"groupName":"classic","groupDescription":"d"}"#,
        response: r#"{"groupId":"sg-0a","_return":true}"#,
        changes: &["+sg-0a", "sg-0a name=classic", "sg-0a description=d"],
    },
    Example {
        name: "DeleteSecurityGroup",
        request: r#"{"groupId":"sg-0a"}"#,
        response: r#"{"_return":true}"#,
        changes: &["-sg-0a"],
    },
    Example {
        name: "DeleteSecurityGroup",
        request: r#"{"groupName":"classic"}"#,
        response: r#"{"_return":true}"#,
        changes: &["-~classic"],
    },
    // The response has the rules.
    Example {
        name: "AuthorizeSecurityGroupIngress",
        request: r#"{"groupId":"sg-0a","ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":443,"toPort":443,"groups":{},
            "ipRanges":{"items":[{"cidrIp":"0.0.0.0/0","description":"TLS"}]},"ipv6Ranges":{},"prefixListIds":{}}]}}"#,
        response: r#"{"_return":true,"securityGroupRuleSet":{"items":[
            {"groupOwnerId":"111122223333","groupId":"sg-0a","securityGroupRuleId":"sgr-0a","isEgress":false,"ipProtocol":"tcp",
             "fromPort":443,"toPort":443,"cidrIpv4":"0.0.0.0/0","description":"TLS"},
            {"groupId":"sg-0a","securityGroupRuleId":"sgr-0b","isEgress":false,"ipProtocol":"tcp","fromPort":443,"toPort":443,
             "cidrIpv6":"::/0"},
            {"groupId":"sg-0a","securityGroupRuleId":"sgr-0c","ipProtocol":"-1","prefixListId":"pl-0a"},
            {"groupId":"sg-0a","securityGroupRuleId":"sgr-0d","ipProtocol":"-1",
             "referencedGroupInfo":{"groupId":"sg-0b","userId":"111122223333"}},
            {"groupId":"sg-0a","securityGroupRuleId":"sgr-0e","isEgress":"true","ipProtocol":"-1",
             "referencedGroupInfo":{"groupId":"sg-0b","userId":"999988887777"}}]}}"#,
        changes: &[
            "sg-0a Rule=in tcp 443 0.0.0.0/0 [sgr-0a]",
            "sg-0a Rule=in tcp 443 ::/0 [sgr-0b]",
            "sg-0a Rule=in all pl-0a [sgr-0c]",
            "sg-0a Rule=in all sg-0b [sgr-0d]",
            "sg-0a Rule=out all 999988887777/sg-0b [sgr-0e]",
        ],
    },
    // Before 2021: only the request has them.
    Example {
        name: "AuthorizeSecurityGroupIngress",
        request: r#"{"groupId":"sg-0a","ipPermissions":{"items":[
            {"ipProtocol":"tcp","fromPort":22,"toPort":"22",
             "groups":{"items":[{"groupId":"sg-0b","userId":"111122223333","groupName":"b"},{"groupName":"web servers"},
                {"userId":"999988887777","groupId":"sg-0c"}]},
             "ipRanges":{"items":[{"cidrIp":"10.0.0.1/8"},{"cidrIp":"no"}]},"ipv6Ranges":{"items":[{"cidrIpv6":"2001:DB8::/32"}]},
             "prefixListIds":{"items":[{"prefixListId":"pl-0a"}]}},
            {"ipProtocol":"1","fromPort":8,"toPort":-1,"ipRanges":{"items":[{"cidrIp":"10.0.0.0/8"}]}}]}}"#,
        response: r#"{"_return":true}"#,
        changes: &[
            "sg-0a Rule=in tcp 22 10.0.0.0/8",
            "sg-0a Rule=in tcp 22 2001:db8::/32",
            "sg-0a Rule=in tcp 22 pl-0a",
            "sg-0a Rule=in tcp 22 sg-0b",
            "sg-0a Rule=in tcp 22 \"web servers\"",
            "sg-0a Rule=in tcp 22 999988887777/sg-0c",
            "sg-0a Rule=in icmp 8/-1 10.0.0.0/8",
        ],
    },
    Example {
        name: "AuthorizeSecurityGroupIngress",
        request: r#"{"groupName":"classic","ipPermissions":{},"ipProtocol":"tcp","fromPort":22,"toPort":22,"cidrIp":"0.0.0.0/0"}"#,
        response: r#"{"_return":true}"#,
        changes: &["~classic Rule=in tcp 22 0.0.0.0/0"],
    },
    Example {
        name: "AuthorizeSecurityGroupIngress",
        request: r#"{"groupName":"classic","sourceSecurityGroupName":"amazon-elb-sg","sourceSecurityGroupOwnerId":"amazon-elb"}"#,
        response: r#"{"_return":true}"#,
        changes: &[
            "~classic Rule=in tcp 0-65535 amazon-elb/\"amazon-elb-sg\"",
            "~classic Rule=in udp 0-65535 amazon-elb/\"amazon-elb-sg\"",
            "~classic Rule=in icmp all amazon-elb/\"amazon-elb-sg\"",
        ],
    },
    // The newer style, in case this action gets it.
    Example {
        name: "AuthorizeSecurityGroupEgress",
        request: r#"{"AuthorizeSecurityGroupEgressRequest":{"GroupId":"sg-0a","IpPermissions":{"tag":1,"IpProtocol":-1,
            "IpRanges":[{"tag":1,"CidrIp":"0.0.0.0/0"},{"tag":2,"CidrIp":"10.0.0.0/8"}],"Groups":{"tag":1,"GroupId":"sg-0b"}}}}"#,
        response: r#"{"AuthorizeSecurityGroupEgressResponse":{"return":true}}"#,
        changes: &["sg-0a Rule=out all 0.0.0.0/0", "sg-0a Rule=out all 10.0.0.0/8", "sg-0a Rule=out all sg-0b"],
    },
    Example {
        name: "RevokeSecurityGroupEgress",
        request: r#"{"groupId":"sg-0a","ipPermissions":{"items":[{"ipProtocol":"-1","fromPort":0,"toPort":0,"groups":{},
            "ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"}]},"ipv6Ranges":{},"prefixListIds":{}}]}}"#,
        response: r#"{"_return":true}"#,
        changes: &["sg-0a Rule!=out all 0.0.0.0/0"],
    },
    Example {
        name: "RevokeSecurityGroupIngress",
        request: r#"{"groupId":"sg-0a","ipPermissions":{},"ipProtocol":"6","fromPort":22,"toPort":22,"cidrIp":"0.0.0.0/0"}"#,
        response: r#"{"_return":true}"#,
        changes: &["sg-0a Rule!=in tcp 22 0.0.0.0/0"],
    },
    // What was not there is not revoked.
    Example {
        name: "RevokeSecurityGroupIngress",
        request: r#"{"groupId":"sg-0a","ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":22,"toPort":22,
            "ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"},{"cidrIp":"10.0.0.0/8"}]}}]}}"#,
        response: r#"{"_return":true,"unknownIpPermissionSet":{"items":[{"ipProtocol":"6","fromPort":22,"toPort":22,
            "ipRanges":{"items":[{"cidrIp":"10.0.0.0/8"}]}}]}}"#,
        changes: &["sg-0a Rule!=in tcp 22 0.0.0.0/0"],
    },
    Example {
        name: "RevokeSecurityGroupIngress",
        request: r#"{"groupId":"sg-0a","ipPermissions":{},
            "securityGroupRuleIds":{"items":[{"securityGroupRuleId":"sgr-0a"},{"securityGroupRuleId":"sgr-0b"}]}}"#,
        response: r#"{"_return":true}"#,
        changes: &["sg-0a Rule-[sgr-0a]", "sg-0a Rule-[sgr-0b]"],
    },
    Example {
        name: "RevokeSecurityGroupIngress",
        request: r#"{"RevokeSecurityGroupIngressRequest":{"GroupId":"sg-0a","SecurityGroupRuleId":{"tag":1,"content":"sgr-0a"}}}"#,
        response: "null",
        changes: &["sg-0a Rule-[sgr-0a]"],
    },
    Example {
        name: "RevokeSecurityGroupIngress",
        request: r#"{"groupId":"sg-0a","securityGroupRuleIds":{"items":[{"securityGroupRuleId":"sgr-0a"}]}}"#,
        response: r#"{"_return":true,"unknownIpPermissionSet":{},"revokedSecurityGroupRuleSet":{"items":[
            {"securityGroupRuleId":"sgr-0a","groupId":"sg-0a","isEgress":false,"ipProtocol":"tcp","fromPort":22,"toPort":22,"cidrIpv4":"0.0.0.0/0"},
            {"securityGroupRuleId":"sgr-0b","groupId":"sg-0a","isEgress":false,"ipProtocol":"tcp","fromPort":22,"toPort":22,"referencedGroupId":"sg-0b"}]}}"#,
        changes: &["sg-0a Rule!=in tcp 22 0.0.0.0/0", "sg-0a Rule-[sgr-0b]"],
    },
    // The request has the account of the source group, the response does not.
    Example {
        name: "RevokeSecurityGroupIngress",
        request: r#"{"groupId":"sg-0a","ipPermissions":{"items":[{"ipProtocol":"-1",
            "groups":{"items":[{"groupId":"sg-0b","userId":"999988887777"}]}}]}}"#,
        response: r#"{"_return":true,"revokedSecurityGroupRuleSet":{"items":[
            {"securityGroupRuleId":"sgr-0b","groupId":"sg-0a","isEgress":false,"ipProtocol":"-1","fromPort":-1,"toPort":-1,"referencedGroupId":"sg-0b"}]}}"#,
        changes: &["sg-0a Rule!=in all 999988887777/sg-0b"],
    },
    Example {
        name: "ModifySecurityGroupRules",
        request: r#"{"ModifySecurityGroupRulesRequest":{"GroupId":"sg-0a","SecurityGroupRule":{"SecurityGroupRuleId":"sgr-0a","tag":1,
            "SecurityGroupRule":{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"CidrIpv4":"10.0.0.0/8","Description":"d"}}}}"#,
        response: r#"{"ModifySecurityGroupRulesResponse":{"return":true}}"#,
        changes: &["sg-0a Rule-[sgr-0a]", "sg-0a Rule=? tcp 22 10.0.0.0/8 [sgr-0a]"],
    },
    Example {
        name: "ModifySecurityGroupRules",
        request: r#"{"ModifySecurityGroupRulesRequest":{"GroupId":"sg-0a","SecurityGroupRule":[
            {"SecurityGroupRuleId":"sgr-0a","tag":1,"SecurityGroupRule":{"IpProtocol":-1,"ReferencedGroupId":"sg-0b"}},
            {"SecurityGroupRuleId":"sgr-0b","tag":2,"SecurityGroupRule":{"IpProtocol":"udp","FromPort":53,"ToPort":53,"PrefixListId":"pl-0a"}},
            {"SecurityGroupRuleId":"sgr-0c","tag":3,"SecurityGroupRule":{"Description":"d"}}]}}"#,
        response: "null",
        changes: &[
            "sg-0a Rule-[sgr-0a]",
            "sg-0a Rule=? all sg-0b [sgr-0a]",
            "sg-0a Rule-[sgr-0b]",
            "sg-0a Rule=? udp 53 pl-0a [sgr-0b]",
        ],
    },
];

#[test]
fn every_new_group_is_in_a_vpc_since_classic_ended() {
    let mut event = ec2_event("CreateSecurityGroup", r#"{"groupName":"web"}"#, r#"{"groupId":"sg-0a"}"#);
    event["eventTime"] = "2024-01-01T00:00:00Z".into();
    assert_eq!(read(&event), ["+sg-0a", "sg-0a name=web", "sg-0a Rule=out all 0.0.0.0/0"]);
}
