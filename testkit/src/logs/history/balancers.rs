//! Load balancers of both generations, target groups and auto scaling groups.

use serde_json::{Value, json};

use super::world::World;

pub(super) fn any(world: &mut World) {
    match world.rng.u8(..4) {
        0 => newer(world),
        1 => targets(world),
        2 => scaling(world),
        _ => classic(world),
    }
}

fn balancing(world: &mut World, name: &str, request: Value, response: Value) {
    world.call("elasticloadbalancing", name, request, response);
}

fn arn(world: &mut World, kind: &str, id: &str) -> String {
    let id = world.id(id);
    format!("arn:aws:elasticloadbalancing:{}:{}:{kind}/{id}", world.region, world.account)
}

fn listed(ids: &[String]) -> Vec<Value> {
    ids.iter().map(|id| json!({"instanceId": id})).collect()
}

fn classic(world: &mut World) {
    if world.balancers.is_empty() {
        let name = world.id("elb");
        world.balancers.push((name.clone(), Vec::new()));
        let request = json!({"loadBalancerName": name, "subnets": ["subnet-0a"], "securityGroups": ["sg-0a"]});
        return balancing(world, "CreateLoadBalancer", request, json!({"dNSName": "elb.example.com"}));
    }
    let (name, mut members) = world.balancers[0].clone();
    let Some(instance) = world.pick(world.instances.len()) else { return };
    let id = world.instances[instance].id.clone();
    let choice = world.rng.u8(..5);
    match (choice, members.first().cloned()) {
        (0, _) => {
            world.balancers.clear();
            balancing(world, "DeleteLoadBalancer", json!({"loadBalancerName": name}), Value::Null);
        }
        (1..3, Some(gone)) => {
            members.remove(0);
            world.balancers[0].1.clone_from(&members);
            let request = json!({"loadBalancerName": name, "instances": listed(&[gone])});
            balancing(world, "DeregisterInstancesFromLoadBalancer", request, json!({"instances": listed(&members)}));
        }
        _ if !members.contains(&id) => {
            members.push(id.clone());
            world.balancers[0].1.clone_from(&members);
            let request = json!({"loadBalancerName": name, "instances": listed(&[id])});
            balancing(world, "RegisterInstancesWithLoadBalancer", request, json!({"instances": listed(&members)}));
        }
        _ => {}
    }
}

fn newer(world: &mut World) {
    let arn = arn(world, "loadbalancer/net", "nlb");
    let mut request = json!({"name": "nlb", "subnets": ["subnet-0a", "subnet-0b"]});
    if let Some(held) = world.allocations.iter_mut().find(|held| held.leads_to.is_none() && !held.id.is_empty()) {
        held.leads_to = Some((arn.clone(), String::new()));
        request = json!({"name": "nlb", "subnetMappings": [{"subnetId": "subnet-0a", "allocationId": held.id}]});
    }
    let created = json!({"loadBalancerArn": arn, "loadBalancerName": "nlb", "vpcId": "vpc-0a", "type": "network"});
    balancing(world, "CreateLoadBalancer", request, json!({"loadBalancers": [created]}));
    if world.one_in(3) {
        for held in &mut world.allocations {
            held.leads_to.take_if(|(to, _)| *to == arn);
        }
        balancing(world, "DeleteLoadBalancer", json!({"loadBalancerArn": arn}), Value::Null);
    }
}

fn targets(world: &mut World) {
    if world.targets.is_empty() {
        let arn = arn(world, "targetgroup/tg", "tg");
        world.targets.push((arn.clone(), Vec::new()));
        let created = json!({"targetGroupArn": arn, "targetGroupName": "tg", "protocol": "HTTP", "port": 80});
        return balancing(world, "CreateTargetGroup", json!({"name": "tg"}), json!({"targetGroups": [created]}));
    }
    let arn = world.targets[0].0.clone();
    if let Some(target) = world.targets[0].1.pop().filter(|_| world.one_in(2)) {
        let request = json!({"targetGroupArn": arn, "targets": [target]});
        return balancing(world, "DeregisterTargets", request, json!({}));
    }
    let Some(index) = world.pick(world.instances.len()) else { return };
    let target = match world.rng.u8(..3) {
        0 => json!({"id": world.instances[index].id}),
        1 => json!({"id": world.instances[index].id, "port": 8080}),
        _ => json!({"id": "2001:db8::1", "port": 80}),
    };
    world.targets[0].1.push(target.clone());
    balancing(world, "RegisterTargets", json!({"targetGroupArn": arn, "targets": [target]}), json!({}));
}

fn scaling(world: &mut World) {
    if world.scaling.is_empty() {
        let name = world.id("asg");
        world.scaling.push((name.clone(), Vec::new()));
        let request = json!({"autoScalingGroupName": name, "minSize": 1, "maxSize": 3});
        return world.call("autoscaling", "CreateAutoScalingGroup", request, Value::Null);
    }
    let (name, members) = world.scaling[0].clone();
    let choice = world.rng.u8(..5);
    let Some(index) = world.pick(world.instances.len()) else { return };
    let id = world.instances[index].id.clone();
    match (choice, members.first().cloned()) {
        (0, None) => {
            world.scaling.clear();
            world.call("autoscaling", "DeleteAutoScalingGroup", json!({"autoScalingGroupName": name}), Value::Null);
        }
        (1..4, Some(member)) => {
            world.scaling[0].1.remove(0);
            let request = json!({"autoScalingGroupName": name, "instanceIds": [member]});
            world.call("autoscaling", "DetachInstances", request, json!({"activities": []}));
        }
        _ if !members.contains(&id) => {
            world.scaling[0].1.push(id.clone());
            let request = json!({"autoScalingGroupName": name, "instanceIds": [id]});
            world.call("autoscaling", "AttachInstances", request, Value::Null);
        }
        _ => {}
    }
}
