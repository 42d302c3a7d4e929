-- The lines of the access log in ClickHouse: a column for each field of a line (docs/access-log.md).
-- People and devices are numbers of the day; no name comes here. Lines are dropped after a year: say here what your
-- school's retention says.
CREATE DATABASE IF NOT EXISTS belisha;

CREATE TABLE IF NOT EXISTS belisha.lines
(
    at                  DateTime64(3, 'UTC'),
    phase               LowCardinality(String),
    group               LowCardinality(Nullable(String)),
    person              Nullable(UInt32),
    attribution         LowCardinality(String),
    address             String,
    device              Nullable(UInt32),
    place               LowCardinality(Nullable(String)),
    method              LowCardinality(String),
    scheme              LowCardinality(String),
    host                String,
    port                UInt16,
    path                String,
    query               String,
    observed            LowCardinality(String),
    note                LowCardinality(String),
    status              UInt16,
    profile             LowCardinality(String),
    categories          Array(LowCardinality(String)),
    rules               Array(Tuple(source String, list String, entry String)),
    ruleset             LowCardinality(String),
    bytes               UInt64,
    duration_ms         UInt32,
    navigation          LowCardinality(String),
    replayed_verdict    LowCardinality(Nullable(String)),
    replayed_profile    LowCardinality(Nullable(String)),
    replayed_categories Array(LowCardinality(String)),
    replayed_rules      Array(Tuple(source String, list String, entry String)),
    replayed_ruleset    LowCardinality(Nullable(String))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (at, host)
TTL toDateTime(at) + INTERVAL 1 YEAR;
