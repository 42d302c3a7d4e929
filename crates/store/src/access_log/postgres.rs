//! What the access log keeps in PostgreSQL.
//!
//! `records` has a partition for each day of each school. `COPY` does not go into tables with row-level security, so a
//! partition has none: it belongs to the administrator, and the login of that one school alone may read it and add to
//! it, rows of that school and day alone, which the bounds of the partition see to. Whoever asks the whole table is shown
//! his own school by row-level security. A partition that is removed leaves nothing behind for a vacuum to find.

/// Made by the administrator, once.
///
/// `meanings` has what comes again and again, as JSON: an asker, an answer or a reason of a day. `batches` has a
/// checksum over the records of a batch as they were given. `names` are sealed under a table key, and `keys` are sealed
/// to those who may look people up. NUL, which PostgreSQL's texts cannot hold, is written as U+10FFFF and a 0, and
/// U+10FFFF as U+10FFFF and a 1.
pub(crate) const SCHEMA: &str = r#"
CREATE SCHEMA belisha_access;
GRANT USAGE ON SCHEMA belisha_access TO belisha_app;

-- at: milliseconds since the day began in UTC. Ids have no gaps and are the order of writing.
CREATE TABLE belisha_access.records (
  school int NOT NULL, day date NOT NULL, id bigint NOT NULL, at int NOT NULL, asker int NOT NULL, answer int NOT NULL,
  reason int NOT NULL, bytes bigint NOT NULL, duration_ms bigint NOT NULL, host text NOT NULL, path text NOT NULL,
  query text NOT NULL
) PARTITION BY RANGE (day, school);
-- What a writer keeps in mind of a day holds as long as the day was begun when he thinks.
CREATE TABLE belisha_access.days (
  school int NOT NULL DEFAULT belisha.my_school(), day date NOT NULL, begun bigint NOT NULL, PRIMARY KEY (school, day)
);
CREATE TABLE belisha_access.batches (
  school int NOT NULL DEFAULT belisha.my_school(), day date NOT NULL, last bigint NOT NULL, first bigint NOT NULL,
  checksum bigint NOT NULL, PRIMARY KEY (school, day, last)
);
-- kind: 1 an asker, 2 an answer, 3 a reason; 4 that an import was taken in, by its name.
CREATE TABLE belisha_access.meanings (
  school int NOT NULL DEFAULT belisha.my_school(), day date NOT NULL, kind smallint NOT NULL, id int NOT NULL,
  value text NOT NULL, PRIMARY KEY (school, day, kind, id)
);
CREATE INDEX meanings_by_value ON belisha_access.meanings (school, day, kind, md5(value));
CREATE TABLE belisha_access.keys (
  school int NOT NULL DEFAULT belisha.my_school(), day date NOT NULL, id bigint NOT NULL, sealed bytea NOT NULL,
  PRIMARY KEY (school, day, id)
);
-- kind: 1 a person, 2 a device. The numbers are random.
CREATE TABLE belisha_access.names (
  school int NOT NULL DEFAULT belisha.my_school(), day date NOT NULL, number bigint NOT NULL, kind smallint NOT NULL,
  key bigint NOT NULL, sealed bytea NOT NULL, PRIMARY KEY (school, day, number)
);

ALTER TABLE belisha_access.records ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE belisha_access.days ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE belisha_access.batches ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE belisha_access.meanings ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE belisha_access.keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE belisha_access.names ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY mine ON belisha_access.records USING (school = (SELECT belisha.my_school()));
CREATE POLICY mine ON belisha_access.days USING (school = (SELECT belisha.my_school()));
CREATE POLICY mine ON belisha_access.batches USING (school = (SELECT belisha.my_school()));
CREATE POLICY mine ON belisha_access.meanings USING (school = (SELECT belisha.my_school()));
CREATE POLICY mine ON belisha_access.keys USING (school = (SELECT belisha.my_school()));
CREATE POLICY mine ON belisha_access.names USING (school = (SELECT belisha.my_school()));
-- Nobody changes a record, and days are removed whole, by the function below.
GRANT SELECT ON belisha_access.records TO belisha_app;
GRANT SELECT, INSERT ON belisha_access.days, belisha_access.batches, belisha_access.meanings,
  belisha_access.keys, belisha_access.names TO belisha_app;

-- Makes the partition of a day for the school that asks. It is made apart and then attached, which waits for nobody who
-- reads or writes.
CREATE FUNCTION belisha_access.open_day(wanted date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  mine int := belisha.my_school();
  leaf text := format('records_%s_%s', to_char(wanted, 'YYYYMMDD'), mine);
BEGIN
  IF mine IS NULL OR wanted NOT BETWEEN date '1970-01-01' AND date '2999-12-31' THEN
    RAISE EXCEPTION 'no partition for this login or this day';
  END IF;
  IF to_regclass('belisha_access.' || leaf) IS NOT NULL THEN
    RETURN;
  END IF;
  EXECUTE format('CREATE TABLE belisha_access.%I (LIKE belisha_access.records, PRIMARY KEY (id))', leaf);
  EXECUTE format('ALTER TABLE belisha_access.%I ALTER school SET DEFAULT %s, ALTER day SET DEFAULT %L',
    leaf, mine, wanted);
  EXECUTE format('GRANT SELECT, INSERT ON belisha_access.%I TO %I', leaf, session_user);
  EXECUTE format(
    'ALTER TABLE belisha_access.records ATTACH PARTITION belisha_access.%I FOR VALUES FROM (%L, %s) TO (%L, %s)',
    leaf, wanted, mine, wanted, mine + 1);
END $$;

-- Removes a day of the school that asks. Its rows go at once; the empty partition stays where somebody holds the whole
-- table, and is used again or goes the next time.
CREATE FUNCTION belisha_access.remove_day(unwanted date) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
  mine int := belisha.my_school();
  leaf text := format('records_%s_%s', to_char(unwanted, 'YYYYMMDD'), mine);
  found_any boolean;
BEGIN
  -- The lock of those who append.
  PERFORM pg_advisory_xact_lock(1090519040 + (unwanted - date '1970-01-01'), mine);
  DELETE FROM belisha_access.days WHERE school = mine AND day = unwanted;
  found_any := FOUND;
  DELETE FROM belisha_access.batches WHERE school = mine AND day = unwanted;
  DELETE FROM belisha_access.meanings WHERE school = mine AND day = unwanted;
  DELETE FROM belisha_access.names WHERE school = mine AND day = unwanted;
  DELETE FROM belisha_access.keys WHERE school = mine AND day = unwanted;
  IF to_regclass('belisha_access.' || leaf) IS NOT NULL THEN
    EXECUTE format('TRUNCATE belisha_access.%I', leaf);
    BEGIN
      EXECUTE format('DROP TABLE belisha_access.%I', leaf);
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
      NULL;
    END;
  END IF;
  RETURN found_any;
END $$;
REVOKE ALL ON FUNCTION belisha_access.open_day(date), belisha_access.remove_day(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION belisha_access.open_day(date), belisha_access.remove_day(date) TO belisha_app;

-- For people with psql. It shows each login what row-level security shows it.
CREATE VIEW belisha_access.lines WITH (security_invoker = true) AS
SELECT (r.day + r.at * interval '1 millisecond') AT TIME ZONE 'UTC' AS time,
  a.value ->> 'group' AS "group", nullif((a.value ->> 'person')::bigint, 0) AS person,
  a.value ->> 'attribution' AS attribution, a.value ->> 'address' AS address,
  nullif((a.value ->> 'device')::bigint, 0) AS device, a.value ->> 'place' AS place, w.value ->> 'method' AS method,
  CASE WHEN r.host = '' THEN '' ELSE (w.value ->> 'scheme') || '://' ||
    CASE WHEN strpos(r.host, ':') > 0 THEN '[' || r.host || ']' ELSE r.host END ||
    CASE (w.value ->> 'scheme') || (w.value ->> 'port') WHEN 'http80' THEN '' WHEN 'https443' THEN ''
      ELSE coalesce(':' || nullif(w.value ->> 'port', '0'), '') END END
    || r.path || CASE r.query WHEN '' THEN '' ELSE '?' || r.query END AS url,
  w.value ->> 'observed' AS observed, w.value ->> 'note' AS note, (w.value ->> 'status')::int AS status,
  w.value ->> 'profile' AS profile, c.value -> 'categories' AS categories, c.value -> 'rules' AS rules, r.bytes,
  r.duration_ms, w.value ->> 'navigation' AS navigation, w.value ->> 'phase' AS phase,
  w.value -> 'replayed' ->> 'verdict' AS replayed, r.day, r.id
FROM belisha_access.records r
  CROSS JOIN LATERAL (SELECT value::json FROM belisha_access.meanings m
    WHERE m.school = r.school AND m.day = r.day AND m.kind = 1 AND m.id = r.asker) a
  CROSS JOIN LATERAL (SELECT value::json FROM belisha_access.meanings m
    WHERE m.school = r.school AND m.day = r.day AND m.kind = 2 AND m.id = r.answer) w
  CROSS JOIN LATERAL (SELECT value::json FROM belisha_access.meanings m
    WHERE m.school = r.school AND m.day = r.day AND m.kind = 3 AND m.id = r.reason) c;
GRANT SELECT ON belisha_access.lines TO belisha_app;
"#;
