import type { Broker } from '@spillway/broker';
import { Consumer, type ConsumerEvent, type CrashRecord } from '@spillway/consumer';
import type { SinkSpec } from '@spillway/ledger';
import type { Dependencies } from '@spillway/resilience';
import { type Component, PeriodicTask } from '@spillway/runtime';
import type { WriteStore } from '@spillway/store';
import type { WriterConfig } from './config.ts';
import { NoteConsumer } from './note-consumer.ts';

/** The write store, filled from the OTLP topics. */
export const writerSink = {
  name: 'writer',
  group: 'writer',
  title: 'write store',
  side: 'write',
} as const satisfies SinkSpec;

const hourMs = 3_600_000;

/** Options of the writer. */
export interface WriterOptions {
  config: WriterConfig;
  broker: Broker;
  store: WriteStore;
  dependencies?: Dependencies;
  crashRecord?: CrashRecord;
  report?: (event: ConsumerEvent) => void;
}

/** The consumer that fills the write store. */
export interface Writer {
  consumer: Consumer;
  /** In the order to start; the store itself is not among them. */
  components: Component[];
}

/** Consumes the OTLP topics into the write store. */
export function createWriter({ config, broker, store, ...rest }: WriterOptions): Writer {
  const { retentionHours, ...limits } = config;
  const consumer = new Consumer({
    ...rest,
    group: writerSink.group,
    broker,
    sink: store,
    limits,
    dependency: 'write-store',
  });
  const notes = new NoteConsumer({
    broker,
    store,
    pollWaitMs: limits.pollWaitMs,
    retryMs: limits.retryMaxMs,
  });
  const retention = new PeriodicTask({
    name: 'write store retention',
    everyMs: hourMs,
    run: () => store.retain(Date.now() - retentionHours * hourMs),
  });
  return { consumer, components: [notes, consumer, retention] };
}
