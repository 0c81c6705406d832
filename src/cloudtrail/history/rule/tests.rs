use proptest::prelude::*;

use super::*;

fn rule(protocol: &str, from: Option<i64>, to: Option<i64>, source: &str) -> String {
    let source = RuleSource::network(source).unwrap();
    SecurityGroupRule::new(RuleDirection::In, protocol, (from, to), source).unwrap().to_string()
}

#[test]
fn equal_rules_have_equal_texts() {
    for (protocol, from, to, source, expected) in [
        ("tcp", Some(22), Some(22), "0.0.0.0/0", "in tcp 22 0.0.0.0/0"),
        ("6", Some(22), Some(22), "0.0.0.0/0", "in tcp 22 0.0.0.0/0"),
        ("TCP", Some(8000), Some(8100), "10.0.0.1", "in tcp 8000-8100 10.0.0.1/32"),
        ("17", Some(53), None, "::/0", "in udp 53 ::/0"),
        ("tcp", Some(-1), Some(-1), "::/0", "in tcp all ::/0"),
        ("-1", Some(-1), Some(-1), "0.0.0.0/0", "in all 0.0.0.0/0"),
        ("-1", Some(0), Some(0), "0.0.0.0/0", "in all 0.0.0.0/0"),
        ("-1", None, None, "100.68.0.18/18", "in all 100.68.0.0/18"),
        ("1", Some(8), Some(-1), "10.0.0.0/8", "in icmp 8/-1 10.0.0.0/8"),
        ("icmp", Some(-1), Some(-1), "10.0.0.0/8", "in icmp all 10.0.0.0/8"),
        ("icmp", Some(-1), Some(0), "10.0.0.0/8", "in icmp all 10.0.0.0/8"),
        ("58", Some(128), Some(0), "2001:DB8:0::1/32", "in icmpv6 128/0 2001:db8::/32"),
        ("50", Some(0), Some(65535), "10.0.0.0/8", "in 50 all 10.0.0.0/8"),
        ("tcp", Some(-5), Some(-3), "10.0.0.0/8", "in tcp -5--3 10.0.0.0/8"),
    ] {
        assert_eq!(rule(protocol, from, to, source), expected);
        assert_eq!(expected.parse::<SecurityGroupRule>().unwrap().to_string(), expected);
    }
    assert_eq!(SecurityGroupRule::default_egress().to_string(), "out all 0.0.0.0/0");
}

#[test]
fn every_source_is_read_back() {
    for source in [
        RuleSource::prefix_list("pl-0a"),
        RuleSource::group(None, "sg-0b"),
        RuleSource::group(Some("111122223333"), "sg-0b"),
        RuleSource::group_name(None, "web servers"),
        RuleSource::group_name(None, "0.0.0.0/0"),
        RuleSource::group_name(None, "sg-0b"),
        RuleSource::group_name(None, "a\t\"\n1/\"b"),
        RuleSource::group_name(Some("amazon-elb"), "amazon-elb-sg"),
    ] {
        let source = source.unwrap();
        let text = source.to_string();
        assert_eq!(text.parse(), Ok(source), "{text}");
    }
    assert_eq!(RuleSource::group(Some("1"), "sg-0b").unwrap().to_string(), "1/sg-0b");
    assert_eq!(RuleSource::group_name(None, "a\tb").unwrap().to_string(), r#""a\tb""#);
}

#[test]
fn texts_that_are_not_rules_are_refused() {
    for text in [
        "",
        "in",
        "in tcp",
        "in tcp 22",
        "in tcp 22 ",
        "in tcp 22 10.0.0.0/33",
        "in tcp x 10.0.0.0/8",
        "in tcp 1- 10.0.0.0/8",
        "in tcp é 10.0.0.0/8",
        "up tcp 22 10.0.0.0/8",
        "in t/p 22 10.0.0.0/8",
        "in tcp 22 web",
        "in tcp 22 pl-a b",
        "in tcp 22 1/",
        "in tcp 22 \"a",
    ] {
        assert_eq!(text.parse::<SecurityGroupRule>(), Err(ParseRuleError), "{text}");
    }
    assert_eq!(RuleSource::network("10.0.0.0/33"), None);
    assert_eq!(RuleSource::prefix_list("pl-\n"), None);
    assert_eq!(RuleSource::group(Some("1 2"), "sg-0b"), None);
}

#[test]
fn addresses_and_ports_are_matched() {
    let rule = |text: &str| text.parse::<SecurityGroupRule>().unwrap();
    let lets_in =
        |text: &str, address: &str| rule(text).lets_in(&IpNet::from(address.parse::<IpAddr>().unwrap().to_canonical()));
    assert!(lets_in("in tcp 22 10.0.0.0/8", "10.191.12.13"));
    assert!(lets_in("in tcp 22 10.0.0.0/8", "::ffff:10.191.12.13"));
    assert!(!lets_in("in tcp 22 10.0.0.0/8", "11.0.0.1"));
    assert!(!lets_in("out tcp 22 10.0.0.0/8", "10.191.12.13"));
    assert!(lets_in("? tcp 22 10.0.0.0/8", "10.191.12.13"));
    assert!(lets_in("in all ::/0", "2001:db8::1"));
    assert!(!lets_in("in all 0.0.0.0/0", "2001:db8::1"));
    assert!(!lets_in("in all sg-0b", "10.0.0.1"));

    for (text, port, expected) in [
        ("in tcp 22 0.0.0.0/0", 22, true),
        ("in tcp 22 0.0.0.0/0", 23, false),
        ("in udp 8000-8100 sg-0b", 8100, true),
        ("in tcp all sg-0b", 1, true),
        ("in all sg-0b", 1, true),
        ("in icmp 8/-1 sg-0b", 8, false),
        ("in 50 all sg-0b", 50, false),
    ] {
        assert_eq!(rule(text).port(port), expected, "{text} {port}");
    }
}

#[test]
fn an_unknown_direction_can_be_replaced() {
    let rule = |text: &str| text.parse::<SecurityGroupRule>().unwrap();
    assert_eq!(rule("? tcp 22 sg-0b").or_direction(RuleDirection::Out).to_string(), "out tcp 22 sg-0b");
    assert_eq!(rule("in tcp 22 sg-0b").or_direction(RuleDirection::Out).to_string(), "in tcp 22 sg-0b");
}

proptest! {
    #[test]
    fn any_rule_is_read_back(
        protocol in "[ -~]{0,6}|tcp|icmp|-1|17",
        from in proptest::option::of(any::<i64>()),
        to in proptest::option::of(any::<i64>()),
        account in proptest::option::of(any::<String>()),
        name in any::<String>(),
        network in any::<(u32, u8)>(),
    ) {
        let cidr = format!("{}/{}", std::net::Ipv4Addr::from(network.0), network.1 % 33);
        let sources = [
            RuleSource::network(&cidr),
            RuleSource::prefix_list(&name),
            RuleSource::group(account.as_deref(), &name),
            RuleSource::group_name(account.as_deref(), &name),
            RuleSource::group_name(None, &name),
            RuleSource::group(Some("12"), "sg-1"),
        ];
        for source in sources.into_iter().flatten() {
            let Some(rule) = SecurityGroupRule::new(RuleDirection::Out, &protocol, (from, to), source) else { continue };
            let text = rule.to_string();
            prop_assert!(!text.contains(['\n', '\t', '\r']));
            prop_assert_eq!(text.parse::<SecurityGroupRule>(), Ok(rule));
        }
    }

    #[test]
    fn any_text_can_be_parsed(text in any::<String>()) {
        if let Ok(rule) = text.parse::<SecurityGroupRule>() {
            prop_assert_eq!(rule.to_string().parse::<SecurityGroupRule>(), Ok(rule));
        }
    }
}
