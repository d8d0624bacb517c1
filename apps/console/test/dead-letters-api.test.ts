import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { consoleSection } from '../src/config.ts';
import {
  type DeadLettersAnswer,
  deadLetterAnswer,
  deadLettersAnswer,
  type ResubmitAnswer,
} from '../src/schema/dead-letter-answers.ts';
import { getFailure, getJson } from './support/get-json.ts';
import { deadLetter, type RunningConsole, runConsole } from './support/running-console.ts';
import { Shop } from './support/shop.ts';

const shop = new Shop({ nowMs: Date.now(), requests: 20 });
let console: RunningConsole;

beforeAll(async () => {
  console = await runConsole({ messages: shop.messages() });
});
afterAll(() => console.stop());

describe('dead letters', () => {
  it('are listed, shown and sent back once', async () => {
    const records = shop.spans.slice(0, 2);
    await console.broker.publish([deadLetter(records, 7), deadLetter(records, 9)]);
    const list = await getJson<DeadLettersAnswer>(`${console.address}/api/dead-letters?limit=1`);
    expect(list.byCode).toEqual([
      { code: 'malformed-record', group: 'search', deadLetters: 2, records: 4 },
    ]);
    const next = await getJson<DeadLettersAnswer>(
      `${console.address}/api/dead-letters?limit=1&cursor=${list.cursor}`,
    );
    const ids = [...list.deadLetters, ...next.deadLetters].map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
    const shown = await getJson<{ body: string }>(`${console.address}/api/dead-letters/${ids[0]}`);
    expect(deadLetterAnswer.parse(shown)).toEqual(shown);
    const encoded = encodeURIComponent(ids[0] ?? '');
    expect(await getJson(`${console.address}/api/dead-letters/${encoded}`)).toMatchObject({
      body: shown.body,
    });
    expect(deadLettersAnswer.parse(list)).toEqual(list);
    expect(shown.body).toContain(records[0]?.name);
    const sent = await resubmit({ ids: [...ids, 'traces/0/99'] });
    expect(sent).toEqual({ resubmitted: ids, skipped: ['traces/0/99'] });
    expect(
      (await getJson<DeadLettersAnswer>(`${console.address}/api/dead-letters`)).deadLetters,
    ).toEqual([]);
  });

  it('a body that is not right is 400', async () => {
    const headers = { 'content-type': 'application/json' };
    const path = '/api/dead-letters/resubmit';
    const empty = await getFailure(console.address + path, {
      method: 'POST',
      headers,
      body: '{"ids": []}',
    });
    expect(empty).toMatchObject({ status: 400, code: 'bad-body' });
    const typed = await getFailure(console.address + path, { method: 'POST', body: 'ids' });
    expect(typed).toMatchObject({ status: 415, code: 'unsupported-type' });
  });
});

describe('resubmissions of one tenant at once', () => {
  const letters = 100;
  const config = consoleSection.parse({ port: 0, queryTimeoutMs: 3_000, resubmitPerSecond: 20 });
  let slow: RunningConsole;

  beforeAll(async () => {
    slow = await runConsole({ messages: [], options: { config } });
    const messages = Array.from({ length: letters }, (_, n) =>
      deadLetter(shop.spans.slice(0, 1), n),
    );
    await slow.broker.publish(messages);
  });
  afterAll(() => slow.stop());

  it('share the time of each: one that waited ends with what it sent, one that waited too long is refused', async () => {
    const body = JSON.stringify({ code: 'malformed-record' });
    const headers = { 'content-type': 'application/json' };
    const path = `${slow.address}/api/dead-letters/resubmit`;
    const ask = () => fetch(path, { method: 'POST', headers, body });
    const few = await getJson<DeadLettersAnswer>(`${slow.address}/api/dead-letters?limit=20`);
    const ids = few.deadLetters.map(({ id }) => id);
    const first = fetch(path, { method: 'POST', headers, body: JSON.stringify({ ids }) });
    await sleep(100);
    const answers = await Promise.all([first, ask(), ask()]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    const second = (await answers[1]?.json()) as ResubmitAnswer;
    expect(second.resubmitted.length).toBeGreaterThan(0);
    expect(second.skipped.length).toBeGreaterThan(0);
    expect(second.resubmitted.length + second.skipped.length).toBe(letters - ids.length);
  });
});

async function resubmit(body: object): Promise<ResubmitAnswer> {
  const response = await fetch(`${console.address}/api/dead-letters/resubmit`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as ResubmitAnswer;
}
