-- Not exact: requestParameters.a` b: nested JSON and numbers are written by the engine, so they can differ in escapes and digits.
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
  path 'it\'s.json',
  multiLine 'true', mode 'FAILFAST',
  recursiveFileLookup 'true', pathGlobFilter '*.json*'
);

WITH records AS (
  SELECT record, input_file_name() AS file
  FROM cloudtrail_logs LATERAL VIEW explode(Records) r AS record
),
events AS (
  SELECT
    record.userAgent AS `userAgent`,
    record.eventID AS `eventID`,
    get_json_object(record.requestParameters, '$[\'a` b\']') AS `requestParameters.a`` b`,
    file AS file
  FROM records
)
SELECT
  `eventID`,
  `requestParameters.a`` b` AS `requestParameters."a`` b"`
FROM events
WHERE (`userAgent` RLIKE '(?s)\\A(?:[Xx]\' [Oo][Rr] 1=1; \\-\\-\u000a(?:\'|\\\\\'); [Dd][Rr][Oo][Pp] \u202e\\$(?:[Ee][Nn][Vv]:[Hh][Oo][Mm][Ee]) "`)\\z');
