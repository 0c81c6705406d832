-- Not exact: sourceIPAddress: IPv4 addresses in the hexadecimal notation of IPv6 do not match networks.
CREATE EXTERNAL TABLE cloudtrail_logs (
  eventversion STRING,
  useridentity STRUCT<type: STRING, principalid: STRING, arn: STRING, accountid: STRING, invokedby: STRING, accesskeyid: STRING, username: STRING, identityprovider: STRING, credentialid: STRING, onbehalfof: STRUCT<userid: STRING, identitystorearn: STRING>, sessioncontext: STRUCT<attributes: STRUCT<mfaauthenticated: STRING, creationdate: STRING>, sessionissuer: STRUCT<type: STRING, principalid: STRING, arn: STRING, accountid: STRING, username: STRING>, sourceidentity: STRING, ec2roledelivery: STRING, assumedroot: STRING>>,
  eventtime STRING,
  eventsource STRING,
  eventname STRING,
  awsregion STRING,
  sourceipaddress STRING,
  useragent STRING,
  errorcode STRING,
  errormessage STRING,
  requestparameters STRING,
  responseelements STRING,
  additionaleventdata STRING,
  requestid STRING,
  eventid STRING,
  readonly STRING,
  eventtype STRING,
  apiversion STRING,
  managementevent STRING,
  recipientaccountid STRING,
  serviceeventdetails STRING,
  sharedeventid STRING,
  vpcendpointid STRING,
  vpcendpointaccountid STRING,
  eventcategory STRING,
  addendum STRUCT<reason: STRING, updatedfields: STRING, originalrequestid: STRING, originaleventid: STRING>,
  sessioncredentialfromconsole STRING,
  edgedevicedetails STRING,
  tlsdetails STRUCT<tlsversion: STRING, ciphersuite: STRING, clientprovidedhostheader: STRING>
)
PARTITIONED BY (account STRING, region STRING, `timestamp` STRING)
ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'
STORED AS INPUTFORMAT 'com.amazon.emr.cloudtrail.CloudTrailInputFormat'
OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION 's3://my-trail/a/AWSLogs/o-a1b2c3d4e5/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.account.type' = 'enum', 'projection.account.values' = '111122223333,444455556666',
  'projection.region.type' = 'enum', 'projection.region.values' = 'eu-west-1',
  'projection.timestamp.type' = 'date', 'projection.timestamp.format' = 'yyyy/MM/dd',
  'projection.timestamp.range' = '2013/11/01,NOW+1DAYS',
  'projection.timestamp.interval' = '1', 'projection.timestamp.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://my-trail/a/AWSLogs/o-a1b2c3d4e5/${account}/CloudTrail/${region}/${timestamp}'
);

WITH events AS (
  SELECT
    eventtime AS "eventTime",
    sourceipaddress AS "sourceIPAddress",
    awsregion AS "awsRegion",
    eventsource AS "eventSource",
    recipientaccountid AS "recipientAccountId",
    useridentity.accountid AS "userIdentity.accountId",
    errorcode AS "errorCode",
    errormessage AS "errorMessage",
    eventname AS "eventName",
    responseelements AS "responseElements",
    serviceeventdetails AS "serviceEventDetails",
    additionaleventdata AS "additionalEventData",
    useridentity.sessioncontext.attributes.mfaauthenticated AS "userIdentity.sessionContext.attributes.mfaAuthenticated",
    coalesce(json_extract_scalar(additionaleventdata, '$.MFAUsed'), json_format(json_extract(additionaleventdata, '$.MFAUsed'))) AS "additionalEventData.MFAUsed",
    "$path" AS file
  FROM cloudtrail_logs
  WHERE account IN ('111122223333', '444455556666')
    AND region IN ('eu-west-1')
    AND "timestamp" >= '2026/10/01'
)
SELECT
  "eventTime",
  coalesce("userIdentity.sessionContext.attributes.mfaAuthenticated", "additionalEventData.MFAUsed") AS "mfa",
  file AS "file"
FROM events
WHERE coalesce(try(from_iso8601_timestamp("eventTime")) >= TIMESTAMP '2026-10-01 00:00:00 UTC', TRUE)
  AND (regexp_like("sourceIPAddress", '(?:\A|,)\s*(?:::[fF][fF][fF][fF]:)?(?:203\.0\.113\.(?:0|1|2|3|4|5|6|7|8|9|10|11|12|13|14|15))\s*(?:,|\z)') OR coalesce(any_match(split("sourceIPAddress", ','), element -> contains('2001:db8::/32', TRY_CAST(trim(element) AS IPADDRESS))), FALSE))
  AND translate("awsRegion", 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') = 'eu-west-1'
  AND (translate("eventSource", 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') = 'ec2' OR translate(CASE WHEN "eventSource" LIKE '%.amazonaws.com' THEN substr("eventSource", 1, length("eventSource") - 14) END, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') = 'ec2')
  AND translate(coalesce("recipientAccountId", "userIdentity.accountId"), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') IN ('111122223333', '444455556666')
  AND (coalesce(("errorCode" <> '' AND NOT regexp_like("errorCode", '\A2[0-9][0-9]\z')), FALSE) OR coalesce("errorMessage" <> '', FALSE) OR coalesce(try(CAST(element_at(CAST(json_parse("responseElements") AS MAP(VARCHAR, JSON)), "eventName") AS VARCHAR)) = 'Failure', FALSE) OR coalesce(try(CAST(element_at(CAST(json_parse("serviceEventDetails") AS MAP(VARCHAR, JSON)), "eventName") AS VARCHAR)) = 'Failure', FALSE) OR coalesce(try(CAST(element_at(CAST(json_parse("additionalEventData") AS MAP(VARCHAR, JSON)), "eventName") AS VARCHAR)) = 'Failure', FALSE));
