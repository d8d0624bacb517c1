import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApartLab } from './support/apart-lab.ts';
import {
  neighbour,
  notes,
  ofManyMonths,
  strange,
  unreadable,
} from './support/foreign/foreign-messages.ts';
import { RabbitPoison } from './support/foreign/rabbit-poison.ts';
import { flood } from './support/hostile-questions.ts';
import { emptyRecords } from './support/protobuf.ts';
import { ask } from './support/target.ts';

/** Five processes and four servers share the machine. */
const timeoutMs = 600_000;
const MiB = 1024 * 1024;
let lab: ApartLab;
let poison: RabbitPoison;

beforeAll(async () => {
  lab = await ApartLab.start('rabbitmq');
  poison = await RabbitPoison.open(lab);
}, timeoutMs);

afterAll(async () => {
  await poison?.close();
  await lab?.close();
});

it(
  'every role outlives them, and stores their neighbours',
  async () => {
    await poison.write('otlp_logs', [neighbour('before')]);
    for (const topic of ['otlp_logs', 'otlp_metrics', 'otlp_spans']) {
      await poison.write(topic, unreadable);
      await poison.writeDeepHeaders(topic, neighbour('with deep headers').value);
      for (const partition of [0, 1]) await poison.write(topic, [large(15), large(15)], partition);
    }
    await poison.write('otlp_logs', [neighbour('between'), ...strange, ...ofManyMonths(500)]);
    await poison.write('otlp_logs', [large(100), { value: emptyRecords(12_000) }], 1);
    await poison.write('spillway_ledger', [...notes, ...unreadable]);
    await poison.write('otlp_logs_dlq', [...unreadable, ...strange, large(100)]);
    await poison.write('otlp_logs', [neighbour('last')]);
    await lab.caughtUp();
    lab.expectAlive();
    await lab.refresh();
    for (const text of ['before', 'between', 'deep', 'last']) {
      const path = `/api/logs?query=${text}&from=now-1h`;
      expect((await ask(lab, path, lab.defaultKey)).text).toContain(text);
    }
  },
  timeoutMs,
);

it(
  'a console outlives the questions for what became of them',
  async () => {
    let deadLetters: { id: string }[] = [];
    // They are large: one question reads some, the next one goes on.
    while (deadLetters.length < 30) {
      const { text } = await ask(lab, '/api/dead-letters?limit=500', lab.defaultKey);
      deadLetters = (JSON.parse(text) as { deadLetters?: { id: string }[] }).deadLetters ?? [];
    }
    const statuses = await flood(lab, `/api/dead-letters/${deadLetters[0]?.id}`, 20);
    expect(statuses.filter((status) => ![404, 429, 504].includes(status))).toEqual([]);
    lab.expectAlive();
  },
  timeoutMs,
);

it(
  'nobody else noticed, and every record is accounted for',
  async () => {
    const { unaccounted, deadLettered } = await lab.verdict();
    expect(unaccounted).toBe(0);
    expect(deadLettered).toBeGreaterThan(20);
  },
  timeoutMs,
);

/** Not a message, by its first byte. */
function large(mebibytes: number) {
  return { value: Buffer.alloc(mebibytes * MiB, 0x0f) };
}
