import { setImmediate as turn } from 'node:timers/promises';
import {
  type Broker,
  type DeliveredMessage,
  deadLetterTopicOf,
  headerNames,
  letterHeaders,
} from '@spillway/broker';
import { describe, expect, it } from 'vitest';
import { LetterIndex } from './letter-index.ts';

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
      ...{ topic, partition: 0, position, key: '', value: new Uint8Array(1) },
      timestampMs: 1_000 + position,
      headers: {
        [headerNames.tenant]: tenant,
        [headerNames.records]: '1',
        [headerNames.receivedMs]: '1000',
        [headerNames.seq]: `gw/1/${position}`,
        [letterHeaders.group]: 'search',
        [letterHeaders.code]: 'malformed-record',
        [letterHeaders.reason]: 'why',
        [letterHeaders.source]: `traces/0/${position}`,
        [letterHeaders.records]: '1',
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
  it('reads each letter once, however often it is asked', async () => {
    const letters = new Topic();
    for (let i = 0; i < 50; i++) letters.add('acme');
    const index = new LetterIndex(letters);
    await index.newest({});
    const delivered = letters.delivered;
    letters.add('acme');
    expect((await index.newest({ tenant: 'acme' })).letters).toHaveLength(51);
    expect(letters.delivered).toBe(delivered + 1);
  });

  it('shares a reading among those who ask at once, and misses nothing that was there', async () => {
    const letters = new Topic();
    letters.add('acme');
    const index = new LetterIndex(letters);
    const first = index.newest({});
    await turn();
    letters.add('acme');
    const others = Array.from({ length: 60 }, () => index.newest({}));
    const answers = await Promise.all(others);
    expect(answers.map((answer) => answer.letters.length)).toEqual(others.map(() => 2));
    await first;
    expect(letters.readings).toBe(2);
  });

  it('answers newest first, of the tenant alone, by filter', async () => {
    const letters = new Topic();
    const ids = [letters.add('acme'), letters.add('umbrella'), letters.add('acme')];
    letters.add('acme', { [letterHeaders.code]: 'too-large' });
    const index = new LetterIndex(letters);
    const { letters: found, isWhole } = await index.newest({
      tenant: 'acme',
      code: 'malformed-record',
    });
    expect(found.map(({ id }) => id)).toEqual([ids[2], ids[0]]);
    expect(isWhole).toBe(true);
  });

  it('knows what was resubmitted, also of letters that were read before', async () => {
    const letters = new Topic();
    const id = letters.add('acme');
    const index = new LetterIndex(letters);
    expect((await index.newest({})).letters).toHaveLength(1);
    letters.add('acme', { [letterHeaders.resubmitted]: '0' });
    expect((await index.newest({})).letters).toEqual([]);
    expect((await index.newest({ all: true })).letters).toMatchObject([{ resubmitted: true }]);
    expect((await index.findAll([id])).get(id)?.resubmitted).toBe(true);
  });

  it('lets go of the oldest of who has the most, and says so to that tenant alone', async () => {
    const letters = new Topic();
    const good = letters.add('good');
    for (let i = 0; i < 30; i++) letters.add('evil');
    const index = new LetterIndex(letters, { bytesMax: 10 * 1_000 });
    const evil = await index.newest({ tenant: 'evil' });
    expect([evil.letters.length, evil.isWhole]).toEqual([9, false]);
    expect(evil.letters[0]?.id).toBe('traces/0/30');
    const own = await index.newest({ tenant: 'good' });
    expect([own.letters.map(({ id }) => id), own.isWhole]).toEqual([[good], true]);
  });

  it('reads a bounded number for one answer, says so, and goes on at the next', async () => {
    const letters = new Topic();
    for (let i = 0; i < 30; i++) letters.add('acme');
    const index = new LetterIndex(letters, { messagesMax: 20 });
    const first = await index.newest({});
    expect([first.letters.length, first.isWhole]).toEqual([20, false]);
    const second = await index.newest({});
    expect([second.letters.length, second.isWhole]).toEqual([30, true]);
  });

  it('forgets what retention took', async () => {
    let nowMs = 0;
    const letters = new Topic();
    for (let i = 0; i < 3; i++) letters.add('acme');
    const index = new LetterIndex(letters, { monotonicMs: () => nowMs });
    await index.newest({});
    letters.kept.splice(0, 2);
    nowMs = 60_000;
    expect((await index.newest({})).letters.map(({ id }) => id)).toEqual(['traces/0/2']);
    letters.kept.splice(0);
    nowMs = 120_000;
    expect((await index.newest({})).letters).toEqual([]);
  });

  it('lets who asked go at the signal, and reads on for the others', async () => {
    const letters = new Topic();
    for (let i = 0; i < 50; i++) letters.add('acme');
    const index = new LetterIndex(letters);
    const gone = new AbortController();
    const left = index.newest({}, gone.signal);
    const stays = index.newest({});
    gone.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    expect((await stays).letters).toHaveLength(50);
  });
});
