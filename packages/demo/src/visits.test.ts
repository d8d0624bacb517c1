import { SpanKind } from '@opentelemetry/api';
import { Random } from '@spillway/load';
import { describe, expect, test } from 'vitest';
import { isIncident } from './incident.ts';
import { durationMs, horizonMs, type Step } from './steps.ts';
import { planVisit } from './visits.ts';

describe('a visit to the demo shop', () => {
  test('reaches every service, and is a few spans on average', () => {
    const visits = plan(2000, false);
    const steps = visits.flatMap(allSteps);
    expect(new Set(steps.map(({ service }) => service)).size).toBe(7);
    const spansPerVisit = steps.length / visits.length;
    expect(spansPerVisit).toBeGreaterThan(4);
    expect(spansPerVisit).toBeLessThan(10);
  });

  test('leaves at least one log, whatever it did', () => {
    for (const visit of plan(500, false)) {
      expect(allSteps(visit).some(({ logs }) => logs.length > 0)).toBe(true);
    }
  });

  test('a failing call is an error of its caller too, and has its exception where it arose', () => {
    const steps = plan(2000, true).flatMap(allSteps);
    const failed = steps.filter(({ failure }) => failure);
    expect(failed.some(({ failure }) => failure?.type === 'ProviderTimeout')).toBe(true);
    for (const step of steps.filter(({ kind }) => kind === SpanKind.CLIENT)) {
      const called = step.calls[0];
      if (called?.failure) expect(step.failure).toBeDefined();
    }
  });

  test('in an incident about half of the payments fail, and otherwise hardly any', () => {
    const failedShare = (incident: boolean): number => {
      const charges = plan(4000, incident)
        .flatMap(allSteps)
        .filter(({ name, kind }) => name === 'POST /charges' && kind === SpanKind.SERVER);
      return charges.filter(({ failure }) => failure).length / charges.length;
    };
    expect(failedShare(true)).toBeGreaterThan(0.3);
    expect(failedShare(false)).toBe(0);
  });

  test('is over only when the message it sent has been read', () => {
    const checkOut = plan(200, false).find((visit) =>
      allSteps(visit).some(({ service }) => service === 'order-worker'),
    ) as Step;
    expect(horizonMs(checkOut)).toBeGreaterThan(durationMs(checkOut));
  });
});

test('the incident lasts 30 s of every 3 minutes, from the second minute on', () => {
  const seconds = [0, 59, 60, 89, 90, 239, 240, 269, 270];
  expect(seconds.map((second) => isIncident(second * 1000))).toEqual([
    false,
    false,
    true,
    true,
    false,
    false,
    true,
    true,
    false,
  ]);
});

function plan(count: number, incident: boolean): Step[] {
  const random = new Random(11);
  return Array.from({ length: count }, () => planVisit(random, { incident }));
}

function allSteps(step: Step): Step[] {
  const below = step.calls.flatMap(allSteps);
  return [step, ...below, ...(step.later ? allSteps(step.later.step) : [])];
}
