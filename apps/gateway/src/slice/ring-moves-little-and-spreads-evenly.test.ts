import { expect, test } from 'vitest';
import { createRing } from './ring.ts';
import { slots, slotTable } from './slot-table.ts';

const keyCount = 10_000;
const ownersMax = 16;

/** Of one step from n to n + 1 owners. */
interface Step {
  owners: number;
  /** Share of the keys that changed their owner, as a multiple of 1 / (n + 1). */
  moved: number;
  /** The fullest and the emptiest owner, as a multiple of an even share. */
  fullest: number;
  emptiest: number;
  /** Standard deviation of the shares, as a multiple of an even share. */
  deviation: number;
}

test('the slot table moves at most 1.3 k/(n+1), and each owner is within 15 % of its share', () => {
  const steps = measure((owners) => Array.from(slotTable(owners), String));
  const modulo = measure((owners) =>
    Array.from({ length: slots }, (_, slot) => String(slot % owners)),
  );
  print('slots', steps, modulo);
  for (const step of steps) expectBounds(step);
  for (const { owners, moved } of modulo) expectNearlyAllMoved(owners, moved);
});

// With names that nobody chose, one owner in many may be three deviations (13 %) off its share, and
// the sample of keys adds to it: the bound is on the deviation.
test('a ring of named owners moves as little, and deviates by less than 15 %', () => {
  const keys = Array.from({ length: keyCount }, (_, key) => `tenant-${key % 7}/key-${key}`);
  const names = (owners: number) => Array.from({ length: owners }, (_, n) => `gateway-${n}`);
  const steps = measure((owners) => {
    const ring = createRing(names(owners));
    return keys.map((key) => ring.ownerOf(key));
  });
  for (const { moved, deviation } of steps) {
    expect(moved).toBeLessThanOrEqual(1.3);
    expect(deviation).toBeLessThanOrEqual(0.15);
  }
});

function expectBounds({ moved, fullest, emptiest }: Step): void {
  expect(moved).toBeLessThanOrEqual(1.3);
  expect(fullest).toBeLessThanOrEqual(1.15);
  expect(emptiest).toBeGreaterThanOrEqual(0.85);
}

/** Modulo moves n / (n + 1) of all keys: n times as many as the ring. */
function expectNearlyAllMoved(owners: number, moved: number): void {
  expect(moved).toBeGreaterThan(0.95 * owners);
}

function measure(ownersOf: (owners: number) => readonly string[]): Step[] {
  const steps: Step[] = [];
  for (let owners = 1; owners <= ownersMax; owners += 1) {
    const [before, after] = [ownersOf(owners), ownersOf(owners + 1)];
    const moved = before.filter((owner, key) => owner !== after[key]).length;
    const load = new Map<string, number>();
    for (const owner of before) load.set(owner, (load.get(owner) ?? 0) + 1);
    const share = before.length / owners;
    expect(load.size).toBe(owners);
    steps.push({
      owners,
      moved: moved / (before.length / (owners + 1)),
      fullest: Math.max(...load.values()) / share,
      emptiest: Math.min(...load.values()) / share,
      deviation: Math.hypot(...[...load.values()].map((keys) => keys / share - 1)) / owners ** 0.5,
    });
  }
  return steps;
}

function print(what: string, ring: readonly Step[], modulo: readonly Step[]): void {
  const rows = ring.map(({ owners, moved, fullest, emptiest }, index) => ({
    [`${what}: owners`]: `${owners} to ${owners + 1}`,
    'ring moves (x ideal)': moved.toFixed(2),
    'modulo moves (x ideal)': modulo[index]?.moved.toFixed(2),
    fullest: fullest.toFixed(2),
    emptiest: emptiest.toFixed(2),
  }));
  console.table(rows);
}
