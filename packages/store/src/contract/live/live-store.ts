/** What every live store must do, as a suite that every adapter runs whole. */
import { topicOf } from '@spillway/broker';
import type { SpanRecord } from '@spillway/otlp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LiveStore } from '../../live/live-store.ts';
import { PartMissingError } from '../../message-parts.ts';
import { applyParts, inParts } from '../message-parts.ts';
import { TestRecords, testNowMs } from '../test-records.ts';
import {
  type LiveStoreContractOptions,
  type LiveStoreHarness,
  type LiveStoreUnderTest,
  pair,
  range,
} from './harness.ts';
import { describeLiveMap } from './map.ts';
import { describeLiveMemory } from './memory.ts';
import { describeLiveNames } from './names.ts';
import { describeLiveTail } from './tail.ts';

/** Percentiles come from log-scale histograms. */
const relativeError = 0.1;

/** Declares the tests that every live store must pass. */
export function liveStoreContract(options: LiveStoreContractOptions): void {
  const { name, create, alwaysThere } = options;
  describeLiveMemory(options);
  describe(`${name} as a live store`, () => {
    let harness: LiveStoreHarness;
    let nowMs: number;
    beforeEach(async () => {
      nowMs = testNowMs + 30_000;
      harness = await create(() => nowMs);
    });
    afterEach(() => harness.close());

    const apply = async (...messages: Parameters<LiveStore['apply']>[0]) => {
      const outcomes = await harness.store.apply(messages);
      await harness.refresh?.();
      return outcomes.map(({ records }) => records.map(({ status }) => status));
    };
    const underTest: LiveStoreUnderTest = {
      store: () => harness.store,
      apply,
      later: (ms) => {
        nowMs += ms;
      },
    };

    test('rate, errors and duration per service and operation', async () => {
      const records = new TestRecords();
      const spans = Array.from({ length: 100 }, (_, i) => timed(records, i + 1, { name: 'GET' }));
      for (const span of spans.slice(0, 20)) span.statusCode = 2;
      const job = timed(records, 5, { kind: 1, name: 'job' });
      const inner = timed(records, 5, { kind: 1, parentSpanId: 'a'.repeat(16) });
      await apply(records.message([...spans, job, inner]));

      const [service, ...others] = await harness.store.services(range);
      expect(others).toEqual([]);
      expect(service).toMatchObject({ service: 'checkout' });
      expect(service?.ratePerSecond).toBeCloseTo(101 / 60);
      expect(service?.errorRatio).toBeCloseTo(20 / 101);
      expect(service?.sparkline.reduce((a, b) => a + b)).toBe(101);

      const operations = await harness.store.operations({ ...range, service: 'checkout' });
      expect(operations.map(({ operation, kind }) => [operation, kind])).toEqual([
        ['GET', 2],
        ['job', 1],
      ]);
      const [get] = operations;
      for (const [got, wanted] of [
        [get?.p50Ms, 50],
        [get?.p95Ms, 95],
        [get?.p99Ms, 99],
      ] as const) {
        expect(Math.abs((got ?? 0) - wanted) / wanted).toBeLessThan(relativeError);
      }
    });

    test('a redelivered message is not counted twice', async () => {
      const records = new TestRecords();
      const messages = [records.message([records.span()]), records.message([records.span()])];
      await apply(...messages);
      expect(await apply(...messages)).toEqual([['stored'], ['stored']]);
      const [service] = await harness.store.services(range);
      expect(service?.ratePerSecond).toBeCloseTo(2 / 60);
      const [partition] = [{ topic: topicOf.traces, partition: 0 }];
      const positions = await harness.store.capabilities.nextPositions?.([partition]);
      if (positions) expect(positions).toEqual([{ ...partition, position: 2 }]);
    });

    test('a message in parts counts once, and its position is passed with the last one', async () => {
      const records = new TestRecords();
      const message = records.message(Array.from({ length: 10 }, () => records.span()));
      const parts = inParts(message, 3);
      const [partition] = [{ topic: topicOf.traces, partition: 0 }];
      await applyParts(harness.store, parts.slice(0, 2));
      expect((await harness.store.capabilities.nextPositions?.([partition])) ?? []).toEqual([]);
      await applyParts(harness.store, parts);
      await applyParts(harness.store, parts);
      await apply(message);
      const [service] = await harness.store.services(range);
      expect(service?.ratePerSecond).toBeCloseTo(10 / 60);
      const positions = await harness.store.capabilities.nextPositions?.([partition]);
      if (positions) expect(positions).toEqual([{ ...partition, position: 1 }]);
      const [, second] = inParts(records.message([records.span(), records.span()]), 1);
      if (second) {
        await expect(harness.store.apply([second])).rejects.toBeInstanceOf(PartMissingError);
      }
    });

    test('what a client sends again is a duplicate, for a quarter of an hour', async () => {
      const records = new TestRecords();
      const first = records.message([records.span()]);
      await apply(first);
      nowMs += 240_000;
      expect(await apply(records.message([...first.records, records.span()]))).toEqual([
        ['duplicate', 'stored'],
      ]);
      nowMs += 3_000_000;
      expect(await apply(records.message(first.records))).toEqual([['stored']]);
    });

    describeLiveMap(underTest);

    test('what leaves the window is forgotten, and what is older never enters', async () => {
      const records = new TestRecords();
      await apply(records.message([records.span()]));
      nowMs += harness.store.windowMs + 60_000;
      const wide = { ...range, fromMs: testNowMs - 86_400_000, toMs: nowMs };
      expect(await harness.store.services(wide)).toEqual([]);
      expect(await apply(records.message([records.span()]))).toEqual([['stored']]);
      expect(await harness.store.services(wide)).toEqual([]);
    });

    test('one tenant never sees another', async () => {
      const records = new TestRecords();
      const { client, server } = pair(records, 'web', 'cart');
      await apply(records.message([client, server]));
      const theirs = { ...range, tenant: 'umbrella' };
      expect(await harness.store.services(theirs)).toEqual([]);
      expect(await harness.store.operations({ ...theirs, service: 'cart' })).toEqual([]);
      expect(await harness.store.map(theirs)).toEqual([]);
    });

    test('logs and metrics are taken and counted nowhere', async () => {
      const records = new TestRecords();
      const messages = [records.message([records.log()]), records.message([records.point()])];
      expect(await apply(...messages)).toEqual([['stored'], ['stored']]);
      expect(await harness.store.services(range)).toEqual([]);
    });

    if (alwaysThere === undefined) {
      test('a store that was stopped is unavailable, to whoever asks and to whoever applies', async () => {
        const records = new TestRecords();
        const { store } = harness;
        await store.stop();
        const away = { name: 'StoreError', code: 'unavailable', blamesStore: true };
        await expect(store.services(range)).rejects.toMatchObject(away);
        await expect(store.operations({ ...range, service: 'web' })).rejects.toMatchObject(away);
        await expect(store.map(range)).rejects.toMatchObject(away);
        const tail = { tenant: 'acme', signal: 'logs', limit: 10 } as const;
        await expect(store.tail(tail)).rejects.toMatchObject(away);
        const message = records.message([records.log()]);
        await expect(store.apply([message])).rejects.toMatchObject(away);
      });
    }

    describeLiveTail(underTest);
    describeLiveNames(underTest);

    test('reset leaves an empty store that can be filled again', async () => {
      const records = new TestRecords();
      const message = records.message([records.span()]);
      await apply(message);
      await harness.store.reset();
      expect(await harness.store.services(range)).toEqual([]);
      expect(await apply(message)).toEqual([['stored']]);
      expect(await harness.store.services(range)).toHaveLength(1);
    });
  });
}

function timed(records: TestRecords, durationMs: number, over: Partial<SpanRecord>): SpanRecord {
  const span = records.span(over);
  const endTimeUnixNano = span.startTimeUnixNano + BigInt(durationMs) * 1_000_000n;
  return { ...span, endTimeUnixNano };
}
