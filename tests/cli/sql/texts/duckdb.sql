-- Not exact: LIMIT: of rows with equal sort columns, others can be left out.
CREATE OR REPLACE TEMPORARY MACRO trail2tsv_text(record, path) AS
  CASE WHEN json_type(record, path) NOT IN ('OBJECT', 'ARRAY') THEN record ->> path END;

WITH records AS (
  SELECT unnest(CASE json_type(json, '$.Records') WHEN 'ARRAY' THEN json_extract(json, '$.Records[*]')
    ELSE [json] END) AS record, filename AS file
  FROM read_json_objects(['logs/**/*.json*'],
    filename = true, maximum_object_size = 268435456)
),
events AS (
  SELECT
    coalesce(trail2tsv_text(record, '$.eventName'), trail2tsv_text(record, '$.insightDetails.eventName')) AS "eventName",
    coalesce(trail2tsv_text(record, '$.eventTime'), trail2tsv_text(record, '$.timeWindow.windowStart')) AS "eventTime",
    file AS file
  FROM records
  WHERE (json_exists(record, '$.eventVersion') OR json_exists(record, '$.eventTime') OR json_exists(record, '$.eventID'))
    AND NOT coalesce(CASE WHEN regexp_matches(record ->> '$.eventSource', '\Aaws:[a-z0-9]+\z')
      THEN json_type(json_extract(record, substr(record ->> '$.eventSource', 5))) = 'OBJECT' END, FALSE)
)
SELECT
  "eventTime",
  "eventName"
FROM events
WHERE (translate("eventName", 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') = 'consolelogin' OR translate("eventName", 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') LIKE 'delete%' ESCAPE '!')
ORDER BY TRY_CAST("eventTime" AS TIMESTAMP) DESC NULLS LAST
LIMIT 5;
