import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  initialState,
  isDrained,
  type PartitionEvent,
  type PartitionState,
  step,
} from './partition-state.ts';
import { PartitionWorld } from './partition-world.ts';

type State = PartitionState<string>;
type Event = PartitionEvent<string>;
const start = initialState<string>(true);
const withoutSpill = initialState<string>(false);
const spilling: State = { ...start, mode: 'spilling', spilled: 3 };
const holding: State = { ...start, isHolding: true };

function after(state: State, ...events: Event[]) {
  return events.reduce<ReturnType<typeof step<string>>>((last, event) => step(last.state, event), {
    state,
    effects: [],
  });
}

describe('one step', () => {
  const failed = (message: string): Event => ({ type: 'failed', message });
  const diverted = (message: string): Event => ({ type: 'diverted', message });
  const published: Event = { type: 'published' };
  const ended: Event = { type: 'call-ended' };

  it.each<[string, State, Event[], Partial<State>, object[]]>([
    ['a message goes and comes back', start, [published, { type: 'accepted' }], start, []],
    [
      'what fails holds newer ones',
      start,
      [published, failed('a')],
      { failed: ['a'], isHolding: true },
      [],
    ],
    ['newer ones are held', { ...holding, failed: ['a'] }, [diverted('b')], { held: ['b'] }, []],
    [
      'nothing is tried again while something is in flight',
      { ...start, inFlight: 1, failed: ['a'], isHolding: true },
      [ended],
      { isRetrying: false, failed: ['a'] },
      [],
    ],
    [
      'then what failed is tried again, once',
      { ...holding, failed: ['a', 'b'] },
      [ended],
      { isRetrying: true, failed: [] },
      [{ type: 'retry', messages: ['a', 'b'] }],
    ],
    [
      'what was tried again in vain is spilled, with what was held',
      { ...holding, isRetrying: true, held: ['c'] },
      [{ type: 'retried', left: ['b'] }],
      { mode: 'spilling', appending: 2, isHolding: false, held: [] },
      [{ type: 'append', messages: ['b', 'c'] }],
    ],
    [
      'without a spill it is refused, and what was held is published',
      { ...withoutSpill, isHolding: true, isRetrying: true, held: ['c'] },
      [{ type: 'retried', left: ['b'] }],
      { mode: 'direct', held: [] },
      [
        { type: 'settle', messages: ['b'] },
        { type: 'publish', messages: ['c'] },
      ],
    ],
    [
      'once it is through, what was held is published',
      { ...holding, isRetrying: true, held: ['c'] },
      [{ type: 'retried', left: [] }],
      { mode: 'direct', isHolding: false },
      [{ type: 'publish', messages: ['c'] }],
    ],
    [
      'a broker that is down: into the spill',
      start,
      [diverted('a')],
      { mode: 'spilling', appending: 1 },
      [{ type: 'append', messages: ['a'] }],
    ],
    [
      'without a spill: refused',
      withoutSpill,
      [diverted('a')],
      withoutSpill,
      [{ type: 'settle', messages: ['a'] }],
    ],
    [
      'behind those in flight, it waits for what becomes of them',
      { ...start, inFlight: 1 },
      [diverted('b')],
      { failed: ['b'], isHolding: true, mode: 'direct' },
      [],
    ],
    [
      'what is in the spill counts',
      { ...spilling, appending: 2 },
      [{ type: 'appended', messages: ['a', 'b'], isDurable: true }],
      { spilled: 5, appending: 0 },
      [{ type: 'settle', messages: ['a', 'b'] }],
    ],
    [
      'what the spill refused does not',
      { ...spilling, appending: 2 },
      [{ type: 'appended', messages: ['a', 'b'], isDurable: false }],
      { spilled: 3, appending: 0 },
      [{ type: 'settle', messages: ['a', 'b'] }],
    ],
    [
      'found at a start, it is drained',
      start,
      [{ type: 'recounted', messages: 3 }],
      { mode: 'spilling', spilled: 3 },
      [{ type: 'drain' }],
    ],
    ['found none: direct', start, [{ type: 'recounted', messages: 0 }], start, []],
    [
      'drained messages leave',
      spilling,
      [{ type: 'drained', messages: 2 }],
      { mode: 'draining', spilled: 1 },
      [],
    ],
    [
      'a drain begins again',
      { ...spilling, mode: 'draining', stuck: 1, isHolding: true, held: ['d'] },
      [{ type: 'drain-failed' }],
      { mode: 'spilling', stuck: 0, isHolding: false, appending: 1 },
      [{ type: 'append', messages: ['d'] }],
    ],
    [
      'nothing is let go while a try is under way',
      { ...holding, isRetrying: true, held: ['d'] },
      [{ type: 'stop-holding' }],
      { held: ['d'], isHolding: true },
      [],
    ],
    [
      'when all is drained, what was held is published',
      { ...spilling, mode: 'draining', spilled: 0, isHolding: true, held: ['d'] },
      [{ type: 'drain-ended' }],
      { mode: 'direct', held: [] },
      [{ type: 'publish', messages: ['d'] }],
    ],
  ])('%s', (_, state, events, expected, effects) => {
    const result = after(state, ...events);
    expect(result.state).toMatchObject(expected);
    expect(result.effects).toEqual(effects);
  });

  it('what the broker will never take keeps nothing waiting', () => {
    expect(isDrained({ ...spilling, spilled: 1 })).toBe(false);
    expect(isDrained(after({ ...spilling, spilled: 1 }, { type: 'stuck' }).state)).toBe(true);
    expect(isDrained({ ...spilling, spilled: 0, appending: 1 })).toBe(false);
  });
});

const action = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('send'),
      n: fc.integer({ min: 1, max: 3 }),
      up: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('endCall'), n: fc.nat(3), up: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('endRetry'), n: fc.nat(3), up: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('endAppend'), n: fc.constant(0), up: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('drain'),
      n: fc.integer({ min: 1, max: 3 }),
      up: fc.constant(true),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('failDrain', 'stopHolding'),
      n: fc.constant(0),
      up: fc.constant(true),
    }),
  },
);

function run(
  hasSpill: boolean,
  actions: readonly { do: string; n: number; up: boolean }[],
): PartitionWorld {
  const world = new PartitionWorld(hasSpill);
  for (const { do: what, n, up } of actions) {
    if (what === 'send') world.send(n, up);
    else if (what === 'endCall') world.endCall(n, up);
    else if (what === 'endRetry') world.endRetry(n);
    else if (what === 'endAppend') world.endAppend(up);
    else if (what === 'drain') world.drain(n);
    else if (what === 'failDrain') world.failDrain();
    else if (world.state.hasSpill) world.handle({ type: 'stop-holding' });
  }
  world.end();
  return world;
}

describe.each([true, false])('whatever broker and spill do (with a spill: %s)', (hasSpill) => {
  it('every message is settled once, none that was acknowledged is missing or overtaken', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const { messages, log, state } = run(hasSpill, actions);
        expect(messages.map(({ settled }) => settled)).toEqual(messages.map(() => 1));
        expect(state).toMatchObject({
          mode: 'direct',
          inFlight: 0,
          failed: [],
          held: [],
          appending: 0,
        });
        const places = new Map(
          [...log.entries()].reverse().map(([place, { number }]) => [number, place]),
        );
        const acknowledged = messages.filter(({ acknowledgedAt }) => acknowledgedAt < Infinity);
        for (const earlier of acknowledged) {
          const place = places.get(earlier.number);
          expect(place, `message ${earlier.number} is lost`).toBeDefined();
          for (const later of messages) {
            if (later.cameAt < earlier.acknowledgedAt) continue;
            expect(places.get(later.number) ?? Infinity).toBeGreaterThan(place as number);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
