-- Not exact: requestParameters.bucketName: nested JSON and numbers are written by the engine, so they can differ in escapes and digits.
CREATE OR REPLACE TEMPORARY VIEW cloudtrail_logs (Records ARRAY<STRUCT<
  eventVersion: STRING,
  userIdentity: STRUCT<type: STRING, principalId: STRING, arn: STRING, accountId: STRING, invokedBy: STRING, accessKeyId: STRING, userName: STRING, identityProvider: STRING, credentialId: STRING, onBehalfOf: STRUCT<userId: STRING, identityStoreArn: STRING>, sessionContext: STRUCT<attributes: STRUCT<mfaAuthenticated: STRING, creationDate: STRING>, sessionIssuer: STRUCT<type: STRING, principalId: STRING, arn: STRING, accountId: STRING, userName: STRING>, sourceIdentity: STRING, ec2RoleDelivery: STRING, assumedRoot: STRING>>,
  eventTime: STRING,
  eventSource: STRING,
  eventName: STRING,
  awsRegion: STRING,
  sourceIPAddress: STRING,
  userAgent: STRING,
  errorCode: STRING,
  errorMessage: STRING,
  requestParameters: STRING,
  responseElements: STRING,
  additionalEventData: STRING,
  requestID: STRING,
  eventID: STRING,
  readOnly: STRING,
  eventType: STRING,
  apiVersion: STRING,
  managementEvent: STRING,
  recipientAccountId: STRING,
  serviceEventDetails: STRING,
  sharedEventID: STRING,
  vpcEndpointId: STRING,
  vpcEndpointAccountId: STRING,
  eventCategory: STRING,
  addendum: STRUCT<reason: STRING, updatedFields: STRING, originalRequestID: STRING, originalEventID: STRING>,
  sessionCredentialFromConsole: STRING,
  edgeDeviceDetails: STRING,
  tlsDetails: STRUCT<tlsVersion: STRING, cipherSuite: STRING, clientProvidedHostHeader: STRING>
>>)
USING json OPTIONS (
  path 's3a://my-trail/a/AWSLogs/{*,o-*/*}/CloudTrail/*/{2026/09/29,2026/09/30,2026/10/*,2026/11/01,2026/11/02}',
  multiLine 'true', mode 'FAILFAST',
  recursiveFileLookup 'true', pathGlobFilter '*.json*'
);

WITH records AS (
  SELECT record, input_file_name() AS file
  FROM cloudtrail_logs LATERAL VIEW explode(Records) r AS record
),
events AS (
  SELECT
    record.eventTime AS `eventTime`,
    record.readOnly AS `readOnly`,
    record.eventName AS `eventName`,
    get_json_object(record.requestParameters, '$.bucketName') AS `requestParameters.bucketName`,
    file AS file
  FROM records
)
SELECT
  `eventTime`,
  `requestParameters.bucketName`
FROM events
WHERE coalesce(TRY_CAST(`eventTime` AS TIMESTAMP) >= TIMESTAMP '2026-09-29 12:00:00Z', TRUE)
  AND coalesce(TRY_CAST(`eventTime` AS TIMESTAMP) < TIMESTAMP '2026-11-01 00:00:00Z', TRUE)
  AND NOT (CASE `readOnly` WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE ELSE (`eventName` RLIKE '\\A(?:Get|List|Describe|Head|Lookup)(?:[^a-z]|\\z)') END);
