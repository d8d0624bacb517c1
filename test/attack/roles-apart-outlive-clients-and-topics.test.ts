import { afterAll, beforeAll, expect, it } from 'vitest';
import { bombs, manyRecords, twoFrames } from './support/amplified.ts';
import { ApartLab } from './support/apart-lab.ts';
import { depart, departureNames } from './support/departures.ts';
import {
  neighbour,
  notes,
  ofManyMonths,
  strange,
  unreadable,
} from './support/foreign/foreign-messages.ts';
import { KafkaPoison } from './support/foreign/kafka-poison.ts';
import {
  announceBodies,
  announceMessages,
  readNothing,
  sendByteByByte,
  sendWithoutEnd,
} from './support/hostile-bodies.ts';
import { endlessTimes, flood, pipeline } from './support/hostile-questions.ts';
import { sendLongNames } from './support/long-names.ts';
import { emptyRecords } from './support/protobuf.ts';
import { call, post } from './support/requests.ts';
import { ask } from './support/target.ts';

/** Five processes and four servers share the machine with what attacks them. */
const timeoutMs = 600_000;
const attackMs = 1_500;
/** In one message: no gateway lets as many pass. Those refused are of a span, which has to have an id. */
const [storedRecords, refusedRecords] = [262_144, 262_144];
const [tooLarge, resourceExhausted] = [413, 8];
let lab: ApartLab;
let poison: KafkaPoison;

beforeAll(async () => {
  lab = await ApartLab.start('kafka');
  poison = await KafkaPoison.open(lab);
}, timeoutMs);

afterAll(async () => {
  poison?.close();
  await lab?.close();
});

it(
  'every role outlives what clients send',
  async () => {
    for (const name of departureNames) {
      for (let round = 0; round < 3; round++) await depart(lab, name);
    }
    for (const attack of [announceBodies, announceMessages, sendWithoutEnd, sendByteByByte]) {
      await attack(lab, attackMs);
    }
    await readNothing(lab, attackMs);
    for (let i = 0; i < 5; i++) {
      for (const body of [manyRecords, ...bombs]) expect(await post(lab, body)).toBe(tooLarge);
      expect(await call(lab, manyRecords)).toBe(resourceExhausted);
    }
    expect(await post(lab, twoFrames())).toBe(200);
    await sendLongNames(lab, 3);
    lab.expectAlive();
  },
  timeoutMs,
);

it(
  'every role outlives what other programs write into its topics, and stores their neighbours',
  async () => {
    // These take longest: the others come while they are applied, in the other partition.
    await poison.write('otlp_logs', [{ value: emptyRecords(storedRecords) }], 1);
    await poison.write('otlp_spans', [{ value: emptyRecords(refusedRecords) }], 1);
    await poison.write('otlp_logs', [neighbour('before')]);
    for (const topic of ['otlp_logs', 'otlp_metrics', 'otlp_spans']) {
      await poison.write(topic, unreadable);
      await poison.writeBombs(topic);
      await poison.writeHeaders(topic, 100_000, neighbour('with headers').value);
    }
    const empty = Array.from({ length: 5_000 }, () => ({ value: Buffer.alloc(0) }));
    await poison.writeTogether('otlp_metrics', empty);
    await poison.write('otlp_logs', [neighbour('between'), ...strange]);
    await poison.writeTwoFrames('otlp_logs', [neighbour('framed'), neighbour('behind')]);
    await poison.writeTogether('otlp_logs', ofManyMonths(1_000));
    await poison.write('spillway_ledger', [...notes, ...unreadable]);
    await poison.writeBombs('spillway_ledger');
    await poison.write('otlp_logs_dlq', [...unreadable, ...strange]);
    await poison.writeBombs('otlp_logs_dlq');
    await poison.write('otlp_logs', [neighbour('last')]);
    await lab.caughtUp();
    lab.expectAlive();
    for (const text of ['before', 'between', 'framed', 'behind', 'last']) {
      expect(await logsOf(lab.defaultKey, `query=${text}`)).toContain(text);
    }
  },
  timeoutMs,
);

it(
  'every role outlives what tenants ask, of their dead letters too',
  async () => {
    for (const path of endlessTimes) expect((await ask(lab, path)).status).toBe(400);
    for (const path of ['/metrics', '/api/dead-letters']) await pipeline(lab, path, isServed);
    const { text } = await ask(lab, '/api/dead-letters?limit=500', lab.defaultKey);
    const { deadLetters } = JSON.parse(text) as { deadLetters: { id: string }[] };
    expect(deadLetters.length).toBeGreaterThan(60);
    const [{ id } = { id: '' }] = deadLetters;
    for (const path of [
      '/api/dead-letters',
      `/api/dead-letters/${id}`,
      '/api/traces?from=now-7d',
    ]) {
      const asked = flood(lab, path, 60);
      await isServed();
      const expected = [200, 404, 429, 504];
      expect((await asked).filter((status) => !expected.includes(status))).toEqual([]);
    }
    for (const deadLetter of deadLetters.slice(0, 60)) {
      const { status } = await ask(lab, `/api/dead-letters/${deadLetter.id}`, lab.defaultKey);
      expect(status).toBe(200);
    }
    const framed = await logsOf(lab.evilKey, 'service=two-frames');
    for (const text of ['in the first', 'in the second']) expect(framed).toContain(text);
  },
  timeoutMs,
);

it(
  'nobody else noticed, and every record is accounted for',
  async () => {
    const { foreign, deadLettered, unaccounted } = await lab.verdict();
    expect({ unaccounted }).toEqual({ unaccounted: 0 });
    expect(foreign).toBeGreaterThan(storedRecords);
    expect(deadLettered).toBeGreaterThan(refusedRecords);
  },
  timeoutMs,
);

async function isServed(): Promise<void> {
  const { status } = await ask(lab, '/api/services', lab.goodKey);
  expect(status).toBe(200);
}

async function logsOf(key: string, filter: string): Promise<string> {
  await lab.refresh();
  const { text } = await ask(lab, `/api/logs?${filter}&from=now-1h&limit=1000`, key);
  return text;
}
