import type { Signal } from '@spillway/otlp';
import { LocalQuotas } from '@spillway/resilience';
import { describe, expect, it } from 'vitest';
import { Admission, Ticket } from './admission.ts';
import { Refusal } from './refusal.ts';
import { type GatewayConfig, gatewaySection } from './section.ts';

function admissionWith(config: Partial<GatewayConfig>) {
  const clock = { ms: 0 };
  const parsed = gatewaySection.parse(config);
  const nowMs = () => clock.ms;
  const admission = new Admission({ config: parsed, quotas: new LocalQuotas(nowMs), nowMs });
  const enter = (tenant: string, bytes = 0, signal: Signal = 'traces') =>
    admission.enter({ tenant, signal, bytes });
  return { admission, clock, enter };
}

function ticket(entered: Ticket | Refusal): Ticket {
  if (entered instanceof Ticket) return entered;
  throw new Error(entered.message);
}

function codeOf(entered: Ticket | Refusal): string {
  return entered instanceof Refusal ? `${entered.code} ${entered.retryAfterMs}` : 'in';
}

describe('Admission', () => {
  it('counts records as a debt that the next request waits for, per tenant', () => {
    const { enter, clock } = admissionWith({ recordsPerSecondMax: 100, recordsBurst: 50 });
    ticket(enter('a')).spendRecords(250);
    // As many as before are expected, so the next one waits for a full bucket.
    expect([codeOf(enter('a')), codeOf(enter('b'))]).toEqual(['records-quota 2500', 'in']);
    clock.ms = 2499;
    expect(codeOf(enter('a'))).toBe('records-quota 1');
    clock.ms = 2500;
    expect(codeOf(enter('a'))).toBe('in');
  });

  it('lets a flood in only so far as the requests before it suggest, and settles what came', () => {
    const { enter, admission } = admissionWith({ recordsPerSecondMax: 100, recordsBurst: 1000 });
    const first = ticket(enter('a'));
    first.spendRecords(100);
    first.leave();
    const flood = Array.from({ length: 50 }, () => enter('a'));
    const tickets = flood.filter((entered) => entered instanceof Ticket);
    expect(tickets).toHaveLength(9);
    for (const each of tickets.slice(1)) each.leave();
    tickets[0]?.spendRecords(20);
    expect(codeOf(enter('a'))).toBe('in');
    expect(admission.stats().quotas).toMatchObject([{ tenant: 'a', of: 'records', refused: 41 }]);
  });

  it('knows the tenants that have quotas of their own', () => {
    const { enter } = admissionWith({
      recordsPerSecondMax: 100,
      recordsBurst: 300,
      tenants: { big: { recordsPerSecondMax: 1000 }, free: { recordsPerSecondMax: 0 } },
    });
    const waits = ['small', 'big', 'free', 'constructor'].map((tenant) => {
      ticket(enter(tenant)).spendRecords(5000);
      return codeOf(enter(tenant));
    });
    const small = 'records-quota 50000';
    expect(waits).toEqual([small, 'records-quota 5000', 'in', small]);
  });

  it('forgets a tenant that has left, but not what it owes or has in flight', () => {
    const { enter, clock, admission } = admissionWith({ recordsPerSecondMax: 1 });
    const tenants = () => admission.stats().quotas.map(({ tenant }) => tenant);
    for (const name of ['gone', 'owing', 'busy']) {
      const entered = ticket(enter(name));
      entered.spendRecords(name === 'owing' ? 5000 : 1);
      if (name !== 'busy') entered.leave();
    }
    clock.ms = 700_000;
    enter('new');
    expect(tenants()).toEqual(['owing', 'busy', 'new']);
  });

  it('takes announced bytes before they are read, and unannounced ones as they come', () => {
    const { enter } = admissionWith({ bytesPerSecondMax: 1000, bytesBurst: 1000 });
    expect(codeOf(enter('a', 600))).toBe('in');
    expect(codeOf(enter('a', 600))).toBe('bytes-quota 200');
    expect(ticket(enter('a', 0)).take(900)).toBeUndefined();
    expect(codeOf(enter('a', 0))).toBe('bytes-quota 500');
  });

  it('returns the quota of what was not served', () => {
    const { enter } = admissionWith({
      bytesPerSecondMax: 10,
      bytesBurst: 100,
      recordsPerSecondMax: 10,
      recordsBurst: 10,
    });
    const entered = ticket(enter('a', 60));
    entered.take(40);
    entered.spendRecords(70);
    entered.giveBack();
    entered.giveBack();
    expect(codeOf(enter('a', 100))).toBe('in');
  });

  it('does not charge the quota for a request that finds the house full', () => {
    const limits = { bodyBytesMax: 10, tenantLaneBytesMax: 100 };
    const { enter } = admissionWith({ ...limits, bytesPerSecondMax: 1, bytesBurst: 150 });
    const entered = ticket(enter('a', 90));
    expect(codeOf(enter('a', 50))).toMatch(/^bulkhead-full 1\d\d\d$/);
    entered.leave();
    expect(codeOf(enter('a', 60))).toBe('in');
  });

  it('keeps signals and tenants apart, and counts all of them together', () => {
    const { admission, enter } = admissionWith({
      bodyBytesMax: 10,
      tenantLaneBytesMax: 50,
      laneBytesMax: 80,
      inFlightBytesMax: 100,
    });
    expect(codeOf(enter('a', 50))).toBe('in');
    const refusals = [enter('a', 1), enter('b', 31), enter('a', 51, 'logs')];
    expect(refusals.map((entered) => (entered as Refusal).message)).toEqual([
      'too much in flight: tenant a, signal traces may hold 50 bytes',
      'too much in flight: signal traces may hold 80 bytes',
      'the body needs more memory than 50 bytes: tenant a, signal logs',
    ]);
    expect(codeOf(enter('a', 50, 'logs'))).toBe('in');
    expect((enter('c', 1, 'metrics') as Refusal).message).toContain('the whole gateway');
    expect(admission.inFlight).toEqual({ requests: 2, bytes: 100 });
  });
});
