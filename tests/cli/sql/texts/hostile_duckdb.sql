-- Not exact: requestParameters.a` b: nested JSON and numbers are written by the engine, so they can differ in escapes and digits.
CREATE OR REPLACE TEMPORARY MACRO trail2tsv_text(record, path) AS
  CASE WHEN json_type(record, path) NOT IN ('OBJECT', 'ARRAY') THEN record ->> path END;

WITH records AS (
  SELECT unnest(CASE json_type(json, '$.Records') WHEN 'ARRAY' THEN json_extract(json, '$.Records[*]')
    ELSE [json] END) AS record, filename AS file
  FROM read_json_objects(['it''s.json'],
    filename = true, maximum_object_size = 268435456)
),
events AS (
  SELECT
    trail2tsv_text(record, '$.userAgent') AS "userAgent",
    coalesce(trail2tsv_text(record, '$.eventID'), trail2tsv_text(record, '$.eventId')) AS "eventID",
    (record ->> '$.requestParameters."a` b"') AS "requestParameters.a` b",
    file AS file
  FROM records
  WHERE (json_exists(record, '$.eventVersion') OR json_exists(record, '$.eventTime') OR json_exists(record, '$.eventID'))
    AND NOT coalesce(CASE WHEN regexp_matches(record ->> '$.eventSource', '\Aaws:[a-z0-9]+\z')
      THEN json_type(json_extract(record, substr(record ->> '$.eventSource', 5))) = 'OBJECT' END, FALSE)
)
SELECT
  "eventID",
  "requestParameters.a` b" AS "requestParameters.""a` b"""
FROM events
WHERE regexp_matches("userAgent", ('(?s)\A(?:[Xx]'' [Oo][Rr] 1=1; \-\-' || chr(10) || '(?:''|\\''); [Dd][Rr][Oo][Pp] ' || chr(8238) || '\$(?:[Ee][Nn][Vv]:[Hh][Oo][Mm][Ee]) "`)\z'));
