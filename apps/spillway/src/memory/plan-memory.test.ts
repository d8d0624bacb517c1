import { loadConfig } from '@spillway/runtime';
import { expect, test } from 'vitest';
import { spillwaySchema } from '../config.ts';
import { registry } from '../modules/index.ts';
import { bytesOf } from './budget-of.ts';
import { MemoryError } from './memory-error.ts';
import { planMemory } from './plan-memory.ts';

const { roles } = registry;
const mebibyte = 1_048_576;
const chosenByV8 = { heapBytes: undefined, semiSpaceMebibytes: undefined };

const onServers = {
  'broker.kind': 'kafka',
  'store.write.kind': 'postgres',
  'store.search.kind': 'elasticsearch',
  'store.live.kind': 'redis',
};

interface Given {
  mebibytes: number;
  set?: Record<string, string>;
  heapBytes?: number;
  of?: readonly string[];
}

function planOf({ mebibytes, set = {}, heapBytes, of = roles }: Given) {
  const loaded = loadConfig(spillwaySchema, { env: {}, flags: set });
  const given = { bytes: mebibytes * mebibyte, source: 'the test' };
  return planMemory({ loaded, registry, roles: of, given, flags: { ...chosenByV8, heapBytes } });
}

test('with ample memory every default stays, and the embedded database is optimised', () => {
  const { config, shrunk, runtime } = planOf({ mebibytes: 8_192 });
  expect(shrunk).toEqual([]);
  expect(config).toEqual(spillwaySchema.parse({ gateway: {} }));
  expect(runtime).toEqual({ optimises: true, semiSpaceMebibytes: 64 });
});

test('with less, the optimiser goes first and the defaults stay', () => {
  const { shrunk, runtime } = planOf({ mebibytes: 2_048 });
  expect({ shrunk, optimises: runtime.optimises }).toEqual({ shrunk: [], optimises: false });
});

test('a role with memory to spare has young generations as V8 would choose them', () => {
  const { runtime, shrunk } = planOf({ mebibytes: 768, set: onServers, of: ['writer'] });
  expect({ semi: runtime.semiSpaceMebibytes, shrunk }).toEqual({ semi: 16, shrunk: [] });
});

test.each([512, 640, 768, 1_024, 1_536])(
  'in %i MiB the defaults shrink until the sum fits',
  (mebibytes) => {
    const { lines, shrunk, heapBytes, config } = planOf({ mebibytes });
    expect(shrunk).toContain('gateway.inFlightBytesMax');
    expect(bytesOf(lines)).toBeLessThanOrEqual(mebibytes * mebibyte);
    expect(bytesOf(lines)).toBeGreaterThan((mebibytes - 16) * mebibyte);
    expect(bytesOf(lines, 'outside') + heapBytes).toBeLessThanOrEqual(mebibytes * mebibyte);
    const { gateway } = config;
    expect(gateway.inFlightBytesMax).toBeGreaterThanOrEqual(2.25 * gateway.bodyBytesMax);
    expect(gateway.signalBytesMax).toBeGreaterThanOrEqual(2.25 * gateway.bodyBytesMax);
    expect(gateway.tenantSignalBytesMax).toBeGreaterThanOrEqual(1.25 * gateway.bodyBytesMax);
    expect(gateway.queueBytesMax).toBeGreaterThan(gateway.bodyBytesMax);
  },
);

test('less than 512 MB is refused with everything embedded, and the sum is shown', () => {
  const refuse = () => planOf({ mebibytes: 480 });
  expect(refuse).toThrow(MemoryError);
  expect(refuse).toThrow(/memory is too small: wanted \d+ MiB, got 480 MiB \(the test\)/);
  expect(refuse).toThrow(/ MiB {2}bodies of requests.*\(gateway\.inFlightBytesMax\)/);
  expect(refuse).toThrow(/in all/);
});

test('what is set stays as it is set, and is refused when it does not fit', () => {
  const set = { 'gateway.inFlightBytesMax': String(64 * mebibyte) };
  expect(planOf({ mebibytes: 768, set }).config.gateway.inFlightBytesMax).toBe(64 * mebibyte);
  expect(() => planOf({ mebibytes: 512, set })).toThrow(/ 64 MiB {2}bodies of requests/);
});

test('a body that was allowed has room, or is refused with what it would take', () => {
  const set = { 'gateway.bodyBytesMax': String(32 * mebibyte) };
  const { gateway } = planOf({ mebibytes: 1_024, set }).config;
  expect(gateway.inFlightBytesMax).toBeGreaterThanOrEqual(72 * mebibyte);
  expect(() => planOf({ mebibytes: 512, set })).toThrow(/ 72 MiB {2}bodies of requests/);
});

test('a heap that was chosen from outside is kept, counted, and has to hold what lies in it', () => {
  const heapBytes = 400 * mebibyte;
  const { lines, heapBytes: kept } = planOf({ mebibytes: 1_024, heapBytes });
  expect(kept).toBe(heapBytes);
  expect(bytesOf(lines, 'outside') + heapBytes).toBeLessThanOrEqual(1_024 * mebibyte);
  expect(() => planOf({ mebibytes: 512, heapBytes })).toThrow(MemoryError);
  expect(() => planOf({ mebibytes: 4_096, heapBytes: 64 * mebibyte })).toThrow(MemoryError);
});

test('a role alone needs the memory of its own parts', () => {
  for (const role of roles) {
    const { lines } = planOf({ mebibytes: 256, set: onServers, of: [role] });
    expect(bytesOf(lines)).toBeLessThanOrEqual(256 * mebibyte);
  }
});
