import { expect, test } from 'vitest';
import { FleetJudgement } from './fleet-judgement.ts';

const options = { reportersMin: 2, holdMs: 2_000, windowMs: 10_000 };

/** Reporters at each second, and whether the fleet holds it down then. */
function judged(reporters: readonly number[]): string {
  const judgement = new FleetJudgement(options);
  return reporters
    .map((count, second) => {
      judgement.judge(new Map(count ? [['broker', count]] : []), second * 1_000);
      return judgement.isDown('broker') ? 'D' : '.';
    })
    .join('');
}

test.each([
  ['one reporter is not enough', [0, 1, 1, 1, 1, 1], '......'],
  ['two are, at once', [0, 1, 2, 3, 2], '..DDD'],
  ['it is up when too few have held it for a while', [2, 2, 1, 1, 1, 0], 'DDDD..'],
  ['a short break changes nothing', [2, 0, 2, 0, 2, 1, 1, 1], 'DDDDDDD.'],
  ['going down again soon doubles the hold', [2, 0, 0, 0, 2, 0, 0, 0, 0, 0], 'DDD.DDDDD.'],
  [
    'after a quiet window it is forgotten',
    [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0],
    'DDD...........DDD.',
  ],
])('%s', (_name, reporters, expected) => {
  expect(judged(reporters)).toBe(expected);
});

test('the hold never grows beyond the window', () => {
  const judgement = new FleetJudgement(options);
  let now = 0;
  for (let round = 0; round < 20; round++) {
    judgement.judge(new Map([['broker', 2]]), now);
    judgement.judge(new Map(), now + 1);
    judgement.judge(new Map(), now + 1 + options.windowMs);
    expect(judgement.isDown('broker')).toBe(false);
    now += 2 + options.windowMs;
  }
});

test('each dependency is judged alone', () => {
  const judgement = new FleetJudgement(options);
  judgement.judge(new Map([['broker', 2]]), 0);
  judgement.judge(new Map([['search-store', 1]]), 1_000);
  expect(judgement.isDown('broker')).toBe(true);
  expect(judgement.isDown('search-store')).toBe(false);
  judgement.clear();
  expect(judgement.isDown('broker')).toBe(false);
});
