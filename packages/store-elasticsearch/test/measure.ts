/**
 * Prints what applying costs beside `_bulk` of prepared bodies: records per second, and CPU per
 * record of this process and of the server. Rounds alternate on one server.
 * Run: node packages/store-elasticsearch/test/measure.ts [records per round]
 */
import { Agent, request } from 'node:http';
import type { DecodedMessage } from '@spillway/store';
import { TestRecords } from '@spillway/store/contract';
import { documentText } from '../src/write/document.ts';
import { TestServer } from './harness.ts';

const recordsPerMessage = 100;
const messagesPerBatch = 10;
const rounds = 3;
const records = Number(process.argv[2] ?? 20_000);

interface Cost {
  recordsPerSecond: number;
  clientMicros: number;
  serverMicros: number;
}

const server = new TestServer();
await server.start();
const agent = new Agent({ keepAlive: true });
try {
  // The first round warms both up.
  const costs: Record<string, Cost[]> = { apply: [], bulk: [] };
  for (let round = 0; round <= rounds; round++) {
    const applied = await measureApply(round);
    const sent = await measureBulk(round);
    if (round === 0) continue;
    costs.apply?.push(applied);
    costs.bulk?.push(sent);
  }
  for (const [name, each] of Object.entries(costs)) console.log(name, medianOf(each));
} finally {
  agent.destroy();
  await server.remove();
}

async function measureApply(round: number): Promise<Cost> {
  const indices = server.fresh();
  const store = await indices.open();
  const all = batches(`apply-${round}`);
  const cost = await measure(async () => {
    for (const batch of all) await store.apply(batch);
  });
  await indices.remove();
  return cost;
}

async function measureBulk(round: number): Promise<Cost> {
  const indices = server.fresh();
  await indices.open();
  const index = `${indices.prefix}-g1-traces-2026.01.05`;
  const bodies = batches(`bulk-${round}`).map((batch) => bodyOf(batch, index));
  const cost = await measure(async () => {
    for (const body of bodies) await post(body);
  });
  await indices.remove();
  return cost;
}

function batches(tenant: string): DecodedMessage[][] {
  const make = new TestRecords({ tenant });
  return Array.from({ length: records / recordsPerMessage / messagesPerBatch }, () =>
    Array.from({ length: messagesPerBatch }, () =>
      make.message(Array.from({ length: recordsPerMessage }, () => make.span())),
    ),
  );
}

function bodyOf(batch: readonly DecodedMessage[], index: string): string {
  return batch
    .flatMap((message) =>
      message.records.map((record) => {
        const action = JSON.stringify({ create: { _index: index, _id: record.key } });
        const timeMs = message.envelope.receivedMs;
        const options = { timeMs, messageName: 'm', charsMax: Number.POSITIVE_INFINITY };
        return `${action}\n${documentText(message, record, options)}\n`;
      }),
    )
    .join('');
}

function post(body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const url = `${server.native.url}/_bulk?filter_path=errors`;
    const headers = { 'content-type': 'application/x-ndjson' };
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume().on('end', () => resolve());
    });
    sent.on('error', reject).end(body);
  });
}

async function measure(run: () => Promise<void>): Promise<Cost> {
  const beganMs = performance.now();
  const client = process.cpuUsage();
  const serverSeconds = server.native.server.cpuSeconds();
  await run();
  const { user, system } = process.cpuUsage(client);
  return {
    recordsPerSecond: Math.round((records * 1_000) / (performance.now() - beganMs)),
    clientMicros: Math.round((user + system) / records),
    serverMicros: Math.round(
      ((server.native.server.cpuSeconds() - serverSeconds) * 1_000_000) / records,
    ),
  };
}

/** By CPU of both. */
function medianOf(costs: readonly Cost[]): Cost | undefined {
  const total = (cost: Cost) => cost.clientMicros + cost.serverMicros;
  return [...costs].sort((a, b) => total(a) - total(b))[costs.length >> 1];
}
