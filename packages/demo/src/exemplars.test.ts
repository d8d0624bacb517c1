import { expect, test } from 'vitest';
import { Exemplars } from './exemplars.ts';

const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
const metric = 'http.server.request.duration';

test('keeps the latest measurement of each bucket of each series, and gives it once', () => {
  const exemplars = new Exemplars();
  const offer = (value: number, route: string, timeMs: number): void =>
    exemplars.offer({ metric, attributes: { route, method: 'GET' }, value, timeMs, span });
  offer(0.003, '/a', 1000);
  offer(0.004, '/a', 2000.25);
  offer(0.2, '/a', 3000);
  offer(60, '/a', 4000);
  offer(0.003, '/b', 5000);
  const ofA = exemplars.take(metric, { method: 'GET', route: '/a' });
  expect(ofA.map(({ asDouble, timeUnixNano }) => [asDouble, timeUnixNano])).toEqual([
    [0.004, '2000250000'],
    [0.2, '3000000000'],
    [60, '4000000000'],
  ]);
  expect(ofA[0]).toMatchObject({ traceId: span.traceId, spanId: span.spanId });
  expect(exemplars.take(metric, { method: 'GET', route: '/a' })).toEqual([]);
  expect(exemplars.take(metric, { method: 'GET', route: '/b' })).toHaveLength(1);
});
