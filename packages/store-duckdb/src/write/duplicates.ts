import type { DuckDBConnection } from '@duckdb/node-api';
import type { Signal, TelemetryRecord } from '@spillway/otlp';
import { type DecodedMessage, duplicate, type RecordOutcome } from '@spillway/store';
import type { PlacedInTime } from '@spillway/store/search';
import { Parameters } from '../read/parameters.ts';
import { stagedKeyColumns, tableOf } from '../schema.ts';
import { fromHex } from './hex.ts';
import { TableRows } from './table-rows.ts';

/** A retry of an undated record is placed at its own time of acceptance: look this far around. */
const undatedRetryMs = 86_400_000;

/** A record on its way into the store; its outcome goes to `outcomes[slot]`. */
export interface Candidate {
  message: DecodedMessage;
  record: TelemetryRecord;
  placed: PlacedInTime;
  outcomes: RecordOutcome[];
  slot: number;
}

/**
 * The candidates, all of one signal, without those whose key is stored or came earlier in the
 * batch: these are marked `duplicate`, save for rows of the message itself, which an earlier
 * attempt at it left there in pieces. Equal records have equal times, so only the rows around the
 * batch's times are looked at.
 */
export async function dropDuplicates(
  connection: DuckDBConnection,
  signal: Signal,
  candidates: readonly Candidate[],
): Promise<Candidate[]> {
  if (candidates.length === 0) return [];
  const unlike = firstOfEach(candidates);
  const stored = await findStored(connection, signal, unlike);
  return unlike.filter((candidate, row) => {
    const owner = stored.get(row);
    if (owner === undefined) return true;
    return owner === ownerName(candidate.message) ? false : isDuplicate(candidate);
  });
}

function firstOfEach(candidates: readonly Candidate[]): Candidate[] {
  const keys = new Set<string>();
  return candidates.filter((candidate) => {
    const { key } = candidate.record;
    if (keys.has(key)) return isDuplicate(candidate);
    keys.add(key);
    return true;
  });
}

function isDuplicate(candidate: Candidate): false {
  candidate.outcomes[candidate.slot] = duplicate;
  return false;
}

function ownerName({ envelope, position }: DecodedMessage): string {
  return `${envelope.id.partition}/${position}`;
}

/** Whose rows the keys of the candidates, by index, are in the table. */
async function findStored(
  connection: DuckDBConnection,
  signal: Signal,
  candidates: readonly Candidate[],
): Promise<Map<number, string>> {
  const staged = new TableRows(stagedKeyColumns);
  let fromMs = Number.POSITIVE_INFINITY;
  let toMs = 0;
  for (const [row, { record, placed }] of candidates.entries()) {
    staged.add({ row, key: fromHex(record.key) });
    const reachMs = placed.undated ? undatedRetryMs : 0;
    fromMs = Math.min(fromMs, placed.timeMs - reachMs);
    toMs = Math.max(toMs, placed.timeMs + reachMs);
  }
  await staged.appendTo(connection, 'staged_key', 'temp');
  const parameters = new Parameters();
  const found = await parameters.rows(
    connection,
    `SELECT staged.row, t."partition" || '/' || t.position AS owner
     FROM temp.staged_key staged JOIN ${tableOf[signal]} t ON t.key = staged.key
     WHERE t.time_ms BETWEEN ${parameters.bind(fromMs)} AND ${parameters.bind(toMs)}`,
  );
  await connection.run('DELETE FROM temp.staged_key');
  return new Map(found.map(({ row, owner }) => [row as number, owner as string]));
}
