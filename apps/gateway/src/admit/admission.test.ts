import type { Signal } from '@spillway/otlp';
import { LocalQuotas } from '@spillway/resilience';
import { describe, expect, it } from 'vitest';
import { type GatewayConfig, gatewaySection } from '../model/config.ts';
import { Refusal } from '../model/refusal.ts';
import { Admission, AdmissionPermit } from './admission.ts';
import { ConnectionShare } from './connection-share.ts';

function admissionWith(config: Partial<GatewayConfig>) {
  const clock = { ms: 0 };
  const parsed = gatewaySection.parse(config);
  const nowMs = () => clock.ms;
  const admission = new Admission({ config: parsed, quotas: new LocalQuotas(nowMs), nowMs });
  const enter = (tenant: string, bytes = 0, signal: Signal = 'traces') =>
    admission.admit({ tenant, signal, bytes, connection: new ConnectionShare() });
  return { admission, clock, enter };
}

function permit(entered: AdmissionPermit | Refusal): AdmissionPermit {
  if (entered instanceof AdmissionPermit) return entered;
  throw new Error(entered.message);
}

function codeOf(entered: AdmissionPermit | Refusal): string {
  return entered instanceof Refusal ? `${entered.code} ${entered.retryAfterMs}` : 'in';
}

describe('Admission', () => {
  it('counts records as a debt that the next request waits for, per tenant', () => {
    const { enter, clock } = admissionWith({ recordsPerSecondMax: 100, recordsBurst: 50 });
    permit(enter('a')).spendRecords(250);
    // As many as before are expected, so the next one waits for a full bucket.
    expect([codeOf(enter('a')), codeOf(enter('b'))]).toEqual(['records-quota 2500', 'in']);
    clock.ms = 2499;
    expect(codeOf(enter('a'))).toBe('records-quota 1');
    clock.ms = 2500;
    expect(codeOf(enter('a'))).toBe('in');
  });

  it('lets a flood in only so far as the requests before it suggest, and settles what came', () => {
    const { enter, admission } = admissionWith({ recordsPerSecondMax: 100, recordsBurst: 1000 });
    const first = permit(enter('a'));
    first.spendRecords(100);
    first.release();
    const flood = Array.from({ length: 50 }, () => enter('a'));
    const tickets = flood.filter((entered) => entered instanceof AdmissionPermit);
    expect(tickets).toHaveLength(9);
    for (const each of tickets.slice(1)) each.release();
    tickets[0]?.spendRecords(20);
    expect(codeOf(enter('a'))).toBe('in');
    expect(admission.stats().quotas).toMatchObject([
      { tenant: 'a', of: 'records', refusedRequests: 41 },
    ]);
  });

  it('knows the tenants that have quotas of their own', () => {
    const { enter } = admissionWith({
      recordsPerSecondMax: 100,
      recordsBurst: 300,
      tenants: { big: { recordsPerSecondMax: 1000 }, free: { recordsPerSecondMax: 0 } },
    });
    const waits = ['small', 'big', 'free', 'constructor'].map((tenant) => {
      permit(enter(tenant)).spendRecords(5000);
      return codeOf(enter(tenant));
    });
    const small = 'records-quota 50000';
    expect(waits).toEqual([small, 'records-quota 5000', 'in', small]);
  });

  it('forgets a tenant that has left, but not what it owes or has in flight', () => {
    const { enter, clock, admission } = admissionWith({ recordsPerSecondMax: 1 });
    const tenants = () => admission.stats().quotas.map(({ tenant }) => tenant);
    for (const name of ['gone', 'owing', 'busy']) {
      const entered = permit(enter(name));
      entered.spendRecords(name === 'owing' ? 5000 : 1);
      if (name !== 'busy') entered.release();
    }
    clock.ms = 700_000;
    enter('new');
    expect(tenants()).toEqual(['owing', 'busy', 'new']);
  });

  it('takes announced bytes before they are read, and unannounced ones as they come', () => {
    const { enter } = admissionWith({ bytesPerSecondMax: 1000, bytesBurst: 1000 });
    expect(codeOf(enter('a', 600))).toBe('in');
    expect(codeOf(enter('a', 600))).toBe('bytes-quota 200');
    const unannounced = permit(enter('a', 0));
    unannounced.received(500);
    unannounced.received(400);
    expect(codeOf(enter('a', 0))).toBe('bytes-quota 500');
  });

  it('returns the quota of what was announced and did not come', () => {
    const { enter } = admissionWith({ bytesPerSecondMax: 1000, bytesBurst: 1000 });
    const announced = permit(enter('a', 1000));
    announced.received(100);
    announced.release();
    expect(codeOf(enter('a', 901))).toBe('bytes-quota 1');
    expect(codeOf(enter('a', 900))).toBe('in');
  });

  it('returns the quota of what was not served', () => {
    const { enter } = admissionWith({
      bytesPerSecondMax: 10,
      bytesBurst: 100,
      recordsPerSecondMax: 10,
      recordsBurst: 10,
    });
    const entered = permit(enter('a', 60));
    entered.received(100);
    entered.spendRecords(70);
    entered.refund();
    entered.refund();
    expect(codeOf(enter('a', 100))).toBe('in');
  });

  it('does not charge the quota for a request that finds the context full', () => {
    const { enter } = admissionWith({
      tenantSignalRequestsMax: 1,
      bytesPerSecondMax: 1,
      bytesBurst: 150,
    });
    const entered = permit(enter('a', 90));
    entered.received(90);
    expect(codeOf(enter('a', 50))).toMatch(/^bulkhead-full 1\d\d\d$/);
    entered.release();
    expect(codeOf(enter('a', 60))).toBe('in');
  });

  it('takes memory for what has arrived, and none for what is announced', () => {
    const { admission, enter } = admissionWith({});
    for (let i = 0; i < 100; i++) expect(codeOf(enter('a', 60e6))).toBe('in');
    expect(admission.inFlight).toEqual({ requests: 100, bytes: 0 });
  });

  it('names the limit, and counts all signals and tenants together', () => {
    const { admission, enter } = admissionWith({
      bodyBytesMax: 10,
      tenantSignalBytesMax: 50,
      signalBytesMax: 80,
      inFlightBytesMax: 150,
    });
    expect(permit(enter('a')).grow(46)).toBeUndefined();
    const refusals = [permit(enter('a')).grow(1), permit(enter('b')).grow(30)];
    expect(refusals.map((refusal) => refusal?.message)).toEqual([
      'too much in flight: tenant a, signal traces may hold 46 bytes',
      'too much in flight: tenant b, signal traces may hold 46 bytes',
    ]);
    const alone = permit(enter('a', 0, 'logs')).grow(47)?.message;
    expect(alone).toBe('the body needs more memory than 46 bytes: tenant a, signal logs');
    expect(admission.inFlight).toEqual({ requests: 4, bytes: 46 });
  });

  it('always leaves room for a tenant that comes later, however many hold what they can', () => {
    const { enter } = admissionWith({ inFlightBytesMax: 30_000_000, signalBytesMax: 30_000_000 });
    for (let hog = 0; hog < 10; hog++) {
      // On many connections, in all signals.
      for (let turn = 0; turn < 300; turn++) {
        const signal = (['traces', 'logs', 'metrics'] as const)[turn % 3];
        permit(enter(`hog${hog}`, 0, signal)).grow(100_000);
      }
    }
    for (const signal of ['traces', 'logs', 'metrics'] as const) {
      expect(permit(enter('canary', 0, signal)).grow(10_000)).toBeUndefined();
    }
  });

  it('leaves room for another connection of the same tenant', () => {
    const { admission } = admissionWith({ inFlightBytesMax: 3_000_000, signalBytesMax: 3_000_000 });
    const on = (connection: ConnectionShare) =>
      permit(admission.admit({ tenant: 'a', signal: 'traces', bytes: 0, connection }));
    const hog = new ConnectionShare();
    for (let i = 0; i < 500; i++) on(hog).grow(10_000);
    expect(on(new ConnectionShare()).grow(100_000)).toBeUndefined();
  });
});
