//! Instances, functions and containers: ec2, autoscaling, load balancers, lambda, ecs, ecr, eks.

use super::{Call, PEOPLE};
use crate::logs::actors::IdentityKind;
use crate::logs::event::Field::*;

pub(super) const CALLS: &[Call] = &[
    Call::read("ec2", "DescribeInstances", 420)
        .request(r#"{"instancesSet":{},"filterSet":{"items":[{"name":"instance-state-name","valueSet":{"items":[{"value":"running"},{"value":"<state>"}]}},{"name":"tag:environment","valueSet":{"items":[{"value":"<environment>"}]}}]}}"#),
    Call::read("ec2", "DescribeInstances", 120)
        .request(r#"{"maxResults":1000,"instancesSet":{"items":[{"instanceId":"<instance>"}]},"filterSet":{}}"#)
        .failing(30, &[("Client.InvalidInstanceID.NotFound", "The instance ID '<instance>' does not exist")]),
    Call::read("ec2", "DescribeInstanceStatus", 160)
        .request(r#"{"instancesSet":{"items":[{"instanceId":"<instance>"},{"instanceId":"<instance-2>"},{"instanceId":"<instance-3>"}]},"filterSet":{},"includeAllInstances":true}"#),
    Call::read("ec2", "DescribeVolumes", 140)
        .request(r#"{"maxResults":500,"volumeSet":{},"filterSet":{"items":[{"name":"attachment.instance-id","valueSet":{"items":[{"value":"<instance>"}]}}]}}"#),
    Call::read("ec2", "DescribeSecurityGroups", 150)
        .request(r#"{"securityGroupSet":{},"securityGroupIdSet":{"items":[{"groupId":"<group>"}]},"filterSet":{}}"#),
    Call::read("ec2", "DescribeSubnets", 110)
        .request(r#"{"subnetSet":{"items":[{"subnetId":"<subnet>"},{"subnetId":"<subnet-2>"}]},"filterSet":{"items":[{"name":"vpc-id","valueSet":{"items":[{"value":"<vpc>"}]}}]}}"#),
    Call::read("ec2", "DescribeVpcs", 90).request(r#"{"vpcSet":{"items":[{"vpcId":"<vpc>"}]},"filterSet":{}}"#),
    Call::read("ec2", "DescribeNetworkInterfaces", 190)
        .request(r#"{"networkInterfaceIdSet":{},"filterSet":{"items":[{"name":"group-id","valueSet":{"items":[{"value":"<group>"}]}},{"name":"status","valueSet":{"items":[{"value":"in-use"}]}}]}}"#),
    Call::read("ec2", "DescribeRouteTables", 70)
        .request(r#"{"routeTableIdSet":{"items":[{"routeTableId":"<table-of-routes>"}]},"filterSet":{}}"#)
        .failing(40, &[("Client.InvalidRouteTableID.NotFound", "The routeTable ID '<table-of-routes>' does not exist")]),
    Call::read("ec2", "DescribeImages", 60)
        .request(r#"{"executableBySet":{},"imagesSet":{"items":[{"imageId":"<image>"}]},"ownersSet":{"items":[{"owner":"self"},{"owner":"amazon"}]},"filterSet":{},"includeDeprecated":false}"#),
    Call::read("ec2", "DescribeSnapshots", 70)
        .request(r#"{"maxResults":1000,"snapshotSet":{},"ownersSet":{"items":[{"owner":"self"}]},"sharedUsersSet":{},"filterSet":{"items":[{"name":"volume-id","valueSet":{"items":[{"value":"<volume>"}]}}]}}"#),
    Call::read("ec2", "DescribeAvailabilityZones", 40).request(r#"{"availabilityZoneSet":{},"availabilityZoneIdSet":{}}"#),
    Call::read("ec2", "DescribeTags", 70)
        .request(r#"{"filterSet":{"items":[{"name":"resource-id","valueSet":{"items":[{"value":"<instance>"},{"value":"<volume>"}]}}]}}"#),
    Call::write("ec2", "RunInstances", 9)
        .request(r#"{"instancesSet":{"items":[{"imageId":"<image>","minCount":1,"maxCount":1}]},"instanceType":"<instance-type>","blockDeviceMapping":{},"monitoring":{"enabled":false},"disableApiTermination":false,"disableApiStop":false,"clientToken":"<uuid-2>","subnetId":"<subnet>","iamInstanceProfile":{"name":"app-web"},"ebsOptimized":false,"tagSpecificationSet":{"items":[{"resourceType":"instance","tags":[{"key":"environment","value":"<environment>"},{"key":"service","value":"<service-name>"}]}]},"launchTemplate":{"launchTemplateId":"<launch-template>","version":"<digit>"}}"#)
        .response(r#"{"requestId":"<uuid-1>","reservationId":"<reservation>","ownerId":"<account>","groupSet":{},"instancesSet":{"items":[{"instanceId":"<instance>","imageId":"<image>","instanceState":{"code":0,"name":"pending"},"privateDnsName":"ip-10-0-3-<octet>.<region>.compute.internal","amiLaunchIndex":0,"productCodes":{},"instanceType":"<instance-type>","launchTime":<milliseconds>,"placement":{"availabilityZone":"<region><zone>","tenancy":"default"},"monitoring":{"state":"disabled"},"subnetId":"<subnet>","vpcId":"<vpc>","privateIpAddress":"10.0.3.<octet>","stateReason":{"code":"pending","message":"pending"},"architecture":"x86_64","rootDeviceType":"ebs","rootDeviceName":"/dev/xvda","blockDeviceMapping":{},"virtualizationType":"hvm","hypervisor":"xen","tagSet":{"items":[{"key":"environment","value":"<environment>"},{"key":"service","value":"<service-name>"}]},"clientToken":"<uuid-2>","groupSet":{"items":[{"groupId":"<group>","groupName":"web"}]},"sourceDestCheck":true,"networkInterfaceSet":{"items":[{"networkInterfaceId":"<interface>","subnetId":"<subnet>","vpcId":"<vpc>","ownerId":"<account>","status":"in-use","macAddress":"0a:00:00:00:00:01","privateIpAddress":"10.0.3.<octet>","sourceDestCheck":true,"interfaceType":"interface","groupSet":{"items":[{"groupId":"<group>","groupName":"web"}]},"attachment":{"attachmentId":"eni-attach-0<hex>","deviceIndex":0,"networkCardIndex":0,"status":"attaching","attachTime":<milliseconds>,"deleteOnTermination":true},"privateIpAddressesSet":{"item":[{"privateIpAddress":"10.0.3.<octet>","primary":true}]},"ipv6AddressesSet":{},"tagSet":{}}]},"ebsOptimized":false,"enaSupport":true,"cpuOptions":{"coreCount":1,"threadsPerCore":2},"capacityReservationSpecification":{"capacityReservationPreference":"open"},"enclaveOptions":{"enabled":false},"metadataOptions":{"state":"pending","httpTokens":"required","httpPutResponseHopLimit":2,"httpEndpoint":"enabled","httpProtocolIpv4":"enabled","httpProtocolIpv6":"disabled","instanceMetadataTags":"disabled"},"maintenanceOptions":{"autoRecovery":"default"},"privateDnsNameOptions":{"hostnameType":"ip-name","enableResourceNameDnsARecord":false,"enableResourceNameDnsAAAARecord":false}}]}}"#)
        .failing(60, &[("Server.InsufficientInstanceCapacity", "We currently do not have sufficient <instance-type> capacity in the Availability Zone you requested (<region><zone>). Our system will be working on provisioning additional capacity.")]),
    Call::write("ec2", "StartInstances", 5)
        .request(r#"{"instancesSet":{"items":[{"instanceId":"<instance>"}]}}"#)
        .response(r#"{"requestId":"<uuid-1>","instancesSet":{"items":[{"instanceId":"<instance>","currentState":{"code":0,"name":"pending"},"previousState":{"code":80,"name":"stopped"}}]}}"#),
    Call::write("ec2", "StopInstances", 5)
        .request(r#"{"instancesSet":{"items":[{"instanceId":"<instance>"},{"instanceId":"<instance-2>"}]},"force":false}"#)
        .response(r#"{"requestId":"<uuid-1>","instancesSet":{"items":[{"instanceId":"<instance>","currentState":{"code":64,"name":"stopping"},"previousState":{"code":16,"name":"running"}},{"instanceId":"<instance-2>","currentState":{"code":64,"name":"stopping"},"previousState":{"code":16,"name":"running"}}]}}"#),
    Call::write("ec2", "CreateTags", 12)
        .request(r#"{"resourcesSet":{"items":[{"resourceId":"<instance>"},{"resourceId":"<volume>"}]},"tagSet":{"items":[{"key":"cost-center","value":"42<digit>"},{"key":"note","value":"moved, see \"orders\" [team]: a,b"}]}}"#)
        .response(r#"{"requestId":"<uuid-1>","_return":true}"#),
    Call::write("ec2", "CreateNetworkInterface", 8)
        .request(r#"{"subnetId":"<subnet>","description":"AWS Lambda VPC ENI-<function>-<uuid-3>","groupSet":{"items":[{"groupId":"<group>"}]},"privateIpAddressesSet":{}}"#)
        .response(r#"{"requestId":"<uuid-1>","networkInterface":{"networkInterfaceId":"<interface>","subnetId":"<subnet>","vpcId":"<vpc>","availabilityZone":"<region><zone>","ownerId":"<account>","requesterManaged":false,"status":"pending","privateIpAddress":"10.0.4.<octet>","sourceDestCheck":true,"interfaceType":"interface","groupSet":{"items":[{"groupId":"<group>","groupName":"lambda"}]},"privateIpAddressesSet":{"item":[{"privateIpAddress":"10.0.4.<octet>","primary":true}]},"ipv6AddressesSet":{},"tagSet":{}}}"#),
    Call::write("ec2", "CreateSnapshot", 7)
        .request(r#"{"volumeId":"<volume>","description":"nightly <day>","tagSpecificationSet":{"items":[{"resourceType":"snapshot","tags":[{"key":"retention","value":"30d"}]}]}}"#)
        .response(r#"{"requestId":"<uuid-1>","snapshotId":"<snapshot>","volumeId":"<volume>","status":"pending","startTime":<milliseconds>,"ownerId":"<account>","volumeSize":"<count>","description":"nightly <day>","encrypted":true,"tagSet":{"items":[{"key":"retention","value":"30d"}]}}"#),
    Call::write("ec2", "DeleteSnapshot", 5).request(r#"{"snapshotId":"<snapshot>"}"#).response(r#"{"requestId":"<uuid-1>","_return":true}"#)
        .failing(90, &[("Client.InvalidSnapshot.InUse", "The snapshot <snapshot> is currently in use by <image>")]),
    Call::write("ec2", "SharedSnapshotVolumeCreated", 2).by(&[IdentityKind::Service]).only(&["ec2"])
        .more(&[(ServiceEventDetails, r#"{"snapshotId":"<snapshot>","volumeId":"<volume>"}"#), (SharedEventId, r#""<uuid-5>""#)])
        .kind("AwsServiceEvent"),
    Call::write("ec2", "RevokeSecurityGroupIngress", 3).by(PEOPLE)
        .request(r#"{"groupId":"<group>","ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":443,"toPort":443,"groups":{},"ipRanges":{"items":[{"cidrIp":"198.51.100.<octet>/32","description":"office"}]},"ipv6Ranges":{},"prefixListIds":{}}]}}"#)
        .response(r#"{"requestId":"<uuid-1>","_return":true,"unknownIpPermissionSet":{}}"#),
    Call::read("autoscaling", "DescribeAutoScalingGroups", 170).request(r#"{"maxRecords":100}"#),
    Call::read("autoscaling", "DescribeScalingActivities", 60).request(r#"{"autoScalingGroupName":"<scaling-group>","maxRecords":20}"#),
    Call::write("autoscaling", "SetDesiredCapacity", 6).request(r#"{"autoScalingGroupName":"<scaling-group>","desiredCapacity":<digit>,"honorCooldown":false}"#),
    Call::read("elasticloadbalancing", "DescribeTargetHealth", 190).more(&[(ApiVersion, r#""2015-12-01""#)])
        .request(r#"{"targetGroupArn":"arn:aws:elasticloadbalancing:<region>:<account>:targetgroup/<service-name>/0a1b2c3d4e5f6071"}"#),
    Call::read("elasticloadbalancing", "DescribeLoadBalancers", 110).more(&[(ApiVersion, r#""2015-12-01""#)]).request(r#"{"pageSize":200}"#),
    Call::write("elasticloadbalancing", "RegisterTargets", 14).more(&[(ApiVersion, r#""2015-12-01""#)])
        .request(r#"{"targetGroupArn":"arn:aws:elasticloadbalancing:<region>:<account>:targetgroup/<service-name>/0a1b2c3d4e5f6071","targets":[{"id":"<instance>","port":8080}]}"#),
    Call::read("lambda", "GetFunction20150331v2", 50).request(r#"{"functionName":"<function>"}"#)
        .failing(40, &[("ResourceNotFoundException", "Function not found: arn:aws:lambda:<region>:<account>:function:<function>")]),
    Call::read("lambda", "ListFunctions20150331", 60).request(r#"{"maxItems":50}"#),
    Call::write("lambda", "UpdateFunctionCode20150331v2", 5)
        .request(r#"{"functionName":"<function>","s3Bucket":"<bucket>","s3Key":"lambda/<function>/<hex>.zip","publish":true,"dryRun":false}"#)
        .response(r#"{"functionName":"<function>","functionArn":"arn:aws:lambda:<region>:<account>:function:<function>","runtime":"nodejs22.x","role":"arn:aws:iam::<account>:role/service-role/<function>-role","handler":"index.handler","codeSize":<many>,"description":"","timeout":30,"memorySize":512,"lastModified":"<time>","codeSha256":"HIDDEN_DUE_TO_SECURITY_REASONS","version":"<count>","environment":{},"tracingConfig":{"mode":"PassThrough"},"revisionId":"<uuid-3>","layers":[],"state":"Active","lastUpdateStatus":"InProgress","packageType":"Zip","architectures":["arm64"],"ephemeralStorage":{"size":512}}"#),
    Call::write("lambda", "Invoke", 120).data().by(&[IdentityKind::Program, IdentityKind::Linked])
        .request(r#"{"functionName":"arn:aws:lambda:<region>:<account>:function:<function>","invocationType":"RequestResponse"}"#)
        .more(&[
            (AdditionalEventData, r#"{"functionVersion":"arn:aws:lambda:<region>:<account>:function:<function>:$LATEST"}"#),
            (Resources, r#"[{"accountId":"<account>","type":"AWS::Lambda::Function","ARN":"arn:aws:lambda:<region>:<account>:function:<function>"}]"#),
        ]),
    Call::read("ecs", "DescribeTasks", 130)
        .request(r#"{"cluster":"<cluster>","tasks":["arn:aws:ecs:<region>:<account>:task/<cluster>/<hex><hex-2>"],"include":["TAGS"]}"#),
    Call::read("ecs", "DescribeServices", 90).request(r#"{"cluster":"<cluster>","services":["<service-name>"]}"#),
    Call::write("ecs", "UpdateService", 6)
        .request(r#"{"cluster":"<cluster>","service":"<service-name>","taskDefinition":"<service-name>:<count>","desiredCount":<digit>,"forceNewDeployment":true}"#)
        .response(r#"{"service":{"serviceArn":"arn:aws:ecs:<region>:<account>:service/<cluster>/<service-name>","serviceName":"<service-name>","clusterArn":"arn:aws:ecs:<region>:<account>:cluster/<cluster>","status":"ACTIVE","desiredCount":<digit>,"runningCount":<digit>,"pendingCount":0,"launchType":"FARGATE","deployments":[{"id":"ecs-svc/<many>","status":"PRIMARY","taskDefinition":"arn:aws:ecs:<region>:<account>:task-definition/<service-name>:<count>","createdAt":"<created>","rolloutState":"IN_PROGRESS"}]}}"#),
    Call::read("ecr", "BatchGetImage", 80)
        .request(r#"{"repositoryName":"<repository>","imageIds":[{"imageTag":"1.<digit>.<count>"}],"acceptedMediaTypes":["application/vnd.docker.distribution.manifest.v2+json","application/vnd.oci.image.manifest.v1+json"]}"#)
        .more(&[(Resources, r#"[{"accountId":"<account>","ARN":"arn:aws:ecr:<region>:<account>:repository/<repository>"}]"#)])
        .host("api.ecr.<region>.amazonaws.com"),
    Call::read("ecr", "GetAuthorizationToken", 60).host("api.ecr.<region>.amazonaws.com"),
    Call::read("eks", "DescribeCluster", 30).request(r#"{"name":"<cluster>"}"#),
];
