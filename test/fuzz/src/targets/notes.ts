import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ledgerTopic } from '@spillway/broker';
import { parseNote } from '@spillway/ledger';
import { createPostgresStore } from '@spillway/store-postgres';
import { mutateJson } from '../mutate/json.ts';
import type { Target } from '../target.ts';

const count = { tenant: 'shop', signal: 'logs', minute: 29_406_666, records: 3 };
const note = {
  gateway: 'gw-1',
  epoch: 7,
  note: 1,
  sentMs: 1_764_400_000_000,
  messages: [{ topic: 'otlp_logs', partition: 0, sequence: 1, position: 4, ...count }],
  refused: [count],
  spill: { spill: 'a', revision: 1, atMs: 1_764_400_000_000, waiting: [] },
};
let position = 0;

/** A gateway's note as another program may have written it: kept, or skipped; never in the way. */
export async function notes(): Promise<Target> {
  const dir = mkdtempSync(join(tmpdir(), 'spillway-fuzz-notes-'));
  const store = createPostgresStore({ dir, retentionMs: 7 * 86_400_000 });
  await store.start();
  return {
    name: 'notes',
    seeds: [Buffer.from(JSON.stringify(note)), Buffer.from('{}')],
    mutators: [mutateJson],
    dictionary: ['"gateway"', '"epoch"', '"messages"', '\\u0000', '9007199254740991', '-1'],
    bytesMax: 4 * 1024,
    async run(input) {
      const parsed = parseNote({ value: input });
      if (!parsed) return 'skipped';
      await store.applyNotes([parsed], { topic: ledgerTopic, partition: 0, position: ++position });
      return 'kept';
    },
    close: () => store.stop(),
  };
}
