import { TestRecords } from '@spillway/store/contract';
import { afterEach, describe, expect, it } from 'vitest';
import { consoleSection } from '../src/index.ts';
import { tailLine } from '../src/schema/log-answers.ts';
import { type RunningConsole, runConsole } from './support/running-console.ts';

interface Event {
  event: string;
  id: string | undefined;
  data: Record<string, unknown>;
}

const grants = new Map([
  ['acme', { tenant: 'acme', scopes: ['query'] }],
  ['umbrella', { tenant: 'umbrella', scopes: ['query'] }],
  ['ingest', { tenant: 'acme', scopes: ['ingest'] }],
]);
const keys = { find: (key: string) => grants.get(key) };

let console: RunningConsole;
const leaving: AbortController[] = [];
afterEach(async () => {
  for (const left of leaving.splice(0)) left.abort();
  await console.stop();
});

async function start(over: Record<string, unknown> = {}): Promise<void> {
  const config = consoleSection.parse({ port: 0, ...over });
  console = await runConsole({ messages: [], options: { keys, config } });
}

function ask(path: string, headers: Record<string, string> = {}, key = 'acme'): Promise<Response> {
  const left = new AbortController();
  leaving.push(left);
  const authorization = `Bearer ${key}`;
  const init = { headers: { authorization, ...headers }, signal: left.signal };
  return fetch(`${console.address}/api/logs/tail${path}`, init);
}

/** Comments are left out. */
async function* eventsOf(response: Response): AsyncGenerator<Event> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    const parts = (text + decoder.decode(bytes, { stream: true })).split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) {
      const fields = new Map(
        part.split('\n').map((line) => line.split(/: ?(.*)/s, 2) as [string, string]),
      );
      const event = fields.get('event');
      if (event === undefined) continue;
      yield { event, id: fields.get('id'), data: JSON.parse(fields.get('data') ?? '{}') };
    }
  }
}

async function next(events: AsyncGenerator<Event>, count: number): Promise<Event[]> {
  const found: Event[] = [];
  while (found.length < count) {
    const { value, done } = await events.next();
    if (done) break;
    found.push(value);
  }
  return found;
}

const logsOf = (records: TestRecords, texts: readonly string[]) =>
  records.message(texts.map((stringValue) => records.log({ body: { stringValue } })));

describe('the live tail', () => {
  it('begins with the last lines, sends what comes, of its tenant alone, and goes on from a line', async () => {
    await start();
    const [acme, umbrella] = [new TestRecords(), new TestRecords({ tenant: 'umbrella' })];
    await console.live.apply([logsOf(acme, ['one', 'two'])]);
    const response = await ask('');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const events = eventsOf(response);
    const first = await next(events, 2);
    expect(first.map(({ event, data }) => [event, data.text])).toEqual([
      ['log', 'one'],
      ['log', 'two'],
    ]);
    await console.live.apply([logsOf(umbrella, ['theirs']), logsOf(acme, ['three'])]);
    const [third] = await next(events, 1);
    expect(third?.data.text).toBe('three');
    for (const { id, data } of first) {
      expect(id).toBe(data.id);
      expect(tailLine.parse(data)).toEqual(data);
    }
    const again = eventsOf(await ask('', { 'last-event-id': first[0]?.id ?? '' }));
    expect((await next(again, 2)).map(({ data }) => data.text)).toEqual(['two', 'three']);
    const filtered = eventsOf(await ask('?query=THR'));
    expect((await next(filtered, 1)).map(({ data }) => data.text)).toEqual(['three']);
  });

  it('shows as many lines as a person reads, and counts all others', async () => {
    await start();
    const acme = new TestRecords();
    await console.live.apply([logsOf(acme, ['first'])]);
    const events = eventsOf(await ask(''));
    await next(events, 1);
    const texts = Array.from({ length: 1_000 }, (_, i) => `${i}`);
    await console.live.apply([logsOf(acme, texts)]);
    let [lines, skipped] = [0, 0];
    while (lines + skipped < 1_000) {
      const [event] = await next(events, 1);
      if (event?.event === 'log') lines += 1;
      else skipped += Number(event?.data.records);
    }
    expect(lines + skipped).toBe(1_000);
    expect(lines).toBeLessThan(100);
  });

  it('has places, of which one tenant gets half, and gives them back', async () => {
    await start({ tailsMax: 2 });
    const first = await ask('');
    expect(first.status).toBe(200);
    const second = await ask('');
    expect([second.status, second.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await second.json()).toMatchObject({ error: { code: 'too-many-queries' } });
    expect((await ask('', {}, 'umbrella')).status).toBe(200);
    leaving[0]?.abort();
    await expect.poll(async () => (await ask('')).status).toBe(200);
  });

  it('is refused as any question is, before it begins', async () => {
    await start();
    expect((await ask('', {}, 'guess')).status).toBe(401);
    expect((await ask('', {}, 'ingest')).status).toBe(403);
    expect((await ask('', { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    await console.live.apply([logsOf(new TestRecords(), ['one'])]);
    for (const [path, key] of [
      ['?afterId=nowhere', 'afterId'],
      ['?severity=25', 'severity'],
      ['?tenant=umbrella', 'tenant'],
    ] as const) {
      const wrong = await ask(path);
      expect(wrong.status).toBe(400);
      expect(await wrong.json()).toMatchObject({ error: { code: 'bad-parameter', key } });
    }
  });

  it('ends with a reason when the console stops, and does not hold it up', async () => {
    await start();
    const events = eventsOf(await ask(''));
    const ended = next(events, 1);
    await console.stop();
    expect(await ended).toMatchObject([{ event: 'end', data: { code: 'unavailable' } }]);
    expect((await events.next()).done).toBe(true);
    await start();
  });
});
