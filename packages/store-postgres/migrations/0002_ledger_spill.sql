-- A message may be noted twice, spilled and then drained; null: noted before this was kept.
ALTER TABLE ledger_noted_message ADD COLUMN noted_minute integer;

-- What waits in a spill folder, as told with the highest revision. waiting: ranges of sequences.
CREATE TABLE ledger_spill (
  spill text PRIMARY KEY,
  revision bigint NOT NULL,
  at_ms bigint NOT NULL,
  gateway text NOT NULL,
  epoch bigint NOT NULL,
  waiting text NOT NULL
);

-- A last_minute of -1 marks the last note that retention took: those before it are not missing.
INSERT INTO ledger_note (gateway, epoch, note, last_minute)
  SELECT gateway, epoch, min(note) - 1, -1 FROM ledger_note
  GROUP BY gateway, epoch HAVING min(note) > 1;
