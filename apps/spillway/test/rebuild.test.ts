import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stampHeaders, topicOf } from '@spillway/broker';
import { jsonToProtobuf } from '@spillway/otlp';
import { logsBody } from '@spillway/test-support';
import { until } from '@spillway/test-support/until';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { auditLedger } from '../src/audit/audit-ledger.ts';
import { auditNeeds, auditSources, auditUses } from '../src/modules/audit.ts';
import { dataFolderModule } from '../src/modules/process/data-folder.ts';
import { consumers } from '../src/modules/roles/consumer.ts';
import { brokerModule } from '../src/modules/servers/broker.ts';
import { searchStoreModule } from '../src/modules/servers/search-store.ts';
import { writeStoreModule } from '../src/modules/servers/write-store.ts';
import { rebuildSearch } from '../src/rebuild/rebuild.ts';
import type { Given } from '../src/registry/module.ts';
import { type MadeParts, make } from './support/made.ts';

const context = { abort: new AbortController().signal, progress: () => {} };
const needs = {
  folder: dataFolderModule,
  broker: brokerModule,
  writeStore: writeStoreModule,
  search: searchStoreModule,
  consumers,
};

const bytesMax = 4 * 1_048_576;

let dir: string;
let made: MadeParts;
let parts: Given<typeof needs, Record<never, never>>;
let sequence: number;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'rebuild-'));
  sequence = 0;
  made = await make(dir, { ...auditNeeds, ...needs });
  parts = made.assembly.given(needs, {});
  await made.stack.start();
}, 60_000);

afterEach(async () => {
  await made.stack.stop();
  rmSync(dir, { recursive: true });
});

/** As the gateway does. */
async function publish(bodies: readonly string[], receivedMs = Date.now()): Promise<void> {
  const value = jsonToProtobuf('logs', Buffer.from(logsBody('shop', bodies)));
  sequence += 1;
  const stamp = { gateway: 'gw', epoch: 1, sequence, tenant: 'default', receivedMs };
  const headers = stampHeaders({ ...stamp, records: bodies.length });
  const place = { topic: topicOf.logs, partition: 0, key: 'default/0' };
  const [outcome] = await parts.broker.publish([{ ...place, value: [value], headers }]);
  expect(outcome?.status).toBe('durable');
}

async function caughtUp(...groups: string[]): Promise<void> {
  for (const group of groups) {
    const waiting = async () => (await parts.broker.lag(group)).some(({ messages }) => messages);
    await until(async () => !(await waiting()));
  }
}

/** Both stores have everything, and the account adds up. */
async function expectWhole(records: number): Promise<void> {
  await caughtUp('writer', 'search');
  const sources = auditSources(made.context, made.assembly.given(auditNeeds, auditUses));
  const { totals, differences } = await auditLedger(sources, { bytesMax });
  expect(differences).toEqual([]);
  expect(totals).toMatchObject({ accepted: records, unaccounted: 0 });
}

it('keeps the account of duplicates', async () => {
  const twice = logsBody('shop', ['one', 'two']);
  const value = [jsonToProtobuf('logs', Buffer.from(twice))];
  for (const epoch of [1, 2]) {
    const stamp = { gateway: 'gw', epoch, sequence: 1, tenant: 'default', receivedMs: Date.now() };
    const headers = stampHeaders({ ...stamp, records: 2 });
    await parts.broker.publish([
      { topic: topicOf.logs, partition: 0, key: 'default/0', value, headers },
    ]);
  }
  await caughtUp('writer', 'search');
  await rebuildSearch(parts, context);
  await expectWhole(4);
}, 30_000);

it('keeps the account of what retention dropped', async () => {
  await publish(['one', 'two']);
  await caughtUp('writer', 'search');
  expect(await parts.writeStore.retain(Date.now() + 86_400_000)).toBe(2);
  await rebuildSearch(parts, context);
  await expectWhole(2);
}, 30_000);

it('leaves to the log what is applied to a minute that was read already', async () => {
  await publish(['before']);
  await caughtUp('writer', 'search');
  const { writeStore } = parts;
  const racing = new Proxy(writeStore, {
    get: (target, name) => {
      const member = target[name as keyof typeof target];
      if (name !== 'readBack') return typeof member === 'function' ? member.bind(target) : member;
      return async function* (range: Parameters<typeof target.readBack>[0]) {
        const passed = sequence + 1;
        if (range.signal === 'logs') {
          await publish(['late'], Date.now() - 120_000);
          await publish(['next']);
          await caughtUp('writer', 'search');
        }
        for await (const message of target.readBack(range)) {
          if (message.applied.id.sequence !== passed) yield message;
        }
      };
    },
  });
  await rebuildSearch({ ...parts, writeStore: racing }, context);
  await expectWhole(3);
}, 30_000);

it('is done by one at a time', async () => {
  const first = rebuildSearch(parts, context);
  await expect(rebuildSearch(parts, context)).rejects.toThrow('being rebuilt already');
  await first;
}, 30_000);
