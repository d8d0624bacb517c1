import { sleep } from '@spillway/resilience';
import { until } from '@spillway/test-support/until';
import { describe, expect, test } from 'vitest';
import type { Broker, DeliveredMessage, Subscription } from '../broker.ts';
import { partitionName } from '../names.ts';
import type { ContractContext } from './context.ts';
import {
  commitAll,
  freshName,
  freshTopic,
  messageOf,
  pollOnce,
  publishAll,
  textOf,
} from './tools.ts';

const partitions = 4;
const keysPerPartition = 2;

export function loadContract(context: ContractContext): void {
  describe('groups under load', () => {
    test('members join and leave: nothing is lost, each key stays in order', async () => {
      const group = freshName('g');
      const topic = await freshTopic(context.broker, partitions, [group]);
      const load = new Load(context.broker, topic);
      const seen: DeliveredMessage[] = [];
      const work = (): Promise<Worker> => Worker.start(context.broker, { group, topic, seen });
      const first = await work();
      await until(() => seen.length > 50, 'messages at the first member');
      const second = await work();
      await until(() => second.handled > 20, 'messages at the second member');
      const third = await work();
      await until(() => third.handled > 20, 'messages at the third member');
      await first.stop();
      const [atSecond, atThird] = [second.handled, third.handled];
      await until(
        () => second.handled > atSecond + 20 && third.handled > atThird + 20,
        'messages at those that stay',
      );
      await second.stop();
      const sent = await load.stop();
      await until(() => new Set(seen.map(textOf)).size === sent, `all of ${sent} messages`);
      await third.stop();
      expectOrder(seen);
      // No member crashed: what one member had in hand was committed before another went on.
      expect(seen).toHaveLength(sent);
      await until(async () => {
        const lag = await context.broker.lag(group);
        return lag.every(({ messages }) => messages === 0);
      }, 'no lag');
    });
  });
}

/** `key/number`, in order per key; a delivery again is of the past, so it is not looked at. */
function expectOrder(seen: readonly DeliveredMessage[]): void {
  const next = new Map<string, number>();
  const known = new Set<string>();
  for (const message of seen) {
    const text = textOf(message);
    if (known.has(text)) continue;
    known.add(text);
    const number = Number(text.split('/')[1]);
    expect([message.key, number]).toEqual([message.key, next.get(message.key) ?? 0]);
    next.set(message.key, number + 1);
  }
}

/** Every key gets 0, 1, 2, … until it is stopped. */
class Load {
  readonly #broker: Broker;
  readonly #topic: string;
  readonly #running: Promise<void>;
  #stopped = false;
  #sent = 0;

  constructor(broker: Broker, topic: string) {
    this.#broker = broker;
    this.#topic = topic;
    this.#running = this.#run();
  }

  /** Answers how many messages were sent. */
  async stop(): Promise<number> {
    this.#stopped = true;
    await this.#running;
    return this.#sent;
  }

  async #run(): Promise<void> {
    const keys = Array.from({ length: partitions * keysPerPartition }, (_, index) => index);
    for (let number = 0; !this.#stopped; number += 1) {
      await publishAll(
        this.#broker,
        keys.map((key) =>
          messageOf(this.#topic, `${key}/${number}`, {
            key: String(key),
            partition: key % partitions,
          }),
        ),
      );
      this.#sent += keys.length;
      await sleep(10);
    }
  }
}

interface WorkerOptions {
  group: string;
  topic: string;
  seen: DeliveredMessage[];
}

/** A member as a consumer is one: finishes and commits what is in hand before partitions move. */
class Worker {
  handled = 0;
  readonly #seen: DeliveredMessage[];
  #subscription: Subscription | undefined;
  #inHand: Promise<void> = Promise.resolve();
  #running: Promise<void> | undefined;
  #stopped = false;

  private constructor(seen: DeliveredMessage[]) {
    this.#seen = seen;
  }

  static async start(broker: Broker, { group, topic, seen }: WorkerOptions): Promise<Worker> {
    const worker = new Worker(seen);
    const onRevoke = () => worker.#inHand;
    const subscription = await broker.subscribe({ group, topics: [topic], onRevoke });
    worker.#subscription = subscription;
    worker.#running = worker.#run(subscription);
    return worker;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
    await this.#subscription?.close();
  }

  async #run(subscription: Subscription): Promise<void> {
    while (!this.#stopped) {
      const messages = await pollOnce(subscription, 50, 4_096);
      this.#inHand = this.#handle(subscription, messages);
      await this.#inHand;
    }
  }

  async #handle(subscription: Subscription, messages: DeliveredMessage[]): Promise<void> {
    // A partition that moved between the poll and now is another's.
    const held = new Set(subscription.assigned().map(partitionName));
    const own = messages.filter((message) => held.has(partitionName(message)));
    this.#seen.push(...own);
    this.handled += own.length;
    await sleep(20); // The effect takes a moment.
    await commitAll(subscription, own);
  }
}
