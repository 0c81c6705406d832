CREATE OR REPLACE TEMPORARY MACRO trail2tsv_text(record, path) AS
  CASE WHEN json_type(record, path) NOT IN ('OBJECT', 'ARRAY') THEN record ->> path END;

WITH records AS (
  SELECT unnest(CASE json_type(json, '$.Records') WHEN 'ARRAY' THEN json_extract(json, '$.Records[*]')
    ELSE [json] END) AS record, filename AS file
  FROM read_json_objects(['logs/a.json'],
    filename = true, maximum_object_size = 268435456)
),
fields AS (
  SELECT
    coalesce(nullif(trail2tsv_text(record, '$.userIdentity.type'), ''), '') AS "caller_type",
    nullif(coalesce(trail2tsv_text(record, '$.userIdentity.userName'), trail2tsv_text(record, '$.userIdentity')), '') AS "caller_user",
    nullif(trail2tsv_text(record, '$.userIdentity.arn'), '') AS "caller_arn",
    nullif(trail2tsv_text(record, '$.userIdentity.principalId'), '') AS "caller_id",
    nullif(trail2tsv_text(record, '$.userIdentity.accountId'), '') AS "caller_account",
    nullif(trail2tsv_text(record, '$.userIdentity.invokedBy'), '') AS "caller_service",
    nullif(trail2tsv_text(record, '$.userIdentity.onBehalfOf.userId'), '') AS "caller_behalf",
    nullif(trail2tsv_text(record, '$.userIdentity.sessionContext.sourceIdentity'), '') AS "source_identity",
    nullif(trail2tsv_text(record, '$.userIdentity.sessionContext.sessionIssuer.type'), '') AS "issuer_type",
    nullif(trail2tsv_text(record, '$.userIdentity.sessionContext.sessionIssuer.userName'), '') AS "issuer_user",
    nullif(trail2tsv_text(record, '$.userIdentity.sessionContext.sessionIssuer.arn'), '') AS "issuer_arn",
    nullif((record ->> '$.additionalEventData.UserName'), '') AS "typed_name",
    file AS file
  FROM records
  WHERE (json_exists(record, '$.eventVersion') OR json_exists(record, '$.eventTime') OR json_exists(record, '$.eventID'))
    AND NOT coalesce(CASE WHEN regexp_matches(record ->> '$.eventSource', '\Aaws:[a-z0-9]+\z')
      THEN json_type(json_extract(record, substr(record ->> '$.eventSource', 5))) = 'OBJECT' END, FALSE)
),
callers AS (
  SELECT *,
    nullif(regexp_extract(caller_id, '(?s):(.*)', 1), '') AS id_name,
    coalesce(CASE WHEN caller_arn LIKE '%:assumed-role/%' THEN nullif(regexp_extract(caller_arn, '([^/]*)\z', 1), '') END, CASE WHEN caller_type = 'AssumedRole' THEN nullif(regexp_extract(caller_id, '(?s):(.*)', 1), '') END) AS session_name,
    coalesce(issuer_user, CASE WHEN regexp_matches(caller_arn, ':assumed-role/([^/]*)/') THEN regexp_extract(caller_arn, ':assumed-role/([^/]*)/', 1) END) AS any_role,
    CASE WHEN issuer_type IS NOT NULL THEN issuer_type = 'Root' ELSE coalesce(issuer_arn LIKE 'arn:%' AND issuer_arn LIKE '%:root', FALSE) END AS is_issued_by_root,
    coalesce(issuer_user, issuer_arn) AS token_issuer,
    coalesce(CASE WHEN caller_arn LIKE '%:federated-user/%' THEN nullif(regexp_extract(caller_arn, '([^/]*)\z', 1), '') END, nullif(regexp_extract(caller_id, '(?s):(.*)', 1), '')) AS token_name,
    CASE WHEN caller_type IN ('IdentityCenterUser', 'Unknown') THEN typed_name END AS sign_in_name
  FROM fields
),
roles AS (
  SELECT *,
    CASE WHEN coalesce(regexp_matches(any_role, '\A[Rr][Oo][Oo][Tt](?:/|\z)'), FALSE) THEN 'role/' || any_role ELSE any_role END AS role_name,
    CASE WHEN is_issued_by_root THEN 'root' ELSE CASE WHEN coalesce(regexp_matches(token_issuer, '\A[Rr][Oo][Oo][Tt](?:/|\z)'), FALSE) THEN 'user/' || token_issuer ELSE token_issuer END END AS issuer_name,
    coalesce(CASE caller_type WHEN 'AWSService' THEN caller_service WHEN '' THEN caller_service WHEN 'AWSAccount' THEN caller_account WHEN 'IdentityCenterUser' THEN coalesce(sign_in_name, caller_behalf) WHEN 'Unknown' THEN coalesce(sign_in_name, caller_user, caller_behalf) END, caller_user, caller_arn, caller_id, caller_account) AS any_name,
    (caller_type = 'Root' OR (caller_type = 'FederatedUser' AND is_issued_by_root)) AS is_root
  FROM callers
),
events AS (
  SELECT *,
    CASE
      WHEN caller_type = 'Root' THEN 'root'
      WHEN role_name IS NOT NULL AND session_name IS NOT NULL THEN role_name || '/' || session_name
      WHEN caller_type = 'FederatedUser' AND issuer_name IS NOT NULL
      THEN issuer_name || '/' || coalesce(token_name, caller_arn, caller_id, '')
      WHEN caller_type = 'FederatedUser' THEN CASE WHEN coalesce(regexp_matches(coalesce(caller_arn, caller_id, caller_account), '\A[Rr][Oo][Oo][Tt](?:/|\z)'), FALSE) THEN 'user/' || coalesce(caller_arn, caller_id, caller_account) ELSE coalesce(caller_arn, caller_id, caller_account) END
      WHEN caller_type = 'AWSAccount' AND caller_account IS NOT NULL AND caller_id IS NOT NULL
      THEN CASE WHEN coalesce(regexp_matches(caller_account, '\A[Rr][Oo][Oo][Tt](?:/|\z)'), FALSE) THEN 'user/' || caller_account ELSE caller_account END || '/' || caller_id
      WHEN caller_type = 'AssumedRole' AND role_name IS NOT NULL THEN role_name
      ELSE CASE WHEN coalesce(regexp_matches(any_name, '\A[Rr][Oo][Oo][Tt](?:/|\z)'), FALSE) THEN 'user/' || any_name ELSE any_name END
    END AS "userName"
  FROM roles
)
SELECT
  "userName"
FROM events
WHERE coalesce(len(list_filter(["userName", CASE WHEN is_root THEN 'root' END, caller_user, caller_arn, caller_id, issuer_user, issuer_arn, source_identity, role_name, session_name, id_name, caller_behalf, sign_in_name, CASE WHEN caller_type = 'FederatedUser' THEN token_name END], lambda element: (is_root OR NOT coalesce(regexp_matches(element, '\A[Rr][Oo][Oo][Tt](?:/|\z)'), FALSE)) AND translate(element, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') = 'alice')) > 0, FALSE)
  AND NOT coalesce(coalesce(len(list_filter(["userName", CASE WHEN is_root THEN 'root' END, caller_user, caller_arn, caller_id, issuer_user, issuer_arn, source_identity, role_name, session_name, id_name, caller_behalf, sign_in_name, CASE WHEN caller_type = 'FederatedUser' THEN token_name END], lambda element: (is_root OR NOT coalesce(regexp_matches(element, '\A[Rr][Oo][Oo][Tt](?:/|\z)'), FALSE)) AND translate(element, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') = 'root')) > 0, FALSE), FALSE);
