//! The table of themes: which calls have which theme, and where the name of what they act on
//! stands. Calls that read are only here if what they read is a secret.

use super::{Theme, ThemeRule};

const fn rule(theme: Theme, source: &'static str, names: &'static str, object: &'static [&'static str]) -> ThemeRule {
    ThemeRule { theme, source, names, object }
}

/// The resources of the event: see [`ThemeRule::object`].
const RESOURCES: &[&str] = &[];

const USER: &[&str] = &["requestParameters.userName", "responseElements.accessKey.userName", "userIdentity.userName"];
const POLICY: &[&str] = &["requestParameters.policyArn", "responseElements.policy.arn", "requestParameters.policyName"];
const ROLE: &[&str] = &["requestParameters.roleName", "requestParameters.aWSServiceName"];
const GROUP_OF_USERS: &[&str] = &["requestParameters.groupName"];
const BUCKET: &[&str] = &["requestParameters.bucketName"];
const SECURITY_GROUP: &[&str] = &[
    "requestParameters.groupId",
    "responseElements.groupId",
    "requestParameters.ModifySecurityGroupRulesRequest.GroupId",
    "requestParameters.groupName",
];
const INSTANCES: &[&str] = &[
    "responseElements.instancesSet.items[].instanceId",
    "requestParameters.instancesSet.items[].instanceId",
    "requestParameters.instanceId",
];
const SECRET: &[&str] = &["requestParameters.secretId", "requestParameters.secretIdList[]", "requestParameters.name"];
const PARAMETER: &[&str] = &["requestParameters.name", "requestParameters.names[]", "requestParameters.path"];
const KMS_KEY: &[&str] =
    &["requestParameters.keyId", "responseElements.keyMetadata.arn", "requestParameters.aliasName"];
const FUNCTION: &[&str] = &["requestParameters.functionName"];
const DATABASE: &[&str] = &[
    "requestParameters.dBInstanceIdentifier",
    "requestParameters.dBClusterIdentifier",
    "requestParameters.dBSnapshotIdentifier",
    "requestParameters.dBClusterSnapshotIdentifier",
];

/// The table of themes. A name occurs once for each source.
pub const RULES: &[ThemeRule] = &[
    // Trails are created and started here too, so that a trail that came back is seen.
    rule(
        Theme::Logging,
        "cloudtrail",
        "CreateTrail DeleteTrail UpdateTrail StartLogging StopLogging PutEventSelectors PutInsightSelectors",
        &["requestParameters.name", "requestParameters.trailName"],
    ),
    rule(
        Theme::Logging,
        "cloudtrail",
        "DeleteEventDataStore UpdateEventDataStore StopEventDataStoreIngestion \
         DeregisterOrganizationDelegatedAdmin",
        &["requestParameters.eventDataStore"],
    ),
    rule(
        Theme::Logging,
        "config",
        "StopConfigurationRecorder StartConfigurationRecorder PutConfigurationRecorder \
         DeleteConfigurationRecorder DeleteDeliveryChannel PutDeliveryChannel DeleteConfigRule \
         DeleteConfigurationAggregator DeleteOrganizationConfigRule",
        RESOURCES,
    ),
    rule(
        Theme::Logging,
        "guardduty",
        "DeleteDetector UpdateDetector CreateDetector DisassociateFromMasterAccount \
         DisassociateFromAdministratorAccount DisassociateMembers StopMonitoringMembers DeleteMembers \
         CreateFilter UpdateFilter CreateIPSet UpdateIPSet DeletePublishingDestination ArchiveFindings",
        &["requestParameters.detectorId", "responseElements.detectorId"],
    ),
    rule(
        Theme::Logging,
        "securityhub",
        "DisableSecurityHub DisableImportFindingsForProduct BatchDisableStandards DisassociateMembers",
        RESOURCES,
    ),
    rule(Theme::Logging, "access-analyzer", "DeleteAnalyzer CreateArchiveRule", &["requestParameters.analyzerName"]),
    rule(Theme::Logging, "macie2", "DisableMacie", RESOURCES),
    rule(Theme::Logging, "inspector2", "Disable", RESOURCES),
    rule(Theme::Logging, "detective", "DeleteGraph", RESOURCES),
    // The flow logs, not their VPCs.
    rule(
        Theme::Logging,
        "ec2",
        "CreateFlowLogs DeleteFlowLogs",
        &[
            "requestParameters.DeleteFlowLogsRequest.FlowLogId.content",
            "requestParameters.DeleteFlowLogsRequest.FlowLogId[].content",
            "responseElements.CreateFlowLogsResponse.flowLogIdSet.item",
            "responseElements.CreateFlowLogsResponse.flowLogIdSet.item[]",
        ],
    ),
    rule(
        Theme::Logging,
        "logs",
        "DeleteLogGroup DeleteLogStream PutRetentionPolicy DeleteSubscriptionFilter DeleteMetricFilter \
         DeleteDestination",
        &["requestParameters.logGroupName", "requestParameters.destinationName"],
    ),
    rule(
        Theme::Logging,
        "monitoring",
        "DeleteAlarms DisableAlarmActions",
        &["requestParameters.alarmNames[]", "requestParameters.alarmName"],
    ),
    rule(
        Theme::Logging,
        "events",
        "DeleteRule DisableRule RemoveTargets",
        &["requestParameters.name", "requestParameters.rule"],
    ),
    rule(
        Theme::Logging,
        "route53resolver",
        "DeleteResolverQueryLogConfig DisassociateResolverQueryLogConfig",
        &["requestParameters.resolverQueryLogConfigId"],
    ),
    rule(Theme::Logging, "wafv2", "DeleteLoggingConfiguration DeleteWebACL DisassociateWebACL", RESOURCES),
    rule(Theme::Logging, "bedrock", "DeleteModelInvocationLoggingConfiguration", RESOURCES),
    rule(
        Theme::Organisation,
        "organizations",
        "LeaveOrganization RemoveAccountFromOrganization DeleteOrganization CreateAccount CloseAccount \
         MoveAccount InviteAccountToOrganization AcceptHandshake CreatePolicy UpdatePolicy DeletePolicy \
         AttachPolicy DetachPolicy DisablePolicyType EnableAWSServiceAccess DisableAWSServiceAccess \
         RegisterDelegatedAdministrator DeregisterDelegatedAdministrator",
        &["requestParameters.policyId", "requestParameters.accountId", "requestParameters.servicePrincipal"],
    ),
    rule(
        Theme::Organisation,
        "account",
        "PutContactInformation PutAlternateContact StartPrimaryEmailUpdate EnableRegion DisableRegion",
        &["requestParameters.accountId", "requestParameters.regionName"],
    ),
    rule(
        Theme::SignIns,
        "signin",
        "ConsoleLogin CheckMfa SwitchRole ExitRole RenewRole PasswordRecoveryRequested \
         PasswordRecoveryCompleted PasswordUpdated EmailUpdated GetSigninToken",
        &["additionalEventData.SwitchTo", "additionalEventData.SwitchFrom"],
    ),
    rule(Theme::SignIns, "sso", "Authenticate Federate", RESOURCES),
    rule(
        Theme::SignIns,
        "sts",
        "GetFederationToken GetSessionToken AssumeRoot",
        &["requestParameters.name", "requestParameters.targetPrincipal", "requestParameters.serialNumber"],
    ),
    rule(
        Theme::UsersAndKeys,
        "iam",
        "CreateUser DeleteUser UpdateUser CreateLoginProfile UpdateLoginProfile DeleteLoginProfile \
         ChangePassword CreateAccessKey UpdateAccessKey DeleteAccessKey UploadSSHPublicKey \
         UploadSigningCertificate CreateServiceSpecificCredential ResetServiceSpecificCredential \
         EnableMFADevice DeactivateMFADevice AddUserToGroup RemoveUserFromGroup",
        USER,
    ),
    rule(Theme::UsersAndKeys, "iam", "CreateGroup DeleteGroup", GROUP_OF_USERS),
    rule(
        Theme::UsersAndKeys,
        "iam",
        "CreateVirtualMFADevice DeleteVirtualMFADevice CreateAccountAlias DeleteAccountAlias",
        RESOURCES,
    ),
    rule(Theme::UsersAndKeys, "iam", "UpdateAccountPasswordPolicy DeleteAccountPasswordPolicy", RESOURCES),
    rule(
        Theme::PoliciesAndRoles,
        "iam",
        "AttachUserPolicy DetachUserPolicy PutUserPolicy DeleteUserPolicy PutUserPermissionsBoundary \
         DeleteUserPermissionsBoundary",
        USER,
    ),
    rule(
        Theme::PoliciesAndRoles,
        "iam",
        "AttachGroupPolicy DetachGroupPolicy PutGroupPolicy DeleteGroupPolicy",
        GROUP_OF_USERS,
    ),
    rule(
        Theme::PoliciesAndRoles,
        "iam",
        "CreatePolicy DeletePolicy CreatePolicyVersion DeletePolicyVersion SetDefaultPolicyVersion",
        POLICY,
    ),
    rule(
        Theme::PoliciesAndRoles,
        "iam",
        "CreateRole DeleteRole UpdateRole UpdateAssumeRolePolicy AttachRolePolicy DetachRolePolicy \
         PutRolePolicy DeleteRolePolicy PutRolePermissionsBoundary DeleteRolePermissionsBoundary \
         CreateServiceLinkedRole DeleteServiceLinkedRole",
        ROLE,
    ),
    rule(
        Theme::PoliciesAndRoles,
        "iam",
        "CreateInstanceProfile DeleteInstanceProfile AddRoleToInstanceProfile RemoveRoleFromInstanceProfile",
        &["requestParameters.instanceProfileName"],
    ),
    rule(
        Theme::PoliciesAndRoles,
        "iam",
        "CreateSAMLProvider UpdateSAMLProvider DeleteSAMLProvider CreateOpenIDConnectProvider \
         DeleteOpenIDConnectProvider AddClientIDToOpenIDConnectProvider UpdateOpenIDConnectProviderThumbprint",
        &[
            "requestParameters.sAMLProviderArn",
            "requestParameters.openIDConnectProviderArn",
            "responseElements.openIDConnectProviderArn",
            "responseElements.sAMLProviderArn",
        ],
    ),
    rule(
        Theme::PoliciesAndRoles,
        "rolesanywhere",
        "CreateTrustAnchor UpdateTrustAnchor DeleteTrustAnchor EnableTrustAnchor DisableTrustAnchor \
         CreateProfile UpdateProfile DeleteProfile",
        &["requestParameters.name", "requestParameters.trustAnchorId", "requestParameters.profileId"],
    ),
    rule(
        Theme::PoliciesAndRoles,
        "sso",
        "CreatePermissionSet DeletePermissionSet CreateAccountAssignment DeleteAccountAssignment \
         AttachManagedPolicyToPermissionSet PutInlinePolicyToPermissionSet",
        &["requestParameters.permissionSetArn", "requestParameters.name"],
    ),
    rule(
        Theme::Secrets,
        "secretsmanager",
        "GetSecretValue BatchGetSecretValue CreateSecret UpdateSecret PutSecretValue DeleteSecret \
         RestoreSecret RotateSecret PutResourcePolicy DeleteResourcePolicy ReplicateSecretToRegions",
        SECRET,
    ),
    rule(
        Theme::Secrets,
        "ssm",
        "GetParameter GetParameters GetParametersByPath GetParameterHistory PutParameter DeleteParameter \
         DeleteParameters",
        PARAMETER,
    ),
    rule(Theme::Secrets, "ec2", "GetPasswordData", &["requestParameters.instanceId"]),
    rule(
        Theme::Kms,
        "kms",
        "CreateKey ScheduleKeyDeletion CancelKeyDeletion DisableKey EnableKey PutKeyPolicy CreateGrant \
         RevokeGrant DisableKeyRotation EnableKeyRotation DeleteImportedKeyMaterial \
         ImportKeyMaterial ReplicateKey UpdatePrimaryRegion",
        KMS_KEY,
    ),
    rule(Theme::Kms, "kms", "CreateAlias UpdateAlias DeleteAlias", &["requestParameters.aliasName"]),
    rule(
        Theme::Sharing,
        "ec2",
        "ModifySnapshotAttribute ResetSnapshotAttribute SharedSnapshotVolumeCreated \
         SharedSnapshotCopyInitiated",
        &["requestParameters.snapshotId", "serviceEventDetails.snapshotId"],
    ),
    rule(Theme::Sharing, "ec2", "ModifyImageAttribute ResetImageAttribute", &["requestParameters.imageId"]),
    rule(Theme::Sharing, "ec2", "DisableSnapshotBlockPublicAccess DisableImageBlockPublicAccess", RESOURCES),
    rule(
        Theme::Sharing,
        "rds",
        "ModifyDBSnapshotAttribute ModifyDBClusterSnapshotAttribute",
        &["requestParameters.dBSnapshotIdentifier", "requestParameters.dBClusterSnapshotIdentifier"],
    ),
    rule(
        Theme::Sharing,
        "ram",
        "CreateResourceShare AssociateResourceShare UpdateResourceShare EnableSharingWithAwsOrganization",
        &["requestParameters.resourceArns[]", "requestParameters.resourceShareArn", "requestParameters.name"],
    ),
    rule(Theme::Sharing, "ecr", "SetRepositoryPolicy PutRegistryPolicy", &["requestParameters.repositoryName"]),
    rule(
        Theme::Buckets,
        "s3",
        "CreateBucket DeleteBucket PutBucketPolicy DeleteBucketPolicy PutBucketAcl PutObjectAcl \
         PutBucketPublicAccessBlock DeleteBucketPublicAccessBlock PutAccountPublicAccessBlock \
         DeleteAccountPublicAccessBlock PutBucketOwnershipControls PutBucketWebsite PutBucketCors \
         PutBucketReplication DeleteBucketReplication PutBucketVersioning PutBucketLifecycle \
         DeleteBucketLifecycle PutBucketEncryption DeleteBucketEncryption PutBucketLogging \
         PutBucketNotification PutBucketObjectLockConfiguration CreateAccessPoint PutAccessPointPolicy",
        BUCKET,
    ),
    rule(
        Theme::SecurityGroups,
        "ec2",
        "CreateSecurityGroup DeleteSecurityGroup AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress \
         RevokeSecurityGroupIngress RevokeSecurityGroupEgress ModifySecurityGroupRules \
         UpdateSecurityGroupRuleDescriptionsIngress UpdateSecurityGroupRuleDescriptionsEgress",
        SECURITY_GROUP,
    ),
    rule(
        Theme::SecurityGroups,
        "elasticloadbalancing",
        "ApplySecurityGroupsToLoadBalancer SetSecurityGroups",
        &["requestParameters.loadBalancerArn", "requestParameters.loadBalancerName"],
    ),
    rule(
        Theme::SecurityGroups,
        "rds",
        "AuthorizeDBSecurityGroupIngress RevokeDBSecurityGroupIngress",
        &["requestParameters.dBSecurityGroupName"],
    ),
    rule(
        Theme::Network,
        "ec2",
        "CreateVpc DeleteVpc ModifyVpcAttribute",
        &["requestParameters.vpcId", "responseElements.vpc.vpcId"],
    ),
    rule(
        Theme::Network,
        "ec2",
        "CreateSubnet DeleteSubnet ModifySubnetAttribute",
        &["requestParameters.subnetId", "responseElements.subnet.subnetId"],
    ),
    rule(
        Theme::Network,
        "ec2",
        "CreateRouteTable DeleteRouteTable AssociateRouteTable DisassociateRouteTable \
         ReplaceRouteTableAssociation CreateRoute ReplaceRoute DeleteRoute",
        &[
            "requestParameters.routeTableId",
            "responseElements.routeTable.routeTableId",
            "requestParameters.associationId",
        ],
    ),
    rule(
        Theme::Network,
        "ec2",
        "CreateInternetGateway DeleteInternetGateway AttachInternetGateway DetachInternetGateway",
        &["requestParameters.internetGatewayId", "responseElements.internetGateway.internetGatewayId"],
    ),
    rule(
        Theme::Network,
        "ec2",
        "CreateNatGateway DeleteNatGateway",
        &[
            "responseElements.CreateNatGatewayResponse.natGateway.natGatewayId",
            "requestParameters.DeleteNatGatewayRequest.NatGatewayId",
        ],
    ),
    rule(
        Theme::Network,
        "ec2",
        "CreateNetworkAcl DeleteNetworkAcl CreateNetworkAclEntry ReplaceNetworkAclEntry DeleteNetworkAclEntry \
         ReplaceNetworkAclAssociation",
        &["requestParameters.networkAclId", "responseElements.networkAcl.networkAclId"],
    ),
    rule(
        Theme::Network,
        "ec2",
        "AllocateAddress ReleaseAddress AssociateAddress DisassociateAddress",
        &[
            "responseElements.publicIp",
            "requestParameters.publicIp",
            "requestParameters.allocationId",
            "requestParameters.associationId",
        ],
    ),
    rule(
        Theme::Network,
        "ec2",
        "CreateNetworkInterface DeleteNetworkInterface AttachNetworkInterface DetachNetworkInterface \
         ModifyNetworkInterfaceAttribute",
        &[
            "requestParameters.networkInterfaceId",
            "responseElements.networkInterface.networkInterfaceId",
            "requestParameters.attachmentId",
        ],
    ),
    rule(
        Theme::Network,
        "ec2",
        "CreateVpcPeeringConnection AcceptVpcPeeringConnection DeleteVpcPeeringConnection CreateVpcEndpoint \
         ModifyVpcEndpoint DeleteVpcEndpoints CreateVpnConnection DeleteVpnConnection CreateCustomerGateway \
         CreateTransitGateway CreateTransitGatewayVpcAttachment CreateTrafficMirrorSession \
         CreateTrafficMirrorTarget CreateTrafficMirrorFilter",
        RESOURCES,
    ),
    rule(
        Theme::Network,
        "elasticloadbalancing",
        "CreateLoadBalancer DeleteLoadBalancer CreateListener ModifyListener DeleteListener",
        &[
            "requestParameters.loadBalancerArn",
            "requestParameters.loadBalancerName",
            "requestParameters.name",
            "requestParameters.listenerArn",
        ],
    ),
    rule(
        Theme::Network,
        "route53",
        "ChangeResourceRecordSets CreateHostedZone DeleteHostedZone AssociateVPCWithHostedZone",
        &["requestParameters.hostedZoneId", "requestParameters.name", "requestParameters.id"],
    ),
    rule(
        Theme::KeyPairs,
        "ec2",
        "CreateKeyPair ImportKeyPair DeleteKeyPair",
        &["requestParameters.keyName", "requestParameters.keyPairId"],
    ),
    rule(
        Theme::KeyPairs,
        "ec2-instance-connect",
        "SendSSHPublicKey SendSerialConsoleSSHPublicKey OpenTunnel",
        &["requestParameters.instanceId"],
    ),
    rule(
        Theme::Instances,
        "ec2",
        "RunInstances StartInstances StopInstances RebootInstances TerminateInstances ModifyInstanceAttribute \
         ModifyInstanceMetadataOptions AssociateIamInstanceProfile ReplaceIamInstanceProfileAssociation \
         DisassociateIamInstanceProfile RequestSpotInstances CreateFleet EnableSerialConsoleAccess",
        INSTANCES,
    ),
    rule(
        Theme::Instances,
        "ec2",
        "CreateImage RegisterImage DeregisterImage CopyImage",
        &["requestParameters.imageId", "responseElements.imageId"],
    ),
    rule(
        Theme::Instances,
        "ec2",
        "CreateSnapshot CreateSnapshots CopySnapshot DeleteSnapshot ImportSnapshot",
        &["requestParameters.snapshotId", "responseElements.snapshotId"],
    ),
    rule(
        Theme::Instances,
        "ec2",
        "CreateVolume DeleteVolume AttachVolume DetachVolume DisableEbsEncryptionByDefault",
        &["requestParameters.volumeId", "responseElements.volumeId"],
    ),
    rule(
        Theme::Instances,
        "autoscaling",
        "CreateAutoScalingGroup UpdateAutoScalingGroup DeleteAutoScalingGroup CreateLaunchConfiguration \
         TerminateInstanceInAutoScalingGroup",
        &[
            "requestParameters.autoScalingGroupName",
            "requestParameters.launchConfigurationName",
            "requestParameters.instanceId",
        ],
    ),
    rule(
        Theme::Code,
        "lambda",
        "CreateFunction DeleteFunction UpdateFunctionCode UpdateFunctionConfiguration AddPermission \
         RemovePermission CreateFunctionUrlConfig UpdateFunctionUrlConfig CreateEventSourceMapping \
         PublishLayerVersion",
        FUNCTION,
    ),
    rule(
        Theme::Code,
        "ssm",
        "SendCommand StartSession ResumeSession StartAutomationExecution CreateAssociation CreateDocument",
        &[
            "requestParameters.target",
            "requestParameters.instanceIds[]",
            "requestParameters.documentName",
            "requestParameters.name",
        ],
    ),
    rule(Theme::Code, "ecs", "ExecuteCommand RegisterTaskDefinition RunTask CreateCluster", RESOURCES),
    rule(Theme::Code, "cloudformation", "CreateStack UpdateStack DeleteStack", &["requestParameters.stackName"]),
    rule(
        Theme::Databases,
        "rds",
        "CreateDBInstance DeleteDBInstance ModifyDBInstance StopDBInstance StartDBInstance CreateDBCluster \
         ModifyDBCluster DeleteDBCluster CreateDBSnapshot DeleteDBSnapshot CopyDBSnapshot \
         RestoreDBInstanceFromDBSnapshot StartExportTask",
        DATABASE,
    ),
    rule(
        Theme::Databases,
        "dynamodb",
        "CreateTable DeleteTable CreateBackup DeleteBackup ExportTableToPointInTime",
        &["requestParameters.tableName", "requestParameters.tableArn", "requestParameters.backupArn"],
    ),
];
