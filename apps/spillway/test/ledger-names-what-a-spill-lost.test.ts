import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stampHeaders } from '@spillway/broker';
import { type LedgerNote, minuteOf, type NotedMessage } from '@spillway/ledger';
import { openSpill, type Spill } from '@spillway/spill';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { auditLedger } from '../src/audit/audit-ledger.ts';
import type { AuditSources } from '../src/audit/audit-sources.ts';
import { auditNeeds, auditSources, auditUses } from '../src/modules/audit.ts';
import { topicsModule } from '../src/modules/process/topics.ts';
import { brokerModule } from '../src/modules/servers/broker.ts';
import { writeStoreModule } from '../src/modules/servers/write-store.ts';
import type { Given } from '../src/registry/module.ts';
import { type MadeParts, make } from './support/made.ts';

const needs = { broker: brokerModule, writeStore: writeStoreModule };

const place = { topic: 'otlp_logs', partition: 0 };
const sequences = [1, 2, 3, 4, 5, 6];

const bytesMax = 4 * 1_048_576;

let dir: string;
let made: MadeParts;
let parts: Given<typeof needs, Record<never, never>>;
let sources: AuditSources;
let notes: number;
let receivedMs: number;
let minute: number;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledger-spill-'));
  notes = 0;
  // Not before the store was made: what was noted then is not missed.
  receivedMs = Date.now();
  minute = minuteOf(receivedMs);
  made = await make(dir, { ...auditNeeds, ...needs, topics: topicsModule });
  parts = made.assembly.given(needs, {});
  sources = auditSources(made.context, made.assembly.given(auditNeeds, auditUses));
  await made.stack.start();
}, 60_000);

afterEach(async () => {
  await made.stack.stop();
  rmSync(dir, { recursive: true });
});

it('a message in a spill is spilled; one whose segment is gone is a hole with its name', async () => {
  const spillDir = join(dir, 'volume');
  const open = (gateway: string) =>
    openSpill({ dir: spillDir, gateway, bytesMax: 1e6, segmentBytes: 1_500 });
  const first = await open('gw-1');
  for (const sequence of sequences) await first.append([message(sequence)]);
  await tell(first, { gateway: 'gw-1', messages: sequences.map(noted) });
  await first.close();
  const before = await auditLedger(sources, { bytesMax });
  expect(before.totals).toMatchObject({ accepted: 18, spilled: 18, unaccounted: 0 });
  expect(before.spills).toMatchObject([{ lastGateway: 'gw-1', messages: 6, records: 18 }]);

  const [segment] = segmentsIn(spillDir);
  rmSync(segment as string);
  const next = await open('gw-2');
  await tell(next, { gateway: 'gw-2', messages: [] });
  const left = new Set(next.inventory().waiting.flatMap(({ from, to }) => numbers(from, to)));
  await next.close();
  const lost = sequences.filter((sequence) => !left.has(sequence));
  expect(lost.length).toBeGreaterThan(0);
  expect(left.size).toBeGreaterThan(0);
  const after = await auditLedger(sources, { bytesMax, tenant: 'acme' });
  const waiting = 3 * left.size;
  expect(after.totals).toMatchObject({ spilled: waiting, unaccounted: 2 * 3 * lost.length });
  const named = { gateway: 'gw-1', epoch: 7, ...place, tenant: 'acme', minute, records: 3 };
  expect(after.holes.filter(({ sink }) => sink === 'writer')).toMatchObject(
    lost.map((sequence) => ({ ...named, sequence })),
  );
  expect(after.spills).toMatchObject([{ lastGateway: 'gw-2', messages: left.size }]);
}, 120_000);

it('one that was drained is not in its spill any more, whatever that was last told', async () => {
  const spill = await openSpill({ dir: join(dir, 'volume'), gateway: 'gw-1', bytesMax: 1e6 });
  await spill.append([message(1), message(2)]);
  await tell(spill, { gateway: 'gw-1', messages: [noted(1), noted(2)] });
  await spill.close();
  await parts.broker.publish([message(1)]);
  const stale = await auditLedger(sources, { bytesMax });
  expect(stale.totals).toMatchObject({ waiting: 0, spilled: 6, unaccounted: 0 });
  const subscription = await parts.broker.subscribe({ group: 'writer', topics: [place.topic] });
  await subscription.close();
  const seen = await auditLedger(sources, { bytesMax });
  expect(seen.totals).toMatchObject({ waiting: 3, spilled: 3 });
  await applyNote({ gateway: 'gw-2', messages: [{ ...noted(2), ...former, position: 9 }] });
  const drained = await auditLedger(sources, { bytesMax });
  expect(drained.holes.map(({ sequence, sink }) => [sequence, sink])).toContainEqual([2, 'writer']);
}, 120_000);

it('a note that never came is named, and what it said is known where it was seen', async () => {
  await parts.broker.publish([message(1)]);
  const subscription = await parts.broker.subscribe({ group: 'writer', topics: [place.topic] });
  await subscription.close();
  notes = 1;
  await applyNote({ gateway: 'gw-1', messages: [] });
  const report = await auditLedger(sources, { bytesMax });
  expect(report.totals.accepted).toBe(3);
  expect(report.missingNotes).toMatchObject([{ gateway: 'gw-1', epoch: 7, from: 1, to: 1 }]);
}, 120_000);

const former = { gateway: 'gw-1', epoch: 7 };

function message(sequence: number) {
  const stamp = { ...former, sequence, tenant: 'acme', records: 3, receivedMs };
  const value = [Buffer.from('x'.repeat(400))];
  return { ...place, key: 'acme', headers: stampHeaders(stamp), value };
}

function noted(sequence: number): NotedMessage {
  const of = { ...place, sequence, position: undefined };
  return { ...of, tenant: 'acme', signal: 'logs', minute, records: 3 };
}

type Told = Pick<LedgerNote, 'gateway' | 'messages' | 'spill'>;

async function tell(spill: Spill, told: Told): Promise<void> {
  const { revision, waiting } = spill.inventory();
  await applyNote({ ...told, spill: { spill: spill.id, revision, atMs: receivedMs, waiting } });
}

async function applyNote(told: Told): Promise<void> {
  notes += 1;
  const refused = [{ tenant: 'acme', signal: 'logs' as const, minute: minute + 1, records: 1 }];
  await parts.writeStore.applyNotes([{ epoch: 7, note: notes, refused, ...told }]);
}

function segmentsIn(folder: string): string[] {
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const segments = found.filter((name) => name.endsWith('.log') && name.includes('messages'));
  return segments.sort().map((name) => join(folder, name));
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, n) => from + n);
}
