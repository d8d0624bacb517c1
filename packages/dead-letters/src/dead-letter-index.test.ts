import { setImmediate as turn } from 'node:timers/promises';
import {
  type Broker,
  type DeliveredMessage,
  deadLetterHeaders,
  deadLetterTopicOf,
  headerNames,
} from '@spillway/broker';
import { describe, expect, it } from 'vitest';
import { DeadLetterIndex } from './dead-letter-index.ts';

const topic = deadLetterTopicOf.traces;

/** One partition of dead spans, which counts what is read of it. */
class Topic implements Pick<Broker, 'read' | 'topics'> {
  readonly kept: DeliveredMessage[] = [];
  end = 0;
  delivered = 0;
  readings = 0;

  add(tenant: string, headers: Record<string, string> = {}): string {
    const position = this.end++;
    this.kept.push({
      topic,
      partition: 0,
      position,
      key: '',
      value: new Uint8Array(1),
      timestampMs: 1_000 + position,
      headers: {
        [headerNames.tenant]: tenant,
        [headerNames.records]: '1',
        [headerNames.receivedMs]: '1000',
        [headerNames.seq]: `gw/1/${position}`,
        [deadLetterHeaders.group]: 'search',
        [deadLetterHeaders.code]: 'malformed-record',
        [deadLetterHeaders.reason]: 'why',
        [deadLetterHeaders.source]: `traces/0/${position}`,
        [deadLetterHeaders.records]: '1',
        ...headers,
      },
    });
    return `traces/0/${position}`;
  }

  async topics() {
    return [{ name: topic, partitions: 1 }];
  }

  async *read(from: { position: number }, options: { bytesMax?: number } = {}) {
    if (options.bytesMax !== 1) this.readings++;
    const end = this.end;
    for (const message of this.kept) {
      if (message.position < from.position || message.position >= end) continue;
      await turn();
      this.delivered++;
      yield message;
    }
  }
}

describe('the index of dead letters', () => {
  it('reads each dead letter once, however often it is asked', async () => {
    const deadLetters = new Topic();
    for (let i = 0; i < 50; i++) deadLetters.add('acme');
    const index = new DeadLetterIndex(deadLetters);
    await index.newest({});
    const delivered = deadLetters.delivered;
    deadLetters.add('acme');
    expect((await index.newest({ tenant: 'acme' })).deadLetters).toHaveLength(51);
    expect(deadLetters.delivered).toBe(delivered + 1);
  });

  it('shares a reading among those who ask at once, and misses nothing that was there', async () => {
    const deadLetters = new Topic();
    deadLetters.add('acme');
    const index = new DeadLetterIndex(deadLetters);
    const first = index.newest({});
    await turn();
    deadLetters.add('acme');
    const others = Array.from({ length: 60 }, () => index.newest({}));
    const answers = await Promise.all(others);
    expect(answers.map((answer) => answer.deadLetters.length)).toEqual(others.map(() => 2));
    await first;
    expect(deadLetters.readings).toBe(2);
  });

  it('answers newest first, of the tenant alone, by filter', async () => {
    const deadLetters = new Topic();
    const ids = [deadLetters.add('acme'), deadLetters.add('umbrella'), deadLetters.add('acme')];
    deadLetters.add('acme', { [deadLetterHeaders.code]: 'too-large' });
    const index = new DeadLetterIndex(deadLetters);
    const { deadLetters: found, isWhole } = await index.newest({
      tenant: 'acme',
      code: 'malformed-record',
    });
    expect(found.map(({ id }) => id)).toEqual([ids[2], ids[0]]);
    expect(isWhole).toBe(true);
  });

  it('knows what was resubmitted, also of dead letters that were read before', async () => {
    const deadLetters = new Topic();
    const id = deadLetters.add('acme');
    const index = new DeadLetterIndex(deadLetters);
    expect((await index.newest({})).deadLetters).toHaveLength(1);
    deadLetters.add('acme', { [deadLetterHeaders.resubmitted]: '0' });
    expect((await index.newest({})).deadLetters).toEqual([]);
    expect((await index.newest({ all: true })).deadLetters).toMatchObject([{ resubmitted: true }]);
    expect((await index.findAll([id])).get(id)?.resubmitted).toBe(true);
  });

  it('lets go of the oldest of who has the most, and says so to that tenant alone', async () => {
    const deadLetters = new Topic();
    const good = deadLetters.add('good');
    for (let i = 0; i < 30; i++) deadLetters.add('evil');
    const index = new DeadLetterIndex(deadLetters, { bytesMax: 10 * 1_000 });
    const evil = await index.newest({ tenant: 'evil' });
    expect([evil.deadLetters.length, evil.isWhole]).toEqual([9, false]);
    expect(evil.deadLetters[0]?.id).toBe('traces/0/30');
    const own = await index.newest({ tenant: 'good' });
    expect([own.deadLetters.map(({ id }) => id), own.isWhole]).toEqual([[good], true]);
  });

  it('reads a bounded number for one answer, says so, and goes on at the next', async () => {
    const deadLetters = new Topic();
    for (let i = 0; i < 30; i++) deadLetters.add('acme');
    const index = new DeadLetterIndex(deadLetters, { messagesMax: 20 });
    const first = await index.newest({});
    expect([first.deadLetters.length, first.isWhole]).toEqual([20, false]);
    const second = await index.newest({});
    expect([second.deadLetters.length, second.isWhole]).toEqual([30, true]);
  });

  it('forgets what retention took', async () => {
    let nowMs = 0;
    const deadLetters = new Topic();
    for (let i = 0; i < 3; i++) deadLetters.add('acme');
    const index = new DeadLetterIndex(deadLetters, { monotonicMs: () => nowMs });
    await index.newest({});
    deadLetters.kept.splice(0, 2);
    nowMs = 60_000;
    expect((await index.newest({})).deadLetters.map(({ id }) => id)).toEqual(['traces/0/2']);
    deadLetters.kept.splice(0);
    nowMs = 120_000;
    expect((await index.newest({})).deadLetters).toEqual([]);
  });

  it('lets who asked go at the signal, and reads on for the others', async () => {
    const deadLetters = new Topic();
    for (let i = 0; i < 50; i++) deadLetters.add('acme');
    const index = new DeadLetterIndex(deadLetters);
    const gone = new AbortController();
    const left = index.newest({}, gone.signal);
    const stays = index.newest({});
    gone.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    expect((await stays).deadLetters).toHaveLength(50);
  });
});
