CREATE OR REPLACE TEMPORARY MACRO trail2tsv_text(record, path) AS
  CASE WHEN json_type(record, path) NOT IN ('OBJECT', 'ARRAY') THEN record ->> path END;

WITH records AS (
  SELECT unnest(CASE json_type(json, '$.Records') WHEN 'ARRAY' THEN json_extract(json, '$.Records[*]')
    ELSE [json] END) AS record, filename AS file
  FROM read_json_objects(['s3://my-trail/AWSLogs/**/*.json*'],
    filename = true, maximum_object_size = 268435456)
  WHERE regexp_matches(filename, '/AWSLogs/(?:o-[^/]+/)?[0-9]{12}/CloudTrail/[^/]+/[0-9]{4}/[0-9]{2}/[0-9]{2}/')
    AND nullif(regexp_extract(filename, '/CloudTrail/[^/]+/([0-9]{4}/[0-9]{2}/[0-9]{2})/', 1), '') >= '2026/10/01'
    AND nullif(regexp_extract(filename, '/CloudTrail/[^/]+/([0-9]{4}/[0-9]{2}/[0-9]{2})/', 1), '') <= '2026/10/03'
),
events AS (
  SELECT
    coalesce(trail2tsv_text(record, '$.eventTime'), trail2tsv_text(record, '$.timeWindow.windowStart')) AS "eventTime",
    coalesce(trail2tsv_text(record, '$.eventID'), trail2tsv_text(record, '$.eventId')) AS "eventID",
    file AS file
  FROM records
  WHERE (json_exists(record, '$.eventVersion') OR json_exists(record, '$.eventTime') OR json_exists(record, '$.eventID'))
    AND NOT coalesce(CASE WHEN regexp_matches(record ->> '$.eventSource', '\Aaws:[a-z0-9]+\z')
      THEN json_type(json_extract(record, substr(record ->> '$.eventSource', 5))) = 'OBJECT' END, FALSE)
)
SELECT
  count(DISTINCT nullif("eventID", '')) + count(CASE WHEN coalesce("eventID", '') = '' THEN 1 END) AS events
FROM events
WHERE coalesce(TRY_CAST("eventTime" AS TIMESTAMP) >= TIMESTAMP '2026-10-01 00:00:00', TRUE)
  AND coalesce(TRY_CAST("eventTime" AS TIMESTAMP) < TIMESTAMP '2026-10-02 00:00:00', TRUE);
