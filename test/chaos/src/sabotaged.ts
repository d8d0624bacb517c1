/**
 * Spillway with one guarantee switched off, to show that a chaos test can fail. The switch is here,
 * not in the product: the parts are wrapped on their way in.
 */
import { randomBytes } from 'node:crypto';
import {
  type Broker,
  type OutgoingMessage,
  type PublishOutcome,
  partitionName,
  type Subscription,
} from '@spillway/broker';
import type { DecodedMessage, SearchStore, Sink } from '@spillway/store';
import {
  brokerModule,
  type Registry,
  registry,
  runCommandLine,
  SearchSlot,
  searchStoreModule,
  writeStoreModule,
} from 'spillway';
import { changed } from './changed.ts';
import { plantFaults, plantLateWrites } from './faults/faulty-ports.ts';
import { override } from './override.ts';

export type Sabotage =
  | 'commit-before-write'
  | 'no-dedup-keys'
  | 'retry-beside-the-producer'
  | 'acknowledge-before-spill';

const sabotages: Record<Sabotage, Registry> = {
  /** Positions are committed as soon as they are polled, and no store knows better. */
  'commit-before-write': registry.with(
    changed(brokerModule, commitFirst),
    changed(writeStoreModule, slow),
    changed(searchStoreModule, (slot) => withStores(slot, slow)),
  ),
  /** Every delivery of a record looks like a record never seen. */
  'no-dedup-keys': registry.with(
    changed(writeStoreModule, strange),
    changed(searchStoreModule, (slot) => withStores(slot, strange)),
  ),
  /** What may or may not have arrived, and all behind it, is published by another producer. */
  'retry-beside-the-producer': registry.with(
    changed(brokerModule, async (broker, context, given) => {
      // Another producer: it has no identity to take over.
      const beside = await brokerModule.create(context, { ...given, spill: undefined });
      return retryBeside(broker, beside);
    }),
  ),
  /** The spill says durable; the disk hears of it a while later. */
  'acknowledge-before-spill': registry,
};

function withStores(slot: SearchSlot, change: (store: SearchStore) => SearchStore) {
  return SearchSlot.create(async (...how) => change(await slot.createStore(...how)));
}

function retryBeside(broker: Broker, beside: Broker): Broker {
  const turned = new Set<string>();
  return override(broker, {
    start: async () => {
      await Promise.all([broker.start(), beside.start()]);
    },
    publish: async (messages, abort) => {
      const isTurned = (message: OutgoingMessage): boolean => turned.has(partitionName(message));
      const groups = [
        { via: broker, part: messages.filter((message) => !isTurned(message)) },
        { via: beside, part: messages.filter(isTurned) },
      ];
      const outcomes = new Map<OutgoingMessage, PublishOutcome>();
      await Promise.all(
        groups.map(async ({ via, part }) => {
          const found = await via.publish(part, abort);
          for (const [i, message] of part.entries()) {
            const outcome = found[i] as PublishOutcome;
            outcomes.set(message, outcome);
            if (outcome.status === 'unknown') turned.add(partitionName(message));
          }
        }),
      );
      return messages.map((message) => outcomes.get(message) as PublishOutcome);
    },
  });
}

function commitFirst(broker: Broker): Broker {
  return override(broker, {
    subscribe: async (options) => {
      const subscription = await broker.subscribe(options);
      const poll: Subscription['poll'] = async (how) => {
        const messages = await subscription.poll(how);
        await subscription.commit(messages);
        return messages;
      };
      return override(subscription, { poll, commit: async () => {} });
    },
  });
}

/** Widens the moment between the poll and the write; the store's own positions are not asked. */
function slow<S extends Sink>(store: S): S {
  const apply: Sink['apply'] = async (messages) => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return store.apply(messages);
  };
  const capabilities = { ...store.capabilities, nextPositions: undefined };
  return override(store as Sink, { apply, capabilities }) as S;
}

function strange<S extends Sink>(store: S): S {
  const renamed = (message: DecodedMessage): DecodedMessage => ({
    ...message,
    records: message.records.map((each) => ({ ...each, key: randomBytes(16).toString('hex') })),
  });
  return override(store as Sink, {
    apply: (messages) => store.apply(messages.map(renamed)),
  }) as S;
}

const words = process.argv.slice(2);
plantFaults(words[words.indexOf('--data') + 1] ?? '.');
const mode = process.env.SPILLWAY_TEST_SABOTAGE as Sabotage;
if (mode === 'acknowledge-before-spill') plantLateWrites();
await runCommandLine(words, sabotages[mode]);
