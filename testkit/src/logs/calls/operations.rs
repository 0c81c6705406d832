//! Operations and monitoring: logs, monitoring, cloudtrail, config, health, tagging, events,
//! cloudformation, guardduty, securityhub, ce.

use super::{Call, PEOPLE};
use crate::logs::actors::IdentityKind;
use crate::logs::event::Field::{self, *};

const LOGS_API: (Field, &str) = (ApiVersion, r#""20140328""#);

pub(super) const CALLS: &[Call] = &[
    Call::write("logs", "CreateLogStream", 190).by(&[IdentityKind::Program, IdentityKind::Linked]).more(&[LOGS_API])
        .request(r#"{"logGroupName":"<log-group>","logStreamName":"<day>/[$LATEST]<hex><hex-2>"}"#)
        .failing(60, &[("ResourceAlreadyExistsException", "The specified log stream already exists"), ("ResourceNotFoundException", "The specified log group does not exist.")]),
    Call::write("logs", "CreateLogStream", 70).by(&[IdentityKind::Service]).only(&["delivery.logs"])
        .more(&[LOGS_API, (SharedEventId, r#""<uuid-5>""#)])
        .request(r#"{"forAccount":"<account>","logGroupName":"<log-group>","logStreamName":"<vpc>_<hex>"}"#),
    Call::write("logs", "CreateLogGroup", 12).more(&[LOGS_API]).request(r#"{"logGroupName":"<log-group>","kmsKeyId":"arn:aws:kms:<region>:<account>:key/<known>"}"#)
        .failing(200, &[("ResourceAlreadyExistsException", "The specified log group already exists")]),
    Call::read("logs", "DescribeLogGroups", 80).more(&[LOGS_API]).request(r#"{"logGroupNamePrefix":"<log-group>","limit":50}"#),
    Call::read("logs", "DescribeLogStreams", 60).more(&[LOGS_API]).request(r#"{"logGroupName":"<log-group>","orderBy":"LastEventTime","descending":true,"limit":5}"#),
    Call::read("logs", "StartQuery", 20).by(PEOPLE).more(&[LOGS_API])
        .request(r#"{"logGroupNames":["<log-group>"],"startTime":<milliseconds>,"endTime":<milliseconds>,"queryString":"fields @timestamp, @message\n| filter @message like /(?i)error|\\bfatal\\b/\n| sort @timestamp desc\n| limit 200"}"#)
        .response(r#"{"queryId":"<uuid-3>"}"#),
    Call::read("monitoring", "GetMetricData", 170)
        .request(r#"{"metricDataQueries":[{"id":"m1","metricStat":{"metric":{"namespace":"AWS/EC2","metricName":"<metric>","dimensions":[{"name":"InstanceId","value":"<instance>"}]},"period":300,"stat":"Average"},"returnData":true},{"id":"e1","expression":"ANOMALY_DETECTION_BAND(m1, 2)","label":"<metric> (expected)","returnData":true}],"startTime":"<created>","endTime":"<expires>","scanBy":"TimestampDescending"}"#)
        .more(&[(ApiVersion, r#""2010-08-01""#)]),
    Call::read("monitoring", "DescribeAlarms", 120).request(r#"{"alarmNames":["<alarm>"],"maxRecords":100}"#).more(&[(ApiVersion, r#""2010-08-01""#)]),
    Call::write("monitoring", "PutMetricAlarm", 6)
        .request(r#"{"alarmName":"<alarm>","actionsEnabled":true,"alarmActions":["arn:aws:sns:<region>:<account>:on-call"],"metricName":"<metric>","namespace":"AWS/RDS","statistic":"Average","dimensions":[{"name":"DBInstanceIdentifier","value":"<database>"}],"period":60,"evaluationPeriods":5,"threshold":<count>.5,"comparisonOperator":"GreaterThanThreshold","treatMissingData":"notBreaching"}"#),
    Call::read("cloudtrail", "DescribeTrails", 50).request(r#"{"includeShadowTrails":true,"trailNameList":[]}"#),
    Call::read("cloudtrail", "GetTrailStatus", 60).request(r#"{"name":"arn:aws:cloudtrail:<region>:<account>:trail/management-events"}"#),
    Call::read("cloudtrail", "LookupEvents", 40)
        .request(r#"{"startTime":"<created>","maxResults":50,"lookupAttributes":[{"attributeKey":"EventName","attributeValue":"ConsoleLogin"}]}"#),
    Call::read("config", "DescribeConfigurationRecorderStatus", 50).request(r#"{"configurationRecorderNames":["default"]}"#),
    Call::read("config", "SelectResourceConfig", 30)
        .request(r#"{"expression":"SELECT resourceId, configuration.instanceType WHERE resourceType = '<resource-type>' AND tags.tag = 'environment=<environment>'","limit":100}"#),
    Call::write("config", "PutEvaluations", 50).by(&[IdentityKind::Linked, IdentityKind::Program])
        .request(r#"{"evaluations":[{"complianceResourceType":"<resource-type>","complianceResourceId":"<group>","complianceType":"COMPLIANT","orderingTimestamp":"<created>"},{"complianceResourceType":"<resource-type>","complianceResourceId":"<group-2>","complianceType":"NON_COMPLIANT","annotation":"open to 0.0.0.0/0: port 443","orderingTimestamp":"<created>"}],"resultToken":"EXAMPLE<token>","testMode":false}"#)
        .response(r#"{"failedEvaluations":[]}"#),
    Call::read("health", "DescribeEventAggregates", 60).global().by(PEOPLE)
        .request(r#"{"aggregateField":"eventTypeCategory","filter":{"eventStatusCodes":["open","upcoming"],"startTimes":[{"from":"<created>"}]}}"#)
        .failing(40, &[("SubscriptionRequiredException", "This feature requires a Business or Enterprise Support plan.")]),
    Call::write("health", "AbuseReport", 1).by(&[IdentityKind::Untyped]).only(&["health"]).kind("AwsServiceEvent").global()
        .more(&[(ServiceEventDetails, r#"{"eventTypeCode":"AWS_EC2_MAINTENANCE_SCHEDULED","affectedEntities":["<instance>","<instance-2>"]}"#)]),
    Call::read("tagging", "GetResources", 60)
        .request(r#"{"resourcesPerPage":100,"resourceTypeFilters":["elasticloadbalancing","ec2:instance"],"tagFilters":[{"key":"environment","values":["<environment>"]}]}"#),
    Call::read("events", "ListRules", 30).request(r#"{"limit":100,"eventBusName":"default"}"#),
    Call::write("events", "PutRule", 3).request(r#"{"name":"<rule>","scheduleExpression":"rate(5 minutes)","state":"ENABLED","description":"say \"hello\"; C:\\scripts\\"}"#)
        .response(r#"{"ruleArn":"arn:aws:events:<region>:<account>:rule/<rule>"}"#),
    Call::read("cloudformation", "DescribeStacks", 70).request(r#"{"stackName":"<stack>"}"#)
        .failing(60, &[("ValidationException", "Stack with id <stack> does not exist")]),
    Call::write("cloudformation", "CreateChangeSet", 4)
        .request(r#"{"stackName":"<stack>","changeSetName":"change-<hex>","changeSetType":"UPDATE","parameters":[{"parameterKey":"InstanceType","parameterValue":"<instance-type>","usePreviousValue":false},{"parameterKey":"Environment","usePreviousValue":true}],"capabilities":["CAPABILITY_NAMED_IAM","CAPABILITY_AUTO_EXPAND"],"tags":[{"key":"commit","value":"<hex>"}],"clientToken":"<uuid-3>"}"#)
        .response(r#"{"id":"arn:aws:cloudformation:<region>:<account>:changeSet/change-<hex>/<uuid-4>","stackId":"arn:aws:cloudformation:<region>:<account>:stack/<stack>/<known>"}"#),
    Call::read("guardduty", "ListFindings", 40)
        .request(r#"{"detectorId":"<hex><hex-2>","findingCriteria":{"criterion":{"service.archived":{"eq":["false"]},"severity":{"gte":<digit>}}},"maxResults":50,"sortCriteria":{"attributeName":"severity","orderBy":"DESC"}}"#),
    Call::read("securityhub", "GetFindings", 30)
        .request(r#"{"Filters":{"RecordState":[{"Value":"ACTIVE","Comparison":"EQUALS"}],"WorkflowStatus":[{"Value":"NEW","Comparison":"EQUALS"},{"Value":"NOTIFIED","Comparison":"EQUALS"}]},"MaxResults":100}"#),
    Call::read("ce", "GetCostAndUsage", 20).global().by(PEOPLE)
        .request(r#"{"timePeriod":{"start":"2026-09-01","end":"2026-10-01"},"granularity":"DAILY","metrics":["UnblendedCost"],"groupBy":[{"type":"DIMENSION","key":"SERVICE"}]}"#),
];
