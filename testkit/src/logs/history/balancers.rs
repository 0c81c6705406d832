//! Load balancers of both generations, target groups and auto scaling groups.

use serde_json::{Value, json};

use super::simulator::AccountSimulator;

pub(super) fn any(simulator: &mut AccountSimulator) {
    match simulator.rng.u8(..4) {
        0 => newer(simulator),
        1 => targets(simulator),
        2 => scaling(simulator),
        _ => classic(simulator),
    }
}

fn balancing(simulator: &mut AccountSimulator, name: &str, request: Value, response: Value) {
    simulator.call("elasticloadbalancing", name, request, response);
}

fn arn(simulator: &mut AccountSimulator, kind: &str, id: &str) -> String {
    let id = simulator.id(id);
    format!("arn:aws:elasticloadbalancing:{}:{}:{kind}/{id}", simulator.region, simulator.account)
}

fn listed(ids: &[String]) -> Vec<Value> {
    ids.iter().map(|id| json!({"instanceId": id})).collect()
}

fn classic(simulator: &mut AccountSimulator) {
    if simulator.balancers.is_empty() {
        let name = simulator.id("elb");
        simulator.balancers.push((name.clone(), Vec::new()));
        let request = json!({"loadBalancerName": name, "subnets": ["subnet-0a"], "securityGroups": ["sg-0a"]});
        return balancing(simulator, "CreateLoadBalancer", request, json!({"dNSName": "elb.example.com"}));
    }
    let (name, mut members) = simulator.balancers[0].clone();
    let Some(instance) = simulator.pick(simulator.instances.len()) else { return };
    let id = simulator.instances[instance].id.clone();
    let choice = simulator.rng.u8(..5);
    match (choice, members.first().cloned()) {
        (0, _) => {
            simulator.balancers.clear();
            balancing(simulator, "DeleteLoadBalancer", json!({"loadBalancerName": name}), Value::Null);
        }
        (1..3, Some(gone)) => {
            members.remove(0);
            simulator.balancers[0].1.clone_from(&members);
            let request = json!({"loadBalancerName": name, "instances": listed(&[gone])});
            balancing(
                simulator,
                "DeregisterInstancesFromLoadBalancer",
                request,
                json!({"instances": listed(&members)}),
            );
        }
        _ if !members.contains(&id) => {
            members.push(id.clone());
            simulator.balancers[0].1.clone_from(&members);
            let request = json!({"loadBalancerName": name, "instances": listed(&[id])});
            balancing(simulator, "RegisterInstancesWithLoadBalancer", request, json!({"instances": listed(&members)}));
        }
        _ => {}
    }
}

fn newer(simulator: &mut AccountSimulator) {
    let arn = arn(simulator, "loadbalancer/net", "nlb");
    let mut request = json!({"name": "nlb", "subnets": ["subnet-0a", "subnet-0b"]});
    if let Some(held) = simulator.allocations.iter_mut().find(|held| held.association.is_none() && !held.id.is_empty())
    {
        held.association = Some((arn.clone(), String::new()));
        request = json!({"name": "nlb", "subnetMappings": [{"subnetId": "subnet-0a", "allocationId": held.id}]});
    }
    let created = json!({"loadBalancerArn": arn, "loadBalancerName": "nlb", "vpcId": "vpc-0a", "type": "network"});
    balancing(simulator, "CreateLoadBalancer", request, json!({"loadBalancers": [created]}));
    if simulator.one_in(3) {
        for held in &mut simulator.allocations {
            held.association.take_if(|(to, _)| *to == arn);
        }
        balancing(simulator, "DeleteLoadBalancer", json!({"loadBalancerArn": arn}), Value::Null);
    }
}

fn targets(simulator: &mut AccountSimulator) {
    if simulator.targets.is_empty() {
        let arn = arn(simulator, "targetgroup/tg", "tg");
        simulator.targets.push((arn.clone(), Vec::new()));
        let created = json!({"targetGroupArn": arn, "targetGroupName": "tg", "protocol": "HTTP", "port": 80});
        return balancing(simulator, "CreateTargetGroup", json!({"name": "tg"}), json!({"targetGroups": [created]}));
    }
    let arn = simulator.targets[0].0.clone();
    if let Some(target) = simulator.targets[0].1.pop().filter(|_| simulator.one_in(2)) {
        let request = json!({"targetGroupArn": arn, "targets": [target]});
        return balancing(simulator, "DeregisterTargets", request, json!({}));
    }
    let Some(index) = simulator.pick(simulator.instances.len()) else { return };
    let target = match simulator.rng.u8(..3) {
        0 => json!({"id": simulator.instances[index].id}),
        1 => json!({"id": simulator.instances[index].id, "port": 8080}),
        _ => json!({"id": "2001:db8::1", "port": 80}),
    };
    simulator.targets[0].1.push(target.clone());
    balancing(simulator, "RegisterTargets", json!({"targetGroupArn": arn, "targets": [target]}), json!({}));
}

fn scaling(simulator: &mut AccountSimulator) {
    if simulator.scaling.is_empty() {
        let name = simulator.id("asg");
        simulator.scaling.push((name.clone(), Vec::new()));
        let request = json!({"autoScalingGroupName": name, "minSize": 1, "maxSize": 3});
        return simulator.call("autoscaling", "CreateAutoScalingGroup", request, Value::Null);
    }
    let (name, members) = simulator.scaling[0].clone();
    let choice = simulator.rng.u8(..5);
    let Some(index) = simulator.pick(simulator.instances.len()) else { return };
    let id = simulator.instances[index].id.clone();
    match (choice, members.first().cloned()) {
        (0, None) => {
            simulator.scaling.clear();
            simulator.call("autoscaling", "DeleteAutoScalingGroup", json!({"autoScalingGroupName": name}), Value::Null);
        }
        (1..4, Some(member)) => {
            simulator.scaling[0].1.remove(0);
            let request = json!({"autoScalingGroupName": name, "instanceIds": [member]});
            simulator.call("autoscaling", "DetachInstances", request, json!({"activities": []}));
        }
        _ if !members.contains(&id) => {
            simulator.scaling[0].1.push(id.clone());
            let request = json!({"autoScalingGroupName": name, "instanceIds": [id]});
            simulator.call("autoscaling", "AttachInstances", request, Value::Null);
        }
        _ => {}
    }
}
