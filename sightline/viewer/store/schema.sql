-- Version 2. A store of an earlier version is brought to it (migration.py), of a later one set aside.
-- Times of spans and logs are nanoseconds since the epoch, of samples milliseconds.
-- Ids are lower-case hex. Attribute columns are JSON text, keys as sent (dots kept).

CREATE TABLE IF NOT EXISTS meta (key VARCHAR, value VARCHAR);

CREATE TABLE IF NOT EXISTS resources (
    id BIGINT, service VARCHAR, namespace VARCHAR, environment VARCHAR, instance VARCHAR, attrs VARCHAR
);

CREATE TABLE IF NOT EXISTS spans (
    ts BIGINT, dur BIGINT, trace_id VARCHAR, span_id VARCHAR, parent_id VARCHAR,   -- parent_id '' for a root
    resource_id BIGINT, scope VARCHAR, service VARCHAR, name VARCHAR,
    kind UTINYINT, status UTINYINT, status_message VARCHAR,                       -- OTLP enum numbers
    http_route VARCHAR, http_method VARCHAR, http_status USMALLINT,               -- promoted, NULL where absent
    attrs VARCHAR, events VARCHAR, links VARCHAR                                  -- events: [{"ts", "name", "attrs"}]
                                                                                  -- links: [{"trace_id", "span_id", "attrs"}]
);

-- When the spans of a trace begin and end: where among all spans to look for it. A row for each
-- commit that brought some of its spans; together they may cover more than what is left of it.
CREATE TABLE IF NOT EXISTS traces (trace_id UUID, first_ts BIGINT, last_ts BIGINT, end_ts BIGINT);

-- Who called whom, counted in slices of ten seconds (calls.py); client '' stands for whoever asked.
-- A slice counts where it is settled; of any other the spans tell.
CREATE TABLE IF NOT EXISTS calls (
    slice BIGINT, client VARCHAR, server VARCHAR, bucket SMALLINT, calls UINTEGER, errors UINTEGER
);
CREATE TABLE IF NOT EXISTS settled (slice BIGINT);

CREATE TABLE IF NOT EXISTS logs (
    seq BIGINT, ts BIGINT, observed_ts BIGINT, severity UTINYINT, severity_text VARCHAR, level VARCHAR,
    service VARCHAR, body VARCHAR, trace_id VARCHAR, span_id VARCHAR,             -- '' where absent
    resource_id BIGINT, scope VARCHAR, attrs VARCHAR
);

-- A series is a Prometheus series: histograms stand here as their _bucket, _sum and _count.
CREATE TABLE IF NOT EXISTS series (id BIGINT, name VARCHAR, labels VARCHAR);      -- labels: JSON object, without __name__
CREATE TABLE IF NOT EXISTS points (series_id BIGINT, ts BIGINT, value DOUBLE, stale BOOLEAN);
CREATE TABLE IF NOT EXISTS exemplars (series_id BIGINT, ts BIGINT, value DOUBLE, labels VARCHAR);
CREATE TABLE IF NOT EXISTS metric_metadata (name VARCHAR, type VARCHAR, help VARCHAR, unit VARCHAR);
-- The requests of the last minutes, by digest: one that is sent again after a crash is known.
CREATE TABLE IF NOT EXISTS requests (digest VARCHAR, ts BIGINT);
