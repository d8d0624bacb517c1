/** As a process of 512 MB has it: the heap that its plan gives, and more dead letters than fit in it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeadLetter } from '@spillway/dead-letters';
import { type Signal, signals } from '@spillway/otlp';
import { runSpillway, SpillwayProcess } from '@spillway/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { topicsModule } from '../src/modules/process/topics.ts';
import { brokerModule } from '../src/modules/servers/broker.ts';
import {
  markResubmitted,
  type WrittenDeadLetter,
  writeDeadLetters,
} from './support/dead-letter-topics.ts';
import { make } from './support/made.ts';

const messagesPerSignal = 60_000;
const groups = ['writer', 'search'];
/** Of these messages the dead letters were sent back. */
const resubmittedPerSignal = messagesPerSignal / 10;
/** Each of these is there twice. */
const repeatedPerSignal = 500;
/** Of a group that nobody has, behind all others. */
const lastPerSignal = 400;
/** In how many minutes the messages of a signal were accepted. */
const minutesOf: Record<Signal, number> = { traces: 1, logs: 10, metrics: 600 };

const dir = mkdtempSync(join(tmpdir(), 'dead-letters-'));
const dataDir = join(dir, 'data');
const spillway = new SpillwayProcess({ dataDir, args: ['--memory', '512M'] });
const command = (...words: string[]) => runSpillway([...words, '--data', dataDir]);

beforeAll(async () => {
  const needs = { broker: brokerModule, topics: topicsModule };
  const made = await make(dataDir, needs);
  await made.stack.start();
  const { broker } = made.assembly.given(needs, {});
  const nowMs = Date.now();
  for (const signal of signals) {
    await writeDeadLetters(broker, all(signal, nowMs));
    await markResubmitted(broker, marked(signal));
    await writeDeadLetters(broker, last(signal, nowMs));
  }
  await made.stack.stop();
  await spillway.start();
}, 600_000);

afterAll(async () => {
  await spillway.end('SIGKILL');
  rmSync(dir, { recursive: true });
});

it('an audit accounts for each of them once, and the process lives', async () => {
  const { code, stdout, stderr } = await command('audit', '--json');
  expect(code, stderr + spillway.lastWords).toBe(0);
  const { totals, bySink } = JSON.parse(stdout);
  const deadLettered = signals.length * (messagesPerSignal - resubmittedPerSignal);
  expect(totals).toMatchObject({ accepted: deadLettered, deadLettered, unaccounted: 0 });
  expect(bySink.search).toMatchObject({ accepted: deadLettered, deadLettered, unaccounted: 0 });
  expect(spillway.exit).toBeUndefined();
}, 600_000);

it('a list has each of them once, the oldest first', async () => {
  const { code, stdout, stderr } = await command('deadletters', 'list', '--json');
  expect(code, stderr + spillway.lastWords).toBe(0);
  const listed = JSON.parse(stdout) as DeadLetter[];
  const left = groups.length * (messagesPerSignal - resubmittedPerSignal) + lastPerSignal;
  expect(listed).toHaveLength(signals.length * left);
  expect(new Set(listed.map(({ id }) => id)).size).toBe(listed.length);
  const since = listed.map(({ deadSinceMs }) => deadSinceMs);
  expect(since.every((ms, i) => i === 0 || ms >= (since[i - 1] ?? 0))).toBe(true);
  expect(spillway.exit).toBeUndefined();
}, 600_000);

it('those behind very many others are sent back, each once', async () => {
  const chosen = ['--group', 'nobody', '--rate', '10000'];
  const first = await command('deadletters', 'resubmit', ...chosen);
  expect(first.code, first.stderr + spillway.lastWords).toBe(0);
  const { resubmitted } = JSON.parse(first.stdout) as { resubmitted: string[] };
  expect(new Set(resubmitted).size).toBe(signals.length * lastPerSignal);
  const again = await command('deadletters', 'resubmit', ...chosen);
  expect(JSON.parse(again.stdout)).toEqual({ resubmitted: [] });
  expect(spillway.exit).toBeUndefined();
}, 600_000);

function* all(signal: Signal, nowMs: number): Generator<WrittenDeadLetter> {
  for (let sequence = 1; sequence <= messagesPerSignal; sequence++) {
    const receivedMs = nowMs - (1 + (sequence % minutesOf[signal])) * 60_000;
    for (const group of groups) yield { signal, group, sequence, receivedMs };
  }
  for (let sequence = 1; sequence <= repeatedPerSignal; sequence++) {
    const receivedMs = nowMs - (1 + (sequence % minutesOf[signal])) * 60_000;
    yield { signal, group: 'writer', sequence, receivedMs };
  }
}

/** Of the last messages, the dead letters of both groups. */
function* marked(signal: Signal): Generator<{ signal: Signal; position: number }> {
  const written = groups.length * messagesPerSignal;
  for (let back = 1; back <= groups.length * resubmittedPerSignal; back++) {
    yield { signal, position: written - back };
  }
}

function* last(signal: Signal, nowMs: number): Generator<WrittenDeadLetter> {
  for (let sequence = 1; sequence <= lastPerSignal; sequence++) {
    const value = Uint8Array.of(10, 0);
    yield { signal, group: 'nobody', sequence, receivedMs: nowMs - 60_000, value };
  }
}
