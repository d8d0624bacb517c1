import { expect, it } from 'vitest';
import { metricsContract } from './contract.ts';
import { metricsOf } from './family.ts';
import { collectionMetrics } from './metrics-registry.ts';
import { problemsOf, unitOf } from './naming.ts';
import { emptyListsIn, WatchedStats } from './watched-stats.ts';

const { counter, flag, gauge } = metricsOf<{ value: number }>();
const help = 'Size of what waits for the broker.';
const read = ({ value }: { value: number }) => value;

it.each([
  ['spillway_queue_milliseconds', help, 'milliseconds is no base unit'],
  ['spillway_queue_ms', help, 'ms is no base unit'],
  ['spillway_queue_seconds_oldest', help, 'seconds does not stand at the end of the name'],
  ['spillway_queue_total', help, 'counters alone end in _total'],
  ['queue_bytes', help, 'its name is not spillway_<what>_<unit>'],
  ['spillway_queue_bytes', 'Its bound.', 'its help is not a sentence that makes sense alone'],
  [
    'spillway_queue_bytes',
    'size of what waits for it',
    'its help is not a sentence that makes sense alone',
  ],
])('says what is wrong with %s: %s', (name, text, problem) => {
  expect(problemsOf(gauge({ name, help: text, read }))).toEqual([problem]);
});

it('finds nothing wrong with what keeps the rules', () => {
  expect(problemsOf(gauge({ name: 'spillway_queue_bytes', help, read }))).toEqual([]);
  expect(problemsOf(counter({ name: 'spillway_read_bytes_total', help, read }))).toEqual([]);
  expect(problemsOf(counter({ name: 'spillway_reads', help, read }))).toEqual([
    'counters alone end in _total',
  ]);
});

it('takes the unit from the name', () => {
  expect(unitOf(counter({ name: 'spillway_read_bytes_total', help, read }))).toBe('bytes');
  expect(unitOf(gauge({ name: 'spillway_lag_seconds', help, read }))).toBe('seconds');
  expect(unitOf(gauge({ name: 'spillway_messages', help, read }))).toBe('count');
  expect(unitOf(flag({ name: 'spillway_up', help, read: () => true }))).toBe('1 or 0');
});

it('notices which stats nobody reads', () => {
  const watched = new WatchedStats({
    one: 1,
    lists: [{ two: 2, three: undefined }],
    deep: { four: 4, five: 5 },
  });
  const { one, lists, deep } = watched.stats;
  expect([one, lists.map(({ two }) => two), deep.five]).toEqual([1, [2], 5]);
  expect(watched.unread()).toEqual(['lists[].three', 'deep.four']);
  expect(emptyListsIn({ one: [], two: [{ three: [] }] })).toEqual(['one', 'two[].three']);
});

metricsContract('the collection', {
  families: collectionMetrics.map((family) => ({
    ...family,
    read: (unread: Record<string, number>) => family.read(new Map(Object.entries(unread))),
  })),
  source: () => ({ lag: 1 }),
});
