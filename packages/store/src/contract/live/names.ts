import type { SpanRecord } from '@spillway/otlp';
import { expect, test } from 'vitest';
import { operationBytesMax, otherName, serviceBytesMax } from '../../live/roll-up-name.ts';
import { longName } from '../test-long-names.ts';
import { TestRecords } from '../test-records.ts';
import { type LiveStoreUnderTest, pair, range } from './harness.ts';

/** However long and however many the names of services and operations are, answers stay small. */
export function describeLiveNames({ store, apply }: LiveStoreUnderTest): void {
  test('names of 1 MB are cut with a mark, distinguished, and found by the whole name', async () => {
    const records = new TestRecords();
    const [from, to, name] = [longName(), longName(), longName()];
    const { client, server } = pair(records, from, to);
    const operations = ['a', 'b'].map((end) => ({ ...server, name: name + end }));
    await apply(records.message([client, ...operations]));
    const [services, found, edges] = [
      await store().services(range),
      await store().operations({ ...range, service: to }),
      await store().map(range),
    ];
    // First, since a difference of megabytes cannot be shown.
    expect(Buffer.byteLength(JSON.stringify([services, found, edges]))).toBeLessThan(10_000);
    const [service, ...others] = services.map(({ service: name }) => name);
    expect(others).toEqual([]);
    expect(service).toMatch(/^[0-9a-f]{80,}…#[0-9a-f]{8}$/);
    expect(Buffer.byteLength(service ?? '')).toBeLessThanOrEqual(serviceBytesMax);
    expect(new Set(found.map(({ operation }) => operation)).size).toBe(2);
    for (const { operation } of found) {
      expect(operation).toMatch(/^[0-9a-f]{200,}…#[0-9a-f]{8}$/);
      expect(Buffer.byteLength(operation)).toBeLessThanOrEqual(operationBytesMax);
    }
    expect(edges).toMatchObject([{ to: service, calls: 2 }]);
    const { items } = await store().tail({
      tenant: 'acme',
      signal: 'traces',
      limit: 10,
      service: to,
    });
    expect(items.map(({ isCut }) => isCut)).toEqual([true, true]);
  });

  test('what is beyond the limit of names is counted, and an answer stays small', async () => {
    const records = new TestRecords();
    const spans = (count: number, over: (i: number) => Partial<SpanRecord>) =>
      records.message(Array.from({ length: count }, (_, i) => records.span(over(i))));
    await apply(spans(1_500, (i) => ({ name: `${i} ${'x'.repeat(2_000)}` })));
    await apply(spans(500, (i) => ({ resource: records.resource(`${i} ${'y'.repeat(2_000)}`) })));
    const found = await store().operations({ ...range, service: 'checkout' });
    const requests = (rates: readonly { ratePerSecond: number }[]) =>
      Math.round(rates.reduce((sum, { ratePerSecond }) => sum + ratePerSecond * 60, 0));
    expect(requests(found)).toBe(1_500);
    const rest = found.find(({ operation }) => operation === otherName);
    expect(requests(rest ? [rest] : [])).toBeGreaterThanOrEqual(500);
    const services = await store().services(range);
    expect(requests(services)).toBe(2_000);
    expect(services.map(({ service }) => service)).toContain(otherName);
    const bytes = (answer: unknown) => Buffer.byteLength(JSON.stringify(answer));
    for (const answer of [found, services]) expect(bytes(answer)).toBeLessThan(1_048_576);
  });
}
