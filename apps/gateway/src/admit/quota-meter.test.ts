import { LocalQuotas } from '@spillway/resilience';
import { expect, it } from 'vitest';
import { QuotaMeter } from './quota-meter.ts';

it('counts what was spent and what was given back apart, so that neither ever falls', () => {
  const limit = { tenant: 'acme', of: 'bytes', ratePerSecond: 10, burst: 10 } as const;
  const meter = new QuotaMeter(limit, new LocalQuotas(() => 0));
  expect(meter.tryTake(10)).toBeUndefined();
  meter.spend(-4);
  expect(meter.tryTake(8)?.code).toBe('bytes-quota');
  meter.spend(3);
  expect(meter.stats()).toEqual({
    tenant: 'acme',
    of: 'bytes',
    spent: 13,
    returned: 4,
    refusedRequests: 1,
  });
});
