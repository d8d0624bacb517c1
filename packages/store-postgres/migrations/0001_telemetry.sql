-- The write side of telemetry. Conventions, kept by every table:
-- * day: UTC day a record belongs to: its own time if plausible for the message, else its observed
--   time, else the day of acceptance. Telemetry is partitioned by it; retention drops partitions.
-- * minute: minute of acceptance, floor(ms since the epoch / 60000). message_id: message_applied.
-- * unsigned 64-bit numbers are kept in bigint by two's complement: from 2^63 on they are negative.
-- * text and json hold U+0000 as U+E000 '0', and U+E000 as U+E000 'E' (PostgreSQL has no U+0000).
-- * attributes are json, not jsonb: the text keeps order, repeated keys and every number exactly.
-- * ids of traces and spans are bytea, empty when absent.

CREATE TABLE tenant (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE
);

-- Dimensions are found by hash and never change; seen_day lets retention remove them.
CREATE TABLE resource (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id integer NOT NULL,
  hash uuid NOT NULL,
  seen_day date NOT NULL,
  service text NOT NULL,
  attributes json NOT NULL,
  dropped_attributes_count bigint NOT NULL,
  schema_url text NOT NULL,
  UNIQUE (tenant_id, hash)
);

CREATE TABLE scope (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id integer NOT NULL,
  hash uuid NOT NULL,
  seen_day date NOT NULL,
  name text NOT NULL,
  version text NOT NULL,
  attributes json NOT NULL,
  dropped_attributes_count bigint NOT NULL,
  schema_url text NOT NULL,
  UNIQUE (tenant_id, hash)
);

-- hash covers all columns, series_key only what makes a series: a new description is a new row.
CREATE TABLE metric_series (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id integer NOT NULL,
  hash uuid NOT NULL,
  seen_day date NOT NULL,
  series_key uuid NOT NULL,
  name text NOT NULL,
  description text NOT NULL,
  unit text NOT NULL,
  type text NOT NULL,
  temporality integer NOT NULL,
  monotonic boolean NOT NULL,
  metadata json NOT NULL,
  attributes json NOT NULL,
  UNIQUE (tenant_id, hash)
);

-- One row per message of the broker, written in the transaction of its rows.
CREATE TABLE message_applied (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  gateway text NOT NULL,
  epoch bigint NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  sequence bigint NOT NULL,
  tenant_id integer NOT NULL,
  signal text NOT NULL,
  received_ms bigint NOT NULL,
  minute integer NOT NULL,
  position bigint NOT NULL,
  records integer NOT NULL,
  stored integer NOT NULL,
  duplicates integer NOT NULL,
  dead_lettered integer NOT NULL,
  is_foreign boolean NOT NULL,
  UNIQUE (gateway, epoch, topic, partition, sequence)
);
CREATE INDEX message_applied_minute ON message_applied (minute, id);

-- Records that the database refused: a redelivered message gives the same dead letters again.
CREATE TABLE message_rejected (
  message_id bigint NOT NULL,
  record_index integer NOT NULL,
  reason text NOT NULL,
  PRIMARY KEY (message_id, record_index)
);

CREATE TABLE consumer_position (
  topic text NOT NULL,
  partition integer NOT NULL,
  next_position bigint NOT NULL,
  PRIMARY KEY (topic, partition)
);

CREATE TABLE retired_count (
  tenant_id integer NOT NULL,
  signal text NOT NULL,
  minute integer NOT NULL,
  records bigint NOT NULL,
  PRIMARY KEY (minute, tenant_id, signal)
);

CREATE TABLE ledger_note (
  gateway text NOT NULL,
  epoch bigint NOT NULL,
  note bigint NOT NULL,
  last_minute integer NOT NULL,
  PRIMARY KEY (gateway, epoch, note)
);

CREATE TABLE ledger_noted_message (
  gateway text NOT NULL,
  epoch bigint NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  sequence bigint NOT NULL,
  position bigint,
  tenant_id integer NOT NULL,
  signal text NOT NULL,
  minute integer NOT NULL,
  records integer NOT NULL,
  PRIMARY KEY (gateway, epoch, topic, partition, sequence)
);
CREATE INDEX ledger_noted_message_minute ON ledger_noted_message (minute);

CREATE TABLE ledger_refused (
  tenant_id integer NOT NULL,
  signal text NOT NULL,
  minute integer NOT NULL,
  records bigint NOT NULL,
  PRIMARY KEY (minute, tenant_id, signal)
);

CREATE TABLE span (
  day date NOT NULL,
  key uuid NOT NULL,
  tenant_id integer NOT NULL,
  minute integer NOT NULL,
  message_id bigint NOT NULL,
  position bigint NOT NULL,
  record_index integer NOT NULL,
  resource_id bigint NOT NULL,
  scope_id bigint NOT NULL,
  trace_id bytea NOT NULL,
  span_id bytea NOT NULL,
  parent_span_id bytea NOT NULL,
  trace_state text NOT NULL,
  flags bigint NOT NULL,
  name text NOT NULL,
  kind integer NOT NULL,
  start_time_unix_nano bigint NOT NULL,
  end_time_unix_nano bigint NOT NULL,
  attributes json NOT NULL,
  dropped_attributes_count bigint NOT NULL,
  dropped_events_count bigint NOT NULL,
  dropped_links_count bigint NOT NULL,
  status_code integer NOT NULL,
  status_message text NOT NULL,
  PRIMARY KEY (day, key)
) PARTITION BY RANGE (day);
CREATE INDEX span_message ON span (minute, message_id);

CREATE TABLE span_event (
  day date NOT NULL,
  minute integer NOT NULL,
  message_id bigint NOT NULL,
  span_key uuid NOT NULL,
  ordinal integer NOT NULL,
  time_unix_nano bigint NOT NULL,
  name text NOT NULL,
  attributes json NOT NULL,
  dropped_attributes_count bigint NOT NULL
) PARTITION BY RANGE (day);
CREATE INDEX span_event_message ON span_event (minute, message_id);

CREATE TABLE span_link (
  day date NOT NULL,
  minute integer NOT NULL,
  message_id bigint NOT NULL,
  span_key uuid NOT NULL,
  ordinal integer NOT NULL,
  trace_id bytea NOT NULL,
  span_id bytea NOT NULL,
  trace_state text NOT NULL,
  flags bigint NOT NULL,
  attributes json NOT NULL,
  dropped_attributes_count bigint NOT NULL
) PARTITION BY RANGE (day);
CREATE INDEX span_link_message ON span_link (minute, message_id);

CREATE TABLE log_record (
  day date NOT NULL,
  key uuid NOT NULL,
  tenant_id integer NOT NULL,
  minute integer NOT NULL,
  message_id bigint NOT NULL,
  position bigint NOT NULL,
  record_index integer NOT NULL,
  resource_id bigint NOT NULL,
  scope_id bigint NOT NULL,
  time_unix_nano bigint NOT NULL,
  observed_time_unix_nano bigint NOT NULL,
  severity_number integer NOT NULL,
  severity_text text NOT NULL,
  body json,
  attributes json NOT NULL,
  dropped_attributes_count bigint NOT NULL,
  flags bigint NOT NULL,
  trace_id bytea NOT NULL,
  span_id bytea NOT NULL,
  event_name text NOT NULL,
  PRIMARY KEY (day, key)
) PARTITION BY RANGE (day);
CREATE INDEX log_record_message ON log_record (minute, message_id);

CREATE TABLE metric_point (
  day date NOT NULL,
  key uuid NOT NULL,
  tenant_id integer NOT NULL,
  minute integer NOT NULL,
  message_id bigint NOT NULL,
  position bigint NOT NULL,
  record_index integer NOT NULL,
  resource_id bigint NOT NULL,
  scope_id bigint NOT NULL,
  series_id bigint NOT NULL,
  start_time_unix_nano bigint NOT NULL,
  time_unix_nano bigint NOT NULL,
  flags bigint NOT NULL,
  value_int bigint,
  value_double double precision,
  count bigint,
  sum double precision,
  min double precision,
  max double precision,
  bucket_counts bigint[],
  explicit_bounds double precision[],
  scale integer,
  zero_count bigint,
  zero_threshold double precision,
  positive_offset integer,
  positive_counts bigint[],
  negative_offset integer,
  negative_counts bigint[],
  quantiles double precision[],
  quantile_values double precision[],
  PRIMARY KEY (day, key)
) PARTITION BY RANGE (day);
CREATE INDEX metric_point_message ON metric_point (minute, message_id);

CREATE TABLE exemplar (
  day date NOT NULL,
  minute integer NOT NULL,
  message_id bigint NOT NULL,
  point_key uuid NOT NULL,
  ordinal integer NOT NULL,
  time_unix_nano bigint NOT NULL,
  value_int bigint,
  value_double double precision,
  span_id bytea NOT NULL,
  trace_id bytea NOT NULL,
  filtered_attributes json NOT NULL
) PARTITION BY RANGE (day);
CREATE INDEX exemplar_message ON exemplar (minute, message_id);
