import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sink } from '@spillway/store';
import { createDuckdbSearchStore } from '@spillway/store-duckdb';
import { createPostgresStore } from '@spillway/store-postgres';
import { isStoreTrouble } from '../../../../packages/consumer/src/delivery/halving.ts';

import { mutateMessage, unpackMessage } from '../delivered.ts';
import { messageDictionary, messageSeeds } from '../seeds/message-seeds.ts';
import { handOver } from '../seeds/parts-of.ts';
import { demand, type Target } from '../target.ts';

let position = 0;

/**
 * What another program may have written, in the embedded stores: each takes it, or says in a way
 * that the consumer takes for a poisoned message; an error that reads as a store in trouble would
 * hold the group up for ever.
 */
export async function stores(): Promise<Target> {
  const dir = mkdtempSync(join(tmpdir(), 'spillway-fuzz-stores-'));
  const retentionMs = 7 * 86_400_000;
  const sinks: Sink[] = [
    createPostgresStore({ dir: join(dir, 'postgres'), retentionMs }),
    createDuckdbSearchStore({ dir: join(dir, 'search'), memoryLimitMb: 128 }),
  ];
  for (const sink of sinks) await sink.start();
  return {
    name: 'stores',
    seeds: messageSeeds,
    mutators: [mutateMessage],
    dictionary: messageDictionary,
    bytesMax: 8 * 1024,
    async run(input) {
      let worst = 'taken';
      const handed = await handOver(unpackMessage(input, position++), async (part) => {
        const results = await Promise.all(sinks.map((sink) => apply(sink, part)));
        worst = results.find((each) => each !== 'taken') ?? worst;
        return { records: part.records.map(() => ({ status: 'stored' })) };
      });
      return handed ? worst : 'for others';
    },
    async close() {
      for (const sink of sinks) await sink.stop();
    },
  };
}

async function apply(sink: Sink, message: Parameters<Sink['apply']>[0][number]): Promise<string> {
  try {
    const [outcome] = await sink.apply([message]);
    demand(outcome?.records.length === message.records.length, 'every record has its outcome');
    return 'taken';
  } catch (error) {
    if (await isTrouble(sink, error)) throw error;
    return `poison for ${sink.name}`;
  }
}

async function isTrouble(sink: Sink, error: unknown): Promise<boolean> {
  return error instanceof TypeError || isStoreTrouble(error, () => sink.health());
}
