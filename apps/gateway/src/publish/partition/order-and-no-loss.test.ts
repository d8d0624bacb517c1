import {
  type BrokerCapabilities,
  type OutgoingMessage,
  type PublishOutcome,
  partitionName,
} from '@spillway/broker';
import { LossyFiles } from '@spillway/journal/lossy-files';
import { openSpill } from '@spillway/spill';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../../model/refusal.ts';
import type { PublishResult } from '../pending-request.ts';
import { publisherBefore, requestOf, turn } from '../test-tools.ts';

/** What the broker does with its next call, and how many turns of the event loop it takes. */
interface Move {
  outcome: 'durable' | 'refused' | 'unknown' | 'unknown-but-there' | 'prefix' | 'full-for-some';
  turns: number;
}

/** What a client does: one request to some partitions, after so many turns. */
interface Send {
  partitions: number[];
  turns: number;
}

const move = fc.record({
  outcome: fc.constantFrom<Move['outcome']>(
    'durable',
    'durable',
    'refused',
    'unknown',
    'unknown-but-there',
    'prefix',
    'full-for-some',
  ),
  turns: fc.nat(6),
});
const send = fc.record({
  partitions: fc.uniqueArray(fc.nat(2), { minLength: 1, maxLength: 3 }),
  turns: fc.nat(8),
});

/**
 * A broker that keeps the port's order: calls land in the order of the calls, and of one call's
 * messages of a partition a beginning lands, unless it says that it does not keep that.
 */
class ScriptedBroker {
  readonly log: string[] = [];
  readonly capabilities: BrokerCapabilities;
  readonly #moves: Move[];

  constructor(moves: Move[], keepsPrefix: boolean) {
    this.#moves = moves;
    this.capabilities = { keepsPrefix };
  }

  async publish(messages: readonly OutgoingMessage[]): Promise<PublishOutcome[]> {
    const { outcome, turns } = this.#moves.shift() ?? { outcome: 'durable', turns: 0 };
    const broken = Math.ceil(messages.length / 2);
    const outcomes = messages.map((message, i): PublishOutcome => {
      const fails = this.#fails(outcome, { i, broken });
      if (!fails || outcome === 'unknown-but-there') this.log.push(nameOf(message));
      if (!fails) return { status: 'durable', position: this.log.length };
      const message_ = 'scripted';
      return outcome.startsWith('unknown')
        ? { status: 'unknown', message: message_ }
        : { status: 'refused', code: 'unavailable', retryable: true, message: message_ };
    });
    for (let i = 0; i < turns; i++) await turn();
    return outcomes;
  }

  #fails(outcome: Move['outcome'], { i, broken }: { i: number; broken: number }): boolean {
    if (outcome === 'full-for-some') return !this.capabilities.keepsPrefix && i % 2 === 0;
    return outcome === 'prefix' ? i >= broken : outcome !== 'durable';
  }
}

function nameOf(message: OutgoingMessage): string {
  return `${partitionName(message)}#${message.headers['spillway-records']}`;
}

interface Sent {
  names: string[];
  startedAt: number;
  /** Infinity while it is not acknowledged. */
  acknowledgedAt: number;
}

async function run(
  moves: Move[],
  sends: Send[],
  spaceBytes: number,
  keepsPrefix = true,
): Promise<void> {
  const broker = new ScriptedBroker([...moves], keepsPrefix);
  const files = new LossyFiles();
  const spill = await openSpill({ dir: '/spill', gateway: 'gw', bytesMax: 1e8, files });
  files.spaceBytes = spaceBytes;
  const { publisher } = await publisherBefore(
    broker,
    { publishTimeoutMs: 1000, lingerMs: 0 },
    { spill, random: () => 0 },
  );
  const sent: Sent[] = [];
  let time = 0;
  const results = [];
  for (const [number, { partitions, turns }] of sends.entries()) {
    for (let i = 0; i < turns; i++) await turn();
    time += 1;
    const names = partitions.map((partition) => `otlp_logs/${partition}#${number + 1}`);
    const one: Sent = { names, startedAt: time, acknowledgedAt: Number.POSITIVE_INFINITY };
    sent.push(one);
    // The number of records names the message, so that sequences may be looked at, too.
    const slices = partitions.map((partition) => ({
      partition,
      records: number + 1,
      bytes: 20,
      chunks: [Buffer.alloc(20)],
    }));
    results.push(
      publisher.publish(requestOf(0, { slices })).then((result: PublishResult | Refusal) => {
        time += 1;
        if (result instanceof Refusal) expect(result.http).toBe(503);
        else one.acknowledgedAt = time;
        return result;
      }),
    );
  }
  await Promise.all(results);
  files.spaceBytes = Number.POSITIVE_INFINITY;
  await publisher.stop(new AbortController().signal);
  expect(spill.stats().messages).toBe(0);
  check(broker.log, sent);
  await spill.close();
}

/** Each acknowledged message is there, behind all those acknowledged before it was sent. */
function check(log: readonly string[], sent: readonly Sent[]): void {
  const place = new Map<string, number>();
  for (const [i, name] of log.entries()) if (!place.has(name)) place.set(name, i);
  const acknowledged = sent.filter(({ acknowledgedAt }) => acknowledgedAt < Infinity);
  for (const { names } of acknowledged) {
    for (const name of names) expect(place.has(name), `${name} is lost`).toBe(true);
  }
  for (const earlier of acknowledged) {
    for (const later of sent.filter(({ startedAt }) => startedAt > earlier.acknowledgedAt)) {
      for (const name of later.names) {
        const before = earlier.names.find((other) => other.split('#')[0] === name.split('#')[0]);
        if (before === undefined || !place.has(name)) continue;
        const order = [place.get(before), place.get(name)] as [number, number];
        expect(order[0], `${name} overtook ${before}`).toBeLessThan(order[1]);
      }
    }
  }
}

describe('whatever the broker does', () => {
  it('nothing acknowledged is missing or overtaken', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(move, { maxLength: 30 }),
        fc.array(send, { minLength: 1, maxLength: 25 }),
        (moves, sends) => run(moves, sends, Number.POSITIVE_INFINITY),
      ),
      { numRuns: 150, interruptAfterTimeLimit: 6000 },
    );
  }, 60_000);

  it('nothing acknowledged is missing or overtaken where a full queue takes one and not another', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(move, { maxLength: 30 }),
        fc.array(send, { minLength: 1, maxLength: 25 }),
        (moves, sends) => run(moves, sends, Number.POSITIVE_INFINITY, false),
      ),
      { numRuns: 150, interruptAfterTimeLimit: 6000 },
    );
  }, 60_000);

  it('nothing acknowledged is missing when the disk of the spill is full now and then', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(move, { maxLength: 30 }),
        fc.array(send, { minLength: 1, maxLength: 25 }),
        fc.integer({ min: 20_000, max: 26_000 }),
        (moves, sends, spaceBytes) => run(moves, sends, spaceBytes),
      ),
      { numRuns: 100, interruptAfterTimeLimit: 6000 },
    );
  }, 60_000);
});
