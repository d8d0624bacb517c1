import {
  type Addresses,
  postOtlp,
  query,
  spanIdOf,
  traceIdOf,
  tracesBody,
} from '@spillway/test-support';
import { Lab } from '@spillway/test-support/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const lab = new Lab();
let addresses: Addresses;

beforeAll(async () => {
  addresses = await lab.spillway.start();
}, 120_000);

afterAll(() => lab.close());

interface Trace {
  spans: { spanId: string; name: string }[];
}

describe('once in the stores', () => {
  it('stores a batch once that was sent three times', async () => {
    const spans = Array.from({ length: 10 }, (_, i) => ({
      traceId: traceIdOf(1),
      spanId: spanIdOf(i),
    }));
    const body = tracesBody('shop', spans);
    for (let i = 0; i < 3; i++) {
      expect((await postOtlp(addresses, 'traces', body)).status).toBe(200);
    }
    await lab.caughtUp(addresses);
    const trace = await query<Trace>(addresses, `/api/traces/${traceIdOf(1)}`);
    expect(trace.spans).toHaveLength(10);
    const { code, report } = await lab.audit();
    expect(report.totals).toMatchObject({ accepted: 30, stored: 10, searchable: 10 });
    expect(report.totals).toMatchObject({ duplicates: 20, unaccounted: 0 });
    expect(code).toBe(0);
  });

  it('keeps equal records of one request apart', async () => {
    const twin = { traceId: traceIdOf(2), spanId: spanIdOf(1) };
    const response = await postOtlp(addresses, 'traces', tracesBody('shop', [twin, twin]));
    expect(response.status).toBe(200);
    await lab.caughtUp(addresses);
    const trace = await query<Trace>(addresses, `/api/traces/${traceIdOf(2)}`);
    expect(trace.spans).toHaveLength(2);
  });

  it('takes a poison record to the dead letters and stores its neighbours', async () => {
    const spans = [
      { traceId: traceIdOf(3), spanId: spanIdOf(1), name: 'before' },
      { traceId: '00'.repeat(16), spanId: spanIdOf(2), name: 'poison' },
      { traceId: traceIdOf(3), spanId: spanIdOf(3), name: 'after' },
    ];
    expect((await postOtlp(addresses, 'traces', tracesBody('shop', spans))).status).toBe(200);
    await lab.caughtUp(addresses);
    const trace = await query<Trace>(addresses, `/api/traces/${traceIdOf(3)}`);
    expect(trace.spans.map(({ name }) => name).sort()).toEqual(['after', 'before']);
    const listed = await lab.command('deadletters', 'list', '--json');
    const deadLetters = JSON.parse(listed.stdout) as {
      id: string;
      group: string;
      code: string;
    }[];
    expect(deadLetters.map(({ group }) => group).sort()).toEqual(['live', 'search', 'writer']);
    expect(new Set(deadLetters.map(({ code }) => code))).toEqual(new Set(['invalid-trace-id']));
    const shown = await lab.command('deadletters', 'show', deadLetters[0]?.id ?? '');
    expect(shown.stdout).toContain('"poison"');
    const { code, report } = await lab.audit();
    expect(report.totals).toMatchObject({ deadLettered: 1, unaccounted: 0 });
    expect(code).toBe(0);
  });

  it('counts a dead letter that is refused again where it was', async () => {
    const resubmitted = await lab.command('deadletters', 'resubmit', '--group', 'writer');
    expect(JSON.parse(resubmitted.stdout).resubmitted).toHaveLength(1);
    await lab.caughtUp(addresses);
    const { code, report } = await lab.audit();
    expect(report.totals).toMatchObject({ deadLettered: 1, unaccounted: 0 });
    expect(code).toBe(0);
  });
});
